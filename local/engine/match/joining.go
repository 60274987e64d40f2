package match

import (
	"context"
	"time"

	"partyline/local/engine/presence"

	"github.com/heroiclabs/nakama-common/runtime"
)

// joinResult is a match's answer to a join attempt.
type joinResult struct {
	allow  bool
	isNew  bool // was not a player of the match before
	reason string
	label  string
	others []*Presence // players of the match; may include the new one
}

// attemptJoin asks the match whether a session may join. An accepted session becomes a player at once. It must appear
// on the match's stream before the join deadline.
func (m *runningMatch) attemptJoin(ctx context.Context, s Session, metadata map[string]string) joinResult {
	p := &Presence{Node: m.reg.opts.Node, UserID: s.UserID(), SessionID: s.ID(), Username: s.Username()}
	if m.players.has(p.SessionID, p.Node) {
		return joinResult{allow: true, label: m.labelText(), others: m.players.list()}
	}
	answer := make(chan joinResult, 1)
	call := func() {
		if m.stopped.Load() || ctx.Err() != nil {
			answer <- joinResult{}
			return
		}
		v := joinResult{isNew: true}
		if !m.callCore("MatchJoinAttempt", func(ctx context.Context, d runtime.MatchDispatcher, nk runtime.NakamaModule) (state any) {
			state, v.allow, v.reason = m.core.MatchJoinAttempt(withCaller(ctx, s), m.log, nil, nk, d, m.tick, m.state, p, metadata)
			return state
		}) {
			answer <- joinResult{}
			return
		}
		if v.allow {
			m.expectArrival(p)
			m.queue(func() { m.join(p) })
		}
		v.label = m.labelText()
		answer <- v
	}
	if !m.tryQueue(m.attempts, call) {
		m.log.Warn("join attempt refused: too many, or the match is over")
		return joinResult{reason: "Match is not currently accepting join requests"}
	}
	v, _ := await(ctx, m, answer)
	v.others = m.players.list()
	return v
}

// withCaller adds what match code may know about the session that wants to join.
func withCaller(ctx context.Context, s Session) context.Context {
	with := func(key string, value any) { ctx = context.WithValue(ctx, key, value) }
	with(runtime.RUNTIME_CTX_USER_ID, s.UserID().String())
	with(runtime.RUNTIME_CTX_USERNAME, s.Username())
	if vars := s.Vars(); vars != nil {
		with(runtime.RUNTIME_CTX_VARS, vars)
	}
	with(runtime.RUNTIME_CTX_USER_SESSION_EXP, s.Expiry())
	with(runtime.RUNTIME_CTX_SESSION_ID, s.ID().String())
	if ip := s.ClientIP(); ip != "" {
		with(runtime.RUNTIME_CTX_CLIENT_IP, ip)
	}
	if port := s.ClientPort(); port != "" {
		with(runtime.RUNTIME_CTX_CLIENT_PORT, port)
	}
	return ctx
}

func (m *runningMatch) expectArrival(p *Presence) {
	patience := m.rate * int64(m.reg.opts.JoinDeadline/time.Second)
	m.expected[p.SessionID] = expectedPlayer{player: p, until: m.tick + patience}
}

// join makes an accepted session a player.
func (m *runningMatch) join(p *Presence) {
	if !m.players.add(p) {
		return
	}
	m.callCore("MatchJoin", func(ctx context.Context, d runtime.MatchDispatcher, nk runtime.NakamaModule) any {
		return m.core.MatchJoin(ctx, m.log, nil, nk, d, m.tick, m.state, []runtime.Presence{p})
	})
}

// playersArrived handles sessions that appeared on the match's stream. They become players only through a join
// attempt. A module may put other sessions on the stream.
func (m *runningMatch) playersArrived(presences []presence.Presence) {
	m.queue(func() {
		for _, p := range presences {
			delete(m.expected, p.ID.SessionID)
		}
	})
}

// playersLeft tells the match about players who are gone. Like the real server, it names all sessions that left the
// stream together if at least one of them was a player.
func (m *runningMatch) playersLeft(gone []*Presence) {
	m.queue(func() {
		known := false
		for _, p := range gone {
			if m.players.remove(p) {
				known = true
				delete(m.expected, p.SessionID)
			}
		}
		if !known {
			return
		}
		m.callCore("MatchLeave", func(ctx context.Context, d runtime.MatchDispatcher, nk runtime.NakamaModule) any {
			return m.core.MatchLeave(ctx, m.log, nil, nk, d, m.tick, m.state, runtimePresences(gone))
		})
	})
}

// dropMissing drops accepted players who did not appear in time.
func (m *runningMatch) dropMissing() {
	var missing []*Presence
	for session, e := range m.expected {
		if e.until <= m.tick {
			missing = append(missing, e.player)
			delete(m.expected, session)
		}
	}
	if len(missing) > 0 {
		m.playersLeft(missing)
	}
}
