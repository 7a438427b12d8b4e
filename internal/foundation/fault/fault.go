// Package fault holds Kolo's one error type and its mapping to RFC 9457 problems.
//
// An error that is not a *Error is internal: its text goes to the log and never to a user.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what sort of failure an error is; it decides the status that a caller sees.
type Kind uint8

// The kinds. Internal is the zero value on purpose: what nobody classified is not shown.
const (
	Internal        Kind = iota // a defect or a broken dependency
	Invalid                     // the input is wrong; Fields say where
	Unauthenticated             // nobody is signed in, or the key is unknown
	Denied                      // signed in, but the role or scope does not allow it
	NotFound                    // no such thing in this workspace
	Conflict                    // it exists already, or changed meanwhile
	TooLarge                    // the body or a field is over its limit
	Unsupported                 // the body comes in a form that is not understood
	Busy                        // too many requests, or a dependency is full: try again later
	Gone                        // it was here, and was removed for good
)

// Field is one thing wrong with the input. Path is a JSON path such as "scores[0].max", or a column's name; Code is
// stable for programs ("required", "range", ...); Msg is a sentence for people.
type Field struct {
	Path string `json:"path"`
	Code string `json:"code"`
	Msg  string `json:"message"`
}

// Error is the one error type. Msg is safe to show to the user; Err is for the log only.
type Error struct {
	Kind   Kind
	Op     string // the operation that failed, "feedback.Receive"
	Msg    string
	Fields []Field
	Err    error
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	b.WriteString(e.Msg)
	for _, f := range e.Fields {
		fmt.Fprintf(&b, "; %s: %s", f.Path, f.Msg)
	}
	if e.Err != nil {
		if e.Msg != "" {
			b.WriteString(": ")
		}
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error of a kind with a sentence that may be shown.
func New(kind Kind, op, format string, args ...any) *Error {
	return &Error{Kind: kind, Op: op, Msg: fmt.Sprintf(format, args...)}
}

// Wrap marks a cause as internal to an operation, keeping the kind of a cause that has one. Nil stays nil.
func Wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return &Error{Kind: e.Kind, Op: op, Msg: e.Msg, Fields: e.Fields, Err: err}
	}
	return &Error{Kind: Internal, Op: op, Err: err}
}

// Bad is an Invalid error about one or several fields.
func Bad(op string, fields ...Field) *Error {
	return &Error{Kind: Invalid, Op: op, Msg: "the input is not valid", Fields: fields}
}

// KindOf tells the kind of any error.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is tells whether err is of a kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Problem is the body of RFC 9457, with Kolo's stable code and the fields at fault.
type Problem struct {
	Type   string  `json:"type"`
	Title  string  `json:"title"`
	Status int     `json:"status"`
	Detail string  `json:"detail,omitempty"`
	Code   string  `json:"code"`
	Errors []Field `json:"errors,omitempty"`
}

var shapes = [...]struct {
	status      int
	code, title string
}{
	Internal:        {500, "internal", "Something went wrong on our side"},
	Invalid:         {422, "invalid", "The input is not valid"},
	Unauthenticated: {401, "unauthenticated", "Sign in, or send a valid API key"},
	Denied:          {403, "denied", "Your role or key does not allow this"},
	Gone:            {410, "gone", "It was removed"},
	NotFound:        {404, "not_found", "There is no such thing here"},
	Conflict:        {409, "conflict", "It exists already, or it changed meanwhile"},
	TooLarge:        {413, "too_large", "That is larger than the limit"},
	Unsupported:     {415, "unsupported", "That form of body is not understood"},
	Busy:            {503, "busy", "Too busy just now; try again"},
}

// ProblemOf maps any error to a problem body. The text of an internal error is left out.
func ProblemOf(err error) Problem {
	kind := KindOf(err)
	s := shapes[kind]
	p := Problem{Type: "about:blank", Title: s.title, Status: s.status, Code: s.code}
	var e *Error
	if kind != Internal && errors.As(err, &e) {
		p.Detail, p.Errors = e.Msg, e.Fields
	}
	return p
}
