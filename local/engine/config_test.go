package engine_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/local/engine"
)

func TestLoadConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "nakama.yml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("name: one\nlogger: {level: INFO}\nsession: {single_party: true, single_match: true}\nruntime:\n  env: [A=b=c]\n")
	opts, ignored, err := engine.LoadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	if opts.Node != "one" || !opts.SingleParty || opts.Env["A"] != "b=c" || opts.PartyListDelay != time.Second {
		t.Errorf("options %+v", opts)
	}
	if want := []string{"logger", "session.single_match"}; !slices.Equal(ignored, want) {
		t.Errorf("ignored %q; want %q", ignored, want)
	}
	for _, c := range []struct{ text, want string }{
		{"runtime: {env: [A]}", "KEY=VALUE"},
		{"name: [", file},
	} {
		write(c.text)
		if _, _, err := engine.LoadConfig(file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v; want it to name %s", c.text, err, c.want)
		}
	}
}
