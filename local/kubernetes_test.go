package local_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"partyline/local/e2e/npm"
	"partyline/local/lines"
	"partyline/module/wiring"
	"partyline/party/rules"
)

type (
	container struct {
		Name         string
		Image        string
		Command      []string
		Env          []struct{ Name string }
		Ports        []struct{ Name string }
		VolumeMounts []struct {
			Name      string
			MountPath string `yaml:"mountPath"`
			SubPath   string `yaml:"subPath"`
		} `yaml:"volumeMounts"`
		StartupProbe   probe `yaml:"startupProbe"`
		ReadinessProbe probe `yaml:"readinessProbe"`
		LivenessProbe  probe `yaml:"livenessProbe"`
	}
	probe struct {
		HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
	}
	manifest struct {
		Kind     string
		Metadata struct{ Name string }
		Data     map[string]string
		Spec     struct {
			Replicas int
			Strategy struct{ Type string }
			Selector map[string]any
			Ports    []struct {
				TargetPort string `yaml:"targetPort"`
			}
			Template struct {
				Metadata struct{ Labels map[string]string }
				Spec     struct {
					InitContainers []container `yaml:"initContainers"`
					Containers     []container
					Volumes        []struct {
						Name      string
						ConfigMap struct{ Name string } `yaml:"configMap"`
					}
				}
			}
		}
	}
)

// documents decodes the documents in a YAML text.
func documents[T any](t *testing.T, text string) (all []T) {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for {
		var document T
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, document)
	}
}

const kubernetesExample = "deploy/kubernetes/partyline.yaml"

// kubernetes reads the example, which has each kind once.
func kubernetes(t *testing.T) map[string]manifest {
	t.Helper()
	kinds := map[string]manifest{}
	for _, m := range documents[manifest](t, read(t, kubernetesExample)) {
		if _, twice := kinds[m.Kind]; twice {
			t.Fatalf("%s is there twice", m.Kind)
		}
		kinds[m.Kind] = m
	}
	return kinds
}

// The TypeScript compiler checks the example with types made from the schemas of Kubernetes' API.
// It finds fields that are unknown, missing or of another type.
func TestKubernetes_Schema(t *testing.T) {
	const suites = "e2e/js" // where npm puts the compiler and the types
	npm.Install(t, suites)
	modules, err := filepath.Abs(filepath.Join(suites, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	compile := func(text string) string {
		t.Helper()
		var source strings.Builder
		for i, document := range documents[map[string]any](t, text) {
			group := fmt.Sprint(document["apiVersion"])
			if !strings.Contains(group, "/") {
				group = "core/" + group
			}
			literal, err := json.Marshal(document)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&source, "export const document%d: import(%q).%s = %s;\n", i, modules+"/kubernetes-types/"+group, document["kind"], literal)
		}
		file := filepath.Join(folder, "documents.ts")
		if err := os.WriteFile(file, []byte(source.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), npm.Tool(t, "node"), modules+"/typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--lib", "es5", file).CombinedOutput()
		if (err == nil) != (len(out) == 0) {
			t.Fatalf("the compiler: %v\n%s", err, out)
		}
		return string(out)
	}
	text := read(t, kubernetesExample)
	if problems := compile(text); problems != "" {
		t.Error(problems)
	}
	wrong := strings.NewReplacer("readinessProbe", "readynessProbe", "replicas: 1", "replicas: one", "{name: client, port: 7350, ", "{name: client, ",
		"apiVersion: v1\nkind: ConfigMap", "apiVersion: v1beta1\nkind: ConfigMap").Replace(text)
	problems := compile(wrong)
	for _, want := range []string{`'"readynessProbe"' does not exist in type 'Container'`, "'string' is not assignable to type 'number'", "Property 'port' is missing", "core/v1beta1"} {
		if !strings.Contains(problems, want) {
			t.Errorf("the compiler does not say %q:\n%s", want, problems)
		}
	}
}

func TestKubernetes_NamesAgree(t *testing.T) {
	kinds := kubernetes(t)
	deployment, service, configMap := kinds["Deployment"].Spec, kinds["Service"].Spec, kinds["ConfigMap"]
	pod := deployment.Template.Spec
	if deployment.Replicas != 1 || deployment.Strategy.Type != "Recreate" || len(pod.InitContainers) != 1 || len(pod.Containers) != 1 {
		t.Fatalf("want one replica that is replaced whole, one migration and one server: %+v", deployment)
	}
	server, migration := pod.Containers[0], pod.InitContainers[0]
	if got := fmt.Sprint(service.Selector); got != fmt.Sprint(deployment.Selector["matchLabels"]) || got != fmt.Sprint(deployment.Template.Metadata.Labels) {
		t.Errorf("the service selects %v, the pods are %v", service.Selector, deployment.Template.Metadata.Labels)
	}
	if len(service.Ports) != 1 || len(server.Ports) != 1 || service.Ports[0].TargetPort != server.Ports[0].Name {
		t.Errorf("the service leads to %+v, the server has %+v", service.Ports, server.Ports)
	}
	if tag := ":" + lines.Default().Nakama; !strings.HasSuffix(server.Image, tag) || migration.Image != server.Image {
		t.Errorf("images %s and %s; want the same, of %s", migration.Image, server.Image, tag)
	}
	for _, p := range []probe{server.StartupProbe, server.ReadinessProbe, server.LivenessProbe} {
		if p.HTTPGet.Path != "/healthcheck" || p.HTTPGet.Port != server.Ports[0].Name {
			t.Errorf("a probe asks %+v", p)
		}
	}
	if !slices.Equal(migration.Command[:3], []string{"/nakama/nakama", "migrate", "up"}) {
		t.Errorf("the migration runs %q", migration.Command)
	}
	flags := map[string]string{}
	known := strings.Fields(read(t, "local/testdata/nakama-flags.txt"))
	for i := 1; i < len(server.Command); i += 2 {
		name := strings.TrimPrefix(server.Command[i], "--")
		if !slices.Contains(known, name) {
			t.Errorf("the server has no flag --%s", name)
		}
		flags[name] = server.Command[i+1]
	}
	if !strings.Contains(read(t, "Dockerfile"), " "+flags["runtime.path"]+"/partyline.so") {
		t.Errorf("the image has no plugin in %s", flags["runtime.path"])
	}
	path, ok := strings.CutPrefix(flags["runtime.env"], wiring.EnvRules+"=")
	if !ok || len(server.VolumeMounts) == 0 {
		t.Fatalf("runtime.env is %q", flags["runtime.env"])
	}
	mount, volume := server.VolumeMounts[0], pod.Volumes[0]
	if mount.Name != volume.Name || mount.SubPath != "" || mount.MountPath != filepath.Dir(path) || volume.ConfigMap.Name != configMap.Metadata.Name {
		t.Errorf("%s is not in the mounted folder of %s: %+v", path, configMap.Metadata.Name, mount)
	}
	if _, err := rules.Load([]byte(configMap.Data[filepath.Base(path)]), path); err != nil {
		t.Errorf("the rules: %v", err)
	}
}

// Files in a ConfigMap's folder are links to ..data/FILE. ..data is a link to a folder;
// Kubernetes swaps it by renaming another link over it.
func TestKubernetes_SwapReloads(t *testing.T) {
	folder := t.TempDir()
	publish := func(version, text string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(folder, version), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, version, "rules.yml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(version, filepath.Join(folder, "..data_tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(folder, "..data_tmp"), filepath.Join(folder, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	publish("..1", kubernetes(t)["ConfigMap"].Data["rules.yml"])
	path := filepath.Join(folder, "rules.yml")
	if err := os.Symlink(filepath.Join("..data", "rules.yml"), path); err != nil {
		t.Fatal(err)
	}
	live := rules.NewLive(rules.LiveOptions{Path: path})
	if err := live.Reload(); err != nil {
		t.Fatal(err)
	}
	size := func() int {
		live.Poll()
		live.Poll() // loads a file that has not changed since the last poll
		return live.Current().Config().Parties.MaxSize.Default
	}
	if got := size(); got != 4 {
		t.Fatalf("the example's size is %d", got)
	}
	publish("..2", "version: 1\nparties: {max_size: {default: 3}}\n")
	if err := os.RemoveAll(filepath.Join(folder, "..1")); err != nil {
		t.Fatal(err)
	}
	if got := size(); got != 3 {
		t.Errorf("after the swap the size is %d; want 3", got)
	}
	publish("..3", "version: 1\nparties: {max_size: {default: three}}\n")
	if got := size(); got != 3 || live.Report().Err == nil {
		t.Errorf("after a broken one the size is %d, %v; want 3 and an error", got, live.Report().Err)
	}
}
