package soak_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/party"
)

// crew is five friends who play together, round after round. They are always the same five, so growth
// does not come from new accounts.
type crew struct {
	api     *client.Client
	players [5]*player.Player
	key     string // so that crews never share tickets
	random  *rand.Rand
	rounds  int
}

func newCrew(ctx context.Context, api *client.Client, number uint64) (*crew, error) {
	c := &crew{api: api, key: uuid.NewString(), random: rand.New(rand.NewPCG(number, 1))}
	for i := range c.players {
		p, err := player.SignIn(ctx, api, fmt.Sprintf("soak-%d-%d", number, i))
		if err != nil {
			return nil, err
		}
		c.players[i] = p
	}
	return c, nil
}

// round plays one evening. Two parties form by invites, report loading, share, lose a connection, kick
// a player, play a match and end. The five take turns in the roles. When it returns no socket is open,
// but the server may still be cleaning up.
func (c *crew) round(ctx context.Context) (err error) {
	r := &round{crew: c, ctx: ctx}
	defer func() { err = errors.Join(err, r.end()) }()
	for i := range r.games {
		if r.games[i], err = c.players[(i+c.rounds)%len(c.players)].Play(ctx); err != nil {
			return err
		}
	}
	c.rounds++
	for _, scene := range []struct {
		name string
		play func() error
	}{
		{"meet", r.meet}, {"load", r.load}, {"kick", r.kick}, {"share", r.share}, {"drop", r.drop}, {"match", r.match}, {"part", r.part},
	} {
		if err := scene.play(); err != nil {
			return fmt.Errorf("%s: %w", scene.name, err)
		}
	}
	return nil
}

// round is one evening of a crew. The first two games are in the first party, the next two in the
// second.
type round struct {
	*crew
	ctx    context.Context
	games  [5]*player.Game
	first  string // party IDs
	second string
}

type (
	object     = map[string]any
	madeInvite = party.CreatedInvite
)

// meet makes two parties. A second player joins each by an invite.
func (r *round) meet() (err error) {
	if r.first, err = r.games[0].CreateParty(r.ctx, false, 4); err != nil {
		return err
	}
	if r.second, err = r.games[2].CreateParty(r.ctx, r.random.IntN(2) == 0, 4); err != nil {
		return err
	}
	var link madeInvite
	if err := r.games[0].Call(r.ctx, "party_invite_create", object{"party_id": r.first, "message": "Come and play!"}, &link); err != nil {
		return err
	}
	for _, page := range []string{"", "/state", "/qr.svg"} {
		answer, err := r.api.Do(r.ctx, http.MethodGet, "/party/join/"+link.Code+page, "", nil)
		if err != nil || answer.Status != http.StatusOK {
			return fmt.Errorf("page %q: %d, %w", page, answer.Status, err)
		}
	}
	if err := r.redeem(1, link.Code, r.first); err != nil {
		return err
	}
	var kept madeInvite
	err = r.games[2].Call(r.ctx, "party_invite_create", object{
		"party_id": r.second, "for_user_ids": []string{r.games[3].Player.ID(), r.games[4].Player.ID()}, "hold_seat": true}, &kept)
	if err != nil {
		return err
	}
	if err := r.redeem(3, kept.Code, r.second); err != nil {
		return err
	}
	if err := r.games[4].Call(r.ctx, "party_invite_decline", object{"code": kept.Code}, nil); err != nil {
		return err
	}
	return r.games[0].Call(r.ctx, "party_invite_revoke", object{"id": link.ID}, nil)
}

// redeem puts a game into a party, by a call over its socket or over HTTP.
func (r *round) redeem(game int, code, into string) error {
	g := r.games[game]
	call := g.Call
	if r.random.IntN(2) == 0 {
		call = g.Player.Call
	}
	if err := call(r.ctx, "party_invite_redeem", object{"code": code}, nil); err != nil {
		return err
	}
	return entered(r.ctx, g, into)
}

// entered waits until a game is told that it is in.
func entered(ctx context.Context, g *player.Game, id string) error {
	_, err := g.Take(ctx, func(m client.Message) bool { return m.Envelope.GetParty().GetPartyId() == id })
	return err
}

// load makes the members of both parties report their status.
func (r *round) load() error {
	for step := range 5 {
		for i, id := range []string{r.first, r.first, r.second, r.second} {
			err := r.games[i].Call(r.ctx, "party_status_set", object{
				"party_id": id, "stage": "downloading", "progress": float64(step) / 5, "text": "level 2", "seq": step}, nil)
			if err != nil {
				return err
			}
		}
	}
	return r.games[1].Call(r.ctx, "party_status_list", object{"party_id": r.first}, nil)
}

// kick invites a player who reports a status on the way, and kicks them after the join.
func (r *round) kick() error {
	var code madeInvite
	if err := r.games[1].Call(r.ctx, "party_invite_create", object{"party_id": r.first, "kind": "code"}, &code); err != nil {
		return err
	}
	if err := r.games[4].Player.Call(r.ctx, "party_status_set", object{"code": code.Code, "stage": "downloading", "progress": 0.5}, nil); err != nil {
		return err
	}
	if err := r.redeem(4, code.Code, r.first); err != nil {
		return err
	}
	if err := r.games[0].Remove(r.ctx, r.first, r.games[4].Presence()); err != nil {
		return err
	}
	if err := r.games[0].Barrier(r.ctx); err != nil { // the server's hook runs after its answer
		return err
	}
	err := r.games[4].Call(r.ctx, "party_invite_redeem", object{"code": code.Code}, nil)
	if outcome, _ := player.Outcome(err); outcome != string(party.Banned) {
		return fmt.Errorf("back after a kick: %v; want %s", err, party.Banned)
	}
	return nil
}

// share shares a party, and sends messages in it.
func (r *round) share() error {
	err := r.games[0].Call(r.ctx, "party_share", object{
		"party_id": r.first, "to": object{"status": true, "user_ids": []string{r.games[2].Player.ID()}}}, nil)
	if err != nil {
		return err
	}
	for range 10 {
		if err := r.games[0].SendData(r.ctx, r.first, 1, []byte(`{"say":"hello"}`)); err != nil {
			return err
		}
	}
	return nil
}

// drop cuts a member's connection and brings it back into the kept seat.
func (r *round) drop() error {
	lost := r.games[1]
	lost.Abort()
	if err := r.told(0, party.OpMember, "away"); err != nil {
		return err
	}
	again, err := lost.Player.Play(r.ctx)
	if err != nil {
		return err
	}
	r.games[1] = again
	if err := again.Call(r.ctx, "party_resume", object{}, nil); err != nil {
		return err
	}
	return errors.Join(entered(r.ctx, again, r.first), r.told(0, party.OpMember, "back"))
}

// told waits for the server's message to a game's party.
func (r *round) told(game int, opCode int64, event string) error {
	_, err := r.games[game].Take(r.ctx, func(m client.Message) bool {
		data := m.Envelope.GetPartyData()
		var said struct{ Event string }
		return data.GetOpCode() == opCode && json.Unmarshal(data.GetData(), &said) == nil && said.Event == event
	})
	if err != nil {
		return fmt.Errorf("waiting for %s: %w", event, err)
	}
	return nil
}

// match makes both parties look for a match, play, and leave the match in two ways.
func (r *round) match() error {
	for i, id := range map[int]string{0: r.first, 2: r.second} {
		_, err := r.games[i].Socket.Call(r.ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerAdd{PartyMatchmakerAdd: &rtapi.PartyMatchmakerAdd{
			PartyId: id, MinCount: 2, MaxCount: 2, Query: "*", StringProperties: map[string]string{"queue": "soak", "crew": r.key}}}})
		if err != nil {
			return err
		}
	}
	for i, g := range r.games[:4] {
		m, err := g.Take(r.ctx, client.OfKind("matchmaker_matched"))
		if err != nil {
			return err
		}
		id := m.Envelope.GetMatchmakerMatched().GetMatchId()
		join := &rtapi.Envelope{Message: &rtapi.Envelope_MatchJoin{MatchJoin: &rtapi.MatchJoin{Id: &rtapi.MatchJoin_MatchId{MatchId: id}}}}
		if _, err := g.Socket.Call(r.ctx, join); err != nil {
			return err
		}
		if i%2 == 0 { // the others leave when their socket closes
			leave := &rtapi.Envelope{Message: &rtapi.Envelope_MatchLeave{MatchLeave: &rtapi.MatchLeave{MatchId: id}}}
			if _, err := g.Socket.Call(r.ctx, leave); err != nil {
				return err
			}
		}
	}
	return nil
}

// part closes the second party by its leader. The first party ends with its last member.
func (r *round) part() error {
	if err := r.games[0].Promote(r.ctx, r.first, r.games[1].Presence()); err != nil {
		return err
	}
	if err := r.games[3].LeaveParty(r.ctx, r.second); err != nil {
		return err
	}
	return r.games[2].CloseParty(r.ctx, r.second)
}

// end closes the sockets, some as a game that quits does and some as a lost network does, and deletes
// the notifications.
func (r *round) end() error {
	var problems []error
	for _, g := range r.games {
		if g == nil {
			continue
		}
		if r.random.IntN(2) == 0 {
			g.Abort()
		} else if err := g.Close(r.ctx); err != nil {
			problems = append(problems, err)
		}
		problems = append(problems, r.tidy(g.Player))
	}
	return errors.Join(problems...)
}

func (r *round) tidy(p *player.Player) error {
	var list struct{ Notifications []struct{ ID string } }
	if err := r.api.Call(r.ctx, http.MethodGet, "/v2/notification?limit=100", p.Session.Auth(), nil, &list); err != nil {
		return err
	}
	if len(list.Notifications) == 0 {
		return nil
	}
	ids := url.Values{}
	for _, n := range list.Notifications {
		ids.Add("ids", n.ID)
	}
	return r.api.Call(r.ctx, http.MethodDelete, "/v2/notification?"+ids.Encode(), p.Session.Auth(), nil, nil)
}
