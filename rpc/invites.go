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

// InviteTaker answers a user who holds a code.
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
		SessionID string `json:"session_id,omitempty"` // which of the user's running games; needed over HTTP when there are several
	}
	partyRequest struct {
		PartyID string `json:"party_id"`
	}
	revokeRequest struct {
		ID   string `json:"id,omitempty"` // exactly one of the two
		Code string `json:"code,omitempty"`
	}
	inviteList struct {
		Invites []party.InviteSummary `json:"invites"`
	}
)

// Invites is the table of the invite calls.
func Invites(maker InviteMaker, taker InviteTaker) Set {
	return Set{Owner: "invites", Rows: []Row{
		// Makes an invite into a party that the caller is in.
		{ID: "party_invite_create", Handle: Call(maker.Create)},
		// Says what an invite leads to, without using it.
		{ID: "party_invite_preview", Handle: Call(func(ctx context.Context, caller party.Caller, r codeRequest) (party.Preview, error) {
			return taker.Preview(ctx, caller, r.Code)
		})},
		// Uses an invite: the caller's running game becomes a member at once.
		{ID: "party_invite_redeem", Handle: Call(func(ctx context.Context, caller party.Caller, r redeemRequest) (party.Redemption, error) {
			return taker.Redeem(ctx, caller, r.Code, r.SessionID)
		})},
		// Lists the invites of a party, for its members.
		{ID: "party_invite_list", Handle: Call(func(ctx context.Context, caller party.Caller, r partyRequest) (inviteList, error) {
			invites, err := maker.List(ctx, caller, r.PartyID)
			if invites == nil {
				invites = []party.InviteSummary{}
			}
			return inviteList{Invites: invites}, err
		})},
		// Ends an invite, for the user who made it and for the leader.
		{ID: "party_invite_revoke", Handle: Call(func(ctx context.Context, caller party.Caller, r revokeRequest) (empty, error) {
			return empty{}, maker.Revoke(ctx, caller, r.ID, r.Code)
		})},
		// Turns an invite down that names the caller, frees the seat and tells the inviter.
		{ID: "party_invite_decline", Handle: Call(func(ctx context.Context, caller party.Caller, r codeRequest) (empty, error) {
			return empty{}, taker.Decline(ctx, caller, r.Code)
		})},
	}}
}
