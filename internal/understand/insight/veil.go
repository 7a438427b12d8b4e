package insight

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/text"
)

// Veil covers what the values of fields say of who somebody is, before those who may not know who contacts are. Its zero value covers
// nothing. Everything that gives values of fields to somebody (answers, facets, segments, drivers) goes through one: what is grouped by a
// text, or by an answer to an open question, gives these very words.
type Veil struct {
	on     bool
	hidden contact.Secret
}

// Covered stands for a value that is not shown at all: of an attribute that is personal.
const Covered = "[personal]"

// VeilFor is what an actor must not see.
func (s *Service) VeilFor(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor) (v Veil, err error) {
	if actor.May(identity.ContactsIdentify) {
		return v, nil
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		v, err = VeilOf(tx, ws)
		return err
	})
	return v, fault.Wrap("insight.VeilFor", err)
}

// VeilOf is what must not be seen by whoever may not know who contacts are: for what is sent, wherever it ends up.
func VeilOf(tx *store.Tx, ws identity.WorkspaceID) (v Veil, err error) {
	v.on = true
	v.hidden, err = contact.Personal(tx, ws)
	return v, err
}

// Lifted tells whether everything may be seen.
func (v Veil) Lifted() bool { return !v.on }

// Value is a value of a field as it may be shown; the kind of what is personal stands in its place, as it does in texts.
func (v Veil) Value(field, value string) string {
	if !v.on || value == "" {
		return value
	}
	place, key, _ := strings.Cut(field, ".")
	switch {
	case field == "text":
		// It stands there in lower case, and people and homes are known by their capitals.
		value = mask(value, value)
		return mask(value, capitals(value))
	case (place == "attribute" || place == "contact") && v.hidden.Has(key):
		return Covered
	case worded(field):
		return mask(value, value)
	}
	return value
}

// worded tells whether the values of a field are somebody's own words or numbers, in which anything about a customer may stand.
func worded(field string) bool {
	switch place, _, keyed := strings.Cut(field, "."); {
	case keyed:
		return place == "attribute" || place == "contact" || place == "answer"
	case field == "text", field == "source", field == "touchpoint", field == "survey", field == "survey_version":
		return true
	}
	return strings.HasSuffix(field, "_question")
}

// thin is how many voices a figure of a question must rest on to be told: the mean of one telephone number is the number, whatever covers
// the values that it is the mean of. One customer may have said it many times.
func (v Veil) thin(q Query) int64 {
	if v.on && q.Measure == Mean && worded(q.Of) {
		return stat.MinimumToShow
	}
	return 0
}

// Number tells whether a number that was taken from a field may be shown: an end of its values, or their mean, may be somebody's.
func (v Veil) Number(field string, x float64) bool {
	if place, key, _ := strings.Cut(field, "."); v.on && (place == "attribute" || place == "contact") && v.hidden.Has(key) {
		return false
	}
	return !v.on || !worded(field) || contact.Digits(strconv.FormatFloat(x, 'f', -1, 64)) < contact.LongNumber
}

// keepFew keeps the figures of rows with fewer voices than the question must rest on.
func (a *asked) keepFew(rows []Row, total *Row) {
	if a.least == 0 {
		return
	}
	a.keep(total)
	for i := range rows {
		a.keep(&rows[i])
	}
}

// keep keeps the figure of a row to itself, unless enough voices are in it; how many there are is told.
func (a *asked) keep(r *Row) {
	if r.heard >= a.least {
		return
	}
	r.Value, r.Interval, r.Parts, r.DesignEffect, r.Weighted = nil, nil, nil, nil, nil
	if r.N > 0 {
		r.Note = "too_few"
	}
}

// heardBeside is how many different voices there are at least in the rest of a row: customers may be in several rows, and count once.
func (a *asked) heardBeside(rows []Row, but int, total Row) (heard int64) {
	if a.overlapping() {
		if a.Bucket != "" { // of a bucket's own voices nothing is known
			return 0
		}
		return max(0, total.heard-rows[but].heard)
	}
	for i, r := range rows {
		if i != but && r.Bucket == rows[but].Bucket {
			heard = max(heard, r.heard)
		}
	}
	return heard
}

// mask masks in a text what is personal in another one of the same length, in bytes.
func mask(s, in string) string { return text.Mask(s, text.Personal(in, "")) }

// capitals has every word of a text begin with a capital, where that is as long as the small letter.
func capitals(s string) string {
	before := ' '
	return strings.Map(func(r rune) rune {
		inside := unicode.IsLetter(before) || unicode.IsMark(before) || unicode.IsDigit(before) || before == '\'' || before == '’'
		before = r
		if up := unicode.ToUpper(r); !inside && len(string(up)) == len(string(r)) {
			return up
		}
		return r
	}, s)
}

// answer covers an answer. What leads to the feedback behind a covered value would name it, so that there is no way there.
func (v Veil) answer(a *Answer) {
	if !v.on {
		return
	}
	a.Marks = slices.Clone(a.Marks)
	for i := range a.Marks {
		if m := &a.Marks[i]; m.Kind == "wording" {
			m.From, m.To = mask(m.From, m.From), mask(m.To, m.To)
		}
	}
	for i := range a.Rows {
		r := &a.Rows[i]
		for field, value := range r.Keys {
			of := field
			if field == "value" { // of a distribution
				of = a.Of
			}
			if shown := v.Value(of, value); shown != value {
				r.Keys, r.Feedback = maps.Clone(r.Keys), nil // buckets of a group may share its keys
				r.Keys[field] = shown
			}
		}
	}
}

// view covers the conditions of a view that its reader may not ask for, for they say what was looked for. Its name and its form stay, and to
// ask it is refused.
func (v Veil) view(x *View) {
	if !v.on {
		return
	}
	bad := v.refusedOf(x.Query)
	if bad == nil {
		return
	}
	cover := func(c Conditions) Conditions {
		c = slices.Clone(c)
		for i := range c {
			if e := &c[i]; len(e.Values) > 0 && slices.ContainsFunc(bad, func(f fault.Field) bool { return f.Path == e.Field }) {
				e.Values = []string{Covered}
			}
		}
		return c
	}
	x.Covered = true
	x.Query.Where, x.Query.Share = cover(x.Query.Where), cover(x.Query.Share)
	if x.Query.Compare != nil {
		compare := *x.Query.Compare
		compare.Where = cover(compare.Where)
		x.Query.Compare = &compare
	}
}

// AskFor is Ask on behalf of somebody: values that say who somebody is are covered before those who may not know, who
// may not ask for them either (MayAsk).
func (s *Service) AskFor(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, q Query) (*Answer, error) {
	if err := s.mayAsk(ctx, ws, actor, q); err != nil {
		return nil, err
	}
	v, err := s.VeilFor(ctx, ws, actor)
	if err != nil {
		return nil, err
	}
	q.least = v.thin(q)
	a, err := s.Ask(ctx, ws, q)
	if err == nil {
		v.answer(a)
	}
	return a, err
}
