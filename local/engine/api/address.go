package api

import (
	"net"
	"net/http"
	"strings"
)

// clientAddress returns the address of the client. With X-Forwarded-For it is the second valid address from the end,
// because a server expects one proxy in front of it; a single address is the client's. Without the header it is the
// address of the connection. The port is "" if the address has none.
func clientAddress(r *http.Request) (ip, port string) {
	candidates := []string{r.RemoteAddr}
	if forwarded := r.Header.Get("X-Forwarded-For"); forwarded != "" {
		candidates = strings.Split(forwarded, ",")
	}
	seen := 0
	for i := len(candidates) - 1; i >= 0 && seen < 2; i-- {
		host, hostPort := splitAddress(strings.TrimSpace(candidates[i]))
		parsed := net.ParseIP(host)
		if parsed == nil || i > 0 && parsed.IsLoopback() {
			continue // a local proxy is never the client
		}
		ip, port = host, hostPort
		seen++
	}
	return ip, port
}

func splitAddress(address string) (host, port string) {
	if net.ParseIP(address) != nil {
		return address, ""
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", ""
	}
	return host, port
}
