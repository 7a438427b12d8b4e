package contact

import (
	"net/url"
	"slices"
	"strings"

	"kolo/internal/foundation/fault"
)

// attributePrefix begins the names of conditions in an address.
const attributePrefix = "attribute."

var ops = []Op{Is, IsNot, Present, Absent, Above, Below}

// Ops lists the comparisons in the order in which people expect them.
func Ops() []Op { return slices.Clone(ops) }

// ConditionName is the name of a condition in an address: attribute.plan, attribute.plan.is_not. An attribute whose own name
// ends like a comparison has it written out: attribute.price.above.is.
func ConditionName(attribute string, op Op) string {
	attribute = Key(attribute)
	if _, ends := splitOp(attribute); op != Is || ends != "" {
		attribute += "." + string(op)
	}
	return attributePrefix + attribute
}

// ParseConditionName reads what ConditionName wrote; ok tells that it is the name of a condition.
func ParseConditionName(name string) (attribute string, op Op, ok bool) {
	rest, ok := strings.CutPrefix(name, attributePrefix)
	if !ok || Key(rest) == "" {
		return "", "", false
	}
	if attribute, op = splitOp(rest); op == "" {
		op = Is
	}
	return Key(attribute), op, Key(attribute) != ""
}

func splitOp(name string) (rest string, op Op) {
	if i := strings.LastIndexByte(name, '.'); i > 0 && slices.Contains(ops, Op(name[i+1:])) {
		return name[:i], Op(name[i+1:])
	}
	return name, ""
}

// EncodeFilter writes a filter as the query string of the page /contacts and of /export/contacts.csv: q (words), language,
// has (email, phone, external), account, segment, and a condition as attribute.KEY=value or attribute.KEY.COMPARISON=value;
// what comes twice has two values. Conditions on one attribute that are asked for more than once are drawn together.
func EncodeFilter(f Filter) url.Values {
	v := url.Values{}
	for name, one := range map[string]string{"q": strings.TrimSpace(f.Text), "account": string(f.Account), "segment": string(f.Segment)} {
		if one != "" {
			v.Set(name, one)
		}
	}
	for _, l := range f.Languages {
		v.Add("language", l)
	}
	for _, k := range f.Has {
		v.Add("has", string(k))
	}
	for _, c := range f.Conditions {
		name := ConditionName(c.Attribute, c.Op)
		switch old, again := v[name]; {
		case c.Op == Present || c.Op == Absent:
			v.Set(name, "")
		case c.Op == Is && again: // any of these and any of those: any of what is among both
			both := slices.DeleteFunc(slices.Clone(old), func(x string) bool {
				return !slices.ContainsFunc(c.Values, func(y string) bool { return folded(clean(x)) == folded(clean(y)) })
			})
			if v[name] = both; len(both) == 0 {
				v[name] = old
				v.Set(ConditionName(c.Attribute, Absent), "") // nothing is among both: nobody, which is said by a contradiction
			}
		default:
			for _, x := range c.Values {
				v.Add(name, x)
			}
		}
	}
	return v
}

// DecodeFilter reads what EncodeFilter wrote. Names in skip belong to the page (cursor, sort, ...). Unknown names are an error
// that says so: a filter that is silently ignored shows people whom nobody asked for. What stands in an empty q, account or
// segment asks for nothing; an empty language asks for contacts without one.
func DecodeFilter(v url.Values, skip ...string) (f Filter, err error) {
	var bad []fault.Field
	names := make([]string, 0, len(v))
	for n := range v {
		if !slices.Contains(skip, n) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		switch n {
		case "q":
			f.Text = strings.TrimSpace(v.Get(n))
		case "account":
			f.Account = AccountID(v.Get(n))
		case "segment":
			f.Segment = SegmentID(v.Get(n))
		case "language":
			f.Languages = slices.Clone(v[n])
		case "has":
			for _, k := range v[n] {
				f.Has = append(f.Has, Kind(k))
			}
		default:
			attribute, op, ok := ParseConditionName(n)
			if !ok {
				bad = append(bad, fault.Field{Path: n, Code: "unknown", Msg: "contacts cannot be chosen by " + n})
				continue
			}
			f.Conditions = append(f.Conditions, conditions(attribute, op, v[n])...)
		}
	}
	if len(bad) > 0 {
		return f, fault.Bad("contact.DecodeFilter", bad...)
	}
	return f, nil
}

// conditions are one for all values, except where a comparison takes a single one.
func conditions(attribute string, op Op, values []string) (list []Condition) {
	switch op {
	case Present, Absent:
		return []Condition{{Attribute: attribute, Op: op}}
	case Above, Below:
		for _, x := range values {
			list = append(list, Condition{Attribute: attribute, Op: op, Values: []string{x}})
		}
		return list
	}
	return []Condition{{Attribute: attribute, Op: op, Values: slices.Clone(values)}}
}
