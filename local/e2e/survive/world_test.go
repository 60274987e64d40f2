// Package survive_test makes all members of a party lose their connections. It covers every server
// setting that decides whether the module can create the party again by itself.
//
// It runs on embedded engines, or on real servers if target.Real reports true.
package survive_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/local/e2e/target"
	"partyline/local/engine"
	"partyline/module/wiring"
)

const rules = `version: 1
parties:
  reconnect_grace: 60s
  survive: {everyone_away: true, restart: 60s}
`

// settings are a server's settings besides its rules.
type settings struct {
	name    string
	options engine.Options // of an engine
	flags   []string       // of a real server, with the same meaning
	tls     bool
	created bool // players create the party again
}

// engineSettings are settings that an engine has too.
var engineSettings = []settings{
	{name: "stock"},
	{name: "single socket", options: engine.Options{SingleSocket: true}, flags: []string{"--session.single_socket=true"}, created: true},
	{name: "single party", options: engine.Options{SingleSocket: true, SingleParty: true}, flags: singleParty, created: true},
}

// singleParty requires single_socket too.
var singleParty = []string{"--session.single_socket=true", "--session.single_party=true"}

// realOnly are settings that only a real server has.
var realOnly = []settings{
	{name: "single session", flags: []string{"--session.single_session=true"}, created: true},
	{name: "TLS", tls: true},
	{name: "TLS, single party", flags: singleParty, tls: true, created: true},
	{name: "every address", flags: []string{"--socket.address", "0.0.0.0"}},
	{name: "every address by default", flags: []string{"--socket.address", ""}},
	{name: "every IPv6 address", flags: []string{"--socket.address", "[::]"}},
	{name: "a host name", flags: []string{"--socket.address", "localhost"}},
}

// world is a server and what a test does there.
type world struct {
	t   *testing.T
	ctx context.Context
	api *client.Client
}

func newWorld(t *testing.T, s settings) *world {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rules.yml")
	write(t, file, []byte(rules))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return &world{t: t, ctx: ctx, api: client.New(start(t, s, file))}
}

// start starts a server and returns an address with plain HTTP.
func start(t *testing.T, s settings, file string) string {
	t.Helper()
	if !target.Real() {
		s.options.Init, s.options.Env = wiring.Register, map[string]string{wiring.EnvRules: file}
		server, err := engine.Start(t.Context(), s.options)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Close)
		return server.Addr()
	}
	flags := s.flags
	if s.tls {
		cert, key := certificate(t)
		flags = append(flags, "--socket.ssl_certificate", cert, "--socket.ssl_private_key", key)
	}
	addr := target.StartBeside(t, file, nil, flags...).Addr
	if s.tls {
		return plainProxy(t, addr)
	}
	return addr
}

// certificate makes a self-signed certificate, for a name that no client requests, and its key. It
// returns their files.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"play.example.com"}, NotAfter: time.Now().Add(time.Hour)}
	public, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: public}))
	write(t, key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	return cert, key
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// plainProxy accepts connections without TLS and forwards them to a server with TLS.
func plainProxy(t *testing.T, addr string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return // closed
			}
			go forwardTLS(in, addr)
		}
	}()
	return l.Addr().String()
}

func forwardTLS(in net.Conn, addr string) {
	defer in.Close()
	out, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // made by the test itself
	if err != nil {
		return
	}
	defer out.Close()
	go func() {
		_, _ = io.Copy(out, in) // ends with either side
		_ = out.Close()
	}()
	_, _ = io.Copy(in, out)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// game creates an account and connects its game.
func (w *world) game(name string) *player.Game {
	w.t.Helper()
	p, err := player.SignIn(w.ctx, w.api, name)
	w.must(err)
	return w.play(p)
}

func (w *world) play(p *player.Player) *player.Game {
	w.t.Helper()
	g, err := p.Play(w.ctx)
	w.must(err)
	w.t.Cleanup(g.Abort)
	return g
}

// entered waits for the party event of a party.
func (w *world) entered(g *player.Game, id string) client.Message {
	w.t.Helper()
	m, err := g.Take(w.ctx, func(m client.Message) bool { return m.Envelope.GetParty().GetPartyId() == id })
	w.must(err)
	return m
}
