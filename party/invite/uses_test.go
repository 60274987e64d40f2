package invite_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
)

// crowd lets all players redeem at once, on all nodes, and returns how many came in.
func (w *world) crowd(players []party.Session, code string, refusals []party.Reason, nodes ...node) int {
	w.t.Helper()
	var in atomic.Int32
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i, s := range players {
		n := nodes[i%len(nodes)]
		wg.Go(func() {
			<-start
			_, err := n.invites.Redeem(w.t.Context(), caller(s), code, "")
			if err == nil {
				in.Add(1)
				return
			}
			for _, r := range refusals {
				if party.ReasonOf(err) == r {
					return
				}
			}
			w.t.Errorf("Redeem = %v; want one of %v", err, refusals)
		})
	}
	close(start)
	wg.Wait()
	return int(in.Load())
}

func TestService_TwoHundredRedeemsOfOneUse(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(201)
	id := w.party(p[0], false, 256)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(1)}).Code
	if in := w.crowd(p[1:], code, []party.Reason{party.InviteExhausted}, w.node); in != 1 {
		t.Errorf("%d redeemed; want 1", in)
	}
	if n := len(w.host.Members(id)); n != 2 {
		t.Errorf("%d members; want 2", n)
	}
}

func TestService_CrowdOfAnInviteWithoutLimit(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(201)
	id := w.party(p[0], false, 256)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code
	if in := w.crowd(p[1:], code, nil, w.node); in != 200 {
		t.Errorf("%d redeemed; want 200", in)
	}
	if n := w.uses(p[0], id); n != 200 {
		t.Errorf("%d uses; want 200", n)
	}
	for _, value := range w.host.Values() {
		if len(value) > 8<<10 {
			t.Errorf("a record of %d bytes; want it bounded", len(value))
		}
	}
}

func TestService_UsesAreExactOverNodes(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(61)
	id := w.party(p[0], false, 256)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(7)}).Code
	in := w.crowd(p[1:], code, []party.Reason{party.InviteExhausted}, w.node, w.start())
	if in != 7 || w.uses(p[0], id) != 7 || len(w.host.Members(id)) != 8 {
		t.Errorf("%d redeemed, %d uses, %d members; want 7, 7 and 8", in, w.uses(p[0], id), len(w.host.Members(id)))
	}
}

func TestService_SeatsAndUsesTogether(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(51)
	id := w.party(p[0], false, 4)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(10)}).Code
	in := w.crowd(p[1:], code, []party.Reason{party.PartyFull, party.InviteExhausted}, w.node)
	if in != 3 || w.uses(p[0], id) != 3 {
		t.Errorf("%d redeemed, %d uses; want 3 and 3", in, w.uses(p[0], id))
	}
	w.members(id, w.host.Members(id)...)
}

func TestService_SameUserFromEverywhere(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 8)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(2)}).Code
	var sessions []party.Session
	for range 20 {
		sessions = append(sessions, w.host.Connect(p[1].UserID))
	}
	in := w.crowd(sessions, code, []party.Reason{party.AlreadyMember}, w.node)
	if in != 1 || w.uses(p[0], id) != 1 || len(w.host.Members(id)) != 2 {
		t.Errorf("%d redeemed, %d uses; want 1 and 1", in, w.uses(p[0], id))
	}
}

// closeOnClaim ends the party at the moment when the claim has been written.
func (w *world) closeOnClaim(id party.ID) {
	var once sync.Once
	w.host.AfterWrite = func([]*runtime.StorageWrite) error {
		once.Do(func() { w.host.PartyClose(id) })
		return nil
	}
}

func TestService_FailedAdmissionGivesTheUseBack(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(4)
	first := w.party(p[0], false, 4)
	code := w.create(p[0], party.InviteRequest{PartyID: first.String(), MaxUses: ptr(1), FollowInviter: true}).Code
	w.closeOnClaim(first)
	w.refused(w.redeem(p[1], code), party.PartyNotFound)
	w.party(p[0], false, 4)
	w.must(w.redeem(p[2], code))
	w.refused(w.redeem(p[3], code), party.InviteExhausted)
}

var errAway = errors.New("database is away")

func TestService_RefundIsTriedUntilItSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(4)
		first := w.party(p[0], false, 4)
		code := w.create(p[0], party.InviteRequest{PartyID: first.String(), MaxUses: ptr(1), FollowInviter: true}).Code
		w.closeOnClaim(first)
		var away atomic.Bool
		claimed := false
		w.host.BeforeWrite = func([]*runtime.StorageWrite) error {
			if !claimed {
				claimed = true
				away.Store(true) // right after the claim
				return nil
			}
			if away.Load() {
				return errAway
			}
			return nil
		}
		w.refused(w.redeem(p[1], code), party.PartyNotFound)
		w.party(p[0], false, 4)
		time.Sleep(10 * time.Minute) // of the bubble's clock
		w.refused(w.redeem(p[2], code), party.InviteExhausted)
		away.Store(false)
		time.Sleep(time.Minute)
		w.must(w.redeem(p[2], code))
		w.refused(w.redeem(p[3], code), party.InviteExhausted)
		w.invites.Close()
	})
}

func TestService_RefundAfterTheEndIsGivenUp(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 4)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(1)}).Code
	w.host.AfterWrite = func([]*runtime.StorageWrite) error {
		w.invites.Close() // while the claim is being written
		w.host.BeforeWrite = func([]*runtime.StorageWrite) error { return errAway }
		return errAway
	}
	if err := w.redeem(p[1], code); !errors.Is(err, errAway) {
		t.Errorf("Redeem = %v; want %v", err, errAway)
	}
	w.invites.Close() // nothing is running any more
}

func TestService_RefundComesTooLateForATakenClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		p := w.host.Players(3)
		first := w.party(p[0], false, 4)
		code := w.create(p[0], party.InviteRequest{PartyID: first.String(), MaxUses: ptr(1), FollowInviter: true}).Code
		w.closeOnClaim(first)
		writes := 0
		w.host.BeforeWrite = func([]*runtime.StorageWrite) error {
			if writes++; writes == 2 {
				return errAway // the first try of the refund
			}
			return nil
		}
		w.refused(w.redeem(p[1], code), party.PartyNotFound)
		w.party(p[0], false, 4)
		w.must(w.redeem(p[1], code)) // takes over its own claim
		time.Sleep(time.Minute)      // the refund must find nothing to give back
		w.refused(w.redeem(p[2], code), party.InviteExhausted)
		w.invites.Close()
	})
}

func TestService_ClaimWhoseAnswerIsLost(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], false, 4)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(1)}).Code
	var once sync.Once
	w.host.AfterWrite = func([]*runtime.StorageWrite) (err error) {
		once.Do(func() { err = errAway }) // the claim is written, but the answer is lost
		return err
	}
	if err := w.redeem(p[1], code); !errors.Is(err, errAway) || party.ReasonOf(err) != party.Internal {
		t.Errorf("Redeem = %v; want %v", err, errAway)
	}
	w.members(id, p[0])
	w.must(w.redeem(p[2], code)) // the use came back
	w.refused(w.redeem(p[1], code), party.InviteExhausted)
}

// crash is the panic value by which a test ends a redemption between two steps.
type crash struct{}

func TestService_CrashBetweenClaimAndAdmission(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], false, 4)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(1)}).Code
	w.host.AfterWrite = func([]*runtime.StorageWrite) error {
		w.host.BeforeWrite = func([]*runtime.StorageWrite) error { panic(crash{}) } // nothing is written any more
		panic(crash{})
	}
	w.crashes(func() { w.must(w.redeem(p[1], code)) })
	w.invites.Close()
	w.host.BeforeWrite, w.host.AfterWrite = nil, nil
	w.members(id, p[0])
	w.node = w.start()
	w.refused(w.redeem(p[2], code), party.InviteExhausted) // the use belongs to the user who claimed it
	w.must(w.redeem(p[1], code))
	w.members(id, p[0], p[1])
	if n := w.uses(p[0], id); n != 1 {
		t.Errorf("%d uses; want 1", n)
	}
}

// crashes calls do and recovers from its crash.
func (w *world) crashes(do func()) {
	w.t.Helper()
	defer func() {
		if r := recover(); r != (crash{}) {
			w.t.Errorf("recovered %v; want the crash", r)
		}
	}()
	do()
}

func TestService_PanicGivesTheUseBack(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], false, 4)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String(), MaxUses: ptr(1)}).Code
	var once sync.Once
	w.host.AfterWrite = func([]*runtime.StorageWrite) error {
		once.Do(func() { panic(crash{}) }) // the claim is written
		return nil
	}
	w.crashes(func() { _ = w.redeem(p[1], code) })
	w.members(id, p[0])
	w.must(w.redeem(p[2], code))
	w.refused(w.redeem(p[1], code), party.InviteExhausted)
}

// A member leaves, and the host panics while the seats of their invites are released. Nothing else fails.
func TestService_PanicBehindALeave(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], true, 4)
	w.must(w.join(p[1], id))
	w.create(p[1], party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[2].UserID}, HoldSeat: true})
	w.host.BeforeWrite = func([]*runtime.StorageWrite) error { panic("host") }
	w.host.PartyLeave(p[1], id)
	w.admission.Left(t.Context(), id, p[1])
	if _, err := w.admission.Look(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	w.invites.Close()
	if !slices.ContainsFunc(w.log.Lines(), func(l string) bool { return strings.Contains(l, "held seat of an invite not released") }) {
		t.Errorf("log = %q; want what has failed", w.log.Lines())
	}
}

func TestService_PanicLeavesNothingLocked(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 4)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code
	w.host.BeforeWrite = func([]*runtime.StorageWrite) error { panic(crash{}) }
	w.crashes(func() { _ = w.redeem(p[1], code) })
	w.host.BeforeWrite = nil
	w.must(w.redeem(p[1], code))
}

func TestService_CallerGoesAwayWhileAUseIsGivenBack(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	first := w.party(p[0], false, 4)
	code := w.create(p[0], party.InviteRequest{PartyID: first.String(), MaxUses: ptr(1), FollowInviter: true}).Code
	ctx, cancel := context.WithCancel(t.Context())
	var once sync.Once
	w.host.AfterWrite = func([]*runtime.StorageWrite) error {
		once.Do(func() { w.host.PartyClose(first); cancel() })
		return nil
	}
	_, err := w.invites.Redeem(ctx, caller(p[1]), code, "")
	w.refused(err, party.PartyNotFound)
	w.party(p[0], false, 4)
	w.must(w.redeem(p[2], code))
}

func TestService_ConflictAfterTooManyLostRaces(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(2)
	id := w.party(p[0], false, 4)
	code := w.create(p[0], party.InviteRequest{PartyID: id.String()}).Code
	tries := 0
	w.host.BeforeWrite = func([]*runtime.StorageWrite) error { tries++; return runtime.ErrStorageRejectedVersion }
	w.refused(w.redeem(p[1], code), party.Conflict)
	if tries < 2 || tries > 50 {
		t.Errorf("%d tries; want several, but not without end", tries)
	}
	w.members(id, p[0])
}

// A seat that was held for a user who came is not held for them after they leave, on any node.
func TestService_HoldsNoSeatForWhoCame(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(p[0], false, 4)
	made := w.create(p[0], party.InviteRequest{PartyID: id.String(), HoldSeat: true, ForUserIDs: []string{p[1].UserID, p[2].UserID}})
	w.held(id, 2)
	w.must(w.redeem(p[1], made.Code))
	w.held(id, 1)
	w.host.PartyLeave(p[1], id)
	w.admission.Left(t.Context(), id, p[1])
	w.held(id, 1)
	w.node = w.start()
	w.held(id, 1)
}
