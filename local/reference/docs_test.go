package reference_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"partyline/local"
	"partyline/local/advice"
	"partyline/local/reference"
	"partyline/party/rules"
)

var update = flag.Bool("update", false, "rewrite what is made from the schema: docs/designers.md, local/rules.schema.json")

const (
	designers  = "../../docs/designers.md"
	schemaFile = "../../local/rules.schema.json"
)

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// checkFile compares a file with the wanted content. With -update it writes the file.
func checkFile(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(readFile(t, path), want) {
		t.Errorf("%s is not in step with the schema; run go test ./local/reference -update", path)
	}
}

func TestDesigners_tables(t *testing.T) {
	doc := string(readFile(t, designers))
	for section, table := range map[string]func() (string, error){"keys": reference.KeysMarkdown, "facts": reference.FactsMarkdown, "texts": reference.TextsMarkdown} {
		text, err := table()
		if err != nil {
			t.Fatal(err)
		}
		begin, end := "<!-- "+section+" -->\n", "<!-- end of "+section+" -->"
		head, rest, ok1 := strings.Cut(doc, begin)
		_, tail, ok2 := strings.Cut(rest, end)
		if !ok1 || !ok2 {
			t.Fatalf("%s has no place for %s", designers, section)
		}
		doc = head + begin + text + "\n" + end + tail
	}
	checkFile(t, designers, []byte(doc))
}

func TestJSONSchema_file(t *testing.T) {
	schema, err := reference.JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	checkFile(t, schemaFile, schema)
}

var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

// snippet is a rules file in the documentation, with the examples below it.
type snippet struct {
	line int
	text string
	try  []string
}

func snippets(t *testing.T) []snippet {
	t.Helper()
	doc := readFile(t, designers)
	var out []snippet
	var refused error // of the last file that the page shows as a mistake
	for _, m := range fence.FindAllSubmatchIndex(doc, -1) {
		kind, body := string(doc[m[2]:m[3]]), string(doc[m[4]:m[5]])
		line := bytes.Count(doc[:m[0]], []byte("\n")) + 1
		switch kind {
		case "yaml":
			if !strings.Contains(body, "version:") {
				body = "version: 1\n" + body
			}
			out = append(out, snippet{line: line, text: body})
		case "try":
			last := &out[len(out)-1]
			last.try = append(last.try, strings.Split(strings.TrimSpace(body), "\n")...)
		case "refused":
			_, refused = advice.Load([]byte(body), "rules.yml")
			if refused == nil {
				t.Errorf("line %d: the file is not refused", line)
			}
		case "says":
			for _, want := range strings.Split(strings.TrimSpace(body), "\n") {
				if refused == nil || !strings.Contains(refused.Error(), want) {
					t.Errorf("line %d: the refused file above says %v; want %q in it", line, refused, want)
				}
			}
		default:
			t.Errorf("line %d: a snippet of kind %q is not tested", line, kind)
		}
	}
	return out
}

// TestDesigners_snippets: every rules file in the documentation is valid, and every example has
// the outcome it claims.
func TestDesigners_snippets(t *testing.T) {
	recipes := 0
	for _, s := range snippets(t) {
		set, err := advice.Load([]byte(s.text), fmt.Sprintf("designers.md:%d", s.line))
		if err != nil {
			t.Errorf("the snippet in line %d is refused:\n%v", s.line, err)
			continue
		}
		for _, w := range advice.Warnings(set) {
			if !strings.Contains(w.What, "always empty") && !strings.Contains(w.What, "no effect with queues") {
				t.Errorf("line %d: %v", s.line, w)
			}
		}
		if len(s.try) > 0 {
			recipes++
		}
		verdicts := map[string]bool{}
		for _, line := range s.try {
			verdicts[tryLine(t, set, line)] = true
		}
		if len(s.try) > 0 && len(verdicts) < 2 {
			t.Errorf("line %d: the examples all have the same outcome", s.line)
		}
	}
	if recipes < 12 {
		t.Errorf("%d recipes with examples; want 12", recipes)
	}
}

// tryLine runs `join {facts} -> denied by rule` and returns the outcome.
func tryLine(t *testing.T, set *rules.Set, line string) string {
	t.Helper()
	left, want, ok := strings.Cut(line, " -> ")
	action, text, ok2 := strings.Cut(left, " ")
	if !ok || !ok2 {
		t.Fatalf("%q is not an example", line)
	}
	facts, err := rules.LoadFacts([]byte(text), "facts")
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	facts.Action = rules.Action(action)
	if !set.Has(facts.Action) {
		t.Errorf("%s: no rule is about it", line)
	}
	d, err := set.Try(context.Background(), facts, nil)
	if err != nil {
		t.Errorf("%s: %v", line, err)
	}
	got := "denied by " + d.Rule
	if d.Allowed {
		got = strings.TrimSuffix("allowed by "+d.Rule, " by ")
	}
	if got != want {
		t.Errorf("%s: got %q", line, got)
	}
	return got
}

// TestDesigners_complete: every key is in a snippet, and every fact and function is in a
// condition of a snippet.
func TestDesigners_complete(t *testing.T) {
	written := map[string]bool{}
	all := ""
	for _, s := range snippets(t) {
		var tree any
		if err := yaml.Unmarshal([]byte(s.text), &tree); err != nil {
			t.Fatal(err)
		}
		paths("", tree, written)
		all += s.text
	}
	keys, err := reference.Keys()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if !written[k.Path] {
			t.Errorf("%s is in no snippet", k.Path)
		}
	}
	facts, err := reference.Facts()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range facts {
		name := f.Path
		if _, field, entry := strings.Cut(name, "[]"); entry {
			name = " " + field
		}
		if !strings.Contains(all, strings.TrimSpace(name)) {
			t.Errorf("the fact %s is in no snippet", f.Path)
		}
	}
	var described []string
	for _, f := range reference.Functions {
		described = append(described, f.Name)
		if !strings.Contains(all, f.Name+"(") {
			t.Errorf("the function %s is in no snippet", f.Name)
		}
	}
	if all := rules.Functions(); !slices.Equal(described, all) {
		t.Errorf("described are the functions %q of %q", described, all)
	}
}

// paths records the path of every key in a tree, as the reference writes it.
func paths(at string, v any, out map[string]bool) {
	out[at] = true
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if at == "queues" {
				k = "<name>"
			}
			paths(strings.TrimPrefix(at+"."+k, "."), e, out)
		}
	case []any:
		for _, e := range v {
			paths(at+"[]", e, out)
		}
	}
}

func TestSample(t *testing.T) {
	set, err := advice.Load(local.SampleRules, "local/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	if w := advice.Warnings(set); len(w) > 0 {
		t.Errorf("the sample has warnings:\n%v", w)
	}
	c := set.Config()
	if c.Invites.PublicURL != "http://127.0.0.1:7350" || c.Invites.App.Web != "http://127.0.0.1:7350/?party={code}" {
		t.Errorf("the sample does not lead to the local run: %s, %s", c.Invites.PublicURL, c.Invites.App.Web)
	}
	if !bytes.HasPrefix(local.SampleRules, []byte("# yaml-language-server: $schema=rules.schema.json\n")) {
		t.Errorf("the sample does not name the schema for editors")
	}
	// The commented examples must be valid too.
	lines := strings.Split(string(local.SampleRules), "\n")
	for i, l := range lines {
		if rest, ok := strings.CutPrefix(strings.TrimLeft(l, " "), "# "); ok && regexp.MustCompile(`^(- id:|  on:|  deny:|  message:|deep_link:|ios:|android:)`).MatchString(rest) {
			lines[i] = l[:len(l)-len(strings.TrimLeft(l, " "))] + rest
		}
	}
	set, err = advice.Load([]byte(strings.Join(lines, "\n")), "local/rules.yml")
	var ps rules.Problems
	if errors.As(err, &ps) {
		t.Fatalf("with its examples turned on:\n%v", ps)
	}
	if n := len(set.Config().Rules); n != 5 {
		t.Errorf("with its examples turned on the sample has %d rules", n)
	}
}
