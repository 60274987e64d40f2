package hooks

import (
	"context"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/party"
)

// TicketGate is the part of matchmaking that stands before a ticket: it refuses it, or
// changes it into what the queue it names takes.
type TicketGate interface {
	CheckParty(ctx context.Context, id party.ID, by party.Session, add *rtapi.PartyMatchmakerAdd) error
	CheckSolo(ctx context.Context, by party.Session, add *rtapi.MatchmakerAdd) error
}

// Tickets is the part of matchmaking that hears of tickets made and taken back.
type Tickets interface {
	PartyQueued(ctx context.Context, id party.ID, by party.Session, ticket string, add *rtapi.PartyMatchmakerAdd) error
	SoloQueued(ctx context.Context, by party.Session, ticket string, add *rtapi.MatchmakerAdd)
	PartyCancelled(ctx context.Context, ticket string)
	SoloCancelled(ctx context.Context, ticket string)
}

// TicketHolders is the part of matchmaking that hears of members who come and of sockets
// that end: tickets end with either. Of members who leave it hears from the roster.
type TicketHolders interface {
	Entered(ctx context.Context, id party.ID, session party.Session) error
	SessionEnded(ctx context.Context, session party.Session)
	Plays(ctx context.Context, session party.Session)
}

// Matchmaking stands around the host's matchmaker. Its set belongs behind the roster's and
// admission's: it asks them who is in a party. Where matchmaking does not hear of matches
// from the host's matched hook, it hears of them when somebody goes there.
func Matchmaking(gate TicketGate, tickets Tickets, holders TicketHolders, hearsMatched bool) Set {
	m := matchmaking{gate: gate, tickets: tickets, holders: holders}
	set := Set{
		Owner: "matchmaking",
		Hooks: []Hook{
			{Message: PartyMatchmakerAdd, Name: "ticket", Before: m.checkParty, After: m.partyQueued},
			{Message: MatchmakerAdd, Name: "ticket", Before: m.checkSolo, After: m.soloQueued},
			{Message: PartyMatchmakerRemove, Name: "ticket", After: m.partyCancelled},
			{Message: MatchmakerRemove, Name: "ticket", After: m.soloCancelled},
			{Message: PartyJoin, Name: "tickets", After: m.joined},
			{Message: PartyAccept, Name: "tickets", After: m.accepted},
		},
		Sessions: []SessionHook{{Name: "tickets", End: func(ctx context.Context, session party.Session) error {
			holders.SessionEnded(ctx, session)
			return nil
		}}},
	}
	if !hearsMatched {
		set.Hooks = append(set.Hooks, Hook{Message: MatchJoin, Name: "tickets", After: m.plays})
	}
	return set
}

func (m matchmaking) plays(ctx context.Context, call *Call) error {
	m.holders.Plays(ctx, call.Session)
	return nil
}

type matchmaking struct {
	gate    TicketGate
	tickets Tickets
	holders TicketHolders
}

func (m matchmaking) checkParty(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	return m.gate.CheckParty(ctx, id, call.Session, call.In.GetPartyMatchmakerAdd())
}

func (m matchmaking) checkSolo(ctx context.Context, call *Call) error {
	return m.gate.CheckSolo(ctx, call.Session, call.In.GetMatchmakerAdd())
}

func (m matchmaking) partyQueued(ctx context.Context, call *Call) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	return m.tickets.PartyQueued(ctx, id, call.Session, call.Out.GetPartyMatchmakerTicket().GetTicket(), call.In.GetPartyMatchmakerAdd())
}

func (m matchmaking) soloQueued(ctx context.Context, call *Call) error {
	m.tickets.SoloQueued(ctx, call.Session, call.Out.GetMatchmakerTicket().GetTicket(), call.In.GetMatchmakerAdd())
	return nil
}

func (m matchmaking) partyCancelled(ctx context.Context, call *Call) error {
	m.tickets.PartyCancelled(ctx, call.In.GetPartyMatchmakerRemove().GetTicket())
	return nil
}

func (m matchmaking) soloCancelled(ctx context.Context, call *Call) error {
	m.tickets.SoloCancelled(ctx, call.In.GetMatchmakerRemove().GetTicket())
	return nil
}

func (m matchmaking) joined(ctx context.Context, call *Call) error {
	return m.entered(ctx, call, call.Session)
}

func (m matchmaking) accepted(ctx context.Context, call *Call) error {
	return m.entered(ctx, call, sessionIn(call.In.GetPartyAccept().GetPresence()))
}

func (m matchmaking) entered(ctx context.Context, call *Call, session party.Session) error {
	id, err := call.PartyID()
	if err != nil {
		return err
	}
	return m.holders.Entered(ctx, id, session)
}
