package contact

import (
	"context"
	"encoding/json"
	"fmt"

	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// Counted is a value with the number of contacts that have it.
type Counted struct {
	Value string
	Count int64
}

// Languages counts the contacts of a filter by language, the most frequent first. What languages the filter itself asks for
// is left aside: these are the ones to choose from.
func (s *Service) Languages(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, f Filter) (list []Counted, err error) {
	const op = "contact.Languages"
	f.Languages = nil
	if err := mayFilter(op, ws, actor, f, false); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		if err := s.mayAsk(tx, op, ws, actor, f); err != nil {
			return err
		}
		b := builder{tx: tx, ws: ws, args: []any{string(ws)}}
		if err := b.filter(op, f, true); err != nil {
			return err
		}
		list, err = store.All(tx, func(s store.Scanner) (c Counted, err error) {
			err = s.Scan(&c.Value, &c.Count)
			return c, err
		}, "/* contact.Languages */ SELECT c.language, count(*) FROM contact c WHERE c.workspace = $1 "+inOrder+b.where.String()+
			" GROUP BY c.language ORDER BY 2 DESC, 1", b.args...)
		return err
	})
	return list, err
}

// nextValue goes from one value of an attribute to the next by the index: as many steps as there are values, however many
// contacts there are.
const nextValue = "SELECT min(a.value) FROM contact_attribute a WHERE a.workspace = $1 AND a.attribute = $2"

// Values gives the values that attributes have, in their order and as one of the contacts wrote them. An attribute with more
// than most values is left out, and so is one whose values the actor may not see.
func (s *Service) Values(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, keys []string, most int) (values map[string][]string, err error) {
	if err := actor.RequireIn("contact.Values", ws, identity.ContactsRead); err != nil {
		return nil, err
	}
	type found struct {
		value   string
		contact ID
	}
	query := fmt.Sprintf(`/* contact.Values */ WITH RECURSIVE v(value, n) AS (
			SELECT (%[1]s), 1
			UNION ALL
			SELECT (%[1]s AND a.value > v.value), v.n + 1 FROM v WHERE v.value IS NOT NULL AND v.n <= %[2]d)
		SELECT v.value, (SELECT min(a.contact) FROM contact_attribute a WHERE a.workspace = $1 AND a.attribute = $2 AND a.value = v.value)
		FROM v WHERE v.value IS NOT NULL ORDER BY v.n`, nextValue, most)
	err = s.db.View(ctx, func(tx *store.Tx) error {
		values = map[string][]string{}
		var secret Secret
		if !actor.May(identity.ContactsIdentify) {
			if secret, err = Personal(tx, ws); err != nil {
				return err
			}
		}
		all := map[string][]found{}
		var examples []ID
		for _, key := range keys {
			if secret.Has(key) {
				continue
			}
			list, err := store.All(tx, func(s store.Scanner) (f found, err error) {
				err = s.Scan(&f.value, &f.contact)
				return f, err
			}, query, string(ws), key)
			if err != nil {
				return err
			}
			if len(list) == 0 || len(list) > most {
				continue
			}
			all[key] = list
			for _, f := range list {
				examples = append(examples, f.contact)
			}
		}
		written := map[ID]map[string]string{}
		if err := eachIn(tx, examples, "/* contact.Values */ SELECT id, attributes FROM contact WHERE workspace = $1 AND id IN %s", []any{string(ws)},
			func(s store.Scanner) error {
				var id ID
				var text string
				if err := s.Scan(&id, &text); err != nil {
					return err
				}
				var known map[string]string
				err := json.Unmarshal([]byte(text), &known)
				written[id] = known
				return err
			}); err != nil {
			return err
		}
		for key, list := range all {
			for _, f := range list {
				value := f.value
				if w := written[f.contact][key]; folded(w) == value {
					value = w
				}
				values[key] = append(values[key], value)
			}
		}
		return nil
	})
	return values, err
}

// CountValues counts the contacts by the values of an attribute as the index has them, lower case: at most so many, the smallest
// values first.
func CountValues(tx *store.Tx, ws identity.WorkspaceID, attribute string, most int) ([]Counted, error) {
	return store.All(tx, func(s store.Scanner) (c Counted, err error) {
		err = s.Scan(&c.Value, &c.Count)
		return c, err
	}, "/* contact.CountValues */ SELECT value, count(*) FROM contact_attribute WHERE workspace = $1 AND attribute = $2 GROUP BY value ORDER BY value LIMIT $3",
		string(ws), attribute, int64(most))
}
