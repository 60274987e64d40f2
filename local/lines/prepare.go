package lines

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Linked returns the versions of the modules that the plugin links, from go.mod.
func Linked(ctx context.Context, root string) (map[string]string, error) {
	out, err := goCommand(ctx, root, nil, "list", "-deps", "-f", "{{with .Module}}{{if .Version}}{{.Path}} {{.Version}}{{end}}{{end}}", "./module")
	if err != nil {
		return nil, fmt.Errorf("listing the plugin's modules: %w", err)
	}
	linked := map[string]string{}
	for row := range strings.Lines(out) {
		if module, version, ok := strings.Cut(strings.TrimSpace(row), " "); ok {
			linked[module] = version
		}
	}
	return linked, nil
}

// stubs lists the packages with files generated for a version of nakama-common.
var stubs = []string{"local/engine/host", "local/engine/fault"}

// Prepare sets up the repository at root so that the Go command builds as b says. It returns the
// environment for the command. If b differs from the repository's go.mod and generated files,
// Prepare writes its own to build/lines below root and reuses them until they are out of date.
func Prepare(ctx context.Context, root string, b Build) (env []string, err error) {
	linked, err := Linked(ctx, root)
	if err != nil {
		return nil, err
	}
	env = []string{"GOTOOLCHAIN=" + b.Go, "GOEXPERIMENT=" + b.Experiment, "CGO_ENABLED=1"}
	if _, err := goCommand(ctx, root, env, "version"); err != nil {
		return nil, fmt.Errorf("the plugin has to be built by exactly %s, which is not available: %w; the Go module proxy serves it, or put a program named %s on the PATH", b.Go, err, b.Go)
	}
	flags := b.Flags
	differs := false
	for _, module := range b.names() {
		differs = differs || linked[module] != b.Pins[module]
	}
	if differs {
		dir := filepath.Join(root, "build", "lines", b.Name)
		if err := prepareModules(ctx, root, dir, b, env); err != nil {
			return nil, fmt.Errorf("pinning the modules for %s: %w", b.Name, err)
		}
		flags = append([]string{"-modfile=" + filepath.Join(dir, "go.mod"), "-overlay=" + filepath.Join(dir, "overlay.json")}, flags...)
	}
	for _, flag := range flags {
		if strings.ContainsAny(flag, " \t\n") {
			return nil, fmt.Errorf("the Go command takes no space in %q: move the repository to a path without one", flag)
		}
	}
	return append(env, "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" "+strings.Join(flags, " "))), nil
}

// prepareModules writes a go.mod with the pins, and the stubs for them, into dir.
func prepareModules(ctx context.Context, root, dir string, b Build, env []string) error {
	state, err := stateChecksum(root, b)
	if err != nil {
		return err
	}
	done := filepath.Join(dir, "state")
	if was, err := os.ReadFile(done); err == nil && string(was) == state {
		return nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), content, 0o644)
		}
		if err != nil {
			return err
		}
	}
	pinned := filepath.Join(dir, "go.mod")
	modfile := "-modfile=" + pinned
	get := []string{"get", modfile}
	for _, module := range b.names() {
		if path, version, replaced := strings.Cut(b.Pins[module], " "); replaced {
			if _, err := goCommand(ctx, root, env, "mod", "edit", "-replace="+module+"="+path+"@"+version, pinned); err != nil {
				return err
			}
			continue
		}
		get = append(get, module+"@"+b.Pins[module])
	}
	if _, err := goCommand(ctx, root, env, get...); err != nil {
		return err
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for _, folder := range stubs {
		to := filepath.Join(dir, filepath.FromSlash(folder))
		if err := os.MkdirAll(to, 0o755); err != nil {
			return err
		}
		gen := filepath.Join(dir, "gen")
		if _, err := goCommand(ctx, root, env, "build", modfile, "-o", gen, "./"+folder+"/gen"); err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, gen)
		cmd.Dir = to
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("generating %s: %w\n%s", folder, err, out)
		}
		made, err := filepath.Glob(filepath.Join(to, "*.go"))
		if err != nil {
			return err
		}
		for _, file := range made {
			overlay.Replace[filepath.Join(root, filepath.FromSlash(folder), filepath.Base(file))] = file
		}
	}
	content, err := json.MarshalIndent(overlay, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), content, 0o644); err != nil {
		return err
	}
	return os.WriteFile(done, []byte(state), 0o644)
}

// stateChecksum returns a checksum of the inputs of prepareModules.
func stateChecksum(root string, b Build) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q\n", b.Go, b.Pins, b.Experiment)
	files := []string{"go.mod", "go.sum"}
	for _, folder := range stubs {
		files = append(files, folder+"/gen/main.go")
	}
	for _, name := range files {
		content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(content), content)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// goCommand runs the Go command in the repository and returns its output.
func goCommand(ctx context.Context, root string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), env...)
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, bytes.TrimSpace(problem.Bytes()))
	}
	return out.String(), nil
}
