package app

import (
	"maps"
	"testing"

	"kolo/internal/demo"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// TestDemoCompanyIsFilledWhole: a demo workspace has each contact and each event of the company once, however often it is filled.
func TestDemoCompanyIsFilledWhole(t *testing.T) {
	t.Parallel()
	eachSetup(t, func(i *instance) {
		ws, owner := i.workspace("one")
		c, err := Demo{Seed: 3, Feedback: 800, End: "2026-06-01"}.Company()
		must(i.T, err)
		want, last := map[string]int64{}, demo.Event{}
		must(i.T, c.Events(func(e demo.Event) error {
			want[e.Event]++
			last = e
			return nil
		}))
		contacts := 0
		var known demo.Contact
		must(i.T, c.Contacts(func(k demo.Contact) error {
			contacts++
			if k.ExternalID == last.UserID {
				known = k
			}
			return nil
		}))
		for range 2 {
			must(i.T, i.FillDemo(i.Context(), ws, c, 0, func(int) error { return nil }))
		}
		i.until("the columns have all events", func() bool {
			names, err := i.Events.Names(i.Context(), ws)
			must(i.T, err)
			got := map[string]int64{}
			for _, n := range names {
				got[n.Name] = n.N
			}
			return maps.Equal(got, want)
		})
		n := 0
		must(i.T, i.Contacts.Each(i.Context(), ws, owner, contact.Filter{}, func(contact.Contact) error { n++; return nil }))
		if n != contacts {
			i.Errorf("%d contacts of %d", n, contacts)
		}
		id, err := i.Contacts.Owner(i.Context(), ws, owner, contact.External, last.UserID)
		must(i.T, err)
		k, err := i.Contacts.Get(i.Context(), ws, identity.Program(ws, "test"), id)
		must(i.T, err)
		if k.FirstSeen.Format("2006-01-02") != known.Joined || k.Attributes["usage"] != known.Attributes["usage"] || k.Value == nil || *k.Value != *known.Value || !k.LastSeen.Before(last.Timestamp.AddDate(0, 0, 1)) {
			i.Errorf("%+v, in the company's books %+v", k, known)
		}
	})
}
