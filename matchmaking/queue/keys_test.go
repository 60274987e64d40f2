package queue_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/heroiclabs/nakama-common/rtapi"

	"partyline/matchmaking/formation"
	"partyline/matchmaking/queue"
	"partyline/matchmaking/seats"
	"partyline/party"
	"partyline/party/rules"
)

// worldWith is a world in which one key of queue duo, two teams of two, is set.
func worldWith(t tester, set func(q *rules.Queue)) *world {
	cfg := configWithQueues()
	q := cfg.Queues["duo"]
	set(&q)
	cfg.Queues["duo"] = q
	return newWorld(t, cfg)
}

// pair queues a party of two.
func (w *world) pair() (party.ID, []party.Session) {
	w.t.Helper()
	id, players := w.party(2)
	w.queueParty(id, players[0], text("queue", "duo"))
	return id, players
}

// Two lone players and a pair of friends are matched as the mode of parity says.
func TestKeys_Parity(t *testing.T) {
	for mode, want := range map[rules.ParityMode][2]int{ // matches at once and after a minute
		"": {1, 0}, rules.ParityOff: {1, 0}, rules.ParityPrefer: {0, 1}, rules.ParityRequire: {0, 0},
	} {
		w := worldWith(t, func(q *rules.Queue) {
			if mode != "" {
				q.Parity = &rules.Parity{Mode: mode, Diff: 0, Relax: time.Minute}
			}
		})
		w.pair()
		w.queueSolos(2)
		for pass, want := range want {
			if got := len(w.process()); got != want {
				t.Errorf("parity %q, pass %d: %d matches; want %d", mode, pass, got, want)
			}
			w.clock.Advance(time.Minute)
		}
	}
}

// Teams get smaller after a wait, and the missing seats stay open to be filled.
func TestKeys_TeamSize(t *testing.T) {
	for _, backfill := range []bool{false, true} {
		w := worldWith(t, func(q *rules.Queue) {
			q.TeamSize, q.Backfill = rules.TeamSize{Max: 2, Min: 1, After: time.Minute}, backfill
		})
		w.queueSolos(2)
		if matches := w.process(); len(matches) != 0 {
			t.Errorf("matches = %v before the wait is over", matches)
		}
		w.clock.Advance(time.Minute)
		if matches := w.process(); len(matches["match-0"]) != 2 {
			t.Fatalf("matches = %v; want one against one", matches)
		}
		want := 1
		if backfill {
			want = 2
		}
		if l := w.launcher.launches[0]; l.TeamSize != want || l.Backfill != backfill {
			t.Errorf("teams of %d, backfill %v; want %d, %v", l.TeamSize, l.Backfill, want, backfill)
		}
	}
}

// queueFrom queues a lone player with latencies to the regions.
func (w *world) queueFrom(latency map[string]float64) (s party.Session, ticket string) {
	w.t.Helper()
	s = w.player()
	add := &rtapi.MatchmakerAdd{StringProperties: text("queue", "duo"), NumericProperties: latency}
	w.must(w.CheckSolo(w.t.Context(), s, add))
	ticket = w.enter("", []party.Session{s}, add.GetStringProperties(), add.GetNumericProperties())
	w.SoloQueued(w.t.Context(), s, ticket, add)
	return s, ticket
}

// A ticket without a latency to any current region of the queue is dropped: it would wait for nobody.
func TestKeys_LatencyOfOtherRegions(t *testing.T) {
	for name, before := range map[string]*rules.Latency{"none_before": nil, "renamed": {Regions: []string{"eu", "asia"}, Start: 50}} {
		w := worldWith(t, func(q *rules.Queue) { q.Latency = before })
		stale, _ := w.queueFrom(map[string]float64{"latency_eu": 20, "latency_asia": 20})
		fresh, _ := w.queueFrom(map[string]float64{"latency_eu": 20, "latency_us": 20})
		q := w.cfg.Queues["duo"]
		q.Latency = &rules.Latency{Regions: []string{"europe", "us"}, Start: 50}
		w.cfg.Queues["duo"] = q
		w.process()
		if got := w.notified(stale); !slices.Equal(got, []string{"matchmaking dropped invalid_request"}) || len(w.notified(fresh)) != 0 {
			t.Errorf("%s: told %q, and %q who may wait on", name, got, w.notified(fresh))
		}
	}
}

// A match is played in a region that is near enough for all. Waiting widens what is near enough.
func TestKeys_Latency(t *testing.T) {
	w := worldWith(t, func(q *rules.Queue) {
		q.Latency = &rules.Latency{Regions: []string{"eu", "us"}, Start: 50, Widen: rules.Rate{N: 1, Per: time.Second}, Max: 150}
	})
	queue := func(eu, us float64) { w.queueFrom(map[string]float64{"latency_eu": eu, "latency_us": us}) }
	for range 3 {
		queue(20, 120)
	}
	queue(110, 20)
	if matches := w.process(); len(matches) != 0 {
		t.Errorf("matches = %v across an ocean", matches)
	}
	w.clock.Advance(65 * time.Second)
	if matches := w.process(); len(matches) != 1 || w.launcher.launches[0].Region != "eu" {
		t.Errorf("matches = %v, launches %+v; want one in eu", matches, w.launcher.launches)
	}
	_, err := w.addSolo(w.player(), text("queue", "duo"))
	w.wantReason(err, party.InvalidRequest)
	for _, wrong := range []float64{-1, math.NaN(), math.Inf(1), math.Inf(-1)} {
		add := &rtapi.MatchmakerAdd{StringProperties: text("queue", "duo"), NumericProperties: map[string]float64{"latency_eu": 20, "latency_us": wrong}}
		err := w.CheckSolo(t.Context(), w.player(), add)
		w.wantReason(err, party.InvalidRequest)
		if err != nil && !strings.Contains(err.Error(), "numeric_properties.latency_us:") {
			t.Errorf("%v does not name the property", err)
		}
	}
	w.pool = nil
	for range 2 { // 0 ms: on the server's own machine
		queue(110, 0)
		queue(0, 0)
	}
	if matches := w.process(); len(matches) != 1 || w.launcher.launches[1].Region != "us" {
		t.Errorf("matches = %v, launches %+v; want one in us", matches, w.launcher.launches)
	}
}

func TestKeys_JoinInProgress(t *testing.T) {
	for property, fills := range map[string]bool{"": true, "yes": true, "no": false} {
		w := worldWith(t, func(q *rules.Queue) { q.Backfill = true })
		table, err := seats.New(2, 2, 0)
		w.must(err)
		w.launcher.tables["running"], w.launcher.announced["running"] = table, true
		w.launcher.open = []formation.OpenMatch{{ID: "running", Open: []int{2, 1}}}
		texts := text("queue", "duo")
		if property != "" {
			texts["join_in_progress"] = property
		}
		w.queueSolo(w.player(), texts)
		if matches := w.process(); (len(matches) == 1) != fills {
			t.Errorf("join_in_progress %q: matches = %v", property, matches)
		}
	}
	w := newWorld(t, configWithQueues())
	_, err := w.addSolo(w.player(), text("queue", "duo", "join_in_progress", "maybe"))
	w.wantReason(err, party.InvalidRequest)
}

func TestKeys_TickAndLateFriends(t *testing.T) {
	w := worldWith(t, func(q *rules.Queue) { q.Tick, q.MaxParty = 5, 1 })
	w.queueSolos(4)
	w.process()
	if l := w.launcher.launches[0]; l.Tick != 5 || l.MaxParty != 1 || !l.AvoidBlocks {
		t.Errorf("launch = %+v", l)
	}
}

// A queue's skill property may not have a name with another meaning on a ticket.
func TestKeys_OwnNames(t *testing.T) {
	for _, name := range []string{queue.PropertyQueue, queue.PropertySize, queue.PropertyHeld, queue.PropertySince, queue.PropertyJoinInProgress, queue.PropertyLatency + "eu"} {
		file := "version: 1\nqueues: {q: {teams: 2, team_size: 1, latency: {regions: [eu]}, skill: {property: " + name + "}}}\n"
		if _, err := rules.Load([]byte(file), "rules.yml"); err == nil || !strings.Contains(err.Error(), "skill.property") {
			t.Errorf("a queue with skill %s: %v; want it refused", name, err)
		}
	}
}

// A replacement has the same match_on values as the others and a similar skill.
func TestKeys_Replacement(t *testing.T) {
	for name, c := range map[string]struct {
		region   string
		mmr      float64
		replaces bool
	}{"alike": {"eu", 1050, true}, "elsewhere": {"us", 1000, false}, "much_better": {"eu", 3000, false}} {
		t.Run(name, func(t *testing.T) {
			w := askingWorld(t)
			q := w.cfg.Queues["duo"]
			q.MatchOn, q.Skill = []string{"region"}, w.cfg.Queues["ranked"].Skill
			w.cfg.Queues["duo"] = q
			leaver := w.player()
			ticket := w.queueSolo(leaver, text("queue", "duo", "region", "eu"))
			for range 3 {
				w.queueSolo(w.player(), text("queue", "duo", "region", "eu"))
			}
			w.process()
			_, err := w.Accept(t.Context(), callerOf(leaver), ticket, false)
			w.must(err)
			late := w.player()
			w.metadata(late, c.mmr)
			w.queueSolo(late, text("queue", "duo", "region", c.region))
			w.process()
			if told := w.notified(late); (len(told) > 0) != c.replaces {
				t.Errorf("told %q; want to replace somebody: %v", told, c.replaces)
			}
		})
	}
}
