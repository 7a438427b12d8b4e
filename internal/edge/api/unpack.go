package api

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"kolo/internal/foundation/fault"
)

// mostUnpacked is how many bytes a body may have for each that was sent, once there are more than a body's limit: a stream of lines has no
// limit of its own, and a few megabytes of the same must not become a day's work. What customers say is packed to a fifth or a tenth.
const mostUnpacked = 100

var unpackers sync.Pool

// unpack has the body of a request read as it was before it was packed, so that all limits are those of what it says. done ends that.
func (a *API) unpack(w http.ResponseWriter, r *http.Request) (done func(), err error) {
	const op = "api.unpack"
	switch coding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ","))); coding {
	case "", "identity":
		return func() {}, nil
	case "gzip", "x-gzip":
	default:
		w.Header().Set("Accept-Encoding", "gzip")
		return nil, fault.New(fault.Unsupported, op, "send the body as it is, or packed with gzip; %q is not understood", coding)
	}
	b := &unpacked{packed: r.Body, free: a.BodyLimit}
	b.gzip, _ = unpackers.Get().(*gzip.Reader)
	if b.gzip == nil {
		b.gzip = new(gzip.Reader)
	}
	if err := b.gzip.Reset(counted{b}); err != nil {
		unpackers.Put(b.gzip)
		return nil, fault.New(fault.Invalid, op, "the body is not gzip, which its Content-Encoding says")
	}
	r.Body = b
	return func() {
		unpackers.Put(b.gzip)
		r.Body, b.gzip = b.packed, nil
	}, nil
}

// unpacked is a body as it was before it was packed.
type unpacked struct {
	packed  io.ReadCloser
	gzip    *gzip.Reader
	in, out int64 // bytes so far
	free    int64 // bytes that are no question of how many were sent
}

// Read gives a fault.Error for what is no gzip, and for far more than was sent.
func (b *unpacked) Read(p []byte) (int, error) {
	const op = "api.unpack"
	n, err := b.gzip.Read(p)
	var corrupt flate.CorruptInputError
	switch b.out += int64(n); {
	case b.out > b.free && b.out > mostUnpacked*b.in:
		return 0, fault.New(fault.TooLarge, op, "the body unpacks to more than %d times what was sent; send it as it is", mostUnpacked)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return 0, fault.New(fault.Invalid, op, "the body is not gzip, which its Content-Encoding says")
	}
	return n, err
}

// Close closes the body that was sent.
func (b *unpacked) Close() error { return b.packed.Close() }

// counted reads what was sent.
type counted struct{ *unpacked }

func (c counted) Read(p []byte) (int, error) {
	n, err := c.packed.Read(p)
	c.in += int64(n)
	return n, err
}
