package imports

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
)

// unfit says why a file cannot be read.
func unfit(e ui.Env, err error) string {
	var out []string
	for _, f := range fault.ProblemOf(err).Errors {
		if e.Has("import.unfit." + f.Code) {
			out = append(out, e.T("import.unfit."+f.Code))
		} else {
			out = append(out, said(e, f))
		}
	}
	if len(out) == 0 {
		return sentence(fault.ProblemOf(err).Detail)
	}
	return strings.Join(out, " ")
}

// said is a fault in words. It speaks English itself, and exactly; in other languages there is a sentence for its code.
func said(e ui.Env, f fault.Field) string {
	if (e.Tag() != i18n.Fallback || f.Msg == "") && e.Has("invalid."+f.Code) {
		return e.T("invalid." + f.Code)
	}
	return sentence(f.Msg)
}

// sentence makes a sentence of what a fault says, which begins small and ends without a point.
func sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	s = string(unicode.ToUpper(first)) + s[size:]
	if last, _ := utf8.DecodeLastRuneInString(s); last == ')' || !unicode.IsPunct(last) {
		s += "."
	}
	return s
}

// wrong says what is wrong with what was chosen for a column; part is the part of the target that it is about.
func wrong(e ui.Env, part string, f fault.Field) string {
	switch {
	case part == "scale.max" || part == "scale.min":
		return e.T("import.wrong.scale")
	case part == "scale" && f.Code == "range":
		return e.T("import.wrong.nps")
	case f.Code == "number":
		return e.T("import.wrong.number")
	case f.Code == "personal":
		return e.T("import.wrong.personal")
	case part == "values":
		return e.T("import.wrong.values")
	case part == "constants.time":
		return e.T("import.wrong.day")
	}
	return said(e, f)
}

// teller puts into words why rows are refused, with the cells that the reasons are about.
type teller struct {
	ui.Env
	im imports.Import
}

// row is a reason for a refused row, behind the name of its column.
func (t teller) row(r imports.Refusal, f fault.Field) string {
	cell := ""
	if i := slices.Index(t.im.Names(), f.Path); i >= 0 && i < len(r.Cells) {
		cell = r.Cells[i]
	}
	return t.reason(f, cell)
}

func (t teller) reason(f fault.Field, cell string) string {
	at := slices.IndexFunc(t.im.Mapping.Columns, func(x imports.Target) bool { return x.Column == f.Path })
	known := at >= 0 || slices.Contains(t.im.Names(), f.Path)
	text := said(t.Env, f)
	if why := t.why(f, at); why != "" && (cell != "" || !strings.Contains(t.T(why), "{cell}")) {
		args := []any{"cell", t.Quote(shorten(cell, 60)), "most", feedback.MaxAttributes}
		if at >= 0 {
			if s := t.im.Mapping.Columns[at].Scale; s != nil {
				args = append(args, "low", s.Min, "high", s.Max)
			} else {
				args = append(args, "low", 0, "high", 10) // NPS
			}
		}
		text = t.T(why, args...)
	}
	if f.Path == "" || (f.Code == "required" || f.Code == "too_many") && !known {
		return text
	}
	return string(t.Quote(f.Path)) + ": " + text
}

// why is the message for a reason, "" when there is none; at is the place of its column in the mapping, or negative.
func (t teller) why(f fault.Field, at int) string {
	code, to := f.Code, ""
	if at >= 0 {
		to = t.im.Mapping.Columns[at].To
	}
	switch {
	case code == "range" && to == "time":
		code = "when"
	case code == "range" && to == "score" && slices.ContainsFunc(t.im.Mapping.Columns, func(x imports.Target) bool { return x.To == "scale:"+t.im.Mapping.Columns[at].Metric }):
		code = "off_scale"
	case code == "type" && to == "score":
		code = "whole"
	case code == "form" && strings.HasPrefix(to, "scale:"):
		code = "scale"
	case code == "form" && (to == "channel" || to == "language") || code == "unknown" && to == "kind":
		code = to
	case code == "too_many" && at < 0 && strings.HasSuffix(f.Path, "attributes"):
		code = "too_many_attributes"
	case code == "external_id":
		code = "external"
	}
	if t.Has("import.why." + code) {
		return "import.why." + code
	}
	return ""
}

// shorten cuts a text to a number of letters.
func shorten(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
