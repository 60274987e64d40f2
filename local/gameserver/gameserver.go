// Package gameserver is a small dedicated game server. It runs one match for the players whom
// Partyline matched. It shows what such a server does, for trying `match: fleet` and for copying.
//
// The environment describes the match. The server checks passes and reports joins and leaves to
// Nakama. The game is a race: each call of /score is a point for the player's team, and three
// points win. The package imports only package pass and the standard library.
package gameserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"partyline/pass"
)

// The environment of a game server.
const (
	EnvMatch   = "PARTYLINE"       // JSON about the match, which the fleet manager receives
	EnvNakama  = "NAKAMA_URL"      // "http://host:port"
	EnvHTTPKey = "NAKAMA_HTTP_KEY" // from Nakama's configuration
	EnvHost    = "GAME_HOST"       // address to listen on, at a free port; "" for all addresses
)

const (
	pointsToWin   = 3
	reportEvery   = 30 * time.Second // Partyline ends the match of a server that is silent for 90 s
	nakamaTimeout = 90 * time.Second // this server ends if it has not reached Nakama for that long
)

// Players make these calls, each with ?pass=.
//
//	GET /play    the stream of events that is the player's connection: each is a [State]
//	POST /score  a point for the player's team
//	POST /leave  gives up the seat; after a lost connection, the server keeps the seat for a while

// State is the state of the game that all players see.
type State struct {
	Players []Player `json:"players"`
	Score   []int    `json:"score"` // by team
	Over    bool     `json:"over"`
}

// Player is a player in the game.
type Player struct {
	UserID string `json:"user_id"`
	Team   int    `json:"team"`
}

// server belongs to the goroutine of [Run]; handlers send it functions to run.
type server struct {
	nakama, key string
	match       struct {
		ID    string `json:"match_id"`
		Token string `json:"server_token"`
		Teams int    `json:"teams"`
	}
	keys       pass.Keys
	tasks      chan func()
	ended      chan struct{}      // closed when the goroutine stops
	players    map[string]*player // by user ID
	score      []int
	lastAnswer time.Time // last answer of Nakama
	over       bool
}

// player is one connection.
type player struct {
	Player
	pass    string
	updates chan State // the latest unsent state; closed when the connection ends
}

var errGone = errors.New("the match is over")

// Run plays one match. It returns when the match is over or the process receives SIGTERM. It
// writes its port to out, as a line, when players can connect.
func Run(ctx context.Context, out io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	s := &server{nakama: os.Getenv(EnvNakama), key: os.Getenv(EnvHTTPKey), tasks: make(chan func()), ended: make(chan struct{}), players: map[string]*player{}, lastAnswer: time.Now()}
	if err := json.Unmarshal([]byte(os.Getenv(EnvMatch)), &s.match); err != nil {
		return fmt.Errorf("read %s: %w", EnvMatch, err)
	}
	s.score = make([]int, s.match.Teams)
	// If the match is over already, the server ends here. Keys outlive matches, so they cannot tell.
	if err := s.report(ctx, "party_server_seats", nil); err != nil {
		return err
	}
	text, err := s.call(ctx, http.MethodGet, "/party/keys.json", nil)
	if err == nil {
		s.keys, err = pass.ReadKeys(text)
	}
	if err != nil {
		return fmt.Errorf("read the keys of passes: %w", err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(os.Getenv(EnvHost), "0"))
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /play", s.play)
	mux.HandleFunc("POST /score", s.playerCall(s.addPoint))
	mux.HandleFunc("POST /leave", s.playerCall(func(ctx context.Context, p *player) { s.leave(ctx, p, "left") }))
	web := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = web.Serve(listener) }()
	fmt.Fprintln(out, listener.Addr().(*net.TCPAddr).Port)
	err = s.run(ctx)
	close(s.ended)
	s.over = true
	s.broadcast()
	for _, p := range s.players {
		close(p.updates)
	}
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	return errors.Join(err, web.Shutdown(flush))
}

func (s *server) run(ctx context.Context) error {
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	for !s.over {
		select {
		case do := <-s.tasks:
			do()
		case <-tick.C: // a sign of life, and a check that the match goes on
			err := s.report(ctx, "party_server_seats", nil)
			if errors.Is(err, errGone) || time.Since(s.lastAnswer) > nakamaTimeout {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// play lets a player in, and removes the player when the connection ends.
func (s *server) play(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	text := r.FormValue("pass")
	claims, err := s.keys.Verify(text, s.match.ID, time.Now()) // checked locally, so a stranger's call does not reach Nakama
	p := &player{Player: Player{claims.UserID, claims.Team}, pass: text, updates: make(chan State, 1)}
	if err == nil && !s.do(r.Context(), func() {
		if err = s.report(r.Context(), "party_server_join", map[string]any{"pass": text}); err == nil {
			s.enter(p)
		}
	}) {
		err = errGone
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for connected := true; connected; {
		select {
		case state, more := <-p.updates:
			if connected = more; more {
				text, _ := json.Marshal(state) // texts and numbers only, so this cannot fail
				fmt.Fprintf(w, "data: %s\n\n", text)
				_ = http.NewResponseController(w).Flush()
			}
		case <-r.Context().Done():
			connected = false
		}
	}
	s.do(context.Background(), func() { s.leave(context.Background(), p, "dropped") })
}

// do runs a function in the server's goroutine and returns after it has run. It returns false if
// the function did not run, because the server has ended or the caller is gone.
func (s *server) do(ctx context.Context, what func()) bool {
	done := make(chan struct{})
	select {
	case s.tasks <- func() { defer close(done); what() }:
		<-done
		return true
	case <-s.ended:
	case <-ctx.Done():
	}
	return false
}

// playerCall returns the handler of a call that only players in the game may make.
func (s *server) playerCall(what func(context.Context, *player)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		known := false
		s.do(r.Context(), func() {
			for _, p := range s.players {
				if p.pass == r.FormValue("pass") {
					known = true
					what(r.Context(), p)
					return
				}
			}
		})
		if !known {
			http.Error(w, "you are not in this match", http.StatusForbidden)
		}
	}
}

// enter adds a connection. It replaces an older connection of the same player.
func (s *server) enter(p *player) {
	if old := s.players[p.UserID]; old != nil {
		close(old.updates)
	}
	s.players[p.UserID] = p
	s.broadcast()
}

// leave removes a connection, unless another one of the same player has replaced it.
func (s *server) leave(ctx context.Context, p *player, reason string) {
	if s.players[p.UserID] != p {
		return
	}
	delete(s.players, p.UserID)
	close(p.updates)
	if err := s.report(ctx, "party_server_leave", map[string]any{"user_id": p.UserID, "reason": reason}); err != nil && !errors.Is(err, errGone) {
		fmt.Fprintln(os.Stderr, "game server: leave not reported:", err)
	}
	s.broadcast()
}

func (s *server) addPoint(ctx context.Context, p *player) {
	s.score[p.Team]++
	if s.score[p.Team] == pointsToWin {
		s.over = true
		result := map[string]any{"winner": p.Team, "score": s.score}
		if err := s.report(ctx, "party_server_end", map[string]any{"result": result}); err != nil {
			fmt.Fprintln(os.Stderr, "game server: end not reported:", err)
		}
	}
	s.broadcast()
}

// broadcast gives every player the current state. It replaces a state that is not sent yet.
func (s *server) broadcast() {
	state := State{Score: append([]int(nil), s.score...), Over: s.over}
	for _, p := range s.players {
		state.Players = append(state.Players, p.Player)
	}
	for _, p := range s.players {
		select {
		case <-p.updates:
		default:
		}
		p.updates <- state
	}
}

// report calls one of Partyline's RPCs about this match.
func (s *server) report(ctx context.Context, name string, more map[string]any) error {
	payload := map[string]any{"match_id": s.match.ID, "server_token": s.match.Token}
	for key, value := range more {
		payload[key] = value
	}
	_, err := s.call(ctx, http.MethodPost, "/v2/rpc/"+name+"?unwrap", payload)
	return err
}

func (s *server) call(ctx context.Context, method, path string, payload any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	body, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, s.nakama+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.SetBasicAuth(s.key, "")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return nil, err
	case strings.Contains(string(text), "invalid_request: match_id"):
		return nil, errGone
	case answer.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%s: %s", answer.Status, text)
	}
	s.lastAnswer = time.Now()
	return text, nil
}
