package imports

import (
	"context"
	"errors"
	"io"
	"slices"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

const (
	chunkSize    = 1 << 20
	chunksAtOnce = 4 // in one transaction
	chunksKept   = 6 // by a reader: a workbook is read in several places at once
)

// chunks keep a file in rows, so that any process can work on it.
type chunks struct {
	db *store.DB
	ws identity.WorkspaceID
	im ID
}

// write keeps a whole stream and gives its length. beat runs in each of its transactions.
func (c chunks) write(ctx context.Context, r io.Reader, beat func(*store.Tx) error) (size int64, err error) {
	buf := make([]byte, chunksAtOnce*chunkSize)
	for n := int64(0); ; {
		k, err := io.ReadFull(r, buf)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return size, err
		}
		if k > 0 {
			if err := c.db.Update(ctx, func(tx *store.Tx) error {
				at := n
				for piece := range slices.Chunk(buf[:k], chunkSize) {
					if _, err := tx.Exec("/* imports.write */ INSERT INTO import_chunk (workspace, import, n, data) VALUES ($1, $2, $3, $4)",
						string(c.ws), string(c.im), at, piece); err != nil {
						return err
					}
					at++
				}
				return beat(tx)
			}); err != nil {
				return size, err
			}
		}
		n += chunksAtOnce
		size += int64(k)
		if err != nil {
			return size, nil
		}
	}
}

// remove deletes the file, a few pieces in a transaction.
func (c chunks) remove(ctx context.Context) error {
	for {
		var n int64
		if err := c.db.Update(ctx, func(tx *store.Tx) (err error) {
			n, err = tx.Exec(`/* imports.remove */ DELETE FROM import_chunk WHERE workspace = $1 AND import = $2 AND n IN
				(SELECT n FROM import_chunk WHERE workspace = $1 AND import = $2 ORDER BY n LIMIT 64)`, string(c.ws), string(c.im))
			return err
		}); err != nil || n == 0 {
			return err
		}
	}
}

// reader reads a kept file: as a stream, and at any place. It is for one goroutine.
type reader struct {
	ctx  context.Context
	from chunks
	size int64
	at   int64
	kept []keptChunk // the last one used first

	failed error // why a piece could not be had
}

type keptChunk struct {
	n    int64
	data []byte
}

func (c chunks) open(ctx context.Context, size int64) *reader {
	return &reader{ctx: ctx, from: c, size: size}
}

func (r *reader) Read(p []byte) (int, error) {
	if r.at >= r.size {
		return 0, io.EOF
	}
	data, err := r.chunk(r.at / chunkSize)
	if err != nil {
		return 0, err
	}
	n := copy(p, data[min(r.at%chunkSize, int64(len(data))):])
	if n == 0 && len(p) > 0 {
		return 0, io.ErrUnexpectedEOF
	}
	r.at += int64(n)
	return n, nil
}

func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("imports: negative offset")
	}
	was := r.at
	defer func() { r.at = was }()
	r.at = off
	n, err := io.ReadFull(r, p)
	if errors.Is(err, io.ErrUnexpectedEOF) && r.at >= r.size {
		err = io.EOF
	}
	return n, err
}

func (r *reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, errors.New("imports: negative position")
	}
	r.at = offset
	return offset, nil
}

func (r *reader) chunk(n int64) ([]byte, error) {
	at := slices.IndexFunc(r.kept, func(k keptChunk) bool { return k.n == n })
	if at < 0 {
		var data []byte
		err := r.from.db.View(r.ctx, func(tx *store.Tx) (err error) {
			data, err = store.One(tx, store.Value[[]byte], "/* imports.chunk */ SELECT data FROM import_chunk WHERE workspace = $1 AND import = $2 AND n = $3",
				string(r.from.ws), string(r.from.im), n)
			return err
		})
		if fault.Is(err, fault.NotFound) {
			err = fault.New(fault.NotFound, "imports.chunk", "the file is no longer kept")
		}
		if err != nil {
			r.failed = err
			return nil, err
		}
		r.kept = append(r.kept, keptChunk{n, data})
		at = len(r.kept) - 1
	}
	if at > 0 {
		k := r.kept[at]
		copy(r.kept[1:at+1], r.kept[:at])
		r.kept[0] = k
	}
	if len(r.kept) > chunksKept {
		r.kept = r.kept[:chunksKept]
	}
	return r.kept[0].data, nil
}
