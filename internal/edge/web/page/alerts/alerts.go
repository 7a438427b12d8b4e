// Package alerts serves early warning: what has left its normal range, one alert with its course, its origin and the words behind it,
// everything that is watched, and what is to be watched.
package alerts

import (
	"cmp"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/alert"
	"kolo/internal/understand/insight"
)

// Pages serves them.
type Pages struct {
	Alerts   *alert.Service
	Insight  *insight.Service
	Feedback *feedback.Service
	Contacts *contact.Service
	Identity *identity.Service
	Words    figure.Words
}

// Register adds the routes to the site.
func (p *Pages) Register(s *web.Site) {
	s.Page("GET /alerts", identity.InsightsRead, p.list)
	s.Page("GET /alerts/series", identity.InsightsRead, p.series)
	s.Page("GET /alerts/settings", identity.AlertsManage, p.settings)
	s.Page("POST /alerts/settings", identity.AlertsManage, p.set)
	s.Page("GET /alerts/{id}", identity.InsightsRead, p.one)
	s.Page("POST /alerts/{id}", identity.AlertsWork, p.act)
}

// row is an alert in a list.
type row struct {
	alert.Alert
	Name, Href, Tone     string
	Said, Band, Severity string
	When, Owner          string
	Snoozed              string
}

type listView struct {
	Tabs   []ui.Tab
	Rows   []row
	Page   ui.Page
	Which  string
	Budget string
	Series string
	Unseen unseenView
	Watch  alert.Watch
	Waits  *waitsView
	Track  string
	May    bool
	Query  string
}

// tabs are the parts of the list, each with what it holds.
var tabs = []struct {
	name   string
	filter alert.Filter
}{
	{"open", alert.Filter{States: []alert.State{alert.Open}, Kind: alert.Alarm}},
	{"acknowledged", alert.Filter{States: []alert.State{alert.Acknowledged}, Kind: alert.Alarm}},
	{"better", alert.Filter{Kind: alert.Improvement}},
	{"closed", alert.Filter{States: []alert.State{alert.Closed}, Kind: alert.Alarm}},
}

func (p *Pages) list(q *web.Request) error {
	ctx, ws := q.Context(), q.Workspace.ID
	v := listView{Which: "open", May: q.Actor.May(identity.AlertsManage)}
	filter := tabs[0].filter
	for _, t := range tabs {
		if q.URL.Query().Get("show") == t.name {
			v.Which, filter = t.name, t.filter
		}
	}
	for _, t := range tabs {
		v.Tabs = append(v.Tabs, ui.Tab{Label: q.Env.T("alerts.tab." + t.name), Href: "/alerts?show=" + t.name, Current: t.name == v.Which, Count: -1})
	}
	v.Tabs = append(v.Tabs, ui.Tab{Label: q.Env.T("alerts.tab.series"), Href: "/alerts/series", Count: -1})
	filter.Cursor = q.URL.Query().Get("cursor")
	list, next, err := p.Alerts.List(ctx, ws, filter)
	if err != nil {
		return err
	}
	if v.Watch, err = p.Alerts.Watch(ctx, ws); err != nil {
		return err
	}
	track, err := p.Alerts.Track(ctx, ws)
	if err != nil {
		return err
	}
	if v.Rows, err = p.rows(q, list); err != nil {
		return err
	}
	v.Page = ui.Page{Shown: len(list), Total: -1}
	if next != "" {
		v.Page.Next = "/alerts?" + url.Values{"show": {v.Which}, "cursor": {next}}.Encode()
	}
	v.Budget, v.Series, v.Waits, v.Track = budget(q.Env, v.Watch), series(q.Env, v.Watch), waits(q.Env, v.Watch), tracked(q.Env, track)
	if v.Unseen, err = p.unseen(q, v.Watch); err != nil {
		return err
	}
	v.Query = exported(filter)
	return q.Render(http.StatusOK, listPage(q.Shell("alerts", q.Env.T("nav.alerts")), v))
}

// exported are the filters of the list as a file.
func exported(f alert.Filter) string {
	v := url.Values{}
	if len(f.States) > 0 {
		v.Set("state", string(f.States[0]))
	}
	v.Set("kind", string(f.Kind))
	return v.Encode()
}

// budget says how often a false alarm is to be expected: "about one in 4 weeks over 312 watched series".
func budget(e ui.Env, w alert.Watch) string {
	days := w.Settings.DaysPerFalseAlarm()
	unit, n := "days", math.Round(days)
	if days >= 21 {
		unit, n = "weeks", math.Round(days/7)
	}
	return e.T("alerts.budget."+unit, "count", int64(max(1, n)), "series", i18n.Verbatim(e.N(float64(w.Report.Series), 0)))
}

func series(e ui.Env, w alert.Watch) string {
	r := w.Report
	return e.T("alerts.watched", "weekly", r.Weekly, "daily", r.Daily, "learning", r.Learning, "blank", r.Blank)
}

// waitsView is what is told in place of what is watched while nothing is.
type waitsView struct{ Title, Text string }

func waits(e ui.Env, w alert.Watch) *waitsView {
	if w.Waits == nil {
		return nil
	}
	key, text := "alerts.waits."+w.Waits.For, ""
	if w.Waits.Next.IsZero() {
		text = e.T(key + ".text")
	} else {
		text = e.T(key+".text", "when", i18n.Verbatim(e.DateTime(w.Waits.Next)))
	}
	return &waitsView{e.T(key), text + " " + needs(e)}
}

// needs says how much history an alarm takes.
func needs(e ui.Env) string {
	return e.T("alerts.needs", "weeks", alert.NeededWeeks, "days", alert.NeededDays)
}

// unseenView names the fields of which not all values are watched.
type unseenView struct {
	Fields []string
	Why    string
	Href   string // where one chooses; "" for who may not
}

func (p *Pages) unseen(q *web.Request, w alert.Watch) (v unseenView, err error) {
	if len(w.Report.UnseenOf) == 0 {
		return v, nil
	}
	if err := figure.NameKnown(q, p.Insight); err != nil {
		return v, err
	}
	for _, u := range w.Report.UnseenOf {
		v.Fields = append(v.Fields, q.Env.T("alerts.unwatched_of", "field", figure.Field(q.Env, u.Field), "count", u.N))
	}
	v.Why = q.Env.T("alerts.unwatched_help", "most", alert.MostValues)
	if q.Actor.May(identity.AlertsManage) {
		v.Href = "/alerts/settings"
	}
	return v, nil
}

func tracked(e ui.Env, t alert.Track) string {
	if t.Precision == nil {
		return ""
	}
	s := e.T("alerts.track", "count", t.True+t.False+t.Known, "share", i18n.Verbatim(e.Percent(*t.Precision, 0)))
	if t.Interval != nil {
		s += " " + e.T("alerts.interval", "low", i18n.Verbatim(e.Percent(t.Interval.Low, 0)), "high", i18n.Verbatim(e.Percent(t.Interval.High, 0)))
	}
	return s
}

// rows are alerts as lines of a list.
func (p *Pages) rows(q *web.Request, list []alert.Alert) ([]row, error) {
	names, err := p.Insight.Names(q.Context(), q.Workspace.ID, q.Env.Tag())
	if err != nil {
		return nil, err
	}
	owners, err := p.owners(q)
	if err != nil {
		return nil, err
	}
	veil, err := p.Insight.VeilFor(q.Context(), q.Workspace.ID, q.Actor)
	if err != nil {
		return nil, err
	}
	out := make([]row, len(list))
	for i, a := range list {
		out[i] = p.row(q.Env, a.Veiled(veil), names, owners, p.Alerts.Today(q.Workspace, q.Env.Now))
	}
	return out, nil
}

func (p *Pages) owners(q *web.Request) (map[identity.MemberID]string, error) {
	members, err := p.Identity.Members(q.Context(), q.Workspace.ID)
	out := map[identity.MemberID]string{}
	for _, m := range members {
		out[m.ID] = m.Name
	}
	return out, err
}

func (p *Pages) row(e ui.Env, a alert.Alert, names map[string]string, owners map[identity.MemberID]string, today clock.Day) row {
	r := row{Alert: a, Name: alert.Title(e.Locale, a, names), Href: "/alerts/" + string(a.ID), Tone: "bad"}
	if a.Kind == alert.Improvement {
		r.Tone = "good"
	}
	if a.State == alert.Closed || a.Snoozed(today) {
		r.Tone = ""
	}
	fig := func(v float64) i18n.Verbatim { return i18n.Verbatim(alert.Figure(e.Locale, a.Subject, v)) }
	r.Said = e.T("alerts.observed", "observed", fig(a.Observed), "expected", fig(a.Expected))
	r.Band = band(e, a.Subject, a.Low, a.High)
	r.Severity = e.T("alerts.severity", "n", i18n.Verbatim(e.Signed(a.Excess, 0)))
	if r.When = date(e, a.Since); a.Last != a.Since {
		r.When = e.T("alerts.since", "from", i18n.Verbatim(r.When), "to", i18n.Verbatim(date(e, a.Last)))
	}
	r.Owner = owners[a.Owner]
	if a.Snoozed(today) {
		r.Snoozed = e.T("alerts.snoozed", "day", i18n.Verbatim(date(e, a.SnoozedUntil)))
	}
	return r
}

// date writes a day.
func date(e ui.Env, day string) string {
	d, err := clock.ParseDay(day)
	if err != nil {
		return day
	}
	e.Zone = nil
	return e.Date(d.Start(e.Now.UTC().Location()))
}

type oneView struct {
	row
	Crumbs   []ui.Link
	Facts    []ui.Fact
	Chart    *ui.Chart
	Carriers []carrier
	Before   string
	Quotes   []ui.Quote
	All      string
	Signals  []signal
	May      bool
	Open     bool
	Error    string
	Fields   map[string]ui.Field
	Log      bool
}

type carrier struct {
	Field, Value, Href    string
	Observed, Said, Share string
}

type signal struct {
	When, Rule, Observed, Expected, Excess string
}

func (p *Pages) one(q *web.Request) error {
	return p.show(q, http.StatusOK, nil)
}

// quotes is how many of the words behind an alert its page shows.
const quotes = 8

func (p *Pages) show(q *web.Request, status int, refused error) error {
	ctx, ws := q.Context(), q.Workspace.ID
	a, err := p.Alerts.Get(ctx, ws, alert.ID(q.PathValue("id")))
	if err != nil {
		return err
	}
	if err := figure.NameKnown(q, p.Insight); err != nil {
		return err
	}
	e := q.Env
	rows, err := p.rows(q, []alert.Alert{a})
	if err != nil {
		return err
	}
	v := oneView{row: rows[0], Crumbs: []ui.Link{{Label: e.T("nav.alerts"), Href: "/alerts"}}, May: q.Actor.May(identity.AlertsWork), Open: a.State != alert.Closed,
		Log: q.Actor.May(identity.AuditRead)}
	register, err := p.Feedback.Register(ctx, ws)
	if err != nil {
		return err
	}
	evidence, err := p.Alerts.Evidence(ctx, ws, q.Actor, a, register, quotes)
	if err != nil {
		return err
	}
	v.All, v.Before = figure.Behind(evidence.Feedback), e.T("alerts.before", "from", i18n.Verbatim(date(e, evidence.Before.From)), "to", i18n.Verbatim(date(e, evidence.Before.To)))
	for _, c := range evidence.Carriers {
		v.Carriers = append(v.Carriers, carrier{Field: figure.Field(e, c.Field), Value: figure.Value(e, c.Field, c.Value), Href: figure.Behind(c.Feedback),
			Observed: e.N(float64(c.Observed), 0), Said: e.T("alerts.instead_of", "n", i18n.Verbatim(alert.Figure(e.Locale, alert.Subject{Measure: alert.Count}, c.Expected))),
			Share: e.T("alerts.of_excess", "share", i18n.Verbatim(e.Percent(c.Share, 0)))})
	}
	if a.Kind == alert.Improvement {
		v.Carriers = nil
	}
	if v.Quotes, err = p.Words.Quotes(q, evidence.Words, nil); err != nil {
		return err
	}
	course, err := p.Alerts.CourseOf(ctx, ws, a)
	if err != nil {
		return err
	}
	v.Chart = chart(e, a, course, v.Name, v.All != "")
	signals, err := p.Alerts.Signals(ctx, ws, a.ID)
	if err != nil {
		return err
	}
	for _, s := range slices.Backward(signals) {
		v.Signals = append(v.Signals, signal{When: e.T("alerts.period."+s.Bucket, "day", i18n.Verbatim(date(e, s.To))), Rule: e.T("alerts.rule." + string(s.Rule)),
			Observed: alert.Figure(e.Locale, a.Subject, s.Observed), Expected: alert.Figure(e.Locale, a.Subject, s.Expected), Excess: e.Signed(s.Excess, 0)})
	}
	w, err := p.Alerts.Watch(ctx, ws)
	if err != nil {
		return err
	}
	v.facts(q, a, w.Settings.Cost)
	if err := p.form(q, &v, a, refused); err != nil {
		return err
	}
	return q.Render(status, onePage(q.Shell("alerts", v.Name), v))
}

// facts are what fired, how far off it was and who looks after it.
func (v *oneView) facts(q *web.Request, a alert.Alert, cost int64) {
	e := q.Env
	add := func(key, text string) {
		if text != "" {
			v.Facts = append(v.Facts, ui.Fact{Label: e.T("alerts.fact." + key), Text: text, Dir: e.DirOf(text)})
		}
	}
	add("observed", alert.Figure(e.Locale, a.Subject, a.Observed))
	add("expected", alert.Figure(e.Locale, a.Subject, a.Expected)+" "+v.Band)
	if a.Exposure > 1 {
		label := "exposure"
		if a.Subject.Measure == alert.Count && (a.Subject.Field == "kind" || a.Subject.Field == "channel") {
			label = "others"
		}
		out := e.N(a.Exposure, 0)
		if a.Subject.Mixed() {
			out = e.T("alerts.mixed", "n", i18n.Verbatim(out))
		}
		add(label, out)
	}
	add("rule", e.T("alerts.rule."+string(a.Rule)))
	add("when", v.When)
	add("excess", e.Signed(a.Excess, 0))
	if cost > 0 && a.Excess > 0 {
		add("cost", e.Estimate(a.Excess*float64(cost), q.Workspace.Currency))
	}
	if a.Q < 1 {
		add("q", e.N(a.Q, 3))
	}
	add("owner", v.Owner)
	add("snoozed", v.Snoozed)
	add("why", a.SnoozeReason)
	if a.Verdict != "" {
		add("verdict", e.T("alerts.verdict."+string(a.Verdict)))
		add("reason", a.Reason)
	}
}

// chart draws the course of an alert's series: what was observed, what was to be expected with its band, and from where on one period
// alone signals. Its points lead to the feedback behind them where that may be named.
func chart(e ui.Env, a alert.Alert, c alert.Course, title string, leads bool) *ui.Chart {
	if len(c.Points) < 2 {
		return nil
	}
	out := &ui.Chart{ID: "course", Kind: "line", Title: title, Dimension: e.T("bucket." + c.Bucket)}
	switch a.Subject.Measure {
	case "csat", "ces":
		out.Percent, out.Decimals = true, 1
	case "star":
		out.Decimals = 2
	case "nps":
	default:
		zero := 0.0
		out.Min = &zero
		out.Decimals, out.Counts = 1, true // what is expected is no whole number
	}
	value := func(v *float64) float64 {
		if v == nil {
			return math.NaN()
		}
		return *v
	}
	observed := ui.Series{Name: e.T("alerts.fact.observed"), Color: "1"}
	expected := ui.Series{Name: e.T("alerts.fact.expected"), Color: "neutral"}
	limit := ui.Series{Name: e.T("alerts.limit"), Color: "bad"}
	some := false
	year := c.Points[0].From[:4] != c.Points[len(c.Points)-1].From[:4]
	for i, m := range c.Points {
		out.Labels = append(out.Labels, figure.Bucket(e, c.Bucket, m.From, year))
		observed.Values = append(observed.Values, value(m.Observed))
		if leads {
			observed.Hrefs = append(observed.Hrefs, "/feedback?"+insight.Encode(a.Subject.Behind(), insight.Period{From: m.From, To: m.To}).Encode())
		}
		expected.Values = append(expected.Values, value(m.Expected))
		low, high := value(m.Low), value(m.High)
		if out.Percent {
			low, high = figure.Within(low, high)
		}
		expected.Low, expected.High = append(expected.Low, low), append(expected.High, high)
		limit.Values = append(limit.Values, value(m.Limit))
		some = some || m.Limit != nil
		if m.From <= a.Since && a.Since <= m.To {
			out.Marks = append(out.Marks, ui.Mark{At: i, Text: e.T("alerts.began")})
		}
	}
	out.Series = []ui.Series{observed, expected}
	if some {
		out.Series = append(out.Series, limit)
	}
	return out
}

// form is what one can do with an alert.
func (p *Pages) form(q *web.Request, v *oneView, a alert.Alert, refused error) error {
	e := q.Env
	members, err := p.Identity.Members(q.Context(), q.Workspace.ID)
	if err != nil {
		return err
	}
	owner := ui.Field{Name: "owner", Label: e.T("alerts.fact.owner"), Value: cmp.Or(q.PostFormValue("owner"), string(a.Owner), string(q.Actor.Member))}
	for _, m := range members {
		if m.State == identity.Active && m.Role.May(identity.AlertsWork) {
			owner.Options = append(owner.Options, ui.Option{Value: string(m.ID), Label: m.Name})
		}
	}
	inAWeek := (p.Alerts.Today(q.Workspace, e.Now) + 7).String()
	verdict := ui.Field{Name: "verdict", Label: e.T("alerts.fact.verdict"), Value: q.PostFormValue("verdict")}
	for _, x := range []alert.Verdict{alert.True, alert.Known, alert.False} {
		verdict.Options = append(verdict.Options, ui.Option{Value: string(x), Label: e.T("alerts.verdict." + string(x)), Help: e.T("alerts.verdict_help." + string(x))})
	}
	fields := []ui.Field{owner,
		{Name: "snoozed_until", Type: "date", Label: e.T("alerts.until"), Value: cmp.Or(q.PostFormValue("snoozed_until"), inAWeek), Dir: "ltr"},
		{Name: "snooze_reason", Label: e.T("alerts.why"), Value: q.PostFormValue("snooze_reason")},
		verdict,
		{Name: "reason", Label: e.T("alerts.what_was_it"), Value: q.PostFormValue("reason"), Rows: 3, Optional: true},
	}
	if refused != nil {
		v.Error, fields = ui.Refuse(e, fields, refused)
		inWords(e, fields)
	}
	v.Fields = map[string]ui.Field{}
	for _, f := range fields {
		v.Fields[f.Name] = f
	}
	return nil
}

// inWords says of a verdict that was not chosen what the choices are called here: the domain knows them by their names for programs.
func inWords(e ui.Env, fields []ui.Field) {
	for i, f := range fields {
		if f.Name == "verdict" && f.Error != "" {
			fields[i].Error = e.T("alerts.verdict_needed", "true", e.T("alerts.verdict.true"), "known", e.T("alerts.verdict.known"), "false", e.T("alerts.verdict.false"))
		}
	}
}

// act does what one of the forms of an alert's page asks for.
func (p *Pages) act(q *web.Request) error {
	q.Body = http.MaxBytesReader(q.W, q.Body, 64<<10)
	text := func(name string) *string { v := q.PostFormValue(name); return &v }
	var patch alert.Patch
	done := "alerts.done." + q.PostFormValue("do")
	switch q.PostFormValue("do") {
	case "take":
		state, owner := alert.Acknowledged, identity.MemberID(q.PostFormValue("owner"))
		patch.State, patch.Owner = &state, &owner
	case "snooze":
		patch.SnoozedUntil, patch.SnoozeReason = text("snoozed_until"), text("snooze_reason")
	case "wake":
		patch.SnoozedUntil = new(string)
	case "close":
		state, verdict := alert.Closed, alert.Verdict(q.PostFormValue("verdict"))
		patch.State, patch.Verdict, patch.Reason = &state, &verdict, text("reason")
	case "reopen":
		state := alert.Open
		patch.State = &state
	default:
		return fault.New(fault.Invalid, "alerts.act", "there is nothing to do")
	}
	_, err := p.Alerts.Change(q.Context(), q.Workspace.ID, q.Actor, alert.ID(q.PathValue("id")), patch)
	if fault.Is(err, fault.Invalid) {
		return p.show(q, http.StatusUnprocessableEntity, err)
	}
	if err != nil {
		return err
	}
	q.Flash("good", done)
	q.Redirect("/alerts/" + q.PathValue("id"))
	return nil
}

// share tells whether a series is one of shares.
func share(s alert.Subject) bool { return s.Measure == "csat" || s.Measure == "ces" }

// band is what is usual of a series in words.
func band(e ui.Env, s alert.Subject, low, high float64) string {
	if share(s) {
		low, high = figure.Within(low, high)
	}
	fig := func(v float64) i18n.Verbatim { return i18n.Verbatim(alert.Figure(e.Locale, s, v)) }
	return e.T("alerts.band", "low", fig(low), "high", fig(high))
}

// seriesRow is one watched series.
type seriesRow struct {
	Name, Measured, Bucket, State, When string
	Observed, Expected, Band, P         string
	Unusual                             bool
}

type seriesView struct {
	Tabs           []ui.Tab
	Rows           []seriesRow
	Page           ui.Page
	Budget, Series string
	Waits          *waitsView
	Unseen         unseenView
	May            bool
}

const seriesPer = 100

func (p *Pages) series(q *web.Request) error {
	ctx, ws, e := q.Context(), q.Workspace.ID, q.Env
	after, _ := strconv.Atoi(q.URL.Query().Get("after")) // 0 where there is none
	list, more, err := p.Alerts.Series(ctx, ws, after, seriesPer)
	if err != nil {
		return err
	}
	w, err := p.Alerts.Watch(ctx, ws)
	if err != nil {
		return err
	}
	names, err := p.Insight.Names(ctx, ws, e.Tag())
	if err != nil {
		return err
	}
	v := seriesView{Budget: budget(e, w), Series: series(e, w), Waits: waits(e, w), Page: ui.Page{Shown: len(list), Total: -1}, May: q.Actor.May(identity.AlertsManage)}
	if v.Unseen, err = p.unseen(q, w); err != nil {
		return err
	}
	for _, t := range tabs {
		v.Tabs = append(v.Tabs, ui.Tab{Label: e.T("alerts.tab." + t.name), Href: "/alerts?show=" + t.name, Count: -1})
	}
	v.Tabs = append(v.Tabs, ui.Tab{Label: e.T("alerts.tab.series"), Href: "/alerts/series", Current: true, Count: -1})
	if more {
		v.Page.Next = "/alerts/series?after=" + strconv.Itoa(after+seriesPer)
	}
	if after > 0 {
		v.Page.Prev = "/alerts/series?after=" + strconv.Itoa(max(0, after-seriesPer))
	}
	veil, err := p.Insight.VeilFor(ctx, ws, q.Actor)
	if err != nil {
		return err
	}
	for _, s := range list {
		s = s.Veiled(veil)
		r := seriesRow{Name: alert.What(e.Locale, s.Subject, names), Measured: alert.Measured(e.Locale, s.Subject), Bucket: e.T("bucket." + s.Bucket), State: s.State, When: date(e, s.Day),
			Unusual: s.State == alert.Watched && s.Q <= 0.05}
		if s.State != alert.Blank {
			r.Observed = alert.Figure(e.Locale, s.Subject, s.Observed)
		}
		if s.State == alert.Watched {
			r.Expected, r.P = alert.Figure(e.Locale, s.Subject, s.Expected), e.N(s.P, 3)
			r.Band = band(e, s.Subject, s.Low, s.High)
		}
		v.Rows = append(v.Rows, r)
	}
	return q.Render(http.StatusOK, seriesPage(q.Shell("alerts", e.T("alerts.tab.series")), v))
}
