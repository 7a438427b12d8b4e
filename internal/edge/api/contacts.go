package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// Contact is a customer, as the reader of the key may see them.
type Contact struct {
	ID            string             `json:"id"`
	Name          string             `json:"name,omitempty"`
	Language      string             `json:"language,omitempty" doc:"BCP 47"`
	Account       string             `json:"account_id,omitempty"`
	Identities    []contact.Identity `json:"identities" doc:"Without their values for readers who lack contacts.identify"`
	Attributes    map[string]string  `json:"attributes"`
	Consents      []Consent          `json:"consents,omitempty" doc:"The latest decision of each channel and purpose; only where one contact is asked for"`
	LifetimeValue *contact.Money     `json:"lifetime_value,omitempty"`
	FirstSeen     time.Time          `json:"first_seen"`
	LastSeen      time.Time          `json:"last_seen" doc:"Exact to a day"`
	MergedInto    string             `json:"merged_into,omitempty" doc:"The contact that this one is part of now"`
	ErasedAt      *time.Time         `json:"erased_at,omitempty"`
	Masked        bool               `json:"masked,omitempty" doc:"Names, addresses and personal attributes were left out"`
}

// Consent is one decision of a contact.
type Consent struct {
	Channel string     `json:"channel" minLength:"1" maxLength:"64" doc:"email, sms, phone ...; * for all"`
	Purpose string     `json:"purpose" minLength:"1" maxLength:"64" doc:"survey, announcement, marketing ...; * for all"`
	Granted bool       `json:"granted"`
	At      *time.Time `json:"at,omitempty" doc:"When it was decided; now when left out"`
	Source  string     `json:"source,omitempty" maxLength:"4000" doc:"Where it was said"`
	Proof   string     `json:"proof,omitempty" maxLength:"4000" doc:"The words or the reference that prove it"`
}

// Account is a company that contacts belong to.
type Account struct {
	ID         string            `json:"id" readOnly:"true" required:"false"`
	External   string            `json:"external_id,omitempty" maxLength:"254" doc:"Its id in your system; its own id when left out"`
	Name       string            `json:"name" minLength:"1" maxLength:"200"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Contacts   int64             `json:"contacts" readOnly:"true" required:"false" doc:"How many belong to it"`
	Worth      []contact.Money   `json:"lifetime_value,omitempty" readOnly:"true" doc:"Of all its contacts, by currency; only where one account is asked for"`
}

// Segment is a saved filter of contacts: who is in it is found out anew each time.
type Segment struct {
	ID        string         `json:"id" readOnly:"true" required:"false"`
	Name      string         `json:"name" minLength:"1" maxLength:"200"`
	Filter    contact.Filter `json:"filter"`
	CreatedAt *time.Time     `json:"created_at,omitempty" readOnly:"true"`
	Covered   bool           `json:"covered,omitempty" readOnly:"true" doc:"Its filter needs contacts.identify: what it looks for stands as [personal], and it cannot be asked"`
}

// Suggestion says that two contacts may be one, because both lay claim to an identity of this kind.
type Suggestion struct {
	A    Contact      `json:"a"`
	B    Contact      `json:"b"`
	Kind contact.Kind `json:"kind" enum:"external,email,phone"`
	At   time.Time    `json:"at"`
}

func contactOf(c contact.Contact) Contact {
	out := Contact{ID: string(c.ID), Name: c.Name, Language: c.Language, Account: string(c.Account), Identities: orEmpty(c.Identities),
		Attributes: c.Attributes, LifetimeValue: c.Value, FirstSeen: c.FirstSeen, LastSeen: c.LastSeen, MergedInto: string(c.MergedInto),
		ErasedAt: instantOf(c.ErasedAt), Masked: c.Masked}
	if out.Attributes == nil {
		out.Attributes = map[string]string{}
	}
	for _, x := range c.Consents {
		out.Consents = append(out.Consents, consentOf(x))
	}
	return out
}

func consentOf(c contact.Consent) Consent {
	return Consent{c.Channel, c.Purpose, c.Granted, instantOf(c.At), c.Source, c.Proof}
}

func accountOf(a contact.Account) Account {
	return Account{ID: string(a.ID), External: a.External, Name: a.Name, Attributes: a.Attributes, Contacts: a.Contacts}
}

func segmentOf(s contact.Segment) Segment {
	return Segment{string(s.ID), s.Name, s.Filter, instantOf(s.CreatedAt), s.Covered}
}

// instantOf is nil for the zero time.
func instantOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// orEmpty makes JSON write [] where Go has nil.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// mapped turns the things of a domain into those of the API.
func mapped[S, T any](list []S, fn func(S) T) []T {
	out := make([]T, len(list))
	for i, x := range list {
		out[i] = fn(x)
	}
	return out
}

// ByID is the input of an operation on one thing.
type ByID struct {
	ID string `path:"id"`
}

type listContactsInput struct {
	Paging
	Q         string   `query:"q" doc:"Part of the name, or the beginning of an e-mail address, phone number or external id; needs contacts.identify"`
	Attribute []string `query:"attribute,explode" doc:"plan:pro; all must hold. Segments know more comparisons"`
	Language  []string `query:"language,explode" doc:"pt finds pt-BR too"`
	Has       []string `query:"has,explode" enum:"external,email,phone"`
	Account   string   `query:"account" doc:"Id of the account"`
	Segment   string   `query:"segment" doc:"Id of a segment"`
	Sort      string   `query:"sort" enum:"newest,name" default:"newest" doc:"name needs contacts.identify"`
}

func (in *listContactsInput) filter() (contact.Filter, error) {
	f := contact.Filter{Text: in.Q, Languages: in.Language, Account: contact.AccountID(in.Account), Segment: contact.SegmentID(in.Segment)}
	for _, k := range in.Has {
		f.Has = append(f.Has, contact.Kind(k))
	}
	for _, a := range in.Attribute {
		key, value, ok := strings.Cut(a, ":")
		if !ok {
			return f, fault.Bad("api.listContacts", fault.Field{Path: "attribute", Code: "form", Msg: "an attribute is asked for as key:value"})
		}
		f.Conditions = append(f.Conditions, contact.Condition{Attribute: key, Op: contact.Is, Values: []string{value}})
	}
	return f, nil
}

// ContactPage is a page of contacts.
type ContactPage struct {
	Contacts []Contact `json:"contacts"`
	Next     string    `json:"next,omitempty" doc:"Cursor of the next page"`
}

// NewContact is a contact made by hand.
type NewContact struct {
	External      string            `json:"external_id,omitempty" maxLength:"254"`
	Email         string            `json:"email,omitempty" maxLength:"254"`
	Phone         string            `json:"phone,omitempty" maxLength:"254" doc:"With its country (+972 ...), or as in the workspace's country"`
	Name          string            `json:"name,omitempty" maxLength:"200"`
	Language      string            `json:"language,omitempty" doc:"BCP 47"`
	Country       string            `json:"country,omitempty" doc:"ISO 3166-1 alpha-2: how a phone number is read, and the attribute country unless attributes has one"`
	Account       string            `json:"account_external_id,omitempty" doc:"External id of the account; an unknown one is made"`
	Attributes    map[string]string `json:"attributes,omitempty"`
	LifetimeValue *contact.Money    `json:"lifetime_value,omitempty"`
}

// ContactPatch changes what is there.
type ContactPatch struct {
	Name          *string           `json:"name,omitempty" maxLength:"200"`
	Language      *string           `json:"language,omitempty"`
	Account       *string           `json:"account_id,omitempty" doc:"Empty: none"`
	Attributes    map[string]string `json:"attributes,omitempty" doc:"An empty value takes the attribute away; those not named stay"`
	LifetimeValue *contact.Money    `json:"lifetime_value,omitempty"`
}

func (a *API) contactRoutes() {
	const tag = "Contacts"
	handle(a, route{http.MethodGet, "/v1/contacts", identity.ContactsRead, "list-contacts", "List contacts", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *listContactsInput) (*body[ContactPage], error) {
			f, err := in.filter()
			if err != nil {
				return nil, err
			}
			p, err := a.Contacts.List(ctx, actor.Workspace, actor, contact.Query{Filter: f, ByName: in.Sort == "name", Cursor: in.Cursor, Limit: in.Limit})
			return &body[ContactPage]{ContactPage{mapped(p.Contacts, contactOf), p.Next}}, err
		})
	handle(a, route{http.MethodPost, "/v1/contacts", identity.ContactsWrite, "create-contact", "Add a contact", tag, http.StatusCreated},
		func(ctx context.Context, actor identity.Actor, in *struct{ Body NewContact }) (*body[Contact], error) {
			n := in.Body
			c, err := a.Contacts.Create(ctx, actor.Workspace, actor, contact.Ref{External: n.External, Email: n.Email, Phone: n.Phone, Name: n.Name,
				Language: n.Language, Country: n.Country, Account: n.Account, Attributes: n.Attributes, Value: n.LifetimeValue})
			return &body[Contact]{contactOf(c)}, err
		})
	handle(a, route{http.MethodGet, "/v1/contacts/{id}", identity.ContactsRead, "get-contact", "Get a contact", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*body[Contact], error) {
			c, err := a.Contacts.Get(ctx, actor.Workspace, actor, contact.ID(in.ID))
			return &body[Contact]{contactOf(c)}, err
		})
	handle(a, route{http.MethodPatch, "/v1/contacts/{id}", identity.ContactsWrite, "change-contact", "Change a contact", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ByID
			Body ContactPatch
		}) (*body[Contact], error) {
			p := contact.Patch{Name: in.Body.Name, Language: in.Body.Language, Attributes: in.Body.Attributes, Value: in.Body.LifetimeValue}
			if in.Body.Account != nil {
				account := contact.AccountID(*in.Body.Account)
				p.Account = &account
			}
			c, err := a.Contacts.Update(ctx, actor.Workspace, actor, contact.ID(in.ID), p)
			return &body[Contact]{contactOf(c)}, err
		})
	handle(a, route{http.MethodDelete, "/v1/contacts/{id}", identity.Erase, "erase-contact", "Erase a person: what says who they are goes for good, their scores stay counted. Imports in which they stand lose their files and all their refused rows", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*struct{}, error) {
			return nil, a.Contacts.Erase(ctx, actor.Workspace, actor, contact.ID(in.ID))
		})
	handle(a, route{http.MethodPost, "/v1/contacts/{id}/merge", identity.ContactsWrite, "merge-contact", "Make a contact part of another, for good", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ByID
			Body struct {
				Into string `json:"into" doc:"Id of the contact that stays"`
			}
		}) (*body[Contact], error) {
			into := contact.ID(in.Body.Into)
			if err := a.Contacts.Merge(ctx, actor.Workspace, actor, contact.ID(in.ID), into); err != nil {
				return nil, err
			}
			return a.answerContact(ctx, actor, into)
		})
	a.identityRoutes(tag)
	a.consentRoutes(tag)
	a.suggestionRoutes(tag)
	a.accountRoutes()
	a.segmentRoutes()
}

// answerContact reads a contact after a change. A key that may write and not read gets its id alone.
func (a *API) answerContact(ctx context.Context, actor identity.Actor, id contact.ID) (*body[Contact], error) {
	if !actor.May(identity.ContactsRead) {
		return &body[Contact]{contactOf(contact.Contact{ID: id, Masked: true})}, nil
	}
	c, err := a.Contacts.Get(ctx, actor.Workspace, actor, id)
	return &body[Contact]{contactOf(c)}, err
}

func (a *API) identityRoutes(tag string) {
	handle(a, route{http.MethodPost, "/v1/contacts/{id}/identities", identity.ContactsWrite, "add-identity", "Give a contact another identity", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ByID
			Body struct {
				Kind  contact.Kind `json:"kind" enum:"external,email,phone"`
				Value string       `json:"value" minLength:"1" maxLength:"254"`
			}
		}) (*body[Contact], error) {
			if err := a.Contacts.AddIdentity(ctx, actor.Workspace, actor, contact.ID(in.ID), in.Body.Kind, in.Body.Value); err != nil {
				return nil, err
			}
			return a.answerContact(ctx, actor, contact.ID(in.ID))
		})
	handle(a, route{http.MethodDelete, "/v1/contacts/{id}/identities", identity.ContactsWrite, "remove-identity", "Take an identity from a contact", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ByID
			Kind string `query:"kind" enum:"external,email,phone" required:"true"`
			Norm string `query:"norm" required:"true" doc:"The normal form, as the contact shows it"`
		}) (*struct{}, error) {
			return nil, a.Contacts.RemoveIdentity(ctx, actor.Workspace, actor, contact.ID(in.ID), contact.Kind(in.Kind), in.Norm)
		})
}

func (a *API) consentRoutes(tag string) {
	type consents struct {
		Consents []Consent `json:"consents" doc:"All decisions, the latest first"`
	}
	handle(a, route{http.MethodGet, "/v1/contacts/{id}/consents", identity.ContactsRead, "list-consents", "List what a contact agreed to and withdrew", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*body[consents], error) {
			if _, err := a.Contacts.Get(ctx, actor.Workspace, actor, contact.ID(in.ID)); err != nil {
				return nil, err // a contact without decisions is not the same as none
			}
			list, err := a.Contacts.ConsentHistory(ctx, actor.Workspace, actor, contact.ID(in.ID))
			return &body[consents]{consents{mapped(list, consentOf)}}, err
		})
	handle(a, route{http.MethodPut, "/v1/contacts/{id}/consents", identity.ContactsWrite, "set-consent", "Write down a decision; earlier ones are kept, the latest counts", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ByID
			Body Consent
		}) (*struct{}, error) {
			c := contact.Consent{Channel: in.Body.Channel, Purpose: in.Body.Purpose, Granted: in.Body.Granted, Source: in.Body.Source, Proof: in.Body.Proof}
			if in.Body.At != nil {
				c.At = *in.Body.At
			}
			return nil, a.Contacts.SetConsent(ctx, actor.Workspace, actor, contact.ID(in.ID), c)
		})
}

func (a *API) suggestionRoutes(tag string) {
	type suggestions struct {
		Suggestions []Suggestion `json:"suggestions"`
	}
	handle(a, route{http.MethodGet, "/v1/contacts/suggestions", identity.ContactsRead, "list-suggestions", "List pairs of contacts that may be one", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100"`
		}) (*body[suggestions], error) {
			list, err := a.Contacts.Suggestions(ctx, actor.Workspace, actor, in.Limit)
			return &body[suggestions]{suggestions{mapped(list, func(s contact.Suggestion) Suggestion {
				return Suggestion{contactOf(s.A), contactOf(s.B), s.Kind, s.At}
			})}}, err
		})
	handle(a, route{http.MethodPost, "/v1/contacts/suggestions/dismiss", identity.ContactsWrite, "dismiss-suggestion", "Say that two contacts are two; they are not suggested again", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Body struct {
				A string `json:"a"`
				B string `json:"b"`
			}
		}) (*struct{}, error) {
			return nil, a.Contacts.Dismiss(ctx, actor.Workspace, actor, contact.ID(in.Body.A), contact.ID(in.Body.B))
		})
}

// AccountPage is a page of accounts.
type AccountPage struct {
	Accounts []Account `json:"accounts"`
	Next     string    `json:"next,omitempty" doc:"Cursor of the next page"`
}

// AccountPatch changes what is there.
type AccountPatch struct {
	External   *string           `json:"external_id,omitempty" maxLength:"254"`
	Name       *string           `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Attributes map[string]string `json:"attributes,omitempty" doc:"An empty value takes the attribute away; those not named stay"`
}

func (a *API) accountRoutes() {
	const tag = "Accounts"
	handle(a, route{http.MethodGet, "/v1/accounts", identity.ContactsRead, "list-accounts", "List accounts by name", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			Paging
			Q string `query:"q" doc:"The beginning of the name or external id"`
		}) (*body[AccountPage], error) {
			list, next, err := a.Contacts.Accounts(ctx, actor.Workspace, actor, in.Q, in.Cursor, in.Limit)
			return &body[AccountPage]{AccountPage{mapped(list, accountOf), next}}, err
		})
	handle(a, route{http.MethodPost, "/v1/accounts", identity.ContactsWrite, "create-account", "Add an account", tag, http.StatusCreated},
		func(ctx context.Context, actor identity.Actor, in *struct{ Body Account }) (*body[Account], error) {
			saved, err := a.Contacts.SaveAccount(ctx, actor.Workspace, actor, contact.Account{External: in.Body.External, Name: in.Body.Name, Attributes: in.Body.Attributes})
			return &body[Account]{accountOf(saved)}, err
		})
	handle(a, route{http.MethodGet, "/v1/accounts/{id}", identity.ContactsRead, "get-account", "Get an account", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*body[Account], error) {
			got, err := a.Contacts.Account(ctx, actor.Workspace, actor, contact.AccountID(in.ID))
			if err != nil {
				return nil, err
			}
			out := accountOf(got)
			out.Worth, err = a.Contacts.Worth(ctx, actor.Workspace, actor, got.ID)
			return &body[Account]{out}, err
		})
	handle(a, route{http.MethodGet, "/v1/accounts/{id}/feedback", identity.FeedbackRead, "list-account-feedback", "List the latest that an account's contacts said (needs contacts.read too)", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ByID
			Limit int `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Of the 50 contacts who were seen last"`
		}) (*body[FeedbackPage], error) {
			account := contact.AccountID(in.ID)
			if _, err := a.Contacts.Account(ctx, actor.Workspace, actor, account); err != nil {
				return nil, err
			}
			members, err := a.Contacts.Members(ctx, actor.Workspace, actor, account, 50)
			if err != nil {
				return nil, err
			}
			list, err := a.Feedback.Latest(ctx, actor.Workspace, members, in.Limit)
			if err != nil {
				return nil, err
			}
			told, err := a.tell(ctx, actor, list)
			return &body[FeedbackPage]{FeedbackPage{Feedback: told}}, err
		})
	handle(a, route{http.MethodPatch, "/v1/accounts/{id}", identity.ContactsWrite, "change-account", "Change an account (needs contacts.read too)", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ByID
			Body AccountPatch
		}) (*body[Account], error) {
			got, err := a.Contacts.Account(ctx, actor.Workspace, actor, contact.AccountID(in.ID))
			if err != nil {
				return nil, err
			}
			if in.Body.External != nil {
				got.External = *in.Body.External
			}
			if in.Body.Name != nil {
				got.Name = *in.Body.Name
			}
			attributes := maps.Clone(got.Attributes)
			for k, v := range in.Body.Attributes {
				if attributes[contact.Key(k)] = v; v == "" {
					delete(attributes, contact.Key(k))
				}
			}
			got.Attributes = attributes
			saved, err := a.Contacts.SaveAccount(ctx, actor.Workspace, actor, got)
			return &body[Account]{accountOf(saved)}, err
		})
}

func (a *API) segmentRoutes() {
	const tag = "Segments"
	type segments struct {
		Segments []Segment `json:"segments"`
	}
	handle(a, route{http.MethodGet, "/v1/segments", identity.ContactsRead, "list-segments", "List segments: saved filters of contacts", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[segments], error) {
			list, err := a.Contacts.Segments(ctx, actor.Workspace, actor)
			return &body[segments]{segments{mapped(list, segmentOf)}}, err
		})
	save := func(ctx context.Context, actor identity.Actor, id string, in Segment) (*body[Segment], error) {
		saved, err := a.Contacts.SaveSegment(ctx, actor.Workspace, actor, contact.Segment{ID: contact.SegmentID(id), Name: in.Name, Filter: in.Filter})
		return &body[Segment]{segmentOf(saved)}, err
	}
	handle(a, route{http.MethodPost, "/v1/segments", identity.ContactsWrite, "create-segment", "Save a filter as a segment (needs contacts.read too)", tag, http.StatusCreated},
		func(ctx context.Context, actor identity.Actor, in *struct{ Body Segment }) (*body[Segment], error) {
			return save(ctx, actor, "", in.Body)
		})
	handle(a, route{http.MethodGet, "/v1/segments/{id}", identity.ContactsRead, "get-segment", "Get a segment", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*body[Segment], error) {
			list, err := a.Contacts.Segments(ctx, actor.Workspace, actor)
			if err != nil {
				return nil, err
			}
			i := slices.IndexFunc(list, func(s contact.Segment) bool { return string(s.ID) == in.ID })
			if i < 0 {
				return nil, fault.New(fault.NotFound, "api.getSegment", "there is no such segment")
			}
			return &body[Segment]{segmentOf(list[i])}, nil
		})
	handle(a, route{http.MethodPut, "/v1/segments/{id}", identity.ContactsWrite, "change-segment", "Change a segment (needs contacts.read too)", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ByID
			Body Segment
		}) (*body[Segment], error) {
			return save(ctx, actor, in.ID, in.Body)
		})
	handle(a, route{http.MethodDelete, "/v1/segments/{id}", identity.ContactsWrite, "delete-segment", "Delete a segment, not its contacts", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *ByID) (*struct{}, error) {
			return nil, a.Contacts.DeleteSegment(ctx, actor.Workspace, actor, contact.SegmentID(in.ID))
		})
}
