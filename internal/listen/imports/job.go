package imports

import (
	"context"
	"errors"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// The kinds of jobs.
const (
	Kind      job.Kind = "import"
	cleanKind job.Kind = "import.clean"
	eraseKind job.Kind = "import.erase"
)

// Handle has a runner do imports, two at once at most, and clean up behind them.
func (s *Service) Handle(r *job.Runner) {
	r.Handle(Kind, s.work, job.AtMost(2))
	r.Handle(TakeBackKind, s.takeBack, job.AtMost(1))
	r.Handle(cleanKind, s.clean)
	r.Handle(eraseKind, s.erase, job.AtMost(1))
	r.Every(cleanKind, time.Hour)
}

// work does the job of one import.
func (s *Service) work(ctx context.Context, run *job.Run) error {
	var args struct{ Import ID }
	if err := run.Args(&args); err != nil {
		return err
	}
	ws := identity.WorkspaceID(run.Workspace)
	im, ok, err := s.attempt(ctx, ws, args.Import)
	if err != nil || !ok {
		return err
	}
	save := func(tx *store.Tx, im Import) error {
		return run.Save(tx, job.Progress{Done: im.Rows, Total: im.Total, Note: s.noted(im.Name)}, checkpoint{im.Rows})
	}
	_, err = s.run(ctx, im, s.chunks(im).open(ctx, im.Size), hooks{save: save, finish: func(tx *store.Tx, im Import) error {
		if err := save(tx, im); err != nil {
			return err
		}
		return run.Finish(tx)
	}})
	if errors.Is(err, errLost) && ctx.Err() == nil {
		return nil // it was cancelled or discarded: the import says so already
	}
	if fault.Is(err, fault.NotFound) { // the file, or the workspace
		return job.Fatal(err)
	}
	return err
}

// checkpoint is what the job shows of the import's own: the number of the last row that was dealt with.
type checkpoint struct {
	Row int64 `json:"row"`
}

// clean removes uploads that broke off, files of imports that ended a week ago, drafts that nobody started, and writes
// down how imports ended whose jobs will be forgotten.
func (s *Service) clean(ctx context.Context, _ *job.Run) error {
	var open []Import
	kept := map[ID]Import{}
	err := s.db.View(ctx, func(tx *store.Tx) error {
		now := tx.Now
		var err error
		open, err = store.All(tx, scanImport, `/* imports.clean */ `+selectImport+` WHERE state IN ('uploading', 'draft', 'queued', 'running') OR has_file = 1`)
		if err != nil {
			return err
		}
		for _, im := range open {
			if (im.State == Queued || im.State == Running) && settle(tx, &im) == nil && im.State.Ended() {
				kept[im.ID] = im
			}
		}
		open = only(open, func(im Import) bool {
			switch im.State {
			case Uploading:
				return now.Sub(im.beat) > keepBroken
			case Draft:
				return now.Sub(im.beat) > keepDraft
			}
			return im.State.Ended() && im.HasFile && now.Sub(im.FinishedAt) > keepFile
		})
		return nil
	})
	if err != nil {
		return fault.Wrap("imports.clean", err)
	}
	for _, im := range kept {
		if err := s.db.Update(ctx, func(tx *store.Tx) error {
			now, err := get(tx, im.Workspace, im.ID)
			if err != nil || !now.State.Ended() { // it was resumed meanwhile
				return err
			}
			return end(tx, now, now.State, now.Error)
		}); err != nil && !fault.Is(err, fault.NotFound) {
			return fault.Wrap("imports.clean", err)
		}
	}
	for _, im := range open {
		if err := s.tidy(ctx, im); err != nil {
			return fault.Wrap("imports.clean", err)
		}
	}
	if err := s.orphans(ctx); err != nil {
		return fault.Wrap("imports.clean", err)
	}
	// What waits for an upload that broke off, or an import that its job gave up.
	return fault.Wrap("imports.clean", s.db.Update(ctx, func(tx *store.Tx) error {
		waiting, err := toErase(tx, "")
		for _, ws := range waiting {
			if err == nil {
				err = search(tx, ws)
			}
		}
		return err
	}))
}

func only(list []Import, keep func(Import) bool) (out []Import) {
	for _, im := range list {
		if keep(im) {
			out = append(out, im)
		}
	}
	return out
}

// tidy removes what an import no longer needs, unless somebody has touched it since it was looked at.
func (s *Service) tidy(ctx context.Context, im Import) error {
	gone := false
	if err := s.db.Update(ctx, func(tx *store.Tx) error {
		set := "UPDATE import SET has_file = 0"
		if !im.State.Ended() {
			set = "DELETE FROM import"
		}
		n, err := tx.Exec("/* imports.tidy */ "+set+" WHERE workspace = $1 AND id = $2 AND state = $3 AND beat_at = $4",
			string(im.Workspace), string(im.ID), string(im.State), im.beat.UnixMilli())
		gone = n == 1
		return err
	}); err != nil || !gone {
		return err
	}
	return s.chunks(im).remove(ctx)
}

// orphans removes pieces of files that nothing names any more, because a process was killed between two steps.
func (s *Service) orphans(ctx context.Context) error {
	var list []chunks
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, func(r store.Scanner) (c chunks, err error) {
			c.db = s.db
			return c, r.Scan(&c.ws, &c.im)
		}, `/* imports.orphans */ SELECT c.workspace, c.import FROM (SELECT DISTINCT workspace, import FROM import_chunk) c
			WHERE NOT EXISTS (SELECT 1 FROM import i WHERE i.workspace = c.workspace AND i.id = c.import AND i.has_file = 1)`)
		return err
	}); err != nil {
		return err
	}
	for _, c := range list {
		if err := c.remove(ctx); err != nil {
			return err
		}
	}
	return nil
}
