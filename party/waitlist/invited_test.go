package waitlist_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/rules"
	"partyline/party/waitlist"
)

// invite makes an invite for a party, for two minutes.
func (w *world) invite(by party.Session, id party.ID, r party.InviteRequest) party.CreatedInvite {
	w.t.Helper()
	ttl := int64(120)
	r.PartyID, r.TTLSec = id.String(), &ttl
	made, err := w.invites.Create(w.t.Context(), caller(by), r)
	w.must(err)
	return made
}

// waitByCode puts players on the wait list with an invite's code.
func (w *world) waitByCode(made party.CreatedInvite, players ...party.Session) {
	w.t.Helper()
	for _, s := range players {
		if at, err := w.wait(s, waitlist.Request{Code: made.Code}); err != nil || at.Place == 0 {
			w.t.Fatalf("waits: %+v, %v", at, err)
		}
	}
}

func (w *world) redeem(s party.Session, made party.CreatedInvite) error {
	_, err := w.invites.Redeem(context.Background(), caller(s), made.Code, "")
	return err
}

// memberCount returns the number of members, after everything has settled.
func (w *world) memberCount(id party.ID) int {
	time.Sleep(3 * time.Second)
	synctest.Wait()
	return len(w.host.Members(id))
}

// A revoke does not wait for another party whose wait list has a stalled write.
func TestRevoke_BesideABusyLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(7)
		busy, mine := w.party(true, 2, p[0], p[1]), w.party(false, 2, p[2], p[3])
		made := w.invite(p[2], mine, party.InviteRequest{})
		w.waitByCode(made, p[4])
		if at, err := w.wait(p[5], byID(busy)); err != nil || at.Place != 1 {
			t.Fatal(at, err)
		}
		time.Sleep(3 * time.Second)
		gate := make(chan struct{})
		w.host.BeforeWrite = func(writes []*runtime.StorageWrite) error {
			if slices.ContainsFunc(writes, func(o *runtime.StorageWrite) bool { return o.Key == busy.UUID.String() }) {
				<-gate
			}
			return nil
		}
		go func() { _, _ = w.wait(p[6], byID(busy)) }()
		synctest.Wait()
		w.must(w.invites.Revoke(t.Context(), caller(p[2]), made.ID, "")) // while the gate is shut
		close(gate)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if len(w.admission.Waitlists.Users(mine)) > 0 || len(w.admission.Waitlists.Users(busy)) == 0 {
			t.Error("the revoke ended another line than the invite's")
		}
	})
}

func once() *int {
	n := 1
	return &n
}

// No more players come in by an invite than it has uses, however many wait by it. It does not matter whether they use
// the code or the party's ID, or whether it has expired since. No seat is held for the others.
func TestWait_usesOfAnInvite(t *testing.T) {
	for name, expired := range map[string]bool{"valid": false, "expired": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				const crowd = 40
				members, waiters, last := w.host.Players(crowd+1), w.host.Players(crowd), w.host.Players(1)[0]
				id := w.party(false, crowd+1, members...)
				made, all := w.invite(members[0], id, party.InviteRequest{MaxUses: once()}), w.invite(members[0], id, party.InviteRequest{})
				w.waitByCode(made, waiters...)
				if expired {
					time.Sleep(3 * time.Minute)
					all = w.invite(members[0], id, party.InviteRequest{})
				}
				for _, s := range members[1:] {
					w.leave(s, id)
				}
				time.Sleep(time.Second)
				var calls sync.WaitGroup
				for i, s := range waiters {
					calls.Go(func() {
						if i%2 == 0 {
							_ = w.redeem(s, made)
						} else {
							_, _ = w.wait(s, byID(id))
						}
					})
				}
				calls.Wait()
				if n := w.memberCount(id); n != 2 {
					t.Errorf("%d came in by an invite for one", n-1)
				}
				if len(w.admission.Waitlists.Users(id)) > 0 {
					t.Error("somebody waits by an invite that is used up")
				}
				for _, s := range waiters {
					if _, err := w.wait(s, byID(id)); party.ReasonOf(err) != party.NotMember && party.ReasonOf(err) != party.AlreadyMember {
						t.Errorf("by the party's ID: %v", err)
					}
				}
				w.must(w.redeem(last, all))
			})
		})
	}
}

// A player who waits for a closed party by an invite loses the place when the invite is revoked. Into an open party
// they may still come.
func TestWait_revoked(t *testing.T) {
	for name, open := range map[string]bool{"closed": false, "open": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				p := w.host.Players(4)
				id := w.party(open, 2, p[0], p[1])
				made, other := w.invite(p[0], id, party.InviteRequest{}), w.invite(p[0], id, party.InviteRequest{})
				w.waitByCode(made, p[2])
				w.waitByCode(other, p[3])
				w.memberCount(id) // nobody looks at the wait list any more
				w.must(w.invites.Revoke(t.Context(), caller(p[0]), made.ID, ""))
				w.memberCount(id)
				look, err := w.admission.Look(t.Context(), id)
				w.must(err)
				_, waits := w.wait(p[2], byID(id))
				w.leave(p[1], id)
				w.memberCount(id)
				if open {
					w.must(waits)
					w.must(w.join(p[2], id))
					return
				}
				w.refused(waits, party.NotMember)
				if look.Waiting != 1 || w.notices(p[2]) != 0 || w.notices(p[3]) != 1 {
					t.Errorf("%d wait, told %d and %d times; want the one who can come", look.Waiting, w.notices(p[2]), w.notices(p[3]))
				}
			})
		})
	}
}

// followedParties is two parties. A friend waits for the second one by a link of the first that follows its inviter
// there.
type followedParties struct {
	*world
	inviter, leader, friend, stranger party.Session
	first, second                     party.ID
	link                              party.CreatedInvite
}

func follow(t *testing.T, do func(f followedParties)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(4)
		f := followedParties{world: w, inviter: p[0], leader: p[1], friend: p[2], stranger: p[3]}
		f.first, f.second = w.party(false, 2, f.inviter), w.party(false, 2, f.leader)
		f.link = w.invite(f.inviter, f.first, party.InviteRequest{FollowInviter: true})
		w.leave(f.inviter, f.first)
		f.joinSecond(f.inviter)
		w.waitByCode(f.link, f.friend)
		do(f)
	})
}

// joinSecond lets a player into the second party by an invite of its leader.
func (f followedParties) joinSecond(s party.Session) {
	f.t.Helper()
	f.must(f.redeem(s, f.invite(f.leader, f.second, party.InviteRequest{ForUserIDs: []string{s.UserID}})))
}

// No seat is held for a player whose link leads elsewhere, or nowhere. They keep their place meanwhile.
func TestWait_linkLeadsElsewhere(t *testing.T) {
	for name, want := range map[string]party.Reason{"elsewhere": party.NotMember, "nowhere": party.PartyNotFound} {
		t.Run(name, func(t *testing.T) {
			follow(t, func(f followedParties) {
				f.kick(f.leader, f.inviter, f.second)
				var other party.ID
				if want == party.NotMember {
					other = f.party(false, 2, f.inviter)
				}
				f.memberCount(f.second)
				_, err := f.wait(f.friend, byID(f.second))
				f.refused(err, want)
				f.joinSecond(f.stranger)
				if n := f.notices(f.friend); n != 0 {
					t.Errorf("told %d times of a seat that they cannot take", n)
				}
				f.leave(f.stranger, f.second)
				f.leave(f.inviter, other)
				f.joinSecond(f.inviter)
				if at, err := f.wait(f.friend, byID(f.second)); err != nil || at.Place != 1 {
					t.Errorf("once the inviter is back: %+v, %v", at, err)
				}
				f.leave(f.leader, f.second)
				f.memberCount(f.second)
				f.must(f.redeem(f.friend, f.link))
				if n := f.memberCount(f.second); n != 2 || f.notices(f.friend) != 1 {
					t.Errorf("%d members, told %d times", n, f.notices(f.friend))
				}
			})
		})
	}
}

// A link that leads to a party in which everybody is away does not keep others from the seat.
func TestWait_linkLeadsToWhoIsAway(t *testing.T) {
	follow(t, func(f followedParties) {
		f.waitByCode(f.invite(f.leader, f.second, party.InviteRequest{}), f.stranger)
		f.leave(f.inviter, f.second)
		f.party(false, 2, f.inviter)
		f.drop(f.inviter)
		f.memberCount(f.second)
		if friend, stranger := f.notices(f.friend), f.notices(f.stranger); friend != 0 || stranger != 1 {
			t.Errorf("told %d and %d times; want the player who can come", friend, stranger)
		}
		if warned := f.log.Lines(); len(warned) > 0 {
			t.Errorf("warned of %v", warned)
		}
	})
}

// An expired link lets in players who wait by it in the party they wait for, and in no other.
func TestWait_expiredLink(t *testing.T) {
	follow(t, func(f followedParties) {
		time.Sleep(3 * time.Minute)
		if at, err := f.wait(f.friend, waitlist.Request{Code: f.link.Code}); err != nil || at.Place != 1 {
			t.Errorf("asks by the code: %+v, %v", at, err)
		}
		f.refused(f.redeem(f.stranger, f.link), party.InviteExpired)
		preview := func(want party.InviteState) {
			t.Helper()
			if p, err := f.invites.Preview(t.Context(), caller(f.friend), f.link.Code); err != nil || p.State != want {
				t.Errorf("preview %q, %v; want %q", p.State, err, want)
			}
		}
		preview(party.StateFull)
		third := f.party(false, 2, f.inviter)
		f.leave(f.inviter, f.second)
		f.memberCount(f.second)
		preview(party.StateExpired)
		f.refused(f.redeem(f.friend, f.link), party.InviteExpired)
		f.leave(f.inviter, third)
		f.joinSecond(f.inviter)
		f.leave(f.leader, f.second)
		f.memberCount(f.second)
		preview(party.StateOpen)
		f.must(f.redeem(f.friend, f.link))
		if n := f.memberCount(f.second); n != 2 {
			t.Errorf("%d members", n)
		}
	})
}

// An expired invite does not let in players who wait without it.
func TestWait_expiredInviteOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(4)
		id := w.party(true, 2, p[0], p[1])
		old := w.invite(p[0], id, party.InviteRequest{})
		time.Sleep(3 * time.Minute)
		w.waitByCode(w.invite(p[0], id, party.InviteRequest{}), p[2])
		w.waitByID(p[3], id)
		w.leave(p[1], id)
		w.memberCount(id)
		for _, s := range p[2:] {
			w.refused(w.redeem(s, old), party.InviteExpired)
		}
	})
}

// A player leaves the wait list with the code that they used, wherever it leads since.
func TestWait_leaveByCode(t *testing.T) {
	for name, move := range map[string]func(f followedParties){
		"there":     func(followedParties) {},
		"elsewhere": func(f followedParties) { f.leave(f.inviter, f.second); f.party(false, 2, f.inviter) },
		"nowhere":   func(f followedParties) { f.leave(f.inviter, f.second) },
	} {
		t.Run(name, func(t *testing.T) {
			follow(t, func(f followedParties) {
				f.waitByCode(f.invite(f.leader, f.second, party.InviteRequest{}), f.stranger)
				move(f)
				at, err := f.wait(f.friend, waitlist.Request{Code: f.link.Code, Leave: true})
				f.must(err)
				if lines := f.admission.Waitlists.Of(f.friend.UserID); at != (waitlist.Place{Of: 1}) || len(lines) != 0 {
					t.Errorf("left: %+v, and waits in %v", at, lines)
				}
				if len(f.admission.Waitlists.Of(f.stranger.UserID)) != 1 {
					t.Error("others do not wait any more")
				}
			})
		})
	}
}

// A player who is in another party keeps the place, and sees it by the code and by the party's ID.
func TestWait_inAnotherParty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.conf.Parties.OnePerUser = rules.OnePartyOnly
		p := w.host.Players(4)
		id := w.party(true, 2, p[0], p[1])
		made := w.invite(p[0], id, party.InviteRequest{})
		w.waitByID(p[2], id)
		w.party(true, 2, p[2])
		w.party(true, 2, p[3])
		for _, r := range []waitlist.Request{byID(id), {Code: made.Code}} {
			if at, err := w.wait(p[2], r); err != nil || at != (waitlist.Place{Place: 1, Of: 1}) {
				t.Errorf("who waits: %+v, %v", at, err)
			}
			_, err := w.wait(p[3], r)
			w.refused(err, party.AlreadyInParty)
		}
	})
}

// A wait list stored by an older build does not say how players came. All of them come in as they did in that build.
func TestWait_olderBuild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(5)
		id := w.party(false, 3, p[0], p[1], p[2])
		made := w.invite(p[0], id, party.InviteRequest{})
		w.waitByCode(made, p[3], p[4])
		record, err := w.host.StorageRead(t.Context(), []*runtime.StorageRead{{Collection: "partyline_parties", Key: id.UUID.String()}})
		w.must(err)
		value := strings.ReplaceAll(record[0].Value, `, "invite": "`+made.ID+`"`, "")
		if value == record[0].Value {
			t.Fatalf("stored: %s", value)
		}
		_, err = w.host.StorageWrite(t.Context(), []*runtime.StorageWrite{{Collection: "partyline_parties", Key: id.UUID.String(), Value: value}})
		w.must(err)
		next := newWorld(t, w)
		time.Sleep(3 * time.Minute)
		if at, err := next.wait(p[3], waitlist.Request{Code: made.Code}); err != nil || at != (waitlist.Place{Place: 1, Of: 2}) {
			t.Fatalf("in the stored line: %+v, %v", at, err)
		}
		next.leave(p[1], id)
		next.leave(p[2], id)
		next.memberCount(id)
		next.must(next.redeem(p[3], made))
		if at, err := next.wait(p[4], byID(id)); err != nil || at.Place != 0 || next.memberCount(id) != 3 {
			t.Errorf("by the party's ID: %+v, %v", at, err)
		}
	})
}

// The first player who asks after the server is back has their place, also with a code that has expired meanwhile.
func TestWait_expiredAfterACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.conf.Parties.Survive.Restart = time.Hour
		p := w.host.Players(3)
		id := w.party(false, 2, p[0], p[1])
		made := w.invite(p[0], id, party.InviteRequest{})
		w.waitByCode(made, p[2])
		w.memberCount(id)
		w.host.Disconnect(p[0])
		w.host.Disconnect(p[1])
		w.host.PartyClose(id)
		next := newWorld(t, w)
		next.conf = w.conf
		time.Sleep(3 * time.Minute)
		if at, err := next.wait(p[2], waitlist.Request{Code: made.Code}); err != nil || at != (waitlist.Place{Place: 1, Of: 1}) {
			t.Errorf("the first question: %+v, %v", at, err)
		}
		next.refused(next.redeem(w.host.Players(1)[0], made), party.InviteExpired)
	})
}
