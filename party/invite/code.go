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

// alphabet is Crockford's Base32. It has no I, L, O and U, so that people can read a code aloud without mistakes.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const digits = "0123456789"

const (
	linkLen   = 16   // characters: 80 random bits
	codeLen   = 8    // characters: 40 random bits, for short-lived invites with a limit on guesses
	digitsLen = 12   // digits: also about 40 random bits
	maxTyped  = 2048 // bytes of input that are read at most: a link and what chat programs append to it
)

// Code is an invite's code in canonical form. Anyone who has the code may use the invite. Code prints as a
// placeholder, so that it does not get into a log by accident. Reveal returns the text.
type Code struct{ text string }

// NewCode draws a new code of the kind from the system's random source.
func NewCode(kind party.InviteKind) Code {
	switch kind {
	case party.DigitsInvite:
		return randomCode(digits, digitsLen)
	case party.CodeInvite:
		return randomCode(alphabet, codeLen)
	}
	return randomCode(alphabet, linkLen)
}

// randomCode returns a code of random characters from the given set. All characters are equally likely.
func randomCode(from string, length int) Code {
	text := make([]byte, length)
	for i := range text {
		n, _ := rand.Int(rand.Reader, big.NewInt(int64(len(from)))) // without a random source the runtime ends the process
		text[i] = from[n.Int64()]
	}
	return Code{string(text)}
}

// joinPath is the path in front of the code in an invite's link.
const joinPath = "/party/join/"

// maxCandidateCodes bounds how many codes a text can be read as. So it bounds how many codes one call can try.
const maxCandidateCodes = 4

// ParseCode reads a code that a person typed or pasted. It accepts both cases and full-width letters, I and L for 1,
// and O for 0. White space, dashes, punctuation and invisible characters may stand anywhere. The text may also be a
// link, or a sentence in which the code has a digit, unlike words. If several codes are possible, ParseCode returns the
// most likely one. It refuses any other text with InviteNotFound.
func ParseCode(typed string) (Code, error) {
	codes := candidateCodes(typed)
	if len(codes) == 0 {
		return Code{}, notFound()
	}
	return codes[0], nil
}

// candidateCodes returns the codes that a text may contain, the most likely first. There may be several, because a
// game's link or the words around a code may look like codes too.
func candidateCodes(typed string) []Code {
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
	case gameLink: // the code may be anywhere, but is more likely near the end than in the host name
		parts = strings.FieldsFunc(link, isWordBreak)
		slices.Reverse(parts)
		sortByRank(parts)
	default:
		query := typed // as platforms pass on what follows a link, such as utm_source=x&party=CODE
		typed = beforeQuery(typed)
		words := strings.FieldsFunc(typed, isWordBreak)
		isWord := func(s string) bool { return !strings.ContainsAny(s, digits) } // in a natural language
		others := func(s string) bool { code, _ := canonical(s); return len(code) != digitsLen }
		// A label in front of a code of 12 digits may make it look like a longer code.
		parts = slices.DeleteFunc(slices.Concat(words, strings.FieldsFunc(typed, isLabelEnd)), others)
		parts = append(append(parts, typed), slices.DeleteFunc(words, isWord)...)
		parts = append(parts, queryCodes(query)...)
	}
	var codes []Code
	for _, part := range parts {
		text, ok := canonical(part)
		if ok && !slices.Contains(codes, Code{text}) && len(codes) < maxCandidateCodes {
			codes = append(codes, Code{text})
		}
	}
	return codes
}

// queryCodes returns the values of a query that may be codes, the most likely first. Most other values are words, which
// have no digit.
func queryCodes(query string) (values []string) {
	for _, field := range strings.FieldsFunc(query, func(c rune) bool { return strings.ContainsRune("?&#;", c) }) {
		if _, value, _ := strings.Cut(field, "="); rank(value) > 0 {
			values = append(values, value)
		}
	}
	sortByRank(values)
	return values
}

func sortByRank(parts []string) {
	slices.SortStableFunc(parts, func(a, b string) int { return cmp.Compare(rank(b), rank(a)) })
}

// rank returns how likely a part of a game's link is the code. Most such codes have the length of a link's code, and
// a digit. A word of a natural language has no digit.
func rank(part string) (n int) {
	if code, _ := canonical(part); len(code) == linkLen {
		n = 2
	}
	if strings.ContainsAny(part, digits) {
		n++
	}
	return n
}

// beforeQuery removes what follows a code in a link. It keeps punctuation in front of the code.
func beforeQuery(s string) string {
	start := strings.IndexFunc(s, isAlphanumeric)
	if start < 0 {
		return ""
	}
	if end := strings.IndexAny(s[start:], "/?#&"); end >= 0 {
		return s[start : start+end]
	}
	return s[start:]
}

// canonical returns the code that s spells. ok is false if s spells no code.
func canonical(s string) (code string, ok bool) {
	var b strings.Builder
	for _, c := range s {
		if c = foldRune(c); !isAlphanumeric(c) {
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

// foldRune returns the character of the alphabet that c stands for, or c itself if there is none.
func foldRune(c rune) rune {
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

// dashes are characters that look like a dash or like a blank, although Unicode does not class them so: the minus
// sign, the long-vowel marks of Japanese keyboards and the Hangul filler.
const dashes = "\u2212\u30fc\uff70\u3164"

func isAlphanumeric(c rune) bool {
	return (unicode.IsLetter(c) || unicode.IsNumber(c)) && !strings.ContainsRune(dashes, c)
}

// isWordBreak reports whether c cannot be part of a code.
func isWordBreak(c rune) bool {
	return !isAlphanumeric(c) && !unicode.In(c, unicode.Pd, unicode.Cf, unicode.Mn) && !strings.ContainsRune(dashes, c)
}

// isLabelEnd reports whether c ends a label in front of a code, as in "Code: 4829 1305 0417".
func isLabelEnd(c rune) bool { return c == ':' || c == '\uff1a' || c == '=' }

// Reveal returns the code's text. Give it to the player and to nobody else.
func (c Code) Reveal() string { return c.text }

func (c Code) String() string   { return "[invite code]" }
func (c Code) GoString() string { return c.String() }

// key returns the storage key of the code's invite: the SHA-256 of the code, in hex.
func (c Code) key() string {
	sum := sha256.Sum256([]byte(c.text))
	return hex.EncodeToString(sum[:])
}

func notFound() *party.Error {
	return party.Refuse(party.InviteNotFound, "This invite does not exist.")
}

// unlessMissing returns the error, or nil if it says that there is no invite.
func unlessMissing(err error) error {
	if party.ReasonOf(err) == party.InviteNotFound {
		return nil
	}
	return err
}

// lookup finds the invite of a code that a player typed, and its key. read loads the record of a key. lookup refuses
// with RateLimited or InviteNotFound.
func (rs *resolver) lookup(ctx context.Context, read func(context.Context, string) (*record, error), c party.Caller, typed string) (key string, r *record, err error) {
	err = rs.guess(c.UserID, c.ClientIP, typed, func(k string) (err error) {
		key = k
		r, err = read(ctx, k)
		return err
	})
	return key, r, err
}

// guess calls read for each code that the typed text may contain, until one exists. Wrong codes count against the
// limits of the user and of the address. That includes wrong codes in front of a right one in the same text. A text
// that cannot contain a code does not count.
func (rs *resolver) guess(userID, clientIP, typed string, read func(key string) error) error {
	codes := candidateCodes(typed)
	if len(codes) == 0 {
		return notFound()
	}
	done, err := rs.Limits.Guess(userID, clientIP)
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

// find finds an invite by its ID or, if the ID is "", by a code, as lookup does. It reads the current record from
// storage.
func (rs *resolver) find(ctx context.Context, c party.Caller, inviteID, typed string) (string, *record, error) {
	if inviteID == "" {
		return rs.lookup(ctx, rs.Store.read, c, typed)
	}
	key, err := rs.Store.keyOf(ctx, inviteID)
	if err != nil {
		return "", nil, err
	}
	r, err := rs.Store.read(ctx, key)
	return key, r, err
}
