package docs

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

// logCall is one place where the module writes to the log.
type logCall struct {
	path, level, format string
	args                []ast.Expr
}

func logCalls(t *testing.T) []logCall {
	t.Helper()
	var all []logCall
	err := goFiles(func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			line := func(level string, format ast.Expr, args []ast.Expr) {
				if l, ok := format.(*ast.BasicLit); ok && l.Kind == token.STRING {
					if format, err := strconv.Unquote(l.Value); err == nil {
						all = append(all, logCall{path, level, format, args})
					}
				}
			}
			switch name := method.Sel.Name; {
			case slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, name):
				line(name, call.Args[0], call.Args[1:])
			case name == "Log" && len(call.Args) == 4: // of a refusal: see party.Error
				line("Error", call.Args[1], nil)
				line("Debug", call.Args[2], nil)
			}
			return true
		})
	})
	if err != nil || len(all) < 30 {
		t.Fatalf("%d places write to the log, %v", len(all), err)
	}
	return all
}

func logFormats(t *testing.T) []string {
	t.Helper()
	var formats []string
	for _, c := range logCalls(t) {
		formats = append(formats, c.format)
	}
	return formats
}

var (
	// logForm is a fixed text, then fields, then optionally the complete error or panic.
	logForm = regexp.MustCompile(`^[A-Za-z][\w ,;:'().-]*?( [a-z_]+=%[svqd])*(:?( panic)?:\s?%v)?(\n%[vs])?$`)
	// logProse are lines for the operator who sets up the server and reads them once.
	logProse = regexp.MustCompile(`^(runtime\.env: |rules loaded with |%s$)`)
	secret   = regexp.MustCompile(`(?i)(^|\.)(code|codes|typed|key|token|payload|reveal)$`)
)

// TestLog_form: log lines are a fixed text and fields, so that operators can search them. No
// argument of a line is a code, a key or a player's input.
func TestLog_form(t *testing.T) {
	for _, c := range logCalls(t) {
		if !logForm.MatchString(c.format) && !logProse.MatchString(c.format) {
			t.Errorf("%s: %q is not a fixed text with key=value fields", c.path, c.format)
		}
		for _, arg := range c.args {
			ast.Inspect(arg, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && secret.MatchString(id.Name) {
					t.Errorf("%s: %q writes %s", c.path, c.format, id.Name)
				}
				return true
			})
		}
	}
	if secret.MatchString("encode") || !secret.MatchString("Reveal") {
		t.Error("the test looks for the wrong names")
	}
}
