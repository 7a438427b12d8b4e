package export

import (
	"context"
	"io"
	"slices"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/table"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// Contacts writes the contacts that a filter chooses, as far as the actor may know them.
func (s *Service) Contacts(ctx context.Context, w io.Writer, format table.Format, ws identity.WorkspaceID, actor identity.Actor, f contact.Filter, opts ...table.WriterOption) error {
	const op = "export.Contacts"
	if err := allow(op, ws, actor, format, identity.ContactsRead); err != nil {
		return err
	}
	if _, err := s.from.Contacts.List(ctx, ws, actor, contact.Query{Filter: f, Limit: 1}); err != nil { // a wrong filter is told before the first byte
		return fault.Wrap(op, err)
	}
	zone, err := s.zone(ctx, ws, format)
	if err != nil {
		return fault.Wrap(op, err)
	}
	register, err := s.from.Contacts.Attributes(ctx, ws)
	if err != nil {
		return fault.Wrap(op, err)
	}
	identify := actor.May(identity.ContactsIdentify)
	people := people{s: s, ws: ws, actor: actor, accounts: map[contact.AccountID]string{}}
	var failed error
	t := sheet[contact.Contact]{}
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
				return strings.Join(all, "; ")
			})
		}
		t.text("account", func(c contact.Contact) string {
			external, err := people.account(ctx, c.Account)
			if err != nil {
				failed = err
			}
			return external
		})
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
	t.add("first_seen", table.Time, func(c contact.Contact) any { return c.FirstSeen })
	t.add("last_seen", table.Time, func(c contact.Contact) any { return c.LastSeen })
	if format == table.NDJSON {
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
	if err := s.record(ctx, actor, "contacts", map[string]string{"format": string(format)}); err != nil {
		return fault.Wrap(op, err)
	}
	if err := t.begin(w, format, append([]table.WriterOption{table.WithZone(zone), table.WithSheet("Contacts")}, opts...)...); err != nil {
		return err
	}
	if err := s.from.Contacts.Each(ctx, ws, actor, f, func(c contact.Contact) error {
		if err := t.write(c); err != nil {
			return err
		}
		return failed
	}); err != nil {
		return fault.Wrap(op, err)
	}
	return t.out.Close()
}

func notEmpty(m map[string]string) any {
	if len(m) == 0 {
		return nil
	}
	return m
}
