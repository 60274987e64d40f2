package rules

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a file. They keep any input from blocking the server or using up its memory.
const (
	maxFileBytes        = 256 << 10
	maxTokens           = 40_000
	maxDepth            = 24
	maxAnchors          = 100
	maxNodes            = 50_000 // with aliases followed
	recordedBoundFactor = 64     // factor on these bounds for a recorded configuration
)

type nodeKind int

const (
	nullNode   nodeKind = iota
	textNode            // quoted or plain text
	numberNode          // without quotes
	boolNode            // without quotes
	listNode
	mapNode
)

// node is a value of the file. It hides the YAML library from the rest of the package. A file has at most
// maxNodes.
type node struct {
	kind  nodeKind
	text  string // of a single value, as written
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

// isTrue reports whether a boolNode is true. YAML takes any letter case.
func (n *node) isTrue() bool { return strings.EqualFold(n.text, "true") }

// exponentNumber matches numbers that the YAML library reads as text. JSON writes small numbers in this form.
var exponentNumber = regexp.MustCompile(`^[-+]?[0-9]+[eE][-+]?[0-9]+$`)

// describe names the kind or value of n for a message such as "is a list".
func (n *node) describe() string {
	switch n.kind {
	case nullNode:
		return "empty"
	case listNode:
		return "a list"
	case mapNode:
		return "a group of keys"
	case numberNode:
		return "the number " + clip(n.text)
	case boolNode:
		return n.text
	default:
		return fmt.Sprintf("%q", clip(n.text))
	}
}

// clip shortens a value that a message quotes.
func clip(s string) string { return clipTo(s, 40) }

func clipTo(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "..."
}

// parse reads the source, which is one document, into a tree. It returns nil for an empty source. It reports
// everything that keeps the tree from being built.
func (d *decoder) parse() (root *node) {
	defer func() {
		if r := recover(); r != nil {
			root, d.problems = nil, nil
			d.fail(place{}, "", fmt.Sprintf("cannot be read as YAML (%v)", r), "")
		}
	}()
	b := &treeBuilder{decoder: d, anchors: map[string]ast.Node{}, left: maxNodes * d.src.boundFactor}
	return b.parseDocument()
}

// treeBuilder converts the library's tree to nodes and follows aliases.
type treeBuilder struct {
	*decoder
	anchors map[string]ast.Node // by name; only those above the current node
	left    int                 // how many more nodes the file may have
}

// problem reports why a node cannot be built. It returns nil.
func (b *treeBuilder) problem(p place, what, allowed string) *node {
	b.fail(p, "", what, allowed)
	return nil
}

func (b *treeBuilder) parseDocument() (root *node) {
	if most := maxFileBytes * b.src.boundFactor; b.src.size > most { // see readBounded
		return b.problem(place{}, fmt.Sprintf("is longer than %d bytes", most), "")
	}
	for i, l := range b.src.lines {
		if !utf8.ValidString(l) {
			return b.problem(place{i + 1, 1}, "is not UTF-8 text", "save the file as UTF-8")
		}
		if at := strings.IndexFunc(l, func(r rune) bool { return r < ' ' && r != '\t' }); at >= 0 {
			return b.problem(place{i + 1, utf8.RuneCountInString(l[:at]) + 1}, "a control character is not text", "")
		}
	}
	tokens := lexer.Tokenize(b.src.text)
	if t, what := findExcess(tokens, maxTokens*b.src.boundFactor); t != nil {
		return b.problem(placeOf(t), what, "")
	}
	if i := slices.IndexFunc(tokens, func(t *token.Token) bool { return t.Type == token.InvalidType }); i >= 0 {
		return b.syntaxError(tokens[i], tokens[i].Error)
	}
	if i := slices.IndexFunc(tokens, losesTab); i >= 0 {
		return b.problem(placeOf(tokens[i]), "there is a tab within a word or a text", "write a space")
	}
	b.warnOfComments(tokens)
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		var ye yaml.Error
		if errors.As(err, &ye) && ye.GetToken() != nil {
			return b.syntaxError(ye.GetToken(), ye.GetMessage())
		}
		first, _, _ := strings.Cut(err.Error(), "\n")
		return b.problem(place{}, first, "")
	}
	for _, doc := range file.Docs {
		if _, comment := doc.Body.(*ast.CommentGroupNode); comment || doc.Body == nil {
			continue
		}
		if root != nil {
			b.problem(placeOf(cmp.Or(doc.Start, doc.Body.GetToken())), "a second document begins here", "a rules file is one document: remove the line ---")
			break
		}
		root = b.build(doc.Body, 0)
	}
	return root
}

// losesTab reports whether the YAML library drops a tab, so that "st<tab>all" would read as "stall".
func losesTab(t *token.Token) bool {
	return strings.Contains(strings.TrimSpace(t.Origin), "\t") && !strings.Contains(t.Value, "\t")
}

// warnOfComments warns of comments behind a value that look like a part of it, such as a colour.
func (b *treeBuilder) warnOfComments(tokens token.Tokens) {
	for i, t := range tokens[min(1, len(tokens)):] {
		first, _ := utf8.DecodeRuneInString(t.Value)
		if t.Type == token.CommentType && placeOf(tokens[i]).line == placeOf(t).line && (unicode.IsLetter(first) || unicode.IsDigit(first)) {
			b.report(Warning, placeOf(t), "", "a comment begins here, so the rest of the line does not count", "put quotes around a text or colour with # in it, or write a space after #")
		}
	}
}

const needsQuotes = "a text or a condition with : { } [ ] , or # in it needs quotes around it"

// yamlPhrases translate error messages of the YAML library.
var yamlPhrases = []phrase{
	newPhrase(`mapping value is not allowed`, "a key begins within a value", needsQuotes+"; the keys of a group begin in one column"),
	newPhrase(`value is not allowed in this context\. map`, "something is after the end of a value", "a text with quotes in it needs quotes of the other kind around it"),
	newPhrase(`value is not allowed`, "begins in another column than what it belongs to", "the keys of a group begin in one column: add or remove spaces"),
	newPhrase(`sequence end token|could not find flow mapping end`, "a bracket is opened and never closed", needsQuotes),
	newPhrase(`could not find '|bracket is not allowed`, "a bracket is closed that was not opened", needsQuotes),
	newPhrase(`',' or|could not find flow map content`, "a comma or a closing bracket is missing", needsQuotes),
	newPhrase(`unexpected key name|unexpected map key|found an invalid key|expected map key`, "a colon is missing behind a key", "write a key as open: any"),
	newPhrase(`non-map value`, "a text stands where a key is expected", "what belongs to the key above begins further right"),
	newPhrase(`could not find end character`, "a text in quotes does not end", ""),
	newPhrase(`'(.)' is a reserved character`, "a text cannot begin with $1", "put it in quotes"),
	newPhrase(`found unknown escape character`, `a text in double quotes has a \ that means nothing`, `write \\ for \`),
}

// syntaxError reports an error of the YAML library in plain words.
func (b *treeBuilder) syntaxError(t *token.Token, message string) *node {
	p := placeOf(t)
	if p.line >= 1 && p.line <= len(b.src.lines) && strings.HasPrefix(strings.TrimLeft(b.src.lines[p.line-1], " "), "\t") {
		return b.problem(p, "a tab cannot be used for indentation", "use spaces")
	}
	if strings.HasPrefix(t.Value, "}") || strings.HasPrefix(t.Value, "]") {
		message = strings.Replace(message, "value is", "bracket is", 1)
	}
	what, allowed, ok := translate(message, yamlPhrases)
	if !ok {
		what = "cannot be read as YAML from here on"
	}
	return b.problem(p, what, allowed)
}

func placeOf(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{}
	}
	return place{t.Position.Line, max(1, t.Position.Column)}
}

// findExcess returns the first token that exceeds a bound, and what is wrong. Both are zero if all is well. It
// protects the parser, which recurses once for each level and is slow with thousands of anchors.
func findExcess(tokens token.Tokens, most int) (at *token.Token, what string) {
	if len(tokens) > most {
		return tokens[most], "the file has too many parts"
	}
	flow, anchors, prefix, line := 0, 0, 0, 0
	for _, t := range tokens {
		if t.Position != nil && t.Position.Line != line {
			line, prefix = t.Position.Line, 0
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			if flow++; flow > maxDepth {
				return t, "brackets are nested too deep"
			}
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType:
			if prefix++; prefix > maxDepth {
				return t, "lists are nested too deep"
			}
		case token.AnchorType:
			if anchors++; anchors > maxAnchors {
				return t, "there are too many anchors"
			}
		case token.TagType:
			return t, fmt.Sprintf("tags such as %s are not used in a rules file", clip(t.Value))
		case token.DirectiveType:
			return t, "directives are not used in a rules file"
		}
	}
	return nil, ""
}

// build converts n. It returns nil and reports a problem if a rules file cannot contain n.
func (b *treeBuilder) build(n ast.Node, depth int) *node {
	at := place{}
	if n != nil {
		at = placeOf(n.GetToken())
	}
	if b.left < 0 { // this has been reported
		return nil
	}
	if b.left--; b.left < 0 || depth > maxDepth {
		b.left = -1
		return b.problem(at, "the file is nested too deep or too large once its aliases are followed", "")
	}
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return &node{kind: nullNode, at: at}
	case *ast.StringNode:
		kind := textNode
		if n.Token.Type == token.StringType && exponentNumber.MatchString(n.Value) { // not in quotes
			kind = numberNode
		}
		return &node{kind: kind, text: n.Value, at: at}
	case *ast.LiteralNode:
		return &node{kind: textNode, text: n.Value.Value, block: true, at: placeOf(n.Start)}
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return &node{kind: numberNode, text: n.GetToken().Value, at: at}
	case *ast.BoolNode:
		return &node{kind: boolNode, text: n.GetToken().Value, at: at}
	case *ast.AnchorNode:
		b.anchors[n.Name.GetToken().Value] = n.Value
		return b.build(n.Value, depth)
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		target, ok := b.anchors[name]
		if !ok {
			return b.problem(at, fmt.Sprintf("*%s names no anchor above", clip(name)), "")
		}
		out := b.build(target, depth+1)
		if out != nil {
			out.at = at // problems point to the alias, because that is the line to change
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
		return b.buildMap(n.Values, n.Start, depth)
	case *ast.MappingValueNode:
		return b.buildMap([]*ast.MappingValueNode{n}, n.Start, depth)
	default:
		return b.problem(at, "this kind of YAML is not used in a rules file", "")
	}
}

func (b *treeBuilder) buildMap(values []*ast.MappingValueNode, start *token.Token, depth int) *node {
	out := &node{kind: mapNode, at: placeOf(start)}
	if len(values) > 0 {
		out.at = placeOf(values[0].Key.GetToken())
	}
	seen := map[string]place{}
	var merged []entry
	for _, v := range values {
		at := placeOf(v.Key.GetToken())
		if v.Key.IsMergeKey() {
			m := b.build(v.Value, depth+1)
			if m != nil && m.kind != mapNode {
				b.problem(at, "<< takes over a group of keys, but this is "+m.describe(), "")
			} else if m != nil {
				merged = append(merged, m.keys...)
			}
			continue
		}
		name := v.Key.GetToken().Value
		switch v.Key.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.BoolNode, *ast.FloatNode, *ast.NullNode:
		default:
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
	for _, e := range merged {
		if _, own := seen[e.name]; !own {
			seen[e.name] = e.at
			out.keys = append(out.keys, e)
		}
	}
	return out
}
