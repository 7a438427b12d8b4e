package store

import (
	"context"
	"sync"

	"kolo/internal/foundation/fault"
)

// Pages of the log, of 4 KiB. The copier begins once copyFrom of them are not in the file yet, not a thousand, so that pages which
// many commits touch are copied once; it costs a little time at the next start after a crash. The writer, which would make those
// who wait for their commit wait for the copying too, does it only from copyMost on, which is when the log goes on growing because
// somebody writes without a pause: most has been copied by then.
const (
	copyFrom = 8192
	copyMost = 32768
)

// copier copies SQLite's log into the file beside the writer.
type copier struct {
	session *session
	wrote   chan struct{} // that somebody has committed
	stop    chan struct{}
	done    chan struct{}
	once    sync.Once
}

func startCopier(s *session) *copier {
	c := &copier{session: s, wrote: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go c.run()
	return c
}

// committed tells the copier that there may be something to copy.
func (c *copier) committed() {
	select {
	case c.wrote <- struct{}{}:
	default: // it knows
	}
}

func (c *copier) run() {
	defer close(c.done)
	for {
		select {
		case <-c.wrote:
		case <-c.stop:
			return
		}
		if log, copied := c.checkpoint("NOOP"); log-copied >= copyFrom {
			c.checkpoint("PASSIVE")
		}
	}
}

// checkpoint gives the pages in the log, and how many of them are in the file. An error, which the writer would meet as well and
// report, counts as nothing to do.
func (c *copier) checkpoint(mode string) (log, copied int64) {
	var busy int64
	if err := c.session.conn.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &log, &copied); err != nil {
		return 0, 0
	}
	return log, copied
}

// Purge copies SQLite's log into the file and empties it: what was erased stands in the log until then. It waits for those who read, and a
// Conflict says that some read on. PostgreSQL's vacuum does the like by itself.
func (db *DB) Purge(ctx context.Context) error {
	if db.copier == nil {
		return nil
	}
	var busy, log, copied int64
	if err := db.copier.session.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &copied); err != nil {
		return fault.Wrap("store.Purge", err)
	}
	if busy != 0 {
		return fault.New(fault.Conflict, "store.Purge", "somebody is reading what was erased")
	}
	return nil
}

func (c *copier) close() {
	if c == nil {
		return
	}
	c.once.Do(func() {
		close(c.stop)
		<-c.done
		c.session.close()
	})
}
