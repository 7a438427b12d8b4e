// Package group lets callers that wait at the same time share one commit: one fsync for all of them.
package group

import (
	"context"
	"sync"

	"kolo/internal/foundation/fault"
)

// Committer keeps items of callers in groups. Safe for concurrent use; items are kept in the order in which they were begun.
type Committer[T any] struct {
	most  int
	size  func(T) int
	write func(ctx context.Context, items []T) error
	queue chan call[T]

	stop chan struct{}
	done chan struct{}
	once sync.Once
}

type call[T any] struct {
	ctx   context.Context
	item  T
	reply chan error // of room for one: the committer never waits for a caller that left
}

// New starts a committer; Close ends it. write keeps a group of items in one transaction, and runs in one goroutine: when it
// fails, each item of the group is tried alone, so that one that cannot be kept does not fail the others. size is how many
// rows an item has, and a group takes no more items once it has most rows.
func New[T any](most int, size func(T) int, write func(ctx context.Context, items []T) error) *Committer[T] {
	c := &Committer[T]{most: most, size: size, write: write, queue: make(chan call[T], 1024), stop: make(chan struct{}), done: make(chan struct{})}
	go c.loop()
	return c
}

// Close ends the committer after what is queued was committed. Closing twice does no harm.
func (c *Committer[T]) Close() {
	c.once.Do(func() { close(c.stop) })
	<-c.done
}

// Begin queues an item behind those that were begun before it. The function that it gives waits until the item is committed, and
// tells what write said; fault.Busy when the committer is closed. A caller that leaves early does not undo its item.
func (c *Committer[T]) Begin(ctx context.Context, item T) (wait func() error) {
	closing := fault.New(fault.Busy, "group.Begin", "Kolo is shutting down; send it again")
	x := call[T]{ctx, item, make(chan error, 1)}
	select {
	case <-c.stop:
		return func() error { return closing }
	case c.queue <- x:
	case <-ctx.Done():
		return func() error { return fault.Wrap("group.Begin", ctx.Err()) }
	}
	return func() error {
		select {
		case err := <-x.reply:
			return err
		case <-c.done: // the loop has ended; it may still have answered
			select {
			case err := <-x.reply:
				return err
			default:
				return closing
			}
		}
	}
}

func (c *Committer[T]) loop() {
	defer close(c.done)
	var calls []call[T]
	for {
		calls = calls[:0]
		select {
		case x := <-c.queue:
			calls = append(calls, x)
		case <-c.stop:
			select {
			case x := <-c.queue:
				calls = append(calls, x)
			default:
				return
			}
		}
		n := c.size(calls[0].item)
	gather: // whoever queued while the last commit ran shares this one
		for n < c.most {
			select {
			case x := <-c.queue:
				calls = append(calls, x)
				n += c.size(x.item)
			default:
				break gather
			}
		}
		c.commit(calls)
	}
}

func (c *Committer[T]) commit(calls []call[T]) {
	items := make([]T, len(calls))
	for i, x := range calls {
		items[i] = x.item
	}
	// A caller that has left does not cancel the others' commit.
	err := c.write(context.WithoutCancel(calls[0].ctx), items)
	if err == nil || len(calls) == 1 || fault.Is(err, fault.Busy) {
		for _, x := range calls {
			x.reply <- err
		}
		return
	}
	for _, x := range calls {
		x.reply <- c.write(context.WithoutCancel(x.ctx), []T{x.item})
	}
}
