package table

import (
	"io"
	"reflect"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// A row group is written when it has this many rows or about this many bytes: what a writer holds in memory.
const (
	groupRows  = 128 << 10
	groupBytes = 32 << 20
	batchRows  = 256
)

// parquetWriter writes columns that may all be empty, compressed with zstd; times are UTC milliseconds.
type parquetWriter struct {
	w     *parquet.GenericWriter[any]
	cols  []Column
	batch []parquet.Row
	rows  int // of the present group
	bytes int
	limit int // of bytes
}

func newParquetWriter(w io.Writer, cols []Column) *parquetWriter {
	root := orderedGroup{}
	for _, c := range cols {
		root.fields = append(root.fields, namedField{parquet.Optional(leafOf(c.Type)), c.Name})
	}
	out := parquet.NewGenericWriter[any](w, parquet.NewSchema("table", root), parquet.Compression(&parquet.Zstd), parquet.PageBufferSize(256<<10))
	return &parquetWriter{w: out, cols: cols, batch: make([]parquet.Row, 0, batchRows), limit: groupBytes}
}

func leafOf(t Type) parquet.Node {
	switch t {
	case Int:
		return parquet.Int(64)
	case Float:
		return parquet.Leaf(parquet.DoubleType)
	case Bool:
		return parquet.Leaf(parquet.BooleanType)
	case Time:
		return parquet.Timestamp(parquet.Millisecond)
	case JSON:
		return parquet.JSON()
	}
	return parquet.String()
}

// orderedGroup is the root of a schema that keeps the order of its columns, where parquet.Group sorts them by name.
type orderedGroup struct {
	parquet.Group
	fields []parquet.Field
}

func (g orderedGroup) Fields() []parquet.Field { return g.fields }

type namedField struct {
	parquet.Node
	name string
}

func (f namedField) Name() string { return f.name }

// Value is for Go structs as rows, which are not used here.
func (f namedField) Value(reflect.Value) reflect.Value { return reflect.Value{} }

func (p *parquetWriter) Write(row []any) error {
	var out parquet.Row
	if n := len(p.batch); n < cap(p.batch) {
		out = p.batch[:n+1][n][:0] // its memory from the batch before
	}
	for i, v := range row {
		c, err := cellOf(v, p.cols[i])
		if err != nil {
			return err
		}
		if c.empty {
			out = append(out, parquet.NullValue().Level(0, 0, i))
			p.bytes++
			continue
		}
		var x parquet.Value
		switch p.cols[i].Type {
		case Int:
			x = parquet.Int64Value(c.int)
		case Float:
			x = parquet.DoubleValue(c.float)
		case Bool:
			x = parquet.BooleanValue(c.bool)
		case Time:
			x = parquet.Int64Value(c.time.UnixMilli())
		case JSON:
			x = parquet.ByteArrayValue(appendCompactJSON(nil, c.text))
		default:
			x = parquet.ByteArrayValue([]byte(strings.ToValidUTF8(c.text, "\uFFFD")))
		}
		out = append(out, x.Level(0, 1, i))
		p.bytes += 8 + len(c.text)
	}
	p.batch = append(p.batch, out)
	p.rows++
	if len(p.batch) < batchRows && p.bytes < p.limit {
		return nil
	}
	if err := p.flush(); err != nil {
		return err
	}
	if p.rows >= groupRows || p.bytes >= p.limit {
		p.rows, p.bytes = 0, 0
		return p.w.Flush()
	}
	return nil
}

func (p *parquetWriter) flush() error {
	_, err := p.w.WriteRows(p.batch)
	p.batch = p.batch[:0]
	return err
}

func (p *parquetWriter) Close() error {
	if err := p.flush(); err != nil {
		return err
	}
	return p.w.Close()
}

func (p *parquetWriter) Notes() []string { return nil }
