package insight

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/text"
)

// copies is the field that finds what says the same: its values are the numbers that copies of one text share.
const copies = "copy"

// copied is a condition on it as SQL; validate has read its values.
func (e Condition) copied() (string, error) {
	keys := make([]string, len(e.Values))
	for i, v := range e.Values {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return "", fmt.Errorf("copies are named by whole numbers, not by %q", v)
		}
		keys[i] = strconv.FormatInt(n, 10)
	}
	switch e.Op {
	case "in", "":
		return "(copy_key IN (" + strings.Join(keys, ", ") + "))", nil
	case "not_in":
		return "(copy_key NOT IN (" + strings.Join(keys, ", ") + "))", nil
	}
	return "", fmt.Errorf("feedback is or is not among copies: in or not_in")
}

// Group is feedback that says the same. The newest stands for all.
type Group struct {
	feedback.Feedback
	Others int64    // how many others say it, among what was asked for
	Keys   []string // values of the field copy by which all of them are found; none of feedback without words and of what was not read yet
}

// Groups is a page of them.
type Groups struct {
	Groups []Group
	Next   string // cursor of the next page, "" on the last
}

// windows are how much feedback is looked at for a page of groups, one step after the other until the page is full; each as far as its texts are
// not too large together.
var windows = []int{100, 200, 400, 800, 1000, 1000}

const windowBytes = 8 << 20

// FindGroups is Find, or with best Best, where copies are given once: those of the very same words where the newest of them stands, however
// many pages there are (with best, once a page); near copies once a page. A question for copies themselves (the field copy) gives each by
// itself. A page may have fewer groups than limit, or none, and a next page all the same, where so much of what follows was said before that
// to look further would take long.
func (s *Service) FindGroups(ctx context.Context, ws identity.WorkspaceID, c Conditions, p Period, cursor string, limit int, best bool) (Groups, error) {
	find := func(c Conditions, cursor string, limit int) (Found, error) {
		if best {
			return s.Best(ctx, ws, c, p, cursor, limit)
		}
		return s.FindWithin(ctx, ws, c, p, cursor, limit, windowBytes)
	}
	if slices.ContainsFunc(c, func(e Condition) bool { return e.Field == copies && e.Op != "not_in" }) {
		found, err := find(c, cursor, limit)
		out := Groups{Next: found.Next}
		for _, f := range found.Feedback {
			out.Groups = append(out.Groups, Group{Feedback: f})
		}
		return out, err
	}
	g := gathering{limit: limit, at: map[int64]int{}}
	var after feedback.Cursor
	if !best {
		var err error
		if after, err = parseCursor(cursor); err != nil {
			return Groups{}, err
		}
	}
	asked := c
	for _, window := range windows {
		window = max(window, limit)
		if best { // which says of no page how large it is
			window = limit
		}
		found, err := find(asked, cursor, window)
		if err != nil {
			return Groups{}, err
		}
		keys, counts, err := s.copiesOf(ctx, ws, c, p, after, found.Feedback, g.at)
		if err != nil {
			return Groups{}, fault.Wrap("insight.FindGroups", err)
		}
		for i, f := range found.Feedback {
			if g.add(f, keys[f.ID], counts[keys[f.ID]]) {
				continue
			}
			switch { // the page is full: the next one begins here
			case best:
				from, _ := strconv.Atoi(strings.TrimPrefix(cursor, "best_")) // Best has read it
				cursor = "best_" + strconv.Itoa(from+i)
			case i > 0:
				cursor = cursorOf(found.Feedback[i-1])
			}
			return g.page(cursor), nil
		}
		if cursor = found.Next; cursor == "" || len(g.groups) == limit {
			break
		}
		if !best && len(g.at) > 0 { // what is known by now need not be looked at again
			known := make([]string, 0, len(g.at))
			for key := range g.at {
				known = append(known, strconv.FormatInt(key, 10))
			}
			asked = append(slices.Clone(c), Condition{Field: copies, Op: "not_in", Values: known})
		}
	}
	return g.page(cursor), nil
}

// gathering puts feedback into groups, in the order in which it comes.
type gathering struct {
	limit  int
	groups []gathered
	at     map[int64]int // the group of a key; -1 where an earlier page has it
	same   text.Duplicates
	near   []int // the group of each group of near copies
}

type gathered struct {
	Group
	total, seen int64 // how much says it, and how much of that came by
}

// add puts feedback into its group, or makes one for it; false when there is no room for one more.
func (g *gathering) add(f feedback.Feedback, key int64, c copyCount) bool {
	at := len(g.groups)
	if key != 0 { // without a key, nothing finds it together with others
		at, known := g.at[key]
		if !known && c.before {
			at, known = -1, true
			g.at[key] = at
		}
		if known {
			if at >= 0 {
				g.groups[at].seen++
			}
			return true
		}
		if near, _ := g.same.Add(string(f.ID), text.Words(f.Text)); near < len(g.near) {
			g.join(g.near[near], key, c.n)
			return true
		}
	}
	if at == g.limit {
		return false
	}
	g.groups = append(g.groups, gathered{Group: Group{Feedback: f}})
	if key != 0 {
		g.near = append(g.near, at)
		g.join(at, key, c.n)
	}
	return true
}

func (g *gathering) join(at int, key, n int64) {
	x := &g.groups[at]
	g.at[key] = at
	x.Keys = append(x.Keys, strconv.FormatInt(key, 10))
	x.seen++
	x.total += max(n, 1)
}

// page is what was gathered.
func (g *gathering) page(next string) Groups {
	out := Groups{Next: next}
	for _, x := range g.groups {
		x.Others = max(x.total, x.seen, 1) - 1
		out.Groups = append(out.Groups, x.Group)
	}
	return out
}

// copyCount is how much feedback shares a key, and whether an earlier page has the newest of it.
type copyCount struct {
	n      int64
	before bool
}

// Alike counts the copies of feedback among what fulfils conditions, however much of that was read: of each in a list the value of the field
// copy that finds all of its very words, and of each value how many there are. What has no words, or was not read yet, has no value.
func (s *Service) Alike(ctx context.Context, ws identity.WorkspaceID, c Conditions, p Period, list []feedback.Feedback) (keys map[feedback.ID]string, counts map[string]int64, err error) {
	found, n, err := s.copiesOf(ctx, ws, c, p, feedback.Cursor{}, list, nil)
	if err != nil {
		return nil, nil, fault.Wrap("insight.Alike", err)
	}
	keys, counts = map[feedback.ID]string{}, map[string]int64{}
	for id, key := range found {
		if key != 0 {
			k := strconv.FormatInt(key, 10)
			keys[id], counts[k] = k, n[key].n
		}
	}
	return keys, counts, nil
}

// copiesOf gives the keys of feedback and counts what fulfils conditions and has one of those that are not known yet; after is where the
// page begins.
func (s *Service) copiesOf(ctx context.Context, ws identity.WorkspaceID, c Conditions, p Period, after feedback.Cursor, list []feedback.Feedback, known map[int64]int) (map[feedback.ID]int64, map[int64]copyCount, error) {
	var texts []feedback.ID
	for _, f := range list {
		if f.Text != "" {
			texts = append(texts, f.ID)
		}
	}
	labels, err := s.labelsOf(ctx, ws, texts)
	if err != nil {
		return nil, nil, err
	}
	keys, counts := map[feedback.ID]int64{}, map[int64]copyCount{}
	var ask []string
	for id, l := range labels {
		keys[id] = l.Copy
		if _, ok := known[l.Copy]; ok || l.Copy == 0 {
			continue
		}
		if _, ok := counts[l.Copy]; !ok {
			counts[l.Copy] = copyCount{}
			ask = append(ask, strconv.FormatInt(l.Copy, 10))
		}
	}
	if len(ask) == 0 || s.columns == nil {
		return keys, counts, nil
	}
	slices.Sort(ask) // questions that are asked again are the same, then
	_, sp, err := s.scope(ctx, ws, p)
	if err != nil {
		return nil, nil, err
	}
	a, err := s.asking(ctx, ws, nil, c)
	if err != nil {
		return nil, nil, err
	}
	// Ids are long, and reading them for all rows would be most of the work: they are asked for only of what has the instant of the cursor.
	var args arguments
	cond, err := where(a, sp, append(slices.Clone(c), Condition{Field: copies, Op: "in", Values: ask}), &args)
	if err != nil {
		return nil, nil, err
	}
	rows, err := s.columns.All(ctx, "SELECT copy_key, count(*), max(time) FROM "+table+" WHERE "+cond+" GROUP BY copy_key", args...)
	if err != nil {
		return nil, nil, err
	}
	var tied []string
	for _, r := range rows {
		key, newest := number[int64](r[0]), number[int64](r[2])
		counts[key] = copyCount{number[int64](r[1]), after.ID != "" && newest > after.Time}
		if after.ID != "" && newest == after.Time {
			tied = append(tied, strconv.FormatInt(key, 10))
		}
	}
	if len(tied) == 0 {
		return keys, counts, nil
	}
	slices.Sort(tied)
	args = nil
	if cond, err = where(a, sp, append(slices.Clone(c), Condition{Field: copies, Op: "in", Values: tied}), &args); err != nil {
		return nil, nil, err
	}
	cond += " AND time = " + args.add(after.Time) + " AND id >= " + args.add(string(after.ID))
	rows, err = s.columns.All(ctx, "SELECT DISTINCT copy_key FROM "+table+" WHERE "+cond, args...)
	for _, r := range rows {
		key := number[int64](r[0])
		counts[key] = copyCount{counts[key].n, true}
	}
	return keys, counts, err
}
