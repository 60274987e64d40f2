package rules_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"partyline/party/rules"
)

func TestCached(t *testing.T) {
	now := time.Unix(1000, 0)
	load := &fakeLoader{account: rules.Account{DisplayName: "Bob"}, groups: map[string][]rules.GroupFacts{"u": {{ID: "g"}}}}
	c := rules.Cached(load, 5*time.Second, func() time.Time { return now })
	ctx := context.Background()
	read := func() {
		t.Helper()
		as, err := c.Accounts(ctx, []string{"u"})
		a := as["u"]
		g, err2 := c.Groups(ctx, "u")
		_, err3 := c.Friends(ctx, "u", []string{"v"})
		_, err4 := c.Blocked(ctx, "u", []string{"v"})
		if err := errors.Join(err, err2, err3, err4); err != nil || a.DisplayName != "Bob" || len(g) != 1 {
			t.Fatalf("%v, %+v, %+v", err, a, g)
		}
	}
	want := func(account, groups, friends, blocked int) {
		t.Helper()
		got := [4]int{load.reads["accounts of u"], load.reads["groups of u"], load.reads["friends among v"], load.reads["blocked"]}
		if got != [4]int{account, groups, friends, blocked} {
			t.Errorf("read %v times; want %v", got, [4]int{account, groups, friends, blocked})
		}
	}
	read()
	read()
	want(1, 1, 2, 2)
	if _, err := c.Groups(ctx, "other"); err != nil || load.reads["groups of other"] != 1 {
		t.Errorf("another user was not read: %v", err)
	}
	now = now.Add(5 * time.Second)
	read()
	want(2, 2, 3, 3)

	now, load.err = now.Add(time.Minute), errors.New("no database")
	if _, err := c.Accounts(ctx, []string{"u"}); err == nil {
		t.Errorf("an old value stands in for an error")
	}
	load.err = nil
	read()
	want(4, 3, 4, 4)
}
