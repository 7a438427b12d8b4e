// Package clickhouse is the columnar store on ClickHouse, from 18.16 (Debian's) to today's.
//
// ClickHouse has no transactions. What is written once only is made so by a journal: before an Append touches a table it
// writes down its intent with a tag, each of its rows carries the tag, and the new watermark is written last. Whoever
// feeds next and finds an intent without an end deletes the rows of its tag. That is why a stream has one feeder at a time.
//
// Rows are replaced and erased by mutations, which rewrite the parts they are in: give them in batches. The old parts
// leave the disk some eight minutes later (old_parts_lifetime).
package clickhouse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"kolo/internal/foundation/column"
)

type engine struct {
	opts     column.Options
	database string
	conn     driver.Conn
	writing  chan struct{} // holds a token while somebody of this process writes
	close    func() error
	closed   chan struct{}
}

// Open connects to clickhouse://user:password@host:9000/database (the native protocol, any version from 18.16 on) or
// http(s)://user:password@host:8123/database (servers that are not as old). The database must exist.
func Open(ctx context.Context, url string, opts column.Options) (*column.DB, error) {
	e, err := open(ctx, url, opts.WithDefaults())
	if err != nil {
		return nil, fmt.Errorf("clickhouse.Open: %w", err)
	}
	return column.New(e), nil
}

// settings that the address may overrule; whole numbers, because 18.16 takes no others from this client.
var settings = ch.Settings{
	"max_query_size":            1 << 28, // lists of ids in mutations
	"max_ast_elements":          20_000_000,
	"max_expanded_ast_elements": 20_000_000,
	"insert_distributed_sync":   1, // a row that was reported is on its node
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_]*$`)

func open(ctx context.Context, url string, opts column.Options) (*engine, error) {
	config, err := ch.ParseDSN(url)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{config.Auth.Database, opts.Cluster} {
		if !plainName.MatchString(name) {
			return nil, fmt.Errorf("the database or cluster %q has a name that would need quotes", name)
		}
	}
	config.MaxOpenConns, config.MaxIdleConns = 40, 8
	config.Compression = &ch.Compression{Method: ch.CompressionLZ4}
	for name, value := range settings {
		if _, ok := config.Settings[name]; !ok {
			config.Settings[name] = value
		}
	}
	conn, err := ch.Open(config)
	if err != nil {
		return nil, err
	}
	e := &engine{opts: opts, database: cmp.Or(config.Auth.Database, "default"), conn: conn, writing: make(chan struct{}, 1), closed: make(chan struct{})}
	e.close = sync.OnceValue(func() error {
		close(e.closed)
		return conn.Close()
	})
	if err := e.createJournal(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *engine) Name() column.EngineName { return column.ClickHouse }

func (e *engine) Close() error { return e.close() }

func (e *engine) Ready(ctx context.Context) error { return e.conn.Ping(ctx) }

// Checkpoint has nothing to do: what was reported as written is in parts on disk.
func (e *engine) Checkpoint(ctx context.Context) error { return ctx.Err() }

// lock waits for the writer's place in this process.
func (e *engine) lock(ctx context.Context) (func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case e.writing <- struct{}{}:
		return func() { <-e.writing }, nil
	case <-e.closed:
		return nil, errors.New("the store is closed")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Append asks for no more: each part has an intent of its own, and goes alone.
func (e *engine) Append(ctx context.Context, stream string, from, to int64, loads []column.Load, _ func(context.Context) (int64, []column.Load, error)) (int64, error) {
	if err := e.append(ctx, stream, from, to, loads); err != nil {
		return 0, err
	}
	return to, nil
}

func (e *engine) append(ctx context.Context, stream string, from, to int64, loads []column.Load) error {
	unlock, err := e.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	last, err := e.settle(ctx, stream)
	if err != nil {
		return err
	}
	if last.Mark != from {
		return column.ErrStale
	}
	intent := entry{Stream: stream, N: last.N + 1, State: appending, Mark: from, Tag: rand.Int64()}
	for _, l := range loads {
		intent.Tables = append(intent.Tables, l.Table.Name)
	}
	if err := e.write(ctx, intent); err != nil {
		return err
	}
	if err := e.load(ctx, intent.Tag, loads); err != nil {
		// Readers should not have to live with half a batch until the feeder comes again; if this fails too, settle is there.
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		_, err2 := e.finish(clean, intent)
		return errors.Join(err, err2)
	}
	return e.write(ctx, entry{Stream: stream, N: intent.N + 1, State: done, Mark: to})
}

// load writes new rows and then removes the ones that they replace: when it dies in between, settle leads back to the old.
func (e *engine) load(ctx context.Context, tag int64, loads []column.Load) error {
	for _, l := range loads {
		if err := e.insert(ctx, tag, l); err != nil {
			return err
		}
	}
	for _, l := range loads {
		ids := map[string][]string{}
		for _, k := range l.Remove {
			ids[k.Workspace] = append(ids[k.Workspace], k.ID)
		}
		for ws, list := range ids {
			if err := e.remove(ctx, l.Table, ws, list, "_batch != "+strconv.FormatInt(tag, 10)); err != nil {
				return err
			}
		}
	}
	return nil
}

// blockRows is how many rows go into one block: a block becomes a part at once, and is in memory on both sides.
const blockRows = 200_000

func (e *engine) insert(ctx context.Context, tag int64, l column.Load) error {
	if len(l.Rows) == 0 {
		return nil
	}
	var names []string
	for _, c := range l.Table.Columns {
		if c.Type == column.Texts {
			names = append(names, c.Name+"_k", c.Name+"_v")
		} else {
			names = append(names, c.Name)
		}
	}
	ctx = ch.Context(ctx, ch.WithQueryID(queryID(tag, l.Table.Name)))
	batch, err := e.conn.PrepareBatch(ctx, "INSERT INTO "+l.Table.Name+" ("+strings.Join(names, ", ")+", _batch)")
	if err != nil {
		return err
	}
	defer batch.Close() // after Send it does nothing
	for rows := l.Rows; len(rows) > 0; {
		block := rows[:min(blockRows, len(rows))]
		rows = rows[len(block):]
		i := 0
		add := func(values any) {
			if err == nil {
				err = batch.Column(i).Append(values)
			}
			i++
		}
		for j, c := range l.Table.Columns {
			switch {
			case c.Type == column.Texts:
				keys, values := make([][]string, len(block)), make([][]string, len(block))
				for r := range block {
					for _, p := range block[r][j].(column.Pairs) {
						keys[r], values[r] = append(keys[r], p.Name), append(values[r], p.Text)
					}
				}
				add(keys)
				add(values)
			case c.Type == column.Text || c.Type == column.UUID:
				add(values[string](block, j, c.Nullable))
			case c.Type == column.Int:
				add(values[int64](block, j, c.Nullable))
			case c.Type == column.Float:
				add(values[float64](block, j, c.Nullable))
			case c.Type == column.Small:
				add(values[int16](block, j, c.Nullable))
			}
		}
		tags := make([]int64, len(block))
		for r := range tags {
			tags[r] = tag
		}
		add(tags)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			if err := batch.Flush(); err != nil {
				return err
			}
		}
	}
	return batch.Send()
}

// values gathers one column: []T, or []*T where it is nullable.
func values[T any](rows [][]any, j int, nullable bool) any {
	all := make([]T, len(rows))
	if !nullable {
		for r := range rows {
			all[r] = rows[r][j].(T)
		}
		return all
	}
	ptrs := make([]*T, len(rows))
	for r := range rows {
		if v, ok := rows[r][j].(T); ok {
			all[r] = v
			ptrs[r] = &all[r]
		}
	}
	return ptrs
}

// remove deletes a workspace's rows by id, and returns when they are gone. It first looks which ids are there at all,
// because a mutation is dear and most rows that may replace something are new.
func (e *engine) remove(ctx context.Context, t column.Table, workspace string, ids []string, and string) error {
	d := column.DialectFor(column.ClickHouse, nil)
	quoted := make([]string, len(ids))
	for i, id := range ids {
		quoted[i] = d.Quote(id)
	}
	where := func(list []string) string {
		return "workspace = " + d.Quote(workspace) + " AND " + t.ID + " IN (" + strings.Join(list, ", ") + ") AND " + and
	}
	rows, err := e.conn.Query(ctx, "SELECT DISTINCT "+t.ID+" FROM "+t.Name+" WHERE "+where(quoted))
	if err != nil {
		return err
	}
	defer rows.Close()
	quoted = quoted[:0]
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		quoted = append(quoted, d.Quote(id))
	}
	if err := rows.Err(); err != nil || len(quoted) == 0 {
		return err
	}
	if err := rows.Close(); err != nil {
		return err
	}
	for list := range slices.Chunk(quoted, mutationIDs) {
		if err := e.mutate(ctx, t.Name, "DELETE WHERE "+where(list)); err != nil {
			return err
		}
	}
	return nil
}

// mutationIDs is how many ids one mutation takes: its text passes through ZooKeeper, which refuses a megabyte.
const mutationIDs = 20_000

// Purge has nothing to do: what is removed is removed by mutations, which write parts anew, and the server deletes the old ones by itself
// some minutes later.
func (e *engine) Purge(context.Context, []string) error { return nil }

// mutate changes a table's parts and waits until all are changed. 18.16 cannot wait by itself.
func (e *engine) mutate(ctx context.Context, table, command string) error {
	if err := e.conn.Exec(ctx, "ALTER TABLE "+e.parts(table)+" "+command); err != nil {
		return err
	}
	wait := 2 * time.Millisecond
	for {
		var n uint64
		if err := e.conn.QueryRow(ctx, e.unfinished(table)).Scan(&n); err != nil || n == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
			wait = min(wait*2, 200*time.Millisecond)
		}
	}
}

// Query puts the arguments into the text as literals: 18.16 has no parameters.
func (e *engine) Query(ctx context.Context, text string, args []any) (column.Cursor, error) {
	d := column.DialectFor(column.ClickHouse, nil)
	text, err := column.Substitute(text, func(n int) (string, error) {
		if n > len(args) {
			return "", fmt.Errorf("no argument for $%d", n)
		}
		switch x := args[n-1].(type) {
		case nil:
			return "NULL", nil
		case string:
			return d.Quote(x), nil
		case int64:
			if x < 0 {
				return "(" + strconv.FormatInt(x, 10) + ")", nil // "a -$1" must not become a comment
			}
			return strconv.FormatInt(x, 10), nil
		case float64:
			s := strconv.FormatFloat(x, 'e', -1, 64) // with an exponent it stays a float
			if x < 0 {
				s = "(" + s + ")"
			}
			return s, nil
		default:
			return "", fmt.Errorf("a %T cannot be an argument", x)
		}
	})
	if err != nil {
		return nil, err
	}
	if e.opts.Cluster != "" {
		// A subquery over a distributed table is asked once, and its answer sent to all nodes. Not among the settings of
		// the connection, because 18.16 takes only numbers there.
		text += "\nSETTINGS distributed_product_mode = 'global'"
	}
	// A question is answered by the nodes that are up. Our own journal is not read that way: a watermark that seems to be 0
	// because its node is down would have everything fed twice.
	rows, err := e.conn.Query(ch.Context(ctx, ch.WithSettings(ch.Settings{"skip_unavailable_shards": 1})), text)
	if err != nil {
		return nil, err
	}
	c := &cursor{rows: rows}
	for _, t := range rows.ColumnTypes() {
		c.dest = append(c.dest, reflect.New(t.ScanType()).Interface())
	}
	return c, nil
}

type cursor struct {
	rows driver.Rows
	dest []any
}

func (c *cursor) Columns() []string { return c.rows.Columns() }

func (c *cursor) Close() error { return c.rows.Close() }

func (c *cursor) Next(vals []any) (bool, error) {
	if !c.rows.Next() {
		return false, c.rows.Err()
	}
	if err := c.rows.Scan(c.dest...); err != nil {
		return false, err
	}
	for i, d := range c.dest {
		vals[i] = reflect.ValueOf(d).Elem().Interface()
	}
	return true, nil
}

func (e *engine) Stats(ctx context.Context) (column.Stats, error) {
	s := column.Stats{Engine: string(column.ClickHouse), Rows: map[string]int64{}}
	if err := e.conn.QueryRow(ctx, "SELECT version()").Scan(&s.Version); err != nil {
		return s, err
	}
	rows, err := e.conn.Query(ctx, "SELECT table, sum(rows), sum(bytes_on_disk) FROM "+e.system("parts")+" WHERE database = '"+e.database+"' AND active GROUP BY table")
	if err != nil {
		return s, err
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		var n, bytes uint64
		if err := rows.Scan(&table, &n, &bytes); err != nil {
			return s, err
		}
		s.Bytes += int64(bytes)
		if table = strings.TrimSuffix(table, localSuffix); table != journal {
			s.Rows[table] = int64(n)
		}
	}
	return s, rows.Err()
}
