package invite_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/invite"
	"partyline/party/ledger"
	"partyline/party/rules"
)

func TestOutstanding(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(4)
	id, other := w.party(p[0], false, 4), w.party(p[1], true, 4)
	inviteTo := func(s party.Session, id party.ID, edit func(*party.InviteRequest)) party.CreatedInvite {
		req := party.InviteRequest{PartyID: id.String()}
		if edit != nil {
			edit(&req)
		}
		c := w.create(s, req)
		w.clock.Advance(time.Second)
		return c
	}
	one := 1
	plain := inviteTo(p[0], id, nil)
	used := inviteTo(p[0], id, func(r *party.InviteRequest) { r.MaxUses = &one })
	w.must(w.redeem(p[2], used.Code))
	revoked := inviteTo(p[0], id, nil)
	w.must(w.invites.Revoke(t.Context(), caller(p[0]), revoked.ID, ""))
	declined := inviteTo(p[0], id, func(r *party.InviteRequest) { r.ForUserIDs = []string{p[3].UserID} })
	w.must(w.invites.Decline(t.Context(), caller(p[3]), declined.Code))
	gone := inviteTo(p[1], other, nil)
	follows := inviteTo(p[1], other, func(r *party.InviteRequest) { r.FollowInviter = true })
	w.host.PartyClose(other)
	short := int64(1)
	inviteTo(p[0], id, func(r *party.InviteRequest) { r.TTLSec = &short })
	w.clock.Advance(2 * time.Second)

	list, more, err := w.invites.Outstanding(t.Context(), "")
	if err != nil || more {
		t.Fatal(more, err)
	}
	var got []string
	for _, o := range list {
		got = append(got, o.ID)
		if o.ID == gone.ID {
			t.Error("an invite that leads nowhere is listed")
		}
	}
	want := []string{follows.ID, declined.ID, plain.ID}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Errorf("Outstanding = %v; want %v, the latest first", got, want)
	}
	w.admission.Briefly(id, func(*ledger.Visit) { // the list does not wait for a busy party
		if busy, _, err := w.invites.Outstanding(t.Context(), ""); err != nil || len(busy) != len(want) {
			t.Errorf("while a party is busy: %d invites, %v; want %d", len(busy), err, len(want))
		}
	})
	if list[2].PartyID != id.String() || list[2].CreatedBy != p[0].UserID {
		t.Errorf("row = %+v", list[2])
	}
	if got, want := w.invites.Counts(), (invite.Counts{Created: 7, Redeemed: 1, Matched: 1, Declined: 1, Revoked: 1}); got != want {
		t.Errorf("Counts = %+v; want %+v", got, want)
	}
}

// A broken record, index entry or party costs its own invite only, and the log has each once.
func TestOutstanding_Broken(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id, away := w.party(p[0], false, 8), w.party(p[1], false, 8)
	var made []party.CreatedInvite
	for range 4 {
		made = append(made, w.create(p[0], party.InviteRequest{PartyID: id.String(), HoldSeat: true, ForUserIDs: []string{w.host.Player("friend").UserID}}))
	}
	other := w.create(p[1], party.InviteRequest{PartyID: away.String()})
	sum := sha256.Sum256([]byte(made[0].Code))
	key, index := hex.EncodeToString(sum[:]), "partyline_party_invites_"+id.UUID.String()
	w.host.Break("partyline_invites", key)
	w.host.Break("partyline_invite_ids", made[1].ID)
	w.host.Break(index, made[2].ID)
	w.host.Break("partyline_parties", away.UUID.String())
	w.node = w.start() // a process that knows only what storage has

	w.held(id, 2)
	for range 2 {
		if rows, err := w.invites.List(t.Context(), caller(p[0]), id.String()); err != nil || len(rows) != 2 {
			t.Errorf("List = %v, %v; want the two that the party's index leads to", rows, err)
		}
		list, _, err := w.invites.Outstanding(t.Context(), "")
		var ids []string
		for _, o := range list {
			ids = append(ids, o.ID)
		}
		want := []string{made[2].ID, made[3].ID, other.ID}
		slices.Sort(want)
		slices.Sort(ids)
		if err != nil || !slices.Equal(ids, want) {
			t.Errorf("Outstanding = %v, %v; want %v", ids, err, want)
		}
	}
	w.create(p[0], party.InviteRequest{PartyID: id.String()})
	w.broken("partyline_invites "+key, "partyline_invite_ids "+made[1].ID, index+" "+made[2].ID, "partyline_parties "+away.UUID.String())
	if err := w.redeem(p[0], other.Code); !strings.Contains(err.Error(), "partyline_parties/"+away.UUID.String()) {
		t.Errorf("Redeem = %v; want the broken record named", err)
	}
}

// broken checks which records the log has called not readable, each once.
func (w *world) broken(want ...string) {
	w.t.Helper()
	var got []string
	for _, line := range w.log.Lines() {
		var collection, key string
		if n, _ := fmt.Sscanf(line, "warn record not readable collection=%s key=%s error=", &collection, &key); n == 2 {
			got = append(got, collection+" "+key)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.t.Errorf("not readable: %q; want %q", got, want)
	}
}

// Ended invites hide no live ones. The list contains the sought invite even if there are more than it reads.
func TestOutstanding_Many(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(1)
	id := w.party(p[0], true, 4)
	own := w.create(p[0], party.InviteRequest{PartyID: id.String()})
	other := w.create(p[0], party.InviteRequest{PartyID: w.party(p[0], true, 4).String()})
	write := func(collection, key, value string) {
		_, err := w.host.StorageWrite(t.Context(), []*runtime.StorageWrite{{Collection: collection, Key: key, Value: value, Version: party.Absent}})
		w.must(err)
	}
	plant := func(i int, until time.Time, live bool) { // in front of the others
		inviteID, key := fmt.Sprintf("00000000-0000-4000-8000-%012d", i), fmt.Sprintf("%064d", i)
		write("partyline_invites", key, fmt.Sprintf(`{"id":%q,"party_id":%q,"by":%q,"expires_at":%d}`, inviteID, id, p[0].UserID, until.Unix()))
		if live {
			write("partyline_invite_ids", inviteID, fmt.Sprintf(`{"key":%q,"expires_at":%d}`, key, until.Unix()))
		}
	}
	found := func(sought string, wanted bool, ids ...string) {
		t.Helper()
		list, _, err := w.invites.Outstanding(t.Context(), sought)
		w.must(err)
		for _, id := range ids {
			if slices.ContainsFunc(list, func(o invite.Outstanding) bool { return o.ID == id }) != wanted {
				t.Errorf("%q: invite %s is listed: %t; want %t", sought, id, !wanted, wanted)
			}
		}
	}
	const many = 2000
	for i := range many {
		plant(i, w.clock.Now().Add(-time.Hour), false)
	}
	found("", true, own.ID, other.ID)
	for i := range many {
		plant(many+i, w.clock.Now().Add(time.Hour), true)
	}
	found("", false, own.ID, other.ID)
	found(strings.ToUpper(own.ID), true, own.ID)
	found(other.PartyID, true, other.ID)
	found("00000000-0000-4000-8000-00000000ffff", false, own.ID, other.ID)
}

// Each step from making an invite to a match of the user who came by it is counted once.
func TestSteps(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(5)
	id, other := w.party(p[0], true, 5), w.party(p[4], true, 5)
	w.seatless = map[string]error{p[1].UserID: nil, p[2].UserID: nil} // the party is in no match yet
	c := w.create(p[0], party.InviteRequest{PartyID: id.String()})
	w.invites.CountPageRead(true)
	w.invites.CountPageRead(false)
	w.invites.CountPageRead(false)
	w.invites.CountMatched(t.Context(), id) // nobody has come yet
	w.must(w.redeem(p[1], c.Code))
	w.must(w.redeem(p[1], c.Code)) // a repetition does not count
	w.must(w.redeem(p[2], c.Code))
	w.must(w.join(p[3], id))
	w.invites.CountMatched(t.Context(), other)
	w.host.PartyLeave(p[2], id)
	w.admission.Left(t.Context(), id, p[2])
	for range 2 {
		w.invites.CountMatched(t.Context(), id)
	}
	want := invite.Counts{Created: 1, Fetched: 1, Opened: 2, Redeemed: 2, Matched: 1}
	if got := w.invites.Counts(); got != want {
		t.Errorf("Counts = %+v; want %+v", got, want)
	}
	delete(w.seatless, p[2].UserID) // comes again, while the party is in a match
	again := w.create(p[0], party.InviteRequest{PartyID: id.String()})
	w.must(w.redeem(p[2], again.Code))
	w.host.PartyLeave(p[2], id) // and once more into the same match
	w.admission.Left(t.Context(), id, p[2])
	w.must(w.redeem(p[2], again.Code))
	w.clock.Advance(23 * time.Hour)
	w.invites.CountMatched(t.Context(), id)
	p[1] = w.host.Players(1)[0] // comes, goes at once and has a match with a party of their own
	w.seatless[p[1].UserID] = nil
	w.must(w.redeem(p[1], w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code))
	w.host.PartyLeave(p[1], id)
	w.admission.Left(t.Context(), id, p[1])
	w.invites.CountMatched(t.Context(), w.party(p[1], true, 4))
	for step, want := range map[string]int64{"created": 3, "fetched": 1, "opened": 2, "redeemed": 5, "matched": 2, "declined": 0} {
		if got := w.metrics.Counter(invite.MetricSteps, map[string]string{"step": step}); got != want {
			t.Errorf("step %s counted %d times; want %d", step, got, want)
		}
	}
}

// A player counts once for a party, for as long as they play there at least once a day, also after the party was
// restored under another ID.
func TestSteps_OnceForAParty(t *testing.T) {
	w := newWorld(t)
	w.conf.Parties.ReconnectGrace, w.conf.Parties.Survive.EveryoneAway = time.Hour, true
	p := w.host.Players(3)
	id := w.party(p[0], true, 5)
	w.seatless = map[string]error{p[1].UserID: nil, p[2].UserID: nil}
	come := func(s party.Session) {
		t.Helper()
		w.must(w.redeem(s, w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code))
	}
	again := func(s party.Session) {
		t.Helper()
		w.host.PartyLeave(s, id)
		w.admission.Left(t.Context(), id, s)
		come(s)
	}
	matched := func(want uint64) {
		t.Helper()
		w.invites.CountMatched(t.Context(), id)
		if got := w.invites.Counts().Matched; got != want {
			t.Errorf("matched %d; want %d", got, want)
		}
	}
	come(p[1])
	w.clock.Advance(23 * time.Hour)
	again(p[1])
	w.clock.Advance(2 * time.Hour)
	restored := w.create(p[0], party.InviteRequest{PartyID: id.String()})
	for i, s := range p[:2] {
		w.host.Disconnect(s)
		w.must(w.admission.Ended(t.Context(), s))
		p[i] = w.host.Connect(s.UserID)
	}
	for _, s := range p[:2] {
		r, err := w.invites.Redeem(t.Context(), caller(s), restored.Code, "")
		w.must(err)
		before := id
		id, err = party.ParseID(r.PartyID)
		w.must(err)
		if s == p[0] && id == before {
			t.Fatal("the party has its old ID")
		}
	}
	matched(1)
	come(p[2])
	matched(2)
	for range 30 {
		w.clock.Advance(time.Hour)
		matched(2)
	}
	w.seatless = nil
	again(p[1])
	again(p[2])
	matched(2)
	w.clock.Advance(25 * time.Hour) // they are forgotten
	again(p[1])
	matched(3)
}

// All players of a large party are remembered until it has a match.
func TestSteps_LargeParty(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(256)
	id := w.party(p[0], true, len(p))
	c := w.create(p[0], party.InviteRequest{PartyID: id.String()})
	w.seatless = map[string]error{}
	for _, s := range p[1:] {
		w.seatless[s.UserID] = nil
		w.must(w.redeem(s, c.Code))
	}
	w.invites.CountMatched(t.Context(), id)
	if got := w.invites.Counts().Matched; got != 255 {
		t.Errorf("matched %d; want 255", got)
	}
}

// An operator may revoke any invite. The sweep knows how many are left.
func TestRevokeAny(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 4)
	c, kept := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}, HoldSeat: true}), w.create(p[0], party.InviteRequest{PartyID: id.String()})
	if n, known := w.invites.LiveCount(); known {
		t.Errorf("%d invites before the first sweep", n)
	}
	live := func(want int) {
		t.Helper()
		if _, _, err := w.invites.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n, known := w.invites.LiveCount(); n != want || !known {
			t.Errorf("%d live invites, %v; want %d", n, known, want)
		}
	}
	live(2)
	for range 2 {
		w.must(w.invites.RevokeAny(t.Context(), c.ID))
	}
	live(1)
	w.refused(w.redeem(p[1], c.Code), party.InviteRevoked)
	look, err := w.admission.Look(t.Context(), id)
	if err != nil || look.Held("") != 0 {
		t.Errorf("%d seats held, %v", look.Held(""), err)
	}
	w.must(w.redeem(p[1], kept.Code))
	for _, unknown := range []string{"", "nonsense", id.String()} {
		w.refused(w.invites.RevokeAny(t.Context(), unknown), party.InviteNotFound)
	}
	w.clock.Advance(25 * time.Hour)
	live(0)
}

func TestRedeem_SeveralSessions(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	c := w.create(p[0], party.InviteRequest{PartyID: w.party(p[0], false, 4).String()})
	open := func() party.Session {
		id, err := uuid.NewUUID()
		if err != nil {
			t.Fatal(err)
		}
		return w.host.ConnectAs(p[1].UserID, id.String())
	}
	w.host.Disconnect(p[1])
	open()
	newest := open()
	_, err := w.invites.Redeem(t.Context(), overHTTP(p[1]), c.Code, "")
	w.refused(err, party.SessionAmbiguous)
	w.conf.Invites.SeveralSessions = rules.SeveralSessionsNewest
	_, err = w.invites.Redeem(t.Context(), overHTTP(p[1]), c.Code, "")
	w.must(err)
	id, _ := party.ParseID(c.PartyID)
	v, err := w.roster.View(t.Context(), id)
	w.must(err)
	if _, in := v.Session(newest.SessionID); !in {
		t.Errorf("members = %+v; want the newest session %s", v.Members, newest.SessionID)
	}
}
