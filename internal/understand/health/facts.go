package health

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/people/contact"
	"kolo/internal/understand/insight"
)

// Facts are what is known of one contact, in the order of days.
type Facts struct {
	Contact    contact.ID
	Account    contact.AccountID
	Worth      *contact.Money
	Segment    string // what lists are filtered by, as it is today
	Attributes map[string]string
	First      clock.Day // of which anything is known
	Acts       []Act
	Voices     []Voice
}

// Act is what a contact did on a day, or what happened to them.
type Act struct {
	Day  clock.Day
	Role role
	N    int32
}

// role is a Role as a small number.
type role uint8

const (
	used role = iota
	bought
	visited
	helped
	setback
	cancelled
	elsewise // an event without a meaning for the score: it dates the contact
)

func roleOf(r Role) role { return role(slices.Index(Roles, r)) }

// Voice is one piece of feedback.
type Voice struct {
	Day         clock.Day
	Rated, Told float32 // of a score and of a text, 0 to 100; below 0 where there is none
	Complaint   bool
	Closed      clock.Day // on which a complaint was resolved; 0: nothing says that it was
}

// open tells whether a complaint is not known to be resolved before a day.
func (v *Voice) open(t clock.Day) bool { return v.Complaint && (v.Closed == 0 || v.Closed >= t) }

// hear makes a Voice of what feedback says; zone is the workspace's.
func hear(v insight.Voice, zone *time.Location) Voice {
	out := Voice{Day: v.Day, Rated: -1, Told: -1, Complaint: v.Complaint}
	if v.Class != nil {
		out.Rated = float32(50 + 50**v.Class)
	}
	if v.Sentiment != nil {
		out.Told = float32(min(max(50+50**v.Sentiment, 0), 100))
	}
	if v.Complaint {
		out.Closed = dayIn(v.Resolved, zone)
	}
	return out
}

// dayIn reads a day, or an instant and its day in a zone; 0 where there is neither.
func dayIn(text string, zone *time.Location) clock.Day {
	text = strings.TrimSpace(text)
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return clock.DayOf(at, zone)
	}
	day, _, _ := strings.Cut(text, " ") // an instant without a zone is of the workspace's
	day, _, _ = strings.Cut(day, "T")
	d, err := clock.ParseDay(day)
	if err != nil {
		return 0
	}
	return d
}

// settle puts the facts into order and finds the first day; registered is when the contact became known, 0 for unknown.
func (f *Facts) settle(registered clock.Day) {
	slices.SortFunc(f.Acts, func(a, b Act) int { return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Role, b.Role)) })
	slices.SortFunc(f.Voices, func(a, b Voice) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Rated, b.Rated), cmp.Compare(a.Told, b.Told))
	})
	f.First = math.MaxInt32
	if registered != 0 {
		f.First = registered
	}
	if len(f.Acts) > 0 {
		f.First = min(f.First, f.Acts[0].Day)
	}
	if len(f.Voices) > 0 {
		f.First = min(f.First, f.Voices[0].Day)
	}
}

// acts and voices are the facts before a day: nothing else may be asked for what is computed as of it.
func (f *Facts) acts(t clock.Day) []Act {
	n, _ := slices.BinarySearchFunc(f.Acts, t, func(a Act, t clock.Day) int { return cmp.Compare(a.Day, t) })
	return f.Acts[:n]
}

func (f *Facts) voices(t clock.Day) []Voice {
	n, _ := slices.BinarySearchFunc(f.Voices, t, func(v Voice, t clock.Day) int { return cmp.Compare(v.Day, t) })
	return f.Voices[:n]
}

// gone tells whether the contact has left before a day, and did not come back before it: by using or buying on a later day.
func (f *Facts) gone(t clock.Day) bool {
	var left clock.Day
	gone := false
	for _, a := range f.acts(t) {
		switch {
		case a.Role == cancelled:
			left, gone = a.Day, true
		case (a.Role == used || a.Role == bought) && a.Day > left:
			gone = false
		}
	}
	return gone
}

// leaves tells on which day from t on, and before another, the contact leaves first.
func (f *Facts) leaves(t, before clock.Day) (clock.Day, bool) {
	for _, a := range f.Acts[len(f.acts(t)):] {
		if a.Day >= before {
			break
		}
		if a.Role == cancelled {
			return a.Day, true
		}
	}
	return 0, false
}

// count counts acts of a role from one day to before another.
func (f *Facts) count(r role, from, to clock.Day) int {
	n := 0
	for _, a := range f.Acts[len(f.acts(from)):] {
		if a.Day >= to {
			break
		}
		if a.Role == r {
			n += int(a.N)
		}
	}
	return n
}
