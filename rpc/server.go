package rpc

import (
	"context"
	"encoding/json"
	"slices"

	"partyline/party"
	"partyline/party/overview"
)

type Overview interface {
	Rules(ctx context.Context, reload bool) (overview.Rules, error)
	Parties(ctx context.Context, limit int, cursor string) (overview.Parties, error)
	Stats(ctx context.Context) overview.Stats
}

type (
	adminRulesRequest struct {
		Reload bool `json:"reload,omitempty"` // read the file now; it is watched in any case
	}
	adminPartiesRequest struct {
		Limit  *int   `json:"limit,omitempty"`  // from 1 to 100; 50 if absent
		Cursor string `json:"cursor,omitempty"` // cursor from the previous page
	}
)

// Admin is the table of the calls for the game's own servers and tools.
func Admin(o Overview) []Row {
	return []Row{
		// Shows the rules in force and what is wrong with the newest file.
		{ID: "party_admin_rules", ServerOnly: true, Handle: Call(func(ctx context.Context, _ party.Caller, r adminRulesRequest) (overview.Rules, error) {
			return o.Rules(ctx, r.Reload)
		})},
		// Lists the parties there are.
		{ID: "party_admin_parties", ServerOnly: true, Handle: Call(func(ctx context.Context, _ party.Caller, r adminPartiesRequest) (overview.Parties, error) {
			limit := overview.DefaultPage
			if r.Limit != nil {
				limit = *r.Limit
			}
			return o.Parties(ctx, limit, r.Cursor)
		})},
		// Counts denials, invites and what the module remembers.
		{ID: "party_admin_stats", ServerOnly: true, Handle: Call(func(ctx context.Context, _ party.Caller, _ empty) (overview.Stats, error) {
			return o.Stats(ctx), nil
		})},
	}
}

// Servers takes the reports of dedicated game servers. Each call names the match and its token, which only the
// match's own server has.
type Servers interface {
	ServerSeats(ctx context.Context, matchID, token string) (party.MatchSeats, error)
	ServerJoin(ctx context.Context, matchID, token, pass string) (party.ServerJoined, error)
	ServerLeave(ctx context.Context, matchID, token, userID, reason string) error
	ServerEnd(ctx context.Context, matchID, token string, result json.RawMessage) error
}

type (
	serverRequest struct {
		MatchID string `json:"match_id"`
		Token   string `json:"server_token"`
	}
	serverJoinRequest struct {
		MatchID string `json:"match_id"`
		Token   string `json:"server_token"`
		Pass    string `json:"pass"`
	}
	serverLeaveRequest struct {
		MatchID string `json:"match_id"`
		Token   string `json:"server_token"`
		UserID  string `json:"user_id"`
		Reason  string `json:"reason"` // left, dropped, kicked or no_show
	}
	serverEndRequest struct {
		MatchID string          `json:"match_id"`
		Token   string          `json:"server_token"`
		Result  json.RawMessage `json:"result,omitempty"`
	}
)

// maxResult limits the result that a game server reports of its match, in bytes.
const maxResult = 4096

// Server is the table of the calls for dedicated game servers.
func Server(servers Servers) []Row {
	return []Row{
		// The seats of the match, and a sign of life of its game server.
		{ID: "party_server_seats", ServerOnly: true, Handle: Call(func(ctx context.Context, _ party.Caller, r serverRequest) (party.MatchSeats, error) {
			return servers.ServerSeats(ctx, r.MatchID, r.Token)
		})},
		// A player has come with a pass. It works once.
		{ID: "party_server_join", ServerOnly: true, Handle: Call(func(ctx context.Context, _ party.Caller, r serverJoinRequest) (party.ServerJoined, error) {
			return servers.ServerJoin(ctx, r.MatchID, r.Token, r.Pass)
		})},
		// A player has gone, or has lost the connection and may come back.
		{ID: "party_server_leave", ServerOnly: true, Handle: Call(func(ctx context.Context, _ party.Caller, r serverLeaveRequest) (empty, error) {
			if !slices.Contains(party.ServerLeaves, r.Reason) {
				return empty{}, party.Refuse(party.InvalidRequest, "reason: say left, dropped, kicked or no_show.")
			}
			return empty{}, servers.ServerLeave(ctx, r.MatchID, r.Token, r.UserID, r.Reason)
		})},
		// The match is over; its parties hear the result.
		{ID: "party_server_end", ServerOnly: true, Handle: Call(func(ctx context.Context, _ party.Caller, r serverEndRequest) (empty, error) {
			if len(r.Result) > maxResult {
				return empty{}, party.Refuse(party.InvalidRequest, "result: at most %d bytes.", maxResult)
			}
			return empty{}, servers.ServerEnd(ctx, r.MatchID, r.Token, r.Result)
		})},
	}
}
