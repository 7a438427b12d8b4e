package transfer

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kolo/internal/foundation/table"
)

const (
	// stalled is how long a reader may take nothing before the connection is given up. A file may take hours, as long as it
	// moves: each part of it has its own deadline, whatever the server's is.
	stalled = 2 * time.Minute
	// held is how much of a file is gathered before the first byte leaves: what goes wrong until then is told like any error.
	held = 64 << 10
)

// Send answers with a file that write makes as a stream. An error before anything was sent is
// given back, to be told as a page or a problem; after that the connection is broken off, for half a file must never look
// like a whole one. name and plain are those of Attachment. log hears of what nobody else would.
func Send(w http.ResponseWriter, r *http.Request, log *slog.Logger, name, plain string, format table.Format, write func(io.Writer) error) error {
	out := &stream{w: w, control: http.NewResponseController(w), head: func() {
		h := w.Header()
		h.Set("Content-Type", table.ContentType(format))
		h.Set("Content-Disposition", Attachment(name, plain))
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
	}}
	if r.Method == http.MethodHead {
		out.head()
		return nil
	}
	buffer := bufio.NewWriterSize(out, held)
	err := write(buffer)
	if err != nil && !out.begun {
		return err
	}
	if err == nil {
		err = buffer.Flush()
	}
	if err == nil {
		err = out.end()
	}
	if err != nil {
		if r.Context().Err() == nil && !out.left {
			log.ErrorContext(r.Context(), "a download broke off", "file", name, "error", err)
		}
		panic(http.ErrAbortHandler)
	}
	return nil
}

// stream is the body of an answer, whose head goes out with the first byte.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	head    func()
	begun   bool
	left    bool // the reader takes no more
}

func (s *stream) Write(p []byte) (int, error) {
	s.begin()
	if err := s.control.SetWriteDeadline(time.Now().Add(stalled)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.left = true
		return 0, err
	}
	n, err := s.w.Write(p)
	s.left = s.left || err != nil
	return n, err
}

func (s *stream) begin() {
	if !s.begun {
		s.head()
		s.begun = true
	}
}

// end sends what is left, and leaves the next request on this connection its own deadline.
func (s *stream) end() error {
	s.begin() // a file without content
	if err := s.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.left = true
		return err
	}
	if err := s.control.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.left = true
		return err
	}
	return nil
}

// Attachment is the Content-Disposition (RFC 6266) of a file to be saved under a name, whatever the name holds: in full as
// RFC 5987 writes it, and before that in ASCII for who cannot read it: as plain, or where that is "" with a line in the place of every other
// character.
func Attachment(name, plain string) string {
	name = fileName(name)
	plain = fileName(cmp.Or(plain, name))
	var ascii, full strings.Builder
	for _, c := range plain {
		if c > ' ' && c < 0x7f && !strings.ContainsRune(`"\%`, c) || c == ' ' {
			ascii.WriteRune(c)
		} else {
			ascii.WriteByte('_')
		}
	}
	for i := range len(name) {
		if c := name[i]; c < utf8.RuneSelf && (c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0) {
			full.WriteByte(c)
		} else {
			fmt.Fprintf(&full, "%%%02X", c)
		}
	}
	head := `attachment; filename="` + ascii.String() + `"`
	if full.String() != ascii.String() {
		head += "; filename*=UTF-8''" + full.String()
	}
	return head
}

// longestName is in bytes, as file systems count; the ending stays.
const longestName = 200

// fileName makes a name that no system takes for a path, and that cannot pretend to end otherwise than it does.
func fileName(name string) string {
	name = strings.Map(func(c rune) rune {
		switch {
		case c == utf8.RuneError || unicode.IsControl(c) || strings.ContainsRune(`/\:*?"<>|`, c):
			return '_'
		case c == 0x061c || c == 0x200e || c == 0x200f || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069: // turn the line of reading
			return -1
		}
		return c
	}, name)
	dot := max(0, strings.LastIndexByte(name, '.'))
	base, ending := strings.Trim(name[:dot], " ."), name[dot:]
	for len(base)+len(ending) > longestName && base != "" {
		_, size := utf8.DecodeLastRuneInString(base)
		base = base[:len(base)-size]
	}
	if base == "" {
		base = "file"
	}
	return base + ending
}
