package invite

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"partyline/party"
)

// Crockford's alphabet: no I, L, O and U, so that a code read aloud survives.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const digits = "0123456789"

const (
	linkLen   = 16   // characters: 80 random bits
	codeLen   = 8    // characters: 40 random bits, short-lived and guess-limited
	digitsLen = 12   // digits: as many bits
	maxTyped  = 2048 // most bytes of input looked at: a link with everything that chats append to it
)

// Code is an invite's code in canonical form: anyone who has it may use the invite. It
// prints as a placeholder, so that it does not end up in a log by accident; Reveal
// gives the text.
type Code struct{ text string }

// NewCode draws a fresh code of the kind from the system's random source.
func NewCode(kind party.InviteKind) Code {
	switch kind {
	case party.DigitsInvite:
		return draw(digits, digitsLen)
	case party.CodeInvite:
		return draw(alphabet, codeLen)
	}
	return draw(alphabet, linkLen)
}

// draw draws a code of these characters, every one as likely.
func draw(from string, length int) Code {
	text := make([]byte, length)
	for i := range text {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(from))))
		if err != nil {
			panic(err) // never: the runtime ends the process instead
		}
		text[i] = from[n.Int64()]
	}
	return Code{string(text)}
}

// joinPath is what stands before the code in an invite's link.
const joinPath = "/party/join/"

// maxReadings bounds how many codes one text is read as, and so what one call can try.
const maxReadings = 4

// ParseCode reads a code as people type and paste it: in either case, with I and L for 1
// and O for 0, with white space, dashes, punctuation and invisible characters anywhere, in
// full-width letters, as a whole link with a query or a fragment, or inside a sentence
// (where it needs a digit to be told from a word). Of several it is the most likely. Anything
// else is refused with InviteNotFound, like a code that nobody ever made.
func ParseCode(typed string) (Code, error) {
	codes := readings(typed)
	if len(codes) == 0 {
		return Code{}, notFound()
	}
	return codes[0], nil
}

// readings are the codes that a text may mean, the most likely first: the link of a game, or what stands
// around a code, may spell others.
func readings(typed string) []Code {
	if len(typed) > maxTyped {
		return nil
	}
	if decoded, err := url.PathUnescape(typed); err == nil {
		typed = decoded
	}
	page := strings.LastIndex(typed, joinPath) // the last one: public_url may end in the same path
	_, link, gameLink := strings.Cut(typed, "://")
	var parts []string
	switch {
	case page >= 0:
		rest := beforeQuery(typed[page+len(joinPath):])
		parts = append(strings.Fields(rest), rest)
	case gameLink: // the code may stand anywhere, but rather at the end than in the host
		parts = strings.FieldsFunc(link, betweenWords)
		slices.Reverse(parts)
		slices.SortStableFunc(parts, func(a, b string) int { return cmp.Compare(rank(b), rank(a)) })
	default:
		typed = beforeQuery(typed)
		words := strings.FieldsFunc(typed, betweenWords)
		isWord := func(s string) bool { return !strings.ContainsAny(s, digits) } // of a language
		others := func(s string) bool { code, _ := canonical(s); return len(code) != digitsLen }
		// With its label a code of digits may look like a longer one.
		parts = slices.DeleteFunc(slices.Concat(words, strings.FieldsFunc(typed, afterLabel)), others)
		parts = append(append(parts, typed), slices.DeleteFunc(words, isWord)...)
	}
	var codes []Code
	for _, part := range parts {
		text, ok := canonical(part)
		if ok && !slices.Contains(codes, Code{text}) && len(codes) < maxReadings {
			codes = append(codes, Code{text})
		}
	}
	return codes
}

// rank says how likely a part of a game's link is the code, which mostly is as long as those of
// links and has a digit, which no word of a language has.
func rank(part string) (n int) {
	if code, _ := canonical(part); len(code) == linkLen {
		n = 2
	}
	if strings.ContainsAny(part, digits) {
		n++
	}
	return n
}

// beforeQuery cuts off what follows a code in a link. Marks in front of it stay.
func beforeQuery(s string) string {
	start := strings.IndexFunc(s, alphanumeric)
	if start < 0 {
		return ""
	}
	if end := strings.IndexAny(s[start:], "/?#&"); end >= 0 {
		return s[start : start+end]
	}
	return s[start:]
}

// canonical is the code that s spells; ok is false if it spells none.
func canonical(s string) (code string, ok bool) {
	var b strings.Builder
	for _, c := range s {
		if c = folded(c); !alphanumeric(c) {
			if c == unicode.ReplacementChar || c == 0 {
				return "", false
			}
			continue
		}
		if c >= unicode.MaxASCII || strings.IndexByte(alphabet, byte(c)) < 0 || b.Len() == linkLen {
			return "", false
		}
		b.WriteByte(byte(c))
	}
	code = b.String()
	return code, len(code) == linkLen || len(code) == codeLen || len(code) == digitsLen && strings.Trim(code, digits) == ""
}

// folded is the character of the alphabet that c stands for, c itself if none.
func folded(c rune) rune {
	const fullWidthFirst, fullWidthLast, fullWidth = '！', '～', '！' - '!'
	if c >= fullWidthFirst && c <= fullWidthLast {
		c -= fullWidth
	}
	if c >= 'a' && c <= 'z' {
		c -= 'a' - 'A'
	}
	switch c {
	case 'I', 'L':
		return '1'
	case 'O':
		return '0'
	}
	return c
}

// dashes are characters that look like a dash, or like nothing, and that Unicode counts among others: the minus
// sign, the lengthening marks of Japanese keyboards and the filler of Korean ones.
const dashes = "\u2212\u30fc\uff70\u3164"

func alphanumeric(c rune) bool {
	return (unicode.IsLetter(c) || unicode.IsNumber(c)) && !strings.ContainsRune(dashes, c)
}

// betweenWords reports what cannot stand inside a code.
func betweenWords(c rune) bool {
	return !alphanumeric(c) && !unicode.In(c, unicode.Pd, unicode.Cf, unicode.Mn) && !strings.ContainsRune(dashes, c)
}

// afterLabel reports what ends a label in front of a code, as in "Code: 4829 1305 0417".
func afterLabel(c rune) bool { return c == ':' || c == '\uff1a' || c == '=' }

// Reveal is the code's text. It goes to the player and nowhere else.
func (c Code) Reveal() string { return c.text }

func (c Code) String() string   { return "[invite code]" }
func (c Code) GoString() string { return c.String() }

// key is what storage knows the code by.
func (c Code) key() string {
	sum := sha256.Sum256([]byte(c.text))
	return hex.EncodeToString(sum[:])
}

func notFound() *party.Error {
	return party.Refuse(party.InviteNotFound, "This invite does not exist.")
}

// lookup finds the invite of a code somebody typed, and its key; read finds a record. It refuses
// with RateLimited or InviteNotFound.
func (to *routes) lookup(ctx context.Context, read func(context.Context, string) (found, error), c party.Caller, typed string) (key string, r *record, err error) {
	err = to.guess(c.UserID, c.ClientIP, typed, func(k string) error {
		f, err := read(ctx, k)
		key, r = k, f.rec
		return err
	})
	return key, r, err
}

// guess reads by the key of a code that somebody typed. Wrong codes count against the user and the
// address, also those in front of a right one in the same text, but not what cannot be a code.
func (to *routes) guess(userID, clientIP, typed string, read func(key string) error) error {
	codes := readings(typed)
	if len(codes) == 0 {
		return notFound()
	}
	done, err := to.Limits.Guess(userID, clientIP)
	if err != nil {
		return err
	}
	wrong := 0
	defer func() { done(wrong) }()
	for _, code := range codes {
		if err = read(code.key()); party.ReasonOf(err) != party.InviteNotFound {
			break
		}
		wrong++
	}
	return err
}

// find is lookup by an invite's ID or, for "", by a code. It reads the record as storage has it now.
func (to *routes) find(ctx context.Context, c party.Caller, inviteID, typed string) (string, *record, error) {
	if inviteID == "" {
		return to.lookup(ctx, to.Store.read, c, typed)
	}
	key, err := to.Store.keyOf(ctx, inviteID)
	if err != nil {
		return "", nil, err
	}
	f, err := to.Store.read(ctx, key)
	return key, f.rec, err
}
