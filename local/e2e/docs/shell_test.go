package docs

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"partyline/local"
	versions "partyline/local/lines"
)

// commands are the programs in shell lines, with the check of their arguments.
var commands = map[string]func(t *testing.T, b Block, args []string){
	"make":      checkMake,
	"nakama":    checkNakama,
	"partyline": checkPartyline,
	"go":        checkGoCommand,
	"cp":        func(t *testing.T, b Block, args []string) { checkFiles(t, b, args[:len(args)-1]) },
	"docker": func(t *testing.T, b Block, args []string) {
		if len(args) > 3 && args[1] == "--profile" {
			if !strings.Contains(readFile(t, "docker-compose.yml"), "profiles: ["+args[2]+"]") {
				t.Errorf("%s: there is no profile %s", b, args[2])
			}
			args = slices.Delete(slices.Clone(args), 1, 3)
		}
		if len(args) < 2 || args[0] != "compose" || !slices.Contains([]string{"up", "down", "restart", "logs", "build"}, args[1]) {
			t.Errorf("%s: docker %q", b, args)
		}
	},
	"curl": func(t *testing.T, b Block, args []string) { checkURL(t, b, args[len(args)-1]) },
	// These are not about this repository.
	"mkdir": nil, "npm": nil, "git": nil, "cd": nil, "psql": nil, "kill": nil, "export": nil, "grep": nil, "install": nil,
}

// TestRelease runs README's lines for a release in a folder that has only the release's files and a server. The server
// starts with a plugin and a database that was migrated.
func TestRelease(t *testing.T) {
	dir, commands := t.TempDir(), ""
	for _, b := range blocksOf(t, "README.md") {
		if b.Label == "release" {
			commands += b.Body + "\n"
		}
	}
	for name, does := range map[string]string{
		"nakama":                "if [ $1 = migrate ]; then touch migrated; else test -e migrated && test -e modules/partyline.so && touch started; fi",
		"partyline-linux-amd64": "test $1 = doctor && test -e $3 && test -e $5",
		"partyline-nakama-" + versions.Default().Nakama + "-linux-amd64.so": "",
	} {
		mode := os.FileMode(0o600) // as a download
		if name == "nakama" {
			mode = 0o700
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+does+"\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.CommandContext(t.Context(), "sh", "-e", "-c", commands)
	run.Dir = dir
	out, err := run.CombinedOutput()
	if _, started := os.Stat(filepath.Join(dir, "started")); err != nil || started != nil {
		t.Errorf("README.md's lines for a release: %v, %v\n%s", err, started, out)
	}
}

// checkShell: commands are known, and name targets, flags and files that exist.
func checkShell(t *testing.T, b Block) {
	t.Helper()
	body := strings.ReplaceAll(b.Body, "\\\n", " ")
	for line := range strings.SplitSeq(body, "\n") {
		if code, _, ok := strings.Cut(line, " #"); ok {
			line = code
		}
		for _, part := range regexp.MustCompile(`&&|\|\||;|\|`).Split(line, -1) {
			words := strings.Fields(part)
			for len(words) > 0 && regexp.MustCompile(`^[A-Z_]+=`).MatchString(words[0]) {
				words = words[1:]
			}
			if len(words) == 0 || strings.HasPrefix(words[0], "#") {
				continue
			}
			check, ok := commands[filepath.Base(words[0])]
			if !ok {
				t.Errorf("%s: %q is a command the test knows nothing of", b, words[0])
				continue
			}
			if check != nil {
				check(t, b, words[1:])
			}
		}
	}
}

func checkMake(t *testing.T, b Block, args []string) {
	t.Helper()
	makefile := readFile(t, "Makefile")
	for _, arg := range args {
		name, _, isVariable := strings.Cut(arg, "=")
		form := `(?m)^` + regexp.QuoteMeta(arg) + `:`
		if isVariable {
			form = `\b` + regexp.QuoteMeta(name) + `\b`
		}
		if !regexp.MustCompile(form).MatchString(makefile) {
			t.Errorf("%s: make knows no %s", b, arg)
		}
	}
}

func checkNakama(t *testing.T, b Block, args []string) {
	t.Helper()
	for i, arg := range args {
		name, isFlag := strings.CutPrefix(arg, "--")
		name, value, joined := strings.Cut(name, "=")
		if !isFlag {
			continue
		}
		if !slices.Contains(serverFlags(t), name) {
			t.Errorf("%s: the server has no flag --%s", b, name)
		}
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		if name == "runtime.env" {
			checkVariable(t, b, value)
		}
	}
}

// checkPartyline asks the command line for the help of the subcommand.
func checkPartyline(t *testing.T, b Block, args []string) {
	t.Helper()
	sources := ""
	err := filepath.WalkDir(filepath.Join(Root, "local/cmd/partyline"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			var data []byte
			data, err = os.ReadFile(path)
			sources += string(data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, arg := range args {
		switch {
		case strings.HasPrefix(arg, "-"):
			name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			if !regexp.MustCompile(`\((?:&[\w.]+, )?"` + regexp.QuoteMeta(name) + `"`).MatchString(sources) {
				t.Errorf("%s: partyline has no flag %s", b, arg)
			}
		case i == 0, i == 1 && args[0] == "rules":
			if !strings.Contains(sources, `{name: "`+arg+`", help: "`) {
				t.Errorf("%s: partyline has no command %s", b, arg)
			}
		}
	}
}

func checkGoCommand(t *testing.T, b Block, args []string) {
	t.Helper()
	line := "go " + strings.Join(args, " ")
	switch args[0] {
	case "build":
		for _, flag := range []string{"-trimpath", "-buildmode=plugin"} {
			if strings.Contains(line, "./module") && !slices.Contains(args, flag) {
				t.Errorf("%s: the plugin is built without %s", b, flag)
			}
		}
		fallthrough
	case "run", "test", "vet":
		checkFiles(t, b, args[1:])
		if i := slices.Index(args, "./local/cmd/partyline"); i >= 0 {
			checkPartyline(t, b, args[i+1:])
		}
	case "version", "get", "mod", "tool":
	default:
		t.Errorf("%s: %s", b, line)
	}
}

// checkFiles: paths of this repository exist, except for built files and the paths of the
// installation.
func checkFiles(t *testing.T, b Block, paths []string) {
	t.Helper()
	for _, path := range paths {
		if strings.HasPrefix(path, "-") || strings.HasPrefix(path, "build/") || strings.HasPrefix(path, "modules/") || !strings.Contains(path, "/") {
			continue
		}
		path = strings.TrimPrefix(strings.TrimSuffix(path, "/..."), "partyline/") // an import path, as a game's module writes it
		if _, err := os.Stat(filepath.Join(Root, path)); err != nil && !filepath.IsAbs(path) {
			t.Errorf("%s: %v", b, err)
		}
	}
}

// checkURL: a path is one of the module's routes or of Nakama's API.
func checkURL(t *testing.T, b Block, address string) {
	t.Helper()
	path := regexp.MustCompile(`^["']?https?://[^/]+(/[^?"']*)`).FindStringSubmatch(address)
	if path == nil {
		t.Errorf("%s: %s is no address", b, address)
		return
	}
	if strings.HasPrefix(path[1], "/v2/") || path[1] == "/healthcheck" {
		return
	}
	for _, line := range entryPoints(t) {
		if words := strings.Fields(line); words[0] == "http" {
			pattern := strings.ReplaceAll(words[2], "{slash:/?}", "")
			form := "^" + regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(pattern), `[^/]+`) + "$"
			if regexp.MustCompile(form).MatchString(path[1]) {
				return
			}
		}
	}
	t.Errorf("%s: nothing answers at %s", b, path[1])
}

// checkOutput runs the command line of the shell block before. Its rules.yml is the page's block with that
// label, or else the sample. It looks for the block's lines in the output.
func checkOutput(t *testing.T, d Document, b Block) {
	t.Helper()
	i := slices.Index(d.Blocks, b)
	if i < 1 || d.Blocks[i-1].Language != "sh" {
		t.Fatalf("%s: no shell block before it says what prints this", b)
	}
	line, _, _ := strings.Cut(d.Blocks[i-1].Body, "\n")
	args := strings.Fields(line)
	if len(args) == 0 || args[0] != "partyline" {
		t.Fatalf("%s: the test runs partyline alone, not %q", b, line)
	}
	root, err := filepath.Abs(Root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "partyline")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./local/cmd/partyline")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file := local.SampleRules
	if i := slices.IndexFunc(d.Blocks, func(b Block) bool { return b.Label == "rules.yml" }); i >= 0 {
		file = []byte("version: 1\n" + d.Blocks[i].Body)
	}
	if err := os.WriteFile(filepath.Join(dir, "rules.yml"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), program, args[1:]...)
	run.Dir = dir
	out, err := run.CombinedOutput()
	if err != nil || !strings.Contains(string(out), b.Body) {
		t.Errorf("%s: %s prints something else (%v):\n%s", b, line, err, out)
	}
}
