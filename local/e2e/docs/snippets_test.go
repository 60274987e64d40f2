package docs

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Call is a call of one of the module's functions in a snippet.
type Call struct {
	ID       string
	OverHTTP bool // an argument comes before the ID: a client's call takes the session, a socket's call does not
	Payload  any  // as encoding/json decodes it, with [Unknown] for values that are not literals; nil for none
	Where    string
}

// Unknown is a value that a snippet takes from its surroundings.
type Unknown struct{ Source string }

var callID = regexp.MustCompile(`^party(_[a-z0-9]+)+$`)

// Calls finds the calls of the module in a snippet: an argument that is a literal ID, and the
// payload after it. A payload that is not an object literal is an error, because the tests could
// not check it.
func Calls(b Block) ([]Call, error) {
	lexemes, err := lex(b)
	if err != nil {
		return nil, err
	}
	var calls []Call
	for i, t := range lexemes {
		if t.kind != text || !callID.MatchString(t.text) || i == 0 || i+1 == len(lexemes) {
			continue
		}
		before, after := lexemes[i-1], lexemes[i+1]
		if !before.is("(") && !before.is(",") || !after.is(")") && !after.is(",") {
			continue // compared or assigned, not passed
		}
		call := Call{ID: t.text, OverHTTP: before.is(","), Where: fmt.Sprintf("%s:%d", b.Doc, b.Line+t.line)}
		if after.is(",") {
			p := literalParser{lexemes: lexemes[i+2:]}
			if call.Payload, err = p.value(); err != nil {
				return nil, fmt.Errorf("%s: payload of %s: %w", call.Where, t.text, err)
			}
			if _, ok := call.Payload.(map[string]any); !ok {
				return nil, fmt.Errorf("%s: payload of %s: write it out as an object, so that it can be checked", call.Where, t.text)
			}
		}
		calls = append(calls, call)
	}
	return calls, nil
}

// literalParser parses literals: objects of JavaScript and GDScript, dictionaries and anonymous objects of
// C#, lists, texts, numbers, true, false, null.
type literalParser struct{ lexemes []lexeme }

func (p *literalParser) peek() lexeme {
	if len(p.lexemes) == 0 {
		return lexeme{kind: punctuation}
	}
	return p.lexemes[0]
}

func (p *literalParser) next() lexeme {
	t := p.peek()
	if len(p.lexemes) > 0 {
		p.lexemes = p.lexemes[1:]
	}
	return t
}

// value parses one argument, entry or element up to the sign that ends it.
func (p *literalParser) value() (any, error) {
	begin := p.lexemes
	v, ok, err := p.literal()
	if err != nil {
		return nil, err
	}
	if ok {
		p.skipSerialiser()
		if end := p.peek(); end.kind == punctuation && strings.Contains(",)}]", end.text) {
			return v, nil
		}
	}
	p.lexemes = begin
	return p.expression()
}

// skipSerialiser skips C#'s call that makes JSON of the value before it.
func (p *literalParser) skipSerialiser() {
	if len(p.lexemes) >= 4 && p.lexemes[0].is(".") && p.lexemes[1].text == "ToJson" && p.lexemes[2].is("(") && p.lexemes[3].is(")") {
		p.lexemes = p.lexemes[4:]
	}
}

func (p *literalParser) literal() (v any, ok bool, err error) {
	switch t := p.next(); {
	case t.kind == text && !t.raw:
		return t.text, true, nil
	case t.kind == number:
		n, err := strconv.ParseFloat(strings.ReplaceAll(t.text, "_", ""), 64)
		return n, err == nil, nil
	case t.is("-") && p.peek().kind == number:
		n, err := strconv.ParseFloat(p.next().text, 64)
		return -n, err == nil, nil
	case t.is("["):
		v, err = p.list("]")
		return v, true, err
	case t.is("{"):
		v, err = p.object(":")
		return v, true, err
	case t.kind != word:
		return nil, false, nil
	case t.text == "true" || t.text == "false":
		return t.text == "true", true, nil
	case t.text == "null":
		return nil, true, nil
	case t.text == "JSON" && len(p.lexemes) > 2 && p.lexemes[1].text == "stringify":
		p.lexemes = p.lexemes[3:] // . stringify (
		if v, err = p.value(); err == nil && !p.next().is(")") {
			return nil, false, nil
		}
		return v, true, err
	case t.text == "new":
		return p.newExpression()
	}
	return nil, false, nil
}

// newExpression parses the expression after C#'s new.
func (p *literalParser) newExpression() (v any, ok bool, err error) {
	list := false
	for {
		switch t := p.next(); {
		case t.is("["), t.kind == word && t.text == "List":
			list = true
		case t.is("{") && list:
			v, err = p.list("}")
			return v, true, err
		case t.is("{") && (p.peek().is("{") || p.peek().is("}")):
			v, err = p.pairs()
			return v, true, err
		case t.is("{"):
			v, err = p.object("=")
			return v, true, err
		case t.kind == word, t.is("<"), t.is(">"), t.is(","), t.is("]"), t.is("."):
		case t.is("(") && p.peek().is(")"):
			if p.next(); p.peek().is("{") {
				continue
			}
			if list {
				return []any{}, true, nil
			}
			return map[string]any{}, true, nil
		default:
			return nil, false, nil
		}
	}
}

func (p *literalParser) list(end string) (any, error) {
	items := []any{}
	for !p.peek().is(end) {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		items = append(items, v)
		if p.peek().is(",") {
			p.next()
		} else if !p.peek().is(end) {
			return nil, fmt.Errorf("a list goes on with %q", p.peek().text)
		}
	}
	p.next()
	return items, nil
}

// object parses entries of a name, an assignment sign and a value. A name alone stands for the
// variable of that name.
func (p *literalParser) object(assign string) (any, error) {
	fields := map[string]any{}
	for !p.peek().is("}") {
		key := p.next()
		if key.kind != word && key.kind != text {
			return nil, fmt.Errorf("an object goes on with %q", key.text)
		}
		if _, twice := fields[key.text]; twice {
			return nil, fmt.Errorf("%s is given twice", key.text)
		}
		fields[key.text] = Unknown{key.text}
		if p.peek().is(assign) {
			p.next()
			v, err := p.value()
			if err != nil {
				return nil, err
			}
			fields[key.text] = v
		}
		if p.peek().is(",") {
			p.next()
		} else if !p.peek().is("}") {
			return nil, fmt.Errorf("%s is followed by %q", key.text, p.peek().text)
		}
	}
	p.next()
	return fields, nil
}

// pairs parses C#'s { { "key", value }, ... } after the first brace.
func (p *literalParser) pairs() (any, error) {
	fields := map[string]any{}
	for !p.peek().is("}") {
		open, key, comma := p.next(), p.next(), p.next()
		if !open.is("{") || key.kind != text || !comma.is(",") {
			return nil, fmt.Errorf("a dictionary's entry begins with %q %q %q", open.text, key.text, comma.text)
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		if _, twice := fields[key.text]; twice {
			return nil, fmt.Errorf("%s is given twice", key.text)
		}
		fields[key.text] = v
		if end := p.next(); !end.is("}") {
			return nil, fmt.Errorf("%s is followed by %q", key.text, end.text)
		}
		if p.peek().is(",") {
			p.next()
		}
	}
	p.next()
	return fields, nil
}

// expression skips code up to the sign that ends it.
func (p *literalParser) expression() (any, error) {
	depth := 0
	var source []string
	for len(p.lexemes) > 0 {
		t := p.peek()
		if t.kind == punctuation {
			switch {
			case strings.Contains("([{", t.text):
				depth++
			case strings.Contains(")]}", t.text) && depth > 0:
				depth--
			case strings.Contains(",)]}", t.text) && depth == 0:
				if len(source) == 0 {
					return nil, fmt.Errorf("nothing before %q", t.text)
				}
				return Unknown{strings.Join(source, "")}, nil
			}
		}
		source = append(source, t.text)
		p.next()
	}
	return nil, fmt.Errorf("the snippet ends within an expression")
}

// Fill replaces the Unknown values of a payload, by the name of the field. Elements of a list use
// the list's name. A field without a value is an error.
func Fill(payload any, values map[string]any) (string, error) {
	filled, err := fill("payload", payload, values)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(filled)
	return string(body), err
}

func fill(name string, v any, values map[string]any) (any, error) {
	switch v := v.(type) {
	case nil:
		return map[string]any{}, nil
	case Unknown:
		value, ok := values[name]
		if !ok {
			return nil, fmt.Errorf("field %s is %s, and the test has no value for it; it has %q", name, v.Source, names(values))
		}
		return value, nil
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			var err error
			if items[i], err = fill(name, item, values); err != nil {
				return nil, err
			}
		}
		return items, nil
	case map[string]any:
		fields := map[string]any{}
		for key, field := range v {
			value, err := fill(key, field, values)
			if err != nil {
				return nil, err
			}
			fields[key] = value
		}
		return fields, nil
	}
	return v, nil
}

func names(values map[string]any) []string {
	all := make([]string, 0, len(values))
	for name := range values {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// Member is a name after a dot.
type Member struct {
	Name  string
	Where string
}

// Members finds every member name that a snippet uses: methods, properties, events, fields.
func Members(b Block) ([]Member, error) {
	lexemes, err := lex(b)
	if err != nil {
		return nil, err
	}
	var members []Member
	for i, t := range lexemes {
		if i > 0 && t.kind == word && lexemes[i-1].is(".") {
			members = append(members, Member{t.text, fmt.Sprintf("%s:%d", b.Doc, b.Line+t.line)})
		}
	}
	return members, nil
}

var declaredNames = map[string]*regexp.Regexp{
	"js":       regexp.MustCompile(`\b(?:const|let|function|class)\s+(\w+)|\b(\w+):`),
	"csharp":   regexp.MustCompile(`(\w+)`),
	"gdscript": regexp.MustCompile(`\b(?:func|var|const|signal|class)\s+(\w+)|"(\w+)"\s*:`),
}

// Declared returns the names that the snippets of a language declare themselves: functions,
// variables, keys. In C# it returns every word in the line of a public member.
func Declared(blocks []Block) map[string]bool {
	own := map[string]bool{}
	for _, b := range blocks {
		for line := range strings.SplitSeq(b.Body, "\n") {
			if b.Language == "csharp" && !strings.HasPrefix(strings.TrimSpace(line), "public ") {
				continue
			}
			for _, m := range declaredNames[b.Language].FindAllStringSubmatch(line, -1) {
				for _, name := range m[1:] {
					own[name] = true
				}
			}
		}
	}
	delete(own, "")
	return own
}
