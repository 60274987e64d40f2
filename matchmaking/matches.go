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

// Members tells who is in a party, and who has left it; *roster.Roster does.
type Members interface {
	View(ctx context.Context, id party.ID) (party.View, error)
	Left(id party.ID, users []string) ([]string, error)
}

// Matches makes matches with seats and reaches those that run. It remembers nothing but what lists of
// the host are late to show, so there may be any number of them. Refusals for want of room are
// MatchFull and SeatReserved. Safe for concurrent use.
type Matches struct {
	*whereabouts
	*reports
	members Members
	slots   *slots
	now     party.Clock
	bare    sync.Map // names of handlers whose matches have no seats
}

// NewMatches makes one over the host. fleets and keys are for matches on game servers;
// without such matches nothing asks for them.
func NewMatches(host Host, members Members, fleets *Fleets, keys pass.Keys, now party.Clock) *Matches {
	reach := &reach{host: host, turns: keyed.NewLocks[string]()}
	return &Matches{
		whereabouts: &whereabouts{reach, cache.New[string, string](now, maxYoung, youngFor), cache.New[struct{}, bool](now, 1, listedFor)},
		reports:     &reports{reach, keys, now},
		slots:       &slots{reach, fleets, cache.New[[2]string, struct{}](now, maxSlotted, refusedFor), cache.New[[2]string, struct{}](now, maxSlotted, slottedFor)},
		members:     members, now: now,
	}
}

// Launch makes a match in which all seats of the claims are held, and answers its ID.
// The players can join it as soon as this returns. A handler without [WithSeats] is asked for one match in
// the life of a process, which nobody hears of and the module cannot end.
func (m *Matches) Launch(ctx context.Context, l Launch) (id string, err error) {
	params, err := l.MatchParams()
	if err != nil {
		return "", err
	}
	handler := cmp.Or(l.Handler, PartyMatch)
	_, bare := m.bare.Load(handler)
	if !bare {
		if id, err = m.host.MatchCreate(ctx, handler, params); err != nil {
			return "", fmt.Errorf("make a %s match: %w", handler, err)
		}
		if bare = handler != PartyMatch && m.isBare(ctx, id); bare {
			m.bare.Store(handler, true)
		}
	}
	if bare {
		return "", fmt.Errorf("make a %s match: its matches have no seats; register it in Go, with matchmaking.WithSeats", handler)
	}
	m.seatsGiven(id, l.Claims)
	return id, nil
}

// isBare reports whether a match has no seats. One that is over, or cannot be read, may have had some.
func (m *Matches) isBare(ctx context.Context, id string) bool {
	match, err := m.host.MatchGet(ctx, id)
	if err != nil || match == nil {
		return false
	}
	_, err = readLabel(match.GetLabel().GetValue())
	return err != nil
}

// Reserve keeps seats in a running match for all claims or for none, for [ReservedFor] and unknown to
// anybody, and returns everybody who has a seat there then. Claims that the match will not seat whatever
// comes free, of its own players or of those whom its server has kicked, are returned as misfits; nothing
// is reserved then. It refuses with MatchFull, SeatReserved or ErrGone; any other error leaves open whether the
// seats are reserved.
func (m *Matches) Reserve(ctx context.Context, matchID string, claims []seats.Claim) (users []string, misfits []int, err error) {
	answer, err := m.signal(ctx, matchID, signalRequest{Op: signalReserve, Claims: claims})
	return answer.Users, answer.Misfits, err
}

// Commit holds seats for all claims or for none, reserved before or not, and tells their
// parties. It refuses as [Matches.Reserve] does. Committing twice is committing once.
func (m *Matches) Commit(ctx context.Context, matchID string, claims []seats.Claim) error {
	_, err := m.signal(ctx, matchID, signalRequest{Op: signalHold, Claims: claims})
	if err == nil {
		m.seatsGiven(matchID, claims)
	}
	return err
}

// Withdraw opens the seats that are reserved for the claims. A match that nobody has been
// told of ends with that.
func (m *Matches) Withdraw(ctx context.Context, matchID string, claims []seats.Claim) error {
	_, err := m.signal(ctx, matchID, signalRequest{Op: signalWithdraw, Claims: claims})
	return ignoreGone(err)
}

// Extend holds the seat of a friend whose progress moves, or the party's spare ones, longer. It is
// called often, so it does not search for the match of a party that is not marked.
func (m *Matches) Extend(ctx context.Context, id party.ID, userID string) error {
	_, err := m.tell(ctx, m.marked, id, signalRequest{Op: signalExtend, PartyID: id.String(), UserID: userID})
	return err
}

// Away follows a member losing the connection: the seat held for them in the party's match, if any, is held
// for the grace.
func (m *Matches) Away(ctx context.Context, id party.ID, userID string) error {
	_, err := m.tell(ctx, m.Of, id, signalRequest{Op: signalAway, PartyID: id.String(), UserID: userID})
	return err
}

// Release follows a member leaving the party or being kicked: the seat held for them in
// the party's match opens. Those who play already go on playing.
func (m *Matches) Release(ctx context.Context, id party.ID, userID string) error {
	_, err := m.tell(ctx, m.Of, id, signalRequest{Op: signalRelease, PartyID: id.String(), UserID: userID})
	return err
}

// Moved has a party's seats in a match follow it to a new native party.
func (m *Matches) Moved(ctx context.Context, was, id party.ID) error {
	matchID, err := m.tell(ctx, m.Of, was, signalRequest{Op: signalMoved, PartyID: id.String(), Was: was.String()})
	if err == nil && matchID != "" {
		m.young.Put(id.String(), matchID)
	}
	return err
}

// tell signals the match that a party has seats in, and answers which it is; "" for none.
func (m *Matches) tell(ctx context.Context, matchOf party.MatchOf, id party.ID, r signalRequest) (string, error) {
	matchID, err := matchOf(ctx, id)
	if err != nil || matchID == "" {
		return "", err
	}
	if _, err = m.signal(ctx, matchID, r); errors.Is(err, ErrGone) {
		return "", nil
	}
	return matchID, err
}

// Late holds a seat for a user who has just come to a party, as [seats.Table.Assign] does, and answers the
// match; "" where the party is in none, has no room for another there, or a block stands between the user
// and somebody who plays there. An error leaves it open: a [Retrier] tries again.
func (m *Matches) Late(ctx context.Context, id party.ID, userID string, awaited bool) (string, error) {
	late := signalRequest{Op: signalLate, PartyID: id.String(), UserID: userID, Awaited: awaited}
	matchID, err := m.tell(ctx, m.Of, id, late)
	if errors.Is(err, errSlot) && m.slots.inTime(ctx, matchID, userID) {
		late.Slot = true
		_, err = m.signal(ctx, matchID, late)
	}
	switch {
	case err == nil && matchID != "":
		// The seat of who left before it was held opens here: nobody else does that.
		left, err := m.members.Left(id, []string{userID})
		if err != nil || len(left) == 0 {
			return matchID, err
		}
		_, err = m.signal(ctx, matchID, signalRequest{Op: signalRelease, PartyID: id.String(), UserID: userID})
		return "", ignoreGone(err)
	case errors.Is(err, errLater):
	case errors.Is(err, ErrGone), errors.Is(err, seats.ErrSplit),
		slices.Contains([]party.Reason{party.MatchFull, party.SeatReserved, party.PartyTooLarge, party.Blocked}, party.ReasonOf(err)):
		return "", nil
	}
	return "", err
}

// PartyMatch is the RPC of that name, for members of the party alone, or without a party for
// a player of the match. A member who has no seat on the party's game server, and has not left it, gets one,
// if there is one to have.
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
		case !has(own, caller.UserID):
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
	matchID, err := m.Of(ctx, id)
	if err != nil || matchID == "" {
		return none, err
	}
	seats, err := m.Seats(ctx, matchID, caller.UserID)
	if err == nil && seats.Seeks && !has(seats, caller.UserID) {
		if late, lateErr := m.Late(ctx, id, caller.UserID, false); lateErr == nil && late == matchID {
			seats, err = m.Seats(ctx, matchID, caller.UserID)
		}
	}
	if err != nil {
		return none, ignoreGone(err)
	}
	return seats, nil
}

func has(m party.MatchSeats, userID string) bool {
	return slices.ContainsFunc(m.Seats, func(s party.MatchSeat) bool { return s.UserID == userID })
}
