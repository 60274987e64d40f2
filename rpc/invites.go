package rpc

import (
	"context"

	"partyline/party"
)

// InviteMaker makes and takes back invites.
type InviteMaker interface {
	Create(ctx context.Context, caller party.Caller, request party.InviteRequest) (party.CreatedInvite, error)
	List(ctx context.Context, caller party.Caller, partyID string) ([]party.InviteSummary, error)
	Revoke(ctx context.Context, caller party.Caller, id, code string) error
}

// InviteTaker answers whoever holds a code.
type InviteTaker interface {
	Preview(ctx context.Context, caller party.Caller, code string) (party.Preview, error)
	Redeem(ctx context.Context, caller party.Caller, code, sessionID string) (party.Redemption, error)
	Decline(ctx context.Context, caller party.Caller, code string) error
}

// empty is the answer {} and the request that takes nothing.
type empty struct{}

type (
	codeRequest struct {
		Code string `json:"code"`
	}
	redeemRequest struct {
		Code      string `json:"code"`
		SessionID string `json:"session_id"` // which of the user's running games; needed over HTTP when there are several
	}
	partyRequest struct {
		PartyID string `json:"party_id"`
	}
	revokeRequest struct {
		ID   string `json:"id"` // exactly one of the two
		Code string `json:"code"`
	}
	inviteList struct {
		Invites []party.InviteSummary `json:"invites"`
	}
)

// Invites is the table of the invite calls.
func Invites(maker InviteMaker, taker InviteTaker) Set {
	return Set{Owner: "invites", Rows: []Row{
		{ID: "party_invite_create", Handle: Call(maker.Create)},
		{ID: "party_invite_preview", Handle: Call(func(ctx context.Context, caller party.Caller, r codeRequest) (party.Preview, error) {
			return taker.Preview(ctx, caller, r.Code)
		})},
		{ID: "party_invite_redeem", Handle: Call(func(ctx context.Context, caller party.Caller, r redeemRequest) (party.Redemption, error) {
			return taker.Redeem(ctx, caller, r.Code, r.SessionID)
		})},
		{ID: "party_invite_list", Handle: Call(func(ctx context.Context, caller party.Caller, r partyRequest) (inviteList, error) {
			invites, err := maker.List(ctx, caller, r.PartyID)
			if invites == nil {
				invites = []party.InviteSummary{}
			}
			return inviteList{Invites: invites}, err
		})},
		{ID: "party_invite_revoke", Handle: Call(func(ctx context.Context, caller party.Caller, r revokeRequest) (empty, error) {
			return empty{}, maker.Revoke(ctx, caller, r.ID, r.Code)
		})},
		{ID: "party_invite_decline", Handle: Call(func(ctx context.Context, caller party.Caller, r codeRequest) (empty, error) {
			return empty{}, taker.Decline(ctx, caller, r.Code)
		})},
	}}
}
