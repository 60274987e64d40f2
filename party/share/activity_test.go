package share_test

import (
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"partyline/party"
	"partyline/party/rules"
	"partyline/party/share"
)

var update = flag.Bool("update", false, "write the golden payloads again")

// The payloads as platforms get them. Values that differ between runs are replaced.
func TestService_Activity_golden(t *testing.T) {
	for name, size := range map[string]int{"party": 4, "large_party": 200} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.host.Players(2)
			id := w.party(size, p...)
			a, err := w.share.Activity(t.Context(), caller(p[0]), share.ActivityRequest{PartyID: id.String()})
			w.must(err)
			body, err := json.MarshalIndent(a, "", "  ")
			w.must(err)
			text := strings.NewReplacer(a.Generic.Code, "<code>", a.Generic.Group, "<group>", a.Apple.PartyCode, "<digits>-<digits>").Replace(string(body))
			text = regexp.MustCompile(`"expires_at": \d+`).ReplaceAllString(text, `"expires_at": <time>`) + "\n"
			file := "testdata/activity_" + name + ".golden"
			if *update {
				w.must(os.WriteFile(file, []byte(text), 0o600))
			}
			want, err := os.ReadFile(file)
			w.must(err)
			if text != string(want) {
				t.Errorf("payloads:\n%s\nwant:\n%s", text, want)
			}
		})
	}
}

// The limits that the platforms document.
func TestService_Activity_limits(t *testing.T) {
	w := newWorld(t)
	w.conf.Invites.Page.Texts = map[string]string{"party": strings.Repeat("ж", 200)}
	p := w.host.Players(2)
	id := w.party(256, p...)
	a, err := w.share.Activity(t.Context(), caller(p[0]), share.ActivityRequest{PartyID: id.String()})
	w.must(err)
	for what, text := range map[string]string{"state": a.Discord.State, "party.id": a.Discord.Party.ID, "secrets.join": a.Discord.Secrets.Join} {
		if n := len([]rune(text)); n < 2 || n > 128 {
			t.Errorf("discord %s has %d characters", what, n)
		}
	}
	if a.Discord.Party.ID == a.Discord.Secrets.Join {
		t.Error("discord: the party's ID is the secret")
	}
	if len(a.Steam.Connect) > 256 || len(a.Steam.Group) > 256 {
		t.Errorf("steam = %+v", a.Steam)
	}
	if len(a.Xbox.ConnectionString) >= 512 || len(a.Xbox.GroupID) >= 128 || a.Xbox.MaxPlayers > 100 || a.Xbox.CurrentPlayers > 100 {
		t.Errorf("xbox = %+v", a.Xbox)
	}
	if !regexp.MustCompile(`^[0-9]{6}-[0-9]{6}$`).MatchString(a.Apple.PartyCode) {
		t.Errorf("apple party code = %q; want two equal parts of digits", a.Apple.PartyCode)
	}
	body, err := json.Marshal(a)
	w.must(err)
	if strings.Contains(string(body), id.UUID.String()) {
		t.Error("the party's ID, which lets anybody into an open party, is in a payload")
	}
}

func TestService_Activity_oneInvite(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(8, p[0], p[1])
	shared, err := w.ask(p[0], share.Request{PartyID: id.String(), To: share.To{UserIDs: []string{p[2].UserID}}, Message: "come"})
	w.must(err)
	ask := func(s party.Session) share.Activity {
		t.Helper()
		a, err := w.share.Activity(t.Context(), caller(s), share.ActivityRequest{PartyID: id.String()})
		w.must(err)
		return a
	}
	first, again, other := ask(p[0]), ask(p[0]), ask(p[1])
	if first.Generic.URL != shared.URL || again != first {
		t.Errorf("activity = %+v, then %+v; want the invite that was shared, %s", first, again, shared.URL)
	}
	if other.Generic.Group != first.Generic.Group || other.Generic.Code == first.Generic.Code {
		t.Errorf("another member's activity = %+v; want the same group and an invite of their own", other)
	}
	list, err := w.invites.List(t.Context(), caller(p[0]), id.String())
	w.must(err)
	for _, inv := range list {
		if inv.ID == shared.ID && inv.Message != "come" {
			t.Errorf("the shared invite's message is %q now", inv.Message)
		}
	}
	redeemed, err := w.invites.Redeem(t.Context(), caller(p[2]), first.Apple.PartyCode, "")
	w.must(err)
	if redeemed.PartyID != id.String() {
		t.Errorf("the digits lead to %s", redeemed.PartyID)
	}
}

func TestService_Activity_whoMay(t *testing.T) {
	w := newWorld(t)
	p := w.host.Players(3)
	id := w.party(4, p[0], p[1])
	_, err := w.share.Activity(t.Context(), caller(p[0]), share.ActivityRequest{})
	w.refused(err, party.InvalidRequest)
	_, err = w.share.Activity(t.Context(), caller(p[2]), share.ActivityRequest{PartyID: id.String()})
	w.refused(err, party.NotMember)
	w.conf.Invites.Who = rules.InviteLeader
	_, err = w.share.Activity(t.Context(), caller(p[1]), share.ActivityRequest{PartyID: id.String()})
	w.refused(err, party.NotLeader)
	w.nothingShared(p[1], id)
}
