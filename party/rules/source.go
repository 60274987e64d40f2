package rules

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// place is a position in a source. Both numbers count from 1, col in characters. The zero value is no place.
type place struct{ line, col int }

// source is the text of a file and its name for people.
type source struct {
	name        string
	size        int    // in bytes, of the original file
	text        string // without a byte order mark; line ends are \n
	lines       []string
	boundFactor int // factor on the bounds of a file
}

func newSource(data []byte, name string) *source {
	text := strings.TrimPrefix(string(data), "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return &source{name: name, size: len(data), text: text, lines: strings.Split(text, "\n"), boundFactor: 1}
}

// excerptWidth limits the shown part of a line, so that problems of a minified file stay readable.
const excerptWidth = 100

// excerpt returns the line at p and a second line with a caret below the place.
func (s *source) excerpt(p place) string {
	if p.line < 1 || p.line > len(s.lines) {
		return ""
	}
	line := []rune(strings.TrimRight(s.lines[p.line-1], " \t\r"))
	at := min(max(p.col-1, 0), len(line))
	from := 0
	if at > excerptWidth*3/4 {
		from = at - excerptWidth/2
	}
	to := min(len(line), from+excerptWidth)
	before, after := "", ""
	if from > 0 {
		before = "..."
	}
	if to < len(line) {
		after = "..."
	}
	return before + printable(string(line[from:to])) + after + "\n" + strings.Repeat(" ", len(before)+at-from) + "^"
}

// printable replaces characters that would break or disguise a line of a terminal or a log.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || isControl(r) {
			return ' '
		}
		return r
	}, s)
}

func (s *source) problem(sev Severity, p place, path, what, allowed string) Problem {
	return Problem{
		Severity: sev, File: s.name, Line: p.line, Col: p.col,
		Path: printable(path), What: printable(what), Allowed: printable(allowed), Excerpt: s.excerpt(p),
	}
}

// placeWithin returns the place of the character at offset (in runes) of value. The file has value at start: plain,
// quoted or as a block. It walks through both texts in parallel. If they differ, it skips quotes, escapes,
// folded line ends or indentation of the file.
func (s *source) placeWithin(start place, block bool, value string, offset int) place {
	line, col := start.line, start.col
	if block {
		line, col = line+1, 1
	}
	if line < 1 || line > len(s.lines) {
		return start
	}
	raw := []rune(strings.Join(s.lines[line-1:], "\n"))
	i := min(max(col-1, 0), len(raw))
	for n, want := range []rune(value) {
		space := unicode.IsSpace(want)
		for !space && i < len(raw) && raw[i] != want {
			i++
		}
		if !space && i == len(raw) {
			return start
		}
		if n == offset {
			break
		}
		if !space || i < len(raw) && unicode.IsSpace(raw[i]) {
			i++
		}
	}
	before := strings.Split(string(raw[:i]), "\n")
	return place{line + len(before) - 1, utf8.RuneCountInString(before[len(before)-1]) + 1}
}
