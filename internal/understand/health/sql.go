package health

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// keepVersions is how many trainings are there to go back to.
const keepVersions = 10

const selectVersion = "SELECT id, active, kind, report, model, known, made_by, made_at FROM health_version"

func scanVersion(s store.Scanner) (v Version, err error) {
	var active, at int64
	var report, model string
	if err := s.Scan(&v.ID, &active, &v.Kind, &report, &model, &v.Report.Known, &v.By, &at); err != nil {
		return v, err
	}
	known := v.Report.Known
	if err := json.Unmarshal([]byte(report), &v.Report); err != nil {
		return v, fmt.Errorf("health version %s: %w", v.ID, err)
	}
	if err := json.Unmarshal([]byte(model), &v.model); err != nil {
		return v, fmt.Errorf("health version %s: %w", v.ID, err)
	}
	v.Active, v.At, v.Report.Known = active != 0, time.UnixMilli(at).UTC(), known
	v.Holds = v.Valid()
	return v, nil
}

// versions are all trainings that are kept, the newest first.
func versions(tx *store.Tx, ws identity.WorkspaceID) ([]Version, error) {
	return store.All(tx, scanVersion, "/* health.versions */ "+selectVersion+" WHERE workspace = $1 ORDER BY made_at DESC, id DESC", string(ws))
}

// activeVersion is the version that scores, ok false where there is none.
func activeVersion(tx *store.Tx, ws identity.WorkspaceID) (v Version, ok bool, err error) {
	list, err := store.All(tx, scanVersion, "/* health.activeVersion */ "+selectVersion+" WHERE workspace = $1 AND active = 1", string(ws))
	if err != nil || len(list) == 0 {
		return v, false, err
	}
	return list[0], true, nil
}

// keep keeps a training, and has it score when it is to.
func keep(tx *store.Tx, ws identity.WorkspaceID, v Version) error {
	report, err := json.Marshal(v.Report)
	if err != nil {
		return err
	}
	model, err := json.Marshal(v.model)
	if err != nil {
		return err
	}
	flag := map[bool]int{true: 1}
	if v.Active {
		if err := deactivate(tx, ws); err != nil {
			return err
		}
	}
	if _, err := tx.Exec("/* health.keep */ INSERT INTO health_version (workspace, id, active, kind, report, model, known, made_by, made_at, valid) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		string(ws), v.ID, flag[v.Active], string(v.Kind), string(report), string(model), v.Report.Known, v.By, tx.Millis(), flag[v.Valid()]); err != nil {
		return err
	}
	_, err = tx.Exec(`/* health.keep */ DELETE FROM health_version WHERE workspace = $1 AND active = 0 AND id NOT IN
		(SELECT id FROM health_version WHERE workspace = $1 ORDER BY made_at DESC, id DESC LIMIT $2)`, string(ws), keepVersions)
	return err
}

// keepRecheck keeps how a version holds on what happened since it was made.
func keepRecheck(tx *store.Tx, ws identity.WorkspaceID, v Version) error {
	report, err := json.Marshal(v.Report)
	if err != nil {
		return err
	}
	valid := 0
	if v.Valid() {
		valid = 1
	}
	_, err = tx.Exec("/* health.keepRecheck */ UPDATE health_version SET report = $1, valid = $2 WHERE workspace = $3 AND id = $4", string(report), valid, string(ws), v.ID)
	return err
}

// label says of scores whether the version that made them holds.
func label(tx *store.Tx, ws identity.WorkspaceID, list []Score) error {
	ids, err := store.All(tx, store.Value[string], "/* health.label */ SELECT id FROM health_version WHERE workspace = $1 AND valid = 1", string(ws))
	for i := range list {
		list[i].Valid = slices.Contains(ids, list[i].Version)
	}
	return err
}

func deactivate(tx *store.Tx, ws identity.WorkspaceID) error {
	_, err := tx.Exec("/* health.deactivate */ UPDATE health_version SET active = 0 WHERE workspace = $1 AND active = 1", string(ws))
	return err
}

// kept are settings as they are kept; chosen tells whether a person has chosen the version.
func kept(tx *store.Tx, ws identity.WorkspaceID) (s Settings, chosen bool, err error) {
	type row struct {
		text   string
		chosen int64
	}
	list, err := store.All(tx, func(s store.Scanner) (r row, err error) { return r, s.Scan(&r.text, &r.chosen) },
		"/* health.kept */ SELECT settings, chosen FROM health_settings WHERE workspace = $1", string(ws))
	if err != nil {
		return s, false, err
	}
	s = Default()
	if len(list) == 0 {
		return s, false, nil
	}
	if list[0].text != "" {
		s = Settings{}
		if err := json.Unmarshal([]byte(list[0].text), &s); err != nil {
			return s, false, fmt.Errorf("health settings of %s: %w", ws, err)
		}
	}
	return s, list[0].chosen == 1, nil
}

func keepSettings(tx *store.Tx, ws identity.WorkspaceID, text string) error {
	_, err := tx.Exec(`/* health.keepSettings */ INSERT INTO health_settings (workspace, settings, chosen, changed_at) VALUES ($1, $2, 0, $3)
		ON CONFLICT (workspace) DO UPDATE SET settings = excluded.settings, changed_at = excluded.changed_at`, string(ws), text, tx.Millis())
	return err
}

func keepChosen(tx *store.Tx, ws identity.WorkspaceID, chosen int) error {
	_, err := tx.Exec(`/* health.keepChosen */ INSERT INTO health_settings (workspace, settings, chosen, changed_at) VALUES ($1, '', $2, $3)
		ON CONFLICT (workspace) DO UPDATE SET chosen = excluded.chosen, changed_at = excluded.changed_at`, string(ws), chosen, tx.Millis())
	return err
}

var scoreColumns = []string{"workspace", "contact", "account", "segment", "score", "whole", "chance", "risk", "coverage", "hidden", "at_risk", "left_on", "worth", "currency",
	"parts", "trend", "version", "run", "computed_at"}

const replaceScore = `ON CONFLICT (workspace, contact) DO UPDATE SET account = excluded.account, segment = excluded.segment, score = excluded.score, whole = excluded.whole,
	chance = excluded.chance, risk = excluded.risk, coverage = excluded.coverage, hidden = excluded.hidden, at_risk = excluded.at_risk, left_on = excluded.left_on,
	worth = excluded.worth, currency = excluded.currency, parts = excluded.parts, trend = excluded.trend, version = excluded.version, run = excluded.run, computed_at = excluded.computed_at`

func scoreRow(ws identity.WorkspaceID, s *Score, trend [][2]float64, run string, at int64) ([]any, error) {
	text, err := json.Marshal(s.Parts)
	if err != nil {
		return nil, err
	}
	stood, err := json.Marshal(trend)
	if err != nil {
		return nil, err
	}
	var worth int64
	currency := ""
	if s.Worth != nil {
		worth, currency = s.Worth.Minor, s.Worth.Currency
	}
	var left int64
	if s.left != 0 {
		left = int64(s.left)
	}
	var chance any
	if s.Chance != nil {
		chance = *s.Chance
	}
	flag := map[bool]int{true: 1}
	return []any{string(ws), string(s.Contact), string(s.Account), s.Segment, s.Value, int64(math.Floor(s.Value)), chance, s.risk, s.Coverage, flag[s.Hidden], flag[s.AtRisk], left,
		worth, currency, string(text), string(stood), s.Version, run, at}, nil
}

// keepScores keeps the scores of contacts, a row each, without those who were merged or erased since they were read: what Forget has
// dropped must not come back.
func keepScores(tx *store.Tx, ws identity.WorkspaceID, list []*Facts, rows [][]any) error {
	ids := make([]contact.ID, len(list))
	for i, f := range list {
		ids[i] = f.Contact
	}
	remain, err := contact.Remaining(tx, ws, ids)
	if err != nil {
		return err
	}
	kept := make([][]any, 0, len(rows))
	for i, id := range ids {
		if remain[id] {
			kept = append(kept, rows[i])
		}
	}
	if len(kept) == 0 {
		return nil
	}
	_, err = tx.InsertMany("health.keepScores", "contact_health", scoreColumns, kept, replaceScore)
	return err
}

const selectScore = "SELECT contact, account, segment, score, chance, risk, coverage, hidden, at_risk, left_on, worth, currency, parts, trend, version, computed_at FROM contact_health"

func scanScore(s store.Scanner) (x Score, err error) {
	var hidden, risk, left, worth, at int64
	var currency, parts, trend string
	if err := s.Scan(&x.Contact, &x.Account, &x.Segment, &x.Value, &x.Chance, &x.risk, &x.Coverage, &hidden, &risk, &left, &worth, &currency, &parts, &trend, &x.Version, &at); err != nil {
		return x, err
	}
	x.Hidden, x.AtRisk, x.At = hidden == 1, risk == 1, time.UnixMilli(at).UTC()
	if left != 0 {
		x.left = clock.Day(left)
		x.Left = x.left.String()
	}
	if currency != "" {
		x.Worth = &contact.Money{Minor: worth, Currency: currency}
	}
	var stood [][2]float64
	if err := json.Unmarshal([]byte(trend), &stood); err != nil {
		return x, fmt.Errorf("trend of %s: %w", x.Contact, err)
	}
	for _, s := range stood {
		x.Trend = append(x.Trend, Stood{clock.Day(s[0]).String(), s[1]})
	}
	return x, json.Unmarshal([]byte(parts), &x.Parts)
}

// Forget drops the score of a contact, who was merged or erased: it is for contact.Service.OnMerge and OnErase.
func Forget(tx *store.Tx, ws identity.WorkspaceID, id contact.ID) error {
	_, err := tx.Exec("/* health.Forget */ DELETE FROM contact_health WHERE workspace = $1 AND contact = $2", string(ws), string(id))
	return err
}

// Merged is Forget for contact.Service.OnMerge; whom the contact was merged into is scored anew with all others.
func Merged(tx *store.Tx, ws identity.WorkspaceID, from, _ contact.ID) error {
	return Forget(tx, ws, from)
}

func one(tx *store.Tx, ws identity.WorkspaceID, id contact.ID) (Score, error) {
	s, err := store.One(tx, scanScore, "/* health.one */ "+selectScore+" WHERE workspace = $1 AND contact = $2", string(ws), string(id))
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "health.Get", "the contact has no score yet")
	}
	if err != nil {
		return s, err
	}
	list := []Score{s}
	err = label(tx, ws, list)
	return list[0], err
}
