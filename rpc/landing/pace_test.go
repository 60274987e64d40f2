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

// moments are the times of each page's next request, the earliest first.
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

// Pages that wait as told do not exceed the server's capacity, however many are open. A few pages are told nothing.
func TestPace(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	for _, c := range []struct {
		processors int
		pages      int // for each of them
		told       bool
		all        time.Duration
	}{{2, 200, false, 10 * time.Second}, {1, 400, true, 18 * time.Second}} {
		runtime.GOMAXPROCS(c.processors)
		now := noon
		s := serve(t, always(anInvite()), func(o *landing.Options) { o.Now = func() time.Time { return now } })
		var next moments
		for i := range c.pages * c.processors {
			heap.Push(&next, noon.Add(time.Duration(i)*2500*time.Millisecond/time.Duration(c.pages*c.processors)))
		}
		told, late := false, 0
		const first = 8 * time.Second
		for now = heap.Pop(&next).(time.Time); now.Sub(noon) < c.all; now = heap.Pop(&next).(time.Time) {
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
		if each := late / int((c.all - first).Seconds()) / c.processors; each > 105 {
			t.Errorf("%d pages for each processor ask %d times a second for each; want at most 100", c.pages, each)
		}
		if told != c.told {
			t.Errorf("%d pages for each processor: told when to come back: %t; want %t", c.pages, told, c.told)
		}
	}
}
