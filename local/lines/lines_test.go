package lines

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	if l, err := Find("3.41.0"); err != nil || l.Go != "1.27.1" || l.Pins[Common] != "v1.48.0" {
		t.Errorf("Find = %+v, %v", l, err)
	}
	if _, err := Find("2.0.0"); err == nil || !strings.Contains(err.Error(), "SERVER=") {
		t.Errorf("an unknown version: %v; want a pointer to SERVER=", err)
	}
	if l := Default(); l.Standing != Real {
		t.Errorf("the default %+v does not run on a real server", l)
	}
}

func TestParse_Refuses(t *testing.T) {
	for row, want := range map[string]string{
		"3.40.0 v1.47.0 1.26.5":                       "3 columns",
		"3.40.0 v1.47.0 1.26.5 v1.36.11 sure":         `standing "sure"`,
		"3.40.0 v1.47.0 1.26.5 v1.36.11 real x/y:v1":  "is not MODULE@VERSION",
		"# comment\n3.40.0 v1.47.0 1.26.5 v1.36.11 x": "lines.txt:2",
	} {
		if _, err := parse(row); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parse(%q) = %v; want %q", row, err, want)
		}
	}
}

func TestBuildFor(t *testing.T) {
	const shared = "github.com/gofrs/uuid/v5" // every known server contains it
	old, err := Find("3.40.0")
	if err != nil {
		t.Fatal(err)
	}
	b, err := BuildFor(old, []string{Common, shared, "example.com/own"})
	_, contained := ServerModules()
	if want := map[string]string{Common: "v1.47.0", shared: contained[shared]}; err != nil || !maps.Equal(b.Pins, want) || b.Go != "go1.26.5" {
		t.Errorf("BuildFor(3.40.0) = %+v, %v; want pins %v", b, err, want)
	}
	later, err := Find("3.41.0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := BuildFor(later, []string{Common, shared}); err == nil || !strings.Contains(err.Error(), shared) || !strings.Contains(err.Error(), "SERVER=") {
		t.Errorf("a pin that is not known: %v; want the module and a pointer to SERVER=", err)
	}
}

func TestBuildForServer(t *testing.T) {
	server := func(deps ...*debug.Module) *debug.BuildInfo {
		return &debug.BuildInfo{GoVersion: "go1.27.2 X:nogreenteagc", Path: "server", Deps: deps, Settings: []debug.BuildSetting{{Key: "-tags", Value: "netgo"}, {Key: "GOARCH", Value: "arm64"}}}
	}
	fork := &debug.Module{Path: Common, Version: "v1.47.0", Replace: &debug.Module{Path: "example.com/fork", Version: "v1.0.0"}}
	b, err := BuildForServer(server(fork, &debug.Module{Path: Protobuf, Version: "v1.36.12"}, &debug.Module{Path: "example.com/other", Version: "v1.0.0"}), []string{Common, Protobuf})
	want := map[string]string{Common: "example.com/fork v1.0.0", Protobuf: "v1.36.12"}
	if err != nil || !maps.Equal(b.Pins, want) || b.Go != "go1.27.2" || b.Experiment != "nogreenteagc" || b.Arch != "arm64" || !b.Untrimmed || strings.Join(b.Flags, " ") != "-tags=netgo" {
		t.Errorf("BuildForServer = %+v, %v; want pins %v", b, err, want)
	}
	if _, err := BuildForServer(server(), []string{Common}); err == nil || !strings.Contains(err.Error(), "not a Nakama server") {
		t.Errorf("a program without nakama-common: %v", err)
	}
	folder := &debug.Module{Path: Common, Replace: &debug.Module{Path: "../common"}}
	if _, err := BuildForServer(server(folder), []string{Common}); err == nil || !strings.Contains(err.Error(), "../common") {
		t.Errorf("a module from a folder: %v", err)
	}
}

// The generated files in the repository match the line in go.mod, whatever line the tests run
// on.
func TestStubs_Current(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range stubs {
		dir := t.TempDir()
		gen := filepath.Join(dir, "gen")
		if _, err := goCommand(t.Context(), root, []string{"GOFLAGS="}, "build", "-o", gen, "./"+folder+"/gen"); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), gen)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("generating %s: %v\n%s", folder, err, out)
		}
		made, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(made) == 0 {
			t.Fatalf("%s: generated %q, %v", folder, made, err)
		}
		for _, file := range made {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(root, filepath.FromSlash(folder), filepath.Base(file))
			if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s/%s is out of date (%v): run go generate ./%s", folder, filepath.Base(file), err, folder)
			}
		}
	}
}

// A missing or unknown C compiler is reported before anything is built.
func TestCross(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for arch, want := range map[string]string{"arm64": "gcc-aarch64-linux-gnu", "amd64": "gcc-x86-64-linux-gnu", "riscv64": "riscv64"} {
		if env, err := Cross(arch); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Cross(%s) = %q, %v; want %q in the error", arch, env, err, want)
		}
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "aarch64-linux-gnu-gcc"), []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
	if env, err := Cross("arm64"); err != nil || strings.Join(env, " ") != "GOARCH=arm64 CC=aarch64-linux-gnu-gcc" {
		t.Errorf("Cross = %q, %v", env, err)
	}
}

// If the toolchain is not available, the error says so and what to do.
func TestPrepare_NoToolchain(t *testing.T) {
	t.Setenv("GOPROXY", "off")
	_, err := Prepare(t.Context(), filepath.Join("..", ".."), Build{Name: "none", Go: "go1.26.999"})
	if err == nil || !strings.Contains(err.Error(), "has to be built by exactly go1.26.999, which is not available") {
		t.Errorf("Prepare = %v", err)
	}
}
