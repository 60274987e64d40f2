package api

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"strings"
)

// comments holds the comments of all files by position.
type comments struct {
	docs   map[place]string // by the line of the declaration they describe
	ending map[place]string // by the last line of the comment itself
}

type place struct {
	file string
	line int
}

func commentsOf(s *source) comments {
	c := comments{docs: map[place]string{}, ending: map[place]string{}}
	at := func(p token.Pos) place {
		position := s.files.Position(p)
		return place{position.Filename, position.Line}
	}
	for _, pkg := range s.packages {
		for _, file := range pkg.files {
			for _, group := range file.Comments {
				c.ending[at(group.End())] = group.Text()
			}
			ast.Inspect(file, func(n ast.Node) bool {
				var names []*ast.Ident
				var doc, behind *ast.CommentGroup
				switch n := n.(type) {
				case *ast.Field:
					names, doc, behind = n.Names, n.Doc, n.Comment
				case *ast.ValueSpec:
					names, doc, behind = n.Names, n.Doc, n.Comment
				case *ast.TypeSpec:
					names, doc, behind = []*ast.Ident{n.Name}, n.Doc, n.Comment
				case *ast.GenDecl:
					if len(n.Specs) == 1 && n.Doc != nil {
						c.docs[at(n.Specs[0].Pos())] = n.Doc.Text()
					}
				}
				if doc == nil {
					doc = behind
				}
				for _, name := range names {
					if doc != nil {
						c.docs[at(name.Pos())] = doc.Text()
					}
				}
				return true
			})
		}
	}
	return c
}

// of returns the doc comment of a declaration, without Go's link brackets.
func (c comments) of(files *token.FileSet, o types.Object) string {
	p := files.Position(o.Pos())
	return plain(c.docs[place{p.Filename, p.Line}])
}

// renamed returns the doc comment of a type that clients know as name. Go comments begin with
// the type's own name, so renamed replaces it.
func (c comments) renamed(files *token.FileSet, o types.Object, name string) string {
	text := c.of(files, o)
	if rest, ok := strings.CutPrefix(text, o.Name()+" "); ok {
		return name + " " + rest
	}
	return text
}

// above returns the comment that ends on the line before p.
func (c comments) above(p token.Position) string {
	return plain(c.ending[place{p.Filename, p.Line - 1}])
}

var link = regexp.MustCompile(`\[(?:\w+\.)*(\w+)\]`)

// plain returns a comment as one paragraph.
func plain(text string) string {
	return strings.Join(strings.Fields(link.ReplaceAllString(text, "$1")), " ")
}
