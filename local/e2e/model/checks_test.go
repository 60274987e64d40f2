package model_test

import (
	"errors"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"partyline/local/e2e/model"
	"partyline/party"
)

// observation is everything that the server was asked, by number of the party or invite.
type observation struct {
	requests map[int][]presence // of parties whose leader is known
	invites  map[int][]party.InviteSummary
	previews map[int]preview
}

type preview struct {
	user    int
	shown   party.Preview
	outcome string
}

// check asks the server for everything and compares the answers with the model. It runs after each step.
func (r *run) check(t *rapid.T) {
	r.tick()
	seen := r.observe(t)
	r.must(t, r.keepStates(func(m *model.State) error { return r.agrees(m, seen) }))
}

// observe asks the server for everything, based only on what the games have heard. A player who has
// left meanwhile is refused.
func (r *run) observe(t *rapid.T) observation {
	ctx, cancel := r.context()
	defer cancel()
	o := observation{map[int][]presence{}, map[int][]party.InviteSummary{}, map[int]preview{}}
	asks := func(session int) {
		for _, m := range r.states {
			m.Settle(session)
		}
	}
	for number, id := range r.parties {
		for i, view := range r.views {
			heard := view.Parties[id]
			if heard == nil || !r.state.Sessions[i].Live {
				continue
			}
			if heard.Leader == r.games[i].ID {
				asks(i)
				requests, err := r.games[i].Requests(ctx, id)
				if r.answer(t, "requests", err) == "" {
					o.requests[number] = requests
				}
			}
			if o.invites[number] == nil {
				asks(i)
				var list struct{ Invites []party.InviteSummary }
				if r.answer(t, "list", r.games[i].Call(ctx, "party_invite_list", partyRequest{id}, &list)) == "" {
					o.invites[number] = list.Invites
				}
			}
		}
	}
	for number, v := range r.state.Invites {
		p := preview{user: v.By}
		if len(v.For) > 0 && number%2 == 0 { // so that both sides are tested
			p.user = v.For[0]
		}
		p.outcome = r.answer(t, "preview", r.players[p.user].Call(ctx, "party_invite_preview", codeRequest{r.invites[number].Code}, &p.shown))
		o.previews[number] = p
	}
	return o
}

// agrees compares an observation with a model.
func (r *run) agrees(m *model.State, o observation) error {
	var problems []error
	for i := range r.parties {
		problems = append(problems, r.checkPartyState(m, i, o))
	}
	for i := range r.invites {
		problems = append(problems, r.checkInviteState(m, i, o.previews[i]))
	}
	return errors.Join(problems...)
}

func (r *run) checkPartyState(m *model.State, number int, o observation) error {
	p := m.Parties[number]
	// A seat that moves to another socket of a member counts as taken twice for that moment.
	if taken, held := m.Seats(number, -1); len(p.Members) > p.MaxSize || taken-m.Moving(number)+held > p.MaxSize && !p.Over() {
		return fmt.Errorf("party %d: %d seats taken, %d kept, of %d: the model itself is wrong", number, taken, held, p.MaxSize)
	}
	if p.Over() {
		return nil
	}
	if o.invites[number] == nil {
		return fmt.Errorf("party %d: none of its members may list its invites", number)
	}
	if requests := o.requests[number]; !slices.EqualFunc(requests, p.Requests, func(have presence, want int) bool { return have.GetSessionId() == r.games[want].ID }) {
		return fmt.Errorf("party %d: requests %v; want %v", number, requests, p.Requests)
	}
	want, _ := m.List(m.Sessions[p.Leader].User, number)
	if len(want) != len(o.invites[number]) {
		return fmt.Errorf("party %d lists %d invites; want %v", number, len(o.invites[number]), want)
	}
	for _, row := range o.invites[number] {
		i := slices.IndexFunc(r.invites, func(made party.CreatedInvite) bool { return made.ID == row.ID })
		if !slices.Contains(want, i) || row.Uses != m.Invites[i].Uses || row.MaxUses != m.Invites[i].MaxUses {
			return fmt.Errorf("party %d lists %+v; want invite %d with %d uses of %d", number, row, i, m.Invites[i].Uses, m.Invites[i].MaxUses)
		}
	}
	return nil
}

func (r *run) checkInviteState(m *model.State, number int, have preview) error {
	v := m.Invites[number]
	if v.MaxUses > 0 && (v.Uses > v.MaxUses || len(v.Claims) != v.Uses) {
		return fmt.Errorf("invite %d: %+v: the model itself is wrong", number, v)
	}
	want, refused := m.Preview(have.user, number)
	if have.outcome != refused {
		return fmt.Errorf("preview of invite %d for user %d = %q; want %q", number, have.user, have.outcome, refused)
	}
	if refused != "" {
		return nil
	}
	if string(have.shown.State) != want.State || (have.shown.Party == nil) != (want.Party < 0) {
		return fmt.Errorf("preview of invite %d for user %d: %+v; want %+v", number, have.user, have.shown, want)
	}
	if have.shown.Party == nil {
		return nil
	}
	return r.sameParty(m, have.shown.Party, want)
}

// sameParty compares a preview's party with the model's.
func (r *run) sameParty(m *model.State, shown *party.PartyPreview, want model.Preview) error {
	p := m.Parties[want.Party]
	same := slices.EqualFunc(shown.Members, p.Members, func(have party.MemberProfile, member int) bool {
		return have.UserID == r.players[m.Sessions[member].User].ID()
	})
	if leader := r.players[m.Sessions[p.Leader].User].ID(); !same || shown.PartyID != r.parties[want.Party] ||
		shown.Size != want.Size || shown.Held != want.Held || shown.MaxSize != p.MaxSize || shown.Open != p.Open || shown.LeaderUserID != leader {
		return fmt.Errorf("preview shows party %+v; want party %d with %+v, kept %d", shown, want.Party, p, want.Held)
	}
	return nil
}
