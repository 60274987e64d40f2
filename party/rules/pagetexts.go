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

// pageTexts holds every English text of the landing page. Its keys are those of invites.page.texts and
// invites.page.languages. The page fills in words in braces; a designer's own text may leave them out. lang is
// the BCP 47 tag of the texts' language, and dir is its writing direction.
//
// The texts of stages have the keys "stage_<name of the stage>". A stage without a text is shown by its name.
var pageTexts = func() (texts map[string]string) {
	if err := json.Unmarshal(englishTexts, &texts); err != nil {
		panic("rules: en.json: " + err.Error())
	}
	return texts
}()

// PageTexts returns a copy of every English text of the landing page, by its key.
func PageTexts() map[string]string { return maps.Clone(pageTexts) }

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// placeholdersOf returns the words in braces that the page fills in for the text of a key.
func placeholdersOf(key string) []string {
	switch {
	case strings.HasSuffix(key, "_headline"):
		return []string{"inviter"}
	case strings.HasSuffix(key, "_note"):
		return []string{"inviter", "seconds"}
	}
	var words []string
	for _, m := range placeholder.FindAllStringSubmatch(pageTexts[key], -1) {
		words = append(words, m[1])
	}
	return words
}

// textForms are the forms of the texts that are not sentences.
var textForms = map[string]string{"lang": "language", "dir": "direction"}

// checkPageTexts checks the page's texts. A key that is never shown, or a word in braces that is never filled in, is
// a typing mistake.
func (d *decoder) checkPageTexts(path string, texts map[string]string, stages []string) {
	keys := slices.Sorted(maps.Keys(pageTexts))
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		at := joinPath(path, key)
		if d.broken[at] {
			continue
		}
		stage, ofStage := strings.CutPrefix(key, "stage_")
		d.warnIf(ofStage && !slices.Contains(stages, stage), at,
			fmt.Sprintf("is never shown: %q is not one of status.stages%s", clip(stage), suggest(stage, stages)), "allowed: "+JoinWords(stages, "or"))
		_, known := pageTexts[key]
		d.rejectIf(!known && !ofStage, at,
			fmt.Sprintf("the page has no text %q%s", clip(key), suggest(key, keys)), "texts: "+JoinWords(keys, "and")+", and stage_<name> for each stage")
		if !known {
			continue
		}
		f, special := forms[textForms[key]]
		d.rejectIf(special && !f.valid(texts[key]), at, fmt.Sprintf("%q cannot be used here", clip(texts[key])), f.allowed)
		words, allowed := placeholdersOf(key), "this text has no words in braces"
		if len(words) > 0 {
			allowed = "filled in here: {" + strings.Join(words, "}, {") + "}"
		}
		for _, m := range placeholder.FindAllStringSubmatch(texts[key], -1) {
			d.rejectIf(!slices.Contains(words, m[1]), at, fmt.Sprintf("%q is not filled in%s", clip(m[0]), suggest(m[1], words)), allowed)
		}
	}
}
