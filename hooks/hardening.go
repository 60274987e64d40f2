package hooks

import (
	"context"

	"partyline/party"
)

// Rates are the rates at which one user may do what costs others.
type Rates interface {
	PartyCreate(userID string) error
	Data(userID string) error
}

// Hardening closes the holes of the stock server that need no knowledge of a party's
// state: malformed IDs, messages that pretend to be the server's, floods, tickets of
// parties without members, and list cursors that end the process.
func Hardening(rates Rates, parties Parties, policy party.Policy) Set {
	h := hardening{rates: rates, parties: parties, policy: policy}
	set := Set{Owner: "hardening", Listing: []ListingHook{{Name: "cursor", Before: checkCursor}}}
	// The host reads more spellings of an ID than the one it writes; the message goes on in
	// that one, so that every handler, and the host, sees the same party.
	for _, message := range []string{PartyLeave, PartyMatchmakerRemove, PartyJoinRequestList} {
		set.Hooks = append(set.Hooks, Hook{Message: message, Name: "party_id", Before: canonical})
	}
	for _, message := range []string{
		PartyJoin, PartyAccept, PartyUpdate, PartyDataSend, PartyMatchmakerAdd,
		PartyRemove, PartyPromote, PartyClose,
	} {
		set.Hooks = append(set.Hooks, Hook{Message: message, Name: "party_id", Before: func(ctx context.Context, call *Call) error {
			_ = canonical(ctx, call)
			_, err := call.PartyID()
			return err
		}})
	}
	set.Hooks = append(set.Hooks,
		Hook{Message: PartyDataSend, Name: "op_code", Before: h.opCode},
		Hook{Message: PartyDataSend, Name: "size", Before: h.size},
		Hook{Message: PartyDataSend, Name: "rate", Before: h.rate},
		Hook{Message: PartyMatchmakerAdd, Name: "members", Before: h.members},
	)
	return set
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

type hardening struct {
	rates   Rates
	parties Parties
	policy  party.Policy
}

// opCode keeps negative op codes for the server: clients trust what they carry.
func (h hardening) opCode(_ context.Context, call *Call) error {
	if code := call.In.GetPartyDataSend().GetOpCode(); code < 0 {
		return party.Refuse(party.InvalidRequest, "op_code: %d is reserved for the server; use 0 or more.", code)
	}
	return nil
}

func (h hardening) size(_ context.Context, call *Call) error {
	most := h.policy().Limits.Data.Bytes
	if size := len(call.In.GetPartyDataSend().GetData()); most > 0 && size > most {
		return party.Refuse(party.InvalidRequest, "data: %d bytes are too many; at most %d.", size, most)
	}
	return nil
}

func (h hardening) rate(_ context.Context, call *Call) error {
	return h.rates.Data(call.Session.UserID)
}

// members refuses a ticket for a party that the host would count as empty.
func (h hardening) members(ctx context.Context, call *Call) error {
	view, err := call.Look(ctx, h.parties)
	if err != nil {
		return err
	}
	if view.Size() == 0 || view.MaxSize < 1 {
		return party.Refuse(party.NotReady, "A party without members cannot look for a match.")
	}
	return nil
}
