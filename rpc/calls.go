package rpc

import (
	"context"

	"partyline/party"
	"partyline/party/attributes"
	"partyline/party/finder"
	"partyline/party/judge"
	"partyline/party/share"
	"partyline/party/status"
	"partyline/party/waitlist"
)

type (
	// empty is the answer {} and the request that takes nothing.
	empty struct{}

	partyRequest struct {
		PartyID string `json:"party_id"`
	}
	codeRequest struct {
		Code string `json:"code"`
	}
	redeemRequest struct {
		Code      string `json:"code"`
		SessionID string `json:"session_id,omitempty"` // which of the user's running games; needed over HTTP when there are several
	}
	revokeRequest struct {
		ID   string `json:"id,omitempty"` // either id or code, not both
		Code string `json:"code,omitempty"`
	}
	matchRequest struct {
		PartyID string `json:"party_id,omitempty"`
		MatchID string `json:"match_id,omitempty"` // instead, for a player without a party
	}
	queueRequest struct {
		PartyID string `json:"party_id,omitempty"`
	}
	acceptRequest struct {
		Ticket string `json:"ticket"`
		Accept *bool  `json:"accept"`
	}
)

type inviteList struct {
	Invites []party.InviteSummary `json:"invites"`
	More    bool                  `json:"more,omitempty"` // older ones are left out, because the answer would be too long
}

// Inviter makes, lists and revokes invites, and answers users who have a code.
type Inviter interface {
	Create(ctx context.Context, caller party.Caller, request party.InviteRequest) (party.CreatedInvite, error)
	List(ctx context.Context, caller party.Caller, partyID string) ([]party.InviteSummary, error)
	Revoke(ctx context.Context, caller party.Caller, id, code string) error
	Preview(ctx context.Context, caller party.Caller, code string) (party.Preview, error)
	Redeem(ctx context.Context, caller party.Caller, code, sessionID string) (party.Redemption, error)
	Decline(ctx context.Context, caller party.Caller, code string) error
}

func Invites(i Inviter) []Row {
	return []Row{
		// Makes an invite into a party that the caller is in.
		{ID: "party_invite_create", Handle: Call(i.Create)},
		// Says what an invite leads to, without using it.
		{ID: "party_invite_preview", Handle: Call(func(ctx context.Context, caller party.Caller, r codeRequest) (party.Preview, error) {
			return i.Preview(ctx, caller, r.Code)
		})},
		// Uses an invite: the caller's running game becomes a member at once.
		{ID: "party_invite_redeem", Handle: Call(func(ctx context.Context, caller party.Caller, r redeemRequest) (party.Redemption, error) {
			return i.Redeem(ctx, caller, r.Code, r.SessionID)
		})},
		// Lists the invites of a party, for its members, the newest first.
		{ID: "party_invite_list", Handle: Call(func(ctx context.Context, caller party.Caller, r partyRequest) (inviteList, error) {
			invites, err := i.List(ctx, caller, r.PartyID)
			shown := party.Fit(invites)
			return inviteList{Invites: shown, More: len(shown) < len(invites)}, err
		})},
		// Ends an invite, for the user who made it and for the leader.
		{ID: "party_invite_revoke", Handle: Call(func(ctx context.Context, caller party.Caller, r revokeRequest) (empty, error) {
			return empty{}, i.Revoke(ctx, caller, r.ID, r.Code)
		})},
		// Declines an invite that names the caller, frees the seat and tells the inviter.
		{ID: "party_invite_decline", Handle: Call(func(ctx context.Context, caller party.Caller, r codeRequest) (empty, error) {
			return empty{}, i.Decline(ctx, caller, r.Code)
		})},
	}
}

// Gathering is the table of the calls by which players find a party and show what they play in it.
func Gathering(a *attributes.Service, w *waitlist.Service, f *finder.Service) []Row {
	return []Row{
		// Writes attributes of the party, of the caller in it, or both.
		{ID: "party_attributes_set", Handle: Call(a.Set)},
		// Gives the attributes of the party and of its members.
		{ID: "party_attributes_get", Handle: Call(func(ctx context.Context, caller party.Caller, r partyRequest) (attributes.Document, error) {
			return a.Get(ctx, caller, r.PartyID)
		})},
		// Puts the caller on the wait list of a full party, or takes them off it.
		{ID: "party_wait", Handle: Call(w.Wait)},
		// Lists open parties that fit, with live counts, the longest open first.
		{ID: "party_find", Handle: Call(f.Find)},
		// Makes the caller a member of an open party that fits, at once.
		{ID: "party_quick_join", Handle: Call(f.QuickJoin)},
	}
}

// checkAnswer has the refusal that the action would meet; the texts are empty if it is
// allowed.
type checkAnswer struct {
	Allowed bool   `json:"allowed"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Rule    string `json:"rule"`
}

// Checks has the call that tells clients which actions to grey out. answer returns the refusal that an action would
// meet.
func Checks(answer func(ctx context.Context, caller party.Caller, q judge.Inquiry) (refusal *party.Error, err error)) []Row {
	return []Row{
		// Says whether an action would be refused, and why, without doing it.
		{ID: "party_check", Handle: Call(func(ctx context.Context, caller party.Caller, q judge.Inquiry) (checkAnswer, error) {
			refusal, err := answer(ctx, caller, q)
			if err != nil || refusal == nil {
				return checkAnswer{Allowed: err == nil}, err
			}
			return checkAnswer{Reason: string(refusal.Reason), Message: refusal.Message, Rule: refusal.Rule}, nil
		})},
	}
}

// StatusBoard takes and lists the statuses of players.
type StatusBoard interface {
	Set(ctx context.Context, caller party.Caller, report status.Report) error
	List(ctx context.Context, caller party.Caller, partyID string) (status.Listing, error)
}

func Status(board StatusBoard) []Row {
	return []Row{
		// Tells how far the caller is, as a member or, by an invite's code, as somebody on the way.
		{ID: "party_status_set", Handle: Call(func(ctx context.Context, caller party.Caller, r status.Report) (empty, error) {
			return empty{}, board.Set(ctx, caller, r)
		})},
		// Lists how far everybody in the party and on the way to it is.
		{ID: "party_status_list", Handle: Call(func(ctx context.Context, caller party.Caller, r partyRequest) (status.Listing, error) {
			return board.List(ctx, caller, r.PartyID)
		})},
	}
}

type Sharer interface {
	Share(ctx context.Context, caller party.Caller, request share.Request) (share.Answer, error)
	Activity(ctx context.Context, caller party.Caller, request share.ActivityRequest) (share.Activity, error)
}

func Share(sharer Sharer) []Row {
	return []Row{
		// Makes the party known to followers, friends, a group or certain users.
		{ID: "party_share", Handle: Call(sharer.Share)},
		// Gives the party as the presence and invite APIs of platforms take it.
		{ID: "party_activity", Handle: Call(sharer.Activity)},
	}
}

// Resume is the table of the call that puts users back into the seats kept for them.
func Resume(resume func(ctx context.Context, caller party.Caller) (party.Resumption, error)) []Row {
	return []Row{
		// Puts the caller back into the seat kept after a dropped connection.
		{ID: "party_resume", Handle: Call(func(ctx context.Context, caller party.Caller, _ empty) (party.Resumption, error) {
			return resume(ctx, caller)
		})},
	}
}

// Match is the table of the call that tells members which match their party plays.
func Match(seats func(ctx context.Context, caller party.Caller, partyID, matchID string) (party.MatchSeats, error)) []Row {
	return []Row{
		// Names the match that the party is in, with its seats.
		{ID: "party_match", Handle: Call(func(ctx context.Context, caller party.Caller, r matchRequest) (party.MatchSeats, error) {
			return seats(ctx, caller, r.PartyID, r.MatchID)
		})},
	}
}

// Queues tells players why they have no match yet, and takes their answers to a proposal.
type Queues interface {
	Status(ctx context.Context, caller party.Caller, partyID string) (party.QueueStatus, error)
	Accept(ctx context.Context, caller party.Caller, ticket string, accept bool) (party.ProposalState, error)
}

func Queue(queues Queues) []Row {
	return []Row{
		// Says why a ticket has no match yet; without a party, of all tickets that the caller is on.
		{ID: "party_queue", Handle: Call(func(ctx context.Context, caller party.Caller, r queueRequest) (party.QueueStatus, error) {
			return queues.Status(ctx, caller, r.PartyID)
		})},
		// Answers for the caller whether they take the match that was found.
		{ID: "party_match_accept", Handle: Call(func(ctx context.Context, caller party.Caller, r acceptRequest) (party.ProposalState, error) {
			switch {
			case r.Ticket == "":
				return party.ProposalState{}, party.Invalid("ticket", "name the ticket that a match was found for.")
			case r.Accept == nil:
				return party.ProposalState{}, party.Invalid("accept", "say true or false.")
			}
			return queues.Accept(ctx, caller, r.Ticket, *r.Accept)
		})},
	}
}
