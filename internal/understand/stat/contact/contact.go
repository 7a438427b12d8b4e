// Package contact decides whether a person may be invited to a survey now: one set of cool-downs that every programme
// passes through, so that no one is asked too often.
package contact

import (
	"time"

	"kolo/internal/understand/stat"
)

// Kind tells surveys about a relationship from those about a single transaction.
type Kind string

// The kinds.
const (
	Relationship  Kind = "relationship"
	Transactional Kind = "transactional"
)

// Reason is a rule that blocks; stable for programs and logs.
type Reason string

// The reasons, in the order in which Decide reports them.
const (
	GlobalCooldown        Reason = "global_cooldown"
	RelationshipCooldown  Reason = "relationship_cooldown"
	TransactionalCooldown Reason = "transactional_cooldown"
	AfterResponseCooldown Reason = "after_response_cooldown"
	AnnualCap             Reason = "annual_cap"
	OpenComplaint         Reason = "open_complaint"
	OptedOut              Reason = "opted_out"
	QuietHours            Reason = "quiet_hours"
)

const day = 24 * time.Hour

// Policy holds the rules. Cool-downs block while strictly less time has passed; a zero one is off. The cool-down of a
// kind looks at invitations of that kind only.
type Policy struct {
	Global        time.Duration
	SameKind      map[Kind]time.Duration
	AfterResponse time.Duration
	MaxPerYear    int // invitations in 365 days; 0 is no limit
	// Complaints suppresses people with an open complaint or case.
	Complaints bool
	// QuietFrom and QuietTo are times of day in the person's zone; equal is never quiet, from > to spans midnight.
	QuietFrom, QuietTo time.Duration
	MaxReminders       int
	ReminderAfter      time.Duration
}

// Default is what a new workspace gets.
func Default() Policy {
	return Policy{
		Global:        14 * day,
		SameKind:      map[Kind]time.Duration{Relationship: 180 * day, Transactional: 90 * day},
		AfterResponse: 30 * day,
		MaxPerYear:    6,
		Complaints:    true,
		QuietFrom:     21 * time.Hour,
		QuietTo:       8 * time.Hour,
		MaxReminders:  1,
		ReminderAfter: 4 * day,
	}
}

// Invitation is one that was sent, to any of the person's addresses and by any programme. Answered is zero if it was not.
type Invitation struct {
	At       time.Time
	Kind     Kind
	Answered time.Time
}

// Person is what the rules need to know about whom to ask.
type Person struct {
	History       []Invitation
	OpenComplaint bool
	OptedOut      bool
	Zone          *time.Location // nil: quiet hours are not looked at
}

// Decide gives all rules that block an invitation of a kind at a moment; none means that it may go.
func (p Policy) Decide(kind Kind, at time.Time, who Person) []Reason {
	out := []Reason{}
	within := func(t time.Time, d time.Duration) bool { return at.Sub(t) < d }
	var anyone, same, answered bool
	year := 0
	for _, h := range who.History {
		anyone = anyone || within(h.At, p.Global)
		same = same || h.Kind == kind && within(h.At, p.SameKind[kind])
		answered = answered || !h.Answered.IsZero() && within(h.Answered, p.AfterResponse)
		if within(h.At, 365*day) {
			year++
		}
	}
	for _, rule := range []struct {
		blocks bool
		reason Reason
	}{
		{anyone, GlobalCooldown},
		{same, Reason(kind) + "_cooldown"},
		{answered, AfterResponseCooldown},
		{p.MaxPerYear > 0 && year >= p.MaxPerYear, AnnualCap},
		{p.Complaints && who.OpenComplaint, OpenComplaint},
		{who.OptedOut, OptedOut},
		{who.Zone != nil && p.quiet(at.In(who.Zone)), QuietHours},
	} {
		if rule.blocks {
			out = append(out, rule.reason)
		}
	}
	return out
}

func (p Policy) quiet(local time.Time) bool {
	h, m, s := local.Clock()
	t := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second
	if p.QuietFrom <= p.QuietTo {
		return t >= p.QuietFrom && t < p.QuietTo
	}
	return t >= p.QuietFrom || t < p.QuietTo
}

// MayRemind tells whether an unanswered invitation that was followed by sent reminders, the last message at last, may be
// followed by another now. Quiet hours, complaints and opting out hold for reminders too.
func (p Policy) MayRemind(at, last time.Time, sent int, who Person) bool {
	return sent < p.MaxReminders && at.Sub(last) >= p.ReminderAfter && !who.OptedOut &&
		!(p.Complaints && who.OpenComplaint) && (who.Zone == nil || !p.quiet(at.In(who.Zone)))
}

// Prefer picks among kinds that are due at once: a relationship survey beats a transactional one.
func Prefer(a, b Kind) Kind {
	if a == Relationship || b == Relationship {
		return Relationship
	}
	return a
}

// DesignWeight is 1 over a known chance of being sampled.
func DesignWeight(inclusion float64) (float64, error) {
	if !(inclusion > 0 && inclusion <= 1) {
		return 0, stat.Invalid("contact", "a chance of being asked lies between 0 and 1, this one is %v", inclusion)
	}
	return 1 / inclusion, nil
}
