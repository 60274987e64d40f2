package queue_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"partyline/matchmaking"
	"partyline/matchmaking/formation"
	"partyline/matchmaking/seats"
	"partyline/party"
)

// launcher makes matches in memory, with the seat table of real ones.
type launcher struct {
	now        party.Clock
	mu         sync.Mutex           // passes and hooks run concurrently
	launches   []matchmaking.Launch // one for each match, in the order they were made
	tables     map[string]*seats.Table
	announced  map[string]bool // matches that somebody may know of
	open       []formation.OpenMatch
	withdrawn  map[string][]seats.Claim
	reserves   int      // calls
	released   []string // users
	fail       func(matchmaking.Launch) error
	failFill   map[string]error
	failCommit func(matchID string) error
	busy       string // a match that does not answer
	asked      int    // calls about it
}

// answers reports whether a match answers before the context ends.
func (l *launcher) answers(ctx context.Context, id string) error {
	if id != l.busy || id == "" {
		return nil
	}
	l.asked++
	<-ctx.Done()
	return ctx.Err()
}

func newLauncher(now party.Clock) *launcher {
	return &launcher{now: now, tables: map[string]*seats.Table{}, announced: map[string]bool{}, withdrawn: map[string][]seats.Claim{}, failFill: map[string]error{}}
}

func (l *launcher) Launch(_ context.Context, in matchmaking.Launch) (string, error) {
	if l.fail != nil {
		if err := l.fail(in); err != nil {
			return "", err
		}
	}
	if _, err := in.MatchParams(); err != nil {
		return "", err
	}
	table, err := seats.New(in.Teams, in.TeamSize, in.MaxParty)
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	id := fmt.Sprintf("match-%d", len(l.launches))
	if in.Unannounced {
		err = table.Reserve(l.now(), l.now().Add(matchmaking.ReservedFor), in.Claims...)
	} else {
		err = table.Hold(l.now(), l.now().Add(in.SeatHold), in.Claims...)
	}
	if err != nil {
		return "", fmt.Errorf("claims %+v: %w", in.Claims, err)
	}
	l.launches = append(l.launches, in)
	l.tables[id], l.announced[id] = table, !in.Unannounced
	return id, nil
}

func (l *launcher) Open(context.Context, string) ([]formation.OpenMatch, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.open), nil
}

func (l *launcher) Reserve(ctx context.Context, id string, claims []seats.Claim) (users []string, misfits []int, err error) {
	if err := cmp.Or(l.failFill[id], l.answers(ctx, id)); err != nil {
		return nil, nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tables[id] == nil {
		return nil, nil, matchmaking.ErrGone
	}
	l.reserves++
	for i, c := range claims {
		if l.tables[id].NeverFits(l.now(), c) {
			misfits = append(misfits, i)
		}
	}
	if len(misfits) > 0 {
		return nil, misfits, nil
	}
	err = l.tables[id].Reserve(l.now(), l.now().Add(matchmaking.ReservedFor), claims...)
	for _, s := range l.tables[id].Users(l.now()) {
		users = append(users, s.UserID)
	}
	return users, nil, err
}

func (l *launcher) Commit(ctx context.Context, id string, claims []seats.Claim) error {
	if l.failCommit != nil {
		if err := l.failCommit(id); err != nil {
			return err
		}
	}
	if err := l.answers(ctx, id); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tables[id] == nil {
		return matchmaking.ErrGone
	}
	l.announced[id] = true
	return l.tables[id].Hold(l.now(), l.now().Add(matchmaking.ReservedFor), claims...)
}

func (l *launcher) Withdraw(ctx context.Context, id string, claims []seats.Claim) error {
	if err := l.answers(ctx, id); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.withdrawn[id] = append(l.withdrawn[id], claims...)
	if table := l.tables[id]; table != nil {
		table.Withdraw(l.now(), claims...)
		if !l.announced[id] {
			delete(l.tables, id)
		}
	}
	return nil
}

func (l *launcher) Release(_ context.Context, _ party.ID, userID string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.released = append(l.released, userID)
	for _, table := range l.tables {
		table.Leave(l.now(), userID)
	}
	return nil
}

// held returns the users for whom a match holds a seat or who have one. It leaves out reserved seats.
func (l *launcher) held(id string) (users []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	table := l.tables[id]
	if table == nil {
		return nil
	}
	for _, s := range table.Map(l.now()) {
		if s.UserID != "" {
			users = append(users, s.UserID)
		}
	}
	return users
}

// blocks stores who blocks whom.
type blocks struct {
	all       []party.Block
	err       error
	reads     int                             // reads of blocks between users
	about     int                             // number of users in the last such read
	meanwhile func()                          // runs while the blocks of a ticket are read
	slow      func(ctx context.Context) error // runs at the start of a read between users; nil for nothing
}

func (b *blocks) By(_ context.Context, users []string) ([]party.Block, error) {
	if b.meanwhile != nil {
		b.meanwhile()
	}
	return slices.DeleteFunc(slices.Clone(b.all), func(block party.Block) bool { return !slices.Contains(users, block.By) }), b.err
}

func (b *blocks) Among(ctx context.Context, users []string) ([]party.Block, error) {
	b.reads++
	b.about = len(users)
	if b.slow != nil {
		if err := b.slow(ctx); err != nil {
			return nil, err
		}
	}
	if b.err != nil {
		return nil, b.err
	}
	return slices.DeleteFunc(slices.Clone(b.all), func(block party.Block) bool {
		return !slices.Contains(users, block.By) || !slices.Contains(users, block.Of)
	}), nil
}

var errBroken = errors.New("broken")
