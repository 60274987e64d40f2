package store

import (
	"errors"
	"slices"

	"github.com/google/uuid"
	"github.com/heroiclabs/nakama-common/api"
)

// ErrAccountNotFound is returned for an unknown account ID.
var ErrAccountNotFound = errors.New("account not found")

// Account returns one account.
func (s *Store) Account(id uuid.UUID) (*api.Account, error) {
	s.mu.RLock()
	u := s.users.byID[id]
	if u == nil {
		s.mu.RUnlock()
		return nil, ErrAccountNotFound
	}
	account := u.account(false)
	s.mu.RUnlock()
	s.fillOnline(account.User)
	return account, nil
}

// Accounts returns the accounts with one of the user or device IDs, each once, in the order of their creation. It
// leaves out unknown IDs.
func (s *Store) Accounts(ids []uuid.UUID, devices []string) []*api.Account {
	s.mu.RLock()
	var rows []*user
	for _, id := range ids {
		if u := s.users.byID[id]; u != nil {
			rows = append(rows, u)
		}
	}
	for _, device := range devices {
		if u := s.users.byDevice[device]; u != nil {
			rows = append(rows, u)
		}
	}
	slices.SortFunc(rows, compareUsers)
	rows = slices.Compact(rows)
	list := make([]*api.Account, 0, len(rows))
	for _, u := range rows {
		list = append(list, u.account(false))
	}
	s.mu.RUnlock()
	for _, account := range list {
		s.fillOnline(account.User)
	}
	return list
}

// AccountChange says what to change in an account. A nil field changes nothing, a pointer to "" clears the value.
// Username "" changes nothing.
type AccountChange struct {
	Username    string
	DisplayName *string
	Timezone    *string
	Location    *string
	LangTag     *string
	AvatarURL   *string
	Metadata    *string // a JSON object
}

// UpdateAccount changes an account. For an unknown ID it changes nothing and returns no error.
func (s *Store) UpdateAccount(id uuid.UUID, change AccountChange) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if change.Username != "" && !ValidUsername(change.Username) {
		return errors.New("Username invalid, no spaces or control characters allowed.") // the server's text
	}
	if change == (AccountChange{}) {
		return errors.New("No fields to update.") // the server's text
	}
	u := s.users.byID[id]
	if u == nil {
		return nil
	}
	next := *u
	if change.Username != "" {
		if err := checkText(change.Username, 128); err != nil {
			return err
		}
		if owner := s.users.byUsername[change.Username]; owner != nil && owner != u {
			return newError(AlreadyExists, "Username is already in use.")
		}
		next.username = change.Username
	}
	for _, field := range []struct {
		from  *string
		to    *string
		limit int
	}{
		{change.DisplayName, &next.displayName, 255},
		{change.Timezone, &next.timezone, 255},
		{change.Location, &next.location, 255},
		{change.LangTag, &next.langTag, 18},
		{change.AvatarURL, &next.avatarURL, 512},
	} {
		if field.from == nil {
			continue
		}
		if err := checkText(*field.from, field.limit); err != nil {
			return err
		}
		*field.to = *field.from
	}
	if next.langTag == "" {
		return newDatabaseError("null value in column %q of relation %q violates not-null constraint (SQLSTATE 23502)", "lang_tag", "users")
	}
	if change.Metadata != nil {
		if next.metadata, err = formatJSONB(*change.Metadata); err != nil {
			return err
		}
	}
	same := u.username == next.username && u.displayName == next.displayName && u.timezone == next.timezone &&
		u.location == next.location && u.langTag == next.langTag && u.avatarURL == next.avatarURL && u.metadata == next.metadata
	if same { // the real server does not change the update time either
		return nil
	}
	next.updateTime = s.now()
	s.users.remove(u)
	*u = next
	s.users.insert(u)
	return nil
}

// DeleteAccount removes an account and its friends, notifications, storage objects, and groups in which it is the
// only superadmin. It ends the account's tokens and closes its sockets. An unknown ID is no error.
func (s *Store) DeleteAccount(id uuid.UUID) error {
	if id == uuid.Nil {
		return errors.New("cannot delete the system user")
	}
	s.mu.Lock()
	u := s.users.byID[id]
	if u == nil {
		s.mu.Unlock()
		return nil
	}
	s.users.remove(u)
	for _, list := range s.edges { // all lists: a user who blocks this one has an edge that this user does not have
		delete(list, id)
	}
	delete(s.edges, id)
	delete(s.notifications, id)
	s.objects.removeOwner(id)
	s.leaveAllGroups(id)
	s.mu.Unlock()

	s.EndSessions(id)
	s.opts.Disconnect(id.String())
	return nil
}
