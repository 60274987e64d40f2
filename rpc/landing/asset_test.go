package landing_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	qrcode "github.com/skip2/go-qrcode"

	"partyline/party/rules"
)

var assetAddress = regexp.MustCompile(`"\.\.(/assets/[^"]+)`)

// addressesOn returns the addresses on the server of the embedded files that a page uses.
func addressesOn(page string) []string {
	var found []string
	for _, m := range assetAddress.FindAllStringSubmatch(page, -1) {
		found = append(found, "/party"+m[1])
	}
	return found
}

func TestAssets_EveryAddressOnThePageWorks(t *testing.T) {
	s := serve(t, always(anInvite()))
	addresses := addressesOn(s.get(joinPath + linkCode).Body.String())
	if len(addresses) != 4 {
		t.Fatalf("the page uses %q; want icon, two stylesheets and a script", addresses)
	}
	for _, address := range addresses {
		w := s.get(address)
		if w.Code != 200 || w.Body.Len() == 0 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s = %d, %d bytes, %s; want a cacheable file", address, w.Code, w.Body.Len(), w.Header().Get("Cache-Control"))
		}
		if again := s.get(address, "If-None-Match", w.Header().Get("ETag")); again.Code != 304 {
			t.Errorf("%s asked again = %d; want 304", address, again.Code)
		}
		other := regexp.MustCompile(`\.[0-9a-f]{10}\.`).ReplaceAllString(address, ".0123456789.")
		if w := s.get(other); w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("%s, of another build, = %d, %s; want the present file, unkept", other, w.Code, w.Header().Get("Cache-Control"))
		}
	}
}

func TestAssets_Unknown(t *testing.T) {
	s := serve(t, always(anInvite()))
	for _, name := range []string{
		"landing.css", "landing..css", ".0.css", "landing.0.js.map", "page.0.html", "..%2fsite.go", "%2e%2e", "accent-.0.css",
		"accent-7c5cf.0.css", "accent-7C5CFF.0.css", "accent-7c5cffff.0.css", "accent-red;}.0.css", "accent-7c5cff.0.js", "accent-%00%00%00%00%00%00.0.css",
	} {
		if w := s.get("/party/assets/" + name); w.Code == 200 {
			t.Errorf("%s = 200 %.60q; want nothing", name, w.Body)
		}
	}
}

// The Content-Security-Policy allows nothing from other servers that the embedded files would need, and the files
// request nothing from them.
func TestAssets_AskNobodyElse(t *testing.T) {
	s := serve(t, always(anInvite()))
	for _, address := range addressesOn(s.get(joinPath + linkCode).Body.String()) {
		body := strings.ReplaceAll(s.get(address).Body.String(), "http://www.w3.org/2000/svg", "")
		for _, none := range []string{"http:", "https:", "@import", "url(", "eval(", "innerHTML", "insertAdjacentHTML", "document.write", ".style", "setAttribute("} {
			if strings.Contains(body, none) {
				t.Errorf("%s contains %q", address, none)
			}
		}
	}
}

var cssColour = regexp.MustCompile(`--([a-z0-9-]+):\s*#([0-9a-f]{3}|[0-9a-f]{6})\b`)

func coloursOf(css string) map[string]string {
	found := map[string]string{}
	for _, m := range cssColour.FindAllStringSubmatch(css, -1) {
		hex := m[2]
		if len(hex) == 3 {
			hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
		}
		found[m[1]] = hex
	}
	return found
}

// ratio returns WCAG's contrast ratio. It is implemented again here to check the package's own arithmetic.
func ratio(t *testing.T, a, b string) float64 {
	t.Helper()
	luminance := func(hex string) float64 {
		var sum float64
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			v := float64(n) / 255
			if v <= 0.04045 {
				v /= 12.92
			} else {
				v = math.Pow((v+0.055)/1.055, 2.4)
			}
			sum += weight * v
		}
		return sum
	}
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func TestColours_CanBeRead(t *testing.T) {
	sheet, err := os.ReadFile("assets/landing.css")
	if err != nil {
		t.Fatal(err)
	}
	darkPart, rest, _ := strings.Cut(string(sheet), "@media (prefers-color-scheme: light)")
	lightPart, _, _ := strings.Cut(rest, "*, *::before")
	schemes := map[string]map[string]string{"dark": coloursOf(darkPart), "light": coloursOf(lightPart)}
	for scheme, c := range schemes {
		for _, surface := range []string{"bg", "panel", "panel-2", "raised"} {
			for _, ink := range []string{"text", "muted", "ok"} {
				if r := ratio(t, c[ink], c[surface]); r < 4.5 {
					t.Errorf("%s: %s on %s has contrast %.2f; want 4.5", scheme, ink, surface, r)
				}
			}
		}
	}
	for _, accent := range []string{"000000", "ffffff", "ff0000", "00ff00", "0000ff", "ffff00", "7c5cff", "808080", "2f6fd6", "ff9900", "123456", "fedcba"} {
		s := serve(t, always(anInvite()), withPolicy(func(c *rules.Config) { c.Invites.Page.Accent = "#" + strings.ToUpper(accent) }))
		address := "/party" + regexp.MustCompile(`/assets/accent-`+accent+`[^"]+`).FindString(s.get(joinPath+linkCode).Body.String())
		c := coloursOf(s.get(address).Body.String())
		if len(c) != 4 {
			t.Fatalf("accent %s at %q: %v; want four colours", accent, address, c)
		}
		if r := ratio(t, c["accent"], c["on-accent"]); r < 4.5 {
			t.Errorf("accent %s: its button text has contrast %.2f; want 4.5", accent, r)
		}
		for _, surface := range []string{"panel", "panel-2", "raised"} {
			for scheme, colours := range schemes {
				if r := ratio(t, c["accent-on-"+scheme], colours[surface]); r < 4.5 {
					t.Errorf("accent %s: links on %s %s have contrast %.2f; want 4.5", accent, scheme, surface, r)
				}
			}
		}
	}
	for _, odd := range []string{"", "red", "#fff", "#12345g", "7c5cff;}body{", "#7c5cff0"} {
		s := serve(t, always(anInvite()), withPolicy(func(c *rules.Config) { c.Invites.Page.Accent = odd }))
		if body := s.get(joinPath + linkCode).Body.String(); !strings.Contains(body, "../assets/accent-7c5cff.") {
			t.Errorf("accent %q is not replaced by the default", odd)
		}
	}
}

// The drawing is read back, module by module, and compared with the library's own.
func TestQR_IsTheCodeOfTheLink(t *testing.T) {
	w := serve(t, always(anInvite())).get(joinPath + "7k4m-q2xw-b9tr-c3hd/qr.svg")
	var svg struct {
		ViewBox string `xml:"viewBox,attr"`
		Paths   []struct {
			Fill string `xml:"fill,attr"`
			D    string `xml:"d,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal(w.Body.Bytes(), &svg); err != nil {
		t.Fatal(err)
	}
	code, err := qrcode.New("https://party.example.com/party/join/"+linkCode, qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	want := code.Bitmap() // with the standard's quiet zone of four modules
	side := len(want)
	if svg.ViewBox != fmt.Sprintf("0 0 %d %d", side, side) || len(svg.Paths) != 2 || svg.Paths[0].Fill != "#fff" {
		t.Fatalf("viewBox %q with %d paths; want 0 0 %d %d and a white ground below the modules", svg.ViewBox, len(svg.Paths), side, side)
	}
	got := make([][]bool, side)
	for i := range got {
		got[i] = make([]bool, side)
	}
	for _, run := range strings.Split(strings.TrimSuffix(svg.Paths[1].D, "z"), "z") {
		var x, y, length, back int
		if n, err := fmt.Sscanf(run, "M%d %dh%dv1h-%d", &x, &y, &length, &back); n != 4 || err != nil || length != back {
			t.Fatalf("run %q: %v", run, err)
		}
		for i := range length {
			got[y][x+i] = true
		}
	}
	for y := range want {
		for x := range want[y] {
			if got[y][x] != want[y][x] {
				t.Fatalf("module %d,%d is %v; want %v", x, y, got[y][x], want[y][x])
			}
		}
	}
}

func TestQR_AsksNobody(t *testing.T) {
	s := serve(t, always(anInvite()))
	if w := s.get(joinPath + shortCode + "/qr.svg"); w.Code != 200 || len(s.previews.calls()) != 0 {
		t.Errorf("qr = %d after %q; want 200 without asking the kernel", w.Code, s.previews.calls())
	}
	if w := s.get(joinPath + "no.code/qr.svg"); w.Code != 404 {
		t.Errorf("qr of no code = %d; want 404", w.Code)
	}
	long := serve(t, always(anInvite()), withPolicy(func(c *rules.Config) { c.Invites.PublicURL = "https://" + strings.Repeat("a", 5000) }))
	if w := long.get(joinPath + shortCode + "/qr.svg"); w.Code != 500 || long.logs.String() == "" {
		t.Errorf("qr of a link that is too long = %d, log %q; want 500 and a line in the log", w.Code, long.logs)
	}
}

func TestAppLinks(t *testing.T) {
	s := serve(t, always(anInvite()))
	var apple struct {
		AppLinks struct {
			Apps    []string
			Details []struct {
				AppID      string
				AppIDs     []string
				Paths      []string
				Components []map[string]string
			}
		}
	}
	if err := json.Unmarshal(s.get("/.well-known/apple-app-site-association").Body.Bytes(), &apple); err != nil {
		t.Fatal(err)
	}
	d := apple.AppLinks.Details
	if apple.AppLinks.Apps == nil || len(d) != 1 || d[0].AppIDs[0] != "TEAM.com.example.starfall" || d[0].Paths[0] != "/party/join/*" || d[0].Components[0]["/"] != "/party/join/*" {
		t.Errorf("apple-app-site-association = %+v", apple)
	}
	var android []struct {
		Relation []string
		Target   map[string]any
	}
	if err := json.Unmarshal(s.get("/.well-known/assetlinks.json").Body.Bytes(), &android); err != nil {
		t.Fatal(err)
	}
	if len(android) != 1 || android[0].Relation[0] != "delegate_permission/common.handle_all_urls" || android[0].Target["package_name"] != "com.example.starfall" || fmt.Sprint(android[0].Target["sha256_cert_fingerprints"]) != "[AA:BB]" {
		t.Errorf("assetlinks.json = %+v", android)
	}
	for path, change := range map[string]func(*rules.Config){
		"/.well-known/apple-app-site-association": func(c *rules.Config) { c.Invites.App.IOS.AppIDs = nil },
		"/.well-known/assetlinks.json":            func(c *rules.Config) { c.Invites.App.Android.Fingerprints = nil },
	} {
		if w := serve(t, always(anInvite()), withPolicy(change)).get(path); w.Code != 404 {
			t.Errorf("%s, not configured, = %d; want 404", path, w.Code)
		}
	}
}

var textUse = regexp.MustCompile(`(?:\.Text |\.Group |get\(|either\(|around\()"([a-z_.]+)"`)

// Every documented key is shown somewhere, and every key shown is documented.
func TestTexts_KeysAreUsed(t *testing.T) {
	used, texts := map[string]bool{"lang": true, "dir": true}, rules.PageTexts()
	for _, file := range []string{"texts.go", "scene.go", "seat.go", "page.go", "play.go", "legible.go", "picture.go", "templates/page.html"} {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range textUse.FindAllStringSubmatch(string(body), -1) {
			used[m[1]] = true
			if texts[m[1]] == "" && !strings.HasSuffix(m[1], "_") { // a prefix of several keys
				t.Errorf("%s shows the text %q, which has no default", file, m[1])
			}
		}
	}
	for key, text := range texts {
		if _, err := rules.Load([]byte("version: 1\ninvites: {page: {texts: {"+key+": "+strconv.Quote(text)+"}}}\n"), "rules.yml"); err != nil {
			t.Errorf("a rules file cannot name the text %q: %v", key, err)
		}
		built := strings.HasSuffix(key, "_headline") || strings.HasSuffix(key, "_note") || strings.HasPrefix(key, "stage_") || strings.HasPrefix(key, "note_")
		if !used[key] && !built {
			t.Errorf("the text %q is never shown", key)
		}
	}
	for _, key := range []string{"Play", "unknown"} {
		if _, err := rules.Load([]byte("version: 1\ninvites: {page: {texts: {"+key+": x}}}\n"), "rules.yml"); err == nil {
			t.Errorf("a rules file can name the text %q, which nobody sees", key)
		}
	}
}

// Browsers request an icon even if no page mentions one.
func TestFavicon(t *testing.T) {
	w := serve(t, always(anInvite())).get("/favicon.ico")
	if w.Code != 200 || w.Header().Get("Content-Type") != "image/svg+xml" || !strings.Contains(w.Body.String(), "<svg") || w.Header().Get("Cache-Control") != "public, max-age=3600" {
		t.Errorf("icon = %d %v", w.Code, w.Header())
	}
}
