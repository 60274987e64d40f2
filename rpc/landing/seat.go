package landing

import (
	"math"
	"slices"

	"partyline/internal/web"
	"partyline/party"
	"partyline/party/rules"
)

// seat is one tile of the party, ready to show. The page's template and its script use the same values.
type seat struct {
	Kind     string `json:"kind"` // member | taken | held | free | more
	Key      string `json:"key,omitempty"`
	Name     string `json:"name"` // the caption
	Initial  string `json:"initial,omitempty"`
	Hue      uint   `json:"hue"`
	Picture  string `json:"picture,omitempty"`
	Leader   bool   `json:"leader,omitempty"`
	Badge    string `json:"badge,omitempty"`   // the stage
	Tone     string `json:"tone,omitempty"`    // of the badge: loading | stalled | ready | failed | final
	Percent  *int   `json:"percent,omitempty"` // of the badge, 0..100
	Done     string `json:"done,omitempty"`    // the percentage in words
	Activity string `json:"activity,omitempty"`
}

const (
	tilesForAll = 8  // a party up to this size has a tile for every seat
	tilesAtMost = 12 // a larger party has this many tiles at most
)

// seatsOf returns the tiles of a party: the leader, the other members in the order they joined, held and kept
// seats, free seats. left is the number of free seats without a tile.
func seatsOf(p *party.PartyPreview, c rules.Config, t texts) (seats []seat, left int) {
	size, held := max(p.Size, len(p.Members), 0), max(p.Held, 0)
	free := max(p.MaxSize-size-held, 0)
	room := tilesAtMost
	for _, leaders := range []bool{true, false} {
		for _, m := range p.Members {
			if leader := m.UserID != "" && m.UserID == p.LeaderUserID; leader == leaders && len(seats) < room {
				seats = append(seats, memberSeat(m, leader, c, t))
			}
		}
	}
	makeHuesDistinct(seats)
	hidden := size - len(p.Members) // a party that shows no members still has a size
	for ; hidden > 0 && len(seats) < room; hidden-- {
		seats = append(seats, seat{Kind: "taken", Name: t.get("taken_seat")})
	}
	if more := size - len(seats); more > 0 {
		seats[len(seats)-1] = seat{Kind: "more", Name: t.get("more_members", "{count}", number(more+1))}
	}
	for ; held > 0 && len(seats) < room; held-- {
		seats = append(seats, seat{Kind: "held", Name: t.get("held_seat")})
	}
	if p.MaxSize > tilesForAll {
		return seats, free
	}
	for ; free > 0; free-- {
		seats = append(seats, seat{Kind: "free", Name: t.get("free_seat")})
	}
	return seats, 0
}

func memberSeat(m party.MemberProfile, leader bool, c rules.Config, t texts) seat {
	s := profileSeat(m.Profile, t)
	s.Leader = leader
	s.Activity = legible(m.Text, statusLength)
	s.Badge, s.Tone, s.Percent = badgeOf(m, t, c.Status)
	if s.Percent != nil {
		s.Done = t.get("percent", "{percent}", number(*s.Percent))
	}
	return s
}

func profileSeat(p party.Profile, t texts) seat {
	name := nameOf(p, t)
	return seat{
		Kind: "member", Key: p.Username, Name: name, Initial: initialOf(name), Hue: hueOf(p), Picture: picture(p.AvatarURL),
	}
}

// failedStage is the name of a stage that the page shows as a failure, if the rules have it.
const failedStage = "failed"

// badgeOf returns the badge of a member's stage, or "" without a stage. percent is nil if the stage has ended.
func badgeOf(m party.MemberProfile, t texts, status rules.Status) (badge, tone string, percent *int) {
	stage := ""
	if m.Stage != "" {
		stage = t.stage(m.Stage)
	}
	switch {
	case stage == "":
		return "", "", nil
	case m.Stage == status.Ready:
		return stage, "ready", nil
	case m.Stage == failedStage:
		return stage, "failed", nil
	case slices.Contains(status.Final, m.Stage):
		return stage, "final", nil
	}
	tone = "loading"
	if m.Stalled {
		tone = "stalled"
	}
	if m.Progress == nil || math.IsNaN(*m.Progress) {
		return stage, tone, nil
	}
	p := web.Percent(*m.Progress)
	return stage, tone, &p
}

// makeHuesDistinct changes the colours of members with the same colour, as long as there are unused colours.
func makeHuesDistinct(seats []seat) {
	var taken [hues]bool
	for i := range min(len(seats), hues) {
		for taken[seats[i].Hue] {
			seats[i].Hue = (seats[i].Hue + 1) % hues
		}
		taken[seats[i].Hue] = true
	}
}
