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
	for _, name := range hookNames(m.hooks...) {
		lines = append(lines, "hook "+name)
	}
	lines = append(lines, "match "+matchmaking.PartyMatch, "match "+matchmaking.SeatMatch)
	lines = append(lines, m.describeQueues()...)
	for _, route := range m.routes {
		lines = append(lines, fmt.Sprintf("http %s %s", strings.Join(route.Methods, ","), route.Pattern))
	}
	return lines
}

// describeQueues lists what registerQueues registers.
func (m *Module) describeQueues() []string {
	switch {
	case m.processing:
		return []string{"matchmaker matched", "matchmaker processor"}
	case m.matching:
		return []string{"matchmaker matched"}
	}
	return nil
}

// hookNames lists every handler as "<stage> <message> <owner>.<name>", in order.
func hookNames(sets ...hooks.Set) []string {
	var names []string
	add := func(stage, message, owner, name string, has bool) {
		if has {
			names = append(names, stage+" "+message+" "+owner+"."+name)
		}
	}
	for _, set := range sets {
		for _, h := range set.Hooks {
			add("before", h.Message, set.Owner, h.Name, h.Before != nil)
			add("after", h.Message, set.Owner, h.Name, h.After != nil)
		}
		for _, s := range set.Sessions {
			add("start", "session", set.Owner, s.Name, s.Start != nil)
			add("end", "session", set.Owner, s.Name, s.End != nil)
		}
		for _, l := range set.Listing {
			add("before", "ListParties", set.Owner, l.Name, l.Before != nil)
		}
		for _, l := range set.Matches {
			add("before", "ListMatches", set.Owner, l.Name, l.Before != nil)
		}
	}
	return names
}
