package docs

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skip2/go-qrcode"

	"partyline/local/e2e/target"
)

// proxyRules is a rules file for a game at an address with a path, %s.
const proxyRules = `
version: 1
invites:
  public_url: %s
  app:
    deep_link: "mygame://party/{code}"
    ios: {store: "https://apps.example.com/app/id1", app_ids: [AAAAAAAAAA.com.example.game]}
    android: {store: "https://play.example.com/app", package: com.example.game, fingerprints: ["%s"]}
`

// checkProxy starts nginx with the settings, and uses an invite as players do who know only the public address.
func checkProxy(t *testing.T, b Block) {
	t.Helper()
	place := regexp.MustCompile(`location (/\S+)/ \{ proxy_pass http://127\.0\.0\.1:7350/;`).FindStringSubmatch(b.Body)
	if place == nil {
		t.Fatalf("%s: no path is stripped", b)
	}
	public := "http://game.example.com" + place[1]
	rules := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(rules, fmt.Appendf(nil, proxyRules, public, strings.Repeat("AB:", 31)+"AB"), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := target.WithRules(t, rules)
	v := &visitor{t: t, client: startProxy(t, strings.ReplaceAll(b.Body, "127.0.0.1:7350", addr))}
	w := newWorld(t, addr)
	made := w.invite()
	if !strings.HasPrefix(made.URL, public+"/party/join/") || made.QRURL != made.URL+"/qr.svg" {
		t.Errorf("the invite leads to %s and %s, not below %s", made.URL, made.QRURL, public)
	}

	page := v.page(made.URL, http.StatusOK)
	for _, want := range []string{made.URL + "/card.png", made.URL + "/state", made.QRURL} {
		if !slices.Contains(page, want) {
			t.Errorf("the page does not name %s; it names %q", want, page)
		}
	}
	v.page(made.URL+"/", http.StatusOK)
	v.page(public+"/party/join/0000000000000000", http.StatusNotFound)
	if card, err := png.Decode(bytes.NewReader(v.get(made.URL+"/card.png", http.StatusOK, "image/png"))); err != nil || card.Bounds().Dx() != 1200 {
		t.Errorf("the card is no picture: %v", err)
	}
	if !slices.EqualFunc(readQRCode(v.get(made.QRURL, http.StatusOK, "image/svg+xml")), qrCode(t, made.URL), slices.Equal) {
		t.Errorf("the QR code does not lead to %s", made.URL)
	}
	if state := v.get(made.URL+"/state", http.StatusOK, "application/json"); !bytes.Contains(state, []byte(`"state":"open"`)) {
		t.Errorf("state = %s", state)
	}
	for file, want := range map[string]string{
		"apple-app-site-association": `"` + place[1] + `/party/join/*"`,
		"assetlinks.json":            `"com.example.game"`,
	} {
		if text := v.get("http://game.example.com/.well-known/"+file, http.StatusOK, "application/json"); !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s lacks %s:\n%s", file, want, text)
		}
	}
	w.mustCall(w.leader, "party_invite_revoke", map[string]any{"id": made.ID}, nil)
	v.page(made.URL, http.StatusGone)
}

// startProxy runs nginx with a server's settings, and returns a client that reaches it by any name.
func startProxy(t *testing.T, settings string) *http.Client {
	t.Helper()
	finder := exec.CommandContext(t.Context(), "./nginx.sh")
	finder.Stderr = os.Stderr
	program, err := finder.Output()
	if err != nil {
		t.Fatal("no nginx; its finder says above what to install")
	}
	folder, err := os.MkdirTemp("", "nginx") // a short folder, because the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	own := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		own += kind + "_temp_path " + folder + "/" + kind + "; "
	}
	file, socket := filepath.Join(folder, "nginx.conf"), filepath.Join(folder, "socket")
	text := fmt.Sprintf("daemon off; master_process off; pid %s/pid; error_log stderr; events {}\nhttp { access_log off; %s\nserver { listen unix:%s;\n%s\n} }\n", folder, own, socket, settings)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	nginx := exec.CommandContext(ctx, strings.TrimSpace(string(program)), "-p", folder, "-e", "stderr", "-c", file)
	nginx.Stderr = os.Stderr
	if err := nginx.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = nginx.Wait() })
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	for deadline := time.Now().Add(stepTimeout); ; time.Sleep(20 * time.Millisecond) {
		conn, err := dial(t.Context(), "", "")
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nginx does not listen: %v", err)
		}
	}
	// The client follows no redirect, because a redirect would be an unexpected answer.
	return &http.Client{Timeout: stepTimeout, Transport: &http.Transport{DialContext: dial}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// visitor makes the requests of a browser, a chat program or a phone.
type visitor struct {
	t      *testing.T
	client *http.Client
}

func (v *visitor) get(address string, status int, kind string) []byte {
	v.t.Helper()
	answer, err := v.client.Get(address)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status || !strings.HasPrefix(answer.Header.Get("Content-Type"), kind) {
		v.t.Fatalf("%s: %s %s, error %v; want %d %s", address, answer.Status, answer.Header.Get("Content-Type"), err, status, kind)
	}
	tag := answer.Header.Get("ETag")
	if status != http.StatusOK || tag == "" {
		return body
	}
	again, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	again.Header.Set("If-None-Match", tag)
	if answer, err = v.client.Do(again); err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusNotModified {
		v.t.Errorf("%s: asked again with its tag, the answer is %s", address, answer.Status)
	}
	return body
}

var addresses = regexp.MustCompile(`(?:src|href|data-poll)="([^"]+)"|content="(http[^"]+)"`)

// page requests a page, and everything on it from the same host. It returns those addresses.
func (v *visitor) page(address string, status int) (names []string) {
	v.t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, found := range addresses.FindAllStringSubmatch(string(v.get(address, status, "text/html")), -1) {
		to, err := at.Parse(found[1] + found[2])
		if err != nil || to.Host != at.Host {
			continue // another host
		}
		if status == http.StatusOK || strings.Contains(to.Path, "/assets/") {
			v.get(to.String(), http.StatusOK, "")
		}
		names = append(names, to.String())
	}
	if !slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(name, ".css") }) {
		v.t.Errorf("%s names no style of its own: %q", address, names)
	}
	return names
}

// qrCode returns the QR code of a link as rows of dark modules.
func qrCode(t *testing.T, link string) [][]bool {
	t.Helper()
	code, err := qrcode.New(link, qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	code.DisableBorder = true
	return code.Bitmap()
}

var (
	run  = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-\d+z`)
	side = regexp.MustCompile(`viewBox="0 0 (\d+) `)
)

// readQRCode reads such a code back from its SVG drawing, which has a margin of four modules.
func readQRCode(svg []byte) [][]bool {
	number := func(text []byte) (n int) { _, _ = fmt.Sscan(string(text), &n); return n }
	size := side.FindSubmatch(svg)
	if size == nil {
		return nil
	}
	rows := make([][]bool, number(size[1])-8)
	for y := range rows {
		rows[y] = make([]bool, len(rows))
	}
	for _, r := range run.FindAllSubmatch(svg, -1) {
		for x := range number(r[3]) {
			rows[number(r[2])-4][number(r[1])-4+x] = true
		}
	}
	return rows
}
