package engine_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/local/engine"
)

func start(t *testing.T, opts engine.Options) *engine.Server {
	t.Helper()
	s, err := engine.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestStart_Stock(t *testing.T) {
	s := start(t, engine.Options{})
	resp, err := http.Get(s.URL() + "/healthcheck")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK || strings.TrimSpace(string(body)) != "{}" {
		t.Errorf("healthcheck = %d %q", resp.StatusCode, body)
	}
}

func TestStart_ModuleFails(t *testing.T) {
	s, err := engine.Start(t.Context(), engine.Options{Init: func(context.Context, runtime.Logger, *sql.DB, runtime.NakamaModule, runtime.Initializer) error {
		return errors.New("bad rules")
	}})
	if s != nil || err == nil || !strings.Contains(err.Error(), "bad rules") {
		t.Errorf("Start = %v, %v; want the module's error", s, err)
	}
}

func TestStart_PortTaken(t *testing.T) {
	s := start(t, engine.Options{})
	if _, err := engine.Start(t.Context(), engine.Options{Addr: s.Addr()}); err == nil {
		t.Error("a second server on the same port came up")
	}
}

func TestModule_ServesStorage(t *testing.T) {
	s := start(t, engine.Options{})
	acks, err := s.Module().StorageWrite(t.Context(), []*runtime.StorageWrite{{Collection: "c", Key: "k", Value: "{}", Version: "*"}})
	if err != nil || len(acks) != 1 {
		t.Fatalf("StorageWrite = %v, %v", acks, err)
	}
	if _, err := s.Module().StorageWrite(t.Context(), []*runtime.StorageWrite{{Collection: "c", Key: "k", Value: "{}", Version: "*"}}); !errors.Is(err, runtime.ErrStorageRejectedVersion) {
		t.Errorf("a second create = %v", err)
	}
	if _, err := s.Module().LeaderboardList(10, ""); err == nil || !strings.Contains(err.Error(), "LeaderboardList") {
		t.Errorf("LeaderboardList = %v; want a refusal by name", err)
	}
}

// The ticket of a closed socket is in no match.
func TestMatchmaker_ClosedSocket(t *testing.T) {
	s := start(t, engine.Options{MatchmakerInterval: 20 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	queue := func(name string) *player.Game {
		p, err := player.SignIn(ctx, client.New(s.Addr()), name)
		if err != nil {
			t.Fatal(err)
		}
		game, err := p.Play(ctx)
		if err != nil {
			t.Fatal(err)
		}
		_, err = game.Socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_MatchmakerAdd{MatchmakerAdd: &rtapi.MatchmakerAdd{MinCount: 2, MaxCount: 2, Query: "*"}}})
		if err != nil {
			t.Fatal(err)
		}
		return game
	}
	gone := queue("gone")
	gone.Abort()
	for s.Sessions() > 0 {
		if ctx.Err() != nil {
			t.Fatal("the session does not end")
		}
		time.Sleep(time.Millisecond)
	}
	first := queue("first")
	queue("second")
	matched, err := first.Matched(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range matched.GetUsers() {
		if u.GetPresence().GetSessionId() == gone.ID {
			t.Errorf("matched with a socket that has closed: %v", matched.GetUsers())
		}
	}
}

func TestClose_Twice(t *testing.T) {
	s := start(t, engine.Options{})
	s.Close()
	s.Close()
	if _, err := http.Get(s.URL()); err == nil {
		t.Error("the port still answers")
	}
}
