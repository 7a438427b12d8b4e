package health

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/contact"
	"kolo/internal/understand/health"
)

type settingsView struct {
	frame
	Error  string
	Fields []ui.Field
	Groups []group
}

// group is a card of fields, by their places.
type group struct {
	ID, Title, Lead string
	Fields          []int
}

// or is a dash where there is nothing.
func or(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func (p *Pages) settings(q *web.Request) error {
	m, err := p.Health.Settings(q.Context(), q.Workspace.ID, q.Actor)
	if err != nil {
		return err
	}
	return p.showSettings(q, http.StatusOK, m, m.Settings, "", nil)
}

// showSettings shows the form filled with settings; wrong are the values that were sent where no number could be read.
func (p *Pages) showSettings(q *web.Request, status int, m health.Meaning, s health.Settings, sent string, refused error) error {
	e := q.Env
	f, err := p.frame(q, "settings")
	if err != nil {
		return err
	}
	v := settingsView{frame: f}
	add := func(g *group, field ui.Field) {
		if sent != "" && q.PostForm.Has(field.Name) && !field.Multiple {
			field.Value = q.PostFormValue(field.Name)
		}
		g.Fields = append(g.Fields, len(v.Fields))
		v.Fields = append(v.Fields, field)
	}
	events := group{ID: "events", Title: e.T("health.settings.events"), Lead: e.T("health.settings.events_lead")}
	for _, r := range health.Roles {
		help := e.T("health.role_help." + string(r))
		if len(s.Events[r]) == 0 && len(m.Names[r]) > 0 {
			help += " " + e.T("health.guessed", "names", strings.Join(m.Names[r], ", "))
		}
		add(&events, ui.Field{Name: "events." + string(r), Label: e.T("health.role." + string(r)), Value: strings.Join(s.Events[r], ", "), Help: help, Optional: true, Quiet: true, Dir: "ltr"})
	}
	var names []string
	for _, x := range m.Events[:min(len(m.Events), 30)] {
		names = append(names, fmt.Sprintf("%s (%s)", x.Name, e.N(float64(x.N), 0)))
	}
	if len(names) > 0 {
		events.Lead += " " + e.T("health.event_names", "names", strings.Join(names, ", "))
	}
	peers := group{ID: "peers", Title: e.T("health.settings.peers"), Lead: e.T("health.settings.peers_lead")}
	segment := ui.Field{Name: "segment", Label: e.T("health.settings.segment"), Value: s.Segment, Optional: true, Quiet: true, Help: e.T("health.settings.segment_help"),
		Options: []ui.Option{{Value: "", Label: e.T("health.settings.nothing")}}}
	reasons := ui.Field{Name: "reason_attributes", Label: e.T("health.settings.reasons"), Help: e.T("health.settings.reasons_help"), Multiple: true}
	for _, a := range m.Register {
		if a.Personal || a.Kind == contact.Date {
			continue
		}
		segment.Options = append(segment.Options, ui.Option{Value: a.Key, Label: a.Title})
		reasons.Options = append(reasons.Options, ui.Option{Value: a.Key, Label: a.Title, On: slices.Contains(s.Slices, a.Key)})
	}
	guess := ui.Field{Name: "guessed", Label: e.T("health.settings.guess"), Value: "yes", Multiple: true, Options: []ui.Option{{Value: "yes", Label: e.T("health.settings.guess_do"), Help: e.T("health.settings.guess_help"), On: s.Guessed}}}
	add(&peers, guess)
	add(&peers, segment)
	if len(reasons.Options) > 0 {
		add(&peers, reasons)
	}
	add(&peers, ui.Field{Name: "resolved_at", Label: e.T("health.settings.resolved"), Value: s.ResolvedAt, Help: e.T("health.settings.resolved_help"), Optional: true, Quiet: true, Dir: "ltr"})
	weights := group{ID: "weights", Title: e.T("health.settings.weights"), Lead: e.T("health.settings.weights_lead")}
	whole := 1.0
	if refused == nil { // a program may have given weights that are no per cents
		whole = 0
		for _, k := range health.Keys {
			whole += s.Weights[k]
		}
	}
	for _, k := range health.Keys {
		add(&weights, ui.Field{Name: "weights." + string(k), Label: e.T("health.part." + string(k)), Value: number(math.Round(1e4*s.Weights[k]/whole) / 100), Type: "text", Dir: "ltr"})
	}
	halves := group{ID: "halves", Title: e.T("health.settings.halves"), Lead: e.T("health.settings.halves_lead")}
	for _, k := range health.Timed {
		add(&halves, ui.Field{Name: "half_lives." + string(k), Label: e.T("health.part." + string(k)), Value: number(s.HalfLife[k]), Type: "text", Dir: "ltr"})
	}
	add(&halves, ui.Field{Name: "horizon_days", Label: e.T("health.horizon"), Value: strconv.Itoa(s.Horizon), Help: e.T("health.settings.horizon_help"), Type: "text", Dir: "ltr"})
	v.Groups = []group{events, peers, weights, halves}
	if refused != nil {
		v.Error, v.Fields = ui.Refuse(e, v.Fields, refused)
	}
	return q.Render(status, settingsPage(q.Shell("health", e.T("health.settings")), v))
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func (p *Pages) save(q *web.Request) error {
	q.Body = http.MaxBytesReader(q.W, q.Body, 1<<20)
	if err := q.ParseForm(); err != nil {
		return fault.New(fault.Invalid, "health.save", "the form cannot be read")
	}
	m, err := p.Health.Settings(q.Context(), q.Workspace.ID, q.Actor)
	if err != nil {
		return err
	}
	s := health.Settings{Weights: map[health.Key]float64{}, HalfLife: map[health.Key]float64{}, Events: map[health.Role][]string{}, Segment: q.PostFormValue("segment"),
		Slices: q.PostForm["reason_attributes"], ResolvedAt: q.PostFormValue("resolved_at"), Guessed: q.PostFormValue("guessed") == "yes"}
	var bad []fault.Field
	read := func(name string) float64 {
		text, ok := q.Env.Number(q.PostFormValue(name)) // with the digits of the reader's language
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !ok {
			bad = append(bad, fault.Field{Path: name, Code: "number", Msg: "a number is needed, such as 30"})
		}
		return x
	}
	for _, k := range health.Keys {
		s.Weights[k] = read("weights."+string(k)) / 100
	}
	sum := 0.0
	for _, w := range s.Weights {
		sum += w
	}
	if bad == nil && math.Abs(sum-1) > 0.01 { // such as thirds, rounded
		bad = append(bad, fault.Field{Path: "weights", Code: "percent", Msg: fmt.Sprintf("the weights add up to %s, and not to 100", number(math.Round(1e4*sum)/100))})
	}
	for _, k := range health.Timed {
		s.HalfLife[k] = read("half_lives." + string(k))
	}
	s.Horizon = int(read("horizon_days"))
	for _, r := range health.Roles {
		for _, n := range strings.Split(q.PostFormValue("events."+string(r)), ",") {
			if n = strings.TrimSpace(n); n != "" {
				s.Events[r] = append(s.Events[r], n)
			}
		}
	}
	if bad != nil {
		err = fault.Bad("health.save", bad...)
	} else {
		err = p.Health.SetSettings(q.Context(), q.Workspace.ID, q.Actor, s)
	}
	if fault.Is(err, fault.Invalid) {
		return p.showSettings(q, http.StatusUnprocessableEntity, m, s, "sent", err)
	}
	if err != nil {
		return err
	}
	q.Flash("good", "health.said.saved")
	q.Redirect("/health/settings")
	return nil
}
