package party_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/rules"
)

func TestLimits(t *testing.T) {
	clock := partytest.NewTime()
	conf := rules.Default()
	conf.Limits = rules.Limits{
		PartyCreate: rules.Rate{N: 1, Per: time.Minute}, InviteCreate: rules.Rate{N: 2, Per: time.Minute},
		Data: rules.DataLimits{Rate: rules.Rate{N: 3, Per: time.Second}},
	}
	l := party.NewLimits(func() rules.Config { return conf }, clock.Now)
	for _, c := range []struct {
		name  string
		limit party.Limit
		n     int
	}{
		{"PartyCreate", l.PartyCreate, 1}, {"InviteCreate", l.InviteCreate, 2}, {"Data", l.Data, 3}, {"JoinRequest", l.JoinRequest, 10},
	} {
		for i := range c.n {
			if err := c.limit.Take("user"); err != nil {
				t.Errorf("%s %d = %v; want it allowed", c.name, i+1, err)
			}
		}
		if err := c.limit.Take("user"); party.ReasonOf(err) != party.RateLimited || !strings.Contains(err.Error(), "retry_after_sec=") {
			t.Errorf("%s %d = %v; want rate_limited with the wait", c.name, c.n+1, err)
		}
		if err := c.limit.Take("another"); err != nil {
			t.Errorf("%s of another user = %v; want it allowed", c.name, err)
		}
	}
	conf.Limits.PartyCreate = rules.Rate{}
	if err := l.PartyCreate.Take("user"); err != nil {
		t.Errorf("PartyCreate without a limit = %v; want it allowed", err)
	}
}

func TestLimits_GuessOfAnAddressCostsTheUserNothing(t *testing.T) {
	conf := rules.Default()
	conf.Limits.InviteGuess = rules.GuessLimits{PerUser: rules.Rate{N: 1, Per: time.Minute}, PerIP: rules.Rate{N: 1, Per: time.Minute}}
	l := party.NewLimits(func() rules.Config { return conf }, partytest.NewTime().Now)
	done, err := l.Guess("", "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	done(1)
	for range 3 {
		if _, err := l.Guess("user", "192.0.2.1"); party.ReasonOf(err) != party.RateLimited {
			t.Errorf("Guess = %v; want rate_limited", err)
		}
	}
	if _, err := l.Guess("user", "192.0.2.2"); err != nil {
		t.Errorf("Guess from another address = %v; want it allowed", err)
	}
}

func TestLimits_ManyGoodGuessesFromOneAddress(t *testing.T) {
	conf := rules.Default()
	conf.Limits.InviteGuess = rules.GuessLimits{PerUser: rules.Rate{N: 5, Per: time.Minute}, PerIP: rules.Rate{N: 3, Per: time.Minute}}
	l := party.NewLimits(func() rules.Config { return conf }, partytest.NewTime().Now)
	var under []func(int)
	for i := range 200 {
		done, err := l.Guess(fmt.Sprint("user", i), "192.0.2.1")
		if err != nil {
			t.Fatalf("attempt %d of a school at once = %v", i, err)
		}
		under = append(under, done)
	}
	for _, done := range under {
		done(0)
	}
	for i := range 3 {
		done, err := l.Guess(fmt.Sprint("guesser", i), "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		done(1)
	}
	if _, err := l.Guess("another", "192.0.2.1"); party.ReasonOf(err) != party.RateLimited {
		t.Errorf("after three wrong codes from the address = %v; want rate_limited", err)
	}
}

// A client whose header has no valid address cannot avoid the limit.
func TestLimits_GuessesFromNowhere(t *testing.T) {
	conf := rules.Default()
	conf.Limits.InviteGuess = rules.GuessLimits{PerIP: rules.Rate{N: 1, Per: time.Minute}}
	l := party.NewLimits(func() rules.Config { return conf }, partytest.NewTime().Now)
	done, err := l.Guess("", "")
	if err != nil {
		t.Fatal(err)
	}
	done(1)
	if _, err := l.Guess("", ""); party.ReasonOf(err) != party.RateLimited {
		t.Errorf("Guess = %v; want rate_limited", err)
	}
	if _, err := l.Guess("user", ""); err != nil {
		t.Errorf("Guess of a user whose address is not known = %v; want it allowed", err)
	}
}

// An IPv6 client may use any address of its network for each guess.
func TestLimits_GuessesFromOneNetwork(t *testing.T) {
	conf := rules.Default()
	conf.Limits.InviteGuess = rules.GuessLimits{PerIP: rules.Rate{N: 3, Per: time.Minute}}
	l := party.NewLimits(func() rules.Config { return conf }, partytest.NewTime().Now)
	for i := range 3 {
		done, err := l.Guess("", fmt.Sprintf("2001:db8:0:1::%x", i+1))
		if err != nil {
			t.Fatal(err)
		}
		done(1)
	}
	if _, err := l.Guess("", "2001:db8:0:1:ffff::1"); party.ReasonOf(err) != party.RateLimited {
		t.Errorf("the fourth wrong code from one network = %v; want rate_limited", err)
	}
	if _, err := l.Guess("", "2001:db8:0:2::1"); err != nil {
		t.Errorf("Guess from another network = %v; want it allowed", err)
	}
}

// Every named user is notified, so an invite to a hundred users costs more than one. A refused invite costs nothing.
func TestLimits_Invite(t *testing.T) {
	clock := partytest.NewTime()
	conf := rules.Default()
	conf.Limits.InviteCreate = rules.Rate{N: 6, Per: time.Minute} // one token every ten seconds
	l := party.NewLimits(func() rules.Config { return conf }, clock.Now)
	invite := func(named int) error {
		done, err := l.Invite("user", named)
		if err == nil {
			done(true)
		}
		return err
	}
	for range 10 {
		done, err := l.Invite("user", 100)
		if err != nil {
			t.Fatalf("after invites that were refused: %v", err)
		}
		done(false)
	}
	for _, named := range []int{0, 1, 10, 11} { // they cost one, one, one and two
		if err := invite(named); err != nil {
			t.Fatalf("an invite for %d = %v; want it allowed", named, err)
		}
	}
	if err := invite(100); err != nil { // the last token, and nine on credit
		t.Fatal(err)
	}
	clock.Advance(95 * time.Second)
	if err := invite(1); party.ReasonOf(err) != party.RateLimited {
		t.Errorf("95 s after an invite for 100 = %v; want rate_limited", err)
	}
	clock.Advance(10 * time.Second)
	if err := invite(1); err != nil {
		t.Errorf("105 s after it = %v; want it allowed", err)
	}
}

// Invites made at the same time may name no more users than those made one after the other.
func TestLimits_InvitesAtOnce(t *testing.T) {
	clock := partytest.NewTime()
	conf := rules.Default()
	conf.Limits.InviteCreate = rules.Rate{N: 60, Per: time.Minute}
	count := func(atOnce bool) (n int) {
		l := party.NewLimits(func() rules.Config { return conf }, clock.Now)
		for range 100 {
			done, err := l.Invite("user", 100)
			if err != nil {
				break
			}
			if n++; !atOnce {
				done(true)
			}
		}
		return n
	}
	if one, all := count(false), count(true); all > one {
		t.Errorf("%d invites to 100 users each at once; %d one after the other", all, one)
	}
}
