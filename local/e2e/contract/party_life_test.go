package contract

import (
	"strings"

	"github.com/heroiclabs/nakama-common/rtapi"
)

// Scenarios of a party's life: creation, membership, leadership, end.

// createParty creates a party with this leader and returns its ID.
func createParty(leader *Actor, open bool, maxSize int32) string {
	return leader.Do(partyCreate(open, maxSize)).GetParty().GetPartyId()
}

// openParty creates an open party of all given actors and returns its ID. The first one is the leader.
func openParty(maxSize int32, members ...*Actor) string {
	id := createParty(members[0], true, maxSize)
	for _, m := range members[1:] {
		m.Do(partyJoin(id))
	}
	return id
}

var partyLife = []Scenario{
	{
		Name:  "party-create-open",
		About: "The creator of an open party gets it as the reply, once more without label and hidden, and its own arrival.",
		Run: func(w *World) {
			w.Actor("alice").Do(partyCreate(true, 4))
		},
	},
	{
		Name:  "party-create-closed",
		About: "A closed party differs from an open one by the absence of open.",
		Run: func(w *World) {
			w.Actor("alice").Do(partyCreate(false, 4))
		},
	},
	{
		Name:  "party-create-labelled",
		About: "Label and hidden come back in the creator's reply alone.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			party := alice.Do(partyCreateWith(&rtapi.PartyCreate{Open: true, MaxSize: 2, Hidden: true, Label: `{"mode":"co-op","level":3}`})).GetParty()
			bob.Do(partyJoin(party.GetPartyId()))
		},
	},
	{
		Name:  "party-create-sizes",
		About: "Sizes from 1 to 256 are accepted, others refused.",
		Run: func(w *World) {
			alice := w.Actor("alice")
			for _, size := range []int32{-1, 257, 1, 256} {
				alice.Do(partyCreate(true, size))
			}
		},
	},
	{
		Name:  "party-create-without-size",
		About: "A party without a size is made, has no seat for anybody, and is full for every joiner.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			bob.Do(partyJoin(createParty(alice, true, 0)))
		},
	},
	{
		Name:  "party-create-bad-label",
		About: "A label must be a JSON object of at most 2048 bytes.",
		Run: func(w *World) {
			alice := w.Actor("alice")
			for _, label := range []string{"co-op", `"co-op"`, `[1]`, `{"a":`, `{"a":"` + strings.Repeat("x", 2048) + `"}`} {
				alice.Do(partyCreateWith(&rtapi.PartyCreate{Open: true, MaxSize: 2, Label: label}))
			}
		},
	},
	{
		Name:  "party-create-twice",
		About: "A user may lead two parties at once; what happens in one is not heard in the other.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			one, two := createParty(alice, true, 4), createParty(alice, true, 4)
			bob.Do(partyJoin(one))
			carol.Do(partyJoin(two))
			alice.Do(partyData(one, 1, "to the first"))
			alice.Do(partyData(two, 2, "to the second"))
			alice.Do(partyLeave(one))
		},
	},
	{
		Name:  "party-join-open",
		About: "Joining an open party: the joiner gets an ack, the party and its own arrival; the others the arrival.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := createParty(alice, true, 4)
			bob.Do(partyJoin(id))
			carol.Do(partyJoin(id))
		},
	},
	{
		Name:  "party-join-full",
		About: "A full party refuses, and takes the next one as soon as a seat is free.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(2, alice, bob)
			carol.Do(partyJoin(id))
			bob.Do(partyLeave(id))
			carol.Do(partyJoin(id))
		},
	},
	{
		Name:  "party-join-again",
		About: "A member who joins its open party once more gets an ack and nothing else, or a refusal when the party is full.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(3, alice, bob)
			bob.Do(partyJoin(id))
			carol.Do(partyJoin(id))
			bob.Do(partyJoin(id))
		},
	},
	{
		Name:  "party-two-sockets",
		About: "Two sockets of one user are two members with two seats.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := openParty(3, alice, bob)
			second := bob.Again("bob2")
			second.Do(partyJoin(id))
			bob.Do(partyData(id, 1, "from the first socket"))
			second.Do(partyLeave(id))
		},
	},
	{
		Name:  "party-leave-member",
		About: "A member leaves: an ack for it, the departure for the rest, and no more party traffic for it.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(4, alice, bob, carol)
			bob.Do(partyLeave(id))
			alice.Do(partyData(id, 1, "without bob"))
			bob.Do(partyData(id, 1, "from outside"))
		},
	},
	{
		Name:  "party-leave-leader",
		About: "The leader leaves: the longest-standing member leads, which is told before the departure.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(4, alice, bob, carol)
			alice.Do(partyLeave(id))
			carol.Do(partyClose(id))
			bob.Do(partyClose(id))
		},
	},
	{
		Name:  "party-leave-last",
		About: "The last member leaves: the party ends silently.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := createParty(alice, true, 4)
			alice.Do(partyLeave(id))
			bob.Do(partyJoin(id))
		},
	},
	{
		Name:  "party-leave-stranger",
		About: "Leaving a party one is not in, or that never was, succeeds and is heard by nobody.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := createParty(alice, true, 4)
			bob.Do(partyLeave(id))
			bob.Do(partyLeave(unknownParty))
		},
	},
	{
		Name:  "party-leave-and-return",
		About: "Who comes back is the newest member: leadership passes over it.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(4, alice, bob, carol)
			bob.Do(partyLeave(id))
			bob.Do(partyJoin(id))
			alice.Do(partyLeave(id))
		},
	},
	{
		Name:  "party-disconnect-member",
		About: "A member's connection ends: the others see it leave.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			openParty(4, alice, bob, carol)
			bob.Disconnect()
		},
	},
	{
		Name:  "party-disconnect-leader",
		About: "The leader's connection ends: leadership rotates at once, and again.",
		Run: func(w *World) {
			alice, bob, carol, dave := w.Actor("alice"), w.Actor("bob"), w.Actor("carol"), w.Actor("dave")
			id := openParty(4, alice, bob, carol, dave)
			alice.Disconnect()
			bob.Disconnect()
			carol.Do(partyPromote(id, dave.Presence()))
		},
	},
	{
		Name:  "party-promote",
		About: "A promotion reaches everybody before the promoter's ack; rights move with it, seniority does not.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(4, alice, bob, carol)
			alice.Do(partyPromote(id, carol.Presence()))
			alice.Do(partyPromote(id, bob.Presence()))
			carol.Do(partyPromote(id, carol.Presence()))
			carol.Do(partyLeave(id))
		},
	},
	{
		Name:  "party-promote-errors",
		About: "Only the leader promotes, and only members.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(4, alice, bob)
			bob.Do(partyPromote(id, bob.Presence()))
			carol.Do(partyPromote(id, carol.Presence()))
			alice.Do(partyPromote(id, carol.Presence()))
			renamed := bob.Presence()
			renamed.Username = "somebody else"
			alice.Do(partyPromote(id, renamed))
		},
	},
	{
		Name:  "party-kick",
		About: "A removed member gets party_close and no departure of its own; the others the departure.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(4, alice, bob, carol)
			alice.Do(partyRemove(id, bob.Presence()))
			alice.Do(partyData(id, 1, "without bob"))
		},
	},
	{
		Name:  "party-kick-return",
		About: "Nothing keeps a removed member from joining an open party again.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := openParty(4, alice, bob)
			alice.Do(partyRemove(id, bob.Presence()))
			bob.Do(partyJoin(id))
		},
	},
	{
		Name:  "party-kick-errors",
		About: "Only the leader removes, never itself, and only those who are there.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(4, alice, bob)
			bob.Do(partyRemove(id, alice.Presence()))
			carol.Do(partyRemove(id, bob.Presence()))
			alice.Do(partyRemove(id, alice.Presence()))
			alice.Do(partyRemove(id, carol.Presence()))
		},
	},
	{
		Name:  "party-close",
		About: "Closing: party_close for everybody, before the closer's ack, and no departures; then the party is unknown.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(4, alice, bob, carol)
			bob.Do(partyClose(id))
			alice.Do(partyClose(id))
			bob.Do(partyData(id, 1, "anybody?"))
			carol.Do(partyJoin(id))
			alice.Do(partyClose(id))
		},
	},
	{
		Name:  "party-data",
		About: "Data reaches every other member with its sender; op code 0 and empty data are left out of the envelope.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(4, alice, bob, carol)
			alice.Do(partyData(id, 1, "hello"))
			bob.Do(partyData(id, 0, ""))
			carol.Do(partyData(id, 9007199254740993, "\x00\xff"))
			bob.Tell(partyData(id, 2, "without a cid"))
		},
	},
	{
		Name:  "party-data-alone",
		About: "The only member's data is acked and goes nowhere.",
		Run: func(w *World) {
			alice := w.Actor("alice")
			alice.Do(partyData(createParty(alice, true, 4), 1, "echo?"))
		},
	},
	{
		Name:  "party-data-errors",
		About: "Only members may send data.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := createParty(alice, true, 4)
			bob.Do(partyData(id, 1, "let me in"))
			bob.Tell(partyData(id, 1, "let me in, without a cid"))
		},
	},
	{
		Name:  "party-update",
		About: "An update overwrites label, open and hidden, reaches everybody before the ack, and takes effect on joins.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			id := openParty(4, alice, bob)
			alice.Do(partyUpdate(id, `{"mode":"raid"}`, false, false))
			carol.Do(partyJoin(id))
			alice.Do(partyUpdate(id, "", true, true))
			alice.Do(partyRemove(id, carol.Presence()))
			carol.Do(partyJoin(id))
		},
	},
	{
		Name:  "party-update-errors",
		About: "Only the leader updates; a hidden party has no label; a label is a JSON object of at most 2048 bytes.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := openParty(4, alice, bob)
			bob.Do(partyUpdate(id, "{}", true, false))
			alice.Do(partyUpdate(id, `{"mode":"raid"}`, true, true))
			alice.Do(partyUpdate(id, "raid", true, false))
			alice.Do(partyUpdate(id, `{"a":"`+strings.Repeat("x", 2048)+`"}`, true, false))
		},
	},
}
