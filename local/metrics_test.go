package local_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"partyline/rpc/console"
)

// dashboard has the parts of a Grafana dashboard that can be checked without Grafana.
type dashboard struct {
	UID           string `json:"uid"`
	Title         string `json:"title"`
	SchemaVersion int    `json:"schemaVersion"`
	Panels        []struct {
		ID         int    `json:"id"`
		Type       string `json:"type"`
		Title      string `json:"title"`
		Datasource source `json:"datasource"`
		GridPos    struct{ X, Y, W, H int }
		Targets    []struct {
			Datasource source `json:"datasource"`
			Expr       string `json:"expr"`
		} `json:"targets"`
	} `json:"panels"`
	Templating struct {
		List []struct {
			Name       string `json:"name"`
			Datasource source `json:"datasource"`
			Query      string `json:"query"`
		} `json:"list"`
	} `json:"templating"`
}

type source struct{ Type, UID string }

type alerts struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []struct {
			Alert       string            `yaml:"alert"`
			Expr        string            `yaml:"expr"`
			For         string            `yaml:"for"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, "local/metrics/grafana/dashboards/partyline.json")), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func readAlerts(t *testing.T) alerts {
	t.Helper()
	return decodeStrict[alerts](t, "local/metrics/alerts.yml")
}

func decodeStrict[T any](t *testing.T, path string) (v T) {
	t.Helper()
	if err := yaml.UnmarshalWithOptions([]byte(read(t, path)), &v, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

// metricPrefix is what the server adds before a module's metrics: its own name and the setting
// metrics.custom_prefix, which local/nakama.yml leaves at its default.
const metricPrefix = "nakama_custom_"

// timersWithoutSuffix are the timers without _duration in their name.
var timersWithoutSuffix = map[string]bool{
	"partyline_queue_pass": true, "partyline_queue_wait": true, "partyline_queue_server": true, "partyline_waitlist_wait": true,
}

// exportedMetrics returns the module's metrics as the server exports them, each with its tags. A timer
// becomes a summary, in seconds, with a sum and a count.
func exportedMetrics(t *testing.T) map[string][]string {
	t.Helper()
	tags := map[string][]string{}
	for name, own := range map[string][]string{
		"partyline_rpc": {"rpc_id", "outcome"}, "partyline_rpc_duration": {"rpc_id", "outcome"},
		"partyline_hook": {"hook", "stage", "outcome"}, "partyline_hook_duration": {"hook", "stage", "outcome"},
		"partyline_http": {"route", "status"}, "partyline_http_duration": {"route", "status"},
		"partyline_rules_loads": {"outcome"}, "partyline_rules_version": {}, "partyline_rules_broken": {},
		"partyline_rules_shadow": {"action", "rule", "change"},
		"partyline_build_info":   {"version", "commit", "nakama", "go"},
		"partyline_parties":      {}, "partyline_members": {}, "partyline_waiting": {}, "partyline_matches": {}, "partyline_invites": {},
		"partyline_invite_steps": {"step"}, "partyline_waitlist_wait": {}, "partyline_waitlist_offers": {},
		"partyline_queue_pass": {}, "partyline_queue_wait": {"queue", "match", "size"}, "partyline_queue_server": {"queue", "result"},
		"partyline_queue_proposals": {"queue"}, "partyline_queue_proposed": {"queue"},
		"partyline_queue_tickets": {"queue"}, "partyline_queue_oldest": {"queue"}, "partyline_queue_dropped": {"queue", "reason"},
	} {
		own = append(own, "node_name", "instance", "job")
		tags[metricPrefix+name] = own
		if strings.HasSuffix(name, "_duration") || timersWithoutSuffix[name] {
			tags[metricPrefix+name] = append(own, "quantile")
			tags[metricPrefix+name+"_sum"], tags[metricPrefix+name+"_count"] = own, own
		}
	}
	declared := codeMetrics(t)
	for _, name := range declared {
		if tags[metricPrefix+name] == nil {
			t.Errorf("the code reports %s, which this test knows nothing of", name)
		}
	}
	for name := range tags {
		bare := strings.TrimPrefix(name, metricPrefix)
		if !slices.Contains(declared, strings.TrimSuffix(strings.TrimSuffix(bare, "_sum"), "_count")) {
			t.Errorf("the code does not report %s", bare)
		}
	}
	return tags
}

// codeMetrics returns the values of the module's constants named Metric....
func codeMetrics(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && slices.Contains([]string{"node_modules", "local", ".git"}, entry.Name()) {
			if err == nil {
				err = fs.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Metric") {
				return true
			}
			if l, ok := spec.Values[0].(*ast.BasicLit); ok {
				if name, err := strconv.Unquote(l.Value); err == nil {
					names = append(names, name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil || len(names) < 7 {
		t.Fatalf("metrics of the code: %q, %v", names, err)
	}
	return names
}

// serverMetrics are metrics of the server itself.
var serverMetrics = map[string][]string{
	"nakama_sessions":              {"node_name", "instance", "job"},
	"go_memstats_heap_inuse_bytes": {"instance", "job"},
	"up":                           {"instance", "job"},
}

var (
	selector  = regexp.MustCompile(`\b((?:nakama|go)_\w+|up)\b(?:\{([^}]*)\})?`)
	matcher   = regexp.MustCompile(`(\w+)(?:=~|!~|!=|=)"`)
	grouping  = regexp.MustCompile(`\bby \(([^)]*)\)`)
	inLegend  = regexp.MustCompile(`\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}`)
	durations = regexp.MustCompile(`\[(?:\d+[smh]|\$__rate_interval)\]`)
	added     = regexp.MustCompile(`\]\)\)\s*[-+]`)
	happened  = regexp.MustCompile(`\(increase\((\S+)\[(\w+)\]\)\)(?: > 0| or vector)`)
)

// checkQuery asserts that every metric of an expression is exported with every label that the expression uses.
func checkQuery(t *testing.T, have map[string][]string, where, expr string) {
	t.Helper()
	found := selector.FindAllStringSubmatch(expr, -1)
	if len(found) == 0 {
		t.Errorf("%s: no metric in %q", where, expr)
	}
	var labels []string
	for _, m := range found {
		own, ok := have[m[1]]
		if !ok {
			if own, ok = serverMetrics[m[1]]; !ok {
				t.Errorf("%s: nothing exports %s", where, m[1])
			}
		}
		labels = append(labels, own...)
		for _, label := range matcher.FindAllStringSubmatch(m[2], -1) {
			if !slices.Contains(own, label[1]) {
				t.Errorf("%s: %s has no label %s", where, m[1], label[1])
			}
		}
	}
	for _, by := range grouping.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(by[1], ",") {
			if !slices.Contains(labels, strings.TrimSpace(label)) {
				t.Errorf("%s: grouped by %s, which no metric of it has", where, label)
			}
		}
	}
	if added.MatchString(expr) {
		t.Errorf("%s: a sum is empty where one of its parts is: put `or` between the series, below one sum", where)
	}
	for _, m := range happened.FindAllStringSubmatch(expr, -1) {
		if first := fmt.Sprintf("(%s unless %[1]s offset %s)", m[1], m[2]); !strings.Contains(expr, first) {
			t.Errorf("%s: increase misses the first event, %s sees it", where, first)
		}
	}
	if strings.Count(expr, "rate(")+strings.Count(expr, "increase(") != len(durations.FindAllString(expr, -1)) {
		t.Errorf("%s: a rate without its interval: %s", where, expr)
	}
	if strings.Count(expr, "(") != strings.Count(expr, ")") || strings.Count(expr, "{") != strings.Count(expr, "}") {
		t.Errorf("%s: brackets that do not match: %s", where, expr)
	}
}

func TestDashboard(t *testing.T) {
	d := readDashboard(t)
	provisioned := decodeStrict[struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name      string         `yaml:"name"`
			UID       string         `yaml:"uid"`
			Type      string         `yaml:"type"`
			Access    string         `yaml:"access"`
			URL       string         `yaml:"url"`
			IsDefault bool           `yaml:"isDefault"`
			JSONData  map[string]any `yaml:"jsonData"`
		} `yaml:"datasources"`
	}](t, "local/metrics/grafana/datasources/prometheus.yml").Datasources
	if len(provisioned) != 1 || provisioned[0].URL != "http://prometheus:9090" {
		t.Fatalf("datasources %+v", provisioned)
	}
	want := source{Type: provisioned[0].Type, UID: provisioned[0].UID}
	if d.UID == "" || d.Title == "" || d.SchemaVersion == 0 || len(d.Panels) < 10 || len(d.Templating.List) != 1 {
		t.Fatalf("dashboard %q %q, schema %d, %d panels", d.UID, d.Title, d.SchemaVersion, len(d.Panels))
	}
	variable := d.Templating.List[0]
	if variable.Name != "node" || variable.Datasource != want || !strings.Contains(variable.Query, metricPrefix+"partyline_rules_version") {
		t.Errorf("variable %+v", variable)
	}
	have := exportedMetrics(t)
	ids, shown := map[int]bool{}, map[string]bool{}
	taken := map[[2]int]string{}
	for _, p := range d.Panels {
		where := fmt.Sprintf("panel %q", p.Title)
		if ids[p.ID] || p.Title == "" || p.Datasource != want || len(p.Targets) == 0 || !slices.Contains([]string{"timeseries", "stat"}, p.Type) {
			t.Errorf("%s: %+v", where, p)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%s lies over %q, or beside the page", where, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		for _, target := range p.Targets {
			if target.Datasource != want {
				t.Errorf("%s asks %+v", where, target.Datasource)
			}
			checkQuery(t, have, where, target.Expr)
			for _, m := range selector.FindAllStringSubmatch(target.Expr, -1) {
				shown[strings.TrimSuffix(strings.TrimSuffix(m[1], "_sum"), "_count")] = true
			}
		}
	}
	for _, name := range codeMetrics(t) {
		if !shown[metricPrefix+name] {
			t.Errorf("no panel shows %s", name)
		}
	}
}

func TestAlerts(t *testing.T) {
	operators, file, have := read(t, "docs/operators.md"), read(t, "local/metrics/alerts.yml"), exportedMetrics(t)
	names := map[string]bool{}
	for _, group := range readAlerts(t).Groups {
		for _, rule := range group.Rules {
			if names[rule.Alert] || rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" {
				t.Errorf("alert %+v", rule)
			}
			names[rule.Alert] = true
			checkQuery(t, have, rule.Alert, rule.Expr)
			if strings.Contains(rule.Expr, "_rpc_duration{") && !strings.Contains(rule.Expr, `rpc_id!="party_invite_redeem"`) {
				t.Errorf("%s: party_invite_redeem waits for parties that are away, however fast the server is", rule.Alert)
			}
			for _, label := range inLegend.FindAllStringSubmatch(rule.Annotations["summary"], -1) {
				if !strings.Contains(rule.Expr, label[1]) && rule.Expr != `up{job="nakama"} == 0` {
					t.Errorf("%s: its summary names %s, which its expression has lost", rule.Alert, label[1])
				}
			}
			if !strings.Contains(operators, "`"+rule.Alert+"`") {
				t.Errorf("docs/operators.md does not say what to do about %s", rule.Alert)
			}
		}
	}
	for _, r := range console.New(console.Options{Now: time.Now}).Routes() { // each tells a right key from a wrong one
		if m := regexp.MustCompile(`PartylineConsoleGuessed[^~]*route=~"([^"]*)"`).FindStringSubmatch(file); m == nil || !regexp.MustCompile("^(?:"+m[1]+")$").MatchString(r.Name) {
			t.Errorf("PartylineConsoleGuessed does not count wrong keys at %s", r.Name)
		}
	}
	if len(names) < 4 {
		t.Errorf("alerts %v", names)
	}
}

// The parts of the metrics profile fit together: Prometheus finds the server and its own files,
// and Grafana finds its data source and dashboard.
func TestMetricsProfile(t *testing.T) {
	c := compose(t)
	for name, s := range c.Services {
		if metrics := slices.Contains(s.Profiles, "metrics"); metrics != (name == "prometheus" || name == "grafana") {
			t.Errorf("%s has the profiles %q", name, s.Profiles)
		}
		if !regexp.MustCompile(`:(v?|\$\{NAKAMA_VERSION:-)\d+\.\d+`).MatchString(s.Image) {
			t.Errorf("%s: the image %s is not pinned", name, s.Image)
		}
	}
	var server struct {
		Metrics struct {
			Port int `yaml:"prometheus_port"`
		} `yaml:"metrics"`
	}
	if err := yaml.Unmarshal([]byte(read(t, "local/nakama.yml")), &server); err != nil {
		t.Fatal(err)
	}
	type scrape struct {
		JobName string `yaml:"job_name"`
		Static  []struct {
			Targets []string `yaml:"targets"`
		} `yaml:"static_configs"`
	}
	conf := decodeStrict[struct {
		Global    map[string]string `yaml:"global"`
		RuleFiles []string          `yaml:"rule_files"`
		Scrape    []scrape          `yaml:"scrape_configs"`
	}](t, "local/metrics/prometheus.yml")
	if len(conf.Scrape) != 1 || conf.Scrape[0].JobName != "nakama" ||
		!slices.Equal(conf.Scrape[0].Static[0].Targets, []string{fmt.Sprintf("nakama:%d", server.Metrics.Port)}) {
		t.Errorf("Prometheus reads %+v; the server's metrics are at port %d", conf.Scrape, server.Metrics.Port)
	}
	for _, file := range conf.RuleFiles {
		if _, err := os.Stat(filepath.Join("metrics", file)); err != nil {
			t.Error(err)
		}
	}
	provider := decodeStrict[struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name    string            `yaml:"name"`
			Type    string            `yaml:"type"`
			Options map[string]string `yaml:"options"`
		} `yaml:"providers"`
	}](t, "local/metrics/grafana/dashboards/partyline.yml").Providers
	home := c.Services["grafana"].Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
	_, inside, _ := strings.Cut(c.Services["grafana"].Volumes[0], ":")
	inside, _, _ = strings.Cut(inside, ":")
	if len(provider) != 1 || provider[0].Options["path"] != filepath.Dir(home) || !strings.HasPrefix(home, inside+"/") {
		t.Errorf("Grafana looks for dashboards in %+v, its home is %s, mounted is %s", provider, home, inside)
	}
	if _, err := os.Stat(filepath.Join("metrics/grafana", strings.TrimPrefix(home, inside))); err != nil {
		t.Error(err)
	}
}
