package driving

import (
	"cmp"
	"slices"
	"strings"

	"kolo/internal/listen/feedback"
	"kolo/internal/understand/insight"
)

// known is what there is to know of the answers to a score, before any of them is read.
type known struct {
	fields      []string
	kinds       map[string]Kind
	populations []insight.Population
	segments    []string // what describes customers: nearly all answers have it
	n           int64
	texts       int64 // of n: those with words
	themed      int64 // of texts: those that are about something
}

// Fields that all feedback has and that may move a score, or hold its place.
const (
	touchpoint = "touchpoint"
	channel    = "channel"
	source     = "source"
	language   = "language"
	anyTheme   = "theme"
)

// fieldsOf are the fields to ask about, with what they are.
func fieldsOf(register []feedback.Field) ([]string, map[string]Kind) {
	kinds := map[string]Kind{touchpoint: Attribute, channel: Attribute, language: Attribute, anyTheme: Theme}
	fields := []string{anyTheme, touchpoint, channel, language}
	for _, f := range register {
		if f.Hidden {
			continue
		}
		name := f.Field + "." + f.Key
		switch number := f.Kind == "number"; {
		case f.Field == "answer" && number:
			kinds[name] = Rating
		case f.Field == "answer":
			kinds[name] = Choice
		case number:
			kinds[name] = Fact
		default:
			kinds[name] = Attribute
		}
		fields = append(fields, name)
	}
	return fields, kinds
}

// has is how many answers of the populations that keep says have a field.
func (k *known) has(field string, keep func(insight.Population) bool) (n, of int64) {
	i := slices.Index(k.fields, field)
	for _, p := range k.populations {
		if keep(p) {
			of += p.N
			if i >= 0 {
				n += p.Has[i]
			}
		}
	}
	return n, of
}

func all(insight.Population) bool { return true }

func share(n, of int64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// learn finds what describes customers: what all answers have. Where they are of one survey, all of which have what was noted there,
// what contacts have as well, as far as anything is known of contacts.
func (k *known) learn() {
	for _, p := range k.populations {
		k.texts += p.Texts
	}
	contacts := map[string]bool{}
	for _, f := range k.fields {
		if key, ok := strings.CutPrefix(f, "contact."); ok {
			contacts[key] = true
		}
	}
	for _, f := range k.fields {
		n, of := k.has(f, all)
		k.n = of
		if f == anyTheme {
			k.themed = n
		}
		// What was known of the contact then, and came with the feedback, says more than what is known today.
		if key, of := strings.CutPrefix(f, "contact."); of && k.kinds["attribute."+key] != "" {
			if then, _ := k.has("attribute."+key, all); 10*then >= 9*n {
				delete(k.kinds, f)
				continue
			}
		}
		_, key, ok := strings.Cut(f, ".")
		if k.kinds[f] == Attribute && ok && share(n, of) >= everywhere && (len(k.populations) > 1 || contacts[key] || len(contacts) == 0) {
			k.segments = append(k.segments, f)
		}
	}
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// plan is a block with all that is asked of it.
type plan struct {
	Block
	where      insight.Conditions
	drivers    []string
	controls   []string // fields; the quarter is always one
	candidates []Candidate
	themes     bool // are among what it begins with
}

// plans are the populations in which the same is known, the best first: surveys with what they alone know, then what texts are
// about, then what is known of all.
func (k *known) plans() []plan {
	var out []plan
	for _, p := range k.populations {
		if p.N < fewestAnswers {
			continue
		}
		b := plan{Block: Block{ID: "source:" + p.Source, Source: p.Source, Of: "survey", N: p.N}}
		b.where = insight.Conditions{{Field: "survey", Op: "empty"}, {Field: source, Values: []string{p.Source}}}
		if p.Source == "" {
			b.where[1] = insight.Condition{Field: source, Op: "empty"}
		}
		if p.Survey != "" {
			b.ID, b.Survey, b.Source = "survey:"+p.Survey, p.Survey, ""
			b.where = insight.Conditions{{Field: "survey", Values: []string{p.Survey}}}
		}
		keep := func(x insight.Population) bool { return x.Survey == p.Survey && x.Source == p.Source }
		k.offer(&b, keep)
		for _, c := range b.candidates {
			if c.Coverage >= covered && strings.Contains(c.Field, ".") && !slices.Contains(k.segments, c.Field) && c.Kind != Theme {
				b.drivers = append(b.drivers, c.Field)
			}
		}
		if len(b.drivers) == 0 {
			continue
		}
		b.controls = append([]string{channel}, k.segments...)
		out = append(out, b)
	}
	ratings := func(b plan) (n int) {
		for _, d := range b.drivers {
			if k.kinds[d] == Rating {
				n++
			}
		}
		return n
	}
	slices.SortStableFunc(out, func(a, b plan) int {
		return cmp.Or(cmp.Compare(flag(ratings(b) > 1), flag(ratings(a) > 1)), cmp.Compare(b.N, a.N))
	})
	if k.themed >= fewestAnswers {
		b := plan{Block: Block{ID: "themes", Of: "themes", N: k.texts}, themes: true}
		b.where = insight.Conditions{{Field: "has_text", Values: []string{"yes"}}} // what these have beside is counted once they are looked at
		b.controls = append([]string{channel, source}, k.segments...)
		out = append(out, b)
	}
	if k.n >= fewestAnswers {
		b := plan{Block: Block{ID: "all", Of: "all", N: k.n}}
		k.offer(&b, all)
		for _, c := range b.candidates {
			wide := c.Coverage >= everywhere && c.Kind != Rating && c.Kind != Theme && c.Field != channel && c.Field != language
			if wide || c.Field == touchpoint && c.Coverage >= covered {
				b.drivers = append(b.drivers, c.Field)
			}
		}
		b.controls = []string{channel} // not the source, which often says the same as the touchpoint
		if len(b.drivers) > 0 {
			out = append(out, b)
		}
	}
	return out
}

// offer lists what could be looked at among the answers of some populations, what most of them have first.
func (k *known) offer(b *plan, keep func(insight.Population) bool) {
	order := []Kind{Rating, Fact, Choice, Attribute}
	for _, f := range k.fields {
		n, of := k.has(f, keep)
		if k.kinds[f] == "" || f == anyTheme || n < fewestOfOne {
			continue
		}
		b.candidates = append(b.candidates, Candidate{Field: f, Kind: k.kinds[f], N: n, Coverage: share(n, of)})
	}
	slices.SortStableFunc(b.candidates, func(x, y Candidate) int {
		return cmp.Or(cmp.Compare(slices.Index(order, x.Kind), slices.Index(order, y.Kind)), cmp.Compare(y.N, x.N), cmp.Compare(x.Field, y.Field))
	})
}

// choose takes the drivers that somebody has asked for, or the first of a block, and leaves the rest of what describes customers to
// the controls.
func (b *plan) choose(asked []string) (more []string) {
	most := beginWith
	if len(asked) > 0 {
		b.drivers, b.themes, most = asked, false, MostDrivers
	}
	if len(b.drivers) > most {
		more = b.drivers[most:]
		b.drivers = b.drivers[:most]
	}
	b.controls = slices.DeleteFunc(slices.Clone(b.controls), func(c string) bool { return slices.Contains(b.drivers, c) })
	segments := 0
	b.controls = slices.DeleteFunc(b.controls, func(c string) bool {
		if !strings.Contains(c, ".") {
			return false
		}
		segments++
		return segments > mostSegments
	})
	return more
}
