package invite

import (
	"slices"
	"time"

	"partyline/party"
	"partyline/party/reserve"
)

type record struct {
	ID        string            `json:"id"`
	PartyID   string            `json:"party_id"`
	Kind      party.InviteKind  `json:"kind"`
	By        string            `json:"by"` // user
	ByName    string            `json:"by_name"`
	CreatedAt int64             `json:"created_at"` // Unix nanoseconds: a kick of the same second may be older
	ExpiresAt int64             `json:"expires_at"` // Unix seconds
	MaxUses   int               `json:"max_uses"`
	Uses      int               `json:"uses"`
	For       []string          `json:"for,omitempty"` // users
	Hold      bool              `json:"hold,omitempty"`
	Follow    bool              `json:"follow,omitempty"`
	Message   string            `json:"message,omitempty"`
	Info      []party.InfoField `json:"info,omitempty"`
	Launch    string            `json:"launch,omitempty"` // the text of JSON

	Seq       int64    `json:"seq,omitempty"`      // of the claim made last
	Claims    []claim  `json:"claims,omitempty"`   // who has used it, see [record.claim]
	Declined  []string `json:"declined,omitempty"` // users
	RevokedAt int64    `json:"revoked_at,omitempty"`
}

// claim is one user's use of an invite. It is written before the user is admitted and
// taken back if that fails. From then on the use is the user's own: redeeming again,
// after leaving the party, after a crash between the two steps, on another node, finds
// the claim and costs nothing. So a use is never given twice, and the worst a crash
// does is to keep a use for the user who was about to take it.
type claim struct {
	User string `json:"u"`
	Seq  int64  `json:"s"` // of the redemption that may take it back
}

// maxRecent bounds the claims of an invite without limit and for everybody. There they
// only keep a repetition from counting as one more use, so old ones may be forgotten.
const maxRecent = 64

func (r *record) createdAt() time.Time { return time.Unix(0, r.CreatedAt) }
func (r *record) expiresAt() time.Time { return time.Unix(r.ExpiresAt, 0) }

// partyID is the party it was made for, at its beginning; the zero ID, which leads nowhere, if storage has none.
func (r *record) partyID() party.ID {
	id, _ := party.ParseID(r.PartyID)
	return id
}

// isFor reports whether the user may use the invite at all.
func (r *record) isFor(user string) bool { return len(r.For) == 0 || slices.Contains(r.For, user) }

func (r *record) claimed(user string) bool { return r.claimIndex(user) >= 0 }

func (r *record) claimIndex(user string) int {
	return slices.IndexFunc(r.Claims, func(c claim) bool { return c.User == user })
}

func (r *record) exhausted() bool { return r.MaxUses > 0 && r.Uses >= r.MaxUses }

// spent reports whether nobody new can use the invite: it is used up, or everybody whom it
// names has used or declined it.
func (r *record) spent() bool { return r.exhausted() || len(r.For) > 0 && len(r.pending()) == 0 }

// ended reports whether nobody can use the invite any more, whatever is given back.
func (r *record) ended(now time.Time) bool { return r.RevokedAt != 0 || !now.Before(r.expiresAt()) }

// forgotten reports whether the record need not be kept any longer. That does not change any more.
func (r *record) forgotten(now time.Time) bool { return !now.Before(r.expiresAt().Add(Retention)) }

// refusal is why the user cannot use the invite now; nil if it can.
func (r *record) refusal(user string, now time.Time) error {
	switch {
	case !r.isFor(user):
		return party.Refuse(party.InviteNotForYou, "This invite is for somebody else.")
	case r.RevokedAt != 0:
		return party.Refuse(party.InviteRevoked, "This invite was revoked.")
	case !now.Before(r.expiresAt()):
		return party.Refuse(party.InviteExpired, "This invite has expired.")
	case r.exhausted() && !r.claimed(user):
		return party.Refuse(party.InviteExhausted, "This invite has been used up.")
	}
	return nil
}

// refusalOfWaiter is refusal for somebody who waits by the invite: it may have expired since.
func (r *record) refusalOfWaiter(user string) error { return r.refusal(user, r.createdAt()) }

// claim takes a use for the user. isNew is false where the user has one already; a
// claim that is not new is never given back, for the redemption that made it may have
// succeeded on another node. The caller has checked refusal.
func (r *record) claim(user string) (seq int64, isNew bool) {
	r.Seq++
	if i := r.claimIndex(user); i >= 0 {
		r.Claims[i].Seq = r.Seq
		return r.Seq, false
	}
	r.Uses++
	r.Claims = append(r.Claims, claim{user, r.Seq})
	if extra := len(r.Claims) - maxRecent; extra > 0 && r.MaxUses == 0 && len(r.For) == 0 {
		r.Claims = slices.Delete(r.Claims, 0, extra)
	}
	return r.Seq, true
}

// refund gives the use of one claim back; false if there is nothing to give, because it
// was done before or another redemption of the user has taken the claim over.
func (r *record) refund(user string, seq int64) bool {
	i := r.claimIndex(user)
	if i < 0 || r.Claims[i].Seq != seq {
		return false
	}
	r.Claims = slices.Delete(r.Claims, i, i+1)
	r.Uses--
	return true
}

// pending are the users it is for who have neither come nor declined.
func (r *record) pending() []string {
	return slices.DeleteFunc(slices.Clone(r.For), func(user string) bool {
		return r.claimed(user) || slices.Contains(r.Declined, user)
	})
}

// decline notes that a user whom it waits for does not come; false for anybody else.
func (r *record) decline(user string) bool {
	waits := slices.Contains(r.pending(), user)
	if waits {
		r.Declined = append(r.Declined, user)
	}
	return waits
}

// hold is the seats it keeps; false for none.
func (r *record) hold(now time.Time) (reserve.Hold, bool) {
	if !r.Hold || r.ended(now) {
		return reserve.Hold{}, false
	}
	h := reserve.Hold{InviteID: r.ID, By: r.By, UserIDs: r.pending(), ExpiresAt: r.expiresAt(), Made: r.createdAt()}
	return h, len(h.UserIDs) > 0
}

func (r *record) summary() party.InviteSummary {
	return party.InviteSummary{
		ID: r.ID, Kind: r.Kind, CreatedBy: r.By, CreatedAt: r.createdAt().Unix(), ExpiresAt: r.ExpiresAt,
		MaxUses: r.MaxUses, Uses: r.Uses, ForUserIDs: list(r.For), HoldSeat: r.Hold, FollowInviter: r.Follow, Message: r.Message,
	}
}

// intent is to have the session admitted by the invite.
func (r *record) intent(s party.Session) reserve.Intent {
	return reserve.Intent{Kind: reserve.Admit, Session: s, By: s.SessionID, Grant: r.grant(s.UserID)}
}

// grant is what the invite counts for when the user comes with it.
func (r *record) grant(userID string) party.Grant {
	return party.Grant{InviteID: r.ID, InvitedAt: r.createdAt(), Named: slices.Contains(r.For, userID)}
}

func (r *record) clone() *record {
	c := *r
	c.Claims, c.Declined = slices.Clone(r.Claims), slices.Clone(r.Declined)
	return &c
}
