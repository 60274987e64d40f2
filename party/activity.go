package party

import (
	"context"

	"partyline/party/rules"
)

// Activity tells what a party is doing besides being together.
type Activity struct {
	Queued func(ctx context.Context, id ID) (bool, error) // whether a ticket of the party waits
	Match  MatchOf
}

// State is the party's state as rules know it, one of [rules.StateIdle],
// [rules.StateMatchmaking] and [rules.StateInMatch], and the match it is in. A party in a
// match that queues for the next one is in the match.
func (a Activity) State(ctx context.Context, id ID) (state, matchID string, err error) {
	if matchID, err = a.Match(ctx, id); matchID != "" || err != nil {
		return rules.StateInMatch, matchID, err
	}
	if queued, err := a.Queued(ctx, id); queued || err != nil {
		return rules.StateMatchmaking, "", err
	}
	return rules.StateIdle, "", nil
}

// Locked makes what [AdmissionDeps].Locked wants: it refuses with PartyLocked while the
// rules' lock keeps the party closed. Without a lock it asks nobody.
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
