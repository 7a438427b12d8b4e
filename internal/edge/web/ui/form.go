package ui

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
)

func fieldID(f Field) string { return "f-" + f.Name }

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func hasErrors(fields []Field) bool {
	for _, f := range fields {
		if f.Error != "" {
			return true
		}
	}
	return false
}

func describedBy(f Field) string {
	d := ""
	if f.Error != "" {
		d = fieldID(f) + "-error"
	}
	if f.Help != "" {
		if d != "" {
			d += " "
		}
		d += fieldID(f) + "-help"
	}
	return d
}

// control is what the elements that take input have in common.
func control(f Field, class string) templ.Attributes {
	if f.Error != "" {
		class += " is-invalid"
	}
	a := templ.Attributes{"id": fieldID(f), "name": f.Name, "class": class}
	switch {
	case f.Dir != "":
		a["dir"] = f.Dir
	case len(f.Options) == 0:
		// An empty field takes the page's direction by its style, which a (blank) placeholder makes known.
		a["dir"], a["placeholder"] = "auto", " "
	}
	if f.Type == "email" || f.Type == "password" || f.Type == "url" || f.Type == "tel" {
		a["dir"] = "ltr"
	}
	for name, value := range map[string]string{
		"placeholder": f.Placeholder, "autocomplete": f.Autocomplete, "aria-describedby": describedBy(f),
	} {
		if value != "" {
			a[name] = value
		}
	}
	if len(f.Suggest) > 0 {
		a["list"] = fieldID(f) + "-list"
	}
	if f.MinLength > 0 {
		a["minlength"] = num(f.MinLength)
	}
	if f.Error != "" {
		a["aria-invalid"] = "true"
	}
	a["required"], a["autofocus"] = !f.Optional && !f.Disabled, f.Autofocus
	a["disabled"], a["multiple"] = f.Disabled, f.Multiple
	return a
}

// Refuse puts what a fault says about fields into the fields of a form, and gives the sentence for FormError. A fault
// speaks English; readers of other languages get the message of its code ("invalid.required") where there is one. A
// fault that names a field the form does not have adds to the sentence, so that nothing is refused without a reason, and
// the sentence of a fault about fields of the form says no more than they do.
func Refuse(e Env, fields []Field, err error) (string, []Field) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind == fault.Internal {
		return e.T("error.internal.title"), fields
	}
	text := ""
	if len(f.Fields) == 0 {
		text = sentence(f.Msg)
	}
	out := append([]Field(nil), fields...)
	for _, bad := range f.Fields {
		msg := sentence(bad.Msg)
		if (msg == "" || e.Tag() != i18n.Fallback) && e.Has("invalid."+bad.Code) {
			msg = e.T("invalid." + bad.Code)
		}
		known := false
		for i := range out {
			if out[i].Name == bad.Path {
				out[i].Error, known = msg, true
			}
		}
		if !known {
			if text != "" {
				text += " "
			}
			if key, ok := strings.CutPrefix(bad.Path, "attributes."); ok { // a name of the workspace's own; others are for programs
				text += string(e.Quote(key)) + ": "
			}
			text += msg
		}
	}
	return text, out
}

// sentence makes a sentence of what a fault says, which begins small and ends without a point.
func sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	s = string(unicode.ToUpper(first)) + s[size:]
	if last, _ := utf8.DecodeLastRuneInString(s); !unicode.IsPunct(last) || last == ')' {
		s += "."
	}
	return s
}
