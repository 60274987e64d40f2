package presence_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	nk "github.com/heroiclabs/nakama-common/runtime"
	"pgregory.net/rapid"

	"partyline/local/engine/presence"
)

func id(session uuid.UUID) presence.ID { return presence.ID{Node: "n", SessionID: session} }

// journal records events, one line each.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) write(prefix string) func(presence.Event) {
	return func(e presence.Event) {
		j.mu.Lock()
		defer j.mu.Unlock()
		line := fmt.Sprintf("%s %d", prefix, e.Stream.Mode)
		for _, p := range e.Joins {
			line += fmt.Sprintf(" +%s/%s/%d", p.Meta.Username, p.Meta.Status, p.Meta.Reason)
		}
		for _, p := range e.Leaves {
			line += fmt.Sprintf(" -%s/%s/%d", p.Meta.Username, p.Meta.Status, p.Meta.Reason)
		}
		j.lines = append(j.lines, line)
	}
}

func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := j.lines
	j.lines = nil
	return lines
}

func start(t *testing.T) (*presence.Tracker, *journal) {
	tr := presence.NewTracker()
	t.Cleanup(tr.Close)
	j := &journal{}
	tr.Announce(j.write("all"))
	return tr, j
}

func TestTracker_Changes(t *testing.T) {
	t.Parallel()
	tr, j := start(t)
	a, user := uuid.New(), uuid.New()
	s7, s9 := presence.Stream{Mode: 7, Subject: uuid.New(), Label: "n"}, presence.Stream{Mode: 9}
	shown := presence.Meta{Username: "a", Status: "x"}
	hidden := presence.Meta{Username: "a", Hidden: true}
	expect := func(what string, want ...string) {
		t.Helper()
		tr.WaitForEvents()
		if got := j.take(); !slices.Equal(got, want) {
			t.Errorf("%s: events %q; want %q", what, got, want)
		}
	}

	if ok, _ := tr.Track(id(a), user, s7, shown); ok || tr.Update(id(a), user, s7, shown) {
		t.Error("a session that is not open was tracked")
	}
	tr.Open(a)
	tr.Open(a)
	if ok, isNew := tr.Track(id(a), user, s7, shown); !ok || !isNew {
		t.Error("not tracked")
	}
	expect("track", "all 7 +a/x/1")
	if ok, isNew := tr.Track(id(a), user, s7, presence.Meta{Username: "other"}); !ok || isNew {
		t.Error("tracked twice")
	}
	expect("track again")
	tr.Update(id(a), user, s7, presence.Meta{Username: "a", Status: "y"})
	expect("update", "all 7 +a/y/2 -a/x/2")
	tr.Update(id(a), user, s7, hidden)
	expect("hide", "all 7 -a/y/2")
	tr.Update(id(a), user, s7, hidden)
	expect("update a hidden one")
	if n := tr.Count(s7); n != 1 || len(tr.List(s7, true, false)) != 1 || len(tr.List(s7, false, true)) != 0 || len(tr.List(s7, false, false)) != 0 {
		t.Errorf("%d presences on the stream", n)
	}
	tr.Update(id(a), user, s7, shown)
	expect("show", "all 7 +a/x/2")
	tr.Update(id(a), user, s9, shown)
	expect("update a new one", "all 9 +a/x/2")
	tr.UntrackMode(a, 9, s9)
	expect("untrack others of the mode")
	tr.UntrackMode(a, 7, s9)
	expect("untrack the mode", "all 7 -a/x/3")
	tr.Untrack(a, s7)
	tr.Untrack(uuid.New(), s7)
	expect("untrack what is not there")
	tr.Untrack(a, s9)
	expect("untrack", "all 9 -a/x/3")
	tr.Track(id(a), user, s7, shown)
	tr.Track(id(a), user, s9, hidden)
	expect("track", "all 7 +a/x/1")
	tr.UntrackStream(s7)
	expect("empty the stream")
	if _, ok := tr.Get(a, s7); ok || tr.Total() != 1 {
		t.Error("the stream is not empty")
	}
	tr.Track(id(a), user, s7, shown)
	tr.UntrackAll(a, nk.PresenceReasonDisconnect)
	expect("end", "all 7 +a/x/1", "all 7 -a/x/4")
	if ok, _ := tr.Track(id(a), user, s7, shown); ok || tr.Total() != 0 || tr.Count(s9) != 0 {
		t.Error("the session is not over")
	}
}

// All listeners get all events of a change before the announcers get any.
func TestTracker_ListenersFirst(t *testing.T) {
	t.Parallel()
	tr, j := start(t)
	tr.Listen(7, j.write("party"))
	tr.Listen(6, j.write("match"))
	a, user := uuid.New(), uuid.New()
	tr.Open(a)
	for _, mode := range []uint8{7, 6, 5} {
		tr.Track(id(a), user, presence.Stream{Mode: mode}, presence.Meta{Username: "a"})
	}
	tr.WaitForEvents()
	if got, want := j.take(), []string{"party 7 +a//1", "all 7 +a//1", "match 6 +a//1", "all 6 +a//1", "all 5 +a//1"}; !slices.Equal(got, want) {
		t.Errorf("events %q; want %q", got, want)
	}
	tr.UntrackAll(a, nk.PresenceReasonLeave)
	tr.WaitForEvents()
	got := j.take()
	if len(got) != 5 || strings.HasPrefix(got[0], "all") || strings.HasPrefix(got[1], "all") {
		t.Errorf("events %q; want those of the listeners first", got)
	}
}

// A listener may change the tracker. The events of that change come later, and Sync waits for them.
func TestTracker_ListenerTracks(t *testing.T) {
	t.Parallel()
	tr, j := start(t)
	a, user := uuid.New(), uuid.New()
	tr.Open(a)
	tr.Listen(7, func(e presence.Event) {
		if len(e.Joins) > 0 {
			tr.Untrack(a, e.Stream)
		}
	})
	tr.Track(id(a), user, presence.Stream{Mode: 7}, presence.Meta{Username: "a"})
	tr.WaitForEvents()
	if got, want := j.take(), []string{"all 7 +a//1", "all 7 -a//3"}; !slices.Equal(got, want) {
		t.Errorf("events %q; want %q", got, want)
	}
}

func TestTracker_Close(t *testing.T) {
	before := runtime.NumGoroutine()
	tr := presence.NewTracker()
	tr.Close()
	tr.Close()
	a := uuid.New()
	tr.Open(a)
	tr.Announce(func(presence.Event) { t.Error("an event after Close") })
	tr.Track(id(a), uuid.New(), presence.Stream{Mode: 7}, presence.Meta{})
	tr.WaitForEvents() // must not wait forever
	if tr.Total() != 1 {
		t.Error("not tracked")
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines; %d before", n, before)
	}
}

// Concurrent changes of a stream are announced in the order in which they happened, so events show who is there.
func TestTracker_EventsTellTheTruth(t *testing.T) {
	t.Parallel()
	tr := presence.NewTracker()
	defer tr.Close()
	there := map[presence.Stream]map[uuid.UUID]bool{}
	tr.Announce(func(e presence.Event) {
		if there[e.Stream] == nil {
			there[e.Stream] = map[uuid.UUID]bool{}
		}
		for _, p := range e.Leaves {
			if !there[e.Stream][p.ID.SessionID] {
				t.Error("left without having come")
			}
			delete(there[e.Stream], p.ID.SessionID)
		}
		for _, p := range e.Joins {
			if there[e.Stream][p.ID.SessionID] {
				t.Error("came twice")
			}
			there[e.Stream][p.ID.SessionID] = true
		}
	})
	streams := []presence.Stream{{Mode: 7}, {Mode: 7, Label: "x"}, {Mode: 100}}
	var all sync.WaitGroup
	sessions := make([]uuid.UUID, 8)
	for i := range sessions {
		sessions[i] = uuid.New()
		tr.Open(sessions[i])
	}
	for i := range 16 {
		all.Go(func() {
			session := sessions[i%len(sessions)]
			for n := range 500 {
				stream := streams[(i+n)%len(streams)]
				switch n % 4 {
				case 0, 1:
					tr.Track(id(session), session, stream, presence.Meta{})
				case 2:
					tr.Update(id(session), session, stream, presence.Meta{Status: fmt.Sprint(n)})
				case 3:
					tr.Untrack(session, stream)
				}
			}
		})
	}
	all.Wait()
	tr.WaitForEvents()
	for _, stream := range streams {
		if got := tr.Count(stream); got != len(there[stream]) {
			t.Errorf("%v: %d presences; the events told of %d", stream, got, len(there[stream]))
		}
	}
}

// The indexes by session and by stream agree with each other and with a simple model.
func TestTracker_Indexes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tr := presence.NewTracker()
		defer tr.Close()
		type key struct {
			session int
			stream  presence.Stream
		}
		sessions := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}
		model := map[key]presence.Meta{}
		open := map[int]bool{}
		streams := []presence.Stream{{Mode: 7}, {Mode: 7, Label: "x"}, {Mode: 100}, {Mode: 100, Subject: sessions[0]}}
		forget := func(gone func(key) bool) {
			for k := range model {
				if gone(k) {
					delete(model, k)
				}
			}
		}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			s := rapid.IntRange(0, 2).Draw(t, "session")
			stream := rapid.SampledFrom(streams).Draw(t, "stream")
			meta := presence.Meta{Hidden: rapid.Bool().Draw(t, "hidden"), Status: rapid.StringN(0, 2, -1).Draw(t, "status")}
			k := key{s, stream}
			switch rapid.SampledFrom([]string{"open", "track", "update", "untrack", "end", "empty", "mode"}).Draw(t, "op") {
			case "open":
				tr.Open(sessions[s])
				open[s] = true
			case "track":
				_, was := model[k]
				if ok, isNew := tr.Track(id(sessions[s]), uuid.Nil, stream, meta); ok != open[s] || isNew != (ok && !was) {
					t.Fatalf("Track = %v, %v", ok, isNew)
				}
				if open[s] && !was {
					model[k] = meta
				}
			case "update":
				if ok := tr.Update(id(sessions[s]), uuid.Nil, stream, meta); ok != open[s] {
					t.Fatalf("Update = %v", ok)
				}
				if open[s] {
					model[k] = meta
				}
			case "untrack":
				tr.Untrack(sessions[s], stream)
				delete(model, k)
			case "end":
				tr.UntrackAll(sessions[s], nk.PresenceReasonLeave)
				delete(open, s)
				forget(func(o key) bool { return o.session == s })
			case "empty":
				tr.UntrackStream(stream)
				forget(func(o key) bool { return o.stream == stream })
			case "mode":
				tr.UntrackMode(sessions[s], stream.Mode, stream)
				forget(func(o key) bool { return o.session == s && o.stream.Mode == stream.Mode && o.stream != stream })
			}
		}
		if tr.Total() != len(model) {
			t.Fatalf("Total = %d; want %d", tr.Total(), len(model))
		}
		for _, stream := range streams {
			var n int
			for s, session := range sessions {
				meta, want := model[key{s, stream}]
				p, got := tr.Get(session, stream)
				if got != want || got && (p.Meta.Status != meta.Status || p.Meta.Hidden != meta.Hidden) {
					t.Fatalf("Get = %v, %v; want %v, %v", p, got, meta, want)
				}
				if want {
					n++
				}
			}
			if tr.Count(stream) != n || len(tr.IDs(stream)) != n || len(tr.List(stream, true, true)) != n {
				t.Fatalf("%v has %d presences; want %d", stream, tr.Count(stream), n)
			}
		}
	})
}

func BenchmarkTracker_TrackUntrack(b *testing.B) {
	tr := presence.NewTracker()
	defer tr.Close()
	a, stream := uuid.New(), presence.Stream{Mode: 100}
	tr.Open(a)
	for b.Loop() {
		tr.Track(id(a), a, stream, presence.Meta{Hidden: true})
		tr.Untrack(a, stream)
	}
}
