// Package table reads and writes tabular files as streams: CSV, XLSX, NDJSON, and Parquet (writing only).
//
// It knows nothing about customers. Memory does not grow with the file: a reader holds one row (and, for a workbook,
// 64 MiB of its shared strings at most), a writer one block. What cannot be read is reported row by row as a *RowError
// and reading goes on, so that a caller can refuse a row and lose nothing.
package table

import (
	"fmt"
	"io"

	"kolo/internal/foundation/fault"
)

// Format is a file format.
type Format string

// The formats. Parquet can be written and not read.
const (
	CSV     Format = "csv" // any delimiter
	XLSX    Format = "xlsx"
	NDJSON  Format = "ndjson" // one JSON object a line; a JSON array of objects is read too
	Parquet Format = "parquet"
)

// ContentType is the media type to send a format with.
func ContentType(f Format) string {
	switch f {
	case CSV:
		return "text/csv; charset=utf-8"
	case XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case NDJSON:
		return "application/x-ndjson"
	case Parquet:
		return "application/vnd.apache.parquet"
	}
	return "application/octet-stream"
}

// Extension is a format's usual file ending with its dot, or "" for an unknown format.
func Extension(f Format) string {
	switch f {
	case CSV, XLSX, NDJSON, Parquet:
		return "." + string(f)
	}
	return ""
}

// Limits of reading.
const (
	DefaultMaxRow = 4 << 20 // bytes of one row
	MaxColumns    = 16384   // what a sheet can hold

	rawKept = 64 << 10 // bytes of a refused row's source that RowError.Raw keeps
)

// Options say how to read a file. Every zero value means: find out from the file (see Sniff).
type Options struct {
	Format    Format
	Encoding  string // a name that browsers know: "utf-8", "utf-16le", "windows-1255", "koi8-r", ...
	Delimiter rune   // CSV: an ASCII character
	Sheet     string // XLSX: the sheet's name; the first visible one by default
	Header    *bool  // whether the first row names the columns
	Above     *int   // how many rows with something in them stand before that one and belong to no table
	MaxRow    int    // bytes of one row; DefaultMaxRow when 0
	Wide      bool   // CSV: a row with more cells than there are columns is no error, and has them all
	Unguard   bool   // CSV: take off the apostrophe that a writer put before what looks like a formula (see Guard)

	stringsInCore int64 // for tests
}

// Row is one data row.
type Row struct {
	Number int64 // 1 for the first row of data; rows without any content are counted, but not returned
	Line   int64 // where the row begins: the line of a text file, the row of a sheet, the element of a JSON array

	// Cells has one text per column, in the order of Columns (more with Options.Wide). The slice is reused by the next call of Next; the
	// strings stay valid, but share memory with their row: clone those kept long after it.
	Cells  []string
	Width  int    // how many cells the file had; when fewer than there are columns, the rest of Cells is empty
	Raw    string // NDJSON: the object as it was written, with its types
	Mended bool   // bytes that are no text in the file's encoding were replaced by U+FFFD, or NULs were dropped
}

// Reader reads a file's rows one after the other. It is for one goroutine.
type Reader interface {
	// Columns are the names, made unique and never empty. NDJSON and XLSX may meet a column late: the list then
	// grows at its end, and Cells with it.
	Columns() []string
	// Next gives the next row, io.EOF after the last one, or a *RowError for a row that cannot be read, after
	// which reading goes on. Any other error is final.
	Next() (Row, error)
	// Offset is how far reading has come, for a progress bar: bytes taken and, when it can be known, their total (0
	// otherwise). Of a workbook these are the bytes of the sheet, unpacked. Safe from the reading goroutine only.
	Offset() (done, total int64)
	// Close frees temporary files; it does not close the source.
	Close() error
}

// RowCode is the stable reason why a row could not be read.
type RowCode string

// The reasons.
const (
	RowTooLarge  RowCode = "too_large"  // over MaxRow
	RowTooWide   RowCode = "too_wide"   // more cells than columns, so that it is unclear which is which
	RowBadQuotes RowCode = "bad_quotes" // a quote is opened and never closed
	RowBadJSON   RowCode = "bad_json"   // not a JSON object
	RowBadSheet  RowCode = "bad_sheet"  // the row's XML is broken
)

// RowError is a row that could not be read. Msg is safe to show.
type RowError struct {
	Number, Line int64
	Code         RowCode
	Msg          string
	Raw          string // the source of the row as UTF-8, its first 64 KiB at most
}

func (e *RowError) Error() string {
	return fmt.Sprintf("row %d (line %d): %s", e.Number, e.Line, e.Msg)
}

// Open reads a file from a stream, finding out from its beginning and its name what opts leave open. A workbook needs
// random access: when r offers it (io.ReaderAt and io.Seeker, such as an *os.File) it is read in place, otherwise it is
// first copied to a temporary file.
func Open(r io.Reader, name string, opts Options) (Reader, error) {
	if opts.MaxRow <= 0 {
		opts.MaxRow = DefaultMaxRow
	}
	src := &source{r: r, total: sizeOf(r)}
	head, err := src.peek(SniffSize)
	if err != nil {
		return nil, fault.Wrap("table.Open", err)
	}
	g, err := sniff(head, name, opts)
	if err != nil {
		return nil, err
	}
	switch g.Format {
	case XLSX:
		return openStreamedWorkbook(src, opts)
	case NDJSON:
		return newJSONReader(src, g, opts)
	default:
		return newCSVReader(src, g, opts)
	}
}

// source counts what is taken from a stream whose beginning was looked at.
type source struct {
	r     io.Reader
	head  []byte
	done  int64
	total int64
}

// sizeOf tells how many bytes are left to read where that can be known.
func sizeOf(r io.Reader) int64 {
	switch r := r.(type) {
	case interface{ Len() int }:
		return int64(r.Len())
	case io.Seeker:
		at, err := r.Seek(0, io.SeekCurrent)
		if err != nil {
			return 0
		}
		end, err := r.Seek(0, io.SeekEnd)
		if err != nil {
			return 0
		}
		if _, err := r.Seek(at, io.SeekStart); err != nil {
			return 0
		}
		return end - at
	}
	return 0
}

func (s *source) peek(n int) ([]byte, error) {
	head, got := make([]byte, n), 0
	for got < n {
		k, err := s.r.Read(head[got:])
		got += k
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
	}
	s.head = head[:got]
	return s.head, nil
}

func (s *source) Read(p []byte) (n int, err error) {
	if len(s.head) > 0 {
		n = copy(p, s.head)
		s.head = s.head[n:]
	} else {
		n, err = s.r.Read(p)
	}
	s.done += int64(n)
	return n, err
}
