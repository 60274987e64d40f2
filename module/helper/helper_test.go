package helper_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/proto"

	"partyline/module/helper"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/roster"
)

// label is as long as the server allows. In JSON it is longer than the longest message that the server accepts.
var label = `{"t":"` + strings.Repeat("&\u2028", 510) + `"}`

const native = "f1f9a2a4-1f0b-4b0e-9d2c-0d3f5f8b2a11.node1"

// host is the part of the server that helpers use, and the configuration of its socket.
type host struct {
	runtime.SocketConfig
	address, protocol string
	port              int
	left              []string // sessions that were removed from a party
}

func (h *host) GetAddress() string  { return h.address }
func (h *host) GetProtocol() string { return h.protocol }
func (h *host) GetPort() int        { return h.port }

func (h *host) AuthenticateTokenGenerate(userID, _ string, _ int64, _ map[string]string) (string, int64, error) {
	return "token of " + userID, 0, nil
}

func (h *host) StreamUserLeave(_ uint8, _, _, _, _, sessionID string) error {
	h.left = append(h.left, sessionID)
	return nil
}

// stats is a server's answer about its matchmaker.
const stats = `{"ticket_count":3, "oldest_ticket_create_time":"2026-05-01T10:00:00.000000001Z",
	"completions":[{"create_time":"2026-05-01T09:00:00Z", "complete_time":"2026-05-01T09:01:00Z"}]}`

// creates answers the requests of a helper. The player's session joins the party that it makes.
func creates(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v2/matchmaker/stats" {
		if r.Header.Get("Authorization") != "Bearer token of alice" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = w.Write([]byte(stats))
		return
	}
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(4096) // as on a stock server
	_, text, err := conn.Read(r.Context())
	asked := &rtapi.Envelope{}
	if err != nil || proto.Unmarshal(text, asked) != nil || r.URL.Query().Get("format") != "protobuf" {
		return
	}
	say := func(e *rtapi.Envelope) {
		text, _ := proto.Marshal(e)
		_ = conn.Write(r.Context(), websocket.MessageBinary, text)
	}
	want := &rtapi.PartyCreate{Open: true, MaxSize: 4, Label: label}
	if r.Header.Get("Authorization") != "Bearer token of alice" || !proto.Equal(asked.GetPartyCreate(), want) {
		say(&rtapi.Envelope{Cid: asked.Cid, Message: &rtapi.Envelope_Error{Error: &rtapi.Error{Message: "no"}}})
		return
	}
	say(&rtapi.Envelope{Cid: asked.Cid, Message: &rtapi.Envelope_Party{Party: &rtapi.Party{PartyId: native, Self: &rtapi.UserPresence{SessionId: "helper"}}}})
	say(&rtapi.Envelope{Message: &rtapi.Envelope_PartyPresenceEvent{PartyPresenceEvent: &rtapi.PartyPresenceEvent{
		Joins: []*rtapi.UserPresence{{SessionId: "phone"}}}}})
	_, _, _ = conn.Read(r.Context()) // until the helper goes
}

// A helper finds its own server at any address, with and without TLS, also if that changes with a restart.
func TestFound_EveryAddress(t *testing.T) {
	for _, c := range []struct{ listens, protocol, address string }{
		{"127.0.0.1", "tcp", ""},
		{"127.0.0.1", "tcp", "0.0.0.0"},
		{"127.0.0.1", "tcp", "[::]"}, // accepts IPv4 too
		{"127.0.0.1", "tcp", "127.0.0.1"},
		{"127.0.0.1", "tcp4", "localhost"},
		{"::1", "tcp", "[::1]"},
		{"::1", "tcp6", ""},
		{"::1", "tcp6", "[::]"},
	} {
		t.Run(c.protocol+" "+c.address, func(t *testing.T) {
			h := &host{address: c.address, protocol: c.protocol}
			helpers := helper.New(h, &roster.Hidden{}, h)
			for _, secure := range []bool{false, true, false} {
				h.port = serve(t, c.listens, secure)
				h.left = nil
				id, leave, err := helpers.CreateParty(t.Context(), party.Session{UserID: "alice", SessionID: "phone"}, party.Facts{Open: true, MaxSize: 4, Label: label})
				if err != nil {
					t.Fatalf("TLS %t: %v", secure, err)
				}
				leave(true)
				oldest, matched, err := helpers.MatchmakerStats(t.Context(), party.Session{UserID: "alice"})
				if err != nil || !oldest.Equal(time.Date(2026, 5, 1, 10, 0, 0, 1, time.UTC)) || len(matched) != 1 || !matched[0].Equal(time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)) {
					t.Errorf("TLS %t: Pool = %v, %v, %v", secure, oldest, matched, err)
				}
				if id.String() != native || len(h.left) != 1 || h.left[0] != "helper" {
					t.Errorf("TLS %t: made %s, and took %q out of it", secure, id, h.left)
				}
			}
		})
	}
}

// serve starts a server at a free port.
func serve(t *testing.T, ip string, secure bool) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(creates))
	_ = server.Listener.Close()
	server.Listener = l
	server.Config.ErrorLog = nil
	if secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return l.Addr().(*net.TCPAddr).Port
}

func TestFound_Fails(t *testing.T) {
	h := &host{port: serve(t, "127.0.0.1", false), protocol: "tcp"}
	helpers := helper.New(h, &roster.Hidden{}, h)
	alice := party.Session{UserID: "alice", SessionID: "phone"}
	for name, c := range map[string]struct {
		session party.Session
		size    int
		port    int
		cannot  bool // a client must create the party
	}{
		"a party of one":     {alice, 1, h.port, true},
		"refused":            {party.Session{UserID: "mallory"}, 4, h.port, false},
		"nobody listens":     {alice, 4, closed(t), false},
		"not a number there": {alice, 4, -1, false},
	} {
		t.Run(name, func(t *testing.T) {
			h.port = c.port
			_, leave, err := helpers.CreateParty(context.Background(), c.session, party.Facts{Open: true, MaxSize: c.size, Label: label})
			if err == nil || leave != nil || errors.Is(err, admission.ErrCannotFound) != c.cannot {
				t.Errorf("Found = %v", err)
			}
			if c.size > 1 {
				if _, _, err := helpers.MatchmakerStats(t.Context(), c.session); err == nil {
					t.Error("Pool does not say that it failed")
				}
			}
		})
	}
	if len(h.left) != 0 {
		t.Errorf("took %q out of a party", h.left)
	}
}

// closed is a port on which nothing listens.
func closed(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	n, _ := strconv.Atoi(port)
	return n
}
