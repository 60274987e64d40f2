package match

import (
	"slices"
	"sync"

	"partyline/local/engine/presence"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

var _ runtime.Presence = (*Presence)(nil)

// Presence is a player for match code. gob needs the exported fields.
type Presence struct {
	Node      string
	UserID    uuid.UUID
	SessionID uuid.UUID
	Username  string
	Reason    runtime.PresenceReason
}

func (p *Presence) GetUserId() string                 { return p.UserID.String() }
func (p *Presence) GetSessionId() string              { return p.SessionID.String() }
func (p *Presence) GetNodeId() string                 { return p.Node }
func (p *Presence) GetUsername() string               { return p.Username }
func (p *Presence) GetHidden() bool                   { return false }
func (p *Presence) GetPersistence() bool              { return false }
func (p *Presence) GetStatus() string                 { return "" }
func (p *Presence) GetReason() runtime.PresenceReason { return p.Reason }

func (p *Presence) id() presence.ID { return presence.ID{Node: p.Node, SessionID: p.SessionID} }

func (p *Presence) userPresence() *rtapi.UserPresence {
	return &rtapi.UserPresence{UserId: p.GetUserId(), SessionId: p.GetSessionId(), Username: p.Username}
}

// playersOf converts presences of the tracker.
func playersOf(presences []presence.Presence) []*Presence {
	all := make([]*Presence, len(presences))
	for i, p := range presences {
		all[i] = &Presence{
			Node: p.ID.Node, UserID: p.UserID, SessionID: p.ID.SessionID, Username: p.Meta.Username,
			Reason: runtime.PresenceReason(p.Meta.Reason),
		}
	}
	return all
}

func runtimePresences(players []*Presence) []runtime.Presence {
	all := make([]runtime.Presence, len(players))
	for i, p := range players {
		all[i] = p
	}
	return all
}

// players has the players of a match in the order in which they came. The zero value is empty.
type players struct {
	mu  sync.RWMutex
	all []*Presence // copied on every change, so a returned list never changes
}

func (p *players) list() []*Presence {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.all
}

func (p *players) size() int { return len(p.list()) }

func (p *players) has(sessionID uuid.UUID, node string) bool {
	return slices.ContainsFunc(p.list(), func(q *Presence) bool { return q.SessionID == sessionID && q.Node == node })
}

// add returns false if the session is already in the match.
func (p *players) add(q *Presence) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.ContainsFunc(p.all, func(in *Presence) bool { return in.SessionID == q.SessionID }) {
		return false
	}
	p.all = append(slices.Clip(p.all), q)
	return true
}

// remove returns false if the session is not in the match.
func (p *players) remove(q *Presence) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.all, func(in *Presence) bool { return in.SessionID == q.SessionID && in.Node == q.Node })
	if i < 0 {
		return false
	}
	p.all = slices.Concat(p.all[:i], p.all[i+1:])
	return true
}
