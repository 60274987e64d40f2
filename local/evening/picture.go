package evening

import (
	"fmt"
	"math"

	"partyline/local/simulation"
	"partyline/party/rules"
)

// skillBands is the number of groups of equal size in the plot of waits by skill.
const skillBands = 24

// Picture returns an SVG file. It shows the waits by party size and how soon tickets are placed. If the
// queue uses skill, it also shows how even the matches are, and who waits because of skill.
func (p Result) Picture() string {
	name, l, r, skill := p.Name, p.Load, p.Report, p.Queue.Skill != nil
	height := 420.0
	if skill {
		height = 770
	}
	d := newDrawing(1000, height)
	d.text(40, 40, "start", ink, 20, true, name)
	d.text(40, 62, "start", grey, 13, false, fmt.Sprintf("%s tickets in %s, %s placed in %s matches, %d parties split",
		formatThousands(r.Arrived), rules.FormatDuration(l.Duration), Percent(r.Placed, r.Arrived), formatThousands(len(r.Matches)), r.Split))
	if len(r.Tickets) == 0 {
		d.text(500, height/2, "middle", grey, 16, false, "Nobody was placed.")
		return d.String()
	}
	d.waitsBySize(r, 120, 140, 370, 220)
	d.placedWithin(r, 580, 140, 380, 220)
	if skill {
		d.skillDifferences(r, 120, 480, 370, 220)
		d.waitsBySkill(r, 580, 480, 380, 220)
	}
	return d.String()
}

// waitsBySize draws a row for each party size. Its bar ends at the wait of 90 % of the tickets,
// with marks at 50 % and 99 %.
func (d *drawing) waitsBySize(r simulation.Report, left, top, width, height float64) {
	p := d.newPlot(left, top, width, height, "Wait by party size", "seconds")
	p.legend(legendMark{name: "half of them", colour: ink, shape: asDot}, legendMark{name: "9 of 10", colour: accent, shape: asBar}, legendMark{name: "99 of 100", colour: warm, shape: asRing})
	most := 0.0
	for _, size := range r.Sizes() {
		most = max(most, simulation.Quantile(r.Waits(size), 0.99))
	}
	x := newAxis(0, most, left, width, 6)
	p.grid(&x, nil, "")
	row := height / float64(len(r.Sizes()))
	for i, size := range r.Sizes() {
		waits := r.Waits(size)
		y := top + (float64(i)+0.5)*row
		label := fmt.Sprintf("party of %d", size)
		if size == 1 {
			label = "alone"
		}
		p.text(left-10, y+4, "end", ink, 12, false, label)
		half, most90, most99 := simulation.Quantile(waits, 0.5), simulation.Quantile(waits, 0.9), simulation.Quantile(waits, 0.99)
		bar := min(row*0.5, 22)
		p.line(x.px(most90), y, x.px(most99), y, warm, 2)
		p.rect(x.px(0), y-bar/2, x.px(most90)-x.px(0), bar, accent, 0.75)
		p.line(x.px(half), y-bar/2, x.px(half), y+bar/2, "#ffffff", 2)
		p.dot(x.px(half), y, 4, ink)
		p.ring(x.px(most99), y, 4, warm)
	}
}

// placedWithin draws, for each size, the share of tickets placed within a time.
func (d *drawing) placedWithin(r simulation.Report, left, top, width, height float64) {
	p := d.newPlot(left, top, width, height, "Placed within", "share of the placed parties, by seconds of waiting")
	x := newAxis(0, simulation.Quantile(r.Waits(0), 0.995), left, width, 6)
	y := axis{from: 0, to: 100, at: top + height, size: -height, step: 20}
	p.grid(&x, &y, " %")
	var marks []legendMark
	for i, size := range r.Sizes() {
		colour, name := palette[i%len(palette)], fmt.Sprint(size)
		if size == 1 {
			name = "alone"
		}
		dash := dashes[i%len(dashes)]
		p.path(cumulative(r.Waits(size), x, y), colour, "", dash, 2)
		if i < len(palette) {
			marks = append(marks, legendMark{name: name, colour: colour, dash: dash})
		}
	}
	p.legend(marks...)
}

// cumulative returns the points of a cumulative distribution: the share of values up to each value.
func cumulative(sorted []float64, x, y axis) [][2]float64 {
	points := [][2]float64{{x.px(0), y.px(0)}}
	for step := 1; step <= 200; step++ {
		share := float64(step) / 200
		v := simulation.Quantile(sorted, share)
		if v > x.to {
			break
		}
		points = append(points, [2]float64{x.px(v), y.px(100 * share)})
	}
	return points
}

// skillDifferences draws the distribution of the skill differences within matches and between their
// teams.
func (d *drawing) skillDifferences(r simulation.Report, left, top, width, height float64) {
	p := d.newPlot(left, top, width, height, "Skill apart", "share of the matches, by points at most")
	p.legend(legendMark{name: "between the teams", colour: warm, dash: dashes[1]}, legendMark{name: "within a match", colour: accent})
	x := newAxis(0, simulation.Quantile(r.Spreads(), 0.99), left, width, 6)
	y := axis{from: 0, to: 100, at: top + height, size: -height, step: 20}
	p.grid(&x, &y, " %")
	for i, values := range [][]float64{r.TeamGaps(), r.Spreads()} {
		colour := [...]string{warm, accent}[i]
		p.path(cumulative(values, x, y), colour, "", [...]string{dashes[1], ""}[i], 2)
		for _, share := range [...]float64{0.5, 0.9} {
			if v := simulation.Quantile(values, share); v <= x.to {
				p.dot(x.px(v), y.px(100*share), 4, colour)
				p.text(x.px(v)+8, y.px(100*share)+14, "start", colour, 11, true, formatLabel(math.Round(v)))
			}
		}
	}
}

// waitsBySkill shows whether the strongest and the weakest players wait longer.
func (d *drawing) waitsBySkill(r simulation.Report, left, top, width, height float64) {
	p := d.newPlot(left, top, width, height, "Wait by skill", "seconds, for groups of equal count, by skill")
	p.legend(legendMark{name: "half of them", colour: ink, dash: dashes[1]}, legendMark{name: "9 of 10", colour: accent})
	bands := r.Bands(skillBands)
	most := 0.0
	for _, b := range bands {
		most = max(most, simulation.Quantile(b.Waits, 0.9))
	}
	middle := func(b simulation.Band) float64 { return (b.Low + b.High) / 2 }
	x := newAxis(middle(bands[0]), middle(bands[len(bands)-1]), left, width, 8)
	y := newAxis(0, most, top+height, -height, 5)
	p.grid(&x, &y, "")
	p.text(left+width/2, top+height+38, "middle", grey, 11, false, "skill of the party, in points")
	quantile := func(q float64) [][2]float64 {
		var points [][2]float64
		for _, b := range bands {
			points = append(points, [2]float64{x.px(middle(b)), y.px(simulation.Quantile(b.Waits, q))})
		}
		return points
	}
	nine := quantile(0.9)
	ground := append(append([][2]float64{{nine[0][0], y.px(0)}}, nine...), [2]float64{nine[len(nine)-1][0], y.px(0)})
	p.path(ground, "", accent, "", 0)
	p.path(nine, accent, "", "", 2)
	p.path(quantile(0.5), ink, "", dashes[1], 2)
	for _, at := range quantile(0.5) {
		p.dot(at[0], at[1], 2.5, ink)
	}
}

// formatThousands formats a count with commas between thousands.
func formatThousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return formatThousands(n/1000) + "," + fmt.Sprintf("%03d", n%1000)
}

// Percent formats n of a total as a percentage.
func Percent(n, of int) string {
	if of == 0 {
		return "none"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
}
