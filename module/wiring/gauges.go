package wiring

import (
	"context"
	"time"
)

// Gauges of this node, set every [gaugesEvery].
const (
	MetricParties = "partyline_parties" // live parties
	MetricMembers = "partyline_members" // members of live parties
	MetricWaiting = "partyline_waiting" // players on wait lists
	MetricInvites = "partyline_invites" // invites of all nodes that are not expired, revoked or used up
	MetricMatches = "partyline_matches" // matches with seats that the server lists
)

// gaugesEvery is how often the gauges are set: a little more often than the server's metrics are usually read.
const gaugesEvery = 10 * time.Second

const maxMatches = 10_000

func (m *Module) setGauges(ctx context.Context) error {
	now := m.admission.Population()
	m.nk.MetricsGaugeSet(MetricParties, nil, float64(now.Parties))
	m.nk.MetricsGaugeSet(MetricMembers, nil, float64(now.Members))
	m.nk.MetricsGaugeSet(MetricWaiting, nil, float64(now.Waiting))
	if live, known := m.invites.LiveCount(); known {
		m.nk.MetricsGaugeSet(MetricInvites, nil, float64(live))
	}
	m.queues.Measure()
	running, err := m.matches.Count(ctx, maxMatches)
	if ctx.Err() != nil { // the module stopped meanwhile
		return nil
	}
	if err == nil {
		m.nk.MetricsGaugeSet(MetricMatches, nil, float64(running))
	}
	return err
}
