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
// of Unity support. The SDK is a stub of the interface that the client uses.
func TestCSharp(t *testing.T) {
	finder := exec.CommandContext(t.Context(), "./mcs.sh")
	finder.Stderr = os.Stderr
	found, err := finder.Output()
	if err != nil {
		t.Fatal("no C# compiler; its finder says above what to install")
	}
	compiler := strings.TrimSpace(string(found))
	compile := func(game string) (string, error) {
		out, err := exec.CommandContext(t.Context(), compiler, "-langversion:7", "-warnaserror", "-target:library",
			"-out:"+filepath.Join(t.TempDir(), "game.dll"), "testdata/sdk.cs", "../../docs/api/Partyline.cs", game).CombinedOutput()
		return string(out), err
	}
	if out, err := compile("testdata/game.cs"); err != nil {
		t.Errorf("docs/api/Partyline.cs: %v\n%s", err, out)
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
