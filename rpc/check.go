package rpc

import (
	"context"

	"partyline/party"
	"partyline/party/judge"
	"partyline/party/rules"
)

// Inquirer answers what would become of an action, without doing it.
type Inquirer interface {
	Answer(ctx context.Context, caller party.Caller, q judge.Inquiry) (refusal *party.Error, err error)
}

type checkRequest struct {
	Action  rules.Action `json:"action"` // create | join | invite | matchmake
	PartyID string       `json:"party_id,omitempty"`
	MaxSize int          `json:"max_size,omitempty"` // for create, as is open
	Open    bool         `json:"open,omitempty"`
	Queue   string       `json:"queue,omitempty"` // for matchmake
}

// checkAnswer is in the words of the refusal that the action would meet; all are empty
// where it is allowed.
type checkAnswer struct {
	Allowed bool   `json:"allowed"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Rule    string `json:"rule"`
}

// Checks is the table of the call that tells clients what to grey out.
func Checks(i Inquirer) Set {
	return Set{Owner: "checks", Rows: []Row{
		// Says what would become of an action, without doing it.
		{ID: "party_check", Handle: Call(func(ctx context.Context, caller party.Caller, r checkRequest) (checkAnswer, error) {
			refusal, err := i.Answer(ctx, caller, judge.Inquiry{
				Action: r.Action, PartyID: r.PartyID, MaxSize: r.MaxSize, Open: r.Open, Queue: r.Queue,
			})
			if err != nil || refusal == nil {
				return checkAnswer{Allowed: err == nil}, err
			}
			return checkAnswer{Reason: string(refusal.Reason), Message: refusal.Message, Rule: refusal.Rule}, nil
		})},
	}}
}
