package engine

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// serverConfig has the settings of a Nakama configuration file that the embedded engine uses.
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

// LoadConfig reads a Nakama configuration file into the engine's options. ignored lists the keys that only a real
// server uses.
func LoadConfig(path string) (o Options, ignored []string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return o, nil, fmt.Errorf("reading the server configuration: %w", err)
	}
	var c serverConfig
	var all map[string]any
	if err := errors.Join(yaml.Unmarshal(text, &c), yaml.Unmarshal(text, &all)); err != nil {
		return o, nil, fmt.Errorf("%s: %w", path, err)
	}
	ignored = unknownKeys("", all, reflect.TypeFor[serverConfig]())
	slices.Sort(ignored)
	env := map[string]string{}
	for _, e := range c.Runtime.Env {
		key, value, ok := strings.Cut(e, "=")
		if !ok {
			return o, nil, fmt.Errorf("%s: runtime.env: %q is not KEY=VALUE", path, e)
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
		PartyListDelay:     time.Second, // as on a real server
		Env:                env,
	}, ignored, nil
}

// unknownKeys returns the paths of the keys for which the struct type t has no field. prefix is the path of keys.
func unknownKeys(prefix string, keys map[string]any, t reflect.Type) (unknown []string) {
	for key, value := range keys {
		field, known := t.FieldByNameFunc(func(name string) bool {
			f, _ := t.FieldByName(name)
			return f.Tag.Get("yaml") == key
		})
		inner, nested := value.(map[string]any)
		switch {
		case !known:
			unknown = append(unknown, prefix+key)
		case nested && field.Type.Kind() == reflect.Struct:
			unknown = append(unknown, unknownKeys(prefix+key+".", inner, field.Type)...)
		}
	}
	return unknown
}
