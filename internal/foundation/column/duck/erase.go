package duck

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"kolo/internal/foundation/column"
)

// Erase leaves nothing of the rows in the file. A DELETE alone would leave everything: DuckDB only marks rows of a row group
// as deleted. So every column of the rows is first overwritten, which has the checkpoint write their row groups anew; the
// blocks in which those were become free, and are filled with other bytes, as far as there are no more than scrubBlocks of
// them (what is beyond is overwritten as the file is used).
func (e *engine) Erase(ctx context.Context, t column.Table, workspace string, ids []string) error {
	keys := make([]column.Key, len(ids))
	for i, id := range ids {
		keys[i] = column.Key{Workspace: workspace, ID: id}
	}
	err := e.update(ctx, func() error {
		have, err := columnTypes(ctx, e.writer(), t.Name)
		if err != nil {
			return err
		}
		var blank []string
		for name, typ := range have {
			value := "0"
			switch typ {
			case types[column.Text]:
				value = empty[column.Text]
			case types[column.UUID]: // such as the workspace, so that no question sees such a row until it is deleted
				value = empty[column.UUID]
			}
			blank = append(blank, `"`+name+`" = `+value)
		}
		return e.eachWorkspace(ctx, t, keys, fmt.Sprintf(`UPDATE "%s" SET %s`, t.Name, strings.Join(blank, ", ")))
	})
	if err != nil {
		return err
	}
	// In a transaction of its own: a crash in between leaves empty rows of no workspace, which the next erasure deletes.
	err = e.update(ctx, func() error {
		_, err := e.writer().ExecContext(ctx, `DELETE FROM "`+t.Name+`" WHERE workspace = `+empty[column.UUID])
		return err
	})
	if err != nil {
		return err
	}
	return e.scrub(ctx)
}

// scrubBlocks is how many free blocks of 256 KiB are overwritten after an erasure: 64 MiB.
const scrubBlocks = 256

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
		return err
	}
	var free int64
	if err := e.writer().QueryRowContext(ctx, "SELECT free_blocks FROM pragma_database_size()").Scan(&free); err != nil || free == 0 {
		return err
	}
	// Hashes do not compress. A row is 4 KiB; a block holds some 64 of them.
	rows := min(free, scrubBlocks) * 66
	defer func() {
		_, err2 := e.writer().ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS kolo_filler")
		err = e.note(errors.Join(err, err2))
	}()
	run(fmt.Sprintf("CREATE OR REPLACE TABLE kolo_filler AS SELECT array_to_string([sha256(concat(i, '-', j, '-', random())) FOR j IN range(63)], '') AS x FROM range(%d) r(i)", rows))
	run("FORCE CHECKPOINT")
	return err
}
