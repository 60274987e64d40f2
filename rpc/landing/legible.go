package landing

import (
	"hash/fnv"
	"strings"
	"unicode"

	"partyline/party"
)

// Limits of texts that players wrote, in characters. Longer texts are cut, with an ellipsis.
const (
	nameLength    = 32
	messageLength = 255
	labelLength   = 63
	valueLength   = 200
	statusLength  = 80
	stageLength   = 32
)

const (
	maxMarks = 3 // marks on one letter; Hebrew, Thai and Vietnamese need up to three
	maxLines = 6 // lines of a message

	firstStrongIsolate = "\u2068"
	popIsolate         = "\u2069"
)

// legible returns one readable line of what a player wrote, in any script; it may be "". It removes control and
// direction characters, which could reorder the text around it, excess marks, invisible letters and extra white space.
func legible(s string, limit int) string {
	var b strings.Builder
	count, marks := 0, 0
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = count > 0
			continue
		case !shown(r):
			continue
		case unicode.In(r, unicode.Mn, unicode.Me) && r != emojiStyle:
			marks++
			if marks > maxMarks || count == 0 {
				continue
			}
			b.WriteRune(r)
			continue
		case joiner(r) && count == 0:
			continue
		}
		if count+1 > limit || space && count+2 > limit {
			b.WriteRune('…')
			break
		}
		if space {
			b.WriteByte(' ')
			count++
			space = false
		}
		b.WriteRune(r)
		count++
		if !joiner(r) {
			marks = 0
		}
	}
	return b.String()
}

// legibleLines is legible for a message. It keeps line breaks and removes empty lines.
func legibleLines(s string, limit int) string {
	var lines []string
	for line := range strings.Lines(s) {
		if line = legible(line, limit); line != "" && len(lines) < maxLines {
			lines = append(lines, line)
			limit -= len([]rune(line))
		}
		if limit <= 0 {
			break
		}
	}
	return strings.Join(lines, "\n")
}

const (
	zeroWidthNonJoiner = '\u200c' // Persian and Indic scripts need it
	zeroWidthJoiner    = '\u200d' // emoji families need it
	emojiStyle         = '\ufe0f'
)

func joiner(r rune) bool {
	return r == zeroWidthJoiner || r == zeroWidthNonJoiner || r == emojiStyle
}

// shown reports whether a character is visible, or joins visible ones.
func shown(r rune) bool {
	switch r {
	case unicode.ReplacementChar, '\u3164', '\u115f', '\u1160', '\uffa0', '\u2800', '\u034f', '\u17b4', '\u17b5':
		return false // letters by Unicode class, but blank on the screen
	}
	return joiner(r) || unicode.IsGraphic(r)
}

func nameOf(p party.Profile, t texts) string {
	for _, name := range []string{p.DisplayName, p.Username} {
		if name = legible(name, nameLength); name != "" {
			return name
		}
	}
	return t.get("someone")
}

// isolate wraps a name that runs right to left, so that it cannot reorder the sentence around it. (legible has
// removed all direction characters from the name, so the name cannot end the isolation.)
func isolate(name string) string {
	for _, r := range name {
		if unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam) {
			return firstStrongIsolate + name + popIsolate
		}
	}
	return name
}

// initialOf returns the character that is shown for a player without a picture.
func initialOf(name string) string {
	for _, r := range name {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return string(unicode.ToUpper(r))
		}
	}
	for _, r := range name {
		if unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.IsMark(r) {
			return string(r)
		}
	}
	return "?"
}

const hues = 10 // number of avatar colours in the stylesheet

// hueOf returns the colour of a player who has no picture.
func hueOf(p party.Profile) uint {
	h := fnv.New32a()
	_, _ = h.Write([]byte(p.Username))
	return uint(h.Sum32() % hues)
}
