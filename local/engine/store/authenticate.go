package store

import (
	"math/rand/v2"
	"regexp"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"
)

var (
	// invalidInName matches what a username must not contain. invalidInID does so for device IDs, custom IDs and
	// email addresses.
	invalidInName = regexp.MustCompilePOSIX("([[:cntrl:]]|[\t\n\r\f\v])+")
	invalidInID   = regexp.MustCompilePOSIX("([[:cntrl:]]|[[:space:]])+")
	emailPattern  = regexp.MustCompile(`^.+@.+\..+$`)
)

// ValidUsername reports whether a username has only allowed characters. It does not check the length of 1 to 128
// bytes.
func ValidUsername(username string) bool { return !invalidInName.MatchString(username) }

// ValidID reports whether a device ID, custom ID or email address has only allowed characters.
func ValidID(id string) bool { return !invalidInID.MatchString(id) }

// ValidEmail reports whether text has the form of an email address.
func ValidEmail(email string) bool { return emailPattern.MatchString(email) }

// GenerateUsername makes a random username for a new account without one.
func GenerateUsername() string {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	name := make([]byte, 10)
	for i := range name {
		name[i] = alphabet[rand.IntN(len(alphabet))]
	}
	return string(name)
}

// Login is the result of an authentication.
type Login struct {
	UserID   string
	Username string
	Created  bool // the account is new
}

// AuthenticateDevice finds the account of a device. With create it makes a missing one. It uses username for a new
// account only. It does not check IDs and names.
func (s *Store) AuthenticateDevice(deviceID, username string, create bool) (Login, error) {
	return s.authenticate(s.users.byDevice, deviceID, username, create, func(u *user) { u.devices = []string{deviceID} })
}

// AuthenticateCustom does the same as AuthenticateDevice for a custom ID.
func (s *Store) AuthenticateCustom(customID, username string, create bool) (Login, error) {
	return s.authenticate(s.users.byCustomID, customID, username, create, func(u *user) { u.customID = customID })
}

func (s *Store) authenticate(index map[string]*user, key, username string, create bool, link func(*user)) (Login, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := index[key]; u != nil {
		return login(u)
	}
	if !create {
		return Login{}, newError(NotFound, "User account not found.")
	}
	return s.createUser(username, link)
}

func login(u *user) (Login, error) {
	return Login{UserID: u.id.String(), Username: u.username}, nil
}

// createUser adds an account. The lock must be held for writing.
func (s *Store) createUser(username string, link func(*user)) (Login, error) {
	if s.users.byUsername[username] != nil {
		return Login{}, newError(AlreadyExists, "Username is already in use.")
	}
	u := newUser(uuid.New(), username, s.now())
	link(u)
	s.users.insert(u)
	return Login{UserID: u.id.String(), Username: username, Created: true}, nil
}

// AuthenticateEmail finds the account of an email address and checks its password. With create it makes a missing
// one. It compares the address in lower case.
func (s *Store) AuthenticateEmail(email, password, username string, create bool) (Login, error) {
	email = strings.ToLower(email)
	s.mu.RLock()
	known := s.users.byEmail[email] != nil
	s.mu.RUnlock()
	if !known {
		if !create {
			return Login{}, newError(NotFound, "User account not found.")
		}
		hash, err := hashPassword(password)
		if err != nil {
			return Login{}, newError(Internal, "Error finding or creating user account.")
		}
		s.mu.Lock()
		if s.users.byEmail[email] == nil {
			defer s.mu.Unlock()
			return s.createUser(username, func(u *user) { u.email, u.password = email, hash })
		}
		s.mu.Unlock() // another call has created it: this one is a login
	}
	return s.checkPassword(s.users.byEmail, email, password)
}

// AuthenticateUsername checks the password of a username. It never creates an account.
func (s *Store) AuthenticateUsername(username, password string) (Login, error) {
	return s.checkPassword(s.users.byUsername, username, password)
}

func (s *Store) checkPassword(index map[string]*user, key, password string) (Login, error) {
	s.mu.RLock()
	u := index[key]
	if u == nil || u.id == uuid.Nil {
		s.mu.RUnlock()
		return Login{}, newError(NotFound, "User account not found.")
	}
	found, err := login(u)
	hash := u.password
	s.mu.RUnlock()
	if err != nil {
		return Login{}, err
	}
	if bcrypt.CompareHashAndPassword(hash, []byte(password)) != nil {
		return Login{}, newError(Unauthenticated, "Invalid credentials.")
	}
	return found, nil
}

// hashPassword hashes at the lowest cost of bcrypt, because passwords exist only in this process and nobody else can
// read them. As on a real server, more than 72 bytes are an error.
func hashPassword(password string) ([]byte, error) {
	return bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
}
