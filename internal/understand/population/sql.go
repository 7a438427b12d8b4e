package population

import (
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// SettingsOf reads the thresholds of a workspace, the usual ones where it has set none.
func SettingsOf(tx *store.Tx, ws identity.WorkspaceID) (Settings, error) {
	s, err := store.One(tx, func(r store.Scanner) (s Settings, err error) {
		err = r.Scan(&s.MinimumPoints, &s.MinimumShare)
		return s, err
	}, "/* population.SettingsOf */ SELECT minimum_points, minimum_share FROM population_setting WHERE workspace = $1", string(ws))
	if fault.Is(err, fault.NotFound) {
		return Usual, nil
	}
	return s, err
}

func saveSettings(tx *store.Tx, ws identity.WorkspaceID, s Settings) error {
	_, err := tx.Exec(`/* population.saveSettings */ INSERT INTO population_setting (workspace, minimum_points, minimum_share, changed_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (workspace) DO UPDATE SET minimum_points = excluded.minimum_points, minimum_share = excluded.minimum_share, changed_at = excluded.changed_at`,
		string(ws), s.MinimumPoints, s.MinimumShare, tx.Millis())
	return err
}

// Margins reads the known population of a workspace, by field.
func Margins(tx *store.Tx, ws identity.WorkspaceID) ([]Margin, error) {
	type row struct {
		Margin
		Part
	}
	rows, err := store.All(tx, func(r store.Scanner) (x row, err error) {
		var changed int64
		err = r.Scan(&x.Field, &x.Value, &x.Share, &x.Origin, &changed)
		x.ChangedAt = time.UnixMilli(changed).UTC()
		return x, err
	}, "/* population.Margins */ SELECT field, value, share, origin, changed_at FROM population_margin WHERE workspace = $1 ORDER BY field, position", string(ws))
	if err != nil {
		return nil, err
	}
	var out []Margin
	for _, x := range rows {
		if n := len(out); n == 0 || out[n-1].Field != x.Field {
			out = append(out, x.Margin)
		}
		last := &out[len(out)-1]
		last.Parts = append(last.Parts, x.Part)
	}
	return out, nil
}

func saveMargin(tx *store.Tx, ws identity.WorkspaceID, m Margin) error {
	if _, err := tx.Exec("/* population.saveMargin */ DELETE FROM population_margin WHERE workspace = $1 AND field = $2", string(ws), m.Field); err != nil {
		return err
	}
	rows := make([][]any, len(m.Parts))
	for i, p := range m.Parts {
		rows[i] = []any{string(ws), m.Field, int64(i), p.Value, p.Share, string(m.Origin), tx.Millis()}
	}
	_, err := tx.InsertMany("population.saveMargin", "population_margin", []string{"workspace", "field", "position", "value", "share", "origin", "changed_at"}, rows, "")
	return err
}

// record is Invited with its days as they are stored.
type record struct {
	Invited
	from, to clock.Day
}

func saveInvited(tx *store.Tx, ws identity.WorkspaceID, id InvitedID, r record) error {
	_, err := tx.Exec(`/* population.saveInvited */ INSERT INTO population_invited (workspace, id, survey, from_day, to_day, field, value, invited) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (workspace, survey, from_day, to_day, field, value) DO UPDATE SET invited = excluded.invited`,
		string(ws), string(id), r.Survey, int64(r.from), int64(r.to), r.Field, r.Value, r.Invited.Invited)
	return err
}

// InvitedBy reads the invitations of a survey, the latest first.
func InvitedBy(tx *store.Tx, ws identity.WorkspaceID, survey string) ([]Invited, error) {
	return invited(tx, ws, survey)
}

// invited reads those of a survey, or all.
func invited(tx *store.Tx, ws identity.WorkspaceID, survey string) ([]Invited, error) {
	return store.All(tx, func(r store.Scanner) (v Invited, err error) {
		var from, to int64
		err = r.Scan(&v.ID, &v.Survey, &from, &to, &v.Field, &v.Value, &v.Invited)
		v.From, v.To = clock.Day(from).String(), clock.Day(to).String()
		return v, err
	}, `/* population.invited */ SELECT id, survey, from_day, to_day, field, value, invited FROM population_invited WHERE workspace = $1 AND ($2 = '' OR survey = $2)
		ORDER BY from_day DESC, to_day DESC, survey, field, value`, string(ws), survey)
}
