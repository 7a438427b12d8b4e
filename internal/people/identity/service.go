package identity

import (
	"context"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
)

// Options of a Service. The zero value of a field means its default.
type Options struct {
	Cost Cost // of a password hash: 64 MiB, two passes
}

// Cost is what one argon2id hash takes.
type Cost struct {
	MemoryKiB uint32
	Passes    uint32
}

// Service is what the rest of Kolo asks of people and workspaces. Safe for concurrent use.
type Service struct{ db *store.DB }

// NewService makes the service.
func NewService(db *store.DB, o Options) *Service { return &Service{db: db} }

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

// Bootstrapped is what Bootstrap made. Secret and Password are shown once and cannot be had again.
type Bootstrapped struct {
	Workspace Workspace
	Member    Member
	Key       APIKey
	Secret    string // of the API key
	Password  string // temporary, must be changed at the first sign-in; "" when the person existed before
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

// PersonPatch changes what is not nil.
type PersonPatch struct {
	Name     *string
	Language *string
	Theme    *string
}

// NewInvite asks for an invitation.
type NewInvite struct {
	Email string
	Role  Role
	Teams []TeamID
}

// InviteView is what the holder of an invitation's link sees.
type InviteView struct {
	Invite    Invite
	Workspace string // its name
	InvitedBy string // the member's name
	Known     bool   // the address belongs to a person already, who signs in to accept
}

// NewKey asks for an API key.
type NewKey struct {
	Name    string
	Scopes  []Permission
	Expires time.Time // zero: never
}

// TeamPatch changes what is not nil.
type TeamPatch struct {
	Name    *string
	Manager *MemberID
	Members *[]MemberID
}

// Entry is one line of the audit log.
type Entry struct {
	ID        string
	At        time.Time
	Member    MemberID
	Key       KeyID
	Name      string // of who did it, as it was then
	IP        string
	RequestID string
	Action    string // "key.revoke"
	Kind      string // of the object: "key"
	Object    string // its id
	Details   map[string]string
}

// AuditQuery filters the log. Empty fields do not filter.
type AuditQuery struct {
	Member   MemberID
	Key      KeyID
	Action   string // exact, or a prefix that ends with a dot: "key."
	Kind     string
	Object   string
	Text     string // found anywhere in who, what and the details, whatever the case
	From, To time.Time
	Cursor   string
	Limit    int // 50, at most 500
}

// AuditPage is one page of the log, newest first. Next is "" on the last one.
type AuditPage struct {
	Entries []Entry
	Next    string
}

var errUnbuilt = fault.New(fault.Internal, "identity", "being built")

// Workspaces.

func (s *Service) Empty(ctx context.Context) (bool, error) { return false, errUnbuilt }
func (s *Service) CreateWorkspace(ctx context.Context, in NewWorkspace) (Workspace, Member, error) {
	return Workspace{}, Member{}, errUnbuilt
}
func (s *Service) Bootstrap(ctx context.Context, workspace, email string) (Bootstrapped, error) {
	return Bootstrapped{}, errUnbuilt
}
func (s *Service) UpdateWorkspace(ctx context.Context, ws WorkspaceID, actor Actor, p WorkspacePatch) (Workspace, error) {
	return Workspace{}, errUnbuilt
}
func (s *Service) Workspace(ctx context.Context, ws WorkspaceID) (Workspace, error) {
	return Workspace{}, errUnbuilt
}
func (s *Service) Workspaces(ctx context.Context) ([]Workspace, error) { return nil, errUnbuilt } // all, for workers
func (s *Service) WorkspacesOf(ctx context.Context, p PersonID) ([]Membership, error) {
	return nil, errUnbuilt
}
func GetWorkspace(tx *store.Tx, ws WorkspaceID) (Workspace, error) { return Workspace{}, errUnbuilt }

// Sign-in.

func (s *Service) SignIn(ctx context.Context, email, password, ip, agent string) (token string, err error) {
	return "", errUnbuilt
}
func (s *Service) Session(ctx context.Context, token string) (Actor, error) {
	return Actor{}, errUnbuilt
}
func (s *Service) SwitchWorkspace(ctx context.Context, token string, ws WorkspaceID) (Actor, error) {
	return Actor{}, errUnbuilt
}
func (s *Service) SignOut(ctx context.Context, token string) error            { return errUnbuilt }
func (s *Service) SignOutEverywhere(ctx context.Context, p PersonID) error    { return errUnbuilt }
func (s *Service) EndSession(ctx context.Context, a Actor, i SessionID) error { return errUnbuilt }
func (s *Service) Sessions(ctx context.Context, a Actor) ([]Session, error)   { return nil, errUnbuilt }
func (s *Service) Person(ctx context.Context, p PersonID) (Person, error) {
	return Person{}, errUnbuilt
}
func (s *Service) UpdatePerson(ctx context.Context, a Actor, p PersonPatch) (Person, error) {
	return Person{}, errUnbuilt
}
func (s *Service) ChangePassword(ctx context.Context, a Actor, old, new string) error {
	return errUnbuilt
}

// Members, teams, invitations, keys, log.

func (s *Service) Members(ctx context.Context, ws WorkspaceID) ([]Member, error) {
	return nil, errUnbuilt
}
func (s *Service) Member(ctx context.Context, ws WorkspaceID, m MemberID) (Member, error) {
	return Member{}, errUnbuilt
}
func (s *Service) ChangeRole(ctx context.Context, ws WorkspaceID, a Actor, m MemberID, r Role) error {
	return errUnbuilt
}
func (s *Service) SetState(ctx context.Context, ws WorkspaceID, a Actor, m MemberID, st State) error {
	return errUnbuilt
}
func (s *Service) Invite(ctx context.Context, ws WorkspaceID, a Actor, in NewInvite) (i Invite, token string, err error) {
	return i, "", errUnbuilt
}
func (s *Service) Invites(ctx context.Context, ws WorkspaceID) ([]Invite, error) {
	return nil, errUnbuilt
}
func (s *Service) ResendInvite(ctx context.Context, ws WorkspaceID, a Actor, i InviteID) (v Invite, token string, err error) {
	return v, "", errUnbuilt
}
func (s *Service) RevokeInvite(ctx context.Context, ws WorkspaceID, a Actor, i InviteID) error {
	return errUnbuilt
}
func (s *Service) FindInvite(ctx context.Context, token string) (InviteView, error) {
	return InviteView{}, errUnbuilt
}
func (s *Service) AcceptInvite(ctx context.Context, token, name, password string) (Member, error) {
	return Member{}, errUnbuilt
}
func (s *Service) AcceptInviteAs(ctx context.Context, a Actor, token string) (Member, error) {
	return Member{}, errUnbuilt
}
func (s *Service) Teams(ctx context.Context, ws WorkspaceID) ([]Team, error) { return nil, errUnbuilt }
func (s *Service) CreateTeam(ctx context.Context, ws WorkspaceID, a Actor, name string, manager MemberID) (Team, error) {
	return Team{}, errUnbuilt
}
func (s *Service) UpdateTeam(ctx context.Context, ws WorkspaceID, a Actor, t TeamID, p TeamPatch) (Team, error) {
	return Team{}, errUnbuilt
}
func (s *Service) DeleteTeam(ctx context.Context, ws WorkspaceID, a Actor, t TeamID) error {
	return errUnbuilt
}
func (s *Service) CreateKey(ctx context.Context, ws WorkspaceID, a Actor, in NewKey) (k APIKey, secret string, err error) {
	return k, "", errUnbuilt
}
func (s *Service) Keys(ctx context.Context, ws WorkspaceID) ([]APIKey, error) { return nil, errUnbuilt }
func (s *Service) RevokeKey(ctx context.Context, ws WorkspaceID, a Actor, k KeyID) error {
	return errUnbuilt
}
func (s *Service) Key(ctx context.Context, secret string) (Actor, error) {
	return Actor{}, errUnbuilt
}
func Audit(tx *store.Tx, a Actor, action, kind, object string, details map[string]string) error {
	return errUnbuilt
}
func (s *Service) AuditLog(ctx context.Context, ws WorkspaceID, a Actor, q AuditQuery) (AuditPage, error) {
	return AuditPage{}, errUnbuilt
}

// Sweep deletes sessions, invitations and throttles that ended; call it now and then.
func (s *Service) Sweep(ctx context.Context) error { return errUnbuilt }
