package hooks

import (
	"context"
	"sync"

	"partyline/party"
)

// Entrance is the part of admission around the host's own ways into a party: every
// join and every accept is announced before the host decides and concluded after it,
// so that seats on their way are counted and held seats stay held.
type Entrance interface {
	BeginNative(ctx context.Context, id party.ID, session party.Session) error
	BeginAccept(ctx context.Context, id party.ID, session, by party.Session) error
	BeginRequest(ctx context.Context, id party.ID, session party.Session) error
	EndNative(ctx context.Context, id party.ID, session party.Session)
}

// Settler is the part of admission that is told when a session's earlier join can no
// longer be under way. The host is silent about joins that fail.
type Settler interface {
	Settle(sessionID string)
}

// Kicks is the part of admission that remembers who was thrown out.
type Kicks interface {
	Kicked(ctx context.Context, id party.ID, target party.Session) error
}

// Viewer is the part of the roster that shows one party.
type Viewer interface {
	View(ctx context.Context, id party.ID) (party.View, error)
}

// Admission guards the host's own ways into a party and records who was removed from
// one. Its set belongs behind every other that may refuse a join: a seat is counted
// as on its way from here on.
func Admission(entrance Entrance, settler Settler, kicks Kicks, viewer Viewer) Set {
	a := admission{
		entrance: entrance, settler: settler, kicks: kicks, viewer: viewer,
		targets: map[string]party.Session{},
	}
	set := Set{
		Owner: "admission",
		Sessions: []SessionHook{{Name: "settle", End: func(_ context.Context, session party.Session) error {
			a.settle(session.SessionID)
			return nil
		}}},
	}
	for _, message := range []string{
		PartyCreate, PartyJoin, PartyAccept, PartyUpdate, PartyDataSend,
		PartyMatchmakerAdd, PartyRemove, PartyPromote, PartyClose,
	} {
		set.Hooks = append(set.Hooks, Hook{Message: message, Name: "settle", Before: func(_ context.Context, call *Call) error {
			a.settle(call.Session.SessionID)
			return nil
		}})
	}
	set.Hooks = append(set.Hooks,
		Hook{Message: PartyJoin, Name: "join", Before: a.join, After: a.joined},
		Hook{Message: PartyAccept, Name: "accept", Before: a.accept, After: a.accepted},
		Hook{Message: PartyRemove, Name: "kick", Before: a.remove, After: a.removed},
	)
	return set
}

type admission struct {
	entrance Entrance
	settler  Settler
	kicks    Kicks
	viewer   Viewer

	mu      sync.Mutex
	targets map[string]party.Session // by the remover's session: the member its PartyRemove is about, until the message is over
}

// settle concludes whatever a session's previous message left open: a session's
// messages are handled one after the other.
func (a *admission) settle(sessionID string) {
	a.settler.Settle(sessionID)
	a.takeTarget(sessionID)
}

// join announces an open party's join, or a closed party's request to be let in.
func (a *admission) join(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	view, err := a.viewer.View(ctx, id)
	if err != nil {
		return err
	}
	if view.Open {
		return a.entrance.BeginNative(ctx, id, call.Session)
	}
	return a.entrance.BeginRequest(ctx, id, call.Session)
}

// joined also runs when a closed party was only asked; admission looks for itself
// whether the session is in.
func (a *admission) joined(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	a.entrance.EndNative(ctx, id, call.Session)
	return nil
}

func (a *admission) accept(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	requester := sessionIn(call.In.GetPartyAccept().GetPresence())
	return a.entrance.BeginAccept(ctx, id, requester, call.Session)
}

func (a *admission) accepted(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	a.entrance.EndNative(ctx, id, sessionIn(call.In.GetPartyAccept().GetPresence()))
	return nil
}

// remove notes whether the target is a member, because afterwards nothing tells a
// kick from a join request that was turned down, and only the former bans.
func (a *admission) remove(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	view, err := a.viewer.View(ctx, id)
	if err != nil {
		return err
	}
	target := sessionIn(call.In.GetPartyRemove().GetPresence())
	if member, ok := view.Session(target.SessionID); ok && member.UserID == target.UserID {
		a.mu.Lock()
		a.targets[call.Session.SessionID] = target
		a.mu.Unlock()
	}
	return nil
}

func (a *admission) removed(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	if target, ok := a.takeTarget(call.Session.SessionID); ok {
		return a.kicks.Kicked(ctx, id, target)
	}
	return nil
}

func (a *admission) takeTarget(sessionID string) (party.Session, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	target, ok := a.targets[sessionID]
	delete(a.targets, sessionID)
	return target, ok
}
