package table

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

// window is the part of a stream that is in memory: what was read and not yet taken.
type window struct {
	src  io.Reader
	buf  []byte
	r, w int
	eof  bool
}

const windowSize = 256 << 10

func newWindow(src io.Reader) *window { return &window{src: src, buf: make([]byte, windowSize)} }

// bytes is what is at hand; it is valid until the next call of more.
func (w *window) bytes() []byte { return w.buf[w.r:w.w] }

// take drops the first n bytes at hand.
func (w *window) take(n int) { w.r += n }

// more reads on, keeping what is at hand. Unless the stream ends (eof) it at least doubles that, so that looking at all
// of it again after each call costs linear time.
func (w *window) more() error {
	if w.r > 0 {
		w.w = copy(w.buf, w.buf[w.r:w.w])
		w.r = 0
	}
	want := max(1, 2*w.w)
	if want > len(w.buf) {
		w.buf = append(w.buf, make([]byte, len(w.buf))...)
	}
	for idle := 0; w.w < want && !w.eof; {
		n, err := w.src.Read(w.buf[w.w:])
		w.w += n
		if n > 0 {
			idle = 0
		} else if idle++; idle > 100 {
			return io.ErrNoProgress
		}
		if err == io.EOF {
			w.eof = true
		} else if err != nil {
			return err
		}
	}
	return nil
}

// record gathers the cells of one row in one piece of memory, so that a row costs one allocation however many cells it
// has.
type record struct {
	text  []byte // the cells one after the other, or
	line  []byte // a whole line, in which one byte stands between two cells
	ends  []int
	cells []string
}

func (r *record) reset() { r.text, r.line, r.ends = r.text[:0], nil, r.ends[:0] }

func (r *record) end() { r.ends = append(r.ends, len(r.text)) }

// strings hands out the cells, padded to width. raw says that they come as the file has them and may be anything;
// otherwise they were transcoded, and what could not be is U+FFFD already.
func (r *record) strings(width int, raw bool) (cells []string, mended bool) {
	text, gap := r.text, 0
	if r.line != nil {
		text, gap = r.line, 1
	}
	mended = bytes.IndexByte(text, 0) >= 0 || raw && !utf8.Valid(text) || !raw && bytes.Contains(text, replacement)
	all, from := string(text), 0
	r.cells = r.cells[:0]
	for _, end := range r.ends {
		cell := all[from:end]
		if mended {
			cell = mendText(cell)
		}
		r.cells = append(r.cells, cell)
		from = end + gap
	}
	for len(r.cells) < width {
		r.cells = append(r.cells, "")
	}
	return r.cells, mended
}

var replacement = []byte("\uFFFD")

// mendText makes valid text of any bytes: NULs go, what is not UTF-8 becomes U+FFFD.
func mendText(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
}

// keptRaw is what a *RowError keeps of a refused row.
func keptRaw(b []byte) string {
	return mendText(string(bytes.TrimRight(b[:min(len(b), rawKept)], "\r\n")))
}

// blank tells whether there is nothing in a row.
func blank(cells []string) bool {
	for _, c := range cells {
		if c != "" {
			return false
		}
	}
	return true
}
