package alert

import "kolo/internal/understand/insight"

// A series may be of a source or an attribute whose values are addresses or numbers of customers. What is told of alerts and series goes
// through a veil, as values of answers do; what is written to many people, or sent away, always does.

// Veiled is the subject as it may be shown.
func (s Subject) Veiled(v insight.Veil) Subject {
	s.Value = v.Value(s.Field, s.Value)
	return s
}

// Veiled is the alert as it may be told. One that is covered leads to no feedback, see FeedbackFor.
func (a Alert) Veiled(v insight.Veil) Alert {
	a.Subject = a.Subject.Veiled(v)
	return a
}

// Veiled is the series as it may be shown.
func (x Series) Veiled(v insight.Veil) Series {
	if shown := x.Subject.Veiled(v); shown != x.Subject {
		x.Subject, x.Key = shown, shown.Key()
	}
	return x
}

// FeedbackFor is FeedbackOf before somebody: empty where it would say what they may not see.
func FeedbackFor(a Alert, v insight.Veil) string {
	if a.Subject.Veiled(v) != a.Subject {
		return ""
	}
	return FeedbackOf(a)
}
