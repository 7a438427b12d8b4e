package contact

import (
	"context"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// MergeHook moves what another domain holds about one contact to another, in the transaction of the merge.
type MergeHook func(tx *store.Tx, ws identity.WorkspaceID, from, into ID) error

// EraseHook erases what another domain holds about a contact, in the transaction of the erasure.
type EraseHook func(tx *store.Tx, ws identity.WorkspaceID, id ID) error

// Service is what the rest of Kolo asks of contacts. Safe for concurrent use once the hooks are registered.
type Service struct {
	db      *store.DB
	onMerge []MergeHook
	onErase []EraseHook
}

// NewService makes the service.
func NewService(db *store.DB) *Service { return &Service{db: db} }

// OnMerge registers a hook, before the service is used.
func (s *Service) OnMerge(h MergeHook) { s.onMerge = append(s.onMerge, h) }

// OnErase registers a hook, before the service is used.
func (s *Service) OnErase(h EraseHook) { s.onErase = append(s.onErase, h) }

// Op compares an attribute.
type Op string

// The comparisons. Is and IsNot take several values: any of them. Others take one; Present and Absent none.
const (
	Is      Op = "is"
	IsNot   Op = "is_not"
	Present Op = "present"
	Absent  Op = "absent"
	Above   Op = "above" // numbers and dates
	Below   Op = "below"
)

// Condition is about one attribute.
type Condition struct {
	Attribute string   `json:"attribute"`
	Op        Op       `json:"op"`
	Values    []string `json:"values,omitempty"`
}

// Filter chooses contacts: all that is given must hold. Merged and erased contacts are never chosen.
type Filter struct {
	Text       string      `json:"text,omitempty"` // part of the name, or the beginning of an e-mail, phone or external id
	Conditions []Condition `json:"conditions,omitempty"`
	Languages  []string    `json:"languages,omitempty"`
	Has        []Kind      `json:"has,omitempty"`
	Account    AccountID   `json:"account,omitempty"`
	Segment    SegmentID   `json:"segment,omitempty"` // and what that saved filter asks for
}

// Query asks for a page of contacts.
type Query struct {
	Filter Filter
	ByName bool // order: by name; otherwise the latest seen first
	Cursor string
	Limit  int // 50, at most 1000
}

// Page of contacts. Next is "" on the last one.
type Page struct {
	Contacts []Contact
	Next     string
}

// Segment is a saved filter.
type Segment struct {
	ID        SegmentID
	Name      string
	Filter    Filter
	CreatedAt time.Time
}

// Patch changes what is not nil. An attribute with an empty value is removed.
type Patch struct {
	Name       *string
	Language   *string
	Account    *AccountID
	Value      *Money
	Attributes map[string]string
}

var errUnbuilt = fault.New(fault.Internal, "contact", "being built")

// Normalise checks a reference and brings its identities into normal form; region is the country (ISO 3166-1 alpha-2, may
// be empty) that phone numbers without one are read in. It returns what is wrong, with paths such as "email".
func (r *Ref) Normalise(region string) []fault.Field { return nil }

// Empty tells whether a reference names nobody.
func (r *Ref) Empty() bool { return r.External == "" && r.Email == "" && r.Phone == "" }

// Resolve finds or creates the contacts that refs name, in as few statements as it can; an empty Ref gives "". See Ref.
func Resolve(tx *store.Tx, ws identity.WorkspaceID, refs []Ref) ([]ID, error) {
	return nil, errUnbuilt
}

// Load reads contacts by id, following merges; the map's keys are the ids that were asked for.
func Load(tx *store.Tx, ws identity.WorkspaceID, ids []ID) (map[ID]Contact, error) {
	return nil, errUnbuilt
}

func (s *Service) Get(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, id ID) (Contact, error) {
	return Contact{}, errUnbuilt
}
func (s *Service) Load(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, ids []ID) (map[ID]Contact, error) {
	return nil, errUnbuilt
}
func (s *Service) List(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, q Query) (Page, error) {
	return Page{}, errUnbuilt
}
func (s *Service) Count(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, f Filter) (int64, error) {
	return 0, errUnbuilt
}
func (s *Service) Create(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, r Ref) (Contact, error) {
	return Contact{}, errUnbuilt
}
func (s *Service) Update(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, id ID, p Patch) (Contact, error) {
	return Contact{}, errUnbuilt
}
func (s *Service) AddIdentity(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, id ID, k Kind, value string) error {
	return errUnbuilt
}
func (s *Service) RemoveIdentity(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, id ID, k Kind, norm string) error {
	return errUnbuilt
}
func (s *Service) Merge(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, from, into ID) error {
	return errUnbuilt
}
func (s *Service) Suggestions(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, limit int) ([]Suggestion, error) {
	return nil, errUnbuilt
}
func (s *Service) Dismiss(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, x, y ID) error {
	return errUnbuilt
}
func (s *Service) Erase(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, id ID) error {
	return errUnbuilt
}
func (s *Service) SetConsent(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, id ID, c Consent) error {
	return errUnbuilt
}
func (s *Service) ConsentHistory(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, id ID) ([]Consent, error) {
	return nil, errUnbuilt
}
func (s *Service) Attributes(ctx context.Context, ws identity.WorkspaceID) ([]Attribute, error) {
	return nil, errUnbuilt
}
func (s *Service) SetAttribute(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, d Attribute) error {
	return errUnbuilt
}
func (s *Service) Accounts(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, text, cursor string, limit int) (list []Account, next string, err error) {
	return nil, "", errUnbuilt
}
func (s *Service) SaveAccount(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, x Account) (Account, error) {
	return Account{}, errUnbuilt
}
func (s *Service) Segments(ctx context.Context, ws identity.WorkspaceID) ([]Segment, error) {
	return nil, errUnbuilt
}
func (s *Service) SaveSegment(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, x Segment) (Segment, error) {
	return Segment{}, errUnbuilt
}
func (s *Service) DeleteSegment(ctx context.Context, ws identity.WorkspaceID, a identity.Actor, id SegmentID) error {
	return errUnbuilt
}
