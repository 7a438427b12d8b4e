package insight

// ScoreAtMost bounds the groups of answers that s scores themes from.
func (s *Service) ScoreAtMost(n int) { s.maxScored = n }

// ForgetSets has s forget what it remembers of sets of themes, as it does when it remembers too many.
func (s *Service) ForgetSets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.known)
}
