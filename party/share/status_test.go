package share_test

import (
	"testing"
	"time"

	"partyline/party"
	"partyline/party/roster"
	"partyline/party/share"
)

func open(v sharedStatus) bool { return v.URL != "" && v.State == "" }

func in(state string) func(sharedStatus) bool {
	return func(v sharedStatus) bool { return v.URL == "" && v.State == state && v.PartyID != "" }
}

func TestService_Status(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(4, p...)
	w.online(p[1], "in the menu")
	a := w.shareTo(p[1], id, share.To{Status: true})
	if v := w.shared(p[1]); v != (sharedStatus{PartyID: id.String(), URL: a.URL, Text: "Join us"}) || a.Delivered.Status != 1 {
		t.Errorf("status = %+v, delivered %+v; want party, link and text", v, a.Delivered)
	}
	if text, _ := w.status(p[1]); text != `{"party_id":"`+id.String()+`","url":"`+a.URL+`","text":"Join us"}` {
		t.Errorf("status = %s; want nothing more while the party is open", text)
	}
	// A user who calls over HTTP, or from another socket, shares on the session that is in the party.
	second := w.host.Connect(p[0].UserID)
	w.shareTo(second, id, share.To{Status: true})
	if !open(w.shared(p[0])) {
		t.Error("the status of the session in the party was not set")
	}
	if _, online := w.status(second); online {
		t.Error("the status of a session outside was set")
	}
}

func TestService_Status_isTakenBack(t *testing.T) {
	ends := map[string]func(w *world, id party.ID, s party.Session, a share.Answer){
		"leave": func(w *world, id party.ID, s party.Session, _ share.Answer) { w.leave(s, id) },
		"close": func(w *world, id party.ID, _ party.Session, _ share.Answer) {
			w.host.PartyClose(id)
			w.admission.Closed(w.t.Context(), id)
		},
		"revoke": func(w *world, _ party.ID, s party.Session, a share.Answer) {
			w.must(w.invites.Revoke(w.t.Context(), caller(s), a.ID, ""))
		},
		"expiry": func(w *world, _ party.ID, _ party.Session, _ share.Answer) {
			w.clock.Advance(w.conf.Invites.Link.TTL)
			w.share.RefreshAll()
		},
		"kick": func(w *world, id party.ID, s party.Session, _ share.Answer) {
			w.host.PartyLeave(s, id)
			w.must(w.admission.Kicked(w.t.Context(), id, s))
		},
		"unseen_end": func(w *world, id party.ID, _ party.Session, _ share.Answer) {
			for _, m := range w.host.Members(id) {
				w.host.PartyLeave(m, id)
			}
			w.share.RefreshAll()
		},
	}
	for name, end := range ends {
		for _, online := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t)
				p := w.host.Players(2)
				id := w.party(4, p...)
				if online {
					w.online(p[1], "in the menu")
				}
				w.shareTo(p[1], id, share.To{Status: true})
				a := w.shareTo(p[1], id, share.To{Status: true}) // sharing twice has the effect of sharing once
				end(w, id, p[1], a)
				w.share.Settle()
				text, seen := w.status(p[1])
				if text != "" || seen != online {
					t.Errorf("status = %q, seen %v; want none, seen %v as before", text, seen, online)
				}
				w.leave(p[1], id)
				w.leave(p[0], id)
				w.share.Settle()
				if n := w.share.Watched(); n != 0 {
					t.Errorf("%d statuses are remembered of a party that is over", n)
				}
			})
		}
	}
}

func TestService_Status_followsTheDoor(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(4)
	id := w.party(3, p[0], p[1])
	a := w.shareTo(p[0], id, share.To{Status: true})

	w.join(p[2], id)
	w.becomes(p[0], "no link, full", in("full"))
	w.leave(p[2], id)
	w.becomes(p[0], "the link again", func(v sharedStatus) bool { return v.URL == a.URL && v.State == "" })

	held, err := w.invites.Create(t.Context(), caller(p[1]), party.InviteRequest{PartyID: id.String(), ForUserIDs: ids(p[3]), HoldSeat: true})
	w.must(err)
	w.becomes(p[0], "no link: the last seat is kept", in("full"))
	w.must(w.invites.Decline(t.Context(), caller(p[3]), held.Code))
	w.becomes(p[0], "the link again", open)

	w.away = make(chan struct{}, 1)
	w.locked.Store(true)
	w.share.Refresh(id) // all members are away, which is not an error
	for deadline := time.Now().Add(10 * time.Second); len(w.away) == 0 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
	}
	w.share.Refresh(id)
	w.becomes(p[0], "no link, locked", in("locked"))
	if lines := w.log.Lines(); len(lines) != 0 {
		t.Errorf("logged %q", lines)
	}
	w.join2(p[2], id)
	w.locked.Store(false)
	w.share.RefreshAll()
	w.becomes(p[0], "no link, full", in("full"))
	w.host.Disconnect(p[2])
	w.ended(p[2])
	w.becomes(p[0], "the link again", open)

	w.locked.Store(true)
	w.shareTo(p[1], id, share.To{Status: true}) // shared while nobody can enter
	if v := w.shared(p[1]); !in("locked")(v) {
		t.Errorf("status = %+v; want no link", v)
	}
}

// join2 puts a session into a locked party, as a game's own module may.
func (w *world) join2(s party.Session, id party.ID) {
	w.t.Helper()
	w.must(w.host.PartyJoin(s, id))
	_, err := w.roster.Enter(roster.Snapshot{}, id, s)
	w.must(err)
	w.news.Publish(party.Change{Kind: party.MemberEntered, ID: id, Session: s})
}

// A status that the game has set meanwhile is not changed.
func TestService_Status_ofTheGame(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(3, p[0], p[1])
	w.shareTo(p[0], id, share.To{Status: true})
	w.online(p[0], "boss fight")
	w.join(p[2], id)
	w.share.Settle()
	w.leave(p[0], id)
	w.share.Settle()
	if text, _ := w.status(p[0]); text != "boss fight" {
		t.Errorf("status = %q; want the game's own", text)
	}
	w.shareTo(p[1], id, share.To{Status: true})
	w.must(w.host.StreamUserLeave(1, p[1].UserID, "", "", p[1].UserID, p[1].SessionID)) // the player went invisible
	w.leave(p[1], id)
	w.share.Settle()
	if _, online := w.status(p[1]); online {
		t.Error("somebody who went invisible is seen again")
	}
}

// A session has one status: it shows the party that was shared last.
func TestService_Status_ofTwoParties(t *testing.T) {
	w := newWorld(t)
	a := w.host.Player("a")
	w.online(a, "")
	first, second := w.party(3, a), w.party(3, a)
	w.shareTo(a, first, share.To{Status: true})
	w.shareTo(a, second, share.To{Status: true})
	w.leave(a, first)
	w.share.Settle()
	if v := w.shared(a); v.PartyID != second.String() {
		t.Errorf("status = %+v; want the second party's", v)
	}
	w.leave(a, second)
	w.share.Settle()
	if text, online := w.status(a); text != "" || !online {
		t.Errorf("status = %q, seen %v; want none, seen as before", text, online)
	}
}

func TestService_Close(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(2, p[0])
	w.shareTo(p[0], id, share.To{Status: true})
	w.share.Close()
	w.share.Close()
	w.clock.Advance(time.Second)
	w.join(p[1], id)
	if v := w.shared(p[0]); !open(v) {
		t.Errorf("status = %+v; want it left alone", v)
	}
}
