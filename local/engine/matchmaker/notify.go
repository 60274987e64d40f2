package matchmaker

import (
	"context"

	"partyline/local/engine/presence"

	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
)

// notifyPlayers asks the module for the match ID and sends it to all players of the entries. Without an ID, they all
// get the same token for a relayed match.
func (m *Matchmaker) notifyPlayers(ctx context.Context, entries []*Entry) {
	users := make([]*rtapi.MatchmakerMatched_MatchmakerUser, len(entries))
	for i, e := range entries {
		users[i] = e.user()
	}
	common := &rtapi.MatchmakerMatched{Id: &rtapi.MatchmakerMatched_MatchId{MatchId: m.matchID(ctx, entries)}}
	if common.GetMatchId() == "" {
		common.Id = &rtapi.MatchmakerMatched_Token{Token: m.opts.RelayToken()}
	}
	m.recordMatched(entries)
	for i, e := range entries {
		m.opts.Router.SendToPresences([]presence.ID{e.Player.ID}, &rtapi.Envelope{
			Message: &rtapi.Envelope_MatchmakerMatched{MatchmakerMatched: &rtapi.MatchmakerMatched{
				Ticket: e.Ticket,
				Id:     common.Id,
				Users:  users,
				Self:   users[i],
			}},
		})
	}
}

// matchID returns the module's answer. It is "" if there is no hook or the hook fails.
func (m *Matchmaker) matchID(ctx context.Context, entries []*Entry) (id string) {
	if m.hooks.Matched == nil {
		return ""
	}
	given := make([]runtime.MatchmakerEntry, len(entries))
	for i, e := range entries {
		given[i] = e
	}
	err := safeCall("matched hook", func() (err error) {
		id, err = m.hooks.Matched(ctx, given)
		return err
	})
	if err != nil {
		m.opts.Logger.Error("matchmaker: players get a relayed match: %v", err)
		return ""
	}
	return id
}
