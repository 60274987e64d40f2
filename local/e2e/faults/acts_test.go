package faults_test

import (
	"context"

	"partyline/local/e2e/player"
)

// act is one action of a player in a scene.
type act struct {
	name string
	by   func(s *scene) *player.Game // the player who acts, and whose connection breaks
	do   func(ctx context.Context, s *scene) error
}

func leader(s *scene) *player.Game   { return s.leader }
func member(s *scene) *player.Game   { return s.member }
func asker(s *scene) *player.Game    { return s.asker }
func guest(s *scene) *player.Game    { return s.guest }
func stranger(s *scene) *player.Game { return s.stranger }

// call returns the action of calling a function of the module over the socket.
func call(by func(*scene) *player.Game, id string, in func(s *scene) any) func(context.Context, *scene) error {
	return func(ctx context.Context, s *scene) error { return by(s).Call(ctx, id, in(s), nil) }
}

var acts = []act{
	{"create", stranger, func(ctx context.Context, s *scene) error {
		_, err := s.stranger.CreateParty(ctx, true, 2)
		return err
	}},
	{"ask", stranger, func(ctx context.Context, s *scene) error { return s.stranger.JoinParty(ctx, s.party) }},
	{"join", stranger, func(ctx context.Context, s *scene) error {
		if err := s.leader.UpdateParty(ctx, s.party, true, ""); err != nil {
			return err
		}
		return s.stranger.JoinParty(ctx, s.party)
	}},
	{"accept", leader, func(ctx context.Context, s *scene) error {
		return s.leader.Accept(ctx, s.party, s.asker.Presence())
	}},
	{"turn down", leader, func(ctx context.Context, s *scene) error {
		return s.leader.Remove(ctx, s.party, s.asker.Presence())
	}},
	{"kick", leader, func(ctx context.Context, s *scene) error {
		return s.leader.Remove(ctx, s.party, s.member.Presence())
	}},
	{"promote", leader, func(ctx context.Context, s *scene) error {
		return s.leader.Promote(ctx, s.party, s.member.Presence())
	}},
	{"leave", member, func(ctx context.Context, s *scene) error { return s.member.LeaveParty(ctx, s.party) }},
	{"leader leaves", leader, func(ctx context.Context, s *scene) error { return s.leader.LeaveParty(ctx, s.party) }},
	{"disconnect", member, func(ctx context.Context, s *scene) error { return s.member.Close(ctx) }},
	{"close", leader, func(ctx context.Context, s *scene) error { return s.leader.CloseParty(ctx, s.party) }},
	{"invite", member, call(member, "party_invite_create", func(s *scene) any { return inviteRequest{PartyID: s.party} })},
	{"keep a seat", leader, call(leader, "party_invite_create", func(s *scene) any {
		return inviteRequest{PartyID: s.party, ForUserIDs: []string{s.stranger.Player.ID()}, HoldSeat: true}
	})},
	{"redeem a kept seat", guest, call(guest, "party_invite_redeem", func(s *scene) any { return codeRequest{s.heldSeat.Code} })},
	{"redeem", stranger, call(stranger, "party_invite_redeem", func(s *scene) any { return codeRequest{s.link.Code} })},
	{"revoke", leader, call(leader, "party_invite_revoke", func(s *scene) any { return codeRequest{s.heldSeat.Code} })},
	{"decline", guest, call(guest, "party_invite_decline", func(s *scene) any { return codeRequest{s.heldSeat.Code} })},
	{"preview", asker, call(asker, "party_invite_preview", func(s *scene) any { return codeRequest{s.link.Code} })},
	{"list", member, call(member, "party_invite_list", func(s *scene) any { return partyRequest{s.party} })},
	{"tell", member, call(member, "party_status_set", func(s *scene) any {
		return map[string]any{"party_id": s.party, "stage": "downloading", "progress": 0.5}
	})},
	{"share", leader, call(leader, "party_share", func(s *scene) any {
		return map[string]any{"party_id": s.party, "to": map[string]any{"user_ids": []string{s.stranger.Player.ID()}, "status": true}}
	})},
}
