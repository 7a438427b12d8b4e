// Package event is the intake of indirect input: what customers did and what happened to them (logins, purchases, deliveries,
// cancellations), in the common format of track, identify, group, page and screen. Service.Receive validates it, resolves
// the contact, drops what was delivered before, and keeps it durably; a Feeder carries it to the columns, where it is counted.
//
// Rows stay in the store after they are in the columns: they are what the columns can be filled from again.
package event

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// ID identifies an event. Messages with one messageId have one ID.
type ID string

// Kinds of messages.
const (
	Track    = "track"    // something was done, or happened
	Page     = "page"     // a page was looked at; the event's name is "page"
	Screen   = "screen"   // a screen of an app was looked at; the event's name is "screen"
	Identify = "identify" // who a user is: identities and attributes of the contact
	Group    = "group"    // which account a user belongs to
)

// Kinds lists them.
var Kinds = []string{Track, Page, Screen, Identify, Group}

// Event is a kept event: one of kind Track, Page or Screen.
type Event struct {
	ID         ID                   `json:"id"`
	Workspace  identity.WorkspaceID `json:"-"`
	Seq        int64                `json:"-"`
	Revision   int64                `json:"-"`
	Kind       string               `json:"type" enum:"track,page,screen"`
	Name       string               `json:"event"`
	Message    string               `json:"messageId,omitempty"`
	Time       time.Time            `json:"timestamp"`
	ReceivedAt time.Time            `json:"receivedAt"`
	Contact    contact.ID           `json:"contact_id,omitempty"`
	Visitor    string               `json:"anonymousId,omitempty"`
	Value      *float64             `json:"value,omitempty" doc:"properties.revenue, or else value, or total, when it is a number"`
	Currency   string               `json:"currency,omitempty" doc:"ISO 4217"`
	Properties Properties           `json:"properties,omitempty"`

	erased bool
}

// Properties are the facts of an event: a JSON object as it was sent, or "".
type Properties string

// MarshalJSON gives the object.
func (p Properties) MarshalJSON() ([]byte, error) {
	if p == "" {
		return []byte("null"), nil
	}
	return []byte(p), nil
}

// Input is one message as it is received. Decode makes one of JSON.
type Input struct {
	Kind       string
	Message    string     // messageId; "" has no second delivery
	User       string     // userId: the contact's external id
	Visitor    string     // anonymousId
	Name       string     // of the event
	Time       *time.Time // now when nil
	Properties Properties // a JSON object
	Value      *float64
	Currency   string
	Traits     Traits // of Identify: the contact; of Group: the account
	Account    string // of Group: groupId

	bad    []fault.Field // what Decode found wrong
	unread bool          // it could not be read at all
	ref    contact.Ref   // who it is about in normal form, after Validate
}

// Traits are what an Identify or a Group tells. A Group has Name and Attributes alone.
type Traits struct {
	Email, Phone, Name, Language, Country, Account string
	Value                                          *contact.Money // lifetime value
	Attributes                                     map[string]string
}

// Limits of one message.
const (
	MaxProperties = 32 << 10 // bytes of JSON
	maxMessage    = 200      // characters of messageId and anonymousId
	maxName       = 200      // characters of an event's name
)

// Validate checks an input and fills its defaults. It tells everything that is wrong at once, by JSON path. country is where phone
// numbers without a country's code are from (ISO 3166-1 alpha-2, may be empty).
func (in *Input) Validate(now time.Time, country string) error {
	if in.unread {
		return fault.Bad("event.Validate", in.bad...)
	}
	bad := slices.Clone(in.bad)
	say := func(path, code, format string, args ...any) {
		bad = append(bad, fault.Field{Path: path, Code: code, Msg: fmt.Sprintf(format, args...)})
	}
	if !slices.Contains(Kinds, in.Kind) {
		say("type", "unknown", "a message is one of %s", strings.Join(Kinds, ", "))
	}
	if in.User == "" && in.Visitor == "" {
		say("userId", "required", "a message says whom it is about: userId or anonymousId")
	}
	for _, f := range []struct {
		path  string
		value *string
		max   int
	}{{"messageId", &in.Message, maxMessage}, {"anonymousId", &in.Visitor, maxMessage}, {"event", &in.Name, maxName}} {
		if len(*f.value) > f.max && utf8.RuneCountInString(*f.value) > f.max {
			say(f.path, "too_long", "longer than %d characters", f.max)
		} else if !printable(*f.value) {
			say(f.path, "form", "a text of one line without control characters is needed")
		}
	}
	switch in.Kind {
	case Track:
		if in.Name = strings.TrimSpace(in.Name); in.Name == "" {
			say("event", "required", "what happened has a name, such as purchase")
		}
	case Page, Screen:
		in.Name = in.Kind
	default:
		in.Name = ""
	}
	account := ""
	if in.Kind == Group {
		switch norm, ok := contact.NormAccount(in.Account); {
		case !ok:
			say("groupId", "external", "an account's id has at most 254 characters and none that cannot be printed")
		case norm == "":
			say("groupId", "required", "a group has an id")
		default:
			in.Account, account = norm, norm
		}
	}
	if len(in.Properties) > MaxProperties {
		say("properties", "too_long", "longer than %d bytes", MaxProperties)
	}
	switch {
	case in.Time == nil:
		in.Time = &now
	case in.Time.After(now.Add(24 * time.Hour)): // a clock may be a zone ahead
		say("timestamp", "range", "%s lies in the future", in.Time.Format(time.RFC3339))
	case in.Time.Year() < 1970:
		say("timestamp", "range", "%s lies before 1970", in.Time.Format(time.RFC3339))
	}
	in.ref = contact.Ref{External: in.User, At: *in.Time}
	t := &in.Traits
	switch {
	case in.Kind == Identify && in.User == "" && t.Email == "" && t.Phone == "":
		// Traits of nobody in particular: they would make a contact that nothing finds again.
	case in.Kind == Identify:
		in.ref = contact.Ref{External: in.User, Email: t.Email, Phone: t.Phone, Name: t.Name, Language: t.Language, Country: t.Country,
			Account: t.Account, Attributes: t.Attributes, Value: t.Value, At: *in.Time}
	case in.Kind == Group && in.User != "":
		in.ref.Account = account
	}
	for _, f := range in.ref.Normalise(country) {
		switch f.Path {
		case "external_id":
			f.Path = "userId"
		case "account":
			f.Path = "traits.company.id"
		default:
			f.Path = "traits." + strings.TrimPrefix(f.Path, "attributes.")
		}
		say(f.Path, f.Code, "%s", f.Msg)
	}
	if bad != nil {
		slices.SortStableFunc(bad, func(a, b fault.Field) int { return strings.Compare(a.Path, b.Path) })
		return fault.Bad("event.Validate", bad...)
	}
	return nil
}

func printable(s string) bool {
	for _, r := range s {
		if r < 0x20 || r >= 0x7f && r <= 0x9f || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// idOf is the id of a message: the same for a second delivery. It is a UUID of version 8 (RFC 9562) made of a hash.
func idOf(ws identity.WorkspaceID, message string, now time.Time) ID {
	if message == "" {
		return ID(id.New(now))
	}
	h := sha256.New()
	h.Write([]byte(ws))
	h.Write([]byte{0})
	h.Write([]byte(message))
	var sum [sha256.Size]byte
	b := h.Sum(sum[:0])[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	var s [36]byte
	hex.Encode(s[0:8], b[0:4])
	hex.Encode(s[9:13], b[4:6])
	hex.Encode(s[14:18], b[6:8])
	hex.Encode(s[19:23], b[8:10])
	hex.Encode(s[24:36], b[10:16])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return ID(s[:])
}
