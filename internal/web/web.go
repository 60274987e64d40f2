// Package web has what the module's pages share: answers, routes, embedded files, and the address of the caller.
package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Route is one row of the table that wiring registers with the host. Pattern is in the form of the host's router.
// Methods must list HEAD too: that router answers only listed methods.
type Route struct {
	Name    string // stable, for metrics
	Pattern string
	Methods []string
	Handler http.HandlerFunc
}

// Get is a route that changes nothing.
func Get(name, pattern string, handler http.HandlerFunc) Route {
	return Route{name, pattern, []string{http.MethodGet, http.MethodHead}, handler}
}

// Answer is what a route answers. One place sends it and handles HEAD, conditional requests and failures.
type Answer struct {
	Status       int
	ContentType  string // Content-Type
	Cache        string // Cache-Control
	Policy       string // Content-Security-Policy
	Referrer     string // Referrer-Policy; "" for no-referrer
	Tag          string // strong ETag; if set, If-None-Match is answered
	NoIndex      bool   // search engines may not list it
	VaryLanguage bool   // depends on the visitor's language
	RetryAfter   time.Duration
	Body         []byte
}

// Values of Cache and Policy.
const (
	NoStore    = "no-store"
	DataPolicy = "default-src 'none'; frame-ancestors 'none'"
)

// Plain is an answer of one line: the status in words.
func Plain(status int) Answer {
	return Answer{
		Status: status, ContentType: "text/plain; charset=utf-8", Cache: NoStore, Policy: DataPolicy, NoIndex: true,
		Body: []byte(http.StatusText(status) + "\n"),
	}
}

// Write sends an answer. The host presets Cache-Control, so Write sets it instead of adding it. The ETag is of the
// uncompressed bytes; a host that compresses the answer keeps the ETag.
func (a Answer) Write(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", a.Cache)
	h.Set("Content-Security-Policy", a.Policy)
	h.Set("Referrer-Policy", "no-referrer")
	if a.Referrer != "" {
		h.Set("Referrer-Policy", a.Referrer)
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Type", a.ContentType)
	if a.VaryLanguage {
		h.Add("Vary", "Accept-Language")
	}
	if a.NoIndex {
		h.Set("X-Robots-Tag", "noindex, nofollow")
	}
	if a.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(Seconds(a.RetryAfter)))
	}
	if a.Tag != "" {
		h.Set("ETag", a.Tag)
	}
	if r.Method == http.MethodHead && h.Get("Content-Encoding") != "" {
		// The host compresses the empty body of a HEAD answer, and would send that length.
		defer func() { _ = http.NewResponseController(w).Flush() }()
	}
	if a.Status == http.StatusOK {
		r.Header.Del("Range") // the host may compress the answer; a part of it would be useless then
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.Body))
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.Body) // an error means only that the client went away
	}
}

// Seconds returns a wait in whole seconds, rounded up.
func Seconds(wait time.Duration) int { return int(math.Ceil(wait.Seconds())) }

// Percent returns a progress from 0 to 1 in whole percent. It is 100 only when the progress is complete.
func Percent(progress float64) int { return int(math.Floor(min(max(progress, 0), 1)*100 + 1e-9)) }

// Tag returns a strong ETag.
func Tag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}
