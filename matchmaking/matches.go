package matchmaking

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/cache"
	"partyline/internal/keyed"
	"partyline/matchmaking/formation"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/pass"
)

// Host is the part of runtime.NakamaModule that makes and reaches matches, and reads who is on a stream.
type Host interface {
	MatchCreate(ctx context.Context, handler string, params map[string]any) (string, error)
	MatchGet(ctx context.Context, id string) (*api.Match, error)
	MatchList(ctx context.Context, limit int, authoritative bool, label string, minSize, maxSize *int, query string) ([]*api.Match, error)
	MatchSignal(ctx context.Context, id, data string) (string, error)
	StreamUserList(mode uint8, subject, subcontext, label string, includeHidden, includeNotHidden bool) ([]runtime.Presence, error)
}

// Members tells who is in a party, and who has left it; *roster.Roster does.
type Members interface {
	View(ctx context.Context, id party.ID) (party.View, error)
	Left(id party.ID, users []string) ([]string, error)
}

// ErrGone means that there is no such match, or none with seats.
var ErrGone = errors.New("the match does not exist any more")

// Matches makes matches with seats and reaches those that run. It remembers nothing but what lists of
// the host are late to show, so there may be any number of them. Refusals for want of room are
// MatchFull and SeatReserved. Safe for concurrent use.
type Matches struct {
	host    Host
	members Members
	fleets  *Fleets
	keys    pass.Keys
	now     party.Clock
	young   *cache.Cache[string, string] // matches that lists may not show yet, by party
	listed  *cache.Cache[struct{}, bool] // whether lists show any match with seats
	turns   keyed.Locks[string]          // of signals, by match

	slotted *cache.Cache[[2]string, time.Time] // since when the fleet refuses late friends a slot, zero for who got one, by match and user
}

// NewMatches makes one over the host. fleets and keys are for matches on game servers;
// without such matches nothing asks for them.
func NewMatches(host Host, members Members, fleets *Fleets, keys pass.Keys, now party.Clock) *Matches {
	return &Matches{
		host: host, members: members, fleets: fleets, keys: keys, now: now,
		young: cache.New[string, string](now, maxYoung, youngFor), listed: cache.New[struct{}, bool](now, 1, listedFor), turns: keyed.NewLocks[string](),
		slotted: cache.New[[2]string, time.Time](now, maxSlotted, slottedFor),
	}
}

// The host's lists show a match about a second after it was made; a busy host takes longer.
const (
	youngFor = 10 * time.Second
	maxYoung = 10_000 // parties
)

// seatsGiven notes where these parties have seats from now on.
func (m *Matches) seatsGiven(matchID string, claims []seats.Claim) {
	for _, c := range claims {
		if c.PartyID != "" {
			m.young.Put(c.PartyID, matchID)
		}
	}
}

// Launch makes a match in which all seats of the claims are held, and answers its ID.
// The players can join it as soon as this returns.
func (m *Matches) Launch(ctx context.Context, l Launch) (string, error) {
	params, err := l.MatchParams()
	if err != nil {
		return "", err
	}
	handler := cmp.Or(l.Handler, PartyMatch)
	id, err := m.host.MatchCreate(ctx, handler, params)
	if err != nil {
		return "", fmt.Errorf("make a %s match: %w", handler, err)
	}
	m.seatsGiven(id, l.Claims)
	return id, nil
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
	return m.tell(ctx, m.marked, signalRequest{Op: signalExtend, UserID: userID}, id)
}

// Release follows a member leaving the party or being kicked: the seat held for them in
// the party's match opens. Those who play already go on playing.
func (m *Matches) Release(ctx context.Context, id party.ID, userID string) error {
	return m.tell(ctx, m.Of, signalRequest{Op: signalRelease, UserID: userID}, id)
}

// tell signals the match that a party has seats in, if there is one.
func (m *Matches) tell(ctx context.Context, matchOf party.MatchOf, r signalRequest, id party.ID) error {
	matchID, err := matchOf(ctx, id)
	if err != nil || matchID == "" {
		return err
	}
	r.PartyID = id.String()
	_, err = m.signal(ctx, matchID, r)
	return ignoreGone(err)
}

// Moved has a party's seats in a match follow it to a new native party.
func (m *Matches) Moved(ctx context.Context, was, id party.ID) error {
	matchID, err := m.Of(ctx, was)
	if err != nil || matchID == "" {
		return err
	}
	_, err = m.signal(ctx, matchID, signalRequest{Op: signalMoved, PartyID: id.String(), Was: was.String()})
	if err == nil {
		m.young.Put(id.String(), matchID)
	}
	return ignoreGone(err)
}

// Late holds a seat for a user who has just come to a party, as [seats.Table.Assign] does, and answers the
// match; "" where the party is in none, has no room for another there, or a block stands between the user
// and somebody who plays there. An error leaves it open: a [Retrier] tries again.
func (m *Matches) Late(ctx context.Context, id party.ID, userID string, awaited bool) (string, error) {
	matchID, err := m.Of(ctx, id)
	if err != nil || matchID == "" {
		return "", err
	}
	late := signalRequest{Op: signalLate, PartyID: id.String(), UserID: userID, Awaited: awaited}
	_, err = m.signal(ctx, matchID, late)
	if errors.Is(err, errSlot) {
		if !m.lateSlot(ctx, matchID, userID) {
			return "", err
		}
		late.Slot = true
		_, err = m.signal(ctx, matchID, late)
	}
	switch {
	case err == nil:
		// The seat of who left before it was held opens here: nobody else does that.
		left, err := m.members.Left(id, []string{userID})
		if err != nil || len(left) == 0 {
			return matchID, err
		}
		_, err = m.signal(ctx, matchID, signalRequest{Op: signalRelease, PartyID: id.String(), UserID: userID})
		return "", ignoreGone(err)
	case errors.Is(err, errLater):
		return "", err
	case errors.Is(err, ErrGone), errors.Is(err, seats.ErrSplit),
		slices.Contains([]party.Reason{party.MatchFull, party.SeatReserved, party.PartyTooLarge, party.Blocked}, party.ReasonOf(err)):
		return "", nil
	}
	return "", err
}

// Seats reads the seats of a match; with a user, who has a seat in it, also how to get to
// its game server.
func (m *Matches) Seats(ctx context.Context, matchID, userID string) (party.MatchSeats, error) {
	answer, err := m.signal(ctx, matchID, signalRequest{Op: signalSeats, UserID: userID})
	if err != nil {
		return party.MatchSeats{}, err
	}
	if answer.Map == nil {
		return party.MatchSeats{}, fmt.Errorf("match %s answered without its seats", matchID)
	}
	answer.Map.OnServer = answer.Server != nil
	return *answer.Map, nil
}

// PartyMatch is the RPC of that name, for members of the party alone, or without a party for
// a player of the match. A member who has no seat on the party's game server gets one, if
// there is one to have.
func (m *Matches) PartyMatch(ctx context.Context, caller party.Caller, partyID, ownMatch string) (party.MatchSeats, error) {
	none := party.MatchSeats{Seats: []party.MatchSeat{}}
	if partyID == "" && ownMatch != "" {
		own, err := none, m.known(ctx, ownMatch)
		if err == nil {
			own, err = m.Seats(ctx, ownMatch, caller.UserID)
		}
		switch {
		case errors.Is(err, ErrGone):
			return none, nil
		case err == nil && !has(own, caller.UserID):
			return none, party.Refuse(party.NotMember, "You have no seat in this match.")
		}
		return own, err
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
	if err == nil && seats.OnServer && !has(seats, caller.UserID) {
		if late, lateErr := m.Late(ctx, id, caller.UserID, false); lateErr == nil && late == matchID {
			seats, err = m.Seats(ctx, matchID, caller.UserID)
		}
	}
	if errors.Is(err, ErrGone) {
		return none, nil
	}
	return seats, err
}

func has(m party.MatchSeats, userID string) bool {
	return slices.ContainsFunc(m.Seats, func(s party.MatchSeat) bool { return s.UserID == userID })
}

// Running lists matches with seats, at most so many.
func (m *Matches) Running(ctx context.Context, most int) ([]party.RunningMatch, error) {
	listed, err := m.list(ctx, most, seatsQuery)
	if err != nil {
		return nil, err
	}
	running := make([]party.RunningMatch, 0, len(listed))
	for _, match := range listed {
		if l, err := readLabel(match.GetLabel().GetValue()); err == nil {
			running = append(running, party.RunningMatch{
				MatchID: match.GetMatchId(), Queue: l.Queue, Region: l.Region, Size: int(match.GetSize()), OpenSeats: l.OpenSeats, Parties: l.Parties,
			})
		}
	}
	return running, nil
}

// Count counts matches with seats, at most so many, and reads no label.
func (m *Matches) Count(ctx context.Context, most int) (int, error) {
	listed, err := m.list(ctx, most, seatsQuery)
	return len(listed), err
}

func (m *Matches) list(ctx context.Context, most int, query string) ([]*api.Match, error) {
	listed, err := m.host.MatchList(ctx, most, true, "", nil, nil, query)
	if err != nil {
		return nil, fmt.Errorf("list matches %s: %w", query, err)
	}
	return listed, nil
}

// maxOpen bounds how many open matches are looked at: more than anybody fills at once.
const maxOpen = 256

// Open lists running matches of a queue that have open seats to fill, the newest first. Whether
// a seat is still open when somebody wants it only [Matches.Reserve] can say.
func (m *Matches) Open(ctx context.Context, queue string) ([]formation.OpenMatch, error) {
	listed, err := m.list(ctx, maxOpen, openQuery(queue))
	if err != nil {
		return nil, err
	}
	var open []formation.OpenMatch
	for _, match := range listed {
		l, err := m.label(ctx, match.GetMatchId())
		if errors.Is(err, ErrGone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if l.Backfill && l.OpenSeats > 0 && l.Queue == queue {
			open = append(open, formation.OpenMatch{ID: match.GetMatchId(), Key: l.Key, Skill: l.Skill, Open: l.Open, Region: l.Region})
		}
	}
	return open, nil
}

// label is the label of the moment; what a list shows is up to a second old.
func (m *Matches) label(ctx context.Context, matchID string) (label, error) {
	match, err := m.host.MatchGet(ctx, matchID)
	if err != nil && !errors.Is(err, runtime.ErrMatchIdInvalid) {
		return label{}, fmt.Errorf("read match %s: %w", matchID, err)
	}
	if err != nil || match == nil {
		return label{}, ErrGone
	}
	return readLabel(match.GetLabel().GetValue())
}

// known refuses with ErrGone what is no match with seats. It comes before a signal to a match that a caller
// names: another module's handler may fail at our signals, and the host ends its match then.
func (m *Matches) known(ctx context.Context, matchID string) error {
	_, err := m.label(ctx, matchID)
	return err
}

// signalWait is how long a signal waits for its answer, as with the host.
const signalWait = 10 * time.Second

// signal asks a match and waits for its answer. One goes after the other: the host takes a few at once
// and refuses the others, of players who all come at the same time.
func (m *Matches) signal(ctx context.Context, matchID string, r signalRequest) (signalAnswer, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return signalAnswer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, signalWait)
	defer cancel()
	unlock, err := m.turns.Lock(ctx, matchID)
	if err != nil {
		return signalAnswer{}, fmt.Errorf("ask match %s to %s: %w", matchID, r.Op, err)
	}
	defer unlock()
	reply, err := m.host.MatchSignal(ctx, matchID, signalPrefix+string(text))
	gone := errors.Is(err, runtime.ErrMatchNotFound) || errors.Is(err, runtime.ErrMatchIdInvalid)
	if errors.Is(err, runtime.ErrMatchBusy) { // the host says so of a match that ends while it is asked, too
		_, labelErr := m.label(ctx, matchID)
		gone = errors.Is(labelErr, ErrGone)
	}
	if gone {
		return signalAnswer{}, ErrGone
	}
	if err != nil {
		return signalAnswer{}, fmt.Errorf("ask match %s to %s: %w", matchID, r.Op, err)
	}
	var answer signalAnswer
	if err := json.Unmarshal([]byte(reply), &answer); err != nil {
		return signalAnswer{}, fmt.Errorf("%w: match %s has no seats: %w", ErrGone, matchID, err)
	}
	if answer.Refusal == "" {
		return answer, nil
	}
	for _, known := range refusals {
		if answer.Refusal == known.name {
			return signalAnswer{}, refuse(known.cause)
		}
	}
	return signalAnswer{}, fmt.Errorf("match %s refused to %s: %s", matchID, r.Op, answer.Refusal)
}

func ignoreGone(err error) error {
	if errors.Is(err, ErrGone) {
		return nil
	}
	return err
}
