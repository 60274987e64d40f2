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
		"internal: Say \"hi\".\ncancelled\ncancelled\n"
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
