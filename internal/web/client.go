package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// ClientIP finds who asks, by the host's own method, so that limits, logs and the
// host's sessions mean the same address: the X-Forwarded-For entries (or, without that
// header, the connection's address) are read from the right, loopback addresses left out,
// and the entry that many proxies further left is the client; the leftmost usable one if
// there are fewer. "" means that nothing usable was found.
//
// Trust: the header is believed as the host believes it. A server that players reach
// without a proxy, or a proxy_count higher than the proxies there really are, lets a
// client name any address and so escape the bounds per address. Behind a proxy it must
// overwrite or append to the header.
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
