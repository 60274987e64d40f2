package hooks

import (
	"context"

	"partyline/party"
)

// Hardening closes holes of the stock server for which no rules are needed: malformed IDs, the server's op codes,
// floods, and tickets of parties without members. rate counts a message of party data.
func Hardening(rate func(userID string) error, parties Parties, policy party.Policy) []Hook {
	var table []Hook
	// The host reads more spellings of an ID than the one it writes. The message continues with
	// that one spelling, so that every handler and the host see the same party.
	for _, message := range []string{PartyLeave, PartyMatchmakerRemove, PartyJoinRequestList} {
		table = append(table, Hook{Message: message, Name: "party_id", Before: canonicalPartyID})
	}
	for _, message := range existingPartyMessages {
		table = append(table, Hook{Message: message, Name: "party_id", Before: func(ctx context.Context, call *Call) error {
			_ = canonicalPartyID(ctx, call)
			_, err := call.PartyID()
			return err
		}})
	}
	return append(table,
		Hook{Message: PartyDataSend, Name: "op_code", Before: func(_ context.Context, call *Call) error { // clients trust messages with the server's op codes
			if code := call.In.GetPartyDataSend().GetOpCode(); code < 0 {
				return party.Refuse(party.InvalidRequest, "op_code: %d is reserved for the server; use 0 or more.", code)
			}
			return nil
		}},
		Hook{Message: PartyDataSend, Name: "size", Before: func(_ context.Context, call *Call) error {
			if size, most := len(call.In.GetPartyDataSend().GetData()), policy().Limits.Data.Bytes; most > 0 && size > most {
				return party.Refuse(party.InvalidRequest, "data: %d bytes are too many; at most %d.", size, most)
			}
			return nil
		}},
		Hook{Message: PartyDataSend, Name: "rate", Before: func(_ context.Context, call *Call) error { return rate(call.UserID) }},
		Hook{Message: PartyMatchmakerAdd, Name: "members", Before: func(ctx context.Context, call *Call) error { // the host treats the ticket as of 0 players
			view, err := call.Look(ctx, parties)
			if err == nil && (view.Size() == 0 || view.MaxSize < 1) {
				return party.Refuse(party.NotReady, "A party without members cannot look for a match.")
			}
			return err
		}},
	)
}

// canonicalPartyID rewrites the party's ID in its one spelling, if it is an ID. It never refuses: clients leave to
// clean up, and the host itself refuses an ID that it cannot read.
func canonicalPartyID(_ context.Context, call *Call) error {
	if _, err := call.PartyID(); err == nil { // nearly always: the ID has that spelling already
		return nil
	}
	if named := partyIDField(call.In); named != nil {
		*named = party.Canonical(*named)
	}
	return nil
}
