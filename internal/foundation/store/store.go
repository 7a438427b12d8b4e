// Package store keeps rows, which are the truth: SQLite in a file, or PostgreSQL when one machine is not enough.
//
// One SQL text with $n parameters runs on both; what differs between the engines lives in this package alone. By custom
// each text begins with the name of its caller, /* feedback.insert */, so that a slow-query log names it.
//
// Types in rows: ids are UUIDv7 text made in Go, instants are BIGINT Unix milliseconds UTC, money is BIGINT minor units
// with its currency, flags are SMALLINT 0 or 1, JSON is opaque text.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
)

// Engine is the database behind a DB.
type Engine uint8

// The engines.
const (
	SQLite Engine = iota
	PostgreSQL
)

func (e Engine) String() string { return [...]string{"sqlite", "postgres"}[e] }

// Options say what to open. The zero value of a field means its default.
type Options struct {
	URL     string       // "postgres://...", or the path of the SQLite file
	Clock   clock.Clock  // clock.System
	Log     *slog.Logger // slog.Default()
	Readers int          // connections that read; twice the cores, at least 4
}

// DB is an open store. Safe for concurrent use.
type DB struct {
	engine  Engine
	pg      *sql.DB      // PostgreSQL
	writers *sessionPool // SQLite
	readers *sessionPool
	copier  *copier
	clock   clock.Clock
	log     *slog.Logger

	listeners listeners
	beside    sync.Map
}

// Open opens the database and checks that it answers. It does not migrate; see Migrate.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Readers == 0 {
		o.Readers = max(4, 2*runtime.NumCPU())
	}
	db := &DB{clock: o.Clock, log: o.Log}
	var err error
	if strings.HasPrefix(o.URL, "postgres://") || strings.HasPrefix(o.URL, "postgresql://") {
		err = db.openPostgres(o)
	} else {
		err = db.openSQLite(o)
	}
	if err == nil {
		err = db.Ready(ctx)
	}
	if err != nil {
		_ = db.Close()
		return nil, fault.Wrap("store.Open", err)
	}
	return db, nil
}

func (db *DB) openPostgres(o Options) error {
	db.engine = PostgreSQL
	cfg, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return errors.New("KOLO_DATABASE_URL cannot be read") // the parser's text may hold the password
	}
	cfg.RuntimeParams["application_name"] = "kolo"
	// A plan made once for any parameters is ruinous for long IN lists: on tables that grow faster than their statistics
	// it compares every row with every element. Planning anew costs 0.1 ms; a thousand look-ups took 3 s instead of 30 ms.
	cfg.RuntimeParams["plan_cache_mode"] = "force_custom_plan"
	db.pg = stdlib.OpenDB(*cfg)
	db.pg.SetMaxOpenConns(o.Readers + 8)
	db.pg.SetMaxIdleConns(o.Readers)
	return nil
}

// Engine tells which database this is.
func (db *DB) Engine() Engine { return db.engine }

// Clock is the clock that transactions take their time from.
func (db *DB) Clock() clock.Clock { return db.clock }

// Ready tells whether the database answers.
func (db *DB) Ready(ctx context.Context) error {
	if db.pg != nil {
		return classify(db.pg.PingContext(ctx))
	}
	return db.View(ctx, func(tx *Tx) error {
		_, err := One(tx, Value[int64], "/* store.Ready */ SELECT 1")
		return err
	})
}

// Close closes all connections. Closing twice does no harm.
func (db *DB) Close() error {
	if db.pg != nil {
		return db.pg.Close()
	}
	db.copier.close()
	return errors.Join(db.readers.close(), db.writers.close())
}

// Tx is a transaction. Now is fixed when it begins, so that all it writes carries one time.
type Tx struct {
	Now time.Time

	db     *DB
	ctx    context.Context
	pg     *sql.Tx  // PostgreSQL
	lite   *session // SQLite
	broken error    // of InsertMany: as on PostgreSQL, nothing of this transaction can be committed any more
	topics []string // to be announced after the commit
	kept   []func() // to be run after it
}

// View runs fn in a read-only transaction that sees one state of the database.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	return db.retry(ctx, read, fn)
}

// Update runs fn in a serialisable transaction and commits it, and runs it again when it lost a race: fn may run several
// times, so it must do nothing but read, compute and write rows. An error from fn rolls back.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	return db.retry(ctx, write, fn)
}

// UpdateInTurn is Update where those who give the same name wait for each other, in all processes: for changes that are so
// many and so alike that serialisable transactions would mostly abort each other. A process should have one at a time,
// for each holds a connection while it waits.
func (db *DB) UpdateInTurn(ctx context.Context, name string, fn func(*Tx) error) error {
	if db.engine == SQLite { // where all writers take turns
		return db.Update(ctx, fn)
	}
	conn, err := db.pg.Conn(ctx)
	if err != nil {
		return classify(err)
	}
	held := true // as far as we know: a connection that may hold the lock must not go back to the pool
	defer func() {
		if held {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // closes it, and with it goes the lock
		}
		_ = conn.Close()
	}()
	// The lock is the session's, and taken before the transaction begins: one that waited inside would see the past.
	if _, err := conn.ExecContext(ctx, "/* store.UpdateInTurn */ SELECT pg_advisory_lock($1)", lockKey("turn "+name)); err != nil {
		return classify(err)
	}
	err = db.retryOn(ctx, conn, write, fn)
	_, unlock := conn.ExecContext(context.WithoutCancel(ctx), "/* store.UpdateInTurn */ SELECT pg_advisory_unlock($1)", lockKey("turn "+name))
	held = unlock != nil
	return err
}

// Claim is Update for taking work from a queue, where serialisable transactions would abort each other instead of sharing
// out the rows: on PostgreSQL it is read committed, so each statement must guard itself (WITH picked AS MATERIALIZED (SELECT
// ... SkipLocked) UPDATE ... WHERE id IN (SELECT id FROM picked)), and what one statement read the next must not rely on.
func (db *DB) Claim(ctx context.Context, fn func(*Tx) error) error {
	return db.retry(ctx, claim, fn)
}

// SkipLocked is the end of a SELECT inside a Claim that passes over rows which another claim holds. On SQLite, where one
// claim runs at a time, it is empty.
func (tx *Tx) SkipLocked() string {
	if tx.db.engine == PostgreSQL {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// access is what a transaction may do, and how it is kept apart from others.
type access uint8

const (
	read access = iota
	write
	claim
)

var isolation = [...]sql.TxOptions{
	read:  {ReadOnly: true, Isolation: sql.LevelRepeatableRead},
	write: {Isolation: sql.LevelSerializable},
	claim: {Isolation: sql.LevelReadCommitted},
}

// Again marks an error of a transaction's function as a race that it lost, which the next run will find decided.
func Again(err error) error { return &again{err} }

type again struct{ error }

func (a *again) Unwrap() error { return a.error }

const attempts = 40

func (db *DB) retry(ctx context.Context, how access, fn func(*Tx) error) error {
	return db.retryOn(ctx, db.pg, how, fn)
}

// beginner is PostgreSQL's pool or one connection of it.
type beginner interface {
	BeginTx(context.Context, *sql.TxOptions) (*sql.Tx, error)
}

func (db *DB) retryOn(ctx context.Context, on beginner, how access, fn func(*Tx) error) error {
	var err error
	for try := range attempts {
		if err = db.once(ctx, on, how, fn); !lostRace(err) {
			return err
		}
		// Full jitter, up to half a second: the sixteen that collided must not collide again.
		pause := time.NewTimer(rand.N(min(time.Duration(1<<min(try, 9))*time.Millisecond, 500*time.Millisecond) + 1))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return fault.Wrap("store.retry", ctx.Err())
		}
	}
	return &fault.Error{Kind: fault.Busy, Op: "store.Update", Msg: "too many changes to the same thing at once; try again", Err: err}
}

func (db *DB) once(ctx context.Context, on beginner, how access, fn func(*Tx) error) error {
	tx := &Tx{db: db, ctx: ctx}
	if err := db.commit(tx, on, how, fn); err != nil {
		return err
	}
	db.listeners.announce(tx.topics)
	return nil
}

func (db *DB) commit(tx *Tx, on beginner, how access, fn func(*Tx) error) error {
	if db.engine == SQLite {
		pool := db.readers
		if how != read {
			pool = db.writers
			defer db.copier.committed()
		}
		return pool.run(tx.ctx, func(s *session) error {
			tx.Now, tx.lite = db.clock.Now(), s
			if err := fn(tx); err != nil {
				return err
			}
			return tx.broken
		}, tx.committed)
	}
	t, err := on.BeginTx(tx.ctx, &isolation[how])
	if err != nil {
		return classify(err)
	}
	defer func() { _ = t.Rollback() }() // after a commit it does nothing
	tx.Now, tx.pg = db.clock.Now(), t
	if err = fn(tx); err != nil {
		return err
	}
	if err = t.Commit(); err == nil {
		tx.committed()
	}
	return classify(err)
}

// Committed runs f once this transaction is committed, and never when it rolls back; on SQLite before any other writes. f must
// not use the store.
func (tx *Tx) Committed(f func()) { tx.kept = append(tx.kept, f) }

func (tx *Tx) committed() {
	for _, f := range tx.kept {
		f()
	}
}

// Beside gives what a domain keeps in memory beside the rows of this store: one for each key, made when it is first asked for.
func (tx *Tx) Beside(key any, make func() any) any {
	if v, ok := tx.db.beside.Load(key); ok {
		return v
	}
	v, _ := tx.db.beside.LoadOrStore(key, make())
	return v
}

// Engine tells which database the transaction runs on.
func (tx *Tx) Engine() Engine { return tx.db.engine }

// Context is the context that the transaction runs under.
func (tx *Tx) Context() context.Context { return tx.ctx }

// Millis is Now as rows keep it.
func (tx *Tx) Millis() int64 { return tx.Now.UnixMilli() }

// Exec runs a statement and gives the number of rows it changed.
func (tx *Tx) Exec(query string, args ...any) (int64, error) {
	var res sql.Result
	var err error
	if tx.lite != nil {
		res, err = tx.lite.exec(tx.ctx, query, args)
	} else {
		res, err = tx.pg.ExecContext(tx.ctx, query, args...)
	}
	if err != nil {
		return 0, named(query, classify(err))
	}
	n, err := res.RowsAffected()
	return n, classify(err)
}

// Rows are the rows of a question. Scan and Err classify the driver's errors.
type Rows struct{ *sql.Rows }

// Err is the error that ended the rows, if any.
func (r *Rows) Err() error { return classify(r.Rows.Err()) }

// Query asks for rows, which the caller closes. All and One are usually handier.
func (tx *Tx) Query(query string, args ...any) (*Rows, error) {
	var rows *sql.Rows
	var err error
	if tx.lite != nil {
		rows, err = tx.lite.query(tx.ctx, query, args)
	} else {
		rows, err = tx.pg.QueryContext(tx.ctx, query, args...)
	}
	if err != nil {
		return nil, named(query, classify(err))
	}
	return &Rows{rows}, nil
}

// Scanner is one row to be read.
type Scanner interface{ Scan(dest ...any) error }

// All reads every row of a question.
func All[T any](tx *Tx, scan func(Scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, classify(err)
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// One reads exactly one row; none is fault.NotFound.
func One[T any](tx *Tx, scan func(Scanner) (T, error), query string, args ...any) (T, error) {
	var zero T
	all, err := All(tx, scan, query, args...)
	if err != nil {
		return zero, err
	}
	if len(all) == 0 {
		return zero, fault.New(fault.NotFound, caller(query), "not found")
	}
	return all[0], nil
}

// Value scans a row of one column; it is the scan function for All and One where that is all there is.
func Value[T any](s Scanner) (T, error) {
	var v T
	err := s.Scan(&v)
	return v, err
}

// InsertMany inserts rows in as few statements as the engine likes best. tail follows the values: "ON CONFLICT DO NOTHING",
// for instance. It returns the number of rows that went in. Once it has failed, the transaction cannot be committed.
func (tx *Tx) InsertMany(name, table string, columns []string, rows [][]any, tail string) (int64, error) {
	if tx.db.engine == SQLite {
		return tx.insertPacked(name, table, columns, rows, tail)
	}
	size := max(1, min(512, 30000/len(columns))) // fixed sizes keep the statements few enough to stay prepared
	var total int64
	args := make([]any, 0, size*len(columns))
	for len(rows) > 0 {
		n := size
		for n > len(rows) {
			n /= 4
		}
		n = max(n, 1)
		args = args[:0]
		for _, r := range rows[:n] {
			args = append(args, r...)
		}
		k, err := tx.Exec(insertText(name, table, columns, n, tail), args...)
		if err != nil {
			return total, err
		}
		total += k
		rows = rows[n:]
	}
	return total, nil
}

var insertTexts sync.Map // of insertKey

type insertKey struct {
	name, table, tail string
	columns, rows     int
}

func insertText(name, table string, columns []string, n int, tail string) string {
	key := insertKey{name, table, tail, len(columns), n}
	if s, ok := insertTexts.Load(key); ok {
		return s.(string)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "/* %s */ INSERT INTO %s (%s) VALUES ", name, table, strings.Join(columns, ", "))
	p := 0
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for j := range columns {
			if j > 0 {
				b.WriteByte(',')
			}
			p++
			fmt.Fprintf(&b, "$%d", p)
		}
		b.WriteByte(')')
	}
	b.WriteString(" " + tail)
	insertTexts.Store(key, b.String())
	return b.String()
}

// In gives the text "($3,$4,$5)" for n parameters after the first `after`, and "(NULL)" for none.
func In(after, n int) string {
	if n == 0 {
		return "(NULL)"
	}
	var b strings.Builder
	for i := range n {
		b.WriteByte("(,"[min(i, 1)])
		fmt.Fprintf(&b, "$%d", after+i+1)
	}
	return b.String() + ")"
}

// Anys turns a list of strings (ids of any type) into arguments.
func Anys[S ~string](list []S) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

func caller(query string) string {
	if rest, ok := strings.CutPrefix(query, "/* "); ok {
		if name, _, ok := strings.Cut(rest, " */"); ok {
			return name
		}
	}
	return "store"
}

// named adds the caller's name to an unclassified error, so that a log line says whose statement failed.
func named(query string, err error) error {
	if fault.KindOf(err) == fault.Internal {
		return fault.Wrap(caller(query), err)
	}
	return err
}
