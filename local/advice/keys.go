package advice

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"partyline/party/rules"
)

// Warnings returns the warnings of a loaded file, and those about keys that have no effect, in the order of lines.
func Warnings(set *rules.Set) rules.Problems {
	all := slices.Clone(set.Warnings())
	warnIf := func(odd bool, path, what, allowed string) {
		if odd {
			all = append(all, set.Warning(path, what, allowed))
		}
	}
	c := set.Config()
	warnIf(c.Parties.ResumeOnConnect && c.Parties.ReconnectGrace == 0, "parties.resume_on_connect",
		"has no effect while no seat is kept", "set parties.reconnect_grace")
	warnIf(c.Parties.Survive.Restart > 0 && c.Parties.ReconnectGrace == 0, "parties.survive.restart",
		"has no effect while no seat is kept", "set parties.reconnect_grace")
	warnIf(c.Status.ResetTo != "" && len(c.Status.ResetOn) == 0, "status.reset_to",
		"has no effect without reset_on", "set status.reset_on")
	warnIf(len(c.Status.ResetOn) > 0 && c.Status.Ready == "", "status.reset_on",
		"has no effect without a ready stage", "set status.ready")
	warnIf(c.Matchmaking.CreateMatch && len(c.Queues) > 0, "matchmaking.create_match",
		"has no effect with queues, which make their own matches", "")
	// Places are found by a rule's number; problems name it by its ID.
	ofRule := func(i int, odd bool, key, what string) {
		if odd {
			warning := set.Warning(fmt.Sprintf("rules[%d]%s", i+1, key), what, "")
			warning.Path = "rules." + c.Rules[i].ID + key
			all = append(all, warning)
		}
	}
	for i, r := range c.Rules {
		ofRule(i, r.Allow != "" && r.Message != "", ".message", "is never shown, because the rule only allows")
		first := firstToSettle(c.Rules[:i], r.On)
		ofRule(i, first > 0, "", fmt.Sprintf("is never asked, because rule %d always decides before it", first))
	}
	warnOfPage(c, warnIf)
	for _, name := range slices.Sorted(maps.Keys(c.Queues)) {
		warnOfQueue(set, name, warnIf)
	}
	slices.SortStableFunc(all, func(a, b rules.Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return all
}

type warner func(odd bool, path, what, allowed string)

// firstToSettle returns the number of the rule with which rules that always decide have settled all of these actions; 0 if
// they have not.
func firstToSettle(before []rules.Rule, actions []rules.Action) (number int) {
	for _, action := range actions {
		i := slices.IndexFunc(before, func(r rules.Rule) bool {
			always := strings.TrimSpace(r.Deny) == "true" || strings.TrimSpace(r.Allow) == "true"
			return always && slices.Contains(r.On, action)
		})
		if i < 0 {
			return 0
		}
		number = max(number, i+1)
	}
	return number
}

// warnOfPage warns of what the landing page or a chat program never shows.
func warnOfPage(c rules.Config, warnIf warner) {
	page, path := c.Invites.Page, "invites.page.image"
	address := page.Image
	if strings.HasPrefix(address, "/") {
		address = c.Invites.PublicURL + address
	}
	warnIf(page.Image != "" && !strings.HasPrefix(address, "https://"), path,
		"is not reached by https; most chats will not show it", "use an https:// address, or an https:// public_url")
	file, _, _ := strings.Cut(page.Image, "?")
	warnIf(strings.HasSuffix(strings.ToLower(file), ".svg"), path,
		"is an SVG, which no chat shows", "use PNG or JPEG, 1200 by 630 pixels")
	texts := map[string]map[string]string{"invites.page.texts": page.Texts}
	for language, own := range page.Languages {
		texts["invites.page.languages."+language] = own
	}
	for _, path := range slices.Sorted(maps.Keys(texts)) {
		_, titled := texts[path]["heading_titled"]
		warnIf(titled && strings.TrimSpace(page.Title) == "", path+".heading_titled",
			"is never shown: the game has no title", "set invites.page.title")
	}
}

func warnOfQueue(set *rules.Set, name string, warnIf warner) {
	at, q := "queues."+name, set.Config().Queues[name]
	size, tick := q.TeamSize, rules.DefaultOf[rules.Queue]().Tick
	warnIf(size.Min == size.Max || size.Min == 0 && size.After > 0, at+".team_size",
		"teams never get smaller", "set min below max")
	warnIf(q.FullPartyAlone && q.Teams > 1, at+".full_party_alone",
		fmt.Sprintf("has no effect with %d teams, because a party is never split over them", q.Teams), "")
	most := set.Config().Parties.MaxSize.Max
	warnIf(q.MaxParty > most, at+".max_party",
		fmt.Sprintf("no party has more than the %d players of parties.max_size.max", most), "")
	warnIf(q.Parity != nil && q.Parity.Mode != rules.ParityOff && q.Parity.Diff >= size.Max, at+".parity.diff",
		fmt.Sprintf("groups of a team of %d never differ by more than %d", size.Max, size.Max-1), "")
	warnIf(q.Match != rules.PartyMatch && q.Tick != tick, at+".tick",
		"has no effect, because the match is not "+rules.PartyMatch, "")
	warnIf(q.Match != rules.FleetMatch && q.Fleet != nil, at+".fleet",
		"has no effect, because the match is not "+rules.FleetMatch, "")
	warnOfWiden := func(at string, widen rules.Rate) {
		warnIf(set.IsSet(at+".widen") && !set.IsSet(at+".max") && !widen.Unlimited(), at+".widen",
			"has no effect without max", "set max")
	}
	if q.Latency != nil {
		warnOfWiden(at+".latency", q.Latency.Widen)
	}
	if s := q.Skill; s != nil {
		warnOfWiden(at+".skill", s.Widen)
		warnIf(s.Max > s.Window && s.Widen.Unlimited(), at+".skill.max",
			"is never reached, because the window does not widen", "set widen, such as 25/s")
		warnIf(s.Source != rules.SkillFromStorage && (s.Storage.Collection != "" || s.Storage.Key != ""), at+".skill.storage",
			fmt.Sprintf("has no effect with source %q", s.Source), "set source: storage")
	}
}
