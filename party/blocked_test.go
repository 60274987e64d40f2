package party_test

import (
	"slices"
	"testing"

	"partyline/party"
	"partyline/party/partytest"
)

func TestBlockList_With(t *testing.T) {
	h := partytest.NewHost()
	me, friend, stranger, blocks, blocked := h.User("me"), h.User("friend"), h.User("stranger"), h.User("blocks"), h.User("blocked")
	h.Befriend(me, friend)
	h.Block(blocks, me)
	h.Block(me, blocked)
	b := party.NewBlockList(nil, h)
	for _, c := range []struct {
		others, want []string
		lookups      int
	}{
		{nil, nil, 0},
		{[]string{me}, nil, 0},
		{[]string{friend, me}, nil, 1},
		{[]string{stranger}, nil, 2},
		{[]string{blocked}, []string{blocked}, 1},
		{[]string{friend, stranger, blocked, blocks}, []string{blocked, blocks}, 3},
	} {
		before := h.FriendLookups()
		got, err := b.With(t.Context(), me, c.others)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("With(%v) = %v, %v; want %v", c.others, got, err, c.want)
		}
		if n := h.FriendLookups() - before; n != c.lookups {
			t.Errorf("With(%v) costs %d look-ups; want %d", c.others, n, c.lookups)
		}
	}
}
