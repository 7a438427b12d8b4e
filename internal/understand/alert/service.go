package alert

import (
	"log/slog"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// Service watches, and keeps what it found.
type Service struct {
	db      *store.DB
	insight *insight.Service
	log     *slog.Logger
}

// NewService watches through insights. One without columns keeps alerts all the same, but cannot look.
func NewService(db *store.DB, i *insight.Service, log *slog.Logger) *Service {
	return &Service{db: db, insight: i, log: log}
}

// today is the day in the workspace's zone.
func today(now time.Time, w identity.Workspace) clock.Day { return clock.DayOf(now, w.Location()) }
