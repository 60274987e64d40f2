package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"partyline/local/fleet"
	"partyline/local/gameserver"
)

// gameserverCommand plays one match. The environment names the match.
func gameserverCommand(t *terminal, args []string) int {
	if len(args) > 0 {
		return t.misuse("partyline gameserver, with PARTYLINE, NAKAMA_URL and NAKAMA_HTTP_KEY in the environment")
	}
	if err := gameserver.Run(context.Background(), t.out); err != nil {
		fmt.Fprintln(t.err, "partyline: game server:", err)
		return exitProblem
	}
	return exitOK
}

// localFleet makes a fleet that runs this program as its game servers. The Nakama server listens
// at addr, and players reach this machine by shown.
func localFleet(addr, shown, httpKey string) (*fleet.Manager, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program, which is the game server too: %w", err)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("read the address: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return fleet.New(fleet.Options{Nakama: "http://" + net.JoinHostPort(host, port), HTTPKey: httpKey, Host: shown}, program, "gameserver"), nil
}
