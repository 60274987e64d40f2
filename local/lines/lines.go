// Package lines knows for which versions of Nakama the plugin is built, and makes the Go
// command build for one of them or for the very server that a binary is. It is about
// building: the plugin itself never links it.
package lines

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed lines.txt
var text string

// The modules that the plugin cannot do without and every server contains.
const (
	Common   = "github.com/heroiclabs/nakama-common"
	Protobuf = "google.golang.org/protobuf"
)

// Standing is how far a line has been tried.
type Standing string

// What a line has been tried in. Each includes those below it.
const (
	Real Standing = "real" // a real server
	Host Standing = "host" // the plugin host of this repository
	API  Standing = "api"  // the compiler and the tests of the packages
)

// Line is one version of the server with what a plugin for it must be built with.
type Line struct {
	Nakama   string            // "3.40.0"
	Go       string            // "1.26.5"
	Standing Standing          //
	Pins     map[string]string // versions of modules by path; Common and Protobuf always
}

// All are the lines, oldest first.
func All() []Line {
	lines, err := parse(text)
	if err != nil {
		panic(err) // the file is part of the program, and a test parses it
	}
	return lines
}

// Default is the newest line that runs on a real server.
func Default() Line {
	var found Line
	for _, l := range All() {
		if l.Standing == Real {
			found = l
		}
	}
	return found
}

// Find is the line of a server's version.
func Find(nakama string) (Line, error) {
	var known []string
	for _, l := range All() {
		if l.Nakama == nakama {
			return l, nil
		}
		known = append(known, l.Nakama)
	}
	return Line{}, fmt.Errorf("no line for Nakama %s, there are %s; to build for it, give its program: SERVER=/path/to/nakama", nakama, strings.Join(known, ", "))
}

// parse reads the file of lines.
func parse(text string) ([]Line, error) {
	var lines []Line
	for n, row := range strings.Split(text, "\n") {
		fields := strings.Fields(row)
		if len(fields) == 0 || fields[0] == "#" || strings.HasPrefix(row, "#") {
			continue
		}
		if len(fields) < 5 {
			return nil, fmt.Errorf("lines.txt:%d: %d columns; want nakama, nakama-common, go, protobuf, standing", n+1, len(fields))
		}
		l := Line{Nakama: fields[0], Go: fields[2], Standing: Standing(fields[4]), Pins: map[string]string{Common: fields[1], Protobuf: fields[3]}}
		switch l.Standing {
		case Real, Host, API:
		default:
			return nil, fmt.Errorf("lines.txt:%d: standing %q; allowed: real, host, api", n+1, l.Standing)
		}
		for _, pin := range fields[5:] {
			module, version, ok := strings.Cut(pin, "@")
			if !ok {
				return nil, fmt.Errorf("lines.txt:%d: %q is not MODULE@VERSION", n+1, pin)
			}
			l.Pins[module] = version
		}
		lines = append(lines, l)
	}
	return lines, nil
}
