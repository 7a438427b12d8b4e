package store

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"kolo/internal/foundation/fault"
)

//go:embed migration/*.sql
var migrationFiles embed.FS

// migration is one step of the schema, forward only.
type migration struct {
	number int
	name   string
	text   string
	sum    string
}

var migrationName = regexp.MustCompile(`^(\d{4})_([a-z_]+)(?:\.(sqlite|postgres))?\.sql$`)

// migrations lists the steps for an engine from files named NNNN_name.sql, or a pair NNNN_name.sqlite.sql and
// NNNN_name.postgres.sql, in the order of their numbers, which begin at 1 and have no gap.
func migrations(files fs.FS, engine Engine) ([]migration, error) {
	paths, err := fs.Glob(files, "migration/*.sql")
	if err != nil {
		return nil, err
	}
	var list []migration
	for _, path := range paths {
		m := migrationName.FindStringSubmatch(strings.TrimPrefix(path, "migration/"))
		if m == nil {
			return nil, fmt.Errorf("%s is not named like a migration", path)
		}
		if m[3] != "" && m[3] != engine.String() {
			continue
		}
		text, err := fs.ReadFile(files, path)
		if err != nil {
			return nil, err
		}
		n, _ := strconv.Atoi(m[1])
		sum := sha256.Sum256(text)
		list = append(list, migration{n, m[2], string(text), hex.EncodeToString(sum[:])})
	}
	slices.SortFunc(list, func(a, b migration) int { return a.number - b.number })
	for i, m := range list {
		if m.number != i+1 {
			return nil, fmt.Errorf("migration %04d_%s: expected number %04d", m.number, m.name, i+1)
		}
	}
	return list, nil
}

// Migrate brings the schema up to this program's. It refuses a schema that is newer than the program, and one whose past
// steps are not the ones the program knows. Several processes may migrate at once: one does, the others wait.
func (db *DB) Migrate(ctx context.Context) error {
	list, err := migrations(migrationFiles, db.engine)
	if err != nil {
		return fault.Wrap("store.Migrate", err)
	}
	return fault.Wrap("store.Migrate", db.migrate(ctx, list))
}

func (db *DB) migrate(ctx context.Context, list []migration) error {
	return db.Update(ctx, func(tx *Tx) error {
		if db.engine == PostgreSQL {
			if _, err := tx.Exec("SELECT pg_advisory_xact_lock($1)", lockKey("migrate")); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(`CREATE TABLE IF NOT EXISTS migration (
			number BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)`); err != nil {
			return err
		}
		done, err := All(tx, func(s Scanner) (m migration, err error) {
			return m, s.Scan(&m.number, &m.name, &m.sum)
		}, "/* store.Migrate */ SELECT number, name, checksum FROM migration ORDER BY number")
		if err != nil {
			return err
		}
		if len(done) > len(list) {
			return fault.New(fault.Conflict, "store.Migrate",
				"the database was written by a newer Kolo (its schema is %04d, this program knows %04d): run that version or a later one", len(done), len(list))
		}
		for i, m := range done {
			if m.sum != list[i].sum {
				return fault.New(fault.Conflict, "store.Migrate", "migration %04d_%s was changed after it was applied", m.number, m.name)
			}
		}
		for _, m := range list[len(done):] {
			if _, err := tx.Exec(m.text); err != nil {
				return fmt.Errorf("migration %04d_%s: %w", m.number, m.name, err)
			}
			if _, err := tx.Exec("/* store.Migrate */ INSERT INTO migration (number, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
				m.number, m.name, m.sum, tx.Millis()); err != nil {
				return err
			}
			db.log.Info("migrated", "number", m.number, "name", m.name, "engine", db.engine.String())
		}
		return nil
	})
}

// AdminExec runs one statement outside of any transaction on a PostgreSQL server: CREATE DATABASE, for instance.
func AdminExec(ctx context.Context, url, statement string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fault.Wrap("store.AdminExec", err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return fault.Wrap("store.AdminExec", err)
}
