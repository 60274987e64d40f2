package docs

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"partyline/local/e2e/npm"
	"partyline/local/e2e/target"
)

// stories are the documents with JavaScript that the tests execute, with the minimum number of
// tests each story must report.
var stories = []struct {
	doc, file string
	atLeast   int
}{
	{"README.md", "readme.story.mjs", 2},
	{"docs/first-party.md", "first-party.story.mjs", 2},
	{"docs/clients.md", "clients.story.mjs", 25},
}

func hasStory(doc string) bool {
	for _, s := range stories {
		if s.doc == doc {
			return true
		}
	}
	return false
}

// TestStories executes the JavaScript of the documents that have a story, with the stock SDK and a
// server.
func TestStories(t *testing.T) {
	addr := server(t)
	npm.Install(t, "stories")
	for _, s := range stories {
		t.Run(s.file, func(t *testing.T) {
			blocks := filepath.Join(t.TempDir(), "blocks.json")
			if err := os.WriteFile(blocks, storyBlocks(t, s.doc), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), npm.Tool(t, "node"),
				"--test", "--test-force-exit", "--test-reporter=tap", "--test-timeout=90000", s.file)
			cmd.Dir = "stories"
			cmd.Env = append(os.Environ(), target.Variable+"="+addr, "BLOCKS="+blocks)
			out, err := cmd.CombinedOutput()
			tests, passed := count(out, "tests"), count(out, "pass")
			if err != nil || passed != tests || tests < s.atLeast {
				t.Errorf("%d of %d tests passed; want all of at least %d (%v)\n%s", passed, tests, s.atLeast, err, out)
			}
		})
	}
}

// TestStories_complete: every story file is in stories.
func TestStories_complete(t *testing.T) {
	files, err := filepath.Glob("stories/*.story.mjs")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(stories) {
		t.Errorf("the folder has %q; %d are run", files, len(stories))
	}
}

// storyBlocks returns a document's JavaScript blocks for its story, by the name on the fence.
func storyBlocks(t *testing.T, doc string) []byte {
	t.Helper()
	type block struct {
		Name  string `json:"name"`
		Where string `json:"where"`
		Code  string `json:"code"`
	}
	var blocks []block
	taken := map[string]bool{}
	for _, b := range blocksOf(t, doc) {
		if b.Language != "js" {
			continue
		}
		if b.Label == "" || taken[b.Label] {
			t.Errorf("%s: name the block behind its fence, as in ```js connect; each name once", b)
		}
		taken[b.Label] = true
		blocks = append(blocks, block{b.Label, b.String(), b.Body})
	}
	body, err := json.Marshal(blocks)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// count reads one line of the summary at the end of a TAP report; -1 if it is missing.
func count(report []byte, what string) int {
	all := regexp.MustCompile(`(?m)^# `+what+` (\d+)$`).FindAllSubmatch(bytes.TrimSpace(report), -1)
	if len(all) == 0 {
		return -1
	}
	n, err := strconv.Atoi(string(all[len(all)-1][1]))
	if err != nil {
		return -1
	}
	return n
}
