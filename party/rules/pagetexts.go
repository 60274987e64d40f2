package rules

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

//go:embed en.json
var englishTexts []byte

// pageTexts is every sentence of the landing page in English, by the key that replaces it
// in invites.page.texts and invites.page.languages. Words in braces are filled in; a text
// of one's own may leave them out. lang and dir are the texts' language, a BCP 47 tag, and
// its writing direction.
//
// Stages have keys of their own, "stage_<name of the stage>"; a stage without a text is
// shown by its name.
var pageTexts = func() (texts map[string]string) {
	if err := json.Unmarshal(englishTexts, &texts); err != nil {
		panic("rules: en.json: " + err.Error())
	}
	return texts
}()

// PageTexts is every sentence of the landing page in English, by its key. The caller gets
// a copy.
func PageTexts() map[string]string { return maps.Clone(pageTexts) }

// pageTextForm is the form of the keys, as the JSON Schema lists them. Which there are is
// checked where the problem can say more.
func pageTextForm() form {
	f := pattern(namePattern, nameAllowed)
	f.pattern = "^(" + strings.Join(slices.Sorted(maps.Keys(pageTexts)), "|") + "|stage_.+)$"
	return f
}

var bracedWord = regexp.MustCompile(`\{([^{}]*)\}`)

// wordsOf are the words in braces that are filled in where the text of a key is shown.
func wordsOf(key string) []string {
	switch {
	case strings.HasSuffix(key, "_headline"):
		return []string{"inviter"}
	case strings.HasSuffix(key, "_note"):
		return []string{"inviter", "seconds"}
	}
	var words []string
	for _, m := range bracedWord.FindAllStringSubmatch(pageTexts[key], -1) {
		words = append(words, m[1])
	}
	return words
}

// textForms are the forms of those texts that are no sentences.
var textForms = map[string]string{"lang": "language", "dir": "direction"}

// pageTexts checks the page's sentences: a key that is never shown and a word in braces
// that is never filled in are typing mistakes.
func (d *decoder) pageTexts(path string, texts map[string]string, stages []string, titled bool) {
	keys := slices.Sorted(maps.Keys(pageTexts))
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		at := join(path, key)
		if d.broken[at] {
			continue
		}
		if stage, ok := strings.CutPrefix(key, "stage_"); ok {
			if !slices.Contains(stages, stage) {
				d.warn(at, fmt.Sprintf("is never shown: %q is not one of status.stages%s", clip(stage), suggest(stage, stages)), "allowed: "+list(stages, "or"))
			}
			continue
		}
		if _, known := pageTexts[key]; !known {
			d.bad(at, fmt.Sprintf("the page has no text %q%s", clip(key), suggest(key, keys)), "texts: "+list(keys, "and")+", and stage_<name> for each stage")
			continue
		}
		d.warnIf(key == "heading_titled" && !titled, at, "is never shown: the game has no title", "set invites.page.title")
		if f := forms[textForms[key]]; f.ok != nil && !f.ok(texts[key]) {
			d.bad(at, fmt.Sprintf("%q cannot be used here", clip(texts[key])), f.allowed)
		}
		words := wordsOf(key)
		for _, m := range bracedWord.FindAllStringSubmatch(texts[key], -1) {
			if slices.Contains(words, m[1]) {
				continue
			}
			allowed := "this text has no words in braces"
			if len(words) > 0 {
				allowed = "filled in here: {" + strings.Join(words, "}, {") + "}"
			}
			d.bad(at, fmt.Sprintf("%q is not filled in%s", clip(m[0]), suggest(m[1], words)), allowed)
			break
		}
	}
}
