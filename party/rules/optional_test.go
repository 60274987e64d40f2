package rules_test

import (
	"testing"

	"partyline/party/rules"
)

// A nil list of facts is an empty list for a condition, and not a missing value. The loader returns nil for a
// player without a group.
func TestDecide_EmptyListIsNoMissingValue(t *testing.T) {
	for deny, refused := range map[string]bool{
		"any(user?.groups, .admin)": false, "len(user?.groups) == 0": true, "len(party?.members) == 0": true, "all(party?.members, .leader)": true,
		"user.vars?.platform == ''": true, "party.label?.mode == nil": true,
	} {
		s, err := rules.Load([]byte("version: 1\nrules: [{id: r, on: [join], deny: \""+deny+"\"}]"), "f")
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.Try(t.Context(), rules.Facts{Action: rules.ActionJoin}, nil)
		if err != nil || d.Allowed == refused {
			t.Errorf("%s: %+v, %v; want that it is answered", deny, d, err)
		}
	}
	for _, deny := range []string{"(user.groups?.[0].name ?? 'none') == 'none'", "(party.members?.[0].username ?? 'none') == 'none'", "user?.groups[0]?.admin"} {
		s, err := rules.Load([]byte("version: 1\nrules: [{id: r, on: [join], deny: \""+deny+"\"}]"), "f")
		if err != nil {
			t.Fatal(err)
		}
		none := rules.Facts{Action: rules.ActionJoin}
		empty := rules.Facts{Action: rules.ActionJoin, User: rules.UserFacts{Groups: []rules.GroupFacts{}}, Party: rules.PartyFacts{Members: []rules.MemberFacts{}}}
		was, wasErr := s.Try(t.Context(), empty, nil)
		is, isErr := s.Try(t.Context(), none, nil)
		if was != is || (wasErr == nil) != (isErr == nil) || wasErr != nil && wasErr.Error() != isErr.Error() {
			t.Errorf("%s:\n []:  %+v, %v\n nil: %+v, %v", deny, was, wasErr, is, isErr)
		}
	}
}
