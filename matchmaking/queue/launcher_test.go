package queue_test

import (
	"context"
	"fmt"
	"time"

	"partyline/matchmaking/formation"
	"partyline/matchmaking/queue"
	"partyline/matchmaking/seats"
	"partyline/party"
)

// launcher makes matches in memory, with the seat table that real ones have.
type launcher struct {
	now       party.Clock
	launches  []queue.Launch
	tables    map[string]*seats.Table
	open      []formation.OpenMatch
	withdrawn map[string][]seats.Claim
	fail      func(queue.Launch) error
	failFill  map[string]error
}

func (l *launcher) Launch(_ context.Context, in queue.Launch) (string, error) {
	if l.fail != nil {
		if err := l.fail(in); err != nil {
			return "", err
		}
	}
	table, err := seats.New(in.Teams, in.TeamSize)
	if err != nil {
		return "", err
	}
	if err := table.Hold(l.now(), l.now().Add(in.SeatHold), in.Claims...); err != nil {
		return "", fmt.Errorf("claims %+v: %w", in.Claims, err)
	}
	id := fmt.Sprintf("match-%d", len(l.launches))
	l.launches = append(l.launches, in)
	l.tables[id] = table
	return id, nil
}

func (l *launcher) Open(context.Context, string) ([]formation.OpenMatch, error) { return l.open, nil }

func (l *launcher) Fill(_ context.Context, id string, claims []seats.Claim) error {
	if err := l.failFill[id]; err != nil {
		return err
	}
	return l.tables[id].Hold(l.now(), l.now().Add(time.Minute), claims...)
}

func (l *launcher) Withdraw(_ context.Context, id string, claims []seats.Claim) error {
	l.withdrawn[id] = append(l.withdrawn[id], claims...)
	return nil
}
