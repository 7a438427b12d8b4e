package ui

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
)

// TestADayHasNoTime: feedback that came with a day alone is kept as the beginning of that day in the workspace's zone, and no hour is
// told of it.
func TestADayHasNoTime(t *testing.T) {
	t.Parallel()
	zone := func(name string) *time.Location {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	jerusalem, beirut := zone("Asia/Jerusalem"), zone("Asia/Beirut")
	en := i18n.Load().Language("en")
	for _, c := range []struct {
		zone              *time.Location
		at                string
		given, ago, exact string
	}{
		{jerusalem, "2026-11-24T22:00:00Z", "25 Nov 2026", "2 days ago", "2026-11-25"},
		{jerusalem, "2026-11-26T22:00:00Z", "27 Nov 2026", "27 Nov 2026", "2026-11-27"}, // today: how many hours ago nobody knows
		{jerusalem, "2026-11-20T22:00:00Z", "21 Nov 2026", "6 days ago", "2026-11-21"},
		{jerusalem, "2026-11-19T22:00:00Z", "20 Nov 2026", "20 Nov 2026", "2026-11-20"},
		{jerusalem, "2026-11-28T22:00:00Z", "29 Nov 2026", "in 2 days", "2026-11-29"},
		{jerusalem, "2026-11-25T00:00:00Z", "25 Nov 2026, 02:00", "3 days ago", "2026-11-25T00:00:00Z"},
		{jerusalem, "2026-11-24T22:00:01Z", "25 Nov 2026, 00:00", "3 days ago", "2026-11-24T22:00:01Z"},
		{nil, "2026-11-25T00:00:00Z", "25 Nov 2026", "2 days ago", "2026-11-25"},
		{beirut, "2026-03-28T22:00:00Z", "29 Mar 2026", "29 Mar 2026", "2026-03-29"}, // a day that begins at one o'clock
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		e := Env{Locale: en, Zone: c.zone, Now: time.Date(2026, 11, 27, 14, 0, 0, 0, time.UTC)}
		for href, want := range map[string]string{"": `<time datetime="` + c.exact + `">` + c.given + `</time>`, "/feedback/1": `title="` + c.given + `">` + c.ago + `</time>`} {
			var b bytes.Buffer
			if err := QuoteCard(e, Quote{At: at, Href: href}).Render(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: %s has no %s", c.at, b.String(), want)
			}
		}
	}
}

// TestAnAnswerTellsItsScale: "0/2" would be the worst of what is the middle of -2 to 2.
func TestAnAnswerTellsItsScale(t *testing.T) {
	t.Parallel()
	e := Env{Locale: i18n.Load().Language("en")}
	for _, c := range []struct {
		Answer
		want string
	}{
		{Answer{Metric: "nps", Value: 9, Max: 10}, "9/10"},
		{Answer{Metric: "csat", Value: 4, Min: 1, Max: 5}, "4/5"},
		{Answer{Metric: "rating", Value: 0, Min: -2, Max: 2}, "0 (−2 to 2)"},
		{Answer{Metric: "rating", Value: 70, Min: 50, Max: 100}, "70 (50 to 100)"},
		{Answer{Metric: "star", Value: 1, Min: -2, Max: 2}, "1 (−2 to 2)"},
	} {
		var b bytes.Buffer
		if err := AnswerBadge(e, c.Answer).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(b.String(), "")
		if !strings.Contains(text, c.want) {
			t.Errorf("%+v is told as %q, want %q", c.Answer, text, c.want)
		}
	}
}

// TestRefusalsNameNoFieldOfPrograms: a reason without a field of the form stands without the name that only programs know.
func TestRefusalsNameNoFieldOfPrograms(t *testing.T) {
	t.Parallel()
	for _, l := range i18n.Load().Locales() {
		text, _ := Refuse(Env{Locale: l}, []Field{{Name: "name"}}, fault.Bad("x", fault.Field{Path: "parts", Code: "range", Msg: "too much"}, fault.Field{Path: "attributes.plan", Code: "range", Msg: "too much"}))
		if strings.Contains(text, "parts") || !strings.Contains(text, "plan") || strings.Contains(text, "attributes") {
			t.Errorf("%s: %q", l.Tag(), text)
		}
	}
}

// TestAShareThatIsSomethingIsNotNothing: 0% is written of 0 alone.
func TestAShareThatIsSomethingIsNotNothing(t *testing.T) {
	t.Parallel()
	e := Env{Locale: i18n.Load().Language("en")}
	for _, c := range []struct {
		v        float64
		decimals int
		want     string
	}{{0, 1, "0.0%"}, {0.0004, 1, "under 0.1%"}, {0.0005, 1, "0.1%"}, {0.003, 1, "0.3%"}, {0.003, 0, "under 1%"}, {0.4, 0, "40%"}} {
		if got := figure(e, Score{Percent: true, Decimals: c.decimals}, c.v); got != c.want {
			t.Errorf("%v: %q, want %q", c.v, got, c.want)
		}
	}
}
