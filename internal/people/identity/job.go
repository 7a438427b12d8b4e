package identity

import (
	"context"
	"time"

	"kolo/internal/foundation/job"
)

const sweepKind job.Kind = "identity.sweep"

// Handle has a runner sweep once an hour.
func (s *Service) Handle(r *job.Runner) {
	r.Handle(sweepKind, func(ctx context.Context, _ *job.Run) error { return s.Sweep(ctx) })
	r.Every(sweepKind, time.Hour)
}
