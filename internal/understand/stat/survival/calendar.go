package survival

import (
	"time"

	"kolo/internal/foundation/clock"
)

// Calendar says when a touchpoint is open. Times of day are from local midnight; Close is exclusive and after Open.
type Calendar struct {
	Zone     *time.Location
	Days     map[time.Weekday]bool
	Open     time.Duration
	Close    time.Duration
	Holidays map[clock.Day]bool
}

// Business is the open time between two instants; 0 when to is not after from. Days on which the clocks change count
// what really passed.
func (c Calendar) Business(from, to time.Time) time.Duration {
	var sum time.Duration
	if !to.After(from) {
		return 0
	}
	for d := clock.DayOf(from, c.Zone); d <= clock.DayOf(to, c.Zone); d++ {
		if !c.Days[d.Weekday()] || c.Holidays[d] {
			continue
		}
		open, shut := c.on(d, c.Open), c.on(d, c.Close)
		if open.Before(from) {
			open = from
		}
		if shut.After(to) {
			shut = to
		}
		if shut.After(open) {
			sum += shut.Sub(open)
		}
	}
	return sum
}

// Due is the instant at which so much open time has passed since from, looking at most ten years ahead; ok is false when
// the calendar never opens for long enough.
func (c Calendar) Due(from time.Time, business time.Duration) (due time.Time, ok bool) {
	if business <= 0 {
		return from, true
	}
	first := clock.DayOf(from, c.Zone)
	for d := first; d < first+3660; d++ {
		if !c.Days[d.Weekday()] || c.Holidays[d] {
			continue
		}
		open, shut := c.on(d, c.Open), c.on(d, c.Close)
		if open.Before(from) {
			open = from
		}
		if length := shut.Sub(open); length > 0 {
			if length >= business {
				return open.Add(business), true
			}
			business -= length
		}
	}
	return time.Time{}, false
}

// on is a wall-clock time of a day.
func (c Calendar) on(d clock.Day, t time.Duration) time.Time {
	y, m, day := d.Date()
	return time.Date(y, m, day, int(t/time.Hour), int(t%time.Hour/time.Minute), int(t%time.Minute/time.Second), 0, c.Zone)
}
