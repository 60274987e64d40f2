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
		if !k.Widen.Unlimited() && f.MaxWindow > f.Window {
			f.WidenPerSec = k.Widen.PerSecond()
		}
	}
	if k := q.Parity; k != nil {
		f.Parity = Parity{Mode: parityModes[k.Mode], Diff: k.Diff, Relax: k.Relax}
	}
	if k := q.Latency; k != nil {
		f.Latency = Latency{Regions: k.Regions, Start: k.Start, Max: max(k.Start, k.Max)}
		if !k.Widen.Unlimited() {
			f.Latency.WidenPerSec = k.Widen.PerSecond()
		}
	}
	return f
}

var parityModes = map[rules.ParityMode]ParityMode{
	rules.ParityPrefer: ParityPrefer, rules.ParityRequire: ParityRequire,
}
