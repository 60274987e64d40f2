package party

import (
	"context"
	"slices"
	"time"
)

// request is somebody asking to be let into a closed party. The native engine keeps a
// list of its own, as long as the party has seats, and forgets an entry only when the
// leader decides on it: not when the asker disconnects, nor when the asker gets in by an
// invite. The engine cannot be told to forget one, so the module keeps count of the list
// and decides who may get onto it.
type request struct {
	session Session
	client  Client    // the asker's; the leader who accepts knows nothing of it
	until   time.Time // while the engine has not answered; zero once the entry is on its list
}

// requestRetry is when somebody who found the list full should ask again.
const requestRetry = 30 * time.Second

// mayAsk refuses whoever may not get onto the party's list of requests. The caller
// holds the gate and has checked that s may enter.
func (a *Admission) mayAsk(ctx context.Context, g *gate, v View, s Session) error {
	rule := a.policy().Parties.Requests
	if !rule.WhileInParty {
		in, err := a.roster.PartiesOf(ctx, s.UserID)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(in, func(m Membership) bool { return m.ID != g.id }) {
			return Refuse(AlreadyInParty, "You are in another party; leave it first.")
		}
	}
	for _, r := range g.requests {
		if r.session.UserID == s.UserID {
			return nil // one entry per user: the engine will say so
		}
	}
	live, err := a.liveRequests(g, v)
	if err != nil {
		return err
	}
	if live >= rule.Cap {
		return tooManyRequests()
	}
	// What strangers leave behind stays on the list. The rest of it is for friends.
	if len(g.requests) < v.MaxSize-reservedRequests(v.MaxSize) {
		return nil
	}
	if a.friends == nil {
		return tooManyRequests()
	}
	members := make([]string, len(v.Members))
	for i, m := range v.Members {
		members[i] = m.UserID
	}
	friends, err := a.friends(ctx, s.UserID, members)
	if err != nil {
		return err
	}
	if len(friends) == 0 {
		return tooManyRequests()
	}
	return nil
}

func tooManyRequests() *Error {
	return Refuse(RateLimited, "Too many players are asking to join, retry_after_sec=%d.", int(requestRetry.Seconds()))
}

// reservedRequests is how many places of a party's list only friends of a member get:
// a quarter, and none in the smallest parties, where it would be half of the list.
func reservedRequests(maxSize int) int { return maxSize / 4 }

// liveRequests counts the requests that somebody still waits for.
func (a *Admission) liveRequests(g *gate, v View) (int, error) {
	live := 0
	for _, r := range g.requests {
		if _, in := v.Member(r.session.UserID); in {
			continue
		}
		alive, err := a.roster.alive(r.session)
		if err != nil {
			return 0, err
		}
		if alive {
			live++
		}
	}
	return live, nil
}

// forgetDead takes a request off the count whose session has ended. The caller holds
// the gate.
func (a *Admission) forgetDead(g *gate, s Session) {
	if alive, err := a.roster.alive(s); err == nil && !alive {
		delete(g.requests, s.SessionID)
	}
}

// ClientAsking is the client of a session that asked to join; the zero Client if this
// process has not seen it ask.
func (a *Admission) ClientAsking(id ID, sessionID string) Client {
	g := a.gates.enter(id)
	defer a.gates.exit(g)
	return g.requests[sessionID].client
}
