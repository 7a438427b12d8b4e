package imports_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"kolo/internal/listen/imports"
	"kolo/internal/people/identity"
)

// export is a file of answers from one to another, newest last.
func export(header string, from, to int, row func(i int) string) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	for i := from; i <= to; i++ {
		b.WriteString(row(i) + "\n")
	}
	return b.String()
}

// with changes what becomes of columns, and the source of the rows.
func (w *world) with(im imports.Import, source string, to map[string]string) imports.Import {
	w.Helper()
	m := im.Mapping
	m.Columns = slices.Clone(m.Columns)
	for i, t := range m.Columns {
		if x, ok := to[t.Column]; ok {
			m.Columns[i] = imports.Target{Column: t.Column, To: x}
		}
	}
	if source != "" {
		m.Constants.Source = source
	}
	im, err := w.imports.SetMapping(w.Context(), w.ws, w.actor, im.ID, m)
	w.must(err)
	return im
}

func (w *world) twice(im imports.Import) *imports.Twice {
	w.Helper()
	p, err := w.imports.Preview(w.Context(), w.ws, w.actor, im.ID, nil)
	w.must(err)
	return p.Twice
}

func (w *world) finish(im imports.Import) imports.Import {
	w.Helper()
	_, err := w.imports.Start(w.Context(), w.ws, w.actor, im.ID)
	w.must(err)
	return w.await(im.ID, imports.State.Ended)
}

// TestRowsThatAreThereAlreadyAreTold, with what is to be done so that they are not counted twice.
func TestRowsThatAreThereAlreadyAreTold(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		row := func(i int) string {
			return fmt.Sprintf("R-%d,2026-03-%02d,%d,The courier came late for the %dth time", i, 1+i%28, 1+i%5, i)
		}
		const header = "Response ID,Date,CSAT (1-5),Comment"
		first := w.upload("march.csv", export(header, 1, 60, row))
		if first.Twice != nil {
			w.Errorf("of nothing: %+v", first.Twice)
		}
		if first = w.finish(first); first.Created != 60 {
			w.Fatalf("%+v", first)
		}
		if x := w.upload("march.csv", export(header, 1, 80, row)).Twice; x != nil { // known by their ids
			w.Errorf("with ids and the source: %+v", x)
		}
		if x := w.upload("april.csv", export(header, 55, 155, row)).Twice; x != nil { // 6 of 101
			w.Errorf("a few: %+v", x)
		}

		im := w.upload("april.csv", export(header, 1, 80, row))
		want := imports.Twice{Rows: 60, Of: 80, Advice: imports.SetTo, Source: "import: march.csv"}
		if im.Twice == nil || *im.Twice != want || w.twice(im) == nil || *w.twice(im) != want {
			w.Errorf("another source: %+v %+v", im.Twice, w.twice(im))
		}
		im = w.with(im, "", map[string]string{"Response ID": "ignore"})
		want.Advice = imports.MapID
		if x := w.twice(im); x == nil || *x != want {
			w.Errorf("no id: %+v", x)
		}
		im = w.with(im, "import: march.csv", map[string]string{"Response ID": "ignore"})
		want.Source = ""
		if x := w.twice(im); x == nil || *x != want {
			w.Errorf("no id, the same source: %+v", x)
		}
		im = w.with(im, "", map[string]string{"Response ID": "external_id"})
		if x := w.twice(im); x != nil {
			w.Errorf("as advised: %+v", x)
		}
		if im = w.finish(im); im.Created != 20 || im.Duplicates != 60 {
			w.Errorf("%+v", im)
		}

		other := workspace(w.T, w.db, "Two")
		far, err := w.imports.Upload(w.Context(), other, identity.Program(other, "test"), "april.csv", strings.NewReader(export(header, 1, 80, row)))
		if err != nil || far.Twice != nil {
			w.Errorf("another workspace: %+v %v", far.Twice, err)
		}
	})
}

// TestRowsWithoutIDsThatAreThereAlready: of files that do not say when, too.
func TestRowsWithoutIDsThatAreThereAlready(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		row := func(i int) string { return fmt.Sprintf("%d,The courier came late for the %dth time", 1+i%5, i) }
		if im := w.bring("march.csv", export("CSAT,Comment", 1, 40, row)); im.Created != 40 {
			w.Fatalf("%+v", im)
		}
		if x := w.upload("march.csv", export("CSAT,Comment", 1, 40, row)).Twice; x != nil { // the very file: its rows are known
			w.Errorf("the same file: %+v", x)
		}
		want := imports.Twice{Rows: 40, Of: 50, Advice: imports.LeaveOut}
		if x := w.upload("april.csv", export("CSAT,Comment", 1, 50, row)).Twice; x == nil || *x != want {
			w.Errorf("%+v", x)
		}
		if x := w.upload("others.csv", export("CSAT,Comment", 101, 150, row)).Twice; x != nil {
			w.Errorf("others: %+v", x)
		}
	})
}

// TestScoresAloneAreTheSameOfOneCustomer: a number on a day says little.
func TestScoresAloneAreTheSameOfOneCustomer(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		score := func(who, plan string) func(i int) string {
			return func(i int) string {
				return fmt.Sprintf("2026-03-%02d,%d,%s,%s", 1+i%3, 7+i%4, fmt.Sprintf(who, i), plan)
			}
		}
		const header = "Date,NPS,Customer ID,Plan"
		if im := w.bring("one.csv", export(header, 1, 60, score("c-%d", "gold"))); im.Created != 60 {
			w.Fatalf("%+v", im)
		}
		for who, want := range map[string]int{"c-%d": 60, "d-%d": 0} {
			n := 0
			if x := w.upload("two.csv", export(header, 1, 60, score(who, "gold"))).Twice; x != nil {
				n = x.Rows
			}
			if n != want {
				w.Errorf("%s: %d, not %d", who, n, want)
			}
		}
		nobody := func(plan string) string {
			return export("Date,NPS,Plan", 1, 60, func(i int) string { return fmt.Sprintf("2026-04-%02d,%d,%s", 1+i%3, 7+i%4, plan) })
		}
		if im := w.bring("three.csv", nobody("gold")); im.Created != 60 {
			w.Fatalf("%+v", im)
		}
		if x := w.upload("four.csv", nobody("gold")).Twice; x == nil || x.Rows != 60 {
			w.Errorf("%+v", x)
		}
		if x := w.upload("five.csv", nobody("basic")).Twice; x != nil {
			w.Errorf("of another plan: %+v", x)
		}
		// A piece of feedback is the same as one row, not as all that say so.
		if x := w.upload("six.csv", nobody("gold")+strings.Join(strings.SplitAfter(nobody("gold"), "\n")[1:], "")).Twice; x == nil || x.Rows != 60 || x.Of != 120 {
			w.Errorf("%+v", x)
		}
	})
}
