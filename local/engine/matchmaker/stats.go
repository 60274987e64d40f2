package matchmaker

import (
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// maxCompletions is how many of the last matched players the statistics list.
const maxCompletions = 10

// Stats returns the statistics of the last pass: the tickets at its start, and the players matched by its end.
func (m *Matchmaker) Stats() *api.MatchmakerStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stats
}

// countTickets counts the tickets.
func (m *Matchmaker) countTickets() *api.MatchmakerStats {
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

// setStats stores the statistics of a pass that has ended.
func (m *Matchmaker) setStats(stats *api.MatchmakerStats) {
	m.mu.Lock()
	defer m.mu.Unlock()
	stats.Completions = slices.Clone(m.matched)
	m.stats = stats
}

// recordMatched records matched players for the statistics.
func (m *Matchmaker) recordMatched(entries []*Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := timestamppb.New(m.opts.Now())
	for _, e := range entries {
		m.matched = append(m.matched, &api.MatchmakerCompletionStats{CreateTime: timestamppb.New(time.Unix(0, e.CreateTime)), CompleteTime: now})
	}
	m.matched = slices.Clone(m.matched[max(0, len(m.matched)-maxCompletions):])
}
