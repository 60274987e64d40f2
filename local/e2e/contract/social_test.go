package contract

import (
	"net/http"
	"strings"
)

// Scenarios of friends, groups, notifications and storage, over HTTP.

func friendCall(verb string, a, b *Actor) {
	a.HTTP(verb, "/v2/friend?ids="+b.UserID(), nil)
}

var social = []Scenario{
	{
		Name:  "friends",
		About: "Invitation, acceptance, list and end of a friendship, with the notifications on the way.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			friendCall(http.MethodPost, alice, bob)
			alice.HTTP(http.MethodGet, "/v2/friend?limit=10", nil)
			bob.HTTP(http.MethodGet, "/v2/friend?limit=10&state=2", nil)
			friendCall(http.MethodPost, bob, alice)
			bob.HTTP(http.MethodGet, "/v2/friend?limit=10&state=0", nil)
			friendCall(http.MethodPost, bob, alice)
			friendCall(http.MethodDelete, alice, bob)
			bob.HTTP(http.MethodGet, "/v2/friend", nil)
		},
	},
	{
		Name:  "friends-reject",
		About: "An invitation is turned down by deleting it; nobody is told.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			alice.HTTP(http.MethodPost, "/v2/friend?usernames="+bob.Username(), nil)
			friendCall(http.MethodDelete, bob, alice)
			alice.HTTP(http.MethodGet, "/v2/friend", nil)
		},
	},
	{
		Name:  "friends-block",
		About: "A block ends the friendship and lets no invitation through, until it is lifted.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			friendCall(http.MethodPost, alice, bob)
			friendCall(http.MethodPost, bob, alice)
			alice.HTTP(http.MethodPost, "/v2/friend/block?ids="+bob.UserID(), nil)
			alice.HTTP(http.MethodGet, "/v2/friend?limit=10", nil)
			bob.HTTP(http.MethodGet, "/v2/friend?limit=10", nil)
			friendCall(http.MethodPost, bob, alice)
			friendCall(http.MethodDelete, bob, alice)
			alice.HTTP(http.MethodGet, "/v2/friend?limit=10&state=3", nil)
			friendCall(http.MethodDelete, alice, bob)
			friendCall(http.MethodPost, bob, alice)
		},
	},
	{
		Name:  "friends-errors",
		About: "Oneself, nobody, and what is no user.",
		Run: func(w *World) {
			alice := w.Account("alice")
			for _, query := range []string{"", "?ids=bob", "?ids=" + alice.UserID(), "?usernames=" + alice.Username(), "?ids=" + unknownUser, "?usernames=nobody-" + w.Run()} {
				alice.HTTP(http.MethodPost, "/v2/friend"+query, nil)
				alice.HTTP(http.MethodDelete, "/v2/friend"+query, nil)
				alice.HTTP(http.MethodPost, "/v2/friend/block"+query, nil)
			}
			alice.HTTP(http.MethodGet, "/v2/friend?limit=0", nil)
			alice.HTTP(http.MethodGet, "/v2/friend?limit=1001", nil)
			alice.HTTP(http.MethodGet, "/v2/friend?state=4", nil)
			alice.HTTP(http.MethodGet, "/v2/friend?cursor=cursor", nil)
		},
	},
	{
		Name:  "notifications",
		About: "What was missed offline waits in the list; deleting empties it.",
		Run: func(w *World) {
			alice, bob := w.Account("alice"), w.Account("bob")
			friendCall(http.MethodPost, alice, bob)
			bob.HTTP(http.MethodGet, "/v2/notification?limit=10", nil)
			bob.HTTP(http.MethodGet, "/v2/notification", nil)
			bob.HTTP(http.MethodDelete, "/v2/notification?ids="+unknownUser, nil)
			bob.HTTP(http.MethodDelete, "/v2/notification?ids=notification", nil)
			bob.HTTP(http.MethodGet, "/v2/notification?limit=0", nil)
			bob.HTTP(http.MethodGet, "/v2/notification?limit=101", nil)
			bob.HTTP(http.MethodGet, "/v2/notification?cacheable_cursor=cursor", nil)
			bob.deleteNotifications()
			bob.HTTP(http.MethodGet, "/v2/notification?limit=10", nil)
		},
	},
	{
		Name:  "groups-open",
		About: "An open group: creation, joining, its members, leaving.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := alice.group("raiders-"+w.Run(), true, 3)
			bob.HTTP(http.MethodPost, "/v2/group/"+id+"/join", nil)
			bob.HTTP(http.MethodPost, "/v2/group/"+id+"/join", nil)
			alice.HTTP(http.MethodGet, "/v2/group/"+id+"/user?limit=10&state=2", nil)
			alice.HTTP(http.MethodGet, "/v2/group/"+id+"/user?limit=10&state=0", nil)
			bob.HTTP(http.MethodGet, "/v2/user/"+bob.UserID()+"/group?limit=10", nil)
			bob.HTTP(http.MethodGet, "/v2/group?limit=10&name=raiders-"+w.Run(), nil)
			bob.HTTP(http.MethodPost, "/v2/group/"+id+"/leave", nil)
			alice.HTTP(http.MethodPost, "/v2/group/"+id+"/leave", nil)
			alice.HTTP(http.MethodGet, "/v2/group/"+id+"/user?limit=10", nil)
		},
	},
	{
		Name:  "groups-closed",
		About: "A closed group: joining asks, the superadmin accepts.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := alice.group("raiders-"+w.Run(), false, 3)
			bob.HTTP(http.MethodPost, "/v2/group/"+id+"/join", nil)
			alice.HTTP(http.MethodGet, "/v2/group/"+id+"/user?limit=10&state=3", nil)
			alice.HTTP(http.MethodPost, "/v2/group/"+id+"/add?user_ids="+bob.UserID(), nil)
			alice.HTTP(http.MethodGet, "/v2/group/"+id+"/user?limit=10&state=2", nil)
		},
	},
	{
		Name:  "groups-errors",
		About: "Names, limits and IDs that are none.",
		Run: func(w *World) {
			alice, bob := w.Account("alice"), w.Account("bob")
			alice.HTTP(http.MethodPost, "/v2/group", map[string]any{})
			alice.group("raiders-"+w.Run(), true, 1)
			bob.HTTP(http.MethodPost, "/v2/group", map[string]any{"name": "raiders-" + w.Run()})
			bob.HTTP(http.MethodPost, "/v2/group", map[string]any{"name": "a", "max_count": -1})
			for _, id := range []string{"group", unknownUser} {
				bob.HTTP(http.MethodPost, "/v2/group/"+id+"/join", nil)
				bob.HTTP(http.MethodGet, "/v2/group/"+id+"/user", nil)
				bob.HTTP(http.MethodPost, "/v2/group/"+id+"/leave", nil)
			}
			bob.HTTP(http.MethodGet, "/v2/user/bob/group", nil)
		},
	},
	{
		Name:  "groups-full",
		About: "A group takes as many members as it has seats.",
		Run: func(w *World) {
			alice, bob := w.Actor("alice"), w.Actor("bob")
			id := alice.group("raiders-"+w.Run(), true, 1)
			bob.HTTP(http.MethodPost, "/v2/group/"+id+"/join", nil)
		},
	},
	{
		Name:  "storage",
		About: "Writing, reading, listing and deleting one's own objects.",
		Run: func(w *World) {
			alice := w.Account("alice")
			alice.write(object{"saves", "slot-1", `{"level":1}`, ""}, object{"saves", "slot-2", `{"level":2}`, ""})
			alice.read("saves", "slot-1", alice.UserID())
			alice.read("saves", "slot-9", alice.UserID())
			alice.HTTP(http.MethodGet, "/v2/storage/saves?limit=10&user_id="+alice.UserID(), nil)
			alice.write(object{"saves", "slot-1", `{"level":3}`, ""})
			alice.read("saves", "slot-1", alice.UserID())
			alice.erase("saves", "slot-1", "")
			alice.erase("saves", "slot-1", "")
			alice.read("saves", "slot-1", alice.UserID())
		},
	},
	{
		Name:  "storage-conditions",
		About: "Version * creates only, another version replaces only that one, none writes always.",
		Run: func(w *World) {
			alice := w.Account("alice")
			const first = "e56ed31ab79f1a76c2df9b5ad5ee60c4" // of an older value of the object
			alice.write(object{"saves", "slot-1", `{"level":1}`, first})
			alice.write(object{"saves", "slot-1", `{"level":1}`, "*"})
			alice.write(object{"saves", "slot-1", `{"level":2}`, "*"})
			version := alice.version("saves", "slot-1")
			alice.write(object{"saves", "slot-1", `{"level":2}`, first})
			alice.write(object{"saves", "slot-1", `{"level":2}`, version})
			alice.write(object{"saves", "slot-1", `{"level":3}`, version})
			alice.erase("saves", "slot-1", version)
			alice.write(object{"saves", "slot-2", `{}`, ""}, object{"saves", "slot-1", `{"level":9}`, "*"})
			alice.read("saves", "slot-2", alice.UserID())
			alice.erase("saves", "slot-1", alice.version("saves", "slot-1"))
		},
	},
	{
		Name:  "storage-permissions",
		About: "What its owner made unreadable or unwritable is so for the owner too; others read only what is public.",
		Run: func(w *World) {
			alice, bob := w.Account("alice"), w.Account("bob")
			write := func(key string, read, write int) {
				alice.HTTP(http.MethodPut, "/v2/storage", map[string]any{"objects": []any{map[string]any{
					"collection": "saves", "key": key, "value": `{}`, "permission_read": read, "permission_write": write,
				}}})
			}
			write("hidden", 0, 1)
			write("public", 2, 1)
			write("frozen", 1, 0)
			write("frozen", 1, 0)
			write("broken", 3, 1)
			write("broken", 1, 2)
			alice.read("saves", "hidden", alice.UserID())
			for _, key := range []string{"public", "frozen"} {
				bob.read("saves", key, alice.UserID())
			}
			alice.erase("saves", "frozen", "")
			bob.HTTP(http.MethodGet, "/v2/storage/saves?limit=10&user_id="+alice.UserID(), nil)
		},
	},
	{
		Name:  "storage-errors",
		About: "Objects without name, with a value that is no JSON object, of nobody.",
		Run: func(w *World) {
			alice := w.Account("alice")
			alice.write(object{"", "key", `{}`, ""})
			alice.write(object{"saves", "", `{}`, ""})
			alice.write(object{"saves", "key", ``, ""})
			alice.write(object{"saves", "key", `[]`, ""})
			alice.write(object{"saves", "key", `{`, ""})
			alice.write(object{"saves", "key", `7`, ""})
			alice.write(object{strings.Repeat("x", 129), "key", `{}`, ""})
			alice.read("", "key", alice.UserID())
			alice.read("saves", "key", "alice")
			alice.erase("saves", "", "")
			alice.HTTP(http.MethodGet, "/v2/storage/saves?limit=0", nil)
			alice.HTTP(http.MethodGet, "/v2/storage/saves?limit=101", nil)
			alice.HTTP(http.MethodGet, "/v2/storage/saves?user_id=alice", nil)
		},
	},
}
