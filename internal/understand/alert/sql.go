package alert

import (
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

const (
	alertColumns = `id, subject, kind, episode, state, owner, rule, bucket, since, last_day, signals, observed, expected, low, high, exposure, p, q, excess, told_excess,
		snoozed_until, snooze_reason, verdict, reason, quiet_until, opened_at, changed_at, acknowledged_at, closed_at`
	selectAlert = "SELECT " + alertColumns + " FROM alert"
)

func scanAlert(s store.Scanner) (a Alert, err error) {
	var subject string
	var opened, changed, acknowledged, closed int64
	if err := s.Scan(&a.ID, &subject, &a.Kind, &a.episode, &a.State, &a.Owner, &a.Rule, &a.Bucket, &a.since, &a.last, &a.Signals, &a.Observed, &a.Expected,
		&a.Low, &a.High, &a.Exposure, &a.P, &a.Q, &a.Excess, &a.told, &a.snoozed, &a.SnoozeReason, &a.Verdict, &a.Reason, &a.quiet,
		&opened, &changed, &acknowledged, &closed); err != nil {
		return a, err
	}
	a.Subject, err = ParseSubject(subject)
	a.Since, a.Last = a.since.String(), a.last.String()
	if a.snoozed > 0 {
		a.SnoozedUntil = a.snoozed.String()
	}
	a.OpenedAt, a.ChangedAt = time.UnixMilli(opened).UTC(), time.UnixMilli(changed).UTC()
	a.AcknowledgedAt, a.ClosedAt = instant(acknowledged), instant(closed)
	return a, err
}

func instant(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	t := time.UnixMilli(ms).UTC()
	return &t
}

func millis(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.UnixMilli()
}

func get(tx *store.Tx, ws identity.WorkspaceID, id ID) (Alert, error) {
	a, err := store.One(tx, scanAlert, "/* alert.get */ "+selectAlert+" WHERE workspace = $1 AND id = $2", string(ws), string(id))
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "alert.get", "there is no such alert here")
	}
	return a, err
}

func insert(tx *store.Tx, ws identity.WorkspaceID, a Alert) error {
	_, err := tx.Exec("/* alert.insert */ INSERT INTO alert (workspace, "+alertColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)`,
		append([]any{string(ws), string(a.ID)}, a.values()...)...)
	return err
}

func update(tx *store.Tx, ws identity.WorkspaceID, a Alert) error {
	_, err := tx.Exec(`/* alert.update */ UPDATE alert SET subject = $3, kind = $4, episode = $5, state = $6, owner = $7, rule = $8, bucket = $9, since = $10, last_day = $11, signals = $12,
		observed = $13, expected = $14, low = $15, high = $16, exposure = $17, p = $18, q = $19, excess = $20, told_excess = $21, snoozed_until = $22, snooze_reason = $23,
		verdict = $24, reason = $25, quiet_until = $26, opened_at = $27, changed_at = $28, acknowledged_at = $29, closed_at = $30 WHERE workspace = $1 AND id = $2`,
		append([]any{string(ws), string(a.ID)}, a.values()...)...)
	return err
}

// values are the columns of an alert after its id.
func (a Alert) values() []any {
	return []any{a.Subject.Key(), string(a.Kind), int64(a.episode), string(a.State), string(a.Owner), string(a.Rule), a.Bucket, int64(a.since), int64(a.last), a.Signals, a.Observed, a.Expected,
		a.Low, a.High, a.Exposure, a.P, a.Q, a.Excess, a.told, int64(a.snoozed), a.SnoozeReason, string(a.Verdict), a.Reason, int64(a.quiet),
		a.OpenedAt.UnixMilli(), a.ChangedAt.UnixMilli(), millis(a.AcknowledgedAt), millis(a.ClosedAt)}
}

// latest are the newest episodes of each subject and kind of a workspace, by both.
func latest(tx *store.Tx, ws identity.WorkspaceID) (map[episodes]Alert, error) {
	list, err := store.All(tx, scanAlert, "/* alert.latest */ "+selectAlert+` a WHERE workspace = $1 AND episode =
		(SELECT max(episode) FROM alert b WHERE b.workspace = a.workspace AND b.subject = a.subject AND b.kind = a.kind)`, string(ws))
	out := make(map[episodes]Alert, len(list))
	for _, a := range list {
		out[episodes{a.Subject.Key(), a.Kind}] = a
	}
	return out, err
}

// episodes names the alerts of one subject and kind.
type episodes struct {
	subject string
	kind    Kind
}

func notify(tx *store.Tx, ws identity.WorkspaceID, id string, a Alert, kind string) error {
	_, err := tx.Exec("/* alert.notify */ INSERT INTO alert_notice (workspace, id, alert, kind, at, told_at) VALUES ($1, $2, $3, $4, $5, 0)",
		string(ws), id, string(a.ID), kind, tx.Millis())
	return err
}

func day(s string) (clock.Day, error) {
	if s == "" {
		return 0, nil
	}
	return clock.ParseDay(s)
}
