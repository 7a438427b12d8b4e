package imports

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/table"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// Erased has the files of a workspace searched for a contact, by its identities, in the background: an import that has it loses what
// is kept of its rows, for nobody can take one row out of a file. Register it with contact.Service.OnErase.
func Erased(tx *store.Tx, ws identity.WorkspaceID, c contact.ID) error {
	known, err := contact.Load(tx, ws, []contact.ID{c})
	if err != nil {
		return err
	}
	var rows [][]any
	for _, x := range known[c].Identities {
		rows = append(rows, []any{string(ws), string(c), string(x.Kind), x.Norm, x.Value})
	}
	if len(rows) == 0 {
		return nil
	}
	if err := keepMarks(tx, rows); err != nil {
		return err
	}
	return search(tx, ws)
}

// returned has the files of a workspace searched for erased people whom an import names again and whom nobody can erase a second time: their
// rows came in without a contact, or not at all. It runs in the transaction that keeps the rows which name them; the search follows when the
// import has ended.
func returned(tx *store.Tx, im Import, named []contact.Identity) error {
	if len(named) == 0 {
		return nil
	}
	gone, err := contact.Erased(tx, im.Workspace, named)
	if err != nil {
		return err
	}
	rows := make([][]any, len(gone))
	for i, x := range gone { // marks of one search have one name; there is no contact to name them by
		rows[i] = []any{string(im.Workspace), string(im.ID), string(x.Kind), x.Norm, x.Value}
	}
	return keepMarks(tx, rows)
}

func keepMarks(tx *store.Tx, rows [][]any) error {
	_, err := tx.InsertMany("imports.mark", "import_erasure", []string{"workspace", "contact", "kind", "norm", "value"}, rows, "ON CONFLICT DO NOTHING")
	return err
}

// search asks for the job that erases in the files of a workspace.
func search(tx *store.Tx, ws identity.WorkspaceID) error {
	_, err := job.Enqueue(tx, job.Spec{Workspace: string(ws), Kind: eraseKind, Key: "all", Again: true})
	return err
}

// searchOn is search where something waits for an import that has come to a new state.
func searchOn(tx *store.Tx, ws identity.WorkspaceID) error {
	waiting, err := toErase(tx, "WHERE workspace = $1 LIMIT 1", string(ws))
	if err != nil || len(waiting) == 0 {
		return err
	}
	return search(tx, ws)
}

// toErase lists the workspaces in which something is to be erased.
func toErase(tx *store.Tx, where string, args ...any) ([]identity.WorkspaceID, error) {
	return store.All(tx, store.Value[identity.WorkspaceID], `/* imports.toErase */ SELECT DISTINCT workspace FROM (SELECT workspace FROM import_erasure
		UNION ALL SELECT workspace FROM import WHERE erasing = 1) t `+where, args...)
}

// erasure is how far the search for some contacts has come.
type erasure struct {
	Contacts []contact.ID `json:"contacts"`
	After    ID           `json:"after"` // the import searched last
	Waiting  bool         `json:"waiting,omitempty"`
}

// erase searches all imports of a workspace for contacts that were erased since, and removes the rows of those that have one.
func (s *Service) erase(ctx context.Context, run *job.Run) error {
	ws := identity.WorkspaceID(run.Workspace)
	var at erasure
	if _, err := run.Load(&at); err != nil {
		return err
	}
	var marks []mark
	err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		marks, err = store.All(tx, scanMark, "/* imports.erase */ SELECT contact, kind, norm, value FROM import_erasure WHERE workspace = $1", string(ws))
		return err
	})
	if err != nil {
		return err
	}
	if at.After == "" { // a later attempt searches for those whom it began with
		found := map[contact.ID]bool{}
		for _, m := range marks {
			found[m.contact] = true
		}
		at.Contacts = slices.Sorted(maps.Keys(found))
	}
	sought := newSought(slices.DeleteFunc(marks, func(m mark) bool { return !slices.Contains(at.Contacts, m.contact) }))
	if len(at.Contacts) > 0 {
		if err := s.rename(ctx, ws, sought); err != nil {
			return err
		}
	}
	for len(at.Contacts) > 0 {
		im, ok, err := s.nextOf(ctx, ws, at.After)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		has := false
		// A file that is still coming in, and what a command will yet refuse of one on its disk, are searched when they are here.
		if im.State == Uploading || im.path != "" && !im.State.Ended() {
			at.Waiting = true
		} else if has, err = s.mentions(ctx, im, sought); err != nil {
			return err
		}
		at.After = im.ID
		if err := s.db.Update(ctx, func(tx *store.Tx) error {
			switch {
			case has:
				// A draft would only be started to be erased.
				if _, err := tx.Exec(`/* imports.erase */ UPDATE import SET erasing = 1, finished_at = CASE WHEN state = 'draft' THEN $3 ELSE finished_at END,
					state = CASE WHEN state = 'draft' THEN 'cancelled' ELSE state END WHERE workspace = $1 AND id = $2`, string(ws), string(im.ID), tx.Millis()); err != nil {
					return err
				}
			case im.path != "" && (im.State == Failed || im.State == Cancelled):
				closed, err := closePath(tx, im)
				if err != nil {
					return err
				}
				at.Waiting = at.Waiting || !closed
			}
			return run.Save(tx, job.Progress{}, at)
		}); err != nil {
			return err
		}
	}
	if err := s.eraseEnded(ctx, ws); err != nil {
		return err
	}
	return s.db.Update(ctx, func(tx *store.Tx) error {
		for _, c := range at.Contacts {
			if at.Waiting {
				break
			}
			if _, err := tx.Exec("/* imports.erase */ DELETE FROM import_erasure WHERE workspace = $1 AND contact = $2", string(ws), string(c)); err != nil {
				return err
			}
		}
		left, err := store.All(tx, store.Value[contact.ID], "/* imports.erase */ SELECT DISTINCT contact FROM import_erasure WHERE workspace = $1", string(ws))
		if err != nil {
			return err
		}
		if slices.ContainsFunc(left, func(c contact.ID) bool { return !slices.Contains(at.Contacts, c) }) { // erased since it began
			if err := search(tx, ws); err != nil {
				return err
			}
		}
		return run.Finish(tx)
	})
}

// rename gives files that are called by what is sought a name that says nothing, also where nothing else of them is kept any more. Two files
// have two names, for what they bring is known by it.
func (s *Service) rename(ctx context.Context, ws identity.WorkspaceID, sought *sought) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		list, err := store.All(tx, func(r store.Scanner) (im Import, err error) {
			err = r.Scan(&im.ID, &im.Name, &im.path)
			return im, err
		}, "/* imports.rename */ SELECT id, name, path FROM import WHERE workspace = $1", string(ws))
		if err != nil {
			return err
		}
		for _, im := range list {
			name, path := im.Name, im.path
			neutral := "file-" + string(im.ID[max(0, len(im.ID)-8):]) + endingOf(name)
			if sought.inName(name) {
				name = neutral
			}
			if sought.inName(path) {
				path = neutral
			}
			if name == im.Name && path == im.path {
				continue
			}
			if _, err := tx.Exec("/* imports.rename */ UPDATE import SET name = $3, path = $4 WHERE workspace = $1 AND id = $2", string(ws), string(im.ID), name, path); err != nil {
				return err
			}
		}
		return nil
	})
}

// closePath has an import from a disk end where it stands: the rest of its file cannot be searched from here, and what a command would yet
// refuse of it would be kept when nobody looks for the customer any more. It can be begun anew, which doubles nothing. ok is false of one
// that was resumed since it was searched.
func closePath(tx *store.Tx, im Import) (ok bool, err error) {
	now, err := get(tx, im.Workspace, im.ID)
	if fault.Is(err, fault.NotFound) { // discarded meanwhile
		return true, nil
	}
	if err != nil || now.attempt != im.attempt || !now.State.Ended() {
		return false, err
	}
	if err := end(tx, now, now.State, strings.TrimSuffix(now.Error, canResume)); err != nil { // one that only fell silent writes nothing any more, either
		return false, err
	}
	_, err = tx.Exec("/* imports.closePath */ UPDATE import SET path = '' WHERE workspace = $1 AND id = $2", string(im.Workspace), string(im.ID))
	return true, err
}

// nextOf is the import behind another one of which something is still kept.
func (s *Service) nextOf(ctx context.Context, ws identity.WorkspaceID, after ID) (im Import, ok bool, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		list, err := store.All(tx, scanImport, "/* imports.nextOf */ "+selectImport+" WHERE workspace = $1 AND id > $2 AND erasing = 0 AND erased_at = 0 ORDER BY id LIMIT 1",
			string(ws), string(after))
		if ok = err == nil && len(list) == 1; ok {
			im = list[0]
			err = settle(tx, &im)
		}
		return err
	})
	return im, ok, err
}

// eraseEnded removes the rows of the imports that are marked and have ended.
func (s *Service) eraseEnded(ctx context.Context, ws identity.WorkspaceID) error {
	var list []Import
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, scanImport, "/* imports.eraseEnded */ "+selectImport+" WHERE workspace = $1 AND erasing = 1", string(ws))
		for i := range list {
			if err == nil {
				err = settle(tx, &list[i])
			}
		}
		return err
	}); err != nil {
		return err
	}
	for _, im := range list {
		if !im.State.Ended() {
			continue
		}
		gone := false
		if err := s.db.Update(ctx, func(tx *store.Tx) error {
			now, err := get(tx, ws, im.ID)
			if gone = err == nil && now.State.Ended(); !gone { // resumed meanwhile, or discarded
				return ignore(err, fault.NotFound)
			}
			if err := end(tx, now, now.State, now.Error); err != nil { // for one whose state was told by its job
				return err
			}
			if _, err := tx.Exec("/* imports.eraseEnded */ DELETE FROM import_refusal WHERE workspace = $1 AND import = $2", string(ws), string(im.ID)); err != nil {
				return err
			}
			if _, err := tx.Exec(`/* imports.eraseEnded */ UPDATE import SET has_file = 0, columns = '[]', mapping = '{}', erased_at = CASE WHEN erased_at = 0 THEN $3 ELSE erased_at END
				WHERE workspace = $1 AND id = $2`, string(ws), string(im.ID), tx.Millis()); err != nil {
				return err
			}
			if !now.ErasedAt.IsZero() { // an attempt before got as far as this
				return nil
			}
			return identity.Audit(tx, identity.Program(ws, "import"), "import.erase", "import", string(im.ID), map[string]string{"file": s.noted(im.Name)})
		}); err != nil {
			return err
		}
		if !gone {
			continue
		}
		if err := s.chunks(im).remove(ctx); err != nil {
			return err
		}
		if err := s.db.Update(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec("/* imports.eraseEnded */ UPDATE import SET erasing = 0 WHERE workspace = $1 AND id = $2", string(ws), string(im.ID))
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

func ignore(err error, kind fault.Kind) error {
	if fault.Is(err, kind) {
		return nil
	}
	return err
}

// mentions tells whether anything that is kept of an import has what is sought. What cannot be read to its end counts as having it.
func (s *Service) mentions(ctx context.Context, im Import, sought *sought) (bool, error) {
	in := sought.within(im)
	if in.inColumns() {
		return true, nil
	}
	if !im.HasFile { // its refused rows stay for good
		found := false
		err := s.eachRefusal(ctx, im.Workspace, im.ID, func(r Refusal) error {
			if found = in.inRow(im.Names(), r.Cells, r.Raw); found {
				return io.EOF
			}
			return nil
		})
		return found, ignoreEOF(err)
	}
	sheets := im.Settings.Sheets
	if len(sheets) == 0 {
		sheets = []string{im.Settings.Sheet}
	}
	for _, sheet := range sheets { // the file is kept whole
		found, err := s.fileMentions(ctx, im, sheet, in)
		switch {
		case fault.Is(err, fault.NotFound): // discarded meanwhile
			return false, nil
		case found || err != nil:
			return found, err
		}
	}
	return false, nil
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// fileMentions reads a file, or one sheet of it, from its very first row to its last: a title above a table can name somebody, too, and where
// the table of another sheet begins nobody knows. Where it cannot be read to its end, and not because the store cannot, found is true.
func (s *Service) fileMentions(ctx context.Context, im Import, sheet string, in *soughtIn) (found bool, err error) {
	file := s.chunks(im).open(ctx, im.Size)
	defer func() {
		if err != nil {
			found, err = file.failed == nil && ctx.Err() == nil, errors.Join(file.failed, ctx.Err())
		}
	}()
	o, header, above := im.Settings.options(), false, 0
	o.Sheet, o.Header, o.Above, o.Wide = sheet, &header, &above, true
	r, err := table.Open(file, im.Name, o)
	if nothing(err) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	defer func() { _ = r.Close() }()
	columns := func() []string { return nil }
	switch {
	case im.Settings.Format == table.NDJSON:
		columns = r.Columns // which its rows name
	case sheet == im.Settings.Sheet:
		names := im.Names()
		columns = func() []string { return names }
	}
	for {
		row, err := r.Next()
		var bad *table.RowError
		switch {
		case err == io.EOF:
			return false, nil
		case errors.As(err, &bad):
			if bad.Code == table.RowTooLarge || in.inRow(nil, nil, bad.Raw) {
				return true, nil
			}
		case err != nil:
			return false, err
		case in.inRow(columns(), row.Cells, row.Raw):
			return true, nil
		}
		if row.Number%batchRows == 0 && ctx.Err() != nil {
			return false, ctx.Err()
		}
	}
}

// nothing tells whether a sheet was refused because there is no row on it: it mentions nobody.
func nothing(err error) bool {
	return slices.ContainsFunc(fault.ProblemOf(err).Errors, func(f fault.Field) bool { return f.Path == "file" && f.Code == "empty" })
}
