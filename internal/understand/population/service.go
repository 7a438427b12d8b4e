package population

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// Service keeps it.
type Service struct{ db *store.DB }

// NewService makes a service.
func NewService(db *store.DB) *Service { return &Service{db: db} }

// Known is all that a workspace told of itself.
type Known struct {
	Settings Settings
	Margins  []Margin  // by field
	Invited  []Invited // the latest first
}

// Get reads it.
func (s *Service) Get(ctx context.Context, ws identity.WorkspaceID) (k Known, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		if k.Settings, err = SettingsOf(tx, ws); err != nil {
			return err
		}
		if k.Margins, err = Margins(tx, ws); err != nil {
			return err
		}
		k.Invited, err = invited(tx, ws, "")
		return err
	})
	return k, fault.Wrap("population.Get", err)
}

// SaveSettings changes the thresholds.
func (s *Service) SaveSettings(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, set Settings) error {
	const op = "population.SaveSettings"
	if err := a.RequireIn(op, ws, identity.WorkspaceManage); err != nil {
		return err
	}
	if err := set.validate(op); err != nil {
		return err
	}
	return fault.Wrap(op, s.db.Update(ctx, func(tx *store.Tx) error {
		if err := saveSettings(tx, ws, set); err != nil {
			return err
		}
		return identity.Audit(tx, a, "population.settings", "workspace", string(ws), map[string]string{
			"minimum_points": strconv.FormatFloat(set.MinimumPoints, 'f', -1, 64), "minimum_share": strconv.FormatFloat(set.MinimumShare, 'f', -1, 64)})
	}))
}

// SaveMargins sets the margins of some fields, and leaves those of others as they are.
func (s *Service) SaveMargins(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, list []Margin) error {
	const op = "population.SaveMargins"
	if err := a.RequireIn(op, ws, identity.WorkspaceManage); err != nil {
		return err
	}
	normal := make([]Margin, len(list))
	for i, m := range list {
		if m.Origin != Contacts {
			m.Origin = Typed
		}
		var err error
		if normal[i], err = m.normal(op); err != nil {
			return err
		}
	}
	return fault.Wrap(op, s.db.Update(ctx, func(tx *store.Tx) error {
		have, err := Margins(tx, ws)
		if err != nil {
			return err
		}
		fields := map[string]bool{}
		for _, m := range append(have, normal...) {
			fields[m.Field] = true
		}
		if len(fields) > maxMargins {
			return fault.Bad(op, fault.Field{Path: "field", Code: "too_many", Msg: fmt.Sprintf("at most %d fields: the more there are, the larger the weights", maxMargins)})
		}
		for _, m := range normal {
			if err := saveMargin(tx, ws, m); err != nil {
				return err
			}
			if err := identity.Audit(tx, a, "population.save", "field", m.Field, map[string]string{"parts": strconv.Itoa(len(m.Parts)), "origin": string(m.Origin)}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Count makes the margin of an attribute of contacts from the contact book, and keeps it.
func (s *Service) Count(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, attribute string) (Margin, error) {
	const op = "population.Count"
	m := Margin{Field: "contact." + attribute, Origin: Contacts}
	if !Fits(m.Field) {
		return m, fault.Bad(op, fault.Field{Path: "attribute", Code: "unknown", Msg: "there is no such attribute"})
	}
	for _, p := range []identity.Permission{identity.WorkspaceManage, identity.ContactsRead} {
		if err := a.RequireIn(op, ws, p); err != nil {
			return m, err
		}
	}
	err := s.db.View(ctx, func(tx *store.Tx) error {
		counts, err := contact.CountValues(tx, ws, attribute, maxParts+1)
		for _, c := range counts {
			m.Parts = append(m.Parts, Part{c.Value, float64(c.Count)})
		}
		return err
	})
	if err != nil {
		return m, fault.Wrap(op, err)
	}
	slices.SortStableFunc(m.Parts, func(x, y Part) int { return cmp.Or(cmp.Compare(y.Share, x.Share), cmp.Compare(x.Value, y.Value)) })
	if len(m.Parts) < 2 || len(m.Parts) > maxParts {
		return m, fault.Bad(op, fault.Field{Path: "attribute", Code: "range", Msg: fmt.Sprintf("the contacts have %s values of %q: between 2 and %d make a population", more(len(m.Parts)), attribute, maxParts)})
	}
	return m, s.SaveMargins(ctx, ws, a, []Margin{m})
}

func more(n int) string {
	if n > maxParts {
		return "more than " + strconv.Itoa(maxParts)
	}
	return strconv.Itoa(n)
}

// DeleteMargin forgets what is known of a field.
func (s *Service) DeleteMargin(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, field string) error {
	const op = "population.DeleteMargin"
	if err := a.RequireIn(op, ws, identity.WorkspaceManage); err != nil {
		return err
	}
	if !Fits(field) {
		return fault.New(fault.NotFound, op, "nothing is known of this field")
	}
	return fault.Wrap(op, s.db.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec("/* population.DeleteMargin */ DELETE FROM population_margin WHERE workspace = $1 AND field = $2", string(ws), field)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, op, "nothing is known of this field")
		}
		return identity.Audit(tx, a, "population.delete", "field", field, nil)
	}))
}

// AddInvited keeps records of invitations; one of the same survey, days, field and value is replaced.
func (s *Service) AddInvited(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, list []Invited) error {
	const op = "population.AddInvited"
	if err := a.RequireIn(op, ws, identity.WorkspaceManage); err != nil {
		return err
	}
	var bad []fault.Field
	rows := make([]record, len(list))
	for i, v := range list {
		var wrong []fault.Field
		rows[i].Invited, rows[i].from, rows[i].to, wrong = v.normal()
		for _, f := range wrong {
			if len(list) > 1 {
				f.Msg = fmt.Sprintf("line %d: %s", i+1, f.Msg)
			}
			bad = append(bad, f)
		}
	}
	if bad != nil {
		return fault.Bad(op, bad[:min(20, len(bad))]...)
	}
	return fault.Wrap(op, s.db.Update(ctx, func(tx *store.Tx) error {
		n, err := store.One(tx, store.Value[int64], "/* population.AddInvited */ SELECT count(*) FROM population_invited WHERE workspace = $1", string(ws))
		if err != nil {
			return err
		}
		if n+int64(len(rows)) > maxInvited {
			return fault.Bad(op, fault.Field{Path: "survey", Code: "too_many", Msg: fmt.Sprintf("at most %d records of invitations: take longer periods", maxInvited)})
		}
		surveys := map[string]bool{}
		for _, r := range rows {
			surveys[r.Survey] = true
			if err := saveInvited(tx, ws, InvitedID(id.New(tx.Now)), r); err != nil {
				return err
			}
		}
		names := make([]string, 0, len(surveys))
		for n := range surveys {
			names = append(names, n)
		}
		slices.Sort(names)
		return identity.Audit(tx, a, "population.invited", "workspace", string(ws), map[string]string{"surveys": strings.Join(names[:min(10, len(names))], ", "), "records": strconv.Itoa(len(rows))})
	}))
}

// DeleteInvited deletes a record of invitations.
func (s *Service) DeleteInvited(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, i InvitedID) error {
	const op = "population.DeleteInvited"
	if err := a.RequireIn(op, ws, identity.WorkspaceManage); err != nil {
		return err
	}
	if !sane(string(i)) {
		return fault.New(fault.NotFound, op, "there is no such record")
	}
	return fault.Wrap(op, s.db.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec("/* population.DeleteInvited */ DELETE FROM population_invited WHERE workspace = $1 AND id = $2", string(ws), string(i))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, op, "there is no such record")
		}
		return identity.Audit(tx, a, "population.invited_delete", "invited", string(i), nil)
	}))
}
