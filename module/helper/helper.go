// Package helper makes native parties for players who come back to a party that the host has closed. The runtime has no
// call for it, so the module becomes a client of its own server for a moment. A helper is a second session of the
// returning player's own account, over loopback. It creates the party and leaves it once the player is in; the host
// then makes the player the leader. In the same way the module reads statistics of the host's matchmaker.
//
// The hooks pass a helper's messages unchanged, and no list shows the helper. Safe for concurrent use.
package helper

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/heroiclabs/nakama-common/rtapi"
	"github.com/heroiclabs/nakama-common/runtime"
	"google.golang.org/protobuf/proto"

	"partyline/party"
	"partyline/party/admission"
	"partyline/party/roster"
)

const (
	createTimeout = 5 * time.Second // for making a party; it takes some 20 ms
	statsTimeout  = time.Second     // for reading the matchmaker's statistics
	tokenTTL      = time.Minute     // how long a helper's token is valid
	secretVar     = "partyline_helper"
)

// Host is the part of runtime.NakamaModule that a helper needs.
type Host interface {
	AuthenticateTokenGenerate(userID, username string, exp int64, vars map[string]string) (string, int64, error)
	StreamUserLeave(mode uint8, subject, subcontext, label, userID, sessionID string) error
}

// Helpers connects helpers to the server. Make it with [New].
type Helpers struct {
	host   Host
	hidden *roster.Hidden
	socket runtime.SocketConfig
	secret string      // marks a helper's session; no client ever sees it
	tls    atomic.Bool // whether the last connection used TLS
}

// New makes Helpers for the server with this client socket.
func New(host Host, hidden *roster.Hidden, socket runtime.SocketConfig) *Helpers {
	return &Helpers{host: host, hidden: hidden, socket: socket, secret: rand.Text()}
}

// IsHelper reports whether a session is a helper, by the host's context of a hook. It hides a helper until its end.
func (h *Helpers) IsHelper(ctx context.Context, s party.Session, ended bool) bool {
	vars, _ := ctx.Value(runtime.RUNTIME_CTX_VARS).(map[string]string)
	if vars[secretVar] != h.secret {
		return false
	}
	h.hidden.Set(s.SessionID, !ended)
	return true
}

// CreateParty is an [admission.Founder]. It waits at most for createTimeout.
func (h *Helpers) CreateParty(ctx context.Context, s party.Session, facts party.Facts) (party.ID, func(entered bool), error) {
	if facts.MaxSize < 2 { // the helper takes a seat
		return party.ID{}, nil, admission.ErrCannotFound
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), createTimeout)
	conn, err := h.connect(ctx, s)
	if err != nil {
		cancel()
		return party.ID{}, nil, fmt.Errorf("connect helper: %w", err)
	}
	end := func() {
		_ = conn.CloseNow()
		cancel()
	}
	id, self, err := create(ctx, conn, facts)
	if err != nil {
		end()
		return party.ID{}, nil, fmt.Errorf("create party: %w", err)
	}
	return id, func(entered bool) {
		defer end()
		if entered {
			_, _ = readUntil(ctx, conn, func(m *rtapi.Envelope) bool { // wait until the server has told of the player's join
				return slices.ContainsFunc(m.GetPartyPresenceEvent().GetJoins(), func(p *rtapi.UserPresence) bool { return p.GetSessionId() == s.SessionID })
			})
		}
		_ = h.host.StreamUserLeave(party.StreamMode, id.UUID.String(), "", id.Node, s.UserID, self)
	}, nil
}

// MatchmakerStats asks the server when its oldest ticket was made, zero for none, and those that it matched last.
func (h *Helpers) MatchmakerStats(ctx context.Context, s party.Session) (oldest time.Time, matched []time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, statsTimeout)
	defer cancel()
	var pool struct {
		Oldest      time.Time `json:"oldest_ticket_create_time"`
		Completions []struct {
			Created time.Time `json:"create_time"`
		} `json:"completions"`
	}
	err = h.request(s, "/v2/matchmaker/stats", func(client *http.Client, to string, header http.Header) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
		if err != nil {
			return err
		}
		request.Header = header
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("the server answers %s", answer.Status)
		}
		return json.NewDecoder(answer.Body).Decode(&pool)
	})
	for _, c := range pool.Completions {
		matched = append(matched, c.Created)
	}
	return pool.Oldest, matched, err
}

// connect opens a helper's socket. It uses protobuf: a label in JSON could exceed the longest message that is accepted.
func (h *Helpers) connect(ctx context.Context, s party.Session) (conn *websocket.Conn, err error) {
	err = h.request(s, "/ws?format=protobuf", func(client *http.Client, to string, header http.Header) (err error) {
		conn, _, err = websocket.Dial(ctx, to, &websocket.DialOptions{HTTPClient: client, HTTPHeader: header})
		return err
	})
	return conn, err
}

// request makes a request in a player's name. The server may use TLS or not: it first tries what worked last.
func (h *Helpers) request(s party.Session, path string, ask func(client *http.Client, to string, header http.Header) error) error {
	token, _, err := h.host.AuthenticateTokenGenerate(s.UserID, s.Username, time.Now().Add(tokenTTL).Unix(), map[string]string{secretVar: h.secret})
	if err != nil {
		return fmt.Errorf("make token: %w", err)
	}
	// The server's certificate has its public name, and the server is this process itself.
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}} //nolint:gosec
	to := "://" + net.JoinHostPort(loopback(h.socket), strconv.Itoa(h.socket.GetPort())) + path
	var failed error
	secure := h.tls.Load()
	for range 2 {
		scheme := "http"
		if secure {
			scheme = "https"
		}
		err := ask(client, scheme+to, http.Header{"Authorization": {"Bearer " + token}})
		if err == nil {
			h.tls.Store(secure)
			return nil
		}
		failed = errors.Join(failed, err)
		secure = !secure
	}
	return failed
}

// loopback returns an address at which this process reaches its own server. The configuration has IPv6 in brackets.
func loopback(socket runtime.SocketConfig) string {
	address := strings.Trim(socket.GetAddress(), "[]")
	ip := net.ParseIP(address)
	switch {
	case address != "" && (ip == nil || !ip.IsUnspecified()):
		return address
	case socket.GetProtocol() == "tcp6":
		return "::1"
	}
	return "127.0.0.1"
}

const createCID = "1"

// create creates a party and returns its ID and the helper's session.
func create(ctx context.Context, conn *websocket.Conn, f party.Facts) (id party.ID, self string, err error) {
	text, err := proto.Marshal(&rtapi.Envelope{Cid: createCID, Message: &rtapi.Envelope_PartyCreate{PartyCreate: &rtapi.PartyCreate{
		Open: f.Open, Hidden: f.Hidden, MaxSize: int32(f.MaxSize), Label: f.Label,
	}}})
	if err != nil {
		return party.ID{}, "", err
	}
	if err := conn.Write(ctx, websocket.MessageBinary, text); err != nil {
		return party.ID{}, "", err
	}
	m, err := readUntil(ctx, conn, func(m *rtapi.Envelope) bool { return m.GetCid() == createCID })
	if err != nil {
		return party.ID{}, "", err
	}
	if m.GetParty() == nil {
		return party.ID{}, "", fmt.Errorf("the server refuses: %s", m.GetError().GetMessage())
	}
	id, err = party.ParseID(m.GetParty().GetPartyId())
	return id, m.GetParty().GetSelf().GetSessionId(), err
}

func readUntil(ctx context.Context, conn *websocket.Conn, is func(*rtapi.Envelope) bool) (*rtapi.Envelope, error) {
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			return nil, err
		}
		m := &rtapi.Envelope{}
		if err := proto.Unmarshal(text, m); err == nil && is(m) {
			return m, nil
		}
	}
}
