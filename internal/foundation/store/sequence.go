package store

import (
	"context"
	"database/sql"
	"hash/fnv"
	"time"

	"kolo/internal/foundation/fault"
)

// Sequences number changes so that a reader can follow them: whoever has read up to Settled has missed nothing.
//
// On SQLite one writer at a time numbers its rows, so numbers appear in their order. On PostgreSQL transactions commit in
// any order; each holds a shared lock from before it draws its numbers until it commits, and Settled takes that lock alone
// for a moment: then every number drawn before is visible or was rolled back.

// NextSeq draws n numbers of a sequence, ascending, not always adjacent. Sequences are made by migrations: a row in table
// sequence on SQLite, a sequence seq_<name> on PostgreSQL.
func (tx *Tx) NextSeq(name string, n int) ([]int64, error) {
	if n == 0 {
		return nil, nil
	}
	if tx.db.engine == SQLite {
		last, err := One(tx, Value[int64], "/* store.NextSeq */ UPDATE sequence SET value = value + $1 WHERE name = $2 RETURNING value", n, name)
		if err != nil {
			return nil, err
		}
		out := make([]int64, n)
		for i := range out {
			out[i] = last - int64(n-1-i)
		}
		return out, nil
	}
	if _, err := tx.Exec("/* store.NextSeq */ SELECT pg_advisory_xact_lock_shared($1)", lockKey(name)); err != nil {
		return nil, err
	}
	return All(tx, Value[int64], "/* store.NextSeq */ SELECT nextval($1::text::regclass) FROM generate_series(1, $2)", "seq_"+name, n)
}

// Settled is the highest number of a sequence such that no row with a lower or equal number can still appear.
func (db *DB) Settled(ctx context.Context, name string) (int64, error) {
	var last int64
	if db.engine == SQLite {
		err := db.View(ctx, func(tx *Tx) (err error) {
			last, err = One(tx, Value[int64], "/* store.Settled */ SELECT value FROM sequence WHERE name = $1", name)
			return err
		})
		return last, err
	}
	// Not serialisable: the lock must come before the snapshot that reads last_value.
	t, err := db.pg.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return 0, classify(err)
	}
	defer func() { _ = t.Rollback() }()
	if _, err = t.ExecContext(ctx, "/* store.Settled */ SELECT pg_advisory_xact_lock($1)", lockKey(name)); err != nil {
		return 0, classify(err)
	}
	err = t.QueryRowContext(ctx, "/* store.Settled */ SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM seq_"+name).Scan(&last)
	return last, classify(err)
}

func lockKey(name string) int64 {
	h := fnv.New64a()
	h.Write([]byte("kolo sequence " + name))
	return int64(h.Sum64())
}

// Lease takes or renews the right to do something alone, among all processes, until ttl has passed. It tells whether the
// owner holds it now. A lease is a promise about time, not a lock: who holds one finishes or renews before it ends.
func (db *DB) Lease(ctx context.Context, name, owner string, ttl time.Duration) (bool, error) {
	held := false
	err := db.Update(ctx, func(tx *Tx) error {
		n, err := tx.Exec(`/* store.Lease */ INSERT INTO lease (name, owner, until) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until
			WHERE lease.owner = excluded.owner OR lease.until <= $4`,
			name, owner, tx.Now.Add(ttl).UnixMilli(), tx.Millis())
		held = n == 1
		return err
	})
	return held, fault.Wrap("store.Lease", err)
}

// Release gives a lease back early, if the owner still holds it.
func (db *DB) Release(ctx context.Context, name, owner string) error {
	return db.Update(ctx, func(tx *Tx) error {
		_, err := tx.Exec("/* store.Release */ DELETE FROM lease WHERE name = $1 AND owner = $2", name, owner)
		return err
	})
}
