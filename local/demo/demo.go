// Package demo serves a small web game client for the embedded run. The page uses the stock
// Nakama JavaScript SDK and makes every party and invite call that a real client makes. Two
// browser windows are two players.
//
// It is not part of the module that a game server loads; only local/cmd/partyline mounts it.
// `npm install` in this folder fetches the SDK from the registry; the repository does not keep it.
// Without the SDK, the page says so and everything else works. The handler keeps no state and is
// safe for concurrent use.
package demo

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// DefaultSDKDir is where npm puts the SDK, relative to the root of the repository.
const DefaultSDKDir = "local/demo/node_modules/@heroiclabs/nakama-js/dist"

// Paths that the handler serves: the page itself, and its files.
const (
	PagePath  = "/"
	FilesPath = "/demo/"
)

const (
	sdkPath = FilesPath + "sdk/nakama-js.mjs"
	sdkFile = "nakama-js.esm.mjs"
)

// Options says which server the page talks to. The zero value fits the embedded run
// started at the root of the repository.
type Options struct {
	// Server is the address of the client API, "http://host:port". Empty means the
	// address the page itself came from.
	Server string
	// ServerKey is the server's socket.server_key; empty means "defaultkey".
	ServerKey string
	// GameHost is the name or address by which players reach the game servers that run on this
	// machine, at any port; empty means that there are none.
	GameHost string
	// SDKDir holds the SDK's nakama-js.esm.mjs; empty means [DefaultSDKDir]. Each request looks
	// for the file, so no restart is needed after an installation.
	SDKDir string
}

//go:embed static
var embedded embed.FS

var page = template.Must(template.ParseFS(embedded, "static/index.html"))

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

type demo struct {
	options Options
}

// Handler serves the demo at [PagePath] and [FilesPath]; any other path is a 404. It fails if
// an address in the options is not valid.
func Handler(o Options) (*http.ServeMux, error) {
	if o.ServerKey == "" {
		o.ServerKey = "defaultkey"
	}
	if o.SDKDir == "" {
		o.SDKDir = filepath.FromSlash(DefaultSDKDir)
	}
	if o.Server != "" {
		u, err := url.Parse(o.Server)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || !plainHost.MatchString(u.Host) || o.Server != u.Scheme+"://"+u.Host {
			return nil, errors.New(`demo: Options.Server is not an address such as "http://127.0.0.1:7350"`)
		}
	}
	if o.GameHost != "" && !plainHost.MatchString(net.JoinHostPort(o.GameHost, "1")) {
		return nil, errors.New(`demo: Options.GameHost is not a name or an address`)
	}
	d := demo{o}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+PagePath+"{$}", d.page)
	mux.HandleFunc("GET "+sdkPath, d.sdk)
	mux.HandleFunc("GET "+FilesPath+"{file}", d.file)
	return mux, nil
}

// plainHost matches a host that may stand in a Content-Security-Policy: a name or address, and a port.
var plainHost = regexp.MustCompile(`^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?$`)

func (d demo) page(w http.ResponseWriter, r *http.Request) {
	view := struct {
		Options
		SDK, SDKPath string
	}{d.options, "missing", sdkPath}
	if _, err := os.Stat(d.sdkFile()); err == nil {
		view.SDK = "present"
	}
	var b bytes.Buffer
	if err := page.Execute(&b, view); err != nil {
		http.Error(w, "the page could not be drawn", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", d.policy(r))
	send(w, r, "text/html; charset=utf-8", b.Bytes())
}

// policy lets the page run its own files only, and talk to its server by HTTP and socket and to
// the game servers of its machine. It leaves out a Host header that could break out of the policy.
// A policy cannot contain an IPv6 address: 'self' and "http:" stand for it.
func (d demo) policy(r *http.Request) string {
	server, host := "", r.Host
	if d.options.Server != "" {
		server = " " + d.options.Server
		u, _ := url.Parse(d.options.Server) // checked in Handler
		host = u.Host
	}
	sockets := ""
	if plainHost.MatchString(host) && host[0] != '[' {
		sockets = " ws://" + host + " wss://" + host // in older browsers 'self' does not cover sockets
	}
	games := ""
	if strings.Contains(d.options.GameHost, ":") {
		games = " http:"
	} else if d.options.GameHost != "" {
		games = " http://" + d.options.GameHost + ":*"
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:" + server +
		"; connect-src 'self'" + server + sockets + games + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

func (d demo) sdkFile() string { return filepath.Join(d.options.SDKDir, sdkFile) }

func (d demo) sdk(w http.ResponseWriter, r *http.Request) {
	body, err := os.ReadFile(d.sdkFile())
	if err != nil {
		http.Error(w, "the SDK is not installed: run npm install in local/demo", http.StatusNotFound)
		return
	}
	send(w, r, contentTypes[".js"], body)
}

func (d demo) file(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	kind, served := contentTypes[path.Ext(name)]
	body, err := fs.ReadFile(embedded, "static/"+name)
	if !served || err != nil {
		http.NotFound(w, r)
		return
	}
	send(w, r, kind, body)
}

// send answers with a body. Browsers keep it but revalidate it every time, so a new build shows
// at once.
func send(w http.ResponseWriter, r *http.Request, kind string, body []byte) {
	h := w.Header()
	sum := sha256.Sum256(body)
	h.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(sum[:12])+`"`)
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Type", kind)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
