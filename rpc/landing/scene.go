package landing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"partyline/internal/web"
	"partyline/party"
	"partyline/party/rules"
)

// scene is the part of the page that changes while the page is open.
type scene struct {
	Headline string `json:"headline"`
	Note     string `json:"note"`
	Count    string `json:"count"`
	Left     string `json:"left"` // text for free seats without a tile
	Waiting  string `json:"waiting"`
	Shared   string `json:"shared"` // the party's public attributes
	Columns  int    `json:"columns"`
	Seats    []seat `json:"seats"`
}

// live reports whether an invite in this state can still lead into a party.
func live(state party.InviteState) bool {
	return slices.Contains([]party.InviteState{party.StateOpen, party.StateFull, party.StateLocked, party.StateAway, party.StateBetween}, state)
}

func sceneOf(p party.Preview, c rules.Config, t texts) scene {
	inviter := isolate(nameOf(p.Inviter, t))
	if !live(p.State) {
		return scene{
			Headline: t.get(string(p.State)+"_headline", "{inviter}", inviter),
			Note:     t.get(string(p.State)+"_note", "{inviter}", inviter),
			Seats:    []seat{},
		}
	}
	sc := scene{Headline: headline(inviter, c, t), Seats: []seat{}}
	if p.State != party.StateOpen {
		sc.Note = t.get("note_" + string(p.State))
	}
	if p.Party != nil {
		seats, left := seatsOf(p.Party, c, t)
		sc.Seats = append(sc.Seats, seats...)
		sc.Columns = min(max((len(seats)+1)/2, 2), 4) // on a desktop: two rows of up to four seats
		sc.Count = t.get("count", "{size}", number(p.Party.Size), "{max}", number(p.Party.MaxSize))
		sc.Waiting = waitingText(p.Waiting, t)
		sc.Shared = sharedText(p.Party.Attributes)
		if left > 0 {
			sc.Left = t.get("seats_left", "{count}", number(left))
		}
	}
	return sc
}

func waitingText(n int, t texts) string {
	switch n {
	case 0:
		return ""
	case 1:
		return t.get("waiting_one")
	}
	return t.get("waiting", "{count}", number(n))
}

// sharedText returns, sorted by key, the attributes that can be shown as text.
func sharedText(attributes map[string]json.RawMessage) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		var value any
		decoder := json.NewDecoder(bytes.NewReader(attributes[key]))
		decoder.UseNumber() // numbers are shown as they were written
		if decoder.Decode(&value) != nil {
			continue
		}
		switch value.(type) {
		case string, json.Number, bool:
			parts = append(parts, isolate(readableName(key))+": "+isolate(legible(fmt.Sprint(value), valueLength)))
		}
	}
	return strings.Join(parts, " · ")
}

func failureScene(f failure, t texts) scene {
	return scene{
		Headline: t.get(f.text+"_headline", "{inviter}", t.get("someone")),
		Note:     t.get(f.text+"_note", "{inviter}", t.get("someone"), "{seconds}", number(web.Seconds(f.wait))),
		Seats:    []seat{},
	}
}

func headline(inviter string, c rules.Config, t texts) string {
	if title := gameTitle(c); title != "" {
		return t.either("heading_titled", "heading", "{inviter}", inviter, "{title}", title)
	}
	return t.get("heading", "{inviter}", inviter)
}

func gameTitle(c rules.Config) string { return strings.TrimSpace(c.Invites.Page.Title) }
