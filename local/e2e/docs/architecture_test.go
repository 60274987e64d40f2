package docs

import (
	"go/ast"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestArchitecture: the map lists every package of the plugin, and all Go names on the page exist
// in the code.
func TestArchitecture(t *testing.T) {
	const page = "ARCHITECTURE.md"
	var have, listed []string
	names := map[string]bool{}
	err := goFiles(func(path string, file *ast.File) {
		dir, err := filepath.Rel(Root, filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		have = append(have, filepath.ToSlash(dir))
		names[file.Name.Name] = true
		ast.Inspect(file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				names[id.Name] = true
			}
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := read(page, readFile(t, page))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := text.cells("## Packages", false)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		listed = append(listed, codeWords(row[0])...)
	}
	slices.Sort(have)
	for _, dir := range slices.Compact(have) {
		if !strings.Contains(dir, "testdata") && !slices.Contains(listed, dir) {
			t.Errorf("%s: the map has no %s", page, dir)
		}
	}
	for _, dir := range listed {
		if found, err := filepath.Glob(filepath.Join(Root, dir, "*.go")); err != nil || len(found) == 0 {
			t.Errorf("%s: there is no package %s", page, dir)
		}
	}
	code := regexp.MustCompile(`^[A-Za-z]+(\.[A-Za-z]+)*$`)
	for _, word := range codeWords(text.Text) {
		parts := strings.Split(word, ".")
		if last := parts[len(parts)-1]; code.MatchString(word) && last != "go" && !names[last] && !slices.Contains(listed, word) {
			t.Errorf("%s: the code has no %s", page, word)
		}
	}
}
