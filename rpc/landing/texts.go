package landing

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"partyline/party/rules"
)

// texts looks the page's sentences up in one language; rules.PageTexts says which there are.
type texts struct {
	tag    string
	layers []map[string]string // the first that has a text gives it
	spoken int                 // how many of them are in the language
}

// textsIn are the texts in a language: the rules' own words for it, else the module's, else those of
// the languages like it, else the rules' flat texts, whatever they are in, else English.
func textsIn(tag string, p rules.Page) texts {
	t := texts{tag: tag}
	for _, like := range languagesLike(tag, p) {
		if strings.EqualFold(like, ownLanguage(p)) {
			t.layers = append(t.layers, p.Texts)
		}
		for _, languages := range []map[string]map[string]string{p.Languages, translations} {
			for known, words := range languages {
				if strings.EqualFold(known, like) {
					t.layers = append(t.layers, words)
				}
			}
		}
	}
	t.spoken = len(t.layers)
	t.layers = append(t.layers, p.Texts, translations["en"])
	return t
}

// get gives a text with its words filled in, from pairs of placeholder and value. Values are
// inserted once and never searched for placeholders, so a player called "{max}" stays that.
func (t texts) get(key string, pairs ...string) string {
	return t.either(key, key, pairs...)
}

// either is get for the first key, or for the other where that is said first.
func (t texts) either(key, other string, pairs ...string) string {
	for _, layer := range t.layers {
		text, ok := layer[key]
		if !ok {
			text, ok = layer[other]
		}
		if ok {
			return strings.NewReplacer(pairs...).Replace(text)
		}
	}
	return ""
}

// stage names a stage for players: the text of its own, else its name made readable.
func (t texts) stage(name string) string {
	if text := t.get("stage_" + name); text != "" {
		return text
	}
	return inWords(name)
}

// inWords makes a designer's name one for players: "best_of" is "Best of".
func inWords(name string) string {
	words := []rune(strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' || r == ' ' }), " "))
	if len(words) > 0 {
		words[0] = unicode.ToUpper(words[0])
	}
	return legible(string(words), stageLength)
}

// dir is the writing direction: as the texts of the language say, else the language's.
func (t texts) dir() string {
	for _, layer := range t.layers[:t.spoken] {
		if dir := layer["dir"]; dir != "" {
			return dir
		}
	}
	if base, _, _ := strings.Cut(strings.ToLower(t.tag), "-"); slices.Contains(rightToLeft, base) {
		return "rtl"
	}
	return "ltr"
}

func number(n int) string { return strconv.Itoa(n) }
