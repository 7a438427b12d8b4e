package feedback

import (
	"encoding/json"
	"fmt"

	"kolo/internal/foundation/jsonwrite"
)

// encoder writes what of feedback is kept as JSON, as encoding/json does, without its reflection; "" for nothing. It reuses its
// buffer.
type encoder struct{ buf []byte }

func (e *encoder) scores(all []Score) string {
	if len(all) == 0 {
		return ""
	}
	b := append(e.buf[:0], '[')
	for i, s := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsonwrite.Text(append(b, `{"metric":`...), s.Metric)
		b = jsonwrite.Number(append(b, `,"value":`...), s.Value)
		b = jsonwrite.Number(append(b, `,"scale":{"min":`...), s.Scale.Min)
		b = jsonwrite.Number(append(b, `,"max":`...), s.Scale.Max)
		if s.Scale.Direction != "" {
			b = jsonwrite.Text(append(b, `,"direction":`...), s.Scale.Direction)
		}
		b = append(b, '}')
		if s.Question != "" {
			b = jsonwrite.Text(append(b, `,"question":`...), s.Question)
		}
		b = append(b, '}')
	}
	e.buf = append(b, ']')
	return string(e.buf)
}

func (e *encoder) answers(all []Answer) string {
	if len(all) == 0 {
		return ""
	}
	b := append(e.buf[:0], '[')
	for i, a := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsonwrite.Text(append(b, `{"question":`...), a.Question)
		b = append(b, `,"value":`...)
		switch v := a.Value.(type) {
		case string:
			b = jsonwrite.Text(b, v)
		case float64:
			b = jsonwrite.Number(b, v)
		default:
			value, err := json.Marshal(v)
			if err != nil { // validated before: only texts, finite numbers, truth values and lists of texts are in it
				panic(fmt.Sprintf("feedback: encode: %v", err))
			}
			b = append(b, value...)
		}
		b = append(b, '}')
	}
	e.buf = append(b, ']')
	return string(e.buf)
}

func (e *encoder) attributes(m Attributes) string {
	if len(m) == 0 {
		return ""
	}
	e.buf = jsonwrite.Texts(e.buf[:0], m)
	return string(e.buf)
}
