package label

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/reading"
)

// Reader reads one text. It is safe for concurrent use.
type Reader interface {
	Read(s, language string) reading.Reading // language: ISO 639-1, or "" to detect it
	Model() string                           // its version: readings of another one are made again when they are asked for
}

// Readers gives the reader of a workspace: the models that come with Kolo, with what the workspace has taught them.
type Readers interface {
	For(ctx context.Context, ws identity.WorkspaceID) (Reader, error)
}

// Same is Readers with one reader for all.
func Same(r Reader) Readers { return same{r} }

type same struct{ Reader }

func (s same) For(context.Context, identity.WorkspaceID) (Reader, error) { return s.Reader, nil }

// Service reads texts and keeps labels.
type Service struct {
	db       *store.DB
	feedback *feedback.Service
	readers  Readers
	log      *slog.Logger
	owner    string

	stopOnce sync.Once
	stop     chan struct{}
	done     chan struct{}
	running  atomic.Bool
	read     atomic.Int64 // texts, since the start
	behind   atomic.Int64
}

// NewService makes a service; Start runs its reading.
func NewService(db *store.DB, f *feedback.Service, readers Readers, log *slog.Logger) *Service {
	return &Service{db: db, feedback: f, readers: readers, log: log, owner: ownerOf(db), stop: make(chan struct{}), done: make(chan struct{})}
}

// Get reads the label of one piece of feedback; ok is false when it has none: nothing was said in words, or it was not
// read yet.
func (s *Service) Get(ctx context.Context, ws identity.WorkspaceID, id feedback.ID) (l Label, ok bool, err error) {
	all, err := s.Of(ctx, ws, []feedback.ID{id})
	if err != nil {
		return l, false, err
	}
	l, ok = all[id]
	return l, ok, nil
}

// Of reads labels of a workspace by feedback; what has none is left out.
func (s *Service) Of(ctx context.Context, ws identity.WorkspaceID, ids []feedback.ID) (map[feedback.ID]Label, error) {
	var out map[feedback.ID]Label
	err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		out, err = of(tx, ws, ids)
		return err
	})
	return out, fault.Wrap("label.Of", err)
}

// Brief reads labels as Of does, without their clauses, which are most of what there is to read: for who asks for very many.
func (s *Service) Brief(ctx context.Context, ws identity.WorkspaceID, ids []feedback.ID) (list []Label, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = listOf(tx, ws, ids, scanBrief)
		return err
	})
	return list, fault.Wrap("label.Brief", err)
}

// UpTo is the number of change up to which all feedback was read: the columns follow up to there.
func (s *Service) UpTo(ctx context.Context) (seq int64, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		seq, err = upTo(tx)
		return err
	})
	return seq, fault.Wrap("label.UpTo", err)
}

// Behind is how many changes were not read when the reader last looked; Read how many texts this process has read.
func (s *Service) Behind() int64 { return s.behind.Load() }

// Texts is how many texts this process has read since it started.
func (s *Service) Texts() int64 { return s.read.Load() }
