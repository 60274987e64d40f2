package formation

import "partyline/party/rules"

// Of is a queue of the rules file as team formation sees it.
func Of(q rules.Queue) Queue {
	f := Queue{Teams: q.Teams, TeamSize: q.TeamSize.Max, FullParty: q.FullPartyAlone && q.Teams == 1, NoSkill: q.Skill == nil}
	if q.TeamSize.Min < q.TeamSize.Max {
		f.MinTeamSize, f.ShrinkAfter = q.TeamSize.Min, q.TeamSize.After
	}
	if k := q.Skill; k != nil {
		f.Window, f.MaxWindow, f.TeamSpread = k.Window, max(k.Window, k.Max), k.TeamSpread
		if f.MaxWindow > f.Window {
			f.WidenPerSec = k.Widen.PerSecond()
		}
	}
	if q.Parity != nil {
		f.Parity = *q.Parity
	}
	if q.Latency != nil {
		f.Latency = *q.Latency
		f.Latency.Max = max(f.Latency.Start, f.Latency.Max)
	}
	return f
}
