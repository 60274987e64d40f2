package docs

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"partyline/local/e2e/client"
	"partyline/party/overview"
)

var (
	adminCall = regexp.MustCompile(`curl [^\n]*-d '([^']*)' "http://[^/]+(/v2/rpc/[^"]+)"`)
	looksFor  = regexp.MustCompile(`grep -q '([^']*)'`)
)

// TestOperators_adminCalls makes the documented calls with the documented keys.
func TestOperators_adminCalls(t *testing.T) {
	api := client.New(server(t))
	calls := 0
	for _, b := range blocksOf(t, "docs/operators.md") {
		for line := range strings.SplitSeq(b.Body, "\n") {
			call := adminCall.FindStringSubmatch(line)
			if call == nil {
				if strings.Contains(line, "/v2/rpc/") {
					t.Errorf("%s: the test cannot make the call %q", b, line)
				}
				continue
			}
			calls++
			answer, err := api.Do(t.Context(), http.MethodPost, call[2], "", []byte(call[1]))
			if err != nil || answer.Status != http.StatusOK || !json.Valid(answer.Body) {
				t.Errorf("%s: %d %s, %v", line, answer.Status, answer.Body, err)
				continue
			}
			if text := looksFor.FindStringSubmatch(line); text != nil && !strings.Contains(string(answer.Body), text[1]) {
				t.Errorf("%s: the answer is %s", line, answer.Body)
			}
		}
	}
	if calls < 4 {
		t.Errorf("%d calls were made", calls)
	}
}

// TestOperators_stats: the tables have every field of the answer.
func TestOperators_stats(t *testing.T) {
	for heading, of := range map[string]reflect.Type{
		"### Stats": reflect.TypeFor[overview.Stats](), "### Health": reflect.TypeFor[overview.Health](),
	} {
		var listed []string
		for _, row := range rowsOf(t, "docs/operators.md", heading) {
			listed = append(listed, codeWords(row[0])...)
		}
		want := jsonFields(of)
		slices.Sort(listed)
		slices.Sort(want)
		if !slices.Equal(listed, want) {
			t.Errorf("%s lists %q; the answer has %q", heading, listed, want)
		}
	}
}

func jsonFields(of reflect.Type) []string {
	var names []string
	for i := range of.NumField() {
		f := of.Field(i)
		if f.Anonymous {
			names = append(names, jsonFields(f.Type)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// TestOperators_alertLines: the code writes each of the lines, and the table has every error.
func TestOperators_alertLines(t *testing.T) {
	formats := logFormats(t)
	var lines []string
	for _, row := range rowsOf(t, "docs/operators.md", "### Lines to alert on") {
		lines = append(lines, codeWords(row[0])...)
	}
	for _, line := range lines {
		if !slices.ContainsFunc(formats, func(f string) bool {
			return strings.HasPrefix(f, line) || line == "panic: " && strings.Contains(f, line)
		}) {
			t.Errorf("nothing writes %q", line)
		}
	}
	for _, c := range logCalls(t) {
		if c.level == "Error" && !strings.HasPrefix(c.format, "%") && !strings.Contains(c.format, "panic: ") &&
			!slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(c.format, line) }) {
			t.Errorf("%s: no line of the table is about %q", c.path, c.format)
		}
	}
}

// TestOperators_images: every image in the documentation exists.
func TestOperators_images(t *testing.T) {
	for _, d := range documents(t) {
		for _, m := range regexp.MustCompile(`!\[[^\]]+\]\(([^)]+)\)`).FindAllStringSubmatch(readFile(t, d.Name), -1) {
			if _, err := os.Stat(filepath.Join(Root, filepath.Dir(d.Name), m[1])); err != nil {
				t.Errorf("%s: %v", d.Name, err)
			}
		}
	}
}
