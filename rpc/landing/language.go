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

// translations are the texts of the languages that come with the module, by tag.
var translations = mustTranslations()

// mustTranslations panics only on an embedded file that is broken, in any run of the program.
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

// languageFor is the language the page speaks to a visitor: the first one of the
// Accept-Language header that there are texts in, else that of the rules' own texts.
func languageFor(header string, p rules.Page) string {
	for _, wanted := range accepted(header) {
		if tag := languageLike(wanted, p); tag != "" {
			return tag
		}
	}
	return ownLanguage(p)
}

// ownLanguage is the language of the rules' flat texts.
func ownLanguage(p rules.Page) string {
	lang := p.Texts["lang"]
	if lang == "" || len(lang) > 35 || strings.ContainsFunc(lang, func(r rune) bool { return !asciiWord(r) && r != '-' }) {
		return "en"
	}
	return lang
}

// languageLike finds the language there are texts in for a wanted tag in lower case:
// itself, else one it is a variety of, else another variety of the same language. "" if
// there is none. Traditional Chinese is not simplified Chinese.
func languageLike(wanted string, p rules.Page) string {
	if traditional(wanted) {
		wanted = "zh-hant"
	} else if wanted == "zh" || strings.HasPrefix(wanted, "zh-") {
		wanted = "zh-hans"
	}
	primary, _, _ := strings.Cut(wanted, "-")
	best, bestRank := "", 0
	consider := func(tag string) {
		lower, rank := strings.ToLower(tag), 0
		switch base, _, _ := strings.Cut(lower, "-"); {
		case lower == wanted:
			rank = 3
		case strings.HasPrefix(wanted, lower+"-"):
			rank = 2
		case base == primary && primary != "zh":
			rank = 1
		}
		if rank > bestRank || rank == bestRank && rank > 0 && tag < best {
			best, bestRank = tag, rank
		}
	}
	consider(ownLanguage(p))
	for tag := range p.Languages {
		consider(tag)
	}
	for tag := range translations {
		consider(tag)
	}
	return best
}

func traditional(tag string) bool {
	return slices.Contains([]string{"zh-hant", "zh-tw", "zh-hk", "zh-mo"}, tag) || strings.HasPrefix(tag, "zh-hant-")
}

// accepted reads an Accept-Language header: the tags in lower case, the most wanted first.
// What is malformed is left out.
func accepted(header string) []string {
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

// rightToLeft are languages written so.
var rightToLeft = []string{"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}
