package api

import (
	"context"
	"net/http"

	"kolo/internal/foundation/i18n"
	"kolo/internal/people/identity"
	"kolo/internal/understand/driving"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/insight/say"
	"kolo/internal/understand/scan"
)

func (a *API) insightRoutes() {
	const tag = "Insights"
	handle(a, route{http.MethodPost, "/v1/insights/query", identity.InsightsRead, "query-insights", "Ask a question: any number, with its interval", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			RawBody []byte
			Body    insight.Query
		}) (*body[*insight.Answer], error) {
			q, err := strict[insight.Query](in.RawBody)
			if err != nil {
				return nil, err
			}
			ans, err := a.Insight.AskFor(ctx, actor.Workspace, actor, q)
			if err == nil {
				say.Fill(i18n.Load().Language(i18n.Fallback), ans, q.Compare, q.Level)
			}
			return &body[*insight.Answer]{ans}, err
		}, unvalidated)
	handle(a, route{http.MethodPost, "/v1/insights/themes", identity.InsightsRead, "query-themes", "Ask about themes: volume, sentiment, score, change and impact of each", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			RawBody []byte
			Body    insight.ThemesQuery
		}) (*body[*insight.ThemesAnswer], error) {
			q, err := strict[insight.ThemesQuery](in.RawBody)
			if err != nil {
				return nil, err
			}
			ans, err := a.Insight.ThemesFor(ctx, actor.Workspace, actor, q)
			return &body[*insight.ThemesAnswer]{ans}, err
		}, unvalidated)
	handle(a, route{http.MethodPost, "/v1/insights/drivers", identity.InsightsRead, "query-drivers", "Ask what moves a score: importance, effect, penalty or reward, and what there is to gain", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			RawBody []byte
			Body    driving.Query
		}) (*body[*driving.Answer], error) {
			q, err := strict[driving.Query](in.RawBody)
			if err != nil {
				return nil, err
			}
			ans, err := a.Driving.AskFor(ctx, actor.Workspace, actor, q)
			return &body[*driving.Answer]{ans}, err
		}, unvalidated)
	handle(a, route{http.MethodPost, "/v1/insights/scan", identity.InsightsRead, "scan-segments", "Ask which of all segments differ from the rest, corrected for having looked at all of them", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			RawBody []byte
			Body    scan.Query
		}) (*body[*scan.Answer], error) {
			q, err := strict[scan.Query](in.RawBody)
			if err != nil {
				return nil, err
			}
			ans, err := a.Scan.AskFor(ctx, actor.Workspace, actor, q)
			return &body[*scan.Answer]{ans}, err
		}, unvalidated)
	type views struct {
		Views []insight.View `json:"views"`
	}
	handle(a, route{http.MethodGet, "/v1/insights/views", identity.InsightsRead, "list-views", "List saved views", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[views], error) {
			list, err := a.Insight.Views(ctx, actor.Workspace, actor)
			if list == nil {
				list = []insight.View{}
			}
			return &body[views]{views{list}}, err
		})
	type viewInput struct {
		Name   string        `json:"name" minLength:"1" maxLength:"120"`
		Query  insight.Query `json:"query"`
		Chart  string        `json:"chart,omitempty" enum:"line,bar,table,"`
		Shared bool          `json:"shared,omitempty"`
		Pinned bool          `json:"pinned,omitempty"`
	}
	save := func(ctx context.Context, actor identity.Actor, id string, in viewInput) (*body[insight.View], error) {
		v, err := a.Insight.SaveView(ctx, actor.Workspace, actor, insight.View{
			ID: insight.ViewID(id), Name: in.Name, Query: in.Query, Chart: in.Chart, Shared: in.Shared, Pinned: in.Pinned})
		return &body[insight.View]{v}, err
	}
	handle(a, route{http.MethodPost, "/v1/insights/views", identity.InsightsSave, "create-view", "Save a question as a view", tag, http.StatusCreated},
		func(ctx context.Context, actor identity.Actor, in *struct{ Body viewInput }) (*body[insight.View], error) {
			return save(ctx, actor, "", in.Body)
		})
	handle(a, route{http.MethodPut, "/v1/insights/views/{id}", identity.InsightsSave, "change-view", "Change a view", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ID   string `path:"id"`
			Body viewInput
		}) (*body[insight.View], error) {
			return save(ctx, actor, in.ID, in.Body)
		})
	handle(a, route{http.MethodGet, "/v1/insights/views/{id}", identity.InsightsRead, "get-view", "Get a view", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ID string `path:"id"`
		}) (*body[insight.View], error) {
			v, err := a.Insight.GetView(ctx, actor.Workspace, actor, insight.ViewID(in.ID))
			return &body[insight.View]{v}, err
		})
	handle(a, route{http.MethodDelete, "/v1/insights/views/{id}", identity.InsightsSave, "delete-view", "Delete a view", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ID string `path:"id"`
		}) (*struct{}, error) {
			return nil, a.Insight.DeleteView(ctx, actor.Workspace, actor, insight.ViewID(in.ID))
		})
}
