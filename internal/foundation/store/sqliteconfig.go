package store

/*
#cgo linux LDFLAGS: -Wl,--unresolved-symbols=ignore-in-object-files
#cgo darwin LDFLAGS: -Wl,-undefined,dynamic_lookup

// Of the SQLite that the driver brings.
int sqlite3_config(int, ...);

static int set_journal_spill(int bytes) { return sqlite3_config(26, bytes); } // SQLITE_CONFIG_STMTJRNL_SPILL
static int count_memory(int yes) { return sqlite3_config(9, yes); } // SQLITE_CONFIG_MEMSTATUS
*/
import "C"

// What is set of SQLite before anything of it is used.
func init() {
	// SQLite keeps the old content of all pages that a statement of several rows touches, so that the statement can be undone
	// alone, and from 64 KiB on it keeps them in a file: a page's writing for each page that inserting touches, a tenth of what
	// receiving feedback cost. Statements here are small; four megabytes hold what they touch.
	C.set_journal_spill(4 << 20)
	// It counts what memory it takes, under one lock for all connections, for those who ask; nobody does.
	C.count_memory(0)
	registerRows() // the first use
}
