// Package identity knows who works in Kolo: workspaces, their members, teams and roles, how people and programs prove
// who they are (passwords, sessions, invitations, API keys), what they may do, and the log of what they did.
package identity

import (
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	_ "time/tzdata" // zones are validated and used on machines that have no zone files

	"golang.org/x/text/currency"
	"golang.org/x/text/language"

	"kolo/internal/foundation/fault"
)

// Ids, one type each, so that they cannot be mistaken for one another.
type (
	WorkspaceID string
	MemberID    string
	TeamID      string
	KeyID       string
	PersonID    string
	SessionID   string
	InviteID    string
)

// WeekStart is the day that a workspace's weeks begin with.
type WeekStart string

// The days that weeks begin with around the world.
const (
	Monday   WeekStart = "monday"
	Sunday   WeekStart = "sunday"
	Saturday WeekStart = "saturday"
)

// Weekday is the same as package time knows it.
func (w WeekStart) Weekday() time.Weekday {
	switch w {
	case Sunday:
		return time.Sunday
	case Saturday:
		return time.Saturday
	}
	return time.Monday
}

// Workspace is one organisation's data. Nothing crosses the border between two workspaces.
type Workspace struct {
	ID        WorkspaceID
	Name      string
	Slug      string // unique, made from the name once, and never changed by a new name
	Zone      string // IANA
	WeekStart WeekStart
	Language  string // BCP 47
	Currency  string // ISO 4217
	Country   string // ISO 3166-1 alpha-2, how a phone number without a country is read; may be empty
	Demo      bool
	CreatedAt time.Time
	Version   int64 // goes up with each change
}

// Location is the workspace's zone; UTC should the zone have become unknown.
func (w Workspace) Location() *time.Location {
	if loc, err := time.LoadLocation(w.Zone); err == nil {
		return loc
	}
	return time.UTC
}

// Person is a human being with one password, who may be a member of several workspaces.
type Person struct {
	ID          PersonID
	Email       string // lower case
	Name        string
	Language    string // BCP 47, empty: the workspace's
	Theme       string // "", "light" or "dark"
	MustChange  bool   // the password is a temporary one
	HasPassword bool
	CreatedAt   time.Time
}

// State tells whether a member may come in.
type State string

// The states of a member. Removed members are kept so that what they did keeps its name; lists leave them out.
const (
	Active   State = "active"
	Disabled State = "disabled"
	Removed  State = "removed"
)

// Member is a person in one workspace.
type Member struct {
	ID        MemberID
	Workspace WorkspaceID
	Person    PersonID
	Name      string
	Email     string
	Role      Role
	State     State
	Teams     []TeamID
	CreatedAt time.Time
}

// Team is a unit that members belong to, with its manager, whom escalations go to.
type Team struct {
	ID        TeamID
	Workspace WorkspaceID
	Name      string
	Manager   MemberID // "" for none
	Members   []MemberID
}

// Membership is a workspace that a person can enter.
type Membership struct {
	Workspace Workspace
	Member    Member
}

// Session is one signed-in browser.
type Session struct {
	ID        SessionID
	Person    PersonID
	Workspace WorkspaceID
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
	IP, Agent string
	Current   bool // it is the one that asked
}

// Invite asks somebody to become a member, by a link that works once and for seven days.
type Invite struct {
	ID        InviteID
	Workspace WorkspaceID
	Email     string
	Role      Role
	Teams     []TeamID
	InvitedBy MemberID
	CreatedAt time.Time
	ExpiresAt time.Time
}

// APIKey is a program's way in. The secret itself is shown once and never kept.
type APIKey struct {
	ID        KeyID
	Workspace WorkspaceID
	Public    string // the visible beginning, "kolo_3fGh81Zq"
	Name      string
	Scopes    []Permission
	CreatedBy MemberID
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
	UsedAt    time.Time // zero: never; exact to a minute
	RevokedAt time.Time // zero: valid
}

// NormEmail trims and lower-cases an address, or says that it is not one.
func NormEmail(s string) (string, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) > 254 || !utf8.ValidString(s) {
		return "", false
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return "", false
	}
	return s, true
}

// cleanName takes control characters out of a name and trims it.
func cleanName(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

const maxName = 120

// fields gathers what is wrong with an input.
type fields []fault.Field

func (f *fields) add(path, code, msg string) {
	*f = append(*f, fault.Field{Path: path, Code: code, Msg: msg})
}

func (f fields) err(op string) error {
	if len(f) == 0 {
		return nil
	}
	return fault.Bad(op, f...)
}

func (f *fields) name(path, s string) string {
	s = cleanName(s)
	switch {
	case s == "":
		f.add(path, "required", "a name is needed")
	case utf8.RuneCountInString(s) > maxName:
		f.add(path, "too_long", "the name is longer than 120 characters")
	}
	return s
}

func (f *fields) email(path, s string) string {
	e, ok := NormEmail(s)
	if !ok {
		f.add(path, "email", "that is not an e-mail address")
	}
	return e
}

const minPassword, maxPassword = 10, 256

func (f *fields) password(path, s string) {
	switch n := utf8.RuneCountInString(s); {
	case n < minPassword:
		f.add(path, "too_short", "a password has at least 10 characters")
	case len(s) > maxPassword:
		f.add(path, "too_long", "a password has at most 256 bytes")
	}
}

func (f *fields) language(path, s string) string {
	if s == "" {
		return ""
	}
	tag, err := language.Parse(s)
	if err != nil {
		f.add(path, "language", "that is not a language (BCP 47, such as he or pt-BR)")
	}
	return tag.String()
}

// workspace checks the settings of a workspace and fills in defaults.
func (f *fields) workspace(w Workspace) Workspace {
	w.Name = f.name("name", w.Name)
	if w.Zone == "" {
		w.Zone = "UTC"
	}
	if _, err := time.LoadLocation(w.Zone); err != nil || w.Zone == "Local" {
		f.add("zone", "zone", "that is not a time zone (IANA, such as Asia/Jerusalem)")
	}
	if w.WeekStart == "" {
		w.WeekStart = Monday
	}
	if !slices.Contains([]WeekStart{Monday, Sunday, Saturday}, w.WeekStart) {
		f.add("week_start", "enum", "a week begins on monday, sunday or saturday")
	}
	if w.Language == "" {
		w.Language = "en"
	}
	w.Language = f.language("language", w.Language)
	if w.Currency == "" {
		w.Currency = "USD"
	}
	w.Currency = strings.ToUpper(w.Currency)
	if _, err := currency.ParseISO(w.Currency); err != nil {
		f.add("currency", "currency", "that is not a currency (ISO 4217, such as EUR)")
	}
	w.Country = strings.ToUpper(w.Country)
	if w.Country != "" {
		if r, err := language.ParseRegion(w.Country); err != nil || len(w.Country) != 2 || !r.IsCountry() {
			f.add("country", "country", "that is not a country (ISO 3166, such as IL)")
		}
	}
	return w
}

// slug makes the part of a web address that stands for a name: ASCII letters, digits and hyphens; "" when none remain.
func slug(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	s := b.String()
	return strings.Trim(s[:min(len(s), 48)], "-")
}
