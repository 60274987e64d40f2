package invite

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"partyline/party"
	"partyline/party/admission"
)

// Preview shows what an invite leads to, without using it. For an invite that is for
// others it refuses with InviteNotForYou, unless the caller made it or is in the party.
func (s *Service) Preview(ctx context.Context, c party.Caller, typed string) (party.Preview, error) {
	if err := signedIn(c); err != nil {
		return party.Preview{}, err
	}
	_, f, err := s.lookup(ctx, c.UserID, c.ClientIP, typed)
	if err != nil {
		return party.Preview{}, err
	}
	r := f.rec
	v, held, alive, err := s.target(ctx, r, c.UserID)
	if err != nil {
		return party.Preview{}, err
	}
	if _, member := v.Member(c.UserID); !member && c.UserID != r.By && !r.isFor(c.UserID) {
		return party.Preview{}, r.refusal(c.UserID, s.Now())
	}
	p, err := s.preview(ctx, r, v, alive, c.UserID, held)
	if err != nil || !alive {
		return p, err
	}
	if p.MatchID, err = s.Match(ctx, v.ID); err != nil {
		return party.Preview{}, err
	}
	p.Launch = r.Launch.raw()
	return p, nil
}

// PublicPreview is what anybody with the code may see: no launch data, no match, and
// members only where the rules' page shows them and the party is not hidden. It may be
// a second old. Wrong codes count against the address; it refuses with InviteNotFound
// and RateLimited. The caller must not change the answer's lists.
func (s *Service) PublicPreview(ctx context.Context, typed, clientIP string) (party.Preview, error) {
	done, err := s.Limits.Guess("", clientIP)
	if err != nil {
		return party.Preview{}, err
	}
	wrong := false
	defer func() { done(wrong) }()
	p, err := s.publicPreview(ctx, typed)
	wrong = party.ReasonOf(err) == party.InviteNotFound
	return p, err
}

func (s *Service) publicPreview(ctx context.Context, typed string) (party.Preview, error) {
	code, err := ParseCode(typed)
	if err != nil {
		return party.Preview{}, err
	}
	key := code.key()
	if p, ok := s.previews.get(key, s.Now()); ok {
		return p, nil
	}
	f, err := s.Store.read(ctx, key)
	if err != nil {
		return party.Preview{}, err
	}
	r := f.rec
	// Whoever opens an invite with a held seat is taken for somebody it is held for.
	viewer := ""
	if h, ok := r.hold(s.Now()); ok {
		viewer = h.UserIDs[0]
	}
	v, held, alive, err := s.target(ctx, r, viewer)
	if err != nil {
		return party.Preview{}, err
	}
	size, leader := v.Size(), v.Leader().UserID
	if v.Hidden || !s.Policy().Invites.Page.ShowMembers {
		v.Members, leader = nil, ""
	}
	p, err := s.preview(ctx, r, v, alive, viewer, held)
	if err != nil {
		return party.Preview{}, err
	}
	if p.Party != nil {
		p.Party.Size, p.Party.LeaderUserID = size, leader
		p.State = s.state(r, viewer, true, size+held < v.MaxSize)
	}
	s.previews.put(key, p, s.Now())
	return p, nil
}

// target reads the party an invite leads to; alive is false if there is none. held are
// the seats kept for users other than the viewer.
func (s *Service) target(ctx context.Context, r *record, viewer string) (v party.View, held int, alive bool, err error) {
	id, err := s.destination(ctx, r)
	if err == nil {
		var look admission.Look
		look, err = s.Admission.Look(ctx, id)
		v, held = look.View, look.Held(viewer)
	}
	if party.ReasonOf(err) == party.PartyNotFound {
		return party.View{}, 0, false, nil
	}
	return v, held, err == nil, err
}

// state is what the invite is worth to the viewer.
func (s *Service) state(r *record, viewer string, alive, room bool) party.InviteState {
	now := s.Now()
	switch {
	case r.RevokedAt != 0:
		return party.StateRevoked
	case !now.Before(r.expiresAt()):
		return party.StateExpired
	case r.exhausted() && !r.claimed(viewer):
		return party.StateExhausted
	case !alive:
		return party.StatePartyGone
	case !room:
		return party.StateFull
	}
	return party.StateOpen
}

func (s *Service) preview(ctx context.Context, r *record, v party.View, alive bool, viewer string, held int) (party.Preview, error) {
	_, member := v.Member(viewer)
	p := party.Preview{
		ID: r.ID, State: s.state(r, viewer, alive, member || v.Size()+held < v.MaxSize),
		Message: r.Message, Info: list(r.Info), ExpiresAt: r.ExpiresAt,
	}
	profiles, err := s.profiles(ctx, r, v)
	if err != nil {
		return party.Preview{}, err
	}
	p.Inviter = profiles[r.By]
	if !alive {
		return p, nil
	}
	statuses, err := s.Statuses(ctx, v.ID)
	if err != nil {
		return party.Preview{}, err
	}
	count, err := s.Footprints(ctx, v.ID)
	if err != nil && party.ReasonOf(err) != party.PartyNotFound {
		return party.Preview{}, err
	}
	p.Party = &party.PartyPreview{
		PartyID: v.ID.String(), Size: v.Size(), MaxSize: v.MaxSize, Held: count.Held, OnTheWay: count.OnTheWay(), Open: v.Open,
		LeaderUserID: v.Leader().UserID, Members: make([]party.MemberProfile, len(v.Members)),
	}
	for i, m := range v.Members {
		st := statuses[m.SessionID]
		p.Party.Members[i] = party.MemberProfile{Profile: profiles[m.UserID], Stage: st.Stage, Progress: st.Progress, Text: st.Text, Stalled: st.Stalled}
	}
	return p, nil
}

// profiles reads the public faces of the inviter and the members in one look-up. A
// deleted account keeps the name it is known by here.
func (s *Service) profiles(ctx context.Context, r *record, v party.View) (map[string]party.Profile, error) {
	faces := map[string]party.Profile{r.By: {UserID: r.By, Username: r.ByName}}
	for _, m := range v.Members {
		faces[m.UserID] = party.Profile{UserID: m.UserID, Username: m.Username}
	}
	users, err := s.Users.UsersGetId(ctx, slices.Sorted(maps.Keys(faces)), nil)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		faces[u.GetId()] = party.Profile{UserID: u.GetId(), Username: u.GetUsername(), DisplayName: u.GetDisplayName(), AvatarURL: u.GetAvatarUrl()}
	}
	return faces, nil
}

// Landing pages poll, many at once; they may all see the same preview for a second.
const (
	previewTTL  = time.Second
	maxPreviews = 4096
)

// previews are the public ones made lately.
type previews struct {
	mu    sync.Mutex
	byKey map[string]cachedPreview
}

type cachedPreview struct {
	preview party.Preview
	until   time.Time
}

func (c *previews) get(key string, now time.Time) (party.Preview, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.byKey[key]
	return p.preview, ok && now.Before(p.until)
}

func (c *previews) put(key string, p party.Preview, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.byKey) >= maxPreviews {
		maps.DeleteFunc(c.byKey, func(_ string, p cachedPreview) bool { return !now.Before(p.until) })
	}
	if len(c.byKey) < maxPreviews {
		c.byKey[key] = cachedPreview{p, now.Add(previewTTL)}
	}
}

func (c *previews) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byKey, key)
}
