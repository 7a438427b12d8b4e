package insight

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// ViewID identifies a saved view.
type ViewID string

// View is a question that a member keeps, to come back to or to share with the workspace.
type View struct {
	ID        ViewID            `json:"id"`
	Member    identity.MemberID `json:"member_id"`
	Name      string            `json:"name"`
	Query     Query             `json:"query"`
	Chart     string            `json:"chart,omitempty" enum:"line,bar,table," doc:"How it is drawn"`
	Shared    bool              `json:"shared" doc:"Whether the whole workspace sees it"`
	Pinned    bool              `json:"pinned" doc:"Whether it stands on Home"`
	CreatedAt time.Time         `json:"created_at"`
	ChangedAt time.Time         `json:"changed_at"`
	Covered   bool              `json:"covered,omitempty" doc:"It holds conditions that need contacts.identify: their values stand as [personal], and it cannot be asked"`
}

// SaveView keeps a question: a new one when v.ID is empty. Only who made a view may change it, or an admin.
func (s *Service) SaveView(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, v View) (View, error) {
	const op = "insight.SaveView"
	if err := a.Require(op, identity.InsightsSave); err != nil {
		return v, err
	}
	v.Name = strings.TrimSpace(v.Name)
	if n := utf8.RuneCountInString(v.Name); n == 0 || n > 120 || !utf8.ValidString(v.Name) {
		return v, fault.Bad(op, fault.Field{Path: "name", Code: "required", Msg: "a view has a name of up to 120 characters"})
	}
	if err := v.Query.Validate(); err != nil {
		return v, err
	}
	// Nor is a view that was shown covered saved as it looks.
	if err := s.mayAsk(ctx, ws, a, v.Query); err != nil {
		return v, err
	}
	v.Covered = false
	text, err := json.Marshal(v.Query)
	if err != nil {
		return v, fault.Wrap(op, err)
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		action := "view.change"
		v.ChangedAt = tx.Now
		if v.ID == "" {
			action, v.ID, v.Member, v.CreatedAt = "view.create", ViewID(id.New(tx.Now)), a.Member, tx.Now
			_, err := tx.Exec(`/* insight.SaveView */ INSERT INTO insight_view (id, workspace, member, name, query, chart, shared, pinned, created_at, changed_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`, string(v.ID), string(ws), string(a.Member), v.Name, string(text), v.Chart, flag(v.Shared), flag(v.Pinned), tx.Millis())
			if err != nil {
				return err
			}
		} else {
			old, err := getView(tx, ws, v.ID)
			if err != nil {
				return err
			}
			if err := mayChange(op, a, old); err != nil {
				return err
			}
			v.Member, v.CreatedAt = old.Member, old.CreatedAt
			if _, err := tx.Exec("/* insight.SaveView */ UPDATE insight_view SET name = $3, query = $4, chart = $5, shared = $6, pinned = $7, changed_at = $8 WHERE workspace = $1 AND id = $2",
				string(ws), string(v.ID), v.Name, string(text), v.Chart, flag(v.Shared), flag(v.Pinned), tx.Millis()); err != nil {
				return err
			}
		}
		return identity.Audit(tx, a, action, "view", string(v.ID), map[string]string{"name": v.Name})
	})
	return v, fault.Wrap(op, err)
}

// Views lists the views that a member sees: their own and the shared ones, by name.
func (s *Service) Views(ctx context.Context, ws identity.WorkspaceID, a identity.Actor) ([]View, error) {
	if err := a.Require("insight.Views", identity.InsightsRead); err != nil {
		return nil, err
	}
	veil, err := s.VeilFor(ctx, ws, a)
	if err != nil {
		return nil, err
	}
	var out []View
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		out, err = store.All(tx, scanView, "/* insight.Views */ SELECT "+viewColumns+" FROM insight_view WHERE workspace = $1 AND (shared = 1 OR member = $2) ORDER BY name, id", string(ws), string(a.Member))
		return err
	})
	for i := range out {
		veil.view(&out[i])
	}
	return out, fault.Wrap("insight.Views", err)
}

// GetView reads one view that the member sees.
func (s *Service) GetView(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, v ViewID) (View, error) {
	const op = "insight.GetView"
	if err := a.Require(op, identity.InsightsRead); err != nil {
		return View{}, err
	}
	veil, err := s.VeilFor(ctx, ws, a)
	if err != nil {
		return View{}, err
	}
	var out View
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		out, err = getView(tx, ws, v)
		return err
	})
	if err == nil && !out.Shared && out.Member != a.Member {
		err = fault.New(fault.NotFound, op, "there is no such view here")
	}
	if err != nil {
		return View{}, fault.Wrap(op, err)
	}
	veil.view(&out)
	return out, nil
}

// DeleteView removes a view; the same people may who may change it.
func (s *Service) DeleteView(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, v ViewID) error {
	const op = "insight.DeleteView"
	if err := a.Require(op, identity.InsightsSave); err != nil {
		return err
	}
	return fault.Wrap(op, s.db.Update(ctx, func(tx *store.Tx) error {
		old, err := getView(tx, ws, v)
		if err != nil {
			return err
		}
		if err := mayChange(op, a, old); err != nil {
			return err
		}
		if _, err := tx.Exec("/* insight.DeleteView */ DELETE FROM insight_view WHERE workspace = $1 AND id = $2", string(ws), string(v)); err != nil {
			return err
		}
		return identity.Audit(tx, a, "view.delete", "view", string(v), map[string]string{"name": old.Name})
	}))
}

func mayChange(op string, a identity.Actor, v View) error {
	if v.Member == a.Member && v.Member != "" || a.May(identity.WorkspaceManage) {
		return nil
	}
	if !v.Shared {
		return fault.New(fault.NotFound, op, "there is no such view here")
	}
	return fault.New(fault.Denied, op, "the view belongs to somebody else; save it under another name")
}

const viewColumns = "id, member, name, query, chart, shared, pinned, created_at, changed_at"

func scanView(s store.Scanner) (View, error) {
	var v View
	var query string
	var shared, pinned int
	var created, changed int64
	if err := s.Scan(&v.ID, &v.Member, &v.Name, &query, &v.Chart, &shared, &pinned, &created, &changed); err != nil {
		return v, err
	}
	v.Shared, v.Pinned = shared != 0, pinned != 0
	v.CreatedAt, v.ChangedAt = time.UnixMilli(created).UTC(), time.UnixMilli(changed).UTC()
	return v, json.Unmarshal([]byte(query), &v.Query)
}

func getView(tx *store.Tx, ws identity.WorkspaceID, v ViewID) (View, error) {
	return store.One(tx, scanView, "/* insight.getView */ SELECT "+viewColumns+" FROM insight_view WHERE workspace = $1 AND id = $2", string(ws), string(v))
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
