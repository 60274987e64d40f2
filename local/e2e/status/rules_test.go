package status_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
	"partyline/local/engine"
	"partyline/module/wiring"
	"partyline/party"
	"partyline/party/share"
	"partyline/party/status"
)

const rulesFile = `
version: 1
parties:
  lock: {while_matchmaking: true}
status:
  stages: [downloading, ready]
  ready: ready
  final: [ready]
  reset_on: [membership, queue]
  rate: 50/s
  stall: 1s
rules:
  - id: everyone-ready
    on: [matchmake]
    deny: any(party.members, .stage != "ready")
    message: Wait until everybody has finished loading.
  - id: not-too-many
    on: [invite]
    deny: party.on_the_way > 0
    message: Somebody is coming already.
`

// world is one server with the rules of these tests.
type world struct {
	t      *testing.T
	ctx    context.Context
	client *client.Client
}

func start(t *testing.T) *world {
	t.Helper()
	path := t.TempDir()
	if err := os.WriteFile(filepath.Join(path, "rules.yml"), []byte(rulesFile), 0o600); err != nil {
		t.Fatal(err)
	}
	server, err := engine.Start(t.Context(), engine.Options{
		RuntimePath: path, Env: map[string]string{wiring.EnvRules: "rules.yml"}, Init: wiring.Register,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return &world{t: t, ctx: ctx, client: client.New(server.Addr())}
}

type player struct {
	*client.Socket
	client.Session
	world *world
}

func (w *world) player() *player {
	w.t.Helper()
	session, err := w.client.AuthenticateDevice(w.ctx, uuid.NewString(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	socket, err := w.client.Connect(w.ctx, session, client.SocketOptions{Status: true})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(socket.Abort)
	return &player{Socket: socket, Session: session, world: w}
}

func (p *player) must(e *rtapi.Envelope) *rtapi.Envelope {
	p.world.t.Helper()
	reply, err := p.Call(p.world.ctx, e)
	if err != nil {
		p.world.t.Fatal(err)
	}
	return reply
}

// refused sends a message that must be refused with the reason.
func (p *player) refused(e *rtapi.Envelope, reason string) {
	p.world.t.Helper()
	_, err := p.Call(p.world.ctx, e)
	var refusal *client.ReplyError
	if !errors.As(err, &refusal) || !strings.HasPrefix(refusal.Message, reason+": ") {
		p.world.t.Errorf("refusal = %v; want %s", err, reason)
	}
}

func rpc(id string, in any) *rtapi.Envelope {
	payload, err := json.Marshal(in)
	if err != nil {
		panic(err)
	}
	return &rtapi.Envelope{Message: &rtapi.Envelope_Rpc{Rpc: &api.Rpc{Id: id, Payload: string(payload)}}}
}

// answer decodes the answer of an RPC.
func answer[T any](p *player, id string, in any) (out T) {
	p.world.t.Helper()
	if err := json.Unmarshal([]byte(p.must(rpc(id, in)).GetRpc().GetPayload()), &out); err != nil {
		p.world.t.Fatal(err)
	}
	return out
}

// create makes an open party of leader; the others join.
func (w *world) create(leader *player, others ...*player) string {
	w.t.Helper()
	id := leader.must(&rtapi.Envelope{Message: &rtapi.Envelope_PartyCreate{PartyCreate: &rtapi.PartyCreate{Open: true, MaxSize: 8}}}).GetParty().GetPartyId()
	for _, p := range others {
		p.join(id)
	}
	return id
}

func (p *player) join(id string) {
	p.world.t.Helper()
	p.must(&rtapi.Envelope{Message: &rtapi.Envelope_PartyJoin{PartyJoin: &rtapi.PartyJoin{PartyId: id}}})
	// A socket's next message waits for the module's work after the answer. Without this ping, the
	// reset of the others' ready status could come after they are ready again.
	p.must(&rtapi.Envelope{Message: &rtapi.Envelope_Ping{Ping: &rtapi.Ping{}}})
}

func (p *player) ready(id string) {
	p.world.t.Helper()
	p.must(rpc("party_status_set", map[string]any{"party_id": id, "stage": "ready"}))
}

func ticketFor(id string) *rtapi.Envelope {
	return &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerAdd{PartyMatchmakerAdd: &rtapi.PartyMatchmakerAdd{
		PartyId: id, MinCount: 3, MaxCount: 4, Query: "*",
	}}}
}

// queue adds a ticket, and returns a function that removes it.
func (p *player) queue(id string) (cancel func()) {
	p.world.t.Helper()
	ticket := p.must(ticketFor(id)).GetPartyMatchmakerTicket().GetTicket()
	return func() {
		p.world.t.Helper()
		p.must(&rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerRemove{PartyMatchmakerRemove: &rtapi.PartyMatchmakerRemove{PartyId: id, Ticket: ticket}}})
	}
}

// A rule in the rules file keeps a party out of the matchmaker until all members are ready. Ready does
// not last forever.
func TestReadyGate(t *testing.T) {
	w := start(t)
	alice, bob, carol := w.player(), w.player(), w.player()
	id := w.create(alice, bob)
	const denied = "rule_denied/everyone-ready"
	alice.refused(ticketFor(id), denied)
	alice.ready(id)
	alice.refused(ticketFor(id), denied)
	bob.ready(id)
	cancel := alice.queue(id)
	cancel() // the party has left the queue
	alice.refused(ticketFor(id), denied)

	alice.ready(id)
	bob.ready(id)
	alice.queue(id)()
	alice.ready(id)
	bob.ready(id)
	carol.join(id)
	carol.ready(id)
	alice.refused(ticketFor(id), denied) // the module asked the others again
	list := answer[status.Listing](alice, "party_status_list", map[string]string{"party_id": id})
	var stages []string
	for _, m := range list.Members {
		stages = append(stages, m.Stage)
	}
	if got := strings.Join(stages, " "); got != "downloading downloading ready" {
		t.Errorf("stages = %s; want those who were ready taken back", got)
	}
	alice.ready(id)
	bob.ready(id)
	alice.queue(id)
}

// Rules count the players on the way as previews do.
func TestRules_onTheWay(t *testing.T) {
	w := start(t)
	alice, bob := w.player(), w.player()
	id := w.create(alice)
	ask := map[string]string{"party_id": id}
	link := answer[party.CreatedInvite](alice, "party_invite_create", ask)
	bob.must(rpc("party_status_set", map[string]any{"code": link.Code, "stage": "downloading"}))
	if seen := answer[party.Preview](alice, "party_invite_preview", map[string]string{"code": link.Code}); seen.Party.OnTheWay != 1 {
		t.Errorf("preview = %+v; want one on the way", seen.Party)
	}
	alice.refused(rpc("party_invite_create", ask), "rule_denied/not-too-many")
	bob.must(rpc("party_invite_redeem", map[string]string{"code": link.Code}))
	alice.must(rpc("party_invite_create", ask))
}

// A player without progress is reported as stalled, without a question.
func TestStalled(t *testing.T) {
	w := start(t)
	alice, bob := w.player(), w.player()
	id := w.create(alice, bob)
	bob.must(rpc("party_status_set", map[string]any{"party_id": id, "stage": "downloading", "progress": 0.42}))
	_, err := alice.Take(w.ctx, func(m client.Message) bool {
		var news status.Listing
		data := m.Envelope.GetPartyData()
		return data.GetOpCode() == party.OpStatus && json.Unmarshal(data.GetData(), &news) == nil &&
			len(news.Members) == 1 && news.Members[0].UserID == bob.UserID && news.Members[0].Stalled
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A shared status has no link while the rules lock the party.
func TestSharedStatus_locked(t *testing.T) {
	w := start(t)
	alice, carol := w.player(), w.player()
	id := w.create(alice)
	carol.must(&rtapi.Envelope{Message: &rtapi.Envelope_StatusFollow{StatusFollow: &rtapi.StatusFollow{UserIds: []string{alice.UserID}}}})
	shared := answer[share.Answer](alice, "party_share", map[string]any{"party_id": id, "to": map[string]bool{"status": true}})
	sees := func(url, state string) {
		t.Helper()
		_, err := carol.Take(w.ctx, func(m client.Message) bool {
			for _, p := range m.Envelope.GetStatusPresenceEvent().GetJoins() {
				var s struct{ URL, State string }
				if json.Unmarshal([]byte(p.GetStatus().GetValue()), &s) == nil && s.URL == url && s.State == state {
					return true
				}
			}
			return false
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	sees(shared.URL, "")
	alice.ready(id)
	cancel := alice.queue(id)
	sees("", "locked")
	cancel()
	sees(shared.URL, "")
}
