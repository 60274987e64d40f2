package rules

import (
	"fmt"
	"maps"
	"slices"
)

// maxSeats limits the size of a match, so that seat tables and labels stay small.
const maxSeats = 256

// defaultOutgoingQueue is the server's default for socket.outgoing_queue_size. The host closes a socket if more
// messages wait.
const defaultOutgoingQueue = 64

func (d *decoder) checkQueues(c *Config) {
	d.warnIf(c.Matchmaking.CreateMatch && len(c.Queues) > 0, "matchmaking.create_match",
		"has no effect with queues, which make their own matches", "")
	for _, name := range slices.Sorted(maps.Keys(c.Queues)) {
		d.checkQueue(joinPath("queues", name), c.Queues[name], c)
	}
}

func (d *decoder) checkQueue(at string, q Queue, c *Config) {
	if d.broken[at] || d.broken[at+".teams"] || d.broken[at+".team_size"] {
		return
	}
	if q.Seats() < 2 || q.Seats() > maxSeats {
		d.reject(at+".team_size", fmt.Sprintf("%s of %d make %s", plural(q.Teams, "team"), q.TeamSize.Max, plural(q.Seats(), "player")), fmt.Sprintf("a match has 2 to %d", maxSeats))
		return
	}
	checkAtMost(d, at+".team_size.min", q.TeamSize.Min, at+".team_size.max", q.TeamSize.Max)
	d.warnIf(q.TeamSize.Min == q.TeamSize.Max && q.TeamSize.Min > 0 || q.TeamSize.Min == 0 && q.TeamSize.After > 0, at+".team_size",
		"teams never get smaller", "set min below max")
	d.rejectIf(q.MaxParty > q.TeamSize.Max, at+".max_party",
		fmt.Sprintf("%d is more than a team's %d seats", q.MaxParty, q.TeamSize.Max), fmt.Sprintf("allowed 1 to %d", q.TeamSize.Max))
	d.warnIf(q.FullPartyAlone && q.Teams > 1, at+".full_party_alone",
		fmt.Sprintf("has no effect with %d teams, because a party is never split over them", q.Teams), "")
	d.warnIf(q.Teams == 1 && q.MaxParty == q.TeamSize.Max && !q.FullPartyAlone, at,
		fmt.Sprintf("a party of %d waits for others who have no seat", q.TeamSize.Max), "set full_party_alone: true or a smaller max_party")
	d.rejectIf(q.RequireReady && c.Status.Ready == "", at+".require_ready",
		"there is no ready stage to wait for", "set status.ready")
	checkAtMost(d, at+".seat_hold", q.SeatHold, at+".seat_hold_max", q.SeatHoldMax)
	d.warnIf(q.MaxParty > c.Parties.MaxSize.Max, at+".max_party",
		fmt.Sprintf("no party has more than the %d players of parties.max_size.max", c.Parties.MaxSize.Max), "")
	if k := q.Latency; k != nil && !d.broken[at+".latency"] {
		checkAtMost(d, at+".latency.start", k.Start, at+".latency.max", k.Max)
		d.warnWiden(at+".latency", k.Widen)
	}
	if k := q.Parity; k != nil && k.Mode != ParityOff && k.Diff >= q.TeamSize.Max {
		d.warn(at+".parity.diff", fmt.Sprintf("groups of a team of %d never differ by more than %d", q.TeamSize.Max, q.TeamSize.Max-1), "")
	}
	d.warnIf(q.Match != PartyMatch && q.Tick != DefaultOf[Queue]().Tick, at+".tick",
		"has no effect, because the match is not "+PartyMatch, "")
	each := q.Tick * defaultOutgoingQueue / (q.Seats() - 1)
	d.warnIf(q.Match == PartyMatch && !d.broken[at+".tick"] && q.Tick < DefaultOf[Queue]().Tick && each < 10, at+".tick",
		fmt.Sprintf("%s may send %d messages a second each before the server closes their sockets", plural(q.Seats(), "player"), each), "set a higher tick, or socket.outgoing_queue_size of the server above its 64")
	d.warnIf(q.Match != FleetMatch && q.Fleet != nil, at+".fleet",
		"has no effect, because the match is not "+FleetMatch, "")
	if fleet, is := q.FleetConfig(); is {
		_, taken := fleet.Metadata[ServerInfoKey]
		d.rejectIf(taken, at+".fleet.metadata."+ServerInfoKey, "is what the module itself tells the game server", "choose another key")
	}
	if q.Skill != nil && !d.broken[at+".skill"] {
		d.checkSkill(at+".skill", *q.Skill)
	}
	d.checkProperties(at, q)
}

// checkProperties refuses property names that mean something else on the queue's tickets. Nobody could play in such
// a queue.
func (d *decoder) checkProperties(at string, q Queue) {
	numbers := []string{"party_size", "held", "queued_since"}
	if q.Latency != nil {
		for _, region := range q.Latency.Regions {
			numbers = append(numbers, "latency_"+region)
		}
	}
	if q.Skill != nil {
		name := q.Skill.Property
		d.rejectIf(slices.Contains(numbers, name) || name == "queue" || name == "join_in_progress", at+".skill.property",
			fmt.Sprintf("%q means something else on a ticket", name), "choose another name")
		numbers = append(numbers, name)
	}
	for i, name := range q.MatchOn {
		d.rejectIf(slices.Contains(numbers, name), indexPath(at+".match_on", i),
			fmt.Sprintf("%q is a number on a ticket, and players are matched by texts", name), "choose another name")
	}
}

// warnWiden warns of a growth rate if the file sets no max for it.
func (d *decoder) warnWiden(at string, r Rate) {
	d.warnIf(d.isSet(at+".widen") && !d.isSet(at+".max") && !r.Unlimited(), at+".widen", "has no effect without max", "set max")
}

func (d *decoder) checkSkill(at string, s Skill) {
	checkAtMost(d, at+".window", s.Window, at+".max", s.Max)
	d.warnIf(s.Max > s.Window && s.Widen.Unlimited() && !d.broken[at+".widen"], at+".max",
		"is never reached, because the window does not widen", "set widen, such as 25/s")
	d.warnWiden(at, s.Widen)
	storage := s.Storage.Collection != "" || s.Storage.Key != ""
	switch {
	case s.Source == SkillFromStorage && (s.Storage.Collection == "" || s.Storage.Key == ""):
		d.reject(at+".storage", "does not name the object to read", "set storage.collection and storage.key")
	case s.Source != SkillFromStorage && storage && !d.broken[at+".source"]:
		d.warn(at+".storage", fmt.Sprintf("has no effect with source %q", s.Source), "set source: storage")
	}
}
