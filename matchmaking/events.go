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

	partyID string
}

const (
	eventHeld     = "seat_held" // also when a hold is extended or a player's connection is lost
	eventTaken    = "seat_taken"
	eventReleased = "seat_released"
	eventServer   = "server_ready"
	eventEnded    = "ended" // expires_at is when, for a match that ends with the server
)

var eventNames = map[seats.State]string{seats.Held: eventHeld, seats.Taken: eventTaken}

// seatEvents returns the events that lead from one list of the match's seats to the next.
func seatEvents(matchID string, before, after []seats.Seat) []event {
	var events []event
	tell := func(name string, r seats.Seat) {
		if r.PartyID == "" {
			return
		}
		e := event{Event: name, MatchID: matchID, UserID: r.UserID, Team: &r.Team, partyID: r.PartyID}
		if name == eventHeld {
			e.ExpiresAt = r.Expires.Unix()
		}
		events = append(events, e)
	}
	gone := slices.Clone(before)
	take := func(match func(old seats.Seat) bool) bool {
		i := slices.IndexFunc(gone, match)
		if i >= 0 {
			gone = slices.Delete(gone, i, i+1)
		}
		return i >= 0
	}
	var changed []seats.Seat
	for _, r := range after {
		if !take(func(old seats.Seat) bool { return old == r }) && r.State != seats.Open {
			changed = append(changed, r)
		}
	}
	for _, r := range changed {
		own := r.UserID != "" && take(func(old seats.Seat) bool { return old.UserID == r.UserID })
		if !own { // the party's spare seat is still held, or now has this user's name
			take(func(old seats.Seat) bool {
				return old.UserID == "" && old.State == seats.Held && old.PartyID == r.PartyID
			})
		}
		tell(eventNames[r.State], r)
	}
	for _, r := range gone {
		tell(eventReleased, r) // open seats have no party, so tell skips them
	}
	return events
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
		return // the game made up this party ID: there is no stream
	}
	if err := party.SendData(c.nk, id, party.OpMatch, e); err != nil {
		c.logger.Warn("match event not sent event=%s party=%s error=%v", e.Event, id, err)
	}
}

// tellPlayer sends one player their pass. Nobody else in the party sees it.
func (c *call) tellPlayer(e event) error {
	id, err := party.ParseID(e.partyID)
	if err != nil {
		return party.Notify(c.ctx, c.nk, party.NoticeServer.To(e.UserID, "", e))
	}
	members, err := membersOf(c.nk, id)
	if err != nil {
		return err
	}
	members = slices.DeleteFunc(members, func(p runtime.Presence) bool { return p.GetUserId() != e.UserID })
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

// tellEnd tells parties and players once that the match ends, now or at a time (zero is now). It tells them again if
// the match's game server ends it earlier.
func (c *call) tellEnd(at time.Time) {
	ended := c.serving != nil && c.serving.ended
	if c.endTold && !ended || c.resultTold {
		return
	}
	c.endTold, c.resultTold = true, ended
	c.sendEvents()
	e := c.endEvent(at)
	if c.serving != nil {
		e.Result = c.serving.result
	}
	for _, partyID := range c.table.Parties(c.now) {
		e.partyID = partyID
		c.tellParty(e)
	}
	if len(c.guests) > 0 {
		c.tellPlayers(e, nil)
	}
}

func (c *call) endEvent(at time.Time) event {
	e := event{Event: eventEnded, MatchID: c.id}
	if at.After(c.now) {
		e.ExpiresAt = at.Unix()
	}
	return e
}

// tellEndLater adds the end of a match that ends soon to the events of parties that get seats only now. The rows are
// those from before.
func (c *call) tellEndLater(events []event) {
	var told []string
	for _, e := range events {
		had := func(r seats.Seat) bool {
			return r.UserID == e.UserID && r.PartyID == e.partyID && (r.State == seats.Held || r.State == seats.Taken)
		}
		if e.Event == eventHeld && !slices.ContainsFunc(c.rows, had) && !slices.Contains(told, e.partyID) {
			told = append(told, e.partyID)
			end := c.endEvent(c.endsAt)
			end.partyID = e.partyID
			c.events = append(c.events, end)
		}
	}
}
