package lines

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Plugin returns the Go command that builds a package as a plugin file. The package of
// Partyline is ./module.
func (b Build) Plugin(pkg, commit, out string) []string {
	args := append([]string{"go", "build"}, b.trimpath()...)
	return append(args, "-buildmode=plugin", "-ldflags", Stamp(commit, b.Name), "-o", out, pkg)
}

// PluginHost returns the Go command that builds the plugin host with the same settings as the
// plugin.
func (b Build) PluginHost(out string) []string {
	args := append([]string{"go", "build"}, b.trimpath()...)
	return append(args, "-ldflags", "-s -w", "-o", out, "./local/cmd/pluginhost")
}

// crossCompilers maps a machine's GOARCH to the C compiler that builds for it on Linux.
var crossCompilers = map[string]string{"amd64": "x86_64-linux-gnu-gcc", "arm64": "aarch64-linux-gnu-gcc"}

// Cross returns the environment in which the Go command builds plugins for another machine.
func Cross(arch string) (env []string, err error) {
	compiler, ok := crossCompilers[arch]
	if !ok {
		return nil, fmt.Errorf("no known C compiler builds for %s", arch)
	}
	if _, err := exec.LookPath(compiler); err != nil {
		return nil, fmt.Errorf("a plugin for %s needs %s, which is not installed (Debian: apt-get install gcc-%s): %w",
			arch, compiler, strings.TrimSuffix(strings.ReplaceAll(compiler, "_", "-"), "-gcc"), err)
	}
	return []string{"GOARCH=" + arch, "CC=" + compiler}, nil
}

// trimpath returns -trimpath, unless the server was built without it. Plugin and server must
// agree on source positions.
func (b Build) trimpath() []string {
	if b.Untrimmed {
		return nil
	}
	return []string{"-trimpath"}
}

// Stamp returns the value of -ldflags that tells the module which build it is.
func Stamp(commit, nakama string) string {
	const where = "partyline/internal/build."
	return fmt.Sprintf("-s -w -X %scommit=%s -X %snakama=%s", where, commit, where, nakama)
}

// Commit returns the commit of the repository at root, or "" if Git does not know it.
func Commit(ctx context.Context, root string) string {
	cmd := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--exclude=*")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
