package rpc

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/internal/caught"
	"partyline/party"
)

// Names of the metrics every call adds to; both carry the tags rpc_id and outcome,
// the outcome being "ok" or the refusal's reason.
const (
	MetricCalls    = "partyline_rpc"
	MetricDuration = "partyline_rpc_duration"
)

// Guard surrounds every RPC: it lets in whom the row lets in, turns panics and errors
// into refusals a client may read, and measures. Nothing behind a guard can end the
// host's process by panicking on the calling goroutine.
type Guard struct {
	Metrics party.Metrics
	Now     party.Clock
	Parties Parties
}

// wrap is the function the host calls for a row.
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

// serve runs one call from permission to encoded answer; a panic on the way is its error.
func (g Guard) serve(ctx context.Context, row Row, caller party.Caller, payload string) (answer string, err error) {
	defer caught.As(&err, "answer the call")
	if err := permit(row.ServerOnly, caller); err != nil {
		return "", err
	}
	if caller.SessionID != "" { // of another connection nobody knows what it has under way
		g.Parties.Settle(caller.Session())
	}
	result, err := row.Handle(ctx, caller, payload, g.Parties)
	if err != nil {
		return "", err
	}
	encoded, err := json.Marshal(result)
	if err != nil {
		return "", fmt.Errorf("encode the answer: %w", err)
	}
	return string(encoded), nil
}

// permit refuses callers the row is not for. A caller with the HTTP key has no user.
func permit(serverOnly bool, caller party.Caller) error {
	switch {
	case !serverOnly && caller.UserID == "":
		return party.Refuse(party.Unauthenticated, "Sign in first.")
	case serverOnly && caller.UserID != "":
		return party.Refuse(party.Unauthenticated, "Only the game's own servers may call this.")
	}
	return nil
}

// payloadOf is what the client sent. The host hands on no payload of a GET, but SDKs call with
// the HTTP key that way (nakama-js rpcHttpKey) and put it into the address.
func payloadOf(ctx context.Context, payload string) string {
	params, _ := ctx.Value(runtime.RUNTIME_CTX_QUERY_PARAMS).(map[string][]string)
	if named := params["payload"]; payload == "" && len(named) > 0 {
		return named[0]
	}
	return payload
}
