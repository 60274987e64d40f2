package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// ClientIP returns the client's address, found by the host's own method, so that limits, logs and the host's sessions
// use the same. It reads X-Forwarded-For, or else the connection's address, from the right and skips loopback
// addresses. The client is the entry that is proxies places further left, or the leftmost usable one; "" if there is
// none.
//
// It trusts the header as the host does: a client can fake its address if players reach the server without a proxy, or
// if proxy_count is higher than the real number. A proxy must overwrite the header or append to it.
func ClientIP(r *http.Request, proxies int) string {
	candidates := []string{r.RemoteAddr}
	if forwarded := r.Header.Get("X-Forwarded-For"); forwarded != "" {
		candidates = strings.Split(forwarded, ",")
	}
	var found string
	passed := 0
	for i := len(candidates) - 1; i >= 0; i-- {
		if found != "" {
			passed++
		}
		ip := parseAddress(strings.TrimSpace(candidates[i]))
		if !ip.IsValid() || i > 0 && ip.IsLoopback() {
			continue
		}
		found = ip.String()
		if passed >= proxies {
			break
		}
	}
	return found
}

// parseAddress reads "ip", "ip:port", "[ip]:port" or "[ip]".
func parseAddress(s string) netip.Addr {
	host, _, err := net.SplitHostPort(s) // fails for an address without a port, with many colons or without one
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	}
	ip, _ := netip.ParseAddr(host) // the zero address for anything else
	return ip.Unmap().WithZone("")
}
