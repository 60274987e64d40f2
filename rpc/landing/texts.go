package landing

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"partyline/party/rules"
)

// texts looks up the page's texts in one language. rules.PageTexts lists them.
type texts struct {
	tag    string
	layers []map[string]string // the first one with a text is used
	spoken int                 // how many of them are in the language
}

// textsIn returns the texts in a language: after the suited ones, the rules' flat texts in any language, and English.
func textsIn(tag string, p rules.Page) texts {
	t := texts{tag: tag}
	for _, suited := range suitedLayers(tag, p) {
		t.layers = append(t.layers, suited.words)
	}
	t.spoken = len(t.layers)
	t.layers = append(t.layers, p.Texts, translations["en"])
	return t
}

// get returns a text with its values, given as pairs of placeholder and value; a player may be called "{max}".
func (t texts) get(key string, pairs ...string) string {
	return t.either(key, key, pairs...)
}

// either is get for key, or for other if the same layer has no text for key.
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

// stage returns the text for a stage, or its name in readable form.
func (t texts) stage(name string) string {
	if text := t.get("stage_" + name); text != "" {
		return text
	}
	return readableName(name)
}

// readableName returns a designer's name in readable form: "best_of" becomes "Best of".
func readableName(name string) string {
	words := []rune(strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' || r == ' ' }), " "))
	if len(words) > 0 {
		words[0] = unicode.ToUpper(words[0])
	}
	return legible(string(words), stageLength)
}

// dir returns the writing direction: the one that the language's texts set, or the language's own.
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
