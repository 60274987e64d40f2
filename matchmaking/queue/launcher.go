package queue

import (
	"context"
	"time"

	"partyline/matchmaking/formation"
	"partyline/matchmaking/seats"
)

// Launch describes a match to be made. Every claim names its team; together they fill
// the match, or, where a party plays alone or the match may be left open, a part of it.
type Launch struct {
	Queue    string // "" for a match of the host's own matching
	Handler  string // name of the match handler: rules.PartyMatch or the operator's own
	Teams    int
	TeamSize int

	// Key and Skill are what a ticket needs to be put into this match later: they come
	// back in [formation.OpenMatch] while the match has open seats.
	Key   string
	Skill float64 // seat-weighted mean of those placed

	Claims []seats.Claim
	// SeatHold is how long seats are held for players on their way, SeatHoldMax how long at most
	// while their progress moves.
	SeatHold, SeatHoldMax time.Duration
	Backfill              bool // whether the match wants to appear in Open
}

// Launcher makes and fills matches. Its calls are part of a matchmaker pass and must be
// quick; ctx carries what is left of the pass's time.
type Launcher interface {
	// Launch makes a match that holds the seats of all claims, or none.
	Launch(ctx context.Context, l Launch) (matchID string, err error)
	// Open lists the queue's running matches that have open seats and want them filled.
	Open(ctx context.Context, queue string) ([]formation.OpenMatch, error)
	// Fill holds the seats of all claims in a running match, or none of them.
	Fill(ctx context.Context, matchID string, claims []seats.Claim) error
	// Withdraw opens the seats of claims whose owners never learned of the match. A
	// match made for them alone ends.
	Withdraw(ctx context.Context, matchID string, claims []seats.Claim) error
}
