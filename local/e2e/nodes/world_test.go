// Package nodes_test tests two servers in one cluster: two engines, each with the module, behind
// one tracker and one store. It shows that no process keeps Partyline's state to itself: see
// docs/scaling.md.
package nodes_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/e2e/client"
	"partyline/local/e2e/player"
	"partyline/local/engine"
	"partyline/local/engine/fault"
	"partyline/module/wiring"
	"partyline/party"
)

const rulesFile = `version: 1
parties: {reconnect_grace: 60s, kick_ban: 10m, requests: {rate: none}}
limits: {party_create: none, invite_create: none, invite_guess: {per_user: none, per_ip: none}}
status: {rate: 10/s}
`

type (
	object = map[string]any
	game   = player.Game
)

// world is a cluster of the nodes "north" and "south".
type world struct {
	t            *testing.T
	ctx          context.Context
	cluster      *engine.Cluster
	north, south *node
}

// node is one server of the cluster.
type node struct {
	w      *world
	server *engine.Server
	module fault.Layer // around the node's module
	api    *client.Client
}

func start(t *testing.T) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	w := &world{t: t, ctx: ctx, cluster: engine.NewCluster(nil)}
	t.Cleanup(func() { cancel(); w.cluster.Close() })
	path := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(path, []byte(rulesFile), 0o600); err != nil {
		t.Fatal(err)
	}
	w.north, w.south = w.node("north", path), w.node("south", path)
	return w
}

func (w *world) node(name, rules string) *node {
	w.t.Helper()
	n := &node{w: w}
	var err error
	n.server, err = engine.Start(w.ctx, engine.Options{
		Node: name, Cluster: w.cluster,
		Init: n.module.Init(func(ctx context.Context, logger runtime.Logger, _ *sql.DB, nk runtime.NakamaModule, init runtime.Initializer) error {
			m, err := wiring.New(ctx, wiring.Options{
				Env: map[string]string{wiring.EnvRules: rules}, Nakama: nk, Logger: logger, SweepEvery: 20 * time.Millisecond,
			})
			if err != nil {
				return err
			}
			if err := m.Register(ctx, init); err != nil {
				m.Stop(ctx)
				return err
			}
			m.Start()
			return nil
		}),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(n.server.Close)
	n.api = client.New(n.server.Addr())
	return n
}

// crash ends a node as a crash does: its module stops, and its sockets are gone.
func (n *node) crash() {
	n.module.Cut()
	n.server.Close()
	n.w.cluster.WaitForEvents()
}

// play signs in a player on a node and connects their game there.
func (n *node) play(name string) *game {
	n.w.t.Helper()
	p, err := player.SignIn(n.w.ctx, n.api, name)
	if err != nil {
		n.w.t.Fatal(err)
	}
	g, err := p.Play(n.w.ctx)
	if err != nil {
		n.w.t.Fatal(err)
	}
	n.w.t.Cleanup(g.Abort)
	return g
}

// reconnect connects the same player on another node.
func (n *node) reconnect(g *game) *game {
	n.w.t.Helper()
	again, err := (&player.Player{API: n.api, Session: g.Player.Session}).Play(n.w.ctx)
	if err != nil {
		n.w.t.Fatal(err)
	}
	n.w.t.Cleanup(again.Abort)
	return again
}

// must fails the test on an error.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused fails the test if a call was not refused with the reason.
func (w *world) refused(err error, want party.Reason) {
	w.t.Helper()
	if got, _ := player.Outcome(err); got != string(want) {
		w.t.Errorf("refused with %q (%v); want %s", got, err, want)
	}
}

func (w *world) party(leader *game, open bool, size int) string {
	w.t.Helper()
	id, err := leader.CreateParty(w.ctx, open, size)
	w.must(err)
	w.must(leader.Call(w.ctx, "party_invite_list", object{"party_id": id}, nil)) // the module knows of the party by now
	return id
}

func (w *world) invite(by *game, id string, with object) party.CreatedInvite {
	w.t.Helper()
	request := object{"party_id": id}
	for k, v := range with {
		request[k] = v
	}
	var made party.CreatedInvite
	w.must(by.Call(w.ctx, "party_invite_create", request, &made))
	return made
}

func (w *world) redeem(g *game, code string) error {
	return g.Call(w.ctx, "party_invite_redeem", object{"code": code}, nil)
}

// enters redeems, and waits for the party that the server then sends.
func (w *world) enters(g *game, code, id string) {
	w.t.Helper()
	w.must(w.redeem(g, code))
	w.awaitParty(g, id)
}

func (w *world) awaitParty(g *game, id string) client.Message {
	w.t.Helper()
	m, err := g.Take(w.ctx, func(m client.Message) bool { return m.Envelope.GetParty().GetPartyId() == id })
	w.must(err)
	return m
}

// awaitData waits for a fitting message to the party, and decodes it.
func (w *world) awaitData(g *game, opCode int64, into any, fits func() bool) {
	w.t.Helper()
	_, err := g.Take(w.ctx, func(m client.Message) bool {
		data := m.Envelope.GetPartyData()
		return data.GetOpCode() == opCode && json.Unmarshal(data.GetData(), into) == nil && fits()
	})
	if err != nil {
		w.t.Fatal(fmt.Errorf("op %d: %w", opCode, err))
	}
}

// awaitMember waits for the module's message about a member.
func (w *world) awaitMember(g *game, event string, about *game) {
	w.t.Helper()
	var e struct {
		Event  string
		UserID string `json:"user_id"`
	}
	w.awaitData(g, party.OpMember, &e, func() bool { return e.Event == event && e.UserID == about.Player.ID() })
}

// previewParty returns a party as an invite's preview shows it to a player.
func (w *world) previewParty(g *game, code string) *party.PartyPreview {
	w.t.Helper()
	var p party.Preview
	w.must(g.Call(w.ctx, "party_invite_preview", object{"code": code}, &p))
	if p.Party == nil {
		w.t.Fatalf("the preview shows no party: %+v", p)
	}
	return p.Party
}
