package demo

import "math"

// tally counts rows as they pass.
type tally struct {
	c         *Company
	weekly    []int
	languages [len(languages)]int
	streams   [numStreams]struct {
		n, texts int
		sum      float64
	}
	themes   [numThemes]int
	plants   [len(plants)]plantTally
	segments []segmentTally
	drivers  [len(drivers)]float64
	nps      int
	calls    struct {
		n                    int
		wait, handOver, team float64
		delta                int
	}
	scale, wording struct {
		n                  int
		good, expect, with float64
	}
	personal int
}

type plantTally struct {
	phases []phaseTally
	scores map[string]*scoreTally
	texts  int
}

type phaseTally struct {
	from, to                           int // weeks; to is exclusive
	step                               int // -1 before the first
	surveys, unsolicited               Count
	outside                            Count // surveys, not exposed
	controlSurveys, controlUnsolicited Count
}

type scoreTally struct {
	n                     int
	good, expect, without float64
}

// segmentTally compares contacts of whom is is 0 with those of whom it is 1; the others (-1) do not take part.
type segmentTally struct {
	SegmentPair
	is          func(*person) int
	effect      float64 // latent, of A over B
	n           [2]int
	sum, square [2]float64
	expect      [2]float64
	alone       float64
}

const before = 26 // weeks that a cause's first phase looks back

func (c *Company) newTally() *tally {
	t := &tally{c: c, weekly: make([]int, c.weeks)}
	for i := range plants {
		pl, p := &plants[i], &t.plants[i]
		p.scores = map[string]*scoreTally{}
		if pl.january {
			for w := range c.weeks {
				if at := c.start.AddDate(0, 0, 7*w+3); at.Month() == 1 && (len(p.phases) == 0 || p.phases[len(p.phases)-1].to < w) {
					p.phases = append(p.phases, phaseTally{from: w, to: w + 4})
				}
			}
			continue
		}
		first := pl.steps[0].week
		p.phases = append(p.phases, phaseTally{from: max(0, first-before), to: min(first, c.weeks), step: -1})
		for k, s := range pl.steps {
			to := c.weeks
			if k+1 < len(pl.steps) {
				to = min(to, pl.steps[k+1].week)
			}
			if s.week < to {
				p.phases = append(p.phases, phaseTally{from: s.week, to: to, step: k})
			}
		}
	}
	pair := func(attribute, a, b string, effect float64, is func(p *person) int) {
		t.segments = append(t.segments, segmentTally{SegmentPair: SegmentPair{Attribute: attribute, A: a, B: b, Planted: effect != 0}, is: is, effect: effect})
	}
	of := func(value func(*person) uint8, a, b uint8) func(*person) int {
		return func(p *person) int {
			switch value(p) {
			case a:
				return 0
			case b:
				return 1
			}
			return -1
		}
	}
	kind, plan := func(p *person) uint8 { return p.kind }, func(p *person) uint8 { return p.plan }
	age, prefer := func(p *person) uint8 { return p.age }, func(p *person) uint8 { return p.prefer }
	pair("segment", "business", "consumer", kinds[business].effect, of(kind, business, consumer))
	pair("plan", "premium", "plus", plans[premium].effect, of(plan, premium, 1))
	pair("plan", "basic", "plus", plans[basic].effect, of(plan, basic, 1))
	pair("age_band", "65+", "45-54", ages[5].effect, of(age, 5, 3))
	pair("age_band", "25-34", "35-44", 0, of(age, 1, 2))
	pair("prefers", "email", "sms", 0, of(prefer, 0, 1))
	return t
}

// add counts a row.
func (t *tally) add(r *row) {
	p, week := &t.c.people[r.person], r.day/7
	t.weekly[week]++
	t.languages[p.lang]++
	s := &t.streams[r.stream]
	s.n++
	s.sum += float64(r.score)
	if !r.wordless {
		s.texts++
		if !r.tiny {
			t.themes[r.theme]++
		}
	}
	if r.personal {
		t.personal++
	}
	for i := range plants {
		t.plant(i, r, p, week)
	}
	switch {
	case r.stream == sRelationship:
		t.relationship(r, p, week)
	case r.stream == sDelivery && r.wide:
		t.scale.n++
		t.scale.good += r.good()
		t.scale.expect += r.expect(r.level)
		narrow := *r
		narrow.wide = false
		t.scale.with += narrow.expect(r.level)
	case r.stream == sSupportCall:
		e := r.expect(r.level)
		t.calls.n++
		t.calls.wait += r.expect(r.level+10*perWaitMinute) - e
		t.calls.handOver += r.expect(r.level+perHandOver) - e
		t.calls.team += r.expect(r.level-teams[r.team].effect+teams[len(teams)-1].effect) - r.expect(r.level-teams[r.team].effect)
	}
}

func (t *tally) plant(i int, r *row, p *person, week int) {
	pl, tp := &plants[i], &t.plants[i]
	if !pl.talked(r.stream) {
		return
	}
	if r.plant == i {
		if !r.wordless && !r.tiny {
			tp.texts++
		}
		if metric := sources[r.stream].metric; metric != "" {
			s := tp.scores[metric]
			if s == nil {
				s = &scoreTally{}
				tp.scores[metric] = s
			}
			s.n++
			s.good += r.good()
			s.expect += r.expect(r.level)
			s.without += r.expect(r.level - r.shift)
		}
	}
	if r.wordless || r.tiny {
		return
	}
	for k := range tp.phases {
		ph := &tp.phases[k]
		if week < ph.from || week >= ph.to {
			continue
		}
		survey := r.stream.survey()
		exposed := pl.of(p) && (pl.rare == 0 || r.courier == swift || !survey)
		base := t.c.base[r.stream][pl.theme]
		expected, without := base*r.rest, base*r.rest
		if survey {
			without = base
		}
		for _, ch := range r.chances {
			if ch.plant == i {
				expected = ch.theme
			}
		}
		about := r.theme == pl.theme
		if pl.rare != 0 && !survey { // only what the exposed courier brought counts
			about = about && r.courier == swift
			hit := expected - base*r.rest
			without *= pl.rare
			expected = hit + without
		}
		n := &ph.surveys
		covered := pl.only() == nil || pl.only()(p)
		switch {
		case !exposed && survey:
			n = &ph.outside
		case !exposed:
			return
		case survey && !covered:
			n = &ph.controlSurveys
		case !survey && covered:
			n = &ph.unsolicited
		case !survey:
			n = &ph.controlUnsolicited
		}
		n.Texts++
		if about {
			n.Theme++
		}
		n.Expected += expected
		n.Without += without
		return
	}
}

func (t *tally) relationship(r *row, p *person, week int) {
	e, x := r.expect(r.level), r.good()
	t.nps++
	for i := range drivers {
		t.drivers[i] += r.expect(r.level+drivers[i].weight) - e
	}
	for i := range t.segments {
		s := &t.segments[i]
		side := s.is(p)
		if side < 0 {
			continue
		}
		s.n[side]++
		s.sum[side] += x
		s.square[side] += x * x
		s.expect[side] += e
		if side == 0 {
			s.alone += e - r.expect(r.level-s.effect)
		}
	}
	if week >= wordingWeek {
		t.wording.n++
		t.wording.good += x
		t.wording.expect += e
		t.wording.with += r.expect(r.level - wordingEffect)
	}
}

func mean(sum float64, n int) float64 {
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// truth puts the counts beside what was planted.
func (t *tally) truth() Truth {
	c := t.c
	out := Truth{Company: Name[english], Seed: c.options.Seed, Feedback: c.options.Feedback, Contacts: len(c.people),
		Start: c.date(0), End: c.date(c.weeks), Weeks: c.weeks, Weekly: t.weekly, Holidays: c.holidays,
		Fixes: c.fixes(), Churn: c.churn(), PersonalData: t.personal}
	for l, key := range languages {
		expected := 0.0
		for _, co := range countries {
			expected += co.share * co.language[l]
		}
		out.Languages = append(out.Languages, Share{key, round(expected, 4), round(mean(float64(t.languages[l]), c.options.Feedback), 4)})
	}
	for s := range sources {
		n := &t.streams[s]
		src := SourceTruth{Source: sources[s].name, Kind: kindOf[s], Metric: sources[s].metric, Feedback: n.n, Texts: n.texts}
		if src.Metric != "" {
			src.Mean = round(mean(n.sum, n.n), 3)
		}
		out.Sources = append(out.Sources, src)
	}
	planted := [numThemes]bool{}
	for i := range plants {
		planted[plants[i].theme] = true
		truth := t.cause(i)
		switch {
		case plants[i].steps[0].week >= c.weeks:
		case plants[i].burst:
			out.Bursts = append(out.Bursts, truth)
		default:
			out.RootCauses = append(out.RootCauses, truth)
		}
	}
	for i, id := range Themes {
		out.Themes = append(out.Themes, ThemeTruth{id, valence[i], !planted[i], t.themes[i]})
	}
	for i := range t.segments {
		s := &t.segments[i]
		pair := s.SegmentPair
		pair.NA, pair.NB = s.n[0], s.n[1]
		a, b := mean(s.sum[0], s.n[0]), mean(s.sum[1], s.n[1])
		pair.Realised = round(100*(a-b), 2)
		pair.Expected = round(100*(mean(s.expect[0], s.n[0])-mean(s.expect[1], s.n[1])), 2)
		pair.Effect = round(100*mean(s.alone, s.n[0]), 2)
		if s.n[0] > 0 && s.n[1] > 0 {
			va, vb := s.square[0]/float64(s.n[0])-a*a, s.square[1]/float64(s.n[1])-b*b
			pair.SE = round(100*math.Sqrt(va/float64(s.n[0])+vb/float64(s.n[1])), 2)
		}
		out.Segments = append(out.Segments, pair)
	}
	for i := range drivers {
		out.Drivers = append(out.Drivers, DriverTruth{drivers[i].question, "relationship survey, answers 1..5", "nps", drivers[i].weight, round(100*mean(t.drivers[i], t.nps), 2)})
	}
	calls := "post-call survey, attributes"
	out.Drivers = append(out.Drivers,
		DriverTruth{"wait_minutes (10 more)", calls, "csat", 10 * perWaitMinute, round(100*mean(t.calls.wait, t.calls.n), 2)},
		DriverTruth{"hand_overs (one more)", calls, "csat", perHandOver, round(100*mean(t.calls.handOver, t.calls.n), 2)},
		DriverTruth{"agent_team Delta instead of another", calls, "csat", teams[len(teams)-1].effect, round(100*mean(t.calls.team, t.calls.n), 2)})
	if scaleWeek < c.weeks {
		n := t.scale.n
		out.Changes = append(out.Changes, Change{"delivery", scaleWeek, c.date(scaleWeek), "scale", "1..5", "1..7",
			round(100*mean(t.scale.expect-t.scale.with, n), 2), n, round(100*mean(t.scale.expect, n), 2), round(100*mean(t.scale.good, n), 2)})
	}
	if wordingWeek < c.weeks {
		n := t.wording.n
		out.Changes = append(out.Changes, Change{"relationship", wordingWeek, c.date(wordingWeek), "wording", c.questions[0], c.questions[1],
			round(100*mean(t.wording.expect-t.wording.with, n), 2), n, round(100*mean(t.wording.expect, n), 2), round(100*mean(t.wording.good, n), 2)})
	}
	return out
}

func (t *tally) cause(i int) CauseTruth {
	pl, tp, c := &plants[i], &t.plants[i], t.c
	out := CauseTruth{ID: pl.id, Title: pl.title, Theme: Themes[pl.theme], Sentiment: sentiments[negative], Exposed: pl.exposed,
		Attributes: pl.attribute, Latent: pl.shift, Texts: tp.texts, Open: !pl.january && pl.steps[len(pl.steps)-1].factor > 1 && !pl.burst}
	if pl.praised {
		out.Sentiment = sentiments[positive]
	}
	for s := range sources {
		if pl.talked(stream(s)) && c.base[s][pl.theme] > 0 {
			out.Touched = append(out.Touched, sources[s].name)
		}
	}
	for k := range tp.phases {
		ph := &tp.phases[k]
		if ph.to <= ph.from {
			continue
		}
		x := PhaseTruth{FromWeek: ph.from, ToWeek: min(ph.to, c.weeks) - 1, From: c.date(ph.from), To: c.lastDay(min(ph.to, c.weeks) - 1), Factor: 1,
			Surveys: ph.surveys, Unsolicited: ph.unsolicited}
		if ph.step >= 0 {
			s := pl.steps[ph.step]
			x.Factor, x.Ramp = s.factor, s.ramp
			if s.fix != nil {
				x.Fix = s.fix.id
			}
		}
		x.Surveys.finish()
		x.Unsolicited.finish()
		if pl.only() != nil {
			x.Control = &Pair{ph.controlSurveys, ph.controlUnsolicited}
			x.Control.Surveys.finish()
			x.Control.Unsolicited.finish()
		}
		if ph.outside.Texts > 0 {
			ph.outside.finish()
			x.Outside = &ph.outside
		}
		out.Phases = append(out.Phases, x)
	}
	for _, metric := range []string{"nps", "csat", "ces", "star"} {
		if s := tp.scores[metric]; s != nil {
			out.Scores = append(out.Scores, ScoreEffect{metric, s.n, round(100*mean(s.good, s.n), 1), round(100*mean(s.expect, s.n), 1),
				round(100*mean(s.without, s.n), 1), round(100*mean(s.expect-s.without, s.n), 1)})
		}
	}
	return out
}
