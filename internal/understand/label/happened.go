package label

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"

	"kolo/internal/listen/event"
	"kolo/internal/people/contact"
	"kolo/internal/understand/text"
)

// Happened tells of events to those who may not see who contacts are.
type Happened struct{ personal map[string]bool }

// NewHappened makes one for a workspace with a register of attributes.
func NewHappened(register []contact.Attribute) Happened {
	h := Happened{map[string]bool{}}
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
	e.Visitor, e.Name, e.Message = "", masked(e.Name), masked(e.Message)
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
	h.object("", all)
	if titled && e.Kind != event.Track { // of a page
		all["name"] = masked(title)
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

func (h Happened) object(path string, all map[string]any) {
	for k, v := range all {
		if whole := path + k; h.personal[contact.Key(whole)] || h.personal[contact.Key(k)] || identifies(k) ||
			strings.ContainsAny(k, "@0123456789") && len(text.Personal(k, "")) > 0 {
			delete(all, k)
		} else {
			all[k] = h.value(whole, v)
		}
	}
}

func (h Happened) value(path string, v any) any {
	switch v := v.(type) {
	case string:
		return masked(v)
	case json.Number:
		if s := string(v); len(s) >= 9 { // as short as the shortest numbers of people
			if m := masked(s); m != s {
				return m
			}
		}
	case map[string]any:
		h.object(path+".", v)
	case []any:
		for i, x := range v {
			v[i] = h.value(path, x)
		}
	}
	return v
}

func masked(s string) string {
	if s == "" {
		return s
	}
	return text.Mask(s, text.Personal(s, ""))
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
