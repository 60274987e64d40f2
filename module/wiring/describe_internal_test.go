package wiring

import (
	"fmt"
	"strings"

	"partyline/hooks"
	"partyline/matchmaking"
)

// Describe lists every way into the module, one per line: RPCs with who may call them,
// hooks by stage, message, owner and name, match handlers, what the matchmaker asks, and
// HTTP routes with their methods.
func (m *Module) Describe() []string {
	var lines []string
	for _, set := range m.calls {
		for _, row := range set.Rows {
			lines = append(lines, fmt.Sprintf("rpc %s for %s", row.ID, row.Who))
		}
	}
	for _, set := range m.hooks {
		lines = append(lines, describeHooks(set)...)
	}
	lines = append(lines, "match "+matchmaking.PartyMatch, "match "+matchmaking.SeatMatch)
	if m.matching {
		lines = append(lines, "matchmaker matched")
	}
	if m.processing {
		lines = append(lines, "matchmaker processor")
	}
	for _, route := range m.routes {
		lines = append(lines, fmt.Sprintf("http %s %s", strings.Join(route.Methods, ","), route.Pattern))
	}
	return lines
}

func describeHooks(set hooks.Set) (lines []string) {
	add := func(stage, message, name string, has bool) {
		if has {
			lines = append(lines, "hook "+stage+" "+message+" "+set.Owner+"."+name)
		}
	}
	for _, h := range set.Hooks {
		add("before", h.Message, h.Name, h.Before != nil)
		add("after", h.Message, h.Name, h.After != nil)
	}
	for _, s := range set.Sessions {
		add("start", "session", s.Name, s.Start != nil)
		add("end", "session", s.Name, s.End != nil)
	}
	for _, l := range set.Listing {
		add("before", "ListParties", l.Name, l.Before != nil)
	}
	for _, l := range set.Matches {
		add("before", "ListMatches", l.Name, l.Before != nil)
	}
	return lines
}
