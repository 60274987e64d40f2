package faults_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"partyline/local/e2e/player"
	"partyline/party"
	"partyline/party/invite"
)

const seats = 5

// scene is an active closed party, set up without a fault: two members, a player who has asked to
// join, a seat held for an invited player, a link with two uses, and a stranger.
type scene struct {
	*world
	leader, member, asker, guest, stranger *player.Game
	others                                 []*player.Game // players that an act or the audit brought in
	party                                  string
	heldSeat, link                         party.CreatedInvite
	nonce                                  int
}

func newScene(ctx context.Context, t *testing.T, w *world) *scene {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s := &scene{world: w}
	for _, g := range []struct {
		game **player.Game
		name string
	}{{&s.leader, "leader"}, {&s.member, "member"}, {&s.asker, "asker"}, {&s.guest, "guest"}, {&s.stranger, "stranger"}} {
		*g.game = play(ctx, t, w.api, g.name)
	}
	var err error
	s.party, err = s.leader.CreateParty(ctx, true, seats)
	must(err)
	must(s.member.JoinParty(ctx, s.party))
	must(s.leader.UpdateParty(ctx, s.party, false, ""))
	must(s.asker.JoinParty(ctx, s.party))
	must(s.leader.Call(ctx, "party_invite_create", inviteRequest{PartyID: s.party, ForUserIDs: []string{s.guest.Player.ID()}, HoldSeat: true}, &s.heldSeat))
	must(s.leader.Call(ctx, "party_invite_create", inviteRequest{PartyID: s.party, MaxUses: 2}, &s.link))
	must(w.settle(ctx, s.games()...))
	return s
}

type (
	inviteRequest struct {
		PartyID    string   `json:"party_id"`
		MaxUses    int      `json:"max_uses,omitempty"`
		ForUserIDs []string `json:"for_user_ids,omitempty"`
		HoldSeat   bool     `json:"hold_seat,omitempty"`
		Follow     bool     `json:"follow_inviter,omitempty"`
	}
	codeRequest struct {
		Code string `json:"code"`
	}
	partyRequest struct {
		PartyID string `json:"party_id"`
	}
	idRequest struct {
		ID string `json:"id"`
	}
)

func (s *scene) games() []*player.Game {
	return append([]*player.Game{s.leader, s.member, s.asker, s.guest, s.stranger}, s.others...)
}

// streamMembers returns the players on the party's stream, according to the server itself.
func (s *scene) streamMembers() ([]*player.Game, error) {
	id, err := party.ParseID(s.party)
	if err != nil {
		return nil, err
	}
	presences, err := s.engine.Module().StreamUserList(party.StreamMode, id.UUID.String(), "", id.Node, true, true)
	if err != nil {
		return nil, err
	}
	var in []*player.Game
	for _, p := range presences {
		i := slices.IndexFunc(s.games(), func(g *player.Game) bool { return g.ID == p.GetSessionId() })
		if i < 0 {
			return nil, fmt.Errorf("somebody unknown is in the party: %v", p)
		}
		in = append(in, s.games()[i])
	}
	return in, nil
}

// audit checks the party after a fault, when no fault is armed and nothing is under way; see
// [crowd.checkListeners].
func (s *scene) audit(ctx context.Context, t *testing.T) error {
	if err := s.settle(ctx, s.games()...); err != nil {
		return err
	}
	in, err := s.streamMembers()
	if err != nil {
		return err
	}
	users := map[string]bool{}
	for _, g := range in {
		users[g.Player.ID()] = true
	}
	if len(in) > seats || len(users) != len(in) {
		return fmt.Errorf("%d sessions of %d users have %d seats", len(in), len(users), seats)
	}
	if len(in) == 0 {
		return nil
	}
	leader, err := s.checkListeners(ctx, in)
	if err != nil {
		return err
	}
	if err := s.checkState(ctx, leader, in); err != nil {
		return err
	}
	return s.checkCapacity(ctx, t, leader)
}

// checkListeners makes the leader send to the whole stream and to the members. It fails unless exactly the
// players in the party receive it. It returns the leader.
func (s *scene) checkListeners(ctx context.Context, in []*player.Game) (leader *player.Game, err error) {
	s.nonce++
	label := fmt.Sprintf(`{"nonce":%d}`, s.nonce)
	var refusals []error
	for _, g := range in {
		err := g.UpdateParty(ctx, s.party, false, label)
		if err == nil {
			leader = g
			break
		}
		refusals = append(refusals, fmt.Errorf("%s: %w", g.Player.Session.Username, err))
	}
	if leader == nil {
		return nil, fmt.Errorf("nobody leads the party: %w", errors.Join(refusals...))
	}
	if err := leader.SendData(ctx, s.party, 7, []byte(strconv.Itoa(s.nonce))); err != nil {
		return nil, err
	}
	if err := s.settle(ctx, s.games()...); err != nil {
		return nil, err
	}
	for _, g := range s.games() {
		var update, data bool
		for _, m := range g.Drain() {
			update = update || m.Envelope.GetPartyUpdate().GetLabel() == label
			data = data || string(m.Envelope.GetPartyData().GetData()) == strconv.Itoa(s.nonce)
		}
		member := slices.Contains(in, g)
		if update != member || data != (member && g != leader) {
			return nil, fmt.Errorf("%s: in the party %t, hears it %t, its members %t", g.Player.Session.Username, member, update, data)
		}
	}
	return leader, nil
}

// checkState compares the module's view of the party with the truth and with the storage.
func (s *scene) checkState(ctx context.Context, leader *player.Game, in []*player.Game) error {
	var list struct{ Invites []party.InviteSummary }
	if err := leader.Call(ctx, "party_invite_list", partyRequest{s.party}, &list); err != nil {
		return fmt.Errorf("list: %w", err)
	}
	for _, v := range list.Invites {
		if v.Uses < 0 || v.MaxUses > 0 && v.Uses > v.MaxUses {
			return fmt.Errorf("invite used %d times of %d", v.Uses, v.MaxUses)
		}
	}
	shown, err := s.previewParty(ctx, leader)
	if err != nil {
		return err
	}
	members := map[string]bool{}
	for _, m := range shown.Members {
		members[m.UserID] = true
	}
	for _, g := range in {
		if !members[g.Player.ID()] {
			return fmt.Errorf("the preview does not show %s: %+v", g.Player.Session.Username, shown)
		}
	}
	if shown.Size != len(in) || shown.LeaderUserID != leader.Player.ID() {
		return fmt.Errorf("the preview shows %+v; in are %d, led by %s", shown, len(in), leader.Player.Session.Username)
	}
	id, err := party.ParseID(s.party)
	if err != nil {
		return err
	}
	holds, err := invite.NewStore(s.engine.Module(), s.clock.Now, nil).Holds(ctx, id)
	if err != nil {
		return err
	}
	stored := map[string]bool{}
	for _, h := range holds {
		for _, user := range h.UserIDs {
			if !members[user] && (h.By == "" || members[h.By]) { // a seat is free if the member who held it is gone
				stored[user] = true
			}
		}
	}
	if shown.Held != len(stored) {
		return fmt.Errorf("%d seats are kept; by what is stored it is %d", shown.Held, len(stored))
	}
	return nil
}

// previewParty returns the party as a member sees it through their own invite.
func (s *scene) previewParty(ctx context.Context, by *player.Game) (party.PartyPreview, error) {
	var probe party.CreatedInvite
	if err := by.Call(ctx, "party_invite_create", inviteRequest{PartyID: s.party}, &probe); err != nil {
		return party.PartyPreview{}, fmt.Errorf("invite: %w", err)
	}
	var p party.Preview
	if err := by.Call(ctx, "party_invite_preview", codeRequest{probe.Code}, &p); err != nil {
		return party.PartyPreview{}, fmt.Errorf("preview: %w", err)
	}
	if p.Party == nil {
		return party.PartyPreview{}, fmt.Errorf("preview: %s", p.State)
	}
	return *p.Party, nil
}

// checkCapacity revokes all invites, opens the party and fills it: it must have exactly as many seats as it
// was created with.
func (s *scene) checkCapacity(ctx context.Context, t *testing.T, leader *player.Game) error {
	var list struct{ Invites []party.InviteSummary }
	if err := leader.Call(ctx, "party_invite_list", partyRequest{s.party}, &list); err != nil {
		return err
	}
	for _, v := range list.Invites {
		if err := leader.Call(ctx, "party_invite_revoke", idRequest{v.ID}, nil); err != nil {
			return fmt.Errorf("revoke: %w", err)
		}
	}
	shown, err := s.previewParty(ctx, leader)
	if err != nil {
		return err
	}
	if shown.Held != 0 {
		return fmt.Errorf("%d seats are kept by no invite", shown.Held)
	}
	if err := leader.UpdateParty(ctx, s.party, true, ""); err != nil {
		return err
	}
	for size := shown.Size; ; size++ {
		g := play(ctx, t, s.api, "filler")
		s.others = append(s.others, g)
		outcome, answered := player.Outcome(g.JoinParty(ctx, s.party))
		switch {
		case !answered:
			return errors.New(outcome)
		case size < seats && outcome != "":
			return fmt.Errorf("seat %d of %d: %s", size+1, seats, outcome)
		case size == seats && outcome != "party_full":
			return fmt.Errorf("one more than %d: %q", seats, outcome)
		case size == seats:
			return nil
		}
	}
}

// end closes every socket. Nothing of the party may be left then.
func (s *scene) end(ctx context.Context) error {
	for _, g := range s.games() {
		if err := g.Close(ctx); err != nil {
			return err
		}
	}
	return s.awaitEmpty(ctx)
}
