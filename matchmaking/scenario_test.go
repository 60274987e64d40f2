package matchmaking_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/e2e/client"
	"partyline/matchmaking"
	"partyline/matchmaking/seats"
	"partyline/party"
)

func rpcOf(id, payload string) *api.Rpc { return &api.Rpc{Id: id, Payload: payload} }

// A party fills a match alone. Each player gets the data of the others, as in a relayed match.
func TestLive_APartyOfItsOwn(t *testing.T) {
	w := newLiveServer(t, "")
	p := w.citizens("ann", "bob", "cat")
	out := w.citizen("out")
	id := p[0].partyWith(4, p[1], p[2])
	match := w.launch(matchmaking.Launch{Queue: "coop", Teams: 1, TeamSize: 3, Claims: []seats.Claim{claimOf(id, 0, p...)}})
	p[0].waitEvent("seat_held", p[2])
	out.mustBeRefused(match, party.SeatReserved)
	for _, c := range p {
		c.mustJoin(match)
		p[0].waitEvent("seat_taken", c)
	}
	out.mustBeRefused(match, party.MatchFull)
	// In the last map, no player is awaited any more.
	for _, c := range p {
		for {
			var m party.MatchSeats
			if err := json.Unmarshal(c.waitData(party.OpMatch, `"seats"`).GetData(), &m); err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(m.Seats[0].State, m.Seats[1].State, m.Seats[2].State) == "takentakentaken" {
				break
			}
		}
	}
	p[0].send(match, 5, "hello")
	for _, c := range p[1:] {
		if d := c.waitData(5, "hello"); d.GetPresence().GetUserId() != p[0].id || d.GetMatchId() != match {
			t.Errorf("%s heard %v", c.name, d)
		}
	}
	p[1].send(match, party.OpMatch, "forged")
	p[1].send(match, 6, "after it")
	p[0].waitData(6, "after it")
	for _, c := range p {
		if own := c.socket.TakeAll(func(m client.Message) bool {
			d := m.Envelope.GetMatchData()
			return d.GetOpCode() == 5 || strings.Contains(string(d.GetData()), "forged")
		}); len(own) != 0 {
			t.Errorf("%s also heard %v", c.name, own)
		}
	}
	if got := p[1].seat(id, p[2]); got != "taken@0" {
		t.Errorf("party_match shows %q", got)
	}
	if err := out.call("party_match", map[string]any{"party_id": id.String()}, nil); err == nil || !strings.Contains(err.Error(), "not_member") {
		t.Errorf("a stranger asked party_match: %v", err)
	}
	p[0].leaveMatch(match)
	p[1].waitEvent("seat_released", p[0])
}

// A player from the queue gets the seat of a no-show.
func TestLive_NoShow(t *testing.T) {
	w := newLiveServer(t, "")
	p := w.citizens("ann", "bob", "eve")
	id := p[0].partyWith(2, p[1])
	match := w.launch(matchmaking.Launch{
		Queue: "duel", Teams: 2, TeamSize: 1, Backfill: true, SeatHold: 300 * time.Millisecond, Claims: []seats.Claim{claimOf(id, 0, p[0]), claimOf(party.ID{}, 1, p[2])},
	})
	p[2].mustJoin(match)
	p[1].waitEvent("seat_released", p[0])
	// The list of matches is up to a second late.
	for {
		open, err := w.matches.Open(w.ctx, "duel")
		if err != nil {
			t.Fatal(err)
		}
		if len(open) == 1 && open[0].ID == match && open[0].Open[0] == 1 && open[0].Open[1] == 0 {
			break
		}
	}
	gus := w.citizen("gus")
	gus.mustBeRefused(match, party.SeatReserved)
	if err := w.matches.Commit(w.ctx, match, []seats.Claim{claimOf(party.ID{}, 0, gus)}); err != nil {
		t.Fatal(err)
	}
	gus.mustJoin(match)
	p[0].mustBeRefused(match, party.MatchFull)
}

// A friend redeems an invite while the party plays, and gets a seat in the match on its team.
func TestLive_LateFriend(t *testing.T) {
	w := newLiveServer(t, "")
	p := w.citizens("ann", "late", "later", "foe")
	id := p[0].partyWith(4)
	match := w.launch(matchmaking.Launch{Queue: "duel", Teams: 2, TeamSize: 2, Claims: []seats.Claim{
		{PartyID: id.String(), Team: 1, UserIDs: []string{p[0].id}, Spares: 1}, claimOf(party.ID{}, 0, p[3]),
	}})
	p[0].mustJoin(match)
	var invite party.CreatedInvite
	if err := p[0].call("party_invite_create", map[string]any{"party_id": id.String()}, &invite); err != nil {
		t.Fatal(err)
	}
	var preview party.Preview
	if err := p[1].call("party_invite_preview", map[string]any{"code": invite.Code}, &preview); err != nil || preview.MatchID != match {
		t.Errorf("preview = %+v, %v", preview, err)
	}
	for i, want := range []string{match, ""} { // the team has room for one
		var got party.Redemption
		if err := p[1+i].call("party_invite_redeem", map[string]any{"code": invite.Code}, &got); err != nil || got.MatchID != want {
			t.Errorf("%s redeemed into match %q, %v; want %q", p[1+i].name, got.MatchID, err, want)
		}
	}
	p[0].waitEvent("seat_held", p[1])
	p[1].mustJoin(match)
	p[2].mustBeRefused(match, party.MatchFull)
	if got := p[0].seat(id, p[1]); got != "taken@1" {
		t.Errorf("the friend sits %q", got)
	}
}

// A player who loses the connection keeps the seat for the grace. A member who leaves the party loses a seat that
// they have not taken yet.
func TestLive_DropReturnAndRelease(t *testing.T) {
	w := newLiveServer(t, "")
	p := w.citizens("ann", "bob", "cat")
	out := w.citizen("out")
	id := p[0].partyWith(4, p[1], p[2])
	match := w.launch(matchmaking.Launch{Teams: 1, TeamSize: 3, Claims: []seats.Claim{claimOf(id, 0, p...)}})
	p[0].mustJoin(match)
	p[1].mustJoin(match)
	p[1].socket.Abort()
	p[0].waitEvent("seat_held", p[1])
	out.mustBeRefused(match, party.SeatReserved)
	back := p[1].secondSocket()
	back.mustJoin(match)
	p[0].waitEvent("seat_taken", p[1])
	// Another device replaces the one that plays.
	tablet := p[1].secondSocket()
	tablet.mustJoin(match)
	p[0].send(match, 1, "are you there")
	tablet.waitData(1, "are you there")
	tablet.send(match, 2, "here")
	p[0].waitData(2, "here")
	back.waitData(party.OpMatch, `"ended"`)
	if got := p[0].seat(id, p[1]); got != "taken@0" {
		t.Errorf("the player of two devices sits %q", got)
	}
	// Cat leaves the party before joining the match.
	if _, err := p[2].socket.Call(p[2].within(), &rtapi.Envelope{Message: &rtapi.Envelope_PartyLeave{PartyLeave: &rtapi.PartyLeave{PartyId: id.String()}}}); err != nil {
		t.Fatal(err)
	}
	p[0].waitEvent("seat_released", p[2])
	p[2].mustBeRefused(match, party.SeatReserved)
	p[2].enterParty(id)
	p[2].mustJoin(match)
}

func TestLive_LockedWhileInAMatch(t *testing.T) {
	w := newLiveServer(t, "parties:\n  lock: {in_match: true}\n")
	p := w.citizens("ann", "bob")
	id := p[0].partyWith(4)
	var invite party.CreatedInvite
	if err := p[0].call("party_invite_create", map[string]any{"party_id": id.String()}, &invite); err != nil {
		t.Fatal(err)
	}
	match := w.launch(matchmaking.Launch{Teams: 1, TeamSize: 2, Claims: []seats.Claim{claimOf(id, 0, p[0])}})
	redeem := func() error { return p[1].call("party_invite_redeem", map[string]any{"code": invite.Code}, nil) }
	if err := redeem(); err == nil || !strings.Contains(err.Error(), string(party.PartyLocked)) {
		t.Errorf("redeemed into a party in a match: %v", err)
	}
	p[0].mustJoin(match)
	p[0].leaveMatch(match)
	p[0].waitEvent("seat_released", p[0])
	if err := redeem(); err != nil {
		t.Errorf("after the match: %v", err)
	}
}

// Without queues, the server's own matchmaker stays. It makes a match with seats if the rules ask for it.
func TestLive_NativeMatching(t *testing.T) {
	w := newLiveServer(t, "matchmaking: {create_match: true}\n")
	p := w.citizens("ann", "bob", "cat")
	out := w.citizen("out")
	id := p[0].partyWith(2, p[1])
	party2 := &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerAdd{PartyMatchmakerAdd: &rtapi.PartyMatchmakerAdd{PartyId: id.String(), MinCount: 3, MaxCount: 3, Query: "*"}}}
	solo := &rtapi.Envelope{Message: &rtapi.Envelope_MatchmakerAdd{MatchmakerAdd: &rtapi.MatchmakerAdd{MinCount: 3, MaxCount: 3, Query: "*"}}}
	for c, e := range map[*livePlayer]*rtapi.Envelope{p[0]: party2, p[2]: solo} {
		if _, err := c.socket.Call(c.within(), e); err != nil {
			t.Fatal(err)
		}
	}
	match := ""
	for _, c := range p {
		m, err := c.socket.Take(c.within(), client.OfKind("matchmaker_matched"))
		if err != nil {
			t.Fatal(err)
		}
		if match = m.Envelope.GetMatchmakerMatched().GetMatchId(); match == "" {
			t.Fatalf("matched without a match: %v", m.Envelope)
		}
	}
	out.mustBeRefused(match, party.SeatReserved)
	for _, c := range p {
		c.mustJoin(match)
	}
	out.mustBeRefused(match, party.MatchFull)
	if ann, bob := p[0].seat(id, p[0]), p[0].seat(id, p[1]); ann != "taken@0" || bob != "taken@0" {
		t.Errorf("the party sits %q and %q", ann, bob)
	}
}

// arena is a small handler of a game: it sends every player their team.
type arena struct{ runtime.Match }

func (a arena) MatchJoin(ctx context.Context, logger runtime.Logger, db *sql.DB, nk runtime.NakamaModule, d runtime.MatchDispatcher, tick int64, state any, presences []runtime.Presence) any {
	for _, p := range presences {
		seat, _ := matchmaking.SeatOf(ctx, p.GetUserId())
		if err := d.BroadcastMessage(77, fmt.Appendf(nil, "you are on team %d", seat.Team), []runtime.Presence{p}, nil, true); err != nil {
			logger.Warn("not greeted: %v", err)
		}
	}
	return a.Match.MatchJoin(ctx, logger, db, nk, d, tick, state, presences)
}

func (arena) MatchLoop(_ context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, _ runtime.MatchDispatcher, _ int64, state any, messages []runtime.MatchData) any {
	for _, m := range messages {
		if m.GetOpCode() == 99 {
			panic("a bug of the game")
		}
	}
	return state
}

func TestLive_AGamesOwnHandler(t *testing.T) {
	w := newLiveServer(t, "")
	p := w.citizens("ann", "bob", "cat")
	id := p[0].partyWith(4, p[1])
	match := w.launch(matchmaking.Launch{Handler: "arena", Queue: "arena", Teams: 2, TeamSize: 2, Claims: []seats.Claim{claimOf(id, 1, p[0], p[1])}})
	other := w.launch(matchmaking.Launch{Handler: "arena", Teams: 1, TeamSize: 1, Claims: []seats.Claim{claimOf(party.ID{}, 0, p[2])}})
	p[2].mustBeRefused(match, party.SeatReserved)
	p[0].mustJoin(match)
	p[0].waitData(77, "you are on team 1")
	p[2].mustJoin(other)
	p[0].send(match, 99, "")
	p[1].waitEvent("ended", nil)
	p[0].waitData(party.OpMatch, "ended")
	if err := p[1].join(match); err == nil {
		t.Error("a match that panicked goes on")
	}
	if _, err := w.matches.Seats(w.ctx, other, ""); err != nil {
		t.Errorf("another match of the same handler: %v", err)
	}
}
