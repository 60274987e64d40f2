package queue_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/matchmaking/queue"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/ledger"
	"partyline/party/post"
	"partyline/party/reserve"
	"partyline/party/roster"
	"partyline/party/rules"
)

// tester is a test, or one case of a property test.
type tester interface {
	Helper()
	Fatalf(string, ...any)
	Errorf(string, ...any)
	Context() context.Context
}

// world is a host with parties, a pool of tickets as the host keeps one, and a launcher with real seat tables.
type world struct {
	t tester
	*queue.Service
	host         *partytest.Host
	roster       *roster.Roster
	admission    partytest.Hooks
	clock        *partytest.Time
	log          *partytest.Log
	launcher     *launcher
	servers      *servers
	accounts     *accounts
	objects      objects
	blocks       *blocks
	cfg          *rules.Config
	statuses     map[string]party.MemberStatus
	holds        []reserve.Hold
	notices      *notices
	heard        map[party.ID][]queue.EventName // what OnTicketEvent was called with
	toldPanics   bool                           // OnTicketEvent panics instead
	hearing      sync.Mutex
	metrics      metrics
	mail         *post.DelayedSender // sends to newcomers later; nil to send at once
	partyErr     error               // the error of reading a party
	incoming     int                 // friends on the way without a held seat, in every party
	fromWaitList int                 // seats held from the wait list, in every party
	tick         time.Duration       // time that passes whenever the module reads the clock

	pool    []*entry    // what the host's matchmaker holds
	matched []time.Time // when the tickets were made that the host says it has matched
	poolErr error       // the host's error when it is asked
	Pool    func(ctx context.Context, player party.Session) (oldest time.Time, matched []time.Time, err error)
	Told    func(id party.ID, what queue.EventName)
	next    int
}

type notices struct {
	mu   sync.Mutex
	sent []*runtime.NotificationSend
	hook func() // called with each send, if not nil
}

func (n *notices) NotificationsSend(ctx context.Context, sent []*runtime.NotificationSend) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.hook != nil {
		n.hook()
	}
	n.sent = append(n.sent, sent...)
	return nil
}

// metrics adds up the values by name and tags; a gauge has its last value.
type metrics struct {
	mu  sync.Mutex
	sum map[string]float64
}

func (m *metrics) note(name string, tags map[string]string, change func(float64) float64) {
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		name += " " + tags[k]
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sum == nil {
		m.sum = map[string]float64{}
	}
	m.sum[name] = change(m.sum[name])
}

func (m *metrics) MetricsCounterAdd(name string, tags map[string]string, delta int64) {
	m.note(name, tags, func(old float64) float64 { return old + float64(delta) })
}

func (m *metrics) MetricsGaugeSet(name string, tags map[string]string, value float64) {
	m.note(name, tags, func(float64) float64 { return value })
}

func (m *metrics) MetricsTimerRecord(name string, tags map[string]string, value time.Duration) {
	m.note(name, tags, func(old float64) float64 { return old + value.Seconds() })
}

type accounts struct {
	metadata  map[string]string
	meanwhile func() // runs while accounts are read
	counting  sync.Mutex
	reads     int
	asked     int
	err       error
}

func (a *accounts) AccountsGetId(_ context.Context, ids, _ []string) ([]*api.Account, error) {
	a.counting.Lock()
	a.reads++
	a.asked += len(ids)
	a.counting.Unlock()
	if a.meanwhile != nil {
		a.meanwhile()
	}
	var list []*api.Account
	for _, id := range ids {
		list = append(list, &api.Account{User: &api.User{Id: id, Metadata: a.metadata[id]}})
	}
	return list, a.err
}

// objects are players' storage objects by collection, key and user.
type objects map[[3]string]string

func (o objects) StorageRead(_ context.Context, reads []*runtime.StorageRead) ([]*api.StorageObject, error) {
	var list []*api.StorageObject
	for _, r := range reads {
		if value, ok := o[[3]string{r.Collection, r.Key, r.UserID}]; ok {
			list = append(list, &api.StorageObject{Collection: r.Collection, Key: r.Key, UserId: r.UserID, Value: value})
		}
	}
	return list, nil
}

type strengths struct {
	*accounts
	objects
}

// entry is one player of a ticket in the host's pool.
type entry struct {
	ticket  string
	session party.Session
	props   map[string]any
	party   string
	created time.Time
}

var (
	_ runtime.MatchmakerEntry = (*entry)(nil)
	_ runtime.Presence        = presence{}
)

func (e *entry) GetTicket() string             { return e.ticket }
func (e *entry) GetPresence() runtime.Presence { return presence{e.session} }
func (e *entry) GetProperties() map[string]any { return e.props }
func (e *entry) GetPartyId() string            { return e.party }
func (e *entry) GetCreateTime() int64          { return e.created.UnixNano() }

type presence struct{ party.Session }

func (p presence) GetUserId() string                 { return p.UserID }
func (p presence) GetSessionId() string              { return p.SessionID }
func (p presence) GetUsername() string               { return p.Username }
func (p presence) GetNodeId() string                 { return partytest.Node }
func (p presence) GetHidden() bool                   { return false }
func (p presence) GetPersistence() bool              { return false }
func (p presence) GetStatus() string                 { return "" }
func (p presence) GetReason() runtime.PresenceReason { return runtime.PresenceReasonUnknown }

// configWithQueues has queue ranked, two teams of five, and queue duo, two teams of two.
func configWithQueues() *rules.Config {
	c := rules.Default()
	ranked := rules.DefaultOf[rules.Queue]()
	ranked.Teams, ranked.TeamSize.Max, ranked.MaxParty = 2, 5, 5
	ranked.MatchOn = []string{"region"}
	ranked.HoldInvited, ranked.Backfill = true, true
	ranked.Skill = &rules.Skill{
		Property: "mmr", Source: rules.SkillFromAccount, Party: rules.PartySkillMean, Default: 1000,
		Window: 100, Widen: rules.Rate{N: 25, Per: time.Second}, Max: 600,
	}
	duo := rules.DefaultOf[rules.Queue]()
	duo.Teams, duo.TeamSize.Max, duo.MaxParty = 2, 2, 2
	c.Queues = map[string]rules.Queue{"ranked": ranked, "duo": duo}
	return &c
}

func newWorld(t tester, cfg *rules.Config) *world {
	w := &world{
		t: t, host: partytest.NewHost(), clock: partytest.NewTime(), log: &partytest.Log{},
		accounts: &accounts{metadata: map[string]string{}}, objects: objects{}, blocks: &blocks{}, cfg: cfg, statuses: map[string]party.MemberStatus{}, notices: &notices{}, heard: map[party.ID][]queue.EventName{},
	}
	w.launcher = newLauncher(w.clock.Now)
	w.servers = &servers{launcher: w.launcher}
	w.Pool, w.Told = w.poolState, w.hear
	policy := func() rules.Config { return *w.cfg }
	w.roster = roster.New(w.host, w.host, w.clock.Now)
	news := &party.News{}
	w.admission = partytest.NewHooks(ledger.Deps{
		Roster: w.roster, Streams: w.host, Storage: w.host, News: news, Policy: policy, Logger: w.log, Now: w.clock.Now,
		Holds: func(context.Context, party.ID) ([]reserve.Hold, error) { return w.holds, nil },
		Ages:  func(id party.ID) map[string]party.Age { return w.Ages(id) },
	}, admission.Deps{Sender: w.host}, nil)
	w.Service = queue.New(queue.Deps{
		Newcomer: func(id party.ID, op int64, data any) error {
			if w.mail != nil {
				return w.mail.Send(id, op, data)
			}
			return partytest.TellAtOnce(w.host)(id, op, data)
		},
		NewcomerPending: func(id party.ID) bool { return w.mail != nil && w.mail.Pending(id) },
		Metrics:         &w.metrics,
		Roster:          w.roster, Look: w.look, TryLook: w.glance, Footprint: w.footprint, Strengths: strengths{w.accounts, w.objects}, Blocks: w.blocks, Sender: w.host, Notifier: w.notices,
		Policy: policy, Logger: w.log, Now: w.now, Processing: len(cfg.Queues) > 0, HostReportsMatches: len(cfg.Queues) > 0 || cfg.Matchmaking.CreateMatch, Launcher: w.launcher, Servers: w.servers, Friends: w.servers,
		LastPass: func(ctx context.Context, player party.Session) (oldest time.Time, matched []time.Time, err error) {
			return w.Pool(ctx, player)
		},
		OnTicketEvent: func(id party.ID, what queue.EventName) { w.Told(id, what) },
		Statuses:      func(context.Context, party.ID) (map[string]party.MemberStatus, error) { return w.statuses, nil },
	})
	news.Subscribe(w.Changed)
	return w
}

func (w *world) now() time.Time {
	w.clock.Advance(w.tick)
	return w.clock.Now()
}

// poolState is the host's answer about its pool.
func (w *world) poolState(context.Context, party.Session) (oldest time.Time, matched []time.Time, err error) {
	for _, e := range w.pool {
		if oldest.IsZero() || e.created.Before(oldest) {
			oldest = e.created
		}
	}
	return oldest, w.matched, w.poolErr
}

func (w *world) look(ctx context.Context, id party.ID) (reserve.Look, error) {
	if w.partyErr != nil {
		return reserve.Look{}, w.partyErr
	}
	return w.admission.Look(ctx, id)
}

func (w *world) glance(ctx context.Context, id party.ID) (reserve.Look, error) {
	if w.partyErr != nil {
		return reserve.Look{}, w.partyErr
	}
	return w.admission.TryLook(ctx, id)
}

func (w *world) footprint(l reserve.Look) party.Footprint {
	return party.Footprint{Members: l.Size(), Held: l.Held("") + w.fromWaitList, WaitlistSeats: w.fromWaitList, Away: len(l.Away), Incoming: w.incoming, MaxSize: l.MaxSize}
}

// CheckParty calls the service's CheckParty with the party as it is.
func (w *world) CheckParty(ctx context.Context, id party.ID, by party.Session, add *rtapi.PartyMatchmakerAdd) error {
	l, err := w.look(ctx, id)
	if err != nil {
		return err
	}
	return w.Service.CheckParty(ctx, l, by, add)
}

func (w *world) hear(id party.ID, what queue.EventName) {
	w.hearing.Lock()
	defer w.hearing.Unlock()
	if w.toldPanics {
		panic("as asked")
	}
	w.heard[id] = append(w.heard[id], what)
}

func (w *world) queued(id party.ID) bool {
	w.t.Helper()
	queued, err := w.Queued(w.t.Context(), id)
	w.must(err)
	return queued
}

// party makes an open party of new players; the first is the leader.
func (w *world) party(size int) (party.ID, []party.Session) {
	w.t.Helper()
	players := make([]party.Session, size)
	for i := range players {
		players[i] = w.player()
	}
	return w.partyOf(players...), players
}

func (w *world) player() party.Session {
	w.next++
	return w.host.Player(fmt.Sprintf("p%d", w.next))
}

func (w *world) partyOf(players ...party.Session) party.ID {
	w.t.Helper()
	made := w.host.PartyCreate(players[0], true, 16)
	w.must(w.admission.EndCreate(w.t.Context(), players[0], made))
	id, err := party.ParseID(made.GetPartyId())
	w.must(err)
	for _, p := range players[1:] {
		w.join(id, p)
	}
	return id
}

// join joins an open party and runs the after-hooks.
func (w *world) join(id party.ID, s party.Session) {
	w.t.Helper()
	w.must(w.host.PartyJoin(s, id))
	w.removeParty(id)
	w.admission.EndJoin(w.t.Context(), id, s)
}

// leave makes a member leave and runs the after-hooks.
func (w *world) leave(id party.ID, s party.Session) {
	w.host.PartyLeave(s, id)
	w.admission.Left(w.t.Context(), id, s)
	w.removeParty(id)
}

func (w *world) removeParty(id party.ID) {
	w.pool = slices.DeleteFunc(w.pool, func(e *entry) bool { return e.party == id.String() })
}

func (w *world) removeTicket(ticket string) {
	w.pool = slices.DeleteFunc(w.pool, func(e *entry) bool { return e.ticket == ticket })
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("%v", err)
	}
}

func text(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

var rankedEU = text("queue", "ranked", "region", "eu")

// addParty makes a party's ticket as the host does: check, pool, after-hook.
func (w *world) addParty(id party.ID, by party.Session, texts map[string]string) (ticket string, err error) {
	add := &rtapi.PartyMatchmakerAdd{PartyId: id.String(), MinCount: 2, MaxCount: 8, StringProperties: texts}
	if err := w.CheckParty(w.t.Context(), id, by, add); err != nil {
		return "", err
	}
	ticket = w.enter(id.String(), w.host.Members(id), add.GetStringProperties(), add.GetNumericProperties())
	defer w.BlocksRead()
	return ticket, w.PartyQueued(w.t.Context(), id, by, ticket, add)
}

func (w *world) addSolo(by party.Session, texts map[string]string) (ticket string, err error) {
	add := &rtapi.MatchmakerAdd{MinCount: 2, MaxCount: 8, StringProperties: texts}
	if err := w.CheckSolo(w.t.Context(), by, add); err != nil {
		return "", err
	}
	ticket = w.enter("", []party.Session{by}, add.GetStringProperties(), add.GetNumericProperties())
	w.SoloQueued(w.t.Context(), by, ticket, add)
	w.BlocksRead()
	return ticket, nil
}

// enter puts a ticket into the pool without check or hook.
func (w *world) enter(partyID string, members []party.Session, texts map[string]string, numbers map[string]float64) string {
	props := map[string]any{}
	for k, v := range texts {
		props[k] = v
	}
	for k, v := range numbers {
		props[k] = v
	}
	ticket := uuid.NewString()
	for _, m := range members {
		w.pool = append(w.pool, &entry{ticket, m, props, partyID, w.clock.Now()})
	}
	return ticket
}

func (w *world) queueParty(id party.ID, by party.Session, texts map[string]string) string {
	w.t.Helper()
	ticket, err := w.addParty(id, by, texts)
	w.must(err)
	return ticket
}

func (w *world) queueSolo(by party.Session, texts map[string]string) string {
	w.t.Helper()
	ticket, err := w.addSolo(by, texts)
	w.must(err)
	return ticket
}

// process runs a pass as the host does: entries in an odd order, checks of the result, and the matched hook for each
// group. It returns the matches by ID with their entries.
func (w *world) process() map[string][]*entry {
	w.t.Helper()
	given := make([]runtime.MatchmakerEntry, 0, len(w.pool))
	for i := range w.pool { // not in the order of arrival, and with tickets split up
		given = append(given, w.pool[(i*7+3)%len(w.pool)])
	}
	if len(w.pool)%7 == 0 {
		given = given[:0]
		for _, e := range w.pool {
			given = append(given, e)
		}
	}
	return w.hand(w.Process(w.t.Context(), given))
}

// hand does what the host does with the processor's groups.
func (w *world) hand(groups [][]runtime.MatchmakerEntry) map[string][]*entry {
	w.t.Helper()
	inPool := map[*entry]bool{}
	bySize := map[string]int{}
	for _, e := range w.pool {
		inPool[e] = true
		bySize[e.ticket]++
	}
	matches := map[string][]*entry{}
	for _, group := range groups {
		tickets := map[string]int{}
		var entries []*entry
		for _, e := range group {
			own, ok := e.(*entry)
			if !ok || !inPool[own] {
				w.t.Fatalf("an entry came back that is not the host's, or came back twice: %v", e)
			}
			inPool[own] = false
			tickets[own.ticket]++
			entries = append(entries, own)
		}
		for ticket, n := range tickets {
			if n != bySize[ticket] {
				w.t.Fatalf("ticket %s came back with %d of its %d entries", ticket, n, bySize[ticket])
			}
			w.removeTicket(ticket)
		}
		id, err := w.Matched(w.t.Context(), group)
		w.must(err)
		matches[id] = append(matches[id], entries...)
	}
	return matches
}

// events returns the messages of op code -3 to a party so far.
func (w *world) events(id party.ID) []string {
	var got []string
	for _, sent := range w.host.Sent() {
		data := sent.Envelope.GetPartyData()
		if data.GetPartyId() != id.String() || data.GetOpCode() != party.OpMatchmaking {
			continue
		}
		var e queue.Event
		w.must(json.Unmarshal(data.GetData(), &e))
		line := string(e.Event)
		if e.Queue != "" {
			line += " " + e.Queue
		}
		if e.Reason != "" {
			line += ": " + string(e.Reason)
		}
		got = append(got, line)
	}
	return got
}

func (w *world) wantEvents(id party.ID, want ...string) {
	w.t.Helper()
	if got := w.events(id); !slices.Equal(got, want) {
		w.t.Errorf("the party was told %q; want %q", got, want)
	}
}

// wantHeard compares what OnTicketEvent heard of the party's tickets with want.
func (w *world) wantHeard(id party.ID, want ...string) {
	w.t.Helper()
	w.hearing.Lock()
	defer w.hearing.Unlock()
	var got []string
	for _, what := range w.heard[id] {
		got = append(got, string(what))
	}
	for i := range want {
		want[i], _, _ = strings.Cut(want[i], " ")
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("others heard %q; want %q", got, want)
	}
}

func (w *world) wantReason(err error, want party.Reason) {
	w.t.Helper()
	if got := party.ReasonOf(err); got != want {
		w.t.Errorf("refusal = %v; want %q", err, want)
	}
}

// wantQuiet fails if a warning or an error was logged.
func (w *world) wantQuiet() {
	w.t.Helper()
	if lines := w.log.Lines(); len(lines) > 0 {
		w.t.Errorf("logged %q", lines)
	}
}

func (w *world) metadata(s party.Session, mmr float64) {
	w.accounts.metadata[s.UserID] = fmt.Sprintf(`{"mmr": %v}`, mmr)
}

func values[K comparable, V any](m map[K]V) []V { return slices.Collect(maps.Values(m)) }
