package wiring

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/heroiclabs/nakama-common/runtime"

	"partyline/party/judge"
	"partyline/rpc/console"
)

// Settings in the host's runtime environment (runtime.env) that this module reads. Another name that begins with
// envPrefix may be another module's or a mistake, so the module logs a warning.
const (
	EnvRules   = "PARTY_RULES"       // the rules file, relative to the runtime path; absent = defaults
	EnvNext    = "PARTY_RULES_NEXT"  // shadow rules, also relative: asked and counted, but not in force; absent = none
	EnvRecord  = "PARTY_RECORD"      // a file that decisions are recorded in, relative to the runtime path; absent = none
	EnvProxies = "PARTY_PROXY_COUNT" // number of proxies in front of the server; the same as the host's socket.proxy_count
	EnvPasses  = "PARTY_PASS_KEYS"   // Ed25519 seeds in base64, comma-separated; the first signs; absent = a new one
	EnvConsole = "PARTY_CONSOLE_KEY" // key of the console page; absent = no page
	EnvPlay    = "PARTY_PLAYGROUND"  // address of the designers' playground, for a link in the console; absent = none

	envPrefix = "PARTY_"

	defaultProxies = 1 // the host's own default
	maxProxies     = 16
)

// settingNames lists all settings, for the warning about an unknown one.
var settingNames = strings.Join([]string{EnvRules, EnvNext, EnvRecord, EnvProxies, EnvPasses, EnvConsole, EnvPlay}, ", ")

type environment struct {
	rules      string // absolute path; "" = defaults
	nextRules  string // absolute path of the shadow rules; "" = none
	record     string // absolute path of the record of decisions; "" = none
	proxyCount int
	passKeys   []ed25519.PrivateKey
	consoleKey string   // key of the console page; "" = no page
	playground string   // address of the playground; "" = none
	unknown    []string // unknown names with our prefix
}

// readEnvironment returns all problems of env in one error.
func readEnvironment(env map[string]string, host runtime.NakamaModule) (environment, error) {
	read := environment{proxyCount: defaultProxies}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(env)) {
		var err error
		switch value := strings.TrimSpace(env[name]); { // a value from a file often ends with a line break
		case value == "": // the same as absent
		case name == EnvRules:
			read.rules, err = absolutePath(value, host)
		case name == EnvNext:
			read.nextRules, err = absolutePath(value, host)
		case name == EnvRecord:
			if read.record, err = absolutePath(value, host); err == nil {
				err = judge.Recordable(read.record) // another file would be destroyed
			}
		case name == EnvProxies:
			read.proxyCount, err = strconv.Atoi(value)
			if err != nil || read.proxyCount < 0 || read.proxyCount > maxProxies {
				err = fmt.Errorf("%q is not a number from 0 to %d", value, maxProxies)
			}
		case name == EnvPasses:
			read.passKeys, err = passKeys(value)
		case name == EnvConsole:
			read.consoleKey = value
			if n := utf8.RuneCountInString(value); n < console.MinKey {
				err = fmt.Errorf("%d characters are too few for a key; at least %d", n, console.MinKey)
			}
		case name == EnvPlay:
			u, wrong := url.Parse(value)
			if read.playground = value; wrong != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
				err = fmt.Errorf("%q is not an http:// or https:// address", value)
			}
		case strings.HasPrefix(name, envPrefix):
			read.unknown = append(read.unknown, name)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("runtime.env: %s: %w", name, err))
		}
	}
	if path := read.record; path != "" && (path == read.rules || path == read.nextRules) {
		problems = append(problems, fmt.Errorf("runtime.env: %s: %s is the rules file", EnvRecord, path))
	}
	return read, errors.Join(problems...)
}

// passKeys decodes the keys of passes. Its error does not contain the keys.
func passKeys(text string) (keys []ed25519.PrivateKey, err error) {
	var bad []string
	for i, part := range strings.Split(text, ",") {
		seed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(part))
		if err != nil || len(seed) != ed25519.SeedSize {
			bad = append(bad, strconv.Itoa(i+1))
			continue
		}
		keys = append(keys, ed25519.NewKeyFromSeed(seed))
	}
	if bad != nil {
		return nil, fmt.Errorf("must be keys of %d bytes each in base64; these are not: %s", ed25519.SeedSize, strings.Join(bad, ", "))
	}
	return keys, nil
}

// absolutePath returns a configured path as an absolute one, so that a reload finds the file even if the process
// changes its working directory. Only the host knows its runtime path; opening it reveals it.
func absolutePath(configured string, host runtime.NakamaModule) (string, error) {
	if filepath.IsAbs(configured) {
		return filepath.Clean(configured), nil
	}
	file, err := host.ReadFile(".")
	if err != nil {
		return "", err
	}
	defer file.Close()
	return filepath.Abs(filepath.Join(file.Name(), configured))
}
