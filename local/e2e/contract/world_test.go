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

// Scenario is one story told to a server.
type Scenario struct {
	Name  string // file name of its transcript
	About string // what a reader learns from it
	Run   func(w *World)
}

// patience is how long one step may take. Only a matchmaker's interval comes near it.
const patience = 45 * time.Second

// World is a server with the actors of one scenario. Its methods end the test when the
// server does not answer at all; whether an answer is right is the transcript's business.
type World struct {
	t        testing.TB
	ctx      context.Context
	client   *client.Client
	sentinel *client.Sentinel
	run      string // unique to this run, in every name and property a scenario makes
	names    *names
	actors   []*Actor
	lines    []Line
}

// Play runs a scenario against the server at addr.
func Play(t testing.TB, addr string, s Scenario) Transcript {
	t.Helper()
	w := &World{
		t:      t,
		ctx:    t.Context(),
		client: client.New(addr),
		run:    strings.ReplaceAll(uuid.NewString(), "-", ""),
		names:  newNames(),
	}
	w.names.add(w.run, "<run>")
	w.names.add(strings.ToUpper(w.run), "<RUN>")
	ctx, cancel := w.deadline()
	defer cancel()
	var err error
	if w.sentinel, err = client.NewSentinel(ctx, w.client, "sentinel-"+w.run); err != nil {
		t.Fatal(err)
	}
	defer w.leave()
	s.Run(w)
	return Transcript{Scenario: s.Name, About: s.About, Lines: w.lines}
}

// leave ends every connection and waits for it, so that one scenario's parties are gone before the next begins.
func (w *World) leave() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), patience)
	defer cancel()
	for _, a := range w.actors {
		if a.socket != nil {
			_ = a.socket.Close(ctx)
		}
	}
	_ = w.sentinel.Close(ctx)
}

func (w *World) deadline() (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(w.ctx, patience, fmt.Errorf("nothing for %v", patience))
}

// Run is a word that no other run uses, for names that must be unique on the server.
func (w *World) Run() string { return w.run }

// Name makes a value appear in the transcript as what it stands for.
func (w *World) Name(value, stands string) { w.names.add(value, stands) }

// matched is the one kind of envelope that comes on the server's own time: a matchmaker's interval
// may end in the middle of any step. It enters the transcript where a scenario awaits it.
const matched = "matchmaker_matched"

// AwaitMatched waits until every given actor is matched, and records that.
func (w *World) AwaitMatched(actors ...*Actor) map[*Actor]*rtapi.Envelope {
	w.t.Helper()
	ctx, cancel := w.deadline()
	defer cancel()
	got := make(map[*Actor]*rtapi.Envelope, len(actors))
	for _, a := range actors {
		m, err := a.socket.Take(ctx, client.OfKind(matched))
		if err != nil {
			w.t.Fatalf("%s: waiting for %s: %v", a.name, matched, err)
		}
		w.log(a.name, "<", m.Raw)
		got[a] = m.Envelope
	}
	w.settle()
	w.listen()
	return got
}

// settle waits until the server has delivered all it has to deliver, flushing the sockets of first before anything else.
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
	if err := w.sentinel.Settle(ctx, sockets...); err != nil {
		w.t.Fatal(err)
	}
}

// listen records what every actor has received since the last time.
func (w *World) listen() {
	for _, a := range w.actors {
		if a.socket == nil {
			continue
		}
		messages := a.socket.TakeAll(func(m client.Message) bool { return m.Kind() != matched })
		slices.SortStableFunc(messages, func(x, y client.Message) int { return cmp.Compare(writer(x), writer(y)) })
		for _, m := range messages {
			if !isAddition(m.Envelope) {
				w.log(a.name, "<", m.Raw)
			}
		}
	}
}

// writer tells which of the server's three writers sent a message; see the package's
// notes on order. party_leader counts with the replies: a promotion sends it from
// there, before its reply, and after a leave it comes before the presence event anyway.
func writer(m client.Message) int {
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
	w.lines = append(w.lines, Line{Who: who, What: w.names.text(what), JSON: w.names.json(raw)})
}
