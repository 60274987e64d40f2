package matchmaker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/heroiclabs/nakama-common/runtime"
)

// Hooks are a module's functions for matchmaking. A nil function is not set. The matchmaker recovers from their
// panics. They may run for any time, and the next pass waits for them.
type Hooks struct {
	// Matched is called once for each new match, before its players get a message. The calls for several matches run
	// at the same time. Matched returns the ID of the match for the players, or "" for a relayed match. After an
	// error the players get a relayed match.
	Matched func(ctx context.Context, entries []runtime.MatchmakerEntry) (matchID string, err error)
	// Processor forms the matches itself, from the entries of all waiting tickets in no particular order. With a
	// Processor, tickets never become passive.
	Processor func(ctx context.Context, entries []runtime.MatchmakerEntry) [][]runtime.MatchmakerEntry
}

// safeCall runs a hook. It returns a panic as an error with the stack.
func safeCall(name string, hook func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s panicked: %v\n%s", name, r, debug.Stack())
		}
	}()
	return hook()
}

// runProcessor lets the module's processor form the matches.
func (m *Matchmaker) runProcessor(ctx context.Context, p *pass) []match {
	var entries []runtime.MatchmakerEntry
	for _, t := range p.tickets { // in map order, because the real server's order is random too
		for _, e := range t.entries {
			entries = append(entries, e)
		}
	}
	var chosen [][]runtime.MatchmakerEntry
	err := safeCall("processor", func() error {
		chosen = m.hooks.Processor(ctx, entries)
		return nil
	})
	if err != nil {
		p.logError("matchmaker: no match in this interval: %v", err)
		return nil
	}
	return p.validMatches(chosen)
}

// validMatches converts the matches of the processor and keeps the order of their entries. A match must consist of
// complete waiting tickets, and a ticket may be in one match only. validMatches logs and skips an invalid match, and
// its tickets keep waiting.
func (p *pass) validMatches(chosen [][]runtime.MatchmakerEntry) []match {
	var accepted []match
	taken := map[*ticket]bool{}
	for i, entries := range chosen {
		found, err := p.checkMatch(entries, taken)
		if err != nil {
			p.logError("matchmaker: processor: match %d of %d ignored: %v", i+1, len(chosen), err)
			continue
		}
		for _, t := range found.tickets {
			taken[t] = true
		}
		accepted = append(accepted, found)
	}
	return accepted
}

func (p *pass) checkMatch(entries []runtime.MatchmakerEntry, taken map[*ticket]bool) (match, error) {
	if len(entries) == 0 {
		return match{}, errors.New("it has no entries")
	}
	var found match
	seen := map[*Entry]bool{}
	players := map[*ticket]int{}
	sessions := map[string]bool{}
	for _, given := range entries {
		e, ok := given.(*Entry)
		if !ok || e == nil {
			return match{}, fmt.Errorf("it contains a %T; only the entries that were passed in are allowed", given)
		}
		t := p.tickets[e.Ticket]
		switch {
		case t == nil || !t.owns(e):
			return match{}, fmt.Errorf("its entry of ticket %q was not passed in", e.Ticket)
		case taken[t]:
			return match{}, fmt.Errorf("ticket %s is in a match before it", t.id)
		case seen[e] || sessions[e.Player.GetSessionId()]:
			return match{}, fmt.Errorf("session %s is in it twice", e.Player.GetSessionId())
		}
		seen[e] = true
		sessions[e.Player.GetSessionId()] = true
		if players[t]++; players[t] == 1 {
			found.tickets = append(found.tickets, t)
		}
		found.entries = append(found.entries, e)
	}
	for _, t := range found.tickets {
		if players[t] != t.size() {
			return match{}, fmt.Errorf("it has %d of the %d players of ticket %s", players[t], t.size(), t.id)
		}
	}
	return found, nil
}
