package rpc

import (
	"context"

	"partyline/party"
)

// Queues tells players why they have no match yet, and takes their answers to one that was
// found.
type Queues interface {
	Status(ctx context.Context, caller party.Caller, partyID string) (party.QueueStatus, error)
	Accept(ctx context.Context, caller party.Caller, ticket string, accept bool) (party.ProposalState, error)
}

type queueRequest struct {
	PartyID string `json:"party_id,omitempty"`
}

type acceptRequest struct {
	Ticket string `json:"ticket"`
	Accept *bool  `json:"accept"`
}

// Queue is the table of the calls about queues.
func Queue(queues Queues) Set {
	return Set{Owner: "queues", Rows: []Row{
		// Says why a ticket has no match yet; without a party, of all tickets that the caller is on.
		{ID: "party_queue", Handle: Call(func(ctx context.Context, caller party.Caller, r queueRequest) (party.QueueStatus, error) {
			return queues.Status(ctx, caller, r.PartyID)
		})},
		// Answers for the caller whether they take the match that was found.
		{ID: "party_match_accept", Handle: Call(func(ctx context.Context, caller party.Caller, r acceptRequest) (party.ProposalState, error) {
			switch {
			case r.Ticket == "":
				return party.ProposalState{}, party.Refuse(party.InvalidRequest, "ticket: name the ticket that a match was found for.")
			case r.Accept == nil:
				return party.ProposalState{}, party.Refuse(party.InvalidRequest, "accept: say true or false.")
			}
			return queues.Accept(ctx, caller, r.Ticket, *r.Accept)
		})},
	}}
}
