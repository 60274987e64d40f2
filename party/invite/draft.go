package invite

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"partyline/party"
	"partyline/party/rules"
)

// Limits of a request. Those of texts are in bytes.
const (
	maxMessage   = 255
	maxInfo      = 8
	maxInfoLabel = 63
	maxInfoValue = 511
	maxLaunch    = 1024
	maxUses      = 1000
	maxTargets   = 100
)

// draft checks a request and makes its record. It reads nothing from storage. It refuses with InvalidRequest, naming
// the field.
func draft(c party.Caller, req party.InviteRequest, conf rules.Invites, now time.Time) (*record, error) {
	r := &record{
		ID: uuid.NewString(), Kind: req.Kind, By: c.UserID, ByName: c.Username, CreatedAt: now.UnixNano(),
		Hold: req.HoldSeat, Follow: req.FollowInviter, Message: req.Message, Info: slices.Clone(req.Info),
	}
	var limits rules.InviteLimits
	switch r.Kind {
	case "", party.LinkInvite:
		r.Kind, limits = party.LinkInvite, conf.Link
	case party.CodeInvite, party.DigitsInvite:
		limits = conf.Code
	default:
		return nil, party.Invalid("kind", "must be %q, %q or %q.", party.LinkInvite, party.CodeInvite, party.DigitsInvite)
	}
	ttl := int64(limits.TTL / time.Second)
	longest := int64(limits.MaxTTL / time.Second)
	if req.TTLSec != nil {
		ttl = *req.TTLSec
		if ttl < 1 || ttl > longest {
			return nil, party.Invalid("ttl_sec", "must be from 1 to %d for a %s.", longest, r.Kind)
		}
	}
	r.ExpiresAt = now.Unix() + ttl
	var err error
	if r.For, err = party.NamedUsers("for_user_ids", c, req.ForUserIDs, maxTargets); err != nil {
		return nil, err
	}
	if err := r.setUses(req.MaxUses, limits.MaxUses); err != nil {
		return nil, err
	}
	if r.Hold && len(r.For) == 0 {
		return nil, party.Invalid("hold_seat", "needs for_user_ids: a seat is held for somebody.")
	}
	if err := party.CheckText("message", r.Message, maxMessage); err != nil {
		return nil, err
	}
	if len(r.Info) > maxInfo {
		return nil, party.Invalid("info", "must have at most %d entries.", maxInfo)
	}
	for _, f := range r.Info {
		if f.Label == "" {
			return nil, party.Invalid("info.label", "must not be empty.")
		}
		if err := party.CheckText("info.label", f.Label, maxInfoLabel); err != nil {
			return nil, err
		}
		if err := party.CheckText("info.value", f.Value, maxInfoValue); err != nil {
			return nil, err
		}
	}
	r.Launch, err = launchText(req.Launch)
	return r, err
}

// setUses sets the number of uses that the request asks for, or the default of the rules. By default an invite for
// certain users has at least one use for each of them.
func (r *record) setUses(asked *int, usual int) error {
	if asked == nil {
		r.MaxUses = usual
		if usual > 0 {
			r.MaxUses = max(usual, len(r.For))
		}
		return nil
	}
	r.MaxUses = *asked
	if r.MaxUses < 0 || r.MaxUses > maxUses {
		return party.Invalid("max_uses", "must be from 0 to %d; 0 means no limit.", maxUses)
	}
	if r.Hold && r.MaxUses > 0 && r.MaxUses < len(r.For) {
		return party.Invalid("max_uses", "must be at least the number of for_user_ids when seats are held.")
	}
	return nil
}

// launchText checks launch data and returns it as the text of JSON, which a record stores as a string. If it were
// stored as JSON, a database would parse it, refuse some values, and write 1e131071 as a hundred thousand digits.
func launchText(raw json.RawMessage) (text string, err error) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "", nil
	case len(raw) > maxLaunch:
		return "", party.Invalid("launch", "must be at most %d bytes.", maxLaunch)
	case !json.Valid(raw) || !utf8.Valid(raw):
		return "", party.Invalid("launch", "must be JSON.")
	}
	return string(raw), nil
}
