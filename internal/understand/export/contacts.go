package export

import (
	"context"
	"slices"
	"time"

	"kolo/internal/foundation/table"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// contacts writes the contacts that a filter chooses, as far as the actor may know them.
func contacts(ctx context.Context, j job) error {
	filter, err := contact.DecodeFilter(j.Filter)
	if err != nil {
		return err
	}
	if _, err := j.from.Contacts.List(ctx, j.Workspace, j.Actor, contact.Query{Filter: filter, Limit: 1}); err != nil { // before it is in the log
		return err
	}
	register, err := j.from.Contacts.Attributes(ctx, j.Workspace)
	if err != nil {
		return err
	}
	identify := j.Actor.May(identity.ContactsIdentify)
	people := people{job: j, accounts: map[contact.AccountID]string{}}
	t := &sheet[contact.Contact]{}
	t.text("id", func(c contact.Contact) string { return string(c.ID) })
	if identify {
		t.text("name", func(c contact.Contact) string { return c.Name })
		for _, k := range []contact.Kind{contact.External, contact.Email, contact.Phone} {
			name := string(k)
			if k == contact.External {
				name = "external_id"
			}
			t.text(name, func(c contact.Contact) string {
				var all []string
				for _, i := range c.Identities {
					if i.Kind == k {
						all = append(all, i.Value)
					}
				}
				return joined(all)
			})
		}
		t.text("account", func(c contact.Contact) string { return people.accounts[c.Account] })
	}
	t.text("language", func(c contact.Contact) string { return c.Language })
	t.add("lifetime_value_minor", table.Int, func(c contact.Contact) any {
		if c.Value == nil {
			return nil
		}
		return c.Value.Minor
	})
	t.text("currency", func(c contact.Contact) string {
		if c.Value == nil {
			return ""
		}
		return c.Value.Currency
	})
	t.time("first_seen", func(c contact.Contact) time.Time { return c.FirstSeen })
	t.time("last_seen", func(c contact.Contact) time.Time { return c.LastSeen })
	if j.Format == table.NDJSON {
		t.add("attributes", table.JSON, func(c contact.Contact) any { return notEmpty(c.Attributes) })
	} else {
		var keys []string
		for _, a := range register {
			if identify || !a.Personal {
				keys = append(keys, a.Key)
				t.text("attribute."+a.Key, func(c contact.Contact) string { return c.Attributes[a.Key] })
			}
		}
		slices.Sort(keys)
		t.add("more", table.JSON, func(c contact.Contact) any { return notEmpty(leftOver(c.Attributes, keys)) })
	}
	return write(ctx, j, t, func(do func(contact.Contact) error) error {
		return inPages(func(next func(contact.Contact) error) error {
			return j.from.Contacts.Each(ctx, j.Workspace, j.Actor, filter, next)
		}, func(page []contact.Contact) error {
			if err := people.know(ctx, slices.Values(page)); err != nil {
				return err
			}
			return all(page)(do)
		})
	})
}

func accounts(ctx context.Context, j job) error {
	t := &sheet[contact.Account]{}
	t.text("id", func(a contact.Account) string { return string(a.ID) })
	t.text("external_id", func(a contact.Account) string { return a.External })
	t.text("name", func(a contact.Account) string { return a.Name })
	t.number("contacts", func(a contact.Account) int64 { return a.Contacts })
	t.add("attributes", table.JSON, func(a contact.Account) any { return notEmpty(a.Attributes) })
	return write(ctx, j, t, paged(func(cursor string) ([]contact.Account, string, error) {
		return j.from.Contacts.Accounts(ctx, j.Workspace, j.Actor, j.Filter.Get("q"), cursor, 1000)
	}))
}

func segments(ctx context.Context, j job) error {
	list, err := j.from.Contacts.Segments(ctx, j.Workspace, j.Actor)
	if err != nil {
		return err
	}
	t := &sheet[contact.Segment]{}
	t.text("id", func(s contact.Segment) string { return string(s.ID) })
	t.text("name", func(s contact.Segment) string { return s.Name })
	t.add("filter", table.JSON, func(s contact.Segment) any { return s.Filter })
	t.yes("covered", func(s contact.Segment) bool { return s.Covered })
	t.time("created_at", func(s contact.Segment) time.Time { return s.CreatedAt })
	return write(ctx, j, t, all(list))
}

func attributes(ctx context.Context, j job) error {
	list, err := j.from.Contacts.Attributes(ctx, j.Workspace)
	if err != nil {
		return err
	}
	t := &sheet[contact.Attribute]{}
	t.text("key", func(a contact.Attribute) string { return a.Key })
	t.text("kind", func(a contact.Attribute) string { return string(a.Kind) })
	t.text("title", func(a contact.Attribute) string { return a.Title })
	t.yes("sliceable", func(a contact.Attribute) bool { return a.Sliceable })
	t.yes("personal", func(a contact.Attribute) bool { return a.Personal })
	t.time("first_seen", func(a contact.Attribute) time.Time { return a.FirstSeen })
	return write(ctx, j, t, all(list))
}
