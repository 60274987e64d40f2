package matchmaking_test

import (
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "put testdata/game/main.go into docs/matches.md")

// The handler in the docs for game developers is a file that compiles.
func TestDocs_Game(t *testing.T) {
	const docs, game = "../docs/matches.md", "testdata/game/main.go"
	text, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(game)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := strings.Cut(string(text), "<!-- game -->\n```go\n")
	_, tail, ok2 := strings.Cut(rest, "```\n<!-- end of game -->")
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the handler", docs)
	}
	want := head + "<!-- game -->\n```go\n" + string(code) + "```\n<!-- end of game -->" + tail
	if *update {
		if err := os.WriteFile(docs, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Errorf("%s does not show %s as it is; run go test ./matchmaking -run Docs -update", docs, game)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "vet", "./testdata/game").CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", game, err, out)
	}
}
