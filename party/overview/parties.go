package overview

import (
	"context"

	"partyline/party"
)

// Parties answers party_admin_parties.
type Parties struct {
	Parties []Party `json:"parties"`
	Cursor  string  `json:"cursor"` // for the next page, with the same limit; "" on the last
}

// Party is one live party.
type Party struct {
	PartyID   string   `json:"party_id"`
	Size      int      `json:"size"`
	MaxSize   int      `json:"max_size"`
	Held      int      `json:"held"` // seats kept for users who are not in it
	Open      bool     `json:"open"`
	Hidden    bool     `json:"hidden"`
	Label     string   `json:"label"`
	State     string   `json:"state"` // idle | matchmaking | in_match
	CreatedAt int64    `json:"created_at"`
	Requests  int      `json:"requests"` // to join, that somebody still waits for
	Members   []Member `json:"members"`  // in the order they joined
}

// Member is one member with the status it last told.
type Member struct {
	UserID   string   `json:"user_id"`
	Username string   `json:"username"`
	Leader   bool     `json:"leader"`
	JoinedAt int64    `json:"joined_at"` // 0 where it is not known
	Stage    string   `json:"stage"`
	Progress *float64 `json:"progress,omitempty"` // 0..1; absent where none was set
	Text     string   `json:"text"`
}

// Bounds of a page of parties.
const (
	DefaultPage = 50
	MaxPage     = 100
)

// Parties lists the live parties of this node, hidden ones too; a party shows up about
// a second after its creation. limit 0 is [DefaultPage]. It refuses with InvalidRequest a
// limit outside of 1 to [MaxPage] and a cursor of another list.
func (o *Overview) Parties(ctx context.Context, limit int, cursor string) (Parties, error) {
	if limit == 0 {
		limit = DefaultPage
	}
	if limit < 1 || limit > MaxPage {
		return Parties{}, party.Refuse(party.InvalidRequest, "limit: must be from 1 to %d.", MaxPage)
	}
	if err := party.CheckListCursor(cursor, nil); err != nil {
		return Parties{}, err
	}
	rows, next, err := o.Lister.PartyList(ctx, limit, nil, true, "", cursor)
	if err != nil && cursor != "" {
		return Parties{}, &party.Error{Reason: party.InvalidRequest, Message: "cursor: it does not belong to this list; keep the limit.", Cause: err}
	}
	if err != nil {
		return Parties{}, err
	}
	out := Parties{Parties: make([]Party, 0, len(rows)), Cursor: next}
	for _, row := range rows {
		id, err := party.ParseID(row.GetPartyId())
		if err != nil {
			continue
		}
		p, err := o.party(ctx, id)
		if party.ReasonOf(err) == party.PartyNotFound {
			continue // ended since the list was made
		}
		if err != nil {
			return Parties{}, err
		}
		out.Parties = append(out.Parties, p)
	}
	return out, nil
}

func (o *Overview) party(ctx context.Context, id party.ID) (Party, error) {
	v, err := o.Seats.Look(ctx, id)
	if err != nil {
		return Party{}, err
	}
	waiting, err := o.Seats.Waiting(ctx, id)
	if err != nil {
		return Party{}, err
	}
	statuses, err := o.Judge.Statuses(ctx, id)
	if err != nil {
		return Party{}, err
	}
	state, err := o.Judge.Activity.State(ctx, id)
	if err != nil {
		return Party{}, err
	}
	p := Party{
		PartyID: id.String(), Size: v.Size(), MaxSize: v.MaxSize, Held: v.Held(""), Open: v.Open, Hidden: v.Hidden, Label: v.Label,
		State: state, CreatedAt: v.CreatedAt.Unix(), Requests: waiting, Members: make([]Member, len(v.Members)),
	}
	for i, m := range v.Members {
		s := statuses[m.SessionID]
		p.Members[i] = Member{
			UserID: m.UserID, Username: m.Username, Leader: m.Leader, Stage: s.Stage, Progress: s.Progress, Text: s.Text,
		}
		if !m.JoinedAt.IsZero() {
			p.Members[i].JoinedAt = m.JoinedAt.Unix()
		}
	}
	return p, nil
}
