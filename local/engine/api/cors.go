package api

import (
	"net/http"
	"slices"
	"strings"
)

var (
	// corsMethods are what a preflight may ask for; the simple ones need no leave.
	corsMethods       = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete}
	corsSimpleMethods = []string{http.MethodGet, http.MethodHead, http.MethodPost}
	corsHeaders       = []string{"Authorization", "Content-Type", "User-Agent"}
	corsSimpleHeaders = []string{"Accept", "Accept-Language", "Content-Language", "Origin"}
)

// allowOrigins lets pages of every origin call, as the server does, and answers
// their preflights. Requests without an Origin pass untouched, except that OPTIONS
// always ends here.
func allowOrigins(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fromPage := r.Header.Get("Origin") != ""
		if r.Method == http.MethodOptions {
			if fromPage {
				w.WriteHeader(preflight(w.Header(), r.Header))
			}
			return
		}
		if fromPage {
			w.Header().Set("Access-Control-Allow-Origin", "*")
		}
		next.ServeHTTP(w, r)
	})
}

// preflight fills the answer to a preflight and returns its status.
func preflight(out, in http.Header) int {
	if _, ok := in["Access-Control-Request-Method"]; !ok {
		return http.StatusBadRequest
	}
	method := in.Get("Access-Control-Request-Method")
	if !slices.Contains(corsMethods, method) {
		return http.StatusMethodNotAllowed
	}
	var allowed []string
	for _, name := range strings.Split(in.Get("Access-Control-Request-Headers"), ",") {
		name = http.CanonicalHeaderKey(strings.TrimSpace(name))
		if name == "" || slices.Contains(corsSimpleHeaders, name) {
			continue
		}
		if !slices.Contains(corsHeaders, name) {
			return http.StatusForbidden
		}
		allowed = append(allowed, name)
	}
	if len(allowed) > 0 {
		out.Set("Access-Control-Allow-Headers", strings.Join(allowed, ","))
	}
	if !slices.Contains(corsSimpleMethods, method) {
		out.Set("Access-Control-Allow-Methods", method)
	}
	out.Set("Access-Control-Allow-Origin", "*")
	return http.StatusOK
}
