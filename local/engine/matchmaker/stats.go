package matchmaker

import (
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// maxCompletions is of how many players that were matched last the statistics tell.
const maxCompletions = 10

// Stats are as of the last pass: the tickets as they were when it began, and who was matched by its end.
func (m *Matchmaker) Stats() *api.MatchmakerStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stats
}

// survey counts the tickets.
func (m *Matchmaker) survey() *api.MatchmakerStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	stats := &api.MatchmakerStats{TicketCount: int32(len(m.pool.tickets))}
	oldest := int64(0)
	for _, t := range m.pool.tickets {
		if oldest == 0 || t.created < oldest {
			oldest = t.created
		}
	}
	if oldest != 0 {
		stats.OldestTicketCreateTime = timestamppb.New(time.Unix(0, oldest))
	}
	return stats
}

// publish has the statistics of a pass that has ended be the ones.
func (m *Matchmaker) publish(stats *api.MatchmakerStats) {
	m.mu.Lock()
	defer m.mu.Unlock()
	stats.Completions = slices.Clone(m.matched)
	m.stats = stats
}

// complete notes players that were matched.
func (m *Matchmaker) complete(entries []*Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := timestamppb.New(m.opts.Now())
	for _, e := range entries {
		m.matched = append(m.matched, &api.MatchmakerCompletionStats{CreateTime: timestamppb.New(time.Unix(0, e.CreateTime)), CompleteTime: now})
	}
	m.matched = slices.Clone(m.matched[max(0, len(m.matched)-maxCompletions):])
}
