package matchmaking

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/matchmaking/seats"
	"partyline/party"
)

// event is what a party hears about its match, as party data with op code [party.OpMatch].
// Players also get the end as match data. An end with a user ID is only for the device
// that gets it: the user plays on with another one.
type event struct {
	Event     string `json:"event"`
	MatchID   string `json:"match_id"`
	UserID    string `json:"user_id,omitempty"` // absent for a seat held for a friend not known by name
	Team      *int   `json:"team,omitempty"`    // from 0; absent when the match ended
	ExpiresAt int64  `json:"expires_at,omitempty"`

	*party.ServerAccess // with server_ready, for the player of UserID alone

	Result json.RawMessage `json:"result,omitempty"` // with ended, where a game server gave one

	partyID string // the party that hears it
}

const (
	eventHeld     = "seat_held" // also when a hold is extended or a player's connection is lost
	eventTaken    = "seat_taken"
	eventReleased = "seat_released"
	eventServer   = "server_ready"
	eventEnded    = "ended" // expires_at is when, for a match that ends with the server
)

var eventNames = map[seats.State]string{seats.Held: eventHeld, seats.Taken: eventTaken, seats.Open: eventReleased}

// seatChange is what became of a seat. was is zero for a seat that was open, and now has the state Open for one that is.
type seatChange struct{ was, now seats.Seat }

// seatChanges returns what leads from one list of the match's seats to the next.
func seatChanges(before, after []seats.Seat) (changes []seatChange) {
	isOpen := func(r seats.Seat) bool { return r.State == seats.Open }
	gone := slices.DeleteFunc(slices.Clone(before), isOpen)
	take := func(match func(old seats.Seat) bool) (old seats.Seat, found bool) {
		i := slices.IndexFunc(gone, match)
		if i < 0 {
			return old, false
		}
		old = gone[i]
		gone = slices.Delete(gone, i, i+1)
		return old, true
	}
	for _, r := range after {
		if _, same := take(func(old seats.Seat) bool { return old == r }); !same && !isOpen(r) {
			changes = append(changes, seatChange{now: r})
		}
	}
	for i := range changes {
		r := changes[i].now
		was, own := take(func(old seats.Seat) bool { return r.UserID != "" && old.UserID == r.UserID })
		if !own { // the party's spare seat is still held, or now has this user's name
			was, _ = take(func(old seats.Seat) bool {
				return old.UserID == "" && old.State == seats.Held && old.PartyID == r.PartyID
			})
		}
		changes[i].was = was
	}
	for _, old := range gone {
		now := old
		now.State = seats.Open
		changes = append(changes, seatChange{old, now})
	}
	return changes
}

// tellSeat adds the event of a seat that changed.
func (c *call) tellSeat(r seats.Seat) {
	e := event{Event: eventNames[r.State], MatchID: c.id, UserID: r.UserID, Team: &r.Team, partyID: r.PartyID}
	if r.State == seats.Held {
		e.ExpiresAt = r.Expires.Unix()
	}
	c.events = append(c.events, e)
}

// sendEvents sends the events to the parties. An error only goes to the log: the seats have changed already.
func (c *call) sendEvents() {
	for _, e := range c.events {
		if e.Event != eventServer {
			c.tellParty(e)
		} else if err := c.tellPlayer(e); err != nil {
			c.logger.Warn("player not told of the game server user=%s error=%v", e.UserID, err)
		}
	}
	c.events = nil
}

func (c *call) tellParty(e event) {
	id, err := party.ParseID(e.partyID)
	if err != nil {
		return // a player without a party, or the game made up this ID
	}
	if err := party.SendData(c.nk, id, party.OpMatch, e); err != nil {
		c.logger.Warn("match event not sent event=%s party=%s error=%v", e.Event, id, err)
	}
}

// tellPlayer sends one player their pass. Nobody else in the party sees it.
func (c *call) tellPlayer(e event) error {
	var members []runtime.Presence
	id, err := party.ParseID(e.partyID)
	if err == nil {
		if members, err = membersOf(c.nk, id); err != nil {
			return err
		}
		members = slices.DeleteFunc(members, func(p runtime.Presence) bool { return p.GetUserId() != e.UserID })
	}
	if len(members) == 0 { // they left the party or are away; a player who comes back gets a pass from party_match
		return party.Notify(c.ctx, c.nk, party.NoticeServer.To(e.UserID, "", e))
	}
	return party.SendDataTo(c.nk, id, members, party.OpMatch, e)
}

// broadcastSeats sends the current seats to the players. It sends at most once a tick, so a whole party that joins
// at once causes one message.
func (c *call) broadcastSeats() {
	if !c.seatsUnsent || len(c.guests) == 0 {
		return
	}
	c.seatsUnsent = false
	c.tellPlayers(c.seats(), nil)
}

// tellPlayers sends data to the given players; nil means all.
func (c *call) tellPlayers(what any, to []runtime.Presence) {
	data, err := party.PlainJSON(what)
	if err == nil {
		err = c.dispatcher.BroadcastMessage(party.OpMatch, []byte(data), to, nil, true)
	}
	if err != nil {
		c.logger.Warn("seats not shown to players error=%v", err)
	}
}

// tellEnd tells parties and players that the match ends, now or at a time.
func (c *call) tellEnd(at time.Time) {
	c.sendEvents()
	for _, id := range partiesOf(c.rows) {
		c.tellParty(c.endEvent(at, id))
	}
	if len(c.guests) > 0 {
		c.tellPlayers(c.endEvent(at, ""), nil)
	}
}

func (c *call) endEvent(at time.Time, partyID string) event {
	e := event{Event: eventEnded, MatchID: c.id, partyID: partyID}
	if c.serving != nil {
		e.Result = c.serving.result
	}
	if at.After(c.now) {
		e.ExpiresAt = at.Unix()
	}
	return e
}
