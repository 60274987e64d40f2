package docs

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(Root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// serverFlags are the names of the server's own settings.
func serverFlags(t *testing.T) []string {
	return strings.Fields(readFile(t, "local/testdata/nakama-flags.txt"))
}

// ownSettings are what the module reads from runtime.env.
func ownSettings(t *testing.T) []string {
	t.Helper()
	var all []string
	for name, value := range constants(t) {
		if strings.HasPrefix(name, "Env") && strings.HasPrefix(value, "PARTY_") {
			all = append(all, value)
		}
	}
	if len(all) < 2 {
		t.Fatalf("the module reads %q", all)
	}
	return all
}

// checkSettings: every key of a server's configuration file is one of its settings, and
// every variable one that the module reads.
func checkSettings(t *testing.T, b Block) {
	t.Helper()
	var sections map[string]map[string]any
	if err := yaml.Unmarshal([]byte(b.Body), &sections); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	for section, keys := range sections {
		for key, value := range keys {
			if !slices.Contains(serverFlags(t), section+"."+key) {
				t.Errorf("%s: the server has no setting %s.%s", b, section, key)
			}
			if list, ok := value.([]any); ok && section+"."+key == "runtime.env" {
				for _, entry := range list {
					checkVariable(t, b, fmt.Sprint(entry))
				}
			}
		}
	}
}

func checkVariable(t *testing.T, b Block, entry string) {
	t.Helper()
	name, _, ok := strings.Cut(strings.Trim(entry, `"'`), "=")
	if !ok || !slices.Contains(ownSettings(t), name) {
		t.Errorf("%s: the module reads no %q", b, entry)
	}
}

// commands are the programs of shell lines, with what is checked of their arguments.
var commands = map[string]func(t *testing.T, b Block, args []string){
	"make":      checkMake,
	"nakama":    checkNakama,
	"partyline": checkPartyline,
	"go":        checkGoCommand,
	"cp":        func(t *testing.T, b Block, args []string) { checkFiles(t, b, args[:len(args)-1]) },
	"docker": func(t *testing.T, b Block, args []string) {
		if len(args) < 2 || args[0] != "compose" || !slices.Contains([]string{"up", "down", "restart", "logs", "build"}, args[1]) {
			t.Errorf("%s: docker %q", b, args)
		}
	},
	"curl": func(t *testing.T, b Block, args []string) { checkURL(t, b, args[len(args)-1]) },
	// Nothing about these is this repository's.
	"mkdir": nil, "npm": nil, "git": nil, "cd": nil, "psql": nil, "kill": nil, "export": nil,
}

// checkShell: commands are known, and name targets, flags and files that exist.
func checkShell(t *testing.T, b Block) {
	t.Helper()
	body := strings.ReplaceAll(b.Body, "\\\n", " ")
	for line := range strings.SplitSeq(body, "\n") {
		if code, _, ok := strings.Cut(line, " #"); ok {
			line = code
		}
		for _, part := range regexp.MustCompile(`&&|\|\||;|\|`).Split(line, -1) {
			words := strings.Fields(part)
			for len(words) > 0 && regexp.MustCompile(`^[A-Z_]+=`).MatchString(words[0]) {
				words = words[1:]
			}
			if len(words) == 0 || strings.HasPrefix(words[0], "#") {
				continue
			}
			check, ok := commands[filepath.Base(words[0])]
			if !ok {
				t.Errorf("%s: %q is a command the test knows nothing of", b, words[0])
				continue
			}
			if check != nil {
				check(t, b, words[1:])
			}
		}
	}
}

func checkMake(t *testing.T, b Block, args []string) {
	t.Helper()
	makefile := readFile(t, "Makefile")
	for _, arg := range args {
		name, _, isVariable := strings.Cut(arg, "=")
		form := `(?m)^` + regexp.QuoteMeta(arg) + `:`
		if isVariable {
			form = `\b` + regexp.QuoteMeta(name) + `\b`
		}
		if !regexp.MustCompile(form).MatchString(makefile) {
			t.Errorf("%s: make knows no %s", b, arg)
		}
	}
}

func checkNakama(t *testing.T, b Block, args []string) {
	t.Helper()
	for i, arg := range args {
		name, isFlag := strings.CutPrefix(arg, "--")
		name, value, joined := strings.Cut(name, "=")
		if !isFlag {
			continue
		}
		if !slices.Contains(serverFlags(t), name) {
			t.Errorf("%s: the server has no flag --%s", b, name)
		}
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		if name == "runtime.env" {
			checkVariable(t, b, value)
		}
	}
}

// checkPartyline asks the command line for its help where the words lead.
func checkPartyline(t *testing.T, b Block, args []string) {
	t.Helper()
	sources := ""
	err := filepath.WalkDir(filepath.Join(Root, "local/cmd/partyline"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			var data []byte
			data, err = os.ReadFile(path)
			sources += string(data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, arg := range args {
		switch {
		case strings.HasPrefix(arg, "-"):
			name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			if !strings.Contains(sources, `("`+name+`"`) {
				t.Errorf("%s: partyline has no flag %s", b, arg)
			}
		case i == 0, i == 1 && args[0] == "rules":
			if !strings.Contains(sources, `{"`+arg+`", "`) {
				t.Errorf("%s: partyline has no command %s", b, arg)
			}
		}
	}
}

func checkGoCommand(t *testing.T, b Block, args []string) {
	t.Helper()
	line := "go " + strings.Join(args, " ")
	switch args[0] {
	case "build":
		for _, flag := range []string{"-trimpath", "-buildmode=plugin"} {
			if strings.Contains(line, "./module") && !slices.Contains(args, flag) {
				t.Errorf("%s: the plugin is built without %s", b, flag)
			}
		}
		fallthrough
	case "run", "test", "vet":
		checkFiles(t, b, args[1:])
		if i := slices.Index(args, "./local/cmd/partyline"); i >= 0 {
			checkPartyline(t, b, args[i+1:])
		}
	case "version", "get", "mod", "tool":
	default:
		t.Errorf("%s: %s", b, line)
	}
}

// checkFiles: paths of this repository exist, apart from what is built and where the
// installation puts it.
func checkFiles(t *testing.T, b Block, paths []string) {
	t.Helper()
	for _, path := range paths {
		if strings.HasPrefix(path, "-") || strings.HasPrefix(path, "build/") || strings.HasPrefix(path, "modules/") || !strings.Contains(path, "/") {
			continue
		}
		path = strings.TrimPrefix(strings.TrimSuffix(path, "/..."), "partyline/") // an import path, seen from a game's module
		if _, err := os.Stat(filepath.Join(Root, path)); err != nil && !filepath.IsAbs(path) {
			t.Errorf("%s: %v", b, err)
		}
	}
}

// checkURL: a path is one of the module's routes or of Nakama's API.
func checkURL(t *testing.T, b Block, address string) {
	t.Helper()
	path := regexp.MustCompile(`^["']?https?://[^/]+(/[^?"']*)`).FindStringSubmatch(address)
	if path == nil {
		t.Errorf("%s: %s is no address", b, address)
		return
	}
	if strings.HasPrefix(path[1], "/v2/") || path[1] == "/healthcheck" {
		return
	}
	for _, line := range entryPoints(t) {
		if _, pattern, ok := strings.Cut(line, "http GET,HEAD "); ok {
			form := "^" + regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(pattern), `[^/]+`) + "$"
			if regexp.MustCompile(form).MatchString(path[1]) {
				return
			}
		}
	}
	t.Errorf("%s: nothing answers at %s", b, path[1])
}

// checkSQL: statements look into Nakama's storage table alone, and only at what the module
// keeps there; the pattern they use fits every one of its collections.
func checkSQL(t *testing.T, b Block) {
	t.Helper()
	const where = `FROM storage WHERE collection LIKE 'partyline\_%'`
	for statement := range strings.SplitSeq(strings.TrimSpace(b.Body), ";\n") {
		if !strings.Contains(strings.Join(strings.Fields(statement), " "), where) {
			t.Errorf("%s: %q does not say %s", b, statement, where)
		}
	}
	for _, name := range collections(t) {
		if !strings.HasPrefix(name, "partyline_") {
			t.Errorf("%s: the pattern misses the collection %s", b, name)
		}
	}
}

// checkLog: every line shown has the words of a message that the code writes.
func checkLog(t *testing.T, b Block) {
	t.Helper()
	messages := []string{}
	err := goFiles(func(_ string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok {
				if s, err := strconv.Unquote(l.Value); err == nil && strings.Contains(s, " ") {
					messages = append(messages, s)
				}
			}
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(b.Body), "\n") {
		if strings.HasPrefix(line, " ") || strings.Contains(line, "plugin was built with") {
			continue // the rest of the line above; Nakama's own words
		}
		if !slices.ContainsFunc(messages, func(m string) bool { return fits(m, line) }) {
			t.Errorf("%s: nothing writes %q", b, line)
		}
	}
}

// fits reports whether a line may come of a format.
func fits(format, line string) bool {
	format, _, _ = strings.Cut(format, "\n")
	words := regexp.MustCompile(`%[-+#]?\w`).Split(format, -1)
	if len(strings.Join(words, "")) < 8 {
		return false
	}
	at := 0
	for _, part := range words {
		i := strings.Index(line[at:], part)
		if i < 0 {
			return false
		}
		at += i + len(part)
	}
	return true
}

// checkGo: a complete file compiles within this module; a fragment at least parses.
func checkGo(t *testing.T, b Block) {
	t.Helper()
	if !strings.HasPrefix(strings.TrimSpace(b.Body), "package ") && !strings.Contains(b.Body, "\npackage ") {
		if _, err := format.Source([]byte(b.Body)); err != nil {
			t.Errorf("%s: %v", b, err)
		}
		return
	}
	root, err := filepath.Abs(Root)
	if err != nil {
		t.Fatal(err)
	}
	source, overlay := filepath.Join(t.TempDir(), "snippet.go"), filepath.Join(t.TempDir(), "overlay.json")
	plan, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, "local/e2e/docs/snippet/snippet.go"): source}})
	if err := errors.Join(err, os.WriteFile(source, []byte(b.Body), 0o600), os.WriteFile(overlay, plan, 0o600)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "list", "-export", "-overlay", overlay, "./local/e2e/docs/snippet")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", b, err, out)
	}
}

// constants are the string constants of the module's sources, by name. Of several with one
// name, such as metrics of two packages, each has its package's folder before it.
func constants(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := goFiles(func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for i, name := range spec.Names {
				if i >= len(spec.Values) {
					break
				}
				if l, ok := spec.Values[i].(*ast.BasicLit); ok {
					if s, err := strconv.Unquote(l.Value); err == nil {
						key := name.Name
						if _, taken := all[key]; taken {
							key = filepath.Dir(path) + "." + key
						}
						all[key] = s
					}
				}
			}
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// pick finds the constants whose name fits.
func pick(t *testing.T, form string) []string {
	t.Helper()
	var all []string
	for name, value := range constants(t) {
		if regexp.MustCompile(form).MatchString(name) {
			all = append(all, value)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func collections(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(pick(t, `Collection$`), func(s string) bool { return !strings.HasPrefix(s, "partyline") })
}

// inTable compares what the code has with the first column of a table, where each stands in
// code quotes.
func inTable(t *testing.T, doc, heading string, have []string) {
	t.Helper()
	rows, err := document(t, doc).cells(heading)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, row := range rows {
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[0], -1) {
			listed[strings.TrimSuffix(m[1], "_<uuid>")] = true
		}
	}
	for _, name := range have {
		if !listed[name] {
			t.Errorf("%s, %q: %s is missing", doc, heading, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		if !slices.Contains(have, name) {
			t.Errorf("%s, %q: the code has no %s", doc, heading, name)
		}
	}
}

func TestOperators_tables(t *testing.T) {
	metrics := slices.DeleteFunc(pick(t, `Metric`), func(s string) bool { return !strings.HasPrefix(s, "partyline_") })
	inTable(t, "docs/operators.md", "## Metrics", metrics)
	inTable(t, "docs/operators.md", "### Storage", collections(t))
	inTable(t, "docs/operators.md", "### Streams", streamModes(t))
	inTable(t, "docs/operators.md", "### The server's settings", append(ownSettings(t), "socket.proxy_count"))
	var routes []string
	for _, line := range entryPoints(t) {
		if _, pattern, ok := strings.Cut(line, "http GET,HEAD "); ok {
			routes = append(routes, pattern)
		}
	}
	inTable(t, "docs/operators.md", "### Routes", routes)
}

// streamModes are the modes of the module's own streams.
func streamModes(t *testing.T) []string {
	t.Helper()
	var modes []string
	err := goFiles(func(_ string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 {
				return true
			}
			l, isLiteral := spec.Values[0].(*ast.BasicLit)
			kind, isName := spec.Type.(*ast.Ident)
			if isLiteral && isName && kind.Name == "uint8" && regexp.MustCompile(`(?i)mode$`).MatchString(spec.Names[0].Name) {
				if mode, err := strconv.Atoi(l.Value); err == nil && mode >= 100 {
					modes = append(modes, l.Value)
				}
			}
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return modes
}
