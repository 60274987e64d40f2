package status_test

import (
	"testing"
	"testing/synctest"
	"time"

	"partyline/party/rules"
)

// A party that was not told that a player stalls is not told that they no longer stall.
func TestService_Stalled_neverHeard(t *testing.T) {
	for name, load := range map[string][]time.Duration{"before_it_was_told": {0}, "and_back": {time.Second, 10 * time.Minute}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, time.Now)
				stall := 10 * time.Second
				if len(load) > 1 {
					stall = 10 * time.Minute
				}
				w.rules(func(r *rules.Status) { r.Stall, r.Rate = stall, rules.Rate{N: 1, Per: time.Minute} })
				p := w.host.Players(2)
				id := w.party(4, p...)
				w.must(w.set(p[0], report(id, "downloading", 0.1)))
				time.Sleep(30 * time.Second)
				w.heard()
				for _, stall := range load {
					w.rules(func(r *rules.Status) { r.Stall = stall })
					w.status.RulesLoaded()
				}
				time.Sleep(2 * time.Minute)
				if told := w.heard(); len(told) > 0 {
					t.Errorf("heard %+v; want nothing, for nothing has changed for them", told)
				}
			})
		})
	}
}
