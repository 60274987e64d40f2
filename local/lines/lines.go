// Package lines knows the versions of Nakama that the plugin is built for. It sets up the Go
// command to build for one of them, or for a given server program. The plugin itself never links
// it.
package lines

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed lines.txt
var text string

// Modules that the plugin needs and that every server contains.
const (
	Common   = "github.com/heroiclabs/nakama-common"
	Protobuf = "google.golang.org/protobuf"
)

// Standing is how thoroughly a line has been tested.
type Standing string

// Where a line has been tested. Each value includes those below it.
const (
	Real Standing = "real" // a real server
	Host Standing = "host" // the plugin host of this repository
	API  Standing = "api"  // the compiler and the tests of the packages
)

// Line is one version of the server, with the versions that its plugin must be built with.
type Line struct {
	Nakama   string            // "3.40.0"
	Go       string            // "1.26.5"
	Standing Standing          //
	Pins     map[string]string // versions of modules by path; always has Common and Protobuf
}

// All returns the lines, oldest first.
func All() []Line {
	lines, err := parse(text)
	if err != nil {
		panic(err) // the file is embedded, and a test parses it
	}
	return lines
}

// Default returns the newest line that runs on a real server.
func Default() Line {
	var found Line
	for _, l := range All() {
		if l.Standing == Real {
			found = l
		}
	}
	return found
}

// Find returns the line of a server's version.
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

// parse reads the table of lines.
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
