package status

import (
	"context"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

// Listing is the statuses of a party, and the answer of party_status_list. The message to the party (op code
// [party.OpStatus]) has the same form, with only the rows that changed; many rows go out in several messages.
type Listing struct {
	Members  []Member   `json:"members"`
	Incoming []Incoming `json:"incoming"`
}

var _ party.Rows = Listing{}

// Halves is for [party.SendData].
func (l Listing) Halves() (a, b party.Rows, ok bool) {
	m, i := (len(l.Members)+1)/2, len(l.Incoming)/2
	return Listing{l.Members[:m], l.Incoming[:i]}, Listing{l.Members[m:], l.Incoming[i:]}, len(l.Members)+len(l.Incoming) > 1
}

// Member is the status of one session in the party.
type Member struct {
	UserID    string   `json:"user_id"`
	SessionID string   `json:"session_id"`
	Username  string   `json:"username"`
	Leader    bool     `json:"leader"`
	Stage     string   `json:"stage"`              // empty before the first report
	Progress  *float64 `json:"progress,omitempty"` // 0..1; absent if none was reported
	Text      string   `json:"text"`
	Stalled   bool     `json:"stalled"`    // no progress for longer than the rules' stall
	UpdatedAt int64    `json:"updated_at"` // Unix seconds; 0 before the first report
	// Lost marks a session that the server counts as a member although its connection ended while joining. The seat
	// is taken until the leader removes the member.
	Lost bool `json:"lost,omitempty"`
}

// Incoming is the status of a user on the way. In a message, a row without a stage means that the user is no longer
// on the way: come in, declined, or without a report for too long.
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

// List returns to a member the last status of all members and of all users on the way. Members are in the order they
// joined, then the lost ones. Users on the way are in the order they set out. Refusals: InvalidRequest,
// PartyNotFound, NotMember.
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

// Statuses returns the last status of the party's sessions, by session ID.
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
