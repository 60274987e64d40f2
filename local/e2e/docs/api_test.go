package docs

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"partyline/local/api"
)

var apiOnce = sync.OnceValues(func() (*api.API, error) { return api.Read(Root) })

func clientAPI(t *testing.T) *api.API {
	t.Helper()
	found, err := apiOnce()
	if err != nil {
		t.Fatalf("the module's Go types as clients see them: %v", err)
	}
	return found
}

// TestAPI_current: the files in docs/api match the module's Go types.
func TestAPI_current(t *testing.T) {
	for name, want := range clientAPI(t).Files() {
		got, err := os.ReadFile(filepath.Join(Root, "docs/api", name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("docs/api/%s is not what the Go types say (%v): run `make api` and commit what it writes", name, err)
		}
	}
}

// TestAPI_check: party_check takes every action that clients may send by its type.
func TestAPI_check(t *testing.T) {
	found := clientAPI(t)
	at := slices.IndexFunc(found.Calls, func(c api.Call) bool { return c.ID == "party_check" })
	w := newWorld(t, server(t))
	for _, action := range found.Calls[at].Request.Fields[0].Type.Enum.Values {
		w.mustCall(w.leader, "party_check", map[string]any{"action": action.Text, "party_id": w.partyID}, nil)
	}
}

// TestContract: the tables of the contract match the Go types, and the contract names every route,
// match handler and collection.
func TestContract(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(Root, "docs/contract.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	if want, err := clientAPI(t).Contract(page); err != nil || want != page {
		t.Errorf("docs/contract.md is not what the Go types say (%v): run `make api` and commit what it writes", err)
	}
	for _, line := range entryPoints(t) {
		fields := strings.Fields(line)
		if fields[0] != "http" && fields[0] != "match" {
			continue
		}
		name, _, _ := strings.Cut(fields[len(fields)-1], "{slash")
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/contract.md does not name %s", name)
		}
	}
	collection := regexp.MustCompile(`Collection\s*=\s*"(partyline_\w+)"`)
	found := 0
	for _, pattern := range []string{"party/*/*.go", "module/wiring/*.go", "matchmaking/*.go", "matchmaking/*/*.go"} {
		files, _ := filepath.Glob(filepath.Join(Root, pattern))
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range collection.FindAllSubmatch(source, -1) {
				found++
				if !strings.Contains(page, "`"+string(match[1])) {
					t.Errorf("docs/contract.md does not name %s", match[1])
				}
			}
		}
	}
	if found < 9 {
		t.Errorf("found %d collections in the sources; want 9 or more", found)
	}
}

// TestAPI_complete: the API has every call that the module registers, every op code and notification
// in the documentation, and every reason in the table of errors.
func TestAPI_complete(t *testing.T) {
	a := clientAPI(t)
	var calls []string
	for _, c := range a.Calls {
		who := "signed-in users"
		if c.ServerOnly {
			who = "servers with the HTTP key"
		}
		calls = append(calls, "rpc "+c.ID+" for "+who)
	}
	var want []string
	for _, line := range entryPoints(t) {
		if strings.HasPrefix(line, "rpc ") {
			want = append(want, line)
		}
	}
	slices.Sort(want)
	if !slices.Equal(calls, want) {
		t.Errorf("the API has the calls\n%s\nand the module\n%s", strings.Join(calls, "\n"), strings.Join(want, "\n"))
	}
	numbers := map[string]bool{}
	for _, e := range a.Events {
		numbers["message "+strconv.FormatInt(e.Op, 10)] = true
	}
	for _, n := range a.Notices {
		numbers["notification "+strconv.FormatInt(n.Code, 10)] = true
	}
	for op := -1; op >= -len(a.Events); op-- {
		if name := "message " + strconv.Itoa(op); !numbers[name] {
			t.Errorf("there is no %s, though there are %d messages", name, len(a.Events))
		}
	}
	form := regexp.MustCompile("^(message|notification) -?[0-9]+$")
	for _, d := range documents(t) {
		for _, b := range d.Blocks {
			if form.MatchString(b.Label) && !numbers[b.Label] {
				t.Errorf("%s: the API has no %s; it has %q", b, b.Label, slices.Sorted(maps.Keys(numbers)))
			}
		}
	}
	rows, err := document(t, "docs/clients.md").cells("### Reasons", false)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, row := range rows {
		said[strings.Trim(row[0], "`")] = row[1]
	}
	for _, r := range a.Reasons {
		if said[r.Name] != strconv.Itoa(r.Number) {
			t.Errorf("the documentation gives %s the number %q, the API %d", r.Name, said[r.Name], r.Number)
		}
	}
	if len(a.Reasons) != len(said) {
		t.Errorf("%d reasons in the API, %d in the documentation", len(a.Reasons), len(said))
	}
}

// TestAPI_answers: real answers, messages and notifications have the form that the API gives.
func TestAPI_answers(t *testing.T) {
	a, addr := clientAPI(t), server(t)
	forms := map[string]*api.Object{}
	for _, c := range a.Calls {
		forms[c.ID] = c.Answer
	}
	for _, e := range a.Events {
		forms["message "+strconv.FormatInt(e.Op, 10)] = e.Data
	}
	for _, n := range a.Notices {
		forms["notification "+strconv.FormatInt(n.Code, 10)] = n.Content
	}
	compared := 0
	for label, sample := range samples {
		form, ok := forms[label]
		if !ok {
			continue
		}
		compared++
		t.Run(label, func(t *testing.T) {
			raw := sample(newWorld(t, addr))
			if err := form.Fits(raw); err != nil {
				t.Errorf("%v in %s", err, raw)
			}
		})
	}
	if compared < 12 {
		t.Errorf("only %d answers were compared", compared)
	}
}
