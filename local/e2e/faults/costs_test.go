package faults_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/e2e/player"
	"partyline/local/engine"
	"partyline/local/engine/fault"
	"partyline/party"
)

var writeCosts = flag.Bool("faults.costs", false, "write testdata/costs.txt again from what is counted")

// callCounter counts the module's calls to its server by name, and stream calls also by mode.
type callCounter struct {
	mu    sync.Mutex
	calls map[string]int
}

// fromModule reports whether a call goes from the module to the server. Calls from the server to the
// module start in lower case.
func fromModule(call fault.Call) bool { return unicode.IsUpper(rune(call.Name[0])) }

// nameOf returns the name of a call, with the mode of its stream.
func nameOf(call fault.Call) string {
	if strings.HasPrefix(call.Name, "Stream") {
		return fmt.Sprintf("%s(%v)", call.Name, call.Args[0])
	}
	return call.Name
}

func (c *callCounter) note(call fault.Call) error {
	c.add(nameOf(call))
	return nil
}

func (c *callCounter) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[name]++
}

// awaitCalls waits until at least n calls of each name were counted.
func (c *callCounter) awaitCalls(ctx context.Context, n int, names ...string) error {
	return eventually(ctx, func() error {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, name := range names {
			if c.calls[name] < n {
				return fmt.Errorf("%d calls of %s; want %d", c.calls[name], name, n)
			}
		}
		return nil
	})
}

// take returns the counts since the last take, as one line.
func (c *callCounter) take() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all, database := 0, 0
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(c.calls)) {
		all += c.calls[name]
		if readsDatabase(name) {
			database += c.calls[name]
		}
		parts = append(parts, fmt.Sprintf("%d %s", c.calls[name], name))
	}
	clear(c.calls)
	return fmt.Sprintf("%3d %3d  %s", all, database, strings.Join(parts, ", "))
}

// readsDatabase reports whether a server function makes a database statement.
func readsDatabase(name string) bool {
	for _, prefix := range []string{"SQL", "Storage", "MultiUpdate", "Account", "Users", "Friend", "Group", "UserGroups", "Notification"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// TestCosts compares the cost of each message and RPC of a party of four with the recorded file. Run
// it with -faults.costs to write the file again, and explain the change in the commit.
func TestCosts(t *testing.T) {
	sample, err := os.ReadFile("../../rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	got.WriteString("# What each message and RPC asks of the server: calls, database statements, and which calls.\n" +
		"# Streams by mode. SQL is a statement of our own, the look-up of blocks.\n")
	for _, rules := range []struct{ name, text string }{{"no rules", ""}, {"the sample rules", string(sample)}} {
		fmt.Fprintf(&got, "\n%s\n", rules.name)
		count(t, rules.text, func(what, line string) { fmt.Fprintf(&got, "%-16s %s\n", what, line) })
	}
	file := filepath.Join("testdata", "costs.txt")
	if *writeCosts {
		if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the costs have changed:\n%s\nwant\n%s", got.String(), want)
	}
}

// count plays a party's life and passes the cost of each step to tell.
func count(t *testing.T, rules string, tell func(what, line string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	defer cancel()
	w := prepareWorld(t, rules)
	c := &callCounter{calls: map[string]int{}}
	w.db = countingDB{func() { c.add("SQL") }}.open()
	t.Cleanup(func() { _ = w.db.Close() })
	w.start(t, engine.Options{})
	w.layer.Arm(fault.Fault{When: fromModule, Before: c.note})
	games := make([]*player.Game, 6)
	for i := range games {
		games[i] = play(ctx, t, w.api, fmt.Sprintf("player%d", i))
	}
	settle := func() {
		t.Helper()
		if err := w.settle(ctx, games...); err != nil {
			t.Fatal(err)
		}
	}
	settle()
	if rules != "" { // after a connect, the module looks for a kept seat in the background
		if err := c.awaitCalls(ctx, len(games), "StorageRead", "StreamUserList(102)"); err != nil {
			t.Fatal(err)
		}
	}
	step := func(what string, do func() error) {
		t.Helper()
		settle()
		c.take()
		if err := do(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		settle()
		if what != "" {
			tell(what, c.take())
		}
	}
	leader, friends, guest, asker := games[0], games[1:4], games[4], games[5]
	var id string
	step("create", func() (err error) { id, err = leader.CreateParty(ctx, true, 8); return err })
	for i, g := range friends {
		what := ""
		if i == len(friends)-1 {
			what = "join"
		}
		step(what, func() error { return g.JoinParty(ctx, id) })
	}
	step("data", func() error { return leader.SendData(ctx, id, 1, []byte("hello")) })
	step("promote", func() error { return leader.Promote(ctx, id, friends[0].Presence()) })
	step("", func() error { return friends[0].Promote(ctx, id, leader.Presence()) })
	var ticket string
	step("queue", func() error {
		reply, err := leader.Socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerAdd{PartyMatchmakerAdd: &rtapi.PartyMatchmakerAdd{
			PartyId: id, MinCount: 8, MaxCount: 8, Query: "*", StringProperties: map[string]string{"queue": "ranked_5v5", "region": "eu"}}}})
		ticket = reply.GetPartyMatchmakerTicket().GetTicket()
		if err != nil || rules == "" {
			return err
		}
		return c.awaitCalls(ctx, 1, "SQL") // the module reads the ticket's blocks in the background
	})
	step("queue cancel", func() error {
		_, err := leader.Socket.Call(ctx, &rtapi.Envelope{Message: &rtapi.Envelope_PartyMatchmakerRemove{PartyMatchmakerRemove: &rtapi.PartyMatchmakerRemove{
			PartyId: id, Ticket: ticket}}})
		return err
	})
	var invite party.CreatedInvite
	step("invite create", func() error {
		return leader.Call(ctx, "party_invite_create", inviteRequest{PartyID: id}, &invite)
	})
	step("invite preview", func() error { return guest.Call(ctx, "party_invite_preview", codeRequest{invite.Code}, nil) })
	step("invite redeem", func() error {
		if err := guest.Call(ctx, "party_invite_redeem", codeRequest{invite.Code}, nil); err != nil {
			return err
		}
		_, err := guest.Socket.Await(ctx, toldOfRedeem) // it comes a moment later
		return err
	})
	step("invite list", func() error { return leader.Call(ctx, "party_invite_list", partyRequest{id}, nil) })
	step("party check", func() error {
		return asker.Call(ctx, "party_check", map[string]any{"action": "join", "party_id": id}, nil)
	})
	step("leave", func() error { return guest.LeaveParty(ctx, id) })
	step("update", func() error { return leader.UpdateParty(ctx, id, false, `{"mode":"duel"}`) })
	step("ask to join", func() error { return asker.JoinParty(ctx, id) })
	step("accept", func() error { return leader.Accept(ctx, id, asker.Presence()) })
	step("kick", func() error { return leader.Remove(ctx, id, asker.Presence()) })
	step("status list", func() error { return leader.Call(ctx, "party_status_list", partyRequest{id}, nil) })
	step("status set", func() error {
		if err := friends[0].Call(ctx, "party_status_set", map[string]any{"party_id": id, "stage": "downloading", "progress": 0.5}, nil); err != nil {
			return err
		}
		_, err := leader.Socket.Await(ctx, toldOfStatus) // it comes a moment later
		return err
	})
	step("leader leaves", func() error { return leader.LeaveParty(ctx, id) })
	step("close after all", func() error { return friends[0].CloseParty(ctx, id) })
	step("", func() (err error) { id, err = leader.CreateParty(ctx, true, 8); return err })
	for _, g := range friends {
		step("", func() error { return g.JoinParty(ctx, id) })
	}
	step("close", func() error { return leader.CloseParty(ctx, id) })
}
