package group_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store/group"
)

// TestWhoWaitsSharesACommit holds the first commit up until more have queued.
func TestWhoWaitsSharesACommit(t *testing.T) {
	t.Parallel()
	first, goOn := make(chan struct{}), make(chan struct{})
	var groups [][]int
	bad := errors.New("this one cannot be kept")
	c := group.New(10, func(int) int { return 4 }, func(_ context.Context, items []int) error {
		if len(groups) == 0 {
			close(first)
			<-goOn
		}
		groups = append(groups, slices.Clone(items))
		if slices.Contains(items, 3) {
			return bad
		}
		return nil
	})
	waits := []func() error{c.Begin(t.Context(), 1)}
	<-first
	for i := 2; i <= 5; i++ {
		waits = append(waits, c.Begin(t.Context(), i))
	}
	gone, leave := context.WithCancel(t.Context())
	waits = append(waits, c.Begin(gone, 6))
	leave() // who leaves does not undo what was begun
	close(goOn)
	for i, wait := range waits {
		if err := wait(); (err != nil) != (i == 2) || i == 2 && !errors.Is(err, bad) {
			t.Errorf("%d: %v", i+1, err)
		}
	}
	c.Close()
	// Ten rows are full at the third item of four; the group with the one that cannot be kept was tried again one by one.
	want := [][]int{{1}, {2, 3, 4}, {2}, {3}, {4}, {5, 6}}
	if !slices.EqualFunc(groups, want, slices.Equal) {
		t.Errorf("groups %v, want %v", groups, want)
	}
	if err := c.Begin(t.Context(), 7)(); !fault.Is(err, fault.Busy) {
		t.Errorf("after the end: %v", err)
	}
	c.Close()
}
