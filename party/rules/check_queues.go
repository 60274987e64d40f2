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
	d.rejectIf(q.MaxParty > q.TeamSize.Max, at+".max_party",
		fmt.Sprintf("%d is more than a team's %d seats", q.MaxParty, q.TeamSize.Max), fmt.Sprintf("allowed 1 to %d", q.TeamSize.Max))
	d.warnIf(q.Teams == 1 && q.MaxParty == q.TeamSize.Max && !q.FullPartyAlone, at,
		fmt.Sprintf("a party of %d waits for others who have no seat", q.TeamSize.Max), "set full_party_alone: true or a smaller max_party")
	d.rejectIf(q.RequireReady && c.Status.Ready == "", at+".require_ready",
		"there is no ready stage to wait for", "set status.ready")
	checkAtMost(d, at+".seat_hold", q.SeatHold, at+".seat_hold_max", q.SeatHoldMax)
	if k := q.Latency; k != nil && !d.broken[at+".latency"] {
		checkAtMost(d, at+".latency.start", k.Start, at+".latency.max", k.Max)
	}
	each := q.Tick * defaultOutgoingQueue / (q.Seats() - 1)
	d.warnIf(q.Match == PartyMatch && !d.broken[at+".tick"] && q.Tick < DefaultOf[Queue]().Tick && each < 10, at+".tick",
		fmt.Sprintf("%s may send %d messages a second each before the server closes their sockets", plural(q.Seats(), "player"), each), "set a higher tick, or socket.outgoing_queue_size of the server above its 64")
	if fleet, is := q.FleetConfig(); is {
		_, taken := fleet.Metadata[ServerInfoKey]
		d.rejectIf(taken, at+".fleet.metadata."+ServerInfoKey, "is what the module itself tells the game server", "choose another key")
	}
	if s, at := q.Skill, at+".skill"; s != nil && !d.broken[at] {
		checkAtMost(d, at+".window", s.Window, at+".max", s.Max)
		d.rejectIf(s.Source == SkillFromStorage && (s.Storage.Collection == "" || s.Storage.Key == ""), at+".storage",
			"does not name the object to read", "set storage.collection and storage.key")
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
