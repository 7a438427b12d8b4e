// Package loop measures whether the loop closes: whether unhappy customers were contacted, whether they came back, and
// whether those who complained were told about the fix and stopped complaining.
package loop

import (
	"slices"
	"time"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/survival"
)

// Targets and windows by default.
const (
	ContactWithin   = 48 * time.Hour
	CloseWithin     = 14 * 24 * time.Hour
	FollowUpFrom    = 30 * 24 * time.Hour
	FollowUpTo      = 180 * 24 * time.Hour
	RecoveredFrom   = 7
	PromoterFrom    = 9
	ComplainedSince = 180 * 24 * time.Hour // before a fix
	ToldWithin      = 30 * 24 * time.Hour
	RepeatWithin    = 90 * 24 * time.Hour
)

// FollowUp is a later answer of the same customer.
type FollowUp struct {
	At    time.Time
	Score int
}

// Detractor is an unhappy answer and what followed; a zero time is "not yet".
type Detractor struct {
	Answered  time.Time
	Score     int
	Contacted time.Time
	Closed    time.Time // the customer was told the outcome
	FollowUp  *FollowUp
}

// Contact is how quickly and how often unhappy customers are reached.
type Contact struct {
	N         int
	Contacted int
	Naive     float64     // Contacted / N: flatters or slanders, depending on how many are fresh
	Matured   int         // answers at least ContactWithin old
	Within    *stat.Share // of those, contacted within it; nil: none has matured
	Closed    int
	CloseDue  int         // answers at least CloseWithin old
	CloseRate *stat.Share // of those, closed within it

	ToContact []survival.Observation // days, for Kaplan-Meier
	ToClose   []survival.Observation
}

const day = float64(24 * time.Hour)

// Reach reads all detractors as of a moment; later facts are not known yet.
func Reach(all []Detractor, asOf time.Time, level float64) (Contact, error) {
	if err := stat.CheckLevel("loop.Reach", level); err != nil {
		return Contact{}, err
	}
	var c Contact
	within, closed := int64(0), int64(0)
	for _, d := range all {
		if d.Answered.After(asOf) {
			continue
		}
		c.N++
		c.ToContact = append(c.ToContact, wait(d.Answered, d.Contacted, asOf))
		c.ToClose = append(c.ToClose, wait(d.Answered, d.Closed, asOf))
		if happened(d.Contacted, asOf) {
			c.Contacted++
		}
		if happened(d.Closed, asOf) {
			c.Closed++
		}
		if asOf.Sub(d.Answered) >= ContactWithin {
			c.Matured++
			if happened(d.Contacted, asOf) && d.Contacted.Sub(d.Answered) <= ContactWithin {
				within++
			}
		}
		if asOf.Sub(d.Answered) >= CloseWithin {
			c.CloseDue++
			if happened(d.Closed, asOf) && d.Closed.Sub(d.Answered) <= CloseWithin {
				closed++
			}
		}
	}
	if c.N == 0 {
		return Contact{}, stat.Undefined("loop.Reach", "there are no unhappy answers")
	}
	c.Naive = float64(c.Contacted) / float64(c.N)
	c.Within, c.CloseRate = share(within, c.Matured, level), share(closed, c.CloseDue, level)
	return c, nil
}

func happened(at, asOf time.Time) bool { return !at.IsZero() && !at.After(asOf) }

func wait(from, to, asOf time.Time) survival.Observation {
	if happened(to, asOf) {
		return survival.Observation{Time: max(0, float64(to.Sub(from))/day), Ended: true}
	}
	return survival.Observation{Time: float64(asOf.Sub(from)) / day}
}

func share(k int64, n int, level float64) *stat.Share {
	p, err := stat.Proportion(k, int64(n), level)
	if err != nil {
		return nil
	}
	return &p
}

// Recovery is what became of unhappy customers who answered again. The raw share is mostly regression to the mean: Lift
// takes off what those recovered who were not contacted.
type Recovery struct {
	Resurveyed  int
	Coverage    float64 // resurveyed / contacted and not: a recovery on a tenth of the customers is not a result
	Recovered   stat.Share
	ToPromoter  float64
	MeanChange  float64
	Contacted   [2]int // recovered, of contacted before they answered again
	Uncontacted [2]int
	Lift        *stat.Difference // contacted minus not, as shares; nil when a group is empty
}

// Recover looks at follow-ups between from and to after the first answer (to 0: no limits). Undefined when nobody was
// asked again.
func Recover(all []Detractor, asOf time.Time, from, to time.Duration, level float64) (Recovery, error) {
	if err := stat.CheckLevel("loop.Recover", level); err != nil {
		return Recovery{}, err
	}
	var r Recovery
	n, recovered, promoted, change := 0, 0, 0, 0
	for _, d := range all {
		if d.Answered.After(asOf) {
			continue
		}
		n++
		if d.FollowUp == nil || !happened(d.FollowUp.At, asOf) {
			continue
		}
		if age := d.FollowUp.At.Sub(d.Answered); to > 0 && (age < from || age > to) {
			continue
		}
		r.Resurveyed++
		change += d.FollowUp.Score - d.Score
		group := &r.Uncontacted
		if !d.Contacted.IsZero() && d.Contacted.Before(d.FollowUp.At) {
			group = &r.Contacted
		}
		group[1]++
		if d.FollowUp.Score >= RecoveredFrom {
			recovered++
			group[0]++
		}
		if d.FollowUp.Score >= PromoterFrom {
			promoted++
		}
	}
	if r.Resurveyed == 0 {
		return Recovery{}, stat.Undefined("loop.Recover", "nobody was asked again")
	}
	k := float64(r.Resurveyed)
	r.Coverage, r.ToPromoter, r.MeanChange = k/float64(n), float64(promoted)/k, float64(change)/k
	r.Recovered = *share(int64(recovered), r.Resurveyed, level)
	lift, err := stat.Newcombe(int64(r.Uncontacted[0]), int64(r.Uncontacted[1]), int64(r.Contacted[0]), int64(r.Contacted[1]), level)
	if err == nil {
		r.Lift = &lift
	}
	return r, nil
}

// Complainant is a customer who complained about a theme that was fixed.
type Complainant struct {
	Complaints   []time.Time // before the fix
	Reachable    bool
	Told         time.Time   // of the fix; zero: not
	Transactions int         // after the fix, within the window
	After        []time.Time // complaints about the same theme after the fix
}

// Outcome is whether complainants were told of a fix and whether it held.
type Outcome struct {
	N               int         // who complained in the ComplainedSince before the fix
	Told            *stat.Share // of the reachable, in time; nil: nobody is reachable
	ToldOfAll       float64
	Repeat          stat.Share  // customers who complained again in that time
	RepeatOfExposed *stat.Share // of those who came again; nil: nobody did
	Complaints      int         // again
	Per100          *float64    // per 100 transactions; nil without any
	Complete        bool        // the repeat window has passed
}

// After is how long after a fix things count; the zero value means ToldWithin and RepeatWithin.
type After struct {
	Told   time.Duration // for a complainant to be told of the fix
	Repeat time.Duration // for the same complaint to come again
}

// Follow reads the complainants of a fixed theme as of a moment. Who was told before the fix was told of something else.
// Undefined when nobody had complained.
func Follow(all []Complainant, fixed, asOf time.Time, within After, level float64) (Outcome, error) {
	if err := stat.CheckLevel("loop.Follow", level); err != nil {
		return Outcome{}, err
	}
	if within.Told < 0 || within.Repeat < 0 {
		return Outcome{}, stat.Invalid("loop.Follow", "%v to tell, %v to come again", within.Told, within.Repeat)
	}
	if within.Told == 0 {
		within.Told = ToldWithin
	}
	if within.Repeat == 0 {
		within.Repeat = RepeatWithin
	}
	o := Outcome{Complete: !asOf.Before(fixed.Add(within.Repeat))}
	reachable, told, repeat, exposed, exposedRepeat, transactions := 0, 0, 0, 0, 0, 0
	for _, c := range all {
		if !slices.ContainsFunc(c.Complaints, func(at time.Time) bool {
			return !at.After(fixed) && fixed.Sub(at) <= ComplainedSince
		}) {
			continue
		}
		o.N++
		if c.Reachable {
			reachable++
			if happened(c.Told, asOf) && !c.Told.Before(fixed) && c.Told.Sub(fixed) <= within.Told {
				told++
			}
		}
		again := 0
		for _, at := range c.After {
			if at.After(fixed) && at.Sub(fixed) <= within.Repeat && !at.After(asOf) {
				again++
			}
		}
		o.Complaints += again
		transactions += c.Transactions
		if again > 0 {
			repeat++
		}
		if c.Transactions > 0 {
			exposed++
			if again > 0 {
				exposedRepeat++
			}
		}
	}
	if o.N == 0 {
		return Outcome{}, stat.Undefined("loop.Follow", "nobody had complained")
	}
	o.Told = share(int64(told), reachable, level)
	o.ToldOfAll = float64(told) / float64(o.N)
	o.Repeat = *share(int64(repeat), o.N, level)
	o.RepeatOfExposed = share(int64(exposedRepeat), exposed, level)
	if transactions > 0 {
		per := 100 * float64(o.Complaints) / float64(transactions)
		o.Per100 = &per
	}
	return o, nil
}
