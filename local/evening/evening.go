// Package evening plays a queue of a rules file with simulated players and draws the results.
// The command line and the playground share it. It has no state. Time is virtual, and the same
// settings give the same report.
package evening

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"partyline/local/simulation"
	"partyline/matchmaking/formation"
	"partyline/party/rules"
)

// Settings describe the simulated players. The fields are the command's flags, which the errors name.
type Settings struct {
	Arrivals           string // parties and single players that begin to look, per time
	Duration, Interval time.Duration
	Parties            string // party sizes with their shares
	Values             string // values of match_on properties with their shares
	Skill              string // mean and deviation
	Friends            float64
	Regions            string
	Blocks, Drops      float64
	Declines, NoShows  float64
	Match              time.Duration
	Seed               uint64
}

// DefaultSettings returns the default settings.
func DefaultSettings() Settings {
	return Settings{
		Arrivals: "20/s", Duration: 10 * time.Minute, Interval: 15 * time.Second, Parties: "1:50,2:25,3:12,4:8,5:5",
		Skill: "1500,300", Friends: 0.5, Match: 10 * time.Minute, Seed: 1,
	}
}

// Result is the result of a simulation.
type Result struct {
	Name   string
	Queue  rules.Queue
	Load   simulation.Load
	Report simulation.Report
	Left   []simulation.Share // party sizes that the queue does not take
}

// Play plays the named queue, or the only queue if name is empty. Errors call the rules file
// by the name in file.
func Play(set *rules.Set, file, name string, f Settings) (p Result, err error) {
	queues := set.Config().Queues
	names := slices.Sorted(maps.Keys(queues))
	if p.Name = name; name == "" && len(names) == 1 {
		p.Name = names[0]
	}
	var ok bool
	p.Queue, ok = queues[p.Name]
	switch {
	case len(names) == 0:
		return p, fmt.Errorf("%s has no queues; docs/matchmaking.md shows how to write one", file)
	case p.Name == "":
		return p, fmt.Errorf("%s has several queues; say which: --queue %s", file, strings.Join(names, " or --queue "))
	case !ok:
		return p, fmt.Errorf("%s has no queue %q; it has: %s", file, p.Name, strings.Join(names, ", "))
	}
	formed := formation.FromRules(p.Queue)
	if p.Load, p.Left, err = f.load(p.Queue, formed.Latency.Regions); err != nil {
		return p, err
	}
	if err := p.Load.Check(); err != nil {
		return p, err
	}
	p.Load.Ask = rulesCheck(set, p.Name)
	p.Report = simulation.Run(formed, p.Load)
	return p, nil
}

// load turns the settings into a load for the queue. left are the party sizes that the queue
// does not take.
func (f Settings) load(q rules.Queue, regions []string) (load simulation.Load, left []simulation.Share, err error) {
	rate, err := rules.ParseRate(f.Arrivals)
	if err != nil || rate.Unlimited() {
		return load, nil, fmt.Errorf("--arrivals %s: expected so many per time, such as 20/s or 90/m", f.Arrivals)
	}
	switch {
	case f.Declines > 0 && q.Accept == nil:
		return load, nil, fmt.Errorf("--declines %v: the queue has no accept, so nobody can decline a match", f.Declines)
	case f.Blocks > 0 && q.Blocks == rules.BlocksIgnore:
		return load, nil, fmt.Errorf("--blocks %v: the queue has blocks: ignore", f.Blocks)
	}
	load = simulation.Load{
		PerSecond: rate.PerSecond(), Duration: f.Duration, Interval: f.Interval, MaxWait: q.MaxWait,
		Seed: f.Seed, Friends: f.Friends, Mean: q.Skill == nil || q.Skill.Party != rules.PartySkillMax,
		Blocks: f.Blocks, Drops: f.Drops, Declines: f.Declines, NoShows: f.NoShows,
	}
	if q.Backfill {
		load.MatchLength = f.Match
	}
	if load.Regions, err = f.parseRegions(regions); err != nil {
		return load, nil, err
	}
	sizes, err := parseShares(f.Parties)
	if err != nil {
		return load, nil, fmt.Errorf("--parties %s: %w", f.Parties, err)
	}
	for _, s := range sizes {
		if s.Size, err = strconv.Atoi(s.Value); err != nil || s.Size < 1 {
			return load, nil, fmt.Errorf("--parties %s: %q is not a party size", f.Parties, s.Value)
		}
		if s.Size > q.LargestParty() {
			left = append(left, s)
		} else {
			load.Sizes = append(load.Sizes, s)
		}
	}
	mean, deviation, _ := strings.Cut(f.Skill, ",")
	var errs [2]error
	load.Skill.Mean, errs[0] = strconv.ParseFloat(mean, 64)
	load.Skill.Deviation, errs[1] = strconv.ParseFloat(deviation, 64)
	if errors.Join(errs[:]...) != nil || math.IsNaN(load.Skill.Mean) || math.IsInf(load.Skill.Mean, 0) {
		return load, nil, fmt.Errorf("--skill %s: expected mean and deviation, such as 1500,300", f.Skill)
	}
	load.MatchOn, err = f.parseValues(q.MatchOn)
	return load, left, err
}

// parseRegions reads in which regions players live.
func (f Settings) parseRegions(regions []string) ([]simulation.Share, error) {
	text := f.Regions
	if text == "" {
		text = strings.Join(regions, ",")
	}
	if text == "" {
		return nil, nil
	}
	homes, err := parseShares(text)
	if err != nil {
		return nil, fmt.Errorf("--regions %s: %w", text, err)
	}
	for _, h := range homes {
		if !slices.Contains(regions, h.Value) {
			return nil, fmt.Errorf("--regions %s: %q is not one of the queue's latency regions %v", text, h.Value, regions)
		}
	}
	return homes, nil
}

// parseValues reads the values of the properties that the queue matches by. A property that the
// settings do not name has one value for all players.
func (f Settings) parseValues(matchOn []string) ([]simulation.Property, error) {
	named := map[string][]simulation.Share{}
	for _, part := range strings.FieldsFunc(f.Values, func(r rune) bool { return r == ';' }) {
		name, values, ok := strings.Cut(part, "=")
		if !ok || !slices.Contains(matchOn, name) {
			return nil, fmt.Errorf("--values %s: %q is not one of the queue's match_on properties %v", f.Values, name, matchOn)
		}
		list, err := parseShares(values)
		if err != nil {
			return nil, fmt.Errorf("--values %s: %w", f.Values, err)
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

// parseShares reads "eu:5,us:4". A value without a number has weight 1.
func parseShares(text string) ([]simulation.Share, error) {
	var list []simulation.Share
	for _, part := range strings.Split(text, ",") {
		value, weight, weighted := strings.Cut(strings.TrimSpace(part), ":")
		s := simulation.Share{Value: value, Weight: 1}
		if weighted {
			w, err := strconv.ParseFloat(weight, 64)
			if err != nil || !(w >= 0) || math.IsInf(w, 0) {
				return nil, fmt.Errorf("%q is not a share", weight)
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
