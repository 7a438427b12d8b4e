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
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/valyala/fastjson"

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

// What is kept of a reading beside the columns of its own is JSON with short names, written and read by hand, for each text
// that is asked about passes through here: lc the confidence of the language, t themes (t theme, s sentiment, c confidence),
// c clauses (a and b its bytes, s sentiment, v score, c confidence, t themes).

func detailOf(r reading.Reading) string {
	b := make([]byte, 0, 64+96*len(r.Clauses))
	b = append(b, `{"lc":`...)
	b = appendShort(b, r.LanguageConfidence)
	b = appendThemes(append(b, `,"t":`...), r.Themes)
	b = append(b, `,"c":[`...)
	for i, c := range r.Clauses {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"a":`...), int64(c.Start), 10)
		b = strconv.AppendInt(append(b, `,"b":`...), int64(c.End), 10)
		b = strconv.AppendInt(append(b, `,"s":`...), int64(c.Sentiment), 10)
		b = appendShort(append(b, `,"v":`...), c.Score)
		b = appendShort(append(b, `,"c":`...), c.Confidence)
		b = append(appendThemes(append(b, `,"t":`...), c.Themes), '}')
	}
	return string(append(b, "]}"...))
}

func appendThemes(b []byte, list []reading.ThemeLabel) []byte {
	b = append(b, '[')
	for i, t := range list {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(t.Theme)
		if err != nil { // a string always can be
			panic(fmt.Sprintf("label: %v", err))
		}
		b = append(append(b, `{"t":`...), name...)
		b = strconv.AppendInt(append(b, `,"s":`...), int64(t.Sentiment), 10)
		b = append(appendShort(append(b, `,"c":`...), t.Confidence), '}')
	}
	return append(b, ']')
}

func appendShort(b []byte, x float64) []byte { return strconv.AppendFloat(b, short(x), 'g', -1, 64) }

var parsers fastjson.ParserPool

func readDetail(s string, r *reading.Reading) error {
	p := parsers.Get()
	defer parsers.Put(p)
	v, err := p.Parse(s)
	if err != nil {
		return err
	}
	r.LanguageConfidence, r.Themes = v.GetFloat64("lc"), themesIn(v)
	for _, c := range v.GetArray("c") {
		r.Clauses = append(r.Clauses, reading.Clause{Span: text.Span{Start: c.GetInt("a"), End: c.GetInt("b")}, Sentiment: reading.Sentiment(c.GetInt("s")),
			Score: c.GetFloat64("v"), Confidence: c.GetFloat64("c"), Themes: themesIn(c)})
	}
	return nil
}

// readThemes reads of a detail what comes before the clauses, which are most of it. No name of a theme has the text that begins them: its
// quotation marks are escaped.
func readThemes(s string, r *reading.Reading) error {
	head, _, found := strings.Cut(s, `,"c":[`)
	if !found {
		return readDetail(s, r)
	}
	p := parsers.Get()
	defer parsers.Put(p)
	v, err := p.Parse(head + "}")
	if err != nil {
		return err
	}
	r.LanguageConfidence, r.Themes = v.GetFloat64("lc"), themesIn(v)
	return nil
}

func themesIn(v *fastjson.Value) (out []reading.ThemeLabel) {
	for _, t := range v.GetArray("t") {
		out = append(out, reading.ThemeLabel{Theme: string(t.GetStringBytes("t")), Sentiment: reading.Sentiment(t.GetInt("s")), Confidence: t.GetFloat64("c")})
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
