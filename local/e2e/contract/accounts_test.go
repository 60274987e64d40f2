package contract

import (
	"net/http"
	"net/url"
	"strings"

	"partyline/local/e2e/client"
)

// Scenarios of the basic HTTP API: authentication, accounts, RPC, the party list.

const authenticate = "/v2/account/authenticate/"

var serverKey = client.Basic(client.DefaultServerKey, "")

var accounts = []Scenario{
	{
		Name:  "auth-device",
		About: "Device authentication makes an account once, and refuses what cannot be an ID or a name.",
		Run: func(w *World) {
			id := map[string]string{"id": "device-" + w.Run()}
			w.HTTP(http.MethodPost, authenticate+"device?create=false", serverKey, id)
			w.HTTP(http.MethodPost, authenticate+"device?create=true&username=alice-"+w.Run(), serverKey, id)
			w.HTTP(http.MethodPost, authenticate+"device?create=true&username=other-"+w.Run(), serverKey, id)
			w.HTTP(http.MethodPost, authenticate+"device?create=true&username=alice-"+w.Run(), serverKey, map[string]string{"id": "another-" + w.Run()})
			w.HTTP(http.MethodPost, authenticate+"device", serverKey, map[string]string{"id": "short"})
			w.HTTP(http.MethodPost, authenticate+"device", serverKey, map[string]string{"id": strings.Repeat("x", 129)})
			w.HTTP(http.MethodPost, authenticate+"device", serverKey, map[string]string{"id": "has a space in it"})
			w.HTTP(http.MethodPost, authenticate+"device", serverKey, map[string]string{})
			w.HTTP(http.MethodPost, authenticate+"device?username="+strings.Repeat("x", 129), serverKey, id)
			w.HTTP(http.MethodPost, authenticate+"device?username=a%09b", serverKey, id)
		},
	},
	{
		Name:  "auth-custom",
		About: "Custom IDs have 6 to 128 bytes.",
		Run: func(w *World) {
			w.HTTP(http.MethodPost, authenticate+"custom?create=true&username=alice-"+w.Run(), serverKey, map[string]string{"id": w.Run()})
			w.HTTP(http.MethodPost, authenticate+"custom?create=false", serverKey, map[string]string{"id": w.Run()})
			w.HTTP(http.MethodPost, authenticate+"custom", serverKey, map[string]string{"id": "short"})
			w.HTTP(http.MethodPost, authenticate+"custom", serverKey, map[string]string{})
		},
	},
	{
		Name:  "auth-email",
		About: "Email addresses and passwords are checked, wrong ones refused.",
		Run: func(w *World) {
			login := func(query, email, password string) {
				w.HTTP(http.MethodPost, authenticate+"email"+query, serverKey, map[string]string{"email": email, "password": password})
			}
			email := w.Run() + "@example.com"
			login("?create=true&username=alice-"+w.Run(), email, "correct horse")
			login("?create=false", strings.ToUpper(email), "correct horse")
			login("?create=false", email, "wrong horse!")
			login("?create=false", "nobody-"+email, "correct horse")
			login("", email, "short")
			login("", "not an address", "correct horse")
			login("", "a@b", "correct horse")
			login("", "", "correct horse")
			login("", email, "")
		},
	},
	{
		Name:  "auth-keys",
		About: "Authentication needs the server key, everything else a session token.",
		Run: func(w *World) {
			id := map[string]string{"id": "device-" + w.Run()}
			w.HTTP(http.MethodPost, authenticate+"device", "", id)
			w.HTTP(http.MethodPost, authenticate+"device", client.Basic("wrongkey", ""), id)
			w.HTTP(http.MethodPost, authenticate+"device", client.Bearer("token"), id)
			w.HTTP(http.MethodGet, "/v2/account", "", nil)
			w.HTTP(http.MethodGet, "/v2/account", client.Bearer("token"), nil)
			w.HTTP(http.MethodGet, "/v2/account", serverKey, nil)
			w.HTTP(http.MethodGet, "/ws", "", nil)
			w.HTTP(http.MethodGet, "/ws?token=token", "", nil)
			w.HTTP(http.MethodGet, "/ws?format=xml", "", nil)
			w.HTTP(http.MethodGet, "/v2/nothing", "", nil)
			w.HTTP(http.MethodGet, "/healthcheck", "", nil)
			w.HTTP(http.MethodGet, "/v2/healthcheck", "", nil)
		},
	},
	{
		Name:  "auth-bad-bodies",
		About: "Bodies that are not what the API expects.",
		Run: func(w *World) {
			w.HTTP(http.MethodPost, authenticate+"device", serverKey, `{"id":7}`)
			w.HTTP(http.MethodPost, authenticate+"device", serverKey, `{"id":"device-`+w.Run()+`","colour":"red"}`)
		},
	},
	{
		Name:  "session-refresh",
		About: "A refresh token buys a new session; a session token does not.",
		Run: func(w *World) {
			alice := w.Account("alice")
			const path = "/v2/account/session/refresh"
			w.HTTP(http.MethodPost, path, serverKey, map[string]string{"token": alice.session.RefreshToken})
			w.HTTP(http.MethodPost, path, serverKey, map[string]string{"token": alice.session.Token})
			w.HTTP(http.MethodPost, path, serverKey, map[string]string{"token": "token"})
			w.HTTP(http.MethodPost, path, serverKey, map[string]string{})
		},
	},
	{
		Name:  "account",
		About: "An account's own view, and changes to it.",
		Run: func(w *World) {
			alice, bob := w.Account("alice"), w.Account("bob")
			alice.HTTP(http.MethodGet, "/v2/account", nil)
			alice.HTTP(http.MethodPut, "/v2/account", map[string]string{
				"display_name": "Alice", "avatar_url": "https://example.com/a.png", "lang_tag": "de", "location": "Hamburg", "timezone": "Europe/Berlin",
			})
			alice.HTTP(http.MethodGet, "/v2/account", nil)
			alice.HTTP(http.MethodPut, "/v2/account", map[string]string{"username": bob.Username()})
			alice.HTTP(http.MethodPut, "/v2/account", map[string]string{})
			bob.HTTP(http.MethodGet, "/v2/user?ids="+alice.UserID()+"&usernames="+bob.Username()+"&ids="+unknownUser, nil)
			bob.HTTP(http.MethodGet, "/v2/user?ids=alice", nil)
		},
	},
	{
		Name:  "rpc-http-errors",
		About: "Functions over HTTP: keys, tokens, unknown names, bodies that are not JSON strings.",
		Run: func(w *World) {
			alice := w.Account("alice")
			alice.HTTP(http.MethodPost, "/v2/rpc/no_such_function", `"{}"`)
			alice.HTTP(http.MethodGet, "/v2/rpc/no_such_function", nil)
			w.HTTP(http.MethodPost, "/v2/rpc/no_such_function", "", `"{}"`)
			w.HTTP(http.MethodPost, "/v2/rpc/no_such_function", client.Bearer("token"), `"{}"`)
			w.HTTP(http.MethodPost, "/v2/rpc/no_such_function?http_key=wrong", "", `"{}"`)
			w.HTTP(http.MethodPost, "/v2/rpc/no_such_function?http_key="+client.DefaultHTTPKey, "", `"{}"`)
			w.HTTP(http.MethodPost, "/v2/rpc/no_such_function", client.Basic(client.DefaultHTTPKey, ""), `"{}"`)
			w.HTTP(http.MethodPost, "/v2/rpc/no_such_function", client.Basic("wrong", ""), `"{}"`)
		},
	},
	{
		Name:  "party-list",
		About: "The list shows open and closed parties with their labels, not hidden ones, about a second late.",
		Run: func(w *World) {
			alice, bob, carol := w.Actor("alice"), w.Actor("bob"), w.Actor("carol")
			label := `{"run":"` + w.Run() + `"}`
			create := func(a *Actor, open, hidden bool) string {
				e := partyCreate(open, 4)
				e.GetPartyCreate().Label, e.GetPartyCreate().Hidden = label, hidden
				return a.Do(e).GetParty().GetPartyId()
			}
			create(alice, true, true)
			path := "/v2/party?limit=10&query=" + url.QueryEscape("+label.run:"+w.Run())
			one := create(bob, true, false)
			alice.Eventually(http.MethodGet, path, func(body string) bool { return strings.Contains(body, one) })
			two := create(carol, false, false)
			alice.Eventually(http.MethodGet, path+"&open=false", func(body string) bool { return strings.Contains(body, two) })
			alice.HTTP(http.MethodGet, path+"&open=true", nil)
			bob.Do(partyLeave(one))
			alice.Eventually(http.MethodGet, path, func(body string) bool { return !strings.Contains(body, one) })
			carol.Do(partyUpdate(two, `{"run":"`+w.Run()+`","mode":"raid"}`, true, false))
			alice.Eventually(http.MethodGet, path, func(body string) bool { return strings.Contains(body, "raid") })
		},
	},
	{
		Name:  "party-list-errors",
		About: "Limits are checked, and so is who asks.",
		Run: func(w *World) {
			alice := w.Account("alice")
			alice.HTTP(http.MethodGet, "/v2/party?limit=0", nil)
			alice.HTTP(http.MethodGet, "/v2/party?limit=101", nil)
			alice.HTTP(http.MethodGet, "/v2/party?limit=ten", nil)
			w.HTTP(http.MethodGet, "/v2/party", "", nil)
		},
	},
	{
		Name:  "party-list-cursor",
		About: "A cursor that the list never gave out is the server's own mistake, to the client.",
		Run: func(w *World) {
			w.Account("alice").HTTP(http.MethodGet, "/v2/party?limit=1&cursor=cursor", nil)
		},
	},
}
