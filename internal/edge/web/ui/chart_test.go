package ui

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"

	"kolo/internal/foundation/i18n"
)

func line(values, low, high []float64) Chart {
	labels := []string{"May", "June", "July"}
	return Chart{ID: "c", Kind: "line", Title: "NPS", Labels: labels, Detail: "1 May to 31 July · 400 answers · nps v2\nChannel: E-mail", CSV: "/export/answer.csv?measure=nps",
		Series: []Series{{Name: "NPS", Values: values, Low: low, High: high}}}
}

// TestASummaryTellsWhatTheLineShows: first, last, lowest, highest, and whether first and last differ by more than chance.
func TestASummaryTellsWhatTheLineShows(t *testing.T) {
	t.Parallel()
	e := Env{Locale: i18n.Load().Language("en")}
	for want, c := range map[string]Chart{
		"NPS: from 10 (May) to 40 (July); lowest 5 (June), highest 40 (July). From first to last: +30 (95% interval +16 to +44), more than chance explains.": line([]float64{10, 5, 40}, []float64{0, 0, 30}, []float64{20, 10, 50}),
		"From first to last: +5 (95% interval −9 to +19), not distinguishable from chance.":                                                                  line([]float64{10, 5, 15}, []float64{0, 0, 5}, []float64{20, 10, 25}),
		"lowest 10 (May), highest 15 (July).": line([]float64{10, math.NaN(), 15}, nil, nil),
	} {
		if got := c.summary(e); !strings.HasSuffix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	shares := line([]float64{.1, .2, .4}, []float64{.05, .1, .3}, []float64{.15, .3, .5})
	shares.Percent = true
	if got := shares.summary(e); !strings.Contains(got, "+30.0 percentage points") {
		t.Errorf("a change of shares is told as %q", got)
	}
}

// TestGroupsHaveNoBeginning: nothing goes from one group to the other, and an earlier period is not told by this one's dates.
func TestGroupsHaveNoBeginning(t *testing.T) {
	t.Parallel()
	e := Env{Locale: i18n.Load().Language("en")}
	groups := line([]float64{25, 30, -2}, nil, nil)
	groups.Labels, groups.Kind = []string{"Business", "Basic", "Pro"}, "across"
	if got, want := groups.summary(e), "NPS: highest 30 (Basic), lowest −2 (Pro)."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	both := line([]float64{10, 5, 40}, nil, nil)
	both.Series = append(both.Series, Series{Name: "Before", Values: []float64{1, 3, 2}, Elsewhen: true})
	if got, want := both.summary(e), "Before: from 1 to 2; lowest 1, highest 3."; !strings.HasSuffix(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestAChartIsTakenAway: a picture says what it shows, and only who may export is offered the figures.
func TestAChartIsTakenAway(t *testing.T) {
	t.Parallel()
	c := line([]float64{1, 2, 3}, nil, nil)
	for _, may := range []bool{true, false} {
		var b bytes.Buffer
		if err := ChartBox(Env{Locale: i18n.Load().Language("he"), Export: may}, c).Render(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`data-as="png"`, `data-as="svg"`, `data-detail="1 May to 31 July · 400 answers · nps v2`, `<table`, `aria-describedby="c-summary"`} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("no %s", want)
			}
		}
		if strings.Contains(b.String(), "/export/answer.csv") != may {
			t.Errorf("may export: %v, and the address of the file is there: %v", may, !may)
		}
	}
}

// TestLabelsOfAChartKeepTheirDirection: a canvas has no elements that would isolate a name.
func TestLabelsOfAChartKeepTheirDirection(t *testing.T) {
	t.Parallel()
	c := Chart{Labels: []string{"region: Jerusalem", "ירושלים", "7"}, Series: []Series{{Name: "Web"}}}
	b, err := c.payload(Env{Locale: i18n.Load().Language("he")}).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if want := "[\"\u2068region: Jerusalem\u2069\",\"ירושלים\",\"7\"]"; !strings.Contains(string(b), want) || !strings.Contains(string(b), "\u2068Web\u2069") {
		t.Errorf("%s has no %s", b, want)
	}
	if b, err = c.payload(Env{Locale: i18n.Load().Language("en")}).MarshalJSON(); err != nil || !strings.Contains(string(b), "[\"region: Jerusalem\",\"\u2068ירושלים\u2069\",\"7\"]") {
		t.Errorf("%s, %v", b, err)
	}
}

// TestSeveralMarksAreNumbered: the words of one mark stand at its line; of several only numbers, once at each place, and the words below.
func TestSeveralMarksAreNumbered(t *testing.T) {
	t.Parallel()
	for _, l := range i18n.Load().Locales() {
		e := Env{Locale: l}
		c := Chart{Marks: []Mark{{At: 3, Text: "one"}}, Detail: "a line"}
		if got := c.marks(e); len(got) != 1 || got[0].Text != "one" || len(c.told(e)) != 0 || c.detail(e) != "a line" {
			t.Errorf("%s: %+v", l.Tag(), got)
		}
		c.Marks = append(c.Marks, Mark{At: 3, Text: "two", Day: "today"}, Mark{At: 5, Text: "three"})
		got := c.marks(e)
		if len(got) != 2 || got[0] != (markPayload{3, e.N(1, 0) + ", " + e.N(2, 0)}) || got[1] != (markPayload{5, e.N(3, 0)}) {
			t.Errorf("%s: %+v", l.Tag(), got)
		}
		if list := c.told(e); len(list) != 3 || list[1] != "today: two" || strings.Count(c.detail(e), "\n") != 3 {
			t.Errorf("%s: %q", l.Tag(), list)
		}
	}
}

// TestCountsHaveNoDecimals where the figures beside them have some.
func TestCountsHaveNoDecimals(t *testing.T) {
	t.Parallel()
	e := Env{Locale: i18n.Load().Language("en")}
	c := Chart{Decimals: 1, Counts: true}
	if got := c.figure(e, 7) + " " + c.figure(e, 7.25); got != "7 7.2" && got != "7 7.3" {
		t.Error(got)
	}
}

// TestAChartSaysWhatItCounts: answers, unless it says something else.
func TestAChartSaysWhatItCounts(t *testing.T) {
	t.Parallel()
	e := Env{Locale: i18n.Load().Language("en")}
	for counted, want := range map[string]string{"": "Answers", "Customers": "Customers"} {
		c := line([]float64{1, 2, 3}, nil, nil)
		c.Counted, c.Series[0].N = counted, []int64{1, 2, 3}
		var b bytes.Buffer
		if err := ChartBox(e, c).Render(context.Background(), &b); err != nil || strings.Count(b.String(), want) != 2 {
			t.Errorf("%q: %v %s", counted, err, b.String())
		}
	}
}
