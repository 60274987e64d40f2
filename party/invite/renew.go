package invite

import (
	"context"

	"partyline/party"
)

// Renew answers the caller's own invite for everybody once more, so that sharing a party again
// needs no second one. Only the message changes, of at most 255 bytes; "" leaves the one it has.
// ok is false where it cannot be used any more, half of its life is over, or it is another kind of
// invite; the caller then makes a new one. Refusals are those of [Service.Create].
func (s *Service) Renew(ctx context.Context, c party.Caller, typed string, message string) (inv party.CreatedInvite, ok bool, err error) {
	if err := party.CheckText("message", message, maxMessage); err != nil {
		return inv, false, err
	}
	code, err := ParseCode(typed)
	if err != nil {
		return inv, false, nil
	}
	f, err := s.Store.read(ctx, code.key())
	if party.ReasonOf(err) == party.InviteNotFound {
		return inv, false, nil
	}
	if err != nil {
		return inv, false, err
	}
	r := f.rec
	if r.By != c.UserID || r.MaxUses > 0 || len(r.For) > 0 || r.ended(s.Now()) || s.Now().Sub(r.createdAt()) > r.expiresAt().Sub(s.Now()) {
		return inv, false, nil
	}
	id, err := s.routes.partyOf(r)
	if err != nil {
		return inv, false, err
	}
	conf := s.Policy().Invites
	if _, err := s.routes.mayInvite(ctx, c, id, s.Judge); err != nil {
		return inv, false, err
	}
	if message != "" && r.Message != message {
		r, err = s.Store.change(ctx, code.key(), func(r *record) error {
			r.Message = message
			return nil
		})
		if err != nil {
			return inv, false, err
		}
		s.previews.kept.Drop(code.key())
	}
	return s.created(r, code, URL(conf.PublicURL, code)), true, nil
}
