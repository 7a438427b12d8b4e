package adapt

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/assist"
	"kolo/internal/understand/label"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/theme"
	"kolo/internal/understand/theme/discover"
)

const keepVersions = 10

// Service gives each workspace its reader, and trains.
type Service struct {
	db       *store.DB
	feedback *feedback.Service
	labels   *label.Service
	themes   *theme.Service
	assist   *assist.Service
	base     *reading.Reader
	log      *slog.Logger

	mu      sync.Mutex
	readers map[identity.WorkspaceID]kept
}

// kept is a reader with what it was made of.
type kept struct {
	reader       *Reader
	themes       int64 // version of the tree
	found, delta string
}

// NewService makes a service; base are the models that come with Kolo.
func NewService(db *store.DB, f *feedback.Service, themes *theme.Service, a *assist.Service, base *reading.Reader, log *slog.Logger) *Service {
	return &Service{db: db, feedback: f, themes: themes, assist: a, base: base, log: log, readers: map[identity.WorkspaceID]kept{}}
}

// For is the reader of a workspace as it is now. It asks the rows for versions alone while nothing changes.
func (s *Service) For(ctx context.Context, ws identity.WorkspaceID) (label.Reader, error) {
	r, err := s.reader(ctx, ws)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (s *Service) reader(ctx context.Context, ws identity.WorkspaceID) (*Reader, error) {
	const op = "adapt.For"
	tree, err := s.themes.Tree(ctx, ws)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	s.mu.Lock()
	k, ok := s.readers[ws]
	s.mu.Unlock()
	var foundData, deltaData []byte
	var active map[Kind]string
	same := false
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		if active, err = activeIDs(tx, ws); err != nil {
			return err
		}
		if same = ok && k.themes == tree.Version && k.found == active[Themes] && k.delta == active[Sentiment]; same {
			return nil
		}
		if foundData, err = dataOf(tx, ws, active[Themes]); err != nil {
			return err
		}
		deltaData, err = dataOf(tx, ws, active[Sentiment])
		return err
	}); err != nil || same {
		return k.reader, fault.Wrap(op, err)
	}
	base, found := s.base, (*discover.Model)(nil)
	if foundData != nil {
		if found, err = discover.Decode(foundData); err != nil { // of another version of Kolo: it is trained anew before long
			s.log.Warn("the model of found themes cannot be read; themes are found again with the next run", "workspace", string(ws), "error", err)
			found, active[Themes] = nil, ""
		}
	}
	if deltaData != nil {
		if base, err = s.base.With(deltaData); err != nil {
			s.log.Warn("the workspace's own model of sentiment cannot be read; it is trained anew before long", "workspace", string(ws), "error", err)
			base, active[Sentiment] = s.base, ""
		}
	}
	k = kept{newReader(base, found, active[Themes], active[Sentiment], tree), tree.Version, active[Themes], active[Sentiment]}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.readers) >= 200 { // a reader with models of its own takes a few megabytes
		clear(s.readers)
	}
	s.readers[ws] = k
	return k.reader, nil
}

// Versions lists the trainings of a workspace, the newest first.
func (s *Service) Versions(ctx context.Context, ws identity.WorkspaceID) (list []Version, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, scanVersion, "/* adapt.Versions */ "+selectVersion+" WHERE workspace = $1 ORDER BY made_at DESC, id DESC", string(ws))
		return err
	})
	return list, fault.Wrap("adapt.Versions", err)
}

// Activate has a version read from now on, "" none of its kind: what came with Kolo alone.
func (s *Service) Activate(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, k Kind, version string) error {
	const op = "adapt.Activate"
	if err := actor.RequireIn(op, ws, identity.ThemesManage); err != nil {
		return err
	}
	return fault.Wrap(op, s.db.Update(ctx, func(tx *store.Tx) error {
		if err := deactivate(tx, ws, k); err != nil {
			return err
		}
		if version != "" {
			n, err := tx.Exec("/* adapt.Activate */ UPDATE model SET active = 1 WHERE workspace = $1 AND kind = $2 AND id = $3", string(ws), string(k), version)
			if err != nil {
				return err
			}
			if n == 0 {
				return fault.New(fault.NotFound, op, "there is no such version here")
			}
		}
		if _, err := tx.Exec(`/* adapt.Activate */ INSERT INTO model_choice (workspace, kind, chosen_at) VALUES ($1, $2, $3)
			ON CONFLICT (workspace, kind) DO UPDATE SET chosen_at = excluded.chosen_at`, string(ws), string(k), tx.Millis()); err != nil {
			return err
		}
		if err := identity.Audit(tx, actor, "model.activate", "model", version, map[string]string{"kind": string(k)}); err != nil {
			return err
		}
		return label.Reread(tx, ws)
	}))
}

// Discover asks for a run of discovery over the workspace's texts, in the background, and Train for a training of its own
// model of sentiment. A run that is waiting or under way is that run: its job is given.
func (s *Service) Discover(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor) (job.ID, error) {
	return s.ask(ctx, ws, actor, discoverKind)
}

// Use tells the service where labels are, which are read by its readers: the two need each other.
func (s *Service) Use(l *label.Service) { s.labels = l }

func payload(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil { // of texts alone
		panic("adapt: " + err.Error())
	}
	return b
}

// Train asks for a training; see Discover.
func (s *Service) Train(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor) (job.ID, error) {
	return s.ask(ctx, ws, actor, trainKind)
}

func (s *Service) ask(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, kind job.Kind) (id job.ID, err error) {
	op := "adapt." + string(kind)
	if err := actor.RequireIn(op, ws, identity.ThemesManage); err != nil {
		return "", err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) (err error) {
		if id, err = enqueue(tx, ws, kind, actor.Name); err != nil {
			return err
		}
		if kind == trainKind { // who asks for one wants what comes of it
			if _, err := tx.Exec("/* adapt.ask */ DELETE FROM model_choice WHERE workspace = $1 AND kind = $2", string(ws), string(Sentiment)); err != nil {
				return err
			}
		}
		return identity.Audit(tx, actor, string(kind), "job", string(id), nil)
	})
	return id, fault.Wrap(op, err)
}

// chosen tells whether a person has chosen which version is read: then a training that nobody asked for changes nothing of it.
func (s *Service) chosen(ctx context.Context, ws identity.WorkspaceID) (yes bool, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		n, err := store.One(tx, store.Value[int64], "/* adapt.chosen */ SELECT count(*) FROM model_choice WHERE workspace = $1 AND kind = $2", string(ws), string(Sentiment))
		yes = n > 0
		return err
	})
	return yes, err
}

// Latest is the newest job of a kind in a workspace, for pages that show how far it is; ok is false when there is none.
func (s *Service) Latest(ctx context.Context, ws identity.WorkspaceID, k Kind) (j job.Job, ok bool, err error) {
	kind := discoverKind
	if k == Sentiment {
		kind = trainKind
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		list, _, err := job.List(tx, string(ws), job.Filter{Kinds: []job.Kind{kind}, Limit: 1})
		if err == nil && len(list) > 0 {
			j, ok = list[0], true
		}
		return err
	})
	return j, ok, fault.Wrap("adapt.Latest", err)
}

// Changed has the texts of a workspace read again where what a person changed of a theme changes how they are read: its rule, or
// whether texts are given it. It is for theme.Service.OnChange.
func Changed(tx *store.Tx, ws identity.WorkspaceID, was, is theme.Theme) error {
	given := func(t theme.Theme) bool { return t.State != theme.Forbidden && t.ID != "" }
	if was.Rule == is.Rule && (given(was) == given(is) || was.ID == "") && (is.Rule == "" || was.State == is.State) {
		return nil
	}
	return label.Reread(tx, ws)
}
