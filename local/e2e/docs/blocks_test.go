package docs

import (
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"testing"

	"partyline/local/advice"
)

// checker checks the blocks that it claims. check is nil if another test of this package, or the
// test in name, checks them.
type checker struct {
	name   string
	claims func(b Block) bool
	check  func(t *testing.T, addr string, d Document, b Block)
}

func hasLanguage(names ...string) func(Block) bool {
	return func(b Block) bool { return slices.Contains(names, b.Language) }
}

// checkers in order; the first checker that claims a block checks it.
var checkers = []checker{
	{name: "story, see TestStories", claims: func(b Block) bool { return b.Language == "js" && hasStory(b.Doc) }},
	{name: "examples of rules, see local/reference", claims: func(b Block) bool {
		return (b.Language == "try" || b.Language == "refused" || b.Language == "says") && b.Doc == "docs/designers.md"
	}},
	{name: "SDK calls and names", claims: hasLanguage("js", "csharp", "gdscript"), check: func(t *testing.T, addr string, d Document, b Block) {
		checkCalls(t, addr, b)
		checkNames(t, d, b)
	}},
	{name: "answers", claims: func(b Block) bool { return b.Language == "json" && b.Label != "" }, check: func(t *testing.T, addr string, _ Document, b Block) {
		checkAnswer(t, addr, b)
	}},
	{name: "fields", claims: hasLanguage("json"), check: func(t *testing.T, _ string, _ Document, b Block) { checkKeys(t, b) }},
	{name: "server settings", claims: func(b Block) bool { return b.Language == "yaml" && b.Label == "settings" }, check: func(t *testing.T, _ string, _ Document, b Block) {
		checkSettings(t, b)
	}},
	{name: "rules", claims: hasLanguage("yaml"), check: func(t *testing.T, _ string, _ Document, b Block) { checkRules(t, b) }},
	{name: "shell", claims: hasLanguage("sh"), check: func(t *testing.T, _ string, _ Document, b Block) { checkShell(t, b) }},
	{name: "a proxy's settings", claims: hasLanguage("nginx"), check: func(t *testing.T, _ string, _ Document, b Block) { checkProxy(t, b) }},
	{name: "other platforms' own pieces", claims: hasLanguage("javascript", "xml", "swift", "kotlin", "cpp", "ini"), check: func(t *testing.T, _ string, d Document, b Block) {
		checkPlatform(t, d, b)
	}},
	{name: "SQL", claims: hasLanguage("sql"), check: func(t *testing.T, _ string, _ Document, b Block) { checkSQL(t, b) }},
	{name: "log lines", claims: func(b Block) bool { return b.Language == "text" && b.Label == "log" }, check: func(t *testing.T, _ string, _ Document, b Block) {
		checkLog(t, b)
	}},
	{name: "output", claims: func(b Block) bool { return b.Language == "text" && b.Label == "output" }, check: func(t *testing.T, _ string, d Document, b Block) {
		checkOutput(t, d, b)
	}},
	{name: "Go", claims: hasLanguage("go"), check: func(t *testing.T, _ string, _ Document, b Block) { checkGo(t, b) }},
}

// TestBlocks gives every block of the documentation to the checker that claims it.
func TestBlocks(t *testing.T) {
	addr := server(t)
	for _, d := range documents(t) {
		for _, b := range d.Blocks {
			t.Run(strings.ReplaceAll(b.String(), "/", "_"), func(t *testing.T) {
				i := slices.IndexFunc(checkers, func(c checker) bool { return c.claims(b) })
				if i < 0 {
					t.Fatalf("%s: nobody checks a block of %q; give it another language, or write a checker", b, strings.TrimSpace(b.Language+" "+b.Label))
				}
				if check := checkers[i].check; check != nil {
					check(t, addr, d, b)
				}
			})
		}
	}
}

// checkPlatform: a block that cannot be compiled here is well-formed. Its section links to a page
// of the platform.
func checkPlatform(t *testing.T, d Document, b Block) {
	t.Helper()
	if b.Language == "xml" {
		for decoder := xml.NewDecoder(strings.NewReader(b.Body)); ; {
			if _, err := decoder.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Errorf("%s: %v", b, err)
				break
			}
		}
	}
	for _, pair := range []string{"()", "{}", "[]"} {
		if strings.Count(b.Body, pair[:1]) != strings.Count(b.Body, pair[1:]) {
			t.Errorf("%s: %s do not match", b, pair)
		}
	}
	before := strings.Join(strings.Split(d.Text, "\n")[:b.Line], "\n")
	if section := before[strings.LastIndex(before, "\n#"):]; !strings.Contains(section, "](https://") {
		t.Errorf("%s: no page of the platform is linked above it", b)
	}
}

// checkRules loads a rules file. An excerpt may leave out the version.
func checkRules(t *testing.T, b Block) {
	t.Helper()
	body := b.Body
	if !strings.Contains(body, "version:") {
		body = "version: 1\n" + body
	}
	if _, err := advice.Load([]byte(body), b.String()); err != nil {
		t.Error(err)
	}
}

func TestRead(t *testing.T) {
	d, err := read("x.md", "# a\n```js one two\nf();\n```\n\n- item\n\n  ```sh\n  make\n  ```\n\n````text\n```\n````\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []Block{{"x.md", 3, "js", "one two", "f();\n"}, {"x.md", 9, "sh", "", "make\n"}, {"x.md", 13, "text", "", "```\n"}}
	if !slices.Equal(d.Blocks, want) {
		t.Errorf("got %q; want %q", d.Blocks, want)
	}
	if _, err := read("x.md", "```js\n"); err == nil {
		t.Error("a block without an end was read")
	}
}
