package docs

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

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

// constants returns the string constants in the module's sources, by name. If several have the same
// name, such as metrics of two packages, the key starts with the package's folder.
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

// goFiles parses the module's own sources, without tests and without the folder local.
func goFiles(visit func(path string, file *ast.File)) error {
	for _, dir := range []string{"party", "rpc", "hooks", "matchmaking", "module"} {
		err := filepath.WalkDir(filepath.Join(Root, dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			visit(path, file)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
