package invite

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"partyline/party"
)

// List returns the party's invites that can still be used, the newest first. Only members may call it.
func (pv *previews) List(ctx context.Context, c party.Caller, partyID string) ([]party.InviteSummary, error) {
	v, err := pv.Roster.ViewAs(ctx, c, partyID)
	if err != nil {
		return nil, err
	}
	records, err := pv.Store.partyInvites(ctx, pv.Admission.Origin(v.ID), false)
	if err != nil {
		return nil, err
	}
	records = slices.DeleteFunc(records, func(r *record) bool { return r.ended(pv.Now()) })
	slices.SortFunc(records, func(a, b *record) int {
		return cmp.Or(cmp.Compare(b.CreatedAt, a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	rows := make([]party.InviteSummary, len(records))
	for i, r := range records {
		rows[i] = r.summary()
	}
	return rows, nil
}

// Outstanding is an invite that can still be used.
type Outstanding struct {
	party.InviteSummary
	PartyID string `json:"party_id"`
}

// Outstanding lists, for operators, the invites of all live parties that can still be used, the newest first. more
// reports that there were too many to read all of them. If sought is the ID of an invite or of a party, that invite
// or the invites of that party are always read.
func (pv *previews) Outstanding(ctx context.Context, sought string) (list []Outstanding, more bool, err error) {
	var keys []string
	add := func(_ string, p pointer) {
		if pv.Now().Before(time.Unix(p.ExpiresAt, 0)) {
			keys = append(keys, p.Key)
		}
	}
	more, err = pv.Store.eachPointer(ctx, idsCollection, add)
	if id, unknown := uuid.Parse(sought); err == nil && more && unknown == nil {
		var key string
		if key, err = pv.Store.keyOf(ctx, id.String()); err == nil {
			keys = append(keys, key)
		}
		err = party.UnlessBroken(unlessMissing(err))
	}
	if id, unknown := party.ParseID(sought); err == nil && more && unknown == nil {
		_, err = pv.Store.eachPointer(ctx, indexCollection(pv.Admission.Origin(id)), add)
	}
	if err != nil {
		return nil, false, err
	}
	slices.Sort(keys)
	records, err := pv.Store.records(ctx, slices.Compact(keys))
	if err != nil {
		return nil, false, err
	}
	for _, r := range records {
		if r.ended(pv.Now()) || r.exhausted() {
			continue
		}
		gone, err := pv.leadsNowhere(ctx, r)
		if err != nil {
			return nil, false, err
		}
		if !gone {
			list = append(list, Outstanding{r.summary(), pv.partyOf(r).String()})
		}
	}
	slices.SortFunc(list, func(a, b Outstanding) int {
		return cmp.Or(cmp.Compare(b.CreatedAt, a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return list, more, nil
}
