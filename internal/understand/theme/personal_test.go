package theme

import (
	"strings"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
)

// TestRulesLookForNoCustomers: those who may not know who customers are write no rule that would say it, digit by digit.
func TestRulesLookForNoCustomers(t *testing.T) {
	t.Parallel()
	analyst, owner := identity.Actor{Workspace: "w", Member: "a", Role: identity.Analyst}, identity.Actor{Workspace: "w", Member: "o", Role: identity.Owner}
	for _, source := range []string{"0521*", "0521234567", `"052 1"`, "05* AND 21*", "delivery NOT 0521*", "05* NOT 21*", "05 w/1 21", "(late, 05*) 21*", "ana@example.com", "late, ana@*", "۰۵۲۱*", Covered} {
		if err := MayRule(analyst, source); !fault.Is(err, fault.Denied) || !strings.Contains(fault.ProblemOf(err).Detail, "contacts.identify") {
			t.Errorf("%s: %v", source, err)
		}
		if err := MayRule(owner, source); err != nil {
			t.Errorf("%s: the owner may ask for everything: %v", source, err)
		}
		if got := (Theme{Rule: source}).RuleFor(analyst); got != Covered {
			t.Errorf("%s is shown as %s", source, got)
		}
		if got := (Theme{Rule: source}).RuleFor(owner); got != source {
			t.Errorf("%s is shown to the owner as %s", source, got)
		}
	}
	for _, source := range []string{"", "late delivery", "(courier, driver) w/3 rude", `"24 hours", "48 hours", "72 hours"`, "iphone 15", "refund NOT policy", "deliver*", "b2b", "one (two"} {
		if err := MayRule(analyst, source); err != nil {
			t.Errorf("%s: %v", source, err)
		}
		if got := (Theme{Rule: source}).RuleFor(analyst); got != source {
			t.Errorf("%s is shown as %s", source, got)
		}
	}
}
