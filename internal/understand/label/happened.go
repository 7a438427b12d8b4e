package label

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"unicode"

	"kolo/internal/foundation/id"
	"kolo/internal/listen/event"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/text"
)

// Happened tells of events to those who may not see who contacts are. It is for one goroutine.
type Happened struct {
	personal map[string]bool
	names    map[contact.ID][]string
	known    known
}

// known is what was found out about texts that come again and again in events, as names of plans and of properties do. To look for personal data
// in each of them anew was nearly all that it took to tell of events.
type known struct {
	texts map[string]string // masked, whoever's they are
	says  map[string]bool   // of names of properties, by what they stand in: they say who somebody is
}

// mostKnown bounds what is known, and longestKnown the texts: longer ones hardly come again.
const (
	mostKnown    = 50_000
	longestKnown = 64
)

func remember[V any](m map[string]V, s string, find func() V) V {
	v, ok := m[s]
	if !ok {
		if v = find(); len(s) <= longestKnown {
			if len(m) >= mostKnown {
				clear(m)
			}
			m[s] = v
		}
	}
	return v
}

// HappenedFor makes one for events of a workspace.
func HappenedFor(ctx context.Context, contacts *contact.Service, ws identity.WorkspaceID, list []event.Event) (h Happened, err error) {
	register, err := contacts.Attributes(ctx, ws)
	if err != nil {
		return h, err
	}
	return NewHappened(register, nil).Next(ctx, contacts, ws, list)
}

// Next is for more events of the workspace, with what was found out about those before.
func (h Happened) Next(ctx context.Context, contacts *contact.Service, ws identity.WorkspaceID, list []event.Event) (_ Happened, err error) {
	ids := make([]contact.ID, len(list))
	for i, e := range list {
		ids[i] = e.Contact
	}
	h.names, err = contacts.Names(ctx, ws, ids)
	return h, err
}

// NewHappened makes one for a workspace with a register of attributes; names are those of its contacts.
func NewHappened(register []contact.Attribute, names map[contact.ID][]string) Happened {
	h := Happened{map[string]bool{}, names, known{map[string]string{}, map[string]bool{}}}
	for _, a := range register {
		if a.Personal {
			h.personal[a.Key] = true
		}
	}
	return h
}

// Masked is an event without the id of the device and without properties that say who somebody is, at any depth: those that are
// called like an identity or like an attribute that is personal. Personal data in its other texts is masked.
func (h Happened) Masked(e event.Event) event.Event {
	names := called{h.names[e.Contact], text.NamesOf(h.names[e.Contact]...)}
	e.Visitor, e.Name = "", h.masked(e.Name, names)
	if !id.Valid(e.Message) { // what most libraries make of chance says nothing of anybody
		e.Message = masked(e.Message, names.all...) // no two messages have the same id
	}
	if e.Properties == "" {
		return e
	}
	d := json.NewDecoder(strings.NewReader(string(e.Properties)))
	d.UseNumber()
	var all map[string]any
	if d.Decode(&all) != nil {
		e.Properties = "" // spoilt in the store
		return e
	}
	title, titled := all["name"].(string)
	h.object("", all, names)
	if titled && e.Kind != event.Track { // of a page
		all["name"] = h.masked(title, names)
	}
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	if err := w.Encode(all); err != nil {
		e.Properties = ""
		return e
	}
	e.Properties = event.Properties(bytes.TrimSpace(b.Bytes()))
	return e
}

// called is what a contact is called.
type called struct {
	all []string
	in  text.Names
}

func (h Happened) object(path string, all map[string]any, names called) {
	for k, v := range all {
		whole := path + k
		if remember(h.known.says, path+"\x00"+k, func() bool { // {"a.b": 1} is not {"a": {"b": 1}}
			return h.personal[contact.Key(whole)] || h.personal[contact.Key(k)] || identifies(k) ||
				strings.ContainsAny(k, "@0123456789") && len(text.Personal(k, "")) > 0
		}) {
			delete(all, k)
		} else {
			all[k] = h.value(whole, v, names)
		}
	}
}

func (h Happened) value(path string, v any, names called) any {
	switch v := v.(type) {
	case string:
		return h.masked(v, names)
	case json.Number:
		if s := string(v); len(s) >= 9 { // as short as the shortest numbers of people
			if m := masked(s); m != s {
				return m
			}
		}
	case map[string]any:
		h.object(path+".", v, names)
	case []any:
		for i, x := range v {
			v[i] = h.value(path, x, names)
		}
	}
	return v
}

// masked is masked, found out once of a text in which the contact's names do not stand.
func (h Happened) masked(s string, names called) string {
	if names.in.In(s) {
		return masked(s, names.all...)
	}
	return remember(h.known.texts, s, func() string { return masked(s) })
}

func masked(s string, names ...string) string {
	if s == "" {
		return s
	}
	return text.Mask(s, text.Personal(s, "", names...))
}

// identities are names of properties that say who somebody is beside those of attributes (contact.SaysWho), in lower case without what is
// neither letter nor digit.
var identities = map[string]bool{
	"login": true, "user": true, "userid": true, "externalid": true, "customerid": true, "deviceid": true, "visitorid": true, "distinctid": true, "first": true,
	"last": true, "tz": true, "ip": true, "lat": true, "lng": true, "lon": true, "zip": true, "zipcode": true, "postcode": true, "postalcode": true, "avatar": true,
	"photo": true,
}

// ofIdentity are parts of such names.
var ofIdentity = []string{"email", "phone", "mobile", "whatsapp", "firstname", "lastname", "fullname", "surname", "middlename", "nickname", "username",
	"displayname", "customername", "contactname", "address", "street", "passport", "birth", "anonymousid", "nationalid", "cardnumber", "latitude", "longitude",
	"אימייל", "דוא", "טלפון", "נייד", "כתובת", "שםפרטי", "שםמשפחה", "תעודתזהות",
	"ایمیل", "تلفن", "موبایل", "نشانی", "آدرس", "نامخانوادگی", "کدملی",
	"почта", "телефон", "адрес", "фамилия", "отчество", "паспорт"}

// identifies tells whether a property is called like something that says who somebody is.
func identifies(key string) bool {
	if contact.SaysWho(key) {
		return true
	}
	key = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, key)
	if identities[key] {
		return true
	}
	for _, part := range ofIdentity {
		if strings.Contains(key, part) {
			return true
		}
	}
	return false
}
