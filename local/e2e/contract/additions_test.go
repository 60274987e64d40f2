package contract

import (
	"strings"

	"github.com/heroiclabs/nakama-common/rtapi"
)

// additions are the messages that a server with the module and without a rules file sends in
// addition to a stock server's. Transcripts do not contain them, because the module's own suites
// test them.
var additions = []struct {
	what string
	is   func(*rtapi.Envelope) bool
}{
	{"the party hears who was removed", func(e *rtapi.Envelope) bool {
		d := e.GetPartyData()
		return d.GetOpCode() == -5 && d.GetPresence().GetUsername() == "partyline" && strings.Contains(string(d.GetData()), `"removed"`)
	}},
	{"a player hears that a leader removed them, or did not let them in", func(e *rtapi.Envelope) bool {
		list := e.GetNotifications().GetNotifications()
		return len(list) == 1 && list[0].GetCode() == 1004
	}},
}

// isAddition reports whether a stock server would not have sent the envelope.
func isAddition(e *rtapi.Envelope) bool {
	for _, a := range additions {
		if a.is(e) {
			return true
		}
	}
	return false
}
