package driving

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/driver"
)

// DefinitionVersion changes whenever the same answers would give another result.
const DefinitionVersion = 2

// Service answers what moves scores. It remembers its answers as long as no feedback has come since.
type Service struct {
	insight  *insight.Service
	feedback *feedback.Service
	clock    clock.Clock
	checks   Checks

	busy chan struct{} // how many questions are worked on at once: each takes all processors and some hundred MB

	mu    sync.Mutex
	kept  map[string]*Answer
	order []string
}

const mostKept = 64

// Checks tell how well themes are read in a workspace, by their ids: what people found in texts that chance had chosen.
type Checks func(ctx context.Context, ws identity.WorkspaceID) (map[string]driver.Classifier, error)

// Correct has the shares of themes corrected for the errors of the reading. Call it before the first question.
func (s *Service) Correct(checks Checks) { s.checks = checks }

// NewService answers from what insight can ask.
func NewService(in *insight.Service, f *feedback.Service, now clock.Clock) *Service {
	return &Service{insight: in, feedback: f, clock: now, busy: make(chan struct{}, 2), kept: map[string]*Answer{}}
}

// Scores are the measures that something can move.
var Scores = []insight.Measure{insight.NPS, insight.CSAT, insight.CES, insight.Star, insight.Rating, insight.CSATMean, insight.CESMean}

// AskFor is Ask on behalf of somebody: values that say who somebody is are covered before those who may not know, and the way to the
// feedback behind them with them. What is remembered stays as it is.
func (s *Service) AskFor(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, q Query) (*Answer, error) {
	if err := s.insight.MayAskOf(ctx, ws, actor, q.Between, q.Where); err != nil {
		return nil, err
	}
	veil, err := s.insight.VeilFor(ctx, ws, actor)
	if err != nil {
		return nil, err
	}
	known, err := s.Ask(ctx, ws, q)
	if err != nil || veil.Lifted() {
		return known, err
	}
	a := *known
	a.Drivers = slices.Clone(a.Drivers)
	for i := range a.Drivers {
		d := &a.Drivers[i]
		d.Levels = slices.Clone(d.Levels)
		for j, l := range d.Levels {
			d.Levels[j].Value = veil.Value(d.Field, l.Value)
		}
		coverNumbers(veil, d)
		if d.Gain == nil {
			continue
		}
		g := *d.Gain
		if g.Value = veil.Value(d.Field, g.Value); g.Value != d.Gain.Value {
			d.Feedback = ""
		}
		g.Is = veil.Value(g.Where, g.Is)
		d.Gain = &g
	}
	return &a, nil
}

// coverNumbers takes out of a driver the ends and the mean of its numbers where they may be somebody's telephone or identity number, and
// with an end all that is told of what lies beyond it.
func coverNumbers(veil insight.Veil, d *Driver) {
	if d.Mean != nil && !veil.Number(d.Field, *d.Mean) {
		d.Mean = nil
	}
	if a := d.Asymmetry; a != nil && !(veil.Number(d.Field, a.Low) && veil.Number(d.Field, a.High)) {
		d.Asymmetry = nil
	}
	if g := d.Gain; g != nil && !veil.Number(d.Field, g.Limit) {
		d.Gain, d.Feedback = nil, ""
	}
}

// Ask answers what moves a score in a workspace.
func (s *Service) Ask(ctx context.Context, ws identity.WorkspaceID, q Query) (*Answer, error) {
	const op = "driving.Ask"
	if err := s.check(ctx, ws, &q); err != nil {
		return nil, err
	}
	key, err := s.key(ctx, ws, q)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	s.mu.Lock()
	known := s.kept[key]
	s.mu.Unlock()
	if known != nil {
		return known, nil
	}
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	case <-ctx.Done():
		return nil, fault.Wrap(op, ctx.Err())
	}
	ans, err := s.answer(ctx, ws, q)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept[key] == nil {
		s.order = append(s.order, key)
	}
	s.kept[key] = ans
	if len(s.order) > mostKept {
		delete(s.kept, s.order[0])
		s.order = slices.Delete(s.order, 0, 1)
	}
	return ans, nil
}

// check fills the defaults of a question in, and says what is wrong with it.
func (s *Service) check(ctx context.Context, ws identity.WorkspaceID, q *Query) error {
	const op = "driving.Query"
	var bad []fault.Field
	if q.Level == 0 {
		q.Level = stat.DefaultLevel
	}
	if q.Level < 0.5 || q.Level >= 1 {
		bad = append(bad, fault.Field{Path: "level", Code: "range", Msg: "a confidence level lies between 0.5 and 1"})
	}
	if q.Score != "" && !slices.Contains(Scores, q.Score) {
		bad = append(bad, fault.Field{Path: "score", Code: "unknown", Msg: fmt.Sprintf("%q is not a score", q.Score)})
	}
	if len(q.Drivers) > MostDrivers {
		bad = append(bad, fault.Field{Path: "drivers", Code: "too_many", Msg: fmt.Sprintf("at most %d drivers can be tried in all orders", MostDrivers)})
	}
	if len(bad) > 0 {
		return fault.Bad(op, bad...)
	}
	if err := s.insight.Check(ctx, ws, q.Where, q.Between); err != nil {
		return err
	}
	if q.Score == "" {
		scores, err := s.insight.Metrics(ctx, ws, q.Where, q.Between)
		if err != nil {
			return err
		}
		q.Score = insight.NPS
		if len(scores) > 0 {
			q.Score = insight.Measure(scores[0])
		}
	}
	return nil
}

// key names a question, and the feedback and themes that it was asked about.
func (s *Service) key(ctx context.Context, ws identity.WorkspaceID, q Query) (string, error) {
	fed, err := s.insight.Fed(ctx)
	if err != nil {
		return "", err
	}
	tree, err := s.insight.TreeMark(ctx, ws)
	if err != nil {
		return "", err
	}
	register, err := s.feedback.Register(ctx, ws)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(q)
	if err != nil {
		return "", err
	}
	hidden := 0
	for _, f := range register {
		if f.Hidden {
			hidden++
		}
	}
	// What the last 90 days are depends on the hour at most, whatever the zone.
	return fmt.Sprint(ws, " ", fed, " ", tree, " ", len(register), " ", hidden, " ", s.clock.Now().Unix()/3600, " ", string(text)), nil
}

func (s *Service) answer(ctx context.Context, ws identity.WorkspaceID, q Query) (*Answer, error) {
	const op = "driving.Ask"
	ans := &Answer{Score: q.Score, Unit: "points", Scale: q.Scale, Blocks: []Block{}, Candidates: []Candidate{}, Controls: []string{}, Drivers: []Driver{}, Refused: []Refusal{},
		Warnings: []Warning{}, LeftOut: []insight.LeftOut{}, Definition: fmt.Sprintf("drivers v%d", DefinitionVersion), Filter: insight.Encode(q.Where, q.Between).Encode()}
	register, err := s.feedback.Register(ctx, ws)
	if err != nil {
		return nil, err
	}
	k := known{}
	k.fields, k.kinds = fieldsOf(register)
	ask := insight.MatrixQuery{Score: q.Score, Scale: q.Scale, Where: q.Where, Between: q.Between}
	if k.populations, err = s.insight.Populations(ctx, ws, ask, k.fields); err != nil {
		return nil, err
	}
	k.learn()
	plans := k.plans()
	for _, p := range plans {
		ans.Blocks = append(ans.Blocks, p.Block)
	}
	if len(plans) == 0 {
		return ans, nil
	}
	at := 0
	if q.Block != "" {
		if at = slices.IndexFunc(plans, func(p plan) bool { return p.ID == q.Block }); at < 0 {
			return nil, fault.Bad(op, fault.Field{Path: "block", Code: "unknown", Msg: fmt.Sprintf("there is no block %q among these answers", q.Block)})
		}
	}
	b := plans[at]
	for _, d := range q.Drivers {
		if k.kinds[d] == "" && !strings.HasPrefix(d, "theme.") || d == anyTheme {
			return nil, fault.Bad(op, fault.Field{Path: "drivers", Code: "unknown", Msg: fmt.Sprintf("%q is no field that could move a score", d)})
		}
	}
	ans.Block = b.ID
	for _, f := range b.choose(q.Drivers) {
		ans.Refused = append(ans.Refused, Refusal{Field: f, Reason: "many"})
	}
	ask.Where = append(slices.Clone(q.Where), b.where...)
	if b.Of == "themes" { // answers with words are a part of each population, and may lack what the others have
		texts := known{fields: k.fields, kinds: k.kinds}
		if texts.populations, err = s.insight.Populations(ctx, ws, ask, k.fields); err != nil {
			return nil, err
		}
		texts.offer(&b, all)
	}
	ask.Themes = b.themes
	for _, d := range b.drivers {
		switch {
		case strings.HasPrefix(d, "theme."):
			ask.Themes = true
		case k.kinds[d] == Rating || k.kinds[d] == Fact:
			ask.Numbers = append(ask.Numbers, d)
		default:
			ask.Texts = append(ask.Texts, d)
		}
	}
	ask.Texts = append(ask.Texts, b.controls...)
	m, err := s.insight.Matrix(ctx, ws, ask)
	if err != nil {
		return nil, err
	}
	ans.Unit, ans.Scale, ans.From, ans.To, ans.Answers = m.Unit, m.Scale, m.From, m.To, m.N
	ans.LeftOut = append(ans.LeftOut, m.LeftOut...)
	ans.Filter = insight.Encode(ask.Where, q.Between).Encode()
	ans.Sampled = int64(len(m.Y)) < m.N
	if len(m.Y) == 0 {
		return ans, nil
	}
	o, refused := newModel(m, b, k, q.Level)
	ans.Refused = append(ans.Refused, refused...)
	ans.Customers = o.customers()
	rows := o.rows()
	ans.N = int64(len(rows))
	mean := 0.0
	for _, i := range rows {
		mean += m.Y[i] / float64(len(rows))
	}
	if len(rows) > 0 {
		ans.Value = &mean
	}
	if q.Score.BetterOn(ans.Scale) < 0 { // effects are steps towards the best end, whichever number it has
		for i := range m.Y {
			m.Y[i] = -m.Y[i]
		}
	}
	if ans.Missing = "complete"; o.pairs {
		ans.Missing = "pairwise"
	}
	if err := o.solve(ans); err != nil {
		return nil, err
	}
	metric, _ := strings.CutSuffix(string(q.Score), "_mean")
	roles := map[string]string{}
	for _, h := range o.holds {
		ans.Controls = append(ans.Controls, h.field)
		roles[h.field] = "control"
	}
	for i := range ans.Drivers {
		d := &ans.Drivers[i]
		scored := ask.Where
		if len(ans.LeftOut) > 0 {
			scored = append(slices.Clone(scored), insight.Condition{Field: metric + "_scale", Values: []string{ans.Scale}})
		}
		d.Feedback = behind(scored, q.Between, metric, *d)
		roles[d.Field] = "driver"
	}
	ans.Candidates = append(ans.Candidates, b.candidates...)
	about := o.about()
	for _, id := range o.mentionedIf(b.themes || ask.Themes) {
		c := Candidate{Field: "theme." + id, Kind: Theme, Coverage: share(about[id], int64(len(m.Y)))}
		c.N = int64(math.Round(c.Coverage * float64(m.N))) // of a part of the answers where there are very many
		ans.Candidates = append(ans.Candidates, c)
	}
	for i := range ans.Candidates {
		ans.Candidates[i].Role = roles[ans.Candidates[i].Field]
	}
	if err := s.correct(ctx, ws, ans); err != nil {
		return nil, err
	}
	ans.warn(o)
	return ans, nil
}

// correct gives the shares of themes without the errors of the reading, where people checked enough texts (methods.md 2.8).
func (s *Service) correct(ctx context.Context, ws identity.WorkspaceID, ans *Answer) error {
	if s.checks == nil || !slices.ContainsFunc(ans.Drivers, func(d Driver) bool { return d.Kind == Theme }) {
		return nil
	}
	known, err := s.checks(ctx, ws)
	if err != nil {
		return err
	}
	for i := range ans.Drivers {
		d := &ans.Drivers[i]
		c, ok := known[strings.TrimPrefix(d.Field, "theme.")]
		if !ok || d.Kind != Theme || c.Positives < havingTheme || c.Negatives < lackingTheme {
			continue
		}
		share, err := driver.Correct(int64(math.Round(d.Mentions*float64(ans.N))), ans.N, c, stat.DefaultLevel)
		if err != nil {
			continue // the reading of this theme is too weak to be corrected
		}
		d.Corrected = &Corrected{Share: share.Share, Interval: share.Interval, Sensitivity: c.Sensitivity, Specificity: c.Specificity, Labelled: c.Positives + c.Negatives}
	}
	return nil
}

// mentionedIf are the themes to offer, where they were read.
func (o *model) mentionedIf(read bool) []string {
	if !read {
		return nil
	}
	return o.mentioned()
}

// warn says what to know before believing the answer.
func (ans *Answer) warn(o *model) {
	if len(ans.Drivers) == 0 {
		return
	}
	add := func(is bool, w Warning) {
		if is {
			ans.Warnings = append(ans.Warnings, w)
		}
	}
	kinds := map[Kind]int{}
	columns, inflated, effects := 0, false, false
	for _, d := range ans.Drivers {
		kinds[d.Kind]++
		inflated = inflated || d.VIF > 10
		effects = effects || d.Effect != nil || len(d.Levels) > 1 && d.Levels[1].Effect != nil
	}
	for _, d := range o.drivers {
		columns += len(d.at)
	}
	add(true, Association)
	add(kinds[Rating] > 1, Halo)
	corrected := slices.ContainsFunc(ans.Drivers, func(d Driver) bool { return d.Corrected != nil })
	add(kinds[Theme] > 0 && !corrected, Reading)
	add(corrected, ReadOver)
	add(ans.R2 < lowR2, LowR2)
	add(inflated || ans.Condition > 30, Collinear)
	add(o.pairs, Pairwise)
	add(ans.N < int64(max(fewestAnswers, 20*columns)), Few)
	add(!effects, NoEffects)
}
