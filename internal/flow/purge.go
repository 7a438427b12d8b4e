package flow

import (
	"context"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/event"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

const (
	purgeJob job.Kind = "flow.purge"

	// purgeAfter is how long erasures gather: the columns are written anew for all of them together.
	purgeAfter = 10 * time.Minute
)

// PurgeLater has what was erased with a contact removed from the files of the databases, too. Register it with contact.Service.OnErase.
func PurgeLater(tx *store.Tx, _ identity.WorkspaceID, _ contact.ID) error {
	_, err := job.Enqueue(tx, job.Spec{Kind: purgeJob, Key: "purge", RunAt: tx.Now.Add(purgeAfter), Again: true})
	return err
}

// purge waits until the columns have followed what was erased, and then leaves nothing of it in their files and in the log of the rows.
// No question sees it any more long before.
func (f *Flow) purge(ctx context.Context, run *job.Run) error {
	const op = "flow.purge"
	for _, stream := range f.streams() {
		if err := f.followed(ctx, run, stream, 0); err != nil {
			return err
		}
	}
	tables := []string{event.Table().Name}
	for _, t := range insight.Tables() {
		tables = append(tables, t.Name)
	}
	if err := f.Columns.Purge(ctx, tables...); err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, f.Store.Purge(ctx))
}

// PurgeRemoved is PurgeLater for feedback that was removed. Register it with feedback.Service.OnRemove.
func PurgeRemoved(tx *store.Tx, ws identity.WorkspaceID, _ []feedback.ID) error {
	return PurgeLater(tx, ws, "")
}
