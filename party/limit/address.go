package limit

import "net/netip"

// Address is what is counted for a client's address: an IPv4 address, or the /64 an IPv6
// client has all to itself and may take any address from. Clients without a usable address
// share one key.
func Address(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return "unknown"
	}
	if addr = addr.Unmap(); addr.Is4() {
		return addr.String()
	}
	prefix, _ := addr.WithZone("").Prefix(64) // no IPv6 address is too short for it
	return prefix.String()
}
