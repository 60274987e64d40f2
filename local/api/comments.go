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
	byDeclaration map[filePosition]string // by the line of the declaration they describe
	byLastLine    map[filePosition]string // by the last line of the comment itself
}

type filePosition struct {
	file string
	line int
}

func commentsOf(s *source) comments {
	c := comments{byDeclaration: map[filePosition]string{}, byLastLine: map[filePosition]string{}}
	at := func(p token.Pos) filePosition {
		position := s.files.Position(p)
		return filePosition{position.Filename, position.Line}
	}
	for _, pkg := range s.packages {
		for _, file := range pkg.files {
			for _, group := range file.Comments {
				c.byLastLine[at(group.End())] = group.Text()
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
						c.byDeclaration[at(n.Specs[0].Pos())] = n.Doc.Text()
					}
				}
				if doc == nil {
					doc = behind
				}
				for _, name := range names {
					if doc != nil {
						c.byDeclaration[at(name.Pos())] = doc.Text()
					}
				}
				return true
			})
		}
	}
	return c
}

// doc returns the doc comment of a declaration, without Go's link brackets.
func (c comments) doc(files *token.FileSet, o types.Object) string {
	p := files.Position(o.Pos())
	return singleParagraph(c.byDeclaration[filePosition{p.Filename, p.Line}])
}

// renamedDoc returns the doc comment of a type that clients know as name. Go comments begin with
// the type's own name, so renamedDoc replaces it.
func (c comments) renamedDoc(files *token.FileSet, o types.Object, name string) string {
	text := c.doc(files, o)
	if rest, ok := strings.CutPrefix(text, o.Name()+" "); ok {
		return name + " " + rest
	}
	return text
}

// commentAbove returns the comment that ends on the line before p.
func (c comments) commentAbove(p token.Position) string {
	return singleParagraph(c.byLastLine[filePosition{p.Filename, p.Line - 1}])
}

var docLink = regexp.MustCompile(`\[(?:\w+\.)*(\w+)\]`)

// singleParagraph returns a comment as one paragraph.
func singleParagraph(text string) string {
	return strings.Join(strings.Fields(docLink.ReplaceAllString(text, "$1")), " ")
}
