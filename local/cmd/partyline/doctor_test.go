package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDoctor_Refuses(t *testing.T) {
	self, err := os.Executable() // a Go program, but not a Nakama server that opens plugins
	if err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(t.TempDir(), "text.so")
	if err := os.WriteFile(text, []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	mixed := t.TempDir() // a text file, a program, and a second name of that program
	for name, file := range map[string]string{"a.so": text, "b.so": self, "c.so": self} {
		if err := os.Symlink(file, filepath.Join(mixed, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"nothing", nil, exitUsage, "say which server: --server FILE"},
		{"no_server", []string{"--plugin", text}, exitUsage, "say which server: --server FILE"},
		{"gone", []string{"--server", text + ".gone"}, exitUsage, "no such file"},
		{"no_program", []string{"--server", text}, exitUsage, "is not a program"},
		{"no_plugin", []string{"--server", self, "--plugin", text}, exitUsage, "is not a program"},
		{"no_modules", []string{"--server", self, "--modules", t.TempDir()}, exitUsage, "no plugin (.so) found below"},
		{"modules", []string{"--server", self, "--modules", filepath.Dir(text)}, exitProblem, "text.so is not a program"},
		{"modules_after", []string{"--server", self, "--modules", mixed}, exitProblem, "b.so is not a plugin: it is built with -buildmode=exe"},
		{"modules_after_plugin", []string{"--server", self, "--plugin", filepath.Join(mixed, "b.so"), "--modules", mixed}, exitProblem, "b.so is not a plugin: it is built with -buildmode=exe"},
		{"program_as_plugin", []string{"--server", self, "--plugin", self}, exitProblem, "is not a plugin: it is built with -buildmode=exe"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out, problem strings.Builder
			code := run(&terminal{in: strings.NewReader(""), out: &out, err: &problem}, append([]string{"doctor"}, tt.args...))
			if all := out.String() + problem.String(); code != tt.code || !strings.Contains(all, tt.says) {
				t.Errorf("exit %d: %s; want %d and %q", code, all, tt.code, tt.says)
			} else if twice := strings.Contains(all, "b.so and "+filepath.Join(mixed, "c.so")+" are the same plugin"); twice != strings.Contains(tt.name, "modules_after") || strings.Count(all, "c.so") > 1 {
				t.Errorf("one file with two names: %s", all)
			}
		})
	}
}

func TestVersion(t *testing.T) {
	var out strings.Builder
	if code := run(&terminal{in: strings.NewReader(""), out: &out, err: &out}, []string{"version"}); code != exitOK || !strings.HasPrefix(out.String(), "partyline 1.0.0") {
		t.Errorf("exit %d: %s", code, out.String())
	}
}
