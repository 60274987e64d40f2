package target

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
)

// With these variables, every server of a suite is a real one, started from a binary for that suite.
// `make test-host` sets them.
const (
	BinaryVariable   = "NAKAMA_SERVER"   // the Nakama server's binary
	PluginVariable   = "NAKAMA_PLUGIN"   // the module, built for that server
	EmptyVariable    = "NAKAMA_EMPTY"    // a module whose hooks do nothing; optional
	DatabaseVariable = "NAKAMA_DATABASE" // user@host:port of a PostgreSQL server on which the user may create databases
)

// Real reports whether suites start real servers.
func Real() bool { return os.Getenv(BinaryVariable) != "" }

// Process is a real server with its own database.
type Process struct {
	Addr string

	binary string
	flags  []string
	log    string
	cmd    *exec.Cmd
	ended  chan struct{} // closed when the process has ended
}

// StartReal starts a real server for the duration of a test. rules is the path of the module's rules
// file; "" starts a stock server. If the server does not start, or the binary, plugin or database is
// missing, the test fails.
func StartReal(t testing.TB, rules string) *Process {
	t.Helper()
	if rules == "" {
		return StartPlugins(t, nil)
	}
	return StartBeside(t, rules, nil)
}

// StartBeside is StartReal with other modules besides Partyline's, and more flags.
func StartBeside(t testing.TB, rules string, others []string, flags ...string) *Process {
	t.Helper()
	flags = append(flags, "--runtime.env", "PARTY_RULES="+rules, "--runtime.env", "PARTY_CONSOLE_KEY="+ConsoleKey)
	return StartPlugins(t, append(others, setting(t, PluginVariable)), flags...)
}

// StartPlugins starts a real server with any plugins, and more flags.
func StartPlugins(t testing.TB, plugins []string, flags ...string) *Process {
	t.Helper()
	dir := t.TempDir()
	port := freePorts(t)
	p := &Process{Addr: "127.0.0.1:" + strconv.Itoa(port), binary: setting(t, BinaryVariable), log: filepath.Join(dir, "log")}
	database := setting(t, DatabaseVariable) + "/partyline_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	modules := filepath.Join(dir, "modules")
	if err := os.Mkdir(modules, 0o700); err != nil {
		t.Fatal(err)
	}
	p.flags = []string{
		"--name", "nakama1", "--database.address", database, "--data_dir", filepath.Join(dir, "data"), "--runtime.path", modules,
		"--socket.address", "127.0.0.1", "--socket.port", strconv.Itoa(port),
		"--console.address", "127.0.0.1", "--console.port", strconv.Itoa(port + 1),
		"--session.token_expiry_sec", "7200", "--matchmaker.interval_sec", "1", "--logger.level", "WARN",
	}
	p.flags = append(p.flags, flags...)
	for _, plugin := range plugins {
		plugin, err := filepath.Abs(plugin)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(plugin, filepath.Join(modules, filepath.Base(plugin))); err != nil {
			t.Fatal(err)
		}
	}
	migrate := exec.CommandContext(t.Context(), p.binary, "migrate", "up", "--database.address", database)
	if out, err := migrate.CombinedOutput(); err != nil {
		t.Fatalf("make the database %s: %v\n%s", database, err, out)
	}
	t.Cleanup(func() {
		_ = p.Kill() // it may be dead already
		if t.Failed() {
			t.Logf("log of the server at %s:\n%s", p.Addr, p.tail())
		}
	})
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// Start starts the server, also after Kill, and returns when it answers.
func (p *Process) Start(ctx context.Context) error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd = exec.Command(p.binary, p.flags...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	cmd, ended := p.cmd, make(chan struct{})
	p.ended = ended
	go func() {
		_ = cmd.Wait() // the server's log says how it ended
		close(ended)
	}()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Addr+"/healthcheck", nil)
		if err != nil {
			return err
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			return answer.Body.Close()
		}
		select {
		case <-ended:
			return fmt.Errorf("the server has ended:\n%s", p.tail())
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w\n%s", ctx.Err(), p.tail())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Kill ends the server at once, as kill -9 does, and returns when the process has ended.
func (p *Process) Kill() error {
	if p.ended == nil {
		return errors.New("the server was never started")
	}
	err := p.cmd.Process.Kill()
	<-p.ended
	return err
}

// Stop asks the server to end, as a deployment does, and returns when the process has ended.
func (p *Process) Stop() error {
	if p.ended == nil {
		return errors.New("the server was never started")
	}
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	<-p.ended
	return err
}

// Spent returns the processor time of the server's threads since its start.
func (p *Process) Spent() (spent time.Duration, err error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for _, thread := range threads {
		stat, err := os.ReadFile(thread)
		if err != nil {
			return 0, err
		}
		running, _, _ := strings.Cut(string(stat), " ")
		ns, err := strconv.ParseInt(running, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("processor time of a thread: %w", err)
		}
		spent += time.Duration(ns)
	}
	return spent, nil
}

// Resident returns the server's memory in bytes.
func (p *Process) Resident() (int, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	var size, resident int
	if _, err := fmt.Sscan(string(stat), &size, &resident); err != nil {
		return 0, fmt.Errorf("memory of the server: %w", err)
	}
	return resident * os.Getpagesize(), nil
}

// tail returns the end of the server's log.
func (p *Process) tail() string {
	const most = 4096
	log, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(log[max(0, len(log)-most):])
}

// setting returns an environment variable that real servers require.
func setting(t testing.TB, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		t.Fatalf("%s is set, and %s is not", BinaryVariable, variable)
	}
	return value
}

// freePorts returns a free port. The port after it and the two before it are free too, because a server
// also uses the port before its socket's, and the third before its console's. The port is outside the
// range for outgoing connections, because any of them may take a port at any time.
func freePorts(t testing.TB) int {
	t.Helper()
	for range 100 {
		port, free := 10_000+rand.IntN(20_000), true
		for next := port - 2; next <= port+1; next++ {
			l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(next))
			if free = free && err == nil; err == nil {
				_ = l.Close()
			}
		}
		if free {
			return port
		}
	}
	t.Fatal("no four free ports in a row")
	return 0
}
