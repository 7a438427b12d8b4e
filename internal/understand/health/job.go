package health

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/event"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	score "kolo/internal/understand/stat/health"
)

const (
	trainKind job.Kind = "health.train"
	scoreKind job.Kind = "health.score"
	dueKind   job.Kind = "health.due"

	mostLearned = 25_000 // contacts that a training looks at, chosen by chance; more would say the same
	scanned     = 2_000  // contacts of a page

	trainEvery  = 7 * 24 * time.Hour
	scoreEvery  = 24 * time.Hour
	longestWait = 30 * time.Minute // for facts on their way
	grown       = 1.5              // a new version is due early when there are so many times the facts
)

// Handle has a runner train each week and score each night, and when somebody asks for it.
func (s *Service) Handle(r *job.Runner) {
	r.Handle(trainKind, s.train, job.AtMost(1))
	r.Handle(scoreKind, s.rescore, job.AtMost(1))
	r.Handle(dueKind, s.due)
	r.Every(dueKind, time.Hour)
}

type wanted struct {
	By string `json:"by"`
}

func enqueue(tx *store.Tx, ws identity.WorkspaceID, kind job.Kind, by string) (job.ID, error) {
	b, err := json.Marshal(wanted{by})
	if err != nil {
		return "", err
	}
	return job.Enqueue(tx, job.Spec{Workspace: string(ws), Kind: kind, Key: string(kind), Payload: b, Again: kind == scoreKind})
}

// Fill has a workspace trained at once, in the caller's transaction: for who has just brought many facts.
func Fill(tx *store.Tx, ws identity.WorkspaceID) error {
	_, err := enqueue(tx, ws, trainKind, "")
	return err
}

// due looks after all workspaces.
func (s *Service) due(ctx context.Context, _ *job.Run) error {
	const op = "health.due"
	var list []identity.WorkspaceID
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = identity.WorkspaceIDs(tx)
		return err
	}); err != nil {
		return fault.Wrap(op, err)
	}
	for _, ws := range list {
		names, err := s.events.Names(ctx, ws)
		if err != nil {
			return fault.Wrap(op, err)
		}
		if len(names) == 0 { // nothing is known of what customers do: a score would be of their words alone
			continue
		}
		if err := s.db.Update(ctx, func(tx *store.Tx) error {
			kind, err := dueOf(tx, ws, total(names))
			if err != nil || kind == "" {
				return err
			}
			_, err = enqueue(tx, ws, kind, "")
			return err
		}); err != nil {
			return fault.Wrap(op, err)
		}
	}
	return nil
}

func total(names []event.Name) (n int64) {
	for _, x := range names {
		n += x.N
	}
	return n
}

// dueOf is what a workspace needs now, "" for nothing.
func dueOf(tx *store.Tx, ws identity.WorkspaceID, known int64) (job.Kind, error) {
	type row struct{ made, known, scored int64 }
	r, err := store.One(tx, func(s store.Scanner) (r row, err error) { return r, s.Scan(&r.made, &r.known, &r.scored) },
		`/* health.dueOf */ SELECT coalesce(max(made_at), 0), coalesce(max(known), 0), (SELECT coalesce(max(computed_at), 0) FROM contact_health WHERE workspace = $1)
		FROM health_version WHERE workspace = $1`, string(ws))
	switch {
	case err != nil:
		return "", err
	case r.made == 0, tx.Now.Sub(time.UnixMilli(r.made)) >= trainEvery, float64(known) >= grown*float64(r.known):
		return trainKind, nil
	case tx.Now.Sub(time.UnixMilli(r.scored)) >= scoreEvery:
		return scoreKind, nil
	}
	return "", nil
}

// setting is what is asked of the facts of a workspace.
type setting struct {
	Meaning
	ws    identity.WorkspaceID
	zone  *time.Location
	today clock.Day
	to    clock.Day // the day after the newest event: nothing is known of it
	role  map[string]role
}

func (s *Service) setting(ctx context.Context, ws identity.WorkspaceID) (x setting, err error) {
	x = setting{ws: ws, role: map[string]role{}}
	if x.Meaning, err = s.meaning(ctx, ws); err != nil {
		return x, err
	}
	var w identity.Workspace
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		w, err = identity.GetWorkspace(tx, ws)
		return err
	}); err != nil {
		return x, err
	}
	x.zone = w.Location()
	x.today = clock.DayOf(s.db.Clock().Now(), x.zone)
	for _, e := range x.Events {
		x.to = max(x.to, clock.DayOf(e.Last, x.zone)+1)
		x.role[e.Name] = elsewise
	}
	// Events that are late by some days say nothing about those days; and today is not over.
	if x.to = min(x.to, x.today); x.to == 0 {
		x.to = x.today
	}
	for r, names := range x.Names {
		for _, n := range names {
			x.role[n] = roleOf(r)
		}
	}
	return x, nil
}

// sample are the facts of contacts that are chosen by chance, all where they are few.
func (s *Service) sample(ctx context.Context, x *setting) (list []*Facts, err error) {
	slice := insight.Slice{}
	var all int64
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		all, err = contact.Living(tx, x.ws)
		return err
	}); err != nil {
		return nil, err
	}
	slice.OneIn = max(1, (all+mostLearned-1)/mostLearned)
	var contacts []contact.Contact
	for after := contact.ID(""); ; {
		page, err := s.page(ctx, x.ws, after)
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			if slice.Has(c.ID) {
				contacts = append(contacts, c)
			}
		}
		if len(page) < scanned {
			break
		}
		after = page[len(page)-1].ID
	}
	return s.facts(ctx, x, slice, contacts, nil)
}

func (s *Service) page(ctx context.Context, ws identity.WorkspaceID, after contact.ID) (list []contact.Contact, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = contact.Scan(tx, ws, after, scanned)
		return err
	})
	return list, err
}

// facts reads what is known of contacts, all of which are in the slice. only are their ids, where events of all others are not to be
// read. Contacts of whom nothing is known before the setting's day are left out.
func (s *Service) facts(ctx context.Context, x *setting, slice insight.Slice, contacts []contact.Contact, only []contact.ID) ([]*Facts, error) {
	at := make(map[contact.ID]*Facts, len(contacts))
	list := make([]*Facts, 0, len(contacts))
	for _, c := range contacts {
		f := &Facts{Contact: c.ID, Account: c.Account, Worth: c.Value, Attributes: c.Attributes}
		if x.Settings.Segment != "" {
			f.Segment = c.Attributes[x.Settings.Segment]
		}
		f.First = clock.DayOf(c.FirstSeen, x.zone)
		at[c.ID], list = f, append(list, f)
	}
	if err := s.events.Counts(ctx, x.ws, event.Range{From: 0, To: x.to, Every: 1, Contacts: only}, func(c event.Count) error {
		if f := at[c.Contact]; f != nil {
			r, ok := x.role[c.Name]
			if !ok { // a name that is new since the settings were read
				r = elsewise
			}
			f.Acts = append(f.Acts, Act{Day: clock.Day(c.Bucket), Role: r, N: int32(min(c.N, 1<<20))})
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if err := s.voices.Voices(ctx, x.ws, slice, x.to, x.Settings.ResolvedAt, func(v insight.Voice) error {
		if f := at[v.Contact]; f != nil {
			f.Voices = append(f.Voices, hear(v, x.zone))
		}
		return nil
	}); err != nil {
		return nil, err
	}
	for _, f := range list {
		f.settle(f.First)
	}
	return slices.DeleteFunc(list, func(f *Facts) bool { return f.First >= x.to }), nil
}

// choose fills in the attributes that nobody has chosen, from what contacts have.
func (x *setting) choose(list []*Facts) {
	if !x.Settings.Guessed {
		return
	}
	values := map[string]map[string]bool{}
	for _, f := range list {
		for k, v := range f.Attributes {
			if values[k] == nil {
				values[k] = map[string]bool{}
			}
			if len(values[k]) < 100 && v != "" {
				values[k][v] = true
			}
		}
	}
	count := map[string]int{}
	for k, v := range values {
		count[k] = len(v)
	}
	x.Settings.Segment, x.Settings.Slices = GuessAttributes(x.Register, count)
	for _, f := range list {
		f.Segment = f.Attributes[x.Settings.Segment]
	}
}

// train makes a version.
func (s *Service) train(ctx context.Context, run *job.Run) error {
	const op = "health.train"
	var args wanted
	if err := run.Args(&args); err != nil {
		return err
	}
	ws := identity.WorkspaceID(run.Workspace)
	if s.fed != nil && s.db.Clock().Now().Sub(run.Created) < longestWait {
		ready, err := s.fed(ctx)
		if err != nil {
			return fault.Wrap(op, err)
		}
		if !ready { // what was brought a moment ago is on its way
			return job.After(10*time.Second, nil)
		}
	}
	x, err := s.setting(ctx, ws)
	if err != nil {
		return fault.Wrap(op, err)
	}
	list, err := s.sample(ctx, &x)
	if err != nil {
		return fault.Wrap(op, err)
	}
	x.choose(list)
	var was *Model
	var before []Version
	chosen := false
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		if before, err = versions(tx, ws); err != nil {
			return err
		}
		_, chosen, err = kept(tx, ws)
		return err
	}); err != nil {
		return fault.Wrap(op, err)
	}
	// What passed its gate is held against what has happened since.
	var held []Version
	for i := range before {
		v := &before[i]
		if len(v.Report.Refused) > 0 {
			continue
		}
		if again := v.recheck(list, &x.Settings, x.to); again != nil {
			v.Report.Recheck = again
			held = append(held, *v)
		}
	}
	old, ok := Version{}, false
	for i := range before {
		if before[i].Active {
			old, ok, was = before[i], true, &before[i].model
		}
	}
	m, r := learn(list, &x.Settings, x.to, was)
	if r.Left > 0 {
		r.Reasons, r.Others, r.Looked = reasons(list, x.Settings.Slices, &m.Spec, x.to)
	}
	r.Known, r.Events, r.Names = total(x.Events), map[string]int{}, map[string]Names{}
	for role, names := range x.Names {
		r.Names[string(role)] = names
		for _, e := range x.Events {
			if slices.Contains(names, e.Name) {
				r.Events[string(role)] += int(e.N)
			}
		}
	}
	v := Version{ID: id.New(s.db.Clock().Now()), Kind: m.Kind, Report: r, By: args.By, model: *m}
	// By itself Kolo goes no way that a person has left, and gives up no version that holds for one that does not.
	v.Active = !ok || !(chosen && args.By == "") && (v.Valid() || !old.Valid())
	return fault.Wrap(op, s.db.Update(ctx, func(tx *store.Tx) error {
		for _, v := range held {
			if err := keepRecheck(tx, ws, v); err != nil {
				return err
			}
		}
		if err := keep(tx, ws, v); err != nil {
			return err
		}
		if _, err := enqueue(tx, ws, scoreKind, ""); err != nil {
			return err
		}
		if err := run.Save(tx, job.Progress{Done: int64(len(list)), Total: int64(len(list))}, nil); err != nil {
			return err
		}
		return run.Finish(tx)
	}))
}

// trendSteps is how far back the trend of a score goes, in steps.
const trendSteps = 12

// progress of scoring: up to which contact it has come, and what the contacts are compared with on the days of the trend, the last of
// which is that of the score.
type progress struct {
	After   contact.ID `json:"after"`
	Done    int64      `json:"done"`
	Version string     `json:"version"`
	Run     string     `json:"run"`
	To      clock.Day  `json:"to"`
	Peers   []*Peers   `json:"everybody"`
}

// rescore scores all contacts with the active version, from where it was interrupted.
func (s *Service) rescore(ctx context.Context, run *job.Run) error {
	const op = "health.rescore"
	ws := identity.WorkspaceID(run.Workspace)
	var v Version
	var found bool
	var all int64
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		if v, found, err = activeVersion(tx, ws); err != nil {
			return err
		}
		all, err = contact.Living(tx, ws)
		return err
	}); err != nil {
		return fault.Wrap(op, err)
	}
	if !found {
		return nil
	}
	m := &v.model
	x, err := s.setting(ctx, ws)
	if err != nil {
		return fault.Wrap(op, err)
	}
	// Weights are those that the version was made with, and so is what lists are filtered by.
	x.Settings.Weights, x.Settings.Segment = m.Weights, m.Segment
	x.Settings.hide(x.Register) // the attribute may have become personal since
	var p progress
	if _, err := run.Load(&p); err != nil {
		return err
	}
	if p.Version != v.ID || len(p.Peers) == 0 { // at the beginning, or another version was activated meanwhile
		list, err := s.sample(ctx, &x)
		if err != nil {
			return fault.Wrap(op, err)
		}
		p = progress{Version: v.ID, Run: id.New(s.db.Clock().Now()), To: x.to}
		for k := trendSteps; k >= 0; k-- {
			if t := x.to - clock.Day(k*step); k == 0 || t >= m.Spec.Begin+step {
				p.Peers = append(p.Peers, m.Spec.shoot(list, t, &x.Settings).ref)
			}
		}
	}
	x.to = p.To
	for {
		select {
		case <-run.Stopping():
			return job.ErrStopped
		default:
		}
		page, err := s.page(ctx, ws, p.After)
		if err != nil {
			return fault.Wrap(op, err)
		}
		if len(page) == 0 {
			break
		}
		ids := make([]contact.ID, len(page))
		for i, c := range page {
			ids[i] = c.ID
		}
		upto := ids[len(ids)-1]
		list, err := s.facts(ctx, &x, insight.Slice{After: p.After, Upto: upto}, page, ids)
		if err != nil {
			return fault.Wrap(op, err)
		}
		rows := make([][]any, 0, len(list))
		now := s.db.Clock().Now().UnixMilli()
		for _, f := range list {
			sc := m.of(f, p.Peers[len(p.Peers)-1], x.to, &x.Settings)
			sc.Version = v.ID
			row, err := scoreRow(ws, &sc, m.trend(f, p.Peers, &x.Settings), p.Run, now)
			if err != nil {
				return fault.Wrap(op, err)
			}
			rows = append(rows, row)
		}
		p.After, p.Done = upto, p.Done+int64(len(page))
		if err := s.db.Update(ctx, func(tx *store.Tx) error {
			if err := keepScores(tx, ws, list, rows); err != nil {
				return err
			}
			return run.Save(tx, job.Progress{Done: p.Done, Total: max(all, p.Done)}, p)
		}); err != nil {
			return fault.Wrap(op, err)
		}
	}
	return fault.Wrap(op, s.db.Update(ctx, func(tx *store.Tx) error {
		// Who was merged or erased meanwhile has no score any more.
		if _, err := tx.Exec("/* health.rescore */ DELETE FROM contact_health WHERE workspace = $1 AND run <> $2", string(ws), p.Run); err != nil {
			return err
		}
		return run.Finish(tx)
	}))
}

// trend scores a contact as of the days of peers: pairs of day and score, without the days on which it was no customer or too little was known.
func (m *Model) trend(f *Facts, peers []*Peers, set *Settings) [][2]float64 {
	out := [][2]float64{}
	for _, ref := range peers {
		if m.Spec.since(f) > ref.Day-leastKnown || f.gone(ref.Day) {
			continue
		}
		measured := m.Spec.measure(f, ref.Day)
		p := m.Spec.parts(&measured, ref, set)
		if covered(&p) {
			v, _ := m.value(&p)
			out = append(out, [2]float64{float64(ref.Day), math.Round(10*v) / 10})
		}
	}
	return out
}

// of scores a contact as of a day.
func (m *Model) of(f *Facts, ref *Peers, t clock.Day, set *Settings) Score {
	x := Score{Contact: f.Contact, Account: f.Account, Segment: f.Segment, Worth: f.Worth, Parts: []Part{}}
	if f.gone(t) {
		x.Hidden = true
		for _, a := range f.acts(t) {
			if a.Role == cancelled {
				x.left = a.Day
			}
		}
		return x
	}
	measured := m.Spec.measure(f, t)
	p := m.Spec.parts(&measured, ref, set)
	x.Value, x.Chance, x.Coverage = m.score(&p)
	x.risk = m.risk(&p)
	x.Hidden, x.AtRisk, x.Parts = x.Coverage < score.LeastCoverage, m.atRisk(x.Value, x.Chance), p[:]
	return x
}
