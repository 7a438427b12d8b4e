package explore

import (
	"net/url"
	"slices"
	"testing"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
)

// TestARefusedQuestionNamesWhatIsWrong: each fault stands under the name that its control has on the page, with a reason.
func TestARefusedQuestionNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][]problem{
		"measure=share":            {{"Share of the feedback where", "Choose at least one condition."}},
		"measure=foo&by=bar":       {{"Measure", "This is not one of the choices."}, {"Group by", "This is not one of the choices."}},
		"measure=count&limit=many": {{"Most groups", "This must be one number."}},
		"measure=nps&order=x&level=2&bucket=x": {{"Over time", "This is not one of the choices."}, {"Confidence level", "This is outside the allowed range."},
			{"Order of groups", "This is not one of the choices."}},
		"measure=nps&nowhere=x":                        {{"Only feedback where", "This is not one of the choices."}},
		"measure=nps&compare=other&than.nowhere=x":     {{"Compared with feedback where", "This is not one of the choices."}},
		"measure=mean&of=channel":                      {{"Of", "This holds no numbers of which there could be a mean."}},
		"measure=csat&scale=abc":                       {{"Scale", "This does not have the expected form."}},
		"measure=count&last=9999y":                     {{"Period", "This is outside the allowed range."}},
		"measure=count&compare=rest":                   {{"Compare with", "To compare groups with each other, group by something first."}},
		"measure=theme_sentiment&by=channel&by=source": {{"Group by", "This is about each theme: group by theme."}},
	} {
		values, err := url.ParseQuery(address)
		if err != nil {
			t.Fatal(err)
		}
		q, refused := Decode(values)
		if refused == nil {
			refused = q.Query.Validate()
		}
		b := builder{e: ui.Env{Locale: i18n.Load().Language("en")}, question: q}
		b.read(refused)
		if !slices.Equal(b.problems, want) {
			t.Errorf("%s is refused because %q, want %q", address, b.problems, want)
		}
	}
	b := builder{e: ui.Env{Locale: i18n.Load().Language("en")}}
	b.read(fault.Bad("insight.Period", fault.Field{Path: "between.to", Code: "range"}, fault.Field{Path: "between.last", Code: "form"}, fault.Field{Path: "between", Code: "required"}))
	if want := []problem{{"To", "The period ends before it begins."}, {"Period", "This does not have the expected form."},
		{"Period", "A comparison in time needs a period with a beginning and an end."}}; !slices.Equal(b.problems, want) {
		t.Errorf("periods are refused because %q", b.problems)
	}
	for at, key := range labels {
		if !b.e.Has(key) {
			t.Errorf("%s has no name", at)
		}
	}
}
