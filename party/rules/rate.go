package rules

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rate is a number of events per time, written "20/m" or "5/10s". The zero value is unlimited, written "none".
type Rate struct {
	N   int
	Per time.Duration
}

// maxRateCount limits N, so that calculations with rates cannot overflow.
const maxRateCount = 1_000_000

// Unlimited reports whether the rate has no limit.
func (r Rate) Unlimited() bool { return r.N == 0 }

// PerSecond returns the rate in events per second, or 0 if it is unlimited.
func (r Rate) PerSecond() float64 {
	if r.N == 0 || r.Per <= 0 {
		return 0
	}
	return float64(r.N) / r.Per.Seconds()
}

// Interval returns the time between two events, or 0 if the rate is unlimited.
func (r Rate) Interval() time.Duration {
	if r.N == 0 || r.Per <= 0 {
		return 0
	}
	return r.Per / time.Duration(r.N)
}

// String returns the form that ParseRate reads.
func (r Rate) String() string {
	if r.Unlimited() {
		return "none"
	}
	per := FormatDuration(r.Per)
	if len(per) == 2 && per[0] == '1' { // "1m" is written "m"
		per = per[1:]
	}
	return fmt.Sprintf("%d/%s", r.N, per)
}

// ParseRate parses "20/m": a count from 1 to 1,000,000, a slash, and a unit (s, m, h, d) or a duration from 1ms
// to 24h. "none" is the zero Rate.
func ParseRate(s string) (Rate, error) {
	if s == "none" {
		return Rate{}, nil
	}
	count, per, _ := strings.Cut(s, "/")
	if len(per) == 1 {
		per = "1" + per
	}
	n, wrong := strconv.Atoi(count)
	d, err := ParseDuration(per)
	if wrong != nil || err != nil || n < 1 || n > maxRateCount || d < time.Millisecond || d > 24*time.Hour {
		return Rate{}, fmt.Errorf("%q is not a rate", s)
	}
	return Rate{N: n, Per: d}, nil
}

// ParseDuration parses a duration of the rules file: numbers with units, such as "90s", "1h30m" or "30d". A day
// has 24 hours. Negative values are errors.
func ParseDuration(s string) (time.Duration, error) {
	rest, days := s, time.Duration(0)
	if head, tail, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.Atoi(head)
		if err != nil || n < 0 || n > 36500 {
			return 0, fmt.Errorf("%q is not a duration", s)
		}
		days, rest = time.Duration(n)*24*time.Hour, cmp.Or(tail, "0s")
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || days+d < 0 {
		return 0, fmt.Errorf("%q is not a duration", s)
	}
	return days + d, nil
}

// FormatDuration formats d for the rules file, without units that are zero at the end: 90s is "1m30s", and 24
// hours are "24h" and not "24h0m0s".
func FormatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
