package partyline_test

import (
	"debug/buildinfo"
	"go/ast"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"partyline/internal/build"
	"partyline/local/lines"
)

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// required returns the version of a module that go.mod requires.
func required(t *testing.T, module string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^(?:require)?\s*`+regexp.QuoteMeta(module)+` (v\S+)`).FindAllStringSubmatch(read(t, "go.mod"), -1)
	if len(found) != 1 {
		t.Fatalf("go.mod requires %s %d times; want once", module, len(found))
	}
	return found[0][1]
}

// Only local/lines/lines.txt defines the versions. Every other file has to agree with it.
func TestVersionPins(t *testing.T) {
	oldest, standard := lines.All()[0], lines.Default()
	server, versions := lines.ServerModules()
	same := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s is %s; want %s", what, got, want)
		}
	}
	same("the server whose modules are known", server, oldest.Nakama)
	for _, module := range []string{lines.Common, lines.Protobuf} {
		same("the oldest server's "+module, versions[module], oldest.Pins[module])
		same("go.mod's "+module, required(t, module), oldest.Pins[module])
	}
	goLine := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(read(t, "go.mod"))
	if goLine == nil {
		t.Fatal("go.mod has no go line")
	}
	same("go.mod's go line", goLine[1], oldest.Go)
	if regexp.MustCompile(`(?m)^(toolchain|replace)\b`).MatchString(read(t, "go.mod")) {
		t.Error("go.mod has a toolchain or replace line; the plugin's build and those who vendor this module would disagree")
	}

	images := regexp.MustCompile(`(?m)^\s*image:\s*(heroiclabs/nakama[a-z-]*):\$\{NAKAMA_VERSION:-(\S+)\}$`).FindAllStringSubmatch(read(t, "docker-compose.yml"), -1)
	images = append(images, []string{"", "Dockerfile", regexp.MustCompile(`(?m)^ARG NAKAMA_VERSION=(\S+)$`).FindStringSubmatch(read(t, "Dockerfile"))[1]})
	seen := map[string]bool{}
	for _, image := range images {
		same("the default version of "+image[1], image[2], standard.Nakama)
		seen[image[1]] = true
	}
	if !seen["heroiclabs/nakama"] || !seen["heroiclabs/nakama-pluginbuilder"] {
		t.Errorf("docker-compose.yml uses %v", seen)
	}
	newest := regexp.MustCompile(`(?m)^## \[([^]]+)\]`).FindAllStringSubmatch(read(t, "CHANGELOG.md"), 2)
	if len(newest) < 2 || newest[0][1] != "Unreleased" {
		t.Fatalf("CHANGELOG.md begins with %q; want Unreleased and the newest version", newest)
	}
	same("the newest version in CHANGELOG.md", newest[1][1], build.Version)
	tried := map[lines.Standing]string{lines.Real: "a real server", lines.Host: "the plugin host", lines.API: "the compiler and unit tests"}
	_, section, _ := strings.Cut(read(t, "docs/operators.md"), "\n## Versions\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, l := range lines.All() {
		row := strings.Join([]string{"|", l.Nakama, "|", l.Go, "|", l.Pins[lines.Common], "|", l.Pins[lines.Protobuf], "|", tried[l.Standing]}, " ")
		if !strings.Contains(section, "\n"+row) {
			t.Errorf("docs/operators.md, Versions, has no row %q", row)
		}
	}
	if rows := strings.Count(section, "\n| ") - 1; rows != len(lines.All()) {
		t.Errorf("docs/operators.md, Versions, has %d rows for %d lines", rows, len(lines.All()))
	}
}

// sharedModules are the only modules that the plugin may share with a server. The plugin would have to
// be built with exactly the server's version of any other shared module.
var sharedModules = []string{lines.Common, lines.Protobuf}

// checkLinked reports each linked module that a known server contains too.
func checkLinked(t *testing.T, what string, linked []string) {
	t.Helper()
	_, contained := lines.ServerModules()
	for _, module := range sharedModules {
		if !slices.Contains(linked, module) {
			t.Errorf("%s does not link %s; the list of linked modules cannot be right: %q", what, module, linked)
		}
	}
	for _, module := range linked {
		if contained[module] != "" && !slices.Contains(sharedModules, module) {
			t.Errorf("%s links %s, which the server contains too: each server would want its own version", what, module)
		}
	}
}

// The plugin's modules according to the sources.
func TestLinkedModules(t *testing.T) {
	linked := map[string]bool{}
	for _, p := range goList(t, "-deps", "./module") {
		if p.Module != nil && p.Module.Path != modulePath {
			linked[p.Module.Path] = true
		}
	}
	checkLinked(t, "the plugin", slices.Collect(maps.Keys(linked)))
}

// builtPlugin returns the plugin that the environment names, or builds one for the default line.
func builtPlugin(t *testing.T) string {
	if file := os.Getenv("PARTYLINE_PLUGIN"); file != "" {
		return file
	}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	linked, err := lines.Linked(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	b, err := lines.BuildFor(lines.Default(), slices.Collect(maps.Keys(linked)))
	if err != nil {
		t.Fatal(err)
	}
	env, err := lines.Prepare(t.Context(), root, b)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "partyline.so")
	args := b.Plugin("./module", "test", file)
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return file
}

// The built file has the exact toolchain, flags and modules of a line.
func TestBuiltPlugin(t *testing.T) {
	plugin := builtPlugin(t)
	info, err := buildinfo.ReadFile(plugin)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(lines.All(), func(l lines.Line) bool { return "go"+l.Go == info.GoVersion })
	if at < 0 {
		t.Fatalf("%s is built with %s, which is no line's Go", plugin, info.GoVersion)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	for key, want := range map[string]string{"-buildmode": "plugin", "-trimpath": "true", "CGO_ENABLED": "1", "-race": ""} {
		if settings[key] != want {
			t.Errorf("%s is built with %s=%q; want %q", plugin, key, settings[key], want)
		}
	}
	var linked []string
	for _, dep := range info.Deps {
		linked = append(linked, dep.Path)
		if want := lines.All()[at].Pins[dep.Path]; want != "" && dep.Version != want {
			t.Errorf("%s contains %s %s; want %s", plugin, dep.Path, dep.Version, want)
		}
	}
	checkLinked(t, plugin, linked)
	if content := read(t, plugin); !strings.Contains(content, build.Version) {
		t.Errorf("%s does not know its version", plugin)
	}
}

// selectors returns the x.Y expressions of a file.
func selectors(file *ast.File) []string {
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				found = append(found, x.Name+"."+s.Sel.Name)
			}
		}
		return true
	})
	return found
}
