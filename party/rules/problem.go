package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Severity separates errors, which stop the file from being used, from advice.
type Severity int

const (
	Error   Severity = iota // the file is not used
	Warning                 // the file is used, but a person should look at it
)

// Problem is one problem of a rules file, at the place where a designer has to look.
type Problem struct {
	Severity Severity `json:"-"`
	File     string   `json:"file"`
	Line     int      `json:"line"` // from 1; 0 if it has no place
	Col      int      `json:"column"`
	Path     string   `json:"path"`
	What     string   `json:"problem"`
	Allowed  string   `json:"allowed"` // what would be right
	Excerpt  string   `json:"excerpt"` // the line of the file, and one with a caret
}

// String returns the problem in one line: "file:line:col: path: what; allowed".
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Col)
	}
	b.WriteString(": ")
	if p.Severity == Warning {
		b.WriteString("warning: ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.What)
	if p.Allowed != "" {
		b.WriteString("; " + p.Allowed)
	}
	return b.String()
}

// Problems is the list of all problems of one file, in the order of its lines. It is the error of [Load].
type Problems []Problem

// Error lists every problem with its excerpt.
func (ps Problems) Error() string {
	var lines []string
	for _, p := range ps {
		lines = append(lines, p.String())
		if p.Excerpt != "" {
			lines = append(lines, p.Excerpt)
		}
	}
	return strings.Join(lines, "\n")
}

// Errors returns the problems that stop the file from being used.
func (ps Problems) Errors() Problems {
	return slices.DeleteFunc(slices.Clone(ps), func(p Problem) bool { return p.Severity != Error })
}

// Count returns a summary for the end of a list, such as "2 errors, 1 warning".
func (ps Problems) Count() string {
	e := len(ps.Errors())
	w := len(ps) - e
	switch {
	case w == 0:
		return plural(e, "error")
	case e == 0:
		return plural(w, "warning")
	}
	return plural(e, "error") + ", " + plural(w, "warning")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
