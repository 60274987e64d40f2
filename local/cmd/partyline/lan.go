package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"partyline/party/rules"
)

// errNoNetwork says that a phone has no way to this machine.
var errNoNetwork = errors.New("this machine is in no network; name its address: --addr ADDRESS:PORT")

// place is where the server listens, and how other programs reach it.
type place struct{ listen, shown string }

// placeOf reads --addr and --lan; for port 0 it chooses a free one, because links have it. In a
// network, listening on the own address alone would leave out this machine's browser, so it is
// all addresses then.
func placeOf(addr string, lan bool, own func() (net.IP, error)) (place, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return place{}, fmt.Errorf("read the address: %w", err)
	}
	if port == "0" {
		if port, err = freePort(host); err != nil {
			return place{}, err
		}
		addr = net.JoinHostPort(host, port)
	}
	ip := net.ParseIP(host)
	everywhere := host == "" || ip.IsUnspecified()
	if !lan && !everywhere || lan && !everywhere && !ip.IsLoopback() && host != "localhost" {
		return place{addr, addr}, nil
	}
	if ip, err = own(); err != nil {
		if !lan {
			return place{addr, net.JoinHostPort("127.0.0.1", port)}, nil
		}
		return place{}, err
	}
	return place{net.JoinHostPort("", port), net.JoinHostPort(ip.String(), port)}, nil
}

func freePort(host string) (string, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", fmt.Errorf("choose a port: %w", err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, err
}

// ownAddress is the address by which this machine reaches others. Nothing is sent.
func ownAddress() (net.IP, error) {
	conn, err := net.Dial("udp4", "192.0.2.1:9")
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", errNoNetwork, err)
	}
	defer conn.Close()
	ip := conn.LocalAddr().(*net.UDPAddr).IP
	if ip.IsLoopback() {
		return nil, errNoNetwork
	}
	return ip, nil
}

// rulesFor gives a rules file whose links lead to url: the file itself, or a copy beside it
// where they lead elsewhere. Pictures and fonts are found from there as well.
func rulesFor(path, url string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	set, err := rules.Load(text, path)
	if err != nil {
		return path, nil // the server says what is wrong with it
	}
	public := set.Config().Invites.PublicURL
	if public == url || public != rules.Default().Invites.PublicURL {
		return path, nil // a public address of the game's own is meant
	}
	at := strings.ReplaceAll(strings.TrimPrefix(url, "http://"), ":", "-")
	copied := filepath.Join(filepath.Dir(path), "rules.here."+at+".yml") // another run of this folder has its own
	return copied, copyRules(path, copied, url)
}

// follow copies the rules file again whenever it is saved, until ctx ends.
func follow(ctx context.Context, path, copied, url string) {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			_ = copyRules(path, copied, url) // a file that is gone keeps its rules, as anywhere
		}
	}
}

// copyRules copies a rules file, good or broken, with links that lead to url.
func copyRules(path, copied, url string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text = bytes.ReplaceAll(text, []byte(rules.Default().Invites.PublicURL), []byte(url))
	if was, err := os.ReadFile(copied); err == nil && bytes.Equal(was, text) {
		return nil
	}
	next := copied + ".next" // the server never reads half a file
	if err := os.WriteFile(next, text, 0o644); err != nil {
		return err
	}
	return os.Rename(next, copied)
}
