// Package doctor predicts whether a server will open a plugin. If not, it says why and what to
// do. It uses only the build information in the two files.
package doctor

import (
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"

	"partyline/local/lines"
)

// Program is a Go program or plugin on disk.
type Program struct {
	File string
	Info *debug.BuildInfo

	settings map[string]string
	modules  map[string]string // version by path; "path version" of a replacement
	packages map[string]string // by package path, the hash that plugin.Open compares
}

// Read reads a file's build information. Its errors say what the file is instead.
func Read(file string) (*Program, error) {
	info, err := buildinfo.ReadFile(file)
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return nil, path
	case err != nil && hasGo(file):
		return nil, fmt.Errorf("%s is built by Go, but its build information has been removed: compare the file it was made from, before it was stripped", file)
	case err != nil && isELF(file):
		return nil, fmt.Errorf("%s is not a Go program", file)
	case err != nil:
		return nil, fmt.Errorf("%s is not a program, or has an unknown format", file)
	}
	p := &Program{File: file, Info: info, settings: map[string]string{}, modules: map[string]string{}}
	for _, s := range info.Settings {
		p.settings[s.Key] = s.Value
	}
	for _, m := range info.Deps {
		p.modules[m.Path] = m.Version
		if m.Replace != nil {
			p.modules[m.Path] = strings.TrimSpace(m.Replace.Path + " " + m.Replace.Version)
		}
	}
	if len(p.settings) == 0 {
		return nil, fmt.Errorf("the build information of %s names only %s: the versions of its modules have been removed", file, info.GoVersion)
	}
	p.packages = packages(file)
	return p, nil
}

// packages reads a hash of the compiled code of each package. The linker writes it into plugins and into programs
// that open plugins. Only this hash tells two builds of a module from a folder apart.
func packages(file string) map[string]string {
	found := map[string]string{}
	f, err := elf.Open(file)
	if err != nil {
		return found
	}
	defer func() { _ = f.Close() }()
	symbols, _ := f.DynamicSymbols() // on an error there are none, and only versions are compared
	for _, s := range symbols {
		name, ok := strings.CutPrefix(s.Name, "go:link.pkghashbytes.")
		if !ok || int(s.Section) >= len(f.Sections) {
			continue
		}
		section, hash := f.Sections[s.Section], make([]byte, 8)
		if _, err := section.ReadAt(hash, int64(s.Value-section.Addr)); err == nil {
			found[name] = string(hash)
		}
	}
	return found
}

func isELF(file string) bool {
	f, err := elf.Open(file)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// hasGo reports whether the file has a section that the Go linker writes.
func hasGo(file string) bool {
	f, err := elf.Open(file)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	for _, section := range []string{".note.go.buildid", ".gopclntab", ".go.buildinfo", ".data.rel.ro.gopclntab"} {
		if f.Section(section) != nil {
			return true
		}
	}
	return false
}

// Platform returns the operating system and the processor, "linux/amd64".
func (p *Program) Platform() string { return p.settings["GOOS"] + "/" + p.settings["GOARCH"] }

// String describes the program in one line.
func (p *Program) String() string {
	text := fmt.Sprintf("%s: %s, %s", p.File, p.Info.GoVersion, p.Platform())
	if common := p.modules[lines.Common]; common != "" {
		text += ", nakama-common " + common
	}
	if l, ok := p.line(); ok {
		text += ", as Nakama " + l.Nakama + " is built"
	}
	return text
}

// line returns the line whose versions the program has.
func (p *Program) line() (lines.Line, bool) {
	for _, l := range lines.All() {
		if p.Info.GoVersion == "go"+l.Go && p.modules[lines.Common] == l.Pins[lines.Common] {
			return l, true
		}
	}
	return lines.Line{}, false
}
