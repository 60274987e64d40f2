// Command manager is an operator's module with a fleet manager for tests. It forwards every call to
// the address in FLEET_URL, and forwards the test's callbacks to Partyline.
package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"
)

// Request is a call of the fleet manager, or a callback.
type Request struct {
	ID        string                       `json:"id"`
	Players   int                          `json:"players"`
	Users     []string                     `json:"users"`
	Latencies []runtime.FleetUserLatencies `json:"latencies"`
	Metadata  map[string]any               `json:"metadata"`

	Status   runtime.FmCreateStatus `json:"status"`
	Info     *runtime.InstanceInfo  `json:"info"`
	Sessions []*runtime.SessionInfo `json:"sessions"`
	Error    string                 `json:"error"`
}

type manager struct {
	url   string
	since string // start time of this server, so that IDs differ after a restart

	mu        sync.Mutex
	callbacks []runtime.FmCreateCallbackFn
}

func (m *manager) Init(runtime.NakamaModule, runtime.FmCallbackHandler) error { return nil }

func (m *manager) Create(ctx context.Context, players int, users []string, latencies []runtime.FleetUserLatencies, metadata map[string]any, callback runtime.FmCreateCallbackFn) (map[string]string, error) {
	m.mu.Lock()
	m.callbacks = append(m.callbacks, callback)
	id := m.since + strconv.Itoa(len(m.callbacks)-1)
	m.mu.Unlock()
	return nil, m.call(ctx, "create", Request{ID: id, Players: players, Users: users, Latencies: latencies, Metadata: metadata}, nil)
}

func (m *manager) Join(ctx context.Context, id string, users []string, _ map[string]string) (*runtime.JoinInfo, error) {
	var info runtime.JoinInfo
	return &info, m.call(ctx, "join", Request{ID: id, Users: users}, &info)
}

func (m *manager) Delete(ctx context.Context, id string) error {
	return m.call(ctx, "delete", Request{ID: id}, nil)
}

func (m *manager) Update(context.Context, string, int, map[string]any) error { return nil }

func (m *manager) Get(context.Context, string) (*runtime.InstanceInfo, error) {
	return nil, errors.New("not asked for")
}

func (m *manager) List(context.Context, string, int, string) ([]*runtime.InstanceInfo, string, error) {
	return nil, "", errors.New("not asked for")
}

func (m *manager) call(ctx context.Context, what string, in Request, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url+"/"+what, bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := (&http.Client{}).Do(request) // Nakama limits the time of the default client, and a slow fleet needs longer
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return err
	case answer.StatusCode == http.StatusTeapot:
		panic(string(text))
	case answer.StatusCode != http.StatusOK:
		return errors.New(string(text))
	case out == nil:
		return nil
	}
	return json.Unmarshal(text, out)
}

// calledBack handles the test's callbacks.
func (m *manager) calledBack(w http.ResponseWriter, r *http.Request) {
	var back Request
	if err := json.NewDecoder(r.Body).Decode(&back); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	m.mu.Lock()
	var callback runtime.FmCreateCallbackFn
	for i, fn := range m.callbacks {
		if m.since+strconv.Itoa(i) == back.ID {
			callback = fn
		}
	}
	m.mu.Unlock()
	if callback == nil {
		http.Error(w, "no such creation", http.StatusNotFound)
		return
	}
	var cause error
	if back.Error != "" {
		cause = errors.New(back.Error)
	}
	callback(back.Status, back.Info, back.Sessions, nil, cause)
}

func InitModule(ctx context.Context, _ runtime.Logger, _ *sql.DB, _ runtime.NakamaModule, initializer runtime.Initializer) error {
	env, _ := ctx.Value(runtime.RUNTIME_CTX_ENV).(map[string]string)
	m := &manager{url: env["FLEET_URL"], since: fmt.Sprintf("%d-", time.Now().UnixNano())}
	if err := initializer.RegisterHttp("/fleet/callback", m.calledBack, http.MethodPost); err != nil {
		return err
	}
	return initializer.RegisterFleetManager(m)
}

func main() {}
