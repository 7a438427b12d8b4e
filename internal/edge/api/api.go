// Package api is Kolo's JSON API under /v1, described by OpenAPI 3.1 at /v1/openapi.json.
//
// Every operation names the permission that it needs when it is registered: a route without one cannot be written. Errors
// are RFC 9457 problems with a stable code.
package api

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"kolo/internal/deliver"
	"kolo/internal/edge/web"
	"kolo/internal/foundation/fault"
	"kolo/internal/listen/event"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/adapt"
	"kolo/internal/understand/alert"
	"kolo/internal/understand/driving"
	"kolo/internal/understand/export"
	"kolo/internal/understand/health"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/label"
	"kolo/internal/understand/population"
	"kolo/internal/understand/scan"
	"kolo/internal/understand/theme"
)

// Services are what the API stands on.
type Services struct {
	Identity   *identity.Service
	Contacts   *contact.Service
	Feedback   *feedback.Service
	Events     *event.Service
	Imports    *imports.Service
	Insight    *insight.Service
	Driving    *driving.Service
	Population *population.Service
	Scan       *scan.Service
	Exports    *export.Service
	Labels     *label.Service
	Themes     *theme.Service
	Adapt      *adapt.Service
	Alerts     *alert.Service
	Health     *health.Service
	Deliver    *deliver.Service
	Log        *slog.Logger
	Base       string // the URL that links begin with, without a slash at its end

	Late func() bool // whether the columns lack more than they do for a moment; may be nil

	BodyLimit int64 // of a request's body, in bytes; a stream of NDJSON has none
	RowLimit  int64 // of one row of such a stream
}

// API serves /v1.
type API struct {
	Services
	mux  *http.ServeMux
	huma huma.API
}

// Version of the API's description.
const Version = "1.0.0"

// New registers all operations.
func New(s Services) *API {
	a := &API{Services: s, mux: http.NewServeMux()}
	c := huma.DefaultConfig("Kolo", Version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "/v1/openapi", "", "/v1/schemas"
	c.Info.Description = "The voice of the customer: feedback in, trustworthy scores out. Sign requests with an API key: `Authorization: Bearer kolo_...`. " +
		"While figures and filtered lists lack a good part of what was received, as for some seconds after a sudden end, answers have the header `" + LateHeader + ": true`."
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"key": {Type: "http", Scheme: "bearer", Description: "An API key, made under Settings"}}
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	c.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[event.Properties](), reflect.TypeFor[map[string]any]()) // which it is in JSON
	c.Formats = map[string]huma.Format{"application/json": format, "json": format}
	c.CreateHooks = nil // no $schema links in answers
	c.Transformers = nil
	a.huma = humago.New(a.mux, c)
	a.feedbackRoutes()
	a.eventRoutes()
	a.insightRoutes()
	a.populationRoutes()
	a.understandRoutes()
	a.modelRoutes()
	a.alertRoutes()
	a.importRoutes()
	a.contactRoutes()
	a.settingsRoutes()
	a.deliverRoutes()
	a.exportRoutes()
	a.healthRoutes()
	a.mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) {
		if methods := a.methods(r); len(methods) > 0 {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			p := fault.ProblemOf(fault.New(fault.NotFound, "api", "%s has no %s; it has %s", r.URL.Path, r.Method, strings.Join(methods, ", ")))
			p.Status, p.Title, p.Code = http.StatusMethodNotAllowed, http.StatusText(http.StatusMethodNotAllowed), "method_not_allowed"
			writeProblem(w, r, p)
			return
		}
		WriteProblem(w, r, fault.New(fault.NotFound, "api", "%s %s does not exist; /v1/openapi.json lists what does", r.Method, r.URL.Path))
	})
	return a
}

// methods are those that an address has.
func (a *API) methods(r *http.Request) (list []string) {
	for _, m := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = m
		if _, pattern := a.mux.Handler(other); pattern != "/v1/" && pattern != "" {
			list = append(list, m)
		}
	}
	return list
}

// schemaName names a type in the description by its package too: feedback.Answer is FeedbackAnswer, insight.Answer is
// InsightAnswer, feedback.Feedback is Feedback.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	pkg := path.Base(t.PkgPath())
	if t.Name() == "" || pkg == "api" || strings.Contains(t.Name(), "[") || strings.EqualFold(pkg, t.Name()) {
		return name
	}
	return strings.ToUpper(pkg[:1]) + pkg[1:] + name
}

func init() {
	// huma asks this for every error that it finds itself: a body that does not fit its schema, for instance.
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		p := &problem{Problem: fault.ProblemOf(fault.New(kindOf(status), "api", "%s", msg))}
		p.Status = status
		for _, e := range errs {
			if e == nil {
				continue
			}
			f := fault.Field{Code: "invalid", Msg: e.Error()}
			var detail *huma.ErrorDetail
			if errors.As(e, &detail) {
				f.Path, f.Msg = detail.Location, detail.Message
				for _, part := range []string{"body", "query", "path"} { // names say enough, and other faults are told by them alone
					if rest, ok := strings.CutPrefix(f.Path, part); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
						f.Path = strings.TrimPrefix(rest, ".")
						break
					}
				}
				if own, ok := unreadOf(f.Msg); ok {
					f = own
				}
				plainly(&f)
				if name, ok := strings.CutPrefix(f.Msg, "expected required property "); ok { // of the object at that place
					name = strings.TrimSuffix(name, " to be present")
					f.Path, f.Code, f.Msg = strings.TrimPrefix(f.Path+"."+name, "."), "required", "it is required"
				}
			}
			p.Errors = append(p.Errors, f)
		}
		return p
	}
}

func kindOf(status int) fault.Kind {
	switch {
	case status == http.StatusUnauthorized:
		return fault.Unauthenticated
	case status == http.StatusForbidden:
		return fault.Denied
	case status == http.StatusNotFound:
		return fault.NotFound
	case status == http.StatusConflict:
		return fault.Conflict
	case status == http.StatusRequestEntityTooLarge:
		return fault.TooLarge
	case status == http.StatusUnsupportedMediaType:
		return fault.Unsupported
	case status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests:
		return fault.Busy
	case status < 500:
		return fault.Invalid
	}
	return fault.Internal
}

// problem is a fault as huma writes it.
type problem struct{ fault.Problem }

func (p *problem) Error() string { return p.Title + ": " + p.Detail }

// GetStatus is the HTTP status.
func (p *problem) GetStatus() int { return p.Status }

// ContentType of a problem.
func (p *problem) ContentType(string) string { return "application/problem+json" }

// LateHeader stands in answers out of the columns while these lack a good part of what was received, as after a sudden end.
const LateHeader = "Kolo-Late"

// ServeHTTP answers a request to /v1.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.Late != nil && a.Late() && (r.Method == http.MethodGet || strings.HasPrefix(r.URL.Path, "/v1/insights/")) {
		w.Header().Set(LateHeader, "true")
	}
	a.mux.ServeHTTP(w, r)
}

// OpenAPI is the description, for those who generate code or documentation from it.
func (a *API) OpenAPI() *huma.OpenAPI { return a.huma.OpenAPI() }

type actorKey struct{}

// Authenticate finds out who asks: the API key of the header, or the session of a member's browser.
func Authenticate(r *http.Request, s *identity.Service) (identity.Actor, error) {
	var actor identity.Actor
	var err error
	if h := r.Header.Get("Authorization"); h != "" {
		secret, ok := strings.CutPrefix(h, "Bearer ")
		if !ok { // libraries that send events sign with a key as the user's name
			secret, _, ok = r.BasicAuth()
		}
		if !ok {
			return actor, fault.New(fault.Unauthenticated, "api", "send the key as: Authorization: Bearer kolo_...")
		}
		actor, err = s.Key(r.Context(), strings.TrimSpace(secret))
	} else if c, cerr := r.Cookie(web.SessionCookie); cerr == nil && c.Value != "" {
		if actor, err = s.Session(r.Context(), c.Value); err == nil && actor.MustChange { // which the pages do
			const first = "change your temporary password first, at /password: until then nothing else can be done"
			return identity.Actor{}, &fault.Error{Kind: fault.Denied, Op: "api", Msg: first, Fields: []fault.Field{{Path: "password", Code: "must_change", Msg: first}}}
		}
	} else {
		return actor, fault.New(fault.Unauthenticated, "api", "send an API key: Authorization: Bearer kolo_...")
	}
	if err != nil {
		return actor, err
	}
	actor.IP, _, _ = net.SplitHostPort(r.RemoteAddr)
	actor.RequestID = r.Header.Get("X-Request-Id")
	return actor, nil
}

// route describes an operation. Every one needs a permission.
type route struct {
	method, path string
	permission   identity.Permission
	id, summary  string
	tag          string
	status       int // of success; 200 when 0
}

// handle registers an operation of typed input and output.
func handle[I, O any](a *API, rt route, fn func(context.Context, identity.Actor, *I) (*O, error), options ...func(*huma.Operation)) {
	op := a.operation(rt)
	for _, o := range options {
		o(&op)
	}
	op.DefaultStatus = rt.status
	op.MaxBodyBytes = a.BodyLimit
	op.BodyReadTimeout = time.Minute
	op.Middlewares = huma.Middlewares{a.guard(rt)}
	if takes := namesOf[I](); rt.method == http.MethodGet && takes != nil {
		op.Middlewares = append(op.Middlewares, knownOnly(takes))
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := fn(ctx, ctx.Value(actorKey{}).(identity.Actor), in)
		if err != nil {
			return nil, a.statusError(ctx, err)
		}
		return out, nil
	})
}

// anyName is an input that takes parameters of any name, and says itself what is wrong with them.
type anyName interface{ anyName() }

// namesOf are the names of the parameters that an input takes in the address, nil where any may come.
func namesOf[I any]() map[string]bool {
	if _, any := any(new(I)).(anyName); any {
		return nil
	}
	names := map[string]bool{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[I]()) {
		if name, _, _ := strings.Cut(f.Tag.Get("query"), ","); name != "" {
			names[name] = true
		}
	}
	return names
}

// knownOnly refuses parameters that an operation does not take: a filter that is silently ignored gives a wrong answer.
func knownOnly(takes map[string]bool) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(c)
		var bad []fault.Field
		for _, name := range slices.Sorted(maps.Keys(r.URL.Query())) {
			if !takes[name] {
				bad = append(bad, fault.Field{Path: name, Code: "unknown", Msg: "there is no such parameter here"})
			}
		}
		if bad != nil {
			WriteProblem(w, r, fault.Bad("api", bad...))
			return
		}
		next(c)
	}
}

// unvalidated leaves the checking of the body to the domain, for bodies that have a short form too.
func unvalidated(op *huma.Operation) { op.SkipValidateBody = true }

func (a *API) operation(rt route) huma.Operation {
	return huma.Operation{
		Method: rt.method, Path: rt.path, OperationID: rt.id, Summary: rt.summary, Tags: []string{rt.tag},
		Description: "Needs the permission `" + string(rt.permission) + "`.",
		Security:    []map[string][]string{{"key": {string(rt.permission)}}},
	}
}

// raw registers an operation that reads and writes HTTP itself; op describes it. also are permissions that it needs beside
// that of the route.
func (a *API) raw(rt route, op huma.Operation, fn func(w http.ResponseWriter, r *http.Request, actor identity.Actor) error, also ...identity.Permission) {
	described := a.operation(rt)
	for _, p := range also {
		described.Security[0]["key"] = append(described.Security[0]["key"], string(p))
		described.Description = strings.TrimSuffix(described.Description, ".") + " and `" + string(p) + "`."
	}
	described.RequestBody, described.Responses, described.Parameters = op.RequestBody, op.Responses, op.Parameters
	described.Description += " " + op.Description
	a.huma.OpenAPI().AddOperation(&described)
	a.mux.HandleFunc(rt.method+" "+rt.path, func(w http.ResponseWriter, r *http.Request) {
		actor, err := Authenticate(r, a.Identity)
		if err == nil {
			err = actor.Require(rt.id, rt.permission)
		}
		for _, p := range also {
			if err == nil {
				err = actor.Require(rt.id, p)
			}
		}
		if err == nil {
			err = fn(w, r, actor)
		}
		if err != nil {
			a.log(r.Context(), err)
			WriteProblem(w, r, err)
		}
	})
}

func (a *API) guard(rt route) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(c)
		actor, err := Authenticate(r, a.Identity)
		if err == nil {
			err = actor.Require(rt.id, rt.permission)
		}
		if err != nil {
			WriteProblem(w, r, err)
			return
		}
		next(huma.WithValue(c, actorKey{}, actor))
	}
}

func (a *API) statusError(ctx context.Context, err error) error {
	a.log(ctx, err)
	return &problem{Problem: fault.ProblemOf(err)}
}

func (a *API) log(ctx context.Context, err error) {
	if fault.KindOf(err) == fault.Internal && ctx.Err() == nil {
		a.Log.ErrorContext(ctx, "a request failed", "error", err)
	}
}

// Paging is what every list takes. Exported, for an embedded struct is read only then.
type Paging struct {
	Cursor string `query:"cursor" doc:"From the answer before: next"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"50"`
}
