// Package telemetry is how Kolo tells its operators what it does: logs, metrics, health, and which build it is.
package telemetry

import (
	"context"
	"io"
	"log/slog"
	"regexp"
	"strings"
)

// NewLogger writes records of at least a level, as "text" or "json". Each record carries the attributes of its context
// (see With), and no secrets: values under the names that secrets go by are left out, and API keys and the passwords in
// URLs are masked wherever they appear.
func NewLogger(w io.Writer, level slog.Leveler, format string) *slog.Logger {
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { return redact(a) }}
	var h slog.Handler = slog.NewTextHandler(w, o)
	if format == "json" {
		h = slog.NewJSONHandler(w, o)
	}
	return slog.New(contextual{h})
}

type contextKey struct{}

// With gives a context whose log records carry these attributes besides those that the context had: "request", "workspace"
// and "job" by custom.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	had, _ := ctx.Value(contextKey{}).([]slog.Attr)
	return context.WithValue(ctx, contextKey{}, append(had[:len(had):len(had)], attrs...))
}

// Request is With for the id of a request.
func Request(ctx context.Context, id string) context.Context {
	return With(ctx, slog.String("request", id))
}

// Workspace is With for the workspace that the work is for.
func Workspace(ctx context.Context, id string) context.Context {
	return With(ctx, slog.String("workspace", id))
}

// contextual adds the context's attributes to each record.
type contextual struct{ slog.Handler }

func (c contextual) Handle(ctx context.Context, r slog.Record) error {
	if attrs, _ := ctx.Value(contextKey{}).([]slog.Attr); len(attrs) > 0 {
		r = r.Clone()
		r.AddAttrs(attrs...)
	}
	return c.Handler.Handle(ctx, r)
}

func (c contextual) WithAttrs(attrs []slog.Attr) slog.Handler {
	return contextual{c.Handler.WithAttrs(attrs)}
}

func (c contextual) WithGroup(name string) slog.Handler { return contextual{c.Handler.WithGroup(name)} }

const masked = "[redacted]"

// secretNames are parts of the names under which a value is never written.
var secretNames = []string{"password", "passwd", "secret", "token", "authorization", "cookie", "api_key", "apikey", "credential"}

func redact(a slog.Attr) slog.Attr {
	name := strings.ToLower(strings.ReplaceAll(a.Key, "-", "_"))
	for _, s := range secretNames {
		if strings.Contains(name, s) {
			return slog.String(a.Key, masked)
		}
	}
	switch a.Value.Kind() {
	case slog.KindString:
		if s := a.Value.String(); suspicious(s) {
			return slog.String(a.Key, Redact(s))
		}
	case slog.KindAny:
		// An error's text is the likeliest place for a connection string to get out.
		if err, ok := a.Value.Any().(error); ok {
			return slog.String(a.Key, Redact(err.Error()))
		}
	}
	return a
}

var (
	urlPassword = regexp.MustCompile(`(://[^\s:@/?#]*):[^\s@/]+@`)
	kvPassword  = regexp.MustCompile(`(?i)\b(password|pwd|secret|token)=([^\s&"']+)`)
	apiKey      = regexp.MustCompile(`\b(kolo_[A-Za-z0-9]{8})[A-Za-z0-9]{4,}`) // its first 8 characters are its public name
	bearer      = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=\-]{8,}`)
)

func suspicious(s string) bool { return strings.ContainsAny(s, "@=_ ") }

// Redact masks what looks like a secret inside a text: API keys, passwords in URLs and connection strings, bearer tokens.
func Redact(s string) string {
	s = urlPassword.ReplaceAllString(s, "$1:"+masked+"@")
	s = kvPassword.ReplaceAllString(s, "$1="+masked)
	s = apiKey.ReplaceAllString(s, "${1}"+masked)
	return bearer.ReplaceAllString(s, "$1 "+masked)
}
