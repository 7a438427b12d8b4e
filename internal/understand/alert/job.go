package alert

import (
	"context"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
)

const (
	tickKind job.Kind = "alert.tick"
	lookKind job.Kind = "alert.look"

	tickEvery = time.Minute // it reads next to nothing where nothing is due, and who is just moving in waits no longer for the first look
	waitFor   = 30 * time.Second

	// emptyPause is how long a workspace is left alone in which a look found nothing to watch, though there is a complete day: what is there
	// is from long ago.
	emptyPause = 2 * time.Hour
)

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
	var due []identity.WorkspaceID
	if err := s.db.View(ctx, func(tx *store.Tx) error {
		due = nil
		list, err := identity.AllWorkspaces(tx)
		if err != nil {
			return err
		}
		watches, err := allWatches(tx)
		if err != nil {
			return err
		}
		for _, w := range list {
			x, ok := watches[w.ID]
			if !ok {
				x = unwatched()
			}
			if x.day >= today(now, w)-1 || x.looked.After(now.Add(-emptyPause)) && x.Report.Series == 0 {
				continue
			}
			hold, err := held(tx, w.ID, x.Settings)
			if err != nil {
				return err
			}
			last := today(now, w) - 1 - clock.Day(hold)
			if x.day >= last {
				continue
			}
			if x.day == 0 { // nothing was seen yet; is there something now?
				first, ok, err := feedback.Oldest(tx, w.ID)
				if err != nil {
					return err
				}
				if !ok || clock.DayOf(first, w.Location()) > last {
					continue
				}
			}
			due = append(due, w.ID)
		}
		return nil
	}); err != nil {
		return fault.Wrap(op, err)
	}
	for _, ws := range due {
		if err := s.db.Update(ctx, func(tx *store.Tx) error { return enqueue(tx, ws) }); err != nil {
			return fault.Wrap(op, err)
		}
	}
	return nil
}

// place is what a look waits for.
type place struct {
	UpTo int64 `json:"up_to"` // change that the columns must hold; 0 while it is not known
}

// What a look waits for, in words for who looks at the jobs: it is no failure.
var (
	errBusy   = fault.New(fault.Busy, "alert.look", "waits for an import, or for texts that are being read anew, to end; then it looks")
	errBehind = fault.New(fault.Busy, "alert.look", "waits for the latest feedback to come into the figures; then it looks")
)

// lookJob looks at a workspace, once everything that was there when it was asked to has come into the columns, and nothing is being
// read anew: counts of which a part was read by another model than the rest are no series.
func (s *Service) lookJob(ctx context.Context, run *job.Run) error {
	const op = "alert.look"
	ws := identity.WorkspaceID(run.Workspace)
	var at place
	if _, err := run.Load(&at); err != nil {
		return err
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
	keep := func(upTo int64) error {
		if at.UpTo == upTo {
			return nil
		}
		at.UpTo = upTo
		return s.db.Update(ctx, func(tx *store.Tx) error { return run.Save(tx, job.Progress{}, at) })
	}
	if busy { // what it brings in is waited for, too
		if err := keep(0); err != nil {
			return err
		}
		return job.After(waitFor, errBusy)
	}
	if at.UpTo == 0 {
		settled, err := s.db.Settled(ctx, "feedback")
		if err != nil {
			return fault.Wrap(op, err)
		}
		if err := keep(settled); err != nil {
			return err
		}
	}
	ready, err := s.insight.CaughtUp(ctx, at.UpTo)
	if err != nil {
		return fault.Wrap(op, err)
	}
	if !ready {
		return job.After(waitFor, errBehind)
	}
	_, err = s.Look(ctx, ws, s.db.Clock().Now(), run.Finish)
	return err
}
