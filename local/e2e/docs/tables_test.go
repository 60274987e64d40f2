package docs

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"partyline/local/e2e/client"
	"partyline/party"
)

// codeWords returns the words in code quotes of a cell.
func codeWords(cell string) []string {
	var words []string
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
		words = append(words, m[1])
	}
	return words
}

func rowsOf(t *testing.T, doc, heading string) [][]string {
	t.Helper()
	rows, err := document(t, doc).cells(heading, false)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// constantsOfType returns the string constants of a type in a package.
func constantsOfType(t *testing.T, dir, name string) []string {
	t.Helper()
	var all []string
	err := goFiles(func(path string, file *ast.File) {
		if filepath.ToSlash(filepath.Dir(path)) != Root+"/"+dir {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			kind, isName := spec.Type.(*ast.Ident)
			literal, isLiteral := spec.Values[0].(*ast.BasicLit)
			if isName && isLiteral && kind.Name == name {
				if s, err := strconv.Unquote(literal.Value); err == nil && s != "" {
					all = append(all, s)
				}
			}
			return true
		})
	})
	if err != nil || len(all) < 3 {
		t.Fatalf("constants of %s.%s: %q, %v", dir, name, all, err)
	}
	return all
}

// httpStatus maps gRPC numbers to Nakama's HTTP statuses. TestClients_reasons asks the server about
// the numbers that a client can cause.
var httpStatus = map[int]int{3: 400, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 13: 500, 16: 401}

// TestClients_reasons: the table has every reason with its number and the HTTP status of the
// server's answer.
func TestClients_reasons(t *testing.T) {
	left := map[string]bool{}
	for _, reason := range constantsOfType(t, "party", "Reason") {
		left[reason] = true
	}
	for _, row := range rowsOf(t, "docs/clients.md", "### Reasons") {
		reason := codeWords(row[0])[0]
		if !left[reason] {
			t.Errorf("%s is no reason, or listed twice", reason)
		}
		delete(left, reason)
		number := party.Reason(reason).Code()
		if row[1] != fmt.Sprint(number) || row[2] != fmt.Sprint(httpStatus[number]) {
			t.Errorf("%s is shown with %s and %s; want %d and %d", reason, row[1], row[2], number, httpStatus[number])
		}
	}
	for reason := range left {
		t.Errorf("%s is not in the table", reason)
	}

	w := newWorld(t, server(t))
	provoke := func(want int, call func() error) {
		t.Helper()
		var refused *client.APIError
		if err := call(); !errors.As(err, &refused) || refused.Code != want || refused.Status != httpStatus[want] {
			t.Errorf("%v; want number %d with HTTP status %d", err, want, httpStatus[want])
		}
	}
	http := func(id, payload string) func() error {
		return func() error { _, err := w.call(w.friend, true, id, payload); return err }
	}
	provoke(3, http("party_invite_preview", `{"cod":""}`))
	provoke(5, http("party_invite_preview", `{"code":"not a code"}`))
	provoke(7, http("party_invite_list", `{"party_id":"`+w.partyID+`"}`))
	provoke(9, func() error {
		second := w.invite()
		other, err := w.client.Connect(w.ctx, w.friend.Session, client.SocketOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Abort()
		if err := other.Barrier(w.ctx); err != nil {
			t.Fatal(err)
		}
		_, err = w.call(w.friend, true, "party_invite_redeem", `{"code":"`+second.Code+`"}`)
		return err
	})
	provoke(16, func() error {
		_, err := w.client.RPCWithKey(w.ctx, client.DefaultHTTPKey, "party_invite_preview", "{}")
		return err
	})
	provoke(8, func() error {
		var err error
		for range 20 { // more wrong codes than the rules let anybody try
			if err = http("party_invite_preview", `{"code":"not a code"}`)(); party.Reason(reasonOf(err)) == party.RateLimited {
				break
			}
		}
		return err
	})
}

func reasonOf(err error) string {
	var refused *client.APIError
	if !errors.As(err, &refused) {
		return ""
	}
	reason, _, _ := strings.Cut(refused.Message, ": ")
	return reason
}

func TestClients_states(t *testing.T) {
	var listed []string
	for _, row := range rowsOf(t, "docs/clients.md", "### Show a preview") {
		listed = append(listed, codeWords(row[0])...)
	}
	want := constantsOfType(t, "party", "InviteState")
	slices.Sort(listed)
	slices.Sort(want)
	if !slices.Equal(listed, want) {
		t.Errorf("the table has %q; states are %q", listed, want)
	}
}

// TestMatchmaking_told: the tables have every event of a ticket, and every reason for dropping
// one.
func TestMatchmaking_told(t *testing.T) {
	rows, err := document(t, "docs/matchmaking.md").cells("### What a party is told", true)
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, row := range rows {
		listed = append(listed, codeWords(row[0])...)
	}
	want := append(constantsOfType(t, "matchmaking/queue", "DropReason"), constantsOfType(t, "matchmaking/queue", "EventName")...)
	slices.Sort(listed)
	slices.Sort(want)
	if listed, want := slices.Compact(listed), slices.Compact(want); !slices.Equal(listed, want) {
		t.Errorf("the tables have %q; the code %q", listed, want)
	}
}

// TestClients_request: the table of party_invite_create has the request's fields.
func TestClients_request(t *testing.T) {
	var listed, want []string
	for _, row := range rowsOf(t, "docs/clients.md", "## Invite") {
		listed = append(listed, codeWords(row[0])...)
	}
	request := reflect.TypeFor[party.InviteRequest]()
	for i := range request.NumField() {
		name, _, _ := strings.Cut(request.Field(i).Tag.Get("json"), ",")
		want = append(want, name)
	}
	slices.Sort(listed)
	slices.Sort(want)
	if !slices.Equal(listed, want) {
		t.Errorf("the table has %q; the request has %q", listed, want)
	}
}

// TestClients_messages: the table has every op code that the module sends, and only events that
// exist in the code.
func TestClients_messages(t *testing.T) {
	codes := map[string]string{} // by constant
	used := map[string]bool{}
	literals := map[string]bool{}
	err := goFiles(func(_ string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if u, ok := initializer(n, i).(*ast.UnaryExpr); ok && u.Op == token.SUB && strings.HasPrefix(name.Name, "Op") {
						codes[name.Name] = "-" + u.X.(*ast.BasicLit).Value
					}
				}
			case *ast.SelectorExpr:
				used[n.Sel.Name] = true
			case *ast.CallExpr:
				for _, arg := range n.Args {
					if name, ok := arg.(*ast.Ident); ok {
						used[name.Name] = true
					}
				}
			case *ast.BasicLit:
				if s, err := strconv.Unquote(n.Value); err == nil {
					literals[s] = true
				}
			}
			return true
		})
	})
	if err != nil || len(codes) == 0 {
		t.Fatalf("op codes %v, %v", codes, err)
	}
	sent := map[string]bool{}
	for name, code := range codes {
		if used[name] {
			sent[code] = true
		}
	}
	for _, row := range rowsOf(t, "docs/clients.md", "### Messages of the server") {
		if !sent[row[0]] {
			t.Errorf("the module sends no op code %s", row[0])
		}
		delete(sent, row[0])
		for _, event := range codeWords(row[2]) {
			if !literals[event] {
				t.Errorf("op code %s: the module names no event %s", row[0], event)
			}
		}
	}
	for code := range sent {
		t.Errorf("op code %s is missing", code)
	}
}

func initializer(spec *ast.ValueSpec, i int) ast.Expr {
	if i < len(spec.Values) {
		return spec.Values[i]
	}
	return nil
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestLinks: links within the repository lead to files, and to headings in them.
func TestLinks(t *testing.T) {
	for _, d := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(d.Text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(m[1], "#")
			if path == "" {
				path = d.Name
			} else {
				path = filepath.ToSlash(filepath.Join(filepath.Dir(d.Name), path))
			}
			text, err := os.ReadFile(filepath.Join(Root, path))
			if err != nil {
				t.Errorf("%s: %v", d.Name, err)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(string(text)), anchor) {
				t.Errorf("%s: %s has no heading #%s", d.Name, path, anchor)
			}
		}
	}
}

// anchors returns the link anchors of a document's headings.
func anchors(text string) []string {
	var all []string
	inside := false
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "```") {
			inside = !inside
		}
		title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if inside || !strings.HasPrefix(line, "#") || !ok {
			continue
		}
		name := regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(strings.ToLower(title), "")
		all = append(all, strings.ReplaceAll(strings.TrimSpace(name), " ", "-"))
	}
	return all
}
