package store

/*
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// What is used here of the SQLite that the driver brings, as its documentation declares it; all of it is part of what SQLite keeps
// compatible from release to release.
typedef struct sqlite3 sqlite3;
typedef struct sqlite3_value sqlite3_value;
typedef struct sqlite3_context sqlite3_context;
typedef struct sqlite3_module sqlite3_module;
typedef struct sqlite3_vtab { const sqlite3_module *pModule; int nRef; char *zErrMsg; } sqlite3_vtab;
typedef struct sqlite3_vtab_cursor { sqlite3_vtab *pVtab; } sqlite3_vtab_cursor;
typedef struct sqlite3_index_info {
  int nConstraint;
  struct { int iColumn; unsigned char op; unsigned char usable; int iTermOffset; } *aConstraint;
  int nOrderBy;
  void *aOrderBy;
  struct { int argvIndex; unsigned char omit; } *aConstraintUsage;
  int idxNum;
  char *idxStr;
  int needToFreeIdxStr;
  int orderByConsumed;
  double estimatedCost;
  int64_t estimatedRows;
  int idxFlags;
  uint64_t colUsed;
} sqlite3_index_info;
struct sqlite3_module {
  int iVersion;
  int (*xCreate)(sqlite3*, void*, int, const char *const*, sqlite3_vtab**, char**);
  int (*xConnect)(sqlite3*, void*, int, const char *const*, sqlite3_vtab**, char**);
  int (*xBestIndex)(sqlite3_vtab*, sqlite3_index_info*);
  int (*xDisconnect)(sqlite3_vtab*);
  int (*xDestroy)(sqlite3_vtab*);
  int (*xOpen)(sqlite3_vtab*, sqlite3_vtab_cursor**);
  int (*xClose)(sqlite3_vtab_cursor*);
  int (*xFilter)(sqlite3_vtab_cursor*, int, const char*, int, sqlite3_value**);
  int (*xNext)(sqlite3_vtab_cursor*);
  int (*xEof)(sqlite3_vtab_cursor*);
  int (*xColumn)(sqlite3_vtab_cursor*, sqlite3_context*, int);
  int (*xRowid)(sqlite3_vtab_cursor*, int64_t*);
  void *rest[13]; // what a table that is only read does not need
};
int sqlite3_auto_extension(void (*)(void));
int sqlite3_create_module(sqlite3*, const char*, const sqlite3_module*, void*);
int sqlite3_declare_vtab(sqlite3*, const char*);
void *sqlite3_malloc(int);
void sqlite3_free(void*);
const void *sqlite3_value_blob(sqlite3_value*);
int sqlite3_value_bytes(sqlite3_value*);
void sqlite3_result_int64(sqlite3_context*, int64_t);
void sqlite3_result_double(sqlite3_context*, double);
void sqlite3_result_text64(sqlite3_context*, const char*, uint64_t, void (*)(void*), unsigned char);
void sqlite3_result_blob64(sqlite3_context*, const void*, uint64_t, void (*)(void*));

enum { OK = 0, ERROR = 1, NOMEM = 7, CONSTRAINT = 19, UTF8 = 1, EQ = 2, COLUMNS = 64 };
enum { NUL, INTEGER, REAL, TEXT, BLOB };
#define TRANSIENT ((void (*)(void*))-1)

// A packed list of rows: the number of columns (4 bytes), then the values of one row behind those of the other. A value is a byte
// that says what it is, then nothing, 8 bytes of a number, or 4 bytes of a length and what is so long. Numbers as the machine
// keeps them: who packs is in the same process.
typedef struct {
  sqlite3_vtab_cursor base;
  unsigned char *data, *next, *end; // next: where the row after this one begins
  uint32_t columns;
  int eof;
  int64_t row;
  unsigned char *at[COLUMNS];
} cursor;

static int rows_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **err) {
  char text[COLUMNS*5 + 64], *p = text;
  memcpy(p, "CREATE TABLE x(", 15);
  p += 15;
  for (int i = 0; i < COLUMNS; i++) {
    *p++ = 'c';
    if (i >= 10) *p++ = '0' + i/10;
    *p++ = '0' + i%10;
    *p++ = ',';
  }
  memcpy(p, "packed HIDDEN)", 15);
  int rc = sqlite3_declare_vtab(db, text);
  if (rc != OK) return rc;
  sqlite3_vtab *t = sqlite3_malloc(sizeof *t);
  if (!t) return NOMEM;
  memset(t, 0, sizeof *t);
  *out = t;
  return OK;
}

static int rows_disconnect(sqlite3_vtab *t) { sqlite3_free(t); return OK; }

static int rows_best(sqlite3_vtab *t, sqlite3_index_info *info) {
  for (int i = 0; i < info->nConstraint; i++)
    if (info->aConstraint[i].iColumn == COLUMNS && info->aConstraint[i].op == EQ && info->aConstraint[i].usable) {
      info->aConstraintUsage[i].argvIndex = 1;
      info->aConstraintUsage[i].omit = 1;
      info->estimatedCost = 100;
      info->estimatedRows = 100;
      return OK;
    }
  return CONSTRAINT; // there is nothing to read without the packed rows
}

static int rows_open(sqlite3_vtab *t, sqlite3_vtab_cursor **out) {
  cursor *c = sqlite3_malloc(sizeof *c);
  if (!c) return NOMEM;
  memset(c, 0, sizeof *c);
  *out = &c->base;
  return OK;
}

static int rows_close(sqlite3_vtab_cursor *b) {
  sqlite3_free(((cursor*)b)->data);
  sqlite3_free(b);
  return OK;
}

static int rows_next(sqlite3_vtab_cursor *b) {
  cursor *c = (cursor*)b;
  unsigned char *p = c->next;
  c->row++;
  if (p == c->end) { c->eof = 1; return OK; }
  for (uint32_t i = 0; i < c->columns; i++) {
    if (p >= c->end) return ERROR;
    c->at[i] = p;
    switch (*p++) {
    case NUL: break;
    case INTEGER: case REAL: if (c->end - p < 8) return ERROR; p += 8; break;
    case TEXT: case BLOB: {
      uint32_t n;
      if (c->end - p < 4) return ERROR;
      memcpy(&n, p, 4);
      p += 4;
      if ((uint64_t)(c->end - p) < n) return ERROR;
      p += n;
      break;
    }
    default: return ERROR;
    }
  }
  c->next = p;
  return OK;
}

static int rows_filter(sqlite3_vtab_cursor *b, int num, const char *str, int argc, sqlite3_value **argv) {
  cursor *c = (cursor*)b;
  const void *blob = sqlite3_value_blob(argv[0]);
  int n = sqlite3_value_bytes(argv[0]);
  sqlite3_free(c->data);
  c->data = 0;
  c->row = 0;
  c->eof = 0;
  if (n < 4) { c->eof = 1; return n ? ERROR : OK; }
  c->data = sqlite3_malloc(n); // what blob points to is promised for this call alone
  if (!c->data) return NOMEM;
  memcpy(c->data, blob, n);
  memcpy(&c->columns, c->data, 4);
  c->next = c->data + 4;
  c->end = c->data + n;
  if (c->columns == 0 || c->columns > COLUMNS) return ERROR;
  return rows_next(b);
}

static int rows_eof(sqlite3_vtab_cursor *b) { return ((cursor*)b)->eof; }

static int rows_column(sqlite3_vtab_cursor *b, sqlite3_context *ctx, int i) {
  cursor *c = (cursor*)b;
  if (i < 0 || (uint32_t)i >= c->columns) return OK; // NULL
  unsigned char *p = c->at[i];
  int64_t number;
  double real;
  uint32_t n;
  switch (*p++) {
  case INTEGER: memcpy(&number, p, 8); sqlite3_result_int64(ctx, number); break;
  case REAL: memcpy(&real, p, 8); sqlite3_result_double(ctx, real); break;
  case TEXT: memcpy(&n, p, 4); sqlite3_result_text64(ctx, (char*)p + 4, n, TRANSIENT, UTF8); break;
  case BLOB: memcpy(&n, p, 4); sqlite3_result_blob64(ctx, p + 4, n, TRANSIENT); break;
  }
  return OK;
}

static int rows_rowid(sqlite3_vtab_cursor *b, int64_t *out) { *out = ((cursor*)b)->row; return OK; }

static const sqlite3_module rows_module = {
  .xConnect = rows_connect, .xBestIndex = rows_best, .xDisconnect = rows_disconnect, .xOpen = rows_open, .xClose = rows_close,
  .xFilter = rows_filter, .xNext = rows_next, .xEof = rows_eof, .xColumn = rows_column, .xRowid = rows_rowid,
};

static int rows_init(sqlite3 *db, char **err, const void *api) { return sqlite3_create_module(db, "packed_rows", &rows_module, 0); }

static int rows_register(void) { return sqlite3_auto_extension((void (*)(void))rows_init); }
*/
import "C"

import (
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"kolo/internal/foundation/fault"
)

// Binding values one by one was a fifth of what receiving feedback cost: each is turned about in database/sql, handed to C by itself
// and copied into memory of its own. So many rows go in at once, packed into one value, and a table that is no table gives them back:
//
//	INSERT INTO t (a, b) SELECT c0, c1 FROM packed_rows($1) WHERE true
//
// packed_rows has the columns c0 to c63; those beyond what was packed are NULL.
func registerRows() {
	if C.rows_register() != C.OK {
		panic("store: SQLite takes no extension")
	}
}

// packedRows is how many rows go into a statement at most.
const packedRows = 256

func (tx *Tx) insertPacked(name, table string, columns []string, rows [][]any, tail string) (total int64, err error) {
	query := packedText(name, table, columns, tail)
	for len(rows) > 0 {
		n := min(len(rows), packedRows)
		k, err := tx.insertPart(name, query, len(columns), rows[:n])
		if err != nil {
			tx.broken = err
			return total, err
		}
		total += k
		rows = rows[n:]
	}
	if cap(tx.lite.packed) > mostPacked {
		tx.lite.packed = nil
	}
	return total, nil
}

func (tx *Tx) insertPart(name, query string, columns int, rows [][]any) (n int64, err error) {
	if tx.lite.packed, err = packRows(tx.lite.packed[:0], columns, rows); err != nil {
		return 0, fault.Wrap(name, err)
	}
	return tx.Exec(query, tx.lite.packed)
}

// mostPacked is how many bytes of a buffer are kept for the next statement.
const mostPacked = 1 << 20

func packedText(name, table string, columns []string, tail string) string {
	key := insertKey{name, table, tail, len(columns), 0}
	if s, ok := insertTexts.Load(key); ok {
		return s.(string)
	}
	if len(columns) > C.COLUMNS {
		panic(fmt.Sprintf("store: %s has more than %d columns", table, C.COLUMNS))
	}
	var b strings.Builder
	// (or fail: what a statement that fails has done is undone with its transaction, see broken, so that SQLite need not keep the
	// old content of all pages that each statement touches)
	fmt.Fprintf(&b, "/* %s */ INSERT OR FAIL INTO %s (%s) SELECT ", name, table, strings.Join(columns, ", "))
	for i := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "c%d", i)
	}
	// (without a WHERE, ON CONFLICT would be read as the condition of a join)
	b.WriteString(" FROM packed_rows($1) WHERE true " + tail)
	insertTexts.Store(key, b.String())
	return b.String()
}

// packRows appends rows of so many columns to an empty buffer, as packed_rows reads them.
func packRows(b []byte, columns int, rows [][]any) ([]byte, error) {
	b = binary.NativeEndian.AppendUint32(b, uint32(columns))
	for i, r := range rows {
		if len(r) != columns {
			return b, fmt.Errorf("row %d has %d values for %d columns", i, len(r), columns)
		}
		for j, v := range r {
			var ok bool
			if b, ok = packValue(b, v); ok {
				continue
			}
			given, err := driver.DefaultParameterConverter.ConvertValue(v) // of named types and pointers
			if err != nil {
				return b, fmt.Errorf("row %d, column %d: %w", i, j, err)
			}
			if b, ok = packValue(b, given); !ok {
				return b, fmt.Errorf("row %d, column %d: %T is of no kind that is kept, or too long", i, j, v)
			}
		}
	}
	return b, nil
}

func packValue(b []byte, v any) ([]byte, bool) {
	switch v := v.(type) {
	case nil:
		return append(b, C.NUL), true
	case int:
		return packNumber(b, C.INTEGER, uint64(v)), true
	case int64:
		return packNumber(b, C.INTEGER, uint64(v)), true
	case bool:
		if v {
			return packNumber(b, C.INTEGER, 1), true
		}
		return packNumber(b, C.INTEGER, 0), true
	case float64:
		if math.IsNaN(v) {
			return append(b, C.NUL), true // as SQLite does when it is bound
		}
		return packNumber(b, C.REAL, math.Float64bits(v)), true
	case string:
		if len(v) > math.MaxInt32 {
			return b, false
		}
		b = binary.NativeEndian.AppendUint32(append(b, C.TEXT), uint32(len(v)))
		return append(b, v...), true
	case []byte:
		if v == nil {
			return append(b, C.NUL), true
		}
		if len(v) > math.MaxInt32 {
			return b, false
		}
		b = binary.NativeEndian.AppendUint32(append(b, C.BLOB), uint32(len(v)))
		return append(b, v...), true
	}
	return b, false
}

func packNumber(b []byte, kind byte, bits uint64) []byte {
	return binary.NativeEndian.AppendUint64(append(b, kind), bits)
}
