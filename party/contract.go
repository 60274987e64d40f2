package party

import "encoding/json"

// The types below are the requests and answers of the module's RPCs, field by field. Times are Unix seconds. A nil
// slice is never sent; an empty list is [].

// InviteKind is the form of an invite's code.
type InviteKind string

const (
	LinkInvite InviteKind = "link" // 16 Crockford base32 characters, 80 random bits
	CodeInvite InviteKind = "code" // 8 characters to read aloud; short-lived and guess-limited

	// DigitsInvite is 12 digits, for keypads and for platforms whose party codes are digits. It is as easy to guess as
	// a code, and expires as soon.
	DigitsInvite InviteKind = "digits"
)

// InfoField is one line of the party's card on the landing page.
type InfoField struct {
	Label string `json:"label"` // at most 63 bytes
	Value string `json:"value"` // at most 511 bytes
}

// InviteRequest asks for an invite. An optional field that is left out gets the rules' default.
type InviteRequest struct {
	PartyID       string          `json:"party_id"`
	TTLSec        *int64          `json:"ttl_sec,omitempty"`
	MaxUses       *int            `json:"max_uses,omitempty"` // 0 = without limit
	Kind          InviteKind      `json:"kind,omitempty"`
	ForUserIDs    []string        `json:"for_user_ids,omitempty"`
	HoldSeat      bool            `json:"hold_seat,omitempty"`
	FollowInviter bool            `json:"follow_inviter,omitempty"`
	Message       string          `json:"message,omitempty"` // at most 255 bytes
	Info          []InfoField     `json:"info,omitempty"`    // at most 8
	Launch        json.RawMessage `json:"launch,omitempty"`  // any JSON, at most 1024 bytes
}

// CreatedInvite answers party_invite_create. No other answer contains the code.
type CreatedInvite struct {
	ID            string          `json:"id"`
	Code          string          `json:"code"`
	URL           string          `json:"url"`
	QRURL         string          `json:"qr_url"`
	PartyID       string          `json:"party_id"`
	Kind          InviteKind      `json:"kind"`
	CreatedAt     int64           `json:"created_at"`
	ExpiresAt     int64           `json:"expires_at"`
	MaxUses       int             `json:"max_uses"`
	Uses          int             `json:"uses"`
	HoldSeat      bool            `json:"hold_seat"`
	FollowInviter bool            `json:"follow_inviter"`
	ForUserIDs    []string        `json:"for_user_ids"`
	Message       string          `json:"message"`
	Info          []InfoField     `json:"info"`
	Launch        json.RawMessage `json:"launch,omitempty"`
}

// InviteSummary is one row of party_invite_list.
type InviteSummary struct {
	ID            string     `json:"id"`
	Kind          InviteKind `json:"kind"`
	CreatedBy     string     `json:"created_by"`
	CreatedAt     int64      `json:"created_at"`
	ExpiresAt     int64      `json:"expires_at"`
	MaxUses       int        `json:"max_uses"`
	Uses          int        `json:"uses"`
	ForUserIDs    []string   `json:"for_user_ids"`
	HoldSeat      bool       `json:"hold_seat"`
	FollowInviter bool       `json:"follow_inviter"`
	Message       string     `json:"message"`
}

// InviteState is the state of an invite in a preview.
type InviteState string

const (
	StateOpen      InviteState = "open"
	StateFull      InviteState = "full"
	StateLocked    InviteState = "locked"  // the rules let nobody in while the party is in a queue or a match
	StateAway      InviteState = "away"    // all members have lost the connection and may come back
	StateBetween   InviteState = "between" // it follows its inviter, who is in no party that it could lead to at the moment
	StateExpired   InviteState = "expired"
	StateRevoked   InviteState = "revoked"
	StateExhausted InviteState = "exhausted"
	StatePartyGone InviteState = "party_gone"
)

// Profile is the public profile of a user.
type Profile struct {
	UserID      string `json:"user_id"`
	Username    string `json:"username"`
	DisplayName string `json:"display_name"`
	AvatarURL   string `json:"avatar_url"`
}

// MemberProfile is a member in a preview, with the live status.
type MemberProfile struct {
	Profile
	Stage    string   `json:"stage"`
	Progress *float64 `json:"progress,omitempty"` // 0..1; absent if none was set
	Text     string   `json:"text"`
	Stalled  bool     `json:"stalled,omitempty"` // no progress for a long time
}

// PartyPreview is the party in a preview.
type PartyPreview struct {
	PartyID      string          `json:"party_id"`
	Size         int             `json:"size"`
	MaxSize      int             `json:"max_size"`
	Held         int             `json:"held"`       // seats kept for users who are not in: invited players, or members who are away
	OnTheWay     int             `json:"on_the_way"` // held, and users who reported that they are on the way; see [Footprint]
	Open         bool            `json:"open"`
	LeaderUserID string          `json:"leader_user_id"`
	Members      []MemberProfile `json:"members"`

	Attributes map[string]json.RawMessage `json:"attributes,omitempty"` // the party's attributes that the rules make public
}

// Preview answers party_invite_preview.
type Preview struct {
	ID        string          `json:"id"`
	State     InviteState     `json:"state"`
	Waiting   int             `json:"waiting"` // players on the wait list
	Inviter   Profile         `json:"inviter"`
	Party     *PartyPreview   `json:"party,omitempty"` // absent after the party has ended
	Message   string          `json:"message"`
	Info      []InfoField     `json:"info"`
	Launch    json.RawMessage `json:"launch,omitempty"`
	ExpiresAt int64           `json:"expires_at"`
	MatchID   string          `json:"match_id,omitempty"`
}

// Redemption answers party_invite_redeem.
type Redemption struct {
	PartyID string          `json:"party_id"`
	Joined  bool            `json:"joined"`
	MatchID string          `json:"match_id,omitempty"`
	Message string          `json:"message"`
	Info    []InfoField     `json:"info"`
	Launch  json.RawMessage `json:"launch,omitempty"`
}

// Resumption answers party_resume.
type Resumption struct {
	PartyID string `json:"party_id"`
	Joined  bool   `json:"joined"` // false: the session comes in as soon as the user's older connection has ended
}
