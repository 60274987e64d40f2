package status_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/invite"
	"partyline/party/rules"
	"partyline/party/status"
)

func TestService_Incoming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(3)
		id := w.party(4, p[0])
		code := w.invite(p[0], id).Code
		launcher := overHTTP(p[1]) // no socket
		w.must(w.status.Set(t.Context(), launcher, status.Report{Code: code, Stage: "downloading", Progress: ptr(0.42), Text: "level 2", Seq: ptr(int64(3))}))
		time.Sleep(time.Second)
		told := w.heard()
		if len(told) != 1 || len(told[0].Members) != 0 || len(told[0].Incoming) != 1 {
			t.Fatalf("told %+v; want the one on the way", told)
		}
		row := told[0].Incoming[0]
		want := status.Incoming{
			UserID: p[1].UserID, Username: p[1].Username, Stage: "downloading", Progress: row.Progress, Text: "level 2", UpdatedAt: row.UpdatedAt,
		}
		if row != want || *row.Progress != 0.42 || row.UpdatedAt == 0 {
			t.Errorf("told %+v; want %+v", row, want)
		}
		if f := w.footprint(id); f.OnTheWay() != 1 || f.Size() != 2 {
			t.Errorf("footprint = %+v; want one member, one on the way", f)
		}
		w.must(w.status.Set(t.Context(), launcher, status.Report{Code: code, Stage: "downloading", Progress: ptr(0.3), Seq: ptr(int64(2))})) // late
		if l := w.list(p[0], id); len(l.Incoming) != 1 || *l.Incoming[0].Progress != 0.42 {
			t.Errorf("incoming = %+v; want 0.42 still", l.Incoming)
		}

		w.must(w.status.Set(t.Context(), overHTTP(p[2]), byCode(code, "installing", 0)))
		same(t, "incoming", w.incoming(p[0], id), []string{p[1].UserID, p[2].UserID})
		time.Sleep(time.Second)
		w.heard()

		// Coming in ends it. From then on the game itself reports.
		if _, err := w.invites.Redeem(t.Context(), caller(p[1]), code, ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		told = w.heard()
		if len(told) != 1 || len(told[0].Incoming) != 1 || told[0].Incoming[0] != (status.Incoming{UserID: p[1].UserID, Username: p[1].Username}) {
			t.Errorf("told %+v; want that one is not on the way any more", told)
		}
		same(t, "incoming", w.incoming(p[0], id), []string{p[2].UserID})
		w.refused(w.status.Set(t.Context(), launcher, byCode(code, "ready", 1)), party.AlreadyMember)
		same(t, "stages", w.stages(p[0], id), []string{"", ""})
	})
}

// When an invite ends, parties without users on the way by it are not touched, not even while one of them is being
// sent a message.
func TestService_InviteOver_elsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(3)
		other, id := w.party(4, p[0]), w.party(4, p[1])
		link := w.invite(p[1], id)
		slow := slowSender{w.host, other, make(chan struct{})}
		lead := func(ctx context.Context, c party.Caller, code string) (invite.Lead, error) {
			return w.invites.Lead(ctx, c, "", code)
		}
		s := status.New(status.Deps{
			Streams: w.host, Sender: slow, Roster: w.roster, Admission: w.admission.Admission, News: w.news, Policy: func() rules.Config { return w.conf },
			Logger: w.log, Now: time.Now, Lead: lead, OnProgress: func(party.ID, string) {},
		})
		defer s.Close()
		w.must(s.Set(t.Context(), overHTTP(p[2]), byCode(link.Code, "downloading", 0)))
		w.must(s.Set(t.Context(), caller(p[0]), status.Report{PartyID: other.String(), Stage: "downloading"}))
		time.Sleep(time.Second)
		s.InviteOver(link.ID, "") // while the message to the other party is being sent
		if list, err := s.List(t.Context(), caller(p[1]), id.String()); err != nil || len(list.Incoming) > 0 {
			t.Errorf("after the invite: %+v, %v; want nobody on the way", list, err)
		}
		close(slow.gate)
	})
}

// slowSender sends nothing to a party until its gate opens.
type slowSender struct {
	party.Sender
	id   party.ID
	gate chan struct{}
}

func (s slowSender) StreamSendRaw(mode uint8, subject, subcontext, label string, msg *rtapi.Envelope, presences []runtime.Presence, reliable bool) error {
	if msg.GetPartyData().GetPartyId() == s.id.String() {
		<-s.gate
	}
	return s.Sender.StreamSendRaw(mode, subject, subcontext, label, msg, presences, reliable)
}

func TestService_Incoming_expires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(2)
		id := w.party(4, p[0])
		code := w.invite(p[0], id).Code
		w.must(w.set(p[1], byCode(code, "failed", 0.1)))
		time.Sleep(w.conf.Status.Incoming - time.Second)
		w.must(w.set(p[1], byCode(code, "failed", 0.1))) // a new report
		time.Sleep(w.conf.Status.Incoming - time.Second)
		same(t, "incoming", w.incoming(p[0], id), []string{p[1].UserID})
		w.heard()
		time.Sleep(time.Second)
		synctest.Wait()
		same(t, "incoming", w.incoming(p[0], id), nil)
		if told := w.heard(); len(told) != 1 || len(told[0].Incoming) != 1 || told[0].Incoming[0].Stage != "" {
			t.Errorf("told %+v; want that nobody is on the way", told)
		}
		if f := w.footprint(id); f.OnTheWay() != 0 {
			t.Errorf("footprint = %+v; want nobody on the way", f)
		}
		time.Sleep(time.Second)
		w.quiet()
	})
}

func TestService_Incoming_stalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(2)
		id := w.party(4, p[0])
		code := w.invite(p[0], id).Code
		for range 5 { // a launcher that repeats the same report
			w.must(w.set(p[1], byCode(code, "downloading", 0.1)))
			time.Sleep(w.conf.Status.Stall / 4)
		}
		if l := w.list(p[0], id); !l.Incoming[0].Stalled {
			t.Errorf("incoming = %+v; want stalled", l.Incoming)
		}
		told := w.heard()
		if last := told[len(told)-1]; len(told) != 2 || !last.Incoming[0].Stalled {
			t.Errorf("told %+v; want the status, and that it stalled", told)
		}
	})
}

func TestService_Incoming_whoMay(t *testing.T) {
	clock := partytest.NewTime()
	w := newWorld(t, clock.Now)
	p := w.host.Players(6)
	owner, member := p[0], p[1]
	id := w.party(6, owner, member)
	for_ := func(s party.Session) func(*party.InviteRequest) {
		return func(r *party.InviteRequest) { r.ForUserIDs = []string{s.UserID} }
	}
	refused := func(s party.Session, code string, want party.Reason) {
		t.Helper()
		w.refused(w.set(s, byCode(code, "downloading", 0)), want)
	}
	open := w.invite(owner, id).Code
	refused(p[2], "0123456789ABCDEF", party.InviteNotFound)
	refused(p[2], "!", party.InviteNotFound)
	refused(p[2], w.invite(owner, id, for_(p[3])).Code, party.InviteNotForYou)
	refused(member, open, party.AlreadyMember)

	w.host.Block(member.UserID, p[2].UserID)
	refused(p[2], open, party.Blocked)

	w.join(p[3], id)
	w.host.PartyLeave(p[3], id)
	w.must(w.admission.Kicked(t.Context(), id, p[3]))
	refused(p[3], open, party.Banned)
	clock.Advance(time.Second)
	w.must(w.set(p[3], byCode(w.invite(owner, id, for_(p[3])).Code, "downloading", 0))) // invited again

	once := w.invite(owner, id, func(r *party.InviteRequest) { r.MaxUses = ptr(1) })
	if _, err := w.invites.Redeem(t.Context(), caller(p[4]), once.Code, ""); err != nil {
		t.Fatal(err)
	}
	refused(p[5], once.Code, party.InviteExhausted)
	short := w.invite(owner, id, func(r *party.InviteRequest) { r.TTLSec = ptr(int64(10)) })
	clock.Advance(time.Second)
	w.must(w.set(p[5], byCode(short.Code, "downloading", 0)))
	clock.Advance(10 * time.Second)
	refused(p[5], short.Code, party.InviteExpired)
	same(t, "incoming", w.incoming(owner, id), []string{p[3].UserID, p[5].UserID})
}

// A party that is full or locked may not be so any more when the user arrives.
func TestService_Incoming_toAFullParty(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(3)
	id := w.party(2, p[0], p[1])
	w.must(w.set(p[2], byCode(w.invite(p[0], id).Code, "downloading", 0)))
	same(t, "incoming", w.incoming(p[0], id), []string{p[2].UserID})
	if f := w.footprint(id); f.Size() != 2 || f.OnTheWay() != 0 {
		t.Errorf("footprint = %+v; want no more than there is room for", f)
	}
}

func TestService_Incoming_inviteOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(4)
		id := w.party(8, p[0])
		targets := []string{p[1].UserID, p[2].UserID}
		forTwo := w.invite(p[0], id, func(r *party.InviteRequest) { r.ForUserIDs = targets })
		link := w.invite(p[0], id)
		w.must(w.set(p[1], byCode(forTwo.Code, "downloading", 0)))
		w.must(w.set(p[2], byCode(forTwo.Code, "downloading", 0)))
		w.must(w.set(p[3], byCode(link.Code, "downloading", 0)))
		time.Sleep(time.Second)
		w.heard()

		w.must(w.invites.Decline(t.Context(), caller(p[1]), forTwo.Code))
		time.Sleep(time.Second)
		if told := w.heard(); len(told) != 1 || len(told[0].Incoming) != 1 || told[0].Incoming[0].UserID != p[1].UserID || told[0].Incoming[0].Stage != "" {
			t.Errorf("told %+v; want that who declined is not on the way", told)
		}
		w.must(w.invites.Revoke(t.Context(), caller(p[0]), link.ID, ""))
		refusal := w.set(p[3], byCode(link.Code, "downloading", 0.5))
		w.refused(refusal, party.InviteRevoked)
		users := w.incoming(p[0], id)
		same(t, "incoming", users, []string{p[2].UserID})
	})
}

// A user who comes by a link that follows its inviter is on the way to one party at a time, and to none after coming
// in.
func TestService_Incoming_follows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		p := w.host.Players(4)
		first, second, third := w.party(4, p[0], p[1]), w.party(4, p[2]), w.party(4, p[3])
		link := w.invite(p[0], first, func(r *party.InviteRequest) { r.FollowInviter = true })
		friend := w.host.Players(1)[0]
		w.must(w.set(friend, byCode(link.Code, "downloading", 0.1)))
		w.leave(p[0], first)
		w.join(p[0], second)
		w.must(w.set(friend, byCode(link.Code, "downloading", 0.5)))
		same(t, "on the way to the first party", w.incoming(p[1], first), nil)
		same(t, "on the way to the second", w.incoming(p[2], second), []string{friend.UserID})
		w.leave(p[0], second)
		w.join(p[0], third)
		_, err := w.invites.Redeem(t.Context(), caller(friend), link.Code, "")
		w.must(err)
		same(t, "on the way to the second, once in the third", w.incoming(p[2], second), nil)
	})
}

func TestService_Incoming_isBounded(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	owner := w.host.Player("owner")
	id := w.party(256, owner)
	code := w.invite(owner, id).Code
	crowd := w.host.Players(65)
	for _, s := range crowd[:64] {
		w.must(w.set(s, byCode(code, "downloading", 0)))
	}
	w.refused(w.set(crowd[64], byCode(code, "downloading", 0)), party.PartyFull)
	w.must(w.set(crowd[0], byCode(code, "downloading", 0.5))) // a listed user may still report
}

// Each user counts once: by a held seat, as incoming, or both.
func TestService_Footprint(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(5)
	id := w.party(5, p[0], p[1])
	held := w.invite(p[0], id, func(r *party.InviteRequest) {
		r.ForUserIDs, r.HoldSeat = []string{p[2].UserID, p[3].UserID}, true
	})
	w.must(w.set(p[2], byCode(held.Code, "downloading", 0)))
	link := w.invite(p[0], id).Code
	w.must(w.set(p[4], byCode(link, "downloading", 0)))
	want := party.Footprint{Members: 2, Held: 2, Incoming: 1, MaxSize: 5}
	if f := w.footprint(id); f != want || f.OnTheWay() != 3 || f.Size() != 5 {
		t.Errorf("footprint = %+v; want %+v", f, want)
	}
	for _, asks := range p[2:] { // a rule on join does not count who asks
		if f, err := w.status.Footprint(t.Context(), id, asks.UserID); err != nil || f.OnTheWay() != 2 {
			t.Errorf("footprint without %s = %+v, %v; want 2 on the way", asks.UserID, f, err)
		}
	}
	pre, err := w.invites.Preview(t.Context(), caller(p[4]), link)
	if err != nil || pre.Party.Held != 2 || pre.Party.OnTheWay != 3 {
		t.Errorf("preview = %+v, %v; want the same numbers", pre.Party, err)
	}
	if _, err := w.invites.Redeem(t.Context(), caller(p[2]), held.Code, ""); err != nil {
		t.Fatal(err)
	}
	want = party.Footprint{Members: 3, Held: 1, Incoming: 1, MaxSize: 5}
	if f := w.footprint(id); f != want {
		t.Errorf("footprint = %+v; want %+v", f, want)
	}
	gone := w.party(2, w.host.Player("other"))
	w.disconnect(w.host.Members(gone)[0])
	_, err = w.status.Footprint(t.Context(), gone, "")
	w.refused(err, party.PartyNotFound)
}
