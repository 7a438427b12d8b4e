package alert

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
	"kolo/internal/understand/stat"
)

// Filter narrows a list of alerts down.
type Filter struct {
	States  []State
	Kind    Kind              // "" for both
	Owner   identity.MemberID // "" for anybody's
	Subject string            // key; "" for all
	Cursor  string
	Limit   int // 50 when 0, 1,000 at most
}

// List gives the alerts of a workspace, the newest first, and the cursor of the next page, "" on the last.
func (s *Service) List(ctx context.Context, ws identity.WorkspaceID, f Filter) (list []Alert, next string, err error) {
	const op = "alert.List"
	if f.Cursor != "" && !id.Valid(f.Cursor) {
		return nil, "", fault.Bad(op, fault.Field{Path: "cursor", Code: "cursor", Msg: "this is not a cursor of this list"})
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	f.Limit = min(f.Limit, 1000)
	query, args := "/* alert.List */ "+selectAlert+" WHERE workspace = $1", []any{string(ws)}
	where := func(column, value string) {
		if value != "" {
			args = append(args, value)
			query += fmt.Sprintf(" AND %s $%d", column, len(args))
		}
	}
	where("kind =", string(f.Kind))
	where("owner =", string(f.Owner))
	where("subject =", f.Subject)
	where("id <", f.Cursor)
	if len(f.States) > 0 {
		query += " AND state IN " + store.In(len(args), len(f.States))
		args = append(args, store.Anys(f.States)...)
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, scanAlert, fmt.Sprintf("%s ORDER BY id DESC LIMIT %d", query, f.Limit+1), args...)
		return err
	})
	if len(list) > f.Limit {
		list = list[:f.Limit]
		next = string(list[f.Limit-1].ID)
	}
	return list, next, fault.Wrap(op, err)
}

// Find reads an alert in the caller's transaction.
func (s *Service) Find(tx *store.Tx, ws identity.WorkspaceID, a ID) (Alert, error) {
	return get(tx, ws, a)
}

// Get reads one alert.
func (s *Service) Get(ctx context.Context, ws identity.WorkspaceID, a ID) (out Alert, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		out, err = get(tx, ws, a)
		return err
	})
	return out, fault.Wrap("alert.Get", err)
}

// Waiting is how many alarms of a workspace wait for somebody to take them on: open, and not snoozed.
func (s *Service) Waiting(ctx context.Context, ws identity.WorkspaceID) (n int64, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		w, err := identity.GetWorkspace(tx, ws)
		if err != nil {
			return err
		}
		n, err = store.One(tx, store.Value[int64], "/* alert.Waiting */ SELECT count(*) FROM alert WHERE workspace = $1 AND state = 'open' AND kind = 'alarm' AND snoozed_until <= $2",
			string(ws), int64(today(tx.Now, w)))
		return err
	})
	return n, fault.Wrap("alert.Waiting", err)
}

// Signal is one period in which a rule fired.
type Signal struct {
	Bucket   string  `json:"bucket"`
	From     string  `json:"from" doc:"First day of what is unusual"`
	To       string  `json:"to" doc:"Last day of the period"`
	Rule     Rule    `json:"rule"`
	Observed float64 `json:"observed"`
	Expected float64 `json:"expected"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	Exposure float64 `json:"exposure,omitempty"`
	P        float64 `json:"p"`
	Q        float64 `json:"q"`
	Excess   float64 `json:"excess"`
}

// Signals are those of an alert, the oldest first.
func (s *Service) Signals(ctx context.Context, ws identity.WorkspaceID, a ID) (list []Signal, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, func(sc store.Scanner) (x Signal, err error) {
			var to, since clock.Day
			err = sc.Scan(&x.Bucket, &to, &since, &x.Rule, &x.Observed, &x.Expected, &x.Low, &x.High, &x.Exposure, &x.P, &x.Q, &x.Excess)
			x.From, x.To = since.String(), to.String()
			return x, err
		}, `/* alert.Signals */ SELECT bucket, day, since, rule, observed, expected, low, high, exposure, p, q, excess FROM alert_signal
			WHERE workspace = $1 AND alert = $2 ORDER BY day, bucket`, string(ws), string(a))
		return err
	})
	return list, fault.Wrap("alert.Signals", err)
}

// Patch changes what is there of it.
type Patch struct {
	State        *State             `json:"state,omitempty" enum:"open,acknowledged,closed" doc:"closed needs a verdict; acknowledged makes you its owner unless it names another"`
	Owner        *identity.MemberID `json:"owner_id,omitempty" doc:"Member who looks after it: exactly one"`
	SnoozedUntil *string            `json:"snoozed_until,omitempty" doc:"Day until which nobody is bothered with it, which needs a reason; empty to end that"`
	SnoozeReason *string            `json:"snooze_reason,omitempty"`
	Verdict      *Verdict           `json:"verdict,omitempty" enum:"true,false,known"`
	Reason       *string            `json:"reason,omitempty" doc:"Of the verdict"`
	KnownUntil   *string            `json:"known_until,omitempty" doc:"With the verdict known: day until which the cause lasts; four weeks by default. Until then its subject opens no other alert"`
}

const (
	mostReason = 2000
	knownFor   = 28  // days
	mostSnooze = 366 // days
)

// Change takes an alert on, hands it over, snoozes it, closes it with a verdict or opens it again.
func (s *Service) Change(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, alert ID, p Patch) (a Alert, err error) {
	const op = "alert.Change"
	if err := actor.RequireIn(op, ws, identity.AlertsWork); err != nil {
		return a, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if a, err = get(tx, ws, alert); err != nil {
			return err
		}
		w, err := readWatch(tx, ws)
		if err != nil {
			return err
		}
		workspace, err := identity.GetWorkspace(tx, ws)
		if err != nil {
			return err
		}
		c := change{op: op, tx: tx, ws: ws, actor: actor, today: today(tx.Now, workspace), cooldown: w.Settings.Cooldown, details: map[string]string{}}
		before := a.State
		if err := c.apply(&a, p); err != nil {
			return err
		}
		a.ChangedAt = tx.Now
		if err := update(tx, ws, a); err != nil {
			return err
		}
		c.details["subject"] = a.Subject.Key()
		if err := identity.Audit(tx, actor, "alert.change", "alert", string(a.ID), c.details); err != nil {
			return err
		}
		if a, err = get(tx, ws, alert); err != nil || before == Closed || a.State != Closed {
			return err
		}
		return s.closed(tx, ws, a)
	})
	return a, fault.Wrap(op, err)
}

// change is a Patch being applied.
type change struct {
	op       string
	tx       *store.Tx
	ws       identity.WorkspaceID
	actor    identity.Actor
	today    clock.Day
	cooldown int
	details  map[string]string
}

func (c *change) bad(path, code, msg string) error {
	return fault.Bad(c.op, fault.Field{Path: path, Code: code, Msg: msg})
}

func (c *change) apply(a *Alert, p Patch) error {
	for path, text := range map[string]*string{"reason": p.Reason, "snooze_reason": p.SnoozeReason} {
		if text == nil {
			continue
		}
		if *text = strings.TrimSpace(*text); utf8.RuneCountInString(*text) > mostReason || !utf8.ValidString(*text) {
			return c.bad(path, "too_long", fmt.Sprintf("a reason has at most %d characters", mostReason))
		}
	}
	if err := c.own(a, p); err != nil {
		return err
	}
	if err := c.snooze(a, p); err != nil {
		return err
	}
	return c.close(a, p)
}

// own takes an alert on, or gives it to somebody.
func (c *change) own(a *Alert, p Patch) error {
	owner := p.Owner
	if p.State != nil && *p.State == Acknowledged && owner == nil && a.Owner == "" {
		owner = &c.actor.Member
	}
	if owner != nil {
		if *owner == "" {
			return c.bad("owner_id", "required", "an acknowledged alert has exactly one owner: a member")
		}
		m, err := identity.GetMember(c.tx, c.ws, *owner)
		if fault.Is(err, fault.NotFound) || err == nil && m.State != identity.Active {
			return c.bad("owner_id", "unknown", "this is not an active member of the workspace")
		}
		if err != nil {
			return err
		}
		a.Owner = *owner
		c.details["owner"] = m.Name
		if a.State == Open && p.State == nil {
			a.State = Acknowledged
			a.AcknowledgedAt = &c.tx.Now
		}
	}
	if p.State == nil {
		return nil
	}
	switch *p.State {
	case Open:
		a.State, a.Owner, a.Verdict, a.Reason, a.ClosedAt, a.AcknowledgedAt, a.quiet = Open, "", "", "", nil, nil, 0
	case Acknowledged:
		if a.State == Closed {
			a.Verdict, a.Reason, a.ClosedAt, a.quiet = "", "", nil, 0
		}
		a.State = Acknowledged
		a.AcknowledgedAt = &c.tx.Now
	case Closed:
		if p.Verdict == nil && a.Verdict == "" {
			return c.bad("verdict", "required", "say what came of it: true, false or known")
		}
	default:
		return c.bad("state", "unknown", "an alert is open, acknowledged or closed")
	}
	c.details["state"] = string(*p.State)
	return nil
}

// snooze has nobody bothered until a day.
func (c *change) snooze(a *Alert, p Patch) error {
	if p.SnoozedUntil == nil {
		return nil
	}
	until, err := day(*p.SnoozedUntil)
	switch {
	case err != nil:
		return c.bad("snoozed_until", "form", "a day has the form 2026-01-31")
	case until == 0:
		a.snoozed, a.SnoozeReason = 0, ""
		c.details["snoozed_until"] = ""
		return nil
	case until <= c.today || until > c.today+mostSnooze:
		return c.bad("snoozed_until", "range", "snooze until a day that is to come, within a year")
	case p.SnoozeReason == nil || *p.SnoozeReason == "":
		return c.bad("snooze_reason", "required", "say why it can wait")
	case a.State == Closed:
		return fault.New(fault.Conflict, c.op, "a closed alert bothers nobody")
	}
	a.snoozed, a.SnoozeReason = until, *p.SnoozeReason
	c.details["snoozed_until"], c.details["snooze_reason"] = until.String(), a.SnoozeReason
	return silence(c.tx, c.ws, a.ID)
}

// close gives the verdict.
func (c *change) close(a *Alert, p Patch) error {
	if p.Verdict == nil {
		if p.Reason != nil && a.State == Closed {
			a.Reason = *p.Reason
		}
		return nil
	}
	switch *p.Verdict {
	case True, False, Known:
	default:
		return c.bad("verdict", "unknown", "a verdict is true, false or known")
	}
	if p.State != nil && *p.State != Closed {
		return c.bad("verdict", "form", "a verdict closes the alert")
	}
	a.State, a.Verdict = Closed, *p.Verdict
	a.ClosedAt = &c.tx.Now
	if p.Reason != nil {
		a.Reason = *p.Reason
	}
	a.snoozed, a.SnoozeReason = 0, ""
	a.quiet = c.today + clock.Day(c.cooldown)
	if *p.Verdict == Known {
		a.quiet = c.today + knownFor
		if p.KnownUntil != nil && *p.KnownUntil != "" {
			until, err := day(*p.KnownUntil)
			if err != nil || until <= c.today || until > c.today+mostSnooze {
				return c.bad("known_until", "range", "a day that is to come, within a year")
			}
			a.quiet = until
		}
	}
	c.details["verdict"], c.details["reason"] = string(a.Verdict), a.Reason
	return silence(c.tx, c.ws, a.ID)
}

// Track is how the alarms that were closed turned out.
type Track struct {
	True      int64          `json:"true"`
	False     int64          `json:"false"`
	Known     int64          `json:"known"`
	Precision *float64       `json:"precision" doc:"Share of closed alarms behind which there was something, known or not; null before the first"`
	Interval  *stat.Interval `json:"interval,omitempty"`
}

// Track counts the verdicts of the last year.
func (s *Service) Track(ctx context.Context, ws identity.WorkspaceID) (t Track, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		type row struct {
			verdict Verdict
			n       int64
		}
		list, err := store.All(tx, func(sc store.Scanner) (r row, err error) { return r, sc.Scan(&r.verdict, &r.n) },
			"/* alert.Track */ SELECT verdict, count(*) FROM alert WHERE workspace = $1 AND kind = 'alarm' AND state = 'closed' AND closed_at >= $2 GROUP BY verdict",
			string(ws), tx.Now.AddDate(-1, 0, 0).UnixMilli())
		t = Track{}
		for _, r := range list {
			switch r.verdict {
			case True:
				t.True = r.n
			case False:
				t.False = r.n
			case Known:
				t.Known = r.n
			}
		}
		return err
	})
	if n := t.True + t.False + t.Known; err == nil && n > 0 {
		share := float64(t.True+t.Known) / float64(n)
		t.Precision = &share
		if i, err := stat.Wilson(t.True+t.Known, n, stat.DefaultLevel); err == nil {
			t.Interval = &i
		}
	}
	return t, fault.Wrap("alert.Track", err)
}

// Series is one series as the last look found it.
type Series struct {
	Subject  Subject `json:"subject"`
	Key      string  `json:"key"`
	Bucket   string  `json:"bucket" enum:"week,day"`
	State    string  `json:"state" enum:"watched,learning,blank"`
	Day      string  `json:"day" doc:"Last day of its latest period"`
	Observed float64 `json:"observed"`
	Expected float64 `json:"expected"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	P        float64 `json:"p"`
	Q        float64 `json:"q"`
	Rate     float64 `json:"rate" doc:"Its share of the budget: chance of a false signal a period and rule"`
}

// Series lists what is watched, by how unusual its latest period is; after skips that many.
func (s *Service) Series(ctx context.Context, ws identity.WorkspaceID, after, limit int) (list []Series, more bool, err error) {
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 1000)
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, func(sc store.Scanner) (x Series, err error) {
			var at clock.Day
			if err := sc.Scan(&x.Key, &x.Bucket, &x.State, &at, &x.Observed, &x.Expected, &x.Low, &x.High, &x.P, &x.Q, &x.Rate); err != nil {
				return x, err
			}
			x.Day = at.String()
			x.Subject, err = ParseSubject(x.Key)
			return x, err
		}, `/* alert.Series */ SELECT subject, bucket, state, day, observed, expected, low, high, p, q, rate FROM alert_series WHERE workspace = $1
			ORDER BY p, subject, bucket LIMIT $2 OFFSET $3`, string(ws), limit+1, max(0, after))
		return err
	})
	if len(list) > limit {
		list, more = list[:limit], true
	}
	return list, more, fault.Wrap("alert.Series", err)
}

// Today is the day in the zone of a workspace, which tells what is snoozed.
func (s *Service) Today(w identity.Workspace, now time.Time) clock.Day { return today(now, w) }
