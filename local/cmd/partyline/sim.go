package main

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"

	"partyline/local/evening"
	"partyline/local/simulation"
	"partyline/party/rules"
)

const simUsage = `usage: partyline sim --rules FILE [--queue NAME] [flags]

Plays a queue with simulated players and reports who was placed, how long they
waited and how even the matches are. Time is virtual: ten minutes take a moment.
The same flags give the same report.

flags:
`

// simCommand plays one queue. The only result that exits with 1 is a split party, which would be a
// fault of Partyline.
func simCommand(t *terminal, args []string) int {
	f := evening.DefaultSettings()
	var file, name, svg string
	flags := t.flagSet("sim", simUsage)
	flags.StringVar(&file, "rules", "", "rules file, - for standard input")
	flags.StringVar(&name, "queue", "", "which of its queues, if there are several")
	flags.StringVar(&f.Arrivals, "arrivals", f.Arrivals, "parties and single players that begin to look, per time")
	flags.DurationVar(&f.Duration, "duration", f.Duration, "for how long")
	flags.DurationVar(&f.Interval, "interval", f.Interval, "between two passes, as the server's matchmaker.interval_sec")
	flags.StringVar(&f.Parties, "parties", f.Parties, "party sizes with their shares")
	flags.StringVar(&f.Values, "values", f.Values, "values of match_on properties with their shares, such as region=eu:5,us:4,asia:1;build=42:1")
	flags.StringVar(&f.Skill, "skill", f.Skill, "mean and deviation of the players' skill")
	flags.Float64Var(&f.Friends, "friends", f.Friends, "how alike the skill within a party is, from 0 (as strangers) to 1 (the same)")
	flags.StringVar(&f.Regions, "regions", f.Regions, "where players live, of the queue's latency regions, with their shares; all alike unless given")
	flags.Float64Var(&f.Blocks, "blocks", f.Blocks, "how many of the 100 tickets before it a ticket has blocked, on average")
	flags.Float64Var(&f.Drops, "drops", f.Drops, "share of the tickets that give up in a minute of waiting")
	flags.Float64Var(&f.Declines, "declines", f.Declines, "share of the tickets that do not accept the match they get")
	flags.Float64Var(&f.NoShows, "no-shows", f.NoShows, "share of the players who never come to their match")
	flags.DurationVar(&f.Match, "match", f.Match, "for how long a match takes in others, where the queue has backfill")
	flags.Uint64Var(&f.Seed, "seed", f.Seed, "another number is another evening")
	flags.StringVar(&svg, "svg", "", "also draw the report into this file")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	if flags.NArg() > 0 {
		return t.fail(fmt.Errorf("sim takes flags alone, not %q; --help lists them", flags.Arg(0)))
	}
	if file == "" {
		return t.fail(errors.New("say which rules file: --rules FILE; --help lists all flags"))
	}
	set, code := t.load(file)
	if code != exitOK {
		return code
	}
	played, err := evening.Play(set, file, name, f)
	if err != nil {
		return t.fail(err)
	}
	t.simReport(f, played)
	if svg != "" {
		if err := os.WriteFile(svg, []byte(played.Picture()), 0o644); err != nil {
			return t.fail(err)
		}
		fmt.Fprintf(t.out, "\ndrawn into %s\n", svg)
	}
	if played.Report.Split > 0 {
		return exitProblem
	}
	return exitOK
}

// simReport prints the results of all tickets and players.
func (t *terminal) simReport(f evening.Settings, p evening.Result) {
	q, l, r := p.Queue, p.Load, p.Report
	fmt.Fprintf(t.out, "%s: %d teams of %d; %s for %s, a pass every %s, seed %d\n", t.paint(bold, p.Name), q.Teams, q.TeamSize.Max,
		f.Arrivals, rules.FormatDuration(f.Duration), rules.FormatDuration(f.Interval), f.Seed)
	for _, s := range p.Left {
		fmt.Fprintf(t.out, "%s parties of %d are left out: the queue takes up to %d\n", t.paint(yellow, "note:"), s.Size, q.LargestParty())
	}
	fmt.Fprintf(t.out, "\n%-22s %10s %8s\n", "", "tickets", "players")
	for _, rule := range slices.Sorted(maps.Keys(r.Refused)) {
		fmt.Fprintf(t.out, "%-22s %10d            by the rule %s\n", "refused", r.Refused[rule], rule)
	}
	fmt.Fprintf(t.out, "%-22s %10d %8d\n", "arrived", r.Arrived, r.Players)
	fmt.Fprintf(t.out, "%-22s %10d %8d   %s of the tickets, in %d matches\n", "placed", r.Placed, r.PlayersPlaced, evening.Percent(r.Placed, r.Arrived), len(r.Matches))
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
