package insight

import (
	"context"
	"strconv"
	"strings"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// Slice chooses contacts: those whose ids lie after one id and up to another, or one in so many by the numbers of their
// ids, which is as good as chance. The zero Slice is all of them.
type Slice struct {
	After, Upto contact.ID // "" where there is no bound
	OneIn       int64      // 0 and 1 are all
}

// Has tells whether a contact belongs to the slice.
func (s Slice) Has(id contact.ID) bool {
	return id > s.After && (s.Upto == "" || id <= s.Upto) && (s.OneIn <= 1 || Key(string(id))%s.OneIn == 0)
}

// Where is the slice as a condition on a column of contacts' ids and one of their keys (see Key); args are what a statement
// has so far, and gain the slice's own.
func (s Slice) Where(contacts, keys string, args *[]any) string {
	add := func(v any) string {
		*args = append(*args, v)
		return "$" + strconv.Itoa(len(*args))
	}
	all := []string{contacts + " <> ''"}
	if s.After != "" {
		all = append(all, contacts+" > "+add(string(s.After)))
	}
	if s.Upto != "" {
		all = append(all, contacts+" <= "+add(string(s.Upto)))
	}
	if s.OneIn > 1 {
		all = append(all, keys+" % "+strconv.FormatInt(s.OneIn, 10)+" = 0")
	}
	return strings.Join(all, " AND ")
}

// Voice is what one piece of feedback says about the contact who gave it.
type Voice struct {
	Contact   contact.ID
	Day       clock.Day // in the workspace's zone
	Class     *int64    // of its first score: -1 at the bad end, 1 at the good one; nil without a score
	Sentiment *float64  // of its text, -1 to 1; nil without words, and while nothing was understood
	Complaint bool
	Resolved  string // an attribute that says when a complaint was resolved; "" where there is none
}

// Voices reads what the contacts of a slice have said before a day, in no order: for who follows each of them through time.
// resolved is the attribute that fills Voice.Resolved. An error from fn ends the reading and is given back.
func (s *Service) Voices(ctx context.Context, ws identity.WorkspaceID, of Slice, before clock.Day, resolved string, fn func(Voice) error) error {
	const op = "insight.Voices"
	if s.columns == nil {
		return fault.New(fault.Internal, op, "there are no columns here")
	}
	args := []any{string(ws), int64(before), feedback.Complaint}
	answer, rates := "''", "csat_class, ces_class, star_class, rating_class"
	if resolved != "" && column.CanPromote(resolved) {
		answer = "coalesce(" + s.columns.Dialect().Extra(table, resolved) + ", '')"
	}
	rows, err := s.columns.Query(ctx, "SELECT contact, day, coalesce(nps_class, "+rates+"), sentiment_score, CASE WHEN kind = $3 THEN 1 ELSE 0 END, "+answer+
		" FROM "+table+" WHERE workspace = $1 AND day < $2 AND "+of.Where("contact", "contact_key", &args), args...)
	if err != nil {
		return fault.Wrap(op, err)
	}
	defer func() { _ = rows.Close() }() // Err has told already
	for rows.Next() {
		var v Voice
		var day int64
		if err := rows.Scan(&v.Contact, &day, &v.Class, &v.Sentiment, &v.Complaint, &v.Resolved); err != nil {
			return fault.Wrap(op, err)
		}
		v.Day = clock.Day(day)
		if err := fn(v); err != nil {
			return err
		}
	}
	return fault.Wrap(op, rows.Err())
}
