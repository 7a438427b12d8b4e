// Package job does work in the background that survives restarts: a job is a row, inserted in the transaction of the
// change that asks for it, and run by any process that handles its kind.
//
// A job runs at least once. What it does through transactions that call Run.Save or Run.Finish happens exactly once: these
// write nothing for a worker that has lost its claim, and a later attempt goes on from the last checkpoint.
package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
)

// ID names a job: a UUIDv7.
type ID string

// Kind names what sort of work a job is: "import.run".
type Kind string

// State is where a job stands.
type State string

// The states. Done, Failed and Cancelled jobs are finished; Resume brings the last two back.
const (
	Queued    State = "queued"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Finished tells whether the job has ended, in whatever way.
func (s State) Finished() bool { return s == Done || s == Failed || s == Cancelled }

// DefaultAttempts is how often a job is tried unless its Spec says otherwise: a little over an hour in all.
const DefaultAttempts = 12

// Spec asks for a job.
type Spec struct {
	Workspace   string    // "" for work of the installation itself
	Kind        Kind      // required
	Key         string    // at most one unfinished job of the kind in the workspace has it; "" for any number
	Payload     []byte    // JSON of ids, never of content; nil for none
	RunAt       time.Time // not before this; zero for at once
	MaxAttempts int       // DefaultAttempts when 0

	// Again matters when a job with the same Key is running already: it may have read before this change, so it runs once
	// more, from the beginning, after it ends. Without it the running job is taken to cover the change.
	Again bool
}

// What the store announces to the runners of this process.
const (
	topic     = "job"      // there is a job to run
	stopTopic = "job.stop" // a running job was cancelled
)

// Enqueue inserts a job that exists once the transaction commits; runners of this process then wake at once. When an
// unfinished job has the same key, none is made and that one's id is returned.
func Enqueue(tx *store.Tx, s Spec) (ID, error) {
	if s.Kind == "" {
		return "", errors.New("job.Enqueue: a job needs a kind")
	}
	if s.Payload == nil {
		s.Payload = []byte("{}")
	}
	if !json.Valid(s.Payload) {
		return "", fmt.Errorf("job.Enqueue: the payload of %s is not JSON", s.Kind)
	}
	if s.RunAt.IsZero() {
		s.RunAt = tx.Now
	}
	if s.MaxAttempts <= 0 {
		s.MaxAttempts = DefaultAttempts
	}
	made := ID(id.New(tx.Now))
	n, err := tx.Exec(`/* job.Enqueue */ INSERT INTO job (id, workspace, kind, unique_key, state, payload, run_at, attempt, failures, deaths,
			max_attempts, worker, cancel, again, done, total, note, checkpoint, error, created_at, started_at, finished_at)
		VALUES ($1, $2, $3, $4, 'queued', $5, $6, 0, 0, 0, $7, '', 0, 0, 0, 0, '', '', '', $8, 0, 0)
		ON CONFLICT (workspace, kind, unique_key) WHERE unique_key <> '' AND state IN ('queued', 'running') DO NOTHING`,
		string(made), s.Workspace, string(s.Kind), s.Key, string(s.Payload), s.RunAt.UnixMilli(), s.MaxAttempts, tx.Millis())
	if err != nil {
		return "", err
	}
	tx.Notify(topic)
	if n == 1 {
		return made, nil
	}
	old, err := store.One(tx, scanJob, "/* job.Enqueue */ "+selectJob+`
		WHERE workspace = $1 AND kind = $2 AND unique_key = $3 AND state IN ('queued', 'running')`, s.Workspace, string(s.Kind), s.Key)
	if err != nil {
		return "", err
	}
	// One that is stopping covers nothing any more.
	if old.State == Running && (s.Again || old.Stopping) {
		if _, err := tx.Exec("/* job.Enqueue */ UPDATE job SET again = 1 WHERE id = $1", string(old.ID)); err != nil {
			return "", err
		}
	}
	if old.State == Queued && s.RunAt.Before(old.RunAt) { // the more urgent of the two decides
		if _, err := tx.Exec("/* job.Enqueue */ UPDATE job SET run_at = $2 WHERE id = $1", string(old.ID), s.RunAt.UnixMilli()); err != nil {
			return "", err
		}
	}
	return old.ID, nil
}

// Cancel ends a queued job, and asks a running one to stop: its context ends within a second, wherever it runs, and it
// becomes Cancelled when its handler returns. Cancelling again does nothing; a job that ended otherwise is fault.Conflict.
func Cancel(tx *store.Tx, workspace string, job ID) error {
	j, err := Get(tx, workspace, job)
	if err != nil {
		return err
	}
	switch j.State {
	case Queued:
		_, err = tx.Exec("/* job.Cancel */ UPDATE job SET state = 'cancelled', finished_at = $2 WHERE id = $1", string(job), tx.Millis())
	case Running:
		_, err = tx.Exec("/* job.Cancel */ UPDATE job SET cancel = 1, again = 0 WHERE id = $1", string(job))
		tx.Notify(stopTopic)
	case Cancelled:
	default:
		err = fault.New(fault.Conflict, "job.Cancel", "it has ended already")
	}
	return err
}

// Resume queues a cancelled or failed job again, to go on from its checkpoint with all its attempts. One that is queued
// or running is left as it is; one that is done, still stopping, or was replaced by another, is fault.Conflict.
func Resume(tx *store.Tx, workspace string, job ID) error {
	j, err := Get(tx, workspace, job)
	if err != nil {
		return err
	}
	switch {
	case j.State == Done:
		return fault.New(fault.Conflict, "job.Resume", "it is done already")
	case j.Stopping:
		return fault.New(fault.Conflict, "job.Resume", "it is still stopping; try again in a moment")
	case !j.State.Finished():
		return nil
	}
	if j.Key != "" {
		n, err := store.One(tx, store.Value[int64], `/* job.Resume */ SELECT count(*) FROM job
			WHERE workspace = $1 AND kind = $2 AND unique_key = $3 AND state IN ('queued', 'running')`, workspace, string(j.Kind), j.Key)
		if err != nil {
			return err
		}
		if n > 0 {
			return fault.New(fault.Conflict, "job.Resume", "another job does this already")
		}
	}
	_, err = tx.Exec(`/* job.Resume */ UPDATE job SET state = 'queued', run_at = $2, failures = 0, deaths = 0, cancel = 0, error = '', finished_at = 0
		WHERE id = $1`, string(job), tx.Millis())
	tx.Notify(topic)
	return err
}

// ErrLost is what Save and Finish give to a worker whose job was taken over by another or ended meanwhile, and the cause of
// such a job's context. The handler returns; nothing it does is recorded.
var ErrLost = errors.New("the claim on the job was lost")

// ErrCancelled is the cause of the context of a job that somebody cancelled.
var ErrCancelled = errors.New("the job was cancelled")

// ErrStopped is the cause of the context of a job whose runner stops. The job returns to the queue.
var ErrStopped = errors.New("the runner stops")

// Fatal marks an error that no further attempt can mend: the job fails at once. Errors of kind fault.Invalid do so too.
func Fatal(err error) error { return &fatal{err} }

type fatal struct{ error }

func (f *fatal) Unwrap() error { return f.error }

// After asks for the job to be tried again after a while, without counting a failure: the other side said when.
// err may be nil.
func After(d time.Duration, err error) error { return &after{err, d} }

type after struct {
	err  error
	wait time.Duration
}

func (a *after) Error() string { return fmt.Sprintf("again after %v: %v", a.wait, a.err) }

func (a *after) Unwrap() error { return a.err }

func permanent(err error) bool {
	var f *fatal
	return errors.As(err, &f) || fault.Is(err, fault.Invalid)
}

// Handler does one job. Its context ends when the job is cancelled, the claim is lost, or the runner's grace is over; what
// it returns decides: nil is done, else see Fatal, After and Options.Backoff.
type Handler func(context.Context, *Run) error
