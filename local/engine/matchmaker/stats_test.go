package matchmaker_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"partyline/local/engine/matchmaker"
)

// The statistics have the tickets at the beginning of the last pass, and the last ten players matched by its end.
func TestStats(t *testing.T) {
	b := newHarness(t, matchmaker.Hooks{})
	made := map[int64]string{}
	add := func(e spec) {
		b.add(e)
		made[b.clock.UnixNano()] = e.name()
	}
	want := func(tickets int32, oldest string, matched ...string) {
		t.Helper()
		got, names := b.Stats(), []string{}
		for _, c := range got.GetCompletions() {
			names = append(names, made[c.GetCreateTime().AsTime().UnixNano()])
		}
		slices.Sort(names)
		if first := made[got.GetOldestTicketCreateTime().AsTime().UnixNano()]; got.GetTicketCount() != tickets || first != oldest || !slices.Equal(names, matched) {
			t.Errorf("Stats = %d tickets, the oldest %q, matched %q; want %d, %q, %q", got.GetTicketCount(), first, names, tickets, oldest, matched)
		}
	}
	want(0, "")
	add(solo("waits", 5, 5))
	want(0, "")
	b.pass()
	want(1, "waits")
	add(party("a b", 3, 3))
	add(solo("c", 3, 3))
	b.pass()
	want(3, "waits", "a+b", "a+b", "c")
	b.pass()
	want(1, "waits", "a+b", "a+b", "c")
	var last []string
	for i := range 6 {
		one, two := fmt.Sprintf("p%d", i), fmt.Sprintf("q%d", i)
		add(solo(one, 2, 2))
		add(solo(two, 2, 2))
		b.pass()
		last = append(last, one, two)
	}
	slices.Sort(last)
	last = slices.DeleteFunc(last, func(name string) bool { return strings.HasSuffix(name, "0") })
	want(3, "waits", last...)
}
