package insight

// ScoreAtMost bounds the groups of answers that s scores themes from.
func (s *Service) ScoreAtMost(n int) { s.maxScored = n }
