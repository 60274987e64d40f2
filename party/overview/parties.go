package overview

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"

	"partyline/party"
	"partyline/party/attributes"
	"partyline/party/reserve"
)

// Parties is the answer of party_admin_parties.
type Parties struct {
	Parties []Party `json:"parties"`
	Cursor  string  `json:"cursor"`            // for the next page, with the same limit; "" on the last page
	Problem string  `json:"problem,omitempty"` // why parties, attributes or display names are missing; absent if all could be read
}

// Party is one live party.
type Party struct {
	PartyID   string   `json:"party_id"`
	Size      int      `json:"size"`
	MaxSize   int      `json:"max_size"`
	Held      int      `json:"held"` // seats held or kept for users who are not in it
	Open      bool     `json:"open"`
	Hidden    bool     `json:"hidden"`
	Label     string   `json:"label"`
	State     string   `json:"state"` // idle | matchmaking | in_match
	MatchID   string   `json:"match_id"`
	CreatedAt int64    `json:"created_at"`
	Requests  int      `json:"requests"` // requests to join that are still open
	Members   []Member `json:"members"`  // in the order they joined
	Waiting   []Waiter `json:"waiting"`  // on the wait list
	Kicked    []Kicked `json:"kicked"`   // users who may not come back yet
	Busy      bool     `json:"busy"`     // a change is under way: held, requests, waiting and kicked are not known

	Attributes *attributes.Document `json:"attributes,omitempty"` // absent if none are set
}

// Player is a user with their names.
type Player struct {
	UserID      string `json:"user_id"`
	Username    string `json:"username"`
	DisplayName string `json:"display_name"`
}

// Member is one member with the last status.
type Member struct {
	Player
	Leader   bool     `json:"leader"`
	JoinedAt int64    `json:"joined_at"` // 0 if not known
	Stage    string   `json:"stage"`
	Progress *float64 `json:"progress,omitempty"` // 0..1; absent if none was set
	Text     string   `json:"text"`
}

// Waiter is a user on the wait list of a full party.
type Waiter struct {
	Player
	Since     int64 `json:"since"`
	HeldUntil int64 `json:"held_until,omitempty"` // while a seat is held for them
}

// Kicked is a user whom the leader removed.
type Kicked struct {
	Player
	Until int64 `json:"until"`
}

// Limits of a page of parties.
const (
	DefaultPage = 50
	MaxPage     = 100
)

// Parties lists the live parties of this node, including hidden ones. A party shows up about a second after its
// creation. It refuses with InvalidRequest a limit outside of 1 to [MaxPage], and a cursor of another list.
func (o *Overview) Parties(ctx context.Context, limit int, cursor string) (Parties, error) {
	if limit < 1 || limit > MaxPage {
		return Parties{}, party.Refuse(party.InvalidRequest, "limit: must be from 1 to %d.", MaxPage)
	}
	if err := party.CheckListCursor(cursor, nil); err != nil {
		return Parties{}, err
	}
	rows, next, err := o.list(ctx, limit, cursor)
	if err != nil && cursor != "" {
		return Parties{}, &party.Error{Reason: party.InvalidRequest, Message: "cursor: it does not belong to this list; keep the limit.", Cause: err}
	}
	if err != nil {
		return Parties{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	list := o.details(ctx, rows)
	list.Cursor = next
	return list, nil
}

// list reads a page of all parties of the node from the host's memory, even if ctx has ended.
func (o *Overview) list(ctx context.Context, limit int, cursor string) (rows []*api.Party, next string, err error) {
	return o.Lister.PartyList(context.WithoutCancel(ctx), limit, nil, true, "", cursor)
}

// Limits of a search, which reads the parties of the node one by one.
const (
	searchPages = 20 // of MaxPage parties each
	maxFound    = 50
)

// Search lists live parties of this node. It finds a party by its whole ID, and the parties of a member by theirs. It
// matches the beginning of the party's ID or of a member's ID, and any part of the label or of a member's names,
// ignoring case. more reports that there are more parties than it searched or lists.
func (o *Overview) Search(ctx context.Context, words string) (found Parties, more bool, err error) {
	rows := []*api.Party{{PartyId: party.Canonical(words)}}
	if user, unknown := uuid.Parse(words); unknown == nil {
		in, err := o.PartiesOf(ctx, user.String())
		if err != nil {
			return found, false, err
		}
		for _, m := range in { // a user is in a party with one session at most
			rows = append(rows, &api.Party{PartyId: m.ID.String()})
		}
	}
	if found = o.details(ctx, rows); len(found.Parties) > 0 {
		return found, false, nil
	}
	words = strings.ToLower(words)
	cursor := ""
	for range searchPages {
		rows, next, err := o.list(ctx, MaxPage, cursor)
		if err != nil {
			return found, false, err
		}
		page := o.details(ctx, rows)
		found.Problem = cmp.Or(found.Problem, page.Problem)
		for _, p := range page.Parties {
			switch {
			case !p.matches(words):
			case len(found.Parties) == maxFound:
				return found, true, nil
			default:
				found.Parties = append(found.Parties, p)
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	return found, cursor != "", nil
}

func (p Party) matches(words string) bool {
	if strings.HasPrefix(strings.ToLower(p.PartyID), words) || strings.Contains(strings.ToLower(p.Label), words) {
		return true
	}
	return slices.ContainsFunc(p.Members, func(m Member) bool { return m.Matches(words) })
}

// Matches reports whether words, in lower case, match the player.
func (p Player) Matches(words string) bool {
	return strings.HasPrefix(p.UserID, words) || strings.Contains(strings.ToLower(p.Username), words) || strings.Contains(strings.ToLower(p.DisplayName), words)
}

// details returns the details of parties in the host's list. It omits parties that have ended since, parties that are
// away, and parties that cannot be read.
func (o *Overview) details(ctx context.Context, rows []*api.Party) Parties {
	var unread error // of the first party that cannot be read
	list, looks := make([]Party, 0, len(rows)), make([]reserve.Look, 0, len(rows))
	for _, row := range rows {
		id, err := party.ParseID(row.GetPartyId())
		if err != nil {
			continue
		}
		p, look, err := o.party(ctx, id)
		switch party.ReasonOf(err) {
		case party.PartyNotFound, party.PartyAway:
		case "":
			list, looks = append(list, p), append(looks, look)
		default:
			unread = cmp.Or(unread, fmt.Errorf("party %s: %w", id, err))
		}
	}
	shared, err := o.Attributes(ctx, looks)
	for i, look := range looks {
		if d, some := shared[look.ID]; some {
			list[i].Attributes = &d
		}
	}
	page := Parties{Parties: list}
	if err := errors.Join(unread, err, o.fillNames(ctx, list)); err != nil {
		page.Problem = err.Error()
	}
	return page
}

func (o *Overview) party(ctx context.Context, id party.ID) (Party, reserve.Look, error) {
	d, err := o.Seats.Detail(ctx, id)
	if err != nil {
		return Party{}, d.Look, err
	}
	statuses, err := o.Judge.Statuses(ctx, id)
	if err != nil {
		return Party{}, d.Look, err
	}
	state, match, err := o.Judge.Activity.State(context.WithoutCancel(ctx), id) // asks the host, not the database
	if err != nil {
		return Party{}, d.Look, err
	}
	p := Party{
		PartyID: id.String(), Size: d.Size(), MaxSize: d.MaxSize, Held: d.Held(""), Open: d.Open, Hidden: d.Hidden, Label: d.Label,
		State: state, MatchID: match, CreatedAt: d.CreatedAt.Unix(), Requests: d.Requests, Busy: d.Busy,
		Members: make([]Member, len(d.Members)), Waiting: make([]Waiter, len(d.Line)), Kicked: []Kicked{},
	}
	for i, m := range d.Members {
		s := statuses[m.SessionID]
		p.Members[i] = Member{
			Player: Player{UserID: m.UserID, Username: m.Username}, Leader: m.Leader, JoinedAt: party.Seconds(m.JoinedAt),
			Stage: s.Stage, Progress: s.Progress, Text: s.Text,
		}
	}
	for i, w := range d.Line {
		p.Waiting[i] = Waiter{Player: Player{UserID: w.UserID}, Since: party.Seconds(w.Since), HeldUntil: party.Seconds(w.Until)}
	}
	for _, user := range slices.Sorted(maps.Keys(d.Kicks)) {
		p.Kicked = append(p.Kicked, Kicked{Player: Player{UserID: user}, Until: party.Seconds(d.Kicks[user].Until)})
	}
	return p, d.Look, nil
}

// fillNames fills in the players' names, from one look-up for all.
func (o *Overview) fillNames(ctx context.Context, list []Party) error {
	var players []*Player
	for _, p := range list {
		for i := range p.Members {
			players = append(players, &p.Members[i].Player)
		}
		for i := range p.Waiting {
			players = append(players, &p.Waiting[i].Player)
		}
		for i := range p.Kicked {
			players = append(players, &p.Kicked[i].Player)
		}
	}
	ids := make([]string, len(players))
	for i, p := range players {
		ids[i] = p.UserID
	}
	known, err := o.Players(ctx, ids)
	for _, p := range players {
		if now, ok := known[p.UserID]; ok {
			*p = now
		}
	}
	return err
}

// Players returns users with their names, by ID. The names may be a few minutes old. Users who do not exist any more
// are omitted.
func (o *Overview) Players(ctx context.Context, userIDs []string) (map[string]Player, error) {
	slices.Sort(userIDs)
	known := map[string]Player{}
	if userIDs = slices.Compact(userIDs); len(userIDs) == 0 {
		return known, nil
	}
	faces, err := o.Profiles(ctx, userIDs)
	for _, f := range faces {
		known[f.UserID] = Player{f.UserID, f.Username, f.DisplayName}
	}
	return known, err
}
