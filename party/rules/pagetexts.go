package rules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// pageTexts is every sentence of the landing page in English, by the key that replaces it
// in invites.page.texts and invites.page.languages. Words in braces are filled in; a text
// of one's own may leave them out.
//
// Stages have keys of their own, "stage_<name of the stage>"; a stage without a text is
// shown by its name.
var pageTexts = map[string]string{
	"lang": "en",  // the language of the texts, a BCP 47 tag
	"dir":  "ltr", // its writing direction, ltr or rtl

	"eyebrow":        "Party invite",                                                 // above the headline, and the brand of a game without a title
	"heading":        "{inviter} invites you to the party",                           // headline, where the page has no title
	"heading_titled": "{inviter} invites you to play {title}",                        // headline, where it has one
	"someone":        "A player",                                                     // a player without a printable name
	"description":    "{size} of {max} in the party. Open the link to join.",         // chat preview, party with a free seat
	"description_on": "Open the link to see who is in the party.",                    // chat preview, anything else
	"play":           "Join the party",                                               // the big button
	"play_web":       "Play in the browser",                                          // link to the web version
	"store_ios":      "App Store",                                                    //
	"store_android":  "Google Play",                                                  //
	"play_code":      "Open the game and enter the invite code.",                     // instead of a button, where no link is configured
	"stuck":          "Did the game not open? Here are other ways.",                  // above the other ways, after the button seems to have done nothing
	"stuck_code":     "Did the game not open? Start it yourself and enter the code.", // the same where there are none
	"in_app":         "If nothing opens, open this page in your browser first.",      // in the browsers inside chat programs, which block games' links
	"other_ways":     "No game yet?",                                                 // above the links beside the button
	"get_game":       "Get the game",                                                 // above the links of an invite that is over
	"message":        "Message from {inviter}",                                       // names the message for screen readers
	"party":          "In the party",                                                 // heading of the members
	"count":          "{size} of {max}",                                              //
	"free_seat":      "Free seat",                                                    //
	"held_seat":      "Kept for a friend",                                            // a seat held for somebody who is on the way
	"taken_seat":     "Player",                                                       // a member of a party that shows no members
	"more_members":   "+{count}",                                                     // members beyond those the page shows
	"seats_left":     "Free seats: {count}",                                          // where the page is too small for a tile per seat
	"waiting_one":    "One is waiting for a seat",                                    // of a full party, as is the next one
	"waiting":        "{count} are waiting for a seat",
	"leader":         "Party leader",                                                                             // the crown, for screen readers
	"about":          "About this party",                                                                         // names the info fields for screen readers
	"percent":        "{percent} %",                                                                              // progress on a badge
	"code":           "Invite code",                                                                              //
	"copy":           "Copy",                                                                                     // button
	"copied":         "Copied",                                                                                   // the button, once pressed
	"qr":             "Scan to join on your phone",                                                               //
	"qr_alt":         "QR code of this invite's link",                                                            // for screen readers
	"valid_until":    "Valid until {time}",                                                                       //
	"note_full":      "The party is full. Keep this page open: it shows a free seat.",                            // with state full
	"note_locked":    "They are in a match or looking for one. Keep this page open: it shows when you can join.", // with state locked
	"note_away":      "Everybody is away and should be back in a moment.",                                        // with state away
	"seat_free":      "You can join now!",                                                                        // once a party is not full, locked or away any more
	"reconnecting":   "Connection lost. Trying again ...",                                                        // live updates fail
	"footer":         "This page updates by itself.",                                                             // at the very end

	"expired_headline":      "This invite has expired",
	"expired_note":          "Ask {inviter} for a new link.",
	"revoked_headline":      "This invite was withdrawn",
	"revoked_note":          "Ask {inviter} for a new link.",
	"exhausted_headline":    "This invite has been used up",
	"exhausted_note":        "No more players can use it. Ask {inviter} for a new link.",
	"party_gone_headline":   "This party is over",
	"party_gone_note":       "Ask {inviter} to start a new one.",
	"not_found_headline":    "We cannot find this invite",
	"not_found_note":        "Check the link, or ask your friend for a new one.",
	"rate_limited_headline": "One moment, please",
	"rate_limited_note":     "There were very many requests from your network. Try again in {seconds} seconds.",
	"busy_headline":         "Very many people are here",
	"busy_note":             "Try again in a few seconds.",
	"error_headline":        "Something went wrong on our side",
	"error_note":            "Please try again in a moment.",

	"stage_downloading": "Downloading",
	"stage_installing":  "Installing",
	"stage_tutorial":    "In the tutorial",
	"stage_ready":       "Ready",
	"stage_failed":      "Needs help",
}

const stageText = "stage_"

// PageTexts is every sentence of the landing page in English, by its key. The caller gets
// a copy.
func PageTexts() map[string]string { return maps.Clone(pageTexts) }

// KnownPageText reports whether the page ever shows a text of this key.
func KnownPageText(key string) bool {
	_, fixed := pageTexts[key]
	return fixed || strings.HasPrefix(key, stageText) && len(key) > len(stageText)
}

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
		if !KnownPageText(key) {
			d.bad(at, fmt.Sprintf("the page has no text %q%s", clip(key), suggest(key, keys)), "texts: "+list(keys, "and")+", and stage_<name> for each stage")
			continue
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
