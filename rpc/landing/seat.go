package landing

import (
	"math"

	"partyline/party"
)

// seat is one tile of the party, ready to show: the page's template and its script draw
// the same values.
type seat struct {
	Kind     string `json:"kind"` // member | taken | held | free | more
	Key      string `json:"key,omitempty"`
	Name     string `json:"name"` // the caption
	Initial  string `json:"initial,omitempty"`
	Hue      int    `json:"hue"`
	Picture  string `json:"picture,omitempty"`
	Leader   bool   `json:"leader,omitempty"`
	Badge    string `json:"badge,omitempty"`   // the stage
	Tone     string `json:"tone,omitempty"`    // of the badge: loading | ready | failed
	Percent  *int   `json:"percent,omitempty"` // of the badge, 0..100
	Done     string `json:"done,omitempty"`    // the percentage in words
	Activity string `json:"activity,omitempty"`
}

const (
	tilesForAll = 8  // a party up to this size has a tile for every seat
	tilesAtMost = 12 // a larger one shows this many of its members
)

// seatsOf lays a party out: the leader, the other members as they joined, seats that are
// kept for somebody, free seats. left counts the free seats that got no tile.
func seatsOf(p *party.PartyPreview, t texts) (seats []seat, left int) {
	if p == nil {
		return nil, 0
	}
	size, held := max(p.Size, len(p.Members), 0), max(p.Held, 0)
	free := max(p.MaxSize-size-held, 0)
	room := tilesAtMost
	for _, leaders := range []bool{true, false} {
		for _, m := range p.Members {
			if leader := m.UserID != "" && m.UserID == p.LeaderUserID; leader == leaders && len(seats) < room {
				seats = append(seats, memberSeat(m, leader, t))
			}
		}
	}
	tellApart(seats)
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

func memberSeat(m party.MemberProfile, leader bool, t texts) seat {
	s := profileSeat(m.Profile, t)
	s.Leader = leader
	s.Activity = legible(m.Text, statusLength)
	s.Badge, s.Tone, s.Percent = badgeOf(m, t)
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

// The stages that end loading, by their names in the default rules.
const (
	stageReady  = "ready"
	stageFailed = "failed"
)

// badgeOf says what a member is busy with, "" without a stage. Progress counts only
// while something is still going on.
func badgeOf(m party.MemberProfile, t texts) (badge, tone string, percent *int) {
	stage := ""
	if m.Stage != "" {
		stage = t.stage(m.Stage)
	}
	if stage == "" {
		return "", "", nil
	}
	switch m.Stage {
	case stageReady:
		return stage, "ready", nil
	case stageFailed:
		return stage, "failed", nil
	}
	if m.Progress == nil || math.IsNaN(*m.Progress) {
		return stage, "loading", nil
	}
	p := int(math.Floor(min(max(*m.Progress, 0), 1)*100 + 1e-9)) // 100 only when it is done
	return stage, "loading", &p
}

// tellApart gives members whose colours are the same the next one that nobody has, as long as
// there is one.
func tellApart(seats []seat) {
	var taken [hues]bool
	for i := range min(len(seats), hues) {
		for taken[seats[i].Hue] {
			seats[i].Hue = (seats[i].Hue + 1) % hues
		}
		taken[seats[i].Hue] = true
	}
}

// columnsFor is how many tiles stand beside each other on a desktop.
func columnsFor(seats int) int {
	switch {
	case seats <= 4:
		return 2
	case seats <= 6:
		return 3
	}
	return 4
}
