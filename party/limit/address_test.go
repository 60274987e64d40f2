package limit_test

import (
	"testing"

	"partyline/party/limit"
)

func TestAddress(t *testing.T) {
	for _, c := range []struct{ ip, want string }{
		{"192.0.2.1", "192.0.2.1"},
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"2001:db8:1:2::", "2001:db8:1:2::/64"},
		{"2001:db8:1:3::", "2001:db8:1:3::/64"},
		{"fe80::1%eth0", "fe80::/64"},
		{"", "unknown"},
		{"somebody", "unknown"},
		{"192.0.2.1:7350", "unknown"},
	} {
		if got := limit.Address(c.ip); got != c.want {
			t.Errorf("Address(%q) = %q; want %q", c.ip, got, c.want)
		}
	}
}
