package export

import (
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"kolo/internal/foundation/table"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/label"
	"kolo/internal/understand/text"
)

// said is one piece of feedback with who said it, as far as the reader may know.
type said struct {
	feedback.Feedback
	who        *feedback.Who
	understood *label.Understanding // nil where nothing was read

	first map[string]*feedback.Score // by metric: the one that has columns
	more  more
}

// more is what has no column of its own, so that nothing is lost: a second score of a metric, a key that was first seen
// while the file was being written.
type more struct {
	Scores     []feedback.Score    `json:"scores,omitempty"`
	Answers    []feedback.Answer   `json:"answers,omitempty"`
	Attributes map[string]string   `json:"attributes,omitempty"`
	Contact    feedback.Attributes `json:"contact,omitempty"`
}

// maxColumns is how many attributes, answers, and attributes of contacts have columns of their own.
const maxColumns = 2000

// feedbackList writes the feedback that fulfils conditions, newest first. NDJSON has the form of POST /v1/feedback and can be
// imported again without loss; the other formats have a column for each score, attribute and answer. Who said it is there
// for those who may identify contacts; others get the id alone.
func feedbackList(ctx context.Context, j job) error {
	c, p, err := insight.Decode(j.Filter)
	if err != nil {
		return err
	}
	if err := j.from.Insight.MayAskOf(ctx, j.Workspace, j.Actor, p, c); err != nil {
		return err
	}
	if err := j.from.Insight.Check(ctx, j.Workspace, c, p); err != nil {
		return err
	}
	t := &sheet[*said]{}
	var f *fields
	if j.Format == table.NDJSON {
		nested(t)
	} else {
		if f, err = j.fields(ctx, c, p); err != nil {
			return err
		}
		flat(t, f)
	}
	people := people{job: j, accounts: map[contact.AccountID]string{}}
	return write(ctx, j, t, func(do func(*said) error) error {
		return inPages(func(next func(*said) error) error {
			return j.from.Insight.Each(ctx, j.Workspace, c, p, func(x feedback.Feedback) error { return next(&said{Feedback: x}) })
		}, func(page []*said) error {
			if err := people.join(ctx, page); err != nil {
				return err
			}
			if err := j.understand(ctx, page); err != nil {
				return err
			}
			for _, x := range page {
				if f != nil {
					f.sort(x)
				}
				if err := do(x); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// common adds what every format has, before and after the contact.
func common(t *sheet[*said], who func()) {
	t.text("id", func(x *said) string { return string(x.ID) })
	t.text("kind", func(x *said) string { return x.Kind })
	t.text("channel", func(x *said) string { return x.Channel })
	t.text("source", func(x *said) string { return x.Source })
	t.text("external_id", func(x *said) string { return x.ExternalID })
	t.time("time", func(x *said) time.Time { return x.Time })
	t.time("received_at", func(x *said) time.Time { return x.ReceivedAt })
	t.text("contact_id", func(x *said) string { return string(x.Contact) })
	who()
	t.text("touchpoint", func(x *said) string { return x.Touchpoint })
	t.text("survey", func(x *said) string { return x.Survey })
	t.text("survey_version", func(x *said) string { return x.SurveyVersion })
	t.text("language", func(x *said) string { return x.Language })
	t.text("text", func(x *said) string { return x.Text })
}

// nested makes rows of the form of POST /v1/feedback.
func nested(s *sheet[*said]) {
	common(s, func() {
		s.add("contact", table.JSON, func(x *said) any {
			if x.who == nil {
				return nil
			}
			return x.who
		})
	})
	list := func(name string, cell func(*said) (any, int)) {
		s.add(name, table.JSON, func(x *said) any {
			if v, n := cell(x); n > 0 {
				return v
			}
			return nil
		})
	}
	list("scores", func(x *said) (any, int) { return x.Scores, len(x.Scores) })
	list("answers", func(x *said) (any, int) { return x.Answers, len(x.Answers) })
	list("attributes", func(x *said) (any, int) { return x.Attributes, len(x.Attributes) })
	s.add("understanding", table.JSON, func(x *said) any {
		if x.understood == nil {
			return nil
		}
		return x.understood
	})
}

// understand adds what was understood to a page of feedback, and masks what is personal in texts for those who may not know who
// contacts are.
func (j job) understand(ctx context.Context, page []*said) error {
	mask := !j.Actor.May(identity.ContactsIdentify)
	ids := make([]feedback.ID, len(page))
	for i, x := range page {
		ids[i] = x.ID
	}
	labels, err := j.from.Labels.Of(ctx, j.Workspace, ids)
	if err != nil {
		return err
	}
	tree, err := j.from.Themes.Tree(ctx, j.Workspace)
	if err != nil {
		return err
	}
	hidden, err := j.from.Contacts.Hidden(ctx, j.Workspace, j.Actor)
	if err != nil {
		return err
	}
	list := make([]feedback.Feedback, len(page))
	for i, x := range page {
		list[i] = x.Feedback
	}
	names, err := label.NamesFor(ctx, j.from.Contacts, j.Workspace, j.Actor, list)
	if err != nil {
		return err
	}
	for _, x := range page {
		l, ok := labels[x.ID]
		told := label.Tell(x.Feedback, l.Language, mask, names[x.Contact])
		if ok && x.Text != "" {
			x.understood = told.Understanding(l, tree.Counts)
		}
		x.Feedback = label.Masked(x.Feedback, told, mask, hidden)
	}
	return nil
}

// understoodColumns add what was understood of a text to a flat file.
func understoodColumns(t *sheet[*said]) {
	add := func(name string, kind table.Type, cell func(u *label.Understanding) any) {
		t.add("understood."+name, kind, func(x *said) any {
			if x.understood == nil {
				return nil
			}
			return cell(x.understood)
		})
	}
	add("language", table.String, func(u *label.Understanding) any { return u.Language })
	add("sentiment", table.String, func(u *label.Understanding) any { return u.Sentiment })
	add("score", table.Float, func(u *label.Understanding) any { return u.Score })
	add("confidence", table.Float, func(u *label.Understanding) any { return u.Confidence })
	add("unsure", table.Bool, func(u *label.Understanding) any { return u.Unsure })
	add("themes", table.String, func(u *label.Understanding) any {
		ids := make([]string, len(u.Themes))
		for i, x := range u.Themes {
			ids[i] = x.Theme
		}
		return joined(ids)
	})
	add("clauses", table.JSON, func(u *label.Understanding) any { return notNone(u.Clauses) })
	add("model", table.String, func(u *label.Understanding) any { return u.Model })
	add("corrected", table.Bool, func(u *label.Understanding) any { return u.Corrected })
}

func notNone[T any](list []T) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

// fields are what has columns of its own in a flat file.
type fields struct {
	metrics                       []string
	attributes, answers, contacts []string
	identify                      bool
}

func (j job) fields(ctx context.Context, c insight.Conditions, p insight.Period) (f *fields, err error) {
	f = &fields{identify: j.Actor.May(identity.ContactsIdentify) && j.Actor.May(identity.ContactsRead)}
	if f.metrics, err = j.from.Insight.Metrics(ctx, j.Workspace, c, p); err != nil {
		return nil, err
	}
	known, err := j.from.Feedback.Register(ctx, j.Workspace)
	if err != nil {
		return nil, err
	}
	for _, k := range known {
		list := map[string]*[]string{"attribute": &f.attributes, "answer": &f.answers, "contact": &f.contacts}[k.Field]
		if list != nil && len(*list) < maxColumns {
			*list = append(*list, k.Key)
		}
	}
	if !j.Actor.May(identity.ContactsIdentify) { // what is asked with somebody's name in it has no column called so
		f.answers = slices.DeleteFunc(f.answers, func(q string) bool { return len(text.Personal(q, "")) > 0 })
	}
	for _, list := range [][]string{f.attributes, f.answers, f.contacts} {
		slices.Sort(list) // by bytes, as they are looked for; a database may sort in another way
	}
	if !j.Actor.May(identity.ContactsRead) {
		f.contacts = nil
	}
	return f, nil
}

// flat makes rows with a column for everything.
func flat(t *sheet[*said], f *fields) {
	common(t, func() {
		if !f.identify {
			return
		}
		for _, c := range []struct {
			name string
			of   func(*feedback.Who) string
		}{
			{"external_id", func(w *feedback.Who) string { return w.ExternalID }}, {"email", func(w *feedback.Who) string { return w.Email }},
			{"phone", func(w *feedback.Who) string { return w.Phone }}, {"name", func(w *feedback.Who) string { return w.Name }},
			{"language", func(w *feedback.Who) string { return w.Language }}, {"account", func(w *feedback.Who) string { return w.Account }},
		} {
			t.text("contact."+c.name, func(x *said) string {
				if x.who == nil {
					return ""
				}
				return c.of(x.who)
			})
		}
	})
	for _, m := range f.metrics {
		t.add(m, table.Float, func(x *said) any {
			if s := x.first[m]; s != nil {
				return s.Value
			}
			return nil
		})
		t.text(m+"_scale", func(x *said) string {
			if s := x.first[m]; s != nil {
				return s.Scale.String()
			}
			return ""
		})
		t.text(m+"_question", func(x *said) string {
			if s := x.first[m]; s != nil {
				return s.Question
			}
			return ""
		})
	}
	for _, q := range f.answers {
		t.text("answer."+q, func(x *said) string {
			for _, a := range x.Answers {
				if a.Question == q {
					return insight.AnswerText(a.Value)
				}
			}
			return ""
		})
	}
	for _, k := range f.attributes {
		t.text("attribute."+k, func(x *said) string { return x.Attributes[k] })
	}
	for _, k := range f.contacts {
		t.text("contact.attributes."+k, func(x *said) string {
			if x.who == nil {
				return ""
			}
			return x.who.Attributes[k]
		})
	}
	understoodColumns(t)
	t.add("more", table.JSON, func(x *said) any {
		if m := x.more; len(m.Scores)+len(m.Answers)+len(m.Attributes)+len(m.Contact) == 0 {
			return nil
		}
		return x.more
	})
}

// sort tells what of a piece of feedback has a column, and what is left over.
func (f *fields) sort(x *said) {
	x.first = make(map[string]*feedback.Score, len(x.Scores))
	for i, s := range x.Scores {
		if x.first[s.Metric] == nil && slices.Contains(f.metrics, s.Metric) {
			x.first[s.Metric] = &x.Scores[i]
		} else {
			x.more.Scores = append(x.more.Scores, s)
		}
	}
	seen := map[string]bool{}
	for _, a := range x.Answers {
		if _, ok := slices.BinarySearch(f.answers, a.Question); !ok || seen[a.Question] {
			x.more.Answers = append(x.more.Answers, a)
		}
		seen[a.Question] = true
	}
	x.more.Attributes = leftOver(x.Attributes, f.attributes)
	if x.who != nil {
		x.more.Contact = leftOver(x.who.Attributes, f.contacts)
	}
}

// leftOver are the entries whose keys are not in a sorted list.
func leftOver(all map[string]string, columns []string) (rest map[string]string) {
	for k, v := range all {
		if _, ok := slices.BinarySearch(columns, k); ok {
			continue
		}
		if rest == nil {
			rest = map[string]string{}
		}
		rest[k] = v
	}
	return rest
}

// people tells who said what, a page at a time.
type people struct {
	job
	accounts map[contact.AccountID]string // their external ids
}

const maxAccounts = 50_000 // remembered

func (p *people) join(ctx context.Context, batch []*said) error {
	if !p.Actor.May(identity.ContactsRead) {
		return nil
	}
	var ids []contact.ID
	for _, x := range batch {
		if x.Contact != "" {
			ids = append(ids, x.Contact)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	known, err := p.from.Contacts.Load(ctx, p.Workspace, p.Actor, slices.Compact(ids))
	if err != nil {
		return err
	}
	if err := p.know(ctx, maps.Values(known)); err != nil {
		return err
	}
	for _, x := range batch {
		if c, ok := known[x.Contact]; ok {
			x.who = p.whoIs(c)
		}
	}
	return nil
}

// know reads the accounts of contacts, as far as they are not known yet.
func (p *people) know(ctx context.Context, contacts iter.Seq[contact.Contact]) error {
	if len(p.accounts) >= maxAccounts {
		clear(p.accounts)
	}
	var ids []contact.AccountID
	for c := range contacts {
		if _, ok := p.accounts[c.Account]; !ok && c.Account != "" && !c.Masked {
			p.accounts[c.Account] = ""
			ids = append(ids, c.Account)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	found, err := p.from.Contacts.LoadAccounts(ctx, p.Workspace, p.Actor, ids)
	for id, a := range found {
		p.accounts[id] = a.External
	}
	return err
}

// whoIs is a contact as feedback names it.
func (p *people) whoIs(c contact.Contact) *feedback.Who {
	w := &feedback.Who{Name: c.Name, Language: c.Language, Value: c.Value}
	if len(c.Attributes) > 0 {
		w.Attributes = c.Attributes
	}
	for _, i := range c.Identities {
		switch {
		case i.Kind == contact.External && w.ExternalID == "":
			w.ExternalID = i.Value
		case i.Kind == contact.Email && w.Email == "":
			w.Email = i.Value
		case i.Kind == contact.Phone && w.Phone == "":
			w.Phone = i.Norm
		}
	}
	if !c.Masked {
		w.Account = p.accounts[c.Account]
	}
	return w
}
