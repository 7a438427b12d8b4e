package themes

import (
	"testing"

	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/theme/rule"
)

// TestRulesAreTriedOnWhatIsShown: whether a rule holds says nothing of what is masked in a text.
func TestRulesAreTriedOnWhatIsShown(t *testing.T) {
	t.Parallel()
	analyst, owner := identity.Actor{Workspace: "w", Member: "a", Role: identity.Analyst}, identity.Actor{Workspace: "w", Member: "o", Role: identity.Owner}
	f := feedback.Feedback{Text: "Late delivery. Please call 052-123-4567 or write to zelda.q@example.com"}
	for source, want := range map[string][2]bool{ // of the analyst, of the owner
		"late": {true, true}, "zel*": {false, true}, "zelda*": {false, true}, "052": {false, true}, "late NOT zel*": {true, false}, "delivery NOT 052": {true, false}, "email": {false, false}, "call": {true, true},
	} {
		r, err := rule.Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		for i, actor := range []identity.Actor{analyst, owner} {
			ok, spans := r.Match(rule.NewText(wordsFor(actor, f, "en", nil), "en"))
			if ok != want[i] {
				t.Errorf("%s holds for %s: %v", source, actor.Role, ok)
			}
			for _, sp := range spans {
				if s := sp.Of(f.Text); actor.Role == identity.Analyst && s != "Late" && s != "delivery" && s != "call" {
					t.Errorf("%s marks %q", source, s)
				}
			}
		}
	}
}
