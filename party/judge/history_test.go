package judge_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/judge"
	"partyline/party/rules"
)

// node is a server that loads one rules file and remembers its versions in storage.
type node struct {
	t       *testing.T
	path    string
	live    *rules.Live
	history *judge.History
}

func startNode(t *testing.T, path string, storage party.Objects, clock *partytest.Time, log *partytest.Log) (n *node, stop func()) {
	t.Helper()
	n = &node{t: t, path: path, history: judge.NewHistory(storage, path, log)}
	n.live = rules.NewLive(rules.LiveOptions{Path: path, Now: clock.Now, OnLoad: func(l rules.Loaded) {
		if l.Err == nil {
			n.history.Loaded(l)
		}
	}})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { n.history.Run(ctx) })
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); running.Wait() }) }
	t.Cleanup(stop)
	return n, stop
}

func (n *node) load(file string) {
	n.t.Helper()
	if err := os.WriteFile(n.path, []byte("version: 1\n"+file), 0o600); err != nil {
		n.t.Fatal(err)
	}
	_ = n.live.Reload() // the error of a broken file is not checked here
}

func (n *node) list() []judge.Version {
	n.t.Helper()
	got, err := n.history.List(n.t.Context())
	if err != nil {
		n.t.Fatal(err)
	}
	return got
}

// versions checks the changes of each version, from the newest.
func (n *node) versions(want ...string) []judge.Version {
	n.t.Helper()
	synctest.Wait()
	got := n.list()
	if len(got) != len(want) {
		n.t.Fatalf("versions %+v; want %q", got, want)
	}
	for i, v := range got {
		if strings.Join(v.Changes, "\n") != want[i] {
			n.t.Errorf("version %d: changes %q; want %q", i, v.Changes, want[i])
		}
	}
	return got
}

// TestHistory checks that every file that came into force is there with its time, hash and changes, even after
// a restart. A broken file is not there, and the same file again is no new version.
func TestHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage, clock, log := partytest.NewStorage(), partytest.NewTime(), &partytest.Log{}
		path := filepath.Join(t.TempDir(), "rules.yml")
		n, stop := startNode(t, path, storage, clock, log)
		if got := n.list(); got == nil || len(got) != 0 {
			t.Errorf("before the first file: %#v; want an empty list", got)
		}
		n.load("parties: {open: closed}\n")
		n.versions("")
		n.load("parties: {open: shut}\n") // broken, so not loaded
		n.load("parties: {open: closed}\n")
		clock.Advance(time.Hour)
		n.load("rules: [{id: no, on: [join], deny: invited}]\n")
		const second = "parties.open: any; before: closed\nrule no is new: denies join when invited"
		n.versions(second, "")
		stop()

		clock.Advance(time.Hour)
		n, _ = startNode(t, path, storage, clock, log) // the same file after a restart
		n.load("rules: [{id: no, on: [join], deny: invited}]\n")
		clock.Advance(time.Hour)
		n.load("")
		got := n.versions("rule no is gone; before: denies join when invited", second, "")
		sum := sha256.Sum256([]byte("version: 1\n"))
		if v := got[0]; v.Hash != hex.EncodeToString(sum[:]) || v.Source != path || v.At != clock.Now().Unix() {
			t.Errorf("the newest is %+v", v)
		}
		if at := got[1].At; at != clock.Now().Add(-2*time.Hour).Unix() {
			t.Errorf("the one before is of %d; want the time it came into force first", at)
		}
		if lines := log.Lines(); len(lines) != 0 {
			t.Errorf("log: %q", lines)
		}
	})
}

// TestHistory_nodes checks that two nodes that load the same files share one history.
func TestHistory_nodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage, clock, log := partytest.NewStorage(), partytest.NewTime(), &partytest.Log{}
		one, _ := startNode(t, filepath.Join(t.TempDir(), "rules.yml"), storage, clock, log)
		two, _ := startNode(t, filepath.Join(t.TempDir(), "rules.yml"), storage, clock, log)
		const a, b, c = "parties: {open: closed}\n", "parties: {open: any}\n", "parties: {open: open}\n"
		const toB, toC = "parties.open: any; before: closed", "parties.open: open; before: any"
		one.load(a)
		one.versions("")
		two.load(a)
		two.load(b)
		two.versions(toB, "")
		one.load(b)
		one.load(c)
		one.versions(toC, toB, "")
	})
}

// TestHistory_bounded checks that the list and the text of one version stay bounded.
func TestHistory_bounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storage, clock, log := partytest.NewStorage(), partytest.NewTime(), &partytest.Log{}
		n, _ := startNode(t, filepath.Join(t.TempDir(), "rules.yml"), storage, clock, log)
		var many strings.Builder
		many.WriteString("rules:\n")
		for i := range 60 {
			fmt.Fprintf(&many, "  - {id: r%d, on: [join], deny: 'user.lang in [%s\"x\"]'}\n", i, strings.Repeat(`"some text", `, 80))
		}
		load := func(file string) {
			n.load(file)
			synctest.Wait()
			if got := n.list(); len(got) == 0 || got[0].Hash != n.live.Report().Hash {
				t.Fatalf("the version was not written: %.60s", file)
			}
		}
		for i := range 60 {
			load(fmt.Sprintf("parties: {waitlist: {max: %d}}\n", i))
		}
		load("")
		load(many.String())
		if v := n.list()[0]; len(v.Changes) != 40 || v.More != 21 || len(v.Changes[0]) > 410 {
			t.Errorf("%d changes and %d more, the first of %d bytes", len(v.Changes), v.More, len(v.Changes[0]))
		}
		var long strings.Builder // longer as JSON than a file may be
		long.WriteString("rules:\n")
		for i := range 200 {
			fmt.Fprintf(&long, "  - {id: long%d, on: [join], deny: 'user.lang in [%s\"x\"]'}\n", i, strings.Repeat(`"<>", `, 190))
		}
		load(long.String())
		load("")
		if v := n.list()[0]; len(v.Changes) != 40 || !strings.HasPrefix(v.Changes[0], "rule long0 is gone") {
			t.Errorf("after a long file: %.80q", v.Changes)
		}
		if got := len(n.list()); got != 50 {
			t.Errorf("%d versions; want 50", got)
		}
	})
}

// hostileStorage refuses a write, and then returns a broken object.
type hostileStorage struct {
	*partytest.Storage
	fails int
}

func (s *hostileStorage) StorageWrite(ctx context.Context, writes []*runtime.StorageWrite) ([]*api.StorageObjectAck, error) {
	if s.fails--; s.fails >= 0 {
		return nil, runtime.ErrStorageRejectedVersion
	}
	return s.Storage.StorageWrite(ctx, writes)
}

// TestHistory_storage checks that a write that lost a race is tried again, and that a broken object is replaced
// by a new history with the next version. Only that is logged.
func TestHistory_storage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock, log := partytest.NewTime(), &partytest.Log{}
		storage := &hostileStorage{partytest.NewStorage(), 3}
		storage.Break("partyline_rules", "history")
		n, _ := startNode(t, filepath.Join(t.TempDir(), "rules.yml"), storage, clock, log)
		for range 2 {
			if got, err := n.history.List(t.Context()); err == nil || got == nil || len(got) != 0 || !strings.Contains(err.Error(), "partyline_rules/history") {
				t.Errorf("List = %#v, %v; want an empty list and the broken record named", got, err)
			}
		}
		if lines := log.Lines(); len(lines) != 0 {
			t.Errorf("log: %q", lines)
		}
		n.load("")
		n.versions("")
	})
}
