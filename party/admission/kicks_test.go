package admission_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party"
	"partyline/party/admission"
	"partyline/party/reserve"
	"partyline/party/rules"
)

func TestKicks_BanTheUser(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(2)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	before := party.Grant{InviteID: "before", InvitedAt: k.clock.Now(), Named: true}
	k.tick()
	k.kick(p[1], id)
	k.wantHostAgrees(id)
	again := k.host.Connect(p[1].UserID)
	k.refused(k.join(p[1], id), party.Banned)
	k.refused(k.join(again, id), party.Banned)
	k.refused(k.admission.BeginJoin(ctx, id, again), party.Banned)
	k.refused(k.admission.BeginAccept(ctx, id, again, p[0]), party.Banned)
	k.refused(k.admission.Admit(ctx, id, again, before, nil), party.Banned)
	k.restart() // another node, or the same one later
	k.refused(k.join(again, id), party.Banned)
	k.clock.Advance(10*time.Minute - time.Second)
	k.refused(k.join(again, id), party.Banned)
	k.clock.Advance(time.Second)
	k.must(k.join(again, id))
}

// An operator lets a kicked player back in, on every node. The call refuses if the player is not banned.
func TestPardon(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	k.must(k.join(p[2], id))
	k.kick(p[1], id)
	k.kick(p[2], id)
	d, err := k.admission.Detail(ctx, id)
	if err != nil || len(d.Kicks) != 2 || d.Size() != 1 {
		t.Errorf("detail %+v, %v", d, err)
	}
	k.must(k.admission.Pardon(ctx, id, p[1].UserID))
	k.refused(k.admission.Pardon(ctx, id, p[1].UserID), party.InvalidRequest)
	k.refused(k.admission.Pardon(ctx, id, p[0].UserID), party.InvalidRequest)
	k.refused(k.admission.Pardon(ctx, party.ID{UUID: uuid.New(), Node: id.Node}, p[1].UserID), party.PartyNotFound)
	k.restart()
	k.refused(k.join(p[2], id), party.Banned)
	k.must(k.join(p[1], id))
	k.wantHostAgrees(id)
}

// A glimpse equals a look, without asking the host. It reports parties that it cannot know.
func TestRecall(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(6)
	id := k.create(p[0], true, 6)
	check := func(step string) {
		t.Helper()
		look, err := k.admission.Look(ctx, id)
		k.must(err)
		g, ok, err := k.admission.Recall(ctx, id)
		if want := look.MaxSize - look.Taken() - look.Held(""); err != nil || !ok || g.Free != want || !g.CreatedAt.Equal(look.CreatedAt) || g.Open != look.Open {
			t.Errorf("%s: glimpse %+v, %v, %v; want %d free of %+v", step, g, ok, err, want, look.Facts)
		}
	}
	check("created")
	k.must(k.join(p[1], id))
	check("joined")
	k.must(k.admission.BeginJoin(ctx, id, p[2]))
	k.must(k.host.PartyJoin(p[2], id))
	k.admission.EndJoin(ctx, id, p[2])
	check("a second")
	k.must(k.admission.Hold(ctx, id, reserve.Hold{InviteID: "i", UserIDs: []string{p[3].UserID}, ExpiresAt: k.clock.Now().Add(time.Hour)}))
	check("held")
	k.kick(p[1], id)
	check("kicked")
	k.leave(p[2], id)
	check("left")
	if n := k.admission.Population(); n.Parties != 1 || n.Members != 1 {
		t.Errorf("population %+v", n)
	}
	if _, ok, err := k.admission.Recall(ctx, party.ID{UUID: uuid.New(), Node: id.Node}); ok || err != nil {
		t.Errorf("a party nobody has seen: %v, %v", ok, err)
	}
	k.restart()
	if _, ok, _ := k.admission.Recall(ctx, id); ok {
		t.Error("another process knows the party without a look")
	}
}

// A kick is of the user: a device that takes over the seat while the host handles the kick is out too, whichever of the
// two the plugin hears of first.
func TestKicks_OfEveryDevice(t *testing.T) {
	for name, meanwhile := range map[string]func(k *kernel, id party.ID, leader, first, second party.Session){
		"moved before the check": func(k *kernel, id party.ID, leader, first, second party.Session) {
			k.must(k.admit(second, id))
			k.must(k.admission.BeginKick(k.t.Context(), id, first, leader))
		},
		"joins at the check, comes in after the kick": func(k *kernel, id party.ID, leader, first, second party.Session) {
			k.must(k.admission.BeginJoin(k.t.Context(), id, second))
			k.must(k.admission.BeginKick(k.t.Context(), id, first, leader))
			k.host.PartyLeave(first, id)
			k.must(k.host.PartyJoin(second, id))
		},
		"joins at the check, comes in before the kick": func(k *kernel, id party.ID, leader, first, second party.Session) {
			k.must(k.admission.BeginJoin(k.t.Context(), id, second))
			k.must(k.admission.BeginKick(k.t.Context(), id, first, leader))
			k.must(k.host.PartyJoin(second, id))
			k.host.PartyLeave(first, id)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := movingKernel(t)
				defer k.admission.Close()
				p := k.host.Players(3)
				id := k.create(p[0], true, 4)
				k.must(k.join(p[1], id))
				k.must(k.join(p[2], id))
				second := k.host.Connect(p[1].UserID)
				var news []party.ChangeKind
				k.news.Subscribe(func(c party.Change) {
					if c.Session.UserID == second.UserID {
						news = append(news, c.Kind)
					}
				})
				meanwhile(k, id, p[0], p[1], second)
				k.must(k.admission.After(t.Context(), admission.Message{Kind: admission.Remove, Party: id, Sender: p[0], Target: p[1]}))
				k.admission.EndJoin(t.Context(), id, second)
				if members := k.host.Members(id); !slices.Equal(members, []party.Session{p[0], p[2]}) {
					t.Errorf("members = %v; want the two others", members)
				}
				k.wantHostAgrees(id)
				k.refused(k.join(second, id), party.Banned)
				if !slices.Contains(news, party.MemberRemoved) || slices.Contains(news, party.RequestRejected) {
					t.Errorf("news %v; want a removal", news)
				}
				if told := k.toldClosed(); !slices.Contains(told, second.SessionID) {
					t.Errorf("told %q; want the second device", told)
				}
			})
		})
	}
}

// A rejected request of one device is no kick of the member on the other one.
func TestKicks_RejectedRequestOfAnotherDevice(t *testing.T) {
	k := movingKernel(t)
	p := k.host.Players(2)
	id := k.create(p[0], false, 4)
	tablet := k.host.Connect(p[1].UserID)
	k.must(k.admission.BeginJoin(t.Context(), id, tablet))
	k.must(k.admit(p[1], id))
	k.must(k.admission.BeginKick(t.Context(), id, tablet, p[0]))
	k.must(k.admission.Kicked(t.Context(), id, tablet))
	k.wantHostAgrees(id)
	if members := k.host.Members(id); len(members) != 2 {
		t.Errorf("members = %v; want both", members)
	}
	if kicks := k.admission.Stats().Kicks; kicks != 0 {
		t.Errorf("%d users are banned", kicks)
	}
}

// The host does a kick before the plugin hears of it. A player who is out by then stays out.
func TestKicks_UnderWay(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(4)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	k.must(k.join(p[2], id))
	k.must(k.admission.BeginKick(ctx, id, p[1], p[0]))
	k.host.PartyLeave(p[1], id)
	k.refused(k.admit(p[1], id), party.Banned)
	k.refused(k.admission.BeginJoin(ctx, id, p[1]), party.Banned)
	k.tick()
	k.must(k.admission.Admit(ctx, id, p[1], party.Grant{InviteID: "since", InvitedAt: k.clock.Now(), Named: true}, nil))
	k.leave(p[1], id)
	k.must(k.admission.Kicked(ctx, id, p[1]))

	// The same holds for a player who is kicked while they come in.
	k.must(k.admission.BeginJoin(ctx, id, p[3]))
	k.must(k.admission.BeginKick(ctx, id, p[3], p[0]))
	k.must(k.host.PartyJoin(p[3], id))
	k.host.PartyLeave(p[3], id)
	k.must(k.admission.Kicked(ctx, id, p[3]))
	k.admission.EndJoin(ctx, id, p[3])
	k.refused(k.join(p[3], id), party.Banned)

	// The connection may end before the after-hook of the kick.
	k.must(k.admission.Admit(ctx, id, p[1], party.Grant{InviteID: "again", InvitedAt: k.clock.Now().Add(time.Second), Named: true}, nil))
	k.must(k.admission.BeginKick(ctx, id, p[1], p[0]))
	k.host.PartyLeave(p[1], id)
	k.host.Disconnect(p[1])
	k.must(k.admission.Ended(ctx, p[1]))
	again := k.host.Connect(p[1].UserID)
	k.must(k.admission.Kicked(ctx, id, p[1]))
	k.refused(k.join(again, id), party.Banned)

	// An invalid kick keeps nobody out: by a member who does not lead, of a session that is no member, in no party, or
	// never done by the host.
	k.must(k.admission.BeginKick(ctx, id, p[0], p[2]))
	k.must(k.admission.BeginKick(ctx, id, p[0], p[0]))
	k.must(k.admission.BeginKick(ctx, id, party.Session{UserID: "nobody", SessionID: "none"}, p[0]))
	k.must(k.admission.BeginKick(ctx, party.ID{UUID: uuid.New(), Node: id.Node}, p[2], p[0]))
	k.must(k.admission.BeginKick(ctx, id, p[2], p[0]))
	k.leave(p[2], id)
	k.refused(k.join(p[2], id), party.Banned)
	k.clock.Advance(5 * time.Second)
	k.must(k.join(p[2], id))
	k.must(k.admission.BeginKick(ctx, id, p[0], p[0]))
	k.leave(p[0], id)
	k.must(k.join(p[0], id))
}

// A player who has asked comes in by an invite. The leader removes them before the host knows them as a member, so the
// host removes only the request.
func TestKicks_TakesARequestAlone(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], false, 4)
	k.must(k.join(p[1], id))
	k.must(k.admit(p[1], id))
	k.tick()
	k.must(k.admit(p[2], id))
	told := k.changes()
	k.must(k.admission.BeginKick(ctx, id, p[1], p[0]))
	k.must(k.admission.Kicked(ctx, id, p[1]))
	if v := k.view(id); v.Size() != 3 || v.Members[1].Session != p[1] || v.Members[1].JoinedAt.IsZero() || len(*told) != 0 {
		t.Errorf("members %+v, told %q; want the second one to be in as before", v.Members, *told)
	}
	k.leave(p[1], id)
	k.must(k.admit(p[1], id)) // no ban
	k.must(k.admission.BeginKick(ctx, id, p[1], p[0]))
	k.host.PartyLeave(p[1], id)
	k.must(k.admission.Kicked(ctx, id, p[1]))
	k.refused(k.admit(p[1], id), party.Banned)
}

// A kick that the host refuses keeps nobody out, and blocks no seat.
func TestKicks_RefusedByTheHost(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	k.conf.Parties.ReconnectGrace = time.Minute
	p := k.host.Players(3)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	k.must(k.join(p[2], id))
	back := func(name string, s party.Session) {
		t.Helper()
		k.leave(s, id)
		if err := k.join(s, id); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	named := p[1]
	named.Username = "somebody"
	k.must(k.admission.BeginKick(ctx, id, named, p[0]))
	back("another username", p[1])
	named = p[1]
	named.UserID = p[2].UserID
	k.must(k.admission.BeginKick(ctx, id, named, p[0]))
	back("another user", p[2])
	k.must(k.admission.BeginKick(ctx, id, p[1], p[0]))
	k.admission.Settle(p[2])
	k.host.PartyLeave(p[1], id)
	k.refused(k.join(p[1], id), party.Banned)
	k.admission.Settle(p[0]) // the leader's next message
	k.must(k.join(p[1], id))

	k.must(k.admission.BeginKick(ctx, id, p[1], p[0]))
	k.admission.Settle(p[0])
	k.host.Disconnect(p[1])
	k.must(k.admission.Ended(ctx, p[1]))
	if held, err := k.admission.Held(ctx, id); held != 1 || err != nil {
		t.Errorf("Held = %d, %v; want the seat of the member who dropped", held, err)
	}
}

func TestKicks_LiftedByANewerInvite(t *testing.T) {
	ctx := t.Context()
	k := newKernel(t)
	p := k.host.Players(2)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	k.kick(p[1], id)
	k.tick()
	k.must(k.admission.Admit(ctx, id, p[1], party.Grant{InviteID: "after", InvitedAt: k.clock.Now(), Named: true}, nil))
	k.leave(p[1], id)
	k.must(k.join(p[1], id)) // the ban is over for good
	k.leave(p[1], id)
	k.restart()
	k.must(k.join(p[1], id)) // on every node
}

// The host has no bans. If the rules file does not mention them, a kick does not bar the host's own joins. It bars
// invites made before the kick, and invites for anybody. A player who comes back by an allowed way is still barred from
// older invites.
func TestKicks_StayOverAnotherWayIn(t *testing.T) {
	k := newKernel(t)
	k.conf.Parties.KickBanJoins = false
	p := k.host.Players(2)
	id := k.create(p[0], true, 4)
	made := k.clock.Now()
	k.must(k.join(p[1], id))
	k.kick(p[1], id)
	k.must(k.admission.Admit(t.Context(), id, p[1], party.Grant{}, nil)) // as party_quick_join does
	k.host.PartyLeave(p[1], id)
	k.admission.Left(t.Context(), id, p[1])
	k.conf.Parties.SecondSocket = rules.SecondSocketMove
	k.must(k.join(p[1], id))
	p[1] = k.host.Connect(p[1].UserID) // a member's seat moves to this session
	k.must(k.admission.Admit(t.Context(), id, p[1], party.Grant{Back: true}, nil))
	k.host.PartyLeave(p[1], id)
	k.admission.Left(t.Context(), id, p[1])
	link := party.Grant{InviteID: "link", InvitedAt: made}
	k.refused(k.admission.Admit(t.Context(), id, p[1], link, nil), party.Banned)
	link.InvitedAt, link.Named = k.clock.Now().Add(time.Second), true
	k.must(k.admission.Admit(t.Context(), id, p[1], link, nil))
}

func TestKicks_WithoutRulesForThem(t *testing.T) {
	k := newKernel(t)
	k.conf.Parties.KickBanJoins = false
	p := k.host.Players(2)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	k.kick(p[1], id)
	k.tick()
	link := party.Grant{InviteID: "link", InvitedAt: k.clock.Now()}
	k.refused(k.admission.Admit(t.Context(), id, p[1], link, nil), party.Banned)
	old := party.Grant{InviteID: "old", InvitedAt: k.clock.Now().Add(-time.Minute), Named: true}
	k.refused(k.admission.Admit(t.Context(), id, p[1], old, nil), party.Banned)
	k.must(k.join(p[1], id))
	k.wantHostAgrees(id)
}

// A change of the rules applies to later kicks. Whether an earlier kick bars the host's own joins does not change, in
// this process and the next.
func TestKicks_RulesThatChange(t *testing.T) {
	for _, bars := range []bool{true, false} {
		k := newKernel(t)
		k.conf.Parties.KickBanJoins = bars
		p := k.host.Players(2)
		id := k.create(p[0], true, 4)
		k.must(k.join(p[1], id))
		k.kick(p[1], id)
		k.conf.Parties.KickBanJoins, k.conf.Parties.KickBan = !bars, 0
		for range 2 {
			if bars {
				k.refused(k.join(p[1], id), party.Banned)
			} else {
				k.must(k.join(p[1], id))
				k.leave(p[1], id)
			}
			k.restart()
		}
	}
}

// If the last member leaves while the host has another one who does not show yet, the party goes on, and kicked players
// stay out.
func TestKicks_StayWhileAJoinLands(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	k.kick(p[1], id)
	k.host.BetweenJoinAndTrack = func() {
		k.leave(p[0], id)
		k.must(k.admission.Sweep(t.Context()))
	}
	k.must(k.join(p[2], id))
	k.host.BetweenJoinAndTrack = nil
	k.wantHostAgrees(id)
	k.refused(k.join(p[1], id), party.Banned)
}

// The record is removed with the party, whether it is closed, left or ends otherwise.
func TestKicks_GoWithTheParty(t *testing.T) {
	ctx := t.Context()
	for name, end := range map[string]func(*kernel, party.Session, party.ID){
		"closed": func(k *kernel, _ party.Session, id party.ID) { k.host.PartyClose(id); k.admission.Closed(ctx, id) },
		"left": func(k *kernel, s party.Session, id party.ID) {
			k.leave(s, id)
			k.admission.Left(ctx, id, s)
		},
		"dropped": func(k *kernel, s party.Session, _ party.ID) {
			k.host.Disconnect(s)
			k.must(k.admission.Ended(ctx, s))
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKernel(t)
			p := k.host.Players(2)
			id := k.create(p[0], true, 4)
			k.must(k.join(p[1], id))
			k.kick(p[1], id)
			k.clock.Advance(time.Hour) // the ban is over, but the record still has it
			end(k, p[0], id)
			if rows, _, err := k.host.StorageList(ctx, "", party.SystemUser, "partyline_parties", 10, ""); err != nil || len(rows) != 0 {
				t.Errorf("%d records are left (%v); want none", len(rows), err)
			}
			if stats := k.admission.Stats(); stats != (admission.Stats{}) {
				t.Errorf("memory = %+v; want nothing", stats)
			}
		})
	}
}

func TestKicks_DeclinedRequestIsNone(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(2)
	id := k.create(p[0], false, 4)
	k.must(k.join(p[1], id)) // a request
	k.kick(p[1], id)
	k.must(k.admit(p[1], id))
}

func TestKicks_NoBan(t *testing.T) {
	k := newKernel(t)
	k.conf.Parties.KickBan = 0
	p := k.host.Players(2)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	k.kick(p[1], id)
	k.must(k.join(p[1], id))
	if reads, writes := k.host.Calls(); reads+writes != 0 {
		t.Errorf("%d reads and %d writes; want none", reads, writes)
	}
}

func TestKicks_HoldHereIfStorageFails(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	k.must(k.join(p[2], id))
	broken := errors.New("database is away")
	k.host.BeforeWrite = func([]*runtime.StorageWrite) error { return broken }
	k.host.PartyLeave(p[1], id)
	if err := k.admission.Kicked(t.Context(), id, p[1]); !errors.Is(err, broken) {
		t.Errorf("Kicked = %v; want %v", err, broken)
	}
	k.refused(k.join(p[1], id), party.Banned)
	k.host.BeforeWrite = nil
	here := k.admission
	k.restart()
	k.kick(p[2], id) // makes this node read the record again
	k.admission = here
	k.refused(k.join(p[1], id), party.Banned)
	k.must(k.admission.Sweep(t.Context()))
	k.restart()
	k.refused(k.join(p[1], id), party.Banned)
}

func TestKicks_KnownToTheOtherNode(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(2)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	here := k.admission
	k.restart()
	k.kick(p[1], id)
	k.admission = here
	k.refused(k.join(p[1], id), party.Banned)
}

// A client may write an object under the key of a party's kicks that names another party, which is gone. The sweep must
// not end the party's bans because of it.
func TestKicks_SweepLooksAtNobodyElsesObjects(t *testing.T) {
	k := newKernel(t)
	p := k.host.Players(3)
	id := k.create(p[0], true, 4)
	k.must(k.join(p[1], id))
	k.kick(p[1], id)
	gone := party.ID{UUID: uuid.New(), Node: id.Node}
	for _, collection := range []string{"partyline_parties", "partyline_kicks", "partyline_seats"} {
		k.host.WriteAsClient(p[2].UserID, collection, id.UUID.String(), `{"party_id":"`+gone.String()+`"}`)
	}
	k.host.WriteAsClient(p[2].UserID, "partyline_away", p[1].UserID, `{"parties":7}`)
	k.must(k.admission.Sweep(t.Context()))
	k.restart()
	k.refused(k.join(p[1], id), party.Banned)
}
