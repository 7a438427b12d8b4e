// Package sample holds canned data for every view, so that all of them can be rendered without a database: by the
// gallery for the eye, and by a test for the compiler's sake. A page author adds the page to Pages.
package sample

import (
	"errors"
	"math"
	"time"

	"github.com/a-h/templ"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
)

// View is a page of the gallery.
type View struct {
	Name   string // its path
	Render func(ui.Shell) templ.Component
}

// Pages are all views, in the order in which they are looked at.
func Pages() []View {
	return []View{
		{"home", home},
		{"feedback", feedback},
		{"explore", explore},
		{"contacts", contacts},
		{"import", importing},
		{"settings", settings},
		{"parts", parts},
		{"empty", empties},
		{"sign-in", func(sh ui.Shell) templ.Component {
			return ui.SignIn(sh, ui.SignInView{Email: "dana@example.com", Next: "/feedback"})
		}},
		{"sign-in-refused", func(sh ui.Shell) templ.Component {
			return ui.SignIn(sh, ui.SignInView{Error: sh.T("error.unauthenticated.text")})
		}},
		{"set-up", func(sh ui.Shell) templ.Component {
			return ui.SetUp(sh, ui.SetUpView{Fields: ui.SetUpFields(sh, "Asia/Jerusalem", Zones)})
		}},
		{"set-up-refused", func(sh ui.Shell) templ.Component {
			bad := fault.Bad("setup", fault.Field{Path: "email", Code: "email"}, fault.Field{Path: "password", Code: "too_short"})
			text, fields := ui.Refuse(sh.Env, ui.SetUpFields(sh, "Asia/Jerusalem", Zones), bad)
			return ui.SetUp(sh, ui.SetUpView{Error: text, Fields: fields})
		}},
		{"invitation", func(sh ui.Shell) templ.Component {
			return ui.Invitation(sh, ui.InvitationView{Token: "t", Workspace: "Lumen Telecom", By: "Dana Levi", Role: "analyst",
				Email: "omid@example.com", Fields: ui.InvitationFields(sh.Env, false, "Omid")})
		}},
		{"not-found", failure("not_found", 404)},
		{"denied", failure("denied", 403)},
		{"internal", failure("internal", 500)},
		{"internal-outside", func(sh ui.Shell) templ.Component {
			sh.Member = ui.Member{}
			return failure("internal", 500)(sh)
		}},
	}
}

// Zones are a few to choose from.
var Zones = []string{"Asia/Jerusalem", "Asia/Tehran", "Europe/London", "Europe/Moscow", "UTC"}

// Now is the moment at which the gallery stands.
var Now = time.Date(2026, 3, 5, 14, 5, 0, 0, time.UTC)

// Shell is the frame of a signed-in member in a language.
func Shell(c *i18n.Catalog, l *i18n.Locale, a ui.Assets) ui.Shell {
	return ui.Shell{
		Env: ui.Env{Locale: l, Zone: time.FixedZone("here", 2*3600), Now: Now}, Assets: a, Languages: ui.Languages(c), Path: "/",
		Workspace: "Lumen Telecom", Workspaces: []ui.Workspace{{ID: "1", Name: "Lumen Telecom", Current: true}, {ID: "2", Name: "לומן אנרגיה"}},
		Member: ui.Member{Name: "Dana Levi", Email: "dana@example.com", Role: "owner"},
	}
}

func failure(code string, status int) func(ui.Shell) templ.Component {
	return func(sh ui.Shell) templ.Component {
		return ui.Error(sh, ui.ErrorView{Status: status, Code: code, RequestID: "0198c7f2-6b1e-7c44-9d7a-2f1f8a1b3c4d"})
	}
}

// wave is a made-up series: the same on every run.
func wave(n int, middle, height, phase float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		x := float64(i)
		out[i] = math.Round((middle+height*math.Sin(x/3+phase)+height/3*math.Sin(x*1.7+phase)+x*height/30)*10) / 10
	}
	return out
}

func shift(values []float64, by float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = v + by
	}
	return out
}

func weeks(e ui.Env, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = e.Bucket("week", Now.AddDate(0, 0, -7*(n-1-i)-4), e.Zone, false)
	}
	return out
}

func repeat[T any](n int, f func(int) T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = f(i)
	}
	return out
}

func scores(e ui.Env) []ui.Score {
	against := e.T("score.since", "when", e.Bucket("day", Now.AddDate(0, -1, 0), e.Zone, false))
	return []ui.Score{
		{Label: e.T("metric.nps"), Value: 31.4, Interval: true, Low: 27.9, High: 34.8, Min: -100, Max: 100, N: 2841, Href: "/feedback?metric=nps",
			Spark: wave(14, 22, 6, 0), Change: &ui.Change{Value: 6.2, Against: against, Clear: true, Good: true}},
		{Label: e.T("metric.csat"), Value: 0.782, Percent: true, Decimals: 1, Interval: true, Low: 0.751, High: 0.81, Max: 1, N: 764, Href: "/feedback?metric=csat",
			Spark: wave(14, 70, 8, 2), Change: &ui.Change{Value: -0.013, Against: against, Good: true}},
		{Label: e.T("metric.ces"), Value: -2, Interval: true, Low: -21, High: 14, Min: -100, Max: 100, N: 18, Small: "indicative",
			Spark: []float64{3, 4, math.NaN(), 2, math.NaN(), 5, 6, 4}, Change: &ui.Change{Value: -9, Against: against, Clear: true, Good: true}},
		{Label: e.T("metric.star"), N: 4, Small: "few", Min: 1, Max: 5},
	}
}

func trend(e ui.Env) ui.Chart {
	v := wave(26, 24, 7, 0.4)
	v[11], v[12] = math.NaN(), math.NaN()
	low, high := shift(v, -4.6), shift(v, 4.4)
	return ui.Chart{ID: "trend", Kind: "line", Title: e.T("metric.nps"), Dimension: e.T("nav.data"), Labels: weeks(e, 26),
		Series: []ui.Series{{Name: e.T("metric.nps"), Values: v, Low: low, High: high,
			N:     repeat(26, func(i int) int64 { return int64(90 + i*3%17) }),
			Hrefs: repeat(26, func(i int) string { return "/feedback" })}},
		Marks: []ui.Mark{{At: 18, Text: e.Date(Now.AddDate(0, 0, -53))}}}
}

func volume(e ui.Env) ui.Chart {
	labels := weeks(e, 14)
	return ui.Chart{ID: "volume", Kind: "stack", Title: e.T("nav.feedback"), Dimension: e.T("nav.data"), Labels: labels, Series: []ui.Series{
		{Name: e.T("sentiment.positive"), Values: shift(wave(14, 60, 12, 1), 20), Color: "good"},
		{Name: e.T("sentiment.neutral"), Values: wave(14, 34, 6, 2), Color: "neutral"},
		{Name: e.T("sentiment.negative"), Values: wave(14, 28, 9, 3), Color: "bad"},
	}}
}

func byChannel(e ui.Env) ui.Chart {
	channels := []string{"widget", "email", "call", "chat", "app_store", "paper"}
	v := []float64{44, 38, 29, 12, -8, -17}
	return ui.Chart{ID: "channels", Kind: "across", Title: e.T("metric.nps"), Dimension: e.T("nav.data"),
		Labels: repeat(len(channels), func(i int) string { return e.T("channel." + channels[i]) }),
		Series: []ui.Series{{Name: e.T("metric.nps"), Values: v, Low: shift(v, -7), High: shift(v, 6),
			N: []int64{812, 644, 301, 122, 61, 14}, Small: []bool{false, false, false, false, false, true}}}}
}

func heat(e ui.Env) ui.Chart {
	low, high := -60.0, 60.0
	rows := []string{"widget", "email", "call", "chat"}
	return ui.Chart{ID: "heat", Kind: "heat", Title: e.T("nav.explore"), Dimension: e.T("nav.data"), Labels: weeks(e, 12), Min: &low, Max: &high,
		Series: repeat(len(rows), func(i int) ui.Series {
			return ui.Series{Name: e.T("channel." + rows[i]), Values: wave(12, float64(30-i*22), 16, float64(i))}
		})}
}

func ring(e ui.Env) ui.Chart {
	return ui.Chart{ID: "ring", Kind: "pie", Title: e.T("shell.language"), Dimension: e.T("shell.language"), Percent: true,
		Labels: []string{i18n.OwnName("en"), i18n.OwnName("he"), i18n.OwnName("fa"), i18n.OwnName("ru")},
		Series: []ui.Series{{Name: e.T("nav.feedback"), Values: []float64{0.44, 0.27, 0.18, 0.11}, N: []int64{1250, 767, 511, 313}}}}
}

func quotes() []ui.Quote {
	ago := func(d time.Duration) time.Time { return Now.Add(-d) }
	return []ui.Quote{
		{Href: "/feedback/1", Parts: []ui.Part{{Text: "The technician came on time and explained everything. Finally someone who listens!"}}, Lang: "en", Who: "Maya Cohen", WhoHref: "/contacts/1",
			At: ago(12 * time.Minute), Channel: "sms", Source: "After a visit", Kind: "response", Sentiment: "positive",
			Answers: []ui.Answer{{Metric: "nps", Value: 10, Max: 10, Tone: "good"}, {Metric: "csat", Value: 5, Min: 1, Max: 5, Tone: "good"}},
			Tags:    []ui.Link{{Label: "Technician", Href: "/feedback?theme=1"}, {Label: "plan: Fiber 500"}}},
		{Href: "/feedback/2", Parts: []ui.Part{{Text: "חיכיתי 40 דקות על הקו ואז השיחה נותקה. WiFi לא עובד כבר שבוע, וכל פעם מעבירים אותי למחלקה אחרת."}}, Lang: "he", Who: "יוסי מזרחי", WhoHref: "/contacts/2",
			At: ago(3 * time.Hour), Channel: "call", Kind: "complaint", Sentiment: "negative", Answers: []ui.Answer{{Metric: "nps", Value: 1, Max: 10, Tone: "bad"}},
			Tags: []ui.Link{{Label: "זמן המתנה", Href: "/feedback?theme=2"}}, Masked: true},
		{Href: "/feedback/3", Parts: []ui.Part{{Text: "اپلیکیشن خوب است ولی صورت\u200cحساب ماه پیش اشتباه بود و هنوز اصلاح نشده."}}, Lang: "fa", Who: "رضا احمدی", WhoHref: "/contacts/3",
			At: ago(26 * time.Hour), Channel: "app_store", Kind: "review", Sentiment: "mixed", Answers: []ui.Answer{{Metric: "star", Value: 3, Min: 1, Max: 5}}},
		{Href: "/feedback/4", Parts: []ui.Part{{Text: "Подключили за день, скорость отличная. Спасибо оператору Анне!"}}, Lang: "ru", Who: "Ольга Петрова", WhoHref: "/contacts/4",
			At: ago(5 * 24 * time.Hour), Channel: "chat", Kind: "message", Sentiment: "positive"},
		{Href: "/feedback/5", Parts: []ui.Part{{Text: "<script>alert('boo')</script> =HYPERLINK(\"http://evil\") javascript:alert(1)"}}, At: ago(9 * 24 * time.Hour), Channel: "Our own terminal", Sentiment: "neutral"},
		{Href: "/feedback/6", Who: "Ibrahim", At: ago(40 * 24 * time.Hour), Channel: "paper", Kind: "response", Answers: []ui.Answer{{Metric: "csat", Value: 4, Min: 1, Max: 5, Tone: "good"}}},
	}
}

func facets(e ui.Env) []ui.Facet {
	option := func(label string, n int64, on bool) ui.FacetOption {
		return ui.FacetOption{Label: label, Count: n, On: on, Href: "/feedback?x=1"}
	}
	return []ui.Facet{
		{Label: e.T("sentiment.label"), Options: []ui.FacetOption{option(e.T("sentiment.positive"), 1480, false), option(e.T("sentiment.neutral"), 702, false), option(e.T("sentiment.negative"), 623, true), option(e.T("sentiment.mixed"), 36, false)}},
		{Label: e.T("channel.label"), Options: []ui.FacetOption{option(e.T("channel.widget"), 912, false), option(e.T("channel.email"), 744, true), option(e.T("channel.call"), 401, false), option(e.T("channel.chat"), 222, false)}, More: "/feedback/channels"},
		{Label: e.T("shell.language"), Options: []ui.FacetOption{option("English", 1250, false), option("עברית", 767, false), option("فارسی", 511, false), option("Русский", 313, false)}},
		{Label: "plan", Closed: true, Options: []ui.FacetOption{option("Fiber 500", 77, false)}},
	}
}

// refused is a settings form that came back with a fault.
func refused(e ui.Env) (string, []ui.Field) {
	return ui.Refuse(e, []ui.Field{
		{Name: "workspace", Label: e.T("setup.workspace"), Help: e.T("setup.workspace_help")},
		{Name: "zone", Label: e.T("setup.zone"), Options: repeat(len(Zones), func(i int) ui.Option { return ui.Option{Value: Zones[i], Label: Zones[i]} })},
	}, errors.Join(fault.Bad("settings", fault.Field{Path: "workspace", Code: "required"})))
}
