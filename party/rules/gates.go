package rules

import (
	"fmt"
	"slices"
)

// Gate is one of the checks that a server makes before it asks the rules.
type Gate struct {
	Reason  string // of the refusal, such as "party_full"
	Text    string // what was found
	Refuses bool
}

// before lists the gates of the action in the order of the server. They are as good as
// the facts: what these leave out refuses nothing.
func (s *Set) before(f Facts) []Gate {
	c, p := s.config, f.Party
	switch f.Action {
	case ActionCreate:
		m := c.Parties.MaxSize
		out := f.Request.MaxSize != 0 && (f.Request.MaxSize < m.Min || f.Request.MaxSize > m.Max)
		return []Gate{{"invalid_request", fmt.Sprintf("size %d, allowed %d to %d", f.Request.MaxSize, m.Min, m.Max), out && m.Outside == OutsideRefuse}}
	case ActionJoin:
		lock := c.Parties.Lock
		gates := []Gate{
			{"banned", "removed from the party a short while ago: " + yesNo(f.Banned), f.Banned},
			{"party_locked", "the party's state is " + show(p.State), p.State == StateMatchmaking && lock.WhileMatchmaking || p.State == StateInMatch && lock.InMatch},
			{"party_full", fmt.Sprintf("%d members and %d kept seats of %d", p.Size, p.Held, p.MaxSize), p.MaxSize > 0 && p.Size+p.Held >= p.MaxSize},
		}
		if f.Invited {
			gates = append(gates, Gate{"blocked", "a block between the player and a member: " + yesNo(f.Relation.Blocked), f.Relation.Blocked})
		}
		return gates
	case ActionInvite:
		if c.Invites.Who == InviteLeader {
			return []Gate{{"not_leader", "only the leader invites", p.LeaderID != f.User.ID}}
		}
	case ActionMatchmake:
		return s.beforeQueue(f)
	}
	return nil
}

func (s *Set) beforeQueue(f Facts) []Gate {
	if len(s.config.Queues) == 0 || f.Request.Queue == "" {
		return nil
	}
	q, known := s.config.Queues[f.Request.Queue]
	gates := []Gate{{"unknown_queue", "queue " + show(f.Request.Queue), !known}}
	if !known {
		return gates
	}
	gates = append(gates, Gate{"party_too_large", fmt.Sprintf("%s, the queue takes up to %d", plural(f.Party.Size, "member"), q.MaxParty), f.Party.Size > q.MaxParty})
	if ready := s.config.Status.Ready; q.RequireReady && ready != "" {
		waits := slices.ContainsFunc(f.Party.Members, func(m MemberFacts) bool { return m.Stage != ready })
		gates = append(gates, Gate{"not_ready", "everybody is in the stage " + show(ready) + ": " + yesNo(!waits), waits})
	}
	return gates
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
