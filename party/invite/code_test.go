package invite_test

import (
	"fmt"
	"strings"
	"testing"

	"partyline/party"
	"partyline/party/invite"
)

var codeCases = []struct{ typed, canonical string }{
	{"0123456789ABCDEF", "0123456789ABCDEF"},
	{"GHJKMNPQRSTVWXYZ", "GHJKMNPQRSTVWXYZ"},
	{"ghjk-mnpq rstv-wxyz", "GHJKMNPQRSTVWXYZ"},
	{"OoIiLl00", "00111100"},
	{" 7K2P-9QXR ", "7K2P9QXR"},
	{"7k2p9qxr", "7K2P9QXR"},
	{strings.Repeat("-", 56) + "7K2P9QXR", "7K2P9QXR"},

	{strings.Repeat("-", 57) + "7K2P9QXR", ""},
	{"", ""},
	{"-- --", ""},
	{"7K2P9QX", ""},
	{"7K2P9QXRA", ""},
	{"0123456789ABCDE", ""},
	{"0123456789ABCDEF0", ""},
	{"7K2P9QXU", ""},
	{"7K2P_9QXR", ""},
	{"7K2P9QX\x00", ""},
	{"7K2P9QXＲ", ""},
	{"７K2P9QXR", ""},
	{"7K2P\n9QXR", ""},
}

func TestParseCode(t *testing.T) {
	for _, c := range codeCases {
		code, err := invite.ParseCode(c.typed)
		if c.canonical == "" {
			if party.ReasonOf(err) != party.InviteNotFound {
				t.Errorf("ParseCode(%q) = %q, %v; want invite_not_found", c.typed, code.Reveal(), err)
			}
			continue
		}
		if err != nil || code.Reveal() != c.canonical {
			t.Errorf("ParseCode(%q) = %q, %v; want %q", c.typed, code.Reveal(), err, c.canonical)
		}
	}
}

func FuzzParseCode(f *testing.F) {
	for _, c := range codeCases {
		f.Add(c.typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code, err := invite.ParseCode(typed)
		if err != nil {
			if party.ReasonOf(err) != party.InviteNotFound || strings.Contains(err.Error(), typed) && typed != "" && len(typed) > 3 {
				t.Fatalf("ParseCode(%q) refuses with %v", typed, err)
			}
			return
		}
		text := code.Reveal()
		if strings.Trim(text, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "" || len(text) != 8 && len(text) != 16 {
			t.Fatalf("ParseCode(%q) = %q; not canonical", typed, text)
		}
		for _, again := range []string{text, strings.ToLower(text), text[:4] + "-" + text[4:]} {
			if c, err := invite.ParseCode(again); err != nil || c != code {
				t.Fatalf("ParseCode(%q) = %q, %v; want %q", again, c.Reveal(), err, text)
			}
		}
	})
}

func TestNewCode(t *testing.T) {
	seen := map[invite.Code]bool{}
	for _, kind := range []party.InviteKind{party.LinkInvite, party.CodeInvite} {
		for range 1000 {
			c := invite.NewCode(kind)
			if seen[c] {
				t.Fatal("the same code twice")
			}
			seen[c] = true
			if c.Kind() != kind {
				t.Fatalf("Kind = %s; want %s", c.Kind(), kind)
			}
			if back, err := invite.ParseCode(c.Reveal()); err != nil || back != c {
				t.Fatalf("ParseCode(%q) = %q, %v", c.Reveal(), back.Reveal(), err)
			}
		}
	}
}

func TestCode_PrintsAsPlaceholder(t *testing.T) {
	c := invite.NewCode(party.LinkInvite)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if printed := fmt.Sprintf(verb, c) + fmt.Sprintf(verb, []invite.Code{c}); strings.Contains(strings.ToUpper(printed), c.Reveal()) {
			t.Errorf("%s prints %s", verb, printed)
		}
	}
}
