package wiring

import (
	"fmt"
	"strings"

	"partyline/hooks"
	"partyline/matchmaking"
)

// Describe lists every entry point of the module, one per line: RPCs with who may call them, hooks by stage,
// message and name, match handlers, matchmaker functions, and HTTP routes with their methods.
func (m *Module) Describe() []string {
	var lines []string
	for _, row := range m.calls {
		who := "signed-in users"
		if row.ServerOnly {
			who = "servers with the HTTP key"
		}
		lines = append(lines, "rpc "+row.ID+" for "+who)
	}
	for _, h := range m.hooks {
		if h.Before != nil {
			lines = append(lines, "hook before "+h.Message+" "+h.Name)
		}
		switch {
		case h.Message == hooks.SessionStart:
			lines = append(lines, "hook start session "+h.Name)
		case h.Message == hooks.SessionEnd:
			lines = append(lines, "hook end session "+h.Name)
		case h.After != nil:
			lines = append(lines, "hook after "+h.Message+" "+h.Name)
		}
	}
	lines = append(lines, "hook before ListParties query", "hook before ListMatches query")
	lines = append(lines, "match "+matchmaking.PartyMatchName, "match "+matchmaking.SeatMatchName)
	lines = append(lines, m.describeQueues()...)
	for _, route := range m.routes {
		lines = append(lines, fmt.Sprintf("http %s %s", strings.Join(route.Methods, ","), route.Pattern))
	}
	return lines
}

// describeQueues lists what registerQueues registers.
func (m *Module) describeQueues() []string {
	switch {
	case m.isMatchmaker:
		return []string{"matchmaker matched", "matchmaker processor"}
	case m.hasMatchedHook:
		return []string{"matchmaker matched"}
	}
	return nil
}
