package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// If a plugin cannot be built, the error says why, and no file is written.
func TestRun_Refuses(t *testing.T) {
	t.Chdir("../../..") // the repository's root
	dir := t.TempDir()
	text := filepath.Join(dir, "server.txt")
	if err := os.WriteFile(text, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable() // a Go program without Nakama's modules
	if err != nil {
		t.Fatal(err)
	}
	plugin := filepath.Join(dir, "out.so")
	for _, tt := range []struct {
		name  string
		asked options
		want  string
	}{
		{"nothing", options{}, "say what to run"},
		{"both", options{nakama: "3.40.0", server: shell}, "not by both"},
		{"unknown", options{nakama: "2.0.0"}, "no line for Nakama 2.0.0, there are 3.40.0"},
		{"missing", options{server: filepath.Join(dir, "none")}, "no such file"},
		{"text", options{server: text}, "is not a program"},
		{"no_go", options{server: shell}, "is not a Go program"},
		{"no_nakama", options{server: self}, "not a Nakama server"},
		{"arch", options{arch: "wasm"}, "no known C compiler builds for wasm"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name != "nothing" {
				tt.asked.plugin = plugin
			}
			code, err := run(t.Context(), tt.asked)
			if err == nil || code != 2 || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("run = %d, %v; want 2 and %q", code, err, tt.want)
			}
			if _, err := os.Stat(plugin); err == nil {
				t.Error("there is a plugin")
			}
		})
	}
}
