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

// SeatMatchName is the name under which the module registers the match that keeps the seats of a dedicated game server.
const SeatMatchName = "party_seats"

const (
	// passTTL is how long a pass is valid.
	passTTL = 2 * time.Minute
	// maxServerSilence is how long a game server may be silent before its match ends.
	maxServerSilence = 90 * time.Second
	// slotTTL is how long a slot on a game server is reserved. After it the slot is reserved again while its seat
	// is held. It is the fleet's minute and a little more: on a full server, managers refuse a second reservation
	// while the first one is valid.
	slotTTL = 65 * time.Second
	// slotMaxDoublings is how often the wait between two tries to get a slot doubles.
	slotMaxDoublings = 5
)

// GameServerMatch is the handler of matches named [SeatMatchName], for players who meet on a dedicated game server. It
// has the seats of [WithSeats] and relays no game data. It signs passes with the key and follows the server's reports.
// The match ends when the server reports the end or is silent for too long.
func GameServerMatch(clock party.Clock, matches *Matches, key ed25519.PrivateKey) runtime.Match {
	return &seatedMatch{inner: Relay(), clock: clock, hosting: &hosting{matches.slots, key}}
}

// hosting is what seat matches have and other matches do not.
type hosting struct {
	fleet *slots
	key   ed25519.PrivateKey
}

// serverSetup is the part of a [Launch] that only a seat match has.
type serverSetup struct {
	Token string        `json:"token"`
	Wait  time.Duration `json:"wait"` // for the commit
}

// serving is the game server of a match.
type serving struct {
	*hosting
	server    gameServer        // the instance is "" until the server is known
	slots     map[string]slot   // by user
	used      map[string]int64  // expiry of each used pass, by pass ID
	left      map[string]string // why users left or did not come: party_match gives them no new seat; kicked is for good
	reserving atomic.Int64      // a request to the fleet for slots is under way, at most until this time in Unix nanoseconds; 0 if none
	lastHeard time.Time         // when the server last reported; at first, when the players were told
	ended     bool              // the server has reported the end
	result    json.RawMessage   // of the match, from the server
}

// slot is a user's place on the game server, as the fleet manager keeps it. It is zero after use: the player came
// and left.
type slot struct {
	session  string    // the fleet's own; "" if it has none
	reserved bool      // the fleet has reserved it
	tries    int       // failed tries to get the slot
	next     time.Time // when the slot is next asked for or renewed
	until    time.Time // when the fleet gives the slot up, unless it is used or renewed
}

// ready reports whether the match is played on a server and that server is known.
func (s *serving) ready() bool { return s != nil && s.server.Instance != "" }

// access signs a pass for a seat.
func (s *serving) access(c *call, seat seats.Seat) (*party.ServerAccess, error) {
	until := c.now.Add(passTTL).Unix()
	text, err := pass.Sign(s.key, pass.Claims{ID: rand.Text(), MatchID: c.id, UserID: seat.UserID, PartyID: seat.PartyID, Team: seat.Team, Expires: until})
	if err != nil {
		return nil, err
	}
	return &party.ServerAccess{Address: s.server.Address, DNSName: s.server.DNSName, Port: s.server.Port, Pass: text, PassExpiresAt: until, PlayerSession: s.slots[seat.UserID].session}, nil
}

// tellReady adds a server_ready event for a held seat, if it has a user and the server is known.
func (s *serving) tellReady(c *call, seat seats.Seat) {
	if !s.ready() || seat.UserID == "" {
		return
	}
	access, err := s.access(c, seat)
	if err != nil {
		c.logger.Warn("pass not made user=%s error=%v", seat.UserID, err)
		return
	}
	c.events = append(c.events, event{Event: eventServer, MatchID: c.id, UserID: seat.UserID, Team: &seat.Team, partyID: seat.PartyID, ServerAccess: access})
}

// recordSlots records slots on the server. It tells players on the way whose session has changed.
func (s *serving) recordSlots(c *call, sessions map[string]string) {
	for user, session := range sessions {
		before := s.slots[user].session
		s.slots[user] = slot{session: session, reserved: true, next: c.now.Add(slotTTL), until: c.now.Add(slotTTL)}
		if seat, ok := c.table.Get(c.now, user); ok && seat.State == seats.Held && session != before {
			s.tellReady(c, seat)
		}
	}
}

// hasSlot reports whether the fleet has reserved a slot that the user has not used yet.
func (s *serving) hasSlot(now time.Time, userID string) bool {
	return now.Before(s.slots[userID].until)
}

// watch follows the server between its reports. It reports false once the match is over.
func (s *serving) watch(c *call) bool {
	if s == nil || !c.announced && !s.ended {
		return true
	}
	if s.ended {
		return false
	}
	if s.lastHeard.IsZero() {
		s.lastHeard = c.now
	}
	if c.now.Sub(s.lastHeard) > maxServerSilence {
		c.logger.Warn("match ends: its game server is silent match=%s instance=%s", c.id, s.server.Instance)
		return false
	}
	if c.now.UnixNano() < s.reserving.Load() { // a second request now could reserve a second slot
		return true
	}
	var users []string
	for _, r := range c.rows {
		if slot := s.slots[r.UserID]; r.State == seats.Held && r.UserID != "" && !c.now.Before(slot.next) {
			slot.next = c.now.Add(slotTTL) // a failed renewal does not open the seat
			if !slot.reserved {
				slot.next = c.now.Add(min(slotTTL, retryFirstWait<<min(slot.tries, slotMaxDoublings)))
				slot.tries++
			}
			s.slots[r.UserID] = slot
			users = append(users, r.UserID)
		}
	}
	if id := c.id; len(users) > 0 {
		until := c.now.Add(slotTTL).UnixNano() // a fleet manager may never return
		s.reserving.Store(until)
		s.fleet.fleets.background("renewal of game server slots", func(ctx context.Context) error {
			defer s.reserving.CompareAndSwap(until, 0)
			return ignoreGone(s.fleet.reserve(ctx, id, users))
		})
	}
	return true
}

// handle answers a game server that has the token of this match. For a join it returns the player's party.
func (s *serving) handle(c *call, r signalRequest) (partyID string, err error) {
	if s == nil || subtle.ConstantTimeCompare([]byte(r.Token), []byte(c.setup.Server.Token)) != 1 {
		return "", errWrongToken
	}
	s.lastHeard = c.now
	switch r.Op {
	case signalServerJoin:
		return s.admit(c, r.Pass)
	case signalServerLeave:
		seat, ok := c.table.Get(c.now, r.UserID)
		seated, kicked := ok && seat.State != seats.Reserved, r.Reason == party.ServerKicked
		if !seated && !kicked { // the server may kick a player who has left already
			return "", errNoSeat
		}
		if r.Reason != party.ServerDropped && !s.hasKicked(r.UserID) {
			s.left[r.UserID] = r.Reason
		}
		delete(s.slots, r.UserID) // it is used up
		switch {
		case r.Reason == party.ServerDropped:
			c.table.Drop(c.now, r.UserID, c.now.Add(c.setup.Grace))
		case seated:
			c.table.Leave(c.now, r.UserID)
		}
	case signalServerEnd:
		s.ended, s.result = true, r.Result
	}
	return "", nil
}

// clearLeft forgets that users left or did not come: they joined their party again, or were matched.
func (s *serving) clearLeft(users ...string) {
	if s != nil {
		maps.DeleteFunc(s.left, func(user, why string) bool { return why != party.ServerKicked && slices.Contains(users, user) })
	}
}

// hasLeft reports whether the user left the server, or did not come.
func (s *serving) hasLeft(user string) bool { return s != nil && s.left[user] != "" }

// hasKicked reports whether the server has kicked one of the users.
func (s *serving) hasKicked(users ...string) bool {
	return s != nil && slices.ContainsFunc(users, func(user string) bool { return s.left[user] == party.ServerKicked })
}

// admit takes the seat that a pass is for. A pass works once. It does not work if the player lost the seat or now has
// one on another team. The party may have another ID now.
func (s *serving) admit(c *call, p pass.Claims) (partyID string, err error) {
	if c.now.Unix() >= p.Expires { // it expired on the way here; used remembers passes only until they expire
		return "", pass.ErrExpired
	}
	maps.DeleteFunc(s.used, func(_ string, until int64) bool { return c.now.Unix() >= until })
	if _, used := s.used[p.ID]; used {
		return "", errPassUsed
	}
	seat, ok := c.table.Get(c.now, p.UserID)
	if !ok || seat.State == seats.Reserved || seat.Team != p.Team {
		return "", errSeatLost
	}
	s.used[p.ID] = p.Expires
	seat, err = c.table.Take(c.now, p.UserID, seat.PartyID)
	return seat.PartyID, err
}

// serverCalls handles the calls of dedicated game servers about their matches.
type serverCalls struct {
	client *matchClient
	keys   pass.Keys
	now    party.Clock
}

// callServer passes a call of a game server to its match. For a join it returns the player's party.
func (rs *serverCalls) callServer(ctx context.Context, matchID string, r signalRequest) (partyID string, err error) {
	if r.Op != signalServerJoin { // a pass proves that the match has seats
		_, err = rs.client.label(ctx, matchID)
	}
	var answer signalAnswer
	if err == nil {
		answer, err = rs.client.signal(ctx, matchID, r)
	}
	if errors.Is(err, ErrGone) {
		err = party.Refuse(party.InvalidRequest, "match_id: there is no such match, or it is over.")
	}
	return answer.PartyID, err
}

// ServerSeats is the RPC party_server_seats. It is also a sign of life of the server.
func (rs *serverCalls) ServerSeats(ctx context.Context, matchID, token string) (party.MatchSeats, error) {
	if _, err := rs.callServer(ctx, matchID, signalRequest{Op: signalServerSeats, Token: token}); err != nil {
		return party.MatchSeats{}, err
	}
	return rs.client.Seats(ctx, matchID, "")
}

// ServerJoin is the RPC party_server_join: the player of a pass has come.
func (rs *serverCalls) ServerJoin(ctx context.Context, matchID, token, text string) (party.ServerJoined, error) {
	claims, err := rs.keys.Verify(text, matchID, rs.now())
	if err != nil {
		refusal := party.Refuse(party.InvalidRequest, "pass: %v.", err)
		refusal.Cause = err
		return party.ServerJoined{}, refusal
	}
	partyID, err := rs.callServer(ctx, matchID, signalRequest{Op: signalServerJoin, Token: token, Pass: claims})
	return party.ServerJoined{UserID: claims.UserID, PartyID: partyID, Team: claims.Team}, err
}

// ServerLeave is the RPC party_server_leave: a player has left, for one of [party.ServerLeaves].
func (rs *serverCalls) ServerLeave(ctx context.Context, matchID, token, userID, reason string) error {
	_, err := rs.callServer(ctx, matchID, signalRequest{Op: signalServerLeave, Token: token, UserID: userID, Reason: reason})
	return err
}

// ServerEnd is the RPC party_server_end: the match is over, with the server's result.
func (rs *serverCalls) ServerEnd(ctx context.Context, matchID, token string, result json.RawMessage) error {
	_, err := rs.callServer(ctx, matchID, signalRequest{Op: signalServerEnd, Token: token, Result: result})
	return err
}
