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

// previews show which invites there are and where they lead, without using them. Safe for concurrent use.
type previews struct {
	*routes
	faces  *cache.Cache[string, party.Profile] // by user
	waited *cache.Cache[string, string]        // keys of invites by which somebody waits, by ID
}

// facesOf looks users up; those that are not found are left out.
type facesOf func(ctx context.Context, userIDs []string) ([]party.Profile, error)

// Preview shows what an invite leads to, without using it. For an invite that is for
// others it refuses with InviteNotForYou, unless the caller made it or is in the party.
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
	p, err := pv.preview(ctx, r, t, c.UserID, pv.readFaces)
	if err != nil || p.Party == nil {
		return p, err
	}
	if p.MatchID, err = pv.Match(ctx, t.ID); err != nil {
		return party.Preview{}, err
	}
	p.Launch = json.RawMessage(r.Launch)
	return p, nil
}

// PublicPreview is what anybody with the code may see: no launch data, no match, and members only
// where the rules' page shows them and the party is not hidden. It may be a second old. It refuses
// with InviteNotFound and RateLimited. The caller must not change the answer's lists.
func (pv *previews) PublicPreview(ctx context.Context, typed, clientIP string) (p party.Preview, err error) {
	err = pv.guess("", clientIP, typed, func(key string) (err error) {
		p, err = pv.shown.Get(ctx, key, func(ctx context.Context) (party.Preview, error) { return pv.publicPreview(ctx, key) })
		return err
	})
	return p, err
}

func (pv *previews) publicPreview(ctx context.Context, key string) (party.Preview, error) {
	f, err := pv.Store.lately(ctx, key)
	if err != nil {
		return party.Preview{}, err
	}
	r := f.rec
	// A user who opens an invite with a held seat is taken for somebody it is held for.
	viewer := ""
	if h, ok := r.hold(pv.Now()); ok {
		viewer = h.UserIDs[0]
	}
	t, err := pv.target(ctx, r, viewer)
	if err != nil {
		return party.Preview{}, err
	}
	size, leader := t.Size(), t.Leader().UserID
	if t.Hidden || !pv.Policy().Invites.Page.ShowMembers {
		t.Members, leader = nil, ""
	}
	p, err := pv.preview(ctx, r, t, viewer, pv.Faces)
	if err != nil {
		return party.Preview{}, err
	}
	if p.Party != nil {
		p.Party.Size, p.Party.LeaderUserID = size, leader
		p.State = pv.state(r, viewer, t, size+t.held < t.MaxSize)
	}
	return p, nil
}

// target is the party an invite leads to, as a viewer meets it.
type target struct {
	reserve.Look
	held int               // seats kept for users other than the viewer
	shut party.InviteState // why nobody comes in, though there may be room: gone, between, away or locked; "" for nothing
}

func (pv *previews) target(ctx context.Context, r *record, viewer string) (target, error) {
	look, err := pv.leads(ctx, r, viewer)
	t := target{Look: look, held: look.Held(viewer)}
	switch party.ReasonOf(err) {
	case "":
	case party.PartyNotFound:
		if r.Follow {
			return target{shut: party.StateBetween}, nil
		}
		return target{shut: party.StatePartyGone}, nil
	case party.PartyAway:
		t.shut = party.StateAway
		return t, nil
	default:
		return target{}, err
	}
	// A lock concerns neither a member nor somebody whose seat is kept after a drop.
	if _, member := t.Member(viewer); member || t.Returning(viewer) {
		return t, nil
	}
	err = pv.Admission.Locked(ctx, t.View)
	if party.ReasonOf(err) == party.PartyLocked {
		t.shut, err = party.StateLocked, nil
	}
	return t, err
}

// state is what the invite is worth to the viewer.
func (pv *previews) state(r *record, viewer string, t target, room bool) party.InviteState {
	switch {
	case r.RevokedAt != 0:
		return party.StateRevoked
	case !pv.Now().Before(r.expiresAt()) && !pv.waits(r, viewer, t.ID):
		return party.StateExpired
	case r.exhausted() && !r.claimed(viewer):
		return party.StateExhausted
	case t.shut != "":
		return t.shut
	case !room:
		return party.StateFull
	}
	return party.StateOpen
}

func (pv *previews) preview(ctx context.Context, r *record, t target, viewer string, look facesOf) (party.Preview, error) {
	v := t.View
	_, member := v.Member(viewer)
	p := party.Preview{
		ID: r.ID, State: pv.state(r, viewer, t, member || v.Size()+t.held < v.MaxSize),
		Waiting: t.Waiting, Message: r.Message, Info: list(r.Info), ExpiresAt: r.ExpiresAt,
	}
	profiles, err := pv.profiles(ctx, r, v, look)
	if err != nil {
		return party.Preview{}, err
	}
	p.Inviter = profiles[r.By]
	if t.ID.IsZero() {
		return p, nil
	}
	statuses, err := pv.Statuses(ctx, v.ID)
	if err != nil {
		return party.Preview{}, err
	}
	count, err := pv.Footprints(ctx, v.ID)
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
		LeaderUserID: v.Leader().UserID, Members: make([]party.MemberProfile, len(v.Members)), Attributes: shared,
	}
	for i, m := range v.Members {
		st := statuses[m.SessionID]
		p.Party.Members[i] = party.MemberProfile{Profile: profiles[m.UserID], Stage: st.Stage, Progress: st.Progress, Text: st.Text, Stalled: st.Stalled}
	}
	return p, nil
}

// profiles are the public faces of the inviter and the members, from one look-up. A
// deleted account keeps the name it is known by here.
func (pv *previews) profiles(ctx context.Context, r *record, v party.View, look facesOf) (map[string]party.Profile, error) {
	known := map[string]party.Profile{r.By: {UserID: r.By, Username: r.ByName}}
	for _, m := range v.Members {
		known[m.UserID] = party.Profile{UserID: m.UserID, Username: m.Username}
	}
	found, err := look(ctx, slices.Sorted(maps.Keys(known)))
	if err != nil {
		return nil, err
	}
	for _, p := range found {
		known[p.UserID] = p
	}
	return known, nil
}

// Landing pages poll, many at once. All who ask within a second see the same preview.
const (
	previewTTL  = time.Second
	maxPreviews = 4096
)

const (
	faceTTL  = 5 * time.Minute // names and pictures change without anybody telling
	maxFaces = 50_000          // of some 200 bytes
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

// Faces are users as pages and lists show them, a few minutes old perhaps.
func (pv *previews) Faces(ctx context.Context, userIDs []string) ([]party.Profile, error) {
	var found []party.Profile
	var missing []string
	for _, id := range userIDs {
		if face, ok := pv.faces.Kept(id); ok {
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
