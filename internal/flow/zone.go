package flow

import (
	"context"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/event"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
)

const (
	rezoneRows = 1000   // in a transaction
	rezoneLead = 20_000 // changes that the columns may lack: what comes in must not wait behind a million old ones
)

// rezoned is how far a workspace's rows have been numbered anew.
type rezoned struct {
	Stream int   `json:"stream"` // feedback, then events
	After  int64 `json:"after"`
	UpTo   int64 `json:"up_to"` // 0: to be asked
	Done   int64 `json:"done"`
}

// rezone numbers all that a workspace has anew, so that the columns take it again with the days of its zone. What comes in meanwhile has them already.
func (f *Flow) rezone(ctx context.Context, run *job.Run) error {
	const op = "flow.rezone"
	ws := identity.WorkspaceID(run.Workspace)
	streams := f.streams()
	var at rezoned
	if _, err := run.Load(&at); err != nil {
		return err
	}
	for at.Stream < len(streams) {
		stream := streams[at.Stream]
		if at.UpTo == 0 {
			var err error
			if at.UpTo, err = stream.settled(ctx); err != nil {
				return fault.Wrap(op, err)
			}
		}
		if err := f.followed(ctx, run, stream, rezoneLead); err != nil {
			return err
		}
		next := at
		if err := f.Store.Update(ctx, func(tx *store.Tx) error {
			last, n, err := stream.next(tx, ws, at.After, at.UpTo, rezoneRows)
			if err != nil {
				return err
			}
			next = rezoned{Stream: at.Stream, After: last, UpTo: at.UpTo, Done: at.Done + int64(n)}
			if n == 0 {
				next = rezoned{Stream: at.Stream + 1, Done: at.Done}
			}
			return run.Save(tx, job.Progress{Done: next.Done}, next)
		}); err != nil {
			return fault.Wrap(op, err)
		}
		at = next
	}
	// Only what the columns have is counted anew: until then the pages say that it is not.
	for _, stream := range streams {
		if err := f.followed(ctx, run, stream, 0); err != nil {
			return err
		}
	}
	return nil
}

// rowStream is one kind of rows that the columns follow.
type rowStream struct {
	name    string
	settled func(context.Context) (int64, error)
	next    func(tx *store.Tx, ws identity.WorkspaceID, after, upTo int64, most int) (int64, int, error)
}

func (f *Flow) streams() []rowStream {
	return []rowStream{{"feedback", f.Feedback.Settled, feedback.TouchNext}, {"event", f.Events.Settled, event.TouchNext}}
}

// followed waits until the columns lack no more than some of the changes that there are now.
func (f *Flow) followed(ctx context.Context, run *job.Run, stream rowStream, lead int64) error {
	const op = "flow.followed"
	upTo, err := stream.settled(ctx)
	if err != nil {
		return fault.Wrap(op, err)
	}
	for {
		if mark, err := f.Columns.Watermark(ctx, stream.name); err != nil || upTo-mark <= lead {
			return fault.Wrap(op, err)
		}
		if err := run.Wait(ctx, 200*time.Millisecond); err != nil {
			return err
		}
	}
}
