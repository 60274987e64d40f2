package rules

import (
	"fmt"
	"maps"
	"slices"
)

// maxSeats bounds one match, so that seat tables and labels stay small.
const maxSeats = 256

func (d *decoder) queues(c *Config) {
	if c.Matchmaking.CreateMatch && len(c.Queues) > 0 {
		d.warn("matchmaking.create_match", "has no effect with queues, which make their own matches", "")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Queues)) {
		d.queue(join("queues", name), c.Queues[name], c)
	}
}

func (d *decoder) queue(at string, q Queue, c *Config) {
	if d.broken[at] || d.broken[at+".teams"] || d.broken[at+".team_size"] {
		return
	}
	if q.Seats() < 2 || q.Seats() > maxSeats {
		d.bad(at+".team_size", fmt.Sprintf("%s of %d make %s", plural(q.Teams, "team"), q.TeamSize.Max, plural(q.Seats(), "player")), fmt.Sprintf("a match has 2 to %d", maxSeats))
		return
	}
	d.atMost(at+".team_size.min", q.TeamSize.Min, q.TeamSize.Min > q.TeamSize.Max, at+".team_size.max", q.TeamSize.Max)
	if q.TeamSize.Min == q.TeamSize.Max && q.TeamSize.Min > 0 || q.TeamSize.Min == 0 && q.TeamSize.After > 0 {
		d.warn(at+".team_size", "teams never get smaller", "set min below max")
	}
	if q.MaxParty > q.TeamSize.Max {
		d.bad(at+".max_party", fmt.Sprintf("%d is more than a team's %d seats", q.MaxParty, q.TeamSize.Max), fmt.Sprintf("allowed 1 to %d", q.TeamSize.Max))
	}
	if q.FullPartyAlone && q.Teams > 1 {
		d.warn(at+".full_party_alone", fmt.Sprintf("has no effect with %d teams, because a party is never split over them", q.Teams), "")
	}
	if q.Teams == 1 && q.MaxParty == q.TeamSize.Max && !q.FullPartyAlone {
		d.warn(at, "a party of "+fmt.Sprint(q.TeamSize.Max)+" waits for others who have no seat", "set full_party_alone: true or a smaller max_party")
	}
	if q.RequireReady && c.Status.Ready == "" {
		d.bad(at+".require_ready", "there is no ready stage to wait for", "set status.ready")
	}
	d.atMost(at+".seat_hold", FormatDuration(q.SeatHold), q.SeatHold > q.SeatHoldMax, at+".seat_hold_max", FormatDuration(q.SeatHoldMax))
	if q.MaxParty > c.Parties.MaxSize.Max {
		d.warn(at+".max_party", fmt.Sprintf("no party has more than the %d players of parties.max_size.max", c.Parties.MaxSize.Max), "")
	}
	if k := q.Latency; k != nil && !d.broken[at+".latency"] {
		d.atMost(at+".latency.start", k.Start, k.Start > k.Max, at+".latency.max", k.Max)
		d.widen(at+".latency", k.Widen)
	}
	if k := q.Parity; k != nil && k.Mode != ParityOff && k.Diff >= q.TeamSize.Max {
		d.warn(at+".parity.diff", fmt.Sprintf("groups of a team of %d never differ by more than %d", q.TeamSize.Max, q.TeamSize.Max-1), "")
	}
	if q.Match != PartyMatch && q.Tick != DefaultOf[Queue]().Tick {
		d.warn(at+".tick", "has no effect, because the match is not "+PartyMatch, "")
	}
	if _, is := q.Server(); q.Fleet != nil && !is {
		d.warn(at+".fleet", "has no effect, because the match is not "+FleetMatch, "")
	}
	if q.Skill != nil && !d.broken[at+".skill"] {
		d.skill(at+".skill", *q.Skill)
	}
	d.properties(at, q)
}

// properties keeps a queue from names that mean something else on its tickets: nobody could play in it.
func (d *decoder) properties(at string, q Queue) {
	numbers := []string{"party_size", "held", "queued_since"}
	if q.Latency != nil {
		for _, region := range q.Latency.Regions {
			numbers = append(numbers, "latency_"+region)
		}
	}
	if q.Skill != nil {
		name := q.Skill.Property
		if slices.Contains(numbers, name) || name == "queue" || name == "join_in_progress" {
			d.bad(at+".skill.property", fmt.Sprintf("%q means something else on a ticket", name), "choose another name")
		}
		numbers = append(numbers, name)
	}
	for i, name := range q.MatchOn {
		if slices.Contains(numbers, name) {
			d.bad(index(at+".match_on", i), fmt.Sprintf("%q is a number on a ticket, and players are matched by texts", name), "choose another name")
		}
	}
}

// widen warns of a rate that has nothing to grow to.
func (d *decoder) widen(at string, r Rate) {
	_, written := d.values[at+".widen"]
	if _, bounded := d.values[at+".max"]; written && !bounded && !r.Unlimited() {
		d.warn(at+".widen", "has no effect without max", "set max")
	}
}

func (d *decoder) skill(at string, s Skill) {
	d.atMost(at+".window", s.Window, s.Window > s.Max, at+".max", s.Max)
	if s.Max > s.Window && s.Widen.Unlimited() && !d.broken[at+".widen"] {
		d.warn(at+".max", "is never reached, because the window does not widen", "set widen, such as 25/s")
	}
	d.widen(at, s.Widen)
	storage := s.Storage.Collection != "" || s.Storage.Key != ""
	switch {
	case s.Source == SkillFromStorage && (s.Storage.Collection == "" || s.Storage.Key == ""):
		d.bad(at+".storage", "does not name the object to read", "set storage.collection and storage.key")
	case s.Source != SkillFromStorage && storage && !d.broken[at+".source"]:
		d.warn(at+".storage", fmt.Sprintf("has no effect with source %q", s.Source), "set source: storage")
	}
}
