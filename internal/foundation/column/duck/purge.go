package duck

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Purge leaves nothing of removed rows in the file. DuckDB only marks rows of a row group as deleted, and the words of those whose row group
// lives on stay where they are: so tables are written anew, and the blocks that become free are filled with other bytes.
func (e *engine) Purge(ctx context.Context, tables []string) error {
	err := e.update(ctx, func() error {
		for _, t := range tables {
			for _, q := range []string{
				`CREATE OR REPLACE TABLE "kolo_fresh" AS SELECT * FROM "` + t + `"`,
				`DROP TABLE "` + t + `"`,
				`ALTER TABLE "kolo_fresh" RENAME TO "` + t + `"`,
			} {
				if _, err := e.writer().ExecContext(ctx, q); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return e.scrub(ctx)
}

// blockNumbers is how many whole numbers of 64 bits a block of 256 KiB holds, and some more; pieceBytes is how large the pieces of other blocks
// are in which stands what the file says of its tables: their names, and the least and the greatest text of each column.
const (
	blockNumbers = 33_000
	pieceBytes   = 4096
)

// scrub overwrites the free blocks and pieces of the file.
func (e *engine) scrub(ctx context.Context) (err error) {
	unlock, err := e.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	run := func(q string) {
		if err == nil {
			_, err = e.writer().ExecContext(ctx, q)
		}
	}
	run("FORCE CHECKPOINT")
	if e.path == "" || err != nil {
		return e.note(err)
	}
	var blocks, pieces int64
	if err := e.writer().QueryRowContext(ctx, "SELECT (SELECT free_blocks FROM pragma_database_size()), (SELECT coalesce(sum(free_blocks), 0)::BIGINT FROM pragma_metadata_info())").Scan(&blocks, &pieces); err != nil {
		return e.note(err)
	}
	defer func() {
		_, err2 := e.writer().ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS kolo_filler")
		err = e.note(errors.Join(err, err2))
	}()
	run(fmt.Sprintf("CREATE OR REPLACE TABLE kolo_filler AS SELECT hash(i) AS x FROM range(%d) r(i)", blocks*blockNumbers)) // hashes do not compress
	run("COMMENT ON TABLE kolo_filler IS '" + strings.Repeat("filled", int(pieces+1)*pieceBytes/6) + "'")
	run("FORCE CHECKPOINT")
	return err
}
