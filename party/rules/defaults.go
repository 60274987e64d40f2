package rules

import "time"

// Default is the configuration of an absent or empty file: parties as the
// server has them, apart from the holes that docs/operators.md lists.
func Default() Config {
	return Config{
		Version: 1,
		Parties: Parties{
			MaxSize:      MaxSize{Default: 8, Min: 1, Max: 256, Outside: OutsideRefuse},
			Open:         OpenAny,
			OnePerUser:   ManyPerUser,
			SecondSocket: SecondSocketRefuse,
			Survive:      Survive{EveryoneAway: true},
			KickBan:      10 * time.Minute,
			Waitlist:     Waitlist{Hold: time.Minute, Max: 50},
			Requests:     Requests{Cap: 16, Rate: Rate{N: 10, Per: time.Minute}, WhileInParty: true},
		},
		Invites: Invites{
			Who:             InviteMember,
			SeveralSessions: SeveralSessionsRefuse,
			Link:            InviteLimits{TTL: 24 * time.Hour, MaxTTL: 720 * time.Hour},
			Code:            InviteLimits{TTL: 5 * time.Minute, MaxTTL: 15 * time.Minute, MaxUses: 8},
			PublicURL:       "http://127.0.0.1:7350",
			Page:            Page{ShowMembers: true},
		},
		Status: Status{
			Stages:   []string{"downloading", "installing", "tutorial", "ready", "failed"},
			Ready:    "ready",
			Final:    []string{"ready", "failed"},
			Rate:     Rate{N: 2, Per: time.Second},
			Stall:    120 * time.Second,
			Incoming: 10 * time.Minute,
		},
		Attributes: Attributes{Party: InviteLeader},
		Limits: Limits{
			InviteCreate:    Rate{N: 60, Per: time.Minute},
			InviteGuess:     GuessLimits{PerUser: Rate{N: 5, Per: time.Minute}, PerIP: Rate{N: 100, Per: time.Minute}},
			Share:           Rate{N: 6, Per: time.Minute},
			ShareRecipients: 200,
			PagePerIP:       Rate{N: 6000, Per: time.Minute},
			Data:            DataLimits{Rate: Rate{N: 50, Per: time.Second}, Bytes: 4096},
		},
		Queries: Queries{MaxLength: 2048, Terms: 64, Regex: RegexLiteral},
		Matchmaking: Matchmaking{
			SeatHold:    45 * time.Second,
			SoloTickets: SoloTicketsRefuse,
			PassBudget:  250 * time.Millisecond,
		},
	}
}

// DefaultQueue is what a queue has that its entry in the file leaves out. MaxParty
// 0 stands for the queue's team size until the file is loaded.
func DefaultQueue() Queue {
	return Queue{
		MaxWait:     10 * time.Minute,
		SeatHold:    45 * time.Second,
		SeatHoldMax: 10 * time.Minute,
		Blocks:      BlocksAvoid,
		Tick:        20,
		Match:       PartyMatch,
	}
}

// DefaultSkill is what a queue's skill has that its entry leaves out. Max 0
// stands for the window until the file is loaded.
func DefaultSkill() Skill {
	return Skill{Source: SkillFromAccount, Party: PartySkillMean, Window: 100}
}

// DefaultParity is what a queue's parity has that its entry leaves out.
func DefaultParity() Parity { return Parity{Mode: ParityPrefer, Diff: 1, Relax: time.Minute} }

// DefaultLatency is what a queue's latency has that its entry leaves out. Max 0 stands
// for start until the file is loaded.
func DefaultLatency() Latency {
	return Latency{Start: 100, Widen: Rate{N: 10, Per: time.Second}}
}

// DefaultAccept is what a queue's accept has that its entry leaves out.
func DefaultAccept() Accept { return Accept{Within: 15 * time.Second, Replace: 30 * time.Second} }
