package state_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/party/finder"
)

// labelled makes a party with a label, as a client that uses labels does.
func (s *scene) labelled(g *player.Game, open, hidden bool, size int, label object) string {
	s.t.Helper()
	text, err := json.Marshal(label)
	s.must(err)
	reply, err := g.Socket.Call(s.ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyCreate{
		PartyCreate: &rtapi.PartyCreate{Open: open, MaxSize: int32(size), Label: string(text), Hidden: hidden}}})
	s.must(err)
	s.barrier(g)
	return reply.GetParty().GetPartyId()
}

func (s *scene) find(g *player.Game, in object) (list finder.List) {
	s.t.Helper()
	s.call(g, "party_find", in, &list)
	return list
}

func idsOf(list finder.List) (ids []string) {
	for _, p := range list.Parties {
		ids = append(ids, p.PartyID)
	}
	return ids
}

// TestFind: the finder returns parties that are open and visible to all, in their current state.
func TestFind(t *testing.T) {
	s := start(t, attributeRules)
	world := uuid.NewString() // so that parties of other tests on the same server do not count
	hosts := make([]*player.Game, 6)
	for i := range hosts {
		hosts[i] = s.play(fmt.Sprint("host", i))
	}
	label := func(more object) object {
		more["world"] = world
		return more
	}
	duo := s.labelled(hosts[0], true, false, 2, label(object{"mode": "duo", "level": 3, "ranked": true}))
	trio := s.labelled(hosts[1], true, false, 3, label(object{"mode": "trio", "level": 3}))
	s.labelled(hosts[2], false, false, 3, label(object{"mode": "duo"}))
	s.labelled(hosts[3], true, true, 3, label(object{"mode": "duo"}))
	blocked := s.labelled(hosts[4], true, false, 3, label(object{"mode": "duo"}))
	me := s.play("me")
	same := func(in object, want ...string) {
		t.Helper()
		if got := idsOf(s.find(me, in)); !slices.Equal(got, want) {
			t.Errorf("%v: found %v; want %v", in, got, want)
		}
	}
	same(object{"label": label(object{})}, duo, trio, blocked)
	s.must(hosts[4].Player.API.Call(s.ctx, "POST", "/v2/friend/block?ids="+me.Player.ID(), hosts[4].Player.Session.Auth(), nil, nil))
	same(object{"label": label(object{})}, duo, trio)
	same(object{"label": label(object{"level": 3, "ranked": true})}, duo)
	same(object{"label": label(object{"mode": "trio"}), "free_seats": 2}, trio)
	same(object{"label": label(object{"mode": "trio"}), "free_seats": 3})
	s.call(hosts[1], "party_attributes_set", object{"party_id": trio, "party": object{"map": "dust", "secret": 1}}, nil)
	s.call(hosts[1], "party_invite_create", object{"party_id": trio, "for_user_ids": []string{hosts[5].Player.ID()}, "hold_seat": true}, nil)
	s.must(me.JoinParty(s.ctx, duo))
	s.barrier(me)
	same(object{"label": label(object{}), "free_seats": 1}, trio)
	found := s.find(me, object{"label": label(object{"mode": "trio"})}).Parties[0]
	if found.Size != 1 || found.MaxSize != 3 || found.Held != 1 || !found.Open || found.Leader.UserID != hosts[1].Player.ID() ||
		found.Leader.Username == "" || len(found.Attributes) != 1 || !strings.Contains(string(found.Label), world) {
		t.Errorf("found %+v, label %s", found, found.Label)
	}
	first := s.find(me, object{"label": label(object{}), "limit": 1})
	second := s.find(me, object{"label": label(object{}), "limit": 1, "cursor": first.Cursor})
	if got := append(idsOf(first), idsOf(second)...); !slices.Equal(got, []string{duo, trio}) {
		t.Errorf("by pages %v", got)
	}
	hosts[1].Abort()
	s.eventually("a party without members is gone", func() bool {
		return slices.Equal(idsOf(s.find(me, object{"label": label(object{})})), []string{duo})
	})
	for in, want := range map[string]string{
		`{"limit":0}`:                "invalid_request",
		`{"limit":51}`:               "invalid_request",
		`{"limit":"1"}`:              "invalid_request",
		`{"free_seats":-1}`:          "invalid_request",
		`{"free_seats":1.5}`:         "invalid_request",
		`{"label":"mode"}`:           "invalid_request",
		`{"label":{"mode":null}}`:    "invalid_request",
		`{"label":{"mode":{"a":1}}}`: "invalid_request",
		`{"cursor":"x"}`:             "invalid_request",
		`{"query":"*"}`:              "invalid_request",
	} {
		s.refused(in, me.Call(s.ctx, "party_find", json.RawMessage(in), nil), want)
		if !strings.Contains(in, "limit") && !strings.Contains(in, "cursor") {
			s.refused("quick join "+in, hosts[5].Call(s.ctx, "party_quick_join", json.RawMessage(in), nil), want)
		}
	}
}

// TestQuickJoin: the player gets into a party that fits, or into none, at most once a second.
func TestQuickJoin(t *testing.T) {
	s := start(t, attributeRules)
	world := object{"world": uuid.NewString()}
	host, me := s.play("host"), s.play("me")
	in := object{"label": world}
	s.refused("into nothing", me.Call(s.ctx, "party_quick_join", in, nil), "party_not_found")
	s.refused("at once again", me.Call(s.ctx, "party_quick_join", in, nil), "rate_limited")
	id := s.labelled(host, true, false, 2, world)
	var joined finder.Joined
	s.eventually("a second passes", func() bool { return me.Call(s.ctx, "party_quick_join", in, &joined) == nil })
	if joined.PartyID != id || !joined.Joined {
		t.Errorf("joined %+v", joined)
	}
	if _, err := me.Take(s.ctx, func(m client.Message) bool { return m.Envelope.GetParty().GetPartyId() == id }); err != nil {
		t.Errorf("the game hears of it: %v", err)
	}
	s.refused("without a game", s.signIn("idle").Call(s.ctx, "party_quick_join", object{}, nil), "no_live_session")
}

// TestQuickJoin_keptSeat: a player gets a seat that is held or kept for them, and no other player gets
// it: a seat held for the first on the wait list, and the kept seat of a lost connection.
func TestQuickJoin_keptSeat(t *testing.T) {
	s := start(t, attributeRules)
	world := object{"world": uuid.NewString()}
	host, bob, cem, dot := s.play("host"), s.play("bob"), s.play("cem"), s.play("dot")
	in := object{"label": world}
	id := s.labelled(host, true, false, 2, world)
	s.must(bob.JoinParty(s.ctx, id))
	s.barrier(bob)
	s.waits(cem, object{"party_id": id})
	s.must(bob.LeaveParty(s.ctx, id))
	s.awaitSeatNotice(cem)
	s.refused("a stranger", dot.Call(s.ctx, "party_quick_join", in, nil), "party_not_found")
	var joined finder.Joined
	s.call(cem, "party_quick_join", in, &joined)
	if joined.PartyID != id || !joined.Joined {
		t.Errorf("who waits joins %+v", joined)
	}
	cem.Abort()
	s.eventually("the connection is missed", func() bool {
		var list struct{ Members []object }
		s.call(host, "party_status_list", object{"party_id": id}, &list)
		return len(list.Members) == 1
	})
	cem, err := cem.Player.Play(s.ctx)
	s.must(err)
	s.eventually("a second passes", func() bool { return cem.Call(s.ctx, "party_quick_join", in, &joined) == nil })
	if joined.PartyID != id {
		t.Errorf("who was away joins %+v", joined)
	}
}

// TestQuickJoin_crowd: 200 players at once join 50 parties with 200 free seats.
func TestQuickJoin_crowd(t *testing.T) {
	s := start(t, attributeRules)
	world := object{"world": uuid.NewString()}
	const parties, free = 50, 4
	hosts := make([]*player.Game, parties)
	var all sync.WaitGroup
	for i := range hosts {
		hosts[i] = s.play("host")
		s.labelled(hosts[i], true, false, free+1, world)
	}
	crowd := make([]*player.Game, parties*free)
	for i := range crowd {
		crowd[i] = s.play("crowd")
	}
	joined := make([]finder.Joined, len(crowd))
	for i, g := range crowd {
		all.Go(func() {
			if err := g.Call(s.ctx, "party_quick_join", object{"label": world}, &joined[i]); err != nil {
				t.Errorf("player %d: %v", i, err)
			}
		})
	}
	all.Wait()
	seats := map[string]int{}
	for _, j := range joined {
		seats[j.PartyID]++
	}
	if len(seats) != parties {
		t.Errorf("%d parties were joined; want %d", len(seats), parties)
	}
	for id, n := range seats {
		if n != free {
			t.Errorf("%d were brought into %s; want %d", n, id, free)
		}
	}
	list := s.find(hosts[0], object{"label": world, "limit": 50})
	for _, p := range list.Parties {
		if p.Size != free+1 || p.MaxSize != free+1 {
			t.Errorf("%s has %d of %d", p.PartyID, p.Size, p.MaxSize)
		}
	}
	if len(list.Parties) != parties {
		t.Errorf("%d parties found; want %d", len(list.Parties), parties)
	}
	s.refused("one more", s.play("late").Call(s.ctx, "party_quick_join", object{"label": world}, nil), "party_not_found")
}
