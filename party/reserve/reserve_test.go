package reserve_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"partyline/party"
	"partyline/party/reserve"
	"partyline/party/rules"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// scene is a random party with its book and an intent.
type scene struct {
	view   party.View
	book   reserve.Book
	policy rules.Parties
	facts  reserve.Facts
	now    time.Time
	intent reserve.Intent
}

func session(user, device int) party.Session {
	return party.Session{UserID: fmt.Sprint("user", user), SessionID: fmt.Sprintf("session%d.%d", user, device)}
}

func (s scene) decide() (reserve.Effects, error) {
	return reserve.Decide(s.view, s.book, s.policy, s.facts, s.now, s.intent)
}

// joins reports whether one of the user's devices is joining.
func (s scene) joins(user string) bool {
	for _, p := range s.book.Pending {
		if p.Session.UserID == user {
			return true
		}
	}
	return false
}

func draw(t *rapid.T) scene {
	user := rapid.IntRange(0, 5)
	device := rapid.IntRange(0, 1)
	who := rapid.Custom(func(t *rapid.T) party.Session { return session(user.Draw(t, "user"), device.Draw(t, "device")) })
	s := scene{book: reserve.NewBook(), now: epoch}
	later := func() time.Time {
		return epoch.Add(time.Duration(rapid.IntRange(-3, 20).Draw(t, "seconds")) * time.Second)
	}
	s.view = party.View{
		ID:    party.ID{UUID: uuid.MustParse("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), Node: "n"},
		Facts: party.Facts{MaxSize: rapid.IntRange(1, 5).Draw(t, "max"), Open: rapid.Bool().Draw(t, "open")},
	}
	for i, m := range rapid.SliceOfNDistinct(user, 1, s.view.MaxSize, rapid.ID[int]).Draw(t, "members") {
		s.view.Members = append(s.view.Members, party.Member{Session: session(m, 0), JoinedAt: epoch.Add(time.Duration(i)), Leader: i == 0})
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "holds") {
		s.book.Hold(s.view, reserve.Hold{InviteID: fmt.Sprint(i), UserIDs: []string{who.Draw(t, "held").UserID}, ExpiresAt: later()})
	}
	for range rapid.IntRange(0, 2).Draw(t, "kicks") {
		s.book.BeginKick(who.Draw(t, "kicked").UserID, "leader", later(), rapid.Bool().Draw(t, "bans"), rapid.Bool().Draw(t, "joins"))
		s.book.Ban(who.Draw(t, "banned").UserID, later(), 10*time.Second, rapid.Bool().Draw(t, "joins"))
	}
	for range rapid.IntRange(0, 2).Draw(t, "kept") {
		s.book.KeepSeat(s.view.ID, party.Member{Session: who.Draw(t, "away")}, "", later(), 10*time.Second)
	}
	for range rapid.IntRange(0, 2).Draw(t, "pending") {
		p := who.Draw(t, "pending")
		s.book.Pending[p.SessionID] = &reserve.PendingJoin{Session: p, By: p.SessionID, Until: later()}
	}
	for range rapid.IntRange(0, 4).Draw(t, "requests") {
		r := who.Draw(t, "asks")
		s.book.Requests[r.SessionID] = reserve.Request{Session: r}
	}
	s.policy = rules.Parties{
		SecondSocket: rapid.SampledFrom([]rules.SecondSocket{rules.SecondSocketMove, rules.SecondSocketRefuse}).Draw(t, "second socket"),
		Requests:     rules.Requests{Cap: rapid.IntRange(1, 4).Draw(t, "cap"), WhileInParty: rapid.Bool().Draw(t, "while in party")},
	}
	if rapid.Bool().Draw(t, "locked") {
		s.facts.Locked = party.Refuse(party.PartyLocked, "locked")
	}
	s.facts.Friend = rapid.Bool().Draw(t, "friend")
	s.facts.LiveRequests = rapid.IntRange(0, len(s.book.Requests)).Draw(t, "live")
	joiner := who.Draw(t, "joiner")
	s.intent = reserve.Intent{Kind: reserve.Kind(rapid.IntRange(0, 2).Draw(t, "kind")), Session: joiner, By: joiner.SessionID}
	switch s.intent.Kind {
	case reserve.Admit:
		s.intent.Grant = party.Grant{Back: rapid.Bool().Draw(t, "back"), InvitedAt: later(), Named: rapid.Bool().Draw(t, "named")}
	case reserve.Accept:
		s.intent.By = who.Draw(t, "by").SessionID
	}
	s.book.Purge(s.now)
	return s
}

// An admitted player has a seat, and takes nobody else's.
func TestDecide_NobodyTakesAKeptSeat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t)
		effects, err := s.decide()
		if err != nil || effects.Take == nil && effects.Pend == nil {
			return
		}
		_, member := s.view.Member(s.intent.Session.UserID)
		taken, held := s.book.Seats(s.view, s.intent.Session.UserID)
		if !member && taken+held >= s.view.MaxSize {
			if _, pending := s.book.Pending[s.intent.Session.SessionID]; !pending || taken+held > s.view.MaxSize {
				t.Errorf("let in with %d seats taken and %d kept of %d", taken, held, s.view.MaxSize)
			}
		}
	})
}

// A kick keeps its user out, except for a later invite that names them. For the host's own joins, and for a member
// whose seat moves, it counts only if the rules say so.
func TestDecide_KickedStaysOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t)
		k, kicked := s.book.Kicked(s.intent.Session.UserID)
		effects, err := s.decide()
		_, in := s.view.Session(s.intent.Session.SessionID)
		grant := s.intent.Grant
		_, member := s.view.Member(s.intent.Session.UserID)
		native := grant == party.Grant{} || grant.Back && member
		lifted := grant.Named && grant.InvitedAt.After(k.At) || native && k.Joins != nil && !*k.Joins
		if kicked && !in && !lifted && err == nil {
			t.Errorf("a kicked user: %+v", effects)
		}
	})
}

// Only a returning member, or one who changes devices, may enter a locked party.
func TestDecide_LockKeepsNewcomersOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t)
		effects, err := s.decide()
		user := s.intent.Session.UserID
		_, member := s.view.Member(user)
		if s.facts.Locked != nil && err == nil && !member && !s.book.Keeps(user) {
			t.Errorf("past the lock: %+v", effects)
		}
	})
}

// A decision changes nothing, and facts that Needs did not name do not matter.
func TestDecide_IsPure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t)
		before := fmt.Sprintf("%+v", dump(s.book))
		effects, err := s.decide()
		if after := fmt.Sprintf("%+v", dump(s.book)); after != before {
			t.Errorf("the book changed from %s to %s", before, after)
		}
		need := reserve.Needs(s.view, s.book, s.policy, s.intent)
		less := s
		if !need.Locked {
			less.facts.Locked = nil
		}
		if !need.Requests {
			less.facts.LiveRequests = 0
		}
		if !need.Friend {
			less.facts.Friend = false
		}
		again, errAgain := less.decide()
		if !reflect.DeepEqual(effects, again) || fmt.Sprint(err) != fmt.Sprint(errAgain) {
			t.Errorf("with the needed facts alone: %+v, %v; with all: %+v, %v", again, errAgain, effects, err)
		}
	})
}

func dump(b reserve.Book) map[string]any {
	kept := map[string]reserve.KeptSeat{}
	for u, k := range b.Kept {
		kept[u] = *k
	}
	return map[string]any{"holds": b.Holds, "kicks": b.Kicks, "kicking": b.Kicking, "kept": kept, "pending": b.Pending, "requests": b.Requests}
}

// A seat counts once per user, and a user's own seat does not block them.
func TestSeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t)
		_, all := s.book.Seats(s.view, "")
		for i := range 6 {
			user := session(i, 0).UserID
			_, others := s.book.Seats(s.view, user)
			own := 0
			if _, in := s.view.Member(user); !in && s.book.Seated(s.view, user) && !s.joins(user) {
				own = 1
			}
			if others != all-own {
				t.Errorf("%d seats kept, %d for others than %s; want %d", all, others, user, all-own)
			}
		}
		if expected := s.book.Look(s.view, party.ID{}, 0).Expected; len(expected) < all {
			t.Errorf("%d seats kept, but only %q expected", all, expected)
		}
	})
}

// A refusal is worded for the sender of the message: the player who comes in, or the leader who accepts a player.
func TestDecide_SpeaksToTheSender(t *testing.T) {
	leader, member, guest := session(0, 0), session(1, 0), session(2, 0)
	v := party.View{Facts: party.Facts{MaxSize: 4}, Members: []party.Member{{Session: leader, Leader: true}, {Session: member}}}
	banned := reserve.NewBook()
	banned.Ban(guest.UserID, epoch, time.Minute, true)
	joining := reserve.NewBook()
	joining.Pending[session(2, 1).SessionID] = &reserve.PendingJoin{Session: session(2, 1), Until: epoch.Add(time.Minute)}
	for name, c := range map[string]struct {
		book   reserve.Book
		joiner party.Session
	}{
		"member":       {reserve.NewBook(), member},
		"other_device": {reserve.NewBook(), session(1, 1)},
		"banned":       {banned, guest},
		"joining":      {joining, guest},
	} {
		for kind, word := range map[reserve.Kind]string{reserve.Join: "You ", reserve.Accept: "This player "} {
			_, err := reserve.Decide(v, c.book, rules.Parties{}, reserve.Facts{}, epoch, reserve.Intent{Kind: kind, Session: c.joiner, By: leader.SessionID})
			if err == nil || !strings.HasPrefix(party.AsError(err).Message, word) {
				t.Errorf("%s, kind %d: %v; want a text that begins with %q", name, kind, err, word)
			}
		}
	}
	for kind, word := range map[reserve.Kind]string{reserve.Join: "You ", reserve.Accept: "This player "} {
		if err := reserve.Elsewhere(reserve.Intent{Kind: kind}); !strings.HasPrefix(party.AsError(err).Message, word) {
			t.Errorf("in another party, kind %d: %v; want a text that begins with %q", kind, err, word)
		}
	}
}
