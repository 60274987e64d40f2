package docs

import (
	"fmt"
	"go/ast"
	"maps"
	"os"
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

// serverFlags returns the names of the server's own settings.
func serverFlags(t *testing.T) []string {
	return strings.Fields(readFile(t, "local/testdata/nakama-flags.txt"))
}

// ownSettings returns the variables that the module reads from runtime.env.
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

// checkSettings: every key of a server's configuration file is a setting of the server, and the
// module reads every variable.
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

// checkSQL: statements read only Nakama's storage table, and only the module's objects in it. The
// pattern they use matches every collection of the module.
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

// checkLog: every log line in the block has the words of a message that the code writes.
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
			continue // the rest of the line above, in Nakama's own words
		}
		if !slices.ContainsFunc(messages, func(m string) bool { return matchesFormat(m, line) }) {
			t.Errorf("%s: nothing writes %q", b, line)
		}
	}
}

// matchesFormat reports whether a format can produce the line.
func matchesFormat(format, line string) bool {
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

// constantsLike returns the values of the constants with names that match.
func constantsLike(t *testing.T, form string) []string {
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
	return slices.DeleteFunc(constantsLike(t, `Collection$`), func(s string) bool { return !strings.HasPrefix(s, "partyline") })
}

// checkFirstColumn compares names in the code with the first column of a table, which has them in code
// quotes.
func checkFirstColumn(t *testing.T, doc, heading string, have []string) {
	t.Helper()
	rows, err := document(t, doc).cells(heading, false)
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
	metrics := slices.DeleteFunc(constantsLike(t, `Metric`), func(s string) bool { return !strings.HasPrefix(s, "partyline_") })
	checkFirstColumn(t, "docs/operators.md", "## Metrics", metrics)
	checkFirstColumn(t, "docs/operators.md", "### Storage", collections(t))
	checkFirstColumn(t, "docs/operators.md", "### Streams", streamModes(t))
	checkFirstColumn(t, "docs/operators.md", "### The server's settings", append(ownSettings(t), "socket.proxy_count", "name"))
	var routes []string
	for _, line := range entryPoints(t) {
		if words := strings.Fields(line); words[0] == "http" {
			routes = append(routes, words[2])
		}
	}
	checkFirstColumn(t, "docs/operators.md", "### Routes", routes)
}

// streamModes returns the modes of the module's own streams.
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
