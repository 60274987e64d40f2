// Package partytest is an in-memory host for tests of package party and of the packages that use
// it. It combines the engine's store (users, friends, groups, notifications, storage) with streams
// and a native party engine. The party engine acts at once. It behaves like a real server where
// package party depends on that. Only tests import it. Safe for concurrent use.
package partytest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// Node is the name of the host's only node.
const Node = "test-node"

// Host is the in-memory host.
type Host struct {
	*Storage

	mu       sync.Mutex
	streams  map[stream]map[string]*Presence // by session ID
	sessions map[string]party.Session
	parties  map[uuid.UUID]*nativeParty
	lookups  int
	notices  []*runtime.NotificationSend
	sent     []Sent
	sendErr  error

	// BetweenJoinAndTrack, if set, runs inside PartyJoin after the engine has given away the seat
	// and before the stream shows the session.
	BetweenJoinAndTrack func()
	// SingleParty is session.single_party: a session that enters a party by the engine's own
	// messages leaves its other parties.
	SingleParty bool
	// NotifyError, if set, is the error of every call that sends notifications.
	NotifyError error
	// OnSend, if set, receives every envelope sent to a stream, in order. It must not call the host.
	OnSend func(Sent)
}

type stream struct {
	mode                       uint8
	subject, subcontext, label string
}

// Sent is an envelope sent by StreamSendRaw.
type Sent struct {
	Mode           uint8
	Subject, Label string
	Envelope       *rtapi.Envelope
	To             []string // session IDs; empty for the whole stream
}

// Presence is one session on one stream.
type Presence struct {
	session     party.Session
	hidden      bool
	persistence bool
	status      string
}

var _ runtime.Presence = (*Presence)(nil)

func (p *Presence) GetHidden() bool                   { return p.hidden }
func (p *Presence) GetPersistence() bool              { return p.persistence }
func (p *Presence) GetUsername() string               { return p.session.Username }
func (p *Presence) GetStatus() string                 { return p.status }
func (p *Presence) GetReason() runtime.PresenceReason { return runtime.PresenceReasonUnknown }
func (p *Presence) GetUserId() string                 { return p.session.UserID }
func (p *Presence) GetSessionId() string              { return p.session.SessionID }
func (p *Presence) GetNodeId() string                 { return Node }

// NewHost returns an empty host.
func NewHost() *Host {
	return &Host{
		Storage:  NewStorage(),
		streams:  map[stream]map[string]*Presence{},
		sessions: map[string]party.Session{},
		parties:  map[uuid.UUID]*nativeParty{},
	}
}

// Connect opens a socket for the user.
func (h *Host) Connect(userID string) party.Session { return h.ConnectAs(userID, uuid.NewString()) }

// ConnectAs opens a socket for the user with a session ID that the test chooses.
func (h *Host) ConnectAs(userID, sessionID string) party.Session {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := party.Session{UserID: userID, SessionID: sessionID, Username: h.nameOf(userID)}
	h.sessions[s.SessionID] = s
	h.track(stream{0, userID, "", ""}, &Presence{session: s, hidden: true})
	return s
}

// Player creates a user with one open socket.
func (h *Host) Player(username string) party.Session { return h.Connect(h.User(username)) }

// Players creates n users with one open socket each.
func (h *Host) Players(n int) []party.Session {
	players := make([]party.Session, n)
	for i := range players {
		players[i] = h.Player(fmt.Sprintf("player%d", i+1))
	}
	return players
}

// Disconnect closes the socket: the session leaves all streams at once.
func (h *Host) Disconnect(s party.Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sessions, s.SessionID)
	for st := range h.streams {
		h.untrack(st, s.SessionID)
	}
}

// Sent returns the envelopes sent to streams, oldest first.
func (h *Host) Sent() []Sent {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.sent)
}

// FailSends makes sending envelopes to streams fail with err. A nil err makes it work again.
func (h *Host) FailSends(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sendErr = err
}

// OnStream counts the sessions on a stream, including hidden ones.
func (h *Host) OnStream(mode uint8, subject, label string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.streams[stream{mode, subject, "", label}])
}

func (h *Host) track(st stream, p *Presence) (isNew bool) {
	if h.streams[st] == nil {
		h.streams[st] = map[string]*Presence{}
	}
	if h.streams[st][p.session.SessionID] != nil {
		return false
	}
	h.streams[st][p.session.SessionID] = p
	if st.mode == party.StreamMode && !p.hidden {
		h.partyJoined(st, p.session)
	}
	return true
}

func (h *Host) untrack(st stream, sessionID string) {
	p := h.streams[st][sessionID]
	if p == nil {
		return
	}
	delete(h.streams[st], sessionID)
	if len(h.streams[st]) == 0 {
		delete(h.streams, st)
	}
	if st.mode == party.StreamMode && !p.hidden {
		h.partyLeft(st, p.session)
	}
}

func (h *Host) StreamUserList(mode uint8, subject, subcontext, label string, includeHidden, includeNotHidden bool) ([]runtime.Presence, error) {
	if subject != "" {
		if _, err := uuid.Parse(subject); err != nil {
			return nil, errors.New("stream subject must be a valid identifier")
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []runtime.Presence // in map order, because the host promises no order
	for _, p := range h.streams[stream{mode, subject, subcontext, label}] {
		if p.hidden && includeHidden || !p.hidden && includeNotHidden {
			list = append(list, p)
		}
	}
	return list, nil
}

// StreamUserGet returns the data of a presence, or nil if there is none.
func (h *Host) StreamUserGet(mode uint8, subject, subcontext, label, userID, sessionID string) (runtime.PresenceMeta, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.streams[stream{mode, subject, subcontext, label}][sessionID]; p != nil && p.session.UserID == userID {
		return p, nil
	}
	return nil, nil
}

func (h *Host) StreamUserJoin(mode uint8, subject, subcontext, label, userID, sessionID string, hidden, persistence bool, status string) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.sessions[sessionID]
	if !ok || s.UserID != userID {
		return false, errors.New("session not found")
	}
	return h.track(stream{mode, subject, subcontext, label}, &Presence{s, hidden, persistence, status}), nil
}

func (h *Host) StreamUserUpdate(mode uint8, subject, subcontext, label, userID, sessionID string, hidden, persistence bool, status string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.sessions[sessionID]
	if !ok || s.UserID != userID {
		return errors.New("session not found")
	}
	st := stream{mode, subject, subcontext, label}
	if mode == party.StreamMode {
		panic("StreamUserUpdate on a party's stream evicts the member")
	}
	if h.streams[st] == nil {
		h.streams[st] = map[string]*Presence{}
	}
	h.streams[st][sessionID] = &Presence{s, hidden, persistence, status}
	return nil
}

func (h *Host) StreamUserLeave(mode uint8, subject, subcontext, label, userID, sessionID string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.untrack(stream{mode, subject, subcontext, label}, sessionID)
	return nil
}

// StreamClose removes all sessions from a stream.
func (h *Host) StreamClose(mode uint8, subject, subcontext, label string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.streams, stream{mode, subject, subcontext, label})
	return nil
}

func (h *Host) StreamSendRaw(mode uint8, subject, subcontext, label string, msg *rtapi.Envelope, presences []runtime.Presence, reliable bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sendErr != nil {
		return h.sendErr
	}
	var to []string
	for _, p := range presences {
		to = append(to, p.GetSessionId())
	}
	h.sent = append(h.sent, Sent{mode, subject, label, msg, to})
	if h.OnSend != nil {
		h.OnSend(h.sent[len(h.sent)-1])
	}
	return nil
}

// Time is a clock that only moves when a test advances it.
type Time struct {
	mu  sync.Mutex
	now time.Time
}

// NewTime starts a clock at a fixed moment.
func NewTime() *Time { return &Time{now: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)} }

// Now returns the clock's time.
func (t *Time) Now() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now
}

// Advance moves the clock forward.
func (t *Time) Advance(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now = t.now.Add(d)
}

// Log keeps all log lines.
type Log struct {
	mu    sync.Mutex
	lines []string
}

func (l *Log) add(level, format string, v []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, level+" "+fmt.Sprintf(format, v...))
}

func (l *Log) Info(format string, v ...any)  { l.add("info", format, v) }
func (l *Log) Warn(format string, v ...any)  { l.add("warn", format, v) }
func (l *Log) Error(format string, v ...any) { l.add("error", format, v) }

// Lines returns the log lines, each after its level.
func (l *Log) Lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}
