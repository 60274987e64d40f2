package queues_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
)

// proposal is the answer of party_match_accept, and part of the answer of party_queue.
type proposal struct {
	Accepted, Needed int
	AcceptBy         int64 `json:"accept_by"`
}

// notice waits for a notification with a code and returns its content.
func (p *player) notice(code int32) (content event) {
	p.w.t.Helper()
	_, err := p.Take(p.w.answerDeadline(), func(m client.Message) bool {
		for _, n := range m.Envelope.GetNotifications().GetNotifications() {
			if n.Code == code {
				content = event{}
				return json.Unmarshal([]byte(n.Content), &content) == nil
			}
		}
		return false
	})
	if err != nil {
		p.w.t.Fatalf("waiting for notification %d: %v", code, err)
	}
	return content
}

func (p *player) accept(ticket string) (said proposal) {
	p.w.t.Helper()
	p.rpc("party_match_accept", map[string]any{"ticket": ticket, "accept": true}, &said)
	return said
}

// Ten players are found and one does not answer: the other nine play with a later player, and lose
// nothing.
func TestFindOne(t *testing.T) {
	w := start(t)
	texts := properties("queue", "e2e_accept", "run", uuid.NewString())
	p := w.players(11)
	w.party(p[:3]...)
	w.party(p[3:5]...)
	tickets := map[*player]string{}
	for _, leader := range []*player{p[0], p[3]} {
		tickets[leader] = leader.queueParty(texts)
	}
	for _, alone := range p[5:10] {
		tickets[alone] = alone.queueSolo(texts)
	}
	ticketOf := func(i int) string {
		switch {
		case i < 3:
			return tickets[p[0]]
		case i < 5:
			return tickets[p[3]]
		}
		return tickets[p[i]]
	}
	for i, m := range p[:10] {
		if i < 5 {
			if e := m.told(-3, "found"); e.Ticket != ticketOf(i) {
				t.Errorf("found for %q; want %q", e.Ticket, ticketOf(i))
			}
		} else if e := m.notice(1006); e.Ticket != ticketOf(i) || e.Queue != "e2e_accept" {
			t.Errorf("found %+v; want it for %q", e, ticketOf(i))
		}
	}
	asked := time.Now()
	for i, m := range p[:9] {
		if said := m.accept(ticketOf(i)); said.Accepted != i+1 || said.Needed != 10 {
			t.Errorf("answer %d = %+v", i, said)
		}
	}
	if e := p[9].notice(1003); e.Event != "dropped" || e.Reason != "no_answer" {
		t.Errorf("the silent one is told %+v", e)
	}
	dropped := time.Since(asked)
	p[9].call(&rtapi.Envelope{Message: &rtapi.Envelope_MatchmakerRemove{MatchmakerRemove: &rtapi.MatchmakerRemove{Ticket: tickets[p[9]]}}})
	p[9].refused(addSolo(texts), "rate_limited")
	nineOfTen := func(when string) {
		t.Helper()
		var status struct {
			Tickets []struct {
				Ticket, Queue string
				Proposal      *proposal
				HoldingBack   []any `json:"holding_back"`
			}
		}
		p[1].rpc("party_queue", map[string]string{"party_id": p[1].partyID}, &status)
		if len(status.Tickets) != 1 || status.Tickets[0].Ticket != tickets[p[0]] || status.Tickets[0].Proposal == nil ||
			status.Tickets[0].Proposal.Accepted != 9 || status.Tickets[0].Proposal.Needed != 10 || status.Tickets[0].HoldingBack == nil {
			t.Errorf("%s: party_queue = %+v; want nine answers of ten", when, status)
		}
	}
	nineOfTen("somebody is looked for")
	ticket := p[10].queueSolo(texts)
	p[10].notice(1006)
	p[0].told(-3, "replaced")
	nineOfTen("somebody is found")
	answered := time.Now()
	if said := p[10].accept(ticket); said.Accepted != 10 {
		t.Errorf("the newcomer's answer = %+v", said)
	}
	match := p[0].matched().GetMatchId()
	t.Logf("the silent one was dropped after %v, the match came %v after the newcomer's answer", dropped.Round(time.Millisecond), time.Since(answered).Round(time.Millisecond))
	for _, m := range append(p[1:9:9], p[10]) {
		if got := m.matched().GetMatchId(); got != match || match == "" {
			t.Errorf("matched into %q; want %q", got, match)
		}
	}
	for _, m := range append(p[:9:9], p[10]) {
		m.call(join(match))
	}
	_, seats := p[0].seats()
	checkTeams(t, seats, 2, 5)
}
