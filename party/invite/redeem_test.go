package invite_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/party"
	"partyline/party/rules"
)

func TestService_Redeem(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 4)
	made := w.create(p[0], party.InviteRequest{
		PartyID: id.String(), MaxUses: ptr(1), Message: "Come!", Info: []party.InfoField{{Label: "Mode", Value: "Co-op"}}, Launch: json.RawMessage(`[1]`),
	})
	want := party.Redemption{
		PartyID: id.String(), Joined: true, MatchID: "match.node", Message: "Come!",
		Info: []party.InfoField{{Label: "Mode", Value: "Co-op"}}, Launch: json.RawMessage(`[1]`),
	}
	for range 3 { // repeating it does not fail and takes no use
		got, err := w.invites.Redeem(t.Context(), caller(p[1]), strings.ToLower(made.Code[:4]+"-"+made.Code[4:]), "")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Redeem = %+v, %v; want %+v", got, err, want)
		}
	}
	w.members(id, p[0], p[1])
	if n := w.uses(p[0], id); n != 1 {
		t.Errorf("%d uses; want 1", n)
	}
	if events := w.events(id); len(events) != 2 || events[1] != (inviteEvent{"redeemed", made.ID, p[1].UserID, p[1].UserID}) {
		t.Errorf("events = %v; want one of the redemption", events)
	}
}

// A user enters the party even if its match has no seat or does not answer.
func TestService_RedeemWithoutASeat(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], false, 4)
	made := w.create(p[0], party.InviteRequest{PartyID: id.String()})
	w.seatless = map[string]error{p[1].UserID: nil, p[2].UserID: errors.New("match is busy")}
	for _, late := range p[1:] {
		got, err := w.invites.Redeem(t.Context(), caller(late), made.Code, "")
		if err != nil || !got.Joined || got.MatchID != "" {
			t.Errorf("Redeem = %+v, %v; want in the party, without a match", got, err)
		}
	}
	w.members(id, p...)
	if lines := w.log.Lines(); len(lines) != 1 || !strings.Contains(lines[0], "match is busy") {
		t.Errorf("logged %q; want the failure alone", lines)
	}
}

func TestService_RedeemAUseIsTheUsersOwn(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], false, 4)
	made := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(1)})
	w.must(w.redeem(p[1], made.Code))
	w.host.Disconnect(p[1])
	p[1] = w.host.Connect(p[1].UserID)
	w.must(w.redeem(p[1], made.Code))
	w.refused(w.redeem(p[2], made.Code), party.InviteExhausted)
	if n := w.uses(p[0], id); n != 1 {
		t.Errorf("%d uses; want 1", n)
	}
}

// A member's seat moves to another device by a link, as it does in other ways, and takes no use.
func TestService_RedeemMovesTheSeat(t *testing.T) {
	w := newWorld(t)
	w.conf.Parties.SecondSocket = rules.SecondSocketMove
	p := w.host.Players(3)
	id := w.party(p[0], true, 4)
	w.must(w.join(p[1], id))
	made := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(1)})
	phone := w.host.Connect(p[1].UserID)
	before := len(w.events(id))
	w.must(w.redeem(phone, made.Code))
	w.members(id, p[0], phone)
	if n := w.uses(p[0], id); n != 0 {
		t.Errorf("%d uses; want none", n)
	}
	if told := w.events(id)[before:]; len(told) > 0 {
		t.Errorf("the party was told %+v; want nothing", told)
	}
	w.conf.Parties.SecondSocket = rules.SecondSocketRefuse
	w.refused(w.redeem(w.host.Connect(p[1].UserID), made.Code), party.AlreadyMember)
	w.must(w.redeem(p[2], made.Code))
	w.members(id, p[0], phone, p[2])
}

func TestService_RedeemStates(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(4)
	id := w.party(p[0], false, 8)
	w.refused(w.redeem(p[1], "not a code"), party.InviteNotFound)
	w.refused(w.redeem(p[1], "0000000000000000"), party.InviteNotFound)

	short := w.create(p[0], party.InviteRequest{PartyID: id.String(), TTLSec: ptr(int64(60))})
	w.clock.Advance(59 * time.Second)
	w.must(w.redeem(p[1], short.Code))
	w.clock.Advance(time.Second)
	w.refused(w.redeem(p[2], short.Code), party.InviteExpired)
	w.must(w.redeem(p[1], short.Code)) // a member already

	revoked := w.create(p[0], party.InviteRequest{PartyID: id.String()})
	w.must(w.invites.Revoke(ctx, caller(p[0]), revoked.ID, ""))
	w.refused(w.redeem(p[2], revoked.Code), party.InviteRevoked)

	named := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[3].UserID}})
	w.refused(w.redeem(p[2], named.Code), party.InviteNotForYou)
	w.must(w.redeem(p[3], named.Code))
	w.refused(w.redeem(p[1], named.Code), party.InviteNotForYou)

	open := w.create(p[0], party.InviteRequest{PartyID: id.String()})
	w.host.PartyClose(id)
	w.admission.Closed(ctx, id)
	w.refused(w.redeem(p[2], open.Code), party.PartyNotFound)
	w.refused(w.redeem(p[2], revoked.Code), party.InviteRevoked)
}

func TestService_RedeemPicksTheSession(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 8)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code
	user := w.host.User("late")
	redeem := func(c party.Caller, sessionID string) error {
		_, err := w.invites.Redeem(ctx, c, code, sessionID)
		return err
	}
	web := party.Caller{UserID: user, Username: "late"}
	w.refused(redeem(web, ""), party.NoLiveSession)
	one := w.host.Connect(user)
	two := w.host.Connect(user)
	w.refused(redeem(web, ""), party.SessionAmbiguous)
	for _, wrong := range []string{"nonsense", p[0].SessionID} {
		err := redeem(web, wrong)
		if w.refused(err, party.InvalidRequest); !strings.Contains(err.Error(), "session_id: ") {
			t.Errorf("Redeem with session %q = %v; want session_id named", wrong, err)
		}
		w.refused(redeem(caller(one), wrong), party.InvalidRequest)
	}
	w.must(redeem(web, two.SessionID))
	w.members(id, p[0], two)
	w.must(redeem(web, ""))                                 // in already, with whichever session
	w.must(redeem(caller(one), two.SessionID))              // names the session that is in
	w.refused(redeem(caller(one), ""), party.AlreadyMember) // the other session wants to enter too
	w.members(id, p[0], two)
	w.host.Disconnect(two)
	w.must(redeem(web, "")) // the only session left
	w.members(id, p[0], one)
}

func TestService_RedeemObjections(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(5)
	id := w.party(p[0], true, 4)
	w.must(w.join(p[1], id))
	code := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(2)}).Code

	w.host.Block(p[1].UserID, p[2].UserID) // a member blocks the user
	w.refused(w.redeem(p[2], code), party.Blocked)
	w.host.Block(p[3].UserID, p[0].UserID) // the user blocks the inviter
	w.refused(w.redeem(p[3], code), party.Blocked)
	w.conf.Parties.ReconnectGrace = time.Minute
	w.host.Disconnect(p[1])
	w.refused(w.redeem(p[2], code), party.Blocked) // a member who may come back
	back := w.host.Connect(p[1].UserID)
	w.must(w.join(back, id))
	w.host.PartyLeave(back, id)
	w.admission.Left(ctx, id, back)
	w.must(w.redeem(p[2], code))

	w.judge = func(q party.Question) error {
		if q.Action != rules.ActionJoin || !q.Invited || q.View.ID != id {
			t.Errorf("question = %+v; want an invited join", q)
		}
		return &party.Error{Reason: party.RuleDenied, Rule: "ready", Message: "Later."}
	}
	w.refused(w.redeem(p[4], code), party.RuleDenied)
	w.judge = nil
	if n := w.uses(p[0], id); n != 1 {
		t.Errorf("%d uses; want 1", n)
	}
	w.must(w.redeem(p[4], code))
}

func TestService_RedeemAsksOnlyWhatItNeeds(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(5)
	id := w.party(p[0], true, 8)
	for _, s := range p[1:4] {
		w.must(w.join(s, id))
		w.host.Befriend(p[4].UserID, s.UserID)
	}
	w.host.Befriend(p[4].UserID, p[0].UserID)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code
	reads, writes := w.host.Calls()
	w.must(w.redeem(p[4], code))
	w.must(w.redeem(p[4], code))
	if r, wr := w.host.Calls(); r-reads != 0 || wr-writes != 1 {
		t.Errorf("redeeming twice costs %d reads and %d writes; want 0 and 1", r-reads, wr-writes)
	}
	if n := w.host.FriendLookups(); n != 1 {
		t.Errorf("%d look-ups of friends for a user who is friends with everybody; want 1", n)
	}
}

// A node uses its cached record, but nobody enters by an invite that another node has ended or used up since.
func TestService_RedeemWhatAnotherNodeHasEnded(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(4)
	id := w.party(p[0], false, 4)
	revoked := w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code
	once := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: new(1)}).Code
	elsewhere := w.start()
	if _, err := elsewhere.invites.Redeem(t.Context(), caller(p[1]), once, ""); err != nil {
		t.Fatal(err)
	}
	w.must(elsewhere.invites.Revoke(t.Context(), caller(p[0]), "", revoked))
	w.refused(w.redeem(p[2], revoked), party.InviteRevoked)
	w.refused(w.redeem(p[2], once), party.InviteExhausted)
	if n := len(w.host.Members(id)); n != 2 {
		t.Errorf("%d members; want 2", n)
	}
}

// A game that redeems twice at once enters by one of the calls. The other call reports success too, even if the
// invite is revoked in between.
func TestService_RedeemTwiceAroundARevoke(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 4)
	c := w.create(p[0], party.InviteRequest{PartyID: id.String()})
	w.judge = func(party.Question) error { // when the first call has read the invite but not yet used it
		w.judge = nil
		if err := w.redeem(p[1], c.Code); err != nil {
			t.Error(err)
		}
		return w.invites.Revoke(t.Context(), caller(p[0]), c.ID, "")
	}
	if err := w.redeem(p[1], c.Code); err != nil {
		t.Errorf("the call of a member = %v; want no refusal", err)
	}
	if in := w.host.Members(id); len(in) != 2 {
		t.Errorf("%d members; want 2", len(in))
	}
}

func TestService_RedeemAfterAKick(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], true, 4)
	before := w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code
	w.must(w.redeem(p[1], before))
	w.host.PartyLeave(p[1], id)
	w.must(w.admission.Kicked(ctx, id, p[1]))
	w.refused(w.redeem(p[1], before), party.Banned)
	w.clock.Advance(time.Millisecond)                                                                       // within the same second
	w.refused(w.redeem(p[1], w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code), party.Banned) // a link for everybody
	after := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}}).Code
	w.must(w.redeem(p[1], after))
	w.members(id, p...)
}

// After a kick no invite holds a seat for the kicked user, on any node, however they came in before. After the ban
// the invite lets them in if there is a free seat.
func TestService_AKickEndsTheHeldSeat(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(4)
	id := w.party(p[0], true, 3)
	named := w.create(p[0], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID, p[2].UserID}, HoldSeat: true, TTLSec: ptr[int64](3600)})
	w.must(w.join(p[1], id)) // not by the invite
	w.host.PartyLeave(p[1], id)
	w.must(w.admission.Kicked(ctx, id, p[1]))
	w.held(id, 1)
	w.settled()
	w.node = w.start()
	w.held(id, 1)
	w.must(w.join(p[3], id))
	w.refused(w.redeem(p[1], named.Code), party.Banned)
	w.clock.Advance(w.conf.Parties.KickBan)
	w.refused(w.redeem(p[1], named.Code), party.PartyFull)
	w.must(w.redeem(p[2], named.Code))
	w.host.PartyLeave(p[3], id)
	w.admission.Left(ctx, id, p[3])
	w.must(w.redeem(p[1], named.Code))
	w.members(id, p[0], p[2], p[1])
}

func TestService_RedeemFollowsTheInviter(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(3)
	first := w.party(p[0], false, 4)
	code := w.create(p[0], party.InviteRequest{PartyID: first.String(), FollowInviter: true}).Code
	other := w.party(p[2], true, 4)
	w.must(w.join(p[0], other))
	got, err := w.invites.Redeem(ctx, caller(p[1]), code, "")
	if err != nil || got.PartyID != other.String() {
		t.Errorf("Redeem = %+v, %v; want the party joined last, %v", got, err, other)
	}
	w.members(other, p...)
	w.members(first, p[0])
	w.host.Disconnect(p[0])
	w.refused(w.redeem(w.host.Player("late"), code), party.PartyNotFound)
}

// The inviter's latest party ends during a redemption. The inviter is still in the previous one, and the link leads
// there.
func TestService_RedeemFollowsThroughAnEnd(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	stays, ends := w.party(p[0], true, 4), w.party(p[0], true, 4)
	code := w.create(p[0], party.InviteRequest{PartyID: stays.String(), FollowInviter: true, MaxUses: ptr(1)}).Code
	w.closeOnClaim(ends)
	got, err := w.invites.Redeem(t.Context(), caller(p[1]), code, "")
	w.must(err)
	if got.PartyID != stays.String() {
		t.Errorf("redeemed into %s; want %s, as %s has ended", got.PartyID, stays, ends)
	}
	w.members(stays, p[0], p[1])
	if uses := w.uses(p[0], stays); uses != 1 {
		t.Errorf("uses = %d; want 1", uses)
	}
}

func TestService_RedeemOneParty(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 4)
	own := w.party(p[1], false, 4)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(1)}).Code
	w.conf.Parties.OnePerUser = rules.OnePartyOnly
	w.refused(w.redeem(p[1], code), party.AlreadyInParty)
	if n := w.uses(p[0], id); n != 0 {
		t.Errorf("%d uses; want 0", n)
	}
	w.conf.Parties.OnePerUser = rules.LeavePrevious
	w.must(w.redeem(p[1], code))
	w.members(id, p...)
	w.members(own)
}

func TestService_GuessesAreCounted(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	w.conf.Limits.InviteGuess = rules.GuessLimits{PerUser: rules.Rate{N: 5, Per: time.Minute}, PerIP: rules.Rate{N: 8, Per: time.Minute}}
	p := w.host.Players(4)
	id := w.party(p[0], false, 8)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code
	for i := range 5 {
		w.must(w.redeem(p[1], code)) // a right guess resets nothing
		if _, err := w.invites.Preview(ctx, caller(p[1]), code); err != nil {
			t.Fatal(err)
		}
		wrong := []string{"0000000000000000", "nonsense"}[i%2]
		if i%2 == 0 {
			w.refused(w.redeem(p[1], wrong), party.InviteNotFound)
		} else {
			w.refused(w.invites.Decline(ctx, caller(p[1]), wrong), party.InviteNotFound)
		}
	}
	w.refused(w.redeem(p[1], code), party.RateLimited) // otherwise guessing could continue
	_, err := w.invites.Preview(ctx, caller(p[1]), code)
	w.refused(err, party.RateLimited)
	// The address has used five of its eight guesses.
	for range 3 {
		_, err := w.invites.PublicPreview(ctx, "0000000000000000", "192.0.2.1")
		w.refused(err, party.InviteNotFound)
	}
	_, err = w.invites.PublicPreview(ctx, code, "192.0.2.1")
	w.refused(err, party.RateLimited)
	_, err = w.invites.PublicPreview(ctx, code, "192.0.2.2")
	w.must(err)
	w.clock.Advance(12 * time.Second)
	w.must(w.redeem(p[1], code))
}

// If a link contains other words that spell codes, it leads to the invite that exists. Each other word that is tried
// first counts as a wrong guess. Otherwise a player could add a known code and guess for free.
func TestService_ReadingsAreGuesses(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 8)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String(), Kind: party.CodeInvite}).Code
	for _, link := range []string{"mygame://join/%s/12345678", "mygame://join/%s?ts=176459283012", "mygame://12345678/23456789/34567890/%s"} {
		w.must(w.redeem(p[1], fmt.Sprintf(link, code)))
	}
	w.conf.Limits.InviteGuess = rules.GuessLimits{PerUser: rules.Rate{N: 3, Per: time.Minute}, PerIP: rules.Rate{N: 6, Per: time.Minute}}
	behind := fmt.Sprintf("mygame://%s/23456789/34567890/45678901", code)
	_, err := w.invites.Preview(ctx, caller(p[1]), behind)
	w.must(err)
	_, err = w.invites.Preview(ctx, caller(p[1]), code)
	w.refused(err, party.RateLimited)
	_, err = w.invites.PublicPreview(ctx, behind, "192.0.2.1")
	w.must(err)
	_, err = w.invites.PublicPreview(ctx, code, "192.0.2.1")
	w.refused(err, party.RateLimited)
}

// An inviter leaves, and the held seats become free. They stay free when the inviter comes back, also for a process
// that has seen nothing of it.
func TestService_HeldSeatsOfAMakerWhoLeft(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(4)
	id := w.party(p[0], true, 3)
	w.must(w.join(p[2], id))
	held := w.create(p[0], party.InviteRequest{PartyID: id.String(), HoldSeat: true, ForUserIDs: []string{p[1].UserID}})
	w.refused(w.join(p[3], id), party.PartyFull)
	w.host.PartyLeave(p[0], id)
	w.admission.Left(t.Context(), id, p[0])
	w.must(w.join(p[0], id))
	w.settled()
	w.held(id, 0)
	w.must(w.redeem(p[1], held.Code)) // the invite can still be used, but holds no seat
	w.host.PartyLeave(p[1], id)
	w.admission.Left(t.Context(), id, p[1])
	w.must(w.join(p[3], id))
}

func TestService_HeldSeats(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	p := w.host.Players(5)
	id := w.party(p[0], true, 4)
	held := w.create(p[0], party.InviteRequest{PartyID: id.String(), HoldSeat: true, ForUserIDs: []string{p[1].UserID, p[2].UserID}})
	anybody := w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code
	w.held(id, 2)
	w.must(w.redeem(p[3], anybody))
	w.refused(w.redeem(p[4], anybody), party.PartyFull)
	w.refused(w.join(p[4], id), party.PartyFull)
	elsewhere := w.start() // a node that has not seen the party
	if n, err := elsewhere.admission.Held(ctx, id); err != nil || n != 2 {
		t.Errorf("Held on another node = %d, %v; want 2", n, err)
	}
	w.must(w.invites.Decline(ctx, caller(p[1]), held.Code))
	w.held(id, 1)
	if n, err := elsewhere.admission.Held(ctx, id); err != nil || n != 1 {
		t.Errorf("Held on another node = %d, %v; want 1", n, err)
	}
	w.must(w.redeem(p[4], anybody))
	w.refused(w.redeem(p[1], held.Code), party.PartyFull) // declined, so no seat is held
	for range 2 {
		w.must(w.redeem(p[2], held.Code))
	}
	w.held(id, 0)
	w.members(id, p[0], p[3], p[4], p[2])
	if !slices.Equal(w.awaited, []string{p[2].UserID}) {
		t.Errorf("a seat of the match was kept for %q; want it to be for who came on a held one, once", w.awaited)
	}

	w.host.PartyLeave(p[4], id)
	w.admission.Left(ctx, id, p[4])
	again := w.create(p[0], party.InviteRequest{PartyID: id.String(), HoldSeat: true, ForUserIDs: []string{p[1].UserID}})
	w.refused(w.redeem(p[4], anybody), party.PartyFull)
	w.must(w.invites.Revoke(ctx, caller(p[0]), again.ID, ""))
	w.must(w.redeem(p[4], anybody))
}

func TestService_HeldSeatsEndWithTheInvite(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], true, 2)
	w.create(p[0], party.InviteRequest{PartyID: id.String(), HoldSeat: true, TTLSec: ptr(int64(30)), ForUserIDs: []string{p[1].UserID}})
	w.refused(w.join(p[2], id), party.PartyFull)
	w.clock.Advance(30 * time.Second)
	w.must(w.join(p[2], id))
}

func TestService_HeldSeatOfAFollowedInviter(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	first := w.party(p[0], true, 2)
	code := w.create(p[0], party.InviteRequest{PartyID: first.String(), HoldSeat: true, FollowInviter: true, ForUserIDs: []string{p[1].UserID}}).Code
	w.held(first, 1)
	other := w.party(p[0], true, 2)
	w.must(w.redeem(p[1], code))
	w.members(other, p[0], p[1])
	w.held(first, 0)
}
