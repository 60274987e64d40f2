package rules

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// place is a position in a source, both from 1 and counted in characters; the
// zero value is no place.
type place struct{ line, col int }

// source is a text and the name people know it by.
type source struct {
	name  string
	size  int    // in bytes, before text was made of them
	text  string // line ends are \n, no byte order mark
	lines []string
	room  int // how many times the bounds of a file it may have
}

func newSource(data []byte, name string) *source {
	text := strings.TrimPrefix(string(data), "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return &source{name: name, size: len(data), text: text, lines: strings.Split(text, "\n"), room: 1}
}

// excerptWidth bounds the shown part of a line, so that a minified file gives
// readable problems too.
const excerptWidth = 100

// excerpt is the line at p and a second one with a caret under the place.
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

// printable replaces what would break or disguise a line of a terminal or a log.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || control(r) {
			return ' '
		}
		return r
	}, s)
}

// problem makes a Problem at p.
func (s *source) problem(sev Severity, p place, path, what, allowed string) Problem {
	return Problem{
		Severity: sev, File: s.name, Line: p.line, Col: p.col,
		Path: printable(path), What: printable(what), Allowed: printable(allowed), Excerpt: s.excerpt(p),
	}
}

// within finds the place of the character at offset (in runes) of value, which was written at start: plain,
// quoted or as a block. The two are walked side by side; where they disagree the writing is ahead by quotes,
// escapes, folded line ends or indentation.
func (s *source) within(start place, block bool, value string, offset int) place {
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
