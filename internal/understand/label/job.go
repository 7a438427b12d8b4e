package label

import (
	"context"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
)

// RereadKind is the kind of the job that reads a workspace's texts again: while it runs, some were read by another model than the rest.
const RereadKind job.Kind = "label.reread"

const (
	upgradeKind job.Kind = "label.upgrade"

	rereadRows = 1000   // in a transaction
	rereadLead = 20_000 // changes that may wait to be read: the intake's own must not wait behind a million old ones
)

// Handle has a runner read texts again when what reads them has changed.
func (s *Service) Handle(r *job.Runner) {
	r.Handle(RereadKind, s.reread, job.AtMost(1))
	r.Handle(upgradeKind, s.upgrade)
	r.Every(upgradeKind, time.Hour)
}

// Reread asks for all texts of a workspace that another version of its reader has read to be read again, in the background.
func Reread(tx *store.Tx, ws identity.WorkspaceID) error {
	_, err := job.Enqueue(tx, job.Spec{Workspace: string(ws), Kind: RereadKind, Key: "reread", Again: true})
	return err
}

// Rereading tells whether texts of a workspace are being read again, or soon will be, because what reads them has changed.
func (s *Service) Rereading(ctx context.Context, ws identity.WorkspaceID) (bool, error) {
	var list []job.Job
	err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, _, err = job.List(tx, string(ws), job.Filter{Kinds: []job.Kind{RereadKind}, States: []job.State{job.Queued, job.Running}, Limit: 1})
		return err
	})
	return len(list) > 0, fault.Wrap("label.Rereading", err)
}

// Workspaces are those that have texts which were read.
func Workspaces(tx *store.Tx) ([]identity.WorkspaceID, error) {
	return store.All(tx, store.Value[identity.WorkspaceID], "/* label.Workspaces */ SELECT workspace FROM label_reader ORDER BY workspace")
}

type rereadPlace struct {
	After feedback.ID `json:"after"`
	Done  int64       `json:"done"`
}

func (s *Service) reread(ctx context.Context, run *job.Run) error {
	const op = "label.reread"
	ws := identity.WorkspaceID(run.Workspace)
	r, err := s.readers.For(ctx, ws)
	if err != nil {
		return fault.Wrap(op, err)
	}
	model := r.Model()
	var at rereadPlace
	if _, err := run.Load(&at); err != nil {
		return err
	}
	var total int64
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		total, err = store.One(tx, store.Value[int64], "/* label.reread */ SELECT count(*) FROM label WHERE workspace = $1 AND feedback > $2 AND model <> $3", string(ws), string(at.After), model)
		return err
	}); err != nil {
		return fault.Wrap(op, err)
	}
	total += at.Done
	for {
		if err := s.follow(ctx, run); err != nil {
			return err
		}
		more, next := false, at
		if err := s.db.Update(ctx, func(tx *store.Tx) error {
			next = at // the transaction may run twice
			ids, err := store.All(tx, store.Value[feedback.ID], "/* label.reread */ SELECT feedback FROM label WHERE workspace = $1 AND feedback > $2 AND model <> $3 ORDER BY feedback LIMIT $4",
				string(ws), string(at.After), model, rereadRows)
			if err != nil {
				return err
			}
			if more = len(ids) > 0; !more {
				if _, err := tx.Exec(`/* label.reread */ INSERT INTO label_reader (workspace, model) VALUES ($1, $2) ON CONFLICT (workspace) DO UPDATE SET model = excluded.model`, string(ws), model); err != nil {
					return err
				}
				return run.Finish(tx)
			}
			if err := feedback.Touch(tx, ws, ids); err != nil {
				return err
			}
			next.After, next.Done = ids[len(ids)-1], at.Done+int64(len(ids))
			return run.Save(tx, job.Progress{Done: next.Done, Total: max(total, next.Done)}, next)
		}); err != nil || !more {
			return fault.Wrap(op, err)
		}
		at = next
	}
}

// follow waits until few changes wait to be read.
func (s *Service) follow(ctx context.Context, run *job.Run) error {
	for {
		settled, err := s.feedback.Settled(ctx)
		if err != nil {
			return err
		}
		at, err := s.UpTo(ctx)
		if err != nil || settled-at <= rereadLead {
			return err
		}
		if err := run.Wait(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}

// upgrade asks for texts to be read again where the reader of a workspace is not the one that read them: Kolo came with new
// models, or what was asked for got lost.
func (s *Service) upgrade(ctx context.Context, _ *job.Run) error {
	const op = "label.upgrade"
	var list []identity.WorkspaceID
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = Workspaces(tx)
		return err
	}); err != nil {
		return fault.Wrap(op, err)
	}
	for _, ws := range list {
		r, err := s.readers.For(ctx, ws)
		if err != nil {
			return fault.Wrap(op, err)
		}
		if err := s.db.Update(ctx, func(tx *store.Tx) error {
			was, err := store.One(tx, store.Value[string], "/* label.upgrade */ SELECT model FROM label_reader WHERE workspace = $1", string(ws))
			if err != nil || was == r.Model() {
				return err
			}
			return Reread(tx, ws)
		}); err != nil {
			return fault.Wrap(op, err)
		}
	}
	return nil
}
