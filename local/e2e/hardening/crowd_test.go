package hardening_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
)

var crowd = flag.Int("crowd", 48, "members of a large party; a real server takes 256")

// crowdedParty makes a party with this many members, in order of arrival, and one free seat.
func (w *world) crowdedParty(members int) (id string, games []*player.Game) {
	w.t.Helper()
	games = make([]*player.Game, members)
	var coming sync.WaitGroup
	for i := range games {
		coming.Go(func() {
			p, err := player.SignIn(w.ctx, w.api, "throng")
			if err == nil {
				games[i], err = p.Play(w.ctx)
			}
			if err != nil {
				w.t.Error(err)
			}
		})
	}
	coming.Wait()
	if w.t.Failed() {
		w.t.FailNow()
	}
	for _, g := range games {
		w.t.Cleanup(g.Abort)
	}
	id = w.party(games[0], true, members+1, games[1:]...)
	return id, games
}

// Every member of a large party reports and writes at once. Every call is answered, the party hears
// the last report of each, and others on the server do not wait.
func TestCrowd_Spam(t *testing.T) {
	w := newWorld(t)
	id, games := w.crowdedParty(*crowd)
	leader, aside := w.game("aside"), w.game("aside")
	other := w.party(leader, true, 4, aside)
	const reports = 5
	var talking sync.WaitGroup
	for i, g := range games {
		talking.Go(func() {
			for n := range reports {
				progress := float64(n+1) / reports
				if err := g.Call(w.ctx, "party_status_set", map[string]any{"party_id": id, "stage": "downloading", "progress": progress}, nil); err != nil {
					t.Errorf("status of member %d: %v", i, err)
				}
				if err := g.Call(w.ctx, "party_attributes_set", map[string]any{"party_id": id, "member": map[string]any{"n": n}}, nil); err != nil {
					if got, _ := player.Outcome(err); got != "rate_limited" && got != "invalid_request" { // the 16 KiB are full
						t.Errorf("attributes of member %d: %v", i, err)
					}
				}
			}
		})
	}
	w.checkAlive(leader, aside, other) // meanwhile
	talking.Wait()
	var l struct {
		Members []struct {
			UserID   string  `json:"user_id"`
			Progress float64 `json:"progress"`
		} `json:"members"`
	}
	w.must(games[0].Call(w.ctx, "party_status_list", map[string]any{"party_id": id}, &l))
	if len(l.Members) != len(games) {
		t.Errorf("%d members; want %d", len(l.Members), len(games))
	}
	for _, m := range l.Members {
		if m.Progress != 1 {
			t.Errorf("%s: progress %v; want the last that they told", m.UserID, m.Progress)
		}
	}
}

// All but the leader lose the connection at the same moment. Then the leader is alone in the party,
// every seat is kept, and every player who returns gets their seat.
func TestCrowd_DropsAtOnce(t *testing.T) {
	w := newWorld(t)
	id, games := w.crowdedParty(min(*crowd, 24)) // more messages at once than its queue holds would end the leader's socket
	leader, rest := games[0], games[1:]
	var going sync.WaitGroup
	for _, g := range rest {
		going.Go(g.Abort)
	}
	going.Wait()
	w.eventually("the leader is alone", func() bool { return len(w.members(leader, id)) == 1 })
	if err := w.game("stranger").JoinParty(w.ctx, id); err != nil {
		t.Errorf("the one seat that is not kept: %v", err)
	}
	if err := w.game("stranger").JoinParty(w.ctx, id); err == nil {
		t.Error("a stranger took a kept seat")
	}
	var coming sync.WaitGroup
	for _, g := range rest {
		coming.Go(func() {
			back, err := g.Player.Play(w.ctx)
			if err == nil {
				t.Cleanup(back.Abort)
				err = back.Call(w.ctx, "party_resume", map[string]any{}, nil)
			}
			if err != nil {
				t.Errorf("coming back: %v", err)
			}
		})
	}
	coming.Wait()
	w.eventually("everybody is back", func() bool { return len(w.members(leader, id)) == len(games)+1 })
}

// A member shares a party with a group of a thousand in one call.
func TestCrowd_GroupShare(t *testing.T) {
	w := newWorld(t)
	leader := w.game("leader")
	id := w.party(leader, false, 4)
	const members = 1000
	var group struct {
		ID string `json:"id"`
	}
	w.must(w.api.Call(w.ctx, http.MethodPost, "/v2/group", leader.Player.Session.Auth(), map[string]any{"name": uuid.NewString(), "open": true, "max_count": members + 1}, &group))
	queue := make(chan int)
	var joining sync.WaitGroup
	for range 8 {
		joining.Go(func() {
			for range queue {
				p, err := player.SignIn(w.ctx, w.api, "group")
				if err == nil {
					err = w.api.Call(w.ctx, http.MethodPost, "/v2/group/"+group.ID+"/join", p.Session.Auth(), nil, nil)
				}
				if err != nil {
					t.Errorf("join the group: %v", err)
				}
			}
		})
	}
	for i := range members {
		queue <- i
	}
	close(queue)
	joining.Wait()
	var shared struct {
		Delivered struct {
			Group int `json:"group"`
		} `json:"delivered"`
	}
	w.must(leader.Call(w.ctx, "party_share", map[string]any{"party_id": id, "to": map[string]any{"group_id": group.ID}}, &shared))
	if shared.Delivered.Group != members {
		t.Errorf("delivered to %d of %d", shared.Delivered.Group, members)
	}
}

// Clients that request pages and never read, or never finish a request, do not block others.
func TestCrowd_SlowClients(t *testing.T) {
	w := newWorld(t)
	leader := w.game("leader")
	id := w.party(leader, true, 4)
	code := w.invite(leader, id, nil).Code
	for i := range 200 {
		conn, err := dial(w.ctx, w.api)
		w.must(err)
		t.Cleanup(func() { _ = conn.Close() })
		path := []string{"/party/join/" + code, "/party/join/" + code + "/card.png", "/party/join/" + code + "/qr.svg", "/party/join/" + code + "/state"}[i%4]
		request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: x\r\n", path)
		if i%2 == 0 {
			request += "\r\n"
			for range 3 { // and nobody reads the answers
				request += request
			}
		}
		_, err = conn.Write([]byte(request))
		w.must(err)
	}
	ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
	defer cancel()
	for _, path := range []string{"/party/join/" + code, "/party/join/" + code + "/state", "/party/join/" + code + "/card.png"} {
		w.eventually(path, func() bool {
			page, err := w.api.Do(ctx, http.MethodGet, path, "", nil)
			return err == nil && page.Status == http.StatusOK
		})
	}
	friend := w.game("friend")
	w.must(friend.Call(ctx, "party_invite_redeem", map[string]any{"code": code}, nil))
	// The server adds the sessions on the stream to the party's list a moment later, and says so.
	_, err := friend.Take(ctx, func(m client.Message) bool { return m.Envelope.GetParty().GetPartyId() == id })
	w.must(err)
	w.checkAlive(leader, friend, id)
}

// Guesses of the console's key reveal nothing and lock nobody out.
func TestCrowd_ConsoleKey(t *testing.T) {
	w := newWorld(t)
	const guesses = 300
	for i := range guesses {
		auth := client.Bearer(fmt.Sprintf("local-console-ke%d", i))
		if i%2 == 0 {
			auth = client.Basic("admin", fmt.Sprint("password", i))
		}
		page, err := w.api.Do(w.ctx, http.MethodGet, "/party/console", auth, nil)
		w.must(err)
		if page.Status == http.StatusOK {
			t.Fatalf("guess %d: %d", i, page.Status)
		}
	}
}
