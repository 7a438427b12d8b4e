package insight_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"reflect"
	"slices"
	"testing"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/understand/insight"
)

// TestRowsAndColumnsFindTheSame holds every kind of condition against both, on feedback of which no two are alike.
func TestRowsAndColumnsFindTheSame(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		rng := rand.New(rand.NewPCG(1, 2))
		pick := func(list ...string) string { return list[rng.IntN(len(list))] }
		numbers := []string{"", "7", "-3.5", "1e2", " 7", "7 ", "inf", "0x10", "1_000", "+7", "seven", "٧"}
		var in []feedback.Input
		for i := range 1100 { // more than what is read from the rows at a time
			at := today.AddDate(0, 0, -rng.IntN(40)).Add(-time.Duration(i) * time.Minute)
			f := feedback.Input{Kind: pick("review", "note", "complaint"), Channel: pick("web", "sms", "call"), Source: pick("a", "b", "פתק"), Time: &at,
				Text: pick("", "Slow courier", "SLOW and Кошмар", "100% =cmd \"quoted\"\nשלום", "kind staff"), Language: pick("he", "en", ""),
				Touchpoint: pick("", "delivery"), Survey: pick("", "exit"), SurveyVersion: pick("", "2"), ExternalID: fmt.Sprint("x", i)}
			if v := numbers[rng.IntN(len(numbers))]; v != "" {
				f.Attributes = feedback.Attributes{"size": v, "Country/of~origin": pick("IL", "il", "US")}
			}
			for _, m := range []string{"nps", "csat"} {
				if rng.IntN(3) > 0 {
					scale := feedback.Scale{Min: 0, Max: 10}
					if m == "csat" {
						scale = feedback.Scale{Min: 1, Max: 5, Direction: pick("up", "down")}
					}
					f.Scores = append(f.Scores, feedback.Score{Metric: m, Value: float64(1 + rng.IntN(5)), Scale: scale, Question: pick("", "How was it?")})
				}
			}
			if rng.IntN(2) == 0 || f.Text == "" {
				f.Answers = feedback.Answers{{Question: "why", Value: pick("price", "time")}, {Question: "years", Value: float64(rng.IntN(9))}}
			}
			if rng.IntN(2) == 0 {
				f.Contact = &feedback.Who{ExternalID: fmt.Sprint("c", i), Attributes: feedback.Attributes{"plan": pick("gold", "free")}}
			}
			in = append(in, f)
		}
		for batch := range slices.Chunk(in, 500) {
			w.receive(w.ws, batch...)
		}
		rows := insight.NewService(w.db, nil, w.feedback)
		all := func(s *insight.Service, c insight.Conditions, p insight.Period) (ids []feedback.ID, err error) {
			err = s.Each(t.Context(), w.ws, c, p, func(f feedback.Feedback) error {
				ids = append(ids, f.ID)
				return nil
			})
			return ids, err
		}
		questions := []string{"", "channel=web", "channel=web&channel=sms", "channel.not_in=web", "channel.contains=w", "channel.contains=WE", "source.contains=פ", "source.not_contains=A", "touchpoint.contains=DELIVER", "answer.why.contains=PRI", "contact.plan.contains=OLD", "attribute.Country%2Fof~origin.not_contains=Il", "kind.contains=%28", "weekday.contains=MON", "kind=note&source=b", "language.empty=", "language.not_empty=",
			"text.contains=slow", "text.contains=SLOW", "text.contains=кошмар", "text.not_contains=slow", "text.empty=", "q=%22quoted%22", "has_text=no", "weekday=monday&weekday=friday",
			"weekday.not_in=sunday", "nps=3", "nps=3&nps=4.0", "nps.not_in=3", "nps.gte=4", "nps.lt=2.5", "nps.empty=", "nps.not_empty=", "csat_group=satisfied",
			"csat_group.not_in=satisfied", "csat_group.empty=", "csat_scale=5..1", "nps_question=How+was+it%3F", "attribute.size=7", "attribute.size.gt=6.5", "attribute.size.lte=100",
			"attribute.size.gte=-1000", "attribute.size.empty=", "attribute.Country%2Fof~origin=IL", "attribute.Country%2Fof~origin.contains=i", "answer.why=price", "answer.years.gte=5",
			"answer.years=3", "contact.plan=gold", "contact.plan.not_in=gold", "contact.plan.empty=", "contact.not_empty=", "import=", "survey_version=2&survey=exit", "attribute.nowhere=1",
			"last=14d", "last=1m&channel=web", "from=2026-11-01&to=2026-11-10", "from=2026-11-03T12:00:00Z&channel=web", "to=2026-11-03T12:00:00%2B02:00",
			"from=2026-11-01T00:00:00Z&to=2026-11-09T23:00:00Z&text.contains=k"}
		some := 0
		for _, q := range questions {
			v, err := url.ParseQuery(q)
			must(t, err)
			c, p, err := insight.Decode(v)
			must(t, err)
			must(t, rows.Check(t.Context(), w.ws, c, p))
			want, err := all(w.insight, c, p)
			must(t, err)
			got, err := all(rows, c, p)
			must(t, err)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %d in the rows, %d in the columns", q, len(got), len(want))
			}
			if len(want) > 0 && len(want) < len(in) {
				some++
			}
			found, err := rows.Find(t.Context(), w.ws, c, p, "", 70)
			must(t, err)
			more, err := w.insight.Find(t.Context(), w.ws, c, p, "", 70)
			must(t, err)
			if found.Next != more.Next || len(found.Feedback) != len(more.Feedback) {
				t.Errorf("%s: pages of %d and %d, next %q and %q", q, len(found.Feedback), len(more.Feedback), found.Next, more.Next)
			}
			a, err := rows.Metrics(t.Context(), w.ws, c, p)
			must(t, err)
			b, err := w.insight.Metrics(t.Context(), w.ws, c, p)
			must(t, err)
			if !slices.Equal(a, b) {
				t.Errorf("%s: metrics %v and %v", q, a, b)
			}
		}
		if some < 40 {
			t.Errorf("only %d questions find a part", some)
		}
		if _, _, err := insight.Decode(url.Values{"nps": {"seven"}}); !fault.Is(err, fault.Invalid) {
			t.Errorf("an address with nps=seven: %v", err)
		}
		for _, c := range []insight.Conditions{{{Field: "nps", Op: "in", Values: []string{"seven"}}}, {{Field: "nps", Op: "contains", Values: []string{"3"}}}} {
			p, q := insight.Period{}, c[0].Op
			_, a := all(rows, c, p)
			_, b := all(w.insight, c, p)
			if !fault.Is(a, fault.Invalid) || !fault.Is(b, fault.Invalid) || fault.ProblemOf(a).Detail != fault.ProblemOf(b).Detail || !fault.Is(rows.Check(t.Context(), w.ws, c, p), fault.Invalid) {
				t.Errorf("%s: %v and %v", q, a, b)
			}
		}
		if _, err := rows.Ask(t.Context(), w.ws, insight.Query{Measure: insight.Count}); err == nil {
			t.Error("a question was answered without columns")
		}
	})
}

func TestQueriesAsAddresses(t *testing.T) {
	t.Parallel()
	for _, q := range []insight.Query{
		{Measure: insight.NPS},
		{Measure: insight.Mean, Of: "attribute.size", By: []string{"channel", "attribute.a b"}, Bucket: "week", Between: insight.Period{Last: "90d"}, Order: "value", Limit: 7, Level: 0.9, Scale: "1..5",
			Where: insight.Conditions{{Field: "channel", Op: "not_in", Values: []string{"web", "a=b&c"}}, {Field: "language", Op: "empty"}}, Compare: &insight.Compare{To: "previous"}},
		{Measure: insight.Share, Share: insight.Conditions{{Field: "text", Op: "contains", Values: []string{"שלום"}}},
			Compare: &insight.Compare{Where: insight.Conditions{{Field: "kind", Op: "in", Values: []string{"note"}}}}, Between: insight.Period{From: "2026-01-01", To: "2026-02-01"}},
	} {
		must(t, q.Validate())
		v, err := url.ParseQuery(q.Encode().Encode())
		must(t, err)
		got, err := insight.DecodeQuery(v)
		must(t, err)
		if !reflect.DeepEqual(got, q) {
			t.Errorf("%+v\nis\n%+v", q, got)
		}
	}
	_, err := insight.DecodeQuery(url.Values{"measure": {"nps"}, "limit": {"many"}, "by": {"nothing"}, "foo": {"1"}, "share.bar": {"2"}})
	var paths []string
	for _, f := range fault.ProblemOf(err).Errors {
		paths = append(paths, f.Path)
	}
	slices.Sort(paths)
	if !slices.Equal(paths, []string{"limit", "share[0].field", "where[0].field"}) {
		t.Errorf("%v", paths)
	}
	if q, err := insight.DecodeQuery(url.Values{"measure": {"nps"}, "chart": {"bar"}}, "chart"); err != nil || q.Measure != insight.NPS {
		t.Error(err)
	}
}
