package invite

import (
	"context"

	"partyline/party"
)

// codes find the invites that people name.
type codes struct {
	store  *Store
	limits *party.Limits
}

// lookup finds the invite of a code somebody typed, and its key; read finds a record. It refuses
// with RateLimited or InviteNotFound.
func (x codes) lookup(ctx context.Context, read func(context.Context, string) (found, error), c party.Caller, typed string) (key string, r *record, err error) {
	err = x.guess(c.UserID, c.ClientIP, typed, func(k string) error {
		f, err := read(ctx, k)
		key, r = k, f.rec
		return err
	})
	return key, r, err
}

// guess reads by the key of a code that somebody typed. Wrong codes count against the user and the
// address, also those in front of a right one in the same text, but not what cannot be a code.
func (x codes) guess(userID, clientIP, typed string, read func(key string) error) error {
	codes := readings(typed)
	if len(codes) == 0 {
		return notFound()
	}
	done, err := x.limits.Guess(userID, clientIP)
	if err != nil {
		return err
	}
	wrong := 0
	defer func() { done(wrong) }()
	for _, code := range codes {
		if err = read(code.key()); party.ReasonOf(err) != party.InviteNotFound {
			break
		}
		wrong++
	}
	return err
}

func (x codes) find(ctx context.Context, c party.Caller, inviteID, typed string) (string, *record, error) {
	if inviteID == "" {
		return x.lookup(ctx, x.store.read, c, typed)
	}
	key, err := x.store.keyOf(ctx, inviteID)
	if err != nil {
		return "", nil, err
	}
	f, err := x.store.read(ctx, key)
	return key, f.rec, err
}
