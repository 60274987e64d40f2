// Package fleet_test plays matches on dedicated game servers: queue, server, seats, end. It also
// runs on a real server, in which another module provides the fleet manager.
package fleet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/fleet"
)

// asked is one call of Create.
type asked struct {
	players  int
	users    []string
	metadata map[string]any
	callback runtime.FmCreateCallbackFn
}

// fleetManager does what the test scripts; it records its calls.
type fleetManager struct {
	mu      sync.Mutex
	creates []asked
	joins   [][]string
	deleted []string
	nakama  string                     // address of a real server
	servers *fleet.Manager             // runs servers as processes; nil if the test plays them
	create  func(n int, a asked) error // what Create does
	join    func(users []string) error // nil: accepts everybody
}

var _ runtime.FleetManager = (*fleetManager)(nil)

func (f *fleetManager) Get(context.Context, string) (*runtime.InstanceInfo, error) {
	return nil, errors.New("not asked for")
}
func (f *fleetManager) List(context.Context, string, int, string) ([]*runtime.InstanceInfo, string, error) {
	return nil, "", errors.New("not asked for")
}

func (f *fleetManager) Create(_ context.Context, players int, users []string, _ []runtime.FleetUserLatencies, metadata map[string]any, callback runtime.FmCreateCallbackFn) (map[string]string, error) {
	a := asked{players, users, metadata, callback}
	f.mu.Lock()
	f.creates = append(f.creates, a)
	n, create := len(f.creates), f.create
	f.mu.Unlock()
	return nil, create(n, a)
}

func (f *fleetManager) Join(_ context.Context, id string, users []string, _ map[string]string) (*runtime.JoinInfo, error) {
	f.mu.Lock()
	f.joins = append(f.joins, users)
	join := f.join
	f.mu.Unlock()
	if join != nil {
		if err := join(users); err != nil {
			return nil, err
		}
	}
	info := &runtime.JoinInfo{InstanceInfo: &runtime.InstanceInfo{Id: id}}
	for _, user := range users {
		info.SessionInfo = append(info.SessionInfo, &runtime.SessionInfo{UserId: user, SessionId: "psess-late"})
	}
	return info, nil
}

func (f *fleetManager) Delete(ctx context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.deleted = append(f.deleted, id)
	if f.servers == nil {
		return nil
	}
	return f.servers.Delete(ctx, id)
}

func (f *fleetManager) is(what func() bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return what()
}

func instance(n int) *runtime.InstanceInfo {
	return &runtime.InstanceInfo{Id: fmt.Sprintf("server-%d", n), ConnectionInfo: &runtime.ConnectionInfo{IpAddress: "192.0.2.1", DnsName: "one.example.com", Port: 7000 + n}}
}

// ready answers as a manager with a session for every player does: later, and twice.
func ready(n int, a asked) error {
	var sessions []*runtime.SessionInfo
	for _, u := range a.users {
		sessions = append(sessions, &runtime.SessionInfo{UserId: u, SessionId: "psess-" + u})
	}
	go func() {
		a.callback(runtime.CreateSuccess, instance(n), sessions, nil, nil)
		a.callback(runtime.CreateSuccess, instance(n), sessions, nil, nil)
	}()
	return nil
}

func (f *fleetManager) asked(n int) asked {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.creates[n]
}

func (f *fleetManager) at(nakama string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nakama = nakama
}

// request is a message to or from the module in testdata/manager.
type request struct {
	ID       string                 `json:"id"`
	Players  int                    `json:"players"`
	Users    []string               `json:"users"`
	Metadata map[string]any         `json:"metadata"`
	Status   runtime.FmCreateStatus `json:"status"`
	Info     *runtime.InstanceInfo  `json:"info"`
	Sessions []*runtime.SessionInfo `json:"sessions"`
	Error    string                 `json:"error"`
}

// ServeHTTP is the manager for a real server.
func (f *fleetManager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if value := recover(); value != nil {
			http.Error(w, fmt.Sprint(value), http.StatusTeapot)
		}
	}()
	var in request
	err := json.NewDecoder(r.Body).Decode(&in)
	var out any
	switch {
	case err != nil:
	case r.URL.Path == "/create":
		_, err = f.Create(r.Context(), in.Players, in.Users, nil, in.Metadata, f.callback(in.ID))
	case r.URL.Path == "/join":
		out, err = f.Join(r.Context(), in.ID, in.Users, nil)
	default:
		err = f.Delete(r.Context(), in.ID)
	}
	if err == nil {
		err = json.NewEncoder(w).Encode(out)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// callback returns a function that calls the server back. A restarted server does not know the ID.
func (f *fleetManager) callback(id string) runtime.FmCreateCallbackFn {
	return func(status runtime.FmCreateStatus, info *runtime.InstanceInfo, sessions []*runtime.SessionInfo, _ map[string]any, cause error) {
		back := request{ID: id, Status: status, Info: info, Sessions: sessions}
		if cause != nil {
			back.Error = cause.Error()
		}
		text, err := json.Marshal(back)
		if err != nil {
			panic(err)
		}
		f.mu.Lock()
		nakama := f.nakama
		f.mu.Unlock()
		if answer, err := http.Post(nakama+"/fleet/callback", "application/json", bytes.NewReader(text)); err == nil {
			_ = answer.Body.Close()
		}
	}
}
