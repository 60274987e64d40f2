package invite_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"partyline/party"
)

// asked calls each function of meanwhile once, in order, when the rules are asked about the user.
func (w *world) asked(user string, meanwhile ...func()) {
	var mu sync.Mutex
	w.judge = func(q party.Question) error {
		mu.Lock()
		var do func()
		if q.Caller.UserID == user && len(meanwhile) > 0 {
			do, meanwhile = meanwhile[0], meanwhile[1:]
		}
		mu.Unlock()
		if do != nil {
			do()
		}
		return nil
	}
}

// Players with a block between them never enter together, even at almost the same time.
func TestService_BlockedWhoComeAtTheSameTime(t *testing.T) {
	for name, enters := range map[string]func(w *world, s party.Session, id party.ID, code string) error{
		"by the link": func(w *world, s party.Session, _ party.ID, code string) error { return w.redeem(s, code) },
		"by a join":   func(w *world, s party.Session, id party.ID, _ string) error { return w.join(s, id) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.host.Players(4)
			id := w.party(p[0], true, 8)
			code := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(1)}).Code
			other := w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code // a second invite, which has its own turns
			w.host.Block(p[2].UserID, p[1].UserID)
			w.asked(p[1].UserID, func() { w.must(enters(w, p[2], id, other)) })
			w.refused(w.redeem(p[1], code), party.Blocked)
			w.members(id, p[0], p[2])
			w.asked(p[3].UserID, func() { // nobody has blocked them
				w.host.PartyLeave(p[2], id)
				w.admission.Left(t.Context(), id, p[2])
				w.must(w.redeem(p[1], other))
			})
			w.must(w.redeem(p[3], code)) // their use was given back
			w.members(id, p[0], p[1], p[3])
		})
	}
}

// A user who is judged again is visible to users who come meanwhile.
func TestService_BlockedByOneOnTheWay(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(4)
	id := w.party(p[0], true, 8)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code
	other := w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code
	w.host.Block(p[2].UserID, p[1].UserID)
	w.asked(p[1].UserID,
		func() { w.must(w.join(p[3], id)) },
		func() { w.refused(w.redeem(p[2], other), party.Blocked) },
	)
	w.must(w.redeem(p[1], code))
	w.members(id, p[0], p[1], p[3])
	w.judge = nil
	w.host.PartyLeave(p[1], id)
	w.admission.Left(t.Context(), id, p[1])
	w.must(w.redeem(p[2], other))
}

// The last member loses the connection at the moment when a user enters.
func TestService_EverybodyGoesAwayMeanwhile(t *testing.T) {
	for name, back := range map[string]bool{"for long": false, "for a moment": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				p := w.host.Players(2)
				id := w.party(p[0], true, 4)
				code := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(1)}).Code
				w.asked(p[1].UserID, func() { w.drop(p[0]) })
				if back {
					time.AfterFunc(2*time.Second, func() { w.must(w.redeem(w.host.Connect(p[0].UserID), code)) })
				}
				began := time.Now()
				err := w.redeem(p[1], code)
				if back {
					w.must(err)
				} else {
					w.refused(err, party.PartyAway)
					if waited := time.Since(began); waited != 5*time.Second {
						t.Errorf("refused after %v; want 5s", waited)
					}
					leader := w.host.Connect(p[0].UserID)
					w.must(w.redeem(leader, code))
					w.members(w.admission.Current(id), leader)
				}
				w.must(w.redeem(p[1], code)) // again, as a member
			})
		})
	}
}
