package hooks

import (
	"context"

	"partyline/party"
)

// Hardening closes the holes of the stock server that need no knowledge of a party's
// state: malformed IDs, messages that pretend to be the server's, floods, and tickets of
// parties without members. rate counts a message of party data, and refuses one too many.
func Hardening(rate func(userID string) error, parties Parties, policy party.Policy) []Hook {
	var table []Hook
	// The host reads more spellings of an ID than the one it writes; the message goes on in
	// that one, so that every handler, and the host, sees the same party.
	for _, message := range []string{PartyLeave, PartyMatchmakerRemove, PartyJoinRequestList} {
		table = append(table, Hook{Message: message, Name: "party_id", Before: canonical})
	}
	for _, message := range checked {
		table = append(table, Hook{Message: message, Name: "party_id", Before: func(ctx context.Context, call *Call) error {
			_ = canonical(ctx, call)
			_, err := call.PartyID()
			return err
		}})
	}
	return append(table,
		Hook{Message: PartyDataSend, Name: "op_code", Before: func(_ context.Context, call *Call) error { // clients trust what the server's own carry
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
		Hook{Message: PartyMatchmakerAdd, Name: "members", Before: func(ctx context.Context, call *Call) error { // the host would count it as empty
			view, err := call.Look(ctx, parties)
			if err == nil && (view.Size() == 0 || view.MaxSize < 1) {
				return party.Refuse(party.NotReady, "A party without members cannot look for a match.")
			}
			return err
		}},
	)
}

// canonical puts the party's ID into the one spelling, if it is one. It never refuses:
// clients leave to clean up, and what the host cannot read it refuses itself.
func canonical(_ context.Context, call *Call) error {
	if _, err := call.PartyID(); err == nil { // nearly always: it is in that spelling
		return nil
	}
	if named := partyIDIn(call.In); named != nil {
		*named = party.Canonical(*named)
	}
	return nil
}
