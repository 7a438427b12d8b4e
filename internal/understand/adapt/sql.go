package adapt

import (
	"encoding/json"
	"fmt"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

const selectVersion = "SELECT id, kind, active, texts, report, made_by, made_at FROM model"

func scanVersion(s store.Scanner) (v Version, err error) {
	var active int
	var report string
	var at int64
	if err := s.Scan(&v.ID, &v.Kind, &active, &v.Texts, &report, &v.By, &at); err != nil {
		return v, err
	}
	if err := json.Unmarshal([]byte(report), &v.Report); err != nil {
		return v, fmt.Errorf("model %s: %w", v.ID, err)
	}
	v.Active, v.At = active != 0, time.UnixMilli(at).UTC()
	return v, nil
}

// activeIDs are the ids of the active versions of a workspace, by kind.
func activeIDs(tx *store.Tx, ws identity.WorkspaceID) (map[Kind]string, error) {
	type row struct {
		kind Kind
		id   string
	}
	list, err := store.All(tx, func(s store.Scanner) (r row, err error) { return r, s.Scan(&r.kind, &r.id) },
		"/* adapt.activeIDs */ SELECT kind, id FROM model WHERE workspace = $1 AND active = 1", string(ws))
	out := map[Kind]string{}
	for _, r := range list {
		out[r.kind] = r.id
	}
	return out, err
}

// keepVersion keeps a training, and makes it the active one of its kind when it is to be.
func keepVersion(tx *store.Tx, ws identity.WorkspaceID, v Version, data []byte) error {
	report, err := json.Marshal(v.Report)
	if err != nil {
		return err
	}
	if v.Active {
		if err := deactivate(tx, ws, v.Kind); err != nil {
			return err
		}
	}
	active := 0
	if v.Active {
		active = 1
	}
	if _, err := tx.Exec("/* adapt.keepVersion */ INSERT INTO model (workspace, id, kind, active, texts, report, made_by, made_at, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		string(ws), v.ID, string(v.Kind), active, v.Texts, string(report), v.By, tx.Millis(), data); err != nil {
		return err
	}
	// The last few are enough to go back to.
	_, err = tx.Exec(`/* adapt.keepVersion */ DELETE FROM model WHERE workspace = $1 AND kind = $2 AND active = 0 AND id NOT IN
		(SELECT id FROM model WHERE workspace = $1 AND kind = $2 ORDER BY made_at DESC, id DESC LIMIT $3)`, string(ws), string(v.Kind), keepVersions)
	return err
}

func deactivate(tx *store.Tx, ws identity.WorkspaceID, k Kind) error {
	_, err := tx.Exec("/* adapt.deactivate */ UPDATE model SET active = 0 WHERE workspace = $1 AND kind = $2", string(ws), string(k))
	return err
}

func dataOf(tx *store.Tx, ws identity.WorkspaceID, id string) ([]byte, error) {
	if id == "" {
		return nil, nil
	}
	b, err := store.One(tx, store.Value[[]byte], "/* adapt.dataOf */ SELECT data FROM model WHERE workspace = $1 AND id = $2", string(ws), id)
	if fault.Is(err, fault.NotFound) { // another one was activated a moment ago
		return nil, store.Again(err)
	}
	return b, err
}
