package access_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"partyline/local/e2e/access"
	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/party"
)

// situationTimeout is how long one situation may take.
const situationTimeout = time.Minute

// scene is a closed party with a leader, a member, an invited player, and an outsider in another
// party. Each row gets its own scene, so that no call sees the effects of another.
type scene struct {
	t       *testing.T
	ctx     context.Context
	api     *client.Client
	players map[string]*player.Game // by role
	words   *strings.Replacer       // replaces the placeholders of the payloads
}

func newScene(t *testing.T, addr string) *scene {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), situationTimeout, fmt.Errorf("nothing for %v", situationTimeout))
	t.Cleanup(cancel)
	s := &scene{t: t, ctx: ctx, api: client.New(addr), players: map[string]*player.Game{}}
	for _, role := range access.Roles[1:5] {
		s.players[role] = s.join(role)
	}
	leader, member, invited, outsider := s.players["leader"], s.players["member"], s.players["invited"], s.players["outsider"]
	partyID := s.party(leader)
	s.party(outsider)

	link := s.invite(leader, party.InviteRequest{PartyID: partyID})
	s.must(member.Call(ctx, "party_invite_redeem", map[string]string{"code": link.Code}, nil))
	named := s.invite(leader, party.InviteRequest{PartyID: partyID, ForUserIDs: []string{invited.Player.ID()}})
	own := s.invite(member, party.InviteRequest{PartyID: partyID})
	var group struct {
		ID string `json:"id"`
	}
	s.must(s.api.Call(ctx, http.MethodPost, "/v2/group", leader.Player.Session.Auth(), map[string]any{"name": uuid.NewString(), "open": true}, &group))
	s.words = strings.NewReplacer(
		"$party", partyID, "$other", s.party(s.join("host")), "$group", group.ID, "$session", leader.ID,
		"$linkID", link.ID, "$link", link.Code, "$named", named.Code, "$ownID", own.ID,
	)
	return s
}

// join signs in a new player and connects them.
func (s *scene) join(name string) *player.Game {
	s.t.Helper()
	one, err := player.SignIn(s.ctx, s.api, name)
	s.must(err)
	game, err := one.Play(s.ctx)
	s.must(err)
	s.t.Cleanup(game.Abort)
	return game
}

func (s *scene) party(g *player.Game) string {
	s.t.Helper()
	id, err := g.CreateParty(s.ctx, false, 8)
	s.must(err)
	return id
}

func (s *scene) invite(by *player.Game, request party.InviteRequest) (made party.CreatedInvite) {
	s.t.Helper()
	s.must(by.Call(s.ctx, "party_invite_create", request, &made))
	return made
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}
