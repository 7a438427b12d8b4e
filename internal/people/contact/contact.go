// Package contact knows the customers: who they are (identities), what is known of them (attributes, account, lifetime
// value, language), what they agreed to (consent), that two were one all along (merging), and how to forget them.
package contact

import (
	"time"

	"kolo/internal/people/identity"
)

// Ids, one type each.
type (
	ID        string
	AccountID string
	SegmentID string
)

// Key is the beginning of a contact's id as a number, 0 for nobody: what other domains index. It is a sixth as long as the id, and
// contacts that came together lie together. Two contacts may share one: compare the id as well.
func (c ID) Key() int64 {
	var key int64
	digits := 0
	for i := 0; i < len(c) && digits < 16; i++ {
		switch b := c[i]; {
		case b >= '0' && b <= '9':
			key = key<<4 | int64(b-'0')
		case b >= 'a' && b <= 'f':
			key = key<<4 | int64(b-'a'+10)
		default:
			continue
		}
		digits++
	}
	return key
}

// Turn is the turn (store.DB.UpdateInTurn) of intakes: those that run at once find the same contacts and write to the same indexes,
// and would abort each other.
const Turn = "feedback"

// Kind of an identity.
type Kind string

// The kinds, in the order in which they are believed.
const (
	External Kind = "external" // the customer's id in another system, verbatim
	Email    Kind = "email"    // lower case
	Phone    Kind = "phone"    // E.164
)

var kinds = [...]Kind{External, Email, Phone}

// Identity is one way to recognise a contact. Norm is unique among the workspace's identities of a kind.
type Identity struct {
	Kind  Kind   `json:"kind"`
	Value string `json:"value"` // as it was given
	Norm  string `json:"norm"`
}

// Money is an amount in minor units (cents, agorot) of a currency (ISO 4217).
type Money struct {
	Minor    int64  `json:"amount_minor"`
	Currency string `json:"currency"`
}

// Contact is a customer.
type Contact struct {
	ID         ID
	Workspace  identity.WorkspaceID
	Account    AccountID
	Name       string
	Language   string // BCP 47
	Attributes map[string]string
	Identities []Identity // filled by Get, Load and List
	Consents   []Consent  // filled by Get: the latest of each channel and purpose
	Value      *Money     // lifetime value, nil when unknown
	FirstSeen  time.Time
	LastSeen   time.Time // exact to a day
	MergedInto ID        // "" or the contact that this one is part of now
	ErasedAt   time.Time // zero: not erased
	Masked     bool      // names, addresses and personal attributes were left out, for the reader may not see them

	origin string // the import that made it, as long as nobody else has told anything of it
}

// Account is a company that contacts belong to.
type Account struct {
	ID         AccountID
	Workspace  identity.WorkspaceID
	External   string
	Name       string
	Attributes map[string]string
	Contacts   int64 // filled by Accounts
}

// AttributeKind says how an attribute's text is read.
type AttributeKind string

// The kinds of attributes.
const (
	Text   AttributeKind = "text"
	Number AttributeKind = "number"
	Bool   AttributeKind = "bool" // true or false
	Date   AttributeKind = "date" // 2006-01-02
)

// Attribute is an entry of the register: what is known about contacts in a workspace.
type Attribute struct {
	Key       string
	Kind      AttributeKind
	Title     string
	FirstSeen time.Time
	Sliceable bool // offered where figures are sliced
	Personal  bool // shown only to who may identify contacts

	decided bool // somebody has said what it is: until then its name says whether it is personal
}

// Ref is how another domain names a contact: any identity, and what came along about them. Every field may be empty.
// Normalise comes last, before Resolve: what is changed after it goes unseen.
type Ref struct {
	External   string
	Email      string
	Phone      string
	Name       string
	Language   string
	Country    string // ISO 3166-1 alpha-2: the attribute "country" unless there is one, and how to read a phone number without a country; the workspace's when empty
	Attributes map[string]string
	Value      *Money    // lifetime value
	Account    string    // external id of the account
	At         time.Time // when the contact said or did it; zero: now
	Origin     string    // the import that says so; a contact that it makes can be taken back with it (Withdraw)

	norm  [len(kinds)]string // by the order of kinds
	ready bool
}

// Empty tells whether a reference names nobody.
func (r *Ref) Empty() bool { return r.External == "" && r.Email == "" && r.Phone == "" }
