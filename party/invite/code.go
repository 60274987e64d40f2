package invite

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"

	"partyline/party"
)

// Crockford's alphabet: no I, L, O and U, so that a code read aloud survives.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

var encoding = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

const (
	linkLen     = 16 // characters: 80 random bits
	codeLen     = 8  // characters: 40 random bits, short-lived and guess-limited
	bitsPerChar = 5
	maxTyped    = 64 // most bytes of input looked at, dashes and spaces among them
)

// Code is an invite's code in canonical form: whoever has it may use the invite. It
// prints as a placeholder, so that it does not end up in a log by accident; Reveal
// gives the text.
type Code struct{ text string }

// NewCode draws a fresh code of the kind from the system's random source.
func NewCode(kind party.InviteKind) Code {
	random := make([]byte, length(kind)*bitsPerChar/8)
	rand.Read(random) // never fails: the runtime ends the process instead
	return Code{encoding.EncodeToString(random)}
}

// ParseCode reads a code as people type it: in either case, with dashes and spaces
// anywhere, I and L for 1, O for 0. Anything that is not a code then is refused with
// InviteNotFound, like a code that nobody ever made.
func ParseCode(typed string) (Code, error) {
	if len(typed) > maxTyped {
		return Code{}, notFound()
	}
	var b strings.Builder
	for _, c := range []byte(typed) {
		switch {
		case c == '-' || c == ' ':
			continue
		case 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		}
		switch c {
		case 'I', 'L':
			c = '1'
		case 'O':
			c = '0'
		}
		if strings.IndexByte(alphabet, c) < 0 {
			return Code{}, notFound()
		}
		b.WriteByte(c)
	}
	if b.Len() != linkLen && b.Len() != codeLen {
		return Code{}, notFound()
	}
	return Code{b.String()}, nil
}

// Reveal is the code's text. It goes to the player and nowhere else.
func (c Code) Reveal() string { return c.text }

// Kind follows from the length.
func (c Code) Kind() party.InviteKind {
	if len(c.text) == codeLen {
		return party.CodeInvite
	}
	return party.LinkInvite
}

func (c Code) String() string   { return "[invite code]" }
func (c Code) GoString() string { return c.String() }

// key is what storage knows the code by.
func (c Code) key() string {
	sum := sha256.Sum256([]byte(c.text))
	return hex.EncodeToString(sum[:])
}

func length(kind party.InviteKind) int {
	if kind == party.CodeInvite {
		return codeLen
	}
	return linkLen
}

func notFound() *party.Error {
	return party.Refuse(party.InviteNotFound, "This invite does not exist.")
}
