package imports

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
)

// Service brings files in. Safe for concurrent use.
type Service struct {
	db       *store.DB
	feedback *feedback.Service
	log      *slog.Logger
	mask     func(string) string

	batchRows int
	takeRows  int

	forgetContacts ForgetFunc // may be nil
}

// NewService makes the service; see Handle for the work in the background. log may be nil.
func NewService(db *store.DB, f *feedback.Service, log *slog.Logger) *Service {
	if log == nil {
		log = slog.Default()
	}
	return &Service{db: db, feedback: f, log: log, mask: func(s string) string { return s }, batchRows: batchRows, takeRows: takeRows}
}

// Upload keeps a file as it streams in, looks at it, and makes a draft with a guessed mapping. What breaks off, or is no
// table, leaves nothing. Memory does not grow with the file.
func (s *Service) Upload(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, name string, r io.Reader) (Import, error) {
	const op = "imports.Upload"
	if err := actor.RequireIn(op, ws, identity.ImportsWrite); err != nil {
		return Import{}, err
	}
	im := Import{Workspace: ws, Name: fileName(name), HasFile: true, By: actor.Name}
	if err := s.begin(ctx, &im, actor); err != nil {
		return Import{}, fault.Wrap(op, err)
	}
	kept, sum := s.chunks(im), sha256.New()
	var err error
	if im.Size, err = kept.write(ctx, io.TeeReader(r, sum), s.beat(im)); err == nil {
		im.Fingerprint = hex.EncodeToString(sum.Sum(nil))
		err = s.look(ctx, &im, kept.open(ctx, im.Size), table.Options{})
	}
	if err == nil {
		err = s.db.Update(ctx, func(tx *store.Tx) error { return describe(tx, im, Uploading) })
	}
	if err != nil {
		s.forget(context.WithoutCancel(ctx), im)
		return Import{}, fault.Wrap(op, err)
	}
	out, err := s.Get(ctx, ws, actor, im.ID)
	if err != nil {
		return out, err
	}
	// Whoever starts it by the API without a look at the preview is told here. A guess that lacks something has no preview.
	if p, err := s.Preview(ctx, ws, actor, im.ID, nil); err == nil {
		out.Twice = p.Twice
	} else if !fault.Is(err, fault.Invalid) {
		return Import{}, fault.Wrap(op, err)
	}
	return out, nil
}

// begin makes the row of an import whose file is not known yet.
func (s *Service) begin(ctx context.Context, im *Import, actor identity.Actor) error {
	return s.db.Update(ctx, func(tx *store.Tx) error {
		im.ID = ID(id.New(tx.Now))
		return insertImport(tx, *im, actor.Member)
	})
}

func (s *Service) chunks(im Import) chunks { return chunks{s.db, im.Workspace, im.ID} }

// beat tells that somebody is at an upload. It is Conflict once the import is gone.
func (s *Service) beat(im Import) func(tx *store.Tx) error {
	return func(tx *store.Tx) error {
		n, err := tx.Exec("/* imports.beat */ UPDATE import SET beat_at = $3 WHERE workspace = $1 AND id = $2 AND state = 'uploading'",
			string(im.Workspace), string(im.ID), tx.Millis())
		if err == nil && n == 0 {
			err = errStarted
		}
		return err
	}
}

// forget removes an import with all that belongs to it. What cannot be removed now, the cleaning finds later.
func (s *Service) forget(ctx context.Context, im Import) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := s.chunks(im).remove(ctx)
	if err == nil {
		err = s.db.Update(ctx, func(tx *store.Tx) error { return remove(tx, im.Workspace, im.ID) })
	}
	if err != nil {
		s.log.WarnContext(ctx, "a broken upload could not be removed; it will be", "import", string(im.ID), "error", err)
	}
}

// fileName is the last part of a name without what no file name has.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(path.Base(strings.ReplaceAll(name, `\`, "/")), ""))
	if name = clipTo(strings.TrimSpace(name), 180); name == "" || name == "." || name == "/" {
		return "file"
	}
	return name
}

// look finds out how a file is to be read, what is in it, and what could become of it.
func (s *Service) look(ctx context.Context, im *Import, file source, o table.Options) error {
	g, err := table.Inspect(file, im.Size, im.Name, o)
	if err != nil {
		return err
	}
	im.Settings = Settings{Format: g.Format, Sheet: o.Sheet, Sheets: g.Sheets, Header: g.Header, Above: g.Above}
	if g.Format != table.XLSX {
		im.Settings.Encoding = g.Encoding
	} else if o.Sheet == "" && len(g.Sheets) > 0 {
		im.Settings.Sheet = g.Sheets[0]
	}
	if g.Format == table.CSV {
		im.Settings.Delimiter = string(g.Delimiter)
		im.Settings.Unguard = o.Unguard || ours(g.Columns)
	}
	sample, err := s.sample(*im, file)
	if err != nil {
		return err
	}
	if bad := sample.tooWide(); bad != nil { // nothing could be guessed, and all of them would be refused
		return fault.Bad("imports.look", fault.Field{Path: "file", Code: string(bad.Code), Msg: "no row can be told apart by the names in the header; of the first, " + bad.Msg})
	}
	w, err := s.workspace(ctx, im.Workspace)
	if err != nil {
		return err
	}
	im.Columns = sample.Profile(w.Location())
	im.Mapping = Guess(sample, im.Columns, w.Country)
	im.Total = sample.total(im.Size, im.Settings.Encoding)
	return s.coverMapped(ctx, im)
}

// coverMapped notes which columns say who customers are, by what becomes of them.
func (s *Service) coverMapped(ctx context.Context, im *Import) error {
	var nobody *veil
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		nobody, err = s.veilFor(tx, im.Workspace, identity.Actor{}) // as nobody in particular may see it
		return err
	}); err != nil {
		return err
	}
	for i, c := range im.Columns {
		im.Columns[i].Personal = nobody.cover(im.Mapping, c) != ""
	}
	return nil
}

// source is a file at hand.
type source interface {
	io.Reader
	io.ReaderAt
	io.Seeker
}

func (s *Service) sample(im Import, file source) (Sample, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return Sample{}, err
	}
	r, err := table.Open(file, im.Name, im.Settings.options())
	if err != nil {
		return Sample{}, err
	}
	sample, err := take(r, im.Settings.Format)
	if err != nil {
		_ = r.Close()
		return sample, err
	}
	return sample, r.Close()
}

func (s *Service) workspace(ctx context.Context, ws identity.WorkspaceID) (w identity.Workspace, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		w, err = identity.GetWorkspace(tx, ws)
		return err
	})
	return w, err
}

// Get reads one import. Those who may not know who customers are see none of it in samples, names of columns and the mapping.
func (s *Service) Get(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, im ID) (out Import, err error) {
	out, v, err := s.one(ctx, "imports.Get", ws, actor, im)
	return v.shown(out), err
}

// List reads imports, newest first, and the cursor of the next page, "" on the last. limit is 50 by default, 200 at most.
func (s *Service) List(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, cursor string, limit int) (list []Import, next string, err error) {
	const op = "imports.List"
	if err := actor.RequireIn(op, ws, identity.ImportsWrite); err != nil {
		return nil, "", err
	}
	if cursor != "" && !id.Valid(cursor) {
		return nil, "", fault.Bad(op, fault.Field{Path: "cursor", Code: "cursor", Msg: "that is not a cursor of this list"})
	}
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 200)
	if cursor == "" {
		cursor = "~" // behind all ids
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, scanImport, "/* imports.List */ "+selectImport+" WHERE workspace = $1 AND id < $2 AND state <> 'uploading' ORDER BY id DESC LIMIT "+
			strconv.Itoa(limit+1), string(ws), cursor)
		for i := range list {
			if err == nil {
				err = settle(tx, &list[i])
			}
		}
		if err != nil {
			return err
		}
		v, err := s.veilFor(tx, ws, actor)
		for i := range list {
			list[i] = v.shown(list[i])
		}
		return err
	})
	if err == nil && len(list) > limit {
		list = list[:limit]
		next = string(list[limit-1].ID)
	}
	return list, next, fault.Wrap(op, err)
}

// Inspect looks at a draft's file again, with other options: another encoding, delimiter, sheet, or with or without a
// header. The mapping is guessed anew.
func (s *Service) Inspect(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, im ID, o table.Options) (Import, error) {
	const op = "imports.Inspect"
	i, v, err := s.draft(ctx, op, ws, actor, im)
	if err != nil {
		return Import{}, err
	}
	file := s.chunks(i).open(ctx, i.Size)
	told, err := s.told(ctx, i, file)
	if err != nil {
		return Import{}, fault.Wrap(op, err)
	}
	asIs := i // as the file suggests itself
	if err := s.look(ctx, &asIs, file, table.Options{Sheet: o.Sheet}); err != nil {
		asIs.Columns = nil // what cannot be read otherwise has no names that could be lost
	}
	if err := s.look(ctx, &i, file, o); err != nil {
		return Import{}, fault.Wrap(op, err)
	}
	named := telling(i)
	i.told = told
	for _, t := range append(told, telling(asIs)) {
		t.stay(i)
	}
	if v != nil { // nor is anybody to bring in as something that everybody sees what they may not see
		i.leaveOut(named)
	}
	if err := s.db.Update(ctx, func(tx *store.Tx) error { return describe(tx, i, Draft) }); err != nil {
		return Import{}, fault.Wrap(op, err)
	}
	return s.Get(ctx, ws, actor, im)
}

// told is what a way to read a file has said of its columns. It is kept with a draft, for another way to read it may lose their names.
type told struct {
	Format    table.Format `json:"format"`
	Delimiter string       `json:"delimiter,omitempty"`
	Sheet     string       `json:"sheet,omitempty"`
	Personal  []bool       `json:"personal"` // by column
}

const mostTold = 20 // ways to read a file; nobody needs so many

func telling(im Import) told {
	t := told{Format: im.Settings.Format, Delimiter: im.Settings.Delimiter, Sheet: im.Settings.Sheet}
	for _, c := range im.Columns {
		t.Personal = append(t.Personal, c.Personal)
	}
	return t
}

func (t told) some() bool { return slices.Contains(t.Personal, true) }

// alike tells whether both ways have the same cells in the same columns.
func (t told) alike(u told) bool {
	return t.Format == u.Format && t.Delimiter == u.Delimiter && t.Sheet == u.Sheet && len(t.Personal) == len(u.Personal)
}

// stay keeps columns covered whose names were lost by another way to read the file: nobody is to see who customers are by saying that there
// is no header, or that it is another format. Where columns fall otherwise, each may have what one of them had.
func (t told) stay(im Import) {
	if t.Sheet != im.Settings.Sheet {
		return
	}
	alike, some := t.alike(telling(im)), t.some()
	for k := range im.Columns {
		c := &im.Columns[k]
		c.Personal = c.Personal || !alike && some || alike && t.Personal[k]
	}
}

// leaveOut leaves columns out whose names are lost, and do not say any more who customers are. named is what they say themselves.
func (im *Import) leaveOut(named told) {
	for k, t := range im.Mapping.Columns {
		i := slices.IndexFunc(im.Columns, func(c Column) bool { return c.Name == t.Column })
		if i >= 0 && im.Columns[i].Personal && !named.Personal[i] && covers[t.To] == "" {
			im.Mapping.Columns[k] = Target{Column: t.Column, To: toIgnore}
		}
	}
}

// told is what a draft's columns have told so far: by their names as they are read now, and by what somebody chose for them who knows. Names
// that come of reading a file in a wrong way say nothing: the file as it suggests itself knows better.
func (s *Service) told(ctx context.Context, im Import, file source) ([]told, error) {
	asIs, now := im, im
	if err := s.look(ctx, &now, file, im.Settings.options()); err != nil {
		return nil, err
	}
	if len(now.Columns) == len(im.Columns) {
		for k, c := range im.Columns {
			now.Columns[k].Personal = now.Columns[k].Personal || c.Personal && covers[im.Mapping.target(c.Name)] != ""
		}
	}
	t := telling(now)
	err := s.look(ctx, &asIs, file, table.Options{Sheet: im.Settings.Sheet})
	known := slices.ContainsFunc(im.told, func(u told) bool { return t.alike(u) && slices.Equal(t.Personal, u.Personal) })
	if !t.some() || known || len(im.told) == mostTold || err == nil && telling(asIs).some() && !t.alike(telling(asIs)) {
		return im.told, nil
	}
	return append(slices.Clip(im.told), t), nil
}

func (s *Service) draft(ctx context.Context, op string, ws identity.WorkspaceID, actor identity.Actor, im ID) (Import, *veil, error) {
	i, v, err := s.one(ctx, op, ws, actor, im)
	if err == nil && i.State != Draft {
		err = fault.New(fault.Conflict, op, "the import was started already")
	}
	return i, v, err
}

// SetMapping keeps what people chose for a draft.
func (s *Service) SetMapping(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, im ID, m Mapping) (Import, error) {
	const op = "imports.SetMapping"
	i, v, err := s.draft(ctx, op, ws, actor, im)
	if err != nil {
		return Import{}, err
	}
	m = v.meant(i, m)
	if m.Native && i.Settings.Format != table.NDJSON {
		return Import{}, fault.Bad(op, fault.Field{Path: "native", Code: "form", Msg: "only NDJSON can have the form of POST /v1/feedback"})
	}
	if err := m.Validate(i.Names()); err != nil {
		return Import{}, fault.Wrap(op, err)
	}
	if err := v.mayMap(i, m); err != nil {
		return Import{}, fault.Wrap(op, err)
	}
	i.Mapping = m
	if v == nil { // whoever knows customers says which columns have them: what becomes of those later shows them to nobody else
		if err := s.coverMapped(ctx, &i); err != nil {
			return Import{}, fault.Wrap(op, err)
		}
	}
	if err := s.db.Update(ctx, func(tx *store.Tx) error { return describe(tx, i, Draft) }); err != nil {
		return Import{}, fault.Wrap(op, err)
	}
	return s.Get(ctx, ws, actor, im)
}

// Start queues a draft: it runs in the background, in whatever process.
func (s *Service) Start(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, im ID) (Import, error) {
	return s.enqueue(ctx, "imports.Start", ws, actor, im, "import.start", []State{Draft})
}

// Resume goes on with a failed or cancelled import where it stopped.
func (s *Service) Resume(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, im ID) (Import, error) {
	return s.enqueue(ctx, "imports.Resume", ws, actor, im, "import.resume", []State{Failed, Cancelled})
}

func (s *Service) enqueue(ctx context.Context, op string, ws identity.WorkspaceID, actor identity.Actor, im ID, action string, from []State) (Import, error) {
	if err := actor.RequireIn(op, ws, identity.ImportsWrite); err != nil {
		return Import{}, err
	}
	err := s.db.Update(ctx, func(tx *store.Tx) error {
		i, err := get(tx, ws, im)
		if err != nil {
			return err
		}
		switch {
		case !i.ErasedAt.IsZero():
			return errErased
		case !slices.Contains(from, i.State):
			return fault.New(fault.Conflict, op, "the import is %s", i.State)
		case i.path != "":
			from := i.path
			if !actor.May(identity.ContactsIdentify) {
				from = s.noted(from)
			}
			return fault.New(fault.Conflict, op, "the file was read by the command line, from %s: resume it there", from)
		case !i.HasFile:
			return fault.New(fault.Conflict, op, "the file is no longer kept: upload it again, what was imported is not doubled")
		}
		if err := i.Mapping.Validate(i.Names()); err != nil {
			return err
		}
		// Its checkpoint is in the import, so that a job of its own does for each start. One that is still stopping runs again.
		j, err := job.Enqueue(tx, job.Spec{Workspace: string(ws), Kind: Kind, Key: string(im), Payload: []byte(`{"import":"` + string(im) + `"}`), Again: true})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`/* imports.enqueue */ UPDATE import SET state = 'queued', job = $3, error = '', finished_at = 0, beat_at = $4,
			started_at = CASE WHEN started_at = 0 THEN $4 ELSE started_at END WHERE workspace = $1 AND id = $2`, string(ws), string(im), string(j), tx.Millis()); err != nil {
			return err
		}
		return identity.Audit(tx, actor, action, "import", string(im), map[string]string{"file": s.noted(i.Name), "source": cmp.Or(s.mask(i.Mapping.Constants.Source), sourceOf(s.noted(i.Name)))})
	})
	if err != nil {
		return Import{}, fault.Wrap(op, err)
	}
	return s.Get(ctx, ws, actor, im)
}

// Cancel stops an import. What was kept stays kept; Resume goes on from there.
func (s *Service) Cancel(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, im ID) (Import, error) {
	const op = "imports.Cancel"
	if err := actor.RequireIn(op, ws, identity.ImportsWrite); err != nil {
		return Import{}, err
	}
	err := s.db.Update(ctx, func(tx *store.Tx) error {
		i, err := get(tx, ws, im)
		if err != nil {
			return err
		}
		if i.State == Cancelled {
			return nil
		}
		if i.State != Queued && i.State != Running {
			return fault.New(fault.Conflict, op, "the import is %s", i.State)
		}
		if i.Job != "" {
			if err := job.Cancel(tx, string(ws), i.Job); err != nil {
				return err
			}
		}
		if err := end(tx, i, Cancelled, ""); err != nil {
			return err
		}
		if err := searchOn(tx, ws); err != nil {
			return err
		}
		return identity.Audit(tx, actor, "import.cancel", "import", string(im), map[string]string{"file": s.noted(i.Name), "rows": strconv.FormatInt(i.Rows, 10)})
	})
	if err != nil {
		return Import{}, fault.Wrap(op, err)
	}
	return s.Get(ctx, ws, actor, im)
}

// end writes that an import has ended; the attempt that was at it writes nothing any more.
func end(tx *store.Tx, im Import, state State, why string) error {
	_, err := tx.Exec("/* imports.end */ UPDATE import SET state = $3, error = $4, beat_at = $5, finished_at = CASE WHEN finished_at = 0 THEN $5 ELSE finished_at END WHERE workspace = $1 AND id = $2",
		string(im.Workspace), string(im.ID), string(state), why, tx.Millis())
	return err
}

// Discard removes what is kept of an import: a draft wholly; of one that has ended the file and the refused rows, for the
// feedback that it brought goes on naming it.
func (s *Service) Discard(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, im ID) error {
	const op = "imports.Discard"
	if err := actor.RequireIn(op, ws, identity.ImportsWrite); err != nil {
		return err
	}
	var i Import
	err := s.db.Update(ctx, func(tx *store.Tx) (err error) {
		if i, err = get(tx, ws, im); err != nil {
			return err
		}
		if i.State == Queued || i.State == Running {
			return fault.New(fault.Conflict, op, "cancel the import first")
		}
		if i.State == TakingBack {
			return fault.New(fault.Conflict, op, "the import is being taken back")
		}
		if i.State == Draft {
			if err := remove(tx, ws, im); err != nil {
				return err
			}
		} else {
			if err := end(tx, i, i.State, i.Error); err != nil { // for one whose state was told by its job
				return err
			}
			if _, err := tx.Exec("/* imports.Discard */ DELETE FROM import_refusal WHERE workspace = $1 AND import = $2", string(ws), string(im)); err != nil {
				return err
			}
			if _, err := tx.Exec("/* imports.Discard */ UPDATE import SET has_file = 0 WHERE workspace = $1 AND id = $2", string(ws), string(im)); err != nil {
				return err
			}
		}
		return identity.Audit(tx, actor, "import.discard", "import", string(im), map[string]string{"file": s.noted(i.Name)})
	})
	if err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, s.chunks(i).remove(ctx))
}

// Refused gives the rows that were not taken, in the order of the file, a page at a time.
func (s *Service) Refused(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, im ID, do func(Refusal) error) error {
	const op = "imports.Refused"
	i, v, err := s.one(ctx, op, ws, actor, im)
	switch {
	case err != nil:
		return err
	case !i.ErasedAt.IsZero():
		return errErased
	}
	covers := v.of(i)
	return s.eachRefusal(ctx, ws, im, func(r Refusal) error { return do(v.refusal(i, covers, r)) })
}

func (s *Service) eachRefusal(ctx context.Context, ws identity.WorkspaceID, im ID, do func(Refusal) error) error {
	const op = "imports.Refused"
	for after := int64(-1); ; {
		var page []Refusal
		if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
			page, err = store.All(tx, scanRefusal, `/* imports.Refused */ SELECT row_number, line, reasons, cells, raw FROM import_refusal
				WHERE workspace = $1 AND import = $2 AND row_number > $3 ORDER BY row_number LIMIT 500`, string(ws), string(im), after)
			return err
		}); err != nil {
			return fault.Wrap(op, err)
		}
		for _, r := range page {
			if err := do(r); err != nil {
				return err
			}
		}
		if len(page) < 500 {
			return nil
		}
		after = page[len(page)-1].Row
	}
}
