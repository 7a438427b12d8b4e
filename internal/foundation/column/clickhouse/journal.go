package clickhouse

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kolo/internal/foundation/column"
)

const journal = "kolo_journal"

// The states of a stream. Its last entry, the one with the highest N, tells.
const (
	done      = "done"      // everything up to Mark is in
	appending = "appending" // rows with Tag are on their way into Tables; Mark is still the old one
	resetting = "resetting" // Tables are being emptied; Mark is 0
)

type entry struct {
	Stream string
	N      int64
	State  string
	Mark   int64
	Tag    int64
	Tables []string
}

func (e *engine) createJournal(ctx context.Context) error {
	// Looked for first: on a cluster a CREATE waits for nodes that are down.
	if have, err := e.columnTypes(ctx, journal); err != nil || len(have) > 0 {
		return err
	}
	return e.create(ctx, journal, "stream String, n Int64, state String, mark Int64, tag Int64, tables String",
		"ReplacingMergeTree", "n", "stream", "cityHash64(stream)")
}

func (e *engine) write(ctx context.Context, x entry) error {
	q := column.DialectFor(column.ClickHouse, nil).Quote
	batch, err := e.conn.PrepareBatch(ctx, "INSERT INTO "+journal+" (stream, n, state, mark, tag, tables)")
	if err != nil {
		return err
	}
	defer batch.Close() // after Send it does nothing
	if err := batch.Append(x.Stream, x.N, x.State, x.Mark, x.Tag, strings.Join(x.Tables, ",")); err != nil {
		return fmt.Errorf("journal of %s: %w", q(x.Stream), err)
	}
	return batch.Send()
}

// last reads a stream's last entry; of a stream that was never fed it is done with nothing.
func (e *engine) last(ctx context.Context, stream string) (entry, error) {
	x := entry{Stream: stream, State: done}
	rows, err := e.conn.Query(ctx, "SELECT n, state, mark, tag, tables FROM "+journal+" WHERE stream = "+
		column.DialectFor(column.ClickHouse, nil).Quote(stream)+" ORDER BY n DESC LIMIT 1")
	if err != nil {
		return x, err
	}
	defer rows.Close()
	for rows.Next() {
		var tables string
		if err := rows.Scan(&x.N, &x.State, &x.Mark, &x.Tag, &tables); err != nil {
			return x, err
		}
		if tables != "" {
			x.Tables = strings.Split(tables, ",")
		}
	}
	return x, rows.Err()
}

// Watermark only looks: another process may be in the middle of an append.
func (e *engine) Watermark(ctx context.Context, stream string) (int64, error) {
	x, err := e.last(ctx, stream)
	return x.Mark, err
}

// settle brings a stream's unfinished business to an end, and gives the entry that is last then.
func (e *engine) settle(ctx context.Context, stream string) (entry, error) {
	x, err := e.last(ctx, stream)
	if err != nil || x.State == done {
		return x, err
	}
	e.opts.Logger.Warn("columns: bringing an unfinished write to its end", "stream", stream, "state", x.State, "tables", x.Tables)
	return e.finish(ctx, x)
}

// finish empties what a reset has named, or takes back what an append has written, and says so in the journal.
func (e *engine) finish(ctx context.Context, x entry) (_ entry, err error) {
	for _, table := range x.Tables {
		if x.State == resetting {
			err = e.truncate(ctx, table)
		} else {
			err = e.takeBack(ctx, table, x.Tag)
		}
		if err != nil {
			return x, err
		}
	}
	x = entry{Stream: x.Stream, N: x.N + 1, State: done, Mark: x.Mark}
	return x, e.write(ctx, x)
}

// takeBack deletes what an append with this tag has written.
func (e *engine) takeBack(ctx context.Context, table string, tag int64) error {
	// The insert may still be running in the server though its client is gone: its rows would come after our delete.
	for wait := 5 * time.Millisecond; ; wait = min(wait*2, time.Second) {
		var n uint64
		if err := e.conn.QueryRow(ctx, "SELECT count() FROM "+e.system("processes")+" WHERE initial_query_id = '"+queryID(tag, table)+"'").Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
	where := "_batch = " + strconv.FormatInt(tag, 10)
	var n uint64
	if err := e.conn.QueryRow(ctx, "SELECT count() FROM "+table+" WHERE "+where).Scan(&n); err != nil || n == 0 {
		return err
	}
	return e.mutate(ctx, table, "DELETE WHERE "+where)
}

func queryID(tag int64, table string) string { return fmt.Sprintf("kolo-%d-%s", tag, table) }

func (e *engine) Reset(ctx context.Context, stream string, tables []string) error {
	unlock, err := e.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	x, err := e.settle(ctx, stream)
	if err != nil {
		return err
	}
	x = entry{Stream: stream, N: x.N + 1, State: resetting, Tables: tables}
	if err := e.write(ctx, x); err != nil {
		return err
	}
	_, err = e.finish(ctx, x)
	return err
}
