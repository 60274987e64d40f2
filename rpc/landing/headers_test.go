package landing_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"partyline/party"
	"partyline/rpc/landing"
)

func TestHead_IsGetWithoutBody(t *testing.T) {
	s := serve(t, always(anInvite()))
	gone := serve(t, always(inState(party.StateRevoked)))
	for _, c := range []struct {
		site site
		path string
	}{
		{s, joinPath + linkCode}, {s, joinPath + linkCode + "/state"}, {s, joinPath + linkCode + "/qr.svg"},
		{s, "/.well-known/apple-app-site-association"}, {s, "/.well-known/assetlinks.json"},
		{s, joinPath + "no.code"}, {s, "/party/assets/none.css"}, {gone, joinPath + linkCode}, {gone, joinPath + linkCode + "/state"},
	} {
		get, head := c.site.get(c.path), httptest.NewRecorder()
		c.site.ServeHTTP(head, request(http.MethodHead, c.path))
		if head.Code != get.Code || head.Body.Len() != 0 {
			t.Errorf("HEAD %s = %d with %d bytes; want %d with none", c.path, head.Code, head.Body.Len(), get.Code)
		}
		for name, want := range get.Header() {
			if !slices.Equal(head.Header()[name], want) {
				t.Errorf("HEAD %s: %s = %q; GET has %q", c.path, name, head.Header()[name], want)
			}
		}
	}
}

// The host also compresses the answer of a HEAD, and would report the length of an empty compressed body. It also
// compresses parts, so the site never sends a part.
func TestCompressed_NoLengthAndNoPart(t *testing.T) {
	for _, site := range []site{serve(t, always(anInvite())), serve(t, always(inState(party.StateRevoked)))} {
		for _, part := range []string{"", "/state", "/qr.svg", "/card.png"} {
			head := httptest.NewRecorder()
			head.Header().Set("Content-Encoding", "gzip")
			site.ServeHTTP(head, request(http.MethodHead, joinPath+linkCode+part))
			if !head.Flushed || head.Body.Len() != 0 {
				t.Errorf("HEAD %s of what is compressed: flushed %t, %d bytes", part, head.Flushed, head.Body.Len())
			}
			for _, ask := range []string{"bytes=0-4", "items=0-1", "bytes=99999999-"} {
				whole, w := site.get(joinPath+linkCode+part), site.get(joinPath+linkCode+part, "Range", ask)
				if w.Code != whole.Code || w.Body.Len() != whole.Body.Len() || w.Header().Get("Content-Range") != "" {
					t.Errorf("GET %s with Range %s = %d with %d bytes; want %d with %d", part, ask, w.Code, w.Body.Len(), whole.Code, whole.Body.Len())
				}
			}
		}
	}
}

func TestRoutes_RefuseOtherMethods(t *testing.T) {
	s := landing.New(options(always(anInvite())))
	for _, r := range s.Routes() {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, "BREW"} {
			w := httptest.NewRecorder()
			r.Handler(w, request(method, strings.NewReplacer("{code}", linkCode, "{file}", "x").Replace(r.Pattern)))
			if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s = %d, Allow %q; want 405 with GET, HEAD", method, r.Pattern, w.Code, w.Header().Get("Allow"))
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	const dataPolicy = "default-src 'none'; frame-ancestors 'none'"
	open, over := serve(t, always(anInvite())), serve(t, always(inState(party.StateExpired)))
	css := "/party" + regexp.MustCompile(`/assets/landing\.[0-9a-f]+\.css`).FindString(open.get(joinPath+linkCode).Body.String())
	for _, c := range []struct {
		site                                    site
		path, kind, cache, policy, etag, robots string
		status                                  int
	}{
		{open, joinPath + linkCode, "text/html; charset=utf-8", "no-store", pagePolicy, "", "noindex, nofollow", 200},
		{over, joinPath + linkCode, "text/html; charset=utf-8", "no-store", pagePolicy, "", "noindex, nofollow", 410},
		{open, joinPath + "no.code", "text/html; charset=utf-8", "no-store", pagePolicy, "", "noindex, nofollow", 404},
		{open, joinPath + linkCode + "/state", "application/json", "private, no-cache", dataPolicy, "yes", "noindex, nofollow", 200},
		{over, joinPath + linkCode + "/state", "application/json", "private, no-cache", dataPolicy, "yes", "noindex, nofollow", 410},
		{open, joinPath + "no.code/state", "application/json", "no-store", dataPolicy, "", "noindex, nofollow", 404},
		{open, joinPath + linkCode + "/qr.svg", "image/svg+xml", "private, max-age=3600", dataPolicy, "yes", "noindex, nofollow", 200},
		{open, css, "text/css; charset=utf-8", "public, max-age=31536000, immutable", dataPolicy, "yes", "", 200},
		{open, "/party/assets/none.0.css", "text/plain; charset=utf-8", "no-store", dataPolicy, "", "noindex, nofollow", 404},
		{open, "/.well-known/apple-app-site-association", "application/json", "public, max-age=3600", dataPolicy, "yes", "", 200},
		{open, "/.well-known/assetlinks.json", "application/json", "public, max-age=3600", dataPolicy, "yes", "", 200},
	} {
		w := c.site.get(c.path)
		if w.Code != c.status {
			t.Errorf("%s = %d; want %d", c.path, w.Code, c.status)
		}
		for name, want := range map[string]string{
			"Content-Type": c.kind, "Cache-Control": c.cache, "Content-Security-Policy": c.policy, "X-Robots-Tag": c.robots,
			"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		} {
			if got := strings.Join(w.Header().Values(name), " + "); got != want {
				t.Errorf("%s: %s = %q; want %q", c.path, name, got, want)
			}
		}
		if got := w.Header().Get("ETag"); (got != "") != (c.etag != "") || strings.HasPrefix(got, "W/") {
			t.Errorf("%s: ETag = %q; want one: %v", c.path, got, c.etag != "")
		}
		if got := w.Header().Get("Set-Cookie"); got != "" {
			t.Errorf("%s sets a cookie", c.path)
		}
	}
}
