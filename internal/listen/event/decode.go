package event

import (
	"strconv"
	"strings"

	"github.com/valyala/fastjson"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/jsonread"
	"kolo/internal/people/contact"
)

// decoder reads messages from JSON in the common format. Fields that it has no use for (context, integrations, sentAt ...) are
// passed over, for libraries send more of them from version to version.
type decoder struct {
	*jsonread.Reader
	arena      fastjson.Arena
	long, many bool // it was told that a trait's name is too long, or that there are too many
}

// Limits of traits that become attributes. What a trait has parts of is named by all of its path: without them a short text would
// become a large map.
const (
	maxTraits = 100
	maxTrait  = 256 // bytes of a name with those of its parts
)

// Decode reads one message. kind is what it is, or "" when its field "type" says so. The error is fault.Invalid when this is no
// JSON; what else is wrong, Validate tells.
func Decode(kind string, raw []byte) (Input, error) {
	d := decoder{Reader: jsonread.Get()}
	defer d.Put()
	v, err := d.Parse("event.Decode", raw)
	if err != nil {
		return Input{}, err
	}
	return d.message(kind, v), nil
}

// DecodeBatch reads {"batch": [message, ...]}, or a list of messages, of at most MaxBatch.
func DecodeBatch(raw []byte) ([]Input, error) {
	const op = "event.DecodeBatch"
	d := decoder{Reader: jsonread.Get()}
	defer d.Put()
	v, err := d.Parse(op, raw)
	if err != nil {
		return nil, err
	}
	list := v
	if v.Type() == fastjson.TypeObject {
		list = v.Get("batch")
	}
	if list == nil || list.Type() != fastjson.TypeArray {
		return nil, fault.Bad(op, fault.Field{Path: "batch", Code: "required", Msg: "a batch is a list of messages"})
	}
	all := list.GetArray()
	if len(all) > MaxBatch {
		return nil, fault.New(fault.TooLarge, op, "a batch has at most %d messages", MaxBatch)
	}
	out := make([]Input, len(all))
	for i, v := range all {
		out[i] = d.message("", v)
		d.arena.Reset()
	}
	return out, nil
}

func (d *decoder) message(kind string, v *fastjson.Value) Input {
	in := Input{Kind: kind}
	d.long, d.many = false, false
	if v.Type() != fastjson.TypeObject {
		d.Mismatch("", v, "an object")
	}
	var original, properties, traits, page, category *fastjson.Value
	d.Object("", v, func(k string, v *fastjson.Value) bool {
		switch k {
		case "type", "action": // some libraries of old say action
			if kind == "" {
				in.Kind = d.Word(k, v)
			}
		case "messageId":
			in.Message = d.id(k, v)
		case "userId":
			in.User = d.id(k, v)
		case "anonymousId":
			in.Visitor = d.id(k, v)
		case "groupId":
			in.Account = d.id(k, v)
		case "event":
			in.Name = d.Word(k, v)
		case "name":
			page = v
		case "category":
			category = v
		case "timestamp":
			in.Time = d.Time(k, v)
		case "originalTimestamp":
			original = v
		case "properties":
			properties = v
		case "traits":
			traits = v
		}
		return true
	})
	if in.Time == nil && original != nil {
		in.Time = d.Time("originalTimestamp", original)
	}
	switch in.Kind {
	case Track, Page, Screen:
		d.properties(&in, properties, page, category)
	case Identify, Group:
		if traits != nil {
			d.traits(&in, traits)
		}
	}
	in.bad = d.Bad()
	return in
}

// id reads an id, which may be a number too.
func (d *decoder) id(path string, v *fastjson.Value) string {
	if v.Type() == fastjson.TypeNumber {
		return string(v.MarshalTo(nil))
	}
	return d.Text(path, v)
}

// properties keeps the object as it is, with the name and the category of a page or screen, and finds what it is worth.
func (d *decoder) properties(in *Input, v, name, category *fastjson.Value) {
	if v != nil && v.Type() != fastjson.TypeObject {
		if v.Type() != fastjson.TypeNull {
			d.Mismatch("properties", v, "an object")
		}
		v = nil
	}
	if in.Kind != Track {
		for k, x := range map[string]*fastjson.Value{"name": name, "category": category} {
			if x == nil || x.Type() != fastjson.TypeString {
				continue
			}
			if v == nil {
				v = d.arena.NewObject()
			}
			if v.Get(k) == nil {
				v.Set(k, x)
			}
		}
	}
	if v == nil {
		return
	}
	o := v.GetObject()
	if o.Len() == 0 {
		return
	}
	for _, k := range []string{"revenue", "value", "total"} {
		if n, ok := amount(o.Get(k)); ok {
			in.Value = &n
			break
		}
	}
	if c := o.Get("currency"); c != nil && c.Type() == fastjson.TypeString {
		if b := c.GetStringBytes(); len(b) == 3 && letters(b) {
			in.Currency = strings.ToUpper(d.Intern(b))
		}
	}
	in.Properties = Properties(jsonread.JSON(v))
}

func letters(b []byte) bool {
	for _, c := range b {
		if c |= 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// amount is a number, which some senders write as a text.
func amount(v *fastjson.Value) (float64, bool) {
	if v == nil {
		return 0, false
	}
	switch v.Type() {
	case fastjson.TypeNumber:
		n, err := v.Float64()
		return n, err == nil && finite(n)
	case fastjson.TypeString:
		n, err := strconv.ParseFloat(string(v.GetStringBytes()), 64)
		return n, err == nil && finite(n)
	}
	return 0, false
}

func finite(n float64) bool { return n-n == 0 }

// traits tells the well-known ones apart; all others are attributes.
func (d *decoder) traits(in *Input, v *fastjson.Value) {
	t := &in.Traits
	var first, last string
	d.Object("traits.", v, func(k string, v *fastjson.Value) bool {
		path := "traits." + k
		if in.Kind == Group {
			if k == "name" {
				t.Name = d.Text(path, v)
			} else {
				d.attribute(t, k, v)
			}
			return true
		}
		switch k {
		case "email":
			t.Email = d.Text(path, v)
		case "phone":
			t.Phone = d.id(path, v)
		case "name":
			t.Name = d.Text(path, v)
		case "firstName", "first_name":
			first = d.Text(path, v)
		case "lastName", "last_name":
			last = d.Text(path, v)
		case "language", "locale":
			t.Language = strings.ReplaceAll(d.Word(path, v), "_", "-")
		case "country":
			t.Country, _ = contact.NormCountry(d.Word(path, v)) // a name is none; as an attribute it is as good
			d.attribute(t, k, v)
		case "company":
			d.company(t, v)
		case "lifetime_value":
			t.Value = d.money(path, v)
		case "id", "avatar":
		default:
			d.attribute(t, k, v)
		}
		return true
	})
	if t.Name == "" {
		t.Name = strings.TrimSpace(first + " " + last)
	}
}

// company is the account by its id; a name alone is an attribute.
func (d *decoder) company(t *Traits, v *fastjson.Value) {
	if v.Type() != fastjson.TypeObject {
		d.attribute(t, "company", v)
		return
	}
	d.Object("traits.company.", v, func(k string, v *fastjson.Value) bool {
		if k == "id" {
			t.Account = d.id("traits.company.id", v)
		} else {
			d.attribute(t, "company."+k, v)
		}
		return true
	})
}

func (d *decoder) money(path string, v *fastjson.Value) *contact.Money {
	if v.Type() == fastjson.TypeNull {
		return nil
	}
	m := &contact.Money{}
	d.Object(path+".", v, func(k string, v *fastjson.Value) bool {
		switch k {
		case "amount_minor":
			n, err := v.Int64()
			if err != nil {
				d.Wrong(path+"."+k, "type", "an amount in minor units is a whole number")
			}
			m.Minor = n
		case "currency":
			m.Currency = d.Word(path+"."+k, v)
		default:
			return false
		}
		return true
	})
	return m
}

// attribute keeps a trait of somebody's own. What has parts becomes several, "address.city", a list its JSON.
func (d *decoder) attribute(t *Traits, k string, v *fastjson.Value) {
	if t.Attributes == nil {
		t.Attributes = map[string]string{}
	}
	flatten(maxTrait, k, v, func(k string, v *fastjson.Value) {
		if d.many {
			return
		}
		s := plainText(d.Intern, v)
		if strings.TrimSpace(s) == "" {
			return // it says nothing
		}
		if _, there := t.Attributes[k]; !there && len(t.Attributes) == maxTraits {
			d.many = true
			d.Wrong("traits", "too_many", "there are at most %d attributes", maxTraits)
			return
		}
		t.Attributes[k] = s
	}, func(k string) {
		if !d.long {
			d.long = true
			d.Wrong("traits."+jsonread.Clip(k), "key", "a name has at most %d bytes, with those of its parts", maxTrait)
		}
	})
}

// flatten calls each for a value: what has parts is several, by names with dots between, and null nothing. Names that are longer than
// longest bytes are never made: long is told the beginning of such a one.
func flatten(longest int, k string, v *fastjson.Value, each func(k string, v *fastjson.Value), long func(k string)) {
	if len(k) > longest {
		long(k)
		return
	}
	switch v.Type() {
	case fastjson.TypeNull:
	case fastjson.TypeObject:
		v.GetObject().Visit(func(key []byte, v *fastjson.Value) {
			if len(k)+1+len(key) > longest {
				long(k + "." + string(key[:min(len(key), 40)]))
				return
			}
			flatten(longest, k+"."+string(key), v, each, long)
		})
	default:
		each(k, v)
	}
}

// plainText is a value as a text: a list is its JSON.
func plainText(text func([]byte) string, v *fastjson.Value) string {
	if v.Type() == fastjson.TypeString {
		return text(v.GetStringBytes())
	}
	return text(jsonread.JSON(v))
}
