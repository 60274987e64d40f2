package rpc

import (
	"context"

	"partyline/party"
	"partyline/party/overview"
)

// Overview answers operators.
type Overview interface {
	Rules(ctx context.Context, reload bool) (overview.Rules, error)
	Parties(ctx context.Context, limit int, cursor string) (overview.Parties, error)
	Stats(ctx context.Context) (overview.Stats, error)
}

type (
	adminRulesRequest struct {
		Reload bool `json:"reload,omitempty"` // read the file now; it is watched in any case
	}
	adminPartiesRequest struct {
		Limit  *int   `json:"limit,omitempty"`  // from 1 to 100; 50 if absent
		Cursor string `json:"cursor,omitempty"` // of the page before
	}
)

// Admin is the table of the calls for the game's own servers and tools.
func Admin(o Overview) Set {
	return Set{Owner: "admin", Rows: []Row{
		// Shows the rules in force and what is wrong with the newest file.
		{ID: "party_admin_rules", Who: ServerOnly, Handle: Call(func(ctx context.Context, _ party.Caller, r adminRulesRequest) (overview.Rules, error) {
			return o.Rules(ctx, r.Reload)
		})},
		// Lists the parties there are.
		{ID: "party_admin_parties", Who: ServerOnly, Handle: Call(func(ctx context.Context, _ party.Caller, r adminPartiesRequest) (overview.Parties, error) {
			limit := overview.DefaultPage
			if r.Limit != nil {
				limit = *r.Limit
			}
			return o.Parties(ctx, limit, r.Cursor)
		})},
		// Counts denials, invites and what the module remembers.
		{ID: "party_admin_stats", Who: ServerOnly, Handle: Call(func(ctx context.Context, _ party.Caller, _ empty) (overview.Stats, error) {
			return o.Stats(ctx)
		})},
	}}
}
