package realtime_test

import (
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// timeout is how long a test waits for an expected message. It only runs out when something is broken.
const timeout = 10 * time.Second

// socket is the client side of a connection. It records what it receives, in order.
type socket struct {
	t    testing.TB
	conn *websocket.Conn

	write sync.Mutex

	mu       sync.Mutex
	changed  sync.Cond
	received [][]byte
	ended    bool
	close    *websocket.CloseError // how the server closed it; nil without a close frame
}

// dial opens a connection to the server at address. query is the query of "/ws".
func dial(t testing.TB, address, query string) *socket {
	t.Helper()
	conn, res, err := websocket.DefaultDialer.Dial("ws://"+address+"/ws?"+query, nil)
	if err != nil {
		if res != nil {
			body, _ := io.ReadAll(res.Body)
			t.Fatalf("dial: %v: %d %s", err, res.StatusCode, body)
		}
		t.Fatalf("dial: %v", err)
	}
	s := &socket{t: t, conn: conn}
	s.changed.L = &s.mu
	go s.read()
	t.Cleanup(func() { _ = conn.Close() })
	return s
}

func (s *socket) read() {
	for {
		_, data, err := s.conn.ReadMessage()
		s.mu.Lock()
		if err != nil {
			if errors.As(err, &s.close) {
				// A server removes a session before it closes the connection.
				_ = s.conn.NetConn().SetReadDeadline(time.Now().Add(timeout))
				s.mu.Unlock()
				_, _ = io.Copy(io.Discard, s.conn.NetConn())
				s.mu.Lock()
			}
			s.ended = true
			s.changed.Broadcast()
			s.mu.Unlock()
			_ = s.conn.Close()
			return
		}
		s.received = append(s.received, data)
		s.changed.Broadcast()
		s.mu.Unlock()
	}
}

func (s *socket) send(kind int, data []byte) {
	s.t.Helper()
	s.write.Lock()
	defer s.write.Unlock()
	if err := s.conn.WriteMessage(kind, data); err != nil {
		s.t.Fatalf("send: %v", err)
	}
}

func (s *socket) sendText(text string) { s.t.Helper(); s.send(websocket.TextMessage, []byte(text)) }

// take removes and returns everything received, including the first message that match accepts.
func (s *socket) take(what string, match func([]byte) bool) [][]byte {
	s.t.Helper()
	expired := s.expiry()
	defer expired.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, late := 0, time.Now().Add(timeout); ; {
		for ; i < len(s.received); i++ {
			if match(s.received[i]) {
				taken := s.received[:i+1]
				s.received = s.received[i+1:]
				return taken
			}
		}
		if s.ended || time.Now().After(late) {
			s.t.Fatalf("%s did not come (connection ended: %v); came: %q", what, s.ended, s.received)
		}
		s.changed.Wait()
	}
}

// end waits until the server has closed the connection.
func (s *socket) end() (code int, text string) {
	s.t.Helper()
	expired := s.expiry()
	defer expired.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for late := time.Now().Add(timeout); !s.ended; {
		if time.Now().After(late) {
			s.t.Fatalf("the server kept the connection; came: %q", s.received)
		}
		s.changed.Wait()
	}
	if s.close == nil {
		return websocket.CloseAbnormalClosure, ""
	}
	return s.close.Code, s.close.Text
}

// expiry returns a timer that wakes a waiting reader after timeout.
func (s *socket) expiry() *time.Timer {
	return time.AfterFunc(timeout, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changed.Broadcast()
	})
}

// leave closes the connection as a well-behaved client does, and waits until the server has finished.
func (s *socket) leave() {
	s.t.Helper()
	s.write.Lock()
	_ = s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(timeout))
	s.write.Unlock()
	s.end()
}
