package partyline_test

import (
	"bufio"
	"debug/buildinfo"
	"errors"
	"go/ast"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// serverModules reads the facts about the server that the plugin has to match.
const serverModulesFile = "module/testdata/server-modules.txt"

// serverModules are the versions of the modules the server contains, and the server's own.
func serverModules(t *testing.T) (server string, versions map[string]string) {
	t.Helper()
	file, err := os.Open(serverModulesFile)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	versions = map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if version, ok := strings.CutPrefix(line, "# server "); ok {
			server = version
		}
		if strings.HasPrefix(line, "#") {
			continue
		}
		module, version, ok := strings.Cut(line, " ")
		if !ok {
			t.Fatalf("%s: %q is no module and version", serverModulesFile, line)
		}
		versions[module] = version
	}
	if server == "" || len(versions) < 50 {
		t.Fatalf("%s: server %q, %d modules", serverModulesFile, server, len(versions))
	}
	return server, versions
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// makeVariable is the value of a variable in the Makefile.
func makeVariable(t *testing.T, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^`+name+`\s*:?=\s*(\S+)\s*$`).FindAllStringSubmatch(read(t, "Makefile"), -1)
	if len(found) != 1 {
		t.Fatalf("Makefile sets %s %d times; want once", name, len(found))
	}
	return found[0][1]
}

// required is the version go.mod requires of a module.
func required(t *testing.T, module string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^(?:require)?\s*`+regexp.QuoteMeta(module)+` (v\S+)`).FindAllStringSubmatch(read(t, "go.mod"), -1)
	if len(found) != 1 {
		t.Fatalf("go.mod requires %s %d times; want once", module, len(found))
	}
	return found[0][1]
}

// One place names the versions: the Makefile. Everything else has to agree with it.
func TestVersionPins(t *testing.T) {
	server, versions := serverModules(t)
	nakama, common := makeVariable(t, "NAKAMA_VERSION"), makeVariable(t, "COMMON_VERSION")
	protobuf, toolchain := makeVariable(t, "PROTOBUF_VERSION"), makeVariable(t, "PLUGIN_GO")

	same := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s is %s; want %s", what, got, want)
		}
	}
	same("the server of "+serverModulesFile, server, nakama)
	same("the server's nakama-common", versions["github.com/heroiclabs/nakama-common"], common)
	same("the server's protobuf", versions["google.golang.org/protobuf"], protobuf)
	same("go.mod's nakama-common", required(t, "github.com/heroiclabs/nakama-common"), common)
	same("go.mod's protobuf", required(t, "google.golang.org/protobuf"), protobuf)

	goLine := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(read(t, "go.mod"))
	if goLine == nil {
		t.Fatal("go.mod has no go line")
	}
	same("go.mod's go line", goLine[1], toolchain)
	if regexp.MustCompile(`(?m)^(toolchain|replace)\b`).MatchString(read(t, "go.mod")) {
		t.Error("go.mod has a toolchain or replace line; the plugin's build and those who vendor this module would disagree")
	}

	images := regexp.MustCompile(`(?m)^\s*image:\s*(heroiclabs/nakama[a-z-]*):(\S+)$`).FindAllStringSubmatch(read(t, "docker-compose.yml"), -1)
	seen := map[string]bool{}
	for _, image := range images {
		same("docker-compose.yml's "+image[1], image[2], nakama)
		seen[image[1]] = true
	}
	for _, image := range []string{"heroiclabs/nakama", "heroiclabs/nakama-pluginbuilder"} {
		if !seen[image] {
			t.Errorf("docker-compose.yml does not use %s", image)
		}
	}
}

// A plugin only opens if every package it shares with the server is the very same, so
// each module the plugin links is at the server's version if the server has it at all.
func TestLinkedModulesMatchTheServer(t *testing.T) {
	_, versions := serverModules(t)
	linked := map[string]string{}
	for _, p := range list(t, "-deps", "./module") {
		if p.Module != nil && p.Module.Path != modulePath {
			linked[p.Module.Path] = p.Module.Version
		}
	}
	for _, shared := range []string{"github.com/heroiclabs/nakama-common", "google.golang.org/protobuf"} {
		if linked[shared] == "" {
			t.Errorf("the plugin does not link %s; the list of linked modules cannot be right", shared)
		}
	}
	for module, version := range linked {
		if server, ok := versions[module]; ok && server != version {
			t.Errorf("the plugin links %s %s; the server has %s and would refuse the plugin", module, version, server)
		}
	}
}

// What `make plugin` has built, where it has been run: the exact toolchain, the flags,
// and the modules that really went in.
func TestBuiltPlugin(t *testing.T) {
	const plugin = "build/partyline.so"
	info, err := buildinfo.ReadFile(plugin)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if want := "go" + makeVariable(t, "PLUGIN_GO"); info.GoVersion != want {
		t.Errorf("%s is built with %s; want %s, the server's", plugin, info.GoVersion, want)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	for key, want := range map[string]string{"-buildmode": "plugin", "-trimpath": "true"} {
		if settings[key] != want {
			t.Errorf("%s is built with %s=%q; want %q", plugin, key, settings[key], want)
		}
	}
	_, versions := serverModules(t)
	for _, dep := range info.Deps {
		if server, ok := versions[dep.Path]; ok && server != dep.Version {
			t.Errorf("%s contains %s %s; the server has %s", plugin, dep.Path, dep.Version, server)
		}
	}
}

// selectors are the x.Y expressions of a file.
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
