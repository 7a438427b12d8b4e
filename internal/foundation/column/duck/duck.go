// Package duck is the columnar store on DuckDB: one file, in the process, no server. It is the only package that links
// DuckDB (a test binary that does weighs 72 MB).
//
// One connection writes and others read; a reader sees the state of the last commit, and waits for nothing but a checkpoint.
package duck

import (
	"context"
	"database/sql"
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
	"sync/atomic"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/jsonwrite"
)

type engine struct {
	opts    column.Options
	path    string        // "" in memory
	writing chan struct{} // holds a token while somebody writes; a channel, because waiting must end with the context
	closed  chan struct{}
	close   func() error

	live        atomic.Pointer[database]
	quarantined atomic.Pointer[string]
	tell        sync.Once // of damage
}

// database is the open file. DuckDB declares one broken for good when it could not write (the disk is full, say): then it is
// closed and opened again.
type database struct {
	readers *sql.DB
	writer  *sql.Conn // for whoever holds the token
	broken  atomic.Bool
}

func (d *database) close() error { return errors.Join(d.writer.Close(), d.readers.Close()) }

// Open opens or creates the file at path; "" is in memory. The file belongs to this process alone until Close, and is a
// Conflict for any other. A write-ahead log that cannot be read is moved aside to <path>.wal.corrupt-<time> (Stats tells) and
// the file is opened as of its last checkpoint: Watermark then says what is there, and the feeder replays the rest. A file that
// cannot be opened because it is damaged is moved aside itself, to <path>.corrupt-<time>, with its log, and a new one begun.
func Open(ctx context.Context, path string, opts column.Options) (*column.DB, error) {
	e, err := open(ctx, path, opts.WithDefaults())
	if err != nil {
		return nil, fmt.Errorf("duck.Open: %w", err)
	}
	return column.New(e), nil
}

func open(ctx context.Context, path string, opts column.Options) (*engine, error) {
	if opts.Threads == 0 {
		opts.Threads = runtime.NumCPU()
	}
	e := &engine{opts: opts, path: path, writing: make(chan struct{}, 1), closed: make(chan struct{})}
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
	d, err := e.start(ctx)
	if e.damaged(err) && e.quarantine("file", err, "", ".wal", ".wal.checkpoint", ".wal.recovery") {
		d, err = e.start(ctx)
	}
	if err != nil {
		return nil, err
	}
	e.live.Store(d)
	e.close = sync.OnceValue(func() error {
		e.writing <- struct{}{} // let the present writer finish, and no other begin
		close(e.closed)
		return e.live.Load().close()
	})
	return e, nil
}

func (e *engine) start(ctx context.Context) (*database, error) {
	config := url.Values{
		"memory_limit":         {e.opts.MemoryLimit},
		"threads":              {strconv.Itoa(e.opts.Threads)},
		"checkpoint_threshold": {strconv.Itoa(checkpointMB) + "MB"},
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
	if e.damagedLog(err) && e.quarantine("write-ahead log", err, ".wal", ".wal.checkpoint", ".wal.recovery") {
		connector, err = duckdb.NewConnector(dsn, nil)
	}
	if err != nil && strings.Contains(err.Error(), "Could not set lock on file") {
		return nil, &fault.Error{Kind: fault.Conflict, Op: "duck", Err: err,
			Msg: e.path + " is in use by another process, a running server most likely; it belongs to one at a time: stop that one first"}
	}
	if err != nil {
		return nil, err
	}
	d := &database{readers: sql.OpenDB(connector)}
	d.readers.SetMaxOpenConns(4*e.opts.Threads + 8)
	d.readers.SetMaxIdleConns(4)
	if d.writer, err = d.readers.Conn(ctx); err != nil {
		return nil, errors.Join(err, d.readers.Close())
	}
	for _, q := range []string{
		"CREATE TABLE IF NOT EXISTS kolo_watermark (stream VARCHAR, mark BIGINT)",
		"SET GLOBAL lock_configuration = true",
		"SELECT stream, mark FROM kolo_watermark", // if these cannot be read the file is as good as none
	} {
		if _, err := d.writer.ExecContext(ctx, q); err != nil {
			return nil, errors.Join(err, d.close())
		}
	}
	return d, nil
}

// readers gives the connections for reading, of a new database if the last one broke.
func (e *engine) readers(ctx context.Context) (*sql.DB, error) {
	if e.live.Load().broken.Load() {
		unlock, err := e.lock(ctx)
		if err != nil {
			return nil, err
		}
		unlock()
	}
	return e.live.Load().readers, nil
}

// writer is for whoever holds the token.
func (e *engine) writer() *sql.Conn { return e.live.Load().writer }

// heal replaces a broken database. As long as a question still holds a connection DuckDB gives us the same one again; then
// this fails, and is tried again the next time.
func (e *engine) heal(ctx context.Context) error {
	d := e.live.Load()
	if !d.broken.Load() {
		return nil
	}
	_ = d.close() // it has said what it had to say
	fresh, err := e.start(ctx)
	if err != nil {
		return err
	}
	e.live.Store(fresh)
	e.opts.Logger.Warn("columns: the database was opened again after a failure", "file", e.path)
	return nil
}

// note remembers when an error says that the database is broken, and says of a lack of memory that it is one.
func (e *engine) note(err error) error {
	if err == nil {
		return nil
	}
	var de *duckdb.Error
	if errors.As(err, &de) && de.Type == duckdb.ErrorTypeOutOfMemory {
		return &fault.Error{Kind: fault.Busy, Op: "duck", Msg: "this takes more memory than there is for it; ask for less at once", Err: err}
	}
	if e.damaged(err) {
		e.tell.Do(func() {
			e.opts.Logger.Error("columns: a part of the file is damaged; stop Kolo and run \"kolo admin rebuild\", which fills the columns again from rows",
				"file", e.path, "error", err)
		})
	}
	if errors.As(err, &de) && de.Type == duckdb.ErrorTypeFatal || strings.Contains(err.Error(), "has been invalidated") {
		e.live.Load().broken.Store(true)
	}
	return err
}

// damagedLog tells whether an error says that the write-ahead log is what keeps the file from opening.
func (e *engine) damagedLog(err error) bool {
	return err != nil && strings.Contains(e.without(err), "WAL")
}

// damaged tells whether an error says that the file holds something else than what was written: no lock, no permission, no room
// and no newer version of DuckDB.
func (e *engine) damaged(err error) bool {
	if err == nil || e.path == "" {
		return false
	}
	text := e.without(err)
	return strings.Contains(text, "Corrupt database file") || // a checksum
		strings.Contains(text, "is not a valid DuckDB database file") || // how it begins
		strings.Contains(text, "Could not read enough bytes from file") // where it ends
}

// without is an error's text without the path, in which anything may stand.
func (e *engine) without(err error) string { return strings.ReplaceAll(err.Error(), e.path, "") }

// quarantine moves the files with these endings aside when they are what keeps the store from opening; true when trying again
// may help. The last goes first, for a log must not be left without its file. A log that was being checkpointed has up to two
// companions.
func (e *engine) quarantine(what string, cause error, ends ...string) bool {
	if e.path == "" {
		return false
	}
	var moved string
	stamp := ".corrupt-" + e.opts.Clock.Now().UTC().Format("20060102T150405.000")
	for _, end := range slices.Backward(ends) {
		name := e.path + end
		if err := os.Rename(name, name+stamp); err == nil {
			moved = name + stamp
		} else if !errors.Is(err, fs.ErrNotExist) {
			e.opts.Logger.Error("columns: a damaged "+what+" cannot be moved aside", "file", name, "error", err)
			return false
		}
	}
	if moved != "" {
		e.quarantined.Store(&moved)
		e.opts.Logger.Error("columns: a damaged "+what+" was moved aside; what it held is fed again from rows, and nothing is lost",
			"file", moved, "error", cause)
	}
	return moved != ""
}

func (e *engine) Name() column.EngineName { return column.DuckDB }

func (e *engine) Close() error { return e.close() }

func (e *engine) Ready(ctx context.Context) error {
	_, err := e.Watermark(ctx, "")
	return err
}

// lock waits for the writer's place, and makes sure that there is a database to write to.
func (e *engine) lock(ctx context.Context) (func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case e.writing <- struct{}{}:
	case <-e.closed:
		return nil, errors.New("the store is closed")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	unlock := func() { <-e.writing }
	if err := e.heal(ctx); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

// update runs f in the writer's transaction.
func (e *engine) update(ctx context.Context, f func() error) error {
	unlock, err := e.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := e.writer().ExecContext(ctx, "BEGIN"); err != nil {
		return e.note(err)
	}
	if err := f(); err != nil {
		// The context may be over already, and the connection is needed again.
		_, err2 := e.writer().ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return e.note(errors.Join(err, err2))
	}
	// Past this point the answer must be true, so the commit does not stop half-way with the context.
	if _, err = e.writer().ExecContext(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		return e.note(err)
	}
	// DuckDB checkpoints by itself when nobody reads. Where somebody always does, the log would grow for ever.
	if st, err := os.Stat(e.path + ".wal"); err == nil && st.Size() > checkpointMB<<20+8<<20 {
		if _, err := e.writer().ExecContext(ctx, "FORCE CHECKPOINT"); err != nil {
			e.opts.Logger.Warn("columns: the write-ahead log could not be written into the file", "size", st.Size(), "error", e.note(err))
		}
	}
	return nil
}

// checkpointMB is how large the write-ahead log becomes before it is written into the file. A larger one means fewer
// checkpoints while feeding (16 MB: 100,000 rows a second, 64 MB: 120,000, 128 MB: 145,000), but as much more memory until
// the next one, and a longer start after a crash.
const checkpointMB = 64

func (e *engine) Watermark(ctx context.Context, stream string) (int64, error) {
	db, err := e.readers(ctx)
	if err != nil {
		return 0, err
	}
	m, err := mark(ctx, db, stream)
	return m, e.note(err)
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
	r, err := e.writer().ExecContext(ctx, "UPDATE kolo_watermark SET mark = $2 WHERE stream = $1", stream, m)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n > 0 {
		return err
	}
	_, err = e.writer().ExecContext(ctx, "INSERT INTO kolo_watermark VALUES ($1, $2)", stream, m)
	return err
}

// A transaction that adds more rows than a row group has writes them straight into the file, group by group as they are full, once. What
// less adds goes into the log, and from there into the file again and again, until its row group is full. So where more is to come one
// transaction takes two groups, no row more, so that none is left with a few rows; unless rows are so long that those of a
// group that is not full yet would fill the memory.
const (
	rowGroup = 122_880
	mostRows = 2 * rowGroup
	mostHeld = 256 << 20 // bytes
)

func (e *engine) Append(ctx context.Context, stream string, from, to int64, loads []column.Load, more func(context.Context) (int64, []column.Load, error)) (int64, error) {
	err := e.update(ctx, func() error {
		m, err := mark(ctx, e.writer(), stream)
		if err != nil {
			return err
		}
		if m != from {
			return column.ErrStale
		}
		for rows, bytes := 0, 0; ; {
			most := 0
			for _, l := range loads {
				if err := e.remove(ctx, l.Table, l.Remove); err != nil {
					return err
				}
				n, err := e.insert(ctx, l)
				if err != nil {
					return err
				}
				most, bytes = max(most, len(l.Rows)), bytes+n
			}
			if rows/rowGroup < (rows+most)/rowGroup {
				bytes = 0
			}
			if rows += most; rows >= mostRows || bytes >= mostHeld {
				break
			}
			next, further, err := more(ctx)
			if err != nil {
				return err
			}
			if next == 0 {
				break
			}
			to, loads = next, further
		}
		return e.setMark(ctx, stream, to)
	})
	if err != nil {
		return 0, err
	}
	return to, nil
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
		if _, err := e.writer().ExecContext(ctx, q, ws, slices.Min(list), slices.Max(list), list); err != nil {
			return err
		}
	}
	return nil
}

// insert hands rows to DuckDB in the transaction of the writer's connection, and tells about how many bytes they are.
func (e *engine) insert(ctx context.Context, l column.Load) (bytes int, err error) {
	if len(l.Rows) == 0 {
		return 0, nil
	}
	names, err := columns(ctx, e.writer(), l.Table.Name)
	if err != nil {
		return 0, err
	}
	// Where the table's columns get their values: described ones at their place of a row, promoted ones from the catch-all, in its order.
	types, from := make([]column.Type, len(names)), make([]int, len(names))
	extra := slices.IndexFunc(l.Table.Columns, func(c column.Column) bool { return c.Name == l.Table.Extra })
	type promoted struct {
		key string
		at  int // of the table's columns
	}
	var own []promoted
	for i, n := range names {
		from[i] = slices.IndexFunc(l.Table.Columns, func(c column.Column) bool { return c.Name == n })
		switch key, ok := column.KeyOf(n); {
		case ok && extra >= 0:
			types[i] = column.Text
			own = append(own, promoted{key, i})
		case from[i] >= 0:
			types[i] = l.Table.Columns[from[i]].Type
		}
	}
	slices.SortFunc(own, func(a, b promoted) int { return strings.Compare(a.key, b.key) })
	err = e.writer().Raw(func(conn any) (err error) {
		a, err := newAppender(conn, l.Table.Name, types)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, a.close()) }()
		var ids uuids
		var object []byte
		for n, row := range l.Rows {
			if n%1024 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if err := a.next(); err != nil {
				return err
			}
			for i, j := range from {
				if j < 0 { // a promoted key, or a column that is no longer described
					if types[i] == 0 {
						a.setNull(i)
					}
					continue
				}
				switch v := row[j].(type) {
				case nil:
					a.setNull(i)
				case string:
					if types[i] == column.UUID {
						u, err := ids.value(v)
						if err != nil {
							return err
						}
						a.setUUID(i, u)
					} else {
						setText(a, i, v)
					}
				case int64:
					set(a, i, v)
				case float64:
					set(a, i, v)
				case int16:
					set(a, i, v)
				case column.Pairs:
					object = appendObject(object[:0], v)
					setText(a, i, object)
				default:
					return fmt.Errorf("a %T in a row of %s", v, l.Table.Name)
				}
			}
			if len(own) > 0 {
				pairs := row[extra].(column.Pairs)
				for _, p := range own {
					for len(pairs) > 0 && pairs[0].Name < p.key {
						pairs = pairs[1:]
					}
					if len(pairs) > 0 && pairs[0].Name == p.key {
						setText(a, p.at, pairs[0].Text)
					} else {
						a.setNull(p.at)
					}
				}
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		bytes = a.bytes
		return a.flush()
	})
	return bytes, err
}

// appendObject appends pairs as a JSON object.
func appendObject(b []byte, pairs column.Pairs) []byte {
	b = append(b, '{')
	for i, p := range pairs {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsonwrite.Text(b, p.Name)
		b = append(b, ':')
		b = jsonwrite.Text(b, p.Text)
	}
	return append(b, '}')
}

func (e *engine) Reset(ctx context.Context, stream string, tables []string) error {
	err := e.update(ctx, func() error {
		for _, t := range tables {
			if _, err := e.writer().ExecContext(ctx, `DELETE FROM "`+t+`"`); err != nil {
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
	_, err = e.writer().ExecContext(ctx, "FORCE CHECKPOINT")
	return e.note(err)
}

func (e *engine) Query(ctx context.Context, text string, args []any) (column.Cursor, error) {
	db, err := e.readers(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, e.note(err)
	}
	names, err := rows.Columns()
	if err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, errors.Join(err, rows.Close())
	}
	c := &cursor{rows: rows, note: e.note, names: names, dest: make([]any, len(names))}
	for i, t := range types {
		if t.DatabaseTypeName() == "UUID" {
			c.uuids = append(c.uuids, i)
		}
	}
	return c, nil
}

type cursor struct {
	rows  *sql.Rows
	note  func(error) error
	names []string
	uuids []int // which of the columns are
	dest  []any
}

func (c *cursor) Columns() []string { return c.names }

func (c *cursor) Close() error { return c.rows.Close() }

func (c *cursor) Next(vals []any) (bool, error) {
	if !c.rows.Next() {
		return false, c.note(c.rows.Err())
	}
	for i := range vals {
		c.dest[i] = &vals[i]
	}
	if err := c.rows.Scan(c.dest...); err != nil {
		return false, err
	}
	for _, i := range c.uuids {
		if b, ok := vals[i].([]byte); ok {
			vals[i] = uuidText(b)
		}
	}
	return true, nil
}

func (e *engine) Stats(ctx context.Context) (column.Stats, error) {
	s := column.Stats{Engine: string(column.DuckDB), Rows: map[string]int64{}}
	if q := e.quarantined.Load(); q != nil {
		s.Quarantined = *q
	}
	db, err := e.readers(ctx)
	if err != nil {
		return s, err
	}
	if err := db.QueryRowContext(ctx, "SELECT version(), CAST((SELECT sum(memory_usage_bytes) FROM duckdb_memory()) AS BIGINT)").Scan(&s.Version, &s.Memory); err != nil {
		return s, err
	}
	rows, err := db.QueryContext(ctx, "SELECT table_name, estimated_size FROM duckdb_tables() WHERE table_name <> 'kolo_watermark'")
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
