package party

import (
	"context"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party/rules"
)

// Question is the input of a designers' rule.
type Question struct {
	Action  rules.Action
	Caller  Caller   // who acts; for an accept, the player who comes in
	Client  Client   // of the caller
	View    View     // the party as it is; the zero View for a party that does not exist yet
	Held    int      // seats kept in it for others
	Away    []string // users with a kept seat
	Invited bool
	Request rules.RequestFacts
}

// Judge asks the designers' rules: nil allows, a refusal denies.
type Judge interface {
	Decide(ctx context.Context, q Question) error
}

// CallerOf reads the caller from the host's context; missing values stay empty.
func CallerOf(ctx context.Context) Caller {
	text := func(key string) string {
		value, _ := ctx.Value(key).(string)
		return value
	}
	return Caller{
		UserID:    text(runtime.RUNTIME_CTX_USER_ID),
		Username:  text(runtime.RUNTIME_CTX_USERNAME),
		SessionID: text(runtime.RUNTIME_CTX_SESSION_ID),
		ClientIP:  text(runtime.RUNTIME_CTX_CLIENT_IP),
	}
}

// Client is what a user's session says of the program that uses it.
type Client struct {
	Lang string            // language tag; unknown over plain HTTP
	Vars map[string]string // set when the session was authenticated; read only
}

// ClientOf reads the client of a call from the host's context. It returns the zero Client if the call is not the user's
// own: what a leader's game says does not describe the player whom the leader lets in.
func ClientOf(ctx context.Context, userID string) Client {
	if caller, _ := ctx.Value(runtime.RUNTIME_CTX_USER_ID).(string); caller != userID {
		return Client{}
	}
	lang, _ := ctx.Value(runtime.RUNTIME_CTX_LANG).(string)
	vars, _ := ctx.Value(runtime.RUNTIME_CTX_VARS).(map[string]string)
	return Client{Lang: lang, Vars: vars}
}
