package contact

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// Op compares an attribute.
type Op string

// The comparisons, whatever the case. Is and IsNot take several values, any of them; IsNot also finds contacts without the
// attribute. Above and Below take one number or date; Present and Absent take none.
const (
	Is      Op = "is"
	IsNot   Op = "is_not"
	Present Op = "present"
	Absent  Op = "absent"
	Above   Op = "above"
	Below   Op = "below"
)

// Condition is about one attribute.
type Condition struct {
	Attribute string   `json:"attribute"`
	Op        Op       `json:"op"`
	Values    []string `json:"values,omitempty"`
}

// Filter chooses contacts: all that is given must hold. Merged and erased contacts are never chosen.
type Filter struct {
	Text       string      `json:"text,omitempty"` // part of the name, or the beginning of an e-mail, phone or external id
	Conditions []Condition `json:"conditions,omitempty"`
	Languages  []string    `json:"languages,omitempty"`
	Has        []Kind      `json:"has,omitempty"`
	Account    AccountID   `json:"account,omitempty"`
	Segment    SegmentID   `json:"segment,omitempty"` // and what that saved filter asks for
}

// Query asks for a page of contacts.
type Query struct {
	Filter Filter
	ByName bool // in the order of names; otherwise the newest contact first
	Cursor string
	Limit  int // 50, at most 1000
}

// Page of contacts. Next is "" on the last one.
type Page struct {
	Contacts []Contact
	Next     string
}

const maxConditions, maxConditionValues = 20, 200

// List reads a page of contacts with their identities.
func (s *Service) List(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, q Query) (page Page, err error) {
	const op = "contact.List"
	if err := mayFilter(op, ws, actor, q.Filter, q.ByName); err != nil {
		return page, err
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, 1000)
	key, after, err := parseCursor(op, q.Cursor)
	if err != nil {
		return page, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		if err := s.mayAsk(tx, op, ws, actor, q.Filter); err != nil {
			return err
		}
		f := builder{tx: tx, ws: ws, args: []any{string(ws)}}
		if err := f.filter(op, q.Filter, true); err != nil {
			return err
		}
		order := "c.id DESC"
		if q.ByName {
			order = "c.name_key, c.id"
		}
		if q.Cursor != "" {
			if q.ByName {
				f.and("(c.name_key, c.id) > (%s, %s)", key, after)
			} else {
				f.and("c.id < %s", after)
			}
		}
		page.Contacts, err = read(tx, ws, f.where.String()+" ORDER BY "+order+" LIMIT "+strconv.Itoa(q.Limit+1), f.args[1:]...)
		if err != nil {
			return err
		}
		page.Next = ""
		if len(page.Contacts) > q.Limit {
			page.Contacts = page.Contacts[:q.Limit]
			last := page.Contacts[q.Limit-1]
			key := ""
			if q.ByName {
				key = strings.ToLower(last.Name)
			}
			page.Next = encodeCursor(key, string(last.ID))
		}
		return s.hide(tx, ws, actor, page.Contacts)
	})
	return page, err
}

// Each calls fn for every contact of a filter once, the newest first, page by page with no transaction open in between.
func (s *Service) Each(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, f Filter, fn func(Contact) error) error {
	for q := (Query{Filter: f, Limit: 1000}); ; {
		page, err := s.List(ctx, ws, actor, q)
		if err != nil {
			return err
		}
		for _, c := range page.Contacts {
			if err := fn(c); err != nil {
				return err
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return nil
		}
	}
}

// inOrder has a question that counts a workspace go through it by the primary key, which holds the rows: by another index
// SQLite would look each of them up.
const inOrder = "AND c.id > '' "

// Count counts the contacts of a filter.
func (s *Service) Count(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, f Filter) (n int64, err error) {
	const op = "contact.Count"
	if err := mayFilter(op, ws, actor, f, false); err != nil {
		return 0, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		if err := s.mayAsk(tx, op, ws, actor, f); err != nil {
			return err
		}
		b := builder{tx: tx, ws: ws, args: []any{string(ws)}}
		if err := b.filter(op, f, true); err != nil {
			return err
		}
		n, err = store.One(tx, store.Value[int64], "/* contact.Count */ SELECT count(*) FROM contact c WHERE c.workspace = $1 "+inOrder+b.where.String(), b.args...)
		return err
	})
	return n, err
}

// mayFilter keeps those who may not see who a contact is from finding it out by asking.
func mayFilter(op string, ws identity.WorkspaceID, actor identity.Actor, f Filter, byName bool) error {
	if err := actor.RequireIn(op, ws, identity.ContactsRead); err != nil {
		return err
	}
	if strings.TrimSpace(f.Text) != "" || byName {
		return actor.RequireIn(op, ws, identity.ContactsIdentify)
	}
	return nil
}

// mayAsk is mayFilter for attributes and values that are personal, and for what a segment asks.
func (s *Service) mayAsk(tx *store.Tx, op string, ws identity.WorkspaceID, actor identity.Actor, f Filter) error {
	if actor.May(identity.ContactsIdentify) {
		return nil
	}
	if f.Segment != "" {
		segment, err := getSegment(tx, ws, f.Segment)
		if err != nil {
			return err
		}
		if err := mayFilter(op, ws, actor, segment.Filter, false); err != nil {
			return err
		}
		f.Conditions = append(f.Conditions[:len(f.Conditions):len(f.Conditions)], segment.Filter.Conditions...)
	}
	if len(f.Conditions) == 0 {
		return nil
	}
	for _, c := range f.Conditions {
		for _, v := range c.Values {
			if bounds := c.Op == Above || c.Op == Below; v == Covered || strings.Contains(v, "@") || s.mask(v) != v || bounds && longNumber(v) {
				return actor.RequireIn(op, ws, identity.ContactsIdentify)
			}
		}
	}
	secret, err := Personal(tx, ws)
	if err == nil && slices.ContainsFunc(f.Conditions, func(c Condition) bool { return secret.Has(c.Attribute) }) {
		err = actor.RequireIn(op, ws, identity.ContactsIdentify)
	}
	return err
}

// LongNumber is how many digits a number has, at least, that may be a telephone's or somebody's id.
const LongNumber = 8

// Digits are how many digits in a row a number has once it is written out: 521234.566e3, 0x1f1161e6p0 and 521234566 are the same bound. Of
// what is no number as it stands all digits count, and of what is endless none, for it bounds nothing.
func Digits(number string) (most int) {
	digit := func(r rune) bool { return r >= '0' && r <= '9' }
	v, err := strconv.ParseFloat(number, 64)
	switch {
	case math.IsInf(v, 0) || math.IsNaN(v):
		return 0
	case err != nil:
		return len(strings.Map(func(r rune) rune {
			if digit(r) {
				return r
			}
			return -1
		}, number))
	}
	for run := range strings.FieldsFuncSeq(strconv.FormatFloat(v, 'f', -1, 64), func(r rune) bool { return !digit(r) }) {
		most = max(most, len(run))
	}
	return most
}

// longNumber tells a number that may be a telephone's or somebody's id, between whose bounds it could be found out.
func longNumber(v string) bool {
	if _, err := clock.ParseDay(v); err == nil {
		return false
	}
	return Digits(v) >= LongNumber
}

func errCursor(op string) error {
	return fault.Bad(op, fault.Field{Path: "cursor", Code: "cursor", Msg: "that is not a cursor of this list"})
}

func encodeCursor(key, after string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(key + "\x00" + after))
}

func parseCursor(op, cursor string) (key, after string, err error) {
	if cursor == "" {
		return "", "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	key, after, ok := strings.Cut(string(b), "\x00")
	if err != nil || !ok || !sane(after) || !printable(key) {
		return "", "", errCursor(op)
	}
	return key, after, nil
}

// builder writes the conditions of a question on contact c.
type builder struct {
	tx    *store.Tx
	ws    identity.WorkspaceID
	where strings.Builder
	args  []any
}

// and adds a condition whose %s are its arguments, in their order.
func (b *builder) and(format string, args ...any) {
	marks := make([]any, len(args))
	for i, a := range args {
		b.args = append(b.args, a)
		marks[i] = "$" + strconv.Itoa(len(b.args))
	}
	b.where.WriteString(" AND " + fmt.Sprintf(format, marks...))
}

// in adds a list of arguments and gives its text.
func (b *builder) in(list []any) string {
	text := store.In(len(b.args), len(list))
	b.args = append(b.args, list...)
	return text
}

func (b *builder) filter(op string, f Filter, segments bool) error {
	if !segments {
		f.Segment = ""
	} else {
		b.and("c.merged_into = '' AND c.erased_at = 0")
	}
	if len(f.Conditions) > maxConditions || len(f.Languages) > maxConditionValues {
		return fault.Bad(op, fault.Field{Path: "conditions", Code: "too_many", Msg: "that are too many conditions"})
	}
	b.text(strings.TrimSpace(clean(f.Text)))
	for i, c := range f.Conditions {
		if problem := b.condition(c); problem != "" {
			return fault.Bad(op, fault.Field{Path: fmt.Sprintf("conditions[%d]", i), Code: "condition", Msg: problem})
		}
	}
	if len(f.Languages) > 0 {
		// "pt" finds pt-BR too.
		b.where.WriteString(" AND (FALSE")
		for _, l := range f.Languages {
			if l = clean(l); l == "" {
				b.where.WriteString(" OR c.language = ''")
				continue
			}
			b.args = append(b.args, l, likeText(l)+"-%")
			fmt.Fprintf(&b.where, " OR c.language = $%d OR c.language LIKE $%d ESCAPE '!'", len(b.args)-1, len(b.args))
		}
		b.where.WriteString(")")
	}
	for _, k := range f.Has {
		if !slices.Contains(kinds[:], k) {
			return fault.Bad(op, fault.Field{Path: "has", Code: "enum", Msg: "an identity is an email, a phone or an external id"})
		}
		b.and("EXISTS (SELECT 1 FROM contact_identity i WHERE i.workspace = c.workspace AND i.contact = c.id AND i.kind = %s)", string(k))
	}
	if f.Account != "" {
		b.and("c.id IN (SELECT o.id FROM contact o WHERE o.workspace = $1 AND o.account = %s AND o.account <> '')", string(f.Account)) // as the index says
	}
	if f.Segment == "" {
		return nil
	}
	segment, err := getSegment(b.tx, b.ws, f.Segment)
	if err != nil {
		return err
	}
	return b.filter(op, segment.Filter, false)
}

func (b *builder) text(text string) {
	if text == "" {
		return
	}
	fold := strings.ToLower(text)
	b.where.WriteString(" AND ((1 = 1")
	for i, w := range strings.Fields(fold) { // in any order: "Levi Dana" is Dana Levi
		if i == mostNames {
			break
		}
		b.args = append(b.args, "%"+likeText(w)+"%")
		fmt.Fprintf(&b.where, " AND c.name_key LIKE $%d ESCAPE '!'", len(b.args))
	}
	b.where.WriteString(") OR c.id IN (SELECT i.contact FROM contact_identity i WHERE i.workspace = $1 AND (")
	b.args = append(b.args, text, text+"\U0010FFFF", fold, fold+"\U0010FFFF")
	n := len(b.args)
	fmt.Fprintf(&b.where, "(i.kind = 'external' AND i.norm >= $%d AND i.norm < $%d) OR (i.kind = 'email' AND i.norm >= $%d AND i.norm < $%d)", n-3, n-2, n-1, n)
	if digits := phoneDigits(text); len(digits) >= 3 {
		b.args = append(b.args, "%"+digits+"%")
		fmt.Fprintf(&b.where, " OR (i.kind = 'phone' AND i.norm LIKE $%d)", len(b.args))
	}
	b.where.WriteString(")))")
}

// mostNames is how many words of a name are looked for.
const mostNames = 10

// phoneDigits are the digits of what may be a part of a phone number, without the zeros that E.164 leaves out; "" when it
// is something else.
func phoneDigits(s string) string {
	if strings.Trim(s, "0123456789 ()+-./") != "" {
		return ""
	}
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s), "0")
}

func (b *builder) condition(c Condition) (problem string) {
	key := Key(c.Attribute)
	if key == "" {
		return "an attribute is needed"
	}
	if len(c.Values) > maxConditionValues {
		return "that are too many values"
	}
	values := make([]any, len(c.Values))
	for i, v := range c.Values {
		values[i] = folded(clean(v))
	}
	in, rest := "IN", ""
	b.args = append(b.args, key)
	k := len(b.args)
	switch c.Op {
	case Is, IsNot:
		if len(values) == 0 {
			return "at least one value is needed"
		}
		rest = " AND a.value IN " + b.in(values)
	case Present, Absent:
		if len(values) > 0 {
			return "this comparison takes no value"
		}
	case Above, Below:
		if len(values) != 1 || numberOf(values[0].(string)) == nil {
			return "this comparison takes one number or date (2006-01-02)"
		}
		b.args = append(b.args, numberOf(values[0].(string)))
		rest = fmt.Sprintf(" AND a.num %s $%d", map[Op]string{Above: ">", Below: "<"}[c.Op], len(b.args))
	default:
		return "a comparison is is, is_not, present, absent, above or below"
	}
	if c.Op == IsNot || c.Op == Absent {
		in = "NOT IN"
	}
	fmt.Fprintf(&b.where, " AND c.id %s (SELECT a.contact FROM contact_attribute a WHERE a.workspace = $1 AND a.attribute = $%d%s)", in, k, rest)
	return ""
}

// likeText escapes what LIKE gives a meaning to, with "!".
func likeText(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

const contactColumns = recordColumns + ", c.erased_at"

func scanContact(s store.Scanner) (c Contact, err error) {
	var attributes string
	var value Money
	var first, last, erased int64
	if err = s.Scan(&c.ID, &c.Account, &c.Name, &c.Language, &attributes, &value.Minor, &value.Currency, &first, &last, &c.MergedInto, &c.origin, &erased); err != nil {
		return c, err
	}
	if value.Currency != "" {
		c.Value = &value
	}
	c.FirstSeen, c.LastSeen, c.ErasedAt = instant(first), instant(last), instant(erased)
	return c, json.Unmarshal([]byte(attributes), &c.Attributes)
}

// read reads contacts with their identities. The arguments in tail begin with $2.
func read(tx *store.Tx, ws identity.WorkspaceID, tail string, args ...any) ([]Contact, error) {
	list, err := store.All(tx, scanContact, "/* contact.read */ SELECT "+contactColumns+" FROM contact c WHERE c.workspace = $1 "+tail, append([]any{string(ws)}, args...)...)
	if err != nil {
		return nil, err
	}
	return list, addIdentities(tx, ws, list)
}

func readIn(tx *store.Tx, ws identity.WorkspaceID, ids []ID) ([]Contact, error) {
	var list []Contact
	err := eachIn(tx, ids, "/* contact.readIn */ SELECT "+contactColumns+" FROM contact c WHERE c.workspace = $1 AND c.id IN %s", []any{string(ws)},
		func(s store.Scanner) error {
			c, err := scanContact(s)
			list = append(list, c)
			return err
		})
	if err != nil {
		return nil, err
	}
	return list, addIdentities(tx, ws, list)
}

// Remaining tells which of some contacts are neither merged into others nor erased. A transaction that writes about contacts that were
// read before it asks so whom it may still write about.
func Remaining(tx *store.Tx, ws identity.WorkspaceID, ids []ID) (map[ID]bool, error) {
	out := make(map[ID]bool, len(ids))
	return out, eachIn(tx, ids, "/* contact.Remaining */ SELECT c.id FROM contact c WHERE c.workspace = $1 AND c.merged_into = '' AND c.erased_at = 0 AND c.id IN %s",
		[]any{string(ws)}, func(s store.Scanner) error {
			var id ID
			err := s.Scan(&id)
			out[id] = true
			return err
		})
}

func addIdentities(tx *store.Tx, ws identity.WorkspaceID, list []Contact) error {
	at := make(map[ID]*Contact, len(list))
	ids := make([]ID, len(list))
	for i := range list {
		list[i].Workspace = ws
		at[list[i].ID], ids[i] = &list[i], list[i].ID
	}
	err := eachIn(tx, ids, "/* contact.addIdentities */ SELECT contact, kind, value, norm FROM contact_identity WHERE workspace = $1 AND contact IN %s",
		[]any{string(ws)}, func(s store.Scanner) error {
			var c ID
			var i Identity
			err := s.Scan(&c, &i.Kind, &i.Value, &i.Norm)
			at[c].Identities = append(at[c].Identities, i)
			return err
		})
	for _, c := range at {
		slices.SortFunc(c.Identities, byKind)
	}
	return err
}

// byKind puts identities in the order in which they are believed.
func byKind(a, b Identity) int {
	if d := slices.Index(kinds[:], a.Kind) - slices.Index(kinds[:], b.Kind); d != 0 {
		return d
	}
	return strings.Compare(a.Norm, b.Norm)
}

var identityColumns = []string{"workspace", "kind", "norm", "value", "contact", "created_at"}
