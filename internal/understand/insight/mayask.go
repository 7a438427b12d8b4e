package insight

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// MayAsk refuses conditions by which somebody who may not know who contacts are would find it out: what an answer covers could be
// guessed, digit by digit, from how much is counted. Whoever asks with conditions that somebody sent comes by here; what Kolo asks of
// itself does not.
func (s *Service) MayAsk(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, all ...Conditions) error {
	v, err := s.VeilFor(ctx, ws, actor)
	if err != nil || v.Lifted() {
		return err
	}
	var bad []fault.Field
	for _, c := range all {
		for _, e := range c {
			if why := v.tells(e); why != "" {
				bad = append(bad, fault.Field{Path: e.Field, Code: "personal", Msg: why})
			}
		}
	}
	if bad == nil {
		return nil
	}
	return &fault.Error{Kind: fault.Denied, Op: "insight.MayAsk", Fields: bad,
		Msg: fmt.Sprintf("%s: %s, which needs the permission %s", bad[0].Path, bad[0].Msg, identity.ContactsIdentify)}
}

// mayAsk is MayAsk for a question.
func (s *Service) mayAsk(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, q Query) error {
	all := []Conditions{q.Where, q.Share}
	if q.Compare != nil {
		all = append(all, q.Compare.Where)
	}
	if q.Measure == Mean { // which of few answers is nearly what one of them says
		all = append(all, Conditions{{Field: q.Of, Op: "not_empty"}})
	}
	return s.MayAsk(ctx, ws, actor, all...)
}

// ofDigits are how many digits in a row may be a part of a telephone or identity number; see contact.LongNumber for those of a whole one.
const ofDigits = 4

// tells says what a condition would give away, "" for nothing. Values that an answer shows may be asked for whole.
func (v Veil) tells(e Condition) string {
	if !worded(e.Field) {
		return ""
	}
	if place, key, _ := strings.Cut(e.Field, "."); place != "answer" && v.hidden[contact.Key(key)] {
		return "the attribute says who customers are"
	}
	for _, value := range e.Values {
		personal := strings.Contains(value, "@") || mask(value, value) != value
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
		if personal {
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
