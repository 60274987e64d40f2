// Package partyline_test holds the rules of the repository as tests: which package may import
// which, that every package has a doc comment, and that the modules and tools that the plugin
// shares with the server have the server's versions.
package partyline_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const modulePath = "partyline"

// goPackage is what `go list -json` prints about a package.
type goPackage struct {
	Dir        string
	ImportPath string
	Name       string
	GoFiles    []string
	Imports    []string
	Module     *struct{ Path, Version string }
}

// goList runs `go list -json` with the arguments.
func goList(t *testing.T, args ...string) []goPackage {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-json"}, args...)...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list %v: %v\n%s", args, err, exit.Stderr)
		}
		t.Fatalf("go list %v: %v", args, err)
	}
	var packages []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list %v: %v", args, err)
		}
		packages = append(packages, p)
	}
	if len(packages) == 0 {
		t.Fatalf("go list %v found nothing", args)
	}
	return packages
}

// isBelow reports whether path is one of the parents or below one of them.
func isBelow(path string, parents ...string) bool {
	for _, parent := range parents {
		if path == parent || strings.HasPrefix(path, parent+"/") {
			return true
		}
	}
	return false
}

// forbidden lists the imports that must not exist, each with its reason. A package below from must
// not import a package below one of to, unless that is also below one of except.
var forbidden = []struct {
	from   string
	to     []string
	except []string
	reason string
}{
	{from: "partyline/party/rules", to: []string{modulePath}, except: []string{"partyline/party/rules"},
		reason: "the rules file is the bottom: the command line, editors and tests load it without the kernel"},
	{from: "partyline/party", to: []string{"partyline/hooks", "partyline/rpc", "partyline/matchmaking", "partyline/module", "partyline/local"},
		reason: "the kernel is called, it does not call: it must work under any entry"},
	{from: "partyline/party/reserve", to: []string{modulePath, "context", "sync", "math/rand/v2", "github.com/heroiclabs/nakama-common"},
		except: []string{"partyline/party", "partyline/party/rules", "partyline/party/reserve"},
		reason: "decisions are pure: they know no host, take no lock and call nobody"},
	{from: "partyline/party/roster", to: []string{"partyline/party/admission", "partyline/party/ledger", "partyline/party/reserve", "partyline/party/rules"},
		reason: "the roster says what is, it does not decide"},
	{from: "partyline/party/ledger", to: []string{"partyline/party/admission"},
		reason: "the ledger keeps what is reserved; who may come in, and how, is decided above it"},
	{from: "partyline/party/admission", to: []string{"partyline/party/invite", "partyline/party/reconnect", "partyline/party/status", "partyline/party/share", "partyline/party/judge", "partyline/party/overview"},
		reason: "what is built on admission hears its news; admission knows none of it"},
	{from: "partyline/internal", to: []string{modulePath}, except: []string{"partyline/internal"},
		reason: "small mechanisms know nothing of parties"},
	{from: "partyline/party", to: []string{"net/http"},
		reason: "the kernel knows no HTTP; what a web page needs is in rpc/landing"},
	{from: "partyline/hooks", to: []string{"partyline/rpc", "partyline/matchmaking", "partyline/module", "partyline/local"},
		reason: "hooks, rpc and matchmaking never import each other: they meet in the kernel and are joined in module/wiring"},
	{from: "partyline/rpc", to: []string{"partyline/hooks", "partyline/matchmaking", "partyline/module", "partyline/local"},
		reason: "hooks, rpc and matchmaking never import each other: they meet in the kernel and are joined in module/wiring"},
	{from: "partyline/matchmaking", to: []string{"partyline/hooks", "partyline/rpc", "partyline/module", "partyline/local"},
		reason: "hooks, rpc and matchmaking never import each other, and a game's own match handler links matchmaking alone"},
	{from: "partyline/rpc/landing", to: []string{"partyline/rpc"}, except: []string{"partyline/rpc/landing"},
		reason: "the landing page answers strangers: it must not reach what signed-in users may call"},
	{from: "partyline/rpc", to: []string{"partyline/rpc/landing"}, except: []string{"partyline/rpc/landing/card"}, // it only draws, for landing
		reason: "calls and pages share the kernel, not each other"},
	{from: "partyline/module", to: []string{"partyline/local"},
		reason: "the plugin never links the development engine"},
	{from: "partyline/local/engine", to: []string{"partyline/hooks", "partyline/rpc", "partyline/matchmaking"},
		reason: "the engine meets the module through module/wiring alone, as the real server does"},
}

func TestImportDirection(t *testing.T) {
	for _, p := range goList(t, "./...") {
		for _, imported := range p.Imports {
			for _, rule := range forbidden {
				if isBelow(p.ImportPath, rule.from) && isBelow(imported, rule.to...) && !isBelow(imported, rule.except...) {
					t.Errorf("%s imports %s: %s", p.ImportPath, imported, rule.reason)
				}
			}
			helper := isBelow(imported, "testing") || isBelow(imported, modulePath) && strings.HasSuffix(imported, "test")
			if helper && !strings.HasSuffix(p.ImportPath, "test") && !isBelow(p.ImportPath, "partyline/local") {
				t.Errorf("%s imports %s outside its tests: it would be linked into the plugin", p.ImportPath, imported)
			}
		}
	}
}

// The plugin's entry only calls wiring, and only the entries call wiring.
func TestImportDirection_Entries(t *testing.T) {
	entries := 0
	for _, p := range goList(t, "./...") {
		for _, imported := range p.Imports {
			if imported == modulePath+"/module/wiring" && p.ImportPath != modulePath+"/module" && !isBelow(p.ImportPath, "partyline/local") {
				t.Errorf("%s imports %s; only the plugin's entry and local may", p.ImportPath, imported)
			}
			if p.ImportPath == modulePath+"/module" && isBelow(imported, modulePath) {
				entries++
				if imported != modulePath+"/module/wiring" {
					t.Errorf("the plugin's entry imports %s; it may import module/wiring alone", imported)
				}
			}
		}
	}
	if entries != 1 {
		t.Errorf("the plugin's entry imports %d packages of this module; want module/wiring", entries)
	}
}

// The plugin host links no package of the module: everything it serves comes from the plugin's file.
func TestPluginHostLinksNoModule(t *testing.T) {
	for _, p := range goList(t, "-deps", "./local/cmd/pluginhost") {
		if isBelow(p.ImportPath, modulePath) && !isBelow(p.ImportPath, modulePath+"/local") {
			t.Errorf("local/cmd/pluginhost links %s", p.ImportPath)
		}
	}
}

// Package party and its subpackages cannot register anything: they never use the host's initializer.
func TestKernelKnowsNoRegistration(t *testing.T) {
	for _, p := range goList(t, "./party/...") {
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, unresolved := range selectors(file) {
				if unresolved == "runtime.Initializer" {
					t.Errorf("%s/%s uses runtime.Initializer", p.ImportPath, name)
				}
			}
		}
	}
}

func TestPackageDocs(t *testing.T) {
	for _, p := range goList(t, "./...") {
		var docs []string
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if file.Doc != nil {
				docs = append(docs, name)
				want := "Package " + p.Name + " "
				if p.Name == "main" {
					want = "Command " + filepath.Base(p.ImportPath) + " "
				}
				if text := file.Doc.Text(); !strings.HasPrefix(text, want) {
					t.Errorf("%s/%s: the package comment begins %.40q; want %q", p.ImportPath, name, text, want)
				}
			}
		}
		if len(p.GoFiles) > 0 && len(docs) != 1 {
			t.Errorf("%s has %d package comments %v; want one, saying what it is for and who may import it", p.ImportPath, len(docs), docs)
		}
	}
}

// The packages that make test runs without the race detector start no goroutine, and neither do their tests.
func TestAlone(t *testing.T) {
	_, named, _ := strings.Cut(read(t, "Makefile"), "\nALONE  = ")
	named, _, _ = strings.Cut(named, "\n")
	for _, folder := range strings.Fields(named) {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", folder, len(files), err)
		}
		for _, path := range files {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GoStmt:
					t.Errorf("%s starts a goroutine", path)
				case *ast.CallExpr:
					if by, ok := n.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Go", "Parallel", "RunParallel"}, by.Sel.Name) {
						t.Errorf("%s starts a goroutine by %s", path, by.Sel.Name)
					}
				}
				return true
			})
		}
	}
}
