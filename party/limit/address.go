package limit

import "net/netip"

// Address returns the key that stands for a client's address. It is the IPv4 address, or the /64 network of an IPv6
// address, because an IPv6 client can take any address of its network. Clients without a usable address share one key.
func Address(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return "unknown"
	}
	if addr = addr.Unmap(); addr.Is4() {
		return addr.String()
	}
	prefix, _ := addr.WithZone("").Prefix(64) // every IPv6 address has 64 bits
	return prefix.String()
}
