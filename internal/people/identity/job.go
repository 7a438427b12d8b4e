package identity

import (
	"context"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
)

const sweepKind job.Kind = "identity.sweep"

// RezoneKind is the kind of the job that a workspace's new time zone asks for: whoever keeps its days counts them anew. While it runs,
// some days are still those of the zone before.
const RezoneKind job.Kind = "workspace.rezone"

func rezone(tx *store.Tx, ws WorkspaceID) error {
	_, err := job.Enqueue(tx, job.Spec{Workspace: string(ws), Kind: RezoneKind, Key: "rezone", Again: true})
	return err
}

// Rezoning tells whether days of a workspace are being counted anew, or soon will be, because its time zone has changed.
func (s *Service) Rezoning(ctx context.Context, ws WorkspaceID) (bool, error) {
	var list []job.Job
	err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, _, err = job.List(tx, string(ws), job.Filter{Kinds: []job.Kind{RezoneKind}, States: []job.State{job.Queued, job.Running}, Limit: 1})
		return err
	})
	return len(list) > 0, fault.Wrap("identity.Rezoning", err)
}

// Handle has a runner sweep once an hour.
func (s *Service) Handle(r *job.Runner) {
	r.Handle(sweepKind, func(ctx context.Context, _ *job.Run) error { return s.Sweep(ctx) })
	r.Every(sweepKind, time.Hour)
}
