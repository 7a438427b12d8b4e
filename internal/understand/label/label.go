// Package label keeps what was understood of each piece of feedback: language, sentiment and themes, of the whole text and
// of its clauses, with the version of the model that read it. It reads what the intake has kept, in the background, and
// takes people's corrections, which survive every later reading.
//
// The order of things: feedback gets a number of change when it is kept (store.Tx.NextSeq); readers, of any number of
// processes, claim ranges of these numbers and write labels; the feeder of the columns follows up to where everything was
// read (Service.UpTo). A change of a label numbers the feedback anew (feedback.Touch), so that it takes the same way again.
package label

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"
	"unicode"
	"unicode/utf8"

	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/text"
)

// Label is what is understood of one piece of feedback, people's corrections included.
type Label struct {
	Workspace identity.WorkspaceID
	Feedback  feedback.ID
	Hash      int64 // of the text that was read, see HashOf
	Copy      int64 // of its words: copies of one text share it; 0 for a text without words
	reading.Reading
	Corrected bool // a person has had a say
	At        time.Time
}

// HashOf is what tells whether a text is still the one that was read.
func HashOf(s string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return int64(h.Sum64())
}

// copyOf is a hash of the letters and digits of a text: copies that differ in case, signs and white space share it.
func copyOf(s string) int64 {
	h := fnv.New64a()
	var b [utf8.UTFMax]byte
	found := false
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			found = true
			_, _ = h.Write(b[:utf8.EncodeRune(b[:], unicode.ToLower(r))])
		}
	}
	if !found {
		return 0
	}
	return int64(h.Sum64() | 1)
}

// detail is what is kept of a reading as JSON.
type detail struct {
	LanguageConfidence float64       `json:"lc,omitempty"`
	Themes             []themeDetail `json:"t,omitempty"`
	Clauses            []clause      `json:"c,omitempty"`
}

type themeDetail struct {
	Theme      string  `json:"t"`
	Sentiment  int     `json:"s,omitempty"`
	Confidence float64 `json:"c"`
}

type clause struct {
	Start      int           `json:"a"`
	End        int           `json:"b"`
	Sentiment  int           `json:"s,omitempty"`
	Score      float64       `json:"v"`
	Confidence float64       `json:"c"`
	Themes     []themeDetail `json:"t,omitempty"`
}

func detailOf(r reading.Reading) string {
	d := detail{LanguageConfidence: short(r.LanguageConfidence), Themes: themesOf(r.Themes)}
	for _, c := range r.Clauses {
		d.Clauses = append(d.Clauses, clause{c.Start, c.End, int(c.Sentiment), short(c.Score), short(c.Confidence), themesOf(c.Themes)})
	}
	b, err := json.Marshal(d)
	if err != nil { // finite numbers and texts only
		panic(fmt.Sprintf("label: %v", err))
	}
	return string(b)
}

func themesOf(list []reading.ThemeLabel) (out []themeDetail) {
	for _, t := range list {
		out = append(out, themeDetail{t.Theme, int(t.Sentiment), short(t.Confidence)})
	}
	return out
}

func (d detail) into(r *reading.Reading) {
	r.LanguageConfidence, r.Themes = d.LanguageConfidence, labelsOf(d.Themes)
	for _, c := range d.Clauses {
		r.Clauses = append(r.Clauses, reading.Clause{Span: text.Span{Start: c.Start, End: c.End}, Sentiment: reading.Sentiment(c.Sentiment),
			Score: c.Score, Confidence: c.Confidence, Themes: labelsOf(c.Themes)})
	}
}

func labelsOf(list []themeDetail) (out []reading.ThemeLabel) {
	for _, t := range list {
		out = append(out, reading.ThemeLabel{Theme: t.Theme, Sentiment: reading.Sentiment(t.Sentiment), Confidence: t.Confidence})
	}
	return out
}

// short keeps three digits: what follows them is noise that would be kept a million times.
func short(x float64) float64 { return float64(int(x*1000+0.5*sign(x))) / 1000 }

func sign(x float64) float64 {
	if x < 0 {
		return -1
	}
	return 1
}
