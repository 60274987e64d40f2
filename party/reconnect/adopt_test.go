package reconnect_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/reserve"
)

// allAway makes a party whose members have all come back and been told that one of them has to create it.
func allAway(t *testing.T, players int) (w *world, clock *partytest.Time, id party.ID, back []party.Session) {
	t.Helper()
	clock = partytest.NewTime()
	w = newWorld(t, clock.Now)
	w.clients = true
	p := w.host.Players(players)
	id = w.party(false, 3, p...)
	for _, s := range p {
		w.drop(s)
	}
	for _, s := range p {
		again := w.host.Connect(s.UserID)
		w.wantOffered(again, id)
		back = append(back, again)
	}
	return w, clock, id, back
}

// wantOffered resumes a session, and checks that its client has to create the party.
func (w *world) wantOffered(s party.Session, id party.ID) {
	w.t.Helper()
	if got, err := w.resume(s); err != nil || got != (party.Resumption{PartyID: id.String()}) {
		w.t.Fatalf("Resume = %+v, %v; want that a client creates it", got, err)
	}
}

// createContinued runs the host's creation of the party with these facts, and checks that it succeeds.
func (w *world) createContinued(s party.Session, f party.Facts) party.ID {
	w.t.Helper()
	made := w.host.PartyCreate(s, f.Open, f.MaxSize)
	w.must(w.admission.EndCreate(w.t.Context(), s, made))
	id, err := party.ParseID(made.PartyId)
	w.must(err)
	return id
}

// askBeforeCreate runs the question before a creation that continues the party.
func (w *world) askBeforeCreate(s party.Session) party.Facts {
	w.t.Helper()
	facts, offered, err := w.admission.BeginCreate(w.t.Context(), s)
	if err != nil || !offered || facts.MaxSize != 3 || facts.Open {
		w.t.Fatalf("BeginCreate = %+v, %v, %v; want the party that was", facts, offered, err)
	}
	return facts
}

func (w *world) creationRefused(s party.Session, want party.Reason) {
	w.t.Helper()
	_, _, err := w.admission.BeginCreate(w.t.Context(), s)
	w.refused(err, want)
}

// One client creates the party again. All others come back into this one.
func TestAdopted_ByOneOfThem(t *testing.T) {
	w, _, id, back := allAway(t, 3)
	if _, offered, err := w.admission.Offered(t.Context(), back[0]); err != nil || !offered {
		t.Fatalf("Offered = %v, %v; want the party that was", offered, err)
	}
	w.creationRefused(back[1], party.AlreadyInParty) // from the question on
	facts := w.askBeforeCreate(back[0])
	w.creationRefused(back[1], party.AlreadyInParty)
	w.wantOffered(back[1], id)
	w.clients = false // the module creates no other one meanwhile either
	w.wantOffered(back[2], id)
	now := w.createContinued(back[0], facts)
	if w.admission.Current(id) != now {
		t.Errorf("the party is %v; want %v", w.admission.Current(id), now)
	}
	w.creationRefused(back[1], party.AlreadyInParty)
	for _, s := range back[1:] {
		if got, err := w.resume(s); err != nil || got != (party.Resumption{PartyID: now.String(), Joined: true}) {
			t.Errorf("Resume = %+v, %v; want %v", got, err, now)
		}
	}
	w.members(now, 0, back...)
	w.nothingLeft()
}

// A failed creation blocks nobody.
func TestAdopted_NotAfterAll(t *testing.T) {
	for name, ends := range map[string]func(*world, *partytest.Time, party.Session){
		"refused": func(w *world, _ *partytest.Time, s party.Session) { w.admission.Settle(s) },
		"never":   func(_ *world, clock *partytest.Time, _ party.Session) { clock.Advance(reserve.PendingTTL) },
		"dropped": func(w *world, _ *partytest.Time, s party.Session) { w.drop(s) },
	} {
		t.Run(name, func(t *testing.T) {
			w, clock, id, back := allAway(t, 2)
			w.askBeforeCreate(back[0])
			ends(w, clock, back[0])
			now := w.createContinued(back[1], w.askBeforeCreate(back[1]))
			w.members(now, 1, back[1])
			w.members(w.admission.Current(id), 1, back[1])
		})
	}
}

// An unused offer does not stay for longer than a seat.
func TestAdopted_OfferIsOver(t *testing.T) {
	w, clock, _, back := allAway(t, 2)
	clock.Advance(time.Hour)
	w.must(w.admission.Sweep(t.Context()))
	before, _ := w.host.Calls()
	_, offered, err := w.admission.BeginCreate(t.Context(), back[0])
	if reads, _ := w.host.Calls(); offered || err != nil || reads != before {
		t.Errorf("BeginCreate = %v, %v after %d reads; want a party like any other, and no read", offered, err, reads-before)
	}
}

// If another node was faster, the superfluous party ends at once, and its creator finds the seat.
func TestAdopted_OnAnotherNode(t *testing.T) { synctest.Test(t, testAdoptedOnAnotherNode) }

func testAdoptedOnAnotherNode(t *testing.T) {
	w, _, id, back := allAway(t, 2)
	here, there := w.node, w.newNode()
	facts := w.askBeforeCreate(back[0])
	w.node = there
	w.wantOffered(back[1], id)
	now := w.createContinued(back[1], w.askBeforeCreate(back[1]))
	w.node = here
	made := w.host.PartyCreate(back[0], facts.Open, facts.MaxSize)
	w.refused(w.admission.EndCreate(t.Context(), back[0], made), party.PartyNotFound)
	stray, err := party.ParseID(made.PartyId)
	w.must(err)
	if in := w.host.Members(stray); len(in) != 0 {
		t.Errorf("members of the party too many are %v; want none", in)
	}
	time.Sleep(party.NewcomerAfter)
	synctest.Wait()
	closed := slices.ContainsFunc(w.host.Sent(), func(m partytest.Sent) bool {
		return m.Envelope.GetPartyClose().GetPartyId() == made.PartyId && slices.Equal(m.To, []string{back[0].SessionID})
	})
	if !closed {
		t.Error("its creator was not told that it is over")
	}
	if got, err := w.resume(back[0]); err != nil || got != (party.Resumption{PartyID: now.String(), Joined: true}) {
		t.Errorf("Resume = %+v, %v; want %v", got, err, now)
	}
	w.members(now, 0, back[1], back[0])
}

// silentAfterWrite is storage that does not answer the first read after the last write.
type silentAfterWrite struct {
	party.Storage
	armed, fails *bool
}

func (u silentAfterWrite) MultiUpdate(ctx context.Context, accounts []*runtime.AccountUpdate, writes []*runtime.StorageWrite, deletes []*runtime.StorageDelete, wallets []*runtime.WalletUpdate, ledger bool) ([]*api.StorageObjectAck, []*runtime.WalletUpdateResult, error) {
	*u.fails, *u.armed = *u.armed, false
	return u.Storage.MultiUpdate(ctx, accounts, writes, deletes, wallets, ledger)
}

func (u silentAfterWrite) StorageRead(ctx context.Context, reads []*runtime.StorageRead) ([]*api.StorageObject, error) {
	if *u.fails {
		*u.fails = false
		return nil, errStorage
	}
	return u.Storage.StorageRead(ctx, reads)
}

// If storage does not answer what seats the party keeps, the creator leaves the new party, and all seats stay kept.
func TestAdopted_StorageDoesNotAnswer(t *testing.T) {
	storage := silentAfterWrite{armed: new(bool), fails: new(bool)}
	w := newWorld(t, partytest.NewTime().Now)
	w.clients = true
	storage.Storage = w.host
	w.restartWith(storage, w.host)
	p := w.host.Players(2)
	id := w.party(false, 3, p...)
	w.drop(p[0])
	w.drop(p[1])
	back := w.host.Connect(p[0].UserID)
	w.wantOffered(back, id)
	facts := w.askBeforeCreate(back)
	made := w.host.PartyCreate(back, facts.Open, facts.MaxSize)
	*storage.armed = true
	w.refused(w.admission.EndCreate(t.Context(), back, made), party.Internal)
	stray, err := party.ParseID(made.PartyId)
	w.must(err)
	if in := w.host.Members(stray); len(in) != 0 {
		t.Errorf("members of a party that nobody could look into are %v; want none", in)
	}
	w.wantOffered(back, id)
	w.members(w.createContinued(back, w.askBeforeCreate(back)), 1, back)
}

// A player who has come back in another way, or does not come back, creates a party of their own.
func TestAdopted_NotOfferedAnyMore(t *testing.T) {
	for name, gives := range map[string]func(w *world, id party.ID, s, other party.Session){
		"left when everybody was away": func(w *world, id party.ID, s, _ party.Session) { w.leave(s, id) },
		"left when others were back": func(w *world, _ party.ID, s, other party.Session) {
			w.leave(s, w.createContinued(other, w.askBeforeCreate(other)))
		},
		"came back and left": func(w *world, _ party.ID, s, other party.Session) {
			now := w.createContinued(other, w.askBeforeCreate(other))
			_, err := w.resume(s)
			w.must(err)
			w.leave(s, now)
		},
		"came back, and all dropped": func(w *world, _ party.ID, s, other party.Session) {
			w.createContinued(other, w.askBeforeCreate(other))
			_, err := w.resume(s)
			w.must(err)
			w.drop(other)
			w.drop(s)
		},
		"is in another party": func(w *world, _ party.ID, s, _ party.Session) {
			w.must(w.join(s, w.party(true, 3, w.host.Player("stranger"))))
		},
		"has another party": func(w *world, _ party.ID, s, other party.Session) {
			w.createContinued(other, w.askBeforeCreate(other))
			w.creationRefused(s, party.AlreadyInParty)
			w.party(true, 4, s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, _, id, back := allAway(t, 2)
			gives(w, id, back[0], back[1])
			again := w.host.Connect(back[0].UserID)
			if facts, offered, err := w.admission.BeginCreate(t.Context(), again); offered || err != nil {
				t.Errorf("BeginCreate = %+v, %v, %v; want a party of their own", facts, offered, err)
			}
			if own := w.createContinued(again, party.Facts{Open: true, MaxSize: 8}); w.admission.Current(id) == own {
				t.Error("the party goes on in that one")
			}
		})
	}
}

// A party of one seat has no room for the module's own session.
func TestAdopted_Alone(t *testing.T) {
	w := newWorld(t, time.Now)
	p := w.host.Players(1)
	id := w.party(false, 1, p[0])
	w.drop(p[0])
	again := w.host.Connect(p[0].UserID)
	w.wantOffered(again, id)
	facts, offered, err := w.admission.BeginCreate(t.Context(), again)
	if err != nil || !offered || facts.MaxSize != 1 || facts.Open {
		t.Fatalf("BeginCreate = %+v, %v, %v", facts, offered, err)
	}
	now := w.createContinued(again, facts)
	w.members(now, 0, again)
	if w.admission.Current(id) != now {
		t.Errorf("the party is %v; want %v", w.admission.Current(id), now)
	}
}
