// Package duck is the columnar store on DuckDB: one file, in the process, no server. It is the only package that links
// DuckDB (a test binary that does weighs 72 MB).
//
// One connection writes and others read; a reader sees the state of the last commit, and waits for nothing but a checkpoint.
package duck

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"kolo/internal/foundation/column"
)

type engine struct {
	opts        column.Options
	path        string // "" in memory
	quarantined string

	db      *sql.DB       // readers
	writing chan struct{} // holds a token while somebody writes; a channel, because waiting must end with the context
	writer  *sql.Conn
	close   func() error
}

// Open opens or creates the file at path; "" is in memory. The file belongs to this process alone until Close. A
// write-ahead log that cannot be read is moved aside to <path>.wal.corrupt-<time> (Stats tells) and the file is opened as of
// its last checkpoint: Watermark then says what is there, and the feeder replays the rest.
func Open(ctx context.Context, path string, opts column.Options) (*column.DB, error) {
	e, err := open(ctx, path, opts.WithDefaults())
	if err != nil {
		return nil, fmt.Errorf("duck.Open: %w", err)
	}
	return column.New(e), nil
}

func open(ctx context.Context, path string, opts column.Options) (*engine, error) {
	e := &engine{opts: opts, path: path, writing: make(chan struct{}, 1)}
	if opts.Threads == 0 {
		opts.Threads = runtime.NumCPU()
	}
	if path != "" {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		if strings.ContainsAny(abs, "?%#") { // the driver reads a path as a URL
			return nil, fmt.Errorf("the path %s has a ?, %% or # in it", abs)
		}
		e.path = abs
	}
	config := url.Values{
		"memory_limit": {opts.MemoryLimit},
		"threads":      {strconv.Itoa(opts.Threads)},
		// A larger log means fewer checkpoints while feeding (16 MB: 100,000 rows a second, 64 MB: 120,000, 128 MB: 145,000)
		// but as much more memory until the next one, and a longer start after a crash.
		"checkpoint_threshold": {"64MB"},
		// Freed memory goes back to the system at once; it cost no measurable time, and halved what is held after a feed.
		"allocator_flush_threshold":                   {"1MB"},
		"allocator_bulk_deallocation_flush_threshold": {"1MB"},
		// Questions are compiled by us, but a mistake there must not reach the machine's files or the network.
		"enable_external_access":       {"false"},
		"autoinstall_known_extensions": {"false"},
		"autoload_known_extensions":    {"false"},
		"preserve_insertion_order":     {"false"}, // every question orders its own answer; this saves memory
	}
	dsn := e.path + "?" + config.Encode()
	connector, err := duckdb.NewConnector(dsn, nil)
	if err != nil && e.quarantine(err) {
		connector, err = duckdb.NewConnector(dsn, nil)
	}
	if err != nil {
		return nil, err
	}
	e.db = sql.OpenDB(connector)
	e.db.SetMaxOpenConns(4*opts.Threads + 8)
	e.db.SetMaxIdleConns(4)
	e.close = sync.OnceValue(func() error {
		e.writing <- struct{}{} // let the present writer finish
		return errors.Join(e.writer.Close(), e.db.Close())
	})
	if e.writer, err = e.db.Conn(ctx); err != nil {
		return nil, errors.Join(err, e.db.Close())
	}
	for _, q := range []string{
		"CREATE TABLE IF NOT EXISTS kolo_watermark (stream VARCHAR, mark BIGINT)",
		"SET GLOBAL lock_configuration = true",
	} {
		if _, err := e.writer.ExecContext(ctx, q); err != nil {
			return nil, errors.Join(err, e.Close())
		}
	}
	return e, nil
}

// quarantine moves the write-ahead log aside when it is what keeps the file from opening; true when trying again may help.
// A log that was being checkpointed has up to two companions.
func (e *engine) quarantine(cause error) bool {
	if text := strings.ToLower(cause.Error()); e.path == "" || strings.Contains(text, "set lock") || !strings.Contains(text, "wal") {
		return false
	}
	stamp := ".corrupt-" + e.opts.Clock.Now().UTC().Format("20060102T150405.000")
	for _, end := range []string{".wal", ".wal.checkpoint", ".wal.recovery"} {
		name := e.path + end
		if err := os.Rename(name, name+stamp); err == nil {
			e.quarantined = cmp.Or(e.quarantined, name+stamp)
		} else if !errors.Is(err, fs.ErrNotExist) {
			e.opts.Logger.Error("columns: a damaged write-ahead log cannot be moved aside", "file", name, "error", err)
			return false
		}
	}
	if e.quarantined != "" {
		e.opts.Logger.Error("columns: a damaged write-ahead log was moved aside; what it held is fed again from rows",
			"file", e.quarantined, "error", cause)
	}
	return e.quarantined != ""
}

func (e *engine) Name() column.EngineName { return column.DuckDB }

func (e *engine) Close() error { return e.close() }

func (e *engine) Ready(ctx context.Context) error {
	_, err := e.db.ExecContext(ctx, "SELECT count(*) FROM kolo_watermark")
	return err
}

// lock waits for the writer's place.
func (e *engine) lock(ctx context.Context) (func(), error) {
	select {
	case e.writing <- struct{}{}:
		return func() { <-e.writing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// update runs f in the writer's transaction.
func (e *engine) update(ctx context.Context, f func() error) error {
	unlock, err := e.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := e.writer.ExecContext(ctx, "BEGIN"); err != nil {
		return err
	}
	if err := f(); err != nil {
		// The context may be over already, and the connection is needed again.
		_, err2 := e.writer.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return errors.Join(err, err2)
	}
	// Past this point the answer must be true, so the commit does not stop half-way with the context.
	_, err = e.writer.ExecContext(context.WithoutCancel(ctx), "COMMIT")
	return err
}

func (e *engine) Watermark(ctx context.Context, stream string) (int64, error) {
	return mark(ctx, e.db, stream)
}

func mark(ctx context.Context, q interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, stream string) (int64, error) {
	var m int64
	err := q.QueryRowContext(ctx, "SELECT mark FROM kolo_watermark WHERE stream = $1", stream).Scan(&m)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return m, err
}

func (e *engine) setMark(ctx context.Context, stream string, m int64) error {
	r, err := e.writer.ExecContext(ctx, "UPDATE kolo_watermark SET mark = $2 WHERE stream = $1", stream, m)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n > 0 {
		return err
	}
	_, err = e.writer.ExecContext(ctx, "INSERT INTO kolo_watermark VALUES ($1, $2)", stream, m)
	return err
}

func (e *engine) Append(ctx context.Context, stream string, from, to int64, loads []column.Load) error {
	return e.update(ctx, func() error {
		m, err := mark(ctx, e.writer, stream)
		if err != nil {
			return err
		}
		if m != from {
			return column.ErrStale
		}
		for _, l := range loads {
			if err := e.remove(ctx, l.Table, l.Remove); err != nil {
				return err
			}
			if err := e.insert(ctx, l); err != nil {
				return err
			}
		}
		return e.setMark(ctx, stream, to)
	})
}

// remove deletes rows by id.
func (e *engine) remove(ctx context.Context, t column.Table, keys []column.Key) error {
	return e.eachWorkspace(ctx, t, keys, `DELETE FROM "`+t.Name+`"`)
}

// eachWorkspace runs a command on the rows of some ids. The bounds let whole row groups be passed over: ids are ordered by
// the time of their making.
func (e *engine) eachWorkspace(ctx context.Context, t column.Table, keys []column.Key, command string) error {
	ids := map[string][]string{}
	for _, k := range keys {
		ids[k.Workspace] = append(ids[k.Workspace], k.ID)
	}
	for ws, list := range ids {
		q := fmt.Sprintf(`%s WHERE workspace = $1 AND "%s" >= $2 AND "%[2]s" <= $3 AND "%[2]s" IN (SELECT unnest($4::VARCHAR[]))`, command, t.ID)
		if _, err := e.writer.ExecContext(ctx, q, ws, slices.Min(list), slices.Max(list), list); err != nil {
			return err
		}
	}
	return nil
}

// insert hands the rows to DuckDB's appender, which joins the transaction of its connection.
func (e *engine) insert(ctx context.Context, l column.Load) error {
	if len(l.Rows) == 0 {
		return nil
	}
	names, err := columns(ctx, e.writer, l.Table.Name)
	if err != nil {
		return err
	}
	type place struct {
		from int    // index in the row
		key  string // or the promoted key to take from the catch-all at from
	}
	places := make([]place, len(names))
	extra := slices.IndexFunc(l.Table.Columns, func(c column.Column) bool { return c.Name == l.Table.Extra })
	for i, n := range names {
		places[i].from = slices.IndexFunc(l.Table.Columns, func(c column.Column) bool { return c.Name == n })
		if key, ok := column.KeyOf(n); ok && extra >= 0 {
			places[i] = place{extra, key}
		}
	}
	return e.writer.Raw(func(conn any) (err error) {
		a, err := duckdb.NewAppenderFromConn(conn.(driver.Conn), "", l.Table.Name)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, a.CloseWithCancel(ctx)) }()
		vals := make([]driver.Value, len(names))
		var extras jsonWriter
		for n, row := range l.Rows {
			if n%1024 == 0 && ctx.Err() != nil {
				return errors.Join(ctx.Err(), a.Clear())
			}
			for i, p := range places {
				switch {
				case p.from < 0: // a column that is no longer described
					vals[i] = nil
				case p.key != "":
					vals[i] = nil
					if v, ok := row[p.from].(map[string]string)[p.key]; ok {
						vals[i] = v
					}
				case p.from == extra:
					vals[i] = extras.object(row[p.from].(map[string]string))
				default:
					vals[i] = row[p.from]
				}
			}
			if err := a.AppendRow(vals...); err != nil {
				return errors.Join(err, a.Clear())
			}
		}
		return nil
	})
}

func (e *engine) Reset(ctx context.Context, stream string, tables []string) error {
	err := e.update(ctx, func() error {
		for _, t := range tables {
			if _, err := e.writer.ExecContext(ctx, `DELETE FROM "`+t+`"`); err != nil {
				return err
			}
		}
		return e.setMark(ctx, stream, 0)
	})
	if err != nil {
		return err
	}
	return e.Checkpoint(ctx)
}

func (e *engine) Checkpoint(ctx context.Context) error {
	unlock, err := e.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	// FORCE waits for the questions that are being answered; without it the checkpoint is refused because of them.
	_, err = e.writer.ExecContext(ctx, "FORCE CHECKPOINT")
	return err
}

func (e *engine) Query(ctx context.Context, text string, args []any) (column.Cursor, error) {
	rows, err := e.db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	names, err := rows.Columns()
	if err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	return &cursor{rows: rows, names: names, dest: make([]any, len(names))}, nil
}

type cursor struct {
	rows  *sql.Rows
	names []string
	dest  []any
}

func (c *cursor) Columns() []string { return c.names }

func (c *cursor) Close() error { return c.rows.Close() }

func (c *cursor) Next(vals []any) (bool, error) {
	if !c.rows.Next() {
		return false, c.rows.Err()
	}
	for i := range vals {
		c.dest[i] = &vals[i]
	}
	return true, c.rows.Scan(c.dest...)
}

func (e *engine) Stats(ctx context.Context) (column.Stats, error) {
	s := column.Stats{Engine: string(column.DuckDB), Rows: map[string]int64{}, Quarantined: e.quarantined}
	if err := e.db.QueryRowContext(ctx, "SELECT version(), CAST((SELECT sum(memory_usage_bytes) FROM duckdb_memory()) AS BIGINT)").Scan(&s.Version, &s.Memory); err != nil {
		return s, err
	}
	rows, err := e.db.QueryContext(ctx, "SELECT table_name, estimated_size FROM duckdb_tables() WHERE table_name <> 'kolo_watermark'")
	if err != nil {
		return s, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return s, err
		}
		s.Rows[name] = n
	}
	if e.path != "" {
		if st, err := os.Stat(e.path + ".wal"); err == nil {
			s.WAL = st.Size()
		}
		if st, err := os.Stat(e.path); err == nil {
			s.Bytes = st.Size() + s.WAL
		}
	}
	return s, rows.Err()
}
