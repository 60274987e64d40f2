package overview

import (
	"context"
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
}

func (o *Overview) Stats(ctx context.Context) (Stats, error) {
	stats, _, err := o.StatsAndInvites(ctx, "")
	return stats, err
}

// StatsAndInvites returns the statistics and the invites that can still be used, the newest first. If sought is the ID
// of an invite or of a party, the list includes it in any case.
func (o *Overview) StatsAndInvites(ctx context.Context, sought string) (Stats, []invite.Outstanding, error) {
	list, more, err := o.Invites.Outstanding(ctx, sought)
	if err != nil {
		return Stats{}, nil, err
	}
	s := Stats{
		Build:     build.Current(),
		StartedAt: o.since.Unix(), UptimeSec: int64(o.Now().Sub(o.since) / time.Second), Health: o.Health(), Denials: []RuleDenials{},
		Invites: InviteStats{o.Invites.Counts(), len(list), more}, Live: o.Seats.Population(), Queues: o.Queues(), Memory: o.Seats.Stats(), Buckets: o.Limits(),
	}
	denied := o.Judge.Denied()
	for _, rule := range slices.Sorted(maps.Keys(denied)) {
		s.Denials = append(s.Denials, RuleDenials{rule, denied[rule]})
	}
	return s, list, nil
}

func (o *Overview) Running(ctx context.Context, most int) ([]party.RunningMatch, error) {
	return o.Matches(ctx, most)
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
