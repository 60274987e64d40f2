package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Nakama's default keys. The embedded engine and every test server use them.
const (
	DefaultServerKey = "defaultkey"
	DefaultHTTPKey   = "defaulthttpkey"
)

// Client calls one server's HTTP API.
type Client struct {
	addr      string
	serverKey string
	http      *http.Client
}

// New returns a client of the server at addr ("host:port"), with Nakama's default server key.
func New(addr string) *Client {
	return &Client{addr: addr, serverKey: DefaultServerKey, http: &http.Client{}}
}

// Addr returns the "host:port" that the client calls.
func (c *Client) Addr() string { return c.addr }

// Auth is the value of an Authorization header; "" sends none.
type Auth string

// Bearer authenticates as the user of a session token.
func Bearer(token string) Auth { return Auth("Bearer " + token) }

// Basic authenticates with a user name and password. Authentication calls use the server key and
// an empty password.
func Basic(user, password string) Auth {
	return Auth("Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

// Response is a complete HTTP answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends one request. path starts with "/" and may include a query; body may be nil. Do does not
// follow redirects. Any status is an answer, not an error.
func (c *Client) Do(ctx context.Context, method, path string, auth Auth, body []byte) (Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.addr+path, bytes.NewReader(body))
	if err != nil {
		return Response{}, err
	}
	// Under the race detector, compressing and decompressing answers takes half the time of a call.
	req.Header.Set("Accept-Encoding", "identity")
	if auth != "" {
		req.Header.Set("Authorization", string(auth))
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return Response{}, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return Response{}, fmt.Errorf("%s %s: reading the answer: %w", method, path, err)
	}
	return Response{Status: res.StatusCode, Header: res.Header, Body: data}, nil
}

// APIError is an answer outside 2xx in the shape of Nakama's API errors.
type APIError struct {
	Status  int    // HTTP status
	Code    int    `json:"code"` // gRPC status number
	Message string `json:"message"`
}

func (e *APIError) Error() string {
	return fmt.Sprintf("HTTP %d, code %d: %s", e.Status, e.Code, e.Message)
}

// Call sends in as JSON (nil for no body) and decodes the answer into out (nil to ignore it). An
// answer outside 2xx is an [*APIError].
func (c *Client) Call(ctx context.Context, method, path string, auth Auth, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	res, err := c.Do(ctx, method, path, auth, body)
	if err != nil {
		return err
	}
	if res.Status/100 != 2 {
		e := &APIError{Status: res.Status}
		if json.Unmarshal(res.Body, e) != nil {
			e.Message = string(res.Body)
		}
		return e
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(res.Body, out); err != nil {
		return fmt.Errorf("%s %s: answer %q: %w", method, path, res.Body, err)
	}
	return nil
}

// Session is a logged-in user.
type Session struct {
	Token        string
	RefreshToken string
	Created      bool
	UserID       string
	Username     string
}

// Auth returns the session's Authorization header.
func (s Session) Auth() Auth { return Bearer(s.Token) }

// AuthenticateDevice logs in with a device ID (10 to 128 bytes). It creates the account with the
// username if there is none. With an empty username the server chooses one.
func (c *Client) AuthenticateDevice(ctx context.Context, id, username string) (Session, error) {
	return c.authenticate(ctx, "device", map[string]any{"id": id}, username)
}

// AuthenticateCustom logs in with a custom ID (6 to 128 bytes).
func (c *Client) AuthenticateCustom(ctx context.Context, id, username string) (Session, error) {
	return c.authenticate(ctx, "custom", map[string]any{"id": id}, username)
}

// AuthenticateEmail logs in with an email address and a password (8 bytes or more).
func (c *Client) AuthenticateEmail(ctx context.Context, email, password, username string) (Session, error) {
	return c.authenticate(ctx, "email", map[string]any{"email": email, "password": password}, username)
}

func (c *Client) authenticate(ctx context.Context, kind string, account map[string]any, username string) (Session, error) {
	query := url.Values{"create": {"true"}}
	if username != "" {
		query.Set("username", username)
	}
	var answer struct {
		Created      bool   `json:"created"`
		Token        string `json:"token"`
		RefreshToken string `json:"refresh_token"`
	}
	err := c.Call(ctx, http.MethodPost, "/v2/account/authenticate/"+kind+"?"+query.Encode(), Basic(c.serverKey, ""), account, &answer)
	if err != nil {
		return Session{}, fmt.Errorf("authenticate by %s: %w", kind, err)
	}
	s := Session{Token: answer.Token, RefreshToken: answer.RefreshToken, Created: answer.Created}
	if s.UserID, s.Username, err = readClaims(answer.Token); err != nil {
		return Session{}, fmt.Errorf("authenticate by %s: %w", kind, err)
	}
	return s, nil
}

// readClaims reads the user from a session token without checking its signature, as SDKs do.
func readClaims(token string) (userID, username string, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", "", fmt.Errorf("session token has %d parts, want 3", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", "", fmt.Errorf("session token: %w", err)
	}
	var claims struct {
		UserID   string `json:"uid"`
		Username string `json:"usn"`
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		return "", "", fmt.Errorf("session token: %w", err)
	}
	return claims.UserID, claims.Username, nil
}

// RPC calls a runtime function over HTTP as a user. payload is the function's input, usually JSON;
// the result is its output.
func (c *Client) RPC(ctx context.Context, s Session, id, payload string) (string, error) {
	return c.rpc(ctx, "/v2/rpc/"+id, s.Auth(), payload)
}

// RPCWithKey calls a runtime function server to server, with the HTTP key.
func (c *Client) RPCWithKey(ctx context.Context, httpKey, id, payload string) (string, error) {
	return c.rpc(ctx, "/v2/rpc/"+id+"?http_key="+url.QueryEscape(httpKey), "", payload)
}

func (c *Client) rpc(ctx context.Context, path string, auth Auth, payload string) (string, error) {
	var answer struct {
		Payload string `json:"payload"`
	}
	err := c.Call(ctx, http.MethodPost, path, auth, payload, &answer)
	return answer.Payload, err
}
