package main

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/party/rules"
)

func TestPlaceOf(t *testing.T) {
	own := func() (net.IP, error) { return net.IPv4(192, 168, 1, 20), nil }
	for _, tt := range []struct {
		addr          string
		lan           bool
		listen, shown string
	}{
		{"127.0.0.1:7350", false, "127.0.0.1:7350", "127.0.0.1:7350"},
		{"127.0.0.1:7350", true, ":7350", "192.168.1.20:7350"},
		{"localhost:8000", true, ":8000", "192.168.1.20:8000"},
		{":8000", true, ":8000", "192.168.1.20:8000"},
		{"0.0.0.0:8000", false, ":8000", "192.168.1.20:8000"},
		{"10.0.0.7:8000", true, "10.0.0.7:8000", "10.0.0.7:8000"},
		{"[::1]:8000", true, ":8000", "192.168.1.20:8000"},
		{"game.local:8000", true, "game.local:8000", "game.local:8000"},
	} {
		if got, err := parseAddress(tt.addr, tt.lan, own); err != nil || got != (listenAddress{tt.listen, tt.shown}) {
			t.Errorf("placeOf(%s, %v) = %+v, %v", tt.addr, tt.lan, got, err)
		}
	}
	if got, err := parseAddress("127.0.0.1:0", true, own); err != nil || got.listen != strings.TrimPrefix(got.public, "192.168.1.20") || strings.HasSuffix(got.public, ":0") {
		t.Errorf("a port to be chosen: %+v, %v", got, err)
	}
	if _, err := parseAddress("7350", false, own); err == nil {
		t.Error("an address without a port is taken")
	}
	none := func() (net.IP, error) { return nil, errNoNetwork }
	if got, err := parseAddress("127.0.0.1:7350", true, none); !errors.Is(err, errNoNetwork) || !strings.Contains(err.Error(), "--addr") {
		t.Errorf("without a network: %+v, %v", got, err)
	}
	if got, err := parseAddress(":7350", false, none); err != nil || got.public != "127.0.0.1:7350" {
		t.Errorf("without a network nobody asked for one: %+v, %v", got, err)
	}
}

func TestRulesFor(t *testing.T) {
	sample, err := os.ReadFile("../../rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	path := file(t, "rules.yml", string(sample))
	if got, err := rulesFor(path, "http://127.0.0.1:7350"); err != nil || got != path {
		t.Errorf("the address in the file: %s, %v", got, err)
	}
	const url = "http://192.168.1.20:8000"
	copied, err := rulesFor(path, url)
	if err != nil || filepath.Dir(copied) != filepath.Dir(path) || copied == path {
		t.Fatalf("rulesFor = %s, %v; want a copy beside %s", copied, err, path)
	}
	if second, err := rulesFor(path, "http://192.168.1.20:8001"); err != nil || second == copied {
		t.Errorf("a second run writes %s too, %v", second, err)
	}
	text, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	set, err := rules.Load(text, copied)
	if err != nil {
		t.Fatal(err)
	}
	if invites := set.Config().Invites; invites.PublicURL != url || !strings.HasPrefix(invites.App.Web, url) || strings.Contains(string(text), "127.0.0.1") {
		t.Errorf("links lead to %s and %s", invites.PublicURL, invites.App.Web)
	}
	public := file(t, "public.yml", "version: 1\ninvites: {public_url: \"https://play.example.com\"}\n")
	if got, err := rulesFor(public, url); err != nil || got != public {
		t.Errorf("a public address of the game's own: %s, %v", got, err)
	}
	broken := file(t, "broken.yml", "version: 1\ninvites: 3\n")
	if got, err := rulesFor(broken, url); err != nil || got != broken {
		t.Errorf("a broken file is for the server to report: %s, %v", got, err)
	}
	if _, err := rulesFor(path+".gone", url); err == nil {
		t.Error("a file that is gone is taken")
	}
}

// The copy follows the file, including mistakes, which the server then reports. It stays if the file is gone.
func TestFollow(t *testing.T) {
	const url = "http://192.168.1.20:8000"
	path := file(t, "rules.yml", "version: 1\n")
	copied := filepath.Join(t.TempDir(), "copy.yml")
	kept := filepath.Join(t.TempDir(), "kept.yml") // the first copy, as a reader that opened it still sees it
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go copyOnChange(ctx, path, copied, url)
		for _, saved := range []string{"version: 1\n", "invites: {public_url: \"http://127.0.0.1:7350\"}\n", "broken: ["} {
			if err := os.WriteFile(path, []byte(saved), 0o600); err != nil {
				t.Fatal(err)
			}
			time.Sleep(1500 * time.Millisecond) // of the synctest clock
			synctest.Wait()
			if got, err := os.ReadFile(copied); err != nil || string(got) != strings.ReplaceAll(saved, "http://127.0.0.1:7350", url) {
				t.Errorf("the copy of %q is %q, %v", saved, got, err)
			}
			_ = os.Link(copied, kept) // succeeds only the first time
		}
		if got, err := os.ReadFile(kept); err != nil || string(got) != "version: 1\n" {
			t.Errorf("a copy was written over while it could be read: %q, %v", got, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if _, err := os.Stat(copied); err != nil {
			t.Errorf("after the file is gone: %v", err)
		}
	})
}
