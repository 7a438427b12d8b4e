// Package column is Kolo's columnar store: tables that are described to it, fed in batches and asked with SQL.
//
// It knows nothing about customers. Two engines stand behind it, DuckDB in the process (package duck) and ClickHouse
// (package clickhouse); this package links neither, so that whoever asks questions need not link a database. Rows live
// elsewhere and are the truth: everything here can be emptied (Reset) and fed again.
//
// # One SQL text
//
// Query takes the part of SQL that DuckDB and ClickHouse 18.16 share: derived tables, CASE, GROUP BY, HAVING, ORDER BY,
// LIMIT, IN, BETWEEN, LIKE, coalesce, nullIf, sum, min, max, avg, count. No CTE, window, FILTER, QUALIFY, date_trunc, no
// correlated subquery, no comparison of a column with an alias of itself. What differs is a fragment of Dialect. Rules
// that keep the answers the same:
//
//   - write coalesce(sum(x), 0): a sum over no rows is NULL in one engine and 0 in the other; avg over no rows is NULL in both;
//   - guard a division: a / nullIf(b, 0); whole-number division is Dialect.IntDiv, "/" always gives a Float;
//   - min and max over no rows of a column that is not Nullable are 0 or "" in one engine: ask count(*) beside them;
//   - compare with NULL by IS NULL; NULL sorts last; text compares by bytes (fold case in Go, before it is stored);
//   - NOT IN says what it means only with (x IS NULL OR x NOT IN ($1)), and never of an empty list;
//   - put every value in a $n argument; a slice argument stands for a list: x IN ($3). No backslash in a literal;
//   - a condition is 0 or 1 when selected.
package column

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
)

// Type is what a column holds.
type Type uint8

// The types. Go values that Append takes: Text and UUID a string, Int an int64 or int, Float a float64, Small an int16, int
// or bool (0 or 1), Texts a map[string]string or Pairs; a pointer to one of them, or nil, where the column is Nullable.
const (
	Text  Type = iota + 1 // UTF-8; what is not valid is replaced by U+FFFD
	Int                   // 64 bits
	Float                 // 64 bits, finite: NaN and infinities are stored as NULL, or refused where that cannot be
	Small                 // 16 bits: scores, flags, codes
	Texts                 // names and texts: the catch-all of attributes; one in a table, never Nullable
	// UUID is an id as package id makes them, or "" for none; it comes back as the same text. Compare it with UUIDs only: one
	// engine refuses to compare it with anything else. It is for ids that questions choose rows by: in DuckDB a Text is known
	// by the beginning of its values alone where rows are passed over, so that each value has to be compared, a UUID wholly.
	UUID
)

// Column is one column of a table. Names are lower-case words, but not SQL's own (at, end, left, ...), so that they need
// no quotes; those that begin with "a_" are the store's.
type Column struct {
	Name     string
	Type     Type
	Nullable bool
}

// Table describes a table to Ensure.
type Table struct {
	Name    string
	Columns []Column
	Key     []string // sort order; the first is "workspace", a UUID
	ID      string   // the Text column that identifies a row inside its workspace for Replace and Remove
	Many    bool     // several rows share an ID (the labels of one text) and are replaced and removed together
	Extra   string   // the column of type Texts, whose names Promote turns into columns of their own; "" when none
}

// Row is one row of a batch, its values in the order of Table.Columns.
type Row struct {
	Replace bool // first remove what stands under the same workspace and ID
	Values  []any
}

// Key names rows by their workspace and ID.
type Key struct{ Workspace, ID string }

// Batch is what one Append writes into one table. Within a batch the last row of an ID wins over earlier ones when it
// says Replace; in a table with Many, rows of one ID that stand next to each other are one set and win together.
type Batch struct {
	Table  string
	Remove []Key // earlier rows to remove, as Replace does, where nothing follows them
	Rows   []Row
}

// ErrStale is the cause of a fault.Conflict from Append: "from" is not the present watermark, so another feeder was here
// or the columns were rebuilt. Ask Watermark and go on from there.
var ErrStale = fault.New(fault.Conflict, "column.Append", "the columns are not where this batch begins")

// Options of both engines. The zero value is good.
type Options struct {
	MemoryLimit string       // DuckDB's, "512MB" by default; a hard query can overshoot it 1.8 times
	Threads     int          // DuckDB's, 0 is one for each processor
	Cluster     string       // ClickHouse's: the name of a cluster makes tables replicated and distributed over it
	Logger      *slog.Logger // slog.Default when nil
	Clock       clock.Clock  // clock.System when nil
}

// WithDefaults fills in what was left out.
func (o Options) WithDefaults() Options {
	if o.MemoryLimit == "" {
		o.MemoryLimit = "512MB"
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	return o
}

// Stats is what an engine says about itself.
type Stats struct {
	Engine      string           // "duckdb" or "clickhouse"
	Version     string           // of the engine
	Rows        map[string]int64 // by table, as the engine estimates them
	Bytes       int64            // on disk
	WAL         int64            // of those, bytes that are not checkpointed yet (DuckDB)
	Memory      int64            // that the engine holds, where it tells
	Quarantined string           // the file that a damaged write-ahead log, or the damaged file itself, was moved to when this database was opened
}

// DB is an open columnar store; safe for concurrent use. Appends to it stand in line, readers do not wait for them.
type DB struct {
	engine Engine

	mu       sync.RWMutex
	tables   map[string]Table
	promoted map[string]map[string]bool // by table: the keys that have a column
}

// New makes a store of an engine. Callers want duck.Open or clickhouse.Open.
func New(engine Engine) *DB {
	return &DB{engine: engine, tables: map[string]Table{}, promoted: map[string]map[string]bool{}}
}

// Ensure creates tables, or adds to them the columns they lack (filled with NULL, "", 0 or an empty Texts). It goes
// forward only: a Text that has become a UUID is converted where it stands, unless it holds something else; a column whose type
// changed otherwise is a fault.Conflict, one that is no longer described stays where it is.
func (db *DB) Ensure(ctx context.Context, tables ...Table) error {
	const op = "column.Ensure"
	for _, t := range tables {
		if err := t.validate(); err != nil {
			return fault.Wrap(op, err)
		}
		if err := db.engine.Ensure(ctx, t); err != nil {
			return fault.Wrap(op, err)
		}
		db.mu.Lock()
		db.tables[t.Name] = t
		db.mu.Unlock()
		if _, err := db.Promoted(ctx, t.Name); err != nil {
			return fault.Wrap(op, err)
		}
	}
	return nil
}

// Watermark is how far a stream has been fed: 0 before the first Append.
func (db *DB) Watermark(ctx context.Context, stream string) (int64, error) {
	m, err := db.engine.Watermark(ctx, stream)
	return m, fault.Wrap("column.Watermark", err)
}

// Append writes batches and moves the stream's watermark from "from" to "to" in one step: after any failure or crash
// either all of it happened or none. It returns ErrStale when the watermark is not "from", and fault.Invalid when a value
// does not fit its column (nothing is written then). ClickHouse has no transactions: there only one process may feed a
// stream at a time (hold a lease), and readers may see the parts of a batch arrive one after the other.
func (db *DB) Append(ctx context.Context, stream string, from, to int64, batches ...Batch) error {
	_, err := db.AppendParts(ctx, stream, from, Part{To: to, Batches: batches}, nil)
	return err
}

// Part is a piece of what AppendParts writes: batches, and the watermark to which they lead.
type Part struct {
	To      int64
	Batches []Batch
}

// AppendParts appends as Append does, and gives the new watermark. Where many rows wait, more gives further parts, one at a time, so that
// the rows of one part need be in memory: each as if it were appended after the one before, but in the same step. It is asked until the step
// is large enough or it gives a part that leads to 0. What is large enough is the engine's matter: ClickHouse never asks, DuckDB asks in the
// middle of its transaction, so that more must not write to the columns, until there is a row group, which goes straight into the file.
// When more fails nothing is written.
func (db *DB) AppendParts(ctx context.Context, stream string, from int64, first Part, more func(context.Context) (Part, error)) (int64, error) {
	const op = "column.Append"
	if stream == "" || from < 0 {
		return 0, fault.New(fault.Invalid, op, "a batch needs a stream and does not begin at %d", from)
	}
	loads, err := db.prepare(from, first)
	if err != nil {
		return 0, err
	}
	at := first.To
	next := func(ctx context.Context) (int64, []Load, error) {
		if more == nil {
			return 0, nil, nil
		}
		p, err := more(ctx)
		if err != nil || p.To == 0 {
			return 0, nil, err
		}
		loads, err := db.prepare(at, p)
		at = p.To
		return p.To, loads, err
	}
	to, err := db.engine.Append(ctx, stream, from, first.To, loads, next)
	return to, fault.Wrap(op, because(ctx, err))
}

func (db *DB) prepare(from int64, p Part) ([]Load, error) {
	const op = "column.Append"
	if p.To <= from {
		return nil, fault.New(fault.Invalid, op, "a batch must lead forward, not from %d to %d", from, p.To)
	}
	loads := make([]Load, 0, len(p.Batches))
	seen := map[string]bool{}
	for _, b := range p.Batches {
		t, err := db.table(b.Table)
		if err != nil {
			return nil, err
		}
		if seen[b.Table] {
			return nil, fault.New(fault.Invalid, op, "table %s comes twice", b.Table)
		}
		seen[b.Table] = true
		load, err := prepare(t, b)
		if err != nil {
			return nil, err
		}
		loads = append(loads, load)
	}
	return loads, nil
}

// Promote gives one name of the catch-all a nullable Text column of its own, ColumnOf(key), filled for rows that are there
// and for those to come; the catch-all keeps it too. Doing it twice changes nothing. fault.Invalid: the key is empty or too
// long, or the table has no catch-all.
func (db *DB) Promote(ctx context.Context, table, key string) error {
	const op = "column.Promote"
	t, err := db.table(table)
	if err != nil {
		return err
	}
	if t.Extra == "" || !CanPromote(key) {
		return fault.New(fault.Invalid, op, "%q cannot become a column of %s", key, table)
	}
	if err := db.engine.Promote(ctx, t, key); err != nil {
		return fault.Wrap(op, err)
	}
	_, err = db.Promoted(ctx, table)
	return err
}

// Promoted lists the keys of a table that have a column, sorted, other processes' promotions included; Dialect knows them
// from then on.
func (db *DB) Promoted(ctx context.Context, table string) ([]string, error) {
	names, err := db.engine.Columns(ctx, table)
	if err != nil {
		return nil, fault.Wrap("column.Promoted", err)
	}
	var keys []string
	set := map[string]bool{}
	for _, n := range names {
		if key, ok := KeyOf(n); ok {
			keys, set[key] = append(keys, key), true
		}
	}
	slices.Sort(keys)
	db.mu.Lock()
	db.promoted[table] = set
	db.mu.Unlock()
	return keys, nil
}

// Query asks one SQL text with $1, $2, ... arguments: string, int, int64, float64, bool, nil, typed strings, or a slice of
// those where the text has a list in brackets. Cancelling ctx stops the engine's work. The caller closes the rows.
func (db *DB) Query(ctx context.Context, sql string, args ...any) (*Rows, error) {
	const op = "column.Query"
	text, flat, err := Expand(sql, args)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	cur, err := db.engine.Query(ctx, text, flat)
	if err != nil {
		return nil, fault.Wrap(op, because(ctx, err))
	}
	return &Rows{ctx: ctx, cur: cur, cols: cur.Columns()}, nil
}

// All asks and reads everything: small answers.
func (db *DB) All(ctx context.Context, sql string, args ...any) ([][]any, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err has told already
	var all [][]any
	for rows.Next() {
		all = append(all, rows.Values())
	}
	return all, rows.Err()
}

// Purge returns when nothing is left in the engine's files of rows that were removed or replaced. It takes as long as writing the tables
// anew, and nobody else can write meanwhile.
func (db *DB) Purge(ctx context.Context, tables ...string) error {
	for _, name := range tables {
		if _, err := db.table(name); err != nil {
			return err
		}
	}
	return fault.Wrap("column.Purge", db.engine.Purge(ctx, tables))
}

// Reset empties tables and sets a stream's watermark to 0, so that its feeder replays it from rows. A crash on the way
// leaves either the old state or one that Reset, or the next Append or Watermark of the stream, completes.
func (db *DB) Reset(ctx context.Context, stream string, tables ...string) error {
	for _, name := range tables {
		if _, err := db.table(name); err != nil {
			return err
		}
	}
	return fault.Wrap("column.Reset", db.engine.Reset(ctx, stream, tables))
}

// Checkpoint makes what was appended survive even the loss of the write-ahead log. Call it before throwing away the
// source of rows that live on in columns alone.
func (db *DB) Checkpoint(ctx context.Context) error {
	return fault.Wrap("column.Checkpoint", db.engine.Checkpoint(ctx))
}

// Dialect gives the fragments of SQL that differ between engines, for the tables and promoted keys known now.
func (db *DB) Dialect() Dialect {
	db.mu.RLock()
	defer db.mu.RUnlock()
	d := Dialect{Engine: db.engine.Name(), extra: map[string]string{}, promoted: map[string]map[string]bool{}}
	for name, t := range db.tables {
		d.extra[name] = t.Extra
		d.promoted[name] = db.promoted[name] // never changed once set
	}
	return d
}

// Ready tells whether the engine answers.
func (db *DB) Ready(ctx context.Context) error {
	return fault.Wrap("column.Ready", db.engine.Ready(ctx))
}

// Stats asks the engine about itself.
func (db *DB) Stats(ctx context.Context) (Stats, error) {
	s, err := db.engine.Stats(ctx)
	return s, fault.Wrap("column.Stats", err)
}

// Close lets go of the engine; DuckDB writes its log into the file first. Closing twice is fine.
func (db *DB) Close() error { return db.engine.Close() }

func (db *DB) table(name string) (Table, error) {
	db.mu.RLock()
	defer db.mu.RUnlock()
	t, ok := db.tables[name]
	if !ok {
		return t, fault.New(fault.Internal, "column", "table %q was not ensured", name)
	}
	return t, nil
}

// reserved are the words that DuckDB does not take for a column without quotes. ClickHouse takes most of them.
var reserved = strings.Fields(`all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case
	cast check collate collation column columns concurrently constraint create cross default deferrable desc describe
	distinct do else end except false fetch for foreign freeze from full generated glob group having ilike in initially inner
	intersect into is isnull join lambda lateral leading left like limit map natural not notnull null offset on only or order
	outer overlaps pivot pivot_longer pivot_wider placing positional primary qualify references returning right select semi
	show similar some struct summarize symmetric table tablesample then to trailing true try_cast union unique unpack unpivot
	using variadic verbose when where window with`)

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

func (t Table) validate() error {
	bad := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "column.Table", "table %q: %s", t.Name, fmt.Sprintf(format, args...))
	}
	if !nameForm.MatchString(t.Name) || slices.Contains(reserved, t.Name) {
		return bad("not a name")
	}
	seen := map[string]Type{}
	for _, c := range t.Columns {
		switch {
		case !nameForm.MatchString(c.Name) || len(c.Name) > 1 && c.Name[:2] == "a_":
			return bad("%q is not a name for a column", c.Name)
		case slices.Contains(reserved, c.Name):
			return bad("%s is a word of SQL", c.Name)
		case seen[c.Name] != 0:
			return bad("column %s comes twice", c.Name)
		case c.Type < Text || c.Type > UUID:
			return bad("column %s has no type", c.Name)
		case c.Type == Texts && (c.Nullable || c.Name != t.Extra):
			return bad("column %s: Texts is for the catch-all", c.Name)
		}
		seen[c.Name] = c.Type
	}
	if len(t.Key) == 0 || t.Key[0] != "workspace" || seen["workspace"] != UUID {
		return bad("the key begins with the UUID column workspace")
	}
	needed := t.Key
	if t.ID != "" {
		needed = append(slices.Clone(t.Key), t.ID)
	}
	for _, k := range needed {
		if i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == k }); i < 0 || t.Columns[i].Nullable {
			return bad("column %s of the key or id is missing or nullable", k)
		}
	}
	if t.ID != "" && seen[t.ID] != Text || t.Extra != "" && seen[t.Extra] != Texts {
		return bad("the id is a Text, the catch-all a Texts column")
	}
	return nil
}
