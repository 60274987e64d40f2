package realtime

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/proto"

	"partyline/local/engine/parties"
	"partyline/local/engine/presence"
)

// Every message of a client, in either format, is decoded and handled without a panic. A decoded message can be
// encoded again.
func FuzzEnvelope(f *testing.F) {
	const party = "0b3cf4e6-5ba1-4d9c-8b9e-3a1c4f5c9f01.nakama1"
	for field := range clientMessages {
		for _, body := range []string{`{}`, `{"party_id":"` + party + `"}`, `{"party_id":"` + party + `","presence":{"user_id":"u","session_id":"s","username":"n"}}`} {
			f.Add([]byte(`{"cid":"1","` + string(field) + `":` + body + `}`))
		}
	}
	f.Add([]byte(`{"cid":"1","party":{}}`))
	f.Add([]byte(`{"rpc":{"id":"x","payload":"{}"}}`))
	f.Add([]byte(`{"status_follow":{"user_ids":["` + uuid.NewString() + `"],"usernames":["x"]}}`))
	f.Add([]byte(`{"party_matchmaker_add":{"party_id":"` + party + `","min_count":2,"max_count":4,"count_multiple":2}}`))
	f.Add([]byte(`{"party_data_send":{"party_id":"` + party + `","op_code":"9223372036854775807","data":"AA=="}}`))
	f.Add([]byte("\x0a\x011"))
	seed, err := proto.Marshal(&rtapi.Envelope{Cid: "1", Message: &rtapi.Envelope_PartyCreate{PartyCreate: &rtapi.PartyCreate{Open: true, MaxSize: 3, Label: "{}"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)

	srv, s := quietServer(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range []Format{JSON, Protobuf} {
			in, err := format.decode(data)
			if err != nil {
				continue
			}
			again, err := format.encode(in)
			if err != nil {
				t.Fatalf("%v does not encode: %v", in, err)
			}
			back, err := format.decode(again)
			if err != nil || !proto.Equal(back, in) {
				t.Fatalf("%v became %v: %v", in, back, err)
			}
			srv.process(context.Background(), s, in)
			for len(s.out) > 0 {
				<-s.out
			}
		}
	})
}

// quietServer has the parties, a session without a socket and a queue that nobody reads.
func quietServer(t testing.TB) (*Server, *Session) {
	tracker := presence.NewTracker()
	srv, err := New(Options{
		Tracker: tracker, OutgoingQueue: 1 << 10,
		Authenticate: func(string) (Identity, error) { return Identity{}, errors.New("nobody") },
	})
	if err != nil {
		t.Fatal(err)
	}
	registry, err := parties.New(parties.Options{Tracker: tracker, Router: srv.Router(), Tickets: noTickets{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		tracker.Close()
		_ = registry.Close()
	})
	for name, handle := range registry.Handlers() {
		adapted := func(ctx context.Context, s *Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
			return handle(ctx, s, in)
		}
		if err := srv.Handle(name, adapted); err != nil {
			t.Fatal(err)
		}
	}
	s := srv.newSession(nil, JSON, Identity{UserID: uuid.New(), Username: "someone"})
	tracker.Open(s.id)
	return srv, s
}

type noTickets struct{}

func (noTickets) AddParty(context.Context, string, []presence.Presence, parties.TicketRequest) (string, error) {
	return "", errors.New("no matchmaker")
}
func (noTickets) RemoveParty(string, string) error { return nil }
func (noTickets) RemovePartyAll(string)            {}

// Every client message has a handler name, and each party message has a handler.
func TestClientMessages(t *testing.T) {
	srv, _ := quietServer(t)
	for field, name := range clientMessages {
		if messageField.Fields().ByName(field) == nil {
			t.Errorf("%s is no message", field)
		}
		if strings.HasPrefix(name, "Party") && srv.handlers[name] == nil {
			t.Errorf("%s has no handler", name)
		}
	}
	for i := range messageField.Fields().Len() {
		field := messageField.Fields().Get(i)
		e := &rtapi.Envelope{}
		e.ProtoReflect().Set(field, e.ProtoReflect().NewField(field))
		if got := messageName(e); got != field.Name() {
			t.Errorf("messageName = %q; want %q", got, field.Name())
		}
	}
}
