package hooks_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/proto"

	"partyline/hooks"
	"partyline/party"
	"partyline/party/rules"
)

// Checks all calls of the kernel for each message before the host handles it, in order.
func TestBefore(t *testing.T) {
	full := party.Refuse(party.PartyFull, "This party is full.")
	tests := []struct {
		name    string
		message string
		user    string // "" = "leader"
		edit    func(*kernel, *rtapi.Envelope)
		told    []string
		refused string // beginning of what the client is told; "" = passed on
	}{
		{name: "create", message: hooks.PartyCreate, told: []string{"settle session-of-leader", "may create leader ", "rate create leader", "begin create leader"}},
		{name: "create_goes_on_with_another", message: hooks.PartyCreate, edit: func(k *kernel, _ *rtapi.Envelope) { k.offered = true },
			told: []string{"settle session-of-leader", "begin create leader"}},
		{name: "create_too_often", message: hooks.PartyCreate, edit: func(k *kernel, _ *rtapi.Envelope) {
			k.answer["rate create"] = party.RefuseRate(3e9)
		}, told: []string{"settle session-of-leader", "may create leader ", "rate create leader"}, refused: "rate_limited: "},
		{name: "create_while_in_another", message: hooks.PartyCreate, edit: func(k *kernel, _ *rtapi.Envelope) {
			k.answer["may create"] = party.Refuse(party.AlreadyInParty, "Leave it first.")
		}, told: []string{"settle session-of-leader", "may create leader "}, refused: "already_in_party: "},

		{name: "join_open", message: hooks.PartyJoin, user: "guest", told: []string{"settle session-of-guest", "begin join guest"}},
		{name: "join_full", message: hooks.PartyJoin, user: "guest", edit: func(k *kernel, _ *rtapi.Envelope) { k.answer["begin join"] = full },
			told: []string{"settle session-of-guest", "begin join guest"}, refused: "party_full: "},
		{name: "join_gone", message: hooks.PartyJoin, user: "guest", edit: func(k *kernel, _ *rtapi.Envelope) {
			k.answer["begin join"] = party.Refuse(party.PartyNotFound, "Gone.")
		}, told: []string{"settle session-of-guest", "begin join guest"}, refused: "party_not_found: "},

		{name: "accept", message: hooks.PartyAccept, told: []string{"settle session-of-leader", "begin accept leader other"}},
		{name: "accept_full", message: hooks.PartyAccept, edit: func(k *kernel, _ *rtapi.Envelope) { k.answer["begin accept"] = full },
			told: []string{"settle session-of-leader", "begin accept leader other"}, refused: "party_full: "},
		{name: "accept_by_a_stranger_keeps_no_seat", message: hooks.PartyAccept, user: "stranger", told: []string{"settle session-of-stranger"}, refused: "not_member: "},
		{name: "accept_gone", message: hooks.PartyAccept, edit: func(k *kernel, _ *rtapi.Envelope) {
			k.lookErr = party.Refuse(party.PartyNotFound, "Gone.")
		}, told: []string{"settle session-of-leader"}, refused: "party_not_found: "},

		{name: "remove", message: hooks.PartyRemove, told: []string{"settle session-of-leader", "begin kick leader other"}},
		{name: "promote", message: hooks.PartyPromote, told: []string{"settle session-of-leader"}},
		{name: "close", message: hooks.PartyClose, told: []string{"settle session-of-leader"}},
		{name: "update", message: hooks.PartyUpdate, told: []string{"settle session-of-leader"}},

		{name: "data", message: hooks.PartyDataSend, told: []string{"rate data leader", "settle session-of-leader"}},
		{name: "data_op_code_zero", message: hooks.PartyDataSend, edit: func(_ *kernel, in *rtapi.Envelope) { in.GetPartyDataSend().OpCode = 0 },
			told: []string{"rate data leader", "settle session-of-leader"}},
		{name: "data_forged_op_code", message: hooks.PartyDataSend, edit: func(_ *kernel, in *rtapi.Envelope) { in.GetPartyDataSend().OpCode = -1 },
			refused: "invalid_request: op_code: -1 "},
		{name: "data_largest", message: hooks.PartyDataSend, edit: func(_ *kernel, in *rtapi.Envelope) { in.GetPartyDataSend().Data = make([]byte, 4096) },
			told: []string{"rate data leader", "settle session-of-leader"}},
		{name: "data_too_large", message: hooks.PartyDataSend, edit: func(_ *kernel, in *rtapi.Envelope) { in.GetPartyDataSend().Data = make([]byte, 4097) },
			refused: "invalid_request: data: 4097 bytes"},
		{name: "data_flood", message: hooks.PartyDataSend, edit: func(k *kernel, _ *rtapi.Envelope) { k.answer["rate data"] = party.RefuseRate(1e9) },
			told: []string{"rate data leader"}, refused: "rate_limited: "},

		{name: "ticket", message: hooks.PartyMatchmakerAdd, told: []string{"settle session-of-leader"}},
		{name: "ticket_of_nobody", message: hooks.PartyMatchmakerAdd, edit: func(k *kernel, _ *rtapi.Envelope) { k.view.Members = nil }, refused: "not_ready: "},
		{name: "ticket_without_seats", message: hooks.PartyMatchmakerAdd, edit: func(k *kernel, _ *rtapi.Envelope) { k.view.MaxSize = 0 }, refused: "not_ready: "},
		{name: "ticket_gone", message: hooks.PartyMatchmakerAdd, edit: func(k *kernel, _ *rtapi.Envelope) {
			k.lookErr = party.Refuse(party.PartyNotFound, "Gone.")
		}, refused: "party_not_found: "},
		{name: "solo_ticket", message: hooks.MatchmakerAdd, told: []string{"settle session-of-leader"}},
		{name: "leave", message: hooks.PartyLeave, told: []string{"settle session-of-leader"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := newKernel()
			in := message(tt.message, partyID)
			if tt.edit != nil {
				tt.edit(k, in)
			}
			user := tt.user
			if user == "" {
				user = "leader"
			}
			h := serve(t, k.tables()...)
			out, err := h.before(user, tt.message, in)
			if !slices.Equal(k.told, tt.told) {
				t.Errorf("the kernel was told %q; want %q", k.told, tt.told)
			}
			if tt.refused == "" {
				if out != in || err != nil {
					t.Errorf("before = %v, %v; want it passed on", out, err)
				}
			} else if err == nil || !strings.HasPrefix(err.Error(), tt.refused) {
				t.Errorf("before = %v; want it refused with %q", err, tt.refused)
			}
		})
	}
}

// Checks all calls of the kernel for each message after the host has handled it.
func TestAfter(t *testing.T) {
	tests := []struct {
		message string
		out     *rtapi.Envelope
		told    []string
	}{
		{hooks.PartyCreate, &rtapi.Envelope{Message: &rtapi.Envelope_Party{Party: &rtapi.Party{PartyId: partyID}}}, []string{"end create leader " + partyID}},
		{hooks.PartyJoin, &rtapi.Envelope{}, []string{"end join leader"}},
		{hooks.PartyAccept, &rtapi.Envelope{}, []string{"end accept leader other"}},
		{hooks.PartyLeave, nil, []string{"end leave leader"}},
		{hooks.PartyRemove, &rtapi.Envelope{}, []string{"end kick leader other"}},
		{hooks.PartyPromote, &rtapi.Envelope{}, []string{"end promote leader other"}},
		{hooks.PartyUpdate, &rtapi.Envelope{}, []string{`end update leader true true {"a":1}`}},
		{hooks.PartyMatchmakerAdd, &rtapi.Envelope{}, []string{"end by leader"}},
		{hooks.PartyMatchmakerRemove, &rtapi.Envelope{}, []string{"end by leader"}},
		{hooks.PartyJoinRequestList, &rtapi.Envelope{}, []string{"end by leader"}},
		{hooks.PartyClose, &rtapi.Envelope{}, []string{"end close leader"}},
	}
	for _, tt := range tests {
		t.Run(tt.message, func(t *testing.T) {
			k := newKernel()
			h := serve(t, k.tables()...)
			if err := h.after("leader", tt.message, tt.out, message(tt.message, partyID)); err != nil {
				t.Errorf("after = %v", err)
			}
			if !slices.Equal(k.told, tt.told) {
				t.Errorf("the kernel was told %q; want %q", k.told, tt.told)
			}
		})
	}
}

func TestAfter_KernelFailureIsLogged(t *testing.T) {
	k := newKernel()
	k.answer["end kick"] = errors.New("storage is down")
	h := serve(t, k.tables()...)
	if err := h.after("leader", hooks.PartyRemove, &rtapi.Envelope{}, message(hooks.PartyRemove, partyID)); party.ReasonOf(err) != party.Internal {
		t.Errorf("after = %v; want internal", err)
	}
	if want := []string{"end kick leader other"}; !slices.Equal(k.told, want) {
		t.Errorf("the kernel was told %q; want %q", k.told, want)
	}
	if !contains(h.log.lines, "storage is down") {
		t.Errorf("log = %q; want the cause", h.log.lines)
	}
}

func TestAfter_CreateWithoutAPartyIsAnError(t *testing.T) {
	k := newKernel()
	h := serve(t, k.tables()...)
	for _, out := range []*rtapi.Envelope{nil, {}} {
		if err := h.after("leader", hooks.PartyCreate, out, message(hooks.PartyCreate, "")); err == nil {
			t.Errorf("after PartyCreate with %v said nothing", out)
		}
	}
	if len(k.told) != 0 {
		t.Errorf("the kernel was told %q", k.told)
	}
}

func TestSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		note := func(what string) func(context.Context, party.Session) error {
			return func(_ context.Context, s party.Session) error {
				told = append(told, what+" "+s.SessionID)
				return nil
			}
		}
		h := serve(t, []hooks.Hook{hooks.Ended("a", note("ended")), hooks.Started("b", note("started")), hooks.Ended("b", note("over"))})
		h.end("member")
		h.start("member")
		if want := []string{"ended session-of-member", "over session-of-member", "started session-of-member"}; !slices.Equal(told, want) {
			t.Errorf("told %q; want %q", told, want)
		}
		h = serve(t, []hooks.Hook{hooks.Ended("c", func(context.Context, party.Session) error { return errors.New("storage is down") })})
		h.end("member")
		if !contains(h.log.lines, "storage is down") {
			t.Errorf("log = %q; want the cause", h.log.lines)
		}
	})
}

// Rules that are not in force refuse nobody, even if the party cannot be read.
func TestRules_NotInForce(t *testing.T) {
	for message, action := range map[string]rules.Action{
		hooks.PartyUpdate: rules.ActionUpdate, hooks.PartyRemove: rules.ActionKick, hooks.PartyPromote: rules.ActionPromote,
	} {
		for _, shadow := range []bool{true, false} {
			k := newKernel()
			k.ruled, k.shadow, k.lookErr = map[rules.Action]bool{action: true}, shadow, errors.New("tracker is down")
			if _, err := serve(t, k.tables()...).before("leader", message, messageOf(message)); (err == nil) != shadow {
				t.Errorf("%s, not in force %v: %v", message, shadow, err)
			}
		}
	}
}

// A leader who declines a request to join kicks nobody.
func TestRules_ARequestTurnedDown(t *testing.T) {
	k := newKernel()
	k.ruled = map[rules.Action]bool{rules.ActionKick: true}
	k.answer["may kick"] = errors.New("no")
	if _, err := serve(t, k.tables()...).before("leader", hooks.PartyRemove, messageOf(hooks.PartyRemove)); err != nil {
		t.Errorf("before = %v; want the rule not asked", err)
	}
}

// A message reads its party once, even if several handlers need it.
func TestOneMessageOneLook(t *testing.T) {
	for _, message := range []string{hooks.PartyJoin, hooks.PartyAccept, hooks.PartyUpdate, hooks.PartyMatchmakerAdd, hooks.PartyRemove, hooks.PartyPromote} {
		k := newKernel()
		k.ruled = map[rules.Action]bool{
			rules.ActionJoin: true, rules.ActionUpdate: true, rules.ActionMatchmake: true, rules.ActionKick: true, rules.ActionPromote: true,
		}
		sets := append(k.tables(), hooks.Matchmaking(&queues{}, k, nil))
		if _, err := serve(t, sets...).before("leader", message, messageOf(message)); err != nil {
			t.Errorf("%s: %v", message, err)
		}
		if k.looks != 1 {
			t.Errorf("%s: %d looks at the party; want 1", message, k.looks)
		}
	}
}

func messageOf(name string) *rtapi.Envelope { return message(name, partyID) }

// The host reads several spellings of a party's UUID. For each of them, the host and all handlers see the party in
// one spelling.
func TestSpellingsOfPartyIDs(t *testing.T) {
	uuid, node, _ := strings.Cut(partyID, ".")
	bare := strings.ReplaceAll(uuid, "-", "")
	spellings := []string{
		strings.ToUpper(uuid), "{" + uuid + "}", "urn:uuid:" + uuid, bare, strings.ToUpper(bare), "{" + bare + "}", "urn:uuid:" + bare,
	}
	plain := []string{hooks.PartyLeave, hooks.PartyMatchmakerRemove, hooks.PartyJoinRequestList}
	for _, name := range append(plain, naming...) {
		for _, spelling := range spellings {
			k := newKernel()
			h := serve(t, k.tables()...)
			want := message(name, partyID)
			out, err := h.before("leader", name, message(name, spelling+"."+node))
			if err != nil || !proto.Equal(out, want) {
				t.Errorf("%s of %q goes on as %v, %v; want %v", name, spelling, out, err, want)
			}
		}
	}
	for _, name := range plain { // the host itself refuses what it cannot read
		h := serve(t, newKernel().tables()...)
		out, err := h.before("leader", name, message(name, "nonsense"))
		if err != nil || !proto.Equal(out, message(name, "nonsense")) {
			t.Errorf("%s of nonsense = %v, %v; want it passed on", name, out, err)
		}
	}
}

// Text that is not an ID reaches no later check.
func TestMalformedPartyIDs(t *testing.T) {
	uuid, node, _ := strings.Cut(partyID, ".")
	malformed := []string{
		"", "x", uuid, uuid + ".", "." + node,
		"00000000-0000-0000-0000-000000000000." + node, partyID + "\n", " " + partyID, uuid + ".no de", uuid + "." + strings.Repeat("n", 5000),
	}
	for _, name := range naming {
		t.Run(name, func(t *testing.T) {
			for _, text := range malformed {
				k := newKernel()
				h := serve(t, k.tables()...)
				_, err := h.before("leader", name, message(name, text))
				if party.ReasonOf(err) != party.PartyNotFound {
					t.Errorf("%.60q: before = %v; want party_not_found", text, err)
				}
				if len(k.told) != 0 {
					t.Errorf("%.60q: the kernel was told %q", text, k.told)
				}
			}
		})
	}
	for _, name := range append([]string{hooks.PartyLeave, hooks.PartyMatchmakerRemove}, naming...) {
		k := newKernel()
		h := serve(t, k.tables()...)
		if fn := h.afters[name]; fn != nil {
			_ = fn(contextOf("leader"), &h.log, nil, nil, nil, message(name, "nonsense"))
		}
		if len(k.told) != 0 {
			t.Errorf("after %s of a malformed ID: the kernel was told %q", name, k.told)
		}
		if contains(h.log.lines, "error ") {
			t.Errorf("after %s of a malformed ID: log = %q", name, h.log.lines)
		}
	}
}

func TestCreate_Size(t *testing.T) {
	tests := []struct {
		name  string
		asked int32
		clamp bool
		want  int32 // 0 = refused
	}{
		{name: "absent_is_the_default", asked: 0, want: 4},
		{name: "smallest", asked: 2, want: 2},
		{name: "largest", asked: 6, want: 6},
		{name: "below", asked: 1},
		{name: "above", asked: 7},
		{name: "negative", asked: -1},
		{name: "far_above", asked: 1 << 30},
		{name: "below_clamped", asked: 1, clamp: true, want: 2},
		{name: "above_clamped", asked: 7, clamp: true, want: 6},
		{name: "negative_clamped", asked: -5, clamp: true, want: 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := newKernel()
			k.config.Parties.MaxSize = rules.MaxSize{Default: 4, Min: 2, Max: 6, Outside: rules.OutsideRefuse}
			if tt.clamp {
				k.config.Parties.MaxSize.Outside = rules.OutsideClamp
			}
			h := serve(t, k.tables()...)
			in := message(hooks.PartyCreate, "")
			in.GetPartyCreate().MaxSize = tt.asked
			out, err := h.before("leader", hooks.PartyCreate, in)
			if tt.want == 0 {
				if party.ReasonOf(err) != party.InvalidRequest || !strings.Contains(err.Error(), "max_size") || !strings.Contains(err.Error(), "2 to 6") {
					t.Errorf("before = %v; want invalid_request naming max_size and its bounds", err)
				}
				if want := []string{"settle session-of-leader"}; !slices.Equal(k.told, want) {
					t.Errorf("the kernel was told %q; want %q", k.told, want)
				}
				return
			}
			if err != nil || out.GetPartyCreate().GetMaxSize() != tt.want {
				t.Errorf("before = %v, %v; want size %d", out, err, tt.want)
			}
		})
	}
}

func TestOpenPolicy(t *testing.T) {
	tests := []struct {
		policy      rules.OpenPolicy
		asked, want bool
	}{
		{rules.OpenAny, true, true}, {rules.OpenAny, false, false},
		{rules.OpenOnly, true, true}, {rules.OpenOnly, false, true},
		{rules.ClosedOnly, true, false}, {rules.ClosedOnly, false, false},
	}
	for _, tt := range tests {
		k := newKernel()
		k.config.Parties.Open = tt.policy
		h := serve(t, k.tables()...)
		create, update := message(hooks.PartyCreate, ""), message(hooks.PartyUpdate, partyID)
		create.GetPartyCreate().Open, update.GetPartyUpdate().Open = tt.asked, tt.asked
		for name, in := range map[string]*rtapi.Envelope{hooks.PartyCreate: create, hooks.PartyUpdate: update} {
			out, err := h.before("leader", name, in)
			if err != nil {
				t.Fatalf("%s under %s: %v", name, tt.policy, err)
			}
			if got := out.GetPartyCreate().GetOpen() || out.GetPartyUpdate().GetOpen(); got != tt.want {
				t.Errorf("%s under %s: asked %v, got %v; want %v", name, tt.policy, tt.asked, got, tt.want)
			}
		}
	}
}

// Rules are asked about each message that has rules, with the client's wishes, before a seat or a token is taken.
// Without rules nothing is asked.
func TestRules(t *testing.T) {
	no := &party.Error{Reason: party.RuleDenied, Rule: "no", Message: "No."}
	queue := func(in *rtapi.Envelope) {
		properties := map[string]string{"queue": "duo"}
		if add := in.GetPartyMatchmakerAdd(); add != nil {
			add.StringProperties = properties
		} else {
			in.GetMatchmakerAdd().StringProperties = properties
		}
	}
	tests := []struct {
		message string
		user    string
		action  rules.Action
		edit    func(*rtapi.Envelope)
		asked   string // calls of the kernel
	}{
		{message: hooks.PartyJoin, user: "guest", action: rules.ActionJoin, asked: "may join guest session-of-guest"},
		{message: hooks.PartyAccept, user: "leader", action: rules.ActionJoin, asked: "may accept other by leader"},
		{message: hooks.PartyUpdate, user: "leader", action: rules.ActionUpdate, asked: `may update leader true{"a":1}0`},
		{message: hooks.PartyDataSend, user: "leader", action: rules.ActionData,
			edit: func(in *rtapi.Envelope) { in.GetPartyDataSend().Data = make([]byte, 7) }, asked: "may data leader false7"},
		{message: hooks.PartyMatchmakerAdd, user: "leader", action: rules.ActionMatchmake, edit: queue, asked: "may matchmake leader falseduo0"},
		{message: hooks.MatchmakerAdd, user: "leader", action: rules.ActionMatchmake, edit: queue, asked: "may alone leader duo"},
		{message: hooks.PartyRemove, user: "leader", action: rules.ActionKick, asked: "may kick leader false0other"},
		{message: hooks.PartyPromote, user: "leader", action: rules.ActionPromote, asked: "may promote leader false0other"},
	}
	for _, tt := range tests {
		t.Run(tt.message, func(t *testing.T) {
			for _, ruled := range []bool{false, true} {
				k := newKernel()
				k.ruled = map[rules.Action]bool{tt.action: ruled}
				if tt.action == rules.ActionKick {
					k.view.Members = []party.Member{{Session: party.Session{UserID: "other"}}}
				}
				word, _, _ := strings.Cut(strings.TrimPrefix(tt.asked, "may "), " ")
				k.answer["may "+word] = no
				in := message(tt.message, partyID)
				if tt.edit != nil {
					tt.edit(in)
				}
				_, err := serve(t, k.tables()...).before(tt.user, tt.message, in)
				if !ruled {
					if err != nil || slices.Contains(k.told, tt.asked) {
						t.Errorf("without a rule: %v, the kernel was told %q", err, k.told)
					}
					continue
				}
				if err == nil || err.Error() != "rule_denied/no: No." {
					t.Errorf("before = %v; want the rule's refusal", err)
				}
				if len(k.told) == 0 || k.told[len(k.told)-1] != tt.asked {
					t.Errorf("the kernel was told %q; want %q last", k.told, tt.asked)
				}
			}
		})
	}
}

func TestData_NoLimitWhereTheRulesNameNone(t *testing.T) {
	k := newKernel()
	k.config.Limits.Data.Bytes = 0
	h := serve(t, k.tables()...)
	in := message(hooks.PartyDataSend, partyID)
	in.GetPartyDataSend().Data = make([]byte, 1<<20)
	if _, err := h.before("leader", hooks.PartyDataSend, in); err != nil {
		t.Errorf("before = %v; want it passed on", err)
	}
}
