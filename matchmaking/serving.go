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
)

// WithServer is the handler of matches named [SeatMatch]: the seats of [WithSeats], without
// a relay, for players who meet on a dedicated game server. It signs their passes with the
// key, follows what the server reports, and ends with the server or its silence.
func WithServer(clock party.Clock, matches *Matches, key ed25519.PrivateKey) runtime.Match {
	return &seated{inner: Relay(), clock: clock, hosting: &hosting{matches, key}}
}

// hosting is what seat matches need that others do not.
type hosting struct {
	matches *Matches
	key     ed25519.PrivateKey
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
	heard  time.Time         // from the server; at first since the players were told
	over   bool              // the server has said so
	result json.RawMessage   // of the match, as the server gives it
}

// slot is a user's place on the game server, as the fleet manager keeps it.
type slot struct {
	session string    // the fleet's own; "" where it has none
	since   time.Time // zero for one that is used up: its player came and has dropped
}

// access makes a pass for a seat.
func (c *call) access(s seats.Seat) (*party.ServerAccess, error) {
	until := c.now.Add(passFor).Unix()
	text, err := pass.Sign(c.serving.key, pass.Claims{ID: rand.Text(), MatchID: c.id, UserID: s.UserID, PartyID: s.PartyID, Team: s.Team, Expires: until})
	if err != nil {
		return nil, err
	}
	at := c.serving.at
	return &party.ServerAccess{Address: at.Address, DNSName: at.DNSName, Port: at.Port, Pass: text, PassExpiresAt: until, PlayerSession: c.serving.slots[s.UserID].session}, nil
}

// ready adds the news that the server is ready for everybody whose seat is held again: after
// the commit, for a late friend, and for a player whose connection is lost.
func (c *call) ready(before, after []seats.Seat) {
	if c.serving == nil || c.serving.at.Instance == "" {
		return
	}
	for _, s := range after {
		held := func(old seats.Seat) bool {
			return old.UserID == s.UserID && old.PartyID == s.PartyID && old.State == seats.Held
		}
		if s.State == seats.Held && s.UserID != "" && !slices.ContainsFunc(before, held) {
			c.readyFor(s)
		}
	}
}

func (c *call) readyFor(s seats.Seat) {
	access, err := c.access(s)
	if err != nil {
		c.logger.Warn("pass not made user=%s error=%v", s.UserID, err)
		return
	}
	c.events = append(c.events, event{Event: eventServer, MatchID: c.id, UserID: s.UserID, Team: &s.Team, partyID: s.PartyID, ServerAccess: access})
}

// slotsGiven notes slots on the server. A player on the way whose session is another one now
// is told.
func (c *call) slotsGiven(sessions map[string]string) {
	for user, session := range sessions {
		before := c.serving.slots[user].session
		c.serving.slots[user] = slot{session: session, since: c.now}
		if s, ok := c.table.Get(c.now, user); ok && s.State == seats.Held && session != before {
			c.readyFor(s)
		}
	}
}

// tellPlayer gives one player their pass: nobody else in the party sees it.
func (c *call) tellPlayer(e event) error {
	id, err := party.ParseID(e.partyID)
	if err != nil {
		return party.Notify(c.ctx, c.nk, party.NoticeServer.To(e.UserID, "", e))
	}
	members, err := c.nk.StreamUserList(party.StreamMode, id.UUID.String(), "", id.Node, false, true)
	if err != nil {
		return err
	}
	members = slices.DeleteFunc(members, func(p runtime.Presence) bool { return p.GetUserId() != e.UserID })
	if len(members) == 0 {
		return nil // away; party_match has a pass for a player who comes back
	}
	return party.SendDataTo(c.nk, id, members, party.OpMatch, e)
}

// watch follows the server between its reports. It reports false once the match is over.
func (c *call) watch() bool {
	s := c.serving
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
	var users []string
	for _, r := range c.rows {
		if r.State != seats.Held || r.UserID == "" {
			continue
		}
		if slot := s.slots[r.UserID]; c.now.Sub(slot.since) >= slotFor {
			slot.since = c.now // failing to renew it is no reason to open the seat
			s.slots[r.UserID] = slot
			users = append(users, r.UserID)
		}
	}
	if id := c.id; len(users) > 0 {
		s.matches.fleets.background("renewal of game server slots", func(ctx context.Context) error {
			return ignoreGone(s.matches.slots(ctx, id, users))
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

// serve answers a game server that has this match's token.
func (c *call) serve(r *serverCall) error {
	if c.serving == nil || r == nil || subtle.ConstantTimeCompare([]byte(r.Token), []byte(c.setup.Server.Token)) != 1 {
		return errToken
	}
	c.serving.heard = c.now
	switch r.Do {
	case serverJoin:
		return c.admit(r.Claims)
	case serverLeave:
		s, ok := c.table.Get(c.now, r.UserID)
		seated, kicked := ok && s.State != seats.Reserved, r.Reason == party.ServerKicked
		if !seated && !kicked { // who has left before may be kicked
			return errUnseated
		}
		if kicked && !slices.Contains(c.serving.kicked, r.UserID) {
			c.serving.kicked = append(c.serving.kicked, r.UserID)
		}
		switch {
		case r.Reason == party.ServerDropped:
			c.serving.slots[r.UserID] = slot{}
			c.table.Drop(c.now, r.UserID, c.now.Add(c.setup.Grace))
		case seated:
			c.table.Leave(c.now, r.UserID)
		}
	case serverEnd:
		c.serving.over, c.serving.result = true, r.Result
	}
	return nil
}

// bars reports whether the server has kicked one of the users.
func (s *serving) bars(users []string) bool {
	return s != nil && slices.ContainsFunc(users, func(user string) bool { return slices.Contains(s.kicked, user) })
}

// admit takes the seat that a pass is for. A pass works once, and not for a seat that the
// player has lost, or has elsewhere by now.
func (c *call) admit(p pass.Claims) error {
	if c.now.Unix() >= p.Expires { // on its way here: whether it was used is known until then
		return pass.ErrExpired
	}
	maps.DeleteFunc(c.serving.used, func(_ string, until int64) bool { return c.now.Unix() >= until })
	if _, used := c.serving.used[p.ID]; used {
		return errUsed
	}
	s, ok := c.table.Get(c.now, p.UserID)
	for now, moved := c.serving.was[p.PartyID]; moved; now, moved = c.serving.was[p.PartyID] {
		p.PartyID = now // the party goes on under another ID
	}
	if !ok || s.State == seats.Reserved || s.PartyID != p.PartyID || s.Team != p.Team {
		return errLost
	}
	c.serving.used[p.ID] = p.Expires
	_, err := c.table.Take(c.now, p.UserID, p.PartyID)
	return err
}

// callServer passes on what a game server asks. It answers the party of a player who joins.
func (m *Matches) callServer(ctx context.Context, matchID string, r serverCall) (partyID string, err error) {
	if r.Do != serverJoin { // its pass is of a match with seats
		err = m.known(ctx, matchID)
	}
	var answer signalAnswer
	if err == nil {
		answer, err = m.signal(ctx, matchID, signalRequest{Op: signalServer, Call: &r})
	}
	if errors.Is(err, ErrGone) {
		err = party.Refuse(party.InvalidRequest, "match_id: there is no such match, or it is over.")
	}
	return answer.PartyID, err
}

// ServerSeats is the RPC party_server_seats, and a sign of life of the server.
func (m *Matches) ServerSeats(ctx context.Context, matchID, token string) (party.MatchSeats, error) {
	if _, err := m.callServer(ctx, matchID, serverCall{Token: token, Do: serverSeats}); err != nil {
		return party.MatchSeats{}, err
	}
	return m.Seats(ctx, matchID, "")
}

// ServerJoin is the RPC party_server_join: the player of a pass has come.
func (m *Matches) ServerJoin(ctx context.Context, matchID, token, text string) (party.ServerJoined, error) {
	claims, err := m.keys.Verify(text, matchID, m.now())
	if err != nil {
		refusal := party.Refuse(party.InvalidRequest, "pass: %v.", err)
		refusal.Cause = err
		return party.ServerJoined{}, refusal
	}
	partyID, err := m.callServer(ctx, matchID, serverCall{Token: token, Do: serverJoin, Claims: claims})
	return party.ServerJoined{UserID: claims.UserID, PartyID: partyID, Team: claims.Team}, err
}

// ServerLeave is the RPC party_server_leave: a player has gone, for one of
// [party.ServerLeaves].
func (m *Matches) ServerLeave(ctx context.Context, matchID, token, userID, reason string) error {
	_, err := m.callServer(ctx, matchID, serverCall{Token: token, Do: serverLeave, UserID: userID, Reason: reason})
	return err
}

// ServerEnd is the RPC party_server_end: the match is over, with what the server says of it.
func (m *Matches) ServerEnd(ctx context.Context, matchID, token string, result json.RawMessage) error {
	_, err := m.callServer(ctx, matchID, serverCall{Token: token, Do: serverEnd, Result: result})
	return err
}
