package contract

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
)

// Scenario is a sequence of requests to a server.
type Scenario struct {
	Name  string // file name of its transcript
	About string // what it shows, for readers
	Run   func(w *World)
}

// stepTimeout is how long one step may take. Only waits for the matchmaker's interval come near it.
const stepTimeout = 45 * time.Second

// World is a server with the actors of one scenario. Its methods fail the test if the server does
// not answer at all. The comparison of transcripts finds wrong answers.
type World struct {
	t          testing.TB
	ctx        context.Context
	client     *client.Client
	sentinel   *client.Sentinel
	runID      string // unique to this run; part of every name and property in a scenario
	normaliser *normaliser
	actors     []*Actor
	lines      []Line
}

// Play runs a scenario against the server at addr.
func Play(t testing.TB, addr string, s Scenario) Transcript {
	t.Helper()
	w := &World{
		t:          t,
		ctx:        t.Context(),
		client:     client.New(addr),
		runID:      strings.ReplaceAll(uuid.NewString(), "-", ""),
		normaliser: newNormaliser(),
	}
	w.normaliser.add(w.runID, "<run>")
	w.normaliser.add(strings.ToUpper(w.runID), "<RUN>")
	ctx, cancel := w.deadline()
	defer cancel()
	var err error
	if w.sentinel, err = client.NewSentinel(ctx, w.client, "sentinel-"+w.runID); err != nil {
		t.Fatal(err)
	}
	defer w.closeAll()
	s.Run(w)
	return Transcript{Scenario: s.Name, About: s.About, Lines: w.lines}
}

// closeAll ends every connection and waits for its end, so that its parties are gone before the next scenario.
func (w *World) closeAll() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), stepTimeout)
	defer cancel()
	for _, a := range w.actors {
		if a.socket != nil {
			_ = a.socket.Close(ctx)
		}
	}
	_ = w.sentinel.Close(ctx)
}

func (w *World) deadline() (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(w.ctx, stepTimeout, fmt.Errorf("nothing for %v", stepTimeout))
}

// Run returns a word that no other run uses, for names that must be unique on the server.
func (w *World) Run() string { return w.runID }

// Name replaces a value in the transcript by a placeholder.
func (w *World) Name(value, stands string) { w.normaliser.add(value, stands) }

// matchedKind is the only kind of envelope that may arrive during any step, because it depends on the
// matchmaker's interval. It enters the transcript where a scenario awaits it.
const matchedKind = "matchmaker_matched"

// AwaitMatched waits until every given actor is matched, and records it.
func (w *World) AwaitMatched(actors ...*Actor) map[*Actor]*rtapi.Envelope {
	w.t.Helper()
	ctx, cancel := w.deadline()
	defer cancel()
	got := make(map[*Actor]*rtapi.Envelope, len(actors))
	for _, a := range actors {
		m, err := a.socket.Take(ctx, client.OfKind(matchedKind))
		if err != nil {
			w.t.Fatalf("%s: waiting for %s: %v", a.name, matchedKind, err)
		}
		w.log(a.name, "<", m.Raw)
		got[a] = m.Envelope
	}
	w.settle()
	w.recordReceived()
	return got
}

// settle waits until the server has delivered everything. It flushes the sockets of first before it does anything else.
func (w *World) settle(first ...*Actor) {
	w.t.Helper()
	ctx, cancel := w.deadline()
	defer cancel()
	for _, a := range first {
		if err := a.socket.Barrier(ctx); err != nil {
			w.t.Fatalf("%s: %v", a.name, err)
		}
	}
	var sockets []*client.Socket
	for _, a := range w.actors {
		if a.socket != nil {
			sockets = append(sockets, a.socket)
		}
	}
	if err := w.sentinel.WaitForEvents(ctx, sockets...); err != nil {
		w.t.Fatal(err)
	}
}

// recordReceived records what every actor has received since the last call.
func (w *World) recordReceived() {
	for _, a := range w.actors {
		if a.socket == nil {
			continue
		}
		messages := a.socket.TakeAll(func(m client.Message) bool { return m.Kind() != matchedKind })
		slices.SortStableFunc(messages, func(x, y client.Message) int { return cmp.Compare(writerOf(x), writerOf(y)) })
		for _, m := range messages {
			if !isAddition(m.Envelope) {
				w.log(a.name, "<", m.Raw)
			}
		}
	}
}

// writerOf returns which of the server's three writers sent a message; see the package's notes on
// order. party_leader counts as a reply: a promotion sends it before its reply, and after a leave
// it comes before the presence event anyway.
func writerOf(m client.Message) int {
	switch kind := m.Kind(); {
	case m.Envelope.Cid != "":
		return 0
	case kind == "status_presence_event":
		return 2
	case kind == "party", strings.HasSuffix(kind, "_presence_event"):
		return 1
	default:
		return 0
	}
}

func (w *World) log(who, what string, raw []byte) {
	w.lines = append(w.lines, Line{Who: who, What: w.normaliser.text(what), JSON: w.normaliser.json(raw)})
}
