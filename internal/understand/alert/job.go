package alert

import (
	"context"
	"errors"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

const (
	tickKind job.Kind = "alert.tick"
	lookKind job.Kind = "alert.look"

	tickEvery = 10 * time.Minute
	waitFor   = 30 * time.Second
)

// emptyPause is how long a workspace with nothing to watch is left alone: who is just moving in waits no longer for the first look.
const emptyPause = 2 * time.Hour

// Handle has a runner look at every workspace as soon as a day is complete.
func (s *Service) Handle(r *job.Runner) {
	r.Handle(tickKind, s.tick)
	r.Handle(lookKind, s.lookJob, job.AtMost(1))
	r.Every(tickKind, tickEvery)
}

func enqueue(tx *store.Tx, ws identity.WorkspaceID) error {
	_, err := job.Enqueue(tx, job.Spec{Workspace: string(ws), Kind: lookKind, Key: string(lookKind), Again: true})
	return err
}

// tick asks for a look at the workspaces of which a complete day was not looked at.
func (s *Service) tick(ctx context.Context, run *job.Run) error {
	const op = "alert.tick"
	now := s.db.Clock().Now()
	var list []identity.Workspace
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = identity.AllWorkspaces(tx)
		return err
	}); err != nil {
		return fault.Wrap(op, err)
	}
	for _, w := range list {
		if err := s.db.Update(ctx, func(tx *store.Tx) error {
			x, err := readWatch(tx, w.ID)
			if err != nil {
				return err
			}
			if x.Report.Series == 0 && now.Sub(x.looked) < emptyPause {
				return nil // there was nothing to see a moment ago
			}
			hold, err := held(tx, w.ID, x.Settings)
			if err != nil || x.day >= today(now, w)-1-clock.Day(hold) {
				return err
			}
			return enqueue(tx, w.ID)
		}); err != nil {
			return fault.Wrap(op, err)
		}
	}
	return nil
}

// place is what a look waits for.
type place struct {
	UpTo int64 `json:"up_to"` // change that the columns must hold
}

var errNotYet = errors.New("the columns are behind, or something is still on its way into them")

// lookJob looks at a workspace, once everything that was there when it was asked to has come into the columns, and nothing is being
// read anew: counts of which a part was read by another model than the rest are no series.
func (s *Service) lookJob(ctx context.Context, run *job.Run) error {
	const op = "alert.look"
	ws := identity.WorkspaceID(run.Workspace)
	var at place
	known, err := run.Load(&at)
	if err != nil {
		return err
	}
	if !known {
		if at.UpTo, err = s.db.Settled(ctx, "feedback"); err != nil {
			return fault.Wrap(op, err)
		}
		if err := s.db.Update(ctx, func(tx *store.Tx) error { return run.Save(tx, job.Progress{}, at) }); err != nil {
			return err
		}
	}
	busy := false
	if err := s.db.View(ctx, func(tx *store.Tx) error {
		if len(s.after) == 0 {
			return nil
		}
		list, _, err := job.List(tx, run.Workspace, job.Filter{Kinds: s.after, States: []job.State{job.Queued, job.Running}, Limit: 1})
		busy = len(list) > 0
		return err
	}); err != nil {
		return fault.Wrap(op, err)
	}
	ready, err := s.insight.CaughtUp(ctx, at.UpTo)
	if err != nil {
		return fault.Wrap(op, err)
	}
	if busy || !ready {
		return job.After(waitFor, errNotYet)
	}
	_, err = s.Look(ctx, ws, s.db.Clock().Now(), run.Finish)
	return err
}
