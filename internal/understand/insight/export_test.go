package insight

import (
	"context"

	"kolo/internal/listen/feedback"
)

// ScoreAtMost bounds the groups of answers that s scores themes from.
func (s *Service) ScoreAtMost(n int) { s.maxScored = n }

// CellsAtMost bounds what one statement brings into memory, and tells by how much it was bounded.
func (s *Service) CellsAtMost(n int) (was int) {
	was, s.mostCells = s.mostCells, n
	return was
}

// ManyAre has s tell only some of the customers apart from so many answers on.
func (s *Service) ManyAre(n int64) { s.many = n }

// ManyRowsAre has s gather the customers of so many rows in parts.
func (s *Service) ManyRowsAre(n int64) { s.manyRows = n }

// ForgetSets has s forget what it remembers of sets of themes, as it does when it remembers too many.
func (s *Service) ForgetSets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.known)
}

// Rows makes rows of changes, as before they are fed.
func (f *Feeder) Rows(ctx context.Context, changes []feedback.Feedback) error {
	_, _, err := f.rowsOf(ctx, changes)
	return err
}
