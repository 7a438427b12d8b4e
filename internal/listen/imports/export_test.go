package imports

// SetBatch makes batches small, so that a small file has many checkpoints.
func (s *Service) SetBatch(rows int) { s.batchRows, s.takeRows = rows, rows }
