// Package hostproc runs the plugin host, local/cmd/pluginhost, as a child process. The host runs
// a built plugin, as operators get it, behind the embedded engine. The command line and the
// end-to-end suites use it.
package hostproc

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Options configure a host. Plugin is required.
type Options struct {
	Plugin      string            // path; the host is the program "pluginhost" beside it
	Config      string            // Nakama configuration file; "" for the stock server's
	Addr        string            // "" for a free port of 127.0.0.1
	RuntimePath string            // "" for the working directory
	Env         map[string]string // runtime.env; overrides the configuration's values

	MatchmakerInterval time.Duration // 0 for the configuration's

	Log io.Writer // receives the host's standard error; if nil, it appears only in an error
}

// Process is a running host. Its methods are safe for concurrent use.
type Process struct {
	addr  string
	cmd   *exec.Cmd
	stdin io.Closer
	ended chan struct{} // closed once the process has ended
	stop  sync.Once
}

// Program returns the path at which the host of a plugin is expected.
func Program(plugin string) string { return filepath.Join(filepath.Dir(plugin), "pluginhost") }

// Start runs the host and returns once clients can connect. If the host ends before that, the
// error contains its output. The process ends with [Process.Stop] or with this process.
func Start(ctx context.Context, o Options) (*Process, error) {
	program, err := filepath.Abs(Program(o.Plugin))
	if err != nil {
		return nil, err
	}
	for what, file := range map[string]string{"plugin": o.Plugin, "plugin host": program} {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no %s at %s: make pluginhost builds both, for the line NAKAMA= names", what, file)
		} else if err != nil {
			return nil, fmt.Errorf("finding the %s: %w", what, err)
		}
	}
	args := []string{"--plugin", o.Plugin, "--config", o.Config, "--addr", o.Addr, "--matchmaker-interval", o.MatchmakerInterval.String()}
	if o.RuntimePath != "" {
		args = append(args, "--runtime-path", o.RuntimePath)
	}
	for name, value := range o.Env {
		args = append(args, "--env", name+"="+value)
	}
	p := &Process{cmd: exec.Command(program, args...), ended: make(chan struct{})}
	said := &bytes.Buffer{}
	p.cmd.Stderr = said
	if o.Log != nil {
		p.cmd.Stderr = io.MultiWriter(said, o.Log)
	}
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the plugin host: %w", err)
	}
	line := make(chan string, 1)
	go func() {
		defer close(p.ended)
		out := bufio.NewReader(stdout)
		first, _ := out.ReadString('\n') // no line means that the process ended, and its error output says why
		line <- strings.TrimSpace(first)
		_, _ = io.Copy(io.Discard, out)
		_ = p.cmd.Wait() // only the end of the process matters
	}()
	select {
	case p.addr = <-line:
	case <-ctx.Done():
		p.Stop()
		return nil, ctx.Err()
	}
	if p.addr == "" {
		p.Stop()
		return nil, fmt.Errorf("the plugin host ended: %s", bytes.TrimSpace(said.Bytes()))
	}
	return p, nil
}

// Addr returns host:port of the client API.
func (p *Process) Addr() string { return p.addr }

// Stop ends the process and waits for its end.
func (p *Process) Stop() {
	p.stop.Do(func() {
		_ = p.stdin.Close() // the host ends when its standard input ends
		select {
		case <-p.ended:
		case <-time.After(15 * time.Second):
			_ = p.cmd.Process.Kill()
			<-p.ended
		}
	})
}
