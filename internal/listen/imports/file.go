package imports

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/table"
	"kolo/internal/people/identity"
)

// FileOptions say how RunFile imports a file. The zero value guesses everything.
type FileOptions struct {
	Table    table.Options
	Mapping  *Mapping                            // instead of the guess
	Adjust   func(Import) (Mapping, error)       // changes the guess; may be nil
	Resume   bool                                // go on with the latest import of this very file that has not ended well
	Progress func(Import)                        // hears of each checkpoint; may be nil
	Confirm  func(Import, Preview) (bool, error) // asked before anything is kept; nil is yes
}

// ErrDeclined is what RunFile gives back when Confirm said no. Nothing was kept.
var ErrDeclined = errors.New("the import was not confirmed")

// RunFile imports a file straight from the disk, without a copy in rows and without a job: for the command line. Record,
// checkpoints and refused rows are as for any other import. When ctx ends it becomes cancelled, and can be resumed.
func (s *Service) RunFile(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, path string, o FileOptions) (Import, error) {
	const op = "imports.RunFile"
	if err := actor.RequireIn(op, ws, identity.ImportsWrite); err != nil {
		return Import{}, err
	}
	file, err := os.Open(path)
	if err != nil {
		return Import{}, &fault.Error{Kind: fault.NotFound, Op: op, Msg: "the file cannot be opened: " + path, Err: err}
	}
	defer file.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	if err != nil {
		return Import{}, fault.Wrap(op, err)
	}
	im := Import{Workspace: ws, Name: fileName(path), Size: size, Fingerprint: hex.EncodeToString(sum.Sum(nil)), By: actor.Name, path: path}
	if full, err := filepath.Abs(path); err == nil {
		im.path = full
	}
	if o.Resume {
		im, err = s.interrupted(ctx, im)
	} else {
		im, err = s.prepareFile(ctx, im, actor, file, o)
	}
	if err != nil {
		return im, fault.Wrap(op, err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return im, fault.Wrap(op, err)
	}
	im, err = s.take(ctx, op, actor, im)
	if err != nil {
		return im, fault.Wrap(op, err)
	}
	// A large file may take longer over its first batch than an import may be silent.
	alive := s.keepAlive(ctx, im)
	out, err := s.run(ctx, im, file, hooks{kept: o.Progress})
	alive()
	if err == nil {
		return out, nil
	}
	s.stopped(context.WithoutCancel(ctx), out, err, ctx.Err() != nil)
	return out, fault.Wrap(op, err)
}

// prepareFile makes the record of a new import of a file.
func (s *Service) prepareFile(ctx context.Context, im Import, actor identity.Actor, file *os.File, o FileOptions) (Import, error) {
	if err := s.look(ctx, &im, file, o.Table); err != nil {
		return im, err
	}
	if o.Mapping != nil {
		im.Mapping = *o.Mapping
	}
	if o.Adjust != nil {
		m, err := o.Adjust(im)
		if err != nil {
			return im, err
		}
		im.Mapping = m
	}
	if err := im.Mapping.Validate(im.Names()); err != nil {
		return im, err
	}
	if o.Confirm != nil {
		p, err := s.preview(ctx, im, file, nil)
		if err != nil {
			return im, err
		}
		if yes, err := o.Confirm(im, p); err != nil || !yes {
			return im, errors.Join(err, ErrDeclined)
		}
	}
	if err := s.begin(ctx, &im, actor); err != nil {
		return im, err
	}
	return im, s.db.Update(ctx, func(tx *store.Tx) error { return describe(tx, im, Uploading) })
}

// interrupted finds the import of the same file that is to be gone on with.
func (s *Service) interrupted(ctx context.Context, like Import) (im Import, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		all, err := store.All(tx, scanImport, "/* imports.interrupted */ "+selectImport+` WHERE workspace = $1 AND fingerprint = $2 AND path <> '' AND erased_at = 0
			AND state NOT IN ('uploading', 'done', 'taking_back', 'taken_back') ORDER BY id DESC LIMIT 1`, string(like.Workspace), like.Fingerprint)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return fault.New(fault.NotFound, "imports.RunFile", "there is no unfinished import of this file; has it changed since? Where a customer was erased meanwhile it cannot be gone on with: import it anew, what was imported is not doubled")
		}
		im = all[0]
		return settle(tx, &im)
	})
	if err == nil && im.State == Running {
		err = fault.New(fault.Conflict, "imports.RunFile", "another process is importing this file just now; if it was killed, try again in %v", silent)
	}
	return im, err
}

// take makes an import of a file on the disk run, in this attempt.
func (s *Service) take(ctx context.Context, op string, actor identity.Actor, im Import) (out Import, err error) {
	action := "import.start"
	if im.State.Ended() {
		action = "import.resume"
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(`/* imports.take */ UPDATE import SET state = 'running', attempt = attempt + 1, error = '', finished_at = 0, beat_at = $4,
			started_at = CASE WHEN started_at = 0 THEN $4 ELSE started_at END WHERE workspace = $1 AND id = $2 AND attempt = $3 AND state NOT IN ('done', 'taking_back', 'taken_back') AND path <> '' AND erased_at = 0`,
			string(im.Workspace), string(im.ID), im.attempt, tx.Millis())
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, op, "another process has begun with it, or it can no longer be gone on with")
		}
		if err != nil {
			return err
		}
		if out, err = store.One(tx, scanImport, "/* imports.take */ "+selectImport+" WHERE workspace = $1 AND id = $2", string(im.Workspace), string(im.ID)); err != nil {
			return err
		}
		return identity.Audit(tx, actor, action, "import", string(im.ID), map[string]string{"file": s.noted(im.Name)})
	})
	return out, err
}

// keepAlive says from time to time that an attempt is at work, until it is called off.
func (s *Service) keepAlive(ctx context.Context, im Import) (off func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(silent / 4)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := s.db.Update(ctx, func(tx *store.Tx) error {
				_, err := tx.Exec("/* imports.keepAlive */ UPDATE import SET beat_at = $4 WHERE workspace = $1 AND id = $2 AND attempt = $3",
					string(im.Workspace), string(im.ID), im.attempt, tx.Millis())
				return err
			}); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "an import could not say that it is at work", "import", string(im.ID), "error", err)
			}
		}
	}()
	return func() { cancel(); <-done }
}

// stopped writes why an import from the disk ended before its end.
func (s *Service) stopped(ctx context.Context, im Import, why error, cancelled bool) {
	state, text := Failed, shown(why)
	if cancelled {
		state, text = Cancelled, ""
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := s.db.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(`/* imports.stopped */ UPDATE import SET state = $4, error = $5, finished_at = $6, beat_at = $6
			WHERE workspace = $1 AND id = $2 AND attempt = $3 AND state = 'running'`, string(im.Workspace), string(im.ID), im.attempt, string(state), text, tx.Millis())
		if err == nil {
			err = searchOn(tx, im.Workspace)
		}
		if err != nil || n == 0 || state != Cancelled {
			return err
		}
		return identity.Audit(tx, identity.Program(im.Workspace, "import"), "import.cancel", "import", string(im.ID), map[string]string{"file": s.noted(im.Name)})
	}); err != nil {
		s.log.WarnContext(ctx, "the end of an import could not be written", "import", string(im.ID), "error", err)
	}
}

// shown is the part of an error that a page may show.
func shown(err error) string {
	p := fault.ProblemOf(err)
	if p.Detail != "" {
		return p.Detail
	}
	return p.Title
}
