package landing

import (
	"cmp"
	"embed"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"partyline/internal/web"
	"partyline/party/rules"
)

//go:embed languages
var translationFiles embed.FS

// translations are the texts that come with the module, by language tag.
var translations = mustTranslations()

// mustTranslations panics if an embedded file is broken, which every run of the program would show.
func mustTranslations() map[string]map[string]string {
	all := map[string]map[string]string{"en": rules.PageTexts()}
	for name, file := range web.MustFiles(translationFiles, "languages") {
		var words map[string]string
		if err := json.Unmarshal(file, &words); err != nil {
			panic("landing: " + name + ": " + err.Error())
		}
		all[strings.TrimSuffix(name, ".json")] = words
	}
	return all
}

// languageFor returns the language of the page for a visitor: the first one of the Accept-Language header that there
// are texts for, otherwise the language of the rules' own texts.
func languageFor(header string, p rules.Page) string {
	for _, wanted := range acceptedTags(header) {
		if suited := suitedLayers(wanted, p); len(suited) > 0 {
			return suited[0].tag
		}
	}
	return ownLanguage(p)
}

// ownLanguage returns the language of the rules' flat texts.
func ownLanguage(p rules.Page) string { return cmp.Or(p.Texts["lang"], "en") }

// layer is texts in one language.
type layer struct {
	tag   string
	words map[string]string
}

// suitedLayers returns the texts in languages that suit a wanted tag, the best first; see [similarity]. For one
// language, the rules' own texts come before the module's.
func suitedLayers(wanted string, p rules.Page) []layer {
	var suited []layer
	consider := func(tag string, words map[string]string) {
		if similarity(tag, wanted) > 0 { // true for few tags
			suited = append(suited, layer{tag, words})
		}
	}
	consider(ownLanguage(p), p.Texts)
	for _, languages := range []map[string]map[string]string{p.Languages, translations} {
		for tag, words := range languages {
			consider(tag, words)
		}
	}
	slices.SortStableFunc(suited, func(a, b layer) int {
		return cmp.Or(cmp.Compare(similarity(b.tag, wanted), similarity(a.tag, wanted)), cmp.Compare(strings.ToLower(a.tag), strings.ToLower(b.tag)))
	})
	return suited
}

// similarity rates how well a language serves a visitor who wants another one: the tag itself, Chinese in the same
// script, the language that the tag is a variety of, another variety of that language; 0 is not at all.
func similarity(tag, wanted string) int {
	tag, wanted = strings.ToLower(tag), strings.ToLower(wanted)
	if tag == wanted {
		return 4
	}
	tag, wanted = withScript(tag), withScript(wanted)
	base, _, _ := strings.Cut(tag, "-")
	primary, _, _ := strings.Cut(wanted, "-")
	switch {
	case tag == wanted:
		return 3
	case strings.HasPrefix(wanted, tag+"-"):
		return 2
	case base == primary && base != "zh":
		return 1
	}
	return 0
}

// withScript returns the tag of Chinese, in lower case, with its script instead of a region; other tags unchanged.
func withScript(tag string) string {
	switch {
	case slices.Contains([]string{"zh-tw", "zh-hk", "zh-mo"}, tag), strings.HasPrefix(tag, "zh-hant"):
		return "zh-hant"
	case tag == "zh", strings.HasPrefix(tag, "zh-"):
		return "zh-hans"
	}
	return tag
}

// acceptedTags returns the well-formed tags of an Accept-Language header in lower case, the most wanted first.
func acceptedTags(header string) []string {
	const longest, most = 512, 20
	type weighed struct {
		tag    string
		weight float64
	}
	var wanted []weighed
	for part := range strings.SplitSeq(header[:min(len(header), longest)], ",") {
		tag, parameters, _ := strings.Cut(strings.ToLower(part), ";")
		tag = strings.TrimSpace(tag)
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(parameters), "q="); ok {
			var err error
			if weight, err = strconv.ParseFloat(q, 64); err != nil {
				continue
			}
		}
		if tag != "" && tag != "*" && weight > 0 && len(wanted) < most {
			wanted = append(wanted, weighed{tag, weight})
		}
	}
	slices.SortStableFunc(wanted, func(a, b weighed) int { return cmp.Compare(b.weight, a.weight) })
	tags := make([]string, len(wanted))
	for i, w := range wanted {
		tags[i] = w.tag
	}
	return tags
}

// rightToLeft are the languages that are written from right to left.
var rightToLeft = []string{"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}
