package duck

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"unsafe"

	duckdb "github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"kolo/internal/foundation/column"
)

// appender hands rows to a table in the transaction of a connection. It writes values where DuckDB's vectors are, for the driver's own
// appender calls C for each text and each NULL, copies each text once more and has it checked for UTF-8 again, which was more than all
// else that is done for a row on this side.
type appender struct {
	appender mapping.Appender
	types    []mapping.LogicalType
	chunk    mapping.DataChunk
	vectors  []vector
	n        int // rows in the chunk
	bytes    int // about, of all rows
	texts    arena
}

// vectorRows is how many rows a vector of DuckDB has room for.
const vectorRows = 2048

// vector is one column of the chunk.
type vector struct {
	vec  mapping.Vector
	data unsafe.Pointer
	mask *[vectorRows / 64]uint64 // a bit for each row, 0 for NULL; nil while nothing is
}

// typeIDs are what a column of each type is for DuckDB.
var typeIDs = [...]mapping.Type{column.Text: mapping.TypeVarchar, column.Int: mapping.TypeBigInt, column.Float: mapping.TypeDouble, column.Small: mapping.TypeSmallInt,
	column.Texts: mapping.TypeVarchar, column.UUID: mapping.TypeUUID}

// newAppender makes an appender for a table whose columns have these types, 0 for one that gets nothing but NULL.
func newAppender(conn any, table string, types []column.Type) (*appender, error) {
	c, err := connection(conn)
	if err != nil {
		return nil, err
	}
	if n := mapping.VectorSize(); n != vectorRows {
		return nil, fmt.Errorf("a vector of this DuckDB has %d rows", n)
	}
	a := &appender{vectors: make([]vector, len(types))}
	if mapping.AppenderCreateExt(c, "", "", table, &a.appender) == mapping.StateError {
		return nil, errors.Join(a.failure(), a.close())
	}
	if n := int(mapping.AppenderColumnCount(a.appender)); n != len(types) {
		return nil, errors.Join(fmt.Errorf("table %s has %d columns and not %d", table, n, len(types)), a.close())
	}
	for i, t := range types {
		a.types = append(a.types, mapping.AppenderColumnType(a.appender, mapping.IdxT(i)))
		if is := mapping.GetTypeId(a.types[i]); t != 0 && is != typeIDs[t] {
			return nil, errors.Join(fmt.Errorf("column %d of %s has DuckDB's type %d and not %d", i, table, is, typeIDs[t]), a.close())
		}
	}
	a.chunk = mapping.CreateDataChunk(a.types)
	a.begin()
	return a, nil
}

// connection is what the driver's connection stands for, which it keeps to itself.
func connection(conn any) (mapping.Connection, error) {
	if c, ok := conn.(*duckdb.Conn); ok {
		if v := reflect.ValueOf(c).Elem().FieldByName("conn"); v.IsValid() && v.Type() == reflect.TypeFor[mapping.Connection]() {
			return mapping.Connection{Ptr: v.FieldByName("Ptr").UnsafePointer()}, nil
		}
	}
	return mapping.Connection{}, fmt.Errorf("a %T has no connection where it was looked for", conn)
}

// begin makes room for the rows of a chunk.
func (a *appender) begin() {
	for i := range a.vectors {
		v := mapping.DataChunkGetVector(a.chunk, mapping.IdxT(i))
		a.vectors[i] = vector{vec: v, data: mapping.VectorGetData(v)}
	}
	a.n = 0
	a.texts.reset()
}

// next makes room for a row, which is then set value by value; every column is.
func (a *appender) next() error {
	if a.n == vectorRows || a.texts.full() {
		if err := a.send(); err != nil {
			return err
		}
	}
	a.n++
	a.bytes += 16 * len(a.vectors)
	return nil
}

// send hands over the rows of the chunk.
func (a *appender) send() error {
	if a.n == 0 {
		return nil
	}
	mapping.DataChunkSetSize(a.chunk, mapping.IdxT(a.n))
	if mapping.AppendDataChunk(a.appender, a.chunk) == mapping.StateError {
		return a.failure()
	}
	mapping.DataChunkReset(a.chunk)
	a.begin()
	return nil
}

// flush puts what was handed over into the table.
func (a *appender) flush() error {
	if err := a.send(); err != nil {
		return err
	}
	if mapping.AppenderFlush(a.appender) == mapping.StateError {
		return a.failure()
	}
	return nil
}

// close lets go of the appender; what was not flushed is lost.
func (a *appender) close() error {
	var err error
	if a.appender.Ptr != nil {
		if mapping.AppenderClear(a.appender) == mapping.StateError {
			err = a.failure()
		}
		mapping.AppenderDestroy(&a.appender)
	}
	if a.chunk.Ptr != nil {
		mapping.DestroyDataChunk(&a.chunk)
	}
	for i := range a.types {
		mapping.DestroyLogicalType(&a.types[i])
	}
	a.texts.close()
	return err
}

// failure is what DuckDB says of the last one, as the driver would give it.
func (a *appender) failure() error {
	data := mapping.AppenderErrorData(a.appender)
	defer mapping.DestroyErrorData(&data)
	if !mapping.ErrorDataHasError(data) {
		return errors.New("the appender failed")
	}
	return &duckdb.Error{Type: duckdb.ErrorType(mapping.ErrorDataErrorType(data)), Msg: mapping.ErrorDataMessage(data)}
}

func (a *appender) setNull(i int) {
	v := &a.vectors[i]
	if v.mask == nil {
		mapping.VectorEnsureValidityWritable(v.vec)
		v.mask = (*[vectorRows / 64]uint64)(mapping.VectorGetValidity(v.vec))
	}
	row := a.n - 1
	v.mask[row/64] &^= 1 << (row % 64)
}

// set puts a value where a column has the present row.
func set[T any](a *appender, i int, x T) {
	*(*T)(unsafe.Add(a.vectors[i].data, uintptr(a.n-1)*unsafe.Sizeof(x))) = x
}

func (a *appender) setUUID(i int, u duckdb.UUID) {
	// A number of 128 bits, the lower half first, that sorts as the bytes do.
	set(a, i, [2]uint64{binary.BigEndian.Uint64(u[8:]), binary.BigEndian.Uint64(u[:8]) ^ 1<<63})
}

// setText takes UTF-8 only.
func setText[T string | []byte](a *appender, i int, s T) {
	t := text{length: uint32(len(s))}
	if len(s) <= len(t.bytes) {
		copy(t.bytes[:], s)
	} else {
		copy(t.bytes[:4], s)
		at := keep(&a.texts, s)
		a.bytes += len(s)
		*(*uintptr)(unsafe.Pointer(&t.bytes[4])) = at
	}
	set(a, i, t)
}

// text is DuckDB's duckdb_string_t: a short text itself, of a longer one the first four bytes and where it stands.
type text struct {
	length uint32
	bytes  [12]byte
}

// arena is where longer texts stand until DuckDB has taken its copy of them.
type arena struct {
	block []byte // the first, which stays
	more  []byte // the last of those that follow, where the first has too little room
	spare bool   // there was a need for more
	first runtime.Pinner
	pins  runtime.Pinner
}

const arenaBytes = 4 << 20 // some vectors' worth of the texts of feedback

// keep copies a text and gives its address, at which it stays until reset. It is a number, for C knows it and the collector need not.
func keep[T string | []byte](a *arena, s T) uintptr {
	if a.block == nil {
		a.block = make([]byte, 0, arenaBytes)
		a.first.Pin(unsafe.SliceData(a.block))
	}
	b := &a.block
	if cap(*b)-len(*b) < len(s) {
		if b = &a.more; cap(*b)-len(*b) < len(s) {
			a.more = make([]byte, 0, max(len(s), arenaBytes))
			a.pins.Pin(unsafe.SliceData(a.more)) // what it held before is pinned, too
			a.spare = true
		}
	}
	at := len(*b)
	*b = append(*b, s...)
	return uintptr(unsafe.Pointer(&(*b)[at]))
}

// full tells whether what is there should be handed over before more comes.
func (a *arena) full() bool { return a.spare }

func (a *arena) reset() {
	a.block, a.more, a.spare = a.block[:0], nil, false
	a.pins.Unpin()
}

func (a *arena) close() {
	a.reset()
	a.first.Unpin()
	a.block = nil
}
