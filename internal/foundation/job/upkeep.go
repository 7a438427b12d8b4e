package job

import (
	"context"
	"errors"
	"strconv"
	"time"

	"kolo/internal/foundation/store"
)

// beats keeps this worker's jobs its own while it runs any, and hears when one of them is cancelled.
func (r *Runner) beats(ctx context.Context) {
	heard, deaf := r.db.Listen(stopTopic)
	defer deaf()
	tick := time.NewTicker(min(r.o.Poll, r.o.Lease/6, 500*time.Millisecond))
	defer tick.Stop()
	renewed := time.Now() // a claim renews too
	for {
		select {
		case <-ctx.Done():
			return
		case <-heard:
		case <-tick.C:
		}
		ids := r.mine()
		if len(ids) == 0 {
			renewed = time.Now()
			continue
		}
		err := r.look(ctx, ids)
		if err == nil && time.Since(renewed) > r.o.Lease/3 {
			if err = r.db.Claim(ctx, r.renew); err == nil {
				renewed = time.Now()
			}
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			r.log.ErrorContext(ctx, "the claims on jobs cannot be renewed", "error", err)
		}
		if time.Since(renewed) > r.o.Lease { // others may have taken over: what these do is void, so spare it
			r.interrupt(ErrLost)
		}
	}
}

func (r *Runner) mine() []ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := make([]ID, 0, len(r.running))
	for c := range r.running {
		ids = append(ids, c.run.ID)
	}
	return ids
}

// look ends the contexts of jobs that were cancelled or taken over.
func (r *Runner) look(ctx context.Context, ids []ID) error {
	var jobs []Job
	if err := r.db.View(ctx, func(tx *store.Tx) (err error) {
		jobs, err = store.All(tx, scanJob, "/* job.look */ "+selectJob+" WHERE id IN "+store.In(0, len(ids)), store.Anys(ids)...)
		return err
	}); err != nil {
		return err
	}
	now := map[ID]Job{}
	for _, j := range jobs {
		now[j.ID] = j
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.running {
		j, ok := now[c.run.ID]
		switch {
		case !ok || c.run.Attempt > j.Attempt: // claimed since we asked
		case c.run.Attempt < j.Attempt, j.State != Running && !c.run.finishing.Load():
			c.end(ErrLost)
		case j.Stopping:
			c.end(ErrCancelled)
		}
	}
	return nil
}

// maxDeaths is how many workers a job may take with it, one after the other and without having got anywhere, before it is
// given up: it may be what kills them.
const maxDeaths = 25

// takeOver puts back into the queue what dead workers ran, and what this one claimed without learning of it.
func (r *Runner) takeOver(ctx context.Context) error {
	r.claiming.Lock()
	defer r.claiming.Unlock()
	ids := r.mine()
	const orphans = ` FROM job WHERE state = 'running' AND (worker <> $1
		AND NOT EXISTS (SELECT 1 FROM job_worker w WHERE w.id = job.worker AND w.until > $2) OR worker = $1 AND id NOT IN `
	args := func(tx *store.Tx) []any { return append([]any{r.id, tx.Millis()}, store.Anys(ids)...) }
	mine := store.In(2, len(ids)) + ")"
	if len(ids) == 0 {
		mine = "(''))"
	}
	found := false
	if err := r.db.View(ctx, func(tx *store.Tx) error {
		some, err := store.All(tx, store.Value[string], "/* job.takeOver */ SELECT id"+orphans+mine+" LIMIT 1", args(tx)...)
		found = len(some) > 0
		return err
	}); err != nil || !found {
		return err
	}
	var taken []Job
	if err := r.db.Claim(ctx, func(tx *store.Tx) (err error) {
		taken, err = store.All(tx, scanJob, "/* job.takeOver */ WITH picked AS MATERIALIZED (SELECT id"+orphans+mine+tx.SkipLocked()+`)
			UPDATE job SET worker = '', deaths = deaths + 1,
				state = CASE WHEN cancel = 1 AND again = 0 THEN 'cancelled' WHEN deaths >= `+strconv.Itoa(maxDeaths)+` THEN 'failed' ELSE 'queued' END,
				finished_at = CASE WHEN cancel = 1 AND again = 0 OR deaths >= `+strconv.Itoa(maxDeaths)+` THEN $2 ELSE 0 END,
				run_at = $2 + CASE WHEN deaths = 0 THEN 0 WHEN deaths < 8 THEN deaths * 1000 ELSE 30000 END,
				checkpoint = CASE WHEN cancel = 1 AND again = 1 THEN '' ELSE checkpoint END,
				error = CASE WHEN deaths >= `+strconv.Itoa(maxDeaths)+` THEN 'every process that ran it ended suddenly' ELSE error END,
				again = CASE WHEN cancel = 1 THEN 0 ELSE again END, cancel = 0
			WHERE id IN (SELECT id FROM picked) RETURNING `+jobColumns, args(tx)...)
		return err
	}); err != nil {
		return err
	}
	for _, j := range taken {
		r.log.WarnContext(ctx, "a job was taken over from a worker that is gone", "job", j.ID, "kind", j.Kind, "workspace", j.Workspace, "attempt", j.Attempt)
	}
	return nil
}

// period is a kind that is enqueued again and again.
type period struct {
	interval time.Duration
	next     time.Time // not before this; known to be so in the database
}

// schedule enqueues the periodic kinds whose time has come, and tells how long to wait for the next.
func (r *Runner) schedule(ctx context.Context) (time.Duration, error) {
	r.mu.Lock()
	periods := make(map[Kind]period, len(r.periods))
	for kind, p := range r.periods {
		periods[kind] = *p
	}
	r.mu.Unlock()
	wait := r.o.Poll
	for kind, p := range periods {
		now := r.db.Clock().Now()
		if !p.next.After(now) {
			next, err := r.period(ctx, kind, p.interval)
			if err != nil {
				return 0, err
			}
			r.mu.Lock()
			r.periods[kind].next = next
			r.mu.Unlock()
			p.next = next
		}
		wait = min(wait, p.next.Sub(now))
	}
	return wait, nil
}

// period enqueues a periodic job if no process has done so for the present interval, and tells when the next is due.
func (r *Runner) period(ctx context.Context, kind Kind, interval time.Duration) (time.Time, error) {
	var next time.Time
	err := r.db.Claim(ctx, func(tx *store.Tx) error {
		next = tx.Now.Truncate(interval).Add(interval)
		// A next_at too far ahead is from a longer interval, before the program changed.
		n, err := tx.Exec(`/* job.period */ INSERT INTO job_periodic (kind, next_at) VALUES ($1, $2)
			ON CONFLICT (kind) DO UPDATE SET next_at = excluded.next_at WHERE job_periodic.next_at <= $3 OR job_periodic.next_at > $4`,
			string(kind), next.UnixMilli(), tx.Millis(), tx.Now.Add(interval).UnixMilli())
		if err != nil || n == 0 {
			return err
		}
		_, err = Enqueue(tx, Spec{Kind: kind, Key: periodicKey})
		return err
	})
	return next, err
}

const (
	cleanKind   = Kind("job.clean")
	periodicKey = "periodic"
)

// clean deletes what finished long ago: periodic jobs after a day, there are many; the others after Options.Keep.
func (r *Runner) clean(ctx context.Context, run *Run) error {
	for _, sweep := range []struct {
		query  string
		before time.Duration
	}{
		{"DELETE FROM job WHERE id IN (SELECT id FROM job WHERE finished_at > 0 AND finished_at < $1 LIMIT 1000)", r.o.Keep},
		{`DELETE FROM job WHERE id IN (SELECT id FROM job WHERE finished_at > 0 AND finished_at < $1
			AND workspace = '' AND unique_key = '` + periodicKey + `' LIMIT 1000)`, 24 * time.Hour},
		{"DELETE FROM job_worker WHERE until < $1 AND id NOT IN (SELECT worker FROM job WHERE state = 'running')", 24 * time.Hour},
	} {
		for n := int64(1); n > 0; {
			if err := r.db.Claim(ctx, func(tx *store.Tx) (err error) {
				n, err = tx.Exec("/* job.clean */ "+sweep.query, tx.Now.Add(-sweep.before).UnixMilli())
				return err
			}); err != nil {
				return err
			}
		}
	}
	return nil
}
