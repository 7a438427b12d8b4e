package demo

import (
	"cmp"
	"slices"
	"time"
)

// Event is something a customer did or that happened to one, in the common track format.
type Event struct {
	Type       string         `json:"type"` // track
	Event      string         `json:"event"`
	MessageID  string         `json:"messageId"`
	UserID     string         `json:"userId"`
	Timestamp  time.Time      `json:"timestamp"`
	Properties map[string]any `json:"properties"`
}

// happening is an event before it has a form.
type happening struct {
	at     int64 // Unix milliseconds
	what   uint8
	person int32
	order  int32
	wait   int32
	courier,
	team uint8
	odd bool // late, failed, returned: whatever is not as it should be
}

const (
	hPurchase = iota
	hDelivery
	hLogin
	hVisit
	hCall
	hRefund
	hCancelled
	numHappenings
)

var happenings = [numHappenings]string{"purchase", "delivery", "login", "visit", "call", "refund", "cancelled"}

// habits are how often a week an active contact does a thing that no feedback tells of.
var habits = [numHappenings]struct {
	rate   float64
	season season
}{hPurchase: {.030, retail}, hDelivery: {.021, retail}, hLogin: {.15, steady}, hVisit: {.05, retail}, hCall: {.030, work}, hRefund: {.003, work}}

// Planted in events: the share of deliveries that are late, of logins that fail.
const (
	lateShare   = .06
	failShare   = .01
	failedShare = .30 // with the version that lets nobody in
)

// Events gives every event in the order of time. Those that an answer to a survey is about come shortly before it; they
// are few beside the rest, so that events make fair denominators: complaints a thousand deliveries, calls, contacts.
func (c *Company) Events(fn func(Event) error) error {
	active := c.activeByDay()
	var today, tomorrow []happening
	carry := [numHappenings]float64{}
	n := 0
	load := func(d int) error { // what led to the answers of a day happened on it or on the day before
		if d >= c.days {
			return nil
		}
		midnight := c.start.AddDate(0, 0, d).UnixMilli()
		return c.day(d, func(r *row) error {
			h, ok := r.cause()
			if !ok {
				return nil
			}
			switch {
			case h.at >= midnight:
				tomorrow = append(tomorrow, h)
			case d > 0:
				today = append(today, h)
			default: // before the company's first day
			}
			return nil
		})
	}
	if err := load(0); err != nil {
		return err
	}
	for d := range c.days {
		today, tomorrow = tomorrow, today[:0]
		if err := load(d + 1); err != nil {
			return err
		}
		c.background(d, active[d], &carry, &today)
		slices.SortFunc(today, inOrder)
		for i := range today {
			n++
			if err := fn(c.event(n, d, &today[i])); err != nil {
				return err
			}
		}
	}
	return nil
}

// inOrder compares by time, and settles ties so that the order is always the same.
func inOrder(a, b happening) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.person, b.person), cmp.Compare(a.what, b.what), cmp.Compare(a.order, b.order))
}

// activeByDay counts the contacts who are customers on each day.
func (c *Company) activeByDay() []int {
	active := make([]int, c.days)
	left := 0
	for d := range active {
		left += len(c.leavers[d])
		active[d] = c.joined[d] - left
	}
	return active
}

// cause is the event that an answer is about.
func (r *row) cause() (happening, bool) {
	var what uint8
	switch r.stream {
	case sPurchase:
		what = hPurchase
	case sDelivery:
		what = hDelivery
	case sSupportCall, sCall:
		what = hCall
	case sStoreVisit:
		what = hVisit
	default:
		return happening{}, false
	}
	g := rng{r.seed ^ 0xa0761d6478bd642f}
	lag := int64(20+g.n(18*60)) * 60_000
	if r.stream == sCall {
		lag = 1000
	}
	h := happening{at: r.at.UnixMilli() - lag, what: what, person: int32(r.person), order: int32(r.order), wait: int32(r.wait), courier: r.courier, team: r.team}
	if what == hDelivery {
		h.odd = r.plant >= 0 || g.chance(lateShare)
	}
	return h, true
}

// background adds what happens on a day without anybody speaking of it.
func (c *Company) background(d, active int, carry *[numHappenings]float64, out *[]happening) {
	r, force := seeded(c.options.Seed, 'e', uint64(d)), c.inForce(d)
	midnight := c.start.AddDate(0, 0, d).UnixMilli()
	in := func(id string) *inForce {
		for i := range force {
			if force[i].id == id {
				return &force[i]
			}
		}
		return nil
	}
	late, queue, locked := in("rc-courier-late"), in("rc-january-queue"), in("rc-app-login")
	at := func() int64 { return midnight + int64(secondOf(r.float())*1000) }
	for what, habit := range habits {
		many := habit.rate / 7 * float64(active) * c.calendar[habit.season][d]
		if what == hCall && queue != nil {
			many *= 1.4
		}
		for carry[what] += many; carry[what] >= 1; carry[what]-- {
			i := c.pickContact(&r, sBilling, d, nil)
			p := &c.people[i]
			if what == hLogin && (p.low && r.chance(.8) || p.app == noApp && r.chance(.6)) {
				continue
			}
			h := happening{at: at(), what: uint8(what), person: int32(i), order: 20 + int32(90*r.exp()), wait: min(60, int32(usualWait*r.exp()+.5)),
				courier: uint8(r.pick(couriersOf(p))), team: uint8(r.pick(teamShares))}
			switch what {
			case hDelivery:
				share := lateShare
				if late != nil && h.courier == swift {
					share *= late.factor(p)
				}
				h.odd = r.chance(share)
			case hCall:
				if queue != nil {
					h.wait = min(75, 8+int32(14*r.exp()))
				}
			case hLogin:
				share := failShare
				if locked != nil && locked.factor(p) != 1 {
					share = failedShare
				}
				h.odd = r.chance(share)
			}
			*out = append(*out, h)
		}
	}
	for _, i := range c.leavers[d] {
		*out = append(*out, happening{at: at(), what: hCancelled, person: i, odd: r.chance(.4)})
	}
}

func (c *Company) event(n, d int, h *happening) Event {
	p := &c.people[h.person]
	co := &countries[p.country]
	props := map[string]any{"country": co.code, "region": regions[p.region].name, "plan": plans[p.plan].name}
	value := int(float64(h.order) * co.rate)
	switch h.what {
	case hPurchase:
		props["value"], props["currency"] = value, co.currency
	case hRefund:
		props["value"], props["currency"] = -value/2, co.currency
	case hDelivery:
		props["courier"], props["late"] = couriers[h.courier], h.odd
	case hCall:
		props["wait_minutes"], props["agent_team"] = h.wait, teams[h.team].name
	case hLogin:
		props["ok"] = !h.odd
		if v := p.version(d / 7); v != "" {
			props["app_version"] = v
		}
	case hVisit:
		cities := regions[p.region].cities
		props["store"] = cities[int(h.order)%len(cities)]
	case hCancelled:
		props["reason"] = reasons[p.reason]
		if h.odd {
			props["reason"] = "not_stated"
		}
	}
	return Event{Type: "track", Event: happenings[h.what], MessageID: padded("demo-e-", n, 7), UserID: contactID(int(h.person)),
		Timestamp: time.UnixMilli(h.at).UTC(), Properties: props}
}
