package reconnect_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/rules"
)

// stalls has the next writes of a party's record not come to an end until released.
func (w *world) stalls(id party.ID) (release func()) {
	stalled := make(chan struct{})
	w.host.BeforeWrite = func(writes []*runtime.StorageWrite) error {
		if slices.ContainsFunc(writes, func(o *runtime.StorageWrite) bool { return o.Key == id.UUID.String() }) {
			<-stalled
		}
		return nil
	}
	return func() { close(stalled) }
}

// inTime wants these to be done while storage stalls.
func (w *world) inTime(does map[string]func()) {
	w.t.Helper()
	for name, do := range does {
		done := make(chan struct{})
		go func() {
			defer close(done)
			do()
		}()
		synctest.Wait()
		select {
		case <-done:
		default:
			w.t.Errorf("%s waits for storage", name)
		}
	}
}

// Messages need no storage, and wait for no write of who is in the party. What is written meanwhile
// is not undone by that, whether it stalls itself or waits for that of another party of a member.
func TestStall_OfTheMembers(t *testing.T) {
	for name, ends := range map[string]func(w *world, id party.ID, p []party.Session) (back []party.Session){
		"a kick": func(w *world, id party.ID, p []party.Session) []party.Session {
			w.kick(p[0], p[1], id)
			return []party.Session{p[0], p[2]}
		},
		"a return": func(w *world, id party.ID, p []party.Session) []party.Session {
			p[1] = w.returns(p[1].UserID, id)
			return []party.Session{p[0], p[1], p[2]}
		},
		"the end": func(w *world, id party.ID, p []party.Session) []party.Session {
			w.host.PartyClose(id)
			w.admission.Closed(w.t.Context(), id)
			return nil
		},
	} {
		for _, waits := range []bool{false, true} {
			crashed(t, func(w *world, id party.ID, p []party.Session) {
				w.set(func(p *rules.Parties) { p.KickBan = time.Hour })
				late := w.host.Player("late")
				stalled, other := id, w.party(true, 5, late)
				if waits {
					stalled = other
				}
				if name == "a return" {
					w.drop(p[1])
				}
				release := w.stalls(stalled)
				time.Sleep(100 * time.Millisecond) // that of the other is written first
				w.must(w.admit(late, id))          // the members are to be written
				time.Sleep(time.Second)
				p = append(p, late)
				w.inTime(map[string]func(){
					"a leave": func() { w.leave(p[2], id) },
					"a look": func() {
						_, err := w.admission.Look(t.Context(), id)
						w.must(err)
					},
				})
				w.host.Disconnect(p[2])
				p = slices.Delete(p, 2, 3) // which a crash at once does not find written
				done := make(chan []party.Session, 1)
				go func() { done <- ends(w, id, p) }()
				synctest.Wait()
				release()
				back := <-done
				w.crash([]party.ID{id, other}, p...) // at once
				for _, s := range p {
					if waits && s == late { // who came in too late to be written
						continue
					}
					again := w.host.Connect(s.UserID)
					_, err := w.resume(again)
					if want := slices.Contains(back, s); slices.Contains(w.host.Members(w.admission.Current(id)), again) != want {
						t.Errorf("%s, waits %v, %s: %v; want to be back: %v", name, waits, s.Username, err, want)
					}
				}
			})
		}
	}
}

// silent is storage that does not answer the next reads, for as long as their contexts let it.
type silent struct {
	party.Storage
	reads int
}

func (s *silent) StorageRead(ctx context.Context, r []*runtime.StorageRead) ([]*api.StorageObject, error) {
	if s.reads--; s.reads >= 0 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Hour):
		}
	}
	return s.Storage.StorageRead(ctx, r)
}

// One connection to the database that is silent holds up a return for a moment, and nobody for as long.
func TestStall_OfARead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		storage := &silent{Storage: w.host}
		w.over(storage, w.host)
		p := w.host.Players(2)
		id := w.party(true, 4, p...)
		w.drop(p[0])
		w.drop(p[1])
		w.host.AfterWrite = func([]*runtime.StorageWrite) error {
			w.host.AfterWrite, storage.reads = nil, 1 // the one behind the write of the new ID
			return nil
		}
		began, first := time.Now(), w.host.Connect(p[0].UserID)
		if got, err := w.resume(first); err == nil {
			t.Errorf("Resume = %+v; want that storage does not answer", got)
		}
		if took := time.Since(began); took > minute/2 {
			t.Errorf("everybody is held up for %v", took)
		}
		_, err := w.resume(first)
		w.must(err)
		now := w.admission.Current(id)
		w.members(now, 0, first, w.returns(p[1].UserID, now))
	})
}
