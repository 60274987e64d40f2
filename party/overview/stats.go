package overview

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"partyline/internal/build"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/invite"
	"partyline/party/judge"
	"partyline/party/ledger"
	"partyline/party/rules"
)

// Stats is the answer of party_admin_stats. It is about this node since the process started, except for the
// outstanding invites.
type Stats struct {
	Build     build.Info          `json:"build"`
	StartedAt int64               `json:"started_at"`
	UptimeSec int64               `json:"uptime_sec"`
	Health    Health              `json:"health"`
	Denials   []RuleDenials       `json:"denials"` // by rule, without rules that denied nothing
	Live      ledger.Population   `json:"live"`
	Invites   InviteStats         `json:"invites"`
	Queues    []party.QueueReport `json:"queues"` // as the last pass left them
	Memory    admission.Stats     `json:"memory"`
	Buckets   map[string]int      `json:"buckets"` // how many users and addresses each rate limit remembers
}

// RuleDenials is how often one rule refused an action.
type RuleDenials struct {
	Rule  string `json:"rule"`
	Count uint64 `json:"count"`
}

// InviteStats is what happened to invites.
type InviteStats struct {
	invite.Counts
	Outstanding int  `json:"outstanding"` // that can still be used, of all nodes
	More        bool `json:"more"`        // there are more than were counted
	Unknown     bool `json:"unknown"`     // storage cannot be read, and outstanding is 0; health says why
}

func (o *Overview) Stats(ctx context.Context) Stats {
	stats, _ := o.StatsAndInvites(ctx, "")
	return stats
}

// StatsAndInvites returns the statistics and the invites that can still be used, the newest first. If sought is the ID
// of an invite or of a party, the list includes it in any case. If the invites cannot be read, that is a problem of the
// health.
func (o *Overview) StatsAndInvites(ctx context.Context, sought string) (Stats, []invite.Outstanding) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	list, more, err := o.Invites.Outstanding(ctx, sought)
	s := Stats{
		Build:     build.Current(),
		StartedAt: o.since.Unix(), UptimeSec: int64(o.Now().Sub(o.since) / time.Second), Health: o.Health(), Denials: []RuleDenials{},
		Invites: InviteStats{o.Invites.Counts(), len(list), more, err != nil}, Live: o.Seats.Population(), Queues: o.Queues(), Memory: o.Seats.Stats(), Buckets: o.Limits(),
	}
	if err != nil {
		s.Health.OK, s.Health.Problems = false, append(s.Health.Problems, fmt.Sprintf("invites cannot be read: %v", err))
	}
	denied := o.Judge.Denied()
	for _, rule := range slices.Sorted(maps.Keys(denied)) {
		s.Denials = append(s.Denials, RuleDenials{rule, denied[rule]})
	}
	return s, list
}

// Running lists the newest matches with seats, at most most, and counts all of them.
func (o *Overview) Running(ctx context.Context, most int) (newest []party.RunningMatch, total int, err error) {
	return o.Matches(context.WithoutCancel(ctx), most) // of the host's memory
}

// Denial is one action that a rule refused, with an explanation.
type Denial struct {
	judge.Denial
	Explanation rules.Explanation
}

// Denials explains the last refusals, the newest first.
func (o *Overview) Denials(ctx context.Context) []Denial {
	last := o.Judge.Denials()
	out := make([]Denial, len(last))
	for i, d := range last {
		out[i] = Denial{d, d.Explain(ctx)}
	}
	return out
}
