package docs

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// maxWords is the maximum number of words in a sentence.
const maxWords = 40

// hardWords are words that a reader who learned English at school may not know, or has to read twice.
var hardWords = regexp.MustCompile(`(?i)\b(whoever|whomever|whosoever|ere|aught|nought|naught|anew|lest|hence|thereby|therein|thereof|wherein|whereby|upon|whilst|amongst|shall|thus|albeit|save for|utili[sz]e[sd]?|leverage|in order to|himself|herself|he or she|his or her)\b`)

// otherTerms are other words for a term in the glossary, and phrases that look like another term.
var otherTerms = regexp.MustCompile(`(?i)\b(in line|waiting list|all the same|beside (that|this|these)|takes? back (an|any|the|their) invites?)\b`)

// People from any country read the pages, so sentences are short and words are plain.
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
			if n := len(strings.Fields(sentence)); n > maxWords {
				t.Errorf("%s: a sentence of %d words: %s", name, n, sentence)
			}
			for _, word := range []string{hardWords.FindString(sentence), otherTerms.FindString(sentence)} {
				if word != "" {
					t.Errorf("%s: %q in: %s", name, word, sentence)
				}
			}
		}
	}
}

// Other engineers will read the comments, so the same words apply. A comment must not guess whether
// a player is a man or a woman.
func TestLanguage_comments(t *testing.T) {
	guess := regexp.MustCompile(`(?i)\b(he|she|his|her|hers|him)\b`)
	files := 0
	err := filepath.WalkDir(Root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && (name == "node_modules" || name == "build" || name == "dist" || name == ".git") {
			return fs.SkipDir
		}
		if ext := filepath.Ext(path); entry.IsDir() || ext != ".go" && ext != ".mjs" && ext != ".ts" && ext != ".js" {
			return nil
		}
		files++
		for _, comment := range commentsOf(t, path) {
			for _, word := range []string{hardWords.FindString(comment), guess.FindString(comment)} {
				if word != "" {
					t.Errorf("%s: %q in: %s", path, word, comment)
				}
			}
		}
		return nil
	})
	if err != nil || files < 500 {
		t.Fatalf("%d files read: %v", files, err)
	}
}

// commentsOf returns the comments of a Go file. For a script it returns only comments at the start of a line.
func commentsOf(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(path) != ".go" {
		return script.FindAllString(string(text), -1)
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, group := range file.Comments {
		all = append(all, strings.Join(strings.Fields(group.Text()), " "))
	}
	return all
}

func TestSentences(t *testing.T) {
	got := sentences("# A title\n\nOne goes\non. Two [is a](link. to) `co. de`\n\n- three\n- four: five\n\n| a | b. C |\n|---|---|\n\n```sh\nno. sentence\n```\n")
	want := []string{"A title", "One goes on.", "Two [is a] code", "three", "four: five", "a", "b.", "C"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q, want %q", got, want)
	}
}

var (
	script   = regexp.MustCompile(`(?m)^\s*(//|\*|/\*).*$`)
	fenced   = regexp.MustCompile("(?s)```.*?```|<!--.*?-->")
	linked   = regexp.MustCompile(`\]\([^)]*\)`)
	code     = regexp.MustCompile("`[^`\n]*`")
	ruler    = regexp.MustCompile(`(?m)^[|\s:-]+$`)
	starts   = regexp.MustCompile(`(?m)^\s*(#+|[-*]|\d+\.)\s+|\s*\|\s*`)
	sentence = regexp.MustCompile(`[.!?]["')*]*\s`)
)

// sentences returns the sentences of a page's text, list items and table cells.
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
