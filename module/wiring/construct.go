package wiring

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"partyline/hooks"
	"partyline/matchmaking"
	"partyline/matchmaking/queue"
	"partyline/module/helper"
	"partyline/party"
	"partyline/party/admission"
	"partyline/party/attributes"
	"partyline/party/entry"
	"partyline/party/finder"
	"partyline/party/invite"
	"partyline/party/judge"
	"partyline/party/ledger"
	"partyline/party/limit"
	"partyline/party/overview"
	"partyline/party/post"
	"partyline/party/reconnect"
	"partyline/party/roster"
	"partyline/party/share"
	"partyline/party/status"
	"partyline/party/waitlist"
	"partyline/rpc"
	"partyline/rpc/console"
	"partyline/rpc/landing"
)

// pageKeys is how many client addresses the landing page's limit remembers.
const pageKeys = 100_000

// construct builds everything that serves requests. A package that needs one built later gets a function, to be called
// only when serving.
func (m *Module) construct(env environment, o Options) error {
	policy := party.Policy(m.policy)
	news := &party.News{}
	roster := roster.New(m.nk, m.nk, m.now)
	limits := party.NewLimits(policy, m.now)
	store := invite.NewStore(m.nk, m.now, m.logger)
	blocks := party.NewBlockList(o.DB, o.Nakama)
	keys, keysRoute, err := m.preparePasses(env.passKeys)
	if err != nil {
		return fmt.Errorf("partyline: keys of passes: %w", err)
	}
	m.matches = matchmaking.NewMatches(m.nk, roster, matchmaking.NewFleets(o.Nakama, m.logger), keys, m.now)
	activity := party.Activity{Match: m.matches.MatchOf, Queued: func(ctx context.Context, id party.ID) (bool, error) { return m.queues.Queued(ctx, id) }}
	ledger := ledger.New(ledger.Deps{
		Roster: roster, Streams: m.nk, Storage: m.nk, News: news, Policy: policy, Logger: m.logger, Now: m.now, Holds: store.Holds,
		Ages: func(id party.ID) map[string]party.Age { return m.queues.Ages(id) },
	})
	var founder admission.Founder // makes a party for members who come back; nil if it cannot
	pool := func(context.Context, party.Session) (oldest time.Time, matched []time.Time, err error) {
		return oldest, nil, errors.New("the address of the server is not known")
	}
	if o.Socket != nil {
		helpers := helper.New(m.nk, roster.Hidden, o.Socket)
		pool = helpers.MatchmakerStats
		if !o.SingleSocket { // otherwise the helper's socket would end the player's own
			m.isOwn, founder = helpers.IsHelper, helpers.CreateParty
		}
	}
	load := judge.NewLoader(m.nk, blocks, m.now)
	admission := admission.New(admission.Deps{
		Ledger: ledger, Sender: m.nk, Found: founder, SingleParty: o.SingleParty,
		Requests: limits.JoinRequest.Take, Locked: activity.Locked(policy), Friends: load.Friends,
	})
	m.admission = admission
	m.retrier = matchmaking.NewRetrier(m.matches, admission.Current, m.logger, m.now)
	m.post = post.New(m.nk, m.logger)
	m.attributes = attributes.New(attributes.Deps{
		Storage: m.nk, Streams: m.nk, Sender: m.nk, Admission: admission, News: news, Limits: limits, Policy: policy, Logger: m.logger, Now: m.now,
	})
	m.status = status.New(status.Deps{
		Streams: m.nk, Sender: m.nk, Roster: roster, Admission: admission, News: news, Policy: policy, Logger: m.logger, Now: m.now,
		Lead: func(ctx context.Context, c party.Caller, code string) (invite.Lead, error) {
			if err := limits.Arrival.Take(c.UserID); err != nil {
				return invite.Lead{}, err
			}
			return m.invites.Lead(ctx, c, "", code)
		},
		OnProgress: m.extendSeat,
	})
	judged := judge.New(judge.Deps{
		Rules: m.rules.Current, Load: load, Logger: m.logger, Now: m.now, Activity: activity, Shadow: m.shadow, Record: m.record,
		Statuses: m.status.Statuses, Footprints: m.status.Footprint, Attributes: m.attributes.Facts,
	})
	m.invites = invite.New(invite.Deps{
		Store: store, Roster: roster, Admission: admission, Limits: limits,
		Users: m.nk, Blocks: blocks, Notifier: m.nk, Sender: m.nk,
		Policy: policy, Logger: m.logger, Now: m.now, Judge: judged,
		Statuses: m.status.Statuses, Footprints: m.status.Footprint,
		Newcomer: m.post.Send, OnInviteOver: m.inviteOver,
		Match: m.matches.MatchOf, Seat: m.retrier.Seat, Attributes: m.attributes.Public, Metrics: m.nk,
	})
	way := entry.Entry{Admission: admission, Roster: roster, Blocks: blocks, Judge: judged, Policy: policy}
	m.waitlist = waitlist.New(waitlist.Deps{Entry: way, Invites: m.invites, Notifier: m.nk, News: news, Metrics: m.nk, Logger: m.logger, Now: m.now})
	m.finder = finder.New(finder.Deps{
		Entry: way, Lister: m.nk, News: news, Limits: limits, Now: m.now, Profiles: m.invites.Profiles, Attributes: m.attributes.PublicOf, Seat: m.retrier.Seat,
	})
	m.reconnect = reconnect.New(reconnect.Deps{
		Admission: admission, Roster: roster, News: news, Sender: m.nk, Notifier: m.nk, Policy: policy, Logger: m.logger, Now: m.now,
		Newcomer: m.post.Send, Waits: m.post.Pending,
	})
	m.share = share.New(share.Deps{
		Invites: m.invites, Admission: admission, News: news, Streams: m.nk, Social: m.nk, Blocks: blocks,
		Limits: limits, Policy: policy, Logger: m.logger, Now: m.now,
	})
	news.Subscribe(m.updateSeats)

	// The rules at the start decide for good, because the host accepts a matchmaker only at its start.
	m.isMatchmaker = len(policy().Queues) > 0
	m.hasMatchedHook = m.isMatchmaker || policy().Matchmaking.CreateMatch
	m.queues = queue.New(queue.Deps{
		Roster: roster, Look: admission.Look, TryLook: admission.TryLook, Footprint: m.status.FootprintOf, Statuses: m.status.Statuses,
		Strengths: m.nk, Sender: m.nk, Notifier: m.nk, Newcomer: m.post.Send, NewcomerPending: m.post.Pending, Policy: policy, Logger: m.logger, Now: m.now,
		Blocks: blocks, Processing: m.isMatchmaker, HostReportsMatches: m.hasMatchedHook, Launcher: m.matches, Servers: m.matches, Friends: m.retrier, LastPass: pool, OnTicketEvent: func(id party.ID, what queue.EventName) {
			admission.Recorder.ScheduleWrite(id)
			m.ticketChanged(id, what)
		}, Metrics: m.nk,
	})
	news.Subscribe(m.queues.Changed)
	plays := m.queues.JoinsMatch
	if m.hasMatchedHook {
		plays = nil // the matched hook tells of matches
	}

	checks := judge.Checks{Judge: judged, Entrance: admission, Policy: policy}
	inquiries := judge.Inquiries{Checks: checks.Dry(judged), Rates: limits, Invite: m.invites.MayCreate, Queue: m.queues.MayQueue}
	overview := overview.New(overview.Deps{
		Live: m.rules, Next: m.nextRules, Shadow: m.shadow, Record: m.record, History: m.history, Playground: env.playground, Judge: judged, Lister: m.nk, PartiesOf: roster.PartiesOf, Seats: admission, Invites: m.invites,
		Limits: limits.Buckets, Queues: m.queues.Report, Matches: m.matches.Running,
		Attributes: m.attributes.CachedOf, Profiles: m.invites.Profiles, Vitals: m.vitals, Now: m.now,
	})
	m.calls = slices.Concat(
		rpc.Invites(m.invites), rpc.Gathering(m.attributes, m.waitlist, m.finder), rpc.Checks(inquiries.Answer), rpc.Admin(overview),
		rpc.Resume(m.reconnect.Resume), rpc.Status(m.status), rpc.Share(m.share), rpc.Match(m.matches.PartyMatch), rpc.Server(m.matches), rpc.Queue(m.queues),
	)
	m.hooks = slices.Concat(
		hooks.Hardening(limits.Data.Take, admission, policy),
		hooks.Queries(policy),
		hooks.Settling(admission, m.queues.BeforeMessage),
		hooks.RuleChecks(checks, admission, judged.Has, judged.Enforces), // before Creation changes the message
		hooks.Creation(checks, limits.PartyCreate.Take, policy, admission.Offered),
		hooks.Admission(admission), // after all rows that may refuse
		[]hooks.Hook{hooks.Ended("line", m.waitlist.Ended), hooks.Started("seat", m.reconnect.Started), hooks.Ended("seat", m.reconnect.Ended)},
		hooks.Matchmaking(m.queues, admission, plays),
		[]hooks.Hook{hooks.Ended("tickets", m.queues.Ended)},
	)
	pages := limit.New(m.now, pageKeys)
	site := landing.New(landing.Options{
		Preview: m.invites.PublicPreview, Policy: policy, Logger: m.logger, ProxyCount: env.proxyCount, Folder: filepath.Dir(env.rules), Now: m.now,
		OnPageRead: m.invites.CountPageRead, Limit: func(address string) time.Duration { return pages.Take(address, policy().Limits.PagePerIP) },
	})
	m.routes = append(site.Routes(), keysRoute)
	if env.consoleKey == "" {
		return nil
	}
	page := console.New(console.Options{
		Key: env.consoleKey, Source: overview, Revoke: m.invites.RevokeAny, Pardon: admission.Pardon, Logger: m.logger, ProxyCount: env.proxyCount, Now: m.now,
	})
	m.routes = append(m.routes, page.Routes()...)
	return nil
}
