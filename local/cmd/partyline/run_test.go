package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/client"
)

// TestMain also serves as the game server that a run starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "gameserver" {
		os.Exit(run(newTerminal(os.Stdin, os.Stdout, os.Stderr), os.Args[1:]))
	}
	os.Exit(m.Run())
}

// stopWhenReady stops a run as soon as the run has printed how to stop it.
type stopWhenReady struct {
	bytes.Buffer
	stop func()
}

func (s *stopWhenReady) Write(p []byte) (int, error) {
	defer func() {
		if strings.Contains(string(p), "Press Ctrl-C") {
			s.stop()
		}
	}()
	return s.Buffer.Write(p)
}

// rulesFolder returns a folder with the sample rules at the path that the configuration names.
func rulesFolder(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(folder, "local"), 0o700), os.WriteFile(filepath.Join(folder, "local", "rules.yml"), text, 0o600)); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestServe: the links that a run prints work, and so do the links on its pages.
func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	answered := 0
	out := &stopWhenReady{}
	out.stop = func() {
		for _, link := range regexp.MustCompile(`http://127\.0\.0\.1:[1-9][0-9]*/\S*`).FindAllString(out.String(), -1) {
			res, err := http.Get(link)
			if err != nil {
				t.Errorf("%s: %v", link, err)
				continue
			}
			text, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if elsewhere := regexp.MustCompile(`http://[^/"]+`).FindAllString(string(text), -1); err != nil || slices.ContainsFunc(elsewhere, func(at string) bool { return !strings.HasPrefix(link, at+"/") && at != "http://www.w3.org" }) {
				t.Errorf("%s leads to %q, error %v", link, elsewhere, err)
			}
			if res.StatusCode != http.StatusOK && !(strings.HasSuffix(link, "/console") && res.StatusCode == http.StatusUnauthorized) {
				t.Errorf("%s: %s", link, res.Status)
			}
			answered++
		}
		cancel()
	}
	var problems bytes.Buffer
	o := runOptions{addr: "127.0.0.1:0", config: "../../nakama.yml", runtimePath: rulesFolder(t), players: true}
	if err := serve(ctx, o, out, &problems); err != nil {
		t.Fatalf("%v\n%s", err, problems.String())
	}
	if answered < 3 {
		t.Errorf("%d links, want the demo client, the invite and the console:\n%s", answered, out.String())
	}
}

func TestServe_Elsewhere(t *testing.T) {
	o := runOptions{addr: "127.0.0.1:0", config: filepath.Join(t.TempDir(), "nakama.yml"), runtimePath: "."}
	if err := serve(t.Context(), o, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "--config") {
		t.Errorf("without a configuration: %v; want what to do", err)
	}
}

// If the run cannot listen on an address, the error names the address and the real cause.
func TestServe_Address(t *testing.T) {
	o := runOptions{addr: "127.0.0.1:99999", config: "../../nakama.yml", runtimePath: rulesFolder(t)}
	err := serve(t.Context(), o, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "cannot listen on "+o.addr) || !strings.Contains(err.Error(), "invalid port") || strings.Contains(err.Error(), "taken") {
		t.Errorf("serve = %v", err)
	}
}

// TestServe_GameServer: two players of the arena in the sample rules meet on one game server.
func TestServe_GameServer(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	up, stop := context.WithCancel(ctx)
	out := &stopWhenReady{}
	out.stop = func() {
		defer stop()
		_, rest, _ := strings.Cut(out.String(), "client API    ")
		addr, _, _ := strings.Cut(rest, " ")
		c := client.New(addr)
		var sockets []*client.Socket
		for i := range 2 {
			session, err := c.AuthenticateDevice(ctx, fmt.Sprintf("gladiator-%d", i), "")
			if err != nil {
				t.Error(err)
				return
			}
			socket, err := c.Connect(ctx, session, client.SocketOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			defer socket.Abort()
			add := &rtapi.MatchmakerAdd{Query: "*", MinCount: 2, MaxCount: 2, StringProperties: map[string]string{"queue": "arena"}}
			if _, err := socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_MatchmakerAdd{MatchmakerAdd: add}}); err != nil {
				t.Error(err)
				return
			}
			sockets = append(sockets, socket)
		}
		for _, socket := range sockets {
			var ready struct {
				Address, Pass string
				Port          int
			}
			_, err := socket.Take(ctx, func(m client.Message) bool {
				for _, n := range m.Envelope.GetNotifications().GetNotifications() {
					if n.GetSubject() == "server_ready" {
						return json.Unmarshal([]byte(n.GetContent()), &ready) == nil
					}
				}
				return false
			})
			if err != nil {
				t.Error(err)
				return
			}
			answer, err := http.Get(fmt.Sprintf("http://%s:%d/play?pass=%s", ready.Address, ready.Port, url.QueryEscape(ready.Pass)))
			if err != nil {
				t.Error(err)
				return
			}
			defer answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				t.Errorf("the game server answers %s", answer.Status)
			}
		}
	}
	var problems bytes.Buffer
	o := runOptions{addr: "127.0.0.1:0", config: "../../nakama.yml", runtimePath: rulesFolder(t)}
	if err := serve(up, o, out, &problems); err != nil {
		t.Fatalf("%v\n%s", err, problems.String())
	}
}
