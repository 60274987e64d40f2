package reconnect_test

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"partyline/local/partytest"
	"partyline/party"
)

func TestRemoved_NotifiesToWhomItHappened(t *testing.T) {
	w := newWorld(t, partytest.NewTime().Now)
	p := w.host.Players(5)
	id := w.party(false, 4, p[0], p[1], p[2])
	w.kick(p[0], p[1], id)
	w.drop(p[2])
	w.kick(p[0], p[2], id) // the member is away
	w.must(w.admission.BeginJoin(t.Context(), id, p[3]))
	w.admission.EndJoin(t.Context(), id, p[3]) // asks to join
	w.must(w.admission.Kicked(t.Context(), id, p[3]))

	want := []struct {
		to   party.Session
		kind string
	}{{p[1], "kicked"}, {p[2], "kicked"}, {p[3], "request_rejected"}}
	got := w.host.Notices()
	if len(got) != len(want) {
		t.Fatalf("%d notifications; want %d", len(got), len(want))
	}
	for i, n := range got {
		content := map[string]any{"party_id": id.String(), "by": p[0].UserID, "kind": want[i].kind}
		if n.UserID != want[i].to.UserID || party.Notice(n.Code) != party.NoticeRemoved || n.Subject != party.NoticeRemoved.Subject() || n.Persistent || !maps.Equal(n.Content, content) {
			t.Errorf("notification %d = %+v; want a fleeting one of %s to %s", i, *n, want[i].kind, want[i].to.Username)
		}
	}
	removed := slices.DeleteFunc(w.messages(), func(m message) bool { return m.Event != "removed" })
	if len(removed) != 2 || removed[0].By != p[0].UserID || removed[0].Until != 0 || removed[1].UserID != p[2].UserID {
		t.Errorf("the party was told %+v; want of the two members who were removed", removed)
	}
}

// A party is told of a member's return before later events of that member or others.
func TestNews_InOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, time.Now)
		w.posts = true
		w.node = w.newNode()
		p := w.host.Players(3)
		id := w.party(true, 3, p...)
		w.drop(p[2])
		w.drop(w.resumeInto(p[2].UserID, id))
		w.told("away player3")
		time.Sleep(party.NewcomerAfter)
		synctest.Wait()
		w.told("away player3", "back player3", "away player3")

		w.drop(p[1])
		w.drop(p[0])
		before := len(w.heardEvents())
		back := w.host.Connect(p[0].UserID)
		_, err := w.resume(back)
		w.must(err)
		w.kick(back, p[1], w.admission.Current(id))
		time.Sleep(party.NewcomerAfter)
		synctest.Wait()
		if got, want := w.heardEvents()[before:], []string{"restored player1", "back player1", "lost player2", "removed player2"}; !slices.Equal(got, want) {
			t.Errorf("told %q; want %q", got, want)
		}
		w.grace.Close()
	})
}
