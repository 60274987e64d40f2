package judge_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"partyline/party"
	"partyline/party/judge"
	"partyline/party/reserve"
	"partyline/party/rules"
)

func TestChecks_Create(t *testing.T) {
	w := newWorld(t, "parties: {max_size: {default: 3, max: 6}, one_per_user: true, open: closed}\nrules: [{id: odd, on: [create], deny: request.max_size % 2 == 1 or request.open}]")
	p := w.host.Players(2)
	ctx := t.Context()
	got, err := w.checks.Create(ctx, caller(p[0]), party.CreateParams{MaxSize: 4, Open: true})
	if want := (party.CreateParams{MaxSize: 4}); err != nil || got != want {
		t.Errorf("Create = %+v, %v; want %+v", got, err, want)
	}
	_, err = w.checks.Create(ctx, caller(p[0]), party.CreateParams{})
	w.denied(err, "odd")
	_, err = w.checks.Create(ctx, caller(p[0]), party.CreateParams{MaxSize: 7})
	w.refused(err, party.InvalidRequest)
	w.newParty(true, 4, p[1])
	_, err = w.checks.Create(ctx, caller(p[1]), party.CreateParams{MaxSize: 5})
	w.refused(err, party.AlreadyInParty)
	if asked := w.set.Hits()[0].Asked; asked != 2 {
		t.Errorf("the rule was asked %d times; want only where nothing cheaper refused", asked)
	}
}

// Without a party, party.state is "idle" as for a party that does nothing.
func TestChecks_StateWithoutParty(t *testing.T) {
	w := newWorld(t, "rules: [{id: busy, on: [create, matchmake], deny: 'party.state != \"idle\"'}]")
	p := w.host.Players(1)
	if _, err := w.checks.Create(t.Context(), caller(p[0]), party.CreateParams{MaxSize: 4}); err != nil {
		t.Error(err)
	}
	if err := w.checks.SoloTicket(t.Context(), caller(p[0]), "duo"); err != nil {
		t.Error(err)
	}
}

func TestChecks_Join(t *testing.T) {
	w := newWorld(t, "rules: [{id: platform, on: [join], deny: 'user.vars.platform != \"pc\"'}]")
	p := w.host.Players(4)
	open, full := w.newParty(true, 4, p[0]), w.newParty(true, 1, p[0])
	pc := map[string]string{"platform": "pc"}
	if err := w.checks.Join(w.callContext(p[1], "", pc), caller(p[1]), w.look(open)); err != nil {
		t.Error(err)
	}
	err := w.checks.Join(w.callContext(p[1], "", nil), caller(p[1]), w.look(open))
	w.denied(err, "platform")
	err = w.checks.Join(w.callContext(p[1], "", pc), caller(p[1]), w.look(full))
	w.refused(err, party.PartyFull)
	if hits := w.set.Hits()[0]; hits.Asked != 2 {
		t.Errorf("asked %d times; a full party needs no rule", hits.Asked)
	}
}

// A rule on blocks also counts members who are away.
func TestChecks_BlockedByWhoIsAway(t *testing.T) {
	w := newWorld(t, "parties: {reconnect_grace: 1m}\nrules: [{id: blocked, on: [join], deny: relation.blocked}]")
	p := w.host.Players(3)
	open := w.newParty(true, 4, p[0], p[1])
	w.load.blocker = p[1].UserID
	w.host.Disconnect(p[1])
	w.denied(w.checks.Join(t.Context(), caller(p[2]), w.look(open)), "blocked")
	w.denied(w.checks.Accept(t.Context(), p[0], p[2], w.look(open)), "blocked")
	w.clock.Advance(2 * time.Minute)
	if err := w.checks.Join(t.Context(), caller(p[2]), w.look(open)); err != nil {
		t.Errorf("with the seat lost: %v", err)
	}
}

// The rules are asked about the player who joins, with the properties of that player's own session, and not
// about the leader who makes the call.
func TestChecks_Accept(t *testing.T) {
	w := newWorld(t, "rules: [{id: platform, on: [join], deny: 'user.vars.platform != \"pc\"'}]")
	p := w.host.Players(3)
	closed := w.newParty(false, 4, p[0])
	leader := w.callContext(p[0], "", map[string]string{"platform": "phone"})
	for i, platform := range map[int]string{1: "pc", 2: "phone"} {
		if err := w.admission.BeginJoin(w.callContext(p[i], "", map[string]string{"platform": platform}), closed, p[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.checks.Accept(leader, p[0], p[1], w.look(closed)); err != nil {
		t.Error(err)
	}
	w.denied(w.checks.Accept(leader, p[0], p[2], w.look(closed)), "platform")
	w.refused(w.checks.Accept(leader, p[0], party.Session{UserID: "nobody", SessionID: p[2].SessionID}, w.look(closed)), party.InvalidRequest)
	if err := w.checks.Accept(w.callContext(p[2], "", nil), p[2], p[2], w.look(closed)); err != nil {
		t.Errorf("a stranger's accept: %v; want it left to the server", err)
	}
}

func TestChecks_Inside(t *testing.T) {
	actions := []rules.Action{rules.ActionUpdate, rules.ActionData, rules.ActionMatchmake, rules.ActionKick, rules.ActionPromote}
	w := newWorld(t, "rules: [{id: alone, on: [update, data, matchmake, kick, promote], deny: party.size == 1}]")
	p := w.host.Players(3)
	alone, pair := w.newParty(true, 4, p[0]), w.newParty(true, 4, p[0], p[1])
	for _, a := range actions {
		w.denied(w.checks.MemberAction(t.Context(), a, caller(p[0]), w.look(alone), rules.RequestFacts{}), "alone")
		if err := w.checks.MemberAction(t.Context(), a, caller(p[0]), w.look(pair), rules.RequestFacts{}); err != nil {
			t.Errorf("%s: %v", a, err)
		}
		if err := w.checks.MemberAction(t.Context(), a, caller(p[2]), w.look(alone), rules.RequestFacts{}); err != nil {
			t.Errorf("%s by a stranger: %v; want it left to the server", a, err)
		}
	}
	w.useRules("rules: [{id: ranked, on: [matchmake], deny: 'request.queue == \"ranked\"'}]")
	w.denied(w.checks.SoloTicket(t.Context(), caller(p[0]), "ranked"), "ranked")
	if err := w.checks.SoloTicket(t.Context(), caller(p[0]), "casual"); err != nil {
		t.Error(err)
	}
}

func TestChecks_NoRuleCostsNothing(t *testing.T) {
	w := newWorld(t, "")
	e := &entrance{}
	w.checks.Entrance = e
	s := party.Session{UserID: "u"}
	for _, err := range []error{
		w.checks.Accept(t.Context(), s, s, reserve.Look{}),
		w.checks.MemberAction(t.Context(), rules.ActionData, party.Caller{}, reserve.Look{}, rules.RequestFacts{}),
		w.checks.SoloTicket(t.Context(), party.Caller{}, ""),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	if e.calls != 0 {
		t.Errorf("admission was asked %d times", e.calls)
	}
}

// entrance counts its calls.
type entrance struct{ calls int }

func (e *entrance) MayCreate(context.Context, party.Session) error { e.calls++; return nil }
func (e *entrance) MayContinue(context.Context, party.Session) (bool, error) {
	e.calls++
	return false, nil
}

func (e *entrance) Check(context.Context, party.ID, reserve.Intent, *reserve.Look) (reserve.Look, error) {
	e.calls++
	return reserve.Look{}, nil
}

func (e *entrance) Look(context.Context, party.ID) (reserve.Look, error) {
	e.calls++
	return reserve.Look{}, nil
}

func (e *entrance) ClientAsking(party.ID, string) party.Client { e.calls++; return party.Client{} }
func (e *entrance) Asks(party.ID, string) bool                 { e.calls++; return false }

func TestInquiries(t *testing.T) {
	w := newWorld(t, "limits: {party_create: 1/h, invite_create: 1/h}\nparties: {requests: {rate: 1/h}}\nrules: [{id: ranked, on: [matchmake], deny: 'request.queue in [\"ranked\", \"both\"]'}]")
	p := w.host.Players(4)
	open, closed := w.newParty(true, 2, p[0], p[1]), w.newParty(false, 4, p[0])
	full := party.Refuse(party.PartyTooLarge, "Too many.")
	inquiries := judge.Inquiries{
		Checks: w.checks.Dry(w.judge), Rates: w.limits,
		Invite: func(_ context.Context, c party.Caller, _ party.ID, j party.Judge) error {
			if c.UserID == p[3].UserID {
				return party.Refuse(party.NotMember, "No.")
			}
			return j.Decide(t.Context(), party.Question{Action: rules.ActionInvite, Caller: c})
		},
		Queue: func(_ context.Context, _ party.Caller, v party.View, queue string) error {
			if queue == "both" || queue == "solo" && v.Size() > 1 {
				return full
			}
			return nil
		},
	}
	ask := func(s party.Session, q judge.Inquiry) party.Reason {
		t.Helper()
		refusal, err := inquiries.Answer(t.Context(), caller(s), q)
		if err != nil {
			t.Fatal(err)
		}
		if refusal == nil {
			return ""
		}
		return refusal.Reason
	}
	takePartyToken := func() { _ = w.limits.PartyCreate.Take(p[2].UserID) }
	takeRequestToken := func() { _ = w.limits.JoinRequest.Take(p[2].UserID) }
	takeInviteToken := func() { _ = w.limits.InviteCreate.Take(p[3].UserID) }
	for _, tt := range []struct {
		name   string
		before func()
		who    int
		q      judge.Inquiry
		want   party.Reason
	}{
		{"create", nil, 2, judge.Inquiry{Action: judge.CheckCreate, MaxSize: 4}, ""},
		{"create_again", nil, 2, judge.Inquiry{Action: judge.CheckCreate}, ""},
		{"create_outside", nil, 2, judge.Inquiry{Action: judge.CheckCreate, MaxSize: 257}, party.InvalidRequest},
		{"create_too_often", takePartyToken, 2, judge.Inquiry{Action: judge.CheckCreate}, party.RateLimited},
		{"join_full", nil, 2, judge.Inquiry{Action: judge.CheckJoin, PartyID: open.String()}, party.PartyFull},
		{"join_own", nil, 1, judge.Inquiry{Action: judge.CheckJoin, PartyID: open.String()}, party.AlreadyMember},
		{"join_nowhere", nil, 2, judge.Inquiry{Action: judge.CheckJoin, PartyID: "x"}, party.PartyNotFound},
		{"ask", nil, 2, judge.Inquiry{Action: judge.CheckJoin, PartyID: closed.String()}, ""},
		{"ask_too_often", takeRequestToken, 2, judge.Inquiry{Action: judge.CheckJoin, PartyID: closed.String()}, party.RateLimited},
		{"ask_again", func() { _ = w.admission.BeginJoin(t.Context(), closed, p[3]) }, 3, judge.Inquiry{Action: judge.CheckJoin, PartyID: closed.String()}, party.AlreadyMember},
		{"invite", nil, 0, judge.Inquiry{Action: judge.CheckInvite, PartyID: closed.String()}, ""},
		{"invite_elsewhere", nil, 3, judge.Inquiry{Action: judge.CheckInvite, PartyID: closed.String()}, party.NotMember},
		{"invite_elsewhere_too_often", takeInviteToken, 3, judge.Inquiry{Action: judge.CheckInvite, PartyID: closed.String()}, party.RateLimited},
		{"matchmake", nil, 0, judge.Inquiry{Action: judge.CheckMatchmake, PartyID: open.String(), Queue: "casual"}, ""},
		{"matchmake_rule", nil, 0, judge.Inquiry{Action: judge.CheckMatchmake, PartyID: open.String(), Queue: "ranked"}, party.RuleDenied},
		{"matchmake_queue", nil, 0, judge.Inquiry{Action: judge.CheckMatchmake, PartyID: open.String(), Queue: "solo"}, party.PartyTooLarge},
		{"matchmake_member", nil, 1, judge.Inquiry{Action: judge.CheckMatchmake, PartyID: open.String()}, party.NotLeader},
		{"matchmake_rule_before_queue", nil, 0, judge.Inquiry{Action: judge.CheckMatchmake, PartyID: open.String(), Queue: "both"}, party.RuleDenied},
		{"matchmake_member_rule", nil, 1, judge.Inquiry{Action: judge.CheckMatchmake, PartyID: open.String(), Queue: "both"}, party.RuleDenied},
		{"matchmake_member_queue", nil, 1, judge.Inquiry{Action: judge.CheckMatchmake, PartyID: open.String(), Queue: "solo"}, party.PartyTooLarge},
		{"matchmake_stranger", nil, 2, judge.Inquiry{Action: judge.CheckMatchmake, PartyID: open.String()}, party.NotMember},
		{"matchmake_nowhere", nil, 0, judge.Inquiry{Action: judge.CheckMatchmake, PartyID: "x"}, party.PartyNotFound},
		{"alone", nil, 2, judge.Inquiry{Action: judge.CheckMatchmake, Queue: "solo"}, ""},
		{"alone_rule", nil, 2, judge.Inquiry{Action: judge.CheckMatchmake, Queue: "ranked"}, party.RuleDenied},
		{"alone_rule_before_queue", nil, 2, judge.Inquiry{Action: judge.CheckMatchmake, Queue: "both"}, party.RuleDenied},
	} {
		if tt.before != nil {
			tt.before()
		}
		if got := ask(p[tt.who], tt.q); got != tt.want {
			t.Errorf("%s: %q; want %q", tt.name, got, tt.want)
		}
	}
	for field, q := range map[string]judge.Inquiry{
		"action": {Action: "kick"}, "party_id": {Action: judge.CheckInvite},
	} {
		if _, err := inquiries.Answer(t.Context(), caller(p[0]), q); party.ReasonOf(err) != party.InvalidRequest {
			t.Errorf("%s: %v; want invalid_request", field, err)
		}
	}
	if hits := w.set.Hits()[0]; hits.Asked != 0 {
		t.Errorf("asking was counted: %+v", hits)
	}
	v := w.view(open)
	if v.Size() != 2 {
		t.Errorf("asking changed the party: %+v", v)
	}

	w.useRules("rules: [{id: broken, on: [create], deny: user.metadata.level > 3}]")
	w.load.err = errDown
	refusal, err := inquiries.Answer(t.Context(), caller(p[3]), judge.Inquiry{Action: judge.CheckCreate})
	if err != nil || refusal == nil || refusal.Reason != party.Internal || refusal.Rule != "broken" || !strings.Contains(refusal.Message, "try again") {
		t.Errorf("a rule that breaks: %+v, %v; want internal, the rule's name and what the player reads", refusal, err)
	}
}

func TestLoad(t *testing.T) {
	w := newWorld(t, "")
	p := w.host.Players(4)
	ctx := t.Context()
	w.host.Befriend(p[0].UserID, p[1].UserID)
	w.host.Block(p[2].UserID, p[0].UserID)
	group := func(name string, state int32) *api.UserGroupList_UserGroup {
		return &api.UserGroupList_UserGroup{Group: &api.Group{Id: "id-" + name, Name: name}, State: wrapperspb.Int32(state)}
	}
	h := host{Host: w.host, pages: [][]*api.UserGroupList_UserGroup{{group("owner", 0), group("admin", 1)}, {group("member", 2), group("asked", 3)}}}
	load := judge.NewLoader(h, party.NewBlockList(nil, h), w.clock.Now)

	groups, err := load.Groups(ctx, p[0].UserID)
	want := []rules.GroupFacts{{ID: "id-owner", Name: "owner", Admin: true}, {ID: "id-admin", Name: "admin", Admin: true}, {ID: "id-member", Name: "member"}}
	if err != nil || !slices.Equal(groups, want) {
		t.Errorf("Groups = %+v, %v; want %+v", groups, err, want)
	}
	others := []string{p[1].UserID, p[2].UserID, p[3].UserID}
	if friends, err := load.Friends(ctx, p[0].UserID, others); err != nil || !slices.Equal(friends, []string{p[1].UserID}) {
		t.Errorf("Friends = %v, %v", friends, err)
	}
	for i, blocked := range map[int]bool{1: false, 2: true, 3: false} {
		if got, err := load.Blocked(ctx, p[0].UserID, []string{p[i].UserID}); err != nil || got != blocked {
			t.Errorf("Blocked by player %d = %v, %v", i, got, err)
		}
	}
	w.host.SetMetadata(p[0].UserID, `{"level": 3}`)
	users, _ := w.host.UsersGetId(ctx, []string{p[0].UserID}, nil)
	accounts, err := load.Accounts(ctx, []string{p[0].UserID, p[1].UserID, uuid.NewString()})
	account := accounts[p[0].UserID]
	if err != nil || len(accounts) != 2 || account.DisplayName != users[0].DisplayName || account.Metadata != `{"level": 3}` || !account.CreatedAt.Equal(users[0].CreateTime.AsTime()) {
		t.Errorf("Accounts = %+v, %v", accounts, err)
	}
	level := func() string {
		accounts, _ := load.Accounts(ctx, []string{p[0].UserID})
		return accounts[p[0].UserID].Metadata
	}
	w.host.SetMetadata(p[0].UserID, `{"level": 4}`)
	if got := level(); got != `{"level": 3}` {
		t.Errorf("metadata = %s; want it remembered", got)
	}
	w.clock.Advance(judge.FactTTL + time.Second)
	if got := level(); got != `{"level": 4}` {
		t.Errorf("metadata = %s; want it read again", got)
	}
	if _, err := judge.NewLoader(host{Host: w.host, err: errDown}, party.NewBlockList(nil, w.host), w.clock.Now).Groups(ctx, p[0].UserID); err == nil {
		t.Error("a failed read is no answer")
	}
}

// A player may always create the party that party_resume has offered them.
func TestInquiries_CreateContinuesAParty(t *testing.T) {
	w := newWorld(t, "parties: {reconnect_grace: 1m}\nrules: [{id: nobody, on: [create], deny: 'true'}]")
	p := w.host.Players(2)
	id := w.newParty(true, 3, p...)
	for _, s := range p {
		w.host.Disconnect(s)
		if err := w.admission.Ended(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	back := w.host.Connect(p[1].UserID)
	inquiries := judge.Inquiries{Checks: w.checks.Dry(w.judge), Rates: w.limits}
	ask := func(want party.Reason) {
		t.Helper()
		refusal, err := inquiries.Answer(t.Context(), caller(back), judge.Inquiry{Action: judge.CheckCreate})
		if err != nil || refusal == nil && want != "" || refusal != nil && refusal.Reason != want {
			t.Errorf("%v, %v; want %q", refusal, err, want)
		}
	}
	ask(party.RuleDenied)
	w.admission.Offer(back.UserID, id)
	ask("")
	ask("")
	if _, offered, err := w.admission.BeginCreate(t.Context(), back); err != nil || !offered {
		t.Errorf("asking took the offer: %v, %v", offered, err)
	}
}
