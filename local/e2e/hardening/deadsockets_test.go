// Package hardening_test does what no stock client does: messages of sockets that have ended, IDs in
// other spellings, costly queries. It runs on its own engine, or on the server in NAKAMA, which must
// have the module.
package hardening_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/local/e2e/target"
)

var bursts = flag.Int("bursts", 12, "sockets that end behind a burst of messages")

// frames encodes the texts as a client's WebSocket text frames, back to back.
func frames(texts []string) (all []byte) {
	for _, text := range texts {
		all = append(all, 0x81)
		if len(text) < 126 {
			all = append(all, 0x80|byte(len(text)))
		} else {
			all = binary.BigEndian.AppendUint16(append(all, 0x80|126), uint16(len(text)))
		}
		all = append(append(all, 0, 0, 0, 0), text...) // masked with zeros
	}
	return all
}

// dial opens a bare connection to the client's server.
func dial(ctx context.Context, c *client.Client) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", c.Addr())
}

// burst opens a socket, sends the messages in one write and resets the connection.
func burst(ctx context.Context, c *client.Client, s client.Session, texts []string) error {
	conn, err := dial(ctx, c)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "GET /ws?token=%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", url.QueryEscape(s.Token), c.Addr())
	if err != nil {
		return err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("HTTP %d", res.StatusCode)
	}
	if _, err := conn.Write(frames(texts)); err != nil {
		return err
	}
	return conn.(*net.TCPConn).SetLinger(0) // a reset, not an orderly close
}

type listing struct {
	Members []struct {
		UserID string `json:"user_id"`
		Lost   bool   `json:"lost"`
	} `json:"members"`
}

// A join in the last messages of a socket leaves no ghost member, or at least the leader sees it. A
// player who then joins the party hears it, and is heard.
func TestDeadSockets(t *testing.T) {
	c := client.New(target.Module(t))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	people := make([]*player.Game, 4)
	for i := range people {
		p, err := player.SignIn(ctx, c, "dead")
		if err != nil {
			t.Fatal(err)
		}
		if people[i], err = p.Play(ctx); err != nil {
			t.Fatal(err)
		}
	}
	leader := people[0]
	lost, kept, hidden, ghosts, joined := 0, 0, 0, 0, 0
	for range *bursts {
		id, err := leader.CreateParty(ctx, true, len(people))
		if err != nil {
			t.Fatal(err)
		}
		dying, err := player.SignIn(ctx, c, "dying")
		if err != nil {
			t.Fatal(err)
		}
		texts := []string{`{"cid":"1","rpc":{"id":"party_status_list","payload":"{\"party_id\":\"` + id + `\"}"}}`}
		for range 12 {
			texts = append(texts, `{"cid":"2","party_leave":{"party_id":"`+id+`"}}`)
		}
		texts = append(texts, `{"cid":"3","party_join":{"party_id":"`+id+`"}}`, `{"cid":"4","party_create":{"open":true,"max_size":3}}`)
		if err := burst(ctx, c, dying.Session, texts); err != nil {
			t.Fatal(err)
		}
		list := awaitLeft(ctx, t, leader, id, dying.ID())
		here := 0
		for _, m := range list.Members {
			if m.Lost {
				here++
			}
		}
		lost += here
		// A session that joined before the end is not a ghost; the rules may keep its seat for a while.
		away := keptSeats(ctx, t, leader, id)
		kept += away
		seats := len(people) - here - away // seats for the other players
		for i, game := range people[1:] {
			err := game.JoinParty(ctx, id)
			if free := i+1 < seats; free && err != nil {
				hidden++ // the server counts a member that nobody sees
			} else if !free && err == nil {
				t.Errorf("a party of %d with %d lost and %d kept took %d", len(people), here, away, i+2)
			} else if err == nil {
				joined++
				if err := game.SendData(ctx, id, 1, []byte("x")); err != nil {
					ghosts++
				}
			}
		}
		if err := leader.CloseParty(ctx, id); err != nil {
			t.Errorf("the creator does not lead any more: %v", err)
		}
	}
	t.Logf("bursts=%d lost=%d kept=%d hidden=%d ghosts=%d joined=%d", *bursts, lost, kept, hidden, ghosts, joined)
	if hidden+ghosts > 0 {
		t.Errorf("%d members nobody sees, %d sessions that hear and are no members; want none", hidden, ghosts)
	}
}

// keptSeats returns how many seats of a party are kept for players who are away.
func keptSeats(ctx context.Context, t *testing.T, leader *player.Game, id string) int {
	t.Helper()
	var made invite
	var shown struct{ Party struct{ Held int } }
	if err := leader.Call(ctx, "party_invite_create", map[string]any{"party_id": id}, &made); err != nil {
		t.Fatal(err)
	}
	if err := leader.Call(ctx, "party_invite_preview", map[string]any{"code": made.Code}, &shown); err != nil {
		t.Fatal(err)
	}
	return shown.Party.Held
}

// awaitLeft reads a party once the user is not on its stream any more.
func awaitLeft(ctx context.Context, t *testing.T, leader *player.Game, id, userID string) listing {
	t.Helper()
	// After the same answer twice without the user, the server has processed the end of the socket.
	same := 0
	for {
		var l listing
		if err := leader.Call(ctx, "party_status_list", map[string]any{"party_id": id}, &l); err != nil {
			t.Fatal(err)
		}
		there := false
		for _, m := range l.Members {
			there = there || m.UserID == userID && !m.Lost
		}
		if there {
			same = 0
		} else if same++; same == 8 {
			return l
		}
		select {
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// The module recognizes a leave in every spelling of the party's ID.
func TestSpellings_LeaveEndsTheLead(t *testing.T) {
	c := client.New(target.Module(t))
	ctx := t.Context()
	var games []*player.Game
	for range 2 {
		p, err := player.SignIn(ctx, c, "spell")
		if err != nil {
			t.Fatal(err)
		}
		game, err := p.Play(ctx)
		if err != nil {
			t.Fatal(err)
		}
		games = append(games, game)
	}
	for _, spell := range []func(string) string{
		strings.ToUpper,
		func(uuid string) string { return strings.ReplaceAll(uuid, "-", "") },
		func(uuid string) string { return "{" + uuid + "}" },
		func(uuid string) string { return "urn:uuid:" + uuid },
	} {
		id, err := games[0].CreateParty(ctx, true, 4)
		if err != nil {
			t.Fatal(err)
		}
		uuid, node, _ := strings.Cut(id, ".")
		other := spell(uuid) + "." + node
		for _, step := range []error{
			games[1].JoinParty(ctx, other), games[0].LeaveParty(ctx, other), games[0].JoinParty(ctx, other),
		} {
			if step != nil {
				t.Fatalf("%s: %v", other, step)
			}
		}
		var l struct {
			Members []struct {
				UserID string `json:"user_id"`
				Leader bool   `json:"leader"`
			} `json:"members"`
		}
		if err := games[0].Call(ctx, "party_status_list", map[string]any{"party_id": id}, &l); err != nil {
			t.Fatal(err)
		}
		for _, m := range l.Members {
			if m.Leader != (m.UserID == games[1].Player.ID()) {
				t.Errorf("%s: members %+v; want the one who stayed to lead", other, l.Members)
			}
		}
		if _, err := games[1].Take(ctx, func(m client.Message) bool { // the server notices the leave later
			leader := m.Envelope.GetPartyLeader()
			return leader.GetPartyId() == id && leader.GetPresence().GetSessionId() == games[1].ID
		}); err != nil {
			t.Fatalf("%s: the server makes nobody leader: %v", other, err)
		}
		if err := games[1].CloseParty(ctx, id); err != nil {
			t.Errorf("%s: the server's leader is another: %v", other, err)
		}
	}
}

// A costly query is refused, and the queries in Nakama's own guides work.
func TestQueries(t *testing.T) {
	c := client.New(target.Module(t))
	ctx := t.Context()
	p, err := player.SignIn(ctx, c, "query")
	if err != nil {
		t.Fatal(err)
	}
	for query, allowed := range map[string]bool{
		"label.desc:/.{1,1000}.{1,1000}b/":                false,
		"label.desc:*a????????????":                       false,
		"+label.mode:duel":                                true,
		`-label.blocked:/.*6f1f2a0e\-90a7\-4f0e.*/ *`:     true,
		"+label.open:T +label.level:>=3 label.mode:/a|b/": true,
	} {
		for _, path := range []string{"/v2/party?query=", "/v2/match?authoritative=true&query="} {
			err := c.Call(ctx, "GET", path+url.QueryEscape(query), p.Session.Auth(), nil, nil)
			refused := err != nil && strings.Contains(err.Error(), "query_not_allowed")
			if refused == allowed || allowed && err != nil {
				t.Errorf("%s%s = %v; want allowed %v", path, query, err, allowed)
			}
		}
	}
}
