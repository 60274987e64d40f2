package party

import "context"

// MemberStatus is what a member last told of itself.
type MemberStatus struct {
	Stage    string
	Progress *float64 // 0..1; nil where none was set
	Text     string
	Stalled  bool // no progress for longer than the rules' status.stall
}

// Statuses answers the statuses of a party's members by session ID.
type Statuses func(ctx context.Context, id ID) (map[string]MemberStatus, error)

// MatchOf answers the match a party is in; empty for none.
type MatchOf func(ctx context.Context, id ID) (string, error)
