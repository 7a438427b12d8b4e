package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	_ "github.com/mattn/go-sqlite3" // the "sqlite3" driver
)

func (db *DB) openSQLite(o Options) error {
	db.engine = SQLite
	path, err := filepath.Abs(o.URL)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=30000&_foreign_keys=on&_secure_delete=on&_mutex=no"
	// (secure delete: what is erased is overwritten, instead of lying in the file until something else needs the place;
	// no mutex: a session is used by one goroutine at a time, and locking for each call costs a few per cent)
	// One connection writes: SQLite has one writer anyway, and a queue in Go is fairer than its busy loop.
	db.writers = newSessionPool(dsn+"&_cache_size=-64000", 1, "BEGIN IMMEDIATE")
	db.readers = newSessionPool(dsn+"&_query_only=on&_cache_size=-8000", o.Readers, "BEGIN")
	// The writer goes first: it makes the file and turns it to WAL.
	if err := db.writers.run(context.Background(), func(*session) error { return nil }, func() {}); err != nil {
		return err
	}
	copier, err := openSession(dsn)
	if err != nil {
		return err
	}
	db.copier = startCopier(copier)
	return nil
}

// session is one SQLite connection with its prepared statements: preparing costs more than running most of them.
type session struct {
	db     *sql.DB
	conn   *sql.Conn
	stmts  map[string]*sql.Stmt
	packed []byte // see insertPacked
}

const maxStmts = 500

// sessionPool hands out sessions, at most as many as it was made for, opened when first needed.
type sessionPool struct {
	dsn, begin string
	slots      chan *session // nil in a slot that was not opened yet
	once       sync.Once
	closed     chan struct{}
}

func newSessionPool(dsn string, n int, begin string) *sessionPool {
	p := &sessionPool{dsn: dsn, begin: begin, slots: make(chan *session, n), closed: make(chan struct{})}
	for range n {
		p.slots <- nil
	}
	return p
}

var errClosed = errors.New("the store is closed")

// run takes a session, opens a transaction on it, and commits when fn returns nil; committed is called before another has the session.
func (p *sessionPool) run(ctx context.Context, fn func(*session) error, committed func()) (err error) {
	var s *session
	if ctx.Err() != nil { // said first: of several channels that are ready, select takes any
		return ctx.Err()
	}
	select {
	case <-p.closed:
		return errClosed
	default:
	}
	select {
	case s = <-p.slots:
	case <-ctx.Done():
		return ctx.Err()
	case <-p.closed:
		return errClosed
	}
	keep := false
	defer func() {
		if !keep && s != nil { // a connection in an unknown state is not used again
			s.close()
			s = nil
		}
		p.slots <- s
	}()
	if s == nil {
		if s, err = openSession(p.dsn); err != nil {
			return classify(err)
		}
	}
	if _, err = s.exec(ctx, p.begin, nil); err != nil {
		return classify(err)
	}
	if err = fn(s); err == nil {
		if _, err = s.exec(ctx, "COMMIT", nil); err == nil {
			keep = true
			committed()
			return nil
		}
		err = classify(err)
	}
	_, rollback := s.exec(ctx, "ROLLBACK", nil)
	keep = rollback == nil
	return err
}

func openSession(dsn string) (*session, error) {
	db, err := sql.Open("sqlite3", dsn)
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if _, err := conn.ExecContext(context.Background(), fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", copyMost)); err != nil {
		return nil, errors.Join(err, conn.Close(), db.Close())
	}
	return &session{db: db, conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

// close closes the statements too: a connection that has some stays open behind its back, and the last to be closed could not put the
// log into the file.
func (s *session) close() {
	for _, st := range s.stmts {
		_ = st.Close()
	}
	_ = errors.Join(s.conn.Close(), s.db.Close())
}

func (s *session) prepare(query string) (*sql.Stmt, error) {
	if st := s.stmts[query]; st != nil {
		return st, nil
	}
	st, err := s.conn.PrepareContext(context.Background(), byNumber(query))
	if err == nil && len(s.stmts) < maxStmts {
		s.stmts[query] = st
	}
	return st, err
}

func (s *session) exec(ctx context.Context, query string, args []any) (sql.Result, error) {
	// Without cancellation: the driver starts a goroutine for each statement whose context can end, which costs more
	// than the statement does.
	ctx = context.WithoutCancel(ctx)
	if strings.Contains(query, ";") { // a script: a prepared statement would be its first part alone
		return s.conn.ExecContext(ctx, query, args...)
	}
	st, err := s.prepare(query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}

func (s *session) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	st, err := s.prepare(query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

var dollar = regexp.MustCompile(`\$(\d+)`)

// byNumber rewrites $n to ?n: the driver binds $1 by the order of its first appearance, and ?1 by its number.
func byNumber(query string) string { return dollar.ReplaceAllString(query, "?$1") }

func (p *sessionPool) close() error {
	if p == nil {
		return nil
	}
	p.once.Do(func() {
		close(p.closed)
		for range cap(p.slots) {
			if s := <-p.slots; s != nil {
				s.close()
			}
		}
	})
	return nil
}
