package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"partyline/local/simulation"
	"partyline/matchmaking/queue"
	"partyline/party/rules"
)

const simUsage = `usage: partyline sim --rules FILE [--queue NAME] [flags]

Plays a queue with simulated players and reports who was placed, how long they
waited and how even the matches are. Time is virtual: ten minutes take a moment.
The same flags give the same report.

flags:
`

// simFlags are the words of the command.
type simFlags struct {
	rules, queue, svg         string
	arrivals, parties, values string
	skill                     string
	duration, interval        time.Duration
	regions                   string
	friends                   float64
	blocks, drops             float64
	declines, noShows         float64
	match                     time.Duration
	seed                      uint64
}

// simCommand plays one queue. A queue in which a party was split would be a fault of ours,
// and is the only thing that makes it answer no.
func simCommand(t *terminal, args []string) int {
	var f simFlags
	flags := flag.NewFlagSet("sim", flag.ContinueOnError)
	flags.SetOutput(t.err)
	flags.StringVar(&f.rules, "rules", "", "rules file, - for standard input")
	flags.StringVar(&f.queue, "queue", "", "which of its queues, if there are several")
	flags.StringVar(&f.arrivals, "arrivals", "20/s", "parties and single players that begin to look, per time")
	flags.DurationVar(&f.duration, "duration", 10*time.Minute, "for how long")
	flags.DurationVar(&f.interval, "interval", 15*time.Second, "between two passes, as the server's matchmaker.interval_sec")
	flags.StringVar(&f.parties, "parties", "1:50,2:25,3:12,4:8,5:5", "party sizes with their shares")
	flags.StringVar(&f.values, "values", "", "values of match_on properties with their shares, such as region=eu:5,us:4,asia:1;build=42:1")
	flags.StringVar(&f.skill, "skill", "1500,300", "mean and deviation of the players' skill")
	flags.Float64Var(&f.friends, "friends", 0.5, "how alike the skill within a party is, from 0 (as strangers) to 1 (the same)")
	flags.StringVar(&f.regions, "regions", "", "where players live, of the queue's latency regions, with their shares; all alike unless given")
	flags.Float64Var(&f.blocks, "blocks", 0, "how many of the 100 tickets before it a ticket has blocked, on average")
	flags.Float64Var(&f.drops, "drops", 0, "share of the tickets that give up in a minute of waiting")
	flags.Float64Var(&f.declines, "declines", 0, "share of the tickets that do not accept the match they get")
	flags.Float64Var(&f.noShows, "no-shows", 0, "share of the players who never come to their match")
	flags.DurationVar(&f.match, "match", 10*time.Minute, "for how long a match takes in others, where the queue has backfill")
	flags.Uint64Var(&f.seed, "seed", 1, "another number is another evening")
	flags.StringVar(&f.svg, "svg", "", "also draw the report into this file")
	flags.Usage = func() {
		fmt.Fprint(t.err, simUsage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitOK
		}
		return exitUsage
	}
	if flags.NArg() > 0 {
		return t.fail(fmt.Errorf("sim takes flags alone, not %q; --help lists them", flags.Arg(0)))
	}
	if f.rules == "" {
		return t.fail(errors.New("say which rules file: --rules FILE; --help lists all flags"))
	}
	set, code := t.load(f.rules)
	if code != exitOK {
		return code
	}
	queues := set.Config().Queues
	names := slices.Sorted(maps.Keys(queues))
	if f.queue == "" && len(names) == 1 {
		f.queue = names[0]
	}
	q, ok := queues[f.queue]
	switch {
	case len(names) == 0:
		return t.fail(fmt.Errorf("%s has no queues; docs/matchmaking.md shows how to write one", f.rules))
	case f.queue == "":
		return t.fail(fmt.Errorf("%s has several queues; say which: --queue %s", f.rules, strings.Join(names, " or --queue ")))
	case !ok:
		return t.fail(fmt.Errorf("%s has no queue %q; it has: %s", f.rules, f.queue, strings.Join(names, ", ")))
	}
	formed := queue.FormationOf(q)
	load, left, err := f.load(q, formed.Latency.Regions)
	if err == nil {
		err = load.Check()
	}
	if err != nil {
		return t.fail(err)
	}
	load.Ask = asks(set, f.queue)
	report := simulation.Run(formed, load)
	t.simReport(f, q, load, left, report)
	if f.svg != "" {
		if err := os.WriteFile(f.svg, []byte(drawReport(f.queue, load, report, q.Skill != nil)), 0o644); err != nil {
			return t.fail(err)
		}
		fmt.Fprintf(t.out, "\ndrawn into %s\n", f.svg)
	}
	if report.Split > 0 {
		return exitProblem
	}
	return exitOK
}

// load turns the flags into a load for the queue; left are the party sizes that the queue
// does not take.
func (f simFlags) load(q rules.Queue, regions []string) (load simulation.Load, left []simulation.Share, err error) {
	rate, err := rules.ParseRate(f.arrivals)
	if err != nil || rate.Unlimited() {
		return load, nil, fmt.Errorf("--arrivals %s: expected so many per time, such as 20/s or 90/m", f.arrivals)
	}
	load = simulation.Load{
		PerSecond: rate.PerSecond(), Duration: f.duration, Interval: f.interval, MaxWait: q.MaxWait,
		Seed: f.seed, Friends: f.friends, Mean: q.Skill == nil || q.Skill.Party != rules.PartySkillMax,
		Blocks: f.blocks, Drops: f.drops, Declines: f.declines, NoShows: f.noShows,
	}
	if q.Backfill {
		load.MatchLength = f.match
	}
	if load.Homes, err = f.homes(regions); err != nil {
		return load, nil, err
	}
	sizes, err := shares(f.parties)
	if err != nil {
		return load, nil, fmt.Errorf("--parties %s: %w", f.parties, err)
	}
	for _, s := range sizes {
		if s.Size, err = strconv.Atoi(s.Value); err != nil || s.Size < 1 {
			return load, nil, fmt.Errorf("--parties %s: %q is no party size", f.parties, s.Value)
		}
		if s.Size > queue.Largest(q) {
			left = append(left, s)
		} else {
			load.Sizes = append(load.Sizes, s)
		}
	}
	mean, deviation, _ := strings.Cut(f.skill, ",")
	var errs [2]error
	load.Skill.Mean, errs[0] = strconv.ParseFloat(mean, 64)
	load.Skill.Deviation, errs[1] = strconv.ParseFloat(deviation, 64)
	if errors.Join(errs[:]...) != nil || math.IsNaN(load.Skill.Mean) || math.IsInf(load.Skill.Mean, 0) {
		return load, nil, fmt.Errorf("--skill %s: expected mean and deviation, such as 1500,300", f.skill)
	}
	load.Places, err = f.places(q.MatchOn)
	return load, left, err
}

// homes reads where players live.
func (f simFlags) homes(regions []string) ([]simulation.Share, error) {
	text := f.regions
	if text == "" {
		text = strings.Join(regions, ",")
	}
	if text == "" {
		return nil, nil
	}
	homes, err := shares(text)
	if err != nil {
		return nil, fmt.Errorf("--regions %s: %w", text, err)
	}
	for _, h := range homes {
		if !slices.Contains(regions, h.Value) {
			return nil, fmt.Errorf("--regions %s: %q is none of the queue's latency regions %v", text, h.Value, regions)
		}
	}
	return homes, nil
}

// places reads the values of the properties that the queue matches by. One that is not
// named has one value that all share.
func (f simFlags) places(matchOn []string) ([]simulation.Property, error) {
	named := map[string][]simulation.Share{}
	for _, part := range strings.FieldsFunc(f.values, func(r rune) bool { return r == ';' }) {
		name, values, ok := strings.Cut(part, "=")
		if !ok || !slices.Contains(matchOn, name) {
			return nil, fmt.Errorf("--values %s: %q is none of the queue's match_on properties %v", f.values, name, matchOn)
		}
		list, err := shares(values)
		if err != nil {
			return nil, fmt.Errorf("--values %s: %w", f.values, err)
		}
		named[name] = list
	}
	var places []simulation.Property
	for _, name := range matchOn {
		values := named[name]
		if values == nil && name == "region" {
			values = []simulation.Share{{Value: "eu", Weight: 4}, {Value: "us", Weight: 4}, {Value: "asia", Weight: 2}}
		}
		if values != nil {
			places = append(places, simulation.Property{Name: name, Values: values})
		}
	}
	return places, nil
}

// shares reads "eu:5,us:4"; without a number a value counts once.
func shares(text string) ([]simulation.Share, error) {
	var list []simulation.Share
	for _, part := range strings.Split(text, ",") {
		value, weight, weighted := strings.Cut(strings.TrimSpace(part), ":")
		s := simulation.Share{Value: value, Weight: 1}
		if weighted {
			w, err := strconv.ParseFloat(weight, 64)
			if err != nil || !(w >= 0) || math.IsInf(w, 0) {
				return nil, fmt.Errorf("%q is no share", weight)
			}
			s.Weight = w
		}
		if s.Value == "" {
			return nil, errors.New("a value is missing")
		}
		list = append(list, s)
	}
	return list, nil
}

// simReport prints what became of everybody.
func (t *terminal) simReport(f simFlags, q rules.Queue, l simulation.Load, left []simulation.Share, r simulation.Report) {
	fmt.Fprintf(t.out, "%s: %d teams of %d; %s for %s, a pass every %s, seed %d\n", t.paint(bold, f.queue), q.Teams, q.TeamSize.Max,
		f.arrivals, rules.FormatDuration(f.duration), rules.FormatDuration(f.interval), f.seed)
	for _, s := range left {
		fmt.Fprintf(t.out, "%s parties of %d are left out: the queue takes up to %d\n", t.paint(yellow, "note:"), s.Size, queue.Largest(q))
	}
	fmt.Fprintf(t.out, "\n%-22s %10s %8s\n", "", "tickets", "players")
	for _, rule := range slices.Sorted(maps.Keys(r.Refused)) {
		fmt.Fprintf(t.out, "%-22s %10d            by the rule %s\n", "refused", r.Refused[rule], rule)
	}
	fmt.Fprintf(t.out, "%-22s %10d %8d\n", "arrived", r.Arrived, r.Players)
	fmt.Fprintf(t.out, "%-22s %10d %8d   %s of the tickets, in %d matches\n", "placed", r.Placed, r.PlayersPlaced, percent(r.Placed, r.Arrived), len(r.Matches))
	fmt.Fprintf(t.out, "%-22s %10s %8d\n", "could have been", "", r.PlayersBound)
	fmt.Fprintf(t.out, "%-22s %10d\n", "gave up at max_wait", r.Expired)
	if l.Drops > 0 {
		fmt.Fprintf(t.out, "%-22s %10d\n", "gave up before", r.Dropped)
	}
	if l.Declines > 0 {
		fmt.Fprintf(t.out, "%-22s %10d\n", "declined", r.Declined)
	}
	if l.NoShows > 0 {
		fmt.Fprintf(t.out, "%-22s %10s %8d\n", "never came", "", r.NoShows)
		fmt.Fprintf(t.out, "%-22s %10d\n", "joined running ones", r.Fills())
	}
	fmt.Fprintf(t.out, "%-22s %10d\n", "waiting at the end", r.Waiting)
	split := fmt.Sprint(r.Split)
	if r.Split > 0 {
		split = t.paint(red, split)
	}
	fmt.Fprintf(t.out, "%-22s %10s\n", "parties split", split)

	fmt.Fprintf(t.out, "\n%-22s %10s %8s %8s %8s %8s\n", "wait in seconds", "tickets", "p50", "p90", "p99", "longest")
	for _, size := range append(r.Sizes(), 0) {
		name := fmt.Sprintf("party of %d", size)
		switch size {
		case 0:
			name = "all"
		case 1:
			name = "alone"
		}
		t.quantiles(name, r.Waits(size))
	}
	if q.Skill != nil {
		for _, b := range r.Distances(l.Skill) {
			name := fmt.Sprintf("%.1f to %.1f deviations", b.Low, b.High)
			if math.IsInf(b.High, 1) {
				name = fmt.Sprintf("beyond %.1f deviations", b.Low)
			}
			t.quantiles(name, b.Waits)
		}
	}
	if q.Teams > 1 && len(r.Matches) > 0 {
		fmt.Fprintf(t.out, "\nlargest parties of two teams differ by 2 or more: %.1f %% of the matches\n", 100*r.GroupsApart(2))
	}
	if q.Skill != nil {
		fmt.Fprintf(t.out, "\n%-22s %10s %8s %8s %8s %8s\n", "skill apart", "matches", "p50", "p90", "p99", "most")
		t.quantiles("within a match", r.Spreads())
		if q.Teams > 1 {
			t.quantiles("between the teams", r.TeamGaps())
		}
	}
}

func (t *terminal) quantiles(name string, sorted []float64) {
	if len(sorted) == 0 {
		fmt.Fprintf(t.out, "%-22s %10d\n", name, 0)
		return
	}
	q := func(p float64) float64 { return simulation.Quantile(sorted, p) }
	fmt.Fprintf(t.out, "%-22s %10d %8.0f %8.0f %8.0f %8.0f\n", name, len(sorted), q(0.5), q(0.9), q(0.99), q(1))
}

func percent(n, of int) string {
	if of == 0 {
		return "none"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
}
