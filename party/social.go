package party

import "context"

// MemberStatus is the latest status that a member reported.
type MemberStatus struct {
	Stage    string
	Progress *float64 // 0..1; nil if none was set
	Text     string
	Stalled  bool // no progress for longer than status.stall of the rules
}

// Statuses returns the statuses of a party's members by session ID.
type Statuses func(ctx context.Context, id ID) (map[string]MemberStatus, error)

// MatchOf returns the match that a party is in; empty if it is in none.
type MatchOf func(ctx context.Context, id ID) (string, error)
