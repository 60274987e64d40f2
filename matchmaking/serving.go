package matchmaking

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/pass"
)

// SeatMatch is the name under which the module registers the match that keeps the seats of
// a dedicated game server.
const SeatMatch = "party_seats"

const (
	// passFor is how long a pass can be used.
	passFor = 2 * time.Minute
	// serverSilence is how long a game server may report nothing before its match ends.
	serverSilence = 90 * time.Second
	// slotFor is how long a slot on a game server is reserved, after which it is reserved
	// again while its seat is held: the fleet's minute, and a little more, because managers
	// refuse a second reservation on a full server while the first stands.
	slotFor = 65 * time.Second
	// slotDoubles is how often the wait between two tries to get a slot doubles.
	slotDoubles = 5
)

// WithServer is the handler of matches named [SeatMatch]: the seats of [WithSeats], without
// a relay, for players who meet on a dedicated game server. It signs their passes with the
// key, follows what the server reports, and ends with the server or its silence.
func WithServer(clock party.Clock, matches *Matches, key ed25519.PrivateKey) runtime.Match {
	return &seated{inner: Relay(), clock: clock, hosting: &hosting{matches.slots, key}}
}

// hosting is what seat matches need that others do not.
type hosting struct {
	fleet *slots
	key   ed25519.PrivateKey
}

// serverSetup is the part of a setup that a seat match has.
type serverSetup struct {
	Token string        `json:"token"`
	Wait  time.Duration `json:"wait"` // for the commit
}

// serving is a match's game server.
type serving struct {
	*hosting
	at     gameServer        // without an instance until it is known
	slots  map[string]slot   // by user
	used   map[string]int64  // passes, with their expiry
	was    map[string]string // what a restored party goes on as, by the ID it had
	kicked []string          // users whom the server does not want back
	out    map[string]bool   // users who have left, or did not come: they get no seat for asking where it is
	asking atomic.Bool       // the fleet is asked for slots
	heard  time.Time         // from the server; at first since the players were told
	over   bool              // the server has said so
	result json.RawMessage   // of the match, as the server gives it
}

// slot is a user's place on the game server, as the fleet manager keeps it; zero for one that is used up: its
// player came and has dropped.
type slot struct {
	session string    // the fleet's own; "" where it has none
	given   bool      // the fleet has it
	tries   int       // to get one, in vain
	next    time.Time // when it is asked for, or renewed
}

// ready reports whether the match is played on a server that is known by now.
func (s *serving) ready() bool { return s != nil && s.at.Instance != "" }

// access makes a pass for a seat.
func (s *serving) access(c *call, seat seats.Seat) (*party.ServerAccess, error) {
	until := c.now.Add(passFor).Unix()
	text, err := pass.Sign(s.key, pass.Claims{ID: rand.Text(), MatchID: c.id, UserID: seat.UserID, PartyID: seat.PartyID, Team: seat.Team, Expires: until})
	if err != nil {
		return nil, err
	}
	return &party.ServerAccess{Address: s.at.Address, DNSName: s.at.DNSName, Port: s.at.Port, Pass: text, PassExpiresAt: until, PlayerSession: s.slots[seat.UserID].session}, nil
}

// tellHeld adds the news that the server is ready for everybody whose seat is held again: after
// the commit, for a late friend, and for a player whose connection is lost.
func (s *serving) tellHeld(c *call, before, after []seats.Seat) {
	if !s.ready() {
		return
	}
	for _, seat := range after {
		held := func(old seats.Seat) bool {
			return old.UserID == seat.UserID && old.PartyID == seat.PartyID && old.State == seats.Held
		}
		if seat.State == seats.Held && seat.UserID != "" && !slices.ContainsFunc(before, held) {
			s.tellReady(c, seat)
		}
	}
}

func (s *serving) tellReady(c *call, seat seats.Seat) {
	access, err := s.access(c, seat)
	if err != nil {
		c.logger.Warn("pass not made user=%s error=%v", seat.UserID, err)
		return
	}
	c.events = append(c.events, event{Event: eventServer, MatchID: c.id, UserID: seat.UserID, Team: &seat.Team, partyID: seat.PartyID, ServerAccess: access})
}

// slotsGiven notes slots on the server. A player on the way whose session is another one now
// is told.
func (s *serving) slotsGiven(c *call, sessions map[string]string) {
	for user, session := range sessions {
		before := s.slots[user].session
		s.slots[user] = slot{session: session, given: true, next: c.now.Add(slotFor)}
		if seat, ok := c.table.Get(c.now, user); ok && seat.State == seats.Held && session != before {
			s.tellReady(c, seat)
		}
	}
}

// watch follows the server between its reports. It reports false once the match is over.
func (s *serving) watch(c *call) bool {
	if s == nil || !c.announced && !s.over {
		return true
	}
	if s.over {
		return false
	}
	if s.heard.IsZero() {
		s.heard = c.now
	}
	if c.now.Sub(s.heard) > serverSilence {
		c.logger.Warn("match ends: its game server is silent match=%s instance=%s", c.id, s.at.Instance)
		return false
	}
	if s.asking.Load() { // a fleet that is asked again for a slot meanwhile may give two
		return true
	}
	var users []string
	for _, r := range c.rows {
		if slot := s.slots[r.UserID]; r.State == seats.Held && r.UserID != "" && !c.now.Before(slot.next) {
			slot.next = c.now.Add(slotFor) // failing to renew it is no reason to open the seat
			if !slot.given {
				slot.next = c.now.Add(min(slotFor, seatFirst<<min(slot.tries, slotDoubles)))
				slot.tries++
			}
			s.slots[r.UserID] = slot
			users = append(users, r.UserID)
		}
	}
	if id := c.id; len(users) > 0 {
		s.asking.Store(true)
		s.fleet.fleets.background("renewal of game server slots", func(ctx context.Context) error {
			defer s.asking.Store(false)
			return ignoreGone(s.fleet.reserve(ctx, id, users))
		})
	}
	return true
}

// serverCall is what a game server asks of its match.
type serverCall struct {
	Token  string          `json:"token"`
	Do     string          `json:"do"`
	Claims pass.Claims     `json:"claims"`
	UserID string          `json:"user_id,omitempty"`
	Reason string          `json:"reason,omitempty"` // of a leave
	Result json.RawMessage `json:"result,omitempty"`
}

// What a game server asks for.
const (
	serverSeats = "seats"
	serverJoin  = "join"
	serverLeave = "leave"
	serverEnd   = "end"
)

// serve answers a game server that has this match's token: with the party of a player who has come.
func (s *serving) serve(c *call, r *serverCall) (partyID string, err error) {
	if s == nil || r == nil || subtle.ConstantTimeCompare([]byte(r.Token), []byte(c.setup.Server.Token)) != 1 {
		return "", errToken
	}
	s.heard = c.now
	switch r.Do {
	case serverJoin:
		return s.admit(c, r.Claims)
	case serverLeave:
		seat, ok := c.table.Get(c.now, r.UserID)
		seated, kicked := ok && seat.State != seats.Reserved, r.Reason == party.ServerKicked
		if !seated && !kicked { // who has left before may be kicked
			return "", errUnseated
		}
		if kicked && !slices.Contains(s.kicked, r.UserID) {
			s.kicked = append(s.kicked, r.UserID)
		}
		s.out[r.UserID] = r.Reason != party.ServerDropped
		switch {
		case r.Reason == party.ServerDropped:
			s.slots[r.UserID] = slot{}
			c.table.Drop(c.now, r.UserID, c.now.Add(c.setup.Grace))
		case seated:
			c.table.Leave(c.now, r.UserID)
		}
	case serverEnd:
		s.over, s.result = true, r.Result
	}
	return "", nil
}

// welcome forgets that users have left, or did not come: they have come into their party again, or were matched.
func (s *serving) welcome(users ...string) {
	if s == nil {
		return
	}
	for _, user := range users {
		delete(s.out, user)
	}
}

// bars reports whether the server has kicked one of the users.
func (s *serving) bars(users ...string) bool {
	return s != nil && slices.ContainsFunc(users, func(user string) bool { return slices.Contains(s.kicked, user) })
}

// admit takes the seat that a pass is for. A pass works once, and not for a seat that the
// player has lost, or has elsewhere by now.
func (s *serving) admit(c *call, p pass.Claims) (partyID string, err error) {
	if c.now.Unix() >= p.Expires { // on its way here: whether it was used is known until then
		return "", pass.ErrExpired
	}
	maps.DeleteFunc(s.used, func(_ string, until int64) bool { return c.now.Unix() >= until })
	if _, used := s.used[p.ID]; used {
		return "", errUsed
	}
	seat, ok := c.table.Get(c.now, p.UserID)
	for now, moved := s.was[p.PartyID]; moved; now, moved = s.was[p.PartyID] {
		p.PartyID = now // the party goes on under another ID
	}
	if !ok || seat.State == seats.Reserved || seat.PartyID != p.PartyID || seat.Team != p.Team {
		return "", errLost
	}
	s.used[p.ID] = p.Expires
	_, err = c.table.Take(c.now, p.UserID, p.PartyID)
	return p.PartyID, err
}

// reports are what dedicated game servers say of their matches.
type reports struct {
	reach *reach
	keys  pass.Keys
	now   party.Clock
}

// callServer passes on what a game server asks. It answers the party of a player who joins.
func (rs *reports) callServer(ctx context.Context, matchID string, r serverCall) (partyID string, err error) {
	if r.Do != serverJoin { // its pass is of a match with seats
		_, err = rs.reach.label(ctx, matchID)
	}
	var answer signalAnswer
	if err == nil {
		answer, err = rs.reach.signal(ctx, matchID, signalRequest{Op: signalServer, Call: &r})
	}
	if errors.Is(err, ErrGone) {
		err = party.Refuse(party.InvalidRequest, "match_id: there is no such match, or it is over.")
	}
	return answer.PartyID, err
}

// ServerSeats is the RPC party_server_seats, and a sign of life of the server.
func (rs *reports) ServerSeats(ctx context.Context, matchID, token string) (party.MatchSeats, error) {
	if _, err := rs.callServer(ctx, matchID, serverCall{Token: token, Do: serverSeats}); err != nil {
		return party.MatchSeats{}, err
	}
	return rs.reach.Seats(ctx, matchID, "")
}

// ServerJoin is the RPC party_server_join: the player of a pass has come.
func (rs *reports) ServerJoin(ctx context.Context, matchID, token, text string) (party.ServerJoined, error) {
	claims, err := rs.keys.Verify(text, matchID, rs.now())
	if err != nil {
		refusal := party.Refuse(party.InvalidRequest, "pass: %v.", err)
		refusal.Cause = err
		return party.ServerJoined{}, refusal
	}
	partyID, err := rs.callServer(ctx, matchID, serverCall{Token: token, Do: serverJoin, Claims: claims})
	return party.ServerJoined{UserID: claims.UserID, PartyID: partyID, Team: claims.Team}, err
}

// ServerLeave is the RPC party_server_leave: a player has gone, for one of
// [party.ServerLeaves].
func (rs *reports) ServerLeave(ctx context.Context, matchID, token, userID, reason string) error {
	_, err := rs.callServer(ctx, matchID, serverCall{Token: token, Do: serverLeave, UserID: userID, Reason: reason})
	return err
}

// ServerEnd is the RPC party_server_end: the match is over, with what the server says of it.
func (rs *reports) ServerEnd(ctx context.Context, matchID, token string, result json.RawMessage) error {
	_, err := rs.callServer(ctx, matchID, serverCall{Token: token, Do: serverEnd, Result: result})
	return err
}
