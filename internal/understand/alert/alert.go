// Package alert is early warning: it watches what customers say, by day and by week, and opens an alert where a theme, a
// channel, a kind of feedback or a score leaves its normal range. All that a workspace watches shares one budget of false
// alarms. What is normal, and how far from it is too far, is stat/watch's to say; what is watched, what becomes of a signal
// and who looks after it stands here.
package alert

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// ID identifies an alert: a UUIDv7.
type ID string

// What a Subject measures, beside the scores.
const (
	Count    = "count"    // how much feedback there is of the subject
	Negative = "negative" // how many of its texts blame; of a theme: how many blame it, whatever else they say
)

// Scores are the measures of a Subject that are scores.
var Scores = []insight.Measure{insight.NPS, insight.CSAT, insight.CES, insight.Star}

// Subject is what a series is of.
type Subject struct {
	Measure string `json:"measure" enum:"count,negative,nps,csat,ces,star" doc:"count: pieces of feedback; negative: texts that blame (of a theme: that blame it); or a score"`
	Field   string `json:"field,omitempty" doc:"theme, kind, channel, survey, touchpoint, attribute.KEY ...; empty for all feedback"`
	Value   string `json:"value,omitempty" doc:"Of the field"`
	Scale   string `json:"scale,omitempty" doc:"Of a score: scales are never pooled"`
}

// Key is the subject as one text: measure?field=value, and the scale of a score.
func (s Subject) Key() string {
	v := url.Values{}
	if s.Field != "" {
		v.Set("field", s.Field)
		v.Set("value", s.Value)
	}
	if s.Scale != "" {
		v.Set("scale", s.Scale)
	}
	return s.Measure + "?" + v.Encode()
}

// ParseSubject reads what Key wrote.
func ParseSubject(key string) (Subject, error) {
	measure, query, ok := strings.Cut(key, "?")
	v, err := url.ParseQuery(query)
	if !ok || err != nil || measure == "" {
		return Subject{}, fault.Bad("alert.ParseSubject", fault.Field{Path: "subject", Code: "form", Msg: "a subject is written as count?field=theme&value=delivery"})
	}
	s := Subject{Measure: measure, Field: v.Get("field"), Value: v.Get("value"), Scale: v.Get("scale")}
	if measure != Count && measure != Negative && !s.Score() {
		return s, fault.Bad("alert.ParseSubject", fault.Field{Path: "subject", Code: "unknown", Msg: "what is measured is count, negative, nps, csat, ces or star"})
	}
	return s, nil
}

// Score tells whether the subject is a score: then the wrong way on its scale is bad, otherwise much is.
func (s Subject) Score() bool { return slices.Contains(Scores, insight.Measure(s.Measure)) }

// better is 1 where a higher score is a better one, and -1 where it is a worse one: a mean on a scale whose best end is its lowest number.
func (s Subject) better() float64 { return float64(insight.Measure(s.Measure).BetterOn(s.Scale)) }

// unasked are the kinds of feedback that come because something happened, not because somebody asked: their number tells
// something, whereas the number of answers to a survey follows the number of invitations.
var unasked = []string{"complaint", "mention", "review", "message"}

// badGroup is the class of answers at the bad end of a score.
var badGroup = map[string]string{"nps": "detractor", "csat": "dissatisfied", "ces": "hard", "star": "low"}

// ofTheme tells whether the subject is what is said of a theme.
func (s Subject) ofTheme() bool { return s.Field == "theme" || s.Field == "theme_only" }

// Mixed tells whether what is expected of the subject follows the mix of where texts come from.
func (s Subject) Mixed() bool { return s.ofTheme() || s.Measure == Negative }

// place are the conditions that the subject's field makes.
func (s Subject) place() insight.Conditions {
	switch {
	case s.Field == "":
		return nil
	case s.Value == "":
		return insight.Conditions{{Field: s.Field, Op: "empty"}}
	}
	return insight.Conditions{{Field: s.Field, Op: "in", Values: []string{s.Value}}}
}

// Behind are the conditions of the feedback that an alarm of the subject is about: of a score the answers at its bad end.
func (s Subject) Behind() insight.Conditions {
	c := s.place()
	switch {
	case s.Measure == Negative && s.ofTheme():
		return insight.Conditions{{Field: s.Field + "_blamed", Op: "in", Values: []string{s.Value}}}
	case s.Measure == Negative:
		c = append(c, insight.Condition{Field: "sentiment", Op: "in", Values: []string{"negative"}})
	case s.Score():
		c = append(c, insight.Condition{Field: s.Measure + "_group", Op: "in", Values: []string{badGroup[s.Measure]}})
	case s.Field == "channel" || s.Field == "":
		c = append(c, insight.Condition{Field: "kind", Op: "in", Values: unasked})
	}
	return c
}

// Kind of an alert.
type Kind string

// The kinds.
const (
	Alarm       Kind = "alarm"       // more of something than usual, or a score that got worse
	Improvement Kind = "improvement" // less of it, or a score that got better
)

// State of an alert.
type State string

// The states, in the order in which an alert goes through them.
const (
	Open         State = "open"
	Acknowledged State = "acknowledged" // it has exactly one owner
	Closed       State = "closed"       // it has a verdict
)

// Verdict is what came of an alert.
type Verdict string

// The verdicts.
const (
	True  Verdict = "true"  // something had happened
	False Verdict = "false" // nothing had
	Known Verdict = "known" // something had, and it was known: a campaign, an outage
)

// Rule is what fired.
type Rule string

// The rules.
const (
	Spike Rule = "spike" // one period is far too high
	Shift Rule = "shift" // recent periods together are too high, or too low
	Mean  Rule = "mean"  // a score's mean has moved (CUSUM)
	Drift Rule = "drift" // a score drifts (EWMA)
	Share Rule = "share" // a score's share of bad answers has risen (likelihood-ratio CUSUM)
)

// Alert is an episode: signals of one subject that lie at most four weeks apart.
type Alert struct {
	ID             ID                `json:"id"`
	Subject        Subject           `json:"subject"`
	Kind           Kind              `json:"kind" enum:"alarm,improvement"`
	State          State             `json:"state" enum:"open,acknowledged,closed"`
	Owner          identity.MemberID `json:"owner_id,omitempty"`
	Rule           Rule              `json:"rule" enum:"spike,shift,mean,drift,share" doc:"What fired last. spike: one period is far off; shift: recent periods together are; mean, drift, share: of a score"`
	Bucket         string            `json:"bucket" enum:"day,week" doc:"Of the period that signalled last"`
	Since          string            `json:"since" doc:"First day of what is unusual"`
	Last           string            `json:"last" doc:"Last day of the latest period that signalled"`
	Signals        int64             `json:"signals" doc:"Periods that signalled"`
	Observed       float64           `json:"observed" doc:"In the latest period that signalled: how many, or the score"`
	Expected       float64           `json:"expected"`
	Low            float64           `json:"low" doc:"95 % of such periods lie between low and high while nothing has changed"`
	High           float64           `json:"high"`
	Exposure       float64           `json:"exposure,omitempty" doc:"What a count is out of, or how many answers a score rests on"`
	P              float64           `json:"p" doc:"Of the period, against the baseline"`
	Q              float64           `json:"q" doc:"Benjamini-Hochberg, among all series of that period"`
	Excess         float64           `json:"excess" doc:"Severity: how much more feedback (of a score: bad answers) than expected, over the episode"`
	SnoozedUntil   string            `json:"snoozed_until,omitempty" doc:"Day"`
	SnoozeReason   string            `json:"snooze_reason,omitempty"`
	Verdict        Verdict           `json:"verdict,omitempty" enum:"true,false,known,"`
	Reason         string            `json:"reason,omitempty" doc:"Of the verdict"`
	OpenedAt       time.Time         `json:"opened_at"`
	ChangedAt      time.Time         `json:"changed_at"`
	AcknowledgedAt *time.Time        `json:"acknowledged_at,omitempty"`
	ClosedAt       *time.Time        `json:"closed_at,omitempty"`

	episode, since, last clock.Day
	snoozed, quiet       clock.Day
	told                 float64
}

// Between is the period of what is unusual.
func (a Alert) Between() insight.Period { return insight.Period{From: a.Since, To: a.Last} }

// Snoozed tells whether nobody is to be bothered with it on a day.
func (a Alert) Snoozed(today clock.Day) bool { return a.snoozed > today }

// What a Notice tells.
const (
	Opened    = "opened"
	Escalated = "escalated" // it has at least doubled since it was last told
)

// Notice is something that people are to be told: once, whoever tells it and however often that is tried.
type Notice struct {
	ID    string
	Kind  string // Opened, Escalated
	At    time.Time
	Alert Alert // as it is now
}

// TellKind is the kind of the job that tells notices: one for each workspace that has some, put into the queue by what makes them.
const TellKind = "alert.tell"
