package landing_test

import (
	"container/heap"
	"net/http"
	"runtime"
	"strconv"
	"testing"
	"time"

	"partyline/rpc/landing"
)

// moments is when each page asks next, the soonest first.
type moments []time.Time

func (m moments) Len() int           { return len(m) }
func (m moments) Less(i, j int) bool { return m[i].Before(m[j]) }
func (m moments) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *moments) Push(at any)       { *m = append(*m, at.(time.Time)) }
func (m *moments) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}

// Pages that come back when they are told ask no more often than the server can bear, however
// many are open; few are told nothing.
func TestPace(t *testing.T) {
	processors := runtime.GOMAXPROCS(0)
	for _, c := range []struct {
		pages int // for each processor
		told  bool
	}{{100, false}, {400, true}} {
		now := noon
		s := serve(t, always(anInvite()), func(o *landing.Options) { o.Now = func() time.Time { return now } })
		var next moments
		for i := range c.pages * processors {
			heap.Push(&next, noon.Add(time.Duration(i)*2500*time.Millisecond/time.Duration(c.pages*processors)))
		}
		told, late := false, 0
		const first, all = 8 * time.Second, 18 * time.Second
		for now = heap.Pop(&next).(time.Time); now.Sub(noon) < all; now = heap.Pop(&next).(time.Time) {
			w := &header{headers: http.Header{}}
			s.ServeHTTP(w, request(http.MethodGet, joinPath+linkCode+"/state"))
			if now.Sub(noon) >= first {
				late++
			}
			wait := 2500 * time.Millisecond
			if after := w.headers.Get("Retry-After"); after != "" {
				seconds, err := strconv.Atoi(after)
				if err != nil || seconds < 3 || seconds > 60 {
					t.Fatalf("Retry-After = %q; want 3 to 60 seconds", after)
				}
				told, wait = true, time.Duration(seconds)*time.Second
			}
			heap.Push(&next, now.Add(wait))
		}
		if each := late / int((all - first).Seconds()) / processors; each > 105 {
			t.Errorf("%d pages for each processor ask %d times a second for each; want at most 100", c.pages, each)
		}
		if told != c.told {
			t.Errorf("%d pages for each processor: told when to come back: %t; want %t", c.pages, told, c.told)
		}
	}
}
