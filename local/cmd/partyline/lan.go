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

// errNoNetwork says that a phone cannot reach this machine.
var errNoNetwork = errors.New("this machine is in no network; name its address: --addr ADDRESS:PORT")

// listenAddress holds the address at which the server listens and the address that other programs use.
type listenAddress struct{ listen, public string }

// parseAddress reads --addr and --lan. For port 0 it chooses a free port, because links contain the port.
// With --lan it listens on all addresses: this machine's own browser could not connect if it
// listened on the network address alone.
func parseAddress(addr string, lan bool, own func() (net.IP, error)) (listenAddress, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return listenAddress{}, fmt.Errorf("read the address: %w", err)
	}
	if port == "0" {
		if port, err = freePort(host); err != nil {
			return listenAddress{}, err
		}
		addr = net.JoinHostPort(host, port)
	}
	ip := net.ParseIP(host)
	everywhere := host == "" || ip.IsUnspecified()
	if !lan && !everywhere || lan && !everywhere && !ip.IsLoopback() && host != "localhost" {
		return listenAddress{addr, addr}, nil
	}
	if ip, err = own(); err != nil {
		if !lan {
			return listenAddress{addr, net.JoinHostPort("127.0.0.1", port)}, nil
		}
		return listenAddress{}, err
	}
	return listenAddress{net.JoinHostPort("", port), net.JoinHostPort(ip.String(), port)}, nil
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

// ownAddress returns the address by which this machine reaches other machines. It sends nothing.
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

// rulesFor returns a rules file with links that lead to url: path itself, or a copy beside it if
// the links lead elsewhere. A copy beside the file finds the same pictures and fonts.
func rulesFor(path, url string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	set, err := rules.Load(text, path)
	if err != nil {
		return path, nil // the server reports what is wrong with it
	}
	public := set.Config().Invites.PublicURL
	if public == url || public != rules.Default().Invites.PublicURL {
		return path, nil // the game sets its own public address
	}
	at := strings.ReplaceAll(strings.TrimPrefix(url, "http://"), ":", "-")
	copied := filepath.Join(filepath.Dir(path), "rules.here."+at+".yml") // so two runs in one folder use two files
	return copied, copyRules(path, copied, url)
}

// copyOnChange copies the rules file again after each change, until ctx ends.
func copyOnChange(ctx context.Context, path, copied, url string) {
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			_ = copyRules(path, copied, url) // if the file is gone, the last rules stay in force, as on a real server
		}
	}
}

// copyRules copies a rules file, valid or not, with links that lead to url.
func copyRules(path, copied, url string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text = bytes.ReplaceAll(text, []byte(rules.Default().Invites.PublicURL), []byte(url))
	if was, err := os.ReadFile(copied); err == nil && bytes.Equal(was, text) {
		return nil
	}
	next := copied + ".next" // so the server never reads half a file
	if err := os.WriteFile(next, text, 0o644); err != nil {
		return err
	}
	return os.Rename(next, copied)
}
