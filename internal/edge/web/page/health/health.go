// Package health serves how customers stand: their scores and who is at risk, why customers leave, whether the score can be
// trusted, and what it is made of.
package health

import (
	"cmp"
	"math"
	"net/http"
	"net/url"
	"slices"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/health"
	"kolo/internal/understand/insight/say"
)

// Pages serves them.
type Pages struct {
	Health   *health.Service
	Contacts *contact.Service
}

// Register adds the routes to the site.
func (p *Pages) Register(s *web.Site) {
	s.Page("GET /health", identity.ContactsRead, p.customers)
	s.Page("GET /health/reasons", identity.InsightsRead, p.reasons)
	s.Page("GET /health/trust", identity.InsightsRead, p.trust)
	s.Page("GET /health/settings", identity.ThemesManage, p.settings)
	s.Page("POST /health/settings", identity.ThemesManage, p.save)
	s.Page("POST /health/train", identity.ThemesManage, p.train)
	s.Page("POST /health/activate", identity.ThemesManage, p.activate)
}

// frame is what all of these pages show.
type frame struct {
	Tabs    []ui.Tab
	Running *ui.Progress
	May     bool // train and choose
	Active  bool // there is a version
	Valid   bool
	Refused []string // why it is not valid, in words
	Since   bool     // that shows in what happened after it was made
	Silent  bool     // nobody is known to have left
	NoEvent bool     // nothing is known of what customers do
	Version health.Version
}

func (p *Pages) frame(q *web.Request, current string) (f frame, err error) {
	ctx, ws, e := q.Context(), q.Workspace.ID, q.Env
	f.May = q.Actor.May(identity.ThemesManage)
	for _, t := range []struct {
		key, href string
		may       bool
	}{{"customers", "/health", q.Actor.May(identity.ContactsRead)}, {"reasons", "/health/reasons", true}, {"trust", "/health/trust", true}, {"settings", "/health/settings", f.May}} {
		if t.may {
			f.Tabs = append(f.Tabs, ui.Tab{Label: e.T("health.tab." + t.key), Href: t.href, Current: t.key == current, Count: -1})
		}
	}
	if f.Version, f.Active, err = p.Health.Active(ctx, ws, q.Actor); err != nil {
		return f, err
	}
	j, ok, err := p.Health.Running(ctx, ws)
	if err != nil {
		return f, err
	}
	if ok {
		f.Running = &ui.Progress{Label: e.T("health.running"), Done: j.Done, Total: j.Total, State: "running"}
	}
	if !f.Active {
		m, err := p.Health.Settings(ctx, ws, q.Actor)
		if err != nil {
			return f, err
		}
		f.NoEvent = len(m.Events) == 0
		return f, nil
	}
	f.Valid = f.Version.Valid()
	f.Silent = slices.Contains(f.Version.Report.Refused, "silent")
	r := f.Version.Report
	f.Refused = refused(e, r.Refused, r.Check, r.FitLeft)
	if again := r.Recheck; again != nil && len(f.Refused) == 0 {
		f.Refused, f.Since = refused(e, again.Refused, &again.Check, r.FitLeft), true
	}
	return f, nil
}

// refused says in words what a score fails; left is how many who left it has learned from.
func refused(e ui.Env, gates []string, c *health.Check, left int) (out []string) {
	for _, g := range gates {
		args := []any{"n", left}
		if c != nil {
			args = append(args, "auc", i18n.Verbatim(e.N(c.AUC, 2)), "low", i18n.Verbatim(e.N(c.AUCRange.Low, 2)), "slope", i18n.Verbatim(e.N(c.Slope, 2)), "ratio", i18n.Verbatim(e.N(c.Ratio, 2)),
				"part", e.T("health.part."+string(c.Single)), "single", i18n.Verbatim(e.N(c.SingleAUC, 2)))
		}
		out = append(out, e.T("health.refused."+g, args...))
	}
	return out
}

type customersView struct {
	frame
	Scores       []ui.Score
	Distribution *ui.Chart
	Trend        *ui.Chart
	Lists        []ui.Tab
	Chips        []ui.Chip
	Segment      string // the one that is shown, or all
	Segments     []ui.Link
	Rows         []Row
	Page         ui.Page
	Money        []string
	Export       string
	Empty        bool
}

func (p *Pages) customers(q *web.Request) error {
	ctx, ws, e, in := q.Context(), q.Workspace.ID, q.Env, q.URL.Query()
	f, err := p.frame(q, "customers")
	if err != nil {
		return err
	}
	v := customersView{frame: f}
	filter := health.Filter{AtRisk: in.Get("show") != "all", Segment: in.Get("segment"), Account: contact.AccountID(in.Get("account")), Cursor: in.Get("cursor")}
	page, err := p.Health.List(ctx, ws, q.Actor, filter)
	if err != nil {
		return err
	}
	summary, err := p.Health.Summary(ctx, ws, q.Actor)
	if err != nil {
		return err
	}
	v.figures(e, summary)
	v.Distribution, v.Trend = distribution(e, summary), trend(e, f.Version.Report.Trend)
	ids := make([]contact.ID, len(page.Scores))
	var of []contact.AccountID
	for i, x := range page.Scores {
		ids[i] = x.Contact
		if x.Account != "" && !slices.Contains(of, x.Account) {
			of = append(of, x.Account)
		}
	}
	accounts, err := p.Contacts.LoadAccounts(ctx, ws, q.Actor, of)
	if err != nil {
		return err
	}
	who, err := p.Contacts.Load(ctx, ws, q.Actor, ids)
	if err != nil {
		return err
	}
	for _, x := range page.Scores {
		r := RowOf(e, who[x.Contact], x)
		if a, ok := accounts[x.Account]; ok {
			r.Account, r.AccountHref = a.Name, AccountHref(a.ID)
		}
		v.Rows = append(v.Rows, r)
	}
	with := func(name, value string) string {
		u := url.Values{}
		for _, k := range []string{"show", "segment", "account"} {
			if in.Get(k) != "" {
				u.Set(k, in.Get(k))
			}
		}
		if u.Set(name, value); value == "" {
			u.Del(name)
		}
		if len(u) == 0 {
			return "/health"
		}
		return "/health?" + u.Encode()
	}
	v.Lists = []ui.Tab{{Label: e.T("health.at_risk"), Href: with("show", ""), Current: filter.AtRisk}, {Label: e.T("health.all"), Href: with("show", "all"), Current: !filter.AtRisk}}
	if v.Segment = e.T("health.all_segments"); len(summary.Segments) > 1 {
		v.Segments = append(v.Segments, ui.Link{Label: v.Segment, Href: with("segment", ""), Current: filter.Segment == ""})
		for _, x := range summary.Segments {
			v.Segments = append(v.Segments, ui.Link{Label: x, Href: with("segment", x), Current: filter.Segment == x})
		}
	}
	if filter.Account != "" {
		a, err := p.Contacts.Account(ctx, ws, q.Actor, filter.Account)
		if err != nil {
			return err
		}
		v.Chips = append(v.Chips, ui.Chip{Label: e.T("contact.account"), Value: a.Name, Href: with("account", "")})
	}
	if filter.Segment != "" {
		v.Chips = append(v.Chips, ui.Chip{Label: e.T("health.segment"), Value: filter.Segment, Href: with("segment", "")})
	}
	v.Page = ui.Page{Shown: len(v.Rows), Total: -1}
	if page.Next != "" {
		v.Page.Next = with("cursor", page.Next)
	}
	export := url.Values{}
	if filter.AtRisk {
		export.Set("at_risk", "yes")
	}
	for k, x := range map[string]string{"segment": filter.Segment, "account": string(filter.Account)} {
		if x != "" {
			export.Set(k, x)
		}
	}
	v.Export, v.Empty = export.Encode(), summary.Scored+summary.Hidden+summary.Left == 0
	return q.Render(http.StatusOK, customersPage(q.Shell("health", e.T("nav.health")), v))
}

// figures are the numbers on top.
func (v *customersView) figures(e ui.Env, s health.Summary) {
	of := e.T("health.of_customers", "count", s.Scored)
	decimals := 0
	if v.Version.Kind == health.Fitted {
		decimals = 1
	}
	mean := 0.0 // which is not shown when it is of nobody
	if s.Mean != nil {
		mean = *s.Mean
	}
	v.Scores = []ui.Score{
		{Label: e.T("health.mean"), Value: mean, Decimals: decimals, N: s.Scored, Of: of},
		{Label: e.T("health.at_risk"), Value: float64(s.AtRisk), N: s.Scored, Of: of, Note: riskNote(e, v.Version)},
		{Label: e.T("health.hidden"), Value: float64(s.Hidden), N: max(s.Hidden, 1), Of: e.T("health.hidden_of")},
		{Label: e.T("health.left"), Value: float64(s.Left), N: max(s.Left, 1), Of: e.T("health.left_of")},
	}
	for _, m := range s.Money {
		if m.Contacts == 0 {
			continue
		}
		text := e.T("health.money", "money", i18n.Verbatim(e.Estimate(float64(m.Worth), m.Currency)), "count", m.Contacts)
		if m.Expected != nil {
			text += " " + e.T("health.money_expected", "money", i18n.Verbatim(e.Estimate(*m.Expected, m.Currency)))
		}
		v.Money = append(v.Money, text)
	}
}

// riskNote says what is at risk.
func riskNote(e ui.Env, v health.Version) string {
	if v.Kind == health.Fitted {
		return e.T("health.risk_chance", "share", i18n.Verbatim(e.Percent(2*v.Report.BaseRate, 1)), "days", v.Report.Horizon)
	}
	return e.T("health.risk_score")
}

// distribution draws how many customers have which score, in at most a dozen bars of a round width.
func distribution(e ui.Env, s health.Summary) *ui.Chart {
	if len(s.Scores) == 0 {
		return nil
	}
	low, high := s.Scores[0].Score, s.Scores[len(s.Scores)-1].Score
	width := 10
	for _, w := range []int{1, 2, 5} {
		if high-low < 12*w {
			width = w
			break
		}
	}
	c := ui.Chart{ID: "distribution", Kind: "bar", Title: e.T("health.distribution"), Dimension: e.T("health.score")}
	values := ui.Series{Name: e.T("health.customers")}
	first := low / width * width
	n := (high-first)/width + 1
	values.Values = make([]float64, n)
	for _, w := range s.Scores {
		values.Values[(w.Score-first)/width] += float64(w.N)
	}
	for i := range n {
		from := first + i*width
		label := e.N(float64(from), 0)
		if width > 1 {
			label = e.T("health.from_to", "from", i18n.Verbatim(label), "to", i18n.Verbatim(e.N(float64(min(from+width-1, 100)), 0)))
		}
		c.Labels = append(c.Labels, label)
	}
	c.Series = []ui.Series{values}
	var all, sum int64
	for _, w := range s.Scores {
		all += w.N
	}
	median := high
	for _, w := range s.Scores {
		if sum += w.N; 2*sum >= all {
			median = w.Score
			break
		}
	}
	most := slices.Index(values.Values, slices.Max(values.Values))
	number := func(n float64) i18n.Verbatim { return i18n.Verbatim(e.N(n, 0)) }
	c.Summary = e.T("health.distribution_summary", "count", number(float64(all)), "low", number(float64(low)), "high", number(float64(high)),
		"median", number(float64(median)), "at", i18n.Verbatim(c.Labels[most]), "most", number(values.Values[most]))
	return &c
}

func trend(e ui.Env, points []health.Point) *ui.Chart {
	if len(points) < 3 {
		return nil
	}
	c := ui.Chart{ID: "trend", Kind: "line", Title: e.T("health.trend"), Dimension: e.T("health.day"), Counted: e.T("health.customers"), Percent: true, Decimals: 1}
	risk, left := ui.Series{Name: e.T("health.at_risk")}, ui.Series{Name: e.T("health.left_next")}
	for i, p := range points {
		if p.N == 0 {
			continue
		}
		c.Labels = append(c.Labels, day(e, p.Day))
		risk.Values, risk.N = append(risk.Values, float64(p.AtRisk)/float64(p.N)), append(risk.N, int64(p.N))
		gone := float64(p.Left) / float64(p.N)
		if i == len(points)-1 { // it is not known yet
			gone = math.NaN()
		}
		left.Values, left.N = append(left.Values, gone), append(left.N, int64(p.N))
	}
	c.Series = []ui.Series{risk, left}
	return &c
}

// day is a day of a report as people read it.
func day(e ui.Env, s string) string {
	d, err := clock.ParseDay(s)
	if err != nil {
		return s
	}
	zone := e.Zone
	if zone == nil {
		return s
	}
	return e.Date(d.Start(zone))
}

type reasonsView struct {
	frame
	Found, Others []reasonView
	Looked        string
}

type reasonView struct {
	Title, Text, Now string
	Ratio, Range     string
	Left, Contacts   string
	Others           string
}

func (p *Pages) reasons(q *web.Request) error {
	f, err := p.frame(q, "reasons")
	if err != nil {
		return err
	}
	e := q.Env
	v := reasonsView{frame: f, Looked: e.T("health.looked", "count", f.Version.Report.Looked)}
	titles, err := p.titles(q)
	if err != nil {
		return err
	}
	for _, r := range f.Version.Report.Reasons {
		v.Found = append(v.Found, reason(e, r, titles))
	}
	for _, r := range f.Version.Report.Others {
		x := reason(e, r, titles)
		if r.From != "" { // nothing can be said to have happened
			x.Text = e.T("health.period", "from", day(e, r.From), "to", day(e, r.To))
		}
		v.Others = append(v.Others, x)
	}
	return q.Render(http.StatusOK, reasonsPage(q.Shell("health", e.T("health.tab.reasons")), v))
}

// titles are what people call the attributes.
func (p *Pages) titles(q *web.Request) (map[string]string, error) {
	list, err := p.Contacts.Attributes(q.Context(), q.Workspace.ID)
	out := map[string]string{}
	for _, a := range list {
		out[a.Key] = cmp.Or(a.Title, a.Key)
	}
	return out, err
}

func reason(e ui.Env, r health.Reason, titles map[string]string) reasonView {
	v := reasonView{Ratio: e.T("health.times", "n", i18n.Verbatim(e.N(r.Ratio, 1))),
		Range: e.T("score.interval", "low", i18n.Verbatim(e.N(r.Range.Low, 1)), "high", i18n.Verbatim(e.N(r.Range.High, 1))),
		Left:  e.N(float64(r.Left), 0), Contacts: e.N(float64(r.Contacts), 0)}
	v.Title = e.T("health.reason." + r.Key)
	if r.Key == "segment" {
		parts := make([]any, 0, 2)
		text := ""
		for i, x := range r.Where {
			if i > 0 {
				text += " · "
			}
			text += cmp.Or(titles[x.Attribute], x.Attribute) + ": " + x.Value
		}
		parts = append(parts, "who", text)
		v.Title = e.T("health.reason.segment", parts...)
		if r.From != "" {
			v.Text = e.T("health.reason_between", "from", day(e, r.From), "to", day(e, r.To))
		} else {
			v.Text = e.T("health.reason_always")
		}
	} else {
		v.Text = e.T("health.reason_text."+r.Key, "days", r.Window)
	}
	perYear := func(left int, weeks float64) string {
		if weeks <= 0 {
			return "–"
		}
		return e.Percent(1-math.Exp(-52*float64(left)/weeks), 0)
	}
	v.Others = e.T("health.reason_rates", "these", i18n.Verbatim(perYear(r.Left, r.Weeks)), "others", i18n.Verbatim(perYear(r.Others, r.OthersIn)))
	if r.Now > 0 {
		v.Now = e.T("health.reason_now", "count", r.Now)
	}
	return v
}

type trustView struct {
	frame
	Facts       []ui.Fact
	Gates       []gate
	Calibration *ui.Chart
	Tops        []string
	Drift       []driftView
	Weights     []weightView
	Versions    []versionView
	Tested      string
	Again       []gate // what it came to on what happened after it was made
	AgainTested string
}

type gate struct {
	Name, Value, Wanted string
	Ok                  bool
}

type driftView struct {
	Part, PSI string
	Tone      string
	Word      string
}

type weightView struct{ Part, Weight, HalfLife string }

type versionView struct {
	ID, When, Kind, By, Verdict string
	Active, Valid               bool
	Left                        string
}

func (p *Pages) trust(q *web.Request) error {
	f, err := p.frame(q, "trust")
	if err != nil {
		return err
	}
	e, r := q.Env, f.Version.Report
	v := trustView{frame: f}
	if f.Active {
		v.Facts = []ui.Fact{
			{Label: e.T("health.made"), Text: e.DateTime(f.Version.At)},
			{Label: e.T("health.kind"), Text: e.T("health.kind." + string(f.Version.Kind))},
			{Label: e.T("health.facts_of"), Text: e.T("health.period", "from", day(e, r.From), "to", day(e, r.To))},
			{Label: e.T("health.looked_at"), Text: e.T("health.contacts_left", "count", r.Contacts, "left", i18n.Verbatim(e.N(float64(r.Left), 0)))},
			{Label: e.T("health.horizon"), Text: e.T("health.days", "count", r.Horizon)},
		}
		if r.Fitted > 0 {
			v.Facts = append(v.Facts, ui.Fact{Label: e.T("health.learned"), Text: e.T("health.learned_text", "n", i18n.Verbatim(e.N(float64(r.Fitted), 0)), "left", i18n.Verbatim(e.N(float64(r.FitLeft), 0)), "day", day(e, r.FitUpto))})
		}
	}
	for i := range v.Facts {
		v.Facts[i].Dir = e.DirOf(v.Facts[i].Text)
	}
	if again := r.Recheck; again != nil {
		v.Again, v.AgainTested = gates(e, &again.Check, again.Refused), tested(e, again.Tests, &again.Check)
	} else if to, err := clock.ParseDay(r.To); err == nil && f.Active && len(r.Refused) == 0 {
		v.Facts = append(v.Facts, ui.Fact{Label: e.T("health.recheck"), Text: e.T("health.recheck_due", "day", day(e, (to+clock.Day(r.Horizon)).String()))})
	}
	if c := r.Check; c != nil {
		v.Tested = tested(e, r.Tests, c)
		v.Gates = append([]gate{{e.T("health.gate.few"), e.N(float64(r.FitLeft), 0), e.T("health.wanted.few"), !slices.Contains(r.Refused, "few")}}, gates(e, c, r.Refused)...)
		if c.Calibrated {
			v.Facts = append(v.Facts, ui.Fact{Label: e.T("health.skill"), Text: e.Percent(c.Skill, 1)}, ui.Fact{Label: e.T("health.ece"), Text: e.T("score.points", "n", i18n.Verbatim(e.N(100*c.ECE, 1)))},
				ui.Fact{Label: e.T("health.in_the_large"), Text: e.Signed(c.InLarge, 2)})
			v.Calibration = calibration(e, c)
		}
		for _, t := range c.Tops {
			v.Tops = append(v.Tops, e.T("health.top", "share", i18n.Verbatim(e.Percent(t.Share, 0)), "recall", i18n.Verbatim(e.Percent(t.Recall, 0)), "lift", i18n.Verbatim(e.N(t.Lift, 1))))
		}
	}
	for _, d := range r.Drift {
		x := driftView{Part: e.T("health.part." + string(d.Key)), PSI: e.N(d.PSI, 2), Word: "little"}
		switch {
		case d.Alarm:
			x.Tone, x.Word = "bad", "much"
		case d.PSI > 0.1:
			x.Tone, x.Word = "warn", "some"
		}
		x.Word = e.T("health.drift." + x.Word)
		v.Drift = append(v.Drift, x)
	}
	for _, w := range r.Weights {
		x := weightView{Part: e.T("health.part." + string(w.Key)), Weight: e.Percent(w.Weight, 0)}
		if f.Version.Kind == health.Fitted {
			x.Weight = e.Signed(w.Weight, 2)
		}
		if h := r.HalfLives[w.Key]; h > 0 {
			x.HalfLife = e.T("health.days", "count", int(math.Round(h)))
		}
		v.Weights = append(v.Weights, x)
	}
	versions, err := p.Health.Versions(q.Context(), q.Workspace.ID, q.Actor)
	if err != nil {
		return err
	}
	for _, x := range versions {
		y := versionView{ID: x.ID, When: e.DateTime(x.At), Kind: e.T("health.kind." + string(x.Kind)), By: x.By, Active: x.Active, Valid: x.Valid(), Verdict: e.T("health.not_valid"), Left: e.T("health.left_known", "count", x.Report.Left)}
		if y.Valid {
			y.Verdict = e.T("health.valid")
		}
		v.Versions = append(v.Versions, y)
	}
	return q.Render(http.StatusOK, trustPage(q.Shell("health", e.T("health.tab.trust")), v))
}

// tested says who was scored when.
func tested(e ui.Env, tests []string, c *health.Check) string {
	when := day(e, tests[0])
	if len(tests) > 1 {
		when = e.T("health.and", "a", when, "b", day(e, tests[len(tests)-1]))
	}
	return e.T("health.tested", "n", i18n.Verbatim(e.N(float64(c.N), 0)), "days", i18n.Verbatim(when), "left", i18n.Verbatim(e.N(float64(c.Left), 0)))
}

// gates are what a score has to pass, each with what it came to; refused are those that it fails.
func gates(e ui.Env, c *health.Check, refused []string) (out []gate) {
	add := func(key, value string) {
		out = append(out, gate{e.T("health.gate." + key), value, e.T("health.wanted." + key), !slices.Contains(refused, key)})
	}
	number := func(x float64, digits int) i18n.Verbatim { return i18n.Verbatim(e.N(x, digits)) }
	add("auc", e.T("health.value_interval", "value", number(c.AUC, 2), "low", number(c.AUCRange.Low, 2), "high", number(c.AUCRange.High, 2)))
	single := e.T("health.single_value", "part", e.T("health.part."+string(c.Single)), "auc", number(c.SingleAUC, 2))
	if c.SingleP != nil {
		single = e.T("health.single_value_p", "part", e.T("health.part."+string(c.Single)), "auc", number(c.SingleAUC, 2), "p", say.P(e.Locale, *c.SingleP))
	}
	add("single", single)
	if c.Calibrated {
		add("slope", e.T("health.value_interval", "value", number(c.Slope, 2), "low", number(c.Slope-1.96*c.SlopeSE, 2), "high", number(c.Slope+1.96*c.SlopeSE, 2)))
		add("observed_expected", e.T("health.ratio_value", "ratio", number(c.Ratio, 2), "observed", number(float64(c.Left), 0), "expected", number(c.Expected, 0)))
	}
	return out
}

// calibration draws what was foretold beside what happened, group by group.
func calibration(e ui.Env, c *health.Check) *ui.Chart {
	x := ui.Chart{ID: "calibration", Kind: "line", Title: e.T("health.calibration"), Dimension: e.T("health.group"), Counted: e.T("health.customers"), Percent: true, Decimals: 1}
	foretold, happened := ui.Series{Name: e.T("health.foretold")}, ui.Series{Name: e.T("health.happened")}
	for i, b := range c.Bins {
		x.Labels = append(x.Labels, e.N(float64(i+1), 0))
		foretold.Values = append(foretold.Values, b.Mean)
		happened.Values, happened.N = append(happened.Values, b.Observed), append(happened.N, int64(b.N))
		happened.Low, happened.High = append(happened.Low, b.Range.Low), append(happened.High, b.Range.High)
	}
	x.Series = []ui.Series{foretold, happened}
	return &x
}

func (p *Pages) train(q *web.Request) error {
	if _, err := p.Health.Train(q.Context(), q.Workspace.ID, q.Actor); err != nil {
		return err
	}
	q.Flash("good", "health.said.training")
	q.Redirect("/health/trust")
	return nil
}

func (p *Pages) activate(q *web.Request) error {
	id := q.PostFormValue("version")
	if id == "" {
		return fault.Bad("health.activate", fault.Field{Path: "version", Code: "required", Msg: "a version is needed"})
	}
	if err := p.Health.Activate(q.Context(), q.Workspace.ID, q.Actor, id); err != nil {
		return err
	}
	q.Flash("good", "health.said.activated")
	q.Redirect("/health/trust")
	return nil
}
