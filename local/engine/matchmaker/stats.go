package matchmaker

import (
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// keptCompletions is how many of the latest matched players the statistics show.
const keptCompletions = 10

// stats is what clients may ask about the matchmaker. It changes with each pass.
type stats struct {
	waiting     int
	oldest      int64 // creation time in Unix nanoseconds; 0 when nobody waits
	completions []*api.MatchmakerCompletionStats
}

func (s *stats) observe(tickets map[string]*ticket) {
	s.waiting, s.oldest = len(tickets), 0
	for _, t := range tickets {
		if s.oldest == 0 || t.created < s.oldest {
			s.oldest = t.created
		}
	}
}

// completed adds the players of the matches to the statistics.
func (m *Matchmaker) completed(matches []match, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	done := m.stats.completions
	for _, found := range matches {
		for _, e := range found.entries {
			done = append(done, &api.MatchmakerCompletionStats{
				CreateTime:   timestamppb.New(time.Unix(0, e.CreateTime)),
				CompleteTime: timestamppb.New(at),
			})
		}
	}
	m.stats.completions = slices.Clone(done[max(0, len(done)-keptCompletions):])
}

// Stats returns how many tickets waited at the last pass, since when the oldest of them,
// and the latest matched players.
func (m *Matchmaker) Stats() *api.MatchmakerStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := &api.MatchmakerStats{TicketCount: int32(m.stats.waiting), Completions: slices.Clone(m.stats.completions)}
	if m.stats.oldest != 0 {
		out.OldestTicketCreateTime = timestamppb.New(time.Unix(0, m.stats.oldest))
	}
	return out
}
