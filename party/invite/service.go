// Package invite is invites from creation to the sweep.
package invite

import (
	"context"

	"partyline/party"
)

// Service is the invites.
type Service struct{}

func (s *Service) Create(ctx context.Context, c party.Caller, r party.InviteRequest) (party.CreatedInvite, error) {
	return party.CreatedInvite{}, nil
}
func (s *Service) Preview(ctx context.Context, c party.Caller, code string) (party.Preview, error) {
	return party.Preview{}, nil
}
func (s *Service) Redeem(ctx context.Context, c party.Caller, code, sessionID string) (party.Redemption, error) {
	return party.Redemption{}, nil
}
func (s *Service) List(ctx context.Context, c party.Caller, partyID string) ([]party.InviteSummary, error) {
	return nil, nil
}
func (s *Service) Revoke(ctx context.Context, c party.Caller, id, code string) error { return nil }
func (s *Service) Decline(ctx context.Context, c party.Caller, code string) error    { return nil }
func (s *Service) PublicPreview(ctx context.Context, code, clientIP string) (party.Preview, error) {
	return party.Preview{}, nil
}
func (s *Service) Sweep(ctx context.Context) (removed int, err error) { return 0, nil }
