package queue

import (
	"context"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking"
	"partyline/matchmaking/formation"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/party/rules"
)

// Launcher makes and fills matches; *[matchmaking.Matches] is one. Its calls are part of a
// matchmaker pass, or of the host's hook behind it, and must be quick.
type Launcher interface {
	Launch(ctx context.Context, l matchmaking.Launch) (matchID string, err error)
	Open(ctx context.Context, queue string) ([]formation.OpenMatch, error)
	Reserve(ctx context.Context, matchID string, claims []seats.Claim) (users []string, misfits []int, err error)
	Commit(ctx context.Context, matchID string, claims []seats.Claim) error
	Withdraw(ctx context.Context, matchID string, claims []seats.Claim) error
	Release(ctx context.Context, id party.ID, userID string) error
}

// Servers asks the operator's fleet for game servers; *[matchmaking.Matches] does. Its calls
// return at once.
type Servers interface {
	OrderServer(ctx context.Context, l matchmaking.Launch, fleet rules.Fleet, users []string, latencies []runtime.FleetUserLatencies) (matchID string, o *matchmaking.Order, err error)
	OrderSlots(matchID string, users []string) *matchmaking.Order
}

// Blocks reads who blocks whom, in one query each.
type Blocks interface {
	By(ctx context.Context, users []string) ([]party.Block, error)    // those the users made
	Among(ctx context.Context, users []string) ([]party.Block, error) // those between the users
}
