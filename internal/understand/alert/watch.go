package alert

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"math"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/watch"
)

// episodeGap is how many days may lie between two signals of one episode.
const episodeGap = 7 * watch.EpisodeGap

// firstDays is how far back the first look opens alerts: as far as its sums reach.
const firstDays = 56

// Look looks at everything that a workspace watches as it is at an instant, and opens alerts for what has left its normal range in the
// periods that were completed since the last look; at the first look, in the latest eight weeks. To look again changes nothing, whoever
// does it and however often. also, which may be nil, runs in the transaction that keeps what was found.
func (s *Service) Look(ctx context.Context, ws identity.WorkspaceID, now time.Time, also func(*store.Tx) error) (Report, error) {
	const op = "alert.Look"
	b := look{s: s, ws: ws, also: also}
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		if b.workspace, err = identity.GetWorkspace(tx, ws); err != nil {
			return err
		}
		if b.watch, err = readWatch(tx, ws); err != nil {
			return err
		}
		if b.distrust, err = falseVerdicts(tx, ws, now); err != nil {
			return err
		}
		b.hold, err = held(tx, ws, b.watch.Settings)
		return err
	}); err != nil {
		return Report{}, fault.Wrap(op, err)
	}
	b.today = today(now, b.workspace)
	b.to = b.today - 1 - clock.Day(b.hold)
	if err := b.find(ctx); err != nil {
		return Report{}, fault.Wrap(op, err)
	}
	if err := s.db.Update(ctx, b.keep); err != nil {
		return Report{}, fault.Wrap(op, err)
	}
	return b.report, nil
}

// look is one look at a workspace.
type look struct {
	s         *Service
	ws        identity.WorkspaceID
	workspace identity.Workspace
	watch     Watch
	distrust  map[string]int // false verdicts by subject
	hold      int
	today, to clock.Day
	also      func(*store.Tx) error

	arrived  map[clock.Day]int64
	findings []finding
	fresh    map[ID]bool // opened by this look
	seen     map[sight]bool
	tree     insight.Tree
	report   Report
}

// sight is that a subject is watched by a bucket of time.
type sight struct {
	subject Subject
	bucket  string
}

// find draws the series and looks at each.
func (b *look) find(ctx context.Context) error {
	b.report.Hold = b.hold
	if err := b.arrivals(ctx); err != nil {
		return err
	}
	var err error
	if b.tree, err = b.s.insight.Tree(ctx, b.ws); err != nil {
		return err
	}
	set := b.watch.Settings
	if err := b.s.db.View(ctx, func(tx *store.Tx) error { // an attribute may have become personal since
		hidden, err := contact.Personal(tx, b.ws)
		set.Segments = slices.DeleteFunc(slices.Clone(set.Segments), func(f string) bool { return personal(hidden, f) })
		return err
	}); err != nil {
		return err
	}
	var buckets []string
	if set.Weekly {
		buckets = append(buckets, week)
	}
	if set.Daily {
		buckets = append(buckets, daily)
	}
	unseen := map[string]int{}
	for _, bucket := range buckets {
		d, err := b.s.draw(ctx, b.ws, set, frames[bucket], b.to)
		if err != nil {
			return err
		}
		for field, n := range d.unseen {
			unseen[field] = max(unseen[field], n)
		}
		if bucket == daily {
			b.report.Daily = len(d.lines)
			for i := len(d.blank) - 1; i >= 0 && d.blank[i]; i-- {
				b.report.Silent++
			}
		} else {
			b.report.Weekly = len(d.lines)
		}
		found, err := read(ctx, d.lines, set.Budget/float64(len(buckets)), b.distrust)
		if err != nil {
			return err
		}
		for i := range found {
			if err := b.byCustomer(ctx, &found[i]); err != nil {
				return err
			}
		}
		b.findings = append(b.findings, found...)
	}
	b.report.UnseenOf = []Unseen{}
	for _, field := range slices.Sorted(maps.Keys(unseen)) {
		b.report.UnseenOf = append(b.report.UnseenOf, Unseen{field, unseen[field]})
		b.report.Unseen += unseen[field]
	}
	for _, f := range b.findings {
		switch f.state {
		case Learning:
			b.report.Learning++
		case Blank:
			b.report.Blank++
		}
	}
	b.report.Series = len(b.findings)
	b.seen = map[sight]bool{}
	for _, f := range b.findings {
		b.seen[sight{f.subject, f.frame.bucket}] = true
	}
	return nil
}

// byCustomer looks anew at a score that signals, with what the answers of the signal's periods are worth where customers answered several
// times: forty answers of one customer are one voice. Only what signals is asked for, for telling customers apart takes long.
func (b *look) byCustomer(ctx context.Context, f *finding) error {
	if f.points == nil {
		return nil
	}
	l := *f.line
	worth := make([]float64, len(l.points)) // of each period, as a share of its answers; 0 where nobody has asked
	for again := true; again; {
		again = false
		for _, s := range f.signals {
			if worth[s.at] > 0 {
				continue
			}
			a, err := b.s.insight.Ask(ctx, b.ws, insight.Query{Measure: insight.Measure(l.subject.Measure), Where: l.subject.place(), Scale: l.subject.Scale,
				Between: insight.Period{From: l.begins[s.since].String(), To: l.ends[s.at].String()}})
			if err != nil {
				return err
			}
			by := a.Total.Inflation()
			for t := s.since; t <= s.at; t++ {
				if worth[t] > 0 {
					continue
				}
				if worth[t] = 1 / by; by > 1 {
					if !again {
						l.points, again = slices.Clone(l.points), true
					}
					l.points[t] = l.points[t].Worth(worth[t])
				}
			}
		}
		if again {
			anew, err := l.look(f.rate, nil)
			if err != nil {
				return err
			}
			f.state, f.last, f.signals = anew.state, anew.last, anew.signals
		}
	}
	for i, s := range f.signals { // people are told how many answered
		f.signals[i].exposure = float64(f.points[s.at].N)
	}
	f.last.exposure = float64(f.points[len(f.points)-1].N)
	return nil
}

// Distrust is what a series's share of the budget is divided by after so many verdicts "false" since its last other verdict within a
// year: 2, 10, 100. The rest of the budget goes to the other series, so that it is spent all the same.
func Distrust(falses int) float64 {
	return []float64{1, 2, 10, 100}[min(falses, 3)]
}

// read looks at lines that share a budget of false alarms a year.
func read(ctx context.Context, lines []*line, budget float64, distrust map[string]int) ([]finding, error) {
	if len(lines) == 0 {
		return nil, nil
	}
	whole, err := watch.FalseAlarmRate(budget, lines[0].frame.perYear, len(lines))
	if err != nil {
		return nil, err
	}
	weights, sum := make([]float64, len(lines)), 0.0
	for i, l := range lines {
		weights[i] = 1 / Distrust(distrust[l.subject.Key()])
		sum += weights[i]
	}
	out := make([]finding, len(lines))
	g, ctx := errgroup.WithContext(ctx)
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		g.Go(func() error {
			for i := w; i < len(lines); i += workers {
				if err := ctx.Err(); err != nil {
					return err
				}
				var err error
				if out[i], err = lines[i].look(min(0.5, whole*weights[i]*float64(len(lines))/sum), nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	p := make([]float64, 0, len(out))
	for _, f := range out {
		if f.state != Blank {
			p = append(p, min(1, max(0, f.last.p)))
		}
	}
	q, err := stat.BenjaminiHochberg(p)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].state != Blank {
			out[i].q, q = q[0], q[1:]
		}
	}
	return out, nil
}

const (
	arrivalDays = 15 // for so many days after its end it is counted how much of a day is there
	arrivalLast = 14
	arrivalLike = 7 // so many days must be known before they say how long to wait
	arrived     = 0.95
)

// arrivals counts what is there of the latest days.
func (b *look) arrivals(ctx context.Context) error {
	g, err := b.s.insight.Grid(ctx, b.ws, insight.Query{Measure: insight.Count, Bucket: daily, Between: insight.Period{From: (b.today - arrivalDays).String(), To: (b.today - 1).String()}})
	if err != nil {
		return err
	}
	b.arrived = map[clock.Day]int64{}
	for _, d := range g.Starts {
		b.arrived[d] = 0
	}
	for _, x := range g.Groups {
		for _, c := range x.Cells {
			b.arrived[g.Starts[c.At]] = c.N
		}
	}
	return nil
}

// held is for how many days to wait until usually 95 % of a day are there.
func held(tx *store.Tx, ws identity.WorkspaceID, set Settings) (int, error) {
	if set.Hold >= 0 {
		return set.Hold, nil
	}
	type row struct{ day, lag, n int64 }
	list, err := store.All(tx, func(s store.Scanner) (r row, err error) { return r, s.Scan(&r.day, &r.lag, &r.n) },
		"/* alert.held */ SELECT day, lag, n FROM alert_arrival WHERE workspace = $1 ORDER BY day, lag", string(ws))
	if err != nil {
		return 0, err
	}
	whole := map[int64]int64{}
	for _, r := range list {
		if r.lag == arrivalLast {
			whole[r.day] = r.n
		}
	}
	shares := map[int64][]float64{}
	for _, r := range list {
		if n := whole[r.day]; n > 0 {
			shares[r.lag] = append(shares[r.lag], float64(r.n)/float64(n))
		}
	}
	for lag := range int64(arrivalLast) {
		x := shares[lag]
		if len(x) < arrivalLike {
			return 0, nil // it takes three weeks to know
		}
		if slices.Sort(x); x[len(x)/2] >= arrived {
			return int(lag), nil
		}
	}
	return arrivalLast, nil
}

// falseVerdicts counts, by subject, the verdicts "false" of the last year since the last other one.
func falseVerdicts(tx *store.Tx, ws identity.WorkspaceID, now time.Time) (map[string]int, error) {
	type row struct {
		subject string
		verdict Verdict
	}
	list, err := store.All(tx, func(s store.Scanner) (r row, err error) { return r, s.Scan(&r.subject, &r.verdict) },
		"/* alert.falseVerdicts */ SELECT subject, verdict FROM alert WHERE workspace = $1 AND state = 'closed' AND kind = 'alarm' AND closed_at >= $2 ORDER BY closed_at, id",
		string(ws), now.AddDate(-1, 0, 0).UnixMilli())
	out := map[string]int{}
	for _, r := range list {
		if r.verdict == False {
			out[r.subject]++
		} else {
			delete(out, r.subject)
		}
	}
	return out, err
}

// keep writes what was found: alerts for periods that nobody has looked at yet, and how each series stands.
func (b *look) keep(tx *store.Tx) error {
	w, err := readWatch(tx, b.ws)
	if err != nil {
		return err
	}
	if b.report.Series > 0 && b.to > w.day {
		since := w.day
		if since == 0 {
			since = b.to - firstDays
		}
		if err := b.raise(tx, since); err != nil {
			return err
		}
	}
	if b.to >= w.day { // a look that took longer than the next one has nothing to say
		if err := b.keepSeries(tx, w); err != nil {
			return err
		}
	}
	if b.also != nil {
		return b.also(tx)
	}
	return nil
}

func (b *look) keepSeries(tx *store.Tx, w Watch) error {
	ws := string(b.ws)
	if _, err := tx.Exec("/* alert.keepSeries */ DELETE FROM alert_series WHERE workspace = $1", ws); err != nil {
		return err
	}
	rows := make([][]any, len(b.findings))
	for i, f := range b.findings {
		rows[i] = []any{ws, f.subject.Key(), f.frame.bucket, f.state, int64(f.ends[len(f.ends)-1]), f.last.observed, f.last.expected, f.last.low, f.last.high, f.last.p, f.q, f.rate}
	}
	if len(rows) > 0 {
		if _, err := tx.InsertMany("alert.keepSeries", "alert_series", []string{"workspace", "subject", "bucket", "state", "day", "observed", "expected", "low", "high", "p", "q", "rate"}, rows, ""); err != nil {
			return err
		}
	}
	var arrivals [][]any
	for _, d := range slices.Sorted(maps.Keys(b.arrived)) {
		arrivals = append(arrivals, []any{ws, int64(d), int64(b.today - 1 - d), b.arrived[d]})
	}
	if len(arrivals) > 0 {
		if _, err := tx.InsertMany("alert.keepSeries", "alert_arrival", []string{"workspace", "day", "lag", "n"}, arrivals, "ON CONFLICT DO NOTHING"); err != nil {
			return err
		}
	}
	if _, err := tx.Exec("/* alert.keepSeries */ DELETE FROM alert_arrival WHERE workspace = $1 AND day < $2", ws, int64(b.today)-90); err != nil {
		return err
	}
	report, err := json.Marshal(b.report)
	if err != nil {
		return err
	}
	settings, err := json.Marshal(w.Settings)
	if err != nil {
		return err
	}
	to := b.to
	if b.report.Series == 0 {
		to = w.day // the first look is the first that sees something
	}
	_, err = tx.Exec(`/* alert.keepSeries */ INSERT INTO alert_watch (workspace, settings, day, looked_at, report) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (workspace) DO UPDATE SET day = excluded.day, looked_at = excluded.looked_at, report = excluded.report`, ws, string(settings), int64(to), tx.Millis(), string(report))
	return err
}

// told is a signal with the finding that it is of.
type told struct {
	*finding
	signal
}

func (t told) day() clock.Day      { return t.ends[t.at] }
func (t told) sinceDay() clock.Day { return t.begins[t.since] }

// raise opens alerts for the signals of the periods that ended after a day, or adds them to the alerts that are there.
func (b *look) raise(tx *store.Tx, since clock.Day) error {
	var list []told
	for i := range b.findings {
		f := &b.findings[i]
		for _, x := range f.signals {
			if f.ends[x.at] > since {
				list = append(list, told{f, x})
			}
		}
	}
	// In order of time; of one day blame of themes before what else is said of them, and the narrower theme first, so that a group of themes
	// need not say the same again.
	blame := func(s Subject) int {
		if s.ofTheme() && s.Measure == Negative {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(list, func(x, y told) int {
		return cmp.Or(cmp.Compare(x.day(), y.day()), cmp.Compare(blame(y.subject), blame(x.subject)), cmp.Compare(b.depth(y.subject), b.depth(x.subject)),
			cmp.Compare(x.frame.perYear, y.frame.perYear))
	})
	known, err := latest(tx, b.ws)
	if err != nil {
		return err
	}
	actor := identity.Program(b.ws, "early warning")
	b.fresh = map[ID]bool{}
	for _, t := range list {
		key := episodes{t.subject.Key(), t.kind}
		a, ok := known[key]
		was, sharper := b.sharpens(known, t)
		switch {
		case ok && t.day() <= a.last, ok && a.State != Closed && t.day() <= a.last+episodeGap, ok && a.State == Closed && t.day() <= a.quiet:
			if a, err = b.join(tx, a, t); err != nil {
				return err
			}
		case b.explained(known, t):
			continue
		case sharper:
			if a, err = b.sharpen(tx, actor, known[was], t); err != nil {
				return err
			}
			delete(known, was)
		default:
			a = Alert{ID: ID(id.New(tx.Now)), Subject: t.subject, Kind: t.kind, State: Open, OpenedAt: tx.Now, ChangedAt: tx.Now, episode: t.day(), since: t.sinceDay()}
			b.put(&a, t)
			a.Signals, a.Excess, a.told = 1, t.excess, t.excess
			if err := insert(tx, b.ws, a); err != nil {
				return err
			}
			if err := keepSignal(tx, b.ws, a.ID, t); err != nil {
				return err
			}
			if err := identity.Audit(tx, actor, "alert.open", "alert", string(a.ID), map[string]string{"subject": key.subject, "rule": string(t.rule)}); err != nil {
				return err
			}
			if err := tell(tx, b.ws, a, Opened); err != nil {
				return err
			}
			b.fresh[a.ID] = true
		}
		known[key] = a
	}
	return nil
}

// depth puts what is narrower before what holds it: themes by their place in the tree, a kind before the channels that it comes by,
// and everything before its whole.
func (b *look) depth(s Subject) int {
	switch s.Field {
	case "":
		return 0
	case "channel":
		return 1
	case "theme", "theme_only":
		n := 3
		for id := b.tree.Parent(s.Value); id != "" && n < 20; id = b.tree.Parent(id) {
			n++
		}
		return n
	}
	return 2
}

// storyGap is how many days may lie between two tellings of one story, what is said of a theme and its blame, or a group of themes and one of
// them: the one may be watched by day, the other by week alone.
const storyGap = 7

// explained tells whether at least half of what a whole signals is known of a part of it, so that it need not be told twice.
func (b *look) explained(known map[episodes]Alert, t told) bool {
	for k, a := range known {
		blame := a.Subject.Measure != t.subject.Measure
		begun := a.last
		if blame || t.subject.ofTheme() && !b.seen[sight{a.Subject, t.frame.bucket}] {
			begun += storyGap
		}
		excess := a.Excess
		if unaskedWhole(t.subject) && a.Subject.ofTheme() { // a part of the theme's may have been asked for
			excess *= b.unasked(a.Subject, a.Bucket, a.since, a.last)
			begun = a.last + storyGap
		} else if !b.holds(t.subject, a.Subject) {
			continue
		}
		if k.kind == t.kind && t.day() <= a.last+episodeGap && t.sinceDay() <= begun && math.Abs(excess) >= math.Abs(t.excess)/2 {
			return true
		}
	}
	return false
}

// unaskedWhole tells whether a subject is all that comes unasked.
func unaskedWhole(s Subject) bool { return s.Measure == Count && s.Field == "" }

// unasked is the share of what is counted of a theme that came unasked, over some days.
func (b *look) unasked(s Subject, bucket string, since, last clock.Day) float64 {
	for i := range b.findings {
		f := &b.findings[i]
		if f.subject != s || f.frame.bucket != bucket || f.unasked == nil {
			continue
		}
		free, all := 0.0, 0.0
		for t, end := range f.ends {
			if end >= since && f.begins[t] <= last {
				free, all = free+f.unasked[t], all+f.counts[t]
			}
		}
		if all > 0 {
			return free / all
		}
	}
	return 0
}

// holds tells whether a subject is a whole of which another is a part; a channel counts as the whole of the kinds that come by it, and what
// is said of a theme as the whole of its blame.
func (b *look) holds(whole, part Subject) bool {
	if whole.Scale != part.Scale || whole == part ||
		whole.Measure != part.Measure && !(whole.ofTheme() && whole.Measure == Count && part.ofTheme() && part.Measure == Negative) {
		return false
	}
	switch whole.Field {
	case "":
		return !part.ofTheme() || whole.Measure == Negative // what is said of themes may have been asked for
	case "channel":
		return part.Field == "kind"
	case "theme":
		return part.ofTheme() && slices.Contains(b.tree.Under(whole.Value), part.Value)
	case "theme_only":
		return part.Field == whole.Field && part.Value == whole.Value
	}
	return false
}

// sharpens finds the alert of which a signal says what it is about: more is said of a theme, and what rises is blame; more is said of a group
// of themes, or more comes unasked, and at least half of that is said of this one. The narrowest goes first.
func (b *look) sharpens(known map[episodes]Alert, t told) (best episodes, ok bool) {
	if !t.subject.ofTheme() {
		return best, false
	}
	depth := -1
	for k, a := range known {
		if k.kind != t.kind || a.State == Closed || t.day() > a.last+episodeGap {
			continue
		}
		excess, begun := t.excess, a.last
		switch {
		case unaskedWhole(a.Subject):
			begun += storyGap
			excess *= b.unasked(t.subject, t.frame.bucket, t.sinceDay(), t.day())
		case !a.Subject.ofTheme() || !b.holds(a.Subject, t.subject):
			continue
		}
		d := b.depth(a.Subject)
		if a.Subject.Field == t.subject.Field && a.Subject.Value == t.subject.Value { // its blame
			if t.sinceDay() > a.last+storyGap {
				continue
			}
			d = math.MaxInt
		} else if t.sinceDay() > begun || math.Abs(excess) < math.Abs(a.Excess)/2 {
			continue
		}
		if d > depth || d == depth && k.subject < best.subject {
			best, depth = k, d
		}
	}
	return best, depth >= 0
}

// sharpen makes an alert of what is said about a theme one of its blame, and one of a group of themes, or of all that comes unasked, one of a theme in it, in place of a second
// one about the same. People were told of it, and are told again when it grows.
func (b *look) sharpen(tx *store.Tx, actor identity.Actor, a Alert, t told) (Alert, error) {
	if _, err := tx.Exec("/* alert.sharpen */ DELETE FROM alert_signal WHERE workspace = $1 AND alert = $2", string(b.ws), string(a.ID)); err != nil {
		return a, err
	}
	a.Subject, a.episode, a.since, a.ChangedAt = t.subject, t.day(), t.sinceDay(), tx.Now
	b.put(&a, t)
	a.Signals, a.Excess, a.told = 1, t.excess, max(a.told, t.excess)
	if err := keepSignal(tx, b.ws, a.ID, t); err != nil {
		return a, err
	}
	if err := identity.Audit(tx, actor, "alert.change", "alert", string(a.ID), map[string]string{"subject": t.subject.Key(), "rule": string(t.rule)}); err != nil {
		return a, err
	}
	return a, update(tx, b.ws, a)
}

// put is the latest signal of an alert.
func (b *look) put(a *Alert, t told) {
	a.Rule, a.Bucket, a.last = t.rule, t.frame.bucket, t.day()
	a.Observed, a.Expected, a.Low, a.High, a.Exposure, a.P, a.Q = t.observed, t.expected, t.low, t.high, t.signal.exposure, t.p, 1
	if t.at == len(t.ends)-1 {
		a.Q = t.q
	}
}

// join adds a signal to the episode that it belongs to, and tells people again when it has at least doubled since they were told.
func (b *look) join(tx *store.Tx, a Alert, t told) (Alert, error) {
	if err := keepSignal(tx, b.ws, a.ID, t); err != nil {
		return a, err
	}
	type sum struct {
		n      int64
		excess float64
	}
	// Weeks and days tell of the same feedback: the longer of the two stories counts.
	sums, err := store.All(tx, func(s store.Scanner) (x sum, err error) { return x, s.Scan(&x.n, &x.excess) },
		"/* alert.join */ SELECT count(*), sum(excess) FROM alert_signal WHERE workspace = $1 AND alert = $2 GROUP BY bucket", string(b.ws), string(a.ID))
	if err != nil {
		return a, err
	}
	a.Signals, a.Excess = 0, 0
	for _, x := range sums {
		a.Signals += x.n
		if math.Abs(x.excess) > math.Abs(a.Excess) {
			a.Excess = x.excess
		}
	}
	if t.day() >= a.last {
		b.put(&a, t)
	}
	a.since = min(a.since, t.sinceDay())
	a.ChangedAt = tx.Now
	switch {
	case b.fresh[a.ID]: // it is told as it is when this look ends
		a.told = a.Excess
	case a.State != Closed && a.Kind == Alarm && !a.Snoozed(b.today) && a.Excess >= 2*a.told && a.Excess >= a.told+leastWorse:
		a.told = a.Excess
		if err := tell(tx, b.ws, a, Escalated); err != nil {
			return a, err
		}
	}
	return a, update(tx, b.ws, a)
}

// leastWorse is how much more feedback, beside twice as much, it takes to tell people again.
const leastWorse = 5

func keepSignal(tx *store.Tx, ws identity.WorkspaceID, a ID, t told) error {
	q := 1.0
	if t.at == len(t.ends)-1 {
		q = t.q
	}
	_, err := tx.Exec(`/* alert.keepSignal */ INSERT INTO alert_signal (workspace, alert, bucket, day, since, rule, observed, expected, low, high, exposure, p, q, excess)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (workspace, alert, bucket, day) DO NOTHING`,
		string(ws), string(a), t.frame.bucket, int64(t.day()), int64(t.sinceDay()), string(t.rule), t.observed, t.expected, t.low, t.high, t.signal.exposure, t.p, q, t.excess)
	return err
}
