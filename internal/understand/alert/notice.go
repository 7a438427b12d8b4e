package alert

import (
	"time"

	"kolo/internal/foundation/id"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// mostUntold bounds what one digest is given.
const mostUntold = 500

// Untold are the notices of a workspace that nobody was told, oldest first, 500 at most. Who closes or snoozes an alert has seen
// it, so that its notices count as told.
func (s *Service) Untold(tx *store.Tx, ws identity.WorkspaceID) ([]Notice, error) {
	type row struct {
		Notice
		alert ID
	}
	list, err := store.All(tx, func(sc store.Scanner) (r row, err error) {
		var at int64
		err = sc.Scan(&r.ID, &r.Kind, &at, &r.alert)
		r.At = time.UnixMilli(at).UTC()
		return r, err
	}, "/* alert.Untold */ SELECT id, kind, at, alert FROM alert_notice WHERE workspace = $1 AND told_at = 0 ORDER BY id LIMIT $2", string(ws), mostUntold)
	if err != nil {
		return nil, err
	}
	out := make([]Notice, len(list))
	for i, r := range list {
		if r.Alert, err = get(tx, ws, r.alert); err != nil {
			return nil, err
		}
		out[i] = r.Notice
	}
	return out, nil
}

// MarkTold keeps notices from being told again. Call it in the transaction that keeps what tells them.
func (s *Service) MarkTold(tx *store.Tx, ws identity.WorkspaceID, ids []string) error {
	for _, n := range ids {
		if _, err := tx.Exec("/* alert.MarkTold */ UPDATE alert_notice SET told_at = $3 WHERE workspace = $1 AND id = $2 AND told_at = 0", string(ws), n, tx.Millis()); err != nil {
			return err
		}
	}
	return nil
}

// silence takes the notices of an alert that somebody has dealt with.
func silence(tx *store.Tx, ws identity.WorkspaceID, a ID) error {
	_, err := tx.Exec("/* alert.silence */ UPDATE alert_notice SET told_at = $3 WHERE workspace = $1 AND alert = $2 AND told_at = 0", string(ws), string(a), tx.Millis())
	return err
}

// tell leaves a notice of an alert, and has the job that tells them run soon.
func tell(tx *store.Tx, ws identity.WorkspaceID, a Alert, kind string) error {
	if err := notify(tx, ws, id.New(tx.Now), a, kind); err != nil {
		return err
	}
	_, err := job.Enqueue(tx, job.Spec{Workspace: string(ws), Kind: TellKind, Key: TellKind, Again: true})
	return err
}
