package post_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"partyline/local/partytest"
	"partyline/party"
	"partyline/party/post"
)

// A party gets the message about a new member once, a moment later. A closed post sends nothing.
func TestPost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := partytest.NewHost()
		id, err := party.ParseID(host.PartyCreate(host.Players(1)[0], true, 3).PartyId)
		if err != nil {
			t.Fatal(err)
		}
		mail := post.New(host, &partytest.Log{})
		send := func() {
			t.Helper()
			if err := mail.Send(id, party.OpInvite, map[string]string{"event": "redeemed"}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		send()
		if n := len(host.Sent()); n != 0 {
			t.Errorf("%d messages at once", n)
		}
		time.Sleep(party.NewcomerAfter)
		synctest.Wait()
		sent := host.Sent()
		if len(sent) != 1 || len(sent[0].To) != 0 || sent[0].Envelope.GetPartyData().GetOpCode() != party.OpInvite || sent[0].Subject != id.UUID.String() {
			t.Errorf("sent %v; want one message to everybody in the party", sent)
		}
		send()
		mail.Close()
		time.Sleep(time.Second)
		if n := len(host.Sent()); n != 1 {
			t.Errorf("%d messages from a process that has ended", n-1)
		}
	})
}

// The messages of one party arrive in order, also if all are due.
func TestPost_Order(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := partytest.NewHost()
		id, err := party.ParseID(host.PartyCreate(host.Players(1)[0], true, 3).PartyId)
		if err != nil {
			t.Fatal(err)
		}
		mail := post.New(host, &partytest.Log{})
		defer mail.Close()
		if mail.Pending(id) {
			t.Error("something waits for a party in which nothing has happened")
		}
		const letters = 50
		for number := range letters {
			if err := mail.Send(id, party.OpMember, number); err != nil {
				t.Fatal(err)
			}
		}
		if !mail.Pending(id) || mail.Pending(party.ID{}) {
			t.Error("nothing waits for the party, or something for another one")
		}
		time.Sleep(party.NewcomerAfter)
		synctest.Wait()
		if mail.Pending(id) {
			t.Error("something still waits")
		}
		sent := host.Sent()
		for number := range letters {
			if len(sent) != letters || string(sent[number].Envelope.GetPartyData().GetData()) != strconv.Itoa(number) {
				t.Fatalf("letter %d of %d is another one", number, len(sent))
			}
		}
	})
}
