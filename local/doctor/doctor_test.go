package doctor

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"partyline/local/lines"
)

// toolchain returns the go command of a version, "go1.26.5".
func toolchain(t *testing.T, version string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "env", "GOROOT")
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+version)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s cannot be had: %v", version, err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "bin", "go")
}

// proxy serves a module with nakama-common's path from files, in two versions that differ.
func proxy(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, filepath.FromSlash(lines.Common), "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"v1.0.0", "v1.1.0"} {
		gomod := "module " + lines.Common + "\n\ngo 1.26\n"
		var archive bytes.Buffer
		w := zip.NewWriter(&archive)
		for name, content := range map[string]string{"go.mod": gomod, "runtime/runtime.go": "package runtime\n\nfunc Version() string { return \"" + version + "\" }\n"} {
			f, err := w.Create(lines.Common + "@" + version + "/" + name)
			if err == nil {
				_, err = f.Write([]byte(content))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for ext, content := range map[string]string{".mod": gomod, ".info": `{"Version":"` + version + `"}`, ".zip": archive.String()} {
			if err := os.WriteFile(filepath.Join(dir, version+ext), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return "file://" + filepath.ToSlash(root)
}

// programBuilder builds small programs from testdata.
type programBuilder struct{ dir, cache, proxy string }

func newProgramBuilder(t *testing.T) *programBuilder {
	t.Helper()
	return &programBuilder{dir: t.TempDir(), cache: t.TempDir(), proxy: proxy(t)}
}

// buildSpec describes what to build: a folder below testdata, the version of the module, and flags. If own is set, the
// module comes from a folder beside it instead of the proxy, and contains own as its version.
type buildSpec struct {
	folder, version string
	flags           []string
	own             string
}

func (w *programBuilder) build(t *testing.T, goProgram, name string, m buildSpec) string {
	t.Helper()
	dir := filepath.Join(w.dir, name+".src")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join("testdata", m.folder, "main.go.txt"))
	if err != nil {
		t.Fatal(err)
	}
	gomod := "module example.com/" + m.folder + "\n\ngo 1.26\n\nrequire " + lines.Common + " " + m.version + "\n"
	files := map[string]string{"main.go": string(source), "go.mod": gomod}
	if m.own != "" {
		if err := os.MkdirAll(filepath.Join(dir, "own", "runtime"), 0o755); err != nil {
			t.Fatal(err)
		}
		files["go.mod"] += "\nreplace " + lines.Common + " => ./own\n"
		files["own/go.mod"] = "module " + lines.Common + "\n\ngo 1.26\n"
		files["own/runtime/runtime.go"] = fmt.Sprintf("package runtime\n\nfunc Version() string { return %q }\n", m.own)
	}
	for file, content := range files {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(w.dir, name)
	cmd := exec.CommandContext(t.Context(), goProgram, append(append([]string{"build", "-mod=mod", "-modcacherw", "-ldflags=-w", "-o", file}, m.flags...), ".")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOROOT=", "GOTOOLCHAIN=local", "GOFLAGS=", "GOWORK=off", "GOPROXY="+w.proxy, "GOSUMDB=off", "GOMODCACHE="+w.cache, "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", name, err, out)
	}
	return file
}

// open makes a server open plugins one after the other. It returns the server's output, "" if all
// opened.
func open(t *testing.T, server string, plugins ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), server, plugins...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out)
}

func programOf(t *testing.T, file string) *Program {
	t.Helper()
	p, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// checkRefusal asserts that the server's refusal has the words of one of the findings, or that it opens
// the plugin if there are none.
func checkRefusal(t *testing.T, found []Finding, said string) {
	t.Helper()
	if len(found) == 0 {
		if said != "" {
			t.Errorf("doctor finds nothing; the server says %q", said)
		}
		return
	}
	for _, f := range found {
		if f.Fix == "" || f.What == "" {
			t.Errorf("a finding without words: %+v", f)
		}
		if !strings.Contains(said, f.Says) {
			t.Errorf("doctor finds %q and expects %q; the server says %q", f.What, f.Says, said)
		}
	}
}

// doctor compares each plugin, and the server opens it; both agree.
func TestCompare(t *testing.T) {
	w := newProgramBuilder(t)
	gotool := toolchain(t, "go"+lines.Default().Go)
	trim, asPlugin := "-trimpath", "-buildmode=plugin"
	server := w.build(t, gotool, "server", buildSpec{folder: "server", version: "v1.0.0", flags: []string{trim}})
	s := programOf(t, server)
	if found := Server(s); len(found) > 0 {
		t.Errorf("the server itself: %+v", found)
	}
	for _, tt := range []struct {
		name string
		made buildSpec
		want []string // prefixes of the findings
	}{
		{"same", buildSpec{"plugin", "v1.0.0", []string{trim, asPlugin}, ""}, nil},
		{"stripped", buildSpec{"plugin", "v1.0.0", []string{trim, asPlugin, "-ldflags=-s -w"}, ""}, nil},
		{"module", buildSpec{"plugin", "v1.1.0", []string{trim, asPlugin}, ""}, []string{"module " + lines.Common + ": the server has v1.0.0, the plugin has v1.1.0"}},
		{"main_gcflags", buildSpec{"plugin", "v1.0.0", []string{trim, asPlugin, "-gcflags=-N"}, ""}, nil},
		{"program", buildSpec{"server", "v1.0.0", []string{trim}, ""}, []string{"PATH is not a plugin: it is built with -buildmode=exe"}},
		{"untrimmed", buildSpec{"plugin", "v1.0.0", []string{asPlugin}, ""}, []string{"-trimpath: the server has true, the plugin has none"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := w.build(t, gotool, tt.name+".so", tt.made)
			found := Compare(s, programOf(t, file))
			if len(found) != len(tt.want) {
				t.Fatalf("found %+v; want %q", found, tt.want)
			}
			for i, want := range tt.want {
				if want = strings.ReplaceAll(want, "PATH", file); !strings.HasPrefix(found[i].What, want) {
					t.Errorf("found %q; want %q", found[i].What, want)
				}
			}
			checkRefusal(t, found, open(t, server, file))
		})
	}
	t.Run("other_go", func(t *testing.T) {
		other := toolchain(t, "local")
		if out, err := exec.CommandContext(t.Context(), other, "env", "GOVERSION").Output(); err != nil {
			t.Fatal(err)
		} else if strings.TrimSpace(string(out)) == s.Info.GoVersion {
			other = toolchain(t, "go"+lines.All()[1].Go)
		}
		file := w.build(t, other, "go.so", buildSpec{folder: "plugin", version: "v1.0.0", flags: []string{trim, asPlugin}})
		found := Compare(s, programOf(t, file))
		if len(found) != 1 || !strings.HasPrefix(found[0].What, "Go: the server has "+s.Info.GoVersion) {
			t.Errorf("found %+v", found)
		}
		checkRefusal(t, found, open(t, server, file))
	})
	t.Run("together", func(t *testing.T) {
		// This server contains no code of the module, so it opens each of the plugins alone.
		bare := w.build(t, gotool, "bare", buildSpec{folder: "bare", version: "v1.0.0", flags: []string{trim}})
		one := w.build(t, gotool, "one.so", buildSpec{folder: "plugin", version: "v1.0.0", flags: []string{trim, asPlugin}})
		two := w.build(t, gotool, "two.so", buildSpec{folder: "second", version: "v1.1.0", flags: []string{trim, asPlugin}})
		b := programOf(t, bare)
		for _, file := range []string{one, two} {
			checkRefusal(t, Compare(b, programOf(t, file)), open(t, bare, file))
		}
		found := CompareTogether(programOf(t, one), programOf(t, two))
		if len(found) != 1 {
			t.Errorf("together: %+v", found)
		}
		checkRefusal(t, found, open(t, bare, one, two))
		again := w.build(t, gotool, "again.so", buildSpec{folder: "plugin", version: "v1.0.0", flags: []string{trim, asPlugin, "-ldflags=-s -w"}})
		found = CompareTogether(programOf(t, one), programOf(t, again))
		if len(found) != 1 || found[0].Says != msgAlreadyLoaded {
			t.Errorf("the same plugin twice: %+v", found)
		}
		checkRefusal(t, found, open(t, bare, one, again))
		// For a module from a folder, the build information has no version.
		own := w.build(t, gotool, "own", buildSpec{folder: "server", version: "v1.0.0", flags: []string{trim}, own: "mine"})
		mine := w.build(t, gotool, "mine.so", buildSpec{folder: "plugin", version: "v1.0.0", flags: []string{trim, asPlugin}, own: "mine"})
		alike := w.build(t, gotool, "alike.so", buildSpec{folder: "second", version: "v1.0.0", flags: []string{trim, asPlugin}, own: "mine"})
		other := w.build(t, gotool, "other.so", buildSpec{folder: "second", version: "v1.0.0", flags: []string{trim, asPlugin}, own: "yours"})
		found = CompareTogether(programOf(t, mine), programOf(t, alike))
		if len(found) != 0 {
			t.Errorf("of one source: %+v", found)
		}
		checkRefusal(t, found, open(t, bare, mine, alike))
		found = CompareTogether(programOf(t, mine), programOf(t, other))
		if len(found) != 1 || !strings.HasPrefix(found[0].What, "package "+lines.Common+"/runtime: ") || !strings.Contains(found[0].Fix, "one place") {
			t.Errorf("of two sources: %+v", found)
		}
		checkRefusal(t, found, open(t, bare, mine, other))
		for file, want := range map[string]int{mine: 0, other: 1} {
			found = Compare(programOf(t, own), programOf(t, file))
			if len(found) != want || want > 0 && !strings.Contains(found[0].Fix, "make plugin SERVER="+own) {
				t.Errorf("a server of its own source and %s: %+v", file, found)
			}
			checkRefusal(t, found, open(t, own, file))
		}
		if found := Server(b); len(found) != 1 || !strings.Contains(found[0].What, "not a Nakama server") {
			t.Errorf("a program without nakama-common: %+v", found)
		}
	})
	t.Run("platform", func(t *testing.T) {
		for platform, want := range map[[2]string]string{
			{"linux", "arm64"}:   "cannot open shared object file: No such file or directory",
			{"linux", "386"}:     "wrong ELF class: ELFCLASS32",
			{"windows", "amd64"}: "invalid ELF header",
		} {
			other := &Program{File: "other.so", Info: s.Info, settings: map[string]string{"-buildmode": "plugin", "GOOS": platform[0], "GOARCH": platform[1]}}
			found := Compare(s, other)
			if want = `plugin.Open("other.so"): other.so: ` + want; len(found) != 1 || found[0].Says != want {
				t.Errorf("%v: found %+v; want one, and that the server says %q", platform, found, want)
			}
		}
	})
	t.Run("no_build_information", func(t *testing.T) {
		content, err := os.ReadFile(server)
		if err != nil {
			t.Fatal(err)
		}
		magic := []byte("\xff Go buildinf:")
		if !bytes.Contains(content, magic) {
			t.Fatal("the server has no build information")
		}
		file := filepath.Join(w.dir, "without")
		if err := os.WriteFile(file, bytes.ReplaceAll(content, magic, make([]byte, len(magic))), 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(file); err == nil || !strings.Contains(err.Error(), "has been removed") {
			t.Errorf("Read = %v", err)
		}
	})
}

// Settings that not every machine can build with: the test makes the build information itself.
func TestCompare_Settings(t *testing.T) {
	program := func(change func(settings map[string]string)) *Program {
		settings := map[string]string{"-buildmode": "plugin", "-trimpath": "true", "CGO_ENABLED": "1", "GOOS": "linux", "GOARCH": "amd64"}
		change(settings)
		return &Program{File: "f", Info: &debug.BuildInfo{GoVersion: "go1.26.5"}, settings: settings, modules: map[string]string{lines.Common: "v1.47.0"}}
	}
	same := func(map[string]string) {}
	for _, tt := range []struct {
		name   string
		plugin func(map[string]string)
		server func(map[string]string)
		want   string
	}{
		{"same", same, same, ""},
		{"processor", func(s map[string]string) { s["GOARCH"] = "arm64" }, same, "platform: the server has linux/amd64, the plugin has linux/arm64"},
		{"system", func(s map[string]string) { s["GOOS"] = "darwin" }, same, "platform: the server has linux/amd64, the plugin has darwin/amd64"},
		{"race", func(s map[string]string) { s["-race"] = "true" }, same, "-race: the server has none, the plugin has true"},
		{"tags", same, func(s map[string]string) { s["-tags"] = "netgo" }, "-tags: the server has netgo, the plugin has none"},
		{"main_flags", same, func(s map[string]string) { s["-gcflags"] = "-trimpath=/go/build" }, ""},
		{"all_flags", same, func(s map[string]string) { s["-gcflags"] = "all=-N -l" }, "-gcflags for all packages: the server has all=-N -l, the plugin has none"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range Compare(program(tt.server), program(tt.plugin)) {
				got = append(got, f.What)
			}
			if strings.Join(got, "\n") != tt.want {
				t.Errorf("found %q; want %q", got, tt.want)
			}
		})
	}
	if found := Server(program(func(s map[string]string) { s["CGO_ENABLED"] = "0" })); len(found) != 2 {
		t.Errorf("a plugin without cgo as the server: %+v", found)
	}
}

func TestRead_NoGoProgram(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		text:           "is not a program, or has an unknown format",
		shell:          "is not a Go program",
		text + ".gone": "no such file",
	} {
		if _, err := Read(file); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file) {
			t.Errorf("Read(%s) = %v; want %q", file, err, want)
		}
	}
}

func TestFault(t *testing.T) {
	for version, known := range map[string]bool{
		"go1.26.5": false, "go1.27rc1": true, "go1.27.0": true, "go1.27.1": true, "go1.27.1 X:nogreenteagc": true, "go1.27.2": false, "go1.28.0": false,
	} {
		fault := Fault(&Program{File: "nakama", Info: &debug.BuildInfo{GoVersion: version}})
		if (fault != "") != known || known && !strings.Contains(fault, "SERVER=nakama") {
			t.Errorf("%s: %q", version, fault)
		}
	}
}
