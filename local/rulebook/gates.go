package rulebook

import (
	"context"
	"fmt"
	"slices"

	"partyline/party/rules"
)

// Explained is the explanation of a decision, with what a server checks besides the rules.
type Explained struct {
	rules.Explanation
	Gates           []Gate // in the server's order
	GatesAfterRules bool   // the server checks the gates after the rules allow the action; false = before
}

// Explain explains how a server decides about the facts.
func Explain(ctx context.Context, s *rules.Set, f rules.Facts) Explained {
	f, _ = applyShape(s, f)
	return Explained{s.Explain(ctx, f, nil), gates(s.Config(), f), f.Action == rules.ActionMatchmake}
}

// Refusal returns the first gate that refuses. It returns nil if none does, or if the rules refuse before it.
func (e Explained) Refusal() *Gate {
	at := slices.IndexFunc(e.Gates, func(g Gate) bool { return g.Refuses })
	if at < 0 || e.GatesAfterRules && !e.Decision.Allowed {
		return nil
	}
	return &e.Gates[at]
}

// applyShape treats the size and openness in f as what a client asks for, and changes them as a server does. A size
// that the file refuses does not fit, and stays unchanged.
func applyShape(s *rules.Set, f rules.Facts) (shaped rules.Facts, fits bool) {
	if f.Action != rules.ActionCreate && f.Action != rules.ActionUpdate {
		return f, true
	}
	wish := f.Request
	wish.Wish = &rules.PartyRequest{MaxSize: wish.MaxSize, Open: wish.Open}
	made, fits := s.Config().Parties.ResolveRequest(f.Action, wish)
	if fits {
		f.Request = made
	}
	return f, fits
}

// Gate is a check that a server makes besides the rules.
type Gate struct {
	Reason  string // of the refusal, such as "party_full"
	Text    string // the result of the check
	Refuses bool
}

// gates returns the checks of the action. A check never refuses because of a fact that is left out.
func gates(c rules.Config, f rules.Facts) []Gate {
	p := f.Party
	switch f.Action {
	case rules.ActionCreate:
		size, m := f.Request.MaxSize, c.Parties.MaxSize
		return []Gate{{"invalid_request", fmt.Sprintf("size %d, allowed %d to %d", size, m.Min, m.Max), size < m.Min || size > m.Max}}
	case rules.ActionJoin:
		lock := c.Parties.Lock
		gates := []Gate{
			{"banned", "removed from the party a short while ago: " + yesNo(f.Banned), f.Banned},
			{"party_locked", "the party's state is " + fmt.Sprintf("%q", p.State), p.State == rules.StateMatchmaking && lock.WhileMatchmaking || p.State == rules.StateInMatch && lock.InMatch},
			{"party_full", fmt.Sprintf("%d members and %d kept seats of %d", p.Size, p.Held, p.MaxSize), p.MaxSize > 0 && p.Size+p.Held >= p.MaxSize},
		}
		if f.Invited {
			gates = append(gates, Gate{"blocked", "a block between the player and a member: " + yesNo(f.Relation.Blocked), f.Relation.Blocked})
		}
		return gates
	case rules.ActionInvite:
		if c.Invites.Who == rules.InviteLeader {
			return []Gate{{"not_leader", "only the leader invites", p.LeaderID != f.User.ID}}
		}
	case rules.ActionMatchmake:
		return queueGates(c, f)
	}
	return nil
}

func queueGates(c rules.Config, f rules.Facts) []Gate {
	if len(c.Queues) == 0 || f.Request.Queue == "" {
		return nil
	}
	q, known := c.Queues[f.Request.Queue]
	gates := []Gate{{"unknown_queue", "queue " + fmt.Sprintf("%q", f.Request.Queue), !known}}
	if !known {
		return gates
	}
	gates = append(gates, Gate{"party_too_large", fmt.Sprintf("members: %d, the queue takes up to %d", f.Party.Size, q.MaxParty), f.Party.Size > q.MaxParty})
	if ready := c.Status.Ready; q.RequireReady && ready != "" {
		waits := slices.ContainsFunc(f.Party.Members, func(m rules.MemberFacts) bool { return m.Stage != ready })
		gates = append(gates, Gate{"not_ready", "everybody is in the stage " + fmt.Sprintf("%q", ready) + ": " + yesNo(!waits), waits})
	}
	return gates
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
