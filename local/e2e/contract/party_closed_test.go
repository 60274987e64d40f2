package contract

// Scenarios of closed parties: requests to join, and the leader's answers.

var closedParties = []Scenario{
	{
		Name:  "party-request-accept",
		About: "Joining a closed party asks its leader; the ack means no more than that. Accepting admits the asker.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := createParty(alice, false, 4)
			bob.Do(partyJoin(id))
			carol.Do(partyJoin(id))
			alice.Do(partyRequests(id))
			alice.Do(partyAccept(id, bob.Presence()))
			alice.Do(partyRequests(id))
			alice.Do(partyAccept(id, carol.Presence()))
			alice.Do(partyRequests(id))
		},
	},
	{
		Name:  "party-request-reject",
		About: "A rejected request vanishes without a word to the player who asked; asking again is allowed.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := createParty(alice, false, 4)
			bob.Do(partyJoin(id))
			alice.Do(partyRemove(id, bob.Presence()))
			alice.Do(partyRequests(id))
			bob.Do(partyJoin(id))
		},
	},
	{
		Name:  "party-request-duplicate",
		About: "One request per user, from whichever of its sockets.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := createParty(alice, false, 4)
			bob.Do(partyJoin(id))
			bob.Do(partyJoin(id))
			bob.Again("bob2").Do(partyJoin(id))
		},
	},
	{
		Name:  "party-request-cap",
		About: "A party keeps as many requests as it has seats.",
		Run: func(w *World) {
			alice, bob, carol, dave := w.Actor("alice"), w.Actor("bob"), w.Actor("carol"), w.Actor("dave")
			id := createParty(alice, false, 2)
			bob.Do(partyJoin(id))
			carol.Do(partyJoin(id))
			dave.Do(partyJoin(id))
		},
	},
	{
		Name:  "party-request-from-member",
		About: "The server lets members and even the leader ask to join their own closed party.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := createParty(alice, false, 4)
			bob.Do(partyJoin(id))
			alice.Do(partyAccept(id, bob.Presence()))
			bob.Do(partyJoin(id))
			alice.Do(partyJoin(id))
			alice.Do(partyRequests(id))
		},
	},
	{
		Name:  "party-request-new-leader",
		About: "Requests outlive their leader; the next one sees and decides them.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := createParty(alice, false, 4)
			bob.Do(partyJoin(id))
			alice.Do(partyAccept(id, bob.Presence()))
			carol.Do(partyJoin(id))
			alice.Do(partyLeave(id))
			bob.Do(partyRequests(id))
			bob.Do(partyAccept(id, carol.Presence()))
		},
	},
	{
		Name:  "party-accept-errors",
		About: "Only the leader lists and accepts, and only players who have asked.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := createParty(alice, false, 4)
			bob.Do(partyJoin(id))
			bob.Do(partyAccept(id, bob.Presence()))
			bob.Do(partyRequests(id))
			alice.Do(partyAccept(id, carol.Presence()))
			alice.Do(partyAccept(id, bob.Presence()))
			bob.Do(partyRequests(id))
			alice.Do(partyAccept(id, bob.Presence()))
		},
	},
	{
		Name:  "party-accept-full",
		About: "A request may wait for a seat; accepting without one is refused and keeps it.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := createParty(alice, false, 2)
			bob.Do(partyJoin(id))
			carol.Do(partyJoin(id))
			alice.Do(partyAccept(id, bob.Presence()))
			alice.Do(partyAccept(id, carol.Presence()))
			bob.Do(partyLeave(id))
			alice.Do(partyAccept(id, carol.Presence()))
		},
	},
	{
		Name:  "party-accept-gone",
		About: "A request outlives its asker's connection; accepting it then fails and removes it.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := createParty(alice, false, 4)
			bob.Do(partyJoin(id))
			bob.Disconnect()
			alice.Do(partyRequests(id))
			alice.Do(partyAccept(id, bob.Presence()))
			alice.Do(partyRequests(id))
		},
	},
	{
		Name:  "party-opened-with-requests",
		About: "Opening a party admits nobody by itself; who asked may now join, and its request stays.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := createParty(alice, false, 4)
			bob.Do(partyJoin(id))
			alice.Do(partyUpdate(id, "", true, false))
			bob.Do(partyJoin(id))
			alice.Do(partyRequests(id))
		},
	},
}
