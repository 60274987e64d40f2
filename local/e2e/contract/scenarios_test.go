package contract

import "slices"

// Scenarios returns all scenarios, in the order of their files.
func Scenarios() []Scenario {
	return slices.Concat(partyLife, closedParties, malformed, statuses, matches, accounts, social)
}
