package export

import (
	"context"
	"time"

	"kolo/internal/foundation/table"
	"kolo/internal/people/identity"
	"kolo/internal/understand/alert"
)

// alerts are early warnings, a page at a time.
func alerts(ctx context.Context, j job) error {
	t := &sheet[alert.Alert]{}
	t.text("id", func(a alert.Alert) string { return string(a.ID) })
	t.text("subject", func(a alert.Alert) string { return a.Subject.Key() })
	t.text("measure", func(a alert.Alert) string { return a.Subject.Measure })
	t.text("field", func(a alert.Alert) string { return a.Subject.Field })
	t.text("value", func(a alert.Alert) string { return a.Subject.Value })
	t.text("kind", func(a alert.Alert) string { return string(a.Kind) })
	t.text("state", func(a alert.Alert) string { return string(a.State) })
	t.text("owner", func(a alert.Alert) string { return string(a.Owner) })
	t.text("rule", func(a alert.Alert) string { return string(a.Rule) })
	t.text("since", func(a alert.Alert) string { return a.Since })
	t.text("last", func(a alert.Alert) string { return a.Last })
	t.number("signals", func(a alert.Alert) int64 { return a.Signals })
	t.add("observed", table.Float, func(a alert.Alert) any { return a.Observed })
	t.add("expected", table.Float, func(a alert.Alert) any { return a.Expected })
	t.add("low", table.Float, func(a alert.Alert) any { return a.Low })
	t.add("high", table.Float, func(a alert.Alert) any { return a.High })
	t.add("excess", table.Float, func(a alert.Alert) any { return a.Excess })
	t.add("p", table.Float, func(a alert.Alert) any { return a.P })
	t.add("q", table.Float, func(a alert.Alert) any { return a.Q })
	t.text("snoozed_until", func(a alert.Alert) string { return a.SnoozedUntil })
	t.text("snooze_reason", func(a alert.Alert) string { return a.SnoozeReason })
	t.text("verdict", func(a alert.Alert) string { return string(a.Verdict) })
	t.text("reason", func(a alert.Alert) string { return a.Reason })
	t.time("opened_at", func(a alert.Alert) time.Time { return a.OpenedAt })
	t.time("changed_at", func(a alert.Alert) time.Time { return a.ChangedAt })
	t.time("acknowledged_at", func(a alert.Alert) time.Time { return orZero(a.AcknowledgedAt) })
	t.time("closed_at", func(a alert.Alert) time.Time { return orZero(a.ClosedAt) })
	f := alert.Filter{Kind: alert.Kind(j.Filter.Get("kind")), Owner: identity.MemberID(j.Filter.Get("owner")), Limit: 1000}
	for _, s := range j.Filter["state"] {
		f.States = append(f.States, alert.State(s))
	}
	veil, err := j.from.Insight.VeilFor(ctx, j.Workspace, j.Actor)
	if err != nil {
		return err
	}
	return write(ctx, j, t, func(each func(alert.Alert) error) error {
		for {
			list, next, err := j.from.Alerts.List(ctx, j.Workspace, f)
			if err != nil {
				return err
			}
			for _, a := range list {
				if err := each(a.Veiled(veil)); err != nil {
					return err
				}
			}
			if f.Cursor = next; next == "" {
				return nil
			}
		}
	})
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// alertSeries are the series that early warning watches.
func alertSeries(ctx context.Context, j job) error {
	t := &sheet[alert.Series]{}
	t.text("subject", func(s alert.Series) string { return s.Key })
	t.text("bucket", func(s alert.Series) string { return s.Bucket })
	t.text("state", func(s alert.Series) string { return s.State })
	t.text("day", func(s alert.Series) string { return s.Day })
	t.add("observed", table.Float, func(s alert.Series) any { return s.Observed })
	t.add("expected", table.Float, func(s alert.Series) any { return s.Expected })
	t.add("low", table.Float, func(s alert.Series) any { return s.Low })
	t.add("high", table.Float, func(s alert.Series) any { return s.High })
	t.add("p", table.Float, func(s alert.Series) any { return s.P })
	t.add("q", table.Float, func(s alert.Series) any { return s.Q })
	t.add("rate", table.Float, func(s alert.Series) any { return s.Rate })
	veil, err := j.from.Insight.VeilFor(ctx, j.Workspace, j.Actor)
	if err != nil {
		return err
	}
	return write(ctx, j, t, func(each func(alert.Series) error) error {
		for after := 0; ; after += 1000 {
			list, more, err := j.from.Alerts.Series(ctx, j.Workspace, after, 1000)
			if err != nil {
				return err
			}
			for _, s := range list {
				if err := each(s.Veiled(veil)); err != nil {
					return err
				}
			}
			if !more {
				return nil
			}
		}
	})
}
