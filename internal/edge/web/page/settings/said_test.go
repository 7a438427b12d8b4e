package settings

import (
	"testing"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/i18n"
	"kolo/internal/people/identity"
)

// TestTheLogSpeaksTheReadersLanguage: of what is kept for programs it gives the words that the pages have for it.
func TestTheLogSpeaksTheReadersLanguage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ tag, key, value, want string }{
		{"en", "filtered_by", "attribute.plan.not_in by from last measure nps.gte text.contains", "plan, Group by, Period, Measure, NPS answer, Words"},
		{"he", "filtered_by", "last", "תקופה"},
		{"en", "filtered_by", "nps", "NPS answer"},
		{"he", "filtered_by", "state owner", "מצב, אחראי"},
		{"he", "origin", "typed", "הוקלד"},
		{"en", "origin", "contacts", "counted in the contact book"},
	} {
		if got := detail(ui.Env{Locale: i18n.Load().Language(c.tag)}, identity.Entry{}, c.key, c.value); got != c.want {
			t.Errorf("%s: %s %q is told as %q, want %q", c.tag, c.key, c.value, got, c.want)
		}
	}
	e := ui.Env{Locale: i18n.Load().Language("he")}
	a := identity.Entry{Kind: "theme", Object: "t", Details: map[string]string{"name": "Delivery"}}
	if name, _ := (names{named: map[string]string{"t": "משלוח"}}).of(e, a); name != "משלוח" {
		t.Errorf("a theme is called %q", name)
	}
	if name, _ := (names{}).of(e, a); name != "Delivery" {
		t.Errorf("a theme without a name here is called %q", name)
	}
}
