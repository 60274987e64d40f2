package status

import (
	"context"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// Listing is the statuses of a party, the answer of party_status_list. The message to the
// party (op code [party.OpStatus]) has the same form, with only those rows that changed.
type Listing struct {
	Members  []Member   `json:"members"`
	Incoming []Incoming `json:"incoming"`
}

// Member is the status of one session in the party.
type Member struct {
	UserID    string   `json:"user_id"`
	SessionID string   `json:"session_id"`
	Username  string   `json:"username"`
	Leader    bool     `json:"leader"`
	Stage     string   `json:"stage"`              // empty before the first
	Progress  *float64 `json:"progress,omitempty"` // 0..1; absent where none was told
	Text      string   `json:"text"`
	Stalled   bool     `json:"stalled"`    // no progress for longer than the rules' stall
	UpdatedAt int64    `json:"updated_at"` // Unix seconds; 0 before the first
	// Lost is for somebody whom the server counts as a member although the connection ended
	// while joining. The seat is taken until the leader removes the member.
	Lost bool `json:"lost,omitempty"`
}

// Incoming is the status of a user on the way. In a message, a row without a stage says
// that the user is not on the way any more: come in, declined, or not heard of for long.
type Incoming struct {
	UserID    string   `json:"user_id"`
	Username  string   `json:"username"`
	Stage     string   `json:"stage"`
	Progress  *float64 `json:"progress,omitempty"`
	Text      string   `json:"text"`
	Stalled   bool     `json:"stalled"`
	UpdatedAt int64    `json:"updated_at"`
}

func memberRow(m party.Member, e entry, conf rules.Status, now time.Time) Member {
	return Member{
		UserID: m.UserID, SessionID: m.SessionID, Username: m.Username, Leader: m.Leader,
		Stage: e.Stage, Progress: e.Progress, Text: e.Text, Stalled: e.stalled(conf, now), UpdatedAt: e.updatedAt(),
	}
}

func incomingRow(a arrival, conf rules.Status, now time.Time) Incoming {
	return Incoming{
		UserID: a.user, Username: a.username,
		Stage: a.Stage, Progress: a.Progress, Text: a.Text, Stalled: a.stalled(conf, now), UpdatedAt: a.updatedAt(),
	}
}

// List answers a member what everybody in the party and on the way to it told last:
// members in the order they joined and then those lost, the others in the order they set out. Refusals:
// InvalidRequest, PartyNotFound, NotMember.
func (s *Service) List(ctx context.Context, c party.Caller, partyID string) (Listing, error) {
	v, err := s.Roster.ViewAs(ctx, c, partyID)
	if err != nil {
		return Listing{}, err
	}
	entries, err := s.entries(v.ID)
	if err != nil {
		return Listing{}, err
	}
	conf, now := s.Policy().Status, s.Now()
	list := Listing{Members: make([]Member, len(v.Members)), Incoming: []Incoming{}}
	for i, m := range v.Members {
		list.Members[i] = memberRow(m, entries[m.SessionID].entry, conf, now)
	}
	for _, l := range v.Lost {
		list.Members = append(list.Members, Member{UserID: l.UserID, SessionID: l.SessionID, Username: l.Username, Lost: true})
	}
	for _, a := range s.arrivals(v.ID) {
		if _, member := v.Member(a.user); !member {
			list.Incoming = append(list.Incoming, incomingRow(a, conf, now))
		}
	}
	return list, nil
}

// Statuses answers what the party's sessions told last, by session.
func (s *Service) Statuses(_ context.Context, id party.ID) (map[string]party.MemberStatus, error) {
	entries, err := s.entries(id)
	if err != nil {
		return nil, err
	}
	conf, now := s.Policy().Status, s.Now()
	statuses := make(map[string]party.MemberStatus, len(entries))
	for session, e := range entries {
		statuses[session] = party.MemberStatus{Stage: e.Stage, Progress: e.Progress, Text: e.Text, Stalled: e.stalled(conf, now)}
	}
	return statuses, nil
}

var _ party.Statuses = (*Service)(nil).Statuses
