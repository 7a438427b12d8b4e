package alert

import (
	"slices"
	"strings"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/understand/insight"
)

// What texts speak of differs by where they come from: answers to a survey speak of what it asks about, complaints blame. When a survey
// goes out in waves, more is said about its subject, though nothing has happened. So what a period is held against follows the mix of its
// texts: those of each place, times the share that is usual there (indirect standardisation).

// placesOf are the fields that say where a text comes from, the finest first; one with too many values is left out.
var placesOf = [][]string{{"kind", "source", "survey"}, {"kind", "survey"}, {"kind"}}

const (
	mostPlaces = 200
	// fewestTexts of a place must lie before the periods that are looked at, for its share not to be that of all its texts: what a new
	// survey asks about is no news.
	fewestTexts = 100
)

// mix is how many texts come from each place, by period.
type mix struct {
	known int // the first period that is looked at: those before it tell what is usual
	at    map[string]int
	texts [][]float64
	sums  [][2]float64 // by place, of the periods before known, and from there on
	all   []float64
}

func newMix(periods, known int) *mix {
	return &mix{known: known, at: map[string]int{}, all: make([]float64, periods)}
}

// placeOf names a place by the values of its fields.
func placeOf(keys []string) string { return strings.Join(keys, "\x00") }

func (m *mix) add(place string, at int, n float64) {
	i, ok := m.at[place]
	if !ok {
		i = len(m.texts)
		m.at[place] = i
		m.texts, m.sums = append(m.texts, make([]float64, len(m.all))), append(m.sums, [2]float64{})
	}
	m.texts[i][at] += n
	if at < m.known {
		m.sums[i][0] += n
	} else {
		m.sums[i][1] += n
	}
	m.all[at] += n
}

// mixtures counts the texts of each place, in all and by channel.
func (d *drawing) mixtures() error {
	withText := insight.Conditions{{Field: "has_text", Op: "in", Values: []string{"yes"}}}
	for _, d.places = range placesOf {
		g, err := d.grid(insight.Query{Measure: insight.Count, By: append([]string{"channel"}, d.places...), Where: withText, Bucket: "year"})
		if fault.Is(err, fault.Invalid) { // too many to be told apart at all
			continue
		}
		if err != nil {
			return err
		}
		found := map[string]bool{}
		for _, x := range g.Groups {
			found[placeOf(x.Keys[1:])] = true
		}
		if len(found) <= mostPlaces {
			break
		}
	}
	g, err := d.grid(insight.Query{Measure: insight.Count, By: append([]string{"channel"}, d.places...), Where: withText})
	if err != nil {
		return err
	}
	d.mix, d.mixBy = newMix(len(d.ends), d.known()), map[string]*mix{}
	for _, x := range g.Groups {
		channel, place := x.Keys[0], placeOf(x.Keys[1:])
		if d.mixBy[channel] == nil {
			d.mixBy[channel] = newMix(len(d.ends), d.known())
		}
		for _, c := range x.Cells {
			d.mix.add(place, c.At, float64(c.N))
			d.mixBy[channel].add(place, c.At, float64(c.N))
		}
	}
	return nil
}

// hits are how many texts of each place are what is counted: before what is looked at, and from there on.
type hits map[string][2]float64

func (h hits) add(place string, when int, n int64) {
	sum := h[place]
	sum[when] += float64(n)
	h[place] = sum
}

// known is the first period that is looked at, with its guard: the periods before it tell what is usual.
func (d *drawing) known() int {
	return max(0, len(d.ends)-frames[d.frame.bucket].recent-d.frame.guard-1) // a course shows more periods than a look takes in
}

// heard are the hits of a question of a group: how many there are, and how many of them are bad.
type heard struct{ n, bad hits }

// hitsBy asks for the hits of a question by the values of the field that it is grouped by, "" where there is none.
func (d *drawing) hitsBy(q insight.Query) (map[string]heard, error) {
	out := map[string]heard{}
	q.By = append(slices.Clone(q.By), d.places...)
	q.Bucket = "year" // it is only the sum that matters
	for i, p := range [2][2]clock.Day{{d.from, d.begins[d.known()] - 1}, {d.begins[d.known()], d.to}} {
		if p[1] < p[0] {
			continue
		}
		q.Between = insight.Period{From: p[0].String(), To: p[1].String()}
		g, err := d.grid(q)
		if err != nil {
			return nil, err
		}
		for _, x := range g.Groups {
			at := len(x.Keys) - len(d.places)
			value, place := placeOf(x.Keys[:at]), placeOf(x.Keys[at:])
			if _, ok := out[value]; !ok {
				out[value] = heard{hits{}, hits{}}
			}
			for _, c := range x.Cells {
				out[value].n.add(place, i, c.N)
				out[value].bad.add(place, i, c.Bad)
			}
		}
	}
	return out, nil
}

// relative is by how much more the texts of each period should be hits than texts usually are, because of where they come from; nil
// where there are no texts to tell.
func (m *mix) relative(h hits) []float64 {
	if m == nil {
		return nil
	}
	out := slices.Repeat([]float64{1}, len(m.all))
	all := [2]float64{} // hits, and the texts that they are out of
	for _, s := range m.sums {
		all[1] += s[0] + s[1]
	}
	for _, x := range h {
		all[0] += x[0] + x[1]
	}
	if all[0] == 0 {
		return out
	}
	usual := all[0] / max(all[0], all[1]) // a text that was erased may still be counted as read
	shares, mean := make([]float64, len(m.texts)), 0.0
	for place, s := range m.at {
		n, y := m.sums[s][0], h[place][0]
		if n < fewestTexts {
			n, y = n+m.sums[s][1], y+h[place][1]
		}
		// As if one hit more were known, at what is usual everywhere: a place of few texts tells little, and none has a share of 0.
		shares[s] = (y + 1) / (n + 1/usual)
		mean += shares[s] * (m.sums[s][0] + m.sums[s][1]) / all[1]
	}
	for t, n := range m.all {
		if n == 0 {
			continue
		}
		expected := 0.0
		for s, texts := range m.texts {
			expected += texts[t] * shares[s]
		}
		out[t] = expected / (mean * n)
	}
	return out
}
