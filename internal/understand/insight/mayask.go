package insight

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// MayAsk refuses conditions by which somebody who may not know who contacts are would find it out: what an answer covers could be
// guessed, digit by digit, from how much is counted. All of them are of one question, and are judged together. Whoever asks with conditions
// that somebody sent comes by here; what Kolo asks of itself does not.
func (s *Service) MayAsk(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, all ...Conditions) error {
	return s.MayAskOf(ctx, ws, actor, Period{}, all...)
}

// MayAskOf is MayAsk for a question of a period: one between two instants may hold a single text.
func (s *Service) MayAskOf(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, p Period, all ...Conditions) error {
	v, err := s.VeilFor(ctx, ws, actor)
	if err != nil || v.Lifted() {
		return err
	}
	return denied(v.refused(slices.Concat(all...), exact(p)))
}

// mayAsk is MayAsk for a question.
func (s *Service) mayAsk(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, q Query) error {
	v, err := s.VeilFor(ctx, ws, actor)
	if err != nil || v.Lifted() {
		return err
	}
	return denied(v.refusedOf(q))
}

// refusedOf is refused for a question.
func (v Veil) refusedOf(q Query) []fault.Field {
	all := slices.Concat(q.Where, q.Share)
	if q.Compare != nil {
		all = append(all, q.Compare.Where...)
	}
	if q.Measure == Mean { // which of few answers is nearly what one of them says
		all = append(all, Condition{Field: q.Of, Op: mean})
	}
	return v.refused(all, exact(q.Between) || slices.ContainsFunc(q.By, func(field string) bool { return single[field] }))
}

func denied(bad []fault.Field) error {
	if bad == nil {
		return nil
	}
	return &fault.Error{Kind: fault.Denied, Op: "insight.MayAsk", Fields: bad,
		Msg: fmt.Sprintf("%s: %s, which needs the permission %s", bad[0].Path, bad[0].Msg, identity.ContactsIdentify)}
}

// mean stands for the operator where the mean of a field is asked for: of all but one it says what the one is.
const mean = "mean"

// single are the fields whose values are one customer's, or one text's.
var single = map[string]bool{"id": true, "contact": true, copies: true}

// exact tells whether a period begins or ends at an instant, and not with a day.
func exact(p Period) bool {
	instant := func(s string) bool { _, err := clock.ParseDay(s); return s != "" && err != nil }
	return instant(p.From) || instant(p.To)
}

// refused are the conditions of one question that must not be asked, with what is wrong with each. chosen tells that the question looks at
// single customers or texts whatever its conditions are.
func (v Veil) refused(all Conditions, chosen bool) (bad []fault.Field) {
	say := func(field, why string) { bad = append(bad, fault.Field{Path: field, Code: "personal", Msg: why}) }
	by, digits := "", 0
	for _, e := range all {
		if why := v.tells(e); why != "" {
			say(e.Field, why)
			if why == longDigits {
				bad[len(bad)-1].Code = Digits
			}
		}
		if single[e.Field] && e.Op != "empty" && e.Op != "not_empty" {
			by, chosen = e.Field, true
		}
		digits += e.digits()
	}
	for _, e := range all {
		switch {
		case !e.piecemeal():
		case chosen && by != "":
			say(e.Field, "together with "+by+", which chooses single customers or texts, it is asked piece by piece what one of them says")
		case chosen:
			say(e.Field, "of single customers, texts or instants it is asked piece by piece what one says")
		case digits >= ofDigits && e.digits() > 0 && v.tells(e) == "":
			say(e.Field, "the conditions together have the digits that may be a part of a number of a customer")
		}
	}
	return bad
}

// piecemeal tells whether a condition on words holds when a part of them is there, so that many such questions say them all.
func (e Condition) piecemeal() bool {
	switch e.Op {
	case "contains", "not_contains", "search", mean:
		return worded(e.Field)
	}
	return false
}

// digits are how many digits in a row a piece of words has that the condition asks for; of pieces any of which will do, the most.
func (e Condition) digits() (n int) {
	if !e.piecemeal() {
		return 0
	}
	for _, value := range e.Values {
		if e.Op == "contains" {
			n = max(n, digitsInARow(value))
		} else {
			n += digitsInARow(value)
		}
	}
	return n
}

// ofDigits are how many digits in a row may be a part of a telephone or identity number; see contact.LongNumber for those of a whole one.
const ofDigits = 4

// Digits is the code of a field of a refusal that is due to nothing but the length of a number.
const Digits = "digits"

var longDigits = fmt.Sprintf("numbers of %d and more digits may be a part of a number of a customer", ofDigits)

// tells says what a condition would give away, "" for nothing. Values that an answer shows may be asked for whole.
func (v Veil) tells(e Condition) string {
	if !worded(e.Field) {
		return ""
	}
	if place, key, _ := strings.Cut(e.Field, "."); place != "answer" && v.hidden.Has(key) {
		return "the attribute says who customers are"
	}
	for _, value := range e.Values {
		personal := value == Covered || strings.Contains(value, "@") || mask(value, value) != value
		switch e.Op {
		case "contains", "not_contains", "search":
			personal = personal || digitsInARow(value) >= ofDigits
		case "gt", "gte", "lt", "lte":
			if _, err := clock.ParseDay(value); err != nil {
				personal = personal || contact.Digits(value) >= contact.LongNumber
			}
		default:
			personal = personal || v.Value(e.Field, value) != value
		}
		switch {
		case !personal:
		case e.piecemeal() && value != Covered && !strings.Contains(value, "@") && mask(value, value) == value:
			return longDigits
		default:
			return "the value is, or may be a part of, an address or number of a customer"
		}
	}
	return ""
}

// digitsInARow is the length of the longest run of digits, over the spaces and dashes that are put into numbers.
func digitsInARow(s string) (most int) {
	n := 0
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			n++
			most = max(most, n)
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), strings.ContainsRune("()+\u200e\u200f\u2212", r):
		default:
			n = 0
		}
	}
	return most
}
