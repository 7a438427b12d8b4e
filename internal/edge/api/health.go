package api

import (
	"cmp"
	"context"
	"net/http"

	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/health"
)

func (a *API) healthRoutes() {
	const tag = "Customer health"
	type healthList struct {
		Scores []health.Score `json:"scores" doc:"The highest risk first"`
		Next   string         `json:"next,omitempty" doc:"Cursor of the next page"`
	}
	handle(a, route{http.MethodGet, "/v1/health", identity.ContactsRead, "list-health", "List customers by risk", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			AtRisk  bool    `query:"at_risk" doc:"Only customers at risk"`
			Segment string  `query:"segment"`
			Account string  `query:"account" doc:"Id of an account"`
			Same    string  `query:"account_id" deprecated:"true" doc:"The same as account"`
			Below   float64 `query:"below" minimum:"0" maximum:"100" doc:"Only scores below this"`
			Cursor  string  `query:"cursor" doc:"From the answer before: next"`
			Limit   int     `query:"limit" minimum:"1" maximum:"1000" default:"50"`
		}) (*body[healthList], error) {
			list, err := a.Health.List(ctx, actor.Workspace, actor, health.Filter{AtRisk: in.AtRisk, Segment: in.Segment, Account: contact.AccountID(cmp.Or(in.Account, in.Same)), Below: in.Below, Cursor: in.Cursor, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			out := healthList{Scores: list.Scores, Next: list.Next}
			if out.Scores == nil {
				out.Scores = []health.Score{}
			}
			return &body[healthList]{out}, nil
		})
	handle(a, route{http.MethodGet, "/v1/health/summary", identity.InsightsRead, "summarise-health", "Tell how all customers stand", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[health.Summary], error) {
			s, err := a.Health.Summary(ctx, actor.Workspace, actor)
			return &body[health.Summary]{s}, err
		})
	type healthVersions struct {
		Versions []health.Version `json:"versions" doc:"The newest first; the one that is active scores"`
	}
	handle(a, route{http.MethodGet, "/v1/health/versions", identity.InsightsRead, "list-health-versions", "List versions of the score, with their validation and why customers leave", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[healthVersions], error) {
			list, err := a.Health.Versions(ctx, actor.Workspace, actor)
			if list == nil {
				list = []health.Version{}
			}
			return &body[healthVersions]{healthVersions{list}}, err
		})
	handle(a, route{http.MethodPost, "/v1/health/versions/{id}/activate", identity.ThemesManage, "activate-health-version", "Have a version score from now on", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ID string `path:"id"`
		}) (*struct{}, error) {
			return nil, a.Health.Activate(ctx, actor.Workspace, actor, in.ID)
		})
	type healthJob struct {
		Job string `json:"job_id"`
	}
	handle(a, route{http.MethodPost, "/v1/health/train", identity.ThemesManage, "train-health", "Learn the score anew, in the background", tag, http.StatusAccepted},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[healthJob], error) {
			id, err := a.Health.Train(ctx, actor.Workspace, actor)
			return &body[healthJob]{healthJob{string(id)}}, err
		})
	handle(a, route{http.MethodGet, "/v1/health/settings", identity.InsightsRead, "get-health-settings", "Get what the score is made of, and what events mean", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[health.Meaning], error) {
			m, err := a.Health.Settings(ctx, actor.Workspace, actor)
			return &body[health.Meaning]{m}, err
		})
	handle(a, route{http.MethodPut, "/v1/health/settings", identity.ThemesManage, "set-health-settings", "Set what the score is made of; it is learned anew", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct{ Body health.Settings }) (*body[health.Meaning], error) {
			if err := a.Health.SetSettings(ctx, actor.Workspace, actor, in.Body); err != nil {
				return nil, err
			}
			m, err := a.Health.Settings(ctx, actor.Workspace, actor)
			return &body[health.Meaning]{m}, err
		})
	handle(a, route{http.MethodGet, "/v1/health/accounts/{id}", identity.ContactsRead, "get-account-health", "Tell how an account stands: its parts, its trend and what is at risk (its contacts: list-health)", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ID string `path:"id"`
		}) (*body[health.AccountScore], error) {
			if _, err := a.Contacts.Account(ctx, actor.Workspace, actor, contact.AccountID(in.ID)); err != nil {
				return nil, err
			}
			x, err := a.Health.Account(ctx, actor.Workspace, actor, contact.AccountID(in.ID))
			return &body[health.AccountScore]{x}, err
		})
	handle(a, route{http.MethodGet, "/v1/health/{contact_id}", identity.ContactsRead, "get-health", "Tell how a contact stands, part by part", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ID string `path:"contact_id"`
		}) (*body[health.Score], error) {
			x, err := a.Health.Get(ctx, actor.Workspace, actor, contact.ID(in.ID))
			return &body[health.Score]{x}, err
		})
}
