package contacts

import (
	"net/url"
	"slices"

	"kolo/internal/edge/web"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/contact"
)

// segmentView is the segment that the list shows, and what may be done with the present filter.
type segmentView struct {
	ID, Name string // of the segment that is open; empty for none
	Filter   string // query string of what would be saved
	Change   string // address of the list with the segment's filter spelled out, to be changed
	Changed  bool   // the list shows something else than the segment
}

func segmentOf(a address, f contact.Filter, segments []contact.Segment) segmentView {
	v := segmentView{Filter: a.filters.Encode()}
	id := f.Segment
	if id == "" {
		id = contact.SegmentID(a.editing)
	}
	i := slices.IndexFunc(segments, func(s contact.Segment) bool { return s.ID == id })
	if i < 0 {
		return v
	}
	s := segments[i]
	v.ID, v.Name = string(s.ID), s.Name
	spelled := contact.EncodeFilter(s.Filter)
	v.Change = address{editing: v.ID}.href(spelled)
	if f.Segment != "" {
		v.Changed = len(a.filters) > 1
	} else {
		v.Changed = spelled.Encode() != v.Filter
	}
	return v
}

// saveSegment keeps the filter that the form carries: as a new segment, or in place of the one in the path.
func (p *Pages) saveSegment(q *web.Request) error {
	limit(q)
	ctx, ws := q.Context(), q.Workspace.ID
	back, err := url.ParseQuery(q.PostFormValue("filter"))
	if err != nil {
		return fault.New(fault.Invalid, "contacts.saveSegment", "the filter cannot be read")
	}
	f, err := contact.DecodeFilter(back)
	if err != nil {
		return err
	}
	list, err := p.Contacts.Segments(ctx, ws, q.Actor)
	if err != nil {
		return err
	}
	find := func(id contact.SegmentID) (contact.Segment, error) {
		i := slices.IndexFunc(list, func(s contact.Segment) bool { return s.ID == id })
		if i < 0 {
			return contact.Segment{}, fault.New(fault.NotFound, "contacts.saveSegment", "there is no such segment")
		}
		return list[i], nil
	}
	id := contact.SegmentID(q.PathValue("id"))
	if id != "" {
		if _, err := find(id); err != nil {
			return err
		}
	}
	refused := func(message string) error {
		q.Flash("bad", message)
		if back["segment"] == nil && id != "" {
			back.Set("editing", string(id))
		}
		q.Redirect(listHref(back))
		return nil
	}
	if f.Segment != "" {
		s, err := find(f.Segment)
		if err != nil {
			return err
		}
		joined, ok := join(s.Filter, f)
		if !ok {
			return refused("contact.segment_mixed")
		}
		f = joined
	}
	if len(contact.EncodeFilter(f)) == 0 {
		return refused("contact.segment_empty")
	}
	s, err := p.Contacts.SaveSegment(ctx, ws, q.Actor, contact.Segment{ID: id, Name: q.PostFormValue("name"), Filter: f})
	switch {
	case fault.Is(err, fault.Conflict):
		return refused("contact.segment_taken")
	case fault.Is(err, fault.Invalid):
		return refused("contact.segment_name_needed")
	case err != nil:
		return err
	}
	q.Flash("good", "contact.segment_saved")
	q.Redirect(listHref(url.Values{"segment": {string(s.ID)}}))
	return nil
}

// join is one filter that asks for what both ask for; ok is false when no single filter can say it: two texts to look for,
// two accounts, two choices of languages.
func join(a, b contact.Filter) (f contact.Filter, ok bool) {
	f, ok = a, true
	if f.Segment = ""; b.Text != "" {
		ok = a.Text == "" || a.Text == b.Text
		f.Text = b.Text
	}
	if b.Account != "" {
		ok = ok && (a.Account == "" || a.Account == b.Account)
		f.Account = b.Account
	}
	if len(b.Languages) > 0 {
		ok = ok && (len(a.Languages) == 0 || slices.Equal(a.Languages, b.Languages))
		f.Languages = b.Languages
	}
	f.Has = slices.Clone(a.Has)
	for _, k := range b.Has {
		if !slices.Contains(f.Has, k) {
			f.Has = append(f.Has, k)
		}
	}
	f.Conditions = append(slices.Clone(a.Conditions), b.Conditions...)
	return f, ok
}

func (p *Pages) deleteSegment(q *web.Request) error {
	if err := p.Contacts.DeleteSegment(q.Context(), q.Workspace.ID, q.Actor, contact.SegmentID(q.PathValue("id"))); err != nil {
		return err
	}
	q.Flash("good", "contact.segment_deleted")
	q.Redirect("/contacts")
	return nil
}
