package label

import (
	"context"
	"slices"
	"strings"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/sentiment"
	"kolo/internal/understand/text"
)

// What a correction is about.
const (
	AspectSentiment = "sentiment" // Value is negative, neutral, positive or mixed
	AspectTheme     = "theme"     // Value is yes or no: the text, or the clause, is or is not about Theme
	AspectThemes    = "themes"    // Value is yes or no: the model did or did not tell all that the text is about
)

// Whole is the span of a correction of the whole text.
var Whole = text.Span{Start: -1, End: -1}

// Correction is what a person said about a label: that it is wrong and what is right, or that it is right. It is data: who
// and when, what the model had said and how sure it was; it outlives every later reading of the text, and teaches.
type Correction struct {
	ID         string      `json:"id"`
	Feedback   feedback.ID `json:"feedback_id"`
	Span       text.Span   `json:"-"` // of the clause, in bytes of the text; Whole for all of it
	Aspect     string      `json:"aspect"`
	Theme      string      `json:"theme,omitempty"`
	Value      string      `json:"value"`
	Was        string      `json:"was"` // what the model had said
	Confidence float64     `json:"confidence"`
	Model      string      `json:"model"`
	Language   string      `json:"language"`
	Hash       int64       `json:"-"`
	Sampled    bool        `json:"sampled"` // chance had chosen the text: what agreement is estimated from
	Member     string      `json:"-"`
	By         string      `json:"by"`
	At         time.Time   `json:"at"`
}

// Agrees tells whether the person confirmed the model.
func (c Correction) Agrees() bool { return c.Value == c.Was }

const selectCorrection = `SELECT id, feedback, start_at, end_at, aspect, theme, value, was, confidence, model, language, hash, sampled, member, by_name, made_at FROM correction`

func scanCorrection(s store.Scanner) (c Correction, err error) {
	var at int64
	var sampled int
	err = s.Scan(&c.ID, &c.Feedback, &c.Span.Start, &c.Span.End, &c.Aspect, &c.Theme, &c.Value, &c.Was, &c.Confidence, &c.Model, &c.Language, &c.Hash, &sampled,
		&c.Member, &c.By, &at)
	c.At, c.Sampled = time.UnixMilli(at).UTC(), sampled != 0
	return c, err
}

// standing reads the corrections of feedback that count, in the order in which they were made.
func standing(tx *store.Tx, ws identity.WorkspaceID, ids []feedback.ID) (map[feedback.ID][]Correction, error) {
	out := map[feedback.ID][]Correction{}
	for len(ids) > 0 {
		n := min(len(ids), 500)
		got, err := store.All(tx, scanCorrection, "/* label.standing */ "+selectCorrection+" WHERE workspace = $1 AND ended_at = 0 AND feedback IN "+store.In(1, n)+" ORDER BY made_at, id",
			append([]any{string(ws)}, store.Anys(ids[:n])...)...)
		if err != nil {
			return nil, err
		}
		for _, c := range got {
			out[c.Feedback] = append(out[c.Feedback], c)
		}
		ids = ids[n:]
	}
	return out, nil
}

// correct lays corrections over a label. Those that were made of another text are passed over.
func (l *Label) correct(list []Correction) {
	whole, part := false, false // whether a person has said how the text feels, and a clause of it
	for _, c := range list {
		if c.Hash != l.Hash {
			continue
		}
		l.Corrected = true
		switch c.Aspect {
		case AspectSentiment:
			v, err := sentiment.Parse(c.Value)
			if err != nil {
				continue
			}
			if c.Span == Whole {
				l.Sentiment, l.Score, l.Confidence, l.Unsure = v, scoreOf(v), 1, false
				if len(l.Clauses) == 1 && v != reading.Mixed { // the text is its clause
					feel(&l.Clauses[0], v)
				}
				whole = true
			} else if k := l.clause(c.Span); k >= 0 {
				part = true
				feel(&l.Clauses[k], v)
			}
		case AspectTheme:
			l.correctTheme(c)
		}
	}
	if l.Corrected {
		if part && !whole {
			l.settleWhole()
		}
		l.settleThemes()
	}
}

// feel has a clause, and what it is about, be spoken of as a person says.
func feel(c *reading.Clause, v reading.Sentiment) {
	c.Sentiment, c.Score, c.Confidence = v, scoreOf(v), 1
	for i := range c.Themes {
		c.Themes[i].Sentiment = v
	}
}

// settleWhole has the text follow its clauses where it contradicts them: it praises and no clause does, or the like.
func (l *Label) settleWhole() {
	blame, praise := false, false
	for _, c := range l.Clauses {
		blame = blame || c.Sentiment == reading.Negative
		praise = praise || c.Sentiment == reading.Positive
	}
	saysBlame := l.Sentiment == reading.Negative || l.Sentiment == reading.Mixed
	saysPraise := l.Sentiment == reading.Positive || l.Sentiment == reading.Mixed
	if !(saysBlame && !blame || saysPraise && !praise || !saysBlame && !saysPraise && (blame || praise)) {
		return
	}
	v := reading.Neutral
	switch {
	case blame && praise:
		v = reading.Mixed
	case blame:
		v = reading.Negative
	case praise:
		v = reading.Positive
	}
	l.Sentiment, l.Score, l.Unsure = v, scoreOf(v), false
}

func (l *Label) correctTheme(c Correction) {
	k := l.clause(c.Span)
	if c.Value == "yes" {
		at := reading.ThemeLabel{Theme: c.Theme, Sentiment: l.Sentiment, Confidence: 1}
		if k >= 0 {
			at.Sentiment = l.Clauses[k].Sentiment
			l.Clauses[k].Themes = with(l.Clauses[k].Themes, at)
		}
		l.Themes = with(l.Themes, at)
		return
	}
	if k >= 0 {
		l.Clauses[k].Themes = without(l.Clauses[k].Themes, c.Theme)
		for _, other := range l.Clauses {
			for _, t := range other.Themes {
				if t.Theme == c.Theme {
					return // another clause still speaks of it
				}
			}
		}
	} else {
		for i := range l.Clauses {
			l.Clauses[i].Themes = without(l.Clauses[i].Themes, c.Theme)
		}
	}
	l.Themes = without(l.Themes, c.Theme)
}

// settleThemes gives each theme of the text the sentiment of the clauses that speak of it.
func (l *Label) settleThemes() {
	for i, t := range l.Themes {
		l.Themes[i].Sentiment = l.Spoken(t.Theme)
	}
}

// clause finds the clause that shares most of a span, -1 when none does.
func (l *Label) clause(sp text.Span) int {
	best, most := -1, 0
	if sp == Whole {
		return best
	}
	for i, c := range l.Clauses {
		if n := min(c.End, sp.End) - max(c.Start, sp.Start); n > most {
			best, most = i, n
		}
	}
	return best
}

func scoreOf(v reading.Sentiment) float64 {
	if v == reading.Mixed {
		return 0
	}
	return float64(v)
}

func with(list []reading.ThemeLabel, t reading.ThemeLabel) []reading.ThemeLabel {
	for i := range list {
		if list[i].Theme == t.Theme {
			list[i].Confidence = t.Confidence
			return list
		}
	}
	return append(list, t)
}

func without(list []reading.ThemeLabel, theme string) []reading.ThemeLabel {
	out := list[:0]
	for _, t := range list {
		if t.Theme != theme {
			out = append(out, t)
		}
	}
	return out
}

// NewCorrection asks for a correction.
type NewCorrection struct {
	Feedback feedback.ID
	Span     text.Span // of a clause, or Whole
	Aspect   string
	Theme    string
	Value    string // the same as the model's confirms it
	Sampled  bool
	Model    string // that had read what the person saw; "" where that is not known
}

// NoClause is why a correction of a clause is refused that the label of a text does not have: fault.Conflict where that was read of an earlier
// text, or the person saw what another model had read, else fault.Invalid.
func (l *Label) NoClause(op, said, saw string) error {
	if l.Hash != HashOf(said) {
		return fault.New(fault.Conflict, op, "the text has changed, and is being read anew: look at its clauses again in a moment")
	}
	if saw != "" && saw != l.Model {
		return fault.New(fault.Conflict, op, "the text was read anew meanwhile, and has other clauses now: look at them again")
	}
	return fault.Bad(op, fault.Field{Path: "start", Code: "range", Msg: "start and end are not those of a clause of the text, as it is understood now"})
}

// Correct keeps what a person says, and has the label written anew: in the rows at once, in the columns within seconds.
// fault.NotFound: no such feedback, or it has no label yet; fault.Invalid: what is said makes no sense, or is of no clause; fault.Conflict:
// the clause is one of an earlier reading, or of an earlier text.
func (s *Service) Correct(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, n NewCorrection) (l Label, err error) {
	const op = "label.Correct"
	if err := actor.RequireIn(op, ws, identity.LabelsCorrect); err != nil {
		return l, err
	}
	if err := n.validate(op); err != nil {
		return l, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		f, err := feedback.SaidOf(tx, ws, n.Feedback)
		if err != nil {
			return err
		}
		known, err := of(tx, ws, []feedback.ID{n.Feedback})
		if err != nil {
			return err
		}
		var ok bool
		if l, ok = known[n.Feedback]; !ok || f.Text == "" {
			return fault.New(fault.NotFound, op, "nothing was read of this feedback yet")
		}
		// The same place, not one that shares some of it: what is said of half a clause is said of nothing that anybody was shown.
		is := func(c reading.Clause) bool { return c.Span == n.Span }
		if n.Span != Whole && (l.Hash != HashOf(f.Text) || !slices.ContainsFunc(l.Clauses, is)) {
			return l.NoClause(op, f.Text, n.Model)
		}
		c := Correction{ID: id.New(tx.Now), Feedback: n.Feedback, Span: n.Span, Aspect: n.Aspect, Theme: n.Theme, Value: n.Value, Model: l.Model,
			Language: l.Language, Hash: HashOf(f.Text), Sampled: n.Sampled, Member: string(actor.Member), By: actor.Name, At: tx.Now}
		earlier, err := standing(tx, ws, []feedback.ID{n.Feedback})
		if err != nil {
			return err
		}
		c.Was, c.Confidence = l.said(c)
		for _, e := range earlier[n.Feedback] {
			if e.same(c) { // the label carries the earlier correction: what the model had said stands there
				c.Was, c.Confidence = e.Was, e.Confidence
			}
		}
		if _, err := tx.Exec(`/* label.Correct */ UPDATE correction SET ended_at = $7 WHERE workspace = $1 AND feedback = $2 AND start_at = $3 AND end_at = $4 AND aspect = $5 AND theme = $6 AND ended_at = 0`,
			string(ws), string(c.Feedback), c.Span.Start, c.Span.End, c.Aspect, c.Theme, tx.Millis()); err != nil {
			return err
		}
		if _, err := tx.Exec(`/* label.Correct */ INSERT INTO correction (id, workspace, feedback, start_at, end_at, aspect, theme, value, was, confidence, model, language, hash, sampled, member, by_name, made_at, ended_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0)`,
			c.ID, string(ws), string(c.Feedback), c.Span.Start, c.Span.End, c.Aspect, c.Theme, c.Value, c.Was, c.Confidence, c.Model, c.Language, c.Hash,
			number(c.Sampled), c.Member, c.By, tx.Millis()); err != nil {
			return err
		}
		all, err := standing(tx, ws, []feedback.ID{c.Feedback}) // what was said of it before bears on what this makes of it
		if err != nil {
			return err
		}
		l.correct(all[c.Feedback])
		if err := write(tx, []Label{l}); err != nil {
			return err
		}
		return feedback.Touch(tx, ws, []feedback.ID{n.Feedback})
	})
	return l, fault.Wrap(op, err)
}

// NewCheck is what a person says of a whole text that chance chose.
type NewCheck struct {
	Feedback     feedback.ID
	Sentiment    string
	Right, Wrong []string // of the themes that it was told to be about
	Missed       []string // that it is about beside these
}

// Check keeps what a person says of a text that chance chose as corrections, and gives its label as it is then. See Correct.
func (s *Service) Check(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, c NewCheck) (l Label, err error) {
	all := "yes"
	if len(c.Missed) > 0 {
		all = "no"
	}
	said := []NewCorrection{{Aspect: AspectSentiment, Value: c.Sentiment}}
	for _, t := range c.Right {
		said = append(said, NewCorrection{Aspect: AspectTheme, Theme: t, Value: "yes"})
	}
	for _, t := range c.Wrong {
		said = append(said, NewCorrection{Aspect: AspectTheme, Theme: t, Value: "no"})
	}
	for _, t := range c.Missed {
		said = append(said, NewCorrection{Aspect: AspectTheme, Theme: t, Value: "yes"})
	}
	for _, n := range append(said, NewCorrection{Aspect: AspectThemes, Value: all}) {
		n.Feedback, n.Span, n.Sampled = c.Feedback, Whole, true
		if l, err = s.Correct(ctx, ws, actor, n); err != nil {
			return l, err
		}
	}
	return l, nil
}

// Withdraw takes a correction back: the model's reading counts again once the text is read anew, within seconds.
func (s *Service) Withdraw(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, correction string) error {
	const op = "label.Withdraw"
	if err := actor.RequireIn(op, ws, identity.LabelsCorrect); err != nil {
		return err
	}
	return fault.Wrap(op, s.db.Update(ctx, func(tx *store.Tx) error {
		c, err := store.One(tx, scanCorrection, "/* label.Withdraw */ "+selectCorrection+" WHERE workspace = $1 AND id = $2 AND ended_at = 0", string(ws), correction)
		if fault.Is(err, fault.NotFound) {
			return fault.New(fault.NotFound, op, "there is no such correction here")
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec("/* label.Withdraw */ UPDATE correction SET ended_at = $2 WHERE id = $1", c.ID, tx.Millis()); err != nil {
			return err
		}
		return feedback.Touch(tx, ws, []feedback.ID{c.Feedback})
	}))
}

// Corrections lists the corrections of a workspace that count, the newest first, from before the given one ("" for the
// newest), at most limit (500 at most).
func (s *Service) Corrections(ctx context.Context, ws identity.WorkspaceID, before string, limit int) (list []Correction, err error) {
	if limit <= 0 || limit > 500 {
		limit = 100
	}
	if before == "" {
		before = "g" // after every id
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, scanCorrection, "/* label.Corrections */ "+selectCorrection+" WHERE workspace = $1 AND ended_at = 0 AND id < $2 ORDER BY id DESC LIMIT $3", string(ws), before, limit)
		return err
	})
	return list, fault.Wrap("label.Corrections", err)
}

// CorrectedSince counts the corrections of a workspace that were made since an instant and still count.
func CorrectedSince(tx *store.Tx, ws identity.WorkspaceID, since time.Time) (int64, error) {
	return store.One(tx, store.Value[int64], "/* label.CorrectedSince */ SELECT count(*) FROM correction WHERE workspace = $1 AND ended_at = 0 AND made_at > $2", string(ws), since.UnixMilli())
}

// CorrectionsOf lists what people said about one piece of feedback and still counts, in the order in which they said it.
func (s *Service) CorrectionsOf(ctx context.Context, ws identity.WorkspaceID, f feedback.ID) (list []Correction, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		all, err := standing(tx, ws, []feedback.ID{f})
		list = all[f]
		return err
	})
	return list, fault.Wrap("label.CorrectionsOf", err)
}

func (n *NewCorrection) validate(op string) error {
	bad := func(path, msg string) error {
		return fault.Bad(op, fault.Field{Path: path, Code: "unknown", Msg: msg})
	}
	switch n.Aspect {
	case AspectSentiment:
		if n.Theme != "" {
			return bad("theme", "a sentiment has no theme")
		}
		if v, err := sentiment.Parse(n.Value); err != nil || v == sentiment.Mixed && n.Span != Whole {
			return bad("value", "a sentiment is negative, neutral or positive, and of a whole text also mixed")
		}
	case AspectTheme:
		if strings.TrimSpace(n.Theme) == "" || len(n.Theme) > 100 {
			return bad("theme", "which theme is it?")
		}
		if n.Value != "yes" && n.Value != "no" {
			return bad("value", "a text is about a theme (yes) or is not (no)")
		}
	case AspectThemes:
		if n.Theme != "" || n.Span != Whole {
			return bad("theme", "that all themes were told is said of a whole text, and of no theme by itself")
		}
		if n.Value != "yes" && n.Value != "no" {
			return bad("value", "all themes of a text were told (yes) or were not (no)")
		}
	default:
		return bad("aspect", "what can be corrected is the sentiment, a theme, or whether all themes were told")
	}
	return nil
}

func (c Correction) same(o Correction) bool {
	return c.Span == o.Span && c.Aspect == o.Aspect && c.Theme == o.Theme
}

// said is what a label has for what a correction is about, and how sure the model was of it.
func (l *Label) said(c Correction) (value string, confidence float64) {
	if c.Aspect == AspectThemes { // a reading claims to be whole
		return "yes", 0
	}
	k := l.clause(c.Span)
	if c.Aspect == AspectSentiment {
		if k >= 0 {
			return l.Clauses[k].Sentiment.String(), l.Clauses[k].Confidence
		}
		return l.Sentiment.String(), l.Confidence
	}
	themes := l.Themes
	if k >= 0 {
		themes = l.Clauses[k].Themes
	}
	for _, t := range themes {
		if t.Theme == c.Theme {
			return "yes", t.Confidence
		}
	}
	return "no", 0
}
