package insight_test

import (
	"testing"

	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// TestNewSettingsCountAtOnce in the process that changes them.
func TestNewSettingsCountAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.identity.OnUpdated(w.insight.Forget)
		owner := identity.Actor{Workspace: w.ws, Member: "o", Role: identity.Owner}
		ask := func() *insight.Answer {
			t.Helper()
			a, err := w.insight.Ask(t.Context(), w.ws, insight.Query{Measure: insight.Count})
			must(t, err)
			return a
		}
		if a := ask(); a.WeekStart != "sunday" || a.Zone != "Asia/Jerusalem" {
			t.Fatalf("%s %s", a.WeekStart, a.Zone)
		}
		week, zone := identity.Saturday, "Asia/Tehran"
		_, err := w.identity.UpdateWorkspace(t.Context(), w.ws, owner, identity.WorkspacePatch{WeekStart: &week, Zone: &zone})
		must(t, err)
		if a := ask(); a.WeekStart != "saturday" || a.Zone != "Asia/Tehran" {
			t.Errorf("%s %s", a.WeekStart, a.Zone)
		}
	})
}
