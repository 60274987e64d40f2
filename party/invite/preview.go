package invite

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"partyline/internal/cache"
	"partyline/party"
	"partyline/party/reserve"
)

// previews shows invites and the parties that they lead to, without using the invites. Safe for concurrent use.
type previews struct {
	*resolver
	faces      *cache.Cache[string, party.Profile] // by user
	waitedKeys *cache.Cache[string, string]        // keys of invites that players wait by, by the invite's ID
}

// Preview returns what an invite leads to, without using it. If the invite is for others it refuses with
// InviteNotForYou, unless the caller made it or is in the party.
func (pv *previews) Preview(ctx context.Context, c party.Caller, typed string) (party.Preview, error) {
	_, r, err := pv.find(ctx, c, "", typed)
	if err != nil {
		return party.Preview{}, err
	}
	t, err := pv.target(ctx, r, c.UserID)
	if err != nil {
		return party.Preview{}, err
	}
	if _, member := t.Member(c.UserID); !member && c.UserID != r.By && !r.isFor(c.UserID) {
		return party.Preview{}, r.refusal(c.UserID, pv.Now())
	}
	p, err := pv.preview(ctx, r, t, c.UserID, false)
	if err != nil || p.Party == nil {
		return p, err
	}
	if p.MatchID, err = pv.Match(ctx, t.ID); err != nil {
		return party.Preview{}, err
	}
	p.Launch = json.RawMessage(r.Launch)
	return p, nil
}

// PublicPreview returns what anybody with the code may see. It has no launch data and no match. It has members only
// if the rules let the page show them and the party is not hidden. The answer may be a second old. It refuses with
// InviteNotFound and RateLimited. The caller must not change the answer's lists.
func (pv *previews) PublicPreview(ctx context.Context, typed, clientIP string) (p party.Preview, err error) {
	err = pv.guess("", clientIP, typed, func(key string) (err error) {
		p, err = pv.publicPreviews.Get(ctx, key, func(ctx context.Context) (party.Preview, error) { return pv.publicPreview(ctx, key) })
		return err
	})
	return p, err
}

func (pv *previews) publicPreview(ctx context.Context, key string) (party.Preview, error) {
	r, err := pv.Store.readCached(ctx, key)
	if err != nil {
		return party.Preview{}, err
	}
	// A person who opens an invite with a held seat is assumed to be the user that it is held for.
	viewer := ""
	if h, ok := r.hold(pv.Now()); ok {
		viewer = h.UserIDs[0]
	}
	t, err := pv.target(ctx, r, viewer)
	if err != nil {
		return party.Preview{}, err
	}
	return pv.preview(ctx, r, t, viewer, true)
}

// target is the party that an invite leads to, as a viewer sees it.
type target struct {
	reserve.Look
	held        int               // seats held or kept for users other than the viewer
	closedState party.InviteState // why nobody can enter despite free seats: gone, between, away or locked
}

func (pv *previews) target(ctx context.Context, r *record, viewer string) (target, error) {
	look, err := pv.lookDestination(ctx, r, viewer)
	t := target{Look: look, held: look.Held(viewer)}
	switch party.ReasonOf(err) {
	case "":
	case party.PartyNotFound:
		if r.Follow {
			return target{closedState: party.StateBetween}, nil
		}
		return target{closedState: party.StatePartyGone}, nil
	case party.PartyAway:
		t.closedState = party.StateAway
		return t, nil
	default:
		return target{}, err
	}
	// A lock does not stop a member, or a member who is away and returns.
	if _, member := t.Member(viewer); member || t.Returning(viewer) {
		return t, nil
	}
	err = pv.Admission.Locked(ctx, t.View)
	if party.ReasonOf(err) == party.PartyLocked {
		t.closedState, err = party.StateLocked, nil
	}
	return t, err
}

// state returns the state of the invite for the viewer.
func (pv *previews) state(r *record, viewer string, t target, room bool) party.InviteState {
	switch {
	case r.RevokedAt != 0:
		return party.StateRevoked
	case !pv.Now().Before(r.expiresAt()) && !pv.waits(r, viewer, t.ID):
		return party.StateExpired
	case r.exhausted() && !r.claimed(viewer):
		return party.StateExhausted
	case t.closedState != "":
		return t.closedState
	case !room:
		return party.StateFull
	}
	return party.StateOpen
}

// preview builds the preview of an invite for the viewer, or for anybody if it is public.
func (pv *previews) preview(ctx context.Context, r *record, t target, viewer string, public bool) (party.Preview, error) {
	v, members, leader, readProfiles := t.View, t.Members, t.Leader().UserID, pv.readFaces
	_, member := t.Member(viewer)
	room := v.Size()+t.held < v.MaxSize || member && !public
	if public {
		readProfiles = pv.Profiles
	}
	if public && (t.Hidden || !pv.Policy().Invites.Page.ShowMembers) {
		members, leader = nil, ""
	}
	p := party.Preview{ID: r.ID, State: pv.state(r, viewer, t, room), Waiting: t.Waiting, Message: r.Message, Info: nonNil(r.Info), ExpiresAt: r.ExpiresAt}
	// For a deleted account, the invite or the party has the username.
	profiles := map[string]party.Profile{r.By: {UserID: r.By, Username: r.ByName}}
	for _, m := range members {
		profiles[m.UserID] = party.Profile{UserID: m.UserID, Username: m.Username}
	}
	found, err := readProfiles(ctx, slices.Sorted(maps.Keys(profiles)))
	if err != nil {
		return party.Preview{}, err
	}
	for _, profile := range found {
		profiles[profile.UserID] = profile
	}
	p.Inviter = profiles[r.By]
	if t.ID.IsZero() {
		return p, nil
	}
	statuses, err := pv.Statuses(ctx, v.ID)
	if err != nil {
		return party.Preview{}, err
	}
	count, err := pv.Footprints(ctx, v.ID, "")
	switch party.ReasonOf(err) {
	case "", party.PartyNotFound:
	case party.PartyAway:
		count = party.Footprint{MaxSize: v.MaxSize, Held: t.held}
	default:
		return party.Preview{}, err
	}
	shared, err := pv.Attributes(ctx, v)
	if err != nil {
		return party.Preview{}, err
	}
	p.Party = &party.PartyPreview{
		PartyID: v.ID.String(), Size: v.Size(), MaxSize: v.MaxSize, Held: count.Held, OnTheWay: count.OnTheWay(), Open: v.Open,
		LeaderUserID: leader, Members: make([]party.MemberProfile, len(members)), Attributes: shared,
	}
	for i, m := range members {
		st := statuses[m.SessionID]
		p.Party.Members[i] = party.MemberProfile{Profile: profiles[m.UserID], Stage: st.Stage, Progress: st.Progress, Text: st.Text, Stalled: st.Stalled}
	}
	return p, nil
}

// Many landing pages poll at the same time. All requests within a second get the same preview.
const (
	previewTTL  = time.Second
	maxPreviews = 4096
)

const (
	faceTTL  = 5 * time.Minute // names and pictures change without a notice
	maxFaces = 50_000          // of about 200 bytes each
)

func (pv *previews) readFaces(ctx context.Context, userIDs []string) ([]party.Profile, error) {
	users, err := pv.Users.UsersGetId(ctx, userIDs, nil)
	if err != nil {
		return nil, fmt.Errorf("read profiles: %w", err)
	}
	found := make([]party.Profile, len(users))
	for i, u := range users {
		found[i] = party.Profile{UserID: u.GetId(), Username: u.GetUsername(), DisplayName: u.GetDisplayName(), AvatarURL: u.GetAvatarUrl()}
	}
	return found, nil
}

// Profiles returns the profiles of users for pages and lists. They may be a few minutes old.
func (pv *previews) Profiles(ctx context.Context, userIDs []string) ([]party.Profile, error) {
	var found []party.Profile
	var missing []string
	for _, id := range userIDs {
		if face, ok := pv.faces.Peek(id); ok {
			found = append(found, face)
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	read, err := pv.readFaces(ctx, missing)
	for _, face := range read {
		pv.faces.Put(face.UserID, face)
	}
	return append(found, read...), err
}
