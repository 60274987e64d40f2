// Package npm lets tests use packages of the npm registry and their tools.
//
// Only tests import it.
package npm

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Install installs a folder's packages from the registry, exactly as in its lock file. It does
// nothing if they were installed since the lock file changed. Tests of several packages may call
// it at once: one of them installs.
func Install(t testing.TB, folder string) {
	t.Helper()
	lock, err := os.Open(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close() // which unlocks it
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatalf("lock %s: %v", lock.Name(), err)
	}
	if upToDate(t, filepath.Join(folder, "node_modules", ".package-lock.json"), lock.Name()) {
		return
	}
	cmd := exec.CommandContext(t.Context(), Tool(t, "npm"), "ci", "--ignore-scripts", "--no-progress")
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci in %s: %v\n%s", folder, err, out)
	}
}

func upToDate(t testing.TB, made, from string) bool {
	t.Helper()
	source, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	product, err := os.Stat(made)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	return !product.ModTime().Before(source.ModTime())
}

// Tool finds a program. If it is missing, the test fails.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is needed (Node 20.14 or newer, with npm): %v", name, err)
	}
	return path
}
