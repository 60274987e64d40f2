// Package fleet is a fleet manager for development and tests. Its game servers are processes on
// this machine.
package fleet

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/local/gameserver"
)

const (
	// startTimeout is the time that a server has to write its port.
	startTimeout = 10 * time.Second
	// stopTimeout is the time that a server has to answer its players after SIGTERM, before it is killed.
	stopTimeout = 5 * time.Second
)

// Manager starts one process for each match. The process writes its port, as a line, when
// players can connect. The manager does not count slots, because the match's seats limit the
// players. Safe for concurrent use.
type Manager struct {
	options Options
	command []string
	ctx     context.Context
	close   context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	servers map[string]server
}

type server struct {
	info *runtime.InstanceInfo
	stop context.CancelFunc
}

var _ runtime.FleetManager = (*Manager)(nil)

// Options configure the game servers of a [Manager].
type Options struct {
	Nakama  string // "http://host:port"
	HTTPKey string
	Host    string // of this machine, as players reach it; "" for 127.0.0.1
}

// New makes a manager that starts servers with the command. The servers get the environment of
// this process and the variables of package gameserver.
func New(o Options, command ...string) *Manager {
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	m := &Manager{options: o, command: command, servers: map[string]server{}}
	m.ctx, m.close = context.WithCancel(context.Background())
	return m
}

// Close stops every server and waits until all have ended.
func (m *Manager) Close() {
	m.close()
	m.running.Wait()
}

// Create starts a server and returns at once. It reports the outcome by callback.
func (m *Manager) Create(_ context.Context, _ int, _ []string, _ []runtime.FleetUserLatencies, metadata map[string]any, callback runtime.FmCreateCallbackFn) (map[string]string, error) {
	match, _ := metadata["partyline"].(string)
	ctx, stop := context.WithCancel(m.ctx)
	cmd := exec.CommandContext(ctx, m.command[0], m.command[1:]...)
	cmd.Env = append(os.Environ(), gameserver.EnvNakama+"="+m.options.Nakama, gameserver.EnvHTTPKey+"="+m.options.HTTPKey,
		gameserver.EnvHost+"="+m.options.Host, gameserver.EnvMatch+"="+match)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTimeout
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		stop()
		return nil, fmt.Errorf("start a game server: %w", err)
	}
	id := "local-" + strconv.Itoa(cmd.Process.Pid)
	m.running.Go(func() {
		defer stop()
		late := time.AfterFunc(startTimeout, stop)
		line, _ := bufio.NewReader(out).ReadString('\n') // no line means that the process ended
		port, err := strconv.Atoi(strings.TrimSpace(line))
		if late.Stop(); err != nil {
			callback(runtime.CreateError, nil, nil, nil, fmt.Errorf("game server %s has not started", id))
		} else {
			info := &runtime.InstanceInfo{Id: id, Status: "running", CreateTime: time.Now(), ConnectionInfo: &runtime.ConnectionInfo{IpAddress: m.options.Host, Port: port}}
			m.setServer(id, &server{info, stop})
			callback(runtime.CreateSuccess, info, nil, nil, nil)
		}
		_ = cmd.Wait() // the server itself wrote why it ended
		m.setServer(id, nil)
	})
	return nil, nil
}

func (m *Manager) setServer(id string, s *server) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if delete(m.servers, id); s != nil {
		m.servers[id] = *s
	}
}

var errGone = errors.New("there is no such game server")

// Get returns a running server.
func (m *Manager) Get(_ context.Context, id string) (*runtime.InstanceInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.servers[id]
	if !ok {
		return nil, errGone
	}
	return s.info, nil
}

// List returns all running servers; it ignores queries.
func (m *Manager) List(context.Context, string, int, string) (list []*runtime.InstanceInfo, cursor string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.servers {
		list = append(list, s.info)
	}
	return list, "", nil
}

// Join always finds room on a running server.
func (m *Manager) Join(ctx context.Context, id string, _ []string, _ map[string]string) (*runtime.JoinInfo, error) {
	info, err := m.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return &runtime.JoinInfo{InstanceInfo: info}, nil
}

// Delete asks a server to end. It does nothing if the server has ended.
func (m *Manager) Delete(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.servers[id]; ok {
		s.stop()
	}
	return nil
}
