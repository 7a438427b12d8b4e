package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/adapt"
	"kolo/internal/understand/label"
)

// ModelTold is what reads the texts of a workspace.
type ModelTold struct {
	Model    string          `json:"model" doc:"Version of what reads now, as the understanding of each text carries it"`
	Versions []adapt.Version `json:"versions" doc:"What the workspace has taught, the newest first; those that are active read, at most one of each kind"`
	Jobs     []ModelJob      `json:"jobs" doc:"The latest training and the latest search for themes, where there were any"`
}

// ModelJob is a training, or a search for themes.
type ModelJob struct {
	ID       string     `json:"job_id"`
	Kind     adapt.Kind `json:"kind" enum:"sentiment,theme"`
	State    job.State  `json:"state" doc:"queued, running, done, failed or cancelled"`
	Done     int64      `json:"done" doc:"How far it is, of total"`
	Total    int64      `json:"total"`
	Few      bool       `json:"few,omitempty" doc:"There were too few texts, so many as done says, and nothing was made of them"`
	Finished *time.Time `json:"finished_at,omitempty"`
}

func (a *API) modelRoutes() {
	const tag = "Model"
	handle(a, route{http.MethodGet, "/v1/model", identity.FeedbackRead, "get-model", "Tell what reads the texts, and what the workspace has taught it", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[ModelTold], error) {
			m, err := a.model(ctx, actor.Workspace)
			return &body[ModelTold]{m}, err
		})
	type modelAsked struct {
		Job string `json:"job_id" doc:"/v1/model tells how far it is"`
	}
	handle(a, route{http.MethodPost, "/v1/model/train", identity.ThemesManage, "train-model", "Learn from ratings and corrections how customers praise and blame, in the background", tag, http.StatusAccepted},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[modelAsked], error) {
			id, err := a.Adapt.Train(ctx, actor.Workspace, actor)
			return &body[modelAsked]{modelAsked{string(id)}}, err
		})
	handle(a, route{http.MethodPost, "/v1/themes/discover", identity.ThemesManage, "discover-themes", "Look for themes in the workspace's texts, in the background", "Themes", http.StatusAccepted},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[modelAsked], error) {
			id, err := a.Adapt.Discover(ctx, actor.Workspace, actor)
			return &body[modelAsked]{modelAsked{string(id)}}, err
		})
	handle(a, route{http.MethodPost, "/v1/model/versions/{id}/activate", identity.ThemesManage, "activate-model-version", "Have a version read from now on; all texts are read again", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ID string `path:"id"`
		}) (*struct{}, error) {
			list, err := a.Adapt.Versions(ctx, actor.Workspace)
			if err != nil {
				return nil, err
			}
			i := slices.IndexFunc(list, func(v adapt.Version) bool { return v.ID == in.ID })
			if i < 0 {
				return nil, fault.New(fault.NotFound, "api.model", "there is no such version here")
			}
			return nil, a.Adapt.Activate(ctx, actor.Workspace, actor, list[i].Kind, in.ID)
		})
	type modelKind struct {
		Kind adapt.Kind `json:"kind" enum:"sentiment,theme"`
	}
	handle(a, route{http.MethodPost, "/v1/model/deactivate", identity.ThemesManage, "deactivate-model", "Have no version of a kind read: what came with Kolo reads alone, and all texts are read again", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *struct{ Body modelKind }) (*struct{}, error) {
			return nil, a.Adapt.Activate(ctx, actor.Workspace, actor, in.Body.Kind, "")
		})
	a.checkRoutes(tag)
}

func (a *API) model(ctx context.Context, ws identity.WorkspaceID) (m ModelTold, err error) {
	r, err := a.Adapt.For(ctx, ws)
	if err != nil {
		return m, err
	}
	m.Model, m.Jobs = r.Model(), []ModelJob{}
	if m.Versions, err = a.Adapt.Versions(ctx, ws); err != nil {
		return m, err
	}
	if m.Versions == nil {
		m.Versions = []adapt.Version{}
	}
	for _, k := range []adapt.Kind{adapt.Sentiment, adapt.Themes} {
		j, ok, err := a.Adapt.Latest(ctx, ws, k)
		if err != nil {
			return m, err
		}
		if !ok {
			continue
		}
		told := ModelJob{ID: string(j.ID), Kind: k, State: j.State, Done: j.Done, Total: j.Total, Few: j.State == job.Done && j.Note == "few"}
		if !j.Finished.IsZero() {
			told.Finished = &j.Finished
		}
		m.Jobs = append(m.Jobs, told)
	}
	return m, nil
}

// checkRoutes are for people who check texts that chance chooses: agreement is estimated from these.
func (a *API) checkRoutes(tag string) {
	type drawn struct {
		Feedback *FeedbackTold `json:"feedback,omitempty" doc:"Absent when no text is left that nobody has had a say in"`
	}
	handle(a, route{http.MethodGet, "/v1/model/check", identity.LabelsCorrect, "draw-check", "Get a text that chance chooses, to check what was understood of it", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[drawn], error) {
			id, ok, err := a.Labels.Sample(ctx, actor.Workspace)
			if err != nil || !ok {
				return &body[drawn]{}, err
			}
			f, err := a.Feedback.Get(ctx, actor.Workspace, id)
			if err != nil {
				return nil, err
			}
			told, err := a.tell(ctx, actor, []feedback.Feedback{f})
			if err != nil {
				return nil, err
			}
			return &body[drawn]{drawn{&told[0]}}, nil
		})
	type newCheck struct {
		Feedback  string   `json:"feedback_id" doc:"Of the text that chance chose"`
		Sentiment string   `json:"sentiment" enum:"negative,neutral,positive,mixed" doc:"Of the whole text"`
		Themes    []string `json:"themes" maxItems:"20" doc:"Ids of all themes that the text is about; none is an answer too. What the model told beside them is wrong, and what it did not tell it has left out"`
	}
	type checkMade struct {
		Corrections   []CorrectionTold     `json:"corrections" doc:"What was kept of it"`
		Understanding *label.Understanding `json:"understanding" doc:"As it is now"`
	}
	handle(a, route{http.MethodPost, "/v1/model/check", identity.LabelsCorrect, "check-text", "Say what is right about a text that chance chose", tag, http.StatusCreated},
		func(ctx context.Context, actor identity.Actor, in *struct{ Body newCheck }) (*body[checkMade], error) {
			ws, id := actor.Workspace, feedback.ID(in.Body.Feedback)
			f, err := a.Feedback.Get(ctx, ws, id)
			if err != nil {
				return nil, err
			}
			l, _, err := a.Labels.Get(ctx, ws, id)
			if err != nil {
				return nil, err
			}
			tree, err := a.Themes.Tree(ctx, ws)
			if err != nil {
				return nil, err
			}
			c := label.NewCheck{Feedback: id, Sentiment: in.Body.Sentiment}
			about := map[string]bool{} // what it is about, and whether that was told
			for _, t := range in.Body.Themes {
				is := tree.Resolve(t)
				if is == "" {
					return nil, fault.Bad("api.check", fault.Field{Path: "themes", Code: "unknown", Msg: "there is no such theme here"})
				}
				about[is] = false
			}
			for _, t := range l.Themes {
				is := tree.Resolve(t.Theme)
				if _, right := about[is]; right {
					c.Right, about[is] = append(c.Right, t.Theme), true
				} else if tree.Counts(t.Theme) != "" { // what waits for a person was not told, so that nobody has said that it is wrong
					c.Wrong = append(c.Wrong, t.Theme)
				}
			}
			for _, t := range in.Body.Themes {
				if is := tree.Resolve(t); !about[is] {
					c.Missed, about[is] = append(c.Missed, t), true
				}
			}
			if l, err = a.Labels.Check(ctx, ws, actor, c); err != nil {
				return nil, err
			}
			said, err := a.Labels.CorrectionsOf(ctx, ws, id)
			if err != nil {
				return nil, err
			}
			said = slices.DeleteFunc(said, func(c label.Correction) bool { return c.Span != label.Whole })
			list, err := a.corrections(ctx, actor, said)
			if err != nil {
				return nil, err
			}
			names, err := label.NamesFor(ctx, a.Contacts, ws, actor, []feedback.Feedback{f})
			if err != nil {
				return nil, err
			}
			told := label.Tell(f, l.Language, !actor.May(identity.ContactsIdentify), names[f.Contact])
			return &body[checkMade]{checkMade{list, told.Understanding(l, tree.Counts)}}, nil
		})
}
