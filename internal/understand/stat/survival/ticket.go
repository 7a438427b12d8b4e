package survival

import (
	"slices"
	"time"

	"kolo/internal/understand/stat"
)

// Kind of an event in an item's log.
type Kind string

// The kinds of events.
const (
	Assign        Kind = "assign"
	AgentContact  Kind = "agent_contact"
	WaitCustomer  Kind = "wait_customer"
	CustomerReply Kind = "customer_reply"
	Resolve       Kind = "resolve"
	Reopen        Kind = "reopen"
)

// Event is one entry of the log.
type Event struct {
	At    time.Time
	Kind  Kind
	Owner string // of an assignment
	Team  string
}

// Ticket is one item; its clock starts when the customer's message was received.
type Ticket struct {
	ID       string
	Customer string
	Theme    string
	Opened   time.Time
	Events   []Event // any order
}

// Verdict on a target.
type Verdict string

// The verdicts: pending is neither met nor breached yet.
const (
	Met      Verdict = "met"
	Breached Verdict = "breached"
	Pending  Verdict = "pending"
)

// ResolutionWindow is how long after a resolution a new contact speaks against it.
const ResolutionWindow = 7 * 24 * time.Hour

// Measured is what the log of one ticket says at a moment.
type Measured struct {
	ID            string
	FirstResponse *time.Duration // business time to the first contact; nil: none yet
	Running       time.Duration  // business time until resolved or now, pauses left out
	Elapsed       time.Duration  // calendar time until resolved or now, pauses included
	Resolved      bool
	Verdict       Verdict
	Matured       bool // opened at least one target of business time ago
	Handovers     int  // changes of owner after the first assignment
	TeamHandovers int
	PingPong      int // returns to an earlier owner
	Owners        int
	Unowned       time.Duration // business time until the first assignment
	FirstContact  *bool         // resolved at first contact; nil until the window has passed
	resolvedAt    time.Time
}

// Measure reads one ticket as of a moment, against a target of business time; events after the moment are not known yet.
// The clock stands while waiting for the customer and between a resolution and a reopening. FirstContact needs the
// other tickets of the customer: see MeasureAll.
func (c Calendar) Measure(t Ticket, asOf time.Time, target time.Duration) Measured {
	events := slices.DeleteFunc(slices.Clone(t.Events), func(e Event) bool { return e.At.After(asOf) })
	slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	m := Measured{ID: t.ID, Matured: c.Business(t.Opened, asOf) >= target}
	waiting, assigned := false, false
	since := t.Opened // start of the present running stretch
	owners := map[string]bool{}
	owner, team := "", ""
	stop := func(at time.Time) {
		if !waiting && !m.Resolved {
			m.Running += c.Business(since, at)
		}
	}
	for _, e := range events {
		switch e.Kind {
		case Assign:
			switch {
			case !assigned:
				m.Unowned = c.Business(t.Opened, e.At)
			case e.Owner != owner:
				m.Handovers++
				if owners[e.Owner] {
					m.PingPong++
				}
			}
			if assigned && e.Team != team {
				m.TeamHandovers++
			}
			assigned, owner, team = true, e.Owner, e.Team
			owners[e.Owner] = true
		case AgentContact:
			if m.FirstResponse == nil {
				d := c.Business(t.Opened, e.At)
				m.FirstResponse = &d
			}
		case WaitCustomer:
			stop(e.At)
			waiting, since = true, e.At
		case CustomerReply:
			if waiting {
				waiting, since = false, e.At
			}
		case Resolve:
			stop(e.At)
			m.Resolved, m.resolvedAt, waiting, since = true, e.At, false, e.At
		case Reopen:
			if m.Resolved {
				m.Resolved, since = false, e.At
			}
		}
	}
	stop(asOf)
	end := asOf
	if m.Resolved {
		end = m.resolvedAt
	}
	m.Elapsed = end.Sub(t.Opened)
	if !assigned {
		m.Unowned = c.Business(t.Opened, end)
	}
	m.Owners = len(owners)
	switch {
	case m.Running > target:
		m.Verdict = Breached
	case m.Resolved:
		m.Verdict = Met
	default:
		m.Verdict = Pending
	}
	return m
}

// ServiceLevel sums tickets up. The share within the target is over matured tickets only: counting the early successes of
// younger ones would flatter it.
type ServiceLevel struct {
	N, Matured    int
	Within        *stat.Share // nil: none has matured
	BreachedOpen  int
	MeanHandovers float64
	TwoHandovers  float64 // share with at least two
	PingPong      float64 // share with at least one
	FirstContact  *stat.Share
	FirstContactN int
}

// MeasureAll reads all tickets of a touchpoint. A ticket was resolved at first contact when the customer wrote once, it
// was not reopened, and no new one of the same customer and theme was opened within ResolutionWindow; this is known only
// once that window has passed.
func (c Calendar) MeasureAll(tickets []Ticket, asOf time.Time, target time.Duration, level float64) ([]Measured, ServiceLevel, error) {
	if err := stat.CheckLevel("survival.MeasureAll", level); err != nil {
		return nil, ServiceLevel{}, err
	}
	if c.Zone == nil || c.Close <= c.Open {
		return nil, ServiceLevel{}, stat.Invalid("survival.MeasureAll", "the calendar has no zone or no opening hours")
	}
	type topic struct{ customer, theme string }
	opened := map[topic][]time.Time{}
	for _, t := range tickets {
		k := topic{t.Customer, t.Theme}
		opened[k] = append(opened[k], t.Opened)
	}
	s := ServiceLevel{N: len(tickets)}
	out := make([]Measured, 0, len(tickets))
	met, first, handovers, two, ping := int64(0), int64(0), 0, 0, 0
	for _, t := range tickets {
		m := c.Measure(t, asOf, target)
		if m.Resolved && !asOf.Before(m.resolvedAt.Add(ResolutionWindow)) {
			once := !slices.ContainsFunc(t.Events, func(e Event) bool {
				return !e.At.After(asOf) && (e.Kind == CustomerReply || e.Kind == Reopen)
			})
			again := slices.ContainsFunc(opened[topic{t.Customer, t.Theme}], func(at time.Time) bool {
				return at.After(t.Opened) && !at.After(m.resolvedAt.Add(ResolutionWindow))
			})
			done := once && !again
			m.FirstContact = &done
			s.FirstContactN++
			if done {
				first++
			}
		}
		if m.Matured {
			s.Matured++
			if m.Verdict == Met {
				met++
			}
		}
		if m.Verdict == Breached && !m.Resolved {
			s.BreachedOpen++
		}
		handovers += m.Handovers
		if m.Handovers >= 2 {
			two++
		}
		if m.PingPong > 0 {
			ping++
		}
		out = append(out, m)
	}
	if n := float64(s.N); n > 0 {
		s.MeanHandovers, s.TwoHandovers, s.PingPong = float64(handovers)/n, float64(two)/n, float64(ping)/n
	}
	share := func(k int64, n int) *stat.Share {
		p, err := stat.Proportion(k, int64(n), level)
		if err != nil {
			return nil
		}
		return &p
	}
	s.Within, s.FirstContact = share(met, s.Matured), share(first, s.FirstContactN)
	return out, s, nil
}

// Handovers counts who handed over to whom.
func Handovers(tickets []Ticket) map[[2]string]int {
	out := map[[2]string]int{}
	for _, t := range tickets {
		events := slices.Clone(t.Events)
		slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
		owner, assigned := "", false
		for _, e := range events {
			if e.Kind != Assign {
				continue
			}
			if assigned && e.Owner != owner {
				out[[2]string{owner, e.Owner}]++
			}
			owner, assigned = e.Owner, true
		}
	}
	return out
}
