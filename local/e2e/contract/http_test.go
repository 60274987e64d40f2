package contract

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"partyline/local/e2e/client"
)

// HTTP makes a request as the actor and records it with the status and body of the answer.
func (a *Actor) HTTP(method, path string, body any) client.Response {
	a.w.t.Helper()
	return a.w.http(a.name, method, path, a.session.Auth(), body)
}

// HTTP makes a request with any authentication. The transcript records "nobody" as the caller.
func (w *World) HTTP(method, path string, auth client.Auth, body any) client.Response {
	w.t.Helper()
	return w.http("nobody", method, path, auth, body)
}

func (w *World) http(who, method, path string, auth client.Auth, body any) client.Response {
	w.t.Helper()
	raw := marshal(w.t, body)
	w.log(who, method+" "+path, raw)
	res := w.request(method, path, auth, raw)
	w.log(who, fmt.Sprint(res.Status), res.Body)
	w.settle()
	w.recordReceived()
	return res
}

// Eventually repeats a request until ready accepts the body of the answer, and records that
// answer. It is for answers that lag behind.
func (a *Actor) Eventually(method, path string, ready func(body string) bool) {
	a.w.t.Helper()
	ctx, cancel := a.w.deadline()
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		res := a.w.request(method, path, a.session.Auth(), nil)
		if ready(string(res.Body)) {
			a.w.log(a.name, method+" "+path, nil)
			a.w.log(a.name, fmt.Sprint(res.Status), res.Body)
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			a.w.t.Fatalf("%s: %s %s: %v; last answer %s", a.name, method, path, context.Cause(ctx), res.Body)
		}
	}
}

func (w *World) request(method, path string, auth client.Auth, body []byte) client.Response {
	w.t.Helper()
	ctx, cancel := w.deadline()
	defer cancel()
	res, err := w.client.Do(ctx, method, path, auth, body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

func marshal(t testing.TB, body any) []byte {
	t.Helper()
	switch body := body.(type) {
	case nil:
		return nil
	case string: // sent unchanged
		return []byte(body)
	default:
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
}
