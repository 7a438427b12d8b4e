package job

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
)

// Run is one attempt at a job, in the hands of its handler.
type Run struct {
	Job
	db        *store.DB
	stopping  <-chan struct{}
	finishing atomic.Bool // Finish was called, in a transaction that may have been committed
}

// Progress is how far a job has come, for people: Done of Total units, Total 0 while unknown.
type Progress struct {
	Done, Total int64
	Note        string
}

// Stopping is closed when the runner begins to stop. A long handler that has just saved may return ErrStopped then, rather
// than be interrupted at the end of the grace time.
func (r *Run) Stopping() <-chan struct{} { return r.stopping }

// Wait waits, unless the runner begins to stop (ErrStopped) or ctx ends.
func (r *Run) Wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-r.stopping:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Args reads the payload into v.
func (r *Run) Args(v any) error {
	if err := json.Unmarshal(r.Job.Payload, v); err != nil {
		return Fatal(fmt.Errorf("payload of %s: %w", r.Kind, err))
	}
	return nil
}

// Load reads the checkpoint of the attempt before into v. It gives false, and leaves v alone, when there is none.
func (r *Run) Load(v any) (bool, error) {
	if len(r.Job.Checkpoint) == 0 {
		return false, nil
	}
	if err := json.Unmarshal(r.Job.Checkpoint, v); err != nil {
		return false, Fatal(fmt.Errorf("checkpoint of %s: %w", r.Kind, err))
	}
	return true, nil
}

// Save writes the progress, and the checkpoint to go on from (nil keeps the one there is), in the transaction that does the
// work. It fails with ErrLost, and so must the transaction, when the job is no longer this worker's.
func (r *Run) Save(tx *store.Tx, p Progress, checkpoint any) error {
	if checkpoint == nil {
		return r.guarded(tx, "job.Save", progressSet, p.Done, p.Total, p.Note)
	}
	text, err := json.Marshal(checkpoint)
	if err != nil {
		return Fatal(fmt.Errorf("checkpoint of %s: %w", r.Kind, err))
	}
	// A job that gets somewhere is not what kills its workers.
	return r.guarded(tx, "job.Save", progressSet+", checkpoint = $6, deaths = CASE WHEN checkpoint = $6 THEN deaths ELSE 0 END",
		p.Done, p.Total, p.Note, string(text))
}

const progressSet = "done = $3, total = $4, note = $5"

// Report writes the progress in a transaction of its own.
func (r *Run) Report(ctx context.Context, p Progress) error {
	return r.db.Claim(ctx, func(tx *store.Tx) error {
		return r.guarded(tx, "job.Report", progressSet, p.Done, p.Total, p.Note)
	})
}

// Finish ends the job in the transaction that does the last of its work, so that this work is never done twice. The handler
// returns nil after it. It fails as Save does.
func (r *Run) Finish(tx *store.Tx) error {
	r.finishing.Store(true)
	return r.guarded(tx, "job.Finish", ended(Done), tx.Millis(), "")
}

// ended is the SET of a job that ends at $3 with the error $4, or runs once more from the beginning when somebody asked for
// that meanwhile.
func ended(state State) string {
	word, failures := "'"+string(state)+"'", "failures"
	if state == Failed {
		failures = "failures + 1"
		word = "CASE WHEN cancel = 1 THEN 'cancelled' ELSE 'failed' END"
	}
	return "state = CASE WHEN again = 1 THEN 'queued' ELSE " + word + ` END, finished_at = CASE WHEN again = 1 THEN 0 ELSE CAST($3 AS BIGINT) END,
		run_at = CASE WHEN again = 1 THEN $3 ELSE run_at END, checkpoint = CASE WHEN again = 1 THEN '' ELSE checkpoint END,
		error = $4, failures = CASE WHEN again = 1 THEN 0 ELSE ` + failures + ` END, deaths = 0, again = 0, cancel = 0, worker = ''`
}

// queuedSet puts a job back into the queue at $3, with the error $4 and the number of failures $5, unless it was cancelled.
// A wish to run it again stands until it ends.
const queuedSet = `state = CASE WHEN cancel = 1 AND again = 0 THEN 'cancelled' ELSE 'queued' END, run_at = $3, error = $4, failures = $5,
	finished_at = CASE WHEN cancel = 1 AND again = 0 THEN CAST($6 AS BIGINT) ELSE 0 END, checkpoint = CASE WHEN cancel = 1 AND again = 1 THEN '' ELSE checkpoint END,
	again = CASE WHEN cancel = 1 THEN 0 ELSE again END, cancel = 0, worker = ''`

// guarded changes the job's row if this attempt still holds it.
func (r *Run) guarded(tx *store.Tx, name, set string, args ...any) error {
	n, err := tx.Exec("/* "+name+" */ UPDATE job SET "+set+" WHERE id = $1 AND attempt = $2 AND state = 'running'",
		append([]any{string(r.ID), r.Attempt}, args...)...)
	if err == nil && n == 0 {
		err = &fault.Error{Kind: fault.Conflict, Op: name, Msg: "the job is no longer this worker's", Err: ErrLost}
	}
	return err
}
