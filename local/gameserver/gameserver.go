// Package gameserver is a small dedicated game server: one match, played by the players whom
// Partyline has found for it. It shows what such a server does, to try `match: fleet` and to
// copy from.
//
// It is told of its match by the environment, checks passes, and reports to Nakama who comes
// and goes. The game is a race: each call of /score is a point for the player's team, and
// three points win. Beside package pass it needs the standard library alone.
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
	EnvMatch   = "PARTYLINE"       // what the fleet manager was told of the match, as JSON
	EnvNakama  = "NAKAMA_URL"      // "http://host:port"
	EnvHTTPKey = "NAKAMA_HTTP_KEY" // of Nakama's configuration
	EnvHost    = "GAME_HOST"       // to listen on, at a port of its choice; "" for all addresses
)

const (
	goal        = 3                // points that win
	reportEvery = 30 * time.Second // Partyline ends the match of a server that is silent for 90 s
	silence     = 90 * time.Second // Nakama's own, after which this server ends
)

// Players call these, each with ?pass=.
//
//	GET /play    the stream of events that is the player's connection: each is a [State]
//	POST /score  a point for the player's team
//	POST /leave  leaves for good; to lose the connection is to keep the seat for a while

// State is what everybody sees of the game.
type State struct {
	Players []Player `json:"players"`
	Score   []int    `json:"score"` // by team
	Over    bool     `json:"over"`
}

// Player is one who is in the game.
type Player struct {
	UserID string `json:"user_id"`
	Team   int    `json:"team"`
}

// server belongs to the goroutine of [Run]; handlers have it do what they need.
type server struct {
	nakama, key string
	match       struct {
		ID    string `json:"match_id"`
		Token string `json:"server_token"`
		Teams int    `json:"teams"`
	}
	keys    pass.Keys
	todo    chan func()
	ended   chan struct{}      // closed when nothing is done any more
	players map[string]*player // by user
	score   []int
	heard   time.Time // from Nakama
	over    bool
}

// player is one connection.
type player struct {
	Player
	pass string
	news chan State // the last one, if it is not sent yet; closed when the connection ends
}

var errGone = errors.New("the match is over")

// Run plays one match and returns when it is over, or when the process is asked to end. It
// writes its port to out, as a line, when players can come.
func Run(ctx context.Context, out io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	s := &server{nakama: os.Getenv(EnvNakama), key: os.Getenv(EnvHTTPKey), todo: make(chan func()), ended: make(chan struct{}), players: map[string]*player{}, heard: time.Now()}
	if err := json.Unmarshal([]byte(os.Getenv(EnvMatch)), &s.match); err != nil {
		return fmt.Errorf("read %s: %w", EnvMatch, err)
	}
	s.score = make([]int, s.match.Teams)
	// A server that starts when its match is over ends here. Keys outlive matches.
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
	mux.HandleFunc("POST /score", s.handle(s.point))
	mux.HandleFunc("POST /leave", s.handle(func(ctx context.Context, p *player) { s.leave(ctx, p, "left") }))
	web := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = web.Serve(listener) }()
	fmt.Fprintln(out, listener.Addr().(*net.TCPAddr).Port)
	err = s.run(ctx)
	close(s.ended)
	s.over = true
	s.show()
	for _, p := range s.players {
		close(p.news)
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
		case do := <-s.todo:
			do()
		case <-tick.C: // a sign of life, and a look whether the match goes on
			err := s.report(ctx, "party_server_seats", nil)
			if errors.Is(err, errGone) || time.Since(s.heard) > silence {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// play lets a player in, and out when the connection ends.
func (s *server) play(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	text := r.FormValue("pass")
	claims, err := s.keys.Verify(text, s.match.ID, time.Now()) // strangers cost Nakama nothing
	p := &player{Player: Player{claims.UserID, claims.Team}, pass: text, news: make(chan State, 1)}
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
		case state, more := <-p.news:
			if connected = more; more {
				text, _ := json.Marshal(state) // texts and numbers alone
				fmt.Fprintf(w, "data: %s\n\n", text)
				_ = http.NewResponseController(w).Flush()
			}
		case <-r.Context().Done():
			connected = false
		}
	}
	s.do(context.Background(), func() { s.leave(context.Background(), p, "dropped") })
}

// do has the server's goroutine do something, and returns when that is done. It reports false
// where it is not done, because the server has ended or the caller is gone.
func (s *server) do(ctx context.Context, what func()) bool {
	done := make(chan struct{})
	select {
	case s.todo <- func() { defer close(done); what() }:
		<-done
		return true
	case <-s.ended:
	case <-ctx.Done():
	}
	return false
}

// handle is a call of a player who is in.
func (s *server) handle(what func(context.Context, *player)) http.HandlerFunc {
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

// enter takes the place of an older connection of the same player.
func (s *server) enter(p *player) {
	if old := s.players[p.UserID]; old != nil {
		close(old.news)
	}
	s.players[p.UserID] = p
	s.show()
}

// leave ends a connection, unless another one of the player has taken its place.
func (s *server) leave(ctx context.Context, p *player, reason string) {
	if s.players[p.UserID] != p {
		return
	}
	delete(s.players, p.UserID)
	close(p.news)
	if err := s.report(ctx, "party_server_leave", map[string]any{"user_id": p.UserID, "reason": reason}); err != nil && !errors.Is(err, errGone) {
		fmt.Fprintln(os.Stderr, "game server: leave not reported:", err)
	}
	s.show()
}

func (s *server) point(ctx context.Context, p *player) {
	s.score[p.Team]++
	if s.score[p.Team] == goal {
		s.over = true
		result := map[string]any{"winner": p.Team, "score": s.score}
		if err := s.report(ctx, "party_server_end", map[string]any{"result": result}); err != nil {
			fmt.Fprintln(os.Stderr, "game server: end not reported:", err)
		}
	}
	s.show()
}

// show gives every player the state as it is now, in place of one that is not sent yet.
func (s *server) show() {
	state := State{Score: append([]int(nil), s.score...), Over: s.over}
	for _, p := range s.players {
		state.Players = append(state.Players, p.Player)
	}
	for _, p := range s.players {
		select {
		case <-p.news:
		default:
		}
		p.news <- state
	}
}

// report calls a function of Partyline's about this match.
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
	s.heard = time.Now()
	return text, nil
}
