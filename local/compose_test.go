// Package local_test checks the files of the local set-ups against each other and against the
// names that the server accepts. It does not need Docker, because a machine that runs the tests
// may not have it.
package local_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"partyline/local/lines"
)

type composeFile struct {
	Services map[string]struct {
		Image       string            `yaml:"image"`
		Profiles    []string          `yaml:"profiles"`
		Command     string            `yaml:"command"`
		WorkingDir  string            `yaml:"working_dir"`
		Entrypoint  []string          `yaml:"entrypoint"`
		Environment map[string]string `yaml:"environment"`
		Volumes     []string          `yaml:"volumes"`
		Ports       []string          `yaml:"ports"`
		DependsOn   map[string]struct {
			Condition string `yaml:"condition"`
		} `yaml:"depends_on"`
		Healthcheck struct {
			Test     []string `yaml:"test"`
			Interval string   `yaml:"interval"`
			Timeout  string   `yaml:"timeout"`
			Retries  int      `yaml:"retries"`
		} `yaml:"healthcheck"`
	} `yaml:"services"`
	Volumes map[string]any `yaml:"volumes"`
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func compose(t *testing.T) composeFile {
	t.Helper()
	var c composeFile
	if err := yaml.UnmarshalWithOptions([]byte(read(t, "docker-compose.yml")), &c, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCompose_Images(t *testing.T) {
	c := compose(t)
	for service, image := range map[string]string{"nakama": "heroiclabs/nakama:", "plugin": "heroiclabs/nakama-pluginbuilder:"} {
		if got, want := c.Services[service].Image, image+"${NAKAMA_VERSION:-"+lines.Default().Nakama+"}"; got != want {
			t.Errorf("%s runs %s; want %s", service, got, want)
		}
	}
	if !strings.HasPrefix(c.Services["postgres"].Image, "postgres:16") {
		t.Errorf("postgres runs %s; want 16", c.Services["postgres"].Image)
	}
}

// The plugin service builds as make does, for its own version of Nakama, and leaves no files that root owns.
func TestCompose_PluginIsBuiltAsByMake(t *testing.T) {
	script := compose(t).Services["plugin"].Entrypoint
	if len(script) != 3 || script[0] != "/bin/sh" || script[1] != "-ec" {
		t.Fatalf("entrypoint = %q", script)
	}
	for _, want := range []string{
		"go run ./local/cmd/line -nakama ${NAKAMA_VERSION:-" + lines.Default().Nakama + "} -plugin build/modules/partyline.so",
		`trap 'chown -R "$$(stat -c %u:%g .)" build' EXIT`,
	} {
		if !strings.Contains(script[2], want) {
			t.Errorf("the plugin is built by %q; want %q in it", script[2], want)
		}
	}
	if !strings.Contains(read(t, "Makefile"), "$(LINE) $(FOR) -plugin build/partyline.so\n") {
		t.Error("make plugin builds in another way")
	}
}

func TestCompose_ServerIsTheLastToStart(t *testing.T) {
	deps := compose(t).Services["nakama"].DependsOn
	if deps["postgres"].Condition != "service_healthy" || deps["plugin"].Condition != "service_completed_successfully" {
		t.Errorf("nakama depends on %+v", deps)
	}
}

func TestCompose_EveryServiceThatStaysUpHasAHealthCheck(t *testing.T) {
	for name, s := range compose(t).Services {
		if name == "plugin" {
			continue // it ends by itself
		}
		if len(s.Healthcheck.Test) < 2 || s.Healthcheck.Test[0] != "CMD" || s.Healthcheck.Retries == 0 || s.Healthcheck.Interval == "" {
			t.Errorf("%s: %+v", name, s.Healthcheck)
		}
	}
}

// Every port is published to this machine only, because everybody knows the keys in nakama.yml.
func TestCompose_Ports(t *testing.T) {
	var got []string
	for _, s := range compose(t).Services {
		got = append(got, s.Ports...)
	}
	slices.Sort(got)
	want := []string{
		"127.0.0.1:${CLIENT_PORT:-7350}:7350", "127.0.0.1:${CONSOLE_PORT:-7351}:7351", "127.0.0.1:${GRAFANA_PORT:-3000}:3000",
		"127.0.0.1:${GRPC_PORT:-7349}:7349", "127.0.0.1:${PROMETHEUS_PORT:-9090}:9090",
	}
	if !slices.Equal(got, want) {
		t.Errorf("ports = %q; want %q", got, want)
	}
}

func TestCompose_PathsExist(t *testing.T) {
	c := compose(t)
	mounts := map[string]string{} // inside -> outside
	for name, s := range c.Services {
		for _, v := range s.Volumes {
			parts := strings.Split(v, ":")
			if !strings.HasPrefix(parts[0], ".") {
				if _, ok := c.Volumes[parts[0]]; !ok {
					t.Errorf("%s: volume %s is not declared", name, parts[0])
				}
				continue
			}
			if name == "nakama" {
				mounts[parts[1]] = filepath.Clean(parts[0])
			}
			if strings.HasPrefix(parts[0], "./build") {
				continue // the build makes it
			}
			if info, err := os.Stat(filepath.Join("..", parts[0])); err != nil || !info.IsDir() {
				t.Errorf("%s mounts %s: not a directory here", name, parts[0])
			}
		}
	}
	outside := func(path string) string {
		for in, out := range mounts {
			if rest, ok := strings.CutPrefix(path, in+"/"); ok {
				return filepath.Join("..", out, rest)
			}
		}
		t.Fatalf("%s is on no mount", path)
		return ""
	}
	flags := serverFlags(t, c)
	if _, err := os.Stat(outside(flags["config"])); err != nil {
		t.Errorf("--config: %v", err)
	}
	rules := filepath.Join(flags["runtime.path"], config(t)["runtime.env"]["PARTY_RULES"])
	if _, err := os.Stat(outside(rules)); err != nil {
		t.Errorf("PARTY_RULES: %v", err)
	}
	// The server opens every .so below its runtime path, and make writes other .so files to build.
	if dir := mounts[flags["runtime.path"]+"/build"]; dir != "build/modules" || strings.Contains(read(t, "Makefile"), dir) {
		t.Errorf("the plugin's directory is %q, below the runtime path %s; want one that make writes nothing to", dir, flags["runtime.path"])
	}
}

// serverFlags returns the flags on the server's command line.
func serverFlags(t *testing.T, c composeFile) map[string]string {
	t.Helper()
	entry := c.Services["nakama"].Entrypoint
	words := strings.Fields(entry[len(entry)-1])
	flags := map[string]string{}
	for i, w := range words {
		if name, ok := strings.CutPrefix(w, "--"); ok && i+1 < len(words) {
			flags[name] = words[i+1]
		}
	}
	if len(flags) < 3 {
		t.Fatalf("flags = %v", flags)
	}
	return flags
}

// config flattens nakama.yml to the names of the server's flags. It keeps runtime.env as a map.
func config(t *testing.T) map[string]map[string]string {
	t.Helper()
	var tree map[string]any
	if err := yaml.Unmarshal([]byte(read(t, "local/nakama.yml")), &tree); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for section, v := range tree {
		fields, ok := v.(map[string]any)
		if !ok {
			out[section] = nil
			continue
		}
		for key, v := range fields {
			name := section + "." + key
			out[name] = nil
			if list, ok := v.([]any); ok {
				out[name] = map[string]string{}
				for _, e := range list {
					k, val, _ := strings.Cut(fmt.Sprint(e), "=")
					out[name][k] = val
				}
			}
		}
	}
	return out
}

func TestServerAcceptsEveryName(t *testing.T) {
	known := strings.Fields(read(t, "local/testdata/nakama-flags.txt"))
	for name := range serverFlags(t, compose(t)) {
		if !slices.Contains(known, name) {
			t.Errorf("compose: the server has no flag --%s", name)
		}
	}
	names := config(t)
	if len(names) < 8 {
		t.Fatalf("nakama.yml = %v", names)
	}
	for name := range names {
		if !slices.Contains(known, name) {
			t.Errorf("nakama.yml: the server has no setting %s", name)
		}
	}
}
