package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"

	"kolo/internal/foundation/fault"
)

// ErrExists is the cause of every fault.Conflict that a unique index raised.
var ErrExists = errors.New("the row exists already")

// classify turns a driver's error into Kolo's own. It is the one place that looks at driver errors.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return &fault.Error{Kind: fault.NotFound, Op: "store", Msg: "not found"}
	}
	full := &fault.Error{Kind: fault.Busy, Op: "store", Msg: "the disk is full: this was not saved", Err: err}
	exists := &fault.Error{Kind: fault.Conflict, Op: "store", Msg: "it exists already", Err: errors.Join(ErrExists, err)}
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		switch {
		case lite.ExtendedCode == sqlite3.ErrConstraintUnique, lite.ExtendedCode == sqlite3.ErrConstraintPrimaryKey:
			return exists
		case lite.Code == sqlite3.ErrFull:
			return full
		}
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "23505":
			return exists
		case "53100":
			return full
		case "22021": // SQLite takes such text
			return &fault.Error{Kind: fault.Invalid, Op: "store", Msg: "the text holds a zero character or is not UTF-8", Err: err}
		}
	}
	return err
}

// lostRace tells whether the transaction may succeed when it is run again.
func lostRace(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if a := (*again)(nil); errors.As(err, &a) {
		return true
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		// A unique violation under SSI may be a race too, but the caller's ON CONFLICT decides that, not we.
		return pg.Code == "40001" || pg.Code == "40P01"
	}
	var lite sqlite3.Error
	return errors.As(err, &lite) && (lite.Code == sqlite3.ErrBusy || lite.Code == sqlite3.ErrLocked)
}
