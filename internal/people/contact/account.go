package contact

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// Accounts reads a page of accounts by name; text is the beginning of a name or of an external id. limit 0 means 50.
func (s *Service) Accounts(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, text, cursor string, limit int) (list []Account, next string, err error) {
	const op = "contact.Accounts"
	if err := actor.RequireIn(op, ws, identity.ContactsRead); err != nil {
		return nil, "", err
	}
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 1000)
	key, after, err := parseCursor(op, cursor)
	if err != nil {
		return nil, "", err
	}
	b := builder{args: []any{string(ws)}}
	if text = clean(text); text != "" {
		b.and("(a.name_key LIKE %s ESCAPE '!' OR a.external LIKE %s ESCAPE '!')", likeText(strings.ToLower(text))+"%", likeText(text)+"%")
	}
	if cursor != "" {
		b.and("(a.name_key, a.id) > (%s, %s)", key, after)
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, scanAccount(ws), "/* contact.Accounts */ SELECT "+accountSelect+" FROM account a WHERE a.workspace = $1"+
			b.where.String()+fmt.Sprintf(" ORDER BY a.name_key, a.id LIMIT %d", limit+1), b.args...)
		return err
	})
	if len(list) > limit {
		list = list[:limit]
		next = encodeCursor(strings.ToLower(list[limit-1].Name), string(list[limit-1].ID))
	}
	return list, next, err
}

// Account reads one.
func (s *Service) Account(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, account AccountID) (a Account, err error) {
	if err := actor.RequireIn("contact.Account", ws, identity.ContactsRead); err != nil {
		return a, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		a, err = getAccount(tx, ws, account)
		return err
	})
	return a, err
}

// Members gives the contacts of an account who were seen last, the latest first.
func (s *Service) Members(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, account AccountID, limit int) (ids []ID, err error) {
	if err := actor.RequireIn("contact.Members", ws, identity.ContactsRead); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		ids, err = store.All(tx, store.Value[ID], fmt.Sprintf("/* contact.Members */ SELECT c.id FROM contact c WHERE "+ofAccount+" ORDER BY c.last_seen DESC, c.id DESC LIMIT %d", limit),
			string(ws), string(account))
		return err
	})
	return ids, err
}

// Worth sums up the lifetime values of an account's contacts, by currency. A sum that fits in no amount is the largest one.
func (s *Service) Worth(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, account AccountID) (list []Money, err error) {
	if err := actor.RequireIn("contact.Worth", ws, identity.ContactsRead); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, func(s store.Scanner) (m Money, err error) {
			var sum float64 // a sum of whole numbers could overflow
			err = s.Scan(&m.Currency, &sum)
			m.Minor = int64(max(-mostSum, min(mostSum, sum)))
			return m, err
		}, "/* contact.Worth */ SELECT c.value_currency, sum(CAST(c.value_minor AS DOUBLE PRECISION)) FROM contact c WHERE "+ofAccount+
			" AND c.value_currency <> '' GROUP BY c.value_currency ORDER BY count(*) DESC, c.value_currency", string(ws), string(account))
		return err
	})
	return list, err
}

const mostSum = 9e18

// ofAccount are the contacts of an account, of which the index is partial.
const ofAccount = "c.workspace = $1 AND c.account = $2 AND c.account <> '' AND c.merged_into = '' AND c.erased_at = 0"

// LoadAccounts reads accounts by id, without their number of contacts; those that do not exist are left out.
func (s *Service) LoadAccounts(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, ids []AccountID) (m map[AccountID]Account, err error) {
	if err := actor.RequireIn("contact.LoadAccounts", ws, identity.ContactsRead); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		m = make(map[AccountID]Account, len(ids))
		return eachIn(tx, ids, "/* contact.LoadAccounts */ SELECT a.id, a.external, a.name, a.attributes, 0 FROM account a WHERE a.workspace = $1 AND a.id IN %s",
			[]any{string(ws)}, func(s store.Scanner) error {
				a, err := scanAccount(ws)(s)
				m[a.ID] = a
				return err
			})
	})
	return m, err
}

// SaveAccount makes an account (no ID) or replaces one. An external id that another account has is a Conflict; an account
// without one gets its own id for it.
func (s *Service) SaveAccount(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, a Account) (Account, error) {
	const op = "contact.SaveAccount"
	if err := actor.RequireIn(op, ws, identity.ContactsWrite); err != nil {
		return a, err
	}
	attributes, bad := normAttributes(a.Attributes)
	if a.Name = clean(a.Name); a.Name == "" || utf8.RuneCountInString(a.Name) > maxName {
		bad = append(bad, fault.Field{Path: "name", Code: "required", Msg: "a name of 1 to 200 characters is needed"})
	}
	if a.External = strings.TrimSpace(a.External); !sane(a.External) {
		bad = append(bad, fault.Field{Path: "external_id", Code: "external", Msg: "an external id has at most 254 characters and none that cannot be printed"})
	}
	if len(bad) > 0 {
		return a, fault.Bad(op, bad...)
	}
	if attributes == nil {
		attributes = map[string]string{}
	}
	a.Workspace, a.Attributes = ws, attributes
	text, err := json.Marshal(attributes)
	if err != nil {
		return a, err
	}
	saved := a
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		saved = a
		action := "account.update"
		if a.ID == "" {
			saved.ID, action = AccountID(id.New(tx.Now)), "account.create"
		} else if _, err := getAccount(tx, ws, a.ID); err != nil {
			return err
		}
		if saved.External == "" {
			saved.External = string(saved.ID)
		}
		taken, err := store.One(tx, store.Value[int64], "/* contact.SaveAccount */ SELECT count(*) FROM account WHERE workspace = $1 AND external = $2 AND id <> $3",
			string(ws), saved.External, string(saved.ID))
		if err != nil {
			return err
		}
		if taken > 0 {
			return fault.New(fault.Conflict, op, "another account has this external id")
		}
		if _, err := tx.Exec(`/* contact.SaveAccount */ INSERT INTO account (workspace, id, external, name, name_key, attributes, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (workspace, id) DO UPDATE SET external = excluded.external, name = excluded.name,
			name_key = excluded.name_key, attributes = excluded.attributes`, string(ws), string(saved.ID), saved.External, saved.Name,
			strings.ToLower(saved.Name), string(text), tx.Millis()); err != nil {
			return err
		}
		return identity.Audit(tx, actor, action, "account", string(saved.ID), map[string]string{"name": saved.Name})
	})
	return saved, err
}

// LearnAccount makes an account of an external id, or adds to it what another system tells: a name that is not "" and attributes
// replace what is known. Names and values that are too long are left out. It is fault.Invalid for what is no external id.
func LearnAccount(tx *store.Tx, ws identity.WorkspaceID, external, name string, attributes map[string]string) error {
	const op = "contact.LearnAccount"
	if external = strings.TrimSpace(external); external == "" || !sane(external) {
		return fault.Bad(op, fault.Field{Path: "account", Code: "external", Msg: "an account's id has at most 254 characters and none that cannot be printed"})
	}
	if name = clean(name); utf8.RuneCountInString(name) > maxName {
		name = ""
	}
	list, err := store.All(tx, scanAccount(ws), "/* contact.LearnAccount */ SELECT a.id, a.external, a.name, a.attributes, 0 FROM account a WHERE a.workspace = $1 AND a.external = $2",
		string(ws), external)
	if err != nil {
		return err
	}
	a, changed := Account{ID: AccountID(id.New(tx.Now)), Name: external, Attributes: map[string]string{}}, true
	if len(list) > 0 {
		a, changed = list[0], false
	}
	if name != "" && name != a.Name {
		a.Name, changed = name, true
	}
	for key, value := range attributes {
		k, v := Key(key), clean(value)
		old, has := a.Attributes[k]
		if k == "" || v == "" || v == old || utf8.RuneCountInString(k) > maxKey || utf8.RuneCountInString(v) > maxValue || !has && len(a.Attributes) >= maxAttributes {
			continue
		}
		a.Attributes[k], changed = v, true
	}
	if !changed {
		return nil
	}
	text, err := json.Marshal(a.Attributes)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`/* contact.LearnAccount */ INSERT INTO account (workspace, id, external, name, name_key, attributes, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (workspace, id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,
		attributes = excluded.attributes`, string(ws), string(a.ID), external, a.Name, strings.ToLower(a.Name), string(text), tx.Millis())
	return err
}

func getAccount(tx *store.Tx, ws identity.WorkspaceID, account AccountID) (Account, error) {
	a, err := store.One(tx, scanAccount(ws), "/* contact.getAccount */ SELECT "+accountSelect+" FROM account a WHERE a.workspace = $1 AND a.id = $2", string(ws), string(account))
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "contact.Account", "there is no such account")
	}
	return a, err
}

const accountSelect = `a.id, a.external, a.name, a.attributes,
	(SELECT count(*) FROM contact c WHERE c.workspace = a.workspace AND c.account = a.id AND c.account <> '' AND c.merged_into = '' AND c.erased_at = 0)`

func scanAccount(ws identity.WorkspaceID) func(store.Scanner) (Account, error) {
	return func(s store.Scanner) (a Account, err error) {
		var attributes string
		a.Workspace = ws
		if err = s.Scan(&a.ID, &a.External, &a.Name, &attributes, &a.Contacts); err != nil {
			return a, err
		}
		return a, json.Unmarshal([]byte(attributes), &a.Attributes)
	}
}
