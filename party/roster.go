package party

import (
	"context"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"
)

// Facts are what a party was made with and has since become.
type Facts struct {
	MaxSize      int
	Open, Hidden bool
	Label        string
	CreatedAt    time.Time
}

// Member is one session in a party. JoinedAt is zero for a member that came in
// without any of our hooks seeing it.
type Member struct {
	Session
	JoinedAt time.Time
	Leader   bool
}

// View is a party at one moment: its members in the order they joined.
type View struct {
	ID ID
	Facts
	Members []Member
}

// Membership is one session of a user in one party.
type Membership struct {
	ID      ID
	Session Session
	Since   time.Time
}

// Roster is our view of the native engine's parties.
type Roster struct{}

// NewRoster makes a roster over the host.
func NewRoster(streams Streams, finder Finder, now Clock) *Roster { return &Roster{} }

func (v View) Size() int                               { return len(v.Members) }
func (v View) Leader() (Member, bool)                  { return Member{}, false }
func (v View) Member(userID string) (Member, bool)     { return Member{}, false }
func (v View) Session(sessionID string) (Member, bool) { return Member{}, false }

func (r *Roster) View(ctx context.Context, id ID) (View, error) { return View{}, nil }
func (r *Roster) PartiesOf(ctx context.Context, userID string) ([]Membership, error) {
	return nil, nil
}

// Sessions are the user's live sockets.
func (r *Roster) Sessions(userID string) ([]Session, error)                           { return nil, nil }
func (r *Roster) Created(ctx context.Context, s Session, p *rtapi.Party) error        { return nil }
func (r *Roster) Entered(ctx context.Context, id ID, s Session) error                 { return nil }
func (r *Roster) Left(ctx context.Context, id ID, s Session)                          {}
func (r *Roster) Promoted(ctx context.Context, id ID, s Session)                      {}
func (r *Roster) LeaderSeen(ctx context.Context, id ID, s Session)                    {}
func (r *Roster) Updated(ctx context.Context, id ID, open, hidden bool, label string) {}
func (r *Roster) Closed(ctx context.Context, id ID)                                   {}
func (r *Roster) SessionEnded(ctx context.Context, s Session)                         {}
