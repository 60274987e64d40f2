package rulebook

import (
	"fmt"
	"slices"

	"partyline/party/rules"
)

// Gate is one of the checks that a server makes before it asks the rules.
type Gate struct {
	Reason  string // of the refusal, such as "party_full"
	Text    string // what was found
	Refuses bool
}

// Gates lists the checks of the action in the order of the server. They are as good as the
// facts: what these leave out refuses nothing.
func Gates(c rules.Config, f rules.Facts) []Gate {
	p := f.Party
	switch f.Action {
	case rules.ActionCreate:
		m := c.Parties.MaxSize
		out := f.Request.MaxSize != 0 && (f.Request.MaxSize < m.Min || f.Request.MaxSize > m.Max)
		return []Gate{{"invalid_request", fmt.Sprintf("size %d, allowed %d to %d", f.Request.MaxSize, m.Min, m.Max), out && m.Outside == rules.OutsideRefuse}}
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
