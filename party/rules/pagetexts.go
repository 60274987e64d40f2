package rules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// pageTexts are the sentences of the landing page by key, each with the words in braces
// that are filled in. Texts of stages have keys of their own, see [stageText]. A test of
// the landing page keeps the keys in step with its own.
var pageTexts = func() map[string][]string {
	texts := map[string][]string{
		"heading": {"inviter"}, "heading_titled": {"inviter", "title"}, "description": {"size", "max"}, "message": {"inviter"},
		"count": {"size", "max"}, "more_members": {"count"}, "seats_left": {"count"}, "percent": {"percent"}, "valid_until": {"time"},
		"note_full": {"inviter"},
	}
	for _, key := range strings.Fields(`lang dir eyebrow someone description_on play play_web store_ios store_android play_code
		stuck other_ways party free_seat held_seat taken_seat leader about code copy copied qr qr_alt seat_free reconnecting footer`) {
		texts[key] = nil
	}
	for _, state := range strings.Fields("expired revoked exhausted party_gone not_found rate_limited error") {
		texts[state+"_headline"] = []string{"inviter"}
		texts[state+"_note"] = []string{"inviter", "seconds"}
	}
	return texts
}()

// stageText begins the key of a stage's text.
const stageText = "stage_"

var bracedWord = regexp.MustCompile(`\{([^{}]*)\}`)

// pageTexts checks the page's sentences: a key that is never shown and a word in braces
// that is never filled in are typing mistakes.
func (d *decoder) pageTexts(path string, texts map[string]string, stages []string) {
	keys := slices.Sorted(maps.Keys(pageTexts))
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		at := join(path, key)
		if d.broken[at] {
			continue
		}
		if stage, ok := strings.CutPrefix(key, stageText); ok {
			if !slices.Contains(stages, stage) {
				d.warn(at, fmt.Sprintf("is never shown: %q is not one of status.stages%s", clip(stage), suggest(stage, stages)), "allowed: "+list(stages, "or"))
			}
			continue
		}
		words, known := pageTexts[key]
		if !known {
			d.bad(at, fmt.Sprintf("the page has no text %q%s", clip(key), suggest(key, keys)), "texts: "+list(keys, "and")+", and stage_<name> for each stage")
			continue
		}
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
