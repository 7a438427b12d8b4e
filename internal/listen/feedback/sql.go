package feedback

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

var columns = []string{
	"id", "workspace", "seq", "revision", "kind", "channel", "source", "external_id", "time", "received_at", "contact",
	"touchpoint", "survey", "survey_version", "language", "text", "scores", "answers", "attributes", "import",
}

var (
	insertColumns = append(columns[:len(columns):len(columns)], "contact_key")
	selectColumns = strings.Join(columns, ", ") + ", erased_at"
)

func scan(s store.Scanner) (Feedback, error) { return scanWith(s, nil) }

// memory keeps what was read of the JSON of scores and attributes while many rows are read: most have the same as others.
type memory struct {
	scores     map[string][]Score
	attributes map[string]Attributes
}

func newMemory() *memory { return &memory{map[string][]Score{}, map[string]Attributes{}} }

// recall sets what is known, and gives what is still to be read.
func (m *memory) recall(f *Feedback, scores, attributes string) (string, string) {
	if x, ok := m.scores[scores]; ok {
		f.Scores, scores = x, ""
	}
	if x, ok := m.attributes[attributes]; ok {
		f.Attributes, attributes = x, ""
	}
	return scores, attributes
}

// keep remembers what was read.
func (m *memory) keep(f *Feedback, scores, attributes string) {
	if scores != "" {
		m.scores[scores] = f.Scores
	}
	if attributes != "" {
		m.attributes[attributes] = f.Attributes
	}
}

func scanWith(s store.Scanner, m *memory) (Feedback, error) {
	var f Feedback
	var at, received int64
	var erased *int64
	var scores, answers, attributes string
	if err := s.Scan(&f.ID, &f.Workspace, &f.Seq, &f.Revision, &f.Kind, &f.Channel, &f.Source, &f.ExternalID, &at, &received, &f.Contact,
		&f.Touchpoint, &f.Survey, &f.SurveyVersion, &f.Language, &f.Text, &scores, &answers, &attributes, &f.Import, &erased); err != nil {
		return f, err
	}
	f.Time, f.ReceivedAt = time.UnixMilli(at).UTC(), time.UnixMilli(received).UTC()
	if erased != nil {
		t := time.UnixMilli(*erased).UTC()
		f.ErasedAt = &t
	}
	if m != nil {
		scores, attributes = m.recall(&f, scores, attributes)
	}
	if err := f.kept(scores, answers, attributes); err != nil {
		return f, fmt.Errorf("feedback %s: %w", f.ID, err)
	}
	if m != nil {
		m.keep(&f, scores, attributes)
	}
	return f, nil
}

// delivery is what makes a second delivery known.
type delivery struct{ source, externalID string }

func (in *Input) key() delivery { return delivery{in.Source, in.ExternalID} }

// existing finds which of the rows were delivered before.
func existing(tx *store.Tx, ws identity.WorkspaceID, rows []row) (map[delivery]ID, error) {
	known := map[delivery]ID{}
	bySource := map[string][]string{}
	for _, r := range rows {
		if r.in.ExternalID != "" {
			bySource[r.in.Source] = append(bySource[r.in.Source], r.in.ExternalID)
		}
	}
	for source, ids := range bySource {
		for len(ids) > 0 {
			n := chunk(len(ids))
			type found struct {
				externalID string
				id         ID
			}
			got, err := store.All(tx, func(s store.Scanner) (f found, err error) { return f, s.Scan(&f.externalID, &f.id) },
				"/* feedback.existing */ SELECT external_id, id FROM feedback WHERE workspace = $1 AND source = $2 AND external_id <> '' AND external_id IN "+store.In(2, n),
				append([]any{string(ws), source}, store.Anys(ids[:n])...)...)
			if err != nil {
				return nil, err
			}
			for _, f := range got {
				known[delivery{source, f.externalID}] = f.id
			}
			ids = ids[n:]
		}
	}
	return known, nil
}

// chunk cuts a list into few sizes, so that the statements stay prepared.
func chunk(n int) int {
	for _, size := range []int{256, 64, 16, 4} {
		if n >= size {
			return size
		}
	}
	return 1
}

func replaceFirst(s, with string) string { return strings.Replace(s, "?", with, 1) }

// Field is something that feedback in a workspace can be sliced by, seen at least once.
type Field struct {
	Field  string `json:"field" enum:"attribute,answer,contact" doc:"Where it stands: an attribute, the answer to a question, an attribute of the contact"`
	Key    string `json:"key"`
	Kind   string `json:"kind" enum:"text,number" doc:"number when the first value seen was one"`
	Title  string `json:"title,omitempty" doc:"What people call it"`
	Hidden bool   `json:"hidden,omitempty" doc:"Not offered to slice by"`
	// Personal is decided by contact's register, for attributes of feedback as well: what has one name there is one thing.
	Personal bool `json:"personal,omitempty" doc:"It says who somebody is, and is shown only to who may identify contacts: by its name, or as the attribute of that key says (PUT /v1/attributes)"`
}

type field struct {
	ws         identity.WorkspaceID
	field, key string
}

// fieldCache remembers which fields are registered, so that the register is written once for each, not once a row.
type fieldCache struct {
	mu   sync.RWMutex
	seen map[field]bool
}

// maxFields bounds the register of a workspace: a sender that makes up keys must not grow it without end.
const maxFields = 2000

func (c *fieldCache) register(tx *store.Tx, ws identity.WorkspaceID, rows []row) ([]field, error) {
	var fresh []field
	kinds := map[field]string{}
	note := func(f field, value any) {
		if c.seen[f] || kinds[f] != "" {
			return
		}
		fresh = append(fresh, f)
		kinds[f] = "text"
		switch v := value.(type) {
		case float64:
			kinds[f] = "number"
		case string:
			if json.Valid([]byte(v)) && len(v) > 0 && (v[0] == '-' || v[0] >= '0' && v[0] <= '9') {
				kinds[f] = "number"
			}
		}
	}
	c.mu.RLock()
	for _, r := range rows {
		if r.result.Status != Created {
			continue
		}
		for k, v := range r.in.Attributes {
			note(field{ws, "attribute", k}, v)
		}
		for _, a := range r.in.Answers {
			note(field{ws, "answer", a.Question}, a.Value)
		}
		if r.in.Contact != nil {
			for k, v := range r.in.Contact.Attributes {
				note(field{ws, "contact", k}, v)
			}
			if country := r.in.ref.Country; country != "" {
				note(field{ws, "contact", "country"}, country)
			}
		}
	}
	c.mu.RUnlock()
	for _, f := range fresh {
		if _, err := tx.Exec(`/* feedback.register */ INSERT INTO feedback_field (workspace, field, key, kind, title, hidden, seen_at)
			SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), '', 0, CAST($5 AS BIGINT)
			WHERE (SELECT count(*) FROM feedback_field WHERE workspace = CAST($1 AS TEXT)) < CAST($6 AS BIGINT)
			ON CONFLICT (workspace, field, key) DO NOTHING`,
			string(f.ws), f.field, f.key, kinds[f], tx.Millis(), maxFields); err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

// keep remembers fields once their registration was committed.
func (c *fieldCache) keep(fresh []field) {
	if len(fresh) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil || len(c.seen) > 100_000 {
		c.seen = map[field]bool{}
	}
	for _, f := range fresh {
		c.seen[f] = true
	}
}

// countryCache remembers the workspaces' countries for a minute: a phone number does not wait for a look-up.
type countryCache struct {
	mu sync.Mutex
	m  map[identity.WorkspaceID]country
}

type country struct {
	code  string
	until time.Time
}

func (c *countryCache) of(ctx context.Context, db *store.DB, ws identity.WorkspaceID, now time.Time) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k, ok := c.m[ws]; ok && now.Before(k.until) {
		return k.code, nil
	}
	var w identity.Workspace
	if err := db.View(ctx, func(tx *store.Tx) (err error) {
		w, err = identity.GetWorkspace(tx, ws)
		return err
	}); err != nil {
		return "", err
	}
	if c.m == nil {
		c.m = map[identity.WorkspaceID]country{}
	}
	c.m[ws] = country{w.Country, now.Add(time.Minute)}
	return w.Country, nil
}

// Fields lists what feedback can be sliced by, by place and key.
func Fields(tx *store.Tx, ws identity.WorkspaceID) ([]Field, error) {
	secret, err := contact.Personal(tx, ws)
	if err != nil {
		return nil, err
	}
	return store.All(tx, func(s store.Scanner) (f Field, err error) {
		var hidden int
		err = s.Scan(&f.Field, &f.Key, &f.Kind, &f.Title, &hidden)
		f.Hidden, f.Personal = hidden != 0, f.Field != "answer" && secret.Has(f.Key)
		return f, err
	}, "/* feedback.Fields */ SELECT field, key, kind, title, hidden FROM feedback_field WHERE workspace = $1 ORDER BY field, key", string(ws))
}

// Titles are what people call the fields that have a title, by place and key as questions name them: attribute.plan. An attribute of
// contacts that was given none here has that of the register of contacts.
func Titles(tx *store.Tx, ws identity.WorkspaceID) (map[string]string, error) {
	list, err := Fields(tx, ws)
	if err != nil {
		return nil, err
	}
	of, err := contact.Titles(tx, ws)
	if err != nil {
		return nil, err
	}
	titles := map[string]string{}
	for key, title := range of {
		if title != "" && title != key {
			titles["contact."+key] = title
		}
	}
	for _, f := range list {
		switch name := f.Field + "." + f.Key; {
		case f.Title != "":
			titles[name] = f.Title
		case f.Field == "contact" && titles["contact."+contact.Key(f.Key)] != "":
			titles[name] = titles["contact."+contact.Key(f.Key)]
		}
	}
	return titles, nil
}

// SetField names a field for people, or hides it from the lists to slice by.
func SetField(tx *store.Tx, ws identity.WorkspaceID, f Field) error {
	hidden := 0
	if f.Hidden {
		hidden = 1
	}
	n, err := tx.Exec("/* feedback.SetField */ UPDATE feedback_field SET title = $4, hidden = $5 WHERE workspace = $1 AND field = $2 AND key = $3",
		string(ws), f.Field, f.Key, f.Title, hidden)
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "feedback.SetField", "there is no %s %q here", f.Field, f.Key)
	}
	return err
}
