package matchmaking

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"partyline/internal/cache"
	"partyline/internal/keyed"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/pass"
)

// Members reports who is in a party and who has left it. *roster.Roster implements it.
type Members interface {
	View(ctx context.Context, id party.ID) (party.View, error)
	Left(id party.ID, users []string) ([]string, error)
}

// Matches makes matches with seats and calls running ones. It remembers only what the host's lists show too late,
// so there may be any number of them. If there is no room, it refuses with MatchFull or SeatReserved. Safe for
// concurrent use.
type Matches struct {
	*matchFinder
	*serverCalls
	members  Members
	slots    *slots
	now      party.Clock
	seatless sync.Map // names of handlers whose matches have no seats
}

// NewMatches makes a Matches over the host. It uses fleets and keys only for matches on game servers.
func NewMatches(host Host, members Members, fleets *Fleets, keys pass.Keys, now party.Clock) *Matches {
	client := &matchClient{host: host, locks: keyed.NewLocks[string]()}
	return &Matches{
		matchFinder: &matchFinder{client, cache.New[string, string](now, maxRecent, recentTTL), cache.New[struct{}, bool](now, 1, listedTTL)},
		serverCalls: &serverCalls{client, keys, now},
		slots:       &slots{client, fleets, cache.New[[2]string, bool](now, maxAnswers, answerTTL)},
		members:     members, now: now,
	}
}

// Launch makes a match, holds all seats of the claims in it and returns its ID. The players can join as soon as
// Launch returns. For a handler without [WithSeats], the first call of a process makes one match; nobody hears of
// it and the module cannot end it. Later calls fail at once.
func (m *Matches) Launch(ctx context.Context, l Launch) (id string, err error) {
	params, err := l.MatchParams()
	if err != nil {
		return "", err
	}
	handler := cmp.Or(l.Handler, PartyMatchName)
	if _, bare := m.seatless.Load(handler); !bare {
		if id, err = m.host.MatchCreate(ctx, handler, params); err != nil {
			return "", fmt.Errorf("make a %s match: %w", handler, err)
		}
		if handler == PartyMatchName || !m.isSeatless(ctx, id) {
			m.remember(id, l.Claims)
			return id, nil
		}
		m.seatless.Store(handler, true)
	}
	return "", fmt.Errorf("make a %s match: its matches have no seats; register it in Go, with matchmaking.WithSeats", handler)
}

// isSeatless reports whether a match has no seats. It reports false for a match that is over or cannot be read.
func (m *Matches) isSeatless(ctx context.Context, id string) bool {
	match, err := m.host.MatchGet(ctx, id)
	if err != nil || match == nil {
		return false
	}
	_, err = readLabel(match.GetLabel().GetValue())
	return err != nil
}

// Reserve reserves seats in a running match for all claims or for none, for [ReservedFor], and tells nobody. It
// returns all users who have a seat there then. misfits are the claims that the match cannot seat even if seats
// open: their users sit elsewhere in it, its game server has kicked one of them, or the party would have too many
// seats. With misfits, nothing is reserved. Reserve refuses with MatchFull, SeatReserved or ErrGone. After any
// other error the seats may be reserved or not.
func (m *Matches) Reserve(ctx context.Context, matchID string, claims []seats.Claim) (users []string, misfits []int, err error) {
	answer, err := m.signal(ctx, matchID, signalRequest{Op: signalReserve, Claims: claims})
	return answer.Users, answer.Misfits, err
}

// Commit holds seats for all claims or for none, whether reserved before or not, and tells their parties. It
// refuses as [Matches.Reserve] does. A second Commit changes nothing.
func (m *Matches) Commit(ctx context.Context, matchID string, claims []seats.Claim) error {
	_, err := m.signal(ctx, matchID, signalRequest{Op: signalHold, Claims: claims})
	if err == nil {
		m.remember(matchID, claims)
	}
	return err
}

// Withdraw opens the seats that are reserved for the claims. If nobody was told of the match yet, the match ends.
func (m *Matches) Withdraw(ctx context.Context, matchID string, claims []seats.Claim) error {
	_, err := m.signal(ctx, matchID, signalRequest{Op: signalWithdraw, Claims: claims})
	return ignoreGone(err)
}

// Extend holds the seat of a friend whose game makes progress, or the party's spare seats, longer. Because it is
// called often, it uses marks only and never searches for the match.
func (m *Matches) Extend(ctx context.Context, id party.ID, userID string) error {
	_, err := m.signalMatchOf(ctx, m.marked, id, signalRequest{Op: signalExtend, PartyID: id.String(), UserID: userID})
	return err
}

// Away handles a member who lost the connection: a seat that is held for them in the party's match is held for the
// grace.
func (m *Matches) Away(ctx context.Context, id party.ID, userID string) error {
	_, err := m.signalMatchOf(ctx, m.MatchOf, id, signalRequest{Op: signalAway, PartyID: id.String(), UserID: userID})
	return err
}

// Release handles a member who left the party or was kicked: the seat that is held for them in the party's match
// opens. A member who already plays keeps the seat.
func (m *Matches) Release(ctx context.Context, id party.ID, userID string) error {
	_, err := m.signalMatchOf(ctx, m.MatchOf, id, signalRequest{Op: signalRelease, PartyID: id.String(), UserID: userID})
	return err
}

// MoveParty gives a party's seats in a match to the party's new native ID.
func (m *Matches) MoveParty(ctx context.Context, was, id party.ID) error {
	matchID, err := m.signalMatchOf(ctx, m.MatchOf, was, signalRequest{Op: signalMoved, PartyID: id.String(), Was: was.String()})
	if err == nil && matchID != "" {
		m.recent.Put(id.String(), matchID)
	}
	return err
}

// signalMatchOf signals the match in which a party has seats and returns its ID; "" if there is none.
func (m *Matches) signalMatchOf(ctx context.Context, matchOf party.MatchOf, id party.ID, r signalRequest) (string, error) {
	matchID, err := matchOf(ctx, id)
	if err != nil || matchID == "" {
		return "", err
	}
	if _, err = m.signal(ctx, matchID, r); errors.Is(err, ErrGone) {
		return "", nil
	}
	return matchID, err
}

// HoldLateSeat holds a seat for a user who has just joined a party, as [seats.Table.Assign] does, and returns the
// match. It returns "" if the party is in no match, if the match has no room for the user, or if a block exists between
// the user and a player there. After an error, a [Retrier] tries again.
func (m *Matches) HoldLateSeat(ctx context.Context, id party.ID, userID string, awaited bool) (string, error) {
	return m.holdLateSeat(ctx, id, userID, awaited, false)
}

// holdLateSeat is HoldLateSeat. With again it is for a user who joined the party earlier: it holds no seat for a user
// who has left the game server since.
func (m *Matches) holdLateSeat(ctx context.Context, id party.ID, userID string, awaited, again bool) (string, error) {
	late := signalRequest{Op: signalLate, PartyID: id.String(), UserID: userID, Awaited: awaited, Again: again}
	matchID, err := m.signalMatchOf(ctx, m.MatchOf, id, late)
	if errors.Is(err, errNeedsSlot) && m.slots.reserveInTime(ctx, matchID, userID) {
		_, err = m.signal(ctx, matchID, late)
	}
	switch {
	case err == nil && matchID != "":
		// The user may have left before the seat was held. Nothing else opens the seat then.
		left, err := m.members.Left(id, []string{userID})
		if err != nil || len(left) == 0 {
			return matchID, err
		}
		_, err = m.signal(ctx, matchID, signalRequest{Op: signalRelease, PartyID: id.String(), UserID: userID})
		return "", ignoreGone(err)
	case errors.Is(err, errUndecided):
	case errors.Is(err, ErrGone), errors.Is(err, seats.ErrSplit),
		slices.Contains([]party.Reason{party.MatchFull, party.SeatReserved, party.PartyTooLarge, party.Blocked}, party.ReasonOf(err)):
		return "", nil
	}
	return "", err
}

// PartyMatch is the RPC of that name, for members of the party, or without a party for a player of the match. A
// member who has no seat on the party's game server and did not leave it gets one if possible.
func (m *Matches) PartyMatch(ctx context.Context, caller party.Caller, partyID, ownMatch string) (party.MatchSeats, error) {
	none := party.MatchSeats{Seats: []party.MatchSeat{}}
	if partyID == "" && ownMatch != "" {
		if _, err := m.label(ctx, ownMatch); err != nil {
			return none, ignoreGone(err)
		}
		own, err := m.Seats(ctx, ownMatch, caller.UserID)
		switch {
		case err != nil:
			return none, ignoreGone(err)
		case !hasUser(own, caller.UserID):
			return none, party.Refuse(party.NotMember, "You have no seat in this match.")
		}
		return own, nil
	}
	id, err := party.ParseID(partyID)
	if err != nil {
		return none, err
	}
	v, err := m.members.View(ctx, id)
	if err != nil {
		return none, err
	}
	if _, ok := v.Member(caller.UserID); !ok {
		return none, party.NotAMember()
	}
	matchID, err := m.MatchOf(ctx, id)
	if err != nil || matchID == "" {
		return none, err
	}
	seats, err := m.Seats(ctx, matchID, caller.UserID)
	if err == nil && seats.Seeks && !hasUser(seats, caller.UserID) {
		if late, lateErr := m.holdLateSeat(ctx, id, caller.UserID, false, true); lateErr == nil && late == matchID {
			seats, err = m.Seats(ctx, matchID, caller.UserID)
		}
	}
	if err != nil {
		return none, ignoreGone(err)
	}
	return seats, nil
}

func hasUser(m party.MatchSeats, userID string) bool {
	return slices.ContainsFunc(m.Seats, func(s party.MatchSeat) bool { return s.UserID == userID })
}
