package wiring

import (
	"context"
	"slices"

	"partyline/matchmaking/queue"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/invite"
	"partyline/party/roster"
	"partyline/party/share"
	"partyline/party/status"
	"partyline/rpc"
)

// telling is what players tell each other, and others, about their parties. Invites show
// statuses and statuses come by invites, so neither can be made with the other in hand:
// prepareStatus makes statuses, and once the invites are there completeStatus makes the rest.
type telling struct {
	status *status.Service
	share  *share.Service
}

// prepareStatus makes the statuses. Their invites are asked when the first call comes.
func (m *Module) prepareStatus(news *party.News, roster *roster.Roster, admission *admission.Admission, limits *party.Limits, policy party.Policy) {
	m.telling.status = status.New(status.Deps{
		Streams: m.nk, Sender: m.nk, Roster: roster, Looker: admission, News: news, Policy: policy, Logger: m.logger, Now: m.now,
		Lead: func(ctx context.Context, c party.Caller, code string) (invite.Lead, error) {
			if err := limits.Arrival.Take(c.UserID); err != nil {
				return invite.Lead{}, err
			}
			return m.invites.Lead(ctx, c, code)
		},
		Moved: m.progressed,
	})
}

// completeStatus makes what needs the invites, and adds the calls.
func (m *Module) completeStatus(news *party.News, admission *admission.Admission, limits *party.Limits, policy party.Policy) {
	m.telling.share = share.New(share.Deps{
		Invites: m.invites, Door: admission, News: news, Streams: m.nk, Social: m.nk, Blocks: m.blocks,
		Limits: limits, Policy: policy, Logger: m.logger, Now: m.now,
	})
	m.calls = slices.Concat(m.calls, rpc.Status(m.telling.status), rpc.Share(m.telling.share))
}

// inviteOver follows an invite that is over, or that a user declined.
func (t telling) inviteOver(inviteID, userID string) {
	t.status.InviteOver(inviteID, userID)
	t.share.InviteOver(inviteID, userID)
}

// queued follows a party's ticket: what was ready for one queue is not for the next, and
// while the party waits it may be locked.
func (t telling) queued(id party.ID, what queue.EventName) {
	if what != queue.Queued {
		t.status.QueueChanged(id)
	}
	t.share.Refresh(id)
}

// close ends what runs in the background.
func (t telling) close() {
	t.status.Close()
	t.share.Close()
}
