package match

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"partyline/local/engine/presence"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/runtime"
)

// maxLabelBytes is the maximum length of a match's label.
const maxLabelBytes = 2048

// missingCheckSeconds is how often a match looks for accepted players who never came. The unit is seconds of ticks.
const missingCheckSeconds = 30

// runningMatch is one authoritative match. Only its goroutine calls the module's code and uses the fields in the last
// group. Other goroutines use the queues.
type runningMatch struct {
	reg     *Registry
	uuid    uuid.UUID
	id      string // <uuid>.<node>
	stream  presence.Stream
	name    string
	core    runtime.Match
	log     runtime.Logger
	created time.Time
	rate    int64 // ticks per second

	base    context.Context // ends with the match
	cancel  context.CancelFunc
	label   atomic.Value // string
	players players

	inputs   chan runtime.MatchData
	calls    chan func()
	attempts chan func()
	signals  chan func()
	deferred chan broadcast

	stopped atomic.Bool
	stopCh  chan struct{}
	done    chan struct{} // closed when the goroutine has ended

	// Only the match's goroutine uses these.
	state      any
	tick       int64
	emptyTicks int64
	expected   map[uuid.UUID]expectedPlayer // accepted sessions that have not appeared yet
}

// expectedPlayer is an accepted player. The match drops them if they have not appeared by the tick until.
type expectedPlayer struct {
	player *Presence
	until  int64
}

func newRunningMatch(r *Registry, name string, core runtime.Match) *runningMatch {
	id := uuid.New()
	o := &r.opts
	m := &runningMatch{
		reg: r, uuid: id, id: id.String() + "." + o.Node, stream: authoritativeStream(id, o.Node),
		name: name, core: core, log: o.Logger.WithField("mid", id.String()), created: o.Now(),
		inputs:   make(chan runtime.MatchData, o.InputQueue),
		calls:    make(chan func(), o.CallQueue),
		attempts: make(chan func(), o.JoinAttemptQueue),
		signals:  make(chan func(), o.SignalQueue),
		deferred: make(chan broadcast, o.DeferredQueue),
		stopCh:   make(chan struct{}),
		done:     make(chan struct{}),
		expected: map[uuid.UUID]expectedPlayer{},
	}
	m.label.Store("")
	ctx, cancel := context.WithCancel(context.Background())
	ctx = o.Context(ctx, "match")
	ctx = context.WithValue(ctx, runtime.RUNTIME_CTX_MATCH_ID, m.id)
	m.base, m.cancel = context.WithValue(ctx, runtime.RUNTIME_CTX_MATCH_NODE, o.Node), cancel
	return m
}

// init runs MatchInit.
func (m *runningMatch) init(params map[string]any) error {
	var label string
	var rate int
	err := safeCall("MatchInit", func() error {
		m.state, rate, label = m.core.MatchInit(m.base, m.log, nil, m.reg.opts.Module(), params)
		return nil
	})
	switch {
	case err != nil:
		return err
	case len(label) > maxLabelBytes:
		return fmt.Errorf("MatchInit returned invalid label, must be %d bytes or less", maxLabelBytes)
	case rate < 1 || rate > 60:
		return errors.New("MatchInit returned invalid tick rate, must be between 1 and 60")
	case m.state == nil:
		return errors.New("Match initial state must not be nil")
	}
	m.rate = int64(rate)
	m.label.Store(label)
	m.base = context.WithValue(m.base, runtime.RUNTIME_CTX_MATCH_TICK_RATE, rate)
	return nil
}

func (m *runningMatch) labelText() string { return m.label.Load().(string) }

// context returns the context for the module's code, with the current label.
func (m *runningMatch) context() context.Context {
	return context.WithValue(m.base, runtime.RUNTIME_CTX_MATCH_LABEL, m.labelText())
}

// run is the match's goroutine.
func (m *runningMatch) run() {
	defer close(m.done)
	ticks, stopTicks := m.reg.opts.Ticker(time.Second / time.Duration(m.rate))
	defer stopTicks()
	m.log.Info("match started: %s", m.name)
	for {
		select {
		case <-m.stopCh:
			return
		case <-ticks:
			// The tick goes through the queue, so that it sees the effects of earlier calls.
			m.queue(m.loop)
		case call := <-m.calls:
			call()
		case attempt := <-m.attempts:
			attempt()
		case signal := <-m.signals:
			signal()
		}
	}
}

// queue adds a call to the match's queue. If the queue is full, the match is too slow and ends.
func (m *runningMatch) queue(call func()) {
	if m.stopped.Load() {
		return
	}
	select {
	case m.calls <- func() {
		if !m.stopped.Load() {
			call()
		}
	}:
	default:
		m.fail(errors.New("call processing too slow"))
	}
}

// callCore runs one function of the core and stores the state that it returns. It returns false if the match ends,
// because of a nil state or a panic.
func (m *runningMatch) callCore(function string, call func(ctx context.Context, d runtime.MatchDispatcher, nk runtime.NakamaModule) (state any)) bool {
	var state any
	err := safeCall(function, func() error {
		state = call(m.context(), dispatcher{m}, m.reg.opts.Module())
		return nil
	})
	if err != nil {
		m.fail(err)
		return false
	}
	if state == nil {
		m.log.Info("%s returned no state, match ends", function)
		m.stop()
		return false
	}
	m.sendDeferred()
	m.state = state
	return true
}

// loop runs one tick.
func (m *runningMatch) loop() {
	messages := make([]runtime.MatchData, len(m.inputs))
	for i := range messages {
		messages[i] = <-m.inputs
	}
	if !m.callCore("MatchLoop", func(ctx context.Context, d runtime.MatchDispatcher, nk runtime.NakamaModule) any {
		return m.core.MatchLoop(ctx, m.log, nil, nk, d, m.tick, m.state, messages)
	}) {
		return
	}
	if m.tick%(m.rate*missingCheckSeconds) == 0 {
		m.dropMissing()
	}
	if m.emptyTooLong() {
		m.log.Warn("match ends after %v without players", m.reg.opts.MaxEmpty)
		m.stop()
		return
	}
	m.tick++
}

func (m *runningMatch) emptyTooLong() bool {
	if m.reg.opts.MaxEmpty == 0 || m.players.size() > 0 {
		m.emptyTicks = 0
		return false
	}
	m.emptyTicks++
	return m.emptyTicks >= m.rate*int64(m.reg.opts.MaxEmpty/time.Second)
}

// stop ends the match. Nobody gets a message, because nobody is on its stream any more. It returns false if the match
// had ended before.
func (m *runningMatch) stop() bool {
	if !m.stopped.CompareAndSwap(false, true) {
		return false
	}
	m.reg.remove(m)
	m.sendDeferred()
	m.cancel()
	close(m.stopCh)
	return true
}

// fail ends a match because of an error and disconnects its players. Otherwise they would wait for it forever.
func (m *runningMatch) fail(err error) {
	if !m.stop() {
		return
	}
	m.log.Error("match failed: %v", err)
	for _, p := range m.players.list() {
		m.reg.opts.Disconnect(p.SessionID)
	}
}

// terminate tells the match how many seconds it has left.
func (m *runningMatch) terminate(seconds int) {
	m.queue(func() {
		m.callCore("MatchTerminate", func(ctx context.Context, d runtime.MatchDispatcher, nk runtime.NakamaModule) any {
			return m.core.MatchTerminate(ctx, m.log, nil, nk, d, m.tick, m.state, seconds)
		})
	})
}

// signal sends data to the match and waits for its answer.
func (m *runningMatch) signal(ctx context.Context, data string) (string, error) {
	answer := make(chan string, 1)
	call := func() {
		if m.stopped.Load() || ctx.Err() != nil {
			return
		}
		var result string
		if m.callCore("MatchSignal", func(ctx context.Context, d runtime.MatchDispatcher, nk runtime.NakamaModule) (state any) {
			state, result = m.core.MatchSignal(ctx, m.log, nil, nk, d, m.tick, m.state, data)
			return state
		}) {
			answer <- result
		}
	}
	if !m.tryQueue(m.signals, call) {
		return "", runtime.ErrMatchBusy
	}
	result, ok := await(ctx, m, answer)
	if !ok {
		return "", runtime.ErrMatchBusy
	}
	return result, nil
}

// tryQueue adds a call to a queue whose caller waits for the answer. It returns false if the queue is full or the match
// has ended. A full queue does not end the match.
func (m *runningMatch) tryQueue(queue chan<- func(), call func()) bool {
	if m.stopped.Load() {
		return false
	}
	select {
	case queue <- call:
		return true
	default:
		return false
	}
}

// await waits for the answer to a call that tryQueue has queued. It returns false if the match ends without an answer,
// ctx is done, or the deadline passes.
func await[T any](ctx context.Context, m *runningMatch, answer <-chan T) (result T, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, m.reg.opts.AnswerDeadline)
	defer cancel()
	select {
	case result = <-answer:
		return result, true
	case <-ctx.Done():
	case <-m.done:
	}
	select { // the match may have answered just before it ended
	case result = <-answer:
		return result, true
	default:
		return result, false
	}
}
