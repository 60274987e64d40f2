package contract

import "github.com/heroiclabs/nakama-common/rtapi"

// Scenarios of relayed matches and of the matchmaker.

// removeTicket asks to remove a ticket. The answer shows whether the ticket still existed.
func removeTicket(leader *Actor, party, ticket string) { leader.Do(partyTicketRemove(party, ticket)) }

var matches = []Scenario{
	{
		Name:  "match-relayed",
		About: "Creating, joining, sending data to everybody, and leaving a relayed match.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := alice.Do(matchCreate("")).GetMatch().GetMatchId()
			bob.Do(matchJoin(id))
			carol.Do(matchJoin(id))
			bob.Do(matchJoin(id))
			bob.Tell(matchData(id, 5, "to all"))
			bob.Do(matchLeave(id))
			bob.Tell(matchData(id, 5, "from outside"))
			carol.Disconnect()
		},
	},
	{
		Name:  "match-data",
		About: "Match data has no reply; presences pick the receivers, the sender among them if it wants.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := alice.Do(matchCreate("")).GetMatch().GetMatchId()
			bob.Do(matchJoin(id))
			carol.Do(matchJoin(id))
			alice.Tell(matchData(id, 1, "for bob", bob.Presence()))
			alice.Tell(matchData(id, 0, "", alice.Presence(), carol.Presence()))
			alice.Tell(matchData(id, 2, "for a stranger", &rtapi.UserPresence{UserId: unknownUser, SessionId: unknownUser}))
		},
	},
	{
		Name:  "match-named",
		About: "A name leads everybody to the same match.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			alice.Do(matchCreate("lobby-" + w.Run()))
			bob.Do(matchCreate("lobby-" + w.Run()))
			bob.Do(matchCreate("lobby-" + w.Run()))
		},
	},
	{
		Name:  "match-errors",
		About: "Matches that are not there and IDs that are none.",
		Run: func(w *World) {
			alice := w.Actor("alice")
			for _, id := range []string{"", "match", "match.", "00000000-0000-4000-8000-000000000000.", "00000000-0000-4000-8000-000000000000.nowhere"} {
				alice.Do(matchJoin(id))
				alice.Do(matchLeave(id))
				alice.Tell(matchData(id, 1, "x"))
			}
			alice.Do(matchJoinToken("token"))
		},
	},
	{
		Name:  "matchmaker-solo",
		About: "A ticket is given out and taken back once.",
		Run: func(w *World) {
			alice := w.Actor("alice")
			ticket := alice.Do(soloTicket(w.query(), 2, 4)).GetMatchmakerTicket().GetTicket()
			alice.Do(soloTicketRemove(ticket))
			alice.Do(soloTicketRemove(ticket))
		},
	},
	{
		Name:  "matchmaker-solo-errors",
		About: "Counts, multiples, queries and the number of tickets are checked.",
		Run: func(w *World) {
			alice := w.Actor("alice")
			alice.Do(soloTicket(w.query(), 1, 4))
			alice.Do(soloTicket(w.query(), 4, 3))
			alice.DoJSON(`{"cid":"{cid}","matchmaker_add":{"min_count":2,"max_count":4,"query":"*","count_multiple":0}}`)
			alice.DoJSON(`{"cid":"{cid}","matchmaker_add":{"min_count":3,"max_count":4,"query":"*","count_multiple":2}}`)
			alice.DoJSON(`{"cid":"{cid}","matchmaker_add":{"min_count":2,"max_count":5,"query":"*","count_multiple":2}}`)
			alice.Do(soloTicket(`properties.a:"open`, 2, 4))
			alice.Do(soloTicketRemove("ticket"))
			for range 4 {
				alice.Do(soloTicket(w.query(), 2, 4))
			}
		},
	},
	{
		Name:  "matchmaker-party",
		About: "A party's ticket is announced to every member; only the leader takes it back.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(4, alice, bob, carol)
			ticket := alice.Do(partyTicket(id, w.query(), 4, 4)).GetPartyMatchmakerTicket().GetTicket()
			bob.Do(partyTicketRemove(id, ticket))
			alice.Do(partyTicketRemove(id, ticket))
			alice.Do(partyTicketRemove(id, ticket))
		},
	},
	{
		Name:  "matchmaker-party-errors",
		About: "Only the leader adds; counts, multiples, queries and tickets are checked.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(4, alice, bob)
			bob.Do(partyTicket(id, w.query(), 2, 4))
			carol.Do(partyTicket(id, w.query(), 2, 4))
			alice.Do(partyTicket(id, w.query(), 1, 4))
			alice.Do(partyTicket(id, w.query(), 4, 3))
			alice.Do(partyTicket(id, `properties.a:"open`, 2, 4))
			alice.Do(partyTicketRemove(id, ""))
			alice.Do(partyTicketRemove(id, "ticket"))
			alice.DoJSON(`{"cid":"{cid}","party_matchmaker_add":{"party_id":"` + id + `","min_count":3,"max_count":4,"count_multiple":2}}`)
		},
	},
	{
		Name:  "matchmaker-party-cap",
		About: "A party holds three tickets at most, and a member's own tickets count.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := openParty(4, alice, bob)
			for range 2 {
				alice.Do(partyTicket(id, w.query(), 4, 4))
			}
			bob.Do(soloTicket(w.query(), 4, 4))
			alice.Do(partyTicket(id, w.query(), 4, 4))
		},
	},
	{
		Name:  "matchmaker-party-large",
		About: "A party is larger than the match it asks for.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(4, alice, bob, carol)
			alice.Do(partyTicket(id, w.query(), 2, 2))
			alice.Do(partyTicket(id, w.query(), 2, 3))
		},
	},
	{
		Name:  "matchmaker-party-elsewhere",
		About: "A party looks for a match while a member waits with another party, or alone.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			first, second := openParty(4, alice, bob), openParty(4, carol, bob)
			ticket := alice.Do(partyTicket(first, w.query(), 4, 4)).GetPartyMatchmakerTicket().GetTicket()
			carol.Do(partyTicket(second, w.query(), 4, 4))
			alice.Do(partyTicketRemove(first, ticket))
			bob.Do(soloTicket(w.query(), 4, 4))
			carol.Do(partyTicket(second, w.query(), 4, 4))
		},
	},
	cancelled("join", func(w *World, id string, _, _ *Actor) { w.Actor("dave").Do(partyJoin(id)) }),
	cancelled("leave", func(_ *World, id string, _, carol *Actor) { carol.Do(partyLeave(id)) }),
	cancelled("kick", func(_ *World, id string, alice, carol *Actor) { alice.Do(partyRemove(id, carol.Presence())) }),
	cancelled("disconnect", func(_ *World, _ string, _, carol *Actor) { carol.Disconnect() }),
	{
		Name:  "matchmaker-party-cancelled-by-accept",
		About: "Accepting a member ends the party's ticket, silently.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := createParty(alice, false, 4)
			bob.Do(partyJoin(id))
			alice.Do(partyAccept(id, bob.Presence()))
			ticket := alice.Do(partyTicket(id, w.query(), 4, 4)).GetPartyMatchmakerTicket().GetTicket()
			carol.Do(partyJoin(id)) // a join request alone changes nothing
			alice.Do(partyAccept(id, carol.Presence()))
			removeTicket(alice, id, ticket)
		},
	},
	{
		Name:  "matchmaker-party-kept",
		About: "Promotion and update keep the ticket; the right to take it back moves to the new leader.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := openParty(4, alice, bob)
			ticket := alice.Do(partyTicket(id, w.query(), 4, 4)).GetPartyMatchmakerTicket().GetTicket()
			alice.Do(partyUpdate(id, "{}", true, false))
			alice.Do(partyPromote(id, bob.Presence()))
			alice.Do(partyTicketRemove(id, ticket))
			bob.Do(partyTicketRemove(id, ticket))
		},
	},
	{
		Name:  "matchmaker-matched-solos",
		About: "Two tickets match; the token leads into a relayed match, for those who hold it.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			alice.Do(w.ticket(soloTicket(w.query()+" +properties.region:eu", 2, 2), map[string]string{"region": "eu"}, map[string]float64{"skill": 12.5}))
			bob.Do(w.ticket(soloTicket(w.query()+" +properties.skill:>=10", 2, 2), map[string]string{"region": "eu"}, map[string]float64{"skill": 20}))
			w.joinMatch(alice, bob)
		},
	},
	{
		Name:  "matchmaker-matched-party",
		About: "A party of two and a soloist match as three; users carry their party. The tickets are used up.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(2, alice, bob)
			add := partyTicket(id, w.query(), 3, 3)
			add.GetPartyMatchmakerAdd().StringProperties = map[string]string{"run": w.Run()}
			ticket := alice.Do(add).GetPartyMatchmakerTicket().GetTicket()
			carol.Do(w.ticket(soloTicket(w.query(), 3, 3), nil, nil))
			w.joinMatch(alice, bob, carol)
			removeTicket(alice, id, ticket)
			bob.Do(partyLeave(id))
		},
	},
	{
		Name:  "matchmaker-matched-parties",
		About: "Two parties of two match as four; a party is in it as a whole.",
		Run: func(w *World) {
			alice, bob, carol, dave := w.Actor("alice"), w.Actor("bob"), w.Actor("carol"), w.Actor("dave")
			for _, pair := range [][]*Actor{{alice, bob}, {carol, dave}} {
				add := partyTicket(openParty(2, pair...), w.query(), 4, 4)
				add.GetPartyMatchmakerAdd().StringProperties = map[string]string{"run": w.Run()}
				pair[0].Do(add)
			}
			w.joinMatch(alice, bob, carol, dave)
		},
	},
	{
		Name:  "matchmaker-unmatched",
		About: "A ticket whose query nobody fits stays when others match.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			waiting := alice.Do(w.ticket(soloTicket(w.query()+" +properties.region:us", 2, 2), map[string]string{"region": "us"}, nil))
			bob.Do(w.ticket(soloTicket(w.query()+" +properties.region:eu", 2, 2), map[string]string{"region": "eu"}, nil))
			carol.Do(w.ticket(soloTicket(w.query()+" +properties.region:eu", 2, 2), map[string]string{"region": "eu"}, nil))
			w.AwaitMatched(bob, carol)
			alice.Do(soloTicketRemove(waiting.GetMatchmakerTicket().GetTicket()))
		},
	},
}

// cancelled returns the scenario of a party ticket that a change of membership ends. The server tells nobody.
func cancelled(by string, change func(w *World, party string, alice, carol *Actor)) Scenario {
	return Scenario{
		Name:  "matchmaker-party-cancelled-by-" + by,
		About: "A change of membership ends the party's ticket, silently.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(4, alice, bob, carol)
			ticket := alice.Do(partyTicket(id, w.query(), 4, 4)).GetPartyMatchmakerTicket().GetTicket()
			change(w, id, alice, carol)
			removeTicket(alice, id, ticket)
		},
	}
}

// query matches only the tickets of this run, which have its name as a property.
func (w *World) query() string { return "+properties.run:" + w.runID }

// ticket adds properties and the run's name to a solo ticket.
func (w *World) ticket(e *rtapi.Envelope, words map[string]string, numbers map[string]float64) *rtapi.Envelope {
	add := e.GetMatchmakerAdd()
	add.StringProperties = map[string]string{"run": w.runID}
	for k, v := range words {
		add.StringProperties[k] = v
	}
	add.NumericProperties = numbers
	return e
}

// joinMatch waits until all actors are matched. They then join the match one after the other.
func (w *World) joinMatch(actors ...*Actor) {
	found := w.AwaitMatched(actors...)
	var id string
	for _, a := range actors {
		id = a.Do(matchJoinToken(found[a].GetMatchmakerMatched().GetToken())).GetMatch().GetMatchId()
	}
	actors[0].Tell(matchData(id, 1, "hello"))
}
