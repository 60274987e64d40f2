package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Line is one entry of a transcript: who did or received what.
type Line struct {
	Who  string // an actor
	What string // ">" for a sent envelope, "<" for a received one, "close" for the end of the socket, or an HTTP request or status
	JSON string // the content, normalised and compact; "" if there was none
}

// Transcript is everything that happened in one scenario, normalised.
type Transcript struct {
	Scenario string
	About    string
	Lines    []Line
}

// Encode writes the transcript as JSON with one entry per line, so that it is readable and easy to diff.
func (t Transcript) Encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n  \"scenario\": %s,\n  \"about\": %s,\n  \"log\": [", quote(t.Scenario), quote(t.About))
	for i, l := range t.Lines {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n    " + l.String())
	}
	b.WriteString("\n  ]\n}\n")
	return b.Bytes()
}

// String returns the line as it is in a transcript's file.
func (l Line) String() string {
	if l.JSON == "" {
		return fmt.Sprintf("[%s, %s]", quote(l.Who), quote(l.What))
	}
	return fmt.Sprintf("[%s, %s, %s]", quote(l.Who), quote(l.What), l.JSON)
}

// quote returns s as a JSON string, with <, > and & readable.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

// Difference describes the first difference between got and the recorded file want, with the lines
// before it. It returns "" if they are equal.
func Difference(got, want []byte) string {
	if bytes.Equal(got, want) {
		return ""
	}
	const context = 6
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	at := 0
	for at < len(g) && at < len(w) && g[at] == w[at] {
		at++
	}
	var b strings.Builder
	for i := max(0, at-context); i < at; i++ {
		fmt.Fprintf(&b, "      %s\n", g[i])
	}
	for i := at; i < min(at+context, len(w)); i++ {
		fmt.Fprintf(&b, "want  %s\n", w[i])
	}
	for i := at; i < min(at+context, len(g)); i++ {
		fmt.Fprintf(&b, "got   %s\n", g[i])
	}
	return b.String()
}
