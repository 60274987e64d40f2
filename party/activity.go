package party

import (
	"context"

	"partyline/party/rules"
)

// Activity knows what a party is doing: matchmaking, or playing a match.
type Activity struct {
	Queued func(ctx context.Context, id ID) (bool, error) // whether the party has a waiting ticket
	Match  MatchOf
}

// State returns the party's state for rules ([rules.StateIdle], [rules.StateMatchmaking] or [rules.StateInMatch]) and
// the match it is in. A party in a match that queues for the next one counts as in the match.
func (a Activity) State(ctx context.Context, id ID) (state, matchID string, err error) {
	if matchID, err = a.Match(ctx, id); matchID != "" || err != nil {
		return rules.StateInMatch, matchID, err
	}
	if queued, err := a.Queued(ctx, id); queued || err != nil {
		return rules.StateMatchmaking, "", err
	}
	return rules.StateIdle, "", nil
}

// Locked returns a function that refuses with PartyLocked while the rules lock the party.
func (a Activity) Locked(policy Policy) func(ctx context.Context, v View) error {
	return func(ctx context.Context, v View) error {
		lock := policy().Parties.Lock
		if lock.InMatch {
			if match, err := a.Match(ctx, v.ID); err != nil {
				return err
			} else if match != "" {
				return Refuse(PartyLocked, "This party is in a match.")
			}
		}
		if lock.WhileMatchmaking {
			if queued, err := a.Queued(ctx, v.ID); err != nil {
				return err
			} else if queued {
				return Refuse(PartyLocked, "This party is looking for a match.")
			}
		}
		return nil
	}
}
