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
	By        string            `json:"by"` // user ID
	ByName    string            `json:"by_name"`
	CreatedAt int64             `json:"created_at"` // Unix nanoseconds, to compare it with a kick in the same second
	ExpiresAt int64             `json:"expires_at"` // Unix seconds
	MaxUses   int               `json:"max_uses"`
	Uses      int               `json:"uses"`
	For       []string          `json:"for,omitempty"` // user IDs
	Hold      bool              `json:"hold,omitempty"`
	Follow    bool              `json:"follow,omitempty"`
	Message   string            `json:"message,omitempty"`
	Info      []party.InfoField `json:"info,omitempty"`
	Launch    string            `json:"launch,omitempty"` // JSON as text

	Seq       int64    `json:"seq,omitempty"`      // number of the latest claim
	Claims    []claim  `json:"claims,omitempty"`   // users who have used it, see [record.claim]
	Declined  []string `json:"declined,omitempty"` // user IDs
	RevokedAt int64    `json:"revoked_at,omitempty"`

	version string // in storage
}

// claim is one user's use of an invite. It is written before the user is admitted, and removed if that fails. After
// that the use belongs to the user. Redeeming again finds the claim and costs nothing: after leaving the party, after
// a crash between the two steps, or on another node. So a use is never given twice. At worst a crash keeps a use for
// the user who was about to take it.
type claim struct {
	User string `json:"u"`
	Seq  int64  `json:"s"` // number of the redemption that may give the use back
}

// maxRecent bounds the claims of an invite that is for everybody and without a limit of uses. There a claim only
// prevents counting a repeated redemption as another use, so old claims may be dropped.
const maxRecent = 64

func (r *record) createdAt() time.Time { return time.Unix(0, r.CreatedAt) }
func (r *record) expiresAt() time.Time { return time.Unix(r.ExpiresAt, 0) }

// partyID returns the ID that the party had when the invite was made. It returns the zero ID, which leads to no
// party, if storage has none.
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

// spent reports whether no further user can use the invite: either it is used up, or all users whom it names have
// used or declined it.
func (r *record) spent() bool { return r.exhausted() || len(r.For) > 0 && len(r.pending()) == 0 }

// ended reports whether the invite was revoked or has expired. A use that is given back does not change that.
func (r *record) ended(now time.Time) bool { return r.RevokedAt != 0 || !now.Before(r.expiresAt()) }

// refusal returns why the user cannot use the invite now, or nil if they can.
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

// refusalOfWaiter is refusal for a user who waits by the invite. It ignores the expiry.
func (r *record) refusalOfWaiter(user string) error { return r.refusal(user, r.createdAt()) }

// claim takes a use for the user. isNew is false if the user already has one. Such a claim is never given back,
// because the redemption that made it may have succeeded on another node. The caller has checked refusal.
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

// refund gives back the use of one claim. It returns false if there is nothing to give back: it was given back
// before, or a later redemption of the user has taken over the claim.
func (r *record) refund(user string, seq int64) bool {
	i := r.claimIndex(user)
	if i < 0 || r.Claims[i].Seq != seq {
		return false
	}
	r.Claims = slices.Delete(r.Claims, i, i+1)
	r.Uses--
	return true
}

// pending returns the named users who have neither come nor declined.
func (r *record) pending() []string {
	return slices.DeleteFunc(slices.Clone(r.For), func(user string) bool {
		return r.claimed(user) || slices.Contains(r.Declined, user)
	})
}

// decline records that a pending user will not come. It returns false for any other user.
func (r *record) decline(user string) bool {
	waits := slices.Contains(r.pending(), user)
	if waits {
		r.Declined = append(r.Declined, user)
	}
	return waits
}

// hold returns the seats that the invite holds, or false if it holds none.
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
		MaxUses: r.MaxUses, Uses: r.Uses, ForUserIDs: nonNil(r.For), HoldSeat: r.Hold, FollowInviter: r.Follow, Message: r.Message,
	}
}

// intent returns the intent to admit the session by this invite.
func (r *record) intent(s party.Session) reserve.Intent {
	return reserve.Intent{Kind: reserve.Admit, Session: s, By: s.SessionID, Grant: r.grant(s.UserID)}
}

// grant returns the rights that a user who comes by this invite has.
func (r *record) grant(userID string) party.Grant {
	return party.Grant{InviteID: r.ID, InvitedAt: r.createdAt(), Named: slices.Contains(r.For, userID)}
}

func (r *record) clone() *record {
	c := *r
	c.Claims, c.Declined = slices.Clone(r.Claims), slices.Clone(r.Declined)
	return &c
}
