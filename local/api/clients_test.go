package api_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"partyline/local/e2e/npm"
)

// npmFolder is the folder where npm installs the parser of GDScript.
const npmFolder = "../e2e/js"

// ownValues is what becomes of values of a game's own types, and what PartyJson says to those that do not fit.
const ownValues = `{"Mode":"Trio","Scores":[1,2],"At":"2026-01-02T03:04:05.0000000Z","Level":7,"Places":[{"X":0.1}],"Keys":{"Duo":"k"},"Id":"7a07e5e3-c532-4891-899d-973131c3a3fc","Big":5,"Reach":1e999}
format: the value: wanted Own, got a list
format: the value: wanted Own, got 2.5
format: Level: wanted Int32, got 2.5
format: Level: wanted Int32, got 1E+30
format: Level: wanted Int32, got null
format: Level: wanted Int32, got a text
format: Level: wanted Int32, got an object
format: Mode: wanted Mode, got a text
format: Mode: wanted Mode, got 1
format: Scores: wanted Int32, got null
format: Scores: wanted Int32[], got an object
format: Places: wanted List` + "`1" + `, got an object
format: Duo: wanted Char, got a text
format: At: wanted DateTime, got a text
format: Id: wanted Guid, got a text
format: Id: wanted Guid, got an object
format: Big: wanted UInt64, got 1.8446744073709552E+19
format: Reach: wanted Single, got 1E+300
format: the value: wanted Int32, got null
format: not JSON at character 0
format: the value: wanted String, got 5
[1,100000]
[100000,2]
{"pos":{"X":2},"big":18446744073709551615}
argument: JSON has no NaN
argument: TimeSpan has nothing that can be set
argument: the value has more than 64 levels, or holds itself
`

// TestCSharp compiles the typed client, and a game that uses it, as C# 7, which Mono and current versions
// of Unity support, and plays it. The SDK is a stub of the interface that the client uses. A game's own
// values come through the client, and go back, as they are.
func TestCSharp(t *testing.T) {
	finder := exec.CommandContext(t.Context(), "./mcs.sh")
	finder.Stderr = os.Stderr
	found, err := finder.Output()
	if err != nil {
		t.Fatal("no C# compiler; its finder says above what to install")
	}
	compiler := strings.TrimSpace(string(found))
	program := filepath.Join(t.TempDir(), "game.exe")
	compile := func(game string) (string, error) {
		out, err := exec.CommandContext(t.Context(), compiler, "-langversion:7", "-warnaserror",
			"-out:"+program, "testdata/sdk.cs", "../../docs/api/Partyline.cs", "testdata/play.cs", game).CombinedOutput()
		return string(out), err
	}
	if out, err := compile("testdata/game.cs"); err != nil {
		t.Fatalf("docs/api/Partyline.cs: %v\n%s", err, out)
	}
	const values = `{"ts":1796088305000,"f":1E-07,"n":-9007199254740993,"x":0.1,"huge":1e999,"d":[[1,[2.5,{"a\"b":"}],{"}]],[]],"o":{},"y":true,"z":null}`
	out, err := exec.CommandContext(t.Context(), "mono", program,
		` { "version" : 2, "party": `+values+`, "members":{"ann":{"note":"l1\nl2 C:\\dir R\u0026D \ud83d\ude00"}}}`+"\r\n").CombinedOutput()
	want := "1796088305000 True True\n" +
		`{"party_id":"p","party":` + values + `,"version":2}` + "\n" +
		`{"party_id":"p","launch":{"map":"a\tb\u0001","at":{"\"":0.5}}}` + "\n" +
		"seat_held 0 null\nended none [\"R&D\"]\n" +
		"internal: Say \"hi\".\ncancelled\ncancelled\n" + ownValues
	if err != nil || string(out) != want {
		t.Errorf("the game: %v\n%s\nwant\n%s", err, out, want)
	}
	text, err := os.ReadFile("testdata/game.cs")
	if err != nil {
		t.Fatal(err)
	}
	wrong := filepath.Join(t.TempDir(), "wrong.cs")
	if err := os.WriteFile(wrong, []byte(strings.Replace(string(text), "TtlSec = 300", "TtlSeconds = 300", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := compile(wrong); err == nil || !strings.Contains(out, "TtlSeconds") {
		t.Errorf("a misspelt field compiles: %v\n%s", err, out)
	}
}

// TestGDScript parses the typed client with a grammar of Godot 4. It does not check types and names,
// because that needs the engine, and Debian's engine is version 3.2.
func TestGDScript(t *testing.T) {
	npm.Install(t, npmFolder)
	parse := func(file string) (string, error) {
		out, err := exec.CommandContext(t.Context(), npm.Tool(t, "node"), npmFolder+"/typed/gdscript.mjs", file).CombinedOutput()
		return string(out), err
	}
	if out, err := parse("../../docs/api/partyline.gd"); err != nil {
		t.Errorf("docs/api/partyline.gd: %v\n%s", err, out)
	}
	wrong := filepath.Join(t.TempDir(), "wrong.gd")
	if err := os.WriteFile(wrong, []byte("extends RefCounted\n\nfunc call(\n\treturn 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := parse(wrong); err == nil || !strings.Contains(out, "line ") {
		t.Errorf("a function without an end is taken: %v\n%s", err, out)
	}
}
