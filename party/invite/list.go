package invite

import (
	"cmp"
	"context"
	"slices"

	"github.com/heroiclabs/nakama-common/api"

	"partyline/party"
)

// List shows its members the party's invites that can still lead somewhere, the newest first.
func (pv *previews) List(ctx context.Context, c party.Caller, partyID string) ([]party.InviteSummary, error) {
	v, err := pv.Roster.ViewAs(ctx, c, partyID)
	if err != nil {
		return nil, err
	}
	records, err := pv.Store.ofParty(ctx, pv.Admission.Origin(v.ID), false)
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

// Outstanding is an invite that somebody can still use.
type Outstanding struct {
	party.InviteSummary
	PartyID string `json:"party_id"`
}

// Outstanding lists the invites that can still be used, of all live parties, the latest made
// first, for operators; more says that there were too many to look at all.
func (pv *previews) Outstanding(ctx context.Context) (list []Outstanding, more bool, err error) {
	more, err = pv.Store.each(ctx, invitesCollection, func(o *api.StorageObject) error {
		r, err := decode(o)
		if err != nil {
			pv.Logger.Warn("invite not readable error=%v", err)
			return nil
		}
		if r.ended(pv.Now()) || r.exhausted() {
			return nil
		}
		gone, err := pv.leadsNowhere(ctx, r)
		if err == nil && !gone {
			list = append(list, Outstanding{r.summary(), pv.partyOf(r).String()})
		}
		return err
	})
	if err != nil {
		return nil, false, err
	}
	slices.SortFunc(list, func(a, b Outstanding) int {
		return cmp.Or(cmp.Compare(b.CreatedAt, a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return list, more, nil
}
