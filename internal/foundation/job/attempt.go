package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/telemetry"
)

// start runs a claimed job in a goroutine. The caller holds mu.
func (r *Runner) start(ctx context.Context, j Job) {
	ctx, end := context.WithCancelCause(telemetry.With(ctx,
		slog.String("job", string(j.ID)), slog.String("kind", string(j.Kind)), slog.String("workspace", j.Workspace), slog.Int("attempt", j.Attempt)))
	c := &claimed{run: &Run{Job: j, db: r.db, stopping: r.stopping}, end: end}
	h := r.handlers[j.Kind]
	h.running++
	r.running[c] = true
	r.work.Go(func() {
		began := r.db.Clock().Now()
		err := call(ctx, h.fn, c.run)
		outcome := r.end(ctx, c.run, err)
		end(nil)
		r.mu.Lock()
		delete(r.running, c)
		h.running--
		r.mu.Unlock()
		select {
		case r.freed <- struct{}{}:
		default:
		}
		r.o.Observe(string(j.Kind), outcome, began.Sub(j.RunAt), r.db.Clock().Now().Sub(began))
	})
}

func call(ctx context.Context, fn Handler, run *Run) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return fn(ctx, run)
}

// end writes what became of an attempt, and says it in a word.
func (r *Runner) end(ctx context.Context, run *Run, err error) string {
	cause := context.Cause(ctx)
	ctx = context.WithoutCancel(ctx) // the end is written all the same
	if errors.Is(cause, ErrLost) || errors.Is(err, ErrLost) {
		r.log.WarnContext(ctx, "the claim on a job was lost")
		return "lost"
	}
	now := r.db.Clock().Now()
	failures := run.Failures
	var set, outcome string
	var args []any
	var wait *after
	switch {
	case err == nil:
		outcome, set, args = "done", ended(Done), []any{now.UnixMilli(), ""}
	case errors.Is(cause, ErrCancelled):
		outcome, set, args = "cancelled", ended(Cancelled), []any{now.UnixMilli(), ""}
	case errors.Is(cause, ErrStopped) || errors.Is(err, ErrStopped):
		outcome, set, args = "retry", queuedSet, []any{now.UnixMilli(), "", failures, now.UnixMilli()}
	case errors.As(err, &wait):
		outcome, set, args = "retry", queuedSet, []any{now.Add(wait.wait).UnixMilli(), shown(wait.err), failures, now.UnixMilli()}
	case permanent(err) || failures+1 >= run.Max:
		outcome, set, args = "failed", ended(Failed), []any{now.UnixMilli(), shown(err)}
		r.log.ErrorContext(ctx, "a job failed", "error", err)
	default:
		failures++
		in := r.o.Backoff(failures)
		outcome, set, args = "retry", queuedSet, []any{now.Add(in).UnixMilli(), shown(err), failures, now.UnixMilli()}
		r.log.WarnContext(ctx, "a job is tried again", "error", err, "in", in)
	}
	// The row must not wait for a lease to end because the database was away for a moment.
	for try := range 6 {
		if err = r.db.Claim(ctx, func(tx *store.Tx) error {
			return run.guarded(tx, "job.end", set, args...)
		}); err == nil || errors.Is(err, ErrLost) {
			break // lost is no news here: Run.Finish may have ended it
		}
		pause := time.NewTimer(100 * time.Millisecond << try)
		<-pause.C
	}
	switch {
	case errors.Is(err, ErrLost) && !run.finishing.Load():
		return "lost"
	case err != nil && !errors.Is(err, ErrLost):
		r.log.ErrorContext(ctx, "the end of a job could not be written; it will be taken over", "error", err)
		return "lost"
	}
	return outcome
}

// shown is the text of an error that a page may show. The log has the rest.
func shown(err error) string {
	if err == nil {
		return ""
	}
	p := fault.ProblemOf(err)
	if p.Detail == "" {
		return p.Title
	}
	for _, f := range p.Errors {
		p.Detail += "; " + f.Path + ": " + f.Msg
	}
	return p.Detail
}
