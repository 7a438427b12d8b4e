package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
)

// Options of a Service. The zero value of a field means its default.
type Options struct {
	Cost Cost // of a password hash: 64 MiB, two passes
}

// Service is what the rest of Kolo asks of people and workspaces. Safe for concurrent use.
type Service struct {
	db     *store.DB
	hasher *hasher
	keys   keyCache

	onInvite  func(tx *store.Tx, i Invite, token string) error
	onUpdated []func(WorkspaceID)
}

// NewService makes the service.
func NewService(db *store.DB, o Options) *Service {
	return &Service{db: db, hasher: newHasher(o.Cost), onInvite: func(*store.Tx, Invite, string) error { return nil }}
}

// NewOwner is whom a workspace begins with: a new person, or one who exists (Person).
type NewOwner struct {
	Person   PersonID // an existing person; the rest is then ignored
	Name     string
	Email    string
	Password string // empty: the owner cannot sign in with a password until one is set
}

// NewWorkspace asks for a workspace. Empty settings get defaults: UTC, monday, en, USD.
type NewWorkspace struct {
	Name      string
	Zone      string
	WeekStart WeekStart
	Language  string
	Currency  string
	Country   string
	Demo      bool
	Owner     NewOwner
	IfEmpty   bool // refuse with Conflict unless this is the first workspace: for the set-up page
}

// Empty tells whether there is no workspace yet.
func (s *Service) Empty(ctx context.Context) (empty bool, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		empty, err = none(tx)
		return err
	})
	return empty, err
}

func none(tx *store.Tx) (bool, error) {
	n, err := store.One(tx, store.Value[int64], "/* identity.none */ SELECT count(*) FROM (SELECT 1 FROM workspace LIMIT 1) w")
	return n == 0, err
}

// CreateWorkspace makes a workspace and its owner. The address of a person who exists already is a Conflict: they sign in
// and are named by id.
func (s *Service) CreateWorkspace(ctx context.Context, in NewWorkspace) (w Workspace, m Member, err error) {
	const op = "identity.CreateWorkspace"
	var weak fields
	if in.Owner.Person == "" && in.Owner.Password != "" {
		weak.password("owner.password", in.Owner.Password)
	}
	hash := ""
	if len(weak) == 0 {
		if hash, err = s.hashIfAny(ctx, in.Owner); err != nil {
			return w, m, err
		}
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if in.IfEmpty {
			if empty, err := none(tx); err != nil || !empty {
				return orConflict(err, op, "Kolo has been set up already: sign in")
			}
		}
		bad := slices.Clone(weak) // told together with all else that is wrong
		person := in.Owner.Person
		if person == "" {
			p, err := createPerson(tx, &bad, "owner.", Person{Name: in.Owner.Name, Email: in.Owner.Email, HasPassword: hash != ""}, hash)
			if err != nil {
				return err
			}
			person = p.ID
		}
		w, m, err = createWorkspace(tx, &bad, in, person)
		return err
	})
	return w, m, err
}

func (s *Service) hashIfAny(ctx context.Context, o NewOwner) (string, error) {
	if o.Person != "" || o.Password == "" {
		return "", nil
	}
	return s.hasher.hash(ctx, o.Password)
}

func orConflict(err error, op, msg string) error {
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, op, "%s", msg)
}

// orTaken is a conflict over one field: somebody else has its value.
func orTaken(err error, op, path, msg string) error {
	if err != nil {
		return err
	}
	return &fault.Error{Kind: fault.Conflict, Op: op, Msg: msg, Fields: []fault.Field{{Path: path, Code: "conflict", Msg: msg}}}
}

// createPerson writes a person. Complaints about the input go to bad; when there are any, nothing is written and the
// caller's own check reports them all.
func createPerson(tx *store.Tx, bad *fields, path string, p Person, hash string) (Person, error) {
	const op = "identity.createPerson"
	p.Email = bad.email(path+"email", p.Email)
	if p.Name == "" {
		p.Name, _, _ = strings.Cut(p.Email, "@")
	}
	if p.Name = cleanName(p.Name); len(p.Name) > maxName*4 {
		p.Name = bad.name(path+"name", p.Name)
	}
	if len(*bad) > 0 {
		return p, nil
	}
	if _, err := personByEmail(tx, p.Email); err == nil {
		return p, orTaken(nil, op, path+"email", fmt.Sprintf("somebody with the address %s has an account already: sign in first", p.Email))
	} else if !fault.Is(err, fault.NotFound) {
		return p, err
	}
	p.ID, p.CreatedAt = PersonID(id.New(tx.Now)), tx.Now
	_, err := tx.Exec(`/* identity.createPerson */ INSERT INTO person (id, email, name, language, theme, password, must_change, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, string(p.ID), p.Email, p.Name, p.Language, p.Theme, hash, flag(p.MustChange), tx.Millis())
	return p, err
}

func createWorkspace(tx *store.Tx, bad *fields, in NewWorkspace, owner PersonID) (w Workspace, m Member, err error) {
	const op = "identity.CreateWorkspace"
	w = bad.workspace(Workspace{Name: in.Name, Zone: in.Zone, WeekStart: in.WeekStart, Language: in.Language, Currency: in.Currency,
		Country: in.Country, Demo: in.Demo})
	if err := bad.err(op); err != nil {
		return w, m, err
	}
	w.ID, w.CreatedAt, w.Version = WorkspaceID(id.New(tx.Now)), tx.Now, 1
	if err := nameFree(tx, w); err != nil {
		return w, m, err
	}
	if w.Slug, err = freeSlug(tx, w); err != nil {
		return w, m, err
	}
	if _, err = tx.Exec(`/* identity.createWorkspace */ INSERT INTO workspace
		(id, name, name_key, slug, zone, week_start, language, currency, country, demo, created_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)`,
		string(w.ID), w.Name, strings.ToLower(w.Name), w.Slug, w.Zone, string(w.WeekStart), w.Language, w.Currency, w.Country,
		flag(w.Demo), tx.Millis()); err != nil {
		return w, m, err
	}
	if m, err = join(tx, w.ID, owner, Owner, nil); err != nil {
		return w, m, err
	}
	actor := Actor{Workspace: w.ID, Member: m.ID, Person: owner, Role: Owner, Name: m.Name}
	return w, m, Audit(tx, actor, "workspace.create", "workspace", string(w.ID), map[string]string{"name": w.Name})
}

func nameFree(tx *store.Tx, w Workspace) error {
	n, err := store.One(tx, store.Value[int64], "/* identity.nameFree */ SELECT count(*) FROM workspace WHERE name_key = $1 AND id <> $2",
		strings.ToLower(w.Name), string(w.ID))
	if err != nil || n == 0 {
		return err
	}
	return orTaken(nil, "identity.nameFree", "name", fmt.Sprintf("there is a workspace called %s already", w.Name))
}

func freeSlug(tx *store.Tx, w Workspace) (string, error) {
	base := slug(w.Name)
	if base == "" { // a name without a Latin letter
		base = "workspace"
	}
	taken, err := store.One(tx, store.Value[int64], "/* identity.freeSlug */ SELECT count(*) FROM workspace WHERE slug = $1", base)
	if err != nil || taken == 0 {
		return base, err
	}
	return base + "-" + strings.ToLower(randomBase62(6)), nil
}

// Bootstrapped is what Bootstrap made. Secret and Password are shown once and cannot be had again.
type Bootstrapped struct {
	Workspace Workspace
	Member    Member
	Key       APIKey
	Secret    string // of the API key
	Password  string // temporary, to be changed after the first sign-in; "" when the person existed before
}

// Bootstrap makes a workspace, its owner and an API key with all scopes, without a browser. A workspace of that name is a
// Conflict, and nothing is made then.
func (s *Service) Bootstrap(ctx context.Context, workspace, email string) (b Bootstrapped, err error) {
	password := temporaryPassword()
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return b, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		var bad fields
		b = Bootstrapped{}
		norm, _ := NormEmail(email)
		p, err := personByEmail(tx, norm)
		if fault.Is(err, fault.NotFound) {
			b.Password = password
			p, err = createPerson(tx, &bad, "", Person{Email: email, MustChange: true, HasPassword: true}, hash)
		}
		if err != nil {
			return err
		}
		if b.Workspace, b.Member, err = createWorkspace(tx, &bad, NewWorkspace{Name: workspace}, p.ID); err != nil {
			return err
		}
		actor := Program(b.Workspace.ID, "command line")
		b.Key, b.Secret, err = createKey(tx, b.Workspace.ID, actor, NewKey{Name: "bootstrap", Scopes: Permissions()})
		return err
	})
	return b, err
}

// WorkspacePatch changes what is not nil. Version, when not 0, must be the one that was read.
type WorkspacePatch struct {
	Name      *string
	Zone      *string
	WeekStart *WeekStart
	Language  *string
	Currency  *string
	Country   *string
	Version   int64
}

// OnUpdated says what in this process has to forget the settings of a workspace once other ones are kept. Other processes hear nothing.
func (s *Service) OnUpdated(fn func(WorkspaceID)) { s.onUpdated = append(s.onUpdated, fn) }

// UpdateWorkspace changes the settings of a workspace.
func (s *Service) UpdateWorkspace(ctx context.Context, ws WorkspaceID, actor Actor, p WorkspacePatch) (w Workspace, err error) {
	const op = "identity.UpdateWorkspace"
	if err := actor.RequireIn(op, ws, WorkspaceManage); err != nil {
		return w, err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) (err error) {
		if w, err = GetWorkspace(tx, ws); err != nil {
			return err
		}
		old := w
		if p.Version != 0 && p.Version != w.Version {
			return fault.New(fault.Conflict, op, "the settings were changed meanwhile: load them again")
		}
		set(&w.Name, p.Name)
		set(&w.Zone, p.Zone)
		set(&w.WeekStart, p.WeekStart)
		set(&w.Language, p.Language)
		set(&w.Currency, p.Currency)
		set(&w.Country, p.Country)
		var bad fields
		w = bad.workspace(w)
		if err := bad.err(op); err != nil {
			return err
		}
		if w == old {
			return nil
		}
		if err := nameFree(tx, w); err != nil {
			return err
		}
		w.Version++
		if _, err := tx.Exec(`/* identity.UpdateWorkspace */ UPDATE workspace SET name = $2, name_key = $3, zone = $4, week_start = $5,
			language = $6, currency = $7, country = $8, version = $9 WHERE id = $1`, string(ws), w.Name, strings.ToLower(w.Name), w.Zone,
			string(w.WeekStart), w.Language, w.Currency, w.Country, w.Version); err != nil {
			return err
		}
		if w.Zone != old.Zone {
			if err := rezone(tx, ws); err != nil {
				return err
			}
		}
		changed := changes{}
		changed.note("name", old.Name, w.Name)
		changed.note("zone", old.Zone, w.Zone)
		changed.note("week_start", string(old.WeekStart), string(w.WeekStart))
		changed.note("language", old.Language, w.Language)
		changed.note("currency", old.Currency, w.Currency)
		changed.note("country", old.Country, w.Country)
		return Audit(tx, actor, "workspace.update", "workspace", string(ws), changed)
	})
	if err == nil {
		for _, told := range s.onUpdated {
			told(ws)
		}
	}
	return w, err
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// Workspace reads one.
func (s *Service) Workspace(ctx context.Context, ws WorkspaceID) (w Workspace, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		w, err = GetWorkspace(tx, ws)
		return err
	})
	return w, err
}

// Workspaces lists all of them, for work that goes through every one. People see those of WorkspacesOf.
func (s *Service) Workspaces(ctx context.Context) (list []Workspace, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = AllWorkspaces(tx)
		return err
	})
	return list, err
}

// AllWorkspaces is Workspaces in the caller's transaction.
func AllWorkspaces(tx *store.Tx) ([]Workspace, error) {
	return store.All(tx, scanWorkspace, "/* identity.AllWorkspaces */ SELECT "+workspaceColumns+" FROM workspace w ORDER BY w.id")
}

// WorkspacesOf lists the workspaces that a person may enter, by name.
func (s *Service) WorkspacesOf(ctx context.Context, person PersonID) (list []Membership, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		ws, err := store.All(tx, scanWorkspace, "/* identity.WorkspacesOf */ SELECT "+workspaceColumns+` FROM workspace w
			JOIN member m ON m.workspace = w.id WHERE m.person = $1 AND m.state = 'active' ORDER BY w.name_key`, string(person))
		if err != nil {
			return err
		}
		list = nil
		for _, w := range ws {
			m, err := memberOf(tx, w.ID, person)
			if err != nil {
				return err
			}
			list = append(list, Membership{w, m})
		}
		return nil
	})
	return list, err
}

// GetWorkspace reads a workspace in the caller's transaction.
func GetWorkspace(tx *store.Tx, ws WorkspaceID) (Workspace, error) {
	return store.One(tx, scanWorkspace, "/* identity.GetWorkspace */ SELECT "+workspaceColumns+" FROM workspace w WHERE w.id = $1", string(ws))
}

const workspaceColumns = "w.id, w.name, w.slug, w.zone, w.week_start, w.language, w.currency, w.country, w.demo, w.created_at, w.version"

func scanWorkspace(s store.Scanner) (w Workspace, err error) {
	var demo, created int64
	err = s.Scan(&w.ID, &w.Name, &w.Slug, &w.Zone, &w.WeekStart, &w.Language, &w.Currency, &w.Country, &demo, &created, &w.Version)
	w.Demo, w.CreatedAt = demo == 1, instant(created)
	return w, err
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// WorkspaceIDs lists all workspaces in the caller's transaction, for work in the background.
func WorkspaceIDs(tx *store.Tx) ([]WorkspaceID, error) {
	return store.All(tx, store.Value[WorkspaceID], "/* identity.WorkspaceIDs */ SELECT w.id FROM workspace w ORDER BY w.id")
}
