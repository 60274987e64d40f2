package engine

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// serverConfig is the part of a Nakama configuration file that means something to the
// embedded engine. Other keys are a real server's business and are passed over.
type serverConfig struct {
	Name    string `yaml:"name"`
	Session struct {
		TokenExpirySec       int64  `yaml:"token_expiry_sec"`
		EncryptionKey        string `yaml:"encryption_key"`
		RefreshEncryptionKey string `yaml:"refresh_encryption_key"`
		SingleSocket         bool   `yaml:"single_socket"`
		SingleParty          bool   `yaml:"single_party"`
	} `yaml:"session"`
	Socket struct {
		ServerKey string `yaml:"server_key"`
	} `yaml:"socket"`
	Matchmaker struct {
		IntervalSec int `yaml:"interval_sec"`
	} `yaml:"matchmaker"`
	Runtime struct {
		HTTPKey string   `yaml:"http_key"`
		Env     []string `yaml:"env"`
	} `yaml:"runtime"`
}

// LoadConfig reads a Nakama configuration file as options.
func LoadConfig(path string) (Options, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Options{}, fmt.Errorf("reading the server configuration: %w", err)
	}
	var c serverConfig
	if err := yaml.Unmarshal(text, &c); err != nil {
		return Options{}, fmt.Errorf("%s: %w", path, err)
	}
	env := map[string]string{}
	for _, e := range c.Runtime.Env {
		key, value, ok := strings.Cut(e, "=")
		if !ok {
			return Options{}, fmt.Errorf("%s: runtime.env: %q is not KEY=VALUE", path, e)
		}
		env[key] = value
	}
	return Options{
		Node:               c.Name,
		ServerKey:          c.Socket.ServerKey,
		HTTPKey:            c.Runtime.HTTPKey,
		SessionKey:         c.Session.EncryptionKey,
		RefreshKey:         c.Session.RefreshEncryptionKey,
		TokenExpiry:        time.Duration(c.Session.TokenExpirySec) * time.Second,
		SingleSocket:       c.Session.SingleSocket,
		SingleParty:        c.Session.SingleParty,
		MatchmakerInterval: time.Duration(c.Matchmaker.IntervalSec) * time.Second,
		Env:                env,
	}, nil
}
