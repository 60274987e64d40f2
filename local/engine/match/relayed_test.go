package match_test

import (
	"slices"
	"testing"
	"time"

	"partyline/local/engine/match"
	"partyline/local/engine/presence"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"
)

func createMessage(name string) *rtapi.Envelope {
	return &rtapi.Envelope{Cid: "1", Message: &rtapi.Envelope_MatchCreate{MatchCreate: &rtapi.MatchCreate{Name: name}}}
}

func tokenMessage(token string) *rtapi.Envelope {
	return &rtapi.Envelope{Cid: "1", Message: &rtapi.Envelope_MatchJoin{MatchJoin: &rtapi.MatchJoin{Id: &rtapi.MatchJoin_Token{Token: token}}}}
}

func TestRelayed_CreateJoinLeave(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		a, b := w.player("a"), w.player("b")
		created := w.ask(a, w.HandleCreate, createMessage(""))
		id := created.GetMatch().GetMatchId()
		wantEqual(t, "create", created, matchReply(&rtapi.Match{MatchId: id, Size: 1, Self: a.wire()}))
		// As in the list, the size in the answer to a join does not count the new player.
		wantEqual(t, "join", w.join(b, id), matchReply(&rtapi.Match{MatchId: id, Size: 1, Presences: []*rtapi.UserPresence{a.wire()}, Self: b.wire()}))
		wantEqual(t, "join again", w.join(b, id), matchReply(&rtapi.Match{MatchId: id, Size: 2, Presences: []*rtapi.UserPresence{a.wire(), b.wire()}, Self: b.wire()}))
		if m, err := w.Get(w.Context(), id); err != nil || m.Size != 2 || m.Authoritative || m.Label != nil {
			t.Errorf("Get = %v, %v", m, err)
		}
		for _, p := range []*socket{a, b} {
			leave := &rtapi.Envelope{Cid: "1", Message: &rtapi.Envelope_MatchLeave{MatchLeave: &rtapi.MatchLeave{MatchId: id}}}
			wantEqual(t, "leave", w.ask(p, w.HandleLeave, leave), &rtapi.Envelope{Cid: "1"})
		}
		wantEqual(t, "join the empty match", w.join(b, id), errorReply("1", rtapi.Error_MATCH_NOT_FOUND, "Match not found"))
		if m, err := w.Get(w.Context(), id); m != nil || err != nil {
			t.Errorf("Get = %v, %v", m, err)
		}
	})
}

func TestRelayed_CreateByName(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		a, b := w.player("a"), w.player("b")
		id := uuid.NewSHA1(uuid.NameSpaceDNS, []byte("lobby")).String() + "."
		wantEqual(t, "first", w.ask(a, w.HandleCreate, createMessage("lobby")), matchReply(&rtapi.Match{MatchId: id, Size: 1, Self: a.wire()}))
		wantEqual(t, "second", w.ask(b, w.HandleCreate, createMessage("lobby")), matchReply(&rtapi.Match{MatchId: id, Size: 2, Presences: []*rtapi.UserPresence{a.wire()}, Self: b.wire()}))
		wantEqual(t, "again", w.ask(a, w.HandleCreate, createMessage("lobby")), matchReply(&rtapi.Match{MatchId: id, Size: 2, Presences: []*rtapi.UserPresence{a.wire(), b.wire()}, Self: a.wire()}))
	})
}

func TestRelayed_SessionGone(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		a := w.player("a")
		w.tracker.end(a.id)
		if reply := w.ask(a, w.HandleCreate, createMessage("")); reply != nil {
			t.Errorf("create: %v", reply)
		}
		if reply := w.ask(a, w.HandleJoin, tokenMessage(w.tokens.Issue())); reply != nil {
			t.Errorf("join: %v", reply)
		}
	})
}

func TestRelayed_JoinByToken(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		a, b, c := w.player("a"), w.player("b"), w.player("c")
		token := w.tokens.Issue()
		first := w.ask(a, w.HandleJoin, tokenMessage(token))
		id := first.GetMatch().GetMatchId()
		wantEqual(t, "first", first, matchReply(&rtapi.Match{MatchId: id, Self: a.wire()}))
		wantEqual(t, "second", w.ask(b, w.HandleJoin, tokenMessage(token)), matchReply(&rtapi.Match{MatchId: id, Size: 1, Presences: []*rtapi.UserPresence{a.wire()}, Self: b.wire()}))

		invalid := errorReply("1", rtapi.Error_BAD_INPUT, "Invalid match token")
		bad := badTokens(w.tokens, time.Now())
		for name, token := range bad {
			wantEqual(t, name, w.ask(c, w.HandleJoin, tokenMessage(token)), invalid)
		}
		synctestSleep(match.TokenLife)
		wantEqual(t, "expired", w.ask(c, w.HandleJoin, tokenMessage(token)), invalid)
		if n := w.tracker.Count(streamOfRelayed(id)); n != 2 {
			t.Errorf("%d in the match; want 2", n)
		}
	})
}

// synctestSleep moves a bubble's clock.
func synctestSleep(d time.Duration) { <-time.After(d) }

func streamOfRelayed(id string) presence.Stream {
	return presence.Stream{Mode: presence.ModeMatchRelayed, Subject: uuid.MustParse(id[:36])}
}

// badTokens returns tokens that cannot be used to join a match.
func badTokens(tokens match.Tokens, now time.Time) map[string]string {
	sign := func(method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
		s, err := jwt.NewWithClaims(method, claims).SignedString(key)
		if err != nil {
			panic(err)
		}
		return s
	}
	good := jwt.MapClaims{"mid": uuid.NewString() + ".", "exp": now.Add(time.Minute).Unix()}
	return map[string]string{
		"empty":         "",
		"no_token":      "nonsense",
		"other_key":     match.Tokens{Key: []byte("other"), Now: tokens.Now}.Issue(),
		"other_method":  sign(jwt.SigningMethodHS512, tokens.Key, good),
		"unsigned":      sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good),
		"session_token": sign(jwt.SigningMethodHS256, tokens.Key, jwt.MapClaims{"uid": uuid.NewString(), "exp": now.Add(time.Minute).Unix()}),
		"wrong_type":    sign(jwt.SigningMethodHS256, tokens.Key, jwt.MapClaims{"mid": 7}),
		"no_match_id":   sign(jwt.SigningMethodHS256, tokens.Key, jwt.MapClaims{"mid": "lobby"}),
	}
}

func TestJoin_Refused(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		a := w.player("a")
		wantEqual(t, "nothing", w.ask(a, w.HandleJoin, &rtapi.Envelope{Cid: "1", Message: &rtapi.Envelope_MatchJoin{MatchJoin: &rtapi.MatchJoin{}}}),
			errorReply("1", rtapi.Error_BAD_INPUT, "No match ID or token found"))
		for id, want := range map[string]*rtapi.Envelope{
			"":                             errorReply("1", rtapi.Error_BAD_INPUT, "Invalid match ID"),
			"nonsense":                     errorReply("1", rtapi.Error_BAD_INPUT, "Invalid match ID"),
			"nonsense.":                    errorReply("1", rtapi.Error_BAD_INPUT, "Invalid match ID"),
			uuid.NewString():               errorReply("1", rtapi.Error_BAD_INPUT, "Invalid match ID"),
			uuid.NewString() + ".":         errorReply("1", rtapi.Error_MATCH_NOT_FOUND, "Match not found"),
			"(" + uuid.NewString() + ").":  errorReply("1", rtapi.Error_BAD_INPUT, "Invalid match ID"),
			"{" + uuid.NewString() + "}.":  errorReply("1", rtapi.Error_MATCH_NOT_FOUND, "Match not found"),
			uuid.NewString() + "." + node:  errorReply("1", rtapi.Error_MATCH_NOT_FOUND, "Match not found"),
			uuid.NewString() + ".other.no": errorReply("1", rtapi.Error_MATCH_NOT_FOUND, "Match not found"),
		} {
			wantEqual(t, id, w.join(a, id), want)
		}
		leave := &rtapi.Envelope{Cid: "1", Message: &rtapi.Envelope_MatchLeave{MatchLeave: &rtapi.MatchLeave{MatchId: "x"}}}
		wantEqual(t, "leave", w.ask(a, w.HandleLeave, leave), errorReply("1", rtapi.Error_BAD_INPUT, "Invalid match ID"))
		if _, err := w.Get(w.Context(), "x"); err == nil {
			t.Error("Get of a malformed ID: no error")
		}
	})
}

func TestRelayed_Data(t *testing.T) {
	inWorld(t, nil, func(w *world) {
		a, b, c, z := w.player("a"), w.player("b"), w.player("c"), w.player("z")
		id := w.ask(a, w.HandleCreate, createMessage("")).GetMatch().GetMatchId()
		w.join(b, id)
		w.join(c, id)
		hidden := w.player("hidden")
		w.tracker.Track(presence.ID{Node: node, SessionID: hidden.id}, hidden.user, streamOfRelayed(id), presence.Meta{Hidden: true})
		malformed := &rtapi.UserPresence{UserId: a.user.String(), SessionId: "x"}
		cases := []struct {
			name string
			from *socket
			id   string
			to   []*rtapi.UserPresence
			ok   bool
			want []string
		}{
			{"to_the_others", a, id, nil, true, []string{"b+c+hidden <- a: 5 hello"}},
			{"to_one", a, id, []*rtapi.UserPresence{c.wire()}, true, []string{"c <- a: 5 hello"}},
			{"to_oneself", a, id, []*rtapi.UserPresence{a.wire()}, true, []string{"a <- a: 5 hello"}},
			{"to_nobody_here", a, id, []*rtapi.UserPresence{z.wire()}, true, nil},
			{"from_outside", z, id, nil, false, nil},
			{"into_nothing", a, uuid.NewString() + ".", nil, false, nil},
			{"malformed_receiver", a, id, []*rtapi.UserPresence{malformed}, false, nil},
		}
		for _, c := range cases {
			w.routed()
			out, ok := w.HandleDataSend(w.Context(), c.from, &rtapi.Envelope{Cid: "1", Message: &rtapi.Envelope_MatchDataSend{
				MatchDataSend: &rtapi.MatchDataSend{MatchId: c.id, OpCode: 5, Data: []byte("hello"), Presences: c.to},
			}})
			if out != nil || ok != c.ok {
				t.Errorf("%s: reported %v, %v", c.name, out, ok)
			}
			if got := w.routed(); !slices.Equal(got, c.want) {
				t.Errorf("%s: routed %q; want %q", c.name, got, c.want)
			}
		}
	})
}

func FuzzToken(f *testing.F) {
	now := func() time.Time { return time.Unix(1_700_000_000, 0) }
	tokens := match.Tokens{Key: []byte("key"), Now: now}
	f.Add(tokens.Issue())
	for _, token := range badTokens(tokens, now()) {
		f.Add(token)
	}
	tr := &tracker{on: map[presence.Stream][]presence.Presence{}}
	r, err := match.NewRegistry(match.Options{Node: node, Tracker: tr, Tokens: tokens})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = r.Shutdown(f.Context(), 0) })
	f.Fuzz(func(t *testing.T, token string) {
		s := &socket{name: "a", id: uuid.New()}
		out, ok := r.HandleJoin(t.Context(), s, tokenMessage(token))
		if len(s.got) != 1 {
			t.Fatalf("%d replies", len(s.got))
		}
		if id := out.GetMatch().GetMatchId(); ok && tr.Count(streamOfRelayed(id)) == 0 {
			t.Errorf("accepted into %q without being there", id)
		}
		if !ok && s.got[0].GetError().GetMessage() != "Invalid match token" {
			t.Errorf("replied %v", s.got[0])
		}
	})
}
