package feedback

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"kolo/internal/foundation/fault"
	"kolo/internal/people/contact"
)

// decoder reads inputs from JSON. It is written out by hand because reflection would be half of what receiving costs, and
// because it can so tell everything that is wrong with an object at once. It is for one goroutine at a time.
type decoder struct {
	parser fastjson.Parser
	words  map[string]string // what came before: names and short values come again and again
	bad    []fault.Field
}

var decoders = sync.Pool{New: func() any { return &decoder{words: map[string]string{}} }}

// Decode reads one object. Unknown fields are wrong, except those that extra, which may be nil, knows: it gets the value's
// JSON. The error is fault.Invalid and names each field that is of the wrong type; what else may be wrong, Validate tells.
func Decode(raw []byte, in *Input, extra func(name string, json []byte) bool) error {
	const op = "feedback.Decode"
	*in = Input{}
	if !utf8.Valid(raw) {
		return fault.Bad(op, fault.Field{Code: "encoding", Msg: "this is not valid UTF-8"})
	}
	if deep(raw) {
		return fault.Bad(op, fault.Field{Code: "json", Msg: "this is not feedback in JSON: it is nested too deeply"})
	}
	if err := fastjson.ValidateBytes(raw); err != nil {
		return fault.Bad(op, syntax(raw, err))
	}
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	v, err := d.parser.ParseBytes(raw)
	if err != nil {
		return fault.Bad(op, syntax(raw, err))
	}
	d.bad = d.bad[:0]
	d.object("", v, func(k string, v *fastjson.Value) bool {
		switch k {
		case "kind":
			in.Kind = d.word(k, v)
		case "channel":
			in.Channel = d.word(k, v)
		case "source":
			in.Source = d.word(k, v)
		case "external_id":
			in.ExternalID = d.text(k, v)
		case "time":
			in.Time = d.time(k, v)
		case "contact":
			in.Contact = d.who(v)
		case "touchpoint":
			in.Touchpoint = d.word(k, v)
		case "survey":
			in.Survey = d.word(k, v)
		case "survey_version":
			in.SurveyVersion = d.word(k, v)
		case "language":
			in.Language = d.word(k, v)
		case "text":
			in.Text = d.text(k, v)
		case "scores":
			in.Scores = d.scores(v)
		case "answers":
			in.Answers = d.answers(v)
		case "attributes":
			in.Attributes = d.attributes(k, v)
		default:
			return extra != nil && extra(k, v.MarshalTo(nil))
		}
		return true
	})
	if len(d.bad) > 0 {
		return fault.Bad(op, append([]fault.Field(nil), d.bad...)...)
	}
	return nil
}

// deep tells whether a text has more than 30 levels, of which feedback needs five. The validator's time would grow with the
// square of them.
func deep(raw []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			quoted = !quoted
		case '\\':
			i++
		case '{', '[':
			if !quoted {
				if depth++; depth > 30 {
					return true
				}
			}
		case '}', ']':
			if !quoted {
				depth--
			}
		}
	}
	return false
}

// syntax says why a text is not one JSON value, as package json finds it.
func syntax(raw []byte, found error) fault.Field {
	f := fault.Field{Code: "json", Msg: "this is not JSON: " + found.Error()}
	dec := json.NewDecoder(bytes.NewReader(raw))
	var v any
	err := dec.Decode(&v)
	var at *json.SyntaxError
	switch {
	case errors.As(err, &at):
		f.Msg = fmt.Sprintf("this is not JSON: %s (at byte %d)", at, at.Offset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.Msg = "the JSON ends early"
	case err == nil:
		if _, err := dec.Token(); err != io.EOF {
			f.Msg = "something follows the object; send several as an array or as NDJSON"
		}
	}
	return f
}

func (d *decoder) wrong(path, code, format string, args ...any) {
	d.bad = append(d.bad, fault.Field{Path: path, Code: code, Msg: fmt.Sprintf(format, args...)})
}

// mismatch says that a value is not of the type that a field has.
func (d *decoder) mismatch(path string, v *fastjson.Value, want string) {
	names := map[fastjson.Type]string{fastjson.TypeNull: "null", fastjson.TypeObject: "an object", fastjson.TypeArray: "a list", fastjson.TypeString: "a text",
		fastjson.TypeNumber: "a number", fastjson.TypeTrue: "a truth value", fastjson.TypeFalse: "a truth value"}
	d.wrong(path, "type", "%s is not %s", names[v.Type()], want)
}

// object calls known for each member; known tells whether there is such a field.
func (d *decoder) object(path string, v *fastjson.Value, known func(name string, v *fastjson.Value) bool) {
	o, err := v.Object()
	if err != nil {
		if v.Type() != fastjson.TypeNull {
			d.mismatch(strings.TrimSuffix(path, "."), v, "an object")
		}
		return
	}
	o.Visit(func(key []byte, v *fastjson.Value) {
		if name := d.intern(key); !known(name, v) {
			d.wrong(path+clip(name), "unknown", "there is no such field; facts of your own go into attributes")
		}
	})
}

// intern gives a short text that came before without making it again.
func (d *decoder) intern(b []byte) string {
	if s, ok := d.words[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) <= 64 && len(d.words) < 2000 {
		d.words[s] = s
	}
	return s
}

func (d *decoder) bytes(path string, v *fastjson.Value) []byte {
	switch v.Type() {
	case fastjson.TypeString:
		b, _ := v.StringBytes()
		return b
	case fastjson.TypeNull:
	default:
		d.mismatch(path, v, "a text")
	}
	return nil
}

func (d *decoder) text(path string, v *fastjson.Value) string { return string(d.bytes(path, v)) }
func (d *decoder) word(path string, v *fastjson.Value) string { return d.intern(d.bytes(path, v)) }

func (d *decoder) number(path string, v *fastjson.Value, missing float64) float64 {
	switch v.Type() {
	case fastjson.TypeNumber:
		if f, err := v.Float64(); err == nil && !math.IsInf(f, 0) {
			return f
		}
		d.wrong(path, "range", "this number is too large")
	case fastjson.TypeNull:
	default:
		d.mismatch(path, v, "a number")
	}
	return missing
}

func (d *decoder) time(path string, v *fastjson.Value) *time.Time {
	s := d.bytes(path, v)
	if v.Type() != fastjson.TypeString {
		return nil
	}
	t, err := time.Parse(time.RFC3339, string(s))
	if err != nil {
		d.wrong(path, "form", "a time has the form 2026-01-31T09:30:00Z (RFC 3339)")
		return nil
	}
	return &t
}

func (d *decoder) who(v *fastjson.Value) *Who {
	if v.Type() == fastjson.TypeNull {
		return nil
	}
	w := &Who{}
	d.object("contact.", v, func(k string, v *fastjson.Value) bool {
		path := "contact." + k
		switch k {
		case "external_id":
			w.ExternalID = d.text(path, v)
		case "email":
			w.Email = d.text(path, v)
		case "phone":
			w.Phone = d.text(path, v)
		case "name":
			w.Name = d.text(path, v)
		case "language":
			w.Language = d.word(path, v)
		case "country":
			w.Country = d.word(path, v)
		case "account":
			w.Account = d.text(path, v)
		case "attributes":
			w.Attributes = d.attributes(path, v)
		case "lifetime_value":
			w.Value = d.money(path, v)
		default:
			return false
		}
		return true
	})
	return w
}

func (d *decoder) money(path string, v *fastjson.Value) *contact.Money {
	if v.Type() == fastjson.TypeNull {
		return nil
	}
	m := &contact.Money{}
	d.object(path+".", v, func(k string, v *fastjson.Value) bool {
		switch k {
		case "amount_minor":
			n, err := v.Int64()
			if err != nil {
				d.wrong(path+"."+k, "type", "an amount in minor units is a whole number")
			}
			m.Minor = n
		case "currency":
			m.Currency = d.word(path+"."+k, v)
		default:
			return false
		}
		return true
	})
	return m
}

// list calls each for the elements of a list.
func (d *decoder) list(path string, v *fastjson.Value, each func(i int, v *fastjson.Value)) int {
	if v.Type() == fastjson.TypeNull {
		return 0
	}
	all, err := v.Array()
	if err != nil {
		d.mismatch(path, v, "a list")
	}
	for i, v := range all {
		each(i, v)
	}
	return len(all)
}

func (d *decoder) scores(v *fastjson.Value) []Score {
	var out []Score
	d.list("scores", v, func(i int, v *fastjson.Value) { out = append(out, d.score("scores["+strconv.Itoa(i)+"].", v)) })
	return out
}

// score also takes the scale's min, max and direction beside the value, as flat files have them.
func (d *decoder) score(path string, v *fastjson.Value) Score {
	s := Score{Value: math.NaN(), Scale: Scale{Min: math.NaN(), Max: math.NaN()}}
	scale := func(path string) func(k string, v *fastjson.Value) bool {
		return func(k string, v *fastjson.Value) bool {
			switch k {
			case "min":
				s.Scale.Min = d.number(path+k, v, s.Scale.Min)
			case "max":
				s.Scale.Max = d.number(path+k, v, s.Scale.Max)
			case "direction":
				s.Scale.Direction = d.word(path+k, v)
			default:
				return false
			}
			return true
		}
	}
	flat := scale(path)
	d.object(path, v, func(k string, v *fastjson.Value) bool {
		switch k {
		case "metric":
			s.Metric = d.word(path+k, v)
		case "value":
			s.Value = d.number(path+k, v, s.Value)
		case "question":
			s.Question = d.word(path+k, v)
		case "scale":
			if v.Type() != fastjson.TypeNull {
				d.object(path+"scale.", v, scale(path+"scale."))
			}
		default:
			return flat(k, v)
		}
		return true
	})
	return s
}

// answers takes a list, or an object {"question": value}.
func (d *decoder) answers(v *fastjson.Value) Answers {
	var out Answers
	if v.Type() == fastjson.TypeObject {
		d.object("answers.", v, func(k string, v *fastjson.Value) bool {
			out = append(out, Answer{k, plain(v)})
			return true
		})
		return out
	}
	d.list("answers", v, func(i int, v *fastjson.Value) {
		path := fmt.Sprintf("answers[%d].", i)
		var a Answer
		d.object(path, v, func(k string, v *fastjson.Value) bool {
			switch k {
			case "question":
				a.Question = d.word(path+k, v)
			case "value":
				a.Value = plain(v)
			default:
				return false
			}
			return true
		})
		out = append(out, a)
	})
	return out
}

// plain is a value as package json has it.
func plain(v *fastjson.Value) any {
	switch v.Type() {
	case fastjson.TypeString:
		b, _ := v.StringBytes()
		return string(b)
	case fastjson.TypeNumber:
		f, err := v.Float64()
		if err != nil {
			return math.NaN()
		}
		return f
	case fastjson.TypeTrue, fastjson.TypeFalse:
		b, _ := v.Bool()
		return b
	case fastjson.TypeArray:
		all, _ := v.Array()
		out := make([]any, len(all))
		for i, e := range all {
			out[i] = plain(e)
		}
		return out
	case fastjson.TypeObject:
		return map[string]any{} // which no answer is
	}
	return nil
}

// attributes turns numbers and truth values into texts, and drops nulls.
func (d *decoder) attributes(path string, v *fastjson.Value) Attributes {
	if v.Type() == fastjson.TypeNull {
		return nil
	}
	var out Attributes
	d.object(path+".", v, func(k string, v *fastjson.Value) bool {
		var s string
		switch v.Type() {
		case fastjson.TypeNull:
			return true
		case fastjson.TypeString:
			s = d.word("", v)
		case fastjson.TypeObject, fastjson.TypeArray:
			d.wrong(path+"."+clip(k), "type", "a value is a text, a number or true or false")
			return true
		default:
			s = d.intern(v.MarshalTo(nil))
		}
		if out == nil {
			out = make(Attributes, 4)
		}
		out[k] = s
		return true
	})
	return out
}

// kept reads the parts of feedback that are kept as JSON, each of which may be empty.
func (f *Feedback) kept(scores, answers, attributes string) error {
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	d.bad = d.bad[:0]
	for _, part := range []struct {
		text string
		read func(v *fastjson.Value)
	}{
		{scores, func(v *fastjson.Value) { f.Scores = d.scores(v) }},
		{answers, func(v *fastjson.Value) { f.Answers = d.answers(v) }},
		{attributes, func(v *fastjson.Value) { f.Attributes = d.attributes("", v) }},
	} {
		if part.text == "" {
			continue
		}
		v, err := d.parser.Parse(part.text)
		if err != nil {
			return err
		}
		if part.read(v); len(d.bad) > 0 {
			return fmt.Errorf("%s: %s", d.bad[0].Path, d.bad[0].Msg)
		}
	}
	return nil
}
