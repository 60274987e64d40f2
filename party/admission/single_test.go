package admission_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"partyline/party"
)

// Whatever players do, with session.single_party or without it, the roster has the members
// and the leader that the engine has.
func TestLeader_IsTheEnginesOwn(t *testing.T) {
	for name, single := range map[string]bool{"single_party": true, "many_parties": false} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				k := newKernel(t)
				k.host.SingleParty = single
				k.conf.Parties.KickBan = 0
				k.restart()
				ctx := t.Context()
				players := k.host.Players(4)
				ids := []party.ID{k.create(players[0], true, 3), k.create(players[1], true, 4)}
				someone := rapid.SampledFrom(players)
				somewhere := rapid.Custom(func(rt *rapid.T) party.ID { return rapid.SampledFrom(ids).Draw(rt, "party") })
				rt.Repeat(map[string]func(*rapid.T){
					"join":  func(rt *rapid.T) { _ = k.join(someone.Draw(rt, "who"), somewhere.Draw(rt, "where")); k.tick() },
					"admit": func(rt *rapid.T) { _ = k.admit(someone.Draw(rt, "who"), somewhere.Draw(rt, "where")); k.tick() },
					"leave": func(rt *rapid.T) { k.leave(someone.Draw(rt, "who"), somewhere.Draw(rt, "where")); k.tick() },
					"create": func(rt *rapid.T) {
						if len(ids) < 5 {
							ids = append(ids, k.create(someone.Draw(rt, "who"), rapid.Bool().Draw(rt, "open"), 3))
						}
					},
					"accept": func(rt *rapid.T) {
						id, s := somewhere.Draw(rt, "where"), someone.Draw(rt, "who")
						leader := k.host.Leader(id)
						if k.admission.BeginAccept(ctx, id, s, leader) == nil && k.host.PartyAccept(leader, s, id) == nil {
							k.admission.EndJoin(ctx, id, s)
						}
						k.admission.Settle(leader.SessionID)
						k.tick()
					},
					"promote": func(rt *rapid.T) {
						id, s := somewhere.Draw(rt, "where"), someone.Draw(rt, "who")
						if k.host.PartyPromote(k.host.Leader(id), s, id) == nil {
							k.admission.Promoted(ctx, id, s)
						}
					},
					"kick": func(rt *rapid.T) {
						id, s := somewhere.Draw(rt, "where"), someone.Draw(rt, "who")
						if k.host.PartyRemove(k.host.Leader(id), s, id) == nil {
							k.must(k.admission.Kicked(ctx, id, s))
						}
					},
					"": func(rt *rapid.T) {
						for _, id := range ids {
							if members := k.host.Members(id); len(members) > 0 {
								k.agrees(id)
							} else if _, err := k.roster.View(ctx, id); party.ReasonOf(err) != party.PartyNotFound {
								rt.Errorf("a party without members = %v; want party_not_found", err)
							}
						}
						for _, s := range players {
							in := slices.DeleteFunc(slices.Clone(ids), func(id party.ID) bool { return !slices.Contains(k.host.Members(id), s) })
							if single && len(in) > 1 {
								rt.Errorf("%s is in %v; want one party", s.Username, in)
							}
						}
						if t.Failed() {
							rt.FailNow()
						}
					},
				})
			})
		})
	}
}
