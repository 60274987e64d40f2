package contract

import (
	"strings"

	"github.com/heroiclabs/nakama-common/rtapi"
)

// Scenarios of status, and of the binary wire format, which affects how everything else arrives.

var statuses = []Scenario{
	{
		Name:  "status-follow",
		About: "Following answers with who is online; from then on appearance, change and disappearance are heard.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.ActorWith("bob", Options{Status: true})
			carol := w.Actor("carol")
			alice.Do(statusFollow(bob.UserID(), carol.UserID()))
			bob.Do(statusUpdate("in the tutorial"))
			carol.Do(statusUpdate("42 % downloaded"))
			carol.Do(statusHide())
			bob.Do(statusUpdate(""))
			bob.Disconnect()
		},
	},
	{
		Name:  "status-follow-online",
		About: "The answer lists the statuses of all that are online, in no order.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			bob.Do(statusUpdate("ready"))
			carol.Do(statusUpdate("away"))
			alice.Do(statusFollow(bob.UserID(), carol.UserID()))
			alice.Do(statusFollow(bob.UserID()))
		},
	},
	{
		Name:  "status-follow-names",
		About: "Following by username, mixed with IDs; unknown users are passed over.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			bob.Do(statusUpdate("ready"))
			alice.Do(statusFollowNames(bob.Username(), "nobody-"+w.Run()))
			e := statusFollow(bob.UserID(), unknownUser)
			e.GetStatusFollow().Usernames = []string{bob.Username()}
			alice.Do(e)
		},
	},
	{
		Name:  "status-unfollow",
		About: "After unfollowing nothing is heard any more.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			alice.Do(statusFollow(bob.UserID()))
			bob.Do(statusUpdate("one"))
			alice.Do(statusUnfollow(bob.UserID(), unknownUser))
			bob.Do(statusUpdate("two"))
		},
	},
	{
		Name:  "status-own",
		About: "Everybody follows itself from the start: each of a user's sockets hears the user's statuses.",
		Run: func(w *World) {
			alice := w.Actor("alice")
			second := alice.Again("alice2")
			alice.Do(statusFollow(alice.UserID()))
			alice.Do(statusUpdate("here"))
			second.Do(statusUpdate("and here"))
			second.Do(statusUnfollow(alice.UserID()))
			alice.Do(statusUpdate("still heard"))
			second.Disconnect()
		},
	},
	{
		Name:  "status-errors",
		About: "Statuses of up to 2048 characters; IDs must be UUIDs, names not empty.",
		Run: func(w *World) {
			alice := w.Actor("alice")
			alice.Do(statusUpdate(strings.Repeat("x", 2049)))
			alice.Do(statusUpdate(strings.Repeat("x", 2048)))
			alice.Do(statusFollow("bob"))
			alice.Do(statusFollowNames(""))
			alice.Do(statusUnfollow("bob"))
		},
	},
	{
		Name:  "status-in-party",
		About: "A party member's disconnection is heard in the party and by followers.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			openParty(4, alice, bob)
			alice.Do(statusFollow(bob.UserID()))
			bob.Do(statusUpdate("ready"))
			bob.Disconnect()
		},
	},
	{
		Name:  "protobuf-party",
		About: "The whole life of a party over the binary format.",
		Run: func(w *World) {
			binary := Options{Protobuf: true}
			alice, bob := w.ActorWith("alice", binary), w.ActorWith("bob", binary)
			id := alice.Do(partyCreateWith(&rtapi.PartyCreate{MaxSize: 3, Label: `{"a":1}`})).GetParty().GetPartyId()
			bob.Do(partyJoin(id))
			alice.Do(partyRequests(id))
			alice.Do(partyAccept(id, bob.Presence()))
			bob.Do(partyData(id, 7, "\x00\x01"))
			alice.Do(partyPromote(id, bob.Presence()))
			alice.Do(partyUpdate(id, "{}", true, false))
			bob.Do(partyUpdate(id, "{}", true, false))
			bob.Do(partyClose(id))
		},
	},
	{
		Name:  "protobuf-and-json",
		About: "Members with different formats hear the same.",
		Run: func(w *World) {
			alice, bob := w.ActorWith("alice", Options{Protobuf: true}), w.Actor("bob")
			id := openParty(3, alice, bob)
			alice.Do(partyData(id, 1, "from binary"))
			bob.Do(partyData(id, 1, "from text"))
			alice.Do(statusFollow(bob.UserID()))
			bob.Do(statusUpdate("ready"))
			alice.Do(ping())
			alice.Do(rpc("no_such_function", ""))
			alice.Do(partyLeave(id))
		},
	},
}
