package realtime

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/local/engine/presence"
)

const maxStatusBytes = 2048

func (srv *Server) statusFollow(ctx context.Context, s *Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	msg := in.GetStatusFollow()
	ids := map[uuid.UUID]bool{}
	for _, text := range msg.UserIds {
		id, err := uuid.Parse(text)
		if err != nil {
			sendError(s, in.Cid, rtapi.Error_BAD_INPUT, "Invalid user identifier")
			return nil, false
		}
		ids[id] = true
	}
	names := map[string]bool{}
	for _, name := range msg.Usernames {
		if name == "" {
			sendError(s, in.Cid, rtapi.Error_BAD_INPUT, "Invalid username")
			return nil, false
		}
		names[name] = true
	}
	delete(ids, s.identity.UserID) // all users follow themselves from the start
	delete(names, s.identity.Username)
	users, err := srv.existingUsers(ctx, slices.Collect(maps.Keys(ids)), slices.Collect(maps.Keys(names)))
	if err != nil {
		srv.log.Error("status follow: users not read", "err", err)
		sendError(s, in.Cid, rtapi.Error_RUNTIME_EXCEPTION, "Could not check users")
		return nil, false
	}
	users = slices.DeleteFunc(users, func(id uuid.UUID) bool { return id == s.identity.UserID || id == uuid.Nil })
	srv.follows.follow(s.id, users)

	status := &rtapi.Status{}
	for _, id := range users {
		shown := srv.opts.Tracker.List(presence.Stream{Mode: presence.ModeStatus, Subject: id}, false, true)
		for _, w := range userPresences(shown) {
			w.Persistence = false
			status.Presences = append(status.Presences, w)
		}
	}
	out, _ := reply(s, &rtapi.Envelope{Cid: in.Cid, Message: &rtapi.Envelope_Status{Status: status}})
	if len(msg.UserIds)+len(msg.Usernames) == 0 {
		return nil, true
	}
	return out, true
}

// existingUsers returns the existing users among these, each once.
func (srv *Server) existingUsers(ctx context.Context, ids []uuid.UUID, names []string) ([]uuid.UUID, error) {
	if len(ids)+len(names) == 0 || srv.opts.Users == nil {
		return ids, nil
	}
	users, err := srv.opts.Users(ctx, ids, names)
	if err != nil {
		return nil, err
	}
	unique := map[uuid.UUID]bool{}
	for _, u := range users {
		unique[u.ID] = true
	}
	return slices.Collect(maps.Keys(unique)), nil
}

func (srv *Server) statusUnfollow(_ context.Context, s *Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	var ids []uuid.UUID
	for _, text := range in.GetStatusUnfollow().UserIds {
		id, err := uuid.Parse(text)
		if err != nil {
			sendError(s, in.Cid, rtapi.Error_BAD_INPUT, "Invalid user identifier")
			return nil, false
		}
		if id != s.identity.UserID {
			ids = append(ids, id)
		}
	}
	srv.follows.unfollow(s.id, ids)
	return reply(s, &rtapi.Envelope{Cid: in.Cid})
}

func (srv *Server) statusUpdate(_ context.Context, s *Session, in *rtapi.Envelope) (*rtapi.Envelope, bool) {
	status := in.GetStatusUpdate().Status
	if status == nil {
		srv.opts.Tracker.Untrack(s.id, s.statusStream())
		return reply(s, &rtapi.Envelope{Cid: in.Cid})
	}
	if len(status.Value) > maxStatusBytes {
		sendError(s, in.Cid, rtapi.Error_BAD_INPUT, "Status must be 2048 characters or less")
		return nil, false
	}
	if !srv.opts.Tracker.Update(s.PresenceID(), s.identity.UserID, s.statusStream(), presence.Meta{Username: s.identity.Username, Status: status.Value}) {
		sendError(s, in.Cid, rtapi.Error_RUNTIME_EXCEPTION, "Error tracking status update")
		return nil, false
	}
	return reply(s, &rtapi.Envelope{Cid: in.Cid})
}

// follows has the sessions that follow the status of users.
type follows struct {
	mu        sync.RWMutex
	bySession map[uuid.UUID]map[uuid.UUID]bool // session -> users
	byUser    map[uuid.UUID]map[uuid.UUID]bool // user -> sessions
}

func newFollows() *follows {
	return &follows{bySession: map[uuid.UUID]map[uuid.UUID]bool{}, byUser: map[uuid.UUID]map[uuid.UUID]bool{}}
}

func (f *follows) follow(sessionID uuid.UUID, users []uuid.UUID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, userID := range users {
		addToSet(f.bySession, sessionID, userID)
		addToSet(f.byUser, userID, sessionID)
	}
}

func (f *follows) unfollow(sessionID uuid.UUID, users []uuid.UUID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, userID := range users {
		removeFromSet(f.bySession, sessionID, userID)
		removeFromSet(f.byUser, userID, sessionID)
	}
}

// removeSession removes everything that a session follows.
func (f *follows) removeSession(sessionID uuid.UUID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for userID := range f.bySession[sessionID] {
		removeFromSet(f.byUser, userID, sessionID)
	}
	delete(f.bySession, sessionID)
}

func (f *follows) followers(userID uuid.UUID) []uuid.UUID {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return slices.Collect(maps.Keys(f.byUser[userID]))
}

func addToSet(m map[uuid.UUID]map[uuid.UUID]bool, key, value uuid.UUID) {
	if m[key] == nil {
		m[key] = map[uuid.UUID]bool{}
	}
	m[key][value] = true
}

func removeFromSet(m map[uuid.UUID]map[uuid.UUID]bool, key, value uuid.UUID) {
	delete(m[key], value)
	if len(m[key]) == 0 {
		delete(m, key)
	}
}
