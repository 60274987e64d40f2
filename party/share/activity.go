package share

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"partyline/party"
	"partyline/party/rules"
)

// ActivityRequest is the request of party_activity.
type ActivityRequest struct {
	PartyID string `json:"party_id"`
}

// Activity is the answer of party_activity: a party in the form that the presence and invite APIs of platforms take,
// within the limits that they publish. All six parts are always present.
type Activity struct {
	Generic     Generic         `json:"generic"`
	Discord     DiscordActivity `json:"discord"`
	Steam       SteamPresence   `json:"steam"`
	Xbox        XboxActivity    `json:"xbox"`
	PlayStation Link            `json:"playstation"` // its limits are not public
	Apple       AppleActivity   `json:"apple"`
}

// Link is the part that every platform can carry.
type Link struct {
	Code string `json:"code"`
	URL  string `json:"url"`
}

// Generic is for all other platforms.
type Generic struct {
	Link
	Group     string `json:"group"` // the same for all members; nobody can join the party with it
	Size      int    `json:"size"`
	MaxSize   int    `json:"max_size"`
	ExpiresAt int64  `json:"expires_at"` // Unix seconds; ask again before
}

// DiscordActivity is Discord's activity. Texts and secrets have 2 to 128 characters.
type DiscordActivity struct {
	State string       `json:"state"`
	Party DiscordParty `json:"party"`
	// Secrets.Join is what the friend's game is started with: the code.
	Secrets DiscordSecrets `json:"secrets"`
}

type DiscordParty struct {
	ID   string `json:"id"`
	Size [2]int `json:"size"` // current and maximum size
}

type DiscordSecrets struct {
	Join string `json:"join"`
}

// SteamPresence is the keys and values of Steam's rich presence. Values have at most 256 bytes.
type SteamPresence struct {
	Connect   string `json:"connect"` // the command line of the friend's game
	Group     string `json:"steam_player_group"`
	GroupSize string `json:"steam_player_group_size"`
}

// XboxActivity is Xbox's multiplayer activity. The connection string has less than 512 characters, the group less
// than 128. Counts are from 1 to 100.
type XboxActivity struct {
	ConnectionString string `json:"connectionString"`
	JoinRestriction  string `json:"joinRestriction"` // Followed for an open party, otherwise InviteOnly
	GroupID          string `json:"groupId"`
	CurrentPlayers   int    `json:"currentPlayers,omitempty"` // omitted if above Xbox's limit
	MaxPlayers       int    `json:"maxPlayers,omitempty"`
}

// AppleActivity is for a game activity of Game Center. Its party codes have two parts of up to six digits, so the
// party has a second, short-lived invite for them.
type AppleActivity struct {
	Link
	PartyCode string `json:"party_code"`
	ExpiresAt int64  `json:"expires_at"` // of the party code; Unix seconds
}

// Activity returns the payloads for the party, with the invite that Share uses. It makes the invite if there is none
// yet. Ask again when the party changes or the invite is about to expire. The refusals are those of
// [invite.Service.Create].
func (s *Service) Activity(ctx context.Context, c party.Caller, r ActivityRequest) (Activity, error) {
	id, err := party.NamedID(r.PartyID)
	if err != nil {
		return Activity{}, err
	}
	look, err := s.Admission.Look(ctx, id)
	if err != nil {
		return Activity{}, err
	}
	link, err := s.invite(ctx, c, id, party.LinkInvite, "")
	if err != nil {
		return Activity{}, err
	}
	digits, err := s.invite(ctx, c, id, party.DigitsInvite, "")
	if err != nil {
		return Activity{}, err
	}
	return activityOf(look.View, link, digits, s.Policy().Invites.Page), nil
}

// activityOf builds the payloads of all platforms for a party.
func activityOf(v party.View, link, digits party.CreatedInvite, page rules.Page) Activity {
	sum := sha256.Sum256([]byte(v.ID.String()))
	group, size := hex.EncodeToString(sum[:16]), v.Size()
	l := Link{Code: link.Code, URL: link.URL}
	a := Activity{
		Generic: Generic{Link: l, Group: group, Size: size, MaxSize: v.MaxSize, ExpiresAt: link.ExpiresAt},
		Discord: DiscordActivity{
			State: stateText(page), Party: DiscordParty{ID: group, Size: [2]int{size, v.MaxSize}}, Secrets: DiscordSecrets{Join: link.Code},
		},
		Steam:       SteamPresence{Connect: "+party " + link.Code, Group: group, GroupSize: strconv.Itoa(size)},
		Xbox:        XboxActivity{ConnectionString: link.Code, JoinRestriction: "InviteOnly", GroupID: group},
		PlayStation: l,
		Apple:       AppleActivity{Link: l, PartyCode: digits.Code[:len(digits.Code)/2] + "-" + digits.Code[len(digits.Code)/2:], ExpiresAt: digits.ExpiresAt},
	}
	if v.Open {
		a.Xbox.JoinRestriction = "Followed"
	}
	const xboxMost = 100
	if v.MaxSize > 1 && v.MaxSize <= xboxMost {
		a.Xbox.CurrentPlayers, a.Xbox.MaxPlayers = min(size, v.MaxSize), v.MaxSize
	}
	return a
}

// stateText returns the line under the game's name, which is a text of the landing page.
func stateText(page rules.Page) string {
	const least, most = 2, 128
	text := []rune(page.Texts["party"])
	if len(text) < least || len(text) > most {
		return rules.PageTexts()["party"]
	}
	return string(text)
}
