package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// modulePath is the prefix of the import paths of the module's packages.
const modulePath = "partyline/"

// source is the type-checked module.
type source struct {
	files    *token.FileSet
	packages []*checkedPackage // imported packages come before their importers
}

// checkedPackage is one package of the module.
type checkedPackage struct {
	files []*ast.File
	types *types.Package
	info  *types.Info
}

// load type-checks the plugin's packages under root, the repository's root directory. It reads
// the packages of other modules from the compiler's export data.
func load(root string) (*source, error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,GoFiles,Export", "./module/wiring")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the module's packages: %w", err)
	}
	s := &source{files: token.NewFileSet()}
	exports, own := map[string]string{}, ownImporter{}
	own.others = importer.ForCompiler(s.files, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	own.checked = map[string]*types.Package{}
	for list := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Dir, Export string
			GoFiles                 []string
		}
		if err := list.Decode(&p); errors.Is(err, io.EOF) {
			return s, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the list of packages: %w", err)
		}
		exports[p.ImportPath] = p.Export
		if !strings.HasPrefix(p.ImportPath, modulePath) {
			continue
		}
		c, err := s.check(p.ImportPath, p.Dir, p.GoFiles, own)
		if err != nil {
			return nil, err
		}
		own.checked[p.ImportPath] = c.types
		s.packages = append(s.packages, c)
	}
}

// check parses and type-checks one package.
func (s *source) check(path, dir string, names []string, imports types.Importer) (*checkedPackage, error) {
	c := &checkedPackage{info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Instances: map[*ast.Ident]types.Instance{}, Uses: map[*ast.Ident]types.Object{},
	}}
	for _, name := range names {
		file, err := parser.ParseFile(s.files, filepath.Join(dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", path, err)
		}
		c.files = append(c.files, file)
	}
	var err error
	c.types, err = (&types.Config{Importer: imports}).Check(path, s.files, c.files, c.info)
	if err != nil {
		return nil, fmt.Errorf("check the types of %s: %w", path, err)
	}
	return c, nil
}

// ownImporter is an importer that returns the module's packages from those already checked.
type ownImporter struct {
	checked map[string]*types.Package
	others  types.Importer
}

func (o ownImporter) Import(path string) (*types.Package, error) {
	if p, ok := o.checked[path]; ok {
		return p, nil
	}
	return o.others.Import(path)
}
