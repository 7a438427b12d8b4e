package api

import (
	"context"
	"net/http"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/people/identity"
	"kolo/internal/understand/alert"
	"kolo/internal/understand/insight"
)

// AlertTold is an alert as the API tells it.
type AlertTold struct {
	alert.Alert
	Title    string `json:"title" doc:"What it is about, in the language that was asked for"`
	Feedback string `json:"feedback" doc:"Query string of /v1/feedback for what is behind it; empty where it would say what the reader may not see"`
}

var alertWords = i18n.Load()

// tellAlerts tells alerts to an actor: what they are about is covered as values of answers are.
func (a *API) tellAlerts(ctx context.Context, actor identity.Actor, list []alert.Alert, language string) ([]AlertTold, error) {
	ws := actor.Workspace
	l := alertWords.Language(language)
	names, err := a.Insight.Names(ctx, ws, l.Tag())
	if err != nil {
		return nil, err
	}
	veil, err := a.Insight.VeilFor(ctx, ws, actor)
	if err != nil {
		return nil, err
	}
	out := make([]AlertTold, len(list))
	for i, x := range list {
		shown := x.Veiled(veil)
		out[i] = AlertTold{shown, alert.Title(l, shown, names), alert.FeedbackFor(x, veil)}
	}
	return out, nil
}

// mayWatch refuses a series of what the actor may not ask for, by its key.
func (a *API) mayWatch(ctx context.Context, actor identity.Actor, key string) error {
	s, err := alert.ParseSubject(key)
	if err != nil {
		return nil // no alert has it
	}
	return a.Insight.MayAsk(ctx, actor.Workspace, actor, insight.Conditions{{Field: s.Field, Values: []string{s.Value}}})
}

// Language is the language of names in an answer. Exported, for an embedded struct is read only then.
type Language struct {
	Language string `query:"language" default:"en" doc:"Of titles: en, he, fa, ru"`
}

func (a *API) alertRoutes() {
	const tag = "Alerts"
	type alerts struct {
		Alerts []AlertTold `json:"alerts"`
		Next   string      `json:"next,omitempty" doc:"cursor of the next page; absent on the last"`
	}
	handle(a, route{http.MethodGet, "/v1/alerts", identity.InsightsRead, "list-alerts", "List alerts, newest first", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Paging
			Language
			State   []string `query:"state" enum:"open,acknowledged,closed"`
			Kind    string   `query:"kind" enum:"alarm,improvement"`
			Owner   string   `query:"owner" doc:"Id of a member"`
			Subject string   `query:"subject" doc:"Key of a series"`
		}) (*body[alerts], error) {
			f := alert.Filter{Kind: alert.Kind(in.Kind), Owner: identity.MemberID(in.Owner), Subject: in.Subject, Cursor: in.Cursor, Limit: in.Limit}
			for _, s := range in.State {
				f.States = append(f.States, alert.State(s))
			}
			if in.Subject != "" {
				if err := a.mayWatch(ctx, actor, in.Subject); err != nil {
					return nil, err
				}
			}
			list, next, err := a.Alerts.List(ctx, actor.Workspace, f)
			if err != nil {
				return nil, err
			}
			told, err := a.tellAlerts(ctx, actor, list, in.Language.Language)
			return &body[alerts]{alerts{told, next}}, err
		})
	one := func(ctx context.Context, actor identity.Actor, x alert.Alert, language string) (*body[AlertTold], error) {
		told, err := a.tellAlerts(ctx, actor, []alert.Alert{x}, language)
		if err != nil {
			return nil, err
		}
		return &body[AlertTold]{told[0]}, nil
	}
	handle(a, route{http.MethodGet, "/v1/alerts/{id}", identity.InsightsRead, "get-alert", "Get an alert", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Language
			ID string `path:"id"`
		}) (*body[AlertTold], error) {
			x, err := a.Alerts.Get(ctx, actor.Workspace, alert.ID(in.ID))
			if err != nil {
				return nil, err
			}
			return one(ctx, actor, x, in.Language.Language)
		})
	handle(a, route{http.MethodPatch, "/v1/alerts/{id}", identity.AlertsWork, "change-alert", "Take an alert on, hand it over, snooze it, close it with a verdict, or open it again", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Language
			ID   string `path:"id"`
			Body alert.Patch
		}) (*body[AlertTold], error) {
			x, err := a.Alerts.Change(ctx, actor.Workspace, actor, alert.ID(in.ID), in.Body)
			if err != nil {
				return nil, err
			}
			return one(ctx, actor, x, in.Language.Language)
		})
	type evidence struct {
		alert.Evidence
		Words   []FeedbackTold `json:"words" doc:"The newest texts behind it"`
		Course  alert.Course   `json:"course" doc:"How the series went, and what was to be expected"`
		Signals []alert.Signal `json:"signals" doc:"The periods in which a rule fired"`
	}
	handle(a, route{http.MethodGet, "/v1/alerts/{id}/evidence", identity.FeedbackRead, "get-alert-evidence", "Where an alert comes from: its course, the groups that carry it, and the words behind it", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ID    string `path:"id"`
			Words int    `query:"words" minimum:"0" maximum:"100" default:"20"`
		}) (*body[evidence], error) {
			ws := actor.Workspace
			x, err := a.Alerts.Get(ctx, ws, alert.ID(in.ID))
			if err != nil {
				return nil, err
			}
			register, err := a.Feedback.Register(ctx, ws)
			if err != nil {
				return nil, err
			}
			var out evidence
			if out.Evidence, err = a.Alerts.Evidence(ctx, ws, actor, x, register, max(1, in.Words)); err != nil {
				return nil, err
			}
			if out.Words, err = a.tell(ctx, actor, out.Evidence.Words); err != nil {
				return nil, err
			}
			if out.Course, err = a.Alerts.CourseOf(ctx, ws, x); err != nil {
				return nil, err
			}
			veil, err := a.Insight.VeilFor(ctx, ws, actor)
			if err != nil {
				return nil, err
			}
			out.Course.Subject = out.Course.Subject.Veiled(veil)
			out.Signals, err = a.Alerts.Signals(ctx, ws, x.ID)
			return &body[evidence]{out}, err
		})
	type watch struct {
		alert.Watch
		DaysPerFalseAlarm float64     `json:"days_per_false_alarm" doc:"About one false alarm in so many days"`
		Track             alert.Track `json:"track" doc:"How the alarms that were closed in a year turned out"`
	}
	watching := func(ctx context.Context, actor identity.Actor, w alert.Watch) (*body[watch], error) {
		t, err := a.Alerts.Track(ctx, actor.Workspace)
		return &body[watch]{watch{w, w.Settings.DaysPerFalseAlarm(), t}}, err
	}
	handle(a, route{http.MethodGet, "/v1/alerts/settings", identity.InsightsRead, "get-alert-settings", "What is watched, with what budget of false alarms, and how the last look went", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[watch], error) {
			w, err := a.Alerts.Watch(ctx, actor.Workspace)
			if err != nil {
				return nil, err
			}
			return watching(ctx, actor, w)
		})
	handle(a, route{http.MethodPut, "/v1/alerts/settings", identity.AlertsManage, "set-alert-settings", "Say what is watched", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct{ Body alert.Settings }) (*body[watch], error) {
			w, err := a.Alerts.Set(ctx, actor.Workspace, actor, in.Body)
			if err != nil {
				return nil, err
			}
			return watching(ctx, actor, w)
		})
	type series struct {
		Series []alert.Series `json:"series"`
		More   bool           `json:"more"`
	}
	handle(a, route{http.MethodGet, "/v1/alerts/series", identity.InsightsRead, "list-alert-series", "List the series that are watched, the most unusual first", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			After int `query:"after" minimum:"0" doc:"How many to skip"`
			Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		}) (*body[series], error) {
			list, more, err := a.Alerts.Series(ctx, actor.Workspace, in.After, in.Limit)
			if err != nil {
				return nil, err
			}
			veil, err := a.Insight.VeilFor(ctx, actor.Workspace, actor)
			if list == nil {
				list = []alert.Series{}
			}
			for i := range list {
				list[i] = list[i].Veiled(veil)
			}
			return &body[series]{series{list, more}}, err
		})
	handle(a, route{http.MethodGet, "/v1/alerts/course", identity.InsightsRead, "get-alert-course", "How a series went, and what was to be expected of it", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Subject string `query:"subject" required:"true" doc:"Key of a series: count?field=theme&value=delivery"`
			Bucket  string `query:"bucket" enum:"week,day" default:"week"`
			To      string `query:"to" doc:"Last day; the last complete one by default"`
		}) (*body[alert.Course], error) {
			s, err := alert.ParseSubject(in.Subject)
			if err != nil {
				return nil, err
			}
			if err := a.mayWatch(ctx, actor, in.Subject); err != nil {
				return nil, err
			}
			var to clock.Day
			if in.To != "" {
				if to, err = clock.ParseDay(in.To); err != nil {
					return nil, fault.Bad("api.course", fault.Field{Path: "to", Code: "form", Msg: "a day has the form 2026-01-31"})
				}
			}
			c, err := a.Alerts.Course(ctx, actor.Workspace, s, in.Bucket, to)
			return &body[alert.Course]{c}, err
		})
}
