package feedback

import (
	"fmt"
	"math"
	"strconv"

	"github.com/valyala/fastjson"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/jsonread"
	"kolo/internal/people/contact"
)

// decoder reads inputs from JSON.
type decoder struct{ *jsonread.Reader }

// Decode reads one object. Unknown fields are wrong, except those that extra, which may be nil, knows: it gets the value's
// JSON. The error is fault.Invalid when this is no object; Validate tells of the fields that are of the wrong type, with what else is wrong.
func Decode(raw []byte, in *Input, extra func(name string, json []byte) bool) error {
	const op = "feedback.Decode"
	*in = Input{}
	d := decoder{jsonread.Get()}
	defer d.Put()
	v, err := d.Parse(op, raw)
	if err != nil {
		return err
	}
	if v.Type() != fastjson.TypeObject && v.Type() != fastjson.TypeNull {
		d.Mismatch("", v, "an object")
		return fault.Bad(op, d.Bad()...)
	}
	d.Object("", v, func(k string, v *fastjson.Value) bool {
		switch k {
		case "kind":
			in.Kind = d.Word(k, v)
		case "channel":
			in.Channel = d.Word(k, v)
		case "source":
			in.Source = d.Word(k, v)
		case "external_id":
			in.ExternalID = d.Text(k, v)
		case "time":
			in.Time = d.Time(k, v)
		case "contact":
			in.Contact = d.who(v)
		case "touchpoint":
			in.Touchpoint = d.Word(k, v)
		case "survey":
			in.Survey = d.Word(k, v)
		case "survey_version":
			in.SurveyVersion = d.Word(k, v)
		case "language":
			in.Language = d.Word(k, v)
		case "text":
			in.Text = d.Text(k, v)
		case "scores":
			in.Scores = d.scores(v)
		case "answers":
			in.Answers = d.answers(v)
		case "attributes":
			in.Attributes = d.Texts(k, v)
		default:
			return extra != nil && extra(k, jsonread.JSON(v))
		}
		return true
	})
	in.bad = d.Bad()
	return nil
}

func (d decoder) who(v *fastjson.Value) *Who {
	if v.Type() == fastjson.TypeNull {
		return nil
	}
	w := &Who{}
	d.Object("contact.", v, func(k string, v *fastjson.Value) bool {
		path := "contact." + k
		switch k {
		case "external_id":
			w.ExternalID = d.Text(path, v)
		case "email":
			w.Email = d.Text(path, v)
		case "phone":
			w.Phone = d.Text(path, v)
		case "name":
			w.Name = d.Text(path, v)
		case "language":
			w.Language = d.Word(path, v)
		case "country":
			w.Country = d.Word(path, v)
		case "account":
			w.Account = d.Text(path, v)
		case "attributes":
			w.Attributes = d.Texts(path, v)
		case "lifetime_value":
			w.Value = d.money(path, v)
		default:
			return false
		}
		return true
	})
	return w
}

func (d decoder) money(path string, v *fastjson.Value) *contact.Money {
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

func (d decoder) scores(v *fastjson.Value) []Score {
	var out []Score
	d.List("scores", v, func(i int, v *fastjson.Value) { out = append(out, d.score("scores["+strconv.Itoa(i)+"].", v)) })
	return out
}

// score also takes the scale's min, max and direction beside the value, as flat files have them.
func (d decoder) score(path string, v *fastjson.Value) Score {
	s := Score{Value: math.NaN(), Scale: Scale{Min: math.NaN(), Max: math.NaN()}}
	scale := func(path string) func(k string, v *fastjson.Value) bool {
		return func(k string, v *fastjson.Value) bool {
			switch k {
			case "min":
				s.Scale.Min = d.Number(path+k, v, s.Scale.Min)
			case "max":
				s.Scale.Max = d.Number(path+k, v, s.Scale.Max)
			case "direction":
				s.Scale.Direction = d.Word(path+k, v)
			default:
				return false
			}
			return true
		}
	}
	flat := scale(path)
	d.Object(path, v, func(k string, v *fastjson.Value) bool {
		switch k {
		case "metric":
			s.Metric = d.Word(path+k, v)
		case "value":
			s.Value = d.Number(path+k, v, s.Value)
		case "question":
			s.Question = d.Word(path+k, v)
		case "scale":
			if v.Type() != fastjson.TypeNull {
				d.Object(path+"scale.", v, scale(path+"scale."))
			}
		default:
			return flat(k, v)
		}
		return true
	})
	return s
}

// answers takes a list, or an object {"question": value}.
func (d decoder) answers(v *fastjson.Value) Answers {
	var out Answers
	if v.Type() == fastjson.TypeObject {
		d.Object("answers.", v, func(k string, v *fastjson.Value) bool {
			out = append(out, Answer{k, plain(v)})
			return true
		})
		return out
	}
	d.List("answers", v, func(i int, v *fastjson.Value) {
		path := fmt.Sprintf("answers[%d].", i)
		var a Answer
		d.Object(path, v, func(k string, v *fastjson.Value) bool {
			switch k {
			case "question":
				a.Question = d.Word(path+k, v)
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

// kept reads the parts of feedback that are kept as JSON, each of which may be empty.
func (f *Feedback) kept(scores, answers, attributes string) error {
	d := decoder{jsonread.Get()}
	defer d.Put()
	for _, part := range []struct {
		text string
		read func(v *fastjson.Value)
	}{
		{scores, func(v *fastjson.Value) { f.Scores = d.scores(v) }},
		{answers, func(v *fastjson.Value) { f.Answers = d.answers(v) }},
		{attributes, func(v *fastjson.Value) { f.Attributes = d.Texts("", v) }},
	} {
		if part.text == "" {
			continue
		}
		v, err := d.ParseOwn(part.text)
		if err != nil {
			return err
		}
		part.read(v)
		if bad := d.Bad(); bad != nil {
			return fmt.Errorf("%s: %s", bad[0].Path, bad[0].Msg)
		}
	}
	return nil
}
