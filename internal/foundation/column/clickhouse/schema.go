package clickhouse

import (
	"context"
	"fmt"
	"strings"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
)

var types = [...]string{column.Text: "String", column.Int: "Int64", column.Float: "Float64", column.Small: "Int16"}

// localSuffix names the table on each node that a distributed one stands for.
const localSuffix = "_local"

func typeOf(c column.Column) string {
	if c.Nullable {
		return "Nullable(" + types[c.Type] + ")"
	}
	return types[c.Type]
}

// definitions lists a column as the engine has it: the catch-all is two arrays.
func definitions(c column.Column) [][2]string {
	if c.Type == column.Texts {
		return [][2]string{{c.Name + "_k", "Array(String)"}, {c.Name + "_v", "Array(String)"}}
	}
	return [][2]string{{c.Name, typeOf(c)}}
}

func (e *engine) Ensure(ctx context.Context, t column.Table) error {
	have, err := e.columnTypes(ctx, t.Name)
	if err != nil {
		return err
	}
	if len(have) == 0 {
		var defs []string
		for _, c := range t.Columns {
			for _, d := range definitions(c) {
				defs = append(defs, d[0]+" "+d[1])
			}
		}
		shard := "cityHash64(workspace)"
		if t.ID != "" {
			shard = "cityHash64(workspace, " + t.ID + ")"
		}
		return e.create(ctx, t.Name, strings.Join(defs, ", ")+", _batch Int64", "MergeTree", "", strings.Join(t.Key, ", "), shard)
	}
	for _, c := range t.Columns {
		for _, d := range definitions(c) {
			switch is := have[d[0]]; is {
			case d[1]:
				continue
			case "":
				if err := e.alter(ctx, t.Name, "ADD COLUMN "+d[0]+" "+d[1]); err != nil {
					return err
				}
			case "Nullable(" + d[1] + ")": // nullable once, nullable for ever: it costs nothing to whoever writes no NULL
			default:
				if d[1] == "Nullable("+is+")" {
					if err := e.alter(ctx, t.Name, "MODIFY COLUMN "+d[0]+" "+d[1]); err != nil {
						return err
					}
					continue
				}
				return fault.New(fault.Conflict, "clickhouse.Ensure", "column %s.%s is a %s and cannot become a %s", t.Name, d[0], is, d[1])
			}
		}
	}
	return nil
}

// Promote declares the column with the look-up as its default: parts that are there, rows of processes that do not know
// of it yet, and everything later get it from the server. The mutation then stores it for the parts that are there.
func (e *engine) Promote(ctx context.Context, t column.Table, key string) error {
	unlock, err := e.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	name := column.ColumnOf(key)
	have, err := e.columnTypes(ctx, t.Name)
	if err != nil || have[name] != "" {
		return err
	}
	lookup := column.DialectFor(column.ClickHouse, nil).Lookup(t.Extra, key)
	if err := e.alter(ctx, t.Name, "ADD COLUMN "+name+" Nullable(String) DEFAULT "+lookup); err != nil {
		return err
	}
	return e.mutate(ctx, t.Name, "UPDATE "+name+" = "+lookup+" WHERE 1")
}

func (e *engine) Columns(ctx context.Context, table string) ([]string, error) {
	have, err := e.columnTypes(ctx, table)
	names := make([]string, 0, len(have))
	for n := range have {
		names = append(names, n)
	}
	return names, err
}

func (e *engine) columnTypes(ctx context.Context, table string) (map[string]string, error) {
	rows, err := e.conn.Query(ctx, "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '"+table+"'")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	have := map[string]string{}
	for rows.Next() {
		var name, typ string
		if err := rows.Scan(&name, &typ); err != nil {
			return nil, err
		}
		have[name] = typ
	}
	return have, rows.Err()
}

// create makes a table: one on this server, or, with a cluster, a replicated one on each node and a distributed one, of the
// table's name, over them.
func (e *engine) create(ctx context.Context, name, columns, kind, version, order, shard string) error {
	for _, ddl := range createDDL(e.opts.Cluster, name, columns, kind, version, order, shard) {
		if err := e.conn.Exec(ctx, ddl); err != nil {
			return err
		}
	}
	return nil
}

func createDDL(cluster, name, columns, kind, version, order, shard string) []string {
	if cluster == "" {
		return []string{fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s) ENGINE = %s(%s) ORDER BY (%s)", name, columns, kind, version, order)}
	}
	local := name + localSuffix
	args := "'/clickhouse/tables/{shard}/" + name + "', '{replica}'"
	if version != "" {
		args += ", " + version
	}
	return []string{
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s ON CLUSTER %s (%s) ENGINE = Replicated%s(%s) ORDER BY (%s)", local, cluster, columns, kind, args, order),
		fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s ON CLUSTER %s (%s) ENGINE = Distributed(%s, currentDatabase(), %s, %s)", name, cluster, columns, cluster, local, shard),
	}
}

// alter changes the columns of a table, and of the distributed one in front of it.
func (e *engine) alter(ctx context.Context, table, command string) error {
	if err := e.conn.Exec(ctx, e.alterLocal(table)+command); err != nil || e.opts.Cluster == "" {
		return err
	}
	return e.conn.Exec(ctx, "ALTER TABLE "+table+" ON CLUSTER "+e.opts.Cluster+" "+command)
}

// alterLocal begins a change of the table that holds the parts.
func (e *engine) alterLocal(table string) string {
	if e.opts.Cluster == "" {
		return "ALTER TABLE " + table + " "
	}
	return "ALTER TABLE " + table + localSuffix + " ON CLUSTER " + e.opts.Cluster + " "
}

func (e *engine) truncate(ctx context.Context, table string) error {
	if e.opts.Cluster == "" {
		return e.conn.Exec(ctx, "TRUNCATE TABLE "+table)
	}
	return e.conn.Exec(ctx, "TRUNCATE TABLE "+table+localSuffix+" ON CLUSTER "+e.opts.Cluster)
}

// unfinished counts the mutations of a table that some node still works on.
func (e *engine) unfinished(table string) string {
	const q = "SELECT count() FROM %s WHERE database = currentDatabase() AND table = '%s' AND NOT is_done"
	if e.opts.Cluster == "" {
		return fmt.Sprintf(q, "system.mutations", table)
	}
	return fmt.Sprintf(q, "cluster('"+e.opts.Cluster+"', system.mutations)", table+localSuffix)
}
