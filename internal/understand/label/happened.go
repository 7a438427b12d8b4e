package label

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"unicode"

	"kolo/internal/listen/event"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/text"
)

// Happened tells of events to those who may not see who contacts are.
type Happened struct {
	personal map[string]bool
	names    map[contact.ID][]string
}

// HappenedFor makes one for events of a workspace.
func HappenedFor(ctx context.Context, contacts *contact.Service, ws identity.WorkspaceID, list []event.Event) (h Happened, err error) {
	register, err := contacts.Attributes(ctx, ws)
	if err != nil {
		return h, err
	}
	ids := make([]contact.ID, len(list))
	for i, e := range list {
		ids[i] = e.Contact
	}
	names, err := contacts.Names(ctx, ws, ids)
	return NewHappened(register, names), err
}

// NewHappened makes one for a workspace with a register of attributes; names are those of its contacts.
func NewHappened(register []contact.Attribute, names map[contact.ID][]string) Happened {
	h := Happened{map[string]bool{}, names}
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
	names := h.names[e.Contact]
	e.Visitor, e.Name, e.Message = "", masked(e.Name, names...), masked(e.Message, names...)
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
		all["name"] = masked(title, names...)
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

func (h Happened) object(path string, all map[string]any, names []string) {
	for k, v := range all {
		if whole := path + k; h.personal[contact.Key(whole)] || h.personal[contact.Key(k)] || identifies(k) ||
			strings.ContainsAny(k, "@0123456789") && len(text.Personal(k, "")) > 0 {
			delete(all, k)
		} else {
			all[k] = h.value(whole, v, names)
		}
	}
}

func (h Happened) value(path string, v any, names []string) any {
	switch v := v.(type) {
	case string:
		return masked(v, names...)
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
