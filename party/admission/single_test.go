package admission_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"partyline/party"
	"partyline/party/admission"
	"partyline/party/reserve"
	"partyline/party/roster"
	"partyline/party/rules"
)

// After any actions, with session.single_party or without it, the roster has the host's members and leader.
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
						k.admission.Settle(leader)
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
								k.wantHostAgrees(id)
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

// A user counts as in a party that is being created, until the result of the creation is known.
func TestAdmission_OnePartyPerUserWhileOneIsCreated(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	k.conf.Parties.OnePerUser = rules.OnePartyOnly
	p := k.host.Players(2)
	id := k.create(p[0], true, 4)
	second := k.host.Connect(p[1].UserID)
	begin := func(s party.Session) error {
		_, _, err := k.admission.BeginCreate(ctx, s)
		return err
	}
	k.must(begin(p[1]))
	k.refused(begin(second), party.AlreadyInParty)
	k.refused(k.admission.MayCreate(ctx, party.Session{UserID: p[1].UserID}), party.AlreadyInParty)
	k.refused(k.join(second, id), party.AlreadyInParty)
	k.refused(k.admit(second, id), party.AlreadyInParty)
	k.must(begin(p[1])) // the host has refused the first
	k.admission.Settle(p[1])
	k.must(begin(second))
	k.clock.Advance(reserve.PendingTTL)
	k.must(k.admission.BeginJoin(ctx, id, p[1]))
	k.refused(begin(second), party.AlreadyInParty)
	k.admission.Settle(p[1])
	k.must(begin(second))
	own := k.create(second, true, 4)
	k.refused(k.join(p[1], id), party.AlreadyInParty)
	k.leave(second, own)
	k.must(k.join(p[1], id))
	k.leave(p[1], id)
	for _, label := range []string{"not json", "[]", `{"a":"` + strings.Repeat("a", 2048) + `"}`} { // the host is about to refuse it
		k.must(k.admission.Before(ctx, admission.Message{Kind: admission.Create, Sender: p[1], Facts: party.Facts{Label: label}}, nil))
		k.must(k.admit(second, id))
		k.leave(second, id)
	}
	k.must(k.admission.Before(ctx, admission.Message{Kind: admission.Create, Sender: p[1], Facts: party.Facts{Label: `{"a":1}`}}, nil))
	k.refused(k.admit(second, id), party.AlreadyInParty)
}

// No user is told to leave a party for one that is gone or away.
func TestAdmission_OnePartyPerUserOfGoneParties(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	k.conf.Parties.OnePerUser = rules.OnePartyOnly
	p := k.host.Players(3)
	over, away := k.create(p[0], true, 4), k.create(p[1], true, 4)
	k.create(p[2], true, 4)
	k.refused(k.join(p[2], away), party.AlreadyInParty)
	k.leave(p[0], over)
	k.refused(k.join(p[2], over), party.PartyNotFound)
	k.conf.Parties.ReconnectGrace, k.conf.Parties.Survive.EveryoneAway = time.Minute, true
	k.host.Disconnect(p[1])
	k.must(k.admission.Ended(ctx, p[1]))
	k.refused(k.join(p[2], away), party.PartyAway)
}

// A user may create a party while another of their connections joins one, on another node or under a rule that leaves
// the old party. In any order, the user is in one party afterwards.
func TestAdmission_OnePartyPerUserCreatedMeanwhile(t *testing.T) {
	ctx := t.Context()
	for _, rule := range []rules.OnePerUser{rules.OnePartyOnly, rules.LeavePrevious} {
		for _, order := range []string{"create first", "join first", "at once"} {
			t.Run(string(rule)+" "+order, func(t *testing.T) {
				k := newKernel(t)
				k.conf.Parties.OnePerUser = rule
				p := k.host.Players(2)
				open := k.create(p[0], true, 4)
				here := k.admission
				k.restart()
				there, second := k.admission, k.host.Connect(p[1].UserID)
				_, _, err := here.BeginCreate(ctx, p[1])
				k.must(err)
				k.must(there.BeginJoin(ctx, open, second))
				made := k.host.PartyCreate(p[1], true, 4)
				k.must(k.host.PartyJoin(second, open))
				created := func() { k.must(here.EndCreate(ctx, p[1], made)) }
				joined := func() { there.EndJoin(ctx, open, second) }
				last := open
				switch order {
				case "create first":
					created()
					k.tick()
					joined()
				case "join first":
					joined()
					k.tick()
					created()
					last, err = party.ParseID(made.PartyId)
					k.must(err)
				default:
					here.News.Subscribe(func(c party.Change) {
						if c.Kind == party.PartyCreated {
							joined()
						}
					})
					created()
				}
				in, err := k.roster.PartiesOf(ctx, p[1].UserID)
				if err != nil || len(in) != 1 {
					t.Fatalf("PartiesOf = %v, %v; want one party", in, err)
				}
				if order != "at once" && (in[0].ID == last) != (rule == rules.LeavePrevious) {
					t.Errorf("the user is in %v", in[0].ID)
				}
			})
		}
	}
}

// The after-hook of a leader's accept may run when the player has entered the next party already. It takes them out of
// no party that they entered later.
func TestAdmission_OnePartyPerUserAcceptedLate(t *testing.T) {
	for name, conf := range map[string]struct {
		rule   rules.OnePerUser
		single bool
	}{"leave_previous": {rules.LeavePrevious, false}, "single_party": {rules.Default().Parties.OnePerUser, true}} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			k := newKernel(t)
			k.host.SingleParty = conf.single
			k.conf.Parties.OnePerUser = conf.rule
			k.restart()
			p := k.host.Players(3)
			before, closed := k.create(p[0], true, 4), k.create(p[1], false, 4)
			k.must(k.join(p[2], before))
			k.refused(k.join(p[2], closed), "")
			k.must(k.admission.BeginAccept(ctx, closed, p[2], p[1]))
			k.must(k.host.PartyAccept(p[1], p[2], closed))
			made, accepted, entered := make(chan struct{}), make(chan struct{}), make(chan party.ID, 1)
			k.news.Subscribe(func(c party.Change) {
				switch {
				case c.Kind == party.MemberEntered && c.ID == closed:
					k.clock.Advance(-time.Minute) // of the node that the player is on
					go func() { entered <- k.create(p[2], true, 4) }()
					<-made
				case c.Kind == party.PartyCreated:
					close(made)
					<-accepted
				}
			})
			k.admission.EndJoin(ctx, closed, p[2])
			close(accepted)
			own := <-entered
			in, err := k.roster.PartiesOf(ctx, p[2].UserID)
			if err != nil || len(in) != 1 || in[0].ID != own {
				t.Errorf("PartiesOf = %v, %v; want only %v, which was made last", in, err, own)
			}
		})
	}
}

// A session may create a party while the module brings it into another one. It is in one of them afterwards.
func TestAdmission_OnePartyPerUserAdmittedMeanwhile(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	k.conf.Parties.OnePerUser = rules.LeavePrevious
	p := k.host.Players(2)
	open := k.create(p[0], true, 4)
	here := k.admission
	_, _, err := here.BeginCreate(ctx, p[1])
	k.must(err)
	made := k.host.PartyCreate(p[1], true, 4)
	listed, admitted, created := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	here.News.Subscribe(func(c party.Change) {
		if c.Kind == party.PartyCreated {
			close(listed)
			<-admitted
		}
	})
	k.roster, k.news = roster.New(k.host, k.host, k.clock.Now), &party.News{}
	there := k.hooksOver(&interferingStreams{k.host, func() {
		go func() { created <- here.EndCreate(ctx, p[1], made) }()
		<-listed
		k.tick()
	}})
	k.must(there.Admit(ctx, open, p[1], party.Grant{}, nil))
	close(admitted)
	k.must(<-created)
	if in, err := k.roster.PartiesOf(ctx, p[1].UserID); err != nil || len(in) != 1 || in[0].ID != open {
		t.Errorf("PartiesOf = %v, %v; want only %v, which was entered last", in, err, open)
	}
}
