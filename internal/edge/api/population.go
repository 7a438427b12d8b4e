package api

import (
	"context"
	"net/http"

	"kolo/internal/foundation/i18n"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/insight/say"
	"kolo/internal/understand/population"
	"kolo/internal/understand/stat"
)

// populationRoutes tell how figures are counted, and what the workspace knows of its figures beside the feedback.
func (a *API) populationRoutes() {
	const tag = "Insights"
	type definitions struct {
		Definitions []insight.Definition `json:"definitions"`
	}
	handle(a, route{http.MethodGet, "/v1/insights/definitions", identity.InsightsRead, "list-definitions", "How every measure is counted: formula, interval, test, what is left out, versions", tag, 0},
		func(context.Context, identity.Actor, *struct{}) (*body[definitions], error) {
			return &body[definitions]{definitions{say.Definitions(i18n.Load().Language(i18n.Fallback))}}, nil
		})
	handle(a, route{http.MethodGet, "/v1/insights/response", identity.InsightsRead, "get-response", "Who answered of those a survey invited, and what the others leave open", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Survey  string `query:"survey" required:"true"`
			From    string `query:"from" doc:"First day"`
			To      string `query:"to" doc:"Last day, included"`
			Last    string `query:"last" doc:"Instead of from and to: 90d, 12w, 6m or 2y up to today"`
			Measure string `query:"measure" doc:"The score whose sensitivity is told; the first that the survey has by default"`
		}) (*body[*insight.NonResponse], error) {
			r, err := a.Insight.Response(ctx, actor.Workspace, in.Survey, insight.Period{From: in.From, To: in.To, Last: in.Last}, insight.Measure(in.Measure))
			return &body[*insight.NonResponse]{r}, err
		})
	type needed struct {
		ForMargin     int64 `json:"for_margin" doc:"Answers for an interval of that half width"`
		ForDifference int64 `json:"for_difference" doc:"Answers in each of two groups for that difference to show in four of five cases"`
	}
	handle(a, route{http.MethodGet, "/v1/insights/sample-size", identity.InsightsRead, "get-sample-size", "How many answers are needed for a margin, and for a difference to show", tag, 0},
		func(_ context.Context, _ identity.Actor, in *struct {
			Unit       string  `query:"unit" enum:"points,share" default:"points"`
			Margin     float64 `query:"margin" default:"5" minimum:"0.01" maximum:"100" doc:"Half width of the 95 % interval in points, of a share in percentage points"`
			Difference float64 `query:"difference" default:"10" minimum:"0.01" maximum:"200"`
		}) (*body[needed], error) {
			margin, difference, err := stat.Needed(in.Unit == "share", in.Margin, in.Difference)
			return &body[needed]{needed{margin, difference}}, err
		})

	type marginInput struct {
		Field string            `json:"field"`
		Parts []population.Part `json:"parts"`
	}
	type invitedInput struct {
		Survey  string `json:"survey"`
		From    string `json:"from"`
		To      string `json:"to"`
		Field   string `json:"field,omitempty"`
		Value   string `json:"value,omitempty"`
		Invited int64  `json:"invited"`
	}
	const about = "Population"
	type known struct {
		Settings population.Settings  `json:"settings"`
		Margins  []population.Margin  `json:"margins"`
		Invited  []population.Invited `json:"invited"`
	}
	handle(a, route{http.MethodGet, "/v1/population", identity.InsightsRead, "get-population", "What differences matter, how all customers are spread, and how many were invited", about, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[known], error) {
			k, err := a.Population.Get(ctx, actor.Workspace)
			return &body[known]{known{k.Settings, orEmpty(k.Margins), orEmpty(k.Invited)}}, err
		})
	handle(a, route{http.MethodPut, "/v1/population/settings", identity.WorkspaceManage, "change-thresholds", "Set what differences matter", about, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *struct{ Body population.Settings }) (*struct{}, error) {
			return nil, a.Population.SaveSettings(ctx, actor.Workspace, actor, in.Body)
		})
	handle(a, route{http.MethodPut, "/v1/population/margins", identity.WorkspaceManage, "change-margins", "Set how all customers are spread over some fields; other fields stay", about, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Body struct {
				Margins []marginInput `json:"margins"`
			}
		}) (*struct{}, error) {
			list := make([]population.Margin, len(in.Body.Margins))
			for i, m := range in.Body.Margins {
				list[i] = population.Margin{Field: m.Field, Parts: m.Parts}
			}
			return nil, a.Population.SaveMargins(ctx, actor.Workspace, actor, list)
		})
	handle(a, route{http.MethodPost, "/v1/population/count", identity.WorkspaceManage, "count-contacts", "Count how the contacts are spread over an attribute, and keep it; needs contacts.read too", about, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Body struct {
				Attribute string `json:"attribute"`
			}
		}) (*body[population.Margin], error) {
			m, err := a.Population.Count(ctx, actor.Workspace, actor, in.Body.Attribute)
			return &body[population.Margin]{m}, err
		})
	handle(a, route{http.MethodDelete, "/v1/population/margins/{field}", identity.WorkspaceManage, "delete-margin", "Forget how all customers are spread over a field", about, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Field string `path:"field"`
		}) (*struct{}, error) {
			return nil, a.Population.DeleteMargin(ctx, actor.Workspace, actor, in.Field)
		})
	handle(a, route{http.MethodPost, "/v1/population/invited", identity.WorkspaceManage, "add-invited", "Tell how many people surveys invited; the same survey, days and group again are replaced", about, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Body struct {
				Invited []invitedInput `json:"invited"`
			}
		}) (*struct{}, error) {
			list := make([]population.Invited, len(in.Body.Invited))
			for i, v := range in.Body.Invited {
				list[i] = population.Invited{Survey: v.Survey, From: v.From, To: v.To, Field: v.Field, Value: v.Value, Invited: v.Invited}
			}
			return nil, a.Population.AddInvited(ctx, actor.Workspace, actor, list)
		})
	handle(a, route{http.MethodDelete, "/v1/population/invited/{id}", identity.WorkspaceManage, "delete-invited", "Delete a record of invitations", about, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*struct{}, error) {
			return nil, a.Population.DeleteInvited(ctx, actor.Workspace, actor, population.InvitedID(in.ID))
		})
}
