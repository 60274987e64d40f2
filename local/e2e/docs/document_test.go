package docs

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Root is the root of the repository, relative to this package's folder.
const Root = "../../.."

// Document is one Markdown file.
type Document struct {
	Name   string // path below the root, with slashes
	Text   string
	Blocks []Block
}

// Block is one fenced block.
type Block struct {
	Doc      string
	Line     int    // of its first line of content
	Language string // the first word after the fence
	Label    string // the other words
	Body     string
}

// String returns the position of a block.
func (b Block) String() string { return fmt.Sprintf("%s:%d", b.Doc, b.Line) }

// Documents reads README.md and docs/*.md.
func Documents() ([]Document, error) {
	paths, err := filepath.Glob(filepath.Join(Root, "docs", "*.md"))
	if err != nil {
		return nil, err
	}
	var all []Document
	for _, path := range append([]string{filepath.Join(Root, "README.md")}, paths...) {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		name, err := filepath.Rel(Root, path)
		if err != nil {
			return nil, err
		}
		d, err := read(filepath.ToSlash(name), string(text))
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

var fence = regexp.MustCompile("^( *)(```+|~~~+) *([^`]*)$")

// read finds the fenced blocks of a document, including indented ones (in lists). Code that is only
// indented counts as plain text, because its language is unknown.
func read(name, text string) (Document, error) {
	d := Document{Name: name, Text: text}
	var open *Block
	var indent, closing string
	for i, line := range strings.Split(text, "\n") {
		m := fence.FindStringSubmatch(line)
		switch {
		case open == nil && m != nil:
			language, label, _ := strings.Cut(strings.TrimSpace(m[3]), " ")
			open = &Block{Doc: name, Line: i + 2, Language: language, Label: strings.TrimSpace(label)}
			indent, closing = m[1], m[2]
		case open != nil && m != nil && strings.HasPrefix(m[2], closing) && m[3] == "":
			d.Blocks = append(d.Blocks, *open)
			open = nil
		case open != nil:
			open.Body += strings.TrimPrefix(line, indent) + "\n"
		}
	}
	if open != nil {
		return d, fmt.Errorf("%s: the block is never closed", open)
	}
	return d, nil
}

// cells returns the rows of the first table below a heading, without the table's header. If all is
// set, it returns the rows of all tables before the next heading.
func (d Document) cells(heading string, all bool) ([][]string, error) {
	_, rest, ok := strings.Cut(d.Text, "\n"+heading+"\n")
	if !ok {
		return nil, fmt.Errorf("%s has no heading %q", d.Name, heading)
	}
	var rows [][]string
	table := 0 // lines of the current table so far
	for line := range strings.SplitSeq(rest, "\n") {
		if strings.HasPrefix(line, "#") || len(rows) > 0 && table == 0 && !all {
			break
		}
		if !strings.HasPrefix(line, "|") {
			table = 0
			continue
		}
		if table++; table <= 2 {
			continue // the header and the line below it
		}
		row := strings.Split(strings.Trim(line, "|"), "|")
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s has no table below %q", d.Name, heading)
	}
	return rows, nil
}
