package rules

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a file, so that no input can hold a server up or eat its memory.
const (
	maxFileBytes = 256 << 10
	maxTokens    = 40_000
	maxDepth     = 24
	maxAnchors   = 100
	maxNodes     = 50_000 // after aliases are followed
)

type nodeKind int

const (
	nullNode nodeKind = iota
	textNode          // quoted or plain text
	wordNode          // a plain number, true, false and the like
	listNode
	mapNode
)

// node is a value of the file. It hides the YAML library from the rest of the
// package and is never larger than maxNodes in all.
type node struct {
	kind  nodeKind
	text  string // of textNode and wordNode
	block bool   // text was written as a block (| or >)
	at    place
	items []*node
	keys  []entry
}

type entry struct {
	name string
	at   place
	val  *node
}

func (n *node) isBool() bool { return n.kind == wordNode && (n.text == "true" || n.text == "false") }

// describe names what a node is, for "is a list" and the like.
func (n *node) describe() string {
	switch n.kind {
	case nullNode:
		return "empty"
	case listNode:
		return "a list"
	case mapNode:
		return "a group of keys"
	case wordNode:
		if n.isBool() {
			return n.text
		}
		return "the number " + clip(n.text)
	default:
		return fmt.Sprintf("%q", clip(n.text))
	}
}

// clip shortens a value that is shown inside a sentence.
func clip(s string) string { return clipTo(s, 40) }

func clipTo(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "..."
}

// parseYAML reads one document into a tree; nil for an empty one. Whatever keeps
// the tree from being built, one problem each, is in the list.
func parseYAML(src *source) (root *node, problems Problems) {
	defer func() {
		if r := recover(); r != nil {
			root = nil
			problems = Problems{src.problem(Error, place{}, "", fmt.Sprintf("cannot be read as YAML (%v)", r), "")}
		}
	}()
	fail := func(p place, what, allowed string) (*node, Problems) {
		return nil, Problems{src.problem(Error, p, "", what, allowed)}
	}
	if len(src.text) > maxFileBytes {
		return fail(place{}, fmt.Sprintf("is %d bytes long", len(src.text)), fmt.Sprintf("allowed are %d", maxFileBytes))
	}
	for i, l := range src.lines {
		if !utf8.ValidString(l) {
			return fail(place{i + 1, 1}, "is not UTF-8 text", "save the file as UTF-8")
		}
		if at := strings.IndexFunc(l, func(r rune) bool { return r < ' ' && r != '\t' }); at >= 0 {
			return fail(place{i + 1, utf8.RuneCountInString(l[:at]) + 1}, "a control character is not text", "")
		}
	}
	tokens := lexer.Tokenize(src.text)
	if p := checkTokens(src, tokens); p != nil {
		return nil, Problems{*p}
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var ye yaml.Error
		if errors.As(err, &ye) && ye.GetToken() != nil {
			return nil, Problems{syntaxProblem(src, placeOf(ye.GetToken()), ye.GetMessage())}
		}
		first, _, _ := strings.Cut(err.Error(), "\n")
		return fail(place{}, first, "")
	}
	b := &treeBuilder{src: src, anchors: map[string]ast.Node{}}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if _, comment := doc.Body.(*ast.CommentGroupNode); comment {
			continue
		}
		if root != nil {
			at := placeOf(doc.Body.GetToken())
			if doc.Start != nil {
				at = placeOf(doc.Start)
			}
			b.problem(at, "a second document begins here", "a rules file is one document: remove the line ---")
			break
		}
		root = b.build(doc.Body, 0)
	}
	return root, b.problems
}

// syntaxProblem is what the YAML library says, with the two mistakes that people
// make most in plainer words.
func syntaxProblem(src *source, p place, what string) Problem {
	line := ""
	if p.line >= 1 && p.line <= len(src.lines) {
		line = src.lines[p.line-1]
	}
	allowed := ""
	switch {
	case strings.HasPrefix(strings.TrimLeft(line, " "), "\t"):
		what, allowed = "a tab cannot be used for indentation", "use spaces"
	case strings.Contains(line, "deny:") || strings.Contains(line, "allow:"):
		allowed = "a condition with : { } [ ] , or # in it needs quotes around it"
	case what == "":
		what = "is not YAML"
	}
	return src.problem(Error, p, "", what, allowed)
}

func placeOf(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{}
	}
	return place{t.Position.Line, max(1, t.Position.Column)}
}

// checkTokens bounds what the parser has to do: it recurses once per level and is
// slow on thousands of anchors.
func checkTokens(src *source, tokens token.Tokens) *Problem {
	fail := func(t *token.Token, what string) *Problem {
		p := src.problem(Error, placeOf(t), "", what, "")
		return &p
	}
	if len(tokens) > maxTokens {
		return fail(tokens[maxTokens], "the file has too many parts")
	}
	flow, anchors, prefix, line := 0, 0, 0, 0
	for _, t := range tokens {
		if t.Position != nil && t.Position.Line != line {
			line, prefix = t.Position.Line, 0
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			if flow++; flow > maxDepth {
				return fail(t, "brackets are nested too deep")
			}
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType:
			if prefix++; prefix > maxDepth {
				return fail(t, "lists are nested too deep")
			}
		case token.AnchorType:
			if anchors++; anchors > maxAnchors {
				return fail(t, "there are too many anchors")
			}
		case token.TagType:
			return fail(t, fmt.Sprintf("tags such as %s are not used in a rules file", clip(t.Value)))
		case token.DirectiveType:
			return fail(t, "directives are not used in a rules file")
		case token.InvalidType:
			p := syntaxProblem(src, placeOf(t), t.Error)
			return &p
		}
	}
	return nil
}

// treeBuilder turns the library's tree into ours and follows aliases.
type treeBuilder struct {
	src      *source
	anchors  map[string]ast.Node // by name, as met so far
	count    int
	full     bool // the node bound was reported
	problems Problems
}

func (b *treeBuilder) problem(p place, what, allowed string) {
	b.problems = append(b.problems, b.src.problem(Error, p, "", what, allowed))
}

// build gives nil for what cannot stand in a rules file; a problem says why.
func (b *treeBuilder) build(n ast.Node, depth int) *node {
	at := place{}
	if n != nil {
		at = placeOf(n.GetToken())
	}
	if b.count++; b.count > maxNodes || depth > maxDepth {
		if !b.full {
			b.full = true
			b.problem(at, "the file is nested too deep or too large once its aliases are followed", "")
		}
		return nil
	}
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return &node{kind: nullNode, at: at}
	case *ast.StringNode:
		return &node{kind: textNode, text: n.Value, at: at}
	case *ast.LiteralNode:
		return &node{kind: textNode, text: n.Value.Value, block: true, at: placeOf(n.Start)}
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return &node{kind: wordNode, text: n.GetToken().Value, at: at}
	case *ast.AnchorNode:
		b.anchors[n.Name.GetToken().Value] = n.Value
		return b.build(n.Value, depth)
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		target, ok := b.anchors[name]
		if !ok {
			b.problem(at, fmt.Sprintf("*%s names no anchor above", clip(name)), "")
			return nil
		}
		out := b.build(target, depth+1)
		if out != nil {
			out.at = at // problems point to the use, whose line says what to change
		}
		return out
	case *ast.SequenceNode:
		out := &node{kind: listNode, at: at}
		for _, v := range n.Values {
			if item := b.build(v, depth+1); item != nil {
				out.items = append(out.items, item)
			}
		}
		return out
	case *ast.MappingNode:
		return b.mapping(n.Values, n.Start, depth)
	case *ast.MappingValueNode:
		return b.mapping([]*ast.MappingValueNode{n}, n.Start, depth)
	default:
		b.problem(at, "this kind of YAML is not used in a rules file", "")
		return nil
	}
}

func (b *treeBuilder) mapping(values []*ast.MappingValueNode, start *token.Token, depth int) *node {
	out := &node{kind: mapNode, at: placeOf(start)}
	if len(values) > 0 {
		out.at = placeOf(values[0].Key.GetToken())
	}
	seen := map[string]place{}
	var merged []*node
	for _, v := range values {
		at := placeOf(v.Key.GetToken())
		if v.Key.IsMergeKey() {
			m := b.build(v.Value, depth+1)
			if m != nil && m.kind != mapNode {
				b.problem(at, "<< takes over a group of keys, but this is "+m.describe(), "")
			} else if m != nil {
				merged = append(merged, m)
			}
			continue
		}
		name, ok := keyName(v.Key)
		if !ok {
			b.problem(at, "a key is a single word", "")
			continue
		}
		if first, dup := seen[name]; dup {
			b.problem(at, fmt.Sprintf("%q is already set in line %d", clip(name), first.line), "keep one of the two")
			continue
		}
		seen[name] = at
		if val := b.build(v.Value, depth+1); val != nil {
			out.keys = append(out.keys, entry{name: name, at: at, val: val})
		}
	}
	for _, m := range merged {
		for _, e := range m.keys {
			if _, own := seen[e.name]; !own {
				seen[e.name] = e.at
				out.keys = append(out.keys, e)
			}
		}
	}
	return out
}

func keyName(k ast.MapKeyNode) (string, bool) {
	switch k := k.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.IntegerNode, *ast.BoolNode, *ast.FloatNode, *ast.NullNode:
		return k.GetToken().Value, true
	}
	return "", false
}
