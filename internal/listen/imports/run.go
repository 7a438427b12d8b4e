package imports

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// batchRows is how many rows share a transaction. Each is a checkpoint: killed at any moment, an import goes on behind the
// last one.
const batchRows = 4000

// rawRow is a row as it was read.
type rawRow struct {
	number, line int64
	cells        []string
	raw          string
	bad          *table.RowError
}

// batch is a piece of a file on its way through the three stages of run: reading, making inputs, keeping.
type batch struct {
	rows    []rawRow
	cells   []string // what the rows' cells are pieces of
	columns []string
	last    int64 // number of the last row in it, kept or not
	offset  int64 // bytes of the file read so far
	size    int64 // of the file, as its reader counts them
	mended  int64
	steps   []step // of the mapping, as many as there were columns by then

	inputs   []feedback.Input
	undated  []bool // of each input: its row has no date
	from     []int  // the row of each input
	refused  []Refusal
	private  []string           // attributes that say who somebody is
	named    []contact.Identity // whom the rows name, where anybody was erased
	prepared *feedback.Prepared
}

// errLost is why an attempt stops: the import was cancelled, or another attempt has it.
var errLost = fault.New(fault.Conflict, "imports.run", "the import was stopped")

// hooks are what goes on beside an import; each may be nil.
type hooks struct {
	save   func(*store.Tx, Import) error // in each transaction that keeps rows
	kept   func(Import)                  // after each of them
	finish func(*store.Tx, Import) error // in the transaction that ends the import
}

// run brings in what of a file is not in yet. file is at its beginning. Reading, making inputs, and keeping go on at the
// same time, each a batch ahead of the next.
func (s *Service) run(ctx context.Context, im Import, file source, h hooks) (Import, error) {
	w, err := s.workspace(ctx, im.Workspace)
	if err != nil {
		return im, err
	}
	r, err := table.Open(file, im.Name, im.Settings.options())
	if err != nil {
		return im, err
	}
	b := newBuilder(im.Mapping, im, w.Location(), im.StartedAt)
	if err := s.db.View(ctx, func(tx *store.Tx) error {
		some, err := contact.AnyErased(tx, im.Workspace)
		if some { // whoever is erased while this runs is searched for in all that it brings
			b.namer = newNamer(im, w.Country)
		}
		return err
	}); err != nil {
		return im, errors.Join(err, r.Close())
	}
	read, made := make(chan *batch, 1), make(chan *batch, 1)
	free := make(chan *batch, 5)
	for range cap(free) {
		free <- &batch{}
	}
	begun, ws := im.Rows, im.Workspace
	group, working := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(read)
		return readBatches(working, r, begun, s.batchRows, free, read)
	})
	group.Go(func() error {
		defer close(made)
		for p := range read {
			b.make(p)
			var err error
			if p.prepared, err = s.feedback.Prepare(working, ws, p.inputs); err != nil {
				return err
			}
			if err := send(working, made, p); err != nil {
				return err
			}
		}
		return nil
	})
	group.Go(func() error {
		for p := range made {
			next := im // what the transaction writes, should it commit
			if _, err := s.feedback.Keep(working, p.prepared, func(tx *store.Tx, results []feedback.Result) error {
				next = im
				if err := p.book(tx, &next, results); err != nil {
					return err
				}
				if h.save == nil {
					return nil
				}
				return h.save(tx, next)
			}); err != nil {
				return err
			}
			if im = next; h.kept != nil {
				h.kept(im)
			}
			free <- p
		}
		return working.Err()
	})
	err = errors.Join(group.Wait(), r.Close())
	if err != nil {
		return im, err
	}
	return im, s.db.Update(ctx, func(tx *store.Tx) error {
		im.Total = im.Rows
		n, err := tx.Exec(`/* imports.finish */ UPDATE import SET state = 'done', error = '', rows_total = rows_done, finished_at = $4, beat_at = $4
			WHERE workspace = $1 AND id = $2 AND attempt = $3 AND state = 'running'`, string(im.Workspace), string(im.ID), im.attempt, tx.Millis())
		if err == nil && n == 0 {
			err = errLost
		}
		if err != nil {
			return err
		}
		im.State, im.FinishedAt = Done, tx.Now
		if err := searchOn(tx, im.Workspace); err != nil {
			return err
		}
		if err := identity.Audit(tx, identity.Program(im.Workspace, "import"), "import.finish", "import", string(im.ID), map[string]string{
			"file": s.noted(im.Name), "created": number(float64(im.Created)), "duplicates": number(float64(im.Duplicates)), "refused": number(float64(im.Refused))}); err != nil {
			return err
		}
		if h.finish == nil {
			return nil
		}
		return h.finish(tx, im)
	})
}

func send(ctx context.Context, to chan<- *batch, p *batch) error {
	select {
	case to <- p:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readBatches cuts the rows behind the first `after` into batches.
func readBatches(ctx context.Context, r table.Reader, after int64, size int, free <-chan *batch, read chan<- *batch) error {
	for {
		var p *batch
		select {
		case p = <-free:
		case <-ctx.Done():
			return ctx.Err()
		}
		p.rows, p.cells, p.mended, p.last = p.rows[:0], p.cells[:0], 0, 0
		end := false
		for len(p.rows) < size {
			row, err := r.Next()
			var bad *table.RowError
			if err == io.EOF {
				end = true
				break
			} else if errors.As(err, &bad) {
				if bad.Number > after {
					p.rows = append(p.rows, rawRow{number: bad.Number, line: bad.Line, raw: bad.Raw, bad: bad})
					p.last = bad.Number
				}
				continue
			} else if err != nil {
				return err
			}
			if row.Number <= after {
				if row.Number%batchRows == 0 && ctx.Err() != nil {
					return ctx.Err()
				}
				continue
			}
			p.last = row.Number
			if row.Mended {
				p.mended++
			}
			// The reader takes its list of cells back; the texts stay.
			at := len(p.cells)
			p.cells = append(p.cells, row.Cells...)
			p.rows = append(p.rows, rawRow{number: row.Number, line: row.Line, cells: p.cells[at:len(p.cells):len(p.cells)], raw: row.Raw})
		}
		p.columns = r.Columns()
		p.columns = p.columns[:len(p.columns):len(p.columns)]
		p.offset, p.size = r.Offset()
		if len(p.rows) > 0 {
			if err := send(ctx, read, p); err != nil {
				return err
			}
		}
		if end {
			return nil
		}
	}
}

// make turns a batch's rows into inputs, and refuses those that cannot be.
func (b *builder) make(p *batch) {
	b.learn(p.columns)
	p.steps = b.steps
	p.inputs, p.from, p.refused = p.inputs[:0], p.from[:0], p.refused[:0]
	p.undated = p.undated[:0]
	clear(b.private)
	for i, r := range p.rows {
		if r.bad != nil {
			b.name(r, nil)
			p.refused = append(p.refused, Refusal{Row: r.number, Line: r.line, Raw: r.raw, Reasons: []fault.Field{{Path: "", Code: string(r.bad.Code), Msg: r.bad.Msg}}})
			continue
		}
		p.inputs = append(p.inputs, feedback.Input{})
		in := &p.inputs[len(p.inputs)-1]
		bad := b.row(r, in)
		b.name(r, in)
		if bad != nil {
			p.inputs = p.inputs[:len(p.inputs)-1]
			p.refused = append(p.refused, refusal(r, bad))
			continue
		}
		p.from, p.undated = append(p.from, i), append(p.undated, in.Time == b.base.Time)
	}
	p.private = slices.Sorted(maps.Keys(b.private))
	if b.namer != nil {
		p.named = b.namer.take()
	}
}

func refusal(r rawRow, reasons []fault.Field) Refusal {
	return Refusal{Row: r.number, Line: r.line, Reasons: reasons, Cells: r.cells}
}

// book writes what became of a batch, in the transaction that keeps it: the refused rows, and the checkpoint with its
// counts. It fails when the attempt no longer holds the import, so that nothing of the batch is kept.
func (p *batch) book(tx *store.Tx, im *Import, results []feedback.Result) error {
	if len(p.private) > 0 { // before anybody can see the first of them
		if err := contact.KeepPersonal(tx, identity.Program(im.Workspace, "import"), p.private); err != nil {
			return err
		}
	}
	if err := returned(tx, *im, p.named); err != nil {
		return err
	}
	refused := p.refused
	for i, r := range results {
		switch r.Status {
		case feedback.Created:
			im.Created++
			if p.undated[i] {
				im.Undated++
			}
		case feedback.Duplicate:
			im.Duplicates++
		default:
			row := p.rows[p.from[i]]
			reasons := make([]fault.Field, len(r.Errors))
			for k, f := range r.Errors {
				f.Path = columnOf(f.Path, p.steps, row.cells)
				reasons[k] = f
			}
			refused = append(refused[:len(refused):len(refused)], refusal(row, reasons))
		}
	}
	values := make([][]any, 0, len(refused))
	for _, r := range refused {
		v, err := r.values(im.Workspace, im.ID)
		if err != nil {
			return err
		}
		values = append(values, v)
	}
	// A row that stands there already was counted already.
	n, err := tx.InsertMany("imports.book", "import_refusal", []string{"workspace", "import", "row_number", "line", "reasons", "cells", "raw"}, values,
		"ON CONFLICT (workspace, import, row_number) DO NOTHING")
	if err != nil {
		return err
	}
	im.Refused += n
	im.Mended += p.mended
	im.Rows = p.last
	if p.size > 0 && p.offset > 0 && p.offset <= p.size {
		im.Total = max(im.Rows, int64(float64(im.Rows)*float64(p.size)/float64(p.offset)))
	}
	n, err = tx.Exec(`/* imports.book */ UPDATE import SET rows_done = $4, rows_total = $5, created = $6, duplicates = $7, refused = $8, mended = $9, beat_at = $10, undated = $11
		WHERE workspace = $1 AND id = $2 AND attempt = $3 AND state = 'running' AND rows_done < $4`, string(im.Workspace), string(im.ID), im.attempt,
		im.Rows, im.Total, im.Created, im.Duplicates, im.Refused, im.Mended, tx.Millis(), im.Undated)
	if err == nil && n == 0 {
		err = errLost
	}
	return err
}

// attempt takes an import into its hands: whoever had it before writes nothing any more. ok is false when there is
// nothing to do, because it was cancelled, discarded, or is done.
func (s *Service) attempt(ctx context.Context, ws identity.WorkspaceID, im ID) (out Import, ok bool, err error) {
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Exec(`/* imports.attempt */ UPDATE import SET state = 'running', attempt = attempt + 1, error = '', finished_at = 0, beat_at = $3,
			started_at = CASE WHEN started_at = 0 THEN $3 ELSE started_at END WHERE workspace = $1 AND id = $2 AND state IN ('queued', 'running')`,
			string(ws), string(im), tx.Millis())
		if ok = err == nil && n == 1; !ok {
			return err
		}
		out, err = store.One(tx, scanImport, "/* imports.attempt */ "+selectImport+" WHERE workspace = $1 AND id = $2", string(ws), string(im))
		return err
	})
	return out, ok, err
}
