//go:build unix

package rules_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"partyline/party/rules"
)

// Opening a pipe would wait for a writer, so a pipe is refused before that.
func TestLive_PipeIsNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rules.yml")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	live := rules.NewLive(rules.LiveOptions{Path: path})
	if err := live.Reload(); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("Reload of a pipe = %v; want it refused", err)
	}
	if live.Report().Err == nil {
		t.Error("the report says nothing of it")
	}
}
