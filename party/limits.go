package party

// Limits are the rate limits of section 8, one bucket per key and limit.
type Limits struct{}

func NewLimits(policy Policy, now Clock) *Limits { return &Limits{} }

func (l *Limits) PartyCreate(userID string) error  { return nil }
func (l *Limits) InviteCreate(userID string) error { return nil }
func (l *Limits) Data(userID string) error         { return nil }
