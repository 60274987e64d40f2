package lines

import (
	"bufio"
	_ "embed"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
)

// serverModules lists the modules in the oldest line's server. For newer servers, only the pins
// in lines.txt are known.
//
//go:embed server-modules.txt
var serverModules string

// ServerModules returns the version of the oldest line's server, and the versions of all modules
// in it.
func ServerModules() (nakama string, versions map[string]string) {
	versions = map[string]string{}
	for rows := bufio.NewScanner(strings.NewReader(serverModules)); rows.Scan(); {
		if v, ok := strings.CutPrefix(rows.Text(), "# server "); ok {
			nakama = v
		}
		if module, version, ok := strings.Cut(rows.Text(), " "); ok && module != "#" {
			versions[module] = version
		}
	}
	return nakama, versions
}

// Build describes how to build a plugin.
type Build struct {
	Name       string            // of the folder for prepared files
	Go         string            // toolchain, "go1.26.5"
	Experiment string            // GOEXPERIMENT, "" for none
	Arch       string            // GOARCH, "" for this machine's
	Untrimmed  bool              // without -trimpath
	Flags      []string          // more flags of the Go command
	Pins       map[string]string // module -> version, or -> "path version" of its replacement
}

// BuildFor returns how to build a plugin that links the modules for a line. It fails if a server
// contains one of the modules and the version in this line's server is not known, because the
// plugin might not open.
func BuildFor(l Line, linked []string) (Build, error) {
	b := Build{Name: l.Nakama, Go: "go" + l.Go, Pins: map[string]string{}}
	oldest, contained := ServerModules()
	var unknown []string
	for _, module := range linked {
		pin, pinned := l.Pins[module]
		if version, ok := contained[module]; !pinned && ok {
			if l.Nakama != oldest {
				unknown = append(unknown, module)
			}
			pin, pinned = version, true
		}
		if pinned {
			b.Pins[module] = pin
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return Build{}, fmt.Errorf("the plugin links %s, which Nakama %s contains in an unknown version; give the server's program instead, which names the version: SERVER=/path/to/nakama",
			strings.Join(unknown, ", "), l.Nakama)
	}
	return b, nil
}

// BuildForServer returns how to build a plugin that links the modules for the server with this
// build information.
func BuildForServer(info *debug.BuildInfo, linked []string) (Build, error) {
	version, experiment, _ := strings.Cut(info.GoVersion, " X:")
	b := Build{Name: "server", Go: version, Experiment: experiment, Pins: map[string]string{}}
	contained := map[string]*debug.Module{}
	for _, m := range info.Deps {
		contained[m.Path] = m
	}
	if contained[Common] == nil {
		return Build{}, fmt.Errorf("the server's program (%s) does not contain %s: it is not a Nakama server", info.Path, Common)
	}
	for _, module := range linked {
		switch m := contained[module]; {
		case m == nil:
		case m.Replace == nil:
			b.Pins[module] = m.Version
		case m.Replace.Version == "":
			return Build{}, fmt.Errorf("the server builds %s from the folder %s, which its program does not contain; build the server with a published version of it", module, m.Replace.Path)
		default:
			b.Pins[module] = m.Replace.Path + " " + m.Replace.Version
		}
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	b.Arch = settings["GOARCH"]
	b.Untrimmed = settings["-trimpath"] != "true"
	for _, flag := range []string{"-race", "-msan", "-asan"} {
		if settings[flag] == "true" {
			b.Flags = append(b.Flags, flag)
		}
	}
	if tags := settings["-tags"]; tags != "" {
		b.Flags = append(b.Flags, "-tags="+tags)
	}
	return b, nil
}

// names returns the modules of the pins in order.
func (b Build) names() []string { return slices.Sorted(maps.Keys(b.Pins)) }
