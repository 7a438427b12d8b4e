package health

import (
	"math"
	"slices"

	"kolo/internal/foundation/clock"
	score "kolo/internal/understand/stat/health"
)

// Spec is what the parts of a score are computed by: settings, with what they leave open filled in from the facts.
type Spec struct {
	Begin    clock.Day       `json:"begin"`      // since when facts are kept: a contact may be older than they are
	HalfLife map[Key]float64 `json:"half_lives"` // of usage, sentiment, support, commercial, engagement
	Usage    bool            `json:"usage"`      // there are events of use; so for purchases
	Buying   bool            `json:"buying"`
	Dated    bool            `json:"dated"` // complaints say when they were resolved
}

// What the parts are made of. [judgement]: where the methods leave a choice open, these are Kolo's, and the validation
// tells whether they serve.
const (
	openComplaint   = 2.0  // what a complaint weighs that was not resolved; each unit halves the part
	closedComplaint = 0.7  // one that was
	someComplaint   = 1.2  // one of which nobody can say whether it was resolved by then
	leastDated      = 0.1  // share of complaints with a day on which they were resolved, for the others to count as open
	helpWeight      = 0.15 // an event of needing help
	newDays         = 14   // before that nothing can be said about habits
	staleDays       = 365  // a voice older than this says nothing about today
	longestHalfLife = 180  // of usage, where customers come rarely
	wantedEvents    = 3.0  // that a typical customer should have within the window that a half-life stands for
	pastShare       = 0.35 // what the own past counts for in usage, beside the peers
	grid            = 100  // steps of the peers' distribution
)

// measured is what the facts of a contact come to as of a day.
type measured struct {
	days                       int     // for which facts were kept of the contact
	tenure                     int     // since the contact became one
	usage, buying, engaging    float64 // decayed events a day
	past                       float64 // 0-100: usage beside the own past; -1 unknown
	voice                      score.Decayed
	voices                     int
	penalty                    float64 // of complaints and help
	setbacks                   float64
	complaints, open           int
	nUsage, nBuying, nEngaging int // within the windows
	fresh                      [parts]int
}

// window is how many days a half-life stands for: the weights of all days add up to so many.
func window(halfLife float64) float64 { return halfLife / math.Ln2 }

// rate is the decayed number of events a day of who is known for so many days.
func rate(sum, days, halfLife float64) float64 {
	return sum / (window(halfLife) * (1 - math.Exp2(-days/halfLife)))
}

// since is the day from which on facts of a contact were kept.
func (s *Spec) since(f *Facts) clock.Day { return max(f.First, s.Begin) }

func (s *Spec) measure(f *Facts, t clock.Day) measured {
	m := measured{days: int(t - s.since(f)), tenure: int(t - f.First), past: -1, fresh: [parts]int{-1, -1, -1, -1, -1}}
	if m.days <= 0 {
		m.days = 0
		return m
	}
	seen := func(part int, age float64) {
		if a := int(age); m.fresh[part] < 0 || a < m.fresh[part] {
			m.fresh[part] = a
		}
	}
	decay := func(k Key, age float64) float64 { return math.Exp2(-age / s.HalfLife[k]) }
	near := window(s.HalfLife[Usage])
	var usage, buying, engaging float64
	var recent, before int
	for _, a := range f.acts(t) {
		age, n := float64(t-a.Day), float64(a.N)
		switch a.Role {
		case used:
			usage += n * decay(Usage, age)
			seen(0, age)
			if age <= near {
				recent += int(a.N)
			} else {
				before += int(a.N)
			}
		case bought:
			buying += n * decay(Commercial, age)
			seen(3, age)
			if age <= window(s.HalfLife[Commercial]) {
				m.nBuying += int(a.N)
			}
		case visited:
			engaging += n * decay(Engagement, age)
			seen(4, age)
			if age <= window(s.HalfLife[Engagement]) {
				m.nEngaging += int(a.N)
			}
		case helped:
			m.penalty += helpWeight * n * decay(Support, age)
			seen(2, age)
		case setback:
			m.setbacks += n * decay(Sentiment, age)
			seen(3, age)
		}
	}
	m.nUsage = recent
	// The own past: what came before the window, scaled to it, against what came within it. Half an event is added to both, so
	// that few events say little.
	if rest := float64(m.days) - near; rest >= near && before >= 3 {
		expected := float64(before) / rest * near
		m.past, _ = score.Logistic(math.Log((float64(recent)+0.5)/(expected+0.5)), 0, 1.5)
	}
	var values, ages []float64
	for _, v := range f.voices(t) {
		age := float64(t - v.Day)
		if v.Complaint {
			w := someComplaint
			if s.Dated {
				if w = closedComplaint; v.open(t) {
					w = openComplaint
				}
			}
			m.penalty += w * decay(Support, age)
			seen(2, age)
			if age <= window(s.HalfLife[Support]) {
				m.complaints++
				if v.open(t) {
					m.open++
				}
			}
		}
		if v.Rated >= 0 { // somebody asked, and was answered
			engaging += decay(Engagement, age)
			seen(4, age)
			if age <= window(s.HalfLife[Engagement]) {
				m.nEngaging++
			}
		}
		if age > staleDays {
			continue
		}
		for _, x := range [...]float32{v.Rated, v.Told} {
			if x >= 0 {
				values, ages = append(values, float64(x)), append(ages, age)
				seen(1, age)
			}
		}
		if v.Rated >= 0 || v.Told >= 0 {
			m.voices++
		}
	}
	if len(values) > 0 {
		m.voice, _ = score.Decay(values, ages, s.HalfLife[Sentiment]) // values and ages are finite, and there are some
	}
	d := float64(m.days)
	m.usage, m.buying, m.engaging = rate(usage, d, s.HalfLife[Usage]), rate(buying, d, s.HalfLife[Commercial]), rate(engaging, d, s.HalfLife[Engagement])
	return m
}

// Peers are how all customers stand as of a day: what each is compared with. They are not told apart by attributes, which are known
// as they are today: where one changes because a customer leaves, the peers of a day long past would give away who was about to.
type Peers struct {
	Day   clock.Day         `json:"day"`
	N     int               `json:"n"`
	Rates map[Key][]float64 `json:"rates"` // quantiles of events a day, from the least
	Mean  map[Key]float64   `json:"mean"`  // of these
	Level [parts]float64    `json:"level"` // mean of each part before it is drawn anywhere
}

// raw are the parts of a contact before they are drawn towards the peers, with the effective number of facts behind each;
// below 0 where nothing is known.
func (s *Spec) raw(m *measured, p *Peers) (value, evidence [parts]float64) {
	value = [parts]float64{-1, -1, -1, -1, -1}
	rank := func(k Key, x float64) float64 {
		at, err := score.Percentile(x, p.Rates[k])
		if err != nil { // no peers: nobody is compared
			return 50
		}
		return at
	}
	known := m.days >= newDays
	expected := func(k Key) float64 {
		return p.Mean[k] * window(s.HalfLife[k]) * (1 - math.Exp2(-float64(m.days)/s.HalfLife[k]))
	}
	if s.Usage && known {
		value[0], evidence[0] = rank(Usage, m.usage), expected(Usage)
		if m.past >= 0 {
			value[0] = (1-pastShare)*value[0] + pastShare*m.past
		}
	}
	if m.voice.EffectiveN > 0 {
		value[1], evidence[1] = m.voice.Mean, m.voice.EffectiveN
	}
	if known {
		value[2], evidence[2] = 100*math.Exp2(-m.penalty), min(float64(m.days)/30, 6)+float64(m.complaints)
		value[4], evidence[4] = rank(Engagement, m.engaging), expected(Engagement)
	}
	if s.Buying && known {
		stay, _ := score.Logistic(float64(m.tenure)/365, 1, 1.2)
		value[3], evidence[3] = (0.6*rank(Commercial, m.buying)+0.4*stay)*math.Exp2(-m.setbacks), expected(Commercial)+min(float64(m.tenure)/180, 3)
	}
	return value, evidence
}

// refer makes the peers of a day from contacts that are customers on it.
func (s *Spec) refer(t clock.Day, list []measured) *Peers {
	p := &Peers{Day: t, N: len(list), Rates: map[Key][]float64{}, Mean: map[Key]float64{}}
	for k, of := range map[Key]func(*measured) float64{
		Usage:      func(m *measured) float64 { return m.usage },
		Commercial: func(m *measured) float64 { return m.buying },
		Engagement: func(m *measured) float64 { return m.engaging },
	} {
		var values []float64
		sum := 0.0
		for i := range list {
			if m := &list[i]; m.days >= newDays {
				values, sum = append(values, of(m)), sum+of(m)
			}
		}
		if len(values) > 0 {
			p.Rates[k], p.Mean[k] = quantiles(values), sum/float64(len(values))
		}
	}
	var sum [parts]float64
	var n [parts]int
	for i := range list {
		raw, _ := s.raw(&list[i], p)
		for j, x := range raw {
			if x >= 0 {
				sum[j], n[j] = sum[j]+x, n[j]+1
			}
		}
	}
	for j := range sum {
		p.Level[j] = 50
		if n[j] > 0 {
			p.Level[j] = sum[j] / float64(n[j])
		}
	}
	return p
}

// quantiles are at most grid+1 values, evenly spread through the sorted ones.
func quantiles(values []float64) []float64 {
	slices.Sort(values)
	if len(values) <= grid+1 {
		return values
	}
	out := make([]float64, grid+1)
	for i := range out {
		out[i] = values[i*(len(values)-1)/grid]
	}
	return out
}

// parts are those of a contact: each drawn towards the peers' mean by as much as little is known of it.
func (s *Spec) parts(m *measured, p *Peers, weights *Settings) (out [parts]Part) {
	raw, evidence := s.raw(m, p)
	for j, k := range Keys {
		x := Part{Key: k, Peers: p.Level[j], Score: p.Level[j], Fresh: m.fresh[j], Weight: weights.weight(k)}
		if raw[j] >= 0 {
			x.Known, x.Evidence = true, evidence[j]
			x.Score, _ = score.Shrink(raw[j], evidence[j], p.Level[j], score.PriorWeight) // evidence is not negative
		}
		x.Window = int(math.Round(window(s.HalfLife[k])))
		typical := func(key Key) float64 { return p.Mean[key] * min(window(s.HalfLife[key]), float64(m.days)) }
		switch k {
		case Usage:
			x.Count, x.Typical = m.nUsage, typical(Usage)
		case Sentiment:
			x.Count, x.Window = m.voices, staleDays
		case Support:
			if x.Count, x.Open = m.complaints, -1; s.Dated {
				x.Open = m.open
			}
		case Commercial:
			x.Count, x.Typical = m.nBuying, typical(Commercial)
		case Engagement:
			x.Count, x.Typical = m.nEngaging, typical(Engagement)
		}
		out[j] = x
	}
	return out
}
