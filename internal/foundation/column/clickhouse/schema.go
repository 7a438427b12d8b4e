package clickhouse

import (
	"context"
	"fmt"
	"strings"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
)

// An id is a text here. The order key passes over what belongs to other workspaces by itself, a text of few values costs next to
// nothing in that order, and ClickHouse would sort its UUIDs by their second half.
var types = [...]string{column.Text: "String", column.Int: "Int64", column.Float: "Float64", column.Small: "Int16", column.UUID: "String"}

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
		return e.create(ctx, t.Name, strings.Join(defs, ", ")+", _batch Int64", "MergeTree", "", strings.Join(t.Key, ", "), shardBy(t))
	}
	for _, c := range t.Columns {
		for _, d := range definitions(c) {
			switch is := have[d[0]]; is {
			case d[1]:
				continue
			case "":
				if err := e.alter(ctx, t, "ADD COLUMN "+d[0]+" "+d[1]); err != nil {
					return err
				}
			case "Nullable(" + d[1] + ")": // nullable once, nullable for ever: it costs nothing to whoever writes no NULL
			default:
				if d[1] == "Nullable("+is+")" {
					if err := e.alter(ctx, t, "MODIFY COLUMN "+d[0]+" "+d[1]); err != nil {
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
	if err := e.alter(ctx, t, "ADD COLUMN "+name+" Nullable(String) DEFAULT "+lookup); err != nil {
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
	rows, err := e.conn.Query(ctx, "SELECT name, type FROM system.columns WHERE database = '"+e.database+"' AND table = '"+table+"'")
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
	if e.opts.Cluster == "" {
		return e.conn.Exec(ctx, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s) ENGINE = %s(%s) ORDER BY (%s)", name, columns, kind, version, order))
	}
	args := "'/clickhouse/tables/{shard}/" + e.database + "/" + name + "', '{replica}'"
	if version != "" {
		args += ", " + version
	}
	err := e.conn.Exec(ctx, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s) ENGINE = Replicated%s(%s) ORDER BY (%s)",
		e.parts(name), columns, kind, args, order))
	if err != nil {
		return err
	}
	return e.distribute(ctx, name, shard)
}

// shardBy keeps rows of one id together.
func shardBy(t column.Table) string {
	if t.ID == "" {
		return "cityHash64(workspace)"
	}
	return "cityHash64(workspace, " + t.ID + ")"
}

func (e *engine) distribute(ctx context.Context, name, shard string) error {
	return e.conn.Exec(ctx, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %[1]s.%[2]s ON CLUSTER %[3]s AS %[1]s.%[2]s%[4]s ENGINE = Distributed(%[3]s, %[1]s, %[2]s%[4]s, %[5]s)",
		e.database, name, e.opts.Cluster, localSuffix, shard))
}

// alter changes the columns of a table. A distributed one cannot be altered on a cluster; it holds nothing and is made anew,
// in the moment of which a question fails.
func (e *engine) alter(ctx context.Context, t column.Table, command string) error {
	if err := e.conn.Exec(ctx, "ALTER TABLE "+e.parts(t.Name)+" "+command); err != nil || e.opts.Cluster == "" {
		return err
	}
	if err := e.conn.Exec(ctx, "DROP TABLE IF EXISTS "+e.database+"."+t.Name+" ON CLUSTER "+e.opts.Cluster); err != nil {
		return err
	}
	return e.distribute(ctx, t.Name, shardBy(t))
}

// parts names, for a statement that defines or changes it, the table that holds the rows, on every node that has it.
func (e *engine) parts(table string) string {
	if e.opts.Cluster == "" {
		return table
	}
	return e.database + "." + table + localSuffix + " ON CLUSTER " + e.opts.Cluster
}

func (e *engine) truncate(ctx context.Context, table string) error {
	return e.conn.Exec(ctx, "TRUNCATE TABLE "+e.parts(table))
}

// system names a system table, of all nodes where there are several.
func (e *engine) system(table string) string {
	if e.opts.Cluster == "" {
		return "system." + table
	}
	return "cluster('" + e.opts.Cluster + "', system, " + table + ")"
}

// unfinished counts the mutations of a table that some node still works on.
func (e *engine) unfinished(table string) string {
	if e.opts.Cluster != "" {
		table += localSuffix
	}
	return fmt.Sprintf("SELECT count() FROM %s WHERE database = '%s' AND table = '%s' AND NOT is_done", e.system("mutations"), e.database, table)
}
