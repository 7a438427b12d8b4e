package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
)

// Entry is one line of the audit log.
type Entry struct {
	ID        string
	At        time.Time
	Member    MemberID
	Key       KeyID
	Name      string // of who did it, as it was then
	IP        string
	RequestID string
	Action    string // "key.revoke"
	Kind      string // of the object: "key"
	Object    string // its id
	Details   map[string]string
}

// AuditQuery filters the log. Empty fields do not filter.
type AuditQuery struct {
	Member   MemberID
	Key      KeyID
	Action   string // exact, or a prefix that ends with a dot: "key."
	Kind     string
	Object   string // what it is about; for an id also what an entry names beside, as a merge names the contact that went
	Text     string // found anywhere in who, what and the details, whatever the case
	From, To time.Time
	Cursor   string
	Limit    int // 50, at most 500
}

// AuditPage is one page of the log, newest first. Next is "" on the last one.
type AuditPage struct {
	Entries []Entry
	Next    string
}

// Audit writes down who changed what, in the transaction of the change. Details never hold secrets, nor personal data of
// customers: they outlive both.
func Audit(tx *store.Tx, a Actor, action, kind, object string, details map[string]string) error {
	if a.Workspace == "" {
		return fmt.Errorf("audit of %s without a workspace", action)
	}
	kept := make(map[string]string, len(details))
	words := []string{a.Name, action, kind, object}
	for k, v := range details {
		if secret(k) {
			continue
		}
		kept[k] = v
		words = append(words, v)
	}
	slices.Sort(words[4:])
	text, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`/* identity.Audit */ INSERT INTO audit
		(workspace, id, at, member, api_key, name, ip, request, action, kind, object, details, haystack)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		string(a.Workspace), id.New(tx.Now), tx.Millis(), string(a.Member), string(a.Key), a.Name, a.IP, a.RequestID,
		action, kind, object, string(text), strings.ToLower(strings.Join(words, " ")))
	return err
}

// changes are the details of a change: what is new under its name, and what was before under the name with "_was".
type changes map[string]string

func (c changes) note(name, old, now string) {
	if old != now {
		c[name], c[name+"_was"] = now, old
	}
}

// secret is a second fence: callers pass no secrets, and what is named like one would not get in.
func secret(key string) bool {
	key = strings.ToLower(key)
	return slices.ContainsFunc([]string{"password", "secret", "token", "hash"}, func(s string) bool { return strings.Contains(key, s) })
}

// AuditLog reads the log, newest first.
func (s *Service) AuditLog(ctx context.Context, ws WorkspaceID, actor Actor, q AuditQuery) (page AuditPage, err error) {
	const op = "identity.AuditLog"
	if err := actor.RequireIn(op, ws, AuditRead); err != nil {
		return page, err
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, 500)
	where, args := "workspace = $1", []any{string(ws)}
	and := func(format string, arg any) {
		args = append(args, arg)
		where += fmt.Sprintf(" AND "+format, len(args))
	}
	if q.Cursor != "" {
		if !id.Valid(q.Cursor) {
			return page, fault.Bad(op, fault.Field{Path: "cursor", Code: "cursor", Msg: "that is not a cursor of this list"})
		}
		and("id < $%d", q.Cursor)
	}
	if q.Member != "" {
		and("member = $%d", string(q.Member))
	}
	if q.Key != "" {
		and("api_key = $%d", string(q.Key))
	}
	if strings.HasSuffix(q.Action, ".") {
		and(`action LIKE $%d ESCAPE '!'`, likeText(q.Action)+"%")
	} else if q.Action != "" {
		and("action = $%d", q.Action)
	}
	if q.Kind != "" {
		and("kind = $%d", q.Kind)
	}
	if id.Valid(q.Object) {
		and(`(object = $%[1]d OR haystack LIKE '%%' || $%[1]d || '%%')`, q.Object)
	} else if q.Object != "" {
		and("object = $%d", q.Object)
	}
	for _, word := range strings.Fields(strings.ToLower(cleanName(q.Text))) {
		and(`haystack LIKE $%d ESCAPE '!'`, "%"+likeText(word)+"%")
	}
	if !q.From.IsZero() {
		and("at >= $%d", q.From.UnixMilli())
	}
	if !q.To.IsZero() {
		and("at < $%d", q.To.UnixMilli())
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		page.Entries, err = store.All(tx, scanEntry, `/* identity.AuditLog */ SELECT id, at, member, api_key, name, ip, request,
			action, kind, object, details FROM audit WHERE `+where+fmt.Sprintf(" ORDER BY id DESC LIMIT %d", q.Limit+1), args...)
		return err
	})
	if len(page.Entries) > q.Limit {
		page.Entries = page.Entries[:q.Limit]
		page.Next = page.Entries[q.Limit-1].ID
	}
	return page, err
}

func scanEntry(s store.Scanner) (e Entry, err error) {
	var at int64
	var details string
	if err = s.Scan(&e.ID, &at, &e.Member, &e.Key, &e.Name, &e.IP, &e.RequestID, &e.Action, &e.Kind, &e.Object, &details); err != nil {
		return e, err
	}
	e.At = time.UnixMilli(at).UTC()
	return e, json.Unmarshal([]byte(details), &e.Details)
}

// DecodeAudit reads a query of the log from the address of its page or of its export: text, who (member:<id> or key:<id>),
// action ("key" for all that happens to keys, or "key.revoke"), object, and the days from and to, both included, in the
// zone. Names in skip belong to the page (cursor, ...). A name or a value that it does not know is an error that says so:
// a filter that is silently ignored shows what nobody asked for.
func DecodeAudit(v url.Values, zone *time.Location, skip ...string) (q AuditQuery, err error) {
	var bad fields
	day := func(name string, after clock.Day) time.Time {
		d, err := clock.ParseDay(v.Get(name))
		if err != nil {
			bad.add(name, "form", "a day has the form 2026-01-31")
			return time.Time{}
		}
		return (d + after).Start(zone)
	}
	for name := range v {
		value := cleanName(v.Get(name))
		switch {
		case slices.Contains(skip, name) || value == "":
		case name == "text":
			q.Text = value
		case name == "who" && strings.HasPrefix(value, "member:"):
			q.Member = MemberID(value[len("member:"):])
		case name == "who" && strings.HasPrefix(value, "key:"):
			q.Key = KeyID(value[len("key:"):])
		case name == "who":
			bad.add(name, "form", "who is member:<id> or key:<id>")
		case name == "action" && strings.Contains(value, "."):
			q.Action = value
		case name == "action":
			q.Action = value + "."
		case name == "object":
			q.Object = value
			if lower := strings.ToLower(value); id.Valid(lower) {
				q.Object = lower
			}
		case name == "from":
			q.From = day(name, 0)
		case name == "to":
			q.To = day(name, 1)
		default:
			bad.add(name, "unknown", "the log cannot be searched by "+name)
		}
	}
	slices.SortFunc(bad, func(a, b fault.Field) int { return strings.Compare(a.Path, b.Path) })
	return q, bad.err("identity.DecodeAudit")
}

// likeText escapes what LIKE gives a meaning to, with "!".
func likeText(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}
