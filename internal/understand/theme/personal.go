package theme

import (
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
	"kolo/internal/understand/text"
	"kolo/internal/understand/theme/rule"
)

// Covered stands for a rule that looks for customers, before those who may not know who they are.
const Covered = "[personal]"

// mostDigits is how many digits a rule may ask for: more may be a part of a telephone or identity number.
const mostDigits = 3

// Personal tells whether a rule looks for, or may spell out, an address or number of a customer.
func Personal(source string) bool {
	if source == Covered || strings.Contains(source, "@") || text.Mask(source, text.Personal(source, "")) != source {
		return true
	}
	r, err := rule.Parse(source)
	return err == nil && r.Digits() > mostDigits
}

// MayRule refuses a rule by which somebody who may not know who customers are would find it out: what a text covers could be guessed, digit
// by digit, from whether the rule holds of it.
func MayRule(actor identity.Actor, source string) error {
	if actor.May(identity.ContactsIdentify) || !Personal(source) {
		return nil
	}
	const why = "a rule must not look for what is, or may be a part of, an address or number of a customer"
	return &fault.Error{Kind: fault.Denied, Op: "theme.MayRule", Msg: why + ", which needs the permission " + string(identity.ContactsIdentify),
		Fields: []fault.Field{{Path: "rule", Code: "personal_rule", Msg: why}}}
}

// RuleFor is the rule of a theme as somebody may see it.
func (t Theme) RuleFor(actor identity.Actor) string {
	if MayRule(actor, t.Rule) != nil {
		return Covered
	}
	return t.Rule
}
