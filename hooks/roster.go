package hooks

import (
	"context"
	"errors"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/party"
)

// Mirror is the part of the roster that is told what members did.
type Mirror interface {
	Created(ctx context.Context, session party.Session, created *rtapi.Party) error
	Updated(ctx context.Context, id party.ID, open, hidden bool, label string)
	Left(ctx context.Context, id party.ID, session party.Session)
	Closed(ctx context.Context, id party.ID)
}

// Leadership is the part of the roster that is told who leads. What only a leader may
// do and did is proof of leading, so every such message heals a mirror that was wrong.
type Leadership interface {
	Promoted(ctx context.Context, id party.ID, session party.Session)
	LeaderSeen(ctx context.Context, id party.ID, session party.Session)
}

// Ended is the part of the roster that is told of closed sockets.
type Ended interface {
	SessionEnded(ctx context.Context, session party.Session)
}

// Roster keeps the roster's mirror in step with what the host has done. Joins are not
// here: admission enters those, once it knows that they happened.
func Roster(mirror Mirror, leadership Leadership, ended Ended) Set {
	r := upkeep{mirror: mirror, leadership: leadership}
	return Set{
		Owner: "roster",
		Hooks: []Hook{
			{Message: PartyCreate, Name: "created", After: r.created},
			{Message: PartyLeave, Name: "left", After: r.left},
			{Message: PartyRemove, Name: "removed", After: r.removed},
			{Message: PartyPromote, Name: "promoted", After: r.promoted},
			{Message: PartyUpdate, Name: "updated", After: r.updated},
			{Message: PartyClose, Name: "closed", After: r.closed},
			{Message: PartyAccept, Name: "leader", After: r.leader},
			{Message: PartyMatchmakerAdd, Name: "leader", After: r.leader},
			{Message: PartyMatchmakerRemove, Name: "leader", After: r.leader},
		},
		Sessions: []SessionHook{{Name: "ended", End: func(ctx context.Context, session party.Session) error {
			ended.SessionEnded(ctx, session)
			return nil
		}}},
	}
}

type upkeep struct {
	mirror     Mirror
	leadership Leadership
}

func (u upkeep) created(ctx context.Context, call *Call) error {
	created := call.Out.GetParty()
	if created == nil {
		return errors.New("the host answered party_create without a party")
	}
	return u.mirror.Created(ctx, call.Session, created)
}

// left ignores an ID that only the host's more lenient reading understands: the roster
// believes the host's own presences, so nothing is lost but speed.
func (u upkeep) left(ctx context.Context, call *Call) error {
	if id, err := call.PartyID(); err == nil {
		u.mirror.Left(ctx, id, call.Session)
	}
	return nil
}

// removed also runs for a join request that was turned down; such a session was never
// in, and the roster knows nothing of it.
func (u upkeep) removed(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	u.leadership.LeaderSeen(ctx, id, call.Session)
	u.mirror.Left(ctx, id, sessionIn(call.In.GetPartyRemove().GetPresence()))
	return nil
}

func (u upkeep) promoted(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	u.leadership.Promoted(ctx, id, sessionIn(call.In.GetPartyPromote().GetPresence()))
	return nil
}

func (u upkeep) updated(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	u.leadership.LeaderSeen(ctx, id, call.Session)
	update := call.In.GetPartyUpdate()
	u.mirror.Updated(ctx, id, update.GetOpen(), update.GetHidden(), update.GetLabel())
	return nil
}

func (u upkeep) closed(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	u.mirror.Closed(ctx, id)
	return nil
}

func (u upkeep) leader(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	u.leadership.LeaderSeen(ctx, id, call.Session)
	return nil
}

// sessionIn is the session a client's message names. The host has checked all three
// parts against the real one once the message has succeeded.
func sessionIn(presence *rtapi.UserPresence) party.Session {
	return party.Session{
		UserID:    presence.GetUserId(),
		SessionID: presence.GetSessionId(),
		Username:  presence.GetUsername(),
	}
}
