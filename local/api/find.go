package api

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"slices"
	"strings"

	"partyline/party"
)

const (
	partyPackage = modulePath + "party"
	rpcPackage   = modulePath + "rpc"
	noticeType   = partyPackage + ".Notice"
)

// Read finds what the sources under root offer to clients. It returns all problems as one error.
func Read(root string) (*API, error) {
	s, err := load(root)
	if err != nil {
		return nil, err
	}
	f := &finder{source: s, api: &API{}, comments: commentsOf(s), objects: objectCache{}}
	for _, c := range s.packages {
		for _, file := range c.files {
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CompositeLit:
					f.rpcRow(c, n)
				case *ast.CallExpr:
					f.addMessage(c, n)
					f.addNotice(c, n)
				}
				return true
			})
		}
	}
	return f.finish()
}

// finder collects the parts of the API.
type finder struct {
	source   *source
	api      *API
	comments comments
	objects  objectCache
	problems []error
}

func (f *finder) problem(at ast.Node, format string, args ...any) {
	place := f.source.files.Position(at.Pos())
	f.problems = append(f.problems, fmt.Errorf("%s:%d: "+format, append([]any{place.Filename, place.Line}, args...)...))
}

// rpcRow reads a composite literal. Only rows of an RPC table count.
func (f *finder) rpcRow(c *checkedPackage, lit *ast.CompositeLit) {
	if types.Unalias(c.info.Types[lit].Type).String() != rpcPackage+".Row" {
		return
	}
	fields := map[string]ast.Expr{}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok {
				fields[key.Name] = kv.Value
			}
		}
	}
	f.addCall(c, lit, fields)
}

// addCall adds one RPC. Its types are those of the function that its Handle wraps.
func (f *finder) addCall(c *checkedPackage, at ast.Node, fields map[string]ast.Expr) {
	id, handle := constantOf(c, fields["ID"]), handlerOf(c, fields["Handle"])
	if id == nil || handle == nil {
		f.problem(at, "a row of an RPC table has a constant ID and Handle: Call(function)")
		return
	}
	call := Call{ID: constant.StringVal(id), Doc: f.comments.commentAbove(f.source.files.Position(at.Pos()))}
	if only := constantOf(c, fields["ServerOnly"]); only != nil {
		call.ServerOnly = constant.BoolVal(only)
	}
	if call.Doc == "" {
		f.problem(at, "%s: write above its row what it does", call.ID)
	}
	name := camelCase(strings.TrimPrefix(call.ID, "party_"))
	call.Request = f.topObject(at, name+"Request", handle.At(0), true)
	call.Answer = f.topObject(at, name+"Answer", handle.At(1), false)
	f.api.Calls = append(f.api.Calls, call)
}

func handlerOf(c *checkedPackage, e ast.Expr) *types.TypeList {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return nil
	}
	fun, ok := call.Fun.(*ast.Ident)
	if !ok {
		return nil
	}
	return c.info.Instances[fun].TypeArgs
}

// addNotice adds a notification: a call of To, with the content, on a constant code.
func (f *finder) addNotice(c *checkedPackage, call *ast.CallExpr) {
	to, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || to.Sel.Name != "To" || c.info.Types[to.X].Type == nil || c.info.Types[to.X].Type.String() != noticeType {
		return
	}
	code := constantOf(c, to.X)
	if code == nil {
		f.problem(call, "the code of a notification is a constant")
		return
	}
	number, _ := constant.Int64Val(code)
	name := strings.TrimPrefix(lastName(to.X), "Notice") + "Notice"
	object := f.topObject(call, name, c.info.Types[call.Args[len(call.Args)-1]].Type, false)
	for i, n := range f.api.Notices {
		if n.Code == number {
			f.api.Notices[i].Content = mergeObjects(n.Content, object)
			return
		}
	}
	f.api.Notices = append(f.api.Notices, Notice{Code: number, Subject: party.Notice(number).Subject(), Content: object})
}

// addMessage adds a message to a party.
func (f *finder) addMessage(c *checkedPackage, call *ast.CallExpr) {
	if to := calledFunction(c, call); to != partyPackage+".SendData" && to != partyPackage+".SendDataTo" || c.types.Path() == partyPackage {
		return // package party defines the functions and has no messages of its own
	}
	code, data := call.Args[len(call.Args)-2], call.Args[len(call.Args)-1]
	op := constantOf(c, code)
	if op == nil {
		f.problem(call, "the op code of a message to a party is a constant")
		return
	}
	number, _ := constant.Int64Val(op)
	name := strings.TrimPrefix(lastName(code), "Op") + "Event"
	object := f.topObject(call, name, c.info.Types[data].Type, false)
	for i, e := range f.api.Events {
		if e.Op == number {
			f.api.Events[i].Data = mergeObjects(e.Data, object)
			return
		}
	}
	f.api.Events = append(f.api.Events, Event{Op: number, Data: object})
}

// topObject returns the object of a call, an event or a notification, under its own name.
func (f *finder) topObject(at ast.Node, name string, t types.Type, sent bool) *Object {
	object, err := f.object(name, t, sent)
	if err != nil {
		f.problem(at, "%s: %w", name, err)
		return &Object{Name: name}
	}
	return object
}

// finish sorts the parts and adds the reasons.
func (f *finder) finish() (*API, error) {
	a := f.api
	slices.SortFunc(a.Calls, func(x, y Call) int { return cmp.Compare(x.ID, y.ID) })
	slices.SortFunc(a.Events, func(x, y Event) int { return cmp.Compare(y.Op, x.Op) })
	slices.SortFunc(a.Notices, func(x, y Notice) int { return cmp.Compare(x.Code, y.Code) })
	for _, c := range f.source.packages {
		if c.types.Path() == partyPackage {
			for _, v := range f.values(c.types, c.types.Scope().Lookup("Reason").Type()) {
				a.Reasons = append(a.Reasons, Reason{v.Text, v.Doc, party.Reason(v.Text).Code()})
			}
		}
	}
	seen := map[string]bool{}
	for _, c := range a.Calls {
		f.collect(seen, c.Request, c.Answer)
	}
	for _, e := range a.Events {
		f.collect(seen, e.Data)
	}
	for _, n := range a.Notices {
		f.collect(seen, n.Content)
	}
	slices.SortFunc(a.Enums, func(x, y *Enum) int { return cmp.Compare(x.Name, y.Name) })
	return a, errors.Join(f.problems...)
}

// collect lists the objects and the objects of their fields, each once.
func (f *finder) collect(seen map[string]bool, objects ...*Object) {
	for _, o := range objects {
		if seen[o.Name] {
			continue
		}
		seen[o.Name] = true
		f.api.Objects = append(f.api.Objects, o)
		for _, field := range o.Fields {
			for t := &field.Type; t != nil; t = t.Elem {
				if t.Object != nil {
					f.collect(seen, t.Object)
				}
				if t.Enum != nil && !seen[t.Enum.Name] {
					seen[t.Enum.Name] = true
					f.api.Enums = append(f.api.Enums, t.Enum)
				}
			}
		}
	}
}

func constantOf(c *checkedPackage, e ast.Expr) constant.Value {
	if e == nil {
		return nil
	}
	return c.info.Types[e].Value
}

// calledFunction returns the name of the called function, with the path of its package.
func calledFunction(c *checkedPackage, call *ast.CallExpr) string {
	var name *ast.Ident
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		name = fun
	case *ast.SelectorExpr:
		name = fun.Sel
	default:
		return ""
	}
	if function, ok := c.info.Uses[name].(*types.Func); ok && function.Pkg() != nil {
		return function.Pkg().Path() + "." + function.Name()
	}
	return ""
}

func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
