package parties

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"partyline/local/engine/presence"
)

// addTicket sends the party to the matchmaker as one ticket. others are the members except the leader. They get a
// message about the ticket.
func (p *party) addTicket(ctx context.Context, caller uuid.UUID, r TicketRequest) (ticket string, others []presence.ID, err error) {
	if err := p.lockAsLeader(caller); err != nil {
		return "", nil, err
	}
	members := slices.Clone(p.members)
	p.mu.Unlock()
	if len(members) == 0 {
		p.reg.log.Error(ErrWouldHang.Error(), "party", p.id)
		return "", nil, ErrWouldHang
	}
	for _, m := range members {
		if m.ID.SessionID != caller {
			others = append(others, m.ID)
		}
	}
	// The members may have changed by now. The real server does not check again either.
	ticket, err = p.reg.opts.Tickets.AddParty(ctx, p.id, members, r)
	if err != nil {
		return "", nil, err
	}
	return ticket, others, nil
}

// removeTicket withdraws one of the party's tickets.
func (p *party) removeTicket(caller uuid.UUID, ticket string) error {
	if err := p.lockAsLeader(caller); err != nil {
		return err
	}
	p.mu.Unlock()
	return p.reg.opts.Tickets.RemoveParty(p.id, ticket)
}
