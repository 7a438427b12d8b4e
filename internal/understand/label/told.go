package label

import (
	"context"
	"regexp"
	"slices"
	"unicode/utf8"

	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/text"
)

// Understanding is a label as programs are told it. Places are counted in characters (Unicode code points) of the text as
// it is given beside it: where personal data was masked, of the masked text.
type Understanding struct {
	Language   string         `json:"language,omitempty" doc:"ISO 639: of the feedback itself, or detected"`
	Sentiment  string         `json:"sentiment" enum:"negative,neutral,positive,mixed"`
	Score      float64        `json:"score" doc:"-1 (all blame) to 1 (all praise)"`
	Confidence float64        `json:"confidence" doc:"Probability that the sentiment is right"`
	Unsure     bool           `json:"unsure" doc:"A person should look before anything depends on the sentiment"`
	Themes     []AboutTheme   `json:"themes"`
	Clauses    []ClauseOfText `json:"clauses"`
	Model      string         `json:"model" doc:"Version of what read the text"`
	Corrected  bool           `json:"corrected" doc:"A person has had a say"`
}

// AboutTheme says that a text or a clause is about a theme.
type AboutTheme struct {
	Theme      string  `json:"theme" doc:"Id of the theme"`
	Sentiment  string  `json:"sentiment" enum:"negative,neutral,positive,mixed" doc:"How it is spoken of"`
	Confidence float64 `json:"confidence"`
}

// ClauseOfText is a part of a text that says one thing.
type ClauseOfText struct {
	Start      int          `json:"start" doc:"First character (Unicode code point, from 0) of the text as it is given"`
	End        int          `json:"end" doc:"Character after the last"`
	Text       string       `json:"text"`
	Sentiment  string       `json:"sentiment" enum:"negative,neutral,positive"`
	Score      float64      `json:"score"`
	Confidence float64      `json:"confidence"`
	Themes     []AboutTheme `json:"themes"`
}

// Told is the text of a piece of feedback as somebody may see it, and how to find places of the original in it.
type Told struct {
	Text     string
	original string
	findings []text.Finding
	names    []string
}

// NamesFor are the names that the contacts behind feedback are known by: they are masked in what these said before an actor who may not know
// who contacts are. For others it is nil, and nothing is read.
func NamesFor(ctx context.Context, contacts *contact.Service, ws identity.WorkspaceID, actor identity.Actor, list []feedback.Feedback) (map[contact.ID][]string, error) {
	if actor.May(identity.ContactsIdentify) {
		return nil, nil
	}
	ids := make([]contact.ID, len(list))
	for i, f := range list {
		ids[i] = f.Contact
	}
	return contacts.Names(ctx, ws, ids)
}

// Tell gives the text of feedback, with personal data masked where mask says so; names are those that its contact is known by (NamesFor).
func Tell(f feedback.Feedback, language string, mask bool, names []string) Told {
	t := Told{Text: f.Text, original: f.Text, names: names}
	if mask && f.Text != "" {
		if f.Language != "" {
			language = f.Language
		}
		t.findings = text.Personal(f.Text, language, names...)
		t.Text = text.Mask(f.Text, t.findings)
	}
	return t
}

// Masked is feedback with the told text, and, where mask says so, with what is personal in the words of its answers and attributes masked
// as well, and in what else senders may write at will (Facts). Attributes that are called like one of hidden are left out, as they are of contacts (contact.Service.Hidden).
func Masked(f feedback.Feedback, t Told, mask bool, hidden contact.Secret) feedback.Feedback {
	f.Text = t.Text
	if !mask {
		return f
	}
	f = Facts(f, t.names)
	var attributes map[string]string
	for k, v := range f.Attributes {
		if hidden.Has(k) {
			continue
		}
		if attributes == nil {
			attributes = make(map[string]string, len(f.Attributes))
		}
		attributes[k] = text.Mask(v, text.Personal(v, f.Language, t.names...))
	}
	f.Attributes = attributes
	answers := make([]feedback.Answer, len(f.Answers))
	for i, a := range f.Answers {
		switch v := a.Value.(type) {
		case string:
			a.Value = text.Mask(v, text.Personal(v, f.Language, t.names...))
		case []any:
			list := slices.Clone(v)
			for j, e := range list {
				if s, ok := e.(string); ok {
					list[j] = text.Mask(s, text.Personal(s, f.Language, t.names...))
				}
			}
			a.Value = list
		}
		answers[i] = a
	}
	if f.Answers = answers; len(answers) == 0 {
		f.Answers = nil
	}
	return f
}

// Facts is feedback with what is personal masked in where it came from, in its id and in the wording of its questions. The ids that
// imports give to rows stay. names are as in Tell.
func Facts(f feedback.Feedback, names []string) feedback.Feedback {
	masked := func(s string) string { return masked(s, names...) }
	for _, s := range []*string{&f.Source, &f.Touchpoint, &f.Survey, &f.SurveyVersion} {
		*s = masked(*s)
	}
	if !madeID.MatchString(f.ExternalID) {
		f.ExternalID = masked(f.ExternalID)
	}
	f.Scores, f.Answers = slices.Clone(f.Scores), slices.Clone(f.Answers)
	for i := range f.Scores {
		f.Scores[i].Question = masked(f.Scores[i].Question)
	}
	for i := range f.Answers {
		f.Answers[i].Question = masked(f.Answers[i].Question)
	}
	return f
}

var madeID = regexp.MustCompile(`^import-[0-9a-f]{16}-[0-9]+$`)

// Place is where a span of the original stands in the told text, in characters. What begins or ends within something
// masked does so where the mask does.
func (t Told) Place(sp text.Span) (start, end int) {
	start = utf8.RuneCountInString(t.Text[:t.at(sp.Start, false)])
	return start, start + utf8.RuneCountInString(t.Text[t.at(sp.Start, false):max(t.at(sp.Start, false), t.at(sp.End, true))])
}

// at is where a byte of the original stands in the told text; within something masked it is the mask's beginning, or its end.
func (t Told) at(i int, end bool) int {
	i = min(max(i, 0), len(t.original))
	shift := 0
	for _, f := range t.findings {
		mask := len(f.Kind) + 2
		switch {
		case i >= f.End:
			shift += mask - f.Len()
		case i > f.Start && end:
			return f.Start + shift + mask
		case i > f.Start:
			return f.Start + shift
		}
	}
	return min(max(i+shift, 0), len(t.Text))
}

// Clause is the clause of a label that stands at a place of the told text.
func (t Told) Clause(l Label, start, end int) (text.Span, bool) {
	for _, c := range l.Clauses {
		if a, b := t.Place(c.Span); a == start && b == end {
			return c.Span, true
		}
	}
	return text.Span{}, false
}

// Understanding is a label beside the told text. resolve gives the theme that an id means today, "" for none.
func (t Told) Understanding(l Label, resolve func(id string) string) *Understanding {
	u := &Understanding{Language: l.Language, Sentiment: l.Sentiment.String(), Score: l.Score, Confidence: l.Confidence, Unsure: l.Unsure, Themes: about(l.Themes, resolve),
		Clauses: []ClauseOfText{}, Model: l.Model, Corrected: l.Corrected}
	if l.Hash != HashOf(t.original) { // of an earlier text: the places mean nothing here
		return u
	}
	for _, c := range l.Clauses {
		x := ClauseOfText{Sentiment: c.Sentiment.String(), Score: c.Score, Confidence: c.Confidence, Themes: about(c.Themes, resolve)}
		x.Start, x.End = t.Place(c.Span)
		from := t.at(c.Start, false)
		x.Text = t.Text[from:max(from, t.at(c.End, true))]
		u.Clauses = append(u.Clauses, x)
	}
	return u
}

func about(list []reading.ThemeLabel, resolve func(string) string) []AboutTheme {
	out := []AboutTheme{}
	seen := map[string]bool{}
	for _, x := range list {
		if id := resolve(x.Theme); id != "" && !seen[id] {
			seen[id] = true
			out = append(out, AboutTheme{Theme: id, Sentiment: x.Sentiment.String(), Confidence: x.Confidence})
		}
	}
	return out
}
