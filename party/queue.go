package party

// QueueStatus answers party_queue: why there is no match yet. Nobody else is named in it.
type QueueStatus struct {
	Tickets []QueueTicket `json:"tickets"`
}

// QueueTicket is one ticket that waits.
type QueueTicket struct {
	Ticket      string         `json:"ticket"`
	Queue       string         `json:"queue"`
	WaitedSec   int64          `json:"waited_sec"`
	ETA         *QueueETA      `json:"eta_sec"` // null while too little is known of the queue
	Window      QueueWindow    `json:"window"`
	Pool        int            `json:"pool"`     // tickets in the queue, this one among them
	InReach     int            `json:"in_reach"` // others that could be in a match with it
	HoldingBack []HoldingBack  `json:"holding_back"`
	Proposal    *ProposalState `json:"proposal,omitempty"` // while its players are asked
}

// QueueETA is how many seconds more half, and nine of ten, of such tickets waited.
type QueueETA struct {
	P50 int64 `json:"p50"`
	P90 int64 `json:"p90"`
}

// QueueWindow is how far a ticket reaches by now; null is without bound.
type QueueWindow struct {
	Skill     *float64 `json:"skill"`
	LatencyMS *float64 `json:"latency_ms"`
}

// HoldingBack counts the tickets that one reason keeps from a ticket: match_on, skill,
// latency, size, parity, blocks, team_spread, or waiting for others and the next pass.
type HoldingBack struct {
	Reason  string `json:"reason"`
	Tickets int    `json:"tickets"`
}

// ProposalState is what the players of a match that was found have said so far. Counts are
// of players; AcceptBy is Unix seconds.
type ProposalState struct {
	Accepted int   `json:"accepted"`
	Needed   int   `json:"needed"`
	AcceptBy int64 `json:"accept_by"`
}

// QueueReport is a queue as the last pass left it, for operators.
type QueueReport struct {
	Queue     string      `json:"queue"`
	Tickets   int         `json:"tickets"`    // that wait, those whose players are asked not among them
	Players   int         `json:"players"`    // seats that the tickets need, held ones too
	OldestSec int64       `json:"oldest_sec"` // the longest of the waits
	Sizes     []QueueSize `json:"sizes"`      // by seats, the smallest first
	Proposals int         `json:"proposals"`  // matches that players are asked about
	Accepted  int         `json:"accepted"`   // players who have accepted one of them
	Needed    int         `json:"needed"`     // players who are asked
	ETA       *QueueETA   `json:"eta_sec"`    // of a ticket that comes now; null while too little is known
}

// QueueSize is how many tickets of one size wait.
type QueueSize struct {
	Seats   int `json:"seats"`
	Tickets int `json:"tickets"`
}
