package contract

import (
	"context"

	"strings"

	"github.com/gorilla/websocket"
	"github.com/heroiclabs/nakama-common/rtapi"
	"google.golang.org/protobuf/encoding/protojson"

	"partyline/local/e2e/client"
)

// Actor is one user's connection.
type Actor struct {
	w       *World
	name    string
	session client.Session
	socket  *client.Socket
	id      string // session ID of the socket
}

// Options are the options of an actor's connection.
type Options = client.SocketOptions

// Account creates a logged-in user without a socket.
func (w *World) Account(name string) *Actor {
	w.t.Helper()
	ctx, cancel := w.deadline()
	defer cancel()
	username := name + "-" + w.runID
	session, err := w.client.AuthenticateDevice(ctx, "device-"+username, username)
	if err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	w.normaliser.add(username, name)
	w.normaliser.add(session.UserID, "<"+name+">")
	a := &Actor{w: w, name: name, session: session}
	w.actors = append(w.actors, a)
	return a
}

// Actor creates a user with a JSON socket that does not appear online.
func (w *World) Actor(name string) *Actor { return w.ActorWith(name, Options{}) }

// ActorWith creates a user with a socket of the given options.
func (w *World) ActorWith(name string, o Options) *Actor {
	w.t.Helper()
	a := w.Account(name)
	a.connect(o)
	return a
}

// Again opens another socket of a's user, as a separate actor.
func (a *Actor) Again(name string) *Actor {
	a.w.t.Helper()
	b := &Actor{w: a.w, name: name, session: a.session}
	a.w.actors = append(a.w.actors, b)
	b.connect(Options{})
	return b
}

// connect opens the socket and learns its session ID. The server sends that ID only in presences,
// so connect sets a status and reads its presence. None of this enters the transcript.
func (a *Actor) connect(o Options) {
	a.w.t.Helper()
	ctx, cancel := a.w.deadline()
	defer cancel()
	var err error
	if a.socket, err = a.w.client.Connect(ctx, a.session, o); err != nil {
		a.w.t.Fatalf("%s: %v", a.name, err)
	}
	mark := "hello from " + a.name
	a.callUnrecorded(ctx, statusUpdate(mark))
	m, err := a.socket.Take(ctx, func(m client.Message) bool {
		joins := m.Envelope.GetStatusPresenceEvent().GetJoins()
		return len(joins) == 1 && joins[0].GetStatus().GetValue() == mark
	})
	if err != nil {
		a.w.t.Fatalf("%s: own status: %v", a.name, err)
	}
	a.id = m.Envelope.GetStatusPresenceEvent().GetJoins()[0].SessionId
	a.w.normaliser.add(a.id, "<"+a.name+".session>")
	if o.Status {
		a.callUnrecorded(ctx, statusUpdate(""))
	} else {
		a.callUnrecorded(ctx, statusHide())
	}
	a.w.settle()
	for _, other := range a.w.actors {
		if other.socket != nil && other.session.UserID == a.session.UserID {
			other.socket.Drain() // events of this on the user's other sockets
		}
	}
	a.w.recordReceived()
}

// callUnrecorded makes a request that the transcript does not record.
func (a *Actor) callUnrecorded(ctx context.Context, e *rtapi.Envelope) {
	a.w.t.Helper()
	e.Cid = "prepare"
	if err := a.socket.Send(e); err != nil {
		a.w.t.Fatalf("%s: %v", a.name, err)
	}
	if _, err := a.socket.Take(ctx, client.ReplyTo(e.Cid)); err != nil {
		a.w.t.Fatalf("%s: %s: %v", a.name, client.Kind(e), err)
	}
}

// UserID returns the actor's user ID.
func (a *Actor) UserID() string { return a.session.UserID }

// Username returns the actor's username on the server.
func (a *Actor) Username() string { return a.session.Username }

// Presence returns the presence of the actor's socket, as party messages name it.
func (a *Actor) Presence() *rtapi.UserPresence {
	return &rtapi.UserPresence{UserId: a.session.UserID, SessionId: a.id, Username: a.session.Username}
}

// Do sends an envelope, waits for its reply and all its effects, and returns the reply.
func (a *Actor) Do(e *rtapi.Envelope) *rtapi.Envelope {
	a.w.t.Helper()
	e.Cid = a.socket.NextCID()
	raw, err := protojson.MarshalOptions{UseProtoNames: true, UseEnumNumbers: true}.Marshal(e)
	if err != nil {
		a.w.t.Fatalf("%s: %v", a.name, err)
	}
	a.w.log(a.name, ">", raw)
	if err := a.socket.Send(e); err != nil {
		a.w.t.Fatalf("%s: send %s: %v", a.name, client.Kind(e), err)
	}
	return a.reply(e.Cid)
}

// DoJSON is Do for text that no SDK sends; {cid} stands for a new cid.
func (a *Actor) DoJSON(text string) *rtapi.Envelope {
	a.w.t.Helper()
	cid := a.socket.NextCID()
	raw := []byte(strings.ReplaceAll(text, "{cid}", cid))
	a.w.log(a.name, ">", raw)
	if err := a.socket.SendBytes(websocket.TextMessage, raw); err != nil {
		a.w.t.Fatalf("%s: send: %v", a.name, err)
	}
	return a.reply(cid)
}

func (a *Actor) reply(cid string) *rtapi.Envelope {
	a.w.t.Helper()
	ctx, cancel := a.w.deadline()
	defer cancel()
	m, err := a.socket.Await(ctx, client.ReplyTo(cid))
	if err != nil {
		a.w.t.Fatalf("%s: %v", a.name, err)
	}
	a.w.settle()
	a.w.recordReceived()
	return m.Envelope
}

// Tell sends an envelope without a cid. The server may or may not react to it.
func (a *Actor) Tell(e *rtapi.Envelope) {
	a.w.t.Helper()
	raw, err := protojson.MarshalOptions{UseProtoNames: true, UseEnumNumbers: true}.Marshal(e)
	if err != nil {
		a.w.t.Fatalf("%s: %v", a.name, err)
	}
	a.w.log(a.name, ">", raw)
	if err := a.socket.Send(e); err != nil {
		a.w.t.Fatalf("%s: send %s: %v", a.name, client.Kind(e), err)
	}
	a.w.settle(a) // the sender's barrier first, so that its handler has run
	a.w.recordReceived()
}

// Provoke sends a message that makes the server close the socket, and waits until it is closed. In
// the server, an error envelope and the close frame race with the end of the connection. They may
// not arrive, so the transcript records only that the socket was closed.
func (a *Actor) Provoke(messageType int, text string) {
	a.w.t.Helper()
	a.w.log(a.name, ">", []byte(text))
	if err := a.socket.SendBytes(messageType, []byte(text)); err != nil {
		a.w.t.Fatalf("%s: send: %v", a.name, err)
	}
	ctx, cancel := a.w.deadline()
	defer cancel()
	if _, _, err := a.socket.AwaitClose(ctx); err != nil {
		a.w.t.Fatalf("%s: %v", a.name, err)
	}
	a.socket.Drain()
	a.w.log(a.name, "close", nil)
	a.w.settle()
	a.w.recordReceived()
}

// Disconnect closes the actor's connection as a client does when it quits.
func (a *Actor) Disconnect() {
	a.w.t.Helper()
	a.w.log(a.name, "close", nil)
	ctx, cancel := a.w.deadline()
	defer cancel()
	if err := a.socket.Close(ctx); err != nil {
		a.w.t.Fatalf("%s: %v", a.name, err)
	}
	a.w.settle()
	a.w.recordReceived()
}
