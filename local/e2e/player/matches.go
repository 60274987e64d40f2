package player

import (
	"context"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
)

// What a stock SDK asks for; with queues the module fills in its own.
const (
	minCount, maxCount = 2, 2
	anybody            = "*"
)

// QueueParty has a party look for a match and gives its ticket.
func (g *Game) QueueParty(ctx context.Context, id string, properties map[string]string) (ticket string, err error) {
	reply, err := g.Socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerAdd{PartyMatchmakerAdd: &rtapi.PartyMatchmakerAdd{
		PartyId: id, MinCount: minCount, MaxCount: maxCount, Query: anybody, StringProperties: properties}}})
	return reply.GetPartyMatchmakerTicket().GetTicket(), err
}

// Queue looks for a match alone and gives the ticket.
func (g *Game) Queue(ctx context.Context, properties map[string]string) (ticket string, err error) {
	reply, err := g.Socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_MatchmakerAdd{MatchmakerAdd: &rtapi.MatchmakerAdd{
		MinCount: minCount, MaxCount: maxCount, Query: anybody, StringProperties: properties}}})
	return reply.GetMatchmakerTicket().GetTicket(), err
}

// Matched waits for a match and takes it.
func (g *Game) Matched(ctx context.Context) (*rtapi.MatchmakerMatched, error) {
	m, err := g.Take(ctx, client.OfKind("matchmaker_matched"))
	return m.Envelope.GetMatchmakerMatched(), err
}

// JoinMatch enters a match.
func (g *Game) JoinMatch(ctx context.Context, id string) error {
	return g.act(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_MatchJoin{MatchJoin: &rtapi.MatchJoin{Id: &rtapi.MatchJoin_MatchId{MatchId: id}}}})
}

// LeaveMatch leaves a match.
func (g *Game) LeaveMatch(ctx context.Context, id string) error {
	return g.act(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_MatchLeave{MatchLeave: &rtapi.MatchLeave{MatchId: id}}})
}
