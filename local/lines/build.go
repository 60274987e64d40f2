package lines

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Plugin is the Go command that builds a package, ./module for Partyline, as a plugin into a
// file.
func (b Build) Plugin(pkg, commit, out string) []string {
	args := append([]string{"go", "build"}, b.trimpath()...)
	return append(args, "-buildmode=plugin", "-ldflags", Stamp(commit, b.Name), "-o", out, pkg)
}

// PluginHost is the Go command that builds the program which opens a plugin that was built
// the same way.
func (b Build) PluginHost(out string) []string {
	args := append([]string{"go", "build"}, b.trimpath()...)
	return append(args, "-ldflags", "-s -w", "-o", out, "./local/cmd/pluginhost")
}

// crossCompilers are the C compilers that build for another machine on Linux, by its name in Go.
var crossCompilers = map[string]string{"amd64": "x86_64-linux-gnu-gcc", "arm64": "aarch64-linux-gnu-gcc"}

// Cross is the environment that has the Go command build plugins for another machine.
func Cross(arch string) (env []string, err error) {
	compiler, ok := crossCompilers[arch]
	if !ok {
		return nil, fmt.Errorf("no C compiler is known that builds for %s", arch)
	}
	if _, err := exec.LookPath(compiler); err != nil {
		return nil, fmt.Errorf("a plugin for %s takes %s, which is not installed (Debian: apt-get install gcc-%s): %w",
			arch, compiler, strings.TrimSuffix(strings.ReplaceAll(compiler, "_", "-"), "-gcc"), err)
	}
	return []string{"GOARCH=" + arch, "CC=" + compiler}, nil
}

// trimpath is -trimpath unless the server was built without: positions in the source are
// part of what plugin and server have to agree in.
func (b Build) trimpath() []string {
	if b.Untrimmed {
		return nil
	}
	return []string{"-trimpath"}
}

// Stamp is the value of -ldflags that tells the module which build it is.
func Stamp(commit, nakama string) string {
	const where = "partyline/internal/build."
	return fmt.Sprintf("-s -w -X %scommit=%s -X %snakama=%s", where, commit, where, nakama)
}

// Commit is what the repository at root is at, "" if Git does not know.
func Commit(ctx context.Context, root string) string {
	cmd := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--exclude=*")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
