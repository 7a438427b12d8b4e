package adapt

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/label"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/text"
	"kolo/internal/understand/theme"
	"kolo/internal/understand/theme/discover"
)

const (
	discoverKind job.Kind = "themes.discover"
	trainKind    job.Kind = "model.train"
	nightlyKind  job.Kind = "model.nightly"

	mostDiscovered = 30_000 // texts that one run looks at, the newest
	mostLearned    = 10_000 // texts that a training learns from, the newest
	mostBytes      = 64 << 20
	// LeastTexts is how many texts a workspace needs before themes are looked for: among fewer, what is found is chance.
	LeastTexts = 200
)

// Handle has a runner find themes and train, when it is asked for and every night.
func (s *Service) Handle(r *job.Runner) {
	r.Handle(discoverKind, s.discover, job.AtMost(1))
	r.Handle(trainKind, s.train, job.AtMost(1))
	r.Handle(nightlyKind, s.nightly)
	r.Every(nightlyKind, 24*time.Hour)
}

type wanted struct {
	By string `json:"by"`
}

func enqueue(tx *store.Tx, ws identity.WorkspaceID, kind job.Kind, by string) (job.ID, error) {
	return job.Enqueue(tx, job.Spec{Workspace: string(ws), Kind: kind, Key: string(kind), Payload: payload(wanted{by})})
}

// discover finds the themes of a workspace's newest texts, keeps them and reads all texts anew.
func (s *Service) discover(ctx context.Context, run *job.Run) error {
	const op = "adapt.discover"
	var args wanted
	if err := run.Args(&args); err != nil {
		return err
	}
	ws := identity.WorkspaceID(run.Workspace)
	said, labels, err := s.texts(ctx, ws, mostDiscovered)
	if err != nil {
		return fault.Wrap(op, err)
	}
	if len(said) < LeastTexts {
		return s.finish(ctx, run, job.Progress{Done: int64(len(said)), Total: LeastTexts, Note: "few"})
	}
	tree, err := s.themes.Tree(ctx, ws)
	if err != nil {
		return fault.Wrap(op, err)
	}
	people := make([]contact.ID, len(said))
	for i, f := range said {
		people[i] = f.Contact
	}
	var names map[contact.ID][]string
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		names, err = contact.Names(tx, ws, people)
		return err
	}); err != nil {
		return fault.Wrap(op, err)
	}
	docs := make([]discover.Doc, len(said))
	members := map[string][]string{}
	for i, f := range said {
		l := labels[f.ID]
		docs[i] = discover.Doc{ID: string(f.ID), Text: f.Text, Language: l.Language, Names: names[f.Contact]}
		for _, t := range l.Themes {
			members[t.Theme] = append(members[t.Theme], string(f.ID))
		}
	}
	// Without a guide to the starting themes: a run that put texts to these would tell what every reading tells already. That two texts are about
	// one of them helps where they share no words.
	o := discover.Options{Seed: 1, About: func(i int) []float32 { return s.base.About(docs[i].Text, docs[i].Language) }}
	for _, t := range tree.Every() { // also what was merged away or forbidden: it must be known again, not found as something new
		if t.Origin == theme.Found {
			o.Previous = append(o.Previous, discover.Known{ID: t.ID, Language: t.Language, Centroid: t.Centroid, Members: members[t.ID], Forbidden: t.State == theme.Forbidden})
		}
	}
	shown := time.Now()
	o.Progress = func(p float64) {
		if time.Since(shown) > time.Second {
			shown = time.Now()
			_ = run.Report(ctx, job.Progress{Done: int64(p * float64(len(docs))), Total: int64(len(docs))}) // what it shows is nobody's truth
		}
	}
	found, err := discover.Discover(ctx, docs, o)
	if err != nil {
		return fault.Wrap(op, err)
	}
	leaveSmall(&found, max(leastOf, len(docs)/oneIn))
	parents := startingOf(found, said, labels)
	// Ids that last, in the place of the run's own.
	now := s.db.Clock().Now()
	v := Version{ID: id.New(now), Kind: Themes, Active: true, Texts: int64(len(docs)), By: args.By, Report: Report{Found: len(found.Themes), Dormant: len(found.Dormant)}}
	fresh := make([]theme.Theme, len(found.Themes))
	for i, t := range found.Themes {
		if t.New {
			v.Report.New++
			t.ID = id.New(now)
		}
		fresh[i] = theme.Theme{ID: t.ID, Parent: parents[i], Origin: theme.Found, State: theme.Proposed, Names: map[string]string{t.Language: t.Name}, Centroid: t.Centroid,
			QuoteOf: string(said[t.Quote].ID), Language: t.Language, Texts: int64(t.Count)}
	}
	model, err := learnThemes(said, labels, found, fresh, tree)
	if err != nil {
		return fault.Wrap(op, err)
	}
	data, err := model.Encode()
	if err != nil {
		return fault.Wrap(op, err)
	}
	if err := s.db.Update(ctx, func(tx *store.Tx) error {
		if err := theme.Absorb(tx, ws, fresh, found.Dormant); err != nil {
			return err
		}
		if err := keepVersion(tx, ws, v, data); err != nil {
			return err
		}
		if err := label.Reread(tx, ws); err != nil {
			return err
		}
		if err := run.Save(tx, job.Progress{Done: int64(len(docs)), Total: int64(len(docs)), Note: "found"}, nil); err != nil {
			return err
		}
		return run.Finish(tx)
	}); err != nil {
		return fault.Wrap(op, err)
	}
	if s.assist.On() || s.assist.Embeds() { // what an outside model is asked about is without the names that its writers are known by
		for at, f := range said {
			if len(names[f.Contact]) > 0 && found.Of[at] >= 0 {
				said[at].Text = text.Mask(f.Text, text.Personal(f.Text, docs[at].Language, names[f.Contact]...))
			}
		}
	}
	s.nameThem(ctx, ws, fresh, found, said)
	s.elsewhere(ctx, ws, fresh, found, said)
	return nil
}

// A new theme is proposed when it has so many texts, and one in so many of all: people are to look at each of them.
const (
	leastOf = 10
	oneIn   = 400
)

// leaveSmall takes new themes of few texts out of what was found.
func leaveSmall(found *discover.Result, least int) {
	at := make([]int, len(found.Themes))
	kept := found.Themes[:0]
	for i, t := range found.Themes {
		if at[i] = -1; !t.New || t.Count >= least {
			at[i] = len(kept)
			kept = append(kept, t)
		}
	}
	found.Themes = kept
	for i, k := range found.Of {
		if k >= 0 {
			found.Of[i] = at[k]
		}
	}
}

// startingOf is the starting theme that at least half of the texts of each found theme are about, "" where there is none.
func startingOf(found discover.Result, said []feedback.Said, labels map[feedback.ID]label.Label) []string {
	starting := map[string]bool{}
	for _, t := range theme.Starting {
		starting[t.ID] = true
	}
	count := make([]map[string]int, len(found.Themes))
	size := make([]int, len(found.Themes))
	for i, k := range found.Of {
		if k < 0 {
			continue
		}
		size[k]++
		for _, t := range labels[said[i].ID].Themes {
			if starting[t.Theme] {
				if count[k] == nil {
					count[k] = map[string]int{}
				}
				count[k][t.Theme]++
			}
		}
	}
	out := make([]string, len(found.Themes))
	for k := range out {
		for _, key := range slices.Sorted(maps.Keys(count[k])) {
			if n := count[k][key]; 2*n >= size[k] && n > count[k][out[k]] {
				out[k] = key
			}
		}
	}
	return out
}

// learnThemes learns to tell the found themes from the texts in them, and from what people said about found themes.
func learnThemes(said []feedback.Said, labels map[feedback.ID]label.Label, found discover.Result, fresh []theme.Theme, tree *theme.Tree) (*discover.Model, error) {
	own := map[string]bool{}
	for _, t := range fresh {
		own[t.ID] = true
	}
	var examples []discover.Example
	// What an earlier run found and a person accepted is told on, though this run did not find it: the texts that have it teach.
	accepted := map[string]bool{}
	for _, t := range tree.All() {
		if t.Origin == theme.Found && t.State == theme.Live && !own[t.ID] {
			accepted[t.ID] = true
		}
	}
	for i, f := range said {
		l := labels[f.ID]
		language := l.Language
		for _, t := range l.Themes {
			if accepted[t.Theme] {
				examples = append(examples, discover.Example{Text: f.Text, Language: language, Theme: t.Theme, Weight: t.Confidence})
			}
		}
		if at := found.Of[i]; at >= 0 {
			language = fresh[at].Language
			examples = append(examples, discover.Example{Text: f.Text, Language: language, Theme: fresh[at].ID, Weight: found.Confidence[i]})
		} else {
			examples = append(examples, discover.Example{Text: f.Text, Language: language})
		}
		if l.Corrected {
			for _, t := range l.Themes {
				if id := tree.Resolve(t.Theme); t.Confidence == 1 && own[id] { // a person said so
					examples = append(examples, discover.Example{Text: f.Text, Language: language, Theme: id, Weight: 5})
				}
			}
		}
	}
	return discover.Learn(examples)
}

// nameThem asks an outside model, where there is one, for better names of what was found; nothing waits for it, and nothing
// fails without it.
func (s *Service) nameThem(ctx context.Context, ws identity.WorkspaceID, fresh []theme.Theme, found discover.Result, said []feedback.Said) {
	if !s.assist.On() {
		return
	}
	quotes := make([][]string, len(fresh))
	for i, at := range found.Of {
		if at >= 0 && len(quotes[at]) < 20 {
			quotes[at] = append(quotes[at], said[i].Text)
		}
	}
	tree, err := s.themes.Tree(ctx, ws)
	if err != nil {
		return
	}
	for i, t := range fresh {
		if known, _ := tree.Get(t.ID); known.NamedBy != "" || known.ByPerson || known.State == theme.Merged || known.State == theme.Forbidden {
			continue
		}
		names, by := map[string]string{}, ""
		for _, l := range []string{"en", "he", "fa", "ru"} {
			a, err := s.assist.NameTheme(ctx, ws, quotes[i], l)
			if err != nil {
				if fault.Is(err, fault.Busy) {
					s.log.Info("themes keep the names that Kolo gave them", "workspace", string(ws), "error", err)
					return
				}
				continue
			}
			names[l], by = a.Text, a.Model
		}
		if len(names) == 0 {
			continue
		}
		if err := s.themes.Called(ctx, ws, t.ID, names, by); err != nil {
			s.log.Error("a theme could not be named", "workspace", string(ws), "theme", t.ID, "error", err)
		}
	}
}

// train learns from the ratings and corrections of a workspace's newest texts, and has the result read when it is better on
// texts that were held out.
func (s *Service) train(ctx context.Context, run *job.Run) error {
	const op = "adapt.train"
	var args wanted
	if err := run.Args(&args); err != nil {
		return err
	}
	ws := identity.WorkspaceID(run.Workspace)
	examples, report, err := s.examples(ctx, ws)
	if err != nil {
		return fault.Wrap(op, err)
	}
	data, measured, err := s.base.Adapt(ctx, examples, 1)
	if errors.Is(err, reading.ErrTooFew) {
		return s.finish(ctx, run, job.Progress{Done: int64(len(examples)), Note: "few"})
	}
	if err != nil {
		return fault.Wrap(op, err)
	}
	report.Held, report.Before, report.After, report.Gained, report.Lost = measured.Held, measured.Before, measured.After, measured.Gained, measured.Lost
	report.Plain, report.Turned, report.Sure, report.Against = measured.Plain, measured.Turned, measured.Sure, measured.Against
	for _, p := range measured.Curve {
		report.Curve = append(report.Curve, Point{p.Examples, p.Accuracy})
	}
	v := Version{ID: id.New(s.db.Clock().Now()), Kind: Sentiment, Active: report.better() && !report.turns(), Texts: int64(len(examples)), By: args.By, Report: report}
	note := "kept"
	if report.turns() {
		note = "turns"
	}
	if args.By == "" && v.Active { // by itself it goes no way that a person has left
		chosen, err := s.chosen(ctx, ws)
		if err != nil {
			return fault.Wrap(op, err)
		}
		v.Active = !chosen
	}
	if !v.Active && note == "kept" {
		note = "no gain"
	}
	return fault.Wrap(op, s.db.Update(ctx, func(tx *store.Tx) error {
		if err := keepVersion(tx, ws, v, data); err != nil {
			return err
		}
		if v.Active {
			if err := label.Reread(tx, ws); err != nil {
				return err
			}
		}
		if err := run.Save(tx, job.Progress{Done: int64(len(examples)), Total: int64(len(examples)), Note: note}, nil); err != nil {
			return err
		}
		return run.Finish(tx)
	}))
}

// leastGain is how much better, in share of held-out texts, an adapted model must be to be read by itself.
const leastGain = 0.01

func (r Report) better() bool { return r.After >= r.Before+leastGain }

// turns tells whether an adapted model is not to be read whatever it gained: it reads too many phrases of plain praise or blame as something else,
// or most ratings say the opposite of plain words, as where customers took the best end of a scale for the worst.
func (r Report) turns() bool { return r.Turned*mostTurned > r.Plain || 2*r.Against > r.Sure }

const mostTurned = 7 // one in so many

// examples are the newest texts with a rating beside them or a person's word on their sentiment.
func (s *Service) examples(ctx context.Context, ws identity.WorkspaceID) (list []reading.Example, report Report, err error) {
	corrected := map[feedback.ID]string{}
	for before := ""; len(corrected) < mostLearned; {
		page, err := s.labels.Corrections(ctx, ws, before, 500)
		if err != nil {
			return nil, report, err
		}
		if len(page) == 0 {
			break
		}
		for _, c := range page {
			if c.Aspect == label.AspectSentiment && c.Span == label.Whole {
				corrected[c.Feedback] = c.Value
			}
		}
		before = page[len(page)-1].ID
	}
	var cursor feedback.Cursor
	for looked := 0; len(list) < mostLearned && looked < 10*mostLearned; {
		page, err := s.feedback.List(ctx, ws, feedback.Filter{Before: cursor, Limit: 1000})
		if err != nil {
			return nil, report, err
		}
		if len(page) == 0 {
			break
		}
		for _, f := range page {
			if f.Text == "" {
				continue
			}
			e := reading.Example{Text: f.Text, Language: f.Language}
			if v, ok := corrected[f.ID]; ok {
				delete(corrected, f.ID)
				if err := e.Sentiment.UnmarshalText([]byte(v)); err != nil {
					continue
				}
				e.ByPerson = true
				report.Corrections++
			} else if len(f.Scores) > 0 {
				e.Sentiment = reading.Sentiment(insight.Class(f.Scores[0]))
				report.Ratings++
			} else {
				continue
			}
			list = append(list, e)
		}
		looked += len(page)
		last := page[len(page)-1]
		cursor = feedback.Cursor{Time: last.Time.UnixMilli(), ID: last.ID}
	}
	// Corrections of texts older than those.
	var rest []feedback.ID
	for f := range corrected {
		rest = append(rest, f)
	}
	older, err := s.feedback.GetMany(ctx, ws, rest)
	if err != nil {
		return nil, report, err
	}
	for _, f := range older {
		e := reading.Example{Text: f.Text, Language: f.Language, ByPerson: true}
		if f.Text != "" && e.Sentiment.UnmarshalText([]byte(corrected[f.ID])) == nil {
			list = append(list, e)
			report.Corrections++
		}
	}
	return list, report, nil
}

// nightly asks for a training of each workspace where there is something to learn since the last: a week's ratings, or a
// handful of corrections. Each training that is read from has all texts read again.
func (s *Service) nightly(ctx context.Context, _ *job.Run) error {
	const op = "adapt.nightly"
	var list []identity.WorkspaceID
	err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = label.Workspaces(tx)
		return err
	})
	if err != nil {
		return fault.Wrap(op, err)
	}
	for _, ws := range list {
		if err := s.db.Update(ctx, func(tx *store.Tx) error {
			if due, err := isDue(tx, ws); err != nil || !due {
				return err
			}
			_, err := enqueue(tx, ws, trainKind, "")
			return err
		}); err != nil {
			return fault.Wrap(op, err)
		}
	}
	return nil
}

const (
	afterDays        = 7
	afterCorrections = 20
)

func isDue(tx *store.Tx, ws identity.WorkspaceID) (bool, error) {
	last, err := store.One(tx, store.Value[int64], "/* adapt.isDue */ SELECT coalesce(max(made_at), 0) FROM model WHERE workspace = $1 AND kind = $2", string(ws), string(Sentiment))
	if err != nil || tx.Now.Sub(time.UnixMilli(last)) >= afterDays*24*time.Hour {
		return err == nil, err
	}
	n, err := label.CorrectedSince(tx, ws, time.UnixMilli(last))
	return n >= afterCorrections, err
}

// texts are the newest texts of a workspace with their labels.
func (s *Service) texts(ctx context.Context, ws identity.WorkspaceID, most int) ([]feedback.Said, map[feedback.ID]label.Label, error) {
	said, err := s.feedback.Recent(ctx, ws, most, mostBytes)
	if err != nil {
		return nil, nil, err
	}
	ids := make([]feedback.ID, len(said))
	for i, f := range said {
		ids[i] = f.ID
	}
	labels, err := s.labels.Of(ctx, ws, ids)
	return said, labels, err
}

func (s *Service) finish(ctx context.Context, run *job.Run, p job.Progress) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		if err := run.Save(tx, p, nil); err != nil {
			return err
		}
		return run.Finish(tx)
	})
}
