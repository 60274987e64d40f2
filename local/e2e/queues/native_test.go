package queues_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
	"partyline/local/e2e/target"
)

// Without queues the server matches by itself; its matches get seats.
func TestNativeMatching(t *testing.T) {
	w := startNative(t)
	p := w.players(4)
	pair := func(id string, most int32) *rtapi.Envelope {
		return &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerAdd{PartyMatchmakerAdd: &rtapi.PartyMatchmakerAdd{
			PartyId: id, MinCount: most, MaxCount: most, Query: "*",
		}}}
	}
	one, other := w.party(p[:2]...), w.party(p[2:]...)
	three := w.players(3)
	three[0].refused(pair(w.party(three...), 2), "party_too_large")
	p[2].queueSolo(nil)
	p[2].refused(pair(other, 4), "not_ready")
	for i, id := range []string{one, other} {
		if i == 1 { // the search alone ends first
			p[2].call(&rtapi.Envelope{Message: &rtapi.Envelope_PartyLeave{PartyLeave: &rtapi.PartyLeave{PartyId: other}}})
			p[2].Abort()
			p[2] = w.player()
			id = w.party(p[2:]...)
		}
		p[2*i].call(pair(id, 4))
		p[2*i+1].told(-3, "queued")
	}
	match := p[0].matched().GetMatchId()
	w.player().refused(join(match), "seat_reserved")
	for i, m := range p {
		if i > 0 {
			if got := m.matched().GetMatchId(); got != match || match == "" {
				t.Errorf("matched into %q; want %q", got, match)
			}
		}
		m.told(-3, "matched")
		m.call(join(match))
	}
	_, seats := p[0].seats()
	checkTeams(t, seats, 1, 4)
}

// Without create_match, nobody tells the module of the server's matches, and a ticket in the server blocks others.
// This also holds after a former leader failed to remove it, and after its player joined somebody else's match.
func TestNativeTicketThatTheServerHas(t *testing.T) {
	w := startWith(t, "version: 1\n")
	p := w.players(3)
	id := w.party(p...)
	joined, err := p[0].Take(w.answerDeadline(), func(m client.Message) bool {
		joins := m.Envelope.GetPartyPresenceEvent().GetJoins()
		return len(joins) > 0 && joins[0].GetUserId() == p[1].UserID
	})
	if err != nil {
		t.Fatal(err)
	}
	add := addParty(id, nil)
	add.GetPartyMatchmakerAdd().MinCount, add.GetPartyMatchmakerAdd().MaxCount = 4, 4
	remove := &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerRemove{PartyMatchmakerRemove: &rtapi.PartyMatchmakerRemove{
		PartyId: id, Ticket: p[0].call(add).GetPartyMatchmakerTicket().GetTicket(),
	}}}
	p[0].call(&rtapi.Envelope{Message: &rtapi.Envelope_PartyPromote{PartyPromote: &rtapi.PartyPromote{
		PartyId: id, Presence: joined.Envelope.GetPartyPresenceEvent().GetJoins()[0],
	}}})
	if p[0].reason(remove) == "" {
		t.Error("who does not lead has removed the ticket")
	}
	p[2].refused(addSolo(nil), "not_ready")
	p[1].call(remove)
	p[1].call(&rtapi.Envelope{Message: &rtapi.Envelope_Ping{Ping: &rtapi.Ping{}}}) // the module processes a removal after its answer

	alone := func(mine, wants string) *rtapi.Envelope {
		add := addSolo(properties("k", mine))
		add.GetMatchmakerAdd().Query = "+properties.k:" + wants
		return add
	}
	p[2].call(alone("one", "nobody"))
	others := w.players(2)
	for _, o := range others {
		o.call(alone("pair", "pair"))
	}
	p[2].call(&rtapi.Envelope{Message: &rtapi.Envelope_MatchJoin{MatchJoin: &rtapi.MatchJoin{Id: &rtapi.MatchJoin_Token{Token: others[0].matched().GetToken()}}}})
	p[1].refused(add, "not_ready")
}

// A game written for the server's own matches sees the same players in the match that the module makes,
// with its ID in place of a token. A player without a seat cannot join, and neither can one who was
// alone and left.
func TestNativeMatchBesideStock(t *testing.T) {
	type outcome struct {
		Token, MatchID, Ticket, Self, Joins bool
		Users                               map[string]string // mode, by name
		Hears, Back, Stranger               string
	}
	play := func(w *world) (o outcome) {
		a, b := w.player(), w.player()
		mine := a.queueSolo(properties("mode", "ctf"))
		b.queueSolo(nil)
		m, other := a.matched(), b.matched()
		o = outcome{Token: m.GetToken() != "", MatchID: m.GetMatchId() != "", Ticket: m.GetTicket() == mine, Users: map[string]string{}}
		o.Self = m.GetSelf().GetPresence().GetUserId() == a.UserID && other.GetSelf().GetPresence().GetUserId() == b.UserID
		for _, u := range m.GetUsers() {
			name := map[string]string{a.UserID: "a", b.UserID: "b"}[u.GetPresence().GetUserId()]
			o.Users[name] = u.GetStringProperties()["mode"]
		}
		enter := join(m.GetMatchId())
		if m.GetToken() != "" { // as the SDKs do with both
			enter = &rtapi.Envelope{Message: &rtapi.Envelope_MatchJoin{MatchJoin: &rtapi.MatchJoin{Id: &rtapi.MatchJoin_Token{Token: m.GetToken()}}}}
		}
		match := a.call(enter).GetMatch().GetMatchId()
		o.Joins = b.call(enter).GetMatch().GetMatchId() == match && match != ""
		if err := a.Send(&rtapi.Envelope{Message: &rtapi.Envelope_MatchDataSend{MatchDataSend: &rtapi.MatchDataSend{MatchId: match, OpCode: 5, Data: []byte("hi")}}}); err != nil {
			t.Fatal(err)
		}
		heard, err := b.Take(w.answerDeadline(), func(m client.Message) bool { return m.Envelope.GetMatchData().GetOpCode() == 5 })
		if err != nil {
			t.Fatal(err)
		}
		o.Hears = string(heard.Envelope.GetMatchData().GetData())
		b.call(&rtapi.Envelope{Message: &rtapi.Envelope_MatchLeave{MatchLeave: &rtapi.MatchLeave{MatchId: match}}})
		if m.GetMatchId() != "" { // if the match processed the join before the leave, it would answer as if the player had never left
			if _, err := a.Take(w.answerDeadline(), func(m client.Message) bool {
				d := m.Envelope.GetMatchData()
				return d.GetOpCode() == -4 && strings.Contains(string(d.GetData()), `"open"`)
			}); err != nil {
				t.Fatal(err)
			}
		}
		o.Back, o.Stranger = b.reason(join(match)), w.player().reason(join(match))
		return o
	}
	want := outcome{Token: true, Ticket: true, Self: true, Joins: true, Users: map[string]string{"a": "ctf", "b": ""}, Hears: "hi"}
	if got := play(playOn(t, target.Server(t, false))); !reflect.DeepEqual(got, want) {
		t.Errorf("a stock server gives %+v; want %+v", got, want)
	}
	want.Token, want.MatchID, want.Back, want.Stranger = false, true, "seat_reserved", "seat_reserved"
	if got := play(startNative(t)); !reflect.DeepEqual(got, want) {
		t.Errorf("with create_match: %+v; want %+v", got, want)
	}
}
