package landing_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

	"partyline/party"
	"partyline/party/rules"
)

// names are names that players choose to break a page, and normal names in many scripts that must not change. A shown
// name of "" means the username.
var names = []struct{ given, shown string }{
	{"Mira Okafor", "Mira Okafor"},
	{"  many   spaces \t\n here ", "many spaces here"},
	{"Zoë Đặng 李小龍 Ольга 김민준 ไม้เอก", "Zoë Đặng 李小龍 Ольга 김민준 ไม้เอก"},
	{"نور", "نور"},
	{"می\u200cخواهم", "می\u200cخواهم"}, // a non-joiner inside a Persian word
	{"👩‍🚀 Ada", "👩‍🚀 Ada"},
	{"❤️", "❤️"},
	{`<script>alert("x")</script>`, `<script>alert("x")</script>`},
	{`"><img src=x onerror=alert(1)>`, `"><img src=x onerror=alert(1)>`},
	{"&lt;b&gt;", "&lt;b&gt;"},
	{"evil\u202Egnp.exe", "evilgnp.exe"},
	{"\u2066\u2067\u2068a\u2069\u200e\u200f\u061c", "a"},
	{"line\u2028separator\u0085next", "line separator next"},
	{"null\x00bell\x07esc\x1b[31m", "nullbellesc[31m"},
	{"bad \xff\xfe utf8", "bad utf8"},
	{"z" + strings.Repeat("\u0336", 50) + "a" + strings.Repeat("\u0301", 50), "z\u0336\u0336\u0336a\u0301\u0301\u0301"},
	{strings.Repeat("\u0489", 10) + "x", "x"},
	{strings.Repeat("W", 500), strings.Repeat("W", 32) + "…"},
	{strings.Repeat("W", 32), strings.Repeat("W", 32)},
	{"tag\U000E0041\U000E007F", "tag"},
	{"\u200b\u200d\ufeff\u3164\u2800\u00ad", ""},
	{"   ", ""},
	{"", ""},
}

func TestNames(t *testing.T) {
	for _, c := range names {
		want := c.shown
		if want == "" {
			want = "the_username"
		}
		p := anInvite()
		p.Party.Members = []party.MemberProfile{member("id", "the_username", c.given, "", nil, "")}
		p.Party.Size = 1
		s := serve(t, always(p))
		if got := readState(t, s.get(joinPath+linkCode+"/state")).View.Seats[0].Name; got != want {
			t.Errorf("name %q is shown as %q; want %q", c.given, got, want)
		}
		var shown []string
		walk(parse(t, s.get(joinPath+linkCode)), func(n *html.Node) {
			if attribute(n, "class") == "name" {
				shown = append(shown, content(n))
			}
		})
		if len(shown) == 0 || shown[0] != want {
			t.Errorf("name %q is on the page as %q; want %q", c.given, shown, want)
		}
	}
}

func TestNames_NoneAtAll(t *testing.T) {
	p := anInvite()
	p.Inviter = party.Profile{DisplayName: "\u202e", Username: "\u200b"}
	if got := readState(t, serve(t, always(p)).get(joinPath+linkCode+"/state")).View.Headline; got != "A player invites you to play Starfall Arena" {
		t.Errorf("headline of a player without a name = %q", got)
	}
}

// A name that runs right to left is isolated, so that the sentence around it keeps its order.
func TestNames_Isolated(t *testing.T) {
	p := anInvite()
	p.Inviter.DisplayName = "ليلى\u2069"
	if got := readState(t, serve(t, always(p)).get(joinPath+linkCode+"/state")).View.Headline; got != "\u2068ليلى\u2069 invites you to play Starfall Arena" {
		t.Errorf("headline = %q; want the name inside an isolate", got)
	}
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{"mira": "M", "ßeta": "ß", "  -x-": "X", "李": "李", "7up": "7", "***": "*", "👩‍🚀": "👩", "\u0301a": "A"} {
		p := anInvite()
		p.Party.Members[1] = member("user-mira", "u", name, "", nil, "")
		if got := readState(t, serve(t, always(p)).get(joinPath+linkCode+"/state")).View.Seats[0].Initial; got != want && got != strings.ToUpper(want) {
			t.Errorf("initial of %q = %q; want %q", name, got, want)
		}
	}
}

func TestMessage_KeepsItsLines(t *testing.T) {
	p := anInvite()
	p.Message = "one\r\n\n\n  two \u202e\nthree\n4\n5\n6\n7\n8"
	p.Info = []party.InfoField{{Label: "a\nb", Value: "c\u202e"}, {Label: "empty", Value: " \u200b"}}
	doc := parse(t, serve(t, always(p)).get(joinPath+linkCode))
	walk(doc, func(n *html.Node) {
		if attribute(n, "id") == "message" && content(n) != "one\ntwo\nthree\n4\n5\n6" {
			t.Errorf("message = %q", content(n))
		}
		if n.Data == "dt" && content(n) != "a b" || n.Data == "dd" && content(n) != "c" {
			t.Errorf("%s = %q", n.Data, content(n))
		}
	})
}

// ---- reading pages ----

func parse(t testing.TB, w *httptest.ResponseRecorder) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(w.Body.String()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func walk(n *html.Node, visit func(*html.Node)) {
	if n.Type == html.ElementNode {
		visit(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, visit)
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func content(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(content(c))
	}
	return b.String()
}

// outline returns the page's elements and the names of their attributes, without any values.
func outline(doc *html.Node) []string {
	var lines []string
	walk(doc, func(n *html.Node) {
		line := n.Data
		for _, a := range n.Attr {
			line += " " + a.Key
		}
		lines = append(lines, line)
	})
	return lines
}

// checkHarmless checks what must be true for every page, no matter who wrote its texts.
func checkHarmless(t *testing.T, doc *html.Node) {
	t.Helper()
	walk(doc, func(n *html.Node) {
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" || a.Key == "formaction" {
				t.Errorf("<%s> has attribute %s=%q", n.Data, a.Key, a.Val)
			}
			if a.Key == "src" || a.Key == "href" {
				if !slices.ContainsFunc([]string{"../assets/", "../join/", "https://", "starfall://", "#"}, func(p string) bool { return strings.HasPrefix(a.Val, p) }) {
					t.Errorf("<%s> leads to %q", n.Data, a.Val)
				}
			}
		}
		switch n.Data {
		case "style", "iframe", "object", "embed", "base", "form", "input", "textarea", "math", "frame":
			t.Errorf("the page holds <%s>", n.Data)
		case "script":
			if !strings.HasPrefix(attribute(n, "src"), "../assets/landing.") || content(n) != "" {
				t.Errorf("the page holds a script of %q: %q", attribute(n, "src"), content(n))
			}
		}
	})
}

// plainOf returns a harmless text that is shown exactly if s is.
func plainOf(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return "x"
}

func FuzzPage(f *testing.F) {
	for _, n := range names {
		f.Add(n.given, n.given, n.given, n.given)
	}
	f.Add("</title><script>", "</template></ul>", "https://x/\"onload=alert(1)//", "javascript:alert(1)")
	f.Add("{{.}}", "{inviter}{title}", "https://img.example.com/a b", "ready")
	f.Fuzz(func(t *testing.T, name, message, avatar, stage string) {
		page := func(name, message, avatar, stage string) (*html.Node, seat) {
			p := anInvite()
			p.Inviter = party.Profile{Username: name, DisplayName: name, AvatarURL: avatar}
			p.Party.Members = []party.MemberProfile{{Profile: p.Inviter, Stage: stage, Text: message}}
			p.Message, p.Info = message, []party.InfoField{{Label: name, Value: "v" + message}}
			s := serve(t, always(p), withPolicy(func(c *rules.Config) { c.Invites.Page.Title = name }))
			w := s.get(joinPath + linkCode)
			if w.Code != 200 || !utf8.Valid(w.Body.Bytes()) && utf8.ValidString(name+message+avatar+stage) {
				t.Fatalf("page = %d, valid UTF-8: %v", w.Code, utf8.Valid(w.Body.Bytes()))
			}
			b := readState(t, s.get(joinPath+linkCode+"/state"))
			for _, r := range b.View.Seats[0].Name {
				if unicode.Is(unicode.Bidi_Control, r) || unicode.IsControl(r) {
					t.Errorf("name %q is shown with %U", name, r)
				}
			}
			return parse(t, w), b.View.Seats[0]
		}
		doc, shown := page(name, message, avatar, stage)
		checkHarmless(t, doc)

		// The same page with plain texts in the same places has the same elements.
		picture := ""
		if shown.Picture != "" {
			picture = "https://img.example.com/plain.png"
		}
		plain, _ := page(plainOf(name), plainOf(shown.Activity), picture, plainOf(shown.Badge))
		if got, want := outline(doc), outline(plain); !slices.Equal(got, want) {
			t.Errorf("elements differ from those of a plain page:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, code := range []string{linkCode, shortCode, "7k4m-q2xw", "", "%00", "..", "İıſK", "a/b", linkCode + "/state"} {
		f.Add(code)
	}
	f.Fuzz(func(t *testing.T, code string) {
		s := serve(t, always(anInvite()))
		for _, suffix := range []string{"", "/state", "/qr.svg"} {
			r := request("GET", "/")
			r.URL.Path = joinPath + code + suffix
			s.ServeHTTP(httptest.NewRecorder(), r)
		}
		for _, call := range s.previews.calls() {
			asked, _, _ := strings.Cut(call, " by ")
			if len(asked) != 16 && len(asked) != 8 || strings.Trim(asked, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "" {
				t.Errorf("path %q asked the kernel for %q", code, asked)
			}
		}
	})
}
