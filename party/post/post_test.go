package post_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"partyline/party"
	"partyline/party/partytest"
	"partyline/party/post"
)

// The others hear of a newcomer at once, the newcomer a moment later, and each once.
func TestPost_About(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := partytest.NewHost()
		p := host.Players(3)
		made := host.PartyCreate(p[0], true, 3)
		id, err := party.ParseID(made.PartyId)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range p[1:] {
			if err := host.PartyJoin(s, id); err != nil {
				t.Fatal(err)
			}
		}
		mail := post.New(host, host, &partytest.Log{})
		defer mail.Close()
		heard := func() map[string]int {
			synctest.Wait()
			by := map[string]int{}
			for _, sent := range host.Sent() {
				for _, to := range sent.To {
					by[to]++
				}
			}
			return by
		}
		if err := mail.About(id, p[2].UserID, party.OpInvite, map[string]string{"event": "redeemed"}); err != nil {
			t.Fatal(err)
		}
		if got := heard(); got[p[0].SessionID] != 1 || got[p[1].SessionID] != 1 || got[p[2].SessionID] != 0 {
			t.Errorf("heard at once: %v; want the others alone", got)
		}
		time.Sleep(post.After)
		if got := heard(); got[p[0].SessionID] != 1 || got[p[1].SessionID] != 1 || got[p[2].SessionID] != 1 {
			t.Errorf("heard in the end: %v; want everybody once", got)
		}
	})
}

// Alone in the party, the newcomer is the only one to hear; somebody who is not in it is told
// nothing.
func TestPost_Alone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := partytest.NewHost()
		p := host.Players(2)
		id, err := party.ParseID(host.PartyCreate(p[0], true, 3).PartyId)
		if err != nil {
			t.Fatal(err)
		}
		mail := post.New(host, host, &partytest.Log{})
		defer mail.Close()
		for _, user := range []string{p[0].UserID, p[1].UserID} {
			if err := mail.About(id, user, party.OpMember, struct{}{}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		var to []string
		for _, sent := range host.Sent() {
			to = append(to, sent.To...)
			if len(sent.To) == 0 {
				t.Error("a message without recipients goes to everybody")
			}
		}
		if want := []string{p[0].SessionID, p[0].SessionID}; !slices.Equal(to, want) {
			t.Errorf("told %v; want the one member, twice", to)
		}
	})
}
