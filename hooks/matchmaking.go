package hooks

import (
	"context"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/party"
	"partyline/party/reserve"
)

// Tickets refuses tickets, changes them to fit their queue, and hears of those that were made or cancelled.
type Tickets interface {
	CheckParty(ctx context.Context, look reserve.Look, by party.Session, add *rtapi.PartyMatchmakerAdd) error
	CheckSolo(ctx context.Context, by party.Session, add *rtapi.MatchmakerAdd) error
	PartyQueued(ctx context.Context, id party.ID, by party.Session, ticket string, add *rtapi.PartyMatchmakerAdd) error
	SoloQueued(ctx context.Context, by party.Session, ticket string, add *rtapi.MatchmakerAdd)
	TicketCancelled(ctx context.Context, by party.Session, ticket string)
}

// Matchmaking handles the messages of the host's matchmaker; members who come and go are [party.News]. plays hears of
// sessions that join a match; it is nil if the host's matched hook tells of matches.
func Matchmaking(tickets Tickets, parties Parties, plays func(ctx context.Context, s party.Session)) []Hook {
	table := []Hook{
		{
			Message: PartyMatchmakerAdd, Name: "ticket",
			Before: func(ctx context.Context, call *Call) error {
				look, err := call.Look(ctx, parties)
				if err != nil {
					return err
				}
				return tickets.CheckParty(ctx, *look, call.Session(), call.In.GetPartyMatchmakerAdd())
			},
			After: func(ctx context.Context, call *Call) error {
				id, err := call.PartyID()
				if err != nil {
					return err
				}
				return tickets.PartyQueued(ctx, id, call.Session(), call.Out.GetPartyMatchmakerTicket().GetTicket(), call.In.GetPartyMatchmakerAdd())
			},
		},
		{
			Message: MatchmakerAdd, Name: "ticket",
			Before: func(ctx context.Context, call *Call) error {
				return tickets.CheckSolo(ctx, call.Session(), call.In.GetMatchmakerAdd())
			},
			After: func(ctx context.Context, call *Call) error {
				tickets.SoloQueued(ctx, call.Session(), call.Out.GetMatchmakerTicket().GetTicket(), call.In.GetMatchmakerAdd())
				return nil
			},
		},
		{Message: PartyMatchmakerRemove, Name: "ticket", After: func(ctx context.Context, call *Call) error {
			tickets.TicketCancelled(ctx, call.Session(), call.In.GetPartyMatchmakerRemove().GetTicket())
			return nil
		}},
		{Message: MatchmakerRemove, Name: "ticket", After: func(ctx context.Context, call *Call) error {
			tickets.TicketCancelled(ctx, call.Session(), call.In.GetMatchmakerRemove().GetTicket())
			return nil
		}},
	}
	if plays != nil {
		table = append(table, Hook{Message: MatchJoin, Name: "tickets", After: func(ctx context.Context, call *Call) error {
			plays(ctx, call.Session())
			return nil
		}})
	}
	return table
}
