package player

import (
	"context"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
)

// The values of a stock SDK; with queues the module uses its own.
const (
	minCount, maxCount = 2, 2
	anybody            = "*"
)

// QueueParty makes a party look for a match and returns its ticket.
func (g *Game) QueueParty(ctx context.Context, id string, properties map[string]string) (ticket string, err error) {
	reply, err := g.Socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerAdd{PartyMatchmakerAdd: &rtapi.PartyMatchmakerAdd{
		PartyId: id, MinCount: minCount, MaxCount: maxCount, Query: anybody, StringProperties: properties}}})
	return reply.GetPartyMatchmakerTicket().GetTicket(), err
}

// Queue looks for a match without a party and returns the ticket.
func (g *Game) Queue(ctx context.Context, properties map[string]string) (ticket string, err error) {
	reply, err := g.Socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_MatchmakerAdd{MatchmakerAdd: &rtapi.MatchmakerAdd{
		MinCount: minCount, MaxCount: maxCount, Query: anybody, StringProperties: properties}}})
	return reply.GetMatchmakerTicket().GetTicket(), err
}

// Matched waits for a match and takes the message.
func (g *Game) Matched(ctx context.Context) (*rtapi.MatchmakerMatched, error) {
	m, err := g.Take(ctx, client.OfKind("matchmaker_matched"))
	return m.Envelope.GetMatchmakerMatched(), err
}

// JoinMatch joins a match.
func (g *Game) JoinMatch(ctx context.Context, id string) error {
	return g.act(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_MatchJoin{MatchJoin: &rtapi.MatchJoin{Id: &rtapi.MatchJoin_MatchId{MatchId: id}}}})
}

// LeaveMatch leaves a match.
func (g *Game) LeaveMatch(ctx context.Context, id string) error {
	return g.act(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_MatchLeave{MatchLeave: &rtapi.MatchLeave{MatchId: id}}})
}
