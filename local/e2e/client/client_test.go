package client_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"partyline/local/e2e/client"
)

// serve starts a server whose sockets run script, and connects to it.
func serve(t *testing.T, o client.SocketOptions, script func(*websocket.Conn)) *client.Socket {
	t.Helper()
	upgrader := websocket.Upgrader{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		script(conn)
	}))
	t.Cleanup(server.Close)
	socket, err := client.New(strings.TrimPrefix(server.URL, "http://")).Connect(t.Context(), client.Session{Token: "token"}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(socket.Abort)
	return socket
}

// echo answers every ping with a pong under the same cid, until the client disconnects.
func echo(conn *websocket.Conn) {
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		in := &rtapi.Envelope{}
		decode, encode := protojson.Unmarshal, protojson.Marshal
		if kind == websocket.BinaryMessage {
			decode, encode = proto.Unmarshal, proto.Marshal
		}
		if decode(data, in) != nil {
			return
		}
		out := &rtapi.Envelope{Cid: in.Cid, Message: &rtapi.Envelope_Pong{Pong: &rtapi.Pong{}}}
		if in.GetRpc() != nil {
			out.Message = &rtapi.Envelope_Error{Error: &rtapi.Error{Code: 4, Message: "RPC function not found"}}
		}
		if data, err = encode(out); err != nil || conn.WriteMessage(kind, data) != nil {
			return
		}
	}
}

func send(t *testing.T, conn *websocket.Conn, texts ...string) {
	for _, text := range texts {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Error(err)
		}
	}
}

func TestSocket_TakeKeepsTheRestInOrder(t *testing.T) {
	socket := serve(t, client.SocketOptions{}, func(conn *websocket.Conn) {
		send(t, conn, `{"party_close":{"party_id":"a"}}`, `{"party_leader":{"party_id":"b"}}`, `{"party_close":{"party_id":"c"}}`)
		echo(conn)
	})
	if m, err := socket.Await(t.Context(), client.OfKind("party_leader")); err != nil || m.Envelope.GetPartyLeader().GetPartyId() != "b" {
		t.Errorf("Await = %s, %v", m.Raw, err)
	}
	if m, err := socket.Take(t.Context(), client.OfKind("party_leader")); err != nil || m.Envelope.GetPartyLeader().GetPartyId() != "b" {
		t.Errorf("Take = %s, %v", m.Raw, err)
	}
	if err := socket.Barrier(t.Context()); err != nil {
		t.Error(err)
	}
	var got []string
	for _, m := range socket.Drain() {
		got = append(got, m.Kind()+" "+m.Envelope.GetPartyClose().GetPartyId())
	}
	if want := "party_close a,party_close c"; strings.Join(got, ",") != want {
		t.Errorf("left %q; want %q", got, want)
	}
	if rest := socket.Drain(); len(rest) != 0 {
		t.Errorf("Drain left %d", len(rest))
	}
}

func TestSocket_WaitEndsWithItsContext(t *testing.T) {
	socket := serve(t, client.SocketOptions{}, func(conn *websocket.Conn) {
		send(t, conn, `{"party_close":{"party_id":"a"}}`)
		echo(conn)
	})
	if _, err := socket.Await(t.Context(), client.OfKind("party_close")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := socket.Take(ctx, client.OfKind("party"))
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "party_close") {
		t.Errorf("Take = %v; want the context's error and what did arrive", err)
	}
}

func TestSocket_Call(t *testing.T) {
	for _, format := range []string{"json", "protobuf"} {
		t.Run(format, func(t *testing.T) {
			socket := serve(t, client.SocketOptions{Protobuf: format == "protobuf"}, echo)
			reply, err := socket.Call(t.Context(), &rtapi.Envelope{Message: &rtapi.Envelope_Ping{Ping: &rtapi.Ping{}}})
			if err != nil || reply.GetPong() == nil {
				t.Errorf("Call(ping) = %v, %v", reply, err)
			}
			_, err = socket.Call(t.Context(), &rtapi.Envelope{Message: &rtapi.Envelope_Rpc{Rpc: &api.Rpc{Id: "x"}}})
			var refused *client.ReplyError
			if !errors.As(err, &refused) || refused.Code != 4 || refused.Message != "RPC function not found" {
				t.Errorf("Call(rpc) = %v", err)
			}
		})
	}
}

func TestSocket_CloseWaitsForTheServer(t *testing.T) {
	cleaned := make(chan struct{})
	socket := serve(t, client.SocketOptions{}, func(conn *websocket.Conn) {
		echo(conn)
		close(cleaned) // as a server does after the close handshake and before it closes the connection
	})
	if err := socket.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-cleaned:
	default:
		t.Error("Close returned before the server had cleaned up")
	}
	if !socket.Ended() {
		t.Error("the socket has not ended")
	}
	if _, err := socket.Call(t.Context(), &rtapi.Envelope{}); err == nil {
		t.Error("Call on a closed socket succeeded")
	}
	if _, err := socket.Take(t.Context(), client.OfKind("party")); !errors.Is(err, client.ErrClosed) {
		t.Errorf("Take on a closed socket = %v; want %v", err, client.ErrClosed)
	}
}

func TestSocket_AwaitClose(t *testing.T) {
	socket := serve(t, client.SocketOptions{}, func(conn *websocket.Conn) {
		if err := conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.ClosePolicyViolation, "no")); err != nil {
			t.Error(err)
		}
	})
	if code, text, err := socket.AwaitClose(t.Context()); code != websocket.ClosePolicyViolation || text != "no" || err != nil {
		t.Errorf("AwaitClose = %d, %q, %v", code, text, err)
	}
}

func TestClient_Authenticate(t *testing.T) {
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"uid":"u1","usn":"alice"}`))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if key, _, _ := r.BasicAuth(); key != client.DefaultServerKey || r.URL.Query().Get("username") == "taken" {
			w.WriteHeader(http.StatusConflict)
			_, _ = w.Write([]byte(`{"code":6,"message":"Username is already in use."}`))
			return
		}
		_, _ = w.Write([]byte(`{"created":true,"token":"h.` + claims + `.s","refresh_token":"r"}`))
	}))
	t.Cleanup(server.Close)
	c := client.New(strings.TrimPrefix(server.URL, "http://"))

	s, err := c.AuthenticateDevice(t.Context(), "device", "alice")
	if err != nil || s.UserID != "u1" || s.Username != "alice" || !s.Created || s.RefreshToken != "r" {
		t.Errorf("AuthenticateDevice = %+v, %v", s, err)
	}
	_, err = c.AuthenticateCustom(t.Context(), "custom", "taken")
	var refused *client.APIError
	if !errors.As(err, &refused) || refused.Status != http.StatusConflict || refused.Code != 6 || refused.Message != "Username is already in use." {
		t.Errorf("AuthenticateCustom = %v", err)
	}
}
