package landing

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"partyline/party/rules"
)

// defaultTexts is every sentence of the page, by the key that replaces it under the
// rules' invites.page.texts. Words in braces are filled in; a text may leave them out.
//
// Stages have keys of their own, "stage_<name of the stage>"; a stage without a text is
// shown by its name.
var defaultTexts = map[string]string{
	"lang": "en",  // the page's language, a BCP 47 tag
	"dir":  "ltr", // its writing direction, ltr or rtl

	"eyebrow":        "Party invite",                                                                    // above the headline, and the brand of a game without a title
	"heading":        "{inviter} invites you to the party",                                              // headline, where the page has no title
	"heading_titled": "{inviter} invites you to play {title}",                                           // headline, where it has one
	"someone":        "A player",                                                                        // a player without a printable name
	"description":    "{size} of {max} in the party. Tap to join.",                                      // chat preview, party with a free seat
	"description_on": "Open the link to see who is in the party.",                                       // chat preview, anything else
	"play":           "Join the party",                                                                  // the big button
	"play_web":       "Play in the browser",                                                             // link to the web version
	"store_ios":      "App Store",                                                                       //
	"store_android":  "Google Play",                                                                     //
	"play_code":      "Open the game and enter the invite code.",                                        // instead of a button, where no link is configured
	"stuck":          "Game did not open? Use another way below.",                                       // after the button seems to have done nothing
	"other_ways":     "No game yet?",                                                                    // above the links beside the button
	"message":        "Message from {inviter}",                                                          // names the message for screen readers
	"party":          "In the party",                                                                    // heading of the members
	"count":          "{size} of {max}",                                                                 //
	"free_seat":      "Free seat",                                                                       //
	"held_seat":      "Kept for a friend",                                                               // a seat held for somebody who is on the way
	"taken_seat":     "Player",                                                                          // a member of a party that shows no members
	"more_members":   "+{count}",                                                                        // members beyond those the page shows
	"seats_left":     "Free seats: {count}",                                                             // where the page is too small for a tile per seat
	"leader":         "Party leader",                                                                    // the crown, for screen readers
	"about":          "About this party",                                                                // names the info fields for screen readers
	"percent":        "{percent} %",                                                                     // progress on a badge
	"code":           "Invite code",                                                                     //
	"copy":           "Copy",                                                                            // button
	"copied":         "Copied",                                                                          // the button, once pressed
	"qr":             "Scan to join on your phone",                                                      //
	"qr_alt":         "QR code of this invite's link",                                                   // for screen readers
	"valid_until":    "Valid until {time}",                                                              //
	"note_full":      "The party is full right now. Keep this page open: it shows when a seat is free.", // with state full
	"seat_free":      "A seat is free, join now!",                                                       // once a full party is not full any more
	"reconnecting":   "Connection lost. Trying again ...",                                               // live updates fail
	"footer":         "This page updates by itself.",                                                    // at the very end

	"expired_headline":      "This invite has expired",
	"expired_note":          "Ask {inviter} for a new link.",
	"revoked_headline":      "This invite was withdrawn",
	"revoked_note":          "Ask {inviter} for a new link.",
	"exhausted_headline":    "This invite has been used up",
	"exhausted_note":        "Everybody it was for is in. Ask {inviter} for a new link.",
	"party_gone_headline":   "This party is over",
	"party_gone_note":       "Everybody has left. Ask {inviter} to start a new one.",
	"not_found_headline":    "We cannot find this invite",
	"not_found_note":        "Check the link, or ask your friend for a new one.",
	"rate_limited_headline": "One moment, please",
	"rate_limited_note":     "There were very many requests from your network. Try again in {seconds} seconds.",
	"error_headline":        "Something went wrong on our side",
	"error_note":            "Please try again in a moment.",

	"stage_downloading": "Downloading",
	"stage_installing":  "Installing",
	"stage_tutorial":    "In the tutorial",
	"stage_ready":       "Ready",
	"stage_failed":      "Needs help",
}

const stagePrefix = "stage_"

// TextKeys lists the keys that invites.page.texts may hold, sorted. Keys that start with
// "stage_" are free beside these; [KnownText] knows both.
func TextKeys() []string { return slices.Sorted(maps.Keys(defaultTexts)) }

// KnownText reports whether the page ever shows a text of this key.
func KnownText(key string) bool {
	_, fixed := defaultTexts[key]
	return fixed || strings.HasPrefix(key, stagePrefix) && len(key) > len(stagePrefix)
}

// texts looks sentences up: the rules' own, else the default.
type texts struct{ own map[string]string }

func textsOf(c rules.Config) texts { return texts{c.Invites.Page.Texts} }

// get gives a text with its words filled in, from pairs of placeholder and value. Values are
// inserted once and never searched for placeholders, so a player called "{max}" stays that.
func (t texts) get(key string, pairs ...string) string {
	text, ok := t.own[key]
	if !ok {
		text = defaultTexts[key]
	}
	if len(pairs) == 0 {
		return text
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// stage names a stage for players: the text of its own, else its name made readable.
func (t texts) stage(name string) string {
	if text := t.get(stagePrefix + name); text != "" {
		return text
	}
	words := []rune(strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' || r == ' ' }), " "))
	return legible(string(upperFirst(words)), stageLength)
}

func (t texts) lang() string {
	lang := t.get("lang")
	if lang == "" || len(lang) > 35 || strings.ContainsFunc(lang, func(r rune) bool { return !asciiWord(r) && r != '-' }) {
		return defaultTexts["lang"]
	}
	return lang
}

func (t texts) dir() string {
	if t.get("dir") == "rtl" {
		return "rtl"
	}
	return "ltr"
}

// around splits a text at a placeholder, for values that are an element of their own.
func (t texts) around(key, placeholder string) (before, after string) {
	before, after, _ = strings.Cut(t.get(key), placeholder)
	return before, after
}

func number(n int) string { return strconv.Itoa(n) }

func asciiWord(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
