package invite

import (
	"context"
	"errors"
	"fmt"

	"partyline/internal/cache"
	"partyline/party"
	"partyline/party/entry"
	"partyline/party/ledger"
	"partyline/party/reserve"
	"partyline/party/rules"
)

// resolver finds the parties of codes and invites. All parts of a [Service] use it.
type resolver struct {
	Deps
	entry          entry.Entry
	tasks          *tasks
	publicPreviews *cache.Cache[string, party.Preview] // by key; dropped when the invite changes
}

// partyOf returns the current ID of the party that an invite was made for.
func (rs *resolver) partyOf(r *record) party.ID { return rs.Admission.Current(r.partyID()) }

// lookDestination returns the party that an invite leads the user to now. It refuses with PartyNotFound, or with
// PartyAway together with what is known of the party.
func (rs *resolver) lookDestination(ctx context.Context, r *record, userID string) (reserve.Look, error) {
	id, away := rs.destination(ctx, r)
	if away != nil && party.ReasonOf(away) != party.PartyAway {
		return reserve.Look{}, away
	}
	look, err := rs.Admission.Look(ctx, id)
	if err != nil {
		look.ID = id
		return look, err
	}
	if _, member := look.Member(userID); away == nil || member || look.Returning(userID) {
		return look, nil // members, and members who return, need no invite
	}
	return reserve.Look{View: party.View{ID: look.ID, Facts: look.Facts}}, away
}

// destination returns the party that an invite leads to now. If the inviter is away there, it returns PartyAway
// together with the party.
func (rs *resolver) destination(ctx context.Context, r *record) (party.ID, error) {
	own := rs.partyOf(r)
	if !r.Follow {
		return own, nil
	}
	in, err := rs.Roster.PartiesOf(ctx, r.By)
	if err != nil {
		return own, fmt.Errorf("follow inviter: %w", err)
	}
	id, err := rs.follow(ctx, r, own, in)
	if party.ReasonOf(err) != party.PartyNotFound {
		return id, err
	}
	seats, seatsErr := rs.Admission.KeptSeats(ctx, r.By)
	if seatsErr != nil {
		return own, fmt.Errorf("follow inviter: %w", seatsErr)
	}
	for _, seat := range seats {
		if rs.Admission.Current(seat.ID) == own {
			return own, nil
		}
	}
	if len(in) == 0 && len(seats) > 0 { // the right to invite there is checked when the inviter is back
		return rs.Admission.Current(seats[0].ID), party.RefuseAway()
	}
	return id, err
}

// follow finds the party that the inviter has moved to. It is the one they entered last among those that they may
// invite to. The invite's own party needs no check: the rules were asked when the invite was made.
func (rs *resolver) follow(ctx context.Context, r *record, own party.ID, in []party.Membership) (party.ID, error) {
	by := party.Caller{UserID: r.By, Username: r.ByName}
	for _, m := range in {
		if m.ID == own {
			return m.ID, nil
		}
		switch _, err := rs.mayInvite(ctx, by, m.ID, rs.Judge); party.ReasonOf(err) {
		case "":
			return m.ID, nil
		case party.NotLeader, party.RuleDenied, party.NotMember, party.PartyNotFound:
		default:
			return party.ID{}, err
		}
	}
	return party.ID{}, party.Refuse(party.PartyNotFound, "Your friend is in no party at the moment.")
}

// mayInvite refuses users who may not invite to the party. judge answers for the designers' rules.
func (rs *resolver) mayInvite(ctx context.Context, c party.Caller, id party.ID, judge party.Judge) (party.View, error) {
	v, err := rs.Admission.Look(ctx, id)
	if err != nil {
		return v.View, fmt.Errorf("look at party: %w", err)
	}
	if _, member := v.Member(c.UserID); !member {
		return v.View, party.NotAMember()
	}
	if rs.Policy().Invites.Who == rules.InviteLeader && v.Leader().UserID != c.UserID {
		return v.View, party.Refuse(party.NotLeader, "Only the leader can invite to this party.")
	}
	return v.View, judge.Decide(ctx, party.Question{
		Action: rules.ActionInvite, Caller: c, Client: party.ClientOf(ctx, c.UserID), View: v.View, Held: v.Held(""), Away: v.Away,
	})
}

// refusal returns why the user cannot use an invite that leads to the party now. An expired invite still admits users
// who wait there by it.
func (rs *resolver) refusal(r *record, userID string, id party.ID) error {
	err := r.refusal(userID, rs.Now())
	if party.ReasonOf(err) == party.InviteExpired && rs.waits(r, userID, id) {
		return r.refusalOfWaiter(userID)
	}
	return err
}

// waits reports whether the user waits by the invite for a seat of the party. It knows only what this process has
// seen.
func (rs *resolver) waits(r *record, userID string, id party.ID) bool {
	w := rs.Admission.Waiter(id, userID)
	return w.UserID != "" && (w.Invite == r.ID || w.Invite == "" && !w.Open)
}

// leadsNowhere reports whether the party of an invite has ended. It returns false for an invite that follows its
// inviter, because it may lead to the next party.
func (rs *resolver) leadsNowhere(ctx context.Context, r *record) (bool, error) {
	if r.Follow {
		return false, nil
	}
	_, err := rs.Admission.TryLook(ctx, rs.partyOf(r))
	if errors.Is(err, ledger.ErrBusy) { // other calls work on the party, so it is alive
		return false, nil
	}
	return partyEnded(err)
}

// partyEnded reports whether the error of a look at a party says that the party has ended. A party with a broken record
// counts as alive.
func partyEnded(err error) (bool, error) {
	switch party.ReasonOf(err) {
	case party.PartyNotFound:
		return true, nil
	case party.PartyAway:
		return false, nil
	default:
		return false, party.UnlessBroken(err)
	}
}
