package insight

import (
	"slices"
	"strings"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/listen/feedback"
	"kolo/internal/understand/search"
)

// rowMaker makes rows of Table. It remembers what comes again from row to row: the names of attributes as the columns have them, the forms
// of scores, sets of themes, stems. It is for one goroutine.
type rowMaker struct {
	index *search.Indexer
	keys  [3]map[string]*extraKey // by what they are of: attributes, answers, contacts
	forms map[wording]wordingAs
	sets  map[string]*setPair // by the themes of a label
	theme []byte

	batch int // counted up by begin
	fresh []*extraKey
	cells []any         // for the rows of the batch
	pairs []column.Pair // and for what is in their catch-alls
}

// The three kinds of names in the catch-all, and how they begin.
const (
	ofAttribute = iota
	ofAnswer
	ofContact
)

var extraPrefix = [...]string{"", "answer:", "contact:"}

// extraKey is a name in the catch-all.
type extraKey struct {
	name  string
	seen  bool // it was considered for a column of its own
	batch int  // in which it was last met without having been seen
	short bool // all its values in this batch are
}

type wording struct {
	scale    feedback.Scale
	question string
}

// wordingAs is what the columns have of a scale and a question, as values.
type wordingAs struct{ scale, question, key any }

// setPair is the two sets of a label's themes.
type setPair struct{ plain, mentions set }

// mostRemembered bounds each of the memories of a rowMaker: a sender that makes up keys or questions must not grow them without end.
const mostRemembered = 50_000

func newRowMaker() *rowMaker {
	m := &rowMaker{index: search.NewIndexer(), forms: map[wording]wordingAs{}, sets: map[string]*setPair{}}
	for i := range m.keys {
		m.keys[i] = map[string]*extraKey{}
	}
	return m
}

// begin says that n rows follow, whose memory is theirs together, and forgets which keys the rows before had.
func (m *rowMaker) begin(n int) {
	m.batch++
	clear(m.fresh)
	m.fresh = m.fresh[:0]
	m.cells = make([]any, 0, n*tableWidth)
	m.pairs = nil
}

var tableWidth = len(Table().Columns)

// values is one piece of feedback as a row of Table, and what sets of themes it names. contactAttributes are those of who said it, label
// is nil when nothing was understood of it.
func (m *rowMaker) values(f *feedback.Feedback, zone *time.Location, contactAttributes map[string]string, label *Label) ([]any, *setPair) {
	var first [8]*feedback.Score // by metric
	extra := m.room(len(f.Attributes) + len(f.Answers) + len(contactAttributes) + len(f.Scores))
	for k, v := range f.Attributes {
		extra = append(extra, column.Pair{Name: m.key(ofAttribute, k, v), Text: v})
	}
	for _, a := range f.Answers {
		v := kept(a.Value)
		extra = append(extra, column.Pair{Name: m.key(ofAnswer, a.Question, v), Text: v})
	}
	for k, v := range contactAttributes {
		extra = append(extra, column.Pair{Name: m.key(ofContact, k, v), Text: v})
	}
	for i := range f.Scores {
		s := &f.Scores[i]
		if at := slices.Index(metrics, s.Metric); at >= 0 && first[at] == nil {
			first[at] = s
			continue
		}
		// The first score of a metric is the one that counts; further ones stay askable by their question.
		v := AnswerText(s.Value)
		extra = append(extra, column.Pair{Name: m.key(ofAnswer, s.Metric+":"+s.Question, v), Text: v})
	}
	m.pairs = m.pairs[:len(m.pairs)+len(extra)]
	extra = extra.Sort()

	language := f.Language
	var class, score, unsure any
	of := &noSets
	var copied int64
	if label != nil {
		class, score, unsure = int16(label.Sentiment), label.Score, int16(flag(label.Unsure))
		of = m.setsOf(label.Themes)
		copied = label.Copy
		if language == "" {
			language = label.Language
		}
	}
	stemmed, _, _ := strings.Cut(strings.ToLower(language), "-")
	found := m.index.Index(f.Text, stemmed)
	local := f.Time.In(zone)
	from := len(m.cells)
	m.cells = append(m.cells,
		string(f.Workspace), string(f.ID), f.Time.UnixMilli(),
		int64(clock.DayOf(f.Time, zone)), int64((local.Year()-1970)*12+int(local.Month())-1), f.Kind,
		f.Channel, f.Source, language,
		f.Touchpoint, f.Survey, f.SurveyVersion,
		string(f.Contact), Key(string(f.Contact)), f.Import, Fold(f.Text), found.Stems, found.Forms,
		class, score, unsure,
		of.plain.key, of.mentions.key, copied,
		extra,
	)
	for i := range metrics {
		s := first[i]
		if s == nil {
			m.cells = append(m.cells, nil, nil, "", "", nil)
			continue
		}
		question := s.Question
		if question == "" && f.SurveyVersion != "" {
			question = f.Survey + " " + f.SurveyVersion
		}
		x := m.form(s.Scale, question)
		m.cells = append(m.cells, s.Value, Class(*s), x.scale, x.question, x.key)
	}
	return m.cells[from:len(m.cells):len(m.cells)], of
}

var noSets setPair

// room gives room for n pairs, of which none is taken until m.pairs is grown by them.
func (m *rowMaker) room(n int) column.Pairs {
	if cap(m.pairs)-len(m.pairs) < n {
		m.pairs = make([]column.Pair, 0, max(n, 8192))
	}
	return m.pairs[len(m.pairs) : len(m.pairs) : len(m.pairs)+n]
}

// key is the name of what an attribute, an answer or an attribute of a contact stands under in the catch-all.
func (m *rowMaker) key(of int, raw, value string) string {
	k := m.keys[of][raw]
	if k == nil {
		if len(m.keys[of]) >= mostRemembered {
			clear(m.keys[of])
		}
		k = &extraKey{name: extraPrefix[of] + raw}
		m.keys[of][strings.Clone(raw)] = k
	}
	if k.seen {
		return k.name
	}
	if k.batch != m.batch {
		k.batch, k.short = m.batch, true
		m.fresh = append(m.fresh, k)
	}
	if k.short && len(value) > 80 {
		k.short = !slices.ContainsFunc(choices(value), func(s string) bool { return len(s) > 80 })
	}
	return k.name
}

// form is what the columns have of a scale and a question.
func (m *rowMaker) form(scale feedback.Scale, question string) wordingAs {
	k := wording{scale, question}
	x, ok := m.forms[k]
	if !ok {
		if len(m.forms) >= mostRemembered {
			clear(m.forms)
		}
		text := scale.String()
		x = wordingAs{text, question, Key(text, question)}
		m.forms[k] = x
	}
	return x
}

// setsOf are the sets of a label's themes.
func (m *rowMaker) setsOf(themes []ThemeLabel) *setPair {
	if len(themes) == 0 {
		return &noSets
	}
	m.theme = m.theme[:0]
	for _, t := range themes {
		m.theme = append(append(append(m.theme, t.ID...), 0), byte(t.Sentiment))
	}
	if of := m.sets[string(m.theme)]; of != nil {
		return of
	}
	if len(m.sets) >= mostRemembered {
		clear(m.sets)
	}
	of := &setPair{}
	of.plain, of.mentions = Label{Themes: themes}.sets()
	m.sets[string(m.theme)] = of
	return of
}

// promotable are the keys of the rows since begin that were not seen before and deserve columns of their own: their values are short, as
// labels are.
func (m *rowMaker) promotable(seen map[string]bool) []string {
	var out []string
	for _, k := range m.fresh {
		if k.seen = seen[k.name]; !k.seen && k.short && column.CanPromote(k.name) && !slices.Contains(out, k.name) {
			out = append(out, k.name)
		}
	}
	slices.Sort(out)
	return out
}
