package rules_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"partyline/party/rules"
)

// liveFile is a rules file on disk with a Live that loads it.
type liveFile struct {
	t     *testing.T
	path  string
	live  *rules.Live
	now   time.Time
	loads []rules.Loaded
}

func newLiveFile(t *testing.T, text string) *liveFile {
	l := &liveFile{t: t, path: filepath.Join(t.TempDir(), "rules.yml"), now: time.Unix(1000, 0)}
	l.write(text)
	l.live = rules.NewLive(rules.LiveOptions{
		Path: l.path, Now: func() time.Time { return l.now },
		OnLoad: func(o rules.Loaded) { l.loads = append(l.loads, o) },
	})
	return l
}

func (l *liveFile) write(text string) {
	l.t.Helper()
	if err := os.WriteFile(l.path, []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

func (l *liveFile) poll(times int) {
	for range times {
		l.now = l.now.Add(time.Second)
		l.live.Poll()
	}
}

func (l *liveFile) defaultSize() int { return l.live.Current().Config().Parties.MaxSize.Default }

const (
	three  = "version: 1\nparties: {max_size: {default: 3}}\n"
	four   = "version: 1\nparties: {max_size: {default: 4}}\n"
	broken = "version: 1\nparties: {max_size: {default: four}}\n"
)

func TestLive_Reload(t *testing.T) {
	l := newLiveFile(t, three)
	if got := l.defaultSize(); got != rules.Default().Parties.MaxSize.Default {
		t.Errorf("before the first load the size is %d, not the default", got)
	}
	if err := l.live.Reload(); err != nil {
		t.Fatal(err)
	}
	r := l.live.Report()
	if l.defaultSize() != 3 || r.Version != 1 || !r.LoadedAt.Equal(l.now) || r.Source != l.path || r.Err != nil {
		t.Errorf("size %d, report %+v", l.defaultSize(), r)
	}

	old := l.live.Current()
	l.write(broken)
	err := l.live.Reload()
	var ps rules.Problems
	if !errors.As(err, &ps) || len(ps) != 1 {
		t.Fatalf("Reload of a broken file: %v", err)
	}
	r = l.live.Report()
	if l.live.Current() != old || r.Version != 1 || len(r.Problems) != 1 || r.Err == nil {
		t.Errorf("a broken file changed the rules: %+v", r)
	}

	l.write(four)
	if err := l.live.Reload(); err != nil {
		t.Fatal(err)
	}
	if r = l.live.Report(); l.defaultSize() != 4 || r.Version != 2 || r.Err != nil || len(r.Problems) != 0 {
		t.Errorf("after the repair: size %d, %+v", l.defaultSize(), r)
	}
	if len(l.loads) != 3 || l.loads[1].New != nil || l.loads[1].Err == nil || l.loads[2].Old != old {
		t.Errorf("told of %+v", l.loads)
	}
}

// TestLive_Reload_same checks that a file that is in force already switches nothing, even after a broken one.
func TestLive_Reload_same(t *testing.T) {
	l := newLiveFile(t, three)
	if err := l.live.Reload(); err != nil {
		t.Fatal(err)
	}
	first := l.live.Report()
	for _, content := range []string{three, broken, three} {
		l.now = l.now.Add(time.Minute)
		l.write(content)
		if err := l.live.Reload(); (err != nil) != (content == broken) {
			t.Fatal(err)
		}
	}
	if r := l.live.Report(); r.Set != first.Set || r.Version != 1 || r.LoadedAt != first.LoadedAt || r.Err != nil || len(r.Problems) != 0 {
		t.Errorf("the same file again: %+v, was %+v", r, first)
	}
	if last := l.loads[len(l.loads)-1]; len(l.loads) != 4 || last.New != last.Old || last.Err != nil {
		t.Errorf("told of %+v", l.loads)
	}
}

func TestLive_Reload_missing(t *testing.T) {
	l := newLiveFile(t, three)
	if err := l.live.Reload(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(l.path); err != nil {
		t.Fatal(err)
	}
	if err := l.live.Reload(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Reload of a missing file: %v", err)
	}
	if l.defaultSize() != 3 {
		t.Errorf("a missing file changed the rules")
	}
	l.write("")
	if err := l.live.Reload(); err != nil || l.defaultSize() != 8 {
		t.Errorf("an empty file is not the defaults: %v, size %d", err, l.defaultSize())
	}
	dir := rules.NewLive(rules.LiveOptions{Path: t.TempDir()})
	if err := dir.Reload(); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Reload of a directory: %v", err)
	}
	none := rules.NewLive(rules.LiveOptions{})
	if err := none.Reload(); err != nil || none.Report().Version != 1 {
		t.Errorf("Reload without a file: %v, %+v", err, none.Report())
	}
	none.Watch(context.Background()) // returns at once
}

// TestLive_Poll checks that a change is loaded when two looks in a row see the same content, and that each
// content is tried once.
func TestLive_Poll(t *testing.T) {
	l := newLiveFile(t, three)
	if err := l.live.Reload(); err != nil {
		t.Fatal(err)
	}
	l.poll(5)
	if len(l.loads) != 1 {
		t.Fatalf("an unchanged file was loaded %d times", len(l.loads))
	}
	for _, half := range []string{"ver", "version: 1\npart", four[:len(four)-5]} {
		l.write(half) // an editor that writes slowly
		l.poll(1)
	}
	if len(l.loads) != 1 {
		t.Fatalf("a half-written file was loaded: %+v", l.loads)
	}
	l.write(four)
	l.poll(1)
	if l.defaultSize() != 3 {
		t.Errorf("loaded before it had settled")
	}
	l.poll(1)
	if l.defaultSize() != 4 || l.live.Report().Version != 2 {
		t.Errorf("not loaded: size %d", l.defaultSize())
	}
	l.write(broken)
	l.poll(10)
	if len(l.loads) != 3 || l.loads[2].Err == nil || l.defaultSize() != 4 {
		t.Errorf("a broken file was tried %d times", len(l.loads)-2)
	}
	if err := os.Remove(l.path); err != nil {
		t.Fatal(err)
	}
	l.poll(5)
	if len(l.loads) != 4 || !errors.Is(l.live.Report().Err, fs.ErrNotExist) || l.defaultSize() != 4 {
		t.Errorf("a missing file was told of %d times, %v", len(l.loads)-3, l.live.Report().Err)
	}
	l.write(four)
	l.poll(3)
	if r := l.live.Report(); r.Err != nil || r.Version != 2 {
		t.Errorf("the same file came back, but %+v", r)
	}
}

// TestLive_Poll_otherReason checks that OnLoad learns of a new reason why a file cannot be read.
func TestLive_Poll_otherReason(t *testing.T) {
	l := newLiveFile(t, three)
	l.poll(2)
	if err := os.Remove(l.path); err != nil {
		t.Fatal(err)
	}
	l.poll(4)
	if err := os.Mkdir(l.path, 0o700); err != nil {
		t.Fatal(err)
	}
	l.poll(4)
	if r := l.live.Report(); len(l.loads) != 3 || r.Err == nil || errors.Is(r.Err, fs.ErrNotExist) || l.defaultSize() != 3 {
		t.Errorf("told %d times, last %v; want a third time that it is not a file", len(l.loads), r.Err)
	}
}

// TestLive_Poll_emptied checks the warning for a file that loses all its content. A file that was always empty,
// or that still sets a version, has none.
func TestLive_Poll_emptied(t *testing.T) {
	l := newLiveFile(t, "# nothing yet\n")
	l.poll(2)
	if r := l.live.Report(); r.Version != 1 || len(r.Problems) != 0 {
		t.Errorf("empty at the start: %+v", r)
	}
	l.write(three)
	l.poll(2)
	l.write("# nothing any more\n")
	l.poll(2)
	_ = l.live.Reload() // the same again
	if r := l.live.Report(); r.Version != 3 || r.Err != nil || len(r.Problems) != 1 || !strings.Contains(r.Problems[0].String(), "the file is empty now") || l.defaultSize() != 8 {
		t.Errorf("emptied: %+v", r)
	}
	l.write("version: 1\n")
	l.poll(2)
	if r := l.live.Report(); len(r.Problems) != 0 {
		t.Errorf("a file that says that it sets nothing: %v", r.Problems)
	}
}

// TestLive_Reload_long checks that a file that is too long is refused and never cut, even if it would fit
// without its byte order mark and carriage returns.
func TestLive_Reload_long(t *testing.T) {
	l := newLiveFile(t, three)
	if err := l.live.Reload(); err != nil {
		t.Fatal(err)
	}
	const rule = "rules: [{id: none, on: [join], deny: true}]"
	for name, text := range map[string]string{
		"short lines":       "version: 1\r\n" + strings.Repeat("# long\r\n", 32<<10) + rule,
		"a byte order mark": "\ufeffversion: 1\n" + strings.Repeat(" ", 256<<10-len("version: 1\n\n"+rule)) + "\n" + rule,
	} {
		l.write(text)
		err := l.live.Reload()
		if err == nil || !strings.Contains(err.Error(), "is longer than 262144 bytes") || l.defaultSize() != 3 {
			t.Errorf("%s: %v, size %d; want it refused, and the rules as they were", name, err, l.defaultSize())
		}
		if _, whole := rules.Load([]byte(text), l.path); whole == nil || err == nil || whole.Error() != err.Error() {
			t.Errorf("%s: read as a whole: %v; want the same", name, whole)
		}
	}
}

// TestLive_Watch runs on a fake clock.
func TestLive_Watch(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(dir, "rules.yml")
		if err := os.WriteFile(path, []byte(three), 0o600); err != nil {
			t.Fatal(err)
		}
		live := rules.NewLive(rules.LiveOptions{Path: path})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { live.Watch(ctx); close(ended) }()
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if live.Report().Version != 0 {
			t.Errorf("loaded at the first look")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := live.Current().Config().Parties.MaxSize.Default; got != 3 {
			t.Errorf("after two looks the size is %d", got)
		}
		cancel()
		<-ended
	})
}

// TestLive_keepsCounters checks that rules keep their counts over a reload.
func TestLive_keepsCounters(t *testing.T) {
	l := newLiveFile(t, "version: 1\nrules: [{id: a, on: [join], deny: party.size > 1}, {id: b, on: [join], deny: false}]\n")
	decide := func() {
		if _, _, err := l.live.Current().Decide(context.Background(), someFacts(), nil, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.live.Reload(); err != nil {
		t.Fatal(err)
	}
	decide()
	l.write("version: 1\nrules: [{id: c, on: [join], deny: false}, {id: a, on: [join], deny: party.size > 0}]\n")
	if err := l.live.Reload(); err != nil {
		t.Fatal(err)
	}
	decide()
	got := l.live.Current().Hits()
	if got[0] != (rules.Hit{Rule: "c", Asked: 1}) || got[1] != (rules.Hit{Rule: "a", Asked: 2, Hits: 2}) {
		t.Errorf("Hits = %+v", got)
	}
}

func TestLive_firstQueuesNeedRestart(t *testing.T) {
	const queue = "version: 1\nqueues: {a: {teams: 2, team_size: 2}}\n"
	l := newLiveFile(t, three)
	reload := func(text string) string {
		l.write(text)
		if err := l.live.Reload(); err != nil {
			t.Fatal(err)
		}
		return l.live.Report().Problems.Error()
	}
	if got := reload(three); got != "" {
		t.Errorf("said %q", got)
	}
	if got := reload(queue); !strings.Contains(got, "restart of the server") {
		t.Errorf("said %q of the first queues", got)
	}
	if got := reload("version: 1\nmatchmaking: {create_match: true}\n" + queue[len("version: 1\n"):]); !strings.Contains(got, "first queues") || !strings.Contains(got, "matchmaking.create_match: works after a restart") {
		t.Errorf("said %q of the first queues and matches", got)
	}
	fresh := newLiveFile(t, queue)
	if err := fresh.live.Reload(); err != nil || len(fresh.live.Report().Problems) != 0 {
		t.Errorf("queues at the start: %v, %v", err, fresh.live.Report().Problems)
	}
	fresh.write(three)
	if err := fresh.live.Reload(); err != nil || !strings.Contains(fresh.live.Report().Problems.Error(), "no queue is left") {
		t.Errorf("without a queue: %v, %v", err, fresh.live.Report().Problems)
	}
	fresh.write(queue)
	if err := fresh.live.Reload(); err != nil || len(fresh.live.Report().Problems) != 0 {
		t.Errorf("with queues again: %v, %v", err, fresh.live.Report().Problems)
	}
}

// TestLive_concurrent checks that readers see whole versions while the file changes.
func TestLive_concurrent(t *testing.T) {
	l := newLiveFile(t, three)
	if err := l.live.Reload(); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				c := l.live.Current().Config()
				if d := c.Parties.MaxSize.Default; (d == 3) != (c.Limits.Data.Bytes == 4096) {
					t.Errorf("half of two versions: size %d, %d bytes", d, c.Limits.Data.Bytes)
					return
				}
				l.live.Report()
			}
		})
	}
	for i := range 100 {
		text := three
		if i%2 == 0 {
			text = "version: 1\nparties: {max_size: {default: 5}}\nlimits: {data: {bytes: 5}}\n"
		}
		l.write(text)
		if err := l.live.Reload(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	wg.Wait()
}
