package column

import "context"

// Engine is a columnar database behind DB. What it is given has been validated: tables, keys, and rows whose values are
// exactly string (Text, UUID; valid UTF-8), int64, float64, int16 (Small), Pairs (Texts) or nil.
type Engine interface {
	Name() EngineName
	Ensure(ctx context.Context, t Table) error
	Watermark(ctx context.Context, stream string) (int64, error)
	// Append writes loads and moves the watermark, which it gives. An engine that has transactions asks more, which is never nil, for
	// further loads of the same one as long as they are worth it; a watermark of 0 ends them.
	Append(ctx context.Context, stream string, from, to int64, loads []Load, more func(context.Context) (int64, []Load, error)) (int64, error)
	Promote(ctx context.Context, t Table, key string) error
	Columns(ctx context.Context, table string) ([]string, error) // names of a table's columns as they are
	Query(ctx context.Context, sql string, args []any) (Cursor, error)
	Purge(ctx context.Context, tables []string) error
	Reset(ctx context.Context, stream string, tables []string) error
	Checkpoint(ctx context.Context) error
	Ready(ctx context.Context) error
	Stats(ctx context.Context) (Stats, error)
	Close() error
}

// Load is a prepared batch: Remove is what goes first, without doubles, Rows is what comes. Rows may be the caller's own: they are only read.
type Load struct {
	Table  Table
	Remove []Key
	Rows   [][]any
}

// Cursor walks through an engine's answer. Next reads into vals, which has the length of Columns, values of any Go type:
// Rows makes them uniform.
type Cursor interface {
	Columns() []string
	Next(vals []any) (bool, error)
	Close() error
}
