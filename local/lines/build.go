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
