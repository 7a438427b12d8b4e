package alert

import (
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// Service watches, and keeps what it found.
type Service struct {
	db      *store.DB
	insight *insight.Service
	after   []job.Kind
	closed  func(*store.Tx, identity.WorkspaceID, Alert) error
}

// NewService watches through insights. One without columns keeps alerts all the same, but cannot look. A look waits while a job of one
// of the kinds waits or runs in the workspace: what brings in or changes much at once.
func NewService(db *store.DB, i *insight.Service, after ...job.Kind) *Service {
	return &Service{db: db, insight: i, after: after, closed: func(*store.Tx, identity.WorkspaceID, Alert) error { return nil }}
}

// OnClosed says what happens when somebody closes an alert, in the transaction that does.
func (s *Service) OnClosed(fn func(*store.Tx, identity.WorkspaceID, Alert) error) { s.closed = fn }

// today is the day in the workspace's zone.
func today(now time.Time, w identity.Workspace) clock.Day { return clock.DayOf(now, w.Location()) }
