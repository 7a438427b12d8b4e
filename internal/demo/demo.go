// Package demo makes up a company with two years of life: Lirona sells internet, mobile telephony and electricity in five
// countries, and hears from its customers in English, Hebrew, Russian and Persian. Everything follows from a seed and a
// size, nothing is read from outside, and nobody in it exists. What happened, to whom and how strongly is planted, and
// Truth tells it, so that what an analysis finds can be held against what is there to be found.
//
// The generator streams: it keeps about 40 bytes a contact and one day, whatever the size.
package demo

import (
	"fmt"
	"math"
	"time"
)

// Name of the company, in the alphabets of its customers.
var Name = [len(languages)]string{"Lirona", "לירונה", "Лирона", "لیرونا"}

// DefaultEnd is the day before which everything lies unless the caller says otherwise, so that output is repeatable.
var DefaultEnd = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

// Options says what company is wanted. The zero value is one of 10,000 pieces of feedback over the two years before DefaultEnd.
type Options struct {
	Seed     uint64
	Feedback int       // pieces of feedback, exactly; 10,000 when 0
	End      time.Time // everything lies before the beginning of this day (UTC); DefaultEnd when zero. A Monday keeps weeks whole.
	Weeks    int       // 104 when 0
}

// Company is a made-up company. Its methods may be called at once, and again: they always say the same.
type Company struct {
	options    Options
	start      time.Time
	weeks      int
	days       int
	holidays   []Holiday
	calendar   [3][]float64 // by season and day: how much happens, mean about 1
	people     []person
	joined     []int                          // by day: how many contacts have joined by its end
	inside     [len(plants)]float64           // share of contacts' occasions that a plant concerns, and for whom its fixes go live
	outside    [len(plants)]float64           // the same, of those whom a partial fix leaves out
	base       [numStreams][numThemes]float64 // share of a theme in a stream, while nothing is planted
	baseSum    [numStreams][]float64
	weight     [][numStreams]float64 // by day and stream
	rows       []int                 // by day: pieces of feedback before it; one more entry than days
	complaints []int                 // by day
	planned    [][]int32             // by day: contacts whose complaint is planned
	leavers    [][]int32             // by day: contacts who leave
	questions  [2]string
}

// New makes a company. It takes about a tenth of a microsecond for each piece of feedback.
func New(o Options) *Company {
	if o.Feedback <= 0 {
		o.Feedback = 10_000
	}
	if o.Weeks <= 0 {
		o.Weeks = 104
	}
	if o.End.IsZero() {
		o.End = DefaultEnd
	}
	y, m, d := o.End.UTC().Date()
	o.End = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	c := &Company{options: o, weeks: o.Weeks, days: o.Weeks * 7, start: o.End.AddDate(0, 0, -7*o.Weeks)}
	c.questions = [2]string{
		"How likely are you to recommend Lirona to a friend or colleague?",
		"Would you recommend Lirona to your family and friends?",
	}
	c.holidays = holidays(c.start, o.End)
	c.populate()
	c.calendars()
	c.themes()
	c.volumes()
	c.planComplaints()
	return c
}

// Start is the beginning of week 0.
func (c *Company) Start() time.Time { return c.start }

// End is the moment before which everything lies.
func (c *Company) End() time.Time { return c.options.End }

// date is the first day of a week, as text.
func (c *Company) date(week int) string { return c.start.AddDate(0, 0, 7*week).Format(time.DateOnly) }

var weekdays = [3][7]float64{ // from Sunday on; the week-end is Friday and Saturday for some, Saturday and Sunday for others
	steady: {1.02, 1.1, 1.08, 1.06, 1.04, .9, .8},
	retail: {1.0, .95, .95, 1.0, 1.1, 1.15, .85},
	work:   {1.1, 1.3, 1.25, 1.2, 1.15, .65, .35},
}

func (c *Company) calendars() {
	feast := make([]float64, c.days)
	for d := range feast {
		feast[d] = 1
	}
	for _, h := range c.holidays {
		from, _ := time.Parse(time.DateOnly, h.From)
		to, _ := time.Parse(time.DateOnly, h.To)
		for d := int(from.Sub(c.start).Hours() / 24); d <= int(to.Sub(c.start).Hours()/24); d++ {
			if d >= 0 && d < c.days {
				feast[d] = h.Factor
			}
		}
	}
	for s := range c.calendar {
		c.calendar[s] = make([]float64, c.days)
		swing := [3]float64{steady: .08, retail: .25, work: .10}[s]
		for d := range c.days {
			at := c.start.AddDate(0, 0, d)
			year := math.Cos(2 * math.Pi * float64(at.YearDay()-340) / 365.25) // highest in early December
			f := feast[d]
			if f > 1 && s != int(retail) {
				f = 1
			}
			c.calendar[s][d] = f * weekdays[s][at.Weekday()] * (1 + swing*year)
		}
	}
}

func (c *Company) themes() {
	for s := range sources {
		sum := 0.0
		for _, w := range sources[s].themes {
			sum += w
		}
		for t, w := range sources[s].themes {
			c.base[s][t] = w / sum
		}
		c.baseSum[s] = cumulative(c.base[s][:])
	}
	for i := range plants {
		pl := &plants[i]
		only := pl.only()
		for j := range c.people {
			switch p := &c.people[j]; {
			case !pl.of(p):
			case only == nil || only(p):
				c.inside[i]++
			default:
				c.outside[i]++
			}
		}
		scale := pl.often() / float64(len(c.people))
		c.inside[i] *= scale
		c.outside[i] *= scale
	}
}

// only is the part of the exposed for whom a partial fix goes live, nil when there is none.
func (pl *plant) only() func(*person) bool {
	for _, s := range pl.steps {
		if s.fix != nil && s.fix.only != nil {
			return s.fix.only
		}
	}
	return nil
}

func (pl *plant) often() float64 {
	if pl.rare == 0 {
		return 1
	}
	return pl.rare
}

// wave is how a wave of the relationship survey comes in: it goes out in the sixth week of each quarter.
var wave = [13]float64{5: 6.5, 6: 3.9, 7: 2.0, 8: .6}

// volumes shares the feedback out over the days: by growth, season, weekday, holidays, waves and what root causes add.
func (c *Company) volumes() {
	c.weight = make([][numStreams]float64, c.days)
	day := make([]float64, c.days)
	total := 0.0
	for d := range c.days {
		force := c.inForce(d)
		grown := float64(c.joined[d]) / float64(len(c.people))
		for s := range sources {
			src := &sources[s]
			w := src.share * grown * c.calendar[src.season][d]
			if stream(s) == sRelationship {
				w *= wave[d/7%13]
			}
			if stream(s).unsolicited() {
				w *= 1 + c.excess(stream(s), force)
			}
			c.weight[d][s] = w
			day[d] += w
		}
		total += day[d]
	}
	c.rows, c.complaints = make([]int, c.days+1), make([]int, c.days)
	sum, complaints, before := 0.0, 0.0, 0
	for d := range c.days {
		sum += day[d]
		c.rows[d+1] = int(sum/total*float64(c.options.Feedback) + 1e-6)
		complaints += c.weight[d][sComplaint] / total * float64(c.options.Feedback)
		c.complaints[d] = min(int(complaints)-before, c.rows[d+1]-c.rows[d])
		before += c.complaints[d]
	}
	c.rows[c.days] = c.options.Feedback
}

// planComplaints decides whose complaints they are, before anybody complains, since a complaint that stays unsolved makes
// people leave.
func (c *Company) planComplaints() {
	c.planned = make([][]int32, c.days)
	carry := 0.0
	for d := range c.days {
		carry += plannedShare * float64(c.complaints[d])
		r, force := seeded(c.options.Seed, 'c', uint64(d)), c.inForce(d)
		for ; carry >= 1; carry-- {
			i := c.pickContact(&r, sComplaint, d, force)
			p := &c.people[i]
			if p.complaint >= 0 || !p.active(d) {
				continue
			}
			c.complain(p, d, &r)
			c.planned[d] = append(c.planned[d], int32(i))
		}
	}
	c.leavers = make([][]int32, c.days)
	for i := range c.people {
		if g := c.people[i].gone; g < int32(c.days) {
			c.leavers[g] = append(c.leavers[g], int32(i))
		}
	}
}

// inForce is a plant on a day on which it changes something.
type inForce struct {
	*plant
	index           int
	inside, outside float64 // factors of those for whom a partial fix went live, and of the other exposed
	only            func(*person) bool
}

// inForce lists what is in force on a day.
func (c *Company) inForce(day int) []inForce {
	var out []inForce
	for i := range plants {
		pl := &plants[i]
		f := inForce{plant: pl, index: i, inside: pl.factor(c, day, true), outside: pl.factor(c, day, false), only: pl.only()}
		if f.inside != 1 || f.outside != 1 {
			out = append(out, f)
		}
	}
	return out
}

// factor for a contact: 1 when it is none of the contact's business.
func (f *inForce) factor(p *person) float64 {
	switch {
	case !f.of(p):
		return 1
	case f.only == nil || f.only(p):
		return f.inside
	}
	return f.outside
}

// excess is how much more of an unsolicited stream a day has because of what is planted.
func (c *Company) excess(s stream, force []inForce) float64 {
	sum := 0.0
	for i := range force {
		if f := &force[i]; f.talked(s) {
			sum += c.base[s][f.theme] * ((f.inside-1)*c.inside[f.index] + (f.outside-1)*c.outside[f.index])
		}
	}
	return sum
}

// mostExcess is the excess of a contact whom everything concerns.
func (c *Company) mostExcess(s stream, force []inForce) float64 {
	sum := 0.0
	for i := range force {
		if f := &force[i]; f.talked(s) {
			sum += c.base[s][f.theme] * (max(f.inside, f.outside) - 1) * f.often()
		}
	}
	return sum
}

// excessOf is a contact's own: the sum over what concerns this contact of the theme's share times what is added to it.
func (c *Company) excessOf(s stream, force []inForce, p *person) float64 {
	sum := 0.0
	for i := range force {
		if f := &force[i]; f.talked(s) {
			sum += c.base[s][f.theme] * (f.factor(p) - 1) * f.often()
		}
	}
	return sum
}

// pickContact draws an active contact; for an unsolicited stream, those with more reason to speak come up more often.
func (c *Company) pickContact(r *rng, s stream, day int, force []inForce) int {
	top := 1.0
	if s.unsolicited() {
		top += c.mostExcess(s, force)
	}
	for try := 0; ; try++ {
		i := r.n(max(1, c.joined[day]))
		p := &c.people[i]
		if try < 200 && !p.active(day) {
			continue
		}
		if top > 1 && r.float()*top >= 1+c.excessOf(s, force, p) {
			continue
		}
		return i
	}
}

// String says what company it is in one line.
func (c *Company) String() string {
	return fmt.Sprintf("%s: %d pieces of feedback of %d contacts from %s to %s", Name[english], c.options.Feedback, len(c.people),
		c.start.Format(time.DateOnly), c.options.End.Format(time.DateOnly))
}
