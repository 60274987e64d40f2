package invite

import (
	"context"
	"fmt"
	"time"

	"partyline/internal/cache"
	"partyline/party"
)

// faces look users up as others see them. Safe for concurrent use.
type faces struct {
	users party.Users
	kept  *cache.Cache[string, party.Profile] // by user
}

const (
	faceTTL  = 5 * time.Minute // names and pictures change without anybody telling
	maxFaces = 50_000          // of some 200 bytes
)

// read reads the database.
func (f *faces) read(ctx context.Context, userIDs []string) ([]party.Profile, error) {
	users, err := f.users.UsersGetId(ctx, userIDs, nil)
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
func (f *faces) Faces(ctx context.Context, userIDs []string) ([]party.Profile, error) {
	var found []party.Profile
	var missing []string
	for _, id := range userIDs {
		if face, ok := f.kept.Kept(id); ok {
			found = append(found, face)
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	read, err := f.read(ctx, missing)
	for _, face := range read {
		f.kept.Put(face.UserID, face)
	}
	return append(found, read...), err
}
