package hooks

import (
	"context"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/party"
)

// Mirror is the part of the roster that is told what became of a party.
type Mirror interface {
	Updated(ctx context.Context, id party.ID, open, hidden bool, label string)
	Left(ctx context.Context, id party.ID, session party.Session)
	Closed(ctx context.Context, id party.ID)
}

// Leadership is the part of the roster that is told who leads. Whoever did what only a
// leader may do did lead, so every such message heals a mirror that was wrong.
type Leadership interface {
	Promoted(ctx context.Context, id party.ID, session party.Session)
	LeaderSeen(ctx context.Context, id party.ID, session party.Session)
}

// Roster keeps the roster's mirror in step with what the host has done. Creations,
// joins and kicks are not here: admission passes those on.
func Roster(mirror Mirror, leadership Leadership) Set {
	u := upkeep{mirror: mirror, leadership: leadership}
	return Set{Owner: "roster", Hooks: []Hook{
		{Message: PartyLeave, Name: "left", After: u.left},
		{Message: PartyUpdate, Name: "leader", After: u.leader},
		{Message: PartyUpdate, Name: "updated", After: u.updated},
		{Message: PartyPromote, Name: "promoted", After: u.promoted},
		{Message: PartyAccept, Name: "leader", After: u.leader},
		{Message: PartyRemove, Name: "leader", After: u.leader},
		{Message: PartyMatchmakerAdd, Name: "leader", After: u.leader},
		{Message: PartyMatchmakerRemove, Name: "leader", After: u.leader},
		{Message: PartyClose, Name: "closed", After: u.closed},
	}}
}

type upkeep struct {
	mirror     Mirror
	leadership Leadership
}

// left ignores an ID that only the host's more lenient reading understands: the roster
// believes the host's own presences, so nothing is lost.
func (u upkeep) left(ctx context.Context, call *Call) error {
	if id, err := call.PartyID(); err == nil {
		u.mirror.Left(ctx, id, call.Session)
	}
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

// sessionIn is the session a client's message names. The host has checked all three
// parts against the real one once the message has succeeded.
func sessionIn(presence *rtapi.UserPresence) party.Session {
	return party.Session{
		UserID:    presence.GetUserId(),
		SessionID: presence.GetSessionId(),
		Username:  presence.GetUsername(),
	}
}
