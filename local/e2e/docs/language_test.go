package docs

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// longest is how many words a sentence may have.
const longest = 40

// stiff are words that a reader who learned English at school may not know, or reads twice.
var stiff = regexp.MustCompile(`(?i)\b(whoever|whomever|whosoever|ere|aught|nought|naught|anew|lest|hence|thereby|therein|thereof|wherein|whereby|upon|whilst|amongst|shall|thus|albeit|save for|utili[sz]e[sd]?|leverage|in order to|himself|herself|he or she|his or her)\b`)

// Pages are read by people from any country: short sentences, plain words.
func TestLanguage(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(Root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		pages = append(pages, filepath.Join(Root, name))
	}
	for _, page := range pages {
		name := filepath.Base(page)
		for _, sentence := range sentences(readFile(t, strings.TrimPrefix(page, Root+"/"))) {
			if n := len(strings.Fields(sentence)); n > longest {
				t.Errorf("%s: a sentence of %d words: %s", name, n, sentence)
			}
			if word := stiff.FindString(sentence); word != "" {
				t.Errorf("%s: %q in: %s", name, word, sentence)
			}
		}
	}
}

func TestSentences(t *testing.T) {
	got := sentences("# A title\n\nOne goes\non. Two [is a](link. to) `co. de`\n\n- three\n- four: five\n\n| a | b. C |\n|---|---|\n\n```sh\nno. sentence\n```\n")
	want := []string{"A title", "One goes on.", "Two [is a] code", "three", "four: five", "a", "b.", "C"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q, want %q", got, want)
	}
}

var (
	fenced   = regexp.MustCompile("(?s)```.*?```|<!--.*?-->")
	linked   = regexp.MustCompile(`\]\([^)]*\)`)
	code     = regexp.MustCompile("`[^`\n]*`")
	ruler    = regexp.MustCompile(`(?m)^[|\s:-]+$`)
	starts   = regexp.MustCompile(`(?m)^\s*(#+|[-*]|\d+\.)\s+|\s*\|\s*`)
	sentence = regexp.MustCompile(`[.!?]["')*]*\s`)
)

// sentences are those of a page's text, of its list items, and of the cells of its tables.
func sentences(page string) []string {
	page = fenced.ReplaceAllString(page, "\n\n")
	page = ruler.ReplaceAllString(page, "")
	page = linked.ReplaceAllString(page, "]")
	page = code.ReplaceAllString(page, "code")
	page = starts.ReplaceAllString(page, "\n\n")
	var all []string
	for block := range strings.SplitSeq(page, "\n\n") {
		block = strings.Join(strings.Fields(block), " ")
		for block != "" {
			end := len(block)
			if at := sentence.FindStringIndex(block); at != nil {
				end = at[1]
			}
			all = append(all, strings.TrimSpace(block[:end]))
			block = block[end:]
		}
	}
	return all
}
