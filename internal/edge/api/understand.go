package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/label"
	"kolo/internal/understand/theme"
)

func (a *API) understandRoutes() {
	a.themeRoutes()
	a.correctionRoutes()
}

// FeedbackTold is feedback with what was understood of it.
type FeedbackTold struct {
	feedback.Feedback
	Understanding *label.Understanding `json:"understanding,omitempty" doc:"What was understood of the text; absent while it was not read, and where there are no words"`
	Copies        int64                `json:"copies,omitempty" doc:"With copies=once: how many others say the same, among those asked for"`
	Copy          []string             `json:"copy,omitempty" doc:"With copies=once: the values of the filter copy by which all of them are found"`
}

// tell gives feedback as an actor may see it: what is personal in texts is masked for those who may not know who contacts are.
func (a *API) tell(ctx context.Context, actor identity.Actor, list []feedback.Feedback) ([]FeedbackTold, error) {
	out := make([]FeedbackTold, len(list))
	ids := make([]feedback.ID, len(list))
	for i, f := range list {
		ids[i] = f.ID
	}
	labels, err := a.Labels.Of(ctx, actor.Workspace, ids)
	if err != nil {
		return nil, err
	}
	tree, err := a.Themes.Tree(ctx, actor.Workspace)
	if err != nil {
		return nil, err
	}
	mask := !actor.May(identity.ContactsIdentify)
	hidden, err := a.Contacts.Hidden(ctx, actor.Workspace, actor)
	if err != nil {
		return nil, err
	}
	names, err := label.NamesFor(ctx, a.Contacts, actor.Workspace, actor, list)
	if err != nil {
		return nil, err
	}
	for i, f := range list {
		l, ok := labels[f.ID]
		told := label.Tell(f, l.Language, mask, names[f.Contact])
		out[i].Feedback = label.Masked(f, told, mask, hidden)
		if ok && f.Text != "" {
			out[i].Understanding = told.Understanding(l, tree.Counts)
		}
	}
	return out, nil
}

// ThemeTold is a theme as the API tells it.
type ThemeTold struct {
	theme.Theme
	Children []string     `json:"children" doc:"Ids of the themes directly under it"`
	SameAs   []theme.Same `json:"same_as,omitempty" doc:"Themes found in another language that may be the same, as an outside model thinks: merge them if they are, or say that they differ"`
}

// themesTold tells themes with what may be the same as each.
func (a *API) themesTold(ctx context.Context, actor identity.Actor, tree *theme.Tree, list []theme.Theme) ([]ThemeTold, error) {
	pairs, err := a.Themes.SameAs(ctx, actor.Workspace, tree, "")
	if err != nil {
		return nil, err
	}
	same := map[string][]theme.Same{}
	for _, x := range pairs {
		same[x.Theme] = append(same[x.Theme], x)
		same[x.Other] = append(same[x.Other], theme.Same{Other: x.Theme, Likeness: x.Likeness, Model: x.Model})
	}
	out := make([]ThemeTold, len(list))
	for i, t := range list {
		t.Rule = t.RuleFor(actor)
		out[i] = ThemeTold{Theme: t, Children: []string{}, SameAs: same[t.ID]}
		for _, c := range tree.Children(t.ID) {
			out[i].Children = append(out[i].Children, c.ID)
		}
	}
	return out, nil
}

func (a *API) themeRoutes() {
	const tag = "Themes"
	type themes struct {
		Themes []ThemeTold `json:"themes" doc:"In the order of the tree: each before those that stand under it"`
	}
	handle(a, route{http.MethodGet, "/v1/themes", identity.FeedbackRead, "list-themes", "List themes", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[themes], error) {
			tree, err := a.Themes.Tree(ctx, actor.Workspace)
			if err != nil {
				return nil, err
			}
			told, err := a.themesTold(ctx, actor, tree, tree.All())
			return &body[themes]{themes{told}}, err
		})
	one := func(ctx context.Context, actor identity.Actor, id string) (*body[ThemeTold], error) {
		tree, err := a.Themes.Tree(ctx, actor.Workspace)
		if err != nil {
			return nil, err
		}
		t, ok := tree.Get(id)
		if !ok {
			return nil, fault.New(fault.NotFound, "api.theme", "there is no such theme here")
		}
		told, err := a.themesTold(ctx, actor, tree, []theme.Theme{t})
		if err != nil {
			return nil, err
		}
		return &body[ThemeTold]{told[0]}, nil
	}
	handle(a, route{http.MethodGet, "/v1/themes/{id}", identity.FeedbackRead, "get-theme", "Get a theme", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ID string `path:"id"`
		}) (*body[ThemeTold], error) {
			return one(ctx, actor, in.ID)
		})
	type newTheme struct {
		Names  map[string]string `json:"names" minProperties:"1" doc:"By language (ISO 639-1), at most 80 characters each"`
		Parent string            `json:"parent,omitempty" doc:"Id of the theme that it stands under; the top level by default"`
		Rule   string            `json:"rule,omitempty" doc:"Words and phrases that make a text be about it: (courier, driver) w/3 rude. Without a rule it groups others"`
	}
	handle(a, route{http.MethodPost, "/v1/themes", identity.ThemesManage, "create-theme", "Make a theme", tag, http.StatusCreated},
		func(ctx context.Context, actor identity.Actor, in *struct{ Body newTheme }) (*body[ThemeTold], error) {
			t, err := a.Themes.Make(ctx, actor.Workspace, actor, in.Body.Parent, in.Body.Names, in.Body.Rule)
			if err != nil {
				return nil, err
			}
			return one(ctx, actor, t.ID)
		})
	type changes struct {
		Names  map[string]string `json:"names,omitempty" doc:"Those to change; an empty text takes a name away"`
		Parent *string           `json:"parent,omitempty" doc:"Id of the theme that it is to stand under, an empty text for the top level"`
		State  *theme.State      `json:"state,omitempty" enum:"live,forbidden" doc:"live accepts a proposed theme and allows a forbidden one; no text is given a forbidden one"`
		Pinned *bool             `json:"pinned,omitempty"`
		Rule   *string           `json:"rule,omitempty" doc:"An empty text takes the rule away"`
		Into   *string           `json:"merged_into,omitempty" doc:"Id of the theme that it becomes a part of; this cannot be undone"`
	}
	handle(a, route{http.MethodPatch, "/v1/themes/{id}", identity.ThemesManage, "change-theme", "Change a theme: what is left out stays", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ID   string `path:"id"`
			Body changes
		}) (*body[ThemeTold], error) {
			c := in.Body
			if _, err := a.Themes.Edit(ctx, actor.Workspace, actor, in.ID, theme.Edit{Names: c.Names, Parent: c.Parent, State: c.State, Pinned: c.Pinned, Rule: c.Rule, Into: c.Into}); err != nil {
				return nil, err
			}
			return one(ctx, actor, in.ID)
		})
	handle(a, route{http.MethodDelete, "/v1/themes/{id}/same/{other}", identity.ThemesManage, "tell-themes-apart", "Say that two themes which an outside model takes for the same are two", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ID    string `path:"id"`
			Other string `path:"other"`
		}) (*struct{}, error) {
			return nil, a.Themes.Apart(ctx, actor.Workspace, actor, in.ID, in.Other)
		})
}

// CorrectionTold is what a person said about a label.
type CorrectionTold struct {
	ID         string      `json:"id"`
	Feedback   feedback.ID `json:"feedback_id"`
	Start      *int        `json:"start,omitempty" doc:"First character of the clause in the text as it is given; absent for the whole text, and where the text has changed since"`
	End        *int        `json:"end,omitempty" doc:"Character after its last"`
	Aspect     string      `json:"aspect" enum:"sentiment,theme,themes" doc:"What it is about: the sentiment, one theme, or whether the model had told all themes of the text"`
	Theme      string      `json:"theme,omitempty" doc:"Id of the theme that it is about"`
	Value      string      `json:"value" doc:"What is right: negative, neutral, positive or mixed; of a theme, and of all themes, yes or no"`
	Was        string      `json:"was" doc:"What the model had said; the same where it was confirmed"`
	Confidence float64     `json:"confidence" doc:"How sure the model was"`
	Model      string      `json:"model"`
	Language   string      `json:"language"`
	Sampled    bool        `json:"sampled" doc:"Chance had chosen the text: agreement is estimated from these"`
	By         string      `json:"by"`
	At         time.Time   `json:"at"`
}

// corrections tells what people said, with places in the texts as the actor may see them.
func (a *API) corrections(ctx context.Context, actor identity.Actor, list []label.Correction) ([]CorrectionTold, error) {
	out := make([]CorrectionTold, len(list))
	var ids []feedback.ID
	for _, c := range list {
		if c.Span != label.Whole {
			ids = append(ids, c.Feedback)
		}
	}
	texts := map[feedback.ID]feedback.Feedback{}
	known, err := a.Feedback.GetMany(ctx, actor.Workspace, ids)
	if err != nil {
		return nil, err
	}
	for _, f := range known {
		texts[f.ID] = f
	}
	names, err := label.NamesFor(ctx, a.Contacts, actor.Workspace, actor, known)
	if err != nil {
		return nil, err
	}
	for i, c := range list {
		out[i] = CorrectionTold{ID: c.ID, Feedback: c.Feedback, Aspect: c.Aspect, Theme: c.Theme, Value: c.Value, Was: c.Was, Confidence: c.Confidence, Model: c.Model,
			Language: c.Language, Sampled: c.Sampled, By: c.By, At: c.At}
		if f := texts[c.Feedback]; c.Span != label.Whole && label.HashOf(f.Text) == c.Hash {
			start, end := label.Tell(f, c.Language, !actor.May(identity.ContactsIdentify), names[f.Contact]).Place(c.Span)
			out[i].Start, out[i].End = &start, &end
		}
	}
	return out, nil
}

func (a *API) correctionRoutes() {
	const tag = "Corrections"
	type page struct {
		Corrections []CorrectionTold `json:"corrections" doc:"Those that count, the newest first"`
		Next        string           `json:"next,omitempty" doc:"Cursor of the next page"`
	}
	handle(a, route{http.MethodGet, "/v1/corrections", identity.FeedbackRead, "list-corrections", "List corrections, newest first", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Cursor string `query:"cursor" doc:"From the answer before: next"`
			Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
		}) (*body[page], error) {
			list, err := a.Labels.Corrections(ctx, actor.Workspace, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			told, err := a.corrections(ctx, actor, list)
			out := page{Corrections: told}
			if len(list) == in.Limit {
				out.Next = list[len(list)-1].ID
			}
			return &body[page]{out}, err
		})
	type newCorrection struct {
		Feedback string `json:"feedback_id"`
		Start    *int   `json:"start,omitempty" doc:"With end, for a clause: its place as the understanding of the feedback gives it"`
		End      *int   `json:"end,omitempty"`
		Model    string `json:"model,omitempty" doc:"Of the understanding that has the clause: where the text was read anew since, and has no such clause any more, the answer is 409"`
		Aspect   string `json:"aspect" enum:"sentiment,theme,themes" doc:"With themes and yes or no, of a whole text, you say whether the model had told all themes of it: what it leaves out is counted in texts of which this is known"`
		Theme    string `json:"theme,omitempty" doc:"Id of the theme, where the correction is about one"`
		Value    string `json:"value" enum:"negative,neutral,positive,mixed,yes,no" doc:"What is right. What the model has said confirms it"`
		Sampled  bool   `json:"sampled,omitempty" doc:"Chance chose the text"`
	}
	type made struct {
		Correction    CorrectionTold       `json:"correction"`
		Understanding *label.Understanding `json:"understanding" doc:"As it is now"`
	}
	handle(a, route{http.MethodPost, "/v1/corrections", identity.LabelsCorrect, "create-correction", "Say what is right about a text", tag, http.StatusCreated},
		func(ctx context.Context, actor identity.Actor, in *struct{ Body newCorrection }) (*body[made], error) {
			const op = "api.correct"
			f, err := a.Feedback.Get(ctx, actor.Workspace, feedback.ID(in.Body.Feedback))
			if err != nil {
				return nil, err
			}
			l, read, err := a.Labels.Get(ctx, actor.Workspace, f.ID)
			if err != nil {
				return nil, err
			}
			tree, err := a.Themes.Tree(ctx, actor.Workspace)
			if err != nil {
				return nil, err
			}
			if in.Body.Theme != "" && tree.Resolve(in.Body.Theme) == "" {
				return nil, fault.Bad(op, fault.Field{Path: "theme", Code: "unknown", Msg: "there is no such theme here"})
			}
			names, err := label.NamesFor(ctx, a.Contacts, actor.Workspace, actor, []feedback.Feedback{f})
			if err != nil {
				return nil, err
			}
			told := label.Tell(f, l.Language, !actor.May(identity.ContactsIdentify), names[f.Contact])
			n := label.NewCorrection{Feedback: f.ID, Span: label.Whole, Aspect: in.Body.Aspect, Theme: in.Body.Theme, Value: in.Body.Value, Sampled: in.Body.Sampled,
				Model: cmp.Or(in.Body.Model, l.Model)}
			if in.Body.Start != nil || in.Body.End != nil {
				if in.Body.Start == nil || in.Body.End == nil {
					return nil, fault.Bad(op, fault.Field{Path: "start", Code: "range", Msg: "start and end are those of a clause of the understanding, in characters: both or neither"})
				}
				var ok bool
				if n.Span, ok = told.Clause(l, *in.Body.Start, *in.Body.End); read && !ok {
					return nil, l.NoClause(op, f.Text, n.Model)
				}
			}
			if l, err = a.Labels.Correct(ctx, actor.Workspace, actor, n); err != nil {
				return nil, err
			}
			said, err := a.Labels.CorrectionsOf(ctx, actor.Workspace, f.ID)
			if err != nil {
				return nil, err
			}
			var last []label.Correction
			for _, c := range said {
				if c.Span == n.Span && c.Aspect == n.Aspect && c.Theme == n.Theme {
					last = []label.Correction{c}
				}
			}
			if last == nil {
				return nil, fault.New(fault.Conflict, op, "somebody has said something else of it meanwhile")
			}
			list, err := a.corrections(ctx, actor, last)
			if err != nil {
				return nil, err
			}
			return &body[made]{made{list[0], told.Understanding(l, tree.Counts)}}, nil
		})
	handle(a, route{http.MethodDelete, "/v1/corrections/{id}", identity.LabelsCorrect, "withdraw-correction", "Take a correction back: the model's reading counts again within seconds", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ID string `path:"id"`
		}) (*struct{}, error) {
			return nil, a.Labels.Withdraw(ctx, actor.Workspace, actor, in.ID)
		})
}
