package invite_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"partyline/party"
	"partyline/party/invite"
)

// codeCases maps what a player typed or pasted to the expected code, "" if none.
func codeCases(t testing.TB) map[string]string {
	t.Helper()
	file, err := os.ReadFile("testdata/codes.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]string
	if err := json.Unmarshal(file, &cases); err != nil {
		t.Fatal(err)
	}
	// These cannot be in a JSON file, or are unreadable there.
	cases["7K2P9QX\x00"], cases["7K2P9QX\xff"] = "", ""
	cases[strings.Repeat("-", 2040)+"7K2P9QXR"] = "7K2P9QXR"
	cases[strings.Repeat("-", 2041)+"7K2P9QXR"] = ""
	return cases
}

func TestParseCode(t *testing.T) {
	for typed, want := range codeCases(t) {
		code, err := invite.ParseCode(typed)
		if want == "" {
			if party.ReasonOf(err) != party.InviteNotFound {
				t.Errorf("ParseCode(%.80q) = %q, %v; want invite_not_found", typed, code.Reveal(), err)
			}
			continue
		}
		if err != nil || code.Reveal() != want {
			t.Errorf("ParseCode(%.80q) = %q, %v; want %q", typed, code.Reveal(), err, want)
		}
	}
}

func FuzzParseCode(f *testing.F) {
	for typed := range codeCases(f) {
		f.Add(typed)
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
		if strings.Trim(text, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "" || len(text) != 8 && len(text) != 12 && len(text) != 16 {
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
	for kind, length := range map[party.InviteKind]int{party.LinkInvite: 16, party.CodeInvite: 8, party.DigitsInvite: 12} {
		for range 1000 {
			c := invite.NewCode(kind)
			if seen[c] {
				t.Fatal("the same code twice")
			}
			seen[c] = true
			if len(c.Reveal()) != length {
				t.Fatalf("a %s has %d characters; want %d", kind, len(c.Reveal()), length)
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
