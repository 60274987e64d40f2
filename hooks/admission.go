package hooks

import (
	"context"

	"partyline/party"
)

// Entrance is the part of admission around the host's own ways into a party and out of
// it: every join, accept and kick is announced before the host decides and concluded
// after it, so that seats on their way are counted, held seats stay held, and who was
// thrown out stays out.
type Entrance interface {
	BeginNative(ctx context.Context, id party.ID, session party.Session) error
	BeginAccept(ctx context.Context, id party.ID, session, by party.Session) error
	BeginKick(ctx context.Context, id party.ID, target, by party.Session) error
	EndNative(ctx context.Context, id party.ID, session party.Session)
}

// Aftermath is the part of admission that hears how things ended: an earlier join that
// can no longer be under way (the host is silent about joins that fail), a socket, a
// membership.
type Aftermath interface {
	Settle(sessionID string)
	SessionEnded(session party.Session)
	Kicked(ctx context.Context, id party.ID, target party.Session) error
}

// Viewer is the part of the roster that shows one party.
type Viewer interface {
	View(ctx context.Context, id party.ID) (party.View, error)
}

// Admission guards the host's own ways into a party and tells of those who were thrown
// out. Its set belongs behind every other that may refuse a join: from here on a seat
// counts as taken.
func Admission(entrance Entrance, aftermath Aftermath, viewer Viewer) Set {
	a := admission{entrance: entrance, aftermath: aftermath, viewer: viewer}
	set := Set{
		Owner: "admission",
		Hooks: []Hook{
			{Message: PartyJoin, Name: "join", Before: a.join, After: a.joined},
			{Message: PartyAccept, Name: "accept", Before: a.accept, After: a.accepted},
			{Message: PartyRemove, Name: "kick", Before: a.kicking, After: a.kicked},
		},
		Sessions: []SessionHook{{Name: "end", End: func(_ context.Context, session party.Session) error {
			aftermath.SessionEnded(session)
			return nil
		}}},
	}
	return set
}

// Settled has every message of a session tell admission that the join before it is over:
// a session's messages are handled one after the other. The set comes before all that
// look at seats.
func Settled(aftermath Aftermath) Set {
	set := Set{Owner: "admission"}
	for _, message := range []string{
		PartyCreate, PartyJoin, PartyAccept, PartyUpdate, PartyDataSend, PartyMatchmakerAdd, PartyRemove, PartyPromote, PartyClose,
	} {
		set.Hooks = append(set.Hooks, Hook{Message: message, Name: "settle", Before: func(_ context.Context, call *Call) error {
			aftermath.Settle(call.Session.SessionID)
			return nil
		}})
	}
	return set
}

type admission struct {
	entrance  Entrance
	aftermath Aftermath
	viewer    Viewer
}

// join announces an open party's join, or a closed party's request to be let in.
func (a admission) join(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	return a.entrance.BeginNative(ctx, id, call.Session)
}

// joined also runs when a closed party was only asked; admission looks for itself
// whether the session is in.
func (a admission) joined(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	a.entrance.EndNative(ctx, id, call.Session)
	return nil
}

// accept lets only members announce one: an accept keeps a seat for a moment even if
// the host then says that the sender does not lead, and strangers could keep a party
// full that way.
func (a admission) accept(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	view, err := a.viewer.View(ctx, id)
	if err != nil {
		return err
	}
	if _, member := view.Session(call.Session.SessionID); !member {
		return party.Refuse(party.NotMember, "You are not in this party.")
	}
	return a.entrance.BeginAccept(ctx, id, sessionIn(call.In.GetPartyAccept().GetPresence()), call.Session)
}

func (a admission) accepted(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	a.entrance.EndNative(ctx, id, sessionIn(call.In.GetPartyAccept().GetPresence()))
	return nil
}

func (a admission) kicking(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	return a.entrance.BeginKick(ctx, id, sessionIn(call.In.GetPartyRemove().GetPresence()), call.Session)
}

// kicked also runs when a request to join was turned down; admission looks for itself
// whether the session was in.
func (a admission) kicked(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	return a.aftermath.Kicked(ctx, id, sessionIn(call.In.GetPartyRemove().GetPresence()))
}
