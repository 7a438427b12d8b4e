package duck

import (
	"context"
	"fmt"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
)

// uuids makes ids what the appender takes. It remembers the last, because rows of one workspace come together.
type uuids struct {
	last string
	made duckdb.UUID
}

// value is an id, of zeros where there is none.
func (u *uuids) value(id string) (duckdb.UUID, error) {
	if id == u.last {
		return u.made, nil
	}
	var made duckdb.UUID
	if id != "" {
		if err := made.Scan(id); err != nil {
			return made, err
		}
	}
	u.last, u.made = id, made
	return made, nil
}

// uuidText is the id that DuckDB's driver gives as bytes.
func uuidText(b []byte) string {
	var u duckdb.UUID
	copy(u[:], b)
	if s := u.String(); s != column.NoUUID {
		return s
	}
	return ""
}

// toUUID converts a column of texts, which takes a second for some million rows: nothing need be fed again.
func (e *engine) toUUID(ctx context.Context, t column.Table, c column.Column) error {
	var odd string
	err := e.writer().QueryRowContext(ctx, fmt.Sprintf(`SELECT coalesce(min("%s"), '') FROM "%s" WHERE "%[1]s" <> '' AND "%[1]s" IS DISTINCT FROM CAST(TRY_CAST("%[1]s" AS UUID) AS VARCHAR)`,
		c.Name, t.Name)).Scan(&odd)
	if err != nil {
		return err
	}
	if odd != "" {
		return fault.New(fault.Conflict, "duck.Ensure", "column %s.%s has %q and cannot become a %s", t.Name, c.Name, odd, types[c.Type])
	}
	value := fmt.Sprintf(`TRY_CAST("%s" AS UUID)`, c.Name) // tried: what an erasure has left, empty, is read too
	if !c.Nullable {
		value = "coalesce(" + value + ", " + empty[c.Type] + ")"
	}
	_, err = e.writer().ExecContext(ctx, fmt.Sprintf(`ALTER TABLE "%s" ALTER COLUMN "%s" TYPE UUID USING %s`, t.Name, c.Name, value))
	return err
}
