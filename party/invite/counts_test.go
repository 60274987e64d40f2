package invite_test

import (
	"context"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/rules"
)

// TestService_CreatesAtOnceOfManyNamed: an invite counts for all named users while it is being made, so that
// concurrent calls cannot exceed the limit.
func TestService_CreatesAtOnceOfManyNamed(t *testing.T) {
	w := newWorld(t)
	w.conf.Limits.InviteCreate = rules.Rate{N: 10, Per: time.Minute}
	p := w.host.Players(101)
	id := w.party(p[0], true, 8)
	var users []string
	for _, s := range p[1:] {
		users = append(users, s.UserID)
	}
	req := party.InviteRequest{PartyID: id.String(), ForUserIDs: users} // costs ten tokens, which is all of them
	var others []error
	asked := 0
	w.judge = func(party.Question) error { // while one call is running, the next begins
		if asked++; asked < 12 {
			_, err := w.invites.Create(context.Background(), caller(p[0]), req)
			others = append(others, err)
		}
		return nil
	}
	_, err := w.invites.Create(t.Context(), caller(p[0]), req)
	w.must(err)
	made := 1
	for _, err := range others {
		if err == nil {
			made++
		}
	}
	if made != 1 || len(w.host.Notices()) > 100 {
		t.Errorf("%d invites of 10 tokens each were made at once of 10 tokens, %d notices; want 1 and 100", made, len(w.host.Notices()))
	}
}

// TestService_CreateCountsThoughTellingPanics: an invite that was made counts, even if its notification panics.
func TestService_CreateCountsThoughTellingPanics(t *testing.T) {
	w := newWorld(t)
	w.conf.Limits.InviteCreate = rules.Rate{N: 2, Per: time.Minute}
	p := w.host.Players(2)
	id := w.party(p[0], true, 8)
	for range 5 {
		writes := 0
		w.host.BeforeWrite = func([]*runtime.StorageWrite) error {
			if writes++; writes == 2 { // the first write is the invite, the second is the list of notified users
				panic("as asked")
			}
			return nil
		}
		func() {
			defer func() { _ = recover() }() // as the guard of every call does
			_, _ = w.invites.Create(t.Context(), caller(p[0]), party.InviteRequest{PartyID: id.String(), ForUserIDs: []string{p[1].UserID}})
		}()
	}
	w.host.BeforeWrite = nil
	rows, err := w.invites.List(t.Context(), caller(p[0]), id.String())
	if err != nil || len(rows) != 2 {
		t.Errorf("%d invites are there, %v; want the 2 of the limit", len(rows), err)
	}
}
