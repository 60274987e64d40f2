package state_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"partyline/local/e2e/player"
	"partyline/party/attributes"
)

const attributeRules = `
version: 1
parties: {reconnect_grace: 60s}
attributes: {public: [map, mode]}
rules:
  - id: no-night
    on: [data]
    deny: party.attributes.map == "night" and any(party.members, .attributes.hero == "owl")
    message: Owls are silent at night.
`

// TestAttributes: attributes reach members, new members, players outside and rules.
func TestAttributes(t *testing.T) {
	s := start(t, attributeRules)
	ann, bob, cem := s.play("ann"), s.play("bob"), s.play("cem")
	id := s.party(ann, true, 4)
	s.must(bob.JoinParty(s.ctx, id))
	s.barrier(bob)
	set := func(g *player.Game, in object) error {
		in["party_id"] = id
		return g.Call(s.ctx, "party_attributes_set", in, nil)
	}
	get := func(g *player.Game) (d attributes.Document) {
		t.Helper()
		s.call(g, "party_attributes_get", object{"party_id": id}, &d)
		return d
	}
	s.must(set(ann, object{"party": object{"map": "night", "secret": 1}}))
	s.must(set(bob, object{"member": object{"hero": "owl"}}))
	if heard := s.awaitData(ann, -6, `"owl"`); !strings.Contains(string(heard), bob.Player.ID()) {
		t.Errorf("ann heard %s", heard)
	}
	s.refused("a rule about attributes", bob.SendData(s.ctx, id, 1, []byte("hoot")), "rule_denied/no-night")
	s.must(set(bob, object{"member": object{"hero": nil}}))
	s.must(bob.SendData(s.ctx, id, 1, []byte("chirp")))

	s.must(cem.JoinParty(s.ctx, id))
	var late attributes.Document
	s.must(json.Unmarshal(s.awaitData(cem, -6, `"secret"`), &late))
	if now := get(cem); late.Version != now.Version || string(late.Party["map"]) != `"night"` {
		t.Errorf("a newcomer heard %+v; set is %+v", late, now)
	}
	var invite struct{ Code string }
	s.call(ann, "party_invite_create", object{"party_id": id}, &invite)
	var preview struct {
		Party struct{ Attributes map[string]json.RawMessage }
	}
	s.call(ann, "party_invite_preview", object{"code": invite.Code}, &preview)
	if len(preview.Party.Attributes) != 1 || string(preview.Party.Attributes["map"]) != `"night"` {
		t.Errorf("a preview shows %v", preview.Party.Attributes)
	}
	page, err := s.api.Do(s.ctx, "GET", "/party/join/"+invite.Code, "", nil)
	s.must(err)
	if body := string(page.Body); !strings.Contains(body, "night") || strings.Contains(body, "ecret") {
		t.Errorf("the page does not show the public attribute, or shows another: %s", body)
	}

	before := get(ann)
	for what, c := range map[string]struct {
		by   *player.Game
		in   string
		want string
	}{
		"a stranger":       {s.play("eve"), `{"party_id":"$","member":{"a":1}}`, "not_member"},
		"not the leader":   {bob, `{"party_id":"$","party":{"a":1}}`, "not_leader"},
		"an old version":   {ann, `{"party_id":"$","party":{"a":1},"version":1}`, "conflict"},
		"a text version":   {ann, `{"party_id":"$","party":{"a":1},"version":"1"}`, "invalid_request"},
		"a list":           {ann, `{"party_id":"$","party":[]}`, "invalid_request"},
		"nothing":          {ann, `{"party_id":"$"}`, "invalid_request"},
		"an unknown field": {ann, `{"party_id":"$","party":{"a":1},"members":{}}`, "invalid_request"},
		"no party":         {ann, `{"member":{"a":1}}`, "invalid_request"},
		"a foreign party":  {ann, `{"party_id":"` + s.party(s.play("fay"), true, 4) + `","member":{"a":1}}`, "not_member"},
		"a false party":    {ann, `{"party_id":"00000000-0000-4000-8000-000000000000.nakama1","member":{"a":1}}`, "party_not_found"},
		"a large value":    {ann, `{"party_id":"$","member":{"a":"` + strings.Repeat("x", 1023) + `"}}`, "invalid_request"},
		"a large payload":  {ann, `{"party_id":"$","member":{"a":"` + strings.Repeat("x", 3500) + `"}}`, "invalid_request"},
	} {
		s.refused(what, c.by.Call(s.ctx, "party_attributes_set", json.RawMessage(strings.ReplaceAll(c.in, "$", id)), nil), c.want)
	}
	s.refused("a stranger reads", s.play("gus").Call(s.ctx, "party_attributes_get", object{"party_id": id}, nil), "not_member")
	if after := get(ann); after.Version != before.Version {
		t.Errorf("refusals changed version %d to %d", before.Version, after.Version)
	}

	s.must(set(cem, object{"member": object{"hero": "fox"}}))
	s.must(set(bob, object{"member": object{"hero": "bat"}}))
	cem.Abort() // the seat is kept, and so are the attributes
	s.must(bob.LeaveParty(s.ctx, id))
	s.eventually("the bag of the member who left goes", func() bool {
		d := get(ann)
		return d.Members[bob.Player.ID()] == nil && string(d.Members[cem.Player.ID()]["hero"]) == `"fox"`
	})
	back := s.again(cem.Player)
	s.eventually("cem is back", func() bool { return back.Call(s.ctx, "party_resume", object{}, nil) == nil })
	s.awaitData(back, -6, `"fox"`)
}

// TestAttributes_writers: 25 members make 100 writes at once, over sockets and HTTP. None is refused
// and none is lost. Of writes with the same version, one wins.
func TestAttributes_writers(t *testing.T) {
	s := start(t, attributeRules)
	const members, each = 25, 4
	games := make([]*player.Game, members)
	for i := range games {
		games[i] = s.play(fmt.Sprint("writer", i))
	}
	id := s.party(games[0], true, members)
	for _, g := range games[1:] {
		s.must(g.JoinParty(s.ctx, id))
		s.barrier(g)
	}
	var all sync.WaitGroup
	for i, g := range games {
		for n := range each {
			all.Go(func() {
				in := object{"party_id": id, "member": object{fmt.Sprint("k", n): i}}
				var err error
				if n%2 == 0 {
					err = g.Player.Call(s.ctx, "party_attributes_set", in, nil)
				} else {
					err = g.Call(s.ctx, "party_attributes_set", in, nil)
				}
				if err != nil {
					t.Errorf("writer %d: %v", i, err)
				}
			})
		}
	}
	all.Wait()
	var d attributes.Document
	s.call(games[1], "party_attributes_get", object{"party_id": id}, &d)
	if d.Version != members*each {
		t.Errorf("version %d after %d writes", d.Version, members*each)
	}
	for i, g := range games {
		for n := range each {
			if got := string(d.Members[g.Player.ID()][fmt.Sprint("k", n)]); got != fmt.Sprint(i) {
				t.Errorf("write %d of member %d: %q", n, i, got)
			}
		}
	}
	var mu sync.Mutex
	won := 0
	for _, g := range games {
		all.Go(func() {
			err := g.Call(s.ctx, "party_attributes_set", object{"party_id": id, "member": object{"won": true}, "version": d.Version}, nil)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else {
				s.refused("a write on an old version", err, "conflict")
			}
		})
	}
	all.Wait()
	if won != 1 {
		t.Errorf("%d writes on one version went through", won)
	}
}
