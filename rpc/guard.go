package rpc

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/caught"
	"partyline/party"
)

// Metrics of every call, with the tags rpc_id and outcome. The outcome is "ok" or the reason of the refusal.
const (
	MetricCalls    = "partyline_rpc"
	MetricDuration = "partyline_rpc_duration"
)

// Guard wraps every RPC: it checks who may call, turns panics and errors into refusals that a client may read, and
// records metrics. A panic on the calling goroutine cannot end the host's process.
type Guard struct {
	Metrics party.Metrics
	Now     party.Clock
	Parties Parties
}

// wrap returns the function that the host calls for a row.
func (g Guard) wrap(row Row) func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, string) (string, error) {
	return func(ctx context.Context, logger runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, payload string) (string, error) {
		began := g.Now()
		caller := party.CallerOf(ctx)
		answer, err := g.serve(ctx, row, caller, payloadOf(ctx, payload))
		refusal := party.Outcome(ctx, err)
		outcome := "ok"
		if refusal != nil {
			outcome = string(refusal.Reason)
			refusal.Log(logger, "rpc failed", "rpc refused", map[string]any{"rpc": row.ID, "user": caller.UserID})
		}
		tags := map[string]string{"rpc_id": row.ID, "outcome": outcome}
		g.Metrics.MetricsCounterAdd(MetricCalls, tags, 1)
		g.Metrics.MetricsTimerRecord(MetricDuration, tags, g.Now().Sub(began))
		if refusal != nil {
			return "", runtime.NewError(refusal.Error(), refusal.Reason.Code())
		}
		return answer, nil
	}
}

// serve runs one call, from the permission check to the encoded answer. A panic becomes the call's error.
func (g Guard) serve(ctx context.Context, row Row, caller party.Caller, payload string) (answer string, err error) {
	defer caught.Recover(&err, "answer the call")
	if err := permit(row.ServerOnly, caller); err != nil {
		return "", err
	}
	if caller.SessionID != "" { // without a session, nothing is known of a join under way
		g.Parties.Settle(caller.Session())
	}
	result, err := row.Handle(ctx, caller, payload, g.Parties)
	if err != nil {
		return "", err
	}
	if answer, err = party.PlainJSON(result); err != nil {
		return "", fmt.Errorf("encode the answer: %w", err)
	}
	return answer, nil
}

// permit refuses callers who may not call the row. A caller with the HTTP key has no user.
func permit(serverOnly bool, caller party.Caller) error {
	switch {
	case !serverOnly && caller.UserID == "":
		return party.Refuse(party.Unauthenticated, "Sign in first.")
	case serverOnly && caller.UserID != "":
		return party.Refuse(party.Unauthenticated, "Only the game's own servers may call this.")
	}
	return nil
}

// payloadOf returns the payload that the client sent. The host passes on no payload of a GET request. SDKs use GET
// with the HTTP key (nakama-js rpcHttpKey) and put the payload into the query of the address.
func payloadOf(ctx context.Context, payload string) string {
	params, _ := ctx.Value(runtime.RUNTIME_CTX_QUERY_PARAMS).(map[string][]string)
	if named := params["payload"]; payload == "" && len(named) > 0 {
		return named[0]
	}
	return payload
}
