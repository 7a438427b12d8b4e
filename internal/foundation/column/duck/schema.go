package duck

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
)

// No column is declared NOT NULL (Append sees to that, and it would stand in the way of adding columns), and there is no
// index: ART indexes block ALTER TABLE and gained nothing.
var types = [...]string{column.Text: "VARCHAR", column.Int: "BIGINT", column.Float: "DOUBLE", column.Small: "SMALLINT", column.Texts: "VARCHAR", column.UUID: "UUID"}

var empty = [...]string{column.Text: "''", column.Int: "0", column.Float: "0", column.Small: "0", column.Texts: "'{}'", column.UUID: "'" + column.NoUUID + "'"}

// define changes what tables look like. A change is checkpointed, so that the loss of a log cannot take tables and columns
// away that the program has been told are there.
func (e *engine) define(ctx context.Context, f func() (changed bool, err error)) error {
	changed := false
	err := e.update(ctx, func() (err error) {
		changed, err = f()
		return err
	})
	if err != nil || !changed {
		return err
	}
	return e.Checkpoint(ctx)
}

func (e *engine) Ensure(ctx context.Context, t column.Table) error {
	return e.define(ctx, func() (changed bool, err error) {
		have, err := columnTypes(ctx, e.writer(), t.Name)
		if err != nil {
			return false, err
		}
		if len(have) == 0 {
			defs := make([]string, len(t.Columns))
			for i, c := range t.Columns {
				defs[i] = `"` + c.Name + `" ` + types[c.Type]
			}
			_, err := e.writer().ExecContext(ctx, `CREATE TABLE "`+t.Name+`" (`+strings.Join(defs, ", ")+`)`)
			return true, err
		}
		for _, c := range t.Columns {
			switch is := have[c.Name]; {
			case is == types[c.Type]:
				continue
			case is == types[column.Text] && c.Type == column.UUID:
				if err := e.toUUID(ctx, t, c); err != nil {
					return false, err
				}
				changed = true
				continue
			case is != "":
				return false, fault.New(fault.Conflict, "duck.Ensure", "column %s.%s is a %s and cannot become a %s", t.Name, c.Name, is, types[c.Type])
			}
			def := types[c.Type]
			if !c.Nullable {
				def += " DEFAULT " + empty[c.Type]
			}
			if _, err := e.writer().ExecContext(ctx, fmt.Sprintf(`ALTER TABLE "%s" ADD COLUMN "%s" %s`, t.Name, c.Name, def)); err != nil {
				return false, err
			}
			changed = true
		}
		return changed, nil
	})
}

func (e *engine) Promote(ctx context.Context, t column.Table, key string) error {
	name := column.ColumnOf(key)
	return e.define(ctx, func() (changed bool, err error) {
		have, err := columnTypes(ctx, e.writer(), t.Name)
		if err != nil || have[name] != "" {
			return false, err
		}
		if _, err := e.writer().ExecContext(ctx, fmt.Sprintf(`ALTER TABLE "%s" ADD COLUMN "%s" VARCHAR`, t.Name, name)); err != nil {
			return false, err
		}
		lookup := column.DialectFor(column.DuckDB, nil).Lookup(`"`+t.Extra+`"`, key)
		_, err = e.writer().ExecContext(ctx, fmt.Sprintf(`UPDATE "%s" SET "%s" = %s`, t.Name, name, lookup))
		return true, err
	})
}

func (e *engine) Columns(ctx context.Context, table string) ([]string, error) {
	db, err := e.readers(ctx)
	if err != nil {
		return nil, err
	}
	return columns(ctx, db, table)
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func columns(ctx context.Context, q querier, table string) (names []string, err error) {
	err = eachColumn(ctx, q, table, func(name, _ string) { names = append(names, name) })
	return names, err
}

func columnTypes(ctx context.Context, q querier, table string) (map[string]string, error) {
	have := map[string]string{}
	err := eachColumn(ctx, q, table, func(name, typ string) { have[name] = typ })
	return have, err
}

func eachColumn(ctx context.Context, q querier, table string, f func(name, typ string)) error {
	rows, err := q.QueryContext(ctx, "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = $1 AND NOT internal ORDER BY column_index", table)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name, typ string
		if err := rows.Scan(&name, &typ); err != nil {
			return err
		}
		f(name, typ)
	}
	return rows.Err()
}
