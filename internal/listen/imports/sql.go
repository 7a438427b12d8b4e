package imports

import (
	"cmp"
	"encoding/json"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

const selectImport = `SELECT id, workspace, name, size, fingerprint, path, has_file, state, attempt, settings, columns, mapping, rows_done, rows_total,
	created, duplicates, refused, mended, error, job, by_name, created_at, started_at, finished_at, beat_at, erased_at, taken_at, taken_by, taken, forgotten, undated FROM import`

func scanImport(s store.Scanner) (im Import, err error) {
	var file, created, started, finished, beat, erased, at int64
	var settings, columns, mapping string
	if err = s.Scan(&im.ID, &im.Workspace, &im.Name, &im.Size, &im.Fingerprint, &im.path, &file, &im.State, &im.attempt, &settings, &columns, &mapping,
		&im.Rows, &im.Total, &im.Created, &im.Duplicates, &im.Refused, &im.Mended, &im.Error, &im.Job, &im.By, &created, &started, &finished, &beat, &erased, &at, &im.TakenBy, &im.Taken, &im.Forgotten, &im.Undated); err != nil {
		return im, err
	}
	im.TakenAt = instant(at)
	var kept keptSettings
	im.HasFile = file == 1
	im.CreatedAt, im.StartedAt, im.FinishedAt, im.beat, im.ErasedAt = instant(created), instant(started), instant(finished), instant(beat), instant(erased)
	for _, j := range []struct {
		text string
		into any
	}{{settings, &kept}, {columns, &im.Columns}, {mapping, &im.Mapping}} {
		if err = json.Unmarshal([]byte(j.text), j.into); err != nil {
			return im, err
		}
	}
	im.Settings, im.told = kept.Settings, kept.Told
	return im, nil
}

// keptSettings are an import's settings as its row has them.
type keptSettings struct {
	Settings
	Told []told `json:"told,omitempty"`
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// get reads an import that the workspace can see, in the state that its job gives it.
func get(tx *store.Tx, ws identity.WorkspaceID, im ID) (Import, error) {
	i, err := store.One(tx, scanImport, "/* imports.get */ "+selectImport+" WHERE workspace = $1 AND id = $2 AND state <> 'uploading'", string(ws), string(im))
	if fault.Is(err, fault.NotFound) {
		return i, fault.New(fault.NotFound, "imports.Get", "there is no such import here")
	}
	if err != nil {
		return i, err
	}
	return i, settle(tx, &i)
}

// silent is how long an import that no job carries may say nothing before it counts as interrupted.
const silent = 2 * time.Minute

const canResume = "; it can be resumed"

// settle works out the state of an import that is on its way: the row says what was asked for, the job what came of it.
func settle(tx *store.Tx, im *Import) error {
	if im.State == TakingBack { // it stays that until it is done: whoever asks for it again has it go on
		j, err := job.Get(tx, string(im.Workspace), im.Job)
		switch {
		case fault.Is(err, fault.NotFound):
			im.Error = "it was interrupted"
		case err != nil:
			return err
		case j.State == job.Failed || j.State == job.Cancelled || j.State == job.Done:
			im.Error = cmp.Or(j.Error, "it was interrupted")
		}
		return nil
	}
	if im.State != Queued && im.State != Running {
		return nil
	}
	if im.Job == "" {
		if tx.Now.Sub(im.beat) > silent {
			im.State, im.Error, im.FinishedAt = Failed, "it was interrupted"+canResume, im.beat
		}
		return nil
	}
	j, err := job.Get(tx, string(im.Workspace), im.Job)
	switch {
	case fault.Is(err, fault.NotFound):
		im.State, im.Error, im.FinishedAt = Failed, "it was interrupted", im.beat
		return nil
	case err != nil:
		return err
	}
	im.Error = j.Error
	switch j.State {
	case job.Queued:
		im.State = Queued
	case job.Running:
		im.State = Running
	case job.Cancelled:
		im.State, im.FinishedAt = Cancelled, j.Finished
	default: // a job that is done leaves an import that is done
		im.State, im.FinishedAt = Failed, j.Finished
	}
	return nil
}

// Named is what an import is called, for those who see its feedback.
type Named struct {
	ID        ID
	Name      string // of the file
	CreatedAt time.Time
}

// Names lists what the newest thousand imports of a workspace are called.
func Names(tx *store.Tx, ws identity.WorkspaceID) ([]Named, error) {
	return store.All(tx, func(s store.Scanner) (n Named, err error) {
		var created int64
		err = s.Scan(&n.ID, &n.Name, &created)
		n.CreatedAt = instant(created)
		return n, err
	}, `/* imports.Names */ SELECT id, name, created_at FROM import WHERE workspace = $1 AND state NOT IN ('uploading', 'draft') ORDER BY id DESC LIMIT 1000`, string(ws))
}

func insertImport(tx *store.Tx, im Import, member identity.MemberID) error {
	_, err := tx.Exec(`/* imports.insert */ INSERT INTO import (workspace, id, name, size, fingerprint, path, has_file, state, attempt, settings, columns, mapping,
			rows_done, rows_total, created, duplicates, refused, mended, error, job, by_name, by_member, created_at, started_at, finished_at, beat_at)
		VALUES ($1, $2, $3, 0, '', $4, $5, 'uploading', 0, '{}', '[]', '{}', 0, 0, 0, 0, 0, 0, '', '', $6, $7, $8, 0, 0, $8)`,
		string(im.Workspace), string(im.ID), im.Name, im.path, flag(im.HasFile), im.By, string(member), tx.Millis())
	return err
}

// describe writes what was found out about a file.
func describe(tx *store.Tx, im Import, from State) error {
	settings, err1 := json.Marshal(keptSettings{im.Settings, im.told})
	columns, err2 := json.Marshal(im.Columns)
	mapping, err3 := json.Marshal(im.Mapping)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return err
		}
	}
	n, err := tx.Exec(`/* imports.describe */ UPDATE import SET state = 'draft', size = $3, fingerprint = $4, settings = $5, columns = $6, mapping = $7,
		rows_total = $8, beat_at = $9 WHERE workspace = $1 AND id = $2 AND state = $10`,
		string(im.Workspace), string(im.ID), im.Size, im.Fingerprint, string(settings), string(columns), string(mapping), im.Total, tx.Millis(), string(from))
	if err == nil && n == 0 {
		err = errStarted
	}
	if err == nil && from == Uploading {
		err = searchOn(tx, im.Workspace)
	}
	return err
}

var (
	errStarted = fault.New(fault.Conflict, "imports", "the import was started or discarded meanwhile")
	errErased  = fault.New(fault.Conflict, "imports", "its rows were removed, because a customer in it was erased")
)

func remove(tx *store.Tx, ws identity.WorkspaceID, im ID) error {
	if _, err := tx.Exec("/* imports.remove */ DELETE FROM import_refusal WHERE workspace = $1 AND import = $2", string(ws), string(im)); err != nil {
		return err
	}
	_, err := tx.Exec("/* imports.remove */ DELETE FROM import WHERE workspace = $1 AND id = $2", string(ws), string(im))
	return err
}

func scanRefusal(s store.Scanner) (r Refusal, err error) {
	var reasons, cells string
	if err = s.Scan(&r.Row, &r.Line, &reasons, &cells, &r.Raw); err != nil {
		return r, err
	}
	if err = json.Unmarshal([]byte(reasons), &r.Reasons); err != nil {
		return r, err
	}
	return r, json.Unmarshal([]byte(cells), &r.Cells)
}
