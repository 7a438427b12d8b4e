package app

import (
	"context"

	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/label"
	"kolo/internal/understand/stat/driver"
	"kolo/internal/understand/theme"
)

// understood gives insights what was read of texts.
type understood struct{ labels *label.Service }

func (u understood) Of(ctx context.Context, ws identity.WorkspaceID, ids []feedback.ID) (map[feedback.ID]insight.Label, error) {
	all, err := u.labels.Brief(ctx, ws, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[feedback.ID]insight.Label, len(all))
	for _, l := range all {
		x := insight.Label{Language: l.Language, Sentiment: int8(l.Sentiment), Score: l.Score, Unsure: l.Unsure, Copy: l.Copy}
		if l.Language == "und" {
			x.Language = ""
		}
		x.Themes = make([]insight.ThemeLabel, 0, len(l.Themes))
		for _, t := range l.Themes {
			x.Themes = append(x.Themes, insight.ThemeLabel{ID: t.Theme, Sentiment: int8(t.Sentiment)})
		}
		out[l.Feedback] = x
	}
	return out, nil
}

// checks tells how well themes are read, as people found in texts that chance had chosen: of all languages together, for chance chose them
// as often as they are spoken.
func (u understood) checks(ctx context.Context, ws identity.WorkspaceID) (map[string]driver.Classifier, error) {
	list, err := u.labels.Checks(ctx, ws)
	sums := map[string]*label.Check{}
	for _, c := range list {
		if sums[c.Theme] == nil {
			sums[c.Theme] = &label.Check{}
		}
		sums[c.Theme].Add(c)
	}
	out := map[string]driver.Classifier{}
	for theme, c := range sums {
		var x driver.Classifier
		x.Sensitivity, x.Positives = c.Sensitivity()
		x.Specificity, x.Negatives = c.Specificity()
		if x.Positives > 0 && x.Negatives > 0 {
			out[theme] = x
		}
	}
	return out, err
}

// unquote has themes name no text any more that was removed.
func unquote(tx *store.Tx, ws identity.WorkspaceID, ids []feedback.ID) error {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = string(id)
	}
	return theme.Unquote(tx, ws, list)
}

// trees gives insights the themes of workspaces.
type trees struct{ themes *theme.Service }

func (t trees) Tree(ctx context.Context, ws identity.WorkspaceID, named ...string) (insight.Tree, error) {
	x, err := t.themes.Tree(ctx, ws)
	if err != nil {
		return nil, err
	}
	return x.For(named...), nil
}
