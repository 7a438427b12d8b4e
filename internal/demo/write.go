package demo

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// Label is what a text was made to say: what an analysis of texts is judged against. It says nothing of feedback
// without words.
type Label struct {
	ExternalID string   `json:"external_id"`
	Language   string   `json:"language"`
	Mixed      bool     `json:"mixed_language,omitempty"` // some words are of another language
	Sentiment  string   `json:"sentiment"`                // negative, neutral, positive, mixed
	Themes     []Said   `json:"themes,omitempty"`         // none in a word or two
	RootCause  string   `json:"root_cause,omitempty"`
	Secrets    []Secret `json:"personal_data,omitempty"`
}

// label of the text that was composed last. Its lists are the writer's.
func (c *Company) label(r *row, w *writer) Label {
	l := Label{ExternalID: r.id(), Language: languages[c.people[r.person].lang], Mixed: w.foreign, Sentiment: sentiments[r.polarity],
		Themes: w.said, Secrets: w.secrets}
	for _, s := range w.said {
		if s.Sentiment != sentiments[neutral] && len(w.said) > 1 && s.Sentiment != w.said[0].Sentiment {
			l.Sentiment = "mixed"
		}
	}
	if r.plant >= 0 && !r.tiny {
		l.RootCause = plants[r.plant].id
	}
	return l
}

// Labels gives the labels of all texts in the order of time. The lists of a label are good until the next.
func (c *Company) Labels(fn func(Label) error) error {
	var w writer
	return c.each(func(r *row) error {
		if r.wordless {
			return nil
		}
		c.compose(r, &w)
		return fn(c.label(r, &w))
	})
}

// Fate is how a contact's time with the company went.
type Fate struct {
	ExternalID string `json:"external_id"`
	Joined     string `json:"joined"`
	Left       string `json:"left,omitempty"`
	Reason     string `json:"reason,omitempty"` // known here; the customer may have given another, or none
	LowUsage   bool   `json:"low_usage,omitempty"`
	PriceRise  bool   `json:"price_rise,omitempty"`
	Complained string `json:"complained,omitempty"` // the day of a complaint that mattered
	Unsolved   bool   `json:"unresolved,omitempty"`
}

// Fates gives every contact's, in the order of Contacts.
func (c *Company) Fates(fn func(Fate) error) error {
	day := func(d int32) string { return c.start.AddDate(0, 0, int(d)).Format(time.DateOnly) }
	for i := range c.people {
		p := &c.people[i]
		f := Fate{ExternalID: contactID(i), Joined: day(p.join), Reason: reasons[p.reason], LowUsage: p.low, Unsolved: p.unsolved,
			PriceRise: p.hitByPriceRise() && p.active(priceRiseWeek*7)}
		if p.gone < int32(c.days) {
			f.Left = day(p.gone)
		}
		if p.complaint >= 0 {
			f.Complained = day(p.complaint)
		}
		if err := fn(f); err != nil {
			return err
		}
	}
	return nil
}

// Write puts the company into a folder, which it makes: feedback.ndjson, contacts.ndjson and events.ndjson are what a
// company would have; truth.json, labels.ndjson (of texts) and fates.ndjson (of contacts) are what only the generator knows.
func (c *Company) Write(dir string) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	open := func(name string) *lines {
		f, e := os.Create(filepath.Join(dir, name))
		if e != nil && err == nil {
			err = e
		}
		b := bufio.NewWriterSize(f, 1<<16)
		enc := json.NewEncoder(b)
		enc.SetEscapeHTML(false)
		return &lines{f, b, enc}
	}
	words, labels, contacts, events, fates, truth := open("feedback.ndjson"), open("labels.ndjson"), open("contacts.ndjson"),
		open("events.ndjson"), open("fates.ndjson"), open("truth.json")
	defer func() {
		for _, l := range []*lines{words, labels, contacts, events, fates, truth} {
			err = errors.Join(err, l.close())
		}
	}()
	if err != nil {
		return err
	}
	var w writer
	t := c.newTally()
	err = c.each(func(r *row) error {
		t.add(r)
		if err := words.enc.Encode(c.input(r, &w)); err != nil || r.wordless {
			return err
		}
		return labels.enc.Encode(c.label(r, &w))
	})
	if err != nil {
		return err
	}
	if err := c.Contacts(func(k Contact) error { return contacts.enc.Encode(k) }); err != nil {
		return err
	}
	if err := c.Events(func(e Event) error { return events.enc.Encode(e) }); err != nil {
		return err
	}
	if err := c.Fates(func(f Fate) error { return fates.enc.Encode(f) }); err != nil {
		return err
	}
	truth.enc.SetIndent("", "  ")
	return truth.enc.Encode(t.truth())
}

type lines struct {
	f   *os.File
	b   *bufio.Writer
	enc *json.Encoder
}

func (l *lines) close() error {
	if l.f == nil {
		return nil
	}
	return errors.Join(l.b.Flush(), l.f.Close())
}
