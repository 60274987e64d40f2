package party

// QueueStatus answers party_queue: why there is no match yet. It names no other players.
type QueueStatus struct {
	Tickets []QueueTicket `json:"tickets"`
}

// QueueTicket is one waiting ticket.
type QueueTicket struct {
	Ticket      string         `json:"ticket"`
	Queue       string         `json:"queue"`
	WaitedSec   int64          `json:"waited_sec"`
	ETA         *QueueETA      `json:"eta_sec"` // null while too little is known of the queue
	Window      QueueWindow    `json:"window"`
	Pool        int            `json:"pool"`     // tickets in the queue, including this one
	InReach     int            `json:"in_reach"` // other tickets that could be in a match with it
	HoldingBack []HoldingBack  `json:"holding_back"`
	Proposal    *ProposalState `json:"proposal,omitempty"` // while its players are asked to accept
}

// QueueETA estimates the seconds that remain: half of such tickets waited at most p50, nine of ten at most p90.
type QueueETA struct {
	P50 int64 `json:"p50"`
	P90 int64 `json:"p90"`
}

// QueueWindow is how far a ticket may reach at present; null is without bound.
type QueueWindow struct {
	Skill     *float64 `json:"skill"`
	LatencyMS *float64 `json:"latency_ms"`
}

// HoldingBack counts the tickets that one reason keeps from a ticket: match_on, skill, latency, size, parity, blocks,
// team_spread, or waiting for others and the next pass.
type HoldingBack struct {
	Reason  string `json:"reason"`
	Tickets int    `json:"tickets"`
}

// ProposalState is how many players of a proposal have accepted so far. Counts are of players; AcceptBy is Unix
// seconds.
type ProposalState struct {
	Accepted int   `json:"accepted"`
	Needed   int   `json:"needed"`
	AcceptBy int64 `json:"accept_by"`
}

// QueueReport is the state of a queue after the last pass, for operators.
type QueueReport struct {
	Queue     string      `json:"queue"`
	Tickets   int         `json:"tickets"`    // waiting tickets, without those in proposals
	Players   int         `json:"players"`    // seats that the tickets need, including held ones
	OldestSec int64       `json:"oldest_sec"` // the longest wait
	Sizes     []QueueSize `json:"sizes"`      // by seats, the smallest first
	Proposals int         `json:"proposals"`  // proposals that players are asked about
	Accepted  int         `json:"accepted"`   // players who have accepted one of them
	Needed    int         `json:"needed"`     // players who are asked
	ETA       *QueueETA   `json:"eta_sec"`    // for a ticket made now; null while too little is known
}

// QueueSize is how many tickets of one size wait.
type QueueSize struct {
	Seats   int `json:"seats"`
	Tickets int `json:"tickets"`
}
