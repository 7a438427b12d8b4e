package demo

import (
	"math"
	"time"
)

// Truth is what was planted, and what became of it. Weeks count from 0; week w begins on start + 7w days. Shares are of
// 1, rates are factors, NPS is in points, and latent effects are in standard deviations of one answer's noise. "Expected"
// figures follow from the generator's own probabilities, row by row, given who was asked and when; "realised" figures are
// counts of the feedback that came out. They differ by chance alone.
type Truth struct {
	Company      string        `json:"company"`
	Seed         uint64        `json:"seed"`
	Feedback     int           `json:"feedback"`
	Contacts     int           `json:"contacts"`
	Start        string        `json:"start"`
	End          string        `json:"end"` // exclusive
	Weeks        int           `json:"weeks"`
	Weekly       []int         `json:"feedback_by_week"`
	Holidays     []Holiday     `json:"holidays"`
	Languages    []Share       `json:"languages"`
	Sources      []SourceTruth `json:"sources"`
	Themes       []ThemeTruth  `json:"themes"`
	RootCauses   []CauseTruth  `json:"root_causes"`
	Fixes        []FixTruth    `json:"fixes"`
	Bursts       []CauseTruth  `json:"bursts"`
	Churn        ChurnTruth    `json:"churn"`
	Segments     []SegmentPair `json:"segments"`
	Drivers      []DriverTruth `json:"drivers"`
	Changes      []Change      `json:"measurement_changes"`
	PersonalData int           `json:"texts_with_personal_data"` // which, and what: labels.ndjson
}

// Share is a part of all feedback.
type Share struct {
	Key      string  `json:"key"`
	Expected float64 `json:"expected"`
	Realised float64 `json:"realised"`
}

// SourceTruth is how a source came out.
type SourceTruth struct {
	Source   string  `json:"source"`
	Kind     string  `json:"kind"`
	Metric   string  `json:"metric,omitempty"`
	Feedback int     `json:"feedback"`
	Texts    int     `json:"texts"`
	Mean     float64 `json:"mean,omitempty"`
}

// ThemeTruth is a theme; a constant one has the same share in its sources, and the same rate a customer, all the time but
// for the calendar.
type ThemeTruth struct {
	Theme    string  `json:"theme"`
	Valence  float64 `json:"latent_effect"`
	Constant bool    `json:"constant"`
	Texts    int     `json:"texts"`
}

// CauseTruth is a root cause, or a burst of one week.
type CauseTruth struct {
	ID         string            `json:"id"`
	Title      string            `json:"title"`
	Theme      string            `json:"theme"`
	Sentiment  string            `json:"sentiment"`
	Exposed    string            `json:"exposed"`
	Attributes map[string]string `json:"exposed_attributes,omitempty"` // of feedback; several values stand with a | between them
	Touched    []string          `json:"sources"`
	Latent     float64           `json:"latent_effect"`
	Open       bool              `json:"open_at_end"`
	Phases     []PhaseTruth      `json:"phases"`
	Scores     []ScoreEffect     `json:"score_effects"`
	Texts      int               `json:"texts_about_it"`
}

// PhaseTruth is a stretch of time in which the factor is the same (or grows, where it ramps).
type PhaseTruth struct {
	FromWeek int     `json:"from_week"`
	ToWeek   int     `json:"to_week"` // inclusive
	From     string  `json:"from"`
	To       string  `json:"to"` // inclusive
	Factor   float64 `json:"factor"`
	Ramp     bool    `json:"ramp,omitempty"` // grows from 1 to the factor
	Fix      string  `json:"fix,omitempty"`  // that began it
	// In answers to surveys, the share of exposed answers about the theme; in what comes unasked, their number. Where a fix
	// is for a part of the exposed only, the untouched rest is told apart.
	Surveys     Count  `json:"surveys"`
	Unsolicited Count  `json:"unsolicited"`
	Control     *Pair  `json:"untouched_control,omitempty"`
	Outside     *Count `json:"surveys_not_exposed,omitempty"`
}

// Pair has both kinds of counts.
type Pair struct {
	Surveys     Count `json:"surveys"`
	Unsolicited Count `json:"unsolicited"`
}

// Count is of exposed texts whose words tell a theme.
type Count struct {
	Texts    int     `json:"texts"`
	Theme    int     `json:"about_theme"`
	Expected float64 `json:"expected_about_theme"`
	Without  float64 `json:"expected_without"` // had nothing been planted
	Factor   float64 `json:"expected_factor"`  // expected / without
	Realised float64 `json:"realised_factor"`  // about_theme / without
}

func (n *Count) finish() {
	if n.Without > 0 {
		n.Factor, n.Realised = round(n.Expected/n.Without, 3), round(float64(n.Theme)/n.Without, 3)
	}
	n.Expected, n.Without = round(n.Expected, 2), round(n.Without, 2)
}

// ScoreEffect is how the answers that speak of a cause scored. Good is NPS in points, or the share (in points) of the
// good answers: CSAT 4-5 (6-7 of 7), CES 5-7, stars 4-5.
type ScoreEffect struct {
	Metric   string  `json:"metric"`
	Answers  int     `json:"answers"`
	Realised float64 `json:"realised_good"`
	Expected float64 `json:"expected_good"`
	Without  float64 `json:"expected_without"`
	Effect   float64 `json:"expected_effect"` // expected - without
}

// FixTruth is a change that went live. Its ratio is that of the theme's rate among the exposed (unsolicited feedback,
// surveys' excess besides) after it to before it.
type FixTruth struct {
	ID         string            `json:"id"`
	Title      string            `json:"title"`
	RootCause  string            `json:"root_cause"`
	LiveWeek   int               `json:"live_week"`
	Live       string            `json:"live"`
	Population string            `json:"population"`
	Attributes map[string]string `json:"population_attributes,omitempty"`
	Ratio      float64           `json:"expected_rate_ratio"`
	Effect     string            `json:"effect"`
	Control    string            `json:"control,omitempty"`
}

// ChurnTruth is why customers leave.
type ChurnTruth struct {
	BaseHazard  float64       `json:"base_hazard_per_week"`
	ContactWeek float64       `json:"contact_weeks"`
	Left        int           `json:"left"`
	Reasons     []ReasonTruth `json:"reasons"`
}

// ReasonTruth is one: its share of those who left, and the risk of the exposed beside that of the others.
type ReasonTruth struct {
	Reason   string  `json:"reason"`
	Exposed  string  `json:"exposed"`
	Factor   float64 `json:"hazard_factor"`
	Weeks    float64 `json:"contact_weeks_exposed"`
	Leavers  int     `json:"left_while_exposed"`
	Because  int     `json:"left_because_of_it"`
	Realised float64 `json:"realised_factor"` // of the hazard while exposed to the base hazard
}

// SegmentPair compares two segments in the relationship survey.
type SegmentPair struct {
	Attribute string  `json:"attribute"`
	A         string  `json:"a"`
	B         string  `json:"b"`
	Planted   bool    `json:"planted_difference"`
	Effect    float64 `json:"attribute_effect_points"` // what the attribute itself does to A and not to B
	Expected  float64 `json:"expected_points"`         // NPS of A less NPS of B, with everything else that differs between them
	Realised  float64 `json:"realised_points"`
	SE        float64 `json:"standard_error_points"`
	NA        int     `json:"n_a"`
	NB        int     `json:"n_b"`
}

// DriverTruth is what moves a score.
type DriverTruth struct {
	Driver string  `json:"driver"`
	Where  string  `json:"where"`
	Metric string  `json:"metric"`
	Weight float64 `json:"latent_weight_per_step"`
	Points float64 `json:"expected_points_per_step"`
}

// Change is one of how something is measured, not of what is.
type Change struct {
	Survey   string  `json:"survey"`
	Week     int     `json:"week"`
	Date     string  `json:"date"`
	What     string  `json:"what"`
	From     string  `json:"from"`
	To       string  `json:"to"`
	Effect   float64 `json:"expected_points"` // step in the score though nothing else changed
	Answers  int     `json:"answers_after"`
	Expected float64 `json:"expected_good_after"`
	Realised float64 `json:"realised_good_after"`
}

// Truth counts the company's feedback once and tells what is planted in it.
func (c *Company) Truth() Truth {
	t := c.newTally()
	_ = c.each(func(r *row) error { t.add(r); return nil }) // add never fails
	return t.truth()
}

func round(x float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(x*p) / p
}

// good is whether an answer counts as a good one: of NPS 1, 0 or -1.
func (w *row) good() float64 {
	bad, middling := w.bands()
	switch sources[w.stream].metric {
	case "nps":
		switch {
		case w.score > middling:
			return 1
		case w.score <= bad:
			return -1
		}
		return 0
	case "ces":
		middling = 4
	}
	if w.score > middling {
		return 1
	}
	return 0
}

// expect is what good is on average at a level of satisfaction.
func (w *row) expect(level float64) float64 {
	bad, middling := w.bands()
	places, low := w.cutsOf()
	if sources[w.stream].metric == "nps" {
		return phi(level-places[middling-low]) - phi(places[bad-low]-level)
	}
	if sources[w.stream].metric == "ces" {
		middling = 4
	}
	return phi(level - places[middling-low])
}

func (c *Company) churn() ChurnTruth {
	out := ChurnTruth{BaseHazard: baseHazard}
	var because [numReasons]int
	type risk struct {
		weeks float64
		left  int
	}
	var base, low, dear, unsolved risk
	for i := range c.people {
		p := &c.people[i]
		because[p.reason]++
		from, to := max(p.join+28, 0), min(p.gone, int32(c.days))
		if p.reason != stays {
			out.Left++
		}
		if to <= from {
			continue
		}
		out.ContactWeek += float64(to-from) / 7
		// The hazards add up, so each is looked at where the others are silent.
		within := func(a, b int32, r *risk) {
			if a, b := max(a, from), min(b, to); b > a {
				r.weeks += float64(b-a) / 7
				if p.gone >= a && p.gone <= b && p.reason != stays {
					r.left++
				}
			}
		}
		rise := int32(priceRiseWeek * 7)
		hit := p.hitByPriceRise()
		angry := p.complaint >= 0 && p.unsolved
		switch {
		case p.low && !angry && !hit:
			within(from, to, &low)
		case !p.low && hit && !angry:
			within(rise, rise+7*priceRiseWeeks, &dear)
		case !p.low && angry && !hit:
			within(p.complaint, p.complaint+7*unsolvedWeeks+1, &unsolved)
		case !p.low && !hit && !angry:
			within(from, to, &base)
		}
	}
	add := func(why reason, exposed string, factor float64, r risk) {
		x := ReasonTruth{Reason: reasons[why], Exposed: exposed, Factor: factor, Weeks: round(r.weeks, 0), Leavers: r.left, Because: because[why]}
		if r.weeks > 0 {
			x.Realised = round(float64(r.left)/r.weeks/baseHazard, 2)
		}
		out.Reasons = append(out.Reasons, x)
	}
	add(leftAnyway, "contacts whom none of the other reasons concerns", 1, base)
	add(lowUsage, "contacts with little use (attribute usage of contacts.ndjson; they log in a fifth as often)", lowUsageFactor, low)
	add(priceRise, "consumers on the plan basic in Israel, in the six weeks from "+c.date(priceRiseWeek), priceFactor, dear)
	add(unsolvedComplaint, "contacts in the eight weeks after a complaint that stayed unsolved (attribute resolved=false)", unsolvedFactor, unsolved)
	out.ContactWeek = round(out.ContactWeek, 0)
	return out
}

// fixes lists what went live, with what the parameters say of its effect.
func (c *Company) fixes() []FixTruth {
	var out []FixTruth
	for i := range plants {
		pl := &plants[i]
		for k, s := range pl.steps {
			if s.fix == nil || s.week >= c.weeks {
				continue
			}
			f := FixTruth{ID: s.fix.id, Title: s.fix.title, RootCause: pl.id, LiveWeek: s.week, Live: c.date(s.week), Population: s.fix.population,
				Attributes: s.fix.attribute, Ratio: round(s.factor/pl.steps[k-1].factor, 3), Effect: s.fix.effect}
			if s.fix.only != nil {
				f.Control = "the rest of the exposed: regions Jerusalem and Almaty"
			}
			out = append(out, f)
		}
	}
	return out
}

// day of a week's end, as text.
func (c *Company) lastDay(week int) string {
	return c.start.AddDate(0, 0, 7*week+6).Format(time.DateOnly)
}
