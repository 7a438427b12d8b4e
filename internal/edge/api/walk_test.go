package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kolo/internal/deliver"
	"kolo/internal/edge/api"
	"kolo/internal/edge/web"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/duck"
	"kolo/internal/foundation/column/follow"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/foundation/webhook"
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
	"kolo/internal/understand/reading"
	"kolo/internal/understand/scan"
	"kolo/internal/understand/text"
	"kolo/internal/understand/theme"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

type world struct {
	*testing.T
	db       *store.DB
	columns  *column.DB
	identity *identity.Service
	exports  *export.Service
	labels   *label.Service
	feeder   *insight.Feeder
	events   *follow.Follower
	api      *api.API
}

func newWorld(t *testing.T) *world {
	db := storetest.SQLite(t, clock.NewFake(now))
	columns, err := duck.Open(t.Context(), "", column.Options{})
	must(t, err)
	t.Cleanup(func() { _ = columns.Close() })
	must(t, columns.Ensure(t.Context(), append(insight.Tables(), event.Table())...))
	w := &world{T: t, db: db, columns: columns, identity: identity.NewService(db, identity.Options{Cost: identity.Cost{MemoryKiB: 64, Passes: 1}})}
	fs := feedback.NewService(db)
	t.Cleanup(fs.Close)
	es := event.NewService(db)
	t.Cleanup(es.Close)
	es.CountIn(columns)
	quiet := slog.New(slog.DiscardHandler)
	s := api.Services{Identity: w.identity, Contacts: contact.NewService(db), Feedback: fs, Events: es, Imports: imports.NewService(db, fs, quiet), Insight: insight.NewService(db, columns, fs)}
	mask := func(v string) string { return text.Mask(v, text.Personal(v, "")) }
	s.Contacts.MaskWith(func(v string, names ...string) string { return text.Mask(v, text.Personal(v, "", names...)) })
	s.Imports.MaskWith(mask)
	s.Driving, s.Scan = driving.NewService(s.Insight, fs, db.Clock()), scan.NewService(s.Insight, fs)
	w.feeder = insight.NewFeeder(s.Insight, quiet)
	w.events = es.NewFeeder(columns, quiet)
	s.Labels, s.Themes = label.NewService(db, fs, label.Same(reader{}), quiet), theme.NewService(db)
	w.labels, s.Population = s.Labels, population.NewService(db)
	shipped, err := reading.New()
	must(t, err)
	s.Adapt = adapt.NewService(db, fs, s.Themes, nil, shipped, quiet)
	s.Deliver = deliver.NewService(db, deliver.Options{Log: quiet, Base: "https://voc.example.org", Hooks: webhook.New(webhook.Options{})})
	s.Alerts = alert.NewService(db, s.Insight)
	s.Health = health.NewService(db, s.Contacts, es)
	w.exports = export.NewService(export.Sources{Health: s.Health, Store: db, Identity: s.Identity, Contacts: s.Contacts, Feedback: fs, Events: es, Imports: s.Imports, Insight: s.Insight, Population: s.Population,
		Driving: s.Driving, Scan: s.Scan, Labels: s.Labels, Themes: s.Themes, Alerts: s.Alerts, Outbox: deliver.Outbox{Service: s.Deliver}})
	s.Exports, s.Log, s.Base, s.BodyLimit, s.RowLimit = w.exports, quiet, "https://voc.example.org", 1<<20, 1<<16
	w.api = api.New(s)
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// workspace makes one with an owner, and gives a key of each given set of scopes.
func (w *world) workspace(name string, scopes ...[]identity.Permission) []string {
	w.Helper()
	ws, _, err := w.identity.CreateWorkspace(w.Context(), identity.NewWorkspace{Name: name, Country: "IL", Owner: identity.NewOwner{Name: "Dana", Email: "dana@" + name + ".example.com"}})
	must(w.T, err)
	var secrets []string
	for _, s := range scopes {
		_, secret, err := w.identity.CreateKey(w.Context(), ws.ID, identity.Program(ws.ID, "test"), identity.NewKey{Name: "k", Scopes: s})
		must(w.T, err)
		secrets = append(secrets, secret)
	}
	return secrets
}

// call asks the API; a panic is an answer too, which fails the test.
func (w *world) call(key, method, path, body string) (status int, header http.Header, answer string) {
	w.Helper()
	defer func() {
		if p := recover(); p != nil {
			w.Errorf("%s %s panicked: %v", method, path, p)
		}
	}()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	b, _ := io.ReadAll(rec.Result().Body)
	return rec.Code, rec.Result().Header, string(b)
}

// ask is call for what must succeed.
func (w *world) ask(key, method, path, body string, status int) map[string]any {
	w.Helper()
	code, _, text := w.call(key, method, path, body)
	if code != status {
		w.Fatalf("%s %s: %d instead of %d: %s", method, path, code, status, text)
	}
	out := map[string]any{}
	if text != "" {
		must(w.T, json.Unmarshal([]byte(text), &out))
	}
	return out
}

type operation struct {
	method, path string
	*huma.Operation
}

// operations lists what the description lists, in a fixed order.
func operations(doc *huma.OpenAPI) (all []operation) {
	for path, item := range doc.Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "PATCH": item.Patch, "DELETE": item.Delete} {
			if op != nil {
				all = append(all, operation{method, path, op})
			}
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return all
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// concrete is a path with every placeholder filled.
func (o operation) concrete(with string) string { return placeholder.ReplaceAllString(o.path, with) }

// problemOf reads a problem, and complains about an answer that is none.
func (w *world) problemOf(o operation, status int, h http.Header, text string) {
	w.Helper()
	var p struct {
		Code   string
		Status int
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil || p.Code == "" || p.Status != status || h.Get("Content-Type") != "application/problem+json" {
		w.Errorf("%s %s: %d is no problem: %s %s", o.method, o.path, status, h.Get("Content-Type"), text)
	}
}

// TestEveryOperationIsGuarded walks the description: without a key nothing, without the scope nothing, and the scope that
// it names is the one that it asks for.
func TestEveryOperationIsGuarded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sets := make([][]identity.Permission, 0, len(identity.Permissions()))
	for _, p := range identity.Permissions() {
		sets = append(sets, slices.DeleteFunc(identity.Permissions(), func(x identity.Permission) bool { return x == p }))
	}
	keys := w.workspace("one", sets...)
	all := operations(w.api.OpenAPI())
	if len(all) < 40 {
		t.Fatalf("only %d operations: the walk reads the wrong thing", len(all))
	}
	for _, o := range all {
		path := o.concrete(id.New(now))
		status, h, text := w.call("", o.method, path, "")
		if status != 401 || h.Get("WWW-Authenticate") == "" {
			t.Errorf("%s %s without a key: %d", o.method, o.path, status)
		}
		w.problemOf(o, status, h, text)
		if status, _, _ := w.call(keys[0][:len(keys[0])-1]+"!", o.method, path, ""); status != 401 {
			t.Errorf("%s %s with a made-up key: %d", o.method, o.path, status)
		}
		if len(o.Security) != 1 || len(o.Security[0]["key"]) == 0 {
			t.Errorf("%s %s does not say which scope it needs", o.method, o.path)
			continue
		}
		for _, needs := range o.Security[0]["key"] {
			i := slices.Index(identity.Permissions(), identity.Permission(needs))
			if i < 0 {
				t.Errorf("%s %s needs %q, which is no permission", o.method, o.path, needs)
				continue
			}
			// A body that would be refused must not be looked at before the key.
			status, h, text = w.call(keys[i], o.method, path, "{")
			if status != 403 || !strings.Contains(text, needs) {
				t.Errorf("%s %s with every scope but %s: %d %s", o.method, o.path, needs, status, text)
			}
			w.problemOf(o, status, h, text)
		}
	}
}

// TestOtherWorkspacesThingsDoNotExist makes one of each thing in a workspace and asks for them with another's key.
func TestOtherWorkspacesThingsDoNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	theirs, ours := w.workspace("theirs", identity.Permissions())[0], w.workspace("ours", identity.Permissions())[0]
	idOf := func(path, body string) string {
		return w.ask(theirs, "POST", path, body, 201)["id"].(string)
	}
	feedbackID := idOf("/v1/feedback", `{"channel":"web","text":"Secret words of theirs","contact":{"email":"ann@example.com","name":"Ann"}}`)
	person := idOf("/v1/contacts", `{"email":"bob@example.com","name":"Bob","attributes":{"plan":"pro"}}`)
	members := w.ask(theirs, "GET", "/v1/members", "", 200)["members"].([]any)
	things := map[string]string{
		"/v1/feedback": feedbackID, "/v1/contacts": person, "/v1/members": members[0].(map[string]any)["id"].(string),
		"/v1/accounts":       idOf("/v1/accounts", `{"name":"Big Corp","external_id":"big"}`),
		"/v1/segments":       idOf("/v1/segments", `{"name":"Pro","filter":{"conditions":[{"attribute":"plan","op":"is","values":["pro"]}]}}`),
		"/v1/teams":          idOf("/v1/teams", `{"name":"Front"}`),
		"/v1/keys":           idOf("/v1/keys", `{"name":"till","scopes":["feedback.write"]}`),
		"/v1/invites":        idOf("/v1/invites", `{"email":"new@example.com","role":"viewer"}`),
		"/v1/webhooks":       idOf("/v1/webhooks", `{"url":"https://hooks.example.org/kolo"}`),
		"/v1/insights/views": idOf("/v1/insights/views", `{"name":"NPS","query":{"measure":"nps"}}`),
	}
	things["/v1/deliveries"] = w.ask(theirs, "POST", "/v1/webhooks/"+things["/v1/webhooks"]+"/test", "", 202)["delivery_id"].(string)
	bodies := map[string]string{
		"PATCH /v1/webhooks/{id}": `{"name":"Mine now"}`, "PUT /v1/members/{id}/notifications": `{"mode":"none","hour":8,"mine":false}`,
		"PATCH /v1/contacts/{id}": `{"name":"Mine now"}`, "POST /v1/contacts/{id}/merge": `{"into":"` + person + `"}`,
		"POST /v1/contacts/{id}/identities": `{"kind":"email","value":"x@example.com"}`,
		"PUT /v1/contacts/{id}/consents":    `{"channel":"email","purpose":"survey","granted":true}`,
		"PATCH /v1/accounts/{id}":           `{"name":"Mine now"}`, "PUT /v1/segments/{id}": `{"name":"Mine now","filter":{}}`,
		"PATCH /v1/teams/{id}": `{"name":"Mine now"}`, "PATCH /v1/members/{id}": `{"role":"viewer"}`,
		"PUT /v1/insights/views/{id}": `{"name":"Mine now","query":{"measure":"nps"}}`,
	}
	queries := map[string]string{"DELETE /v1/contacts/{id}/identities": "?kind=email&norm=bob%40example.com"}
	checked := 0
	for _, o := range operations(w.api.OpenAPI()) {
		name := o.method + " " + o.path
		if !strings.Contains(o.path, "{") {
			// A list of ours must not hold what is theirs.
			if o.method == "GET" {
				_, _, text := w.call(ours, o.method, o.path, "")
				for kind, thing := range things {
					if strings.Contains(text, thing) {
						t.Errorf("%s shows another workspace's %s", name, kind)
					}
				}
			}
			continue
		}
		base, _, _ := strings.Cut(o.path, "/{")
		thing, known := things[base]
		if !known {
			thing = id.New(now)
		}
		status, _, text := w.call(ours, o.method, o.concrete(thing)+queries[name], bodies[name])
		if (known || o.method == "GET") && status != 404 && !(name == "POST /v1/contacts/{id}/merge" && status == 422) {
			t.Errorf("%s with another workspace's id: %d %s", name, status, text)
		}
		if status < 400 || status >= 500 {
			t.Errorf("%s with an id that is not ours: %d %s", name, status, text)
		}
		checked++
	}
	if checked < 20 {
		t.Errorf("only %d operations on one thing", checked)
	}
	// And they are all still there for their own.
	for base, thing := range things {
		if base == "/v1/keys" || base == "/v1/invites" {
			continue // these have no page of their own
		}
		if _, _, text := w.call(theirs, "GET", base+"/"+thing, ""); strings.Contains(text, "Mine now") || !strings.Contains(text, thing) {
			t.Errorf("%s: %s", base, text)
		}
	}
}

// TestInternalErrorsKeepTheirText breaks the store and the columns under the API.
func TestInternalErrorsKeepTheirText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.workspace("one", identity.Permissions())[0]
	// The key is remembered for ten seconds (of the test's own clock), so that requests get past the door.
	w.ask(key, "GET", "/v1/workspace", "", 200)
	must(t, w.db.Close())
	must(t, w.columns.Close())
	broken := 0
	for _, o := range operations(w.api.OpenAPI()) {
		if o.path == "/v1/insights/definitions" || o.path == "/v1/insights/sample-size" {
			continue // they tell what holds for everybody, from no database
		}
		body := ""
		if o.method == "POST" || o.method == "PUT" || o.method == "PATCH" {
			body = `{}`
		}
		status, h, text := w.call(key, o.method, o.concrete(id.New(now)), body)
		if status < 400 {
			t.Errorf("%s %s answers %d without a database", o.method, o.path, status)
		}
		w.problemOf(o, status, h, text)
		if status == 500 {
			broken++
		}
		for _, leak := range []string{"sql", "database", "closed", "identity.", "contact.", "duckdb", ".go:", "panic"} {
			if status == 500 && strings.Contains(strings.ToLower(text), leak) {
				t.Errorf("%s %s shows %q: %s", o.method, o.path, leak, text)
			}
		}
	}
	if broken < 20 {
		t.Errorf("only %d operations met the broken database", broken)
	}
}

// TestTheDescriptionFitsWhatIsSent where a field's type in Go does not say it.
func TestTheDescriptionFitsWhatIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	schemas := w.api.OpenAPI().Components.Schemas.Map()
	for name, want := range map[string]string{"Event properties": "object", "ImportsTarget decimal": "string", "FeedbackWho external_id": "string"} {
		schema, field, _ := strings.Cut(name, " ")
		if schemas[schema] == nil || schemas[schema].Properties[field] == nil || schemas[schema].Properties[field].Type != want {
			t.Errorf("%s is not described as %s", name, want)
		}
	}
	decimal := schemas["ImportsTarget"].Properties["decimal"]
	for _, sign := range []string{"", ".", ","} {
		if len(decimal.Enum) > 0 || !regexp.MustCompile(decimal.Pattern).MatchString(sign) {
			t.Errorf("%q is sent as a decimal sign, and described are %q and %v", sign, decimal.Pattern, decimal.Enum)
		}
	}
	if most := schemas["FeedbackWho"].Properties["external_id"].MaxLength; most == nil || *most != 254 {
		t.Errorf("the id of a customer has at most %v characters", most)
	}
}

// TestWhatIsNotKnownIsLeftOut in a workspace in which nothing was looked at and nobody has a score.
func TestWhatIsNotKnownIsLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.workspace("one", identity.Permissions())[0]
	for path, field := range map[string]string{"/v1/alerts/settings": "looked_at", "/v1/health/summary": "mean"} {
		if got := w.ask(key, "GET", path, "", 200); got[field] != nil || len(got) < 2 {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// TestContactsAndSettings walks through what a program does with contacts and the workspace.
func TestContactsAndSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	blind := slices.DeleteFunc(identity.Permissions(), func(p identity.Permission) bool { return p == identity.ContactsIdentify })
	keys := w.workspace("one", identity.Permissions(), blind)
	key, masked := keys[0], keys[1]
	account := w.ask(key, "POST", "/v1/accounts", `{"name":"Big Corp","external_id":"big"}`, 201)["id"].(string)
	a := w.ask(key, "POST", "/v1/contacts", `{"email":"Ann@Example.com","name":"Ann","attributes":{"Plan":"pro"},"account_external_id":"big","lifetime_value":{"amount_minor":12345,"currency":"ils"}}`, 201)
	ann := a["id"].(string)
	if a["account_id"] != account || a["attributes"].(map[string]any)["plan"] != "pro" || a["lifetime_value"].(map[string]any)["currency"] != "ILS" {
		t.Errorf("%v", a)
	}
	if got := w.ask(key, "GET", "/v1/accounts/"+account, "", 200); got["contacts"] != 1.0 || fmt.Sprint(got["lifetime_value"]) != "[map[amount_minor:12345 currency:ILS]]" {
		t.Errorf("%v", got)
	}
	w.ask(key, "POST", "/v1/feedback", `{"channel":"web","text":"Of the company","contact":{"email":"ann@example.com"}}`, 201)
	w.ask(key, "POST", "/v1/feedback", `{"channel":"web","text":"Of somebody else"}`, 201)
	if list := w.ask(key, "GET", "/v1/accounts/"+account+"/feedback", "", 200)["feedback"].([]any); len(list) != 1 || list[0].(map[string]any)["text"] != "Of the company" {
		t.Errorf("%v", list)
	}
	if got := w.ask(key, "GET", "/v1/health/accounts/"+account, "", 200); got["score"] != nil || got["validated"] != false || fmt.Sprint(got["parts"], got["trend"], got["revenue"]) != "[] [] []" {
		t.Errorf("%v", got)
	}
	w.ask(key, "POST", "/v1/contacts", `{"email":"ann@example.com"}`, 409)
	w.ask(key, "POST", "/v1/contacts", `{"email":"nobody"}`, 422)
	w.ask(key, "POST", "/v1/contacts", `{"email":"z@example.com","nme":"typing error"}`, 422)
	bob := w.ask(key, "POST", "/v1/contacts", `{"phone":"054-123 4567","name":"Bob"}`, 201)["id"].(string)
	p := w.ask(key, "PATCH", "/v1/contacts/"+ann, `{"language":"he","account_id":"","attributes":{"plan":"","tier":"gold"}}`, 200)
	if p["language"] != "he" || p["account_id"] != nil || len(p["attributes"].(map[string]any)) != 1 || p["name"] != "Ann" {
		t.Errorf("%v", p)
	}
	w.ask(key, "PUT", "/v1/contacts/"+ann+"/consents", `{"channel":"email","purpose":"survey","granted":true,"proof":"ticked the box"}`, 204)
	w.ask(key, "PUT", "/v1/contacts/"+ann+"/consents", `{"channel":"email","purpose":"survey","granted":false}`, 204)
	if list := w.ask(key, "GET", "/v1/contacts/"+ann+"/consents", "", 200)["consents"].([]any); len(list) != 2 || list[0].(map[string]any)["granted"] != false {
		t.Errorf("%v", list)
	}
	// Who may not identify contacts sees that there is an address, not which, and cannot find out by asking.
	_, _, text := w.call(masked, "GET", "/v1/contacts/"+ann, "")
	if strings.Contains(text, "Ann") || strings.Contains(text, "example.com") || !strings.Contains(text, `"masked":true`) {
		t.Errorf("masked: %s", text)
	}
	w.ask(masked, "GET", "/v1/contacts?q=ann", "", 403)
	found := w.ask(key, "GET", "/v1/contacts?attribute=tier:Gold&language=he&has=email&q=an", "", 200)["contacts"].([]any)
	if len(found) != 1 || found[0].(map[string]any)["id"] != ann {
		t.Errorf("%v", found)
	}
	first := w.ask(key, "GET", "/v1/contacts?limit=1", "", 200)
	second := w.ask(key, "GET", "/v1/contacts?limit=1&cursor="+first["next"].(string), "", 200)
	if second["next"] != nil || second["contacts"].([]any)[0].(map[string]any)["id"] != ann {
		t.Errorf("%v then %v", first, second)
	}
	w.ask(key, "POST", "/v1/contacts/"+bob+"/identities", `{"kind":"email","value":"ann@example.com"}`, 409)
	merged := w.ask(key, "POST", "/v1/contacts/"+bob+"/merge", `{"into":"`+ann+`"}`, 200)
	if len(merged["identities"].([]any)) != 2 {
		t.Errorf("%v", merged)
	}
	w.ask(key, "DELETE", "/v1/contacts/"+ann+"/identities?kind=phone&norm=%2B972541234567", "", 204)
	w.ask(key, "DELETE", "/v1/contacts/"+ann, "", 204)
	if gone := w.ask(key, "GET", "/v1/contacts/"+ann, "", 200); gone["erased_at"] == nil || gone["name"] != nil {
		t.Errorf("%v", gone)
	}

	ws := w.ask(key, "PATCH", "/v1/workspace", `{"zone":"Asia/Jerusalem","week_start":"sunday"}`, 200)
	if ws["zone"] != "Asia/Jerusalem" || ws["name"] != "one" {
		t.Errorf("%v", ws)
	}
	w.ask(key, "PATCH", "/v1/workspace", `{"zone":"Mars/Olympus"}`, 422)
	w.ask(key, "PATCH", "/v1/workspace", `{"name":"two","version":1}`, 409)
	invite := w.ask(key, "POST", "/v1/invites", `{"email":"new@example.com","role":"viewer"}`, 201)
	if !strings.HasPrefix(invite["url"].(string), "https://voc.example.org/invitations/") {
		t.Errorf("%v", invite)
	}
	if _, _, text := w.call(key, "GET", "/v1/invites", ""); strings.Contains(text, "url") || !strings.Contains(text, "new@example.com") {
		t.Errorf("%s", text)
	}
	w.ask(key, "POST", "/v1/invites", `{"email":"boss@example.com","role":"owner"}`, 403) // a key stands below owners
	made := w.ask(key, "POST", "/v1/keys", `{"name":"till","scopes":["feedback.read"],"expires_at":"2027-01-01T00:00:00Z"}`, 201)
	w.ask(made["secret"].(string), "GET", "/v1/workspace", "", 200)
	if _, _, text := w.call(key, "GET", "/v1/keys", ""); strings.Contains(text, "secret") {
		t.Errorf("%s", text)
	}
	if _, _, text := w.call(key, "POST", "/v1/keys", `{"name":"late","scopes":["feedback.read"],"expires_at":"2020-01-01T00:00:00Z"}`); !strings.Contains(text, `"path":"expires_at"`) {
		t.Errorf("%s", text)
	}
	w.ask(key, "DELETE", "/v1/keys/"+made["id"].(string), "", 204)
	w.ask(made["secret"].(string), "GET", "/v1/workspace", "", 401)
	w.ask(key, "PUT", "/v1/attributes", `{"key":"tier","kind":"text","title":"Tier","personal":true}`, 204)
	w.ask(key, "POST", "/v1/feedback", `{"channel":"web","text":"Good","attributes":{"branch":"north"}}`, 201)
	w.ask(key, "PUT", "/v1/fields", `{"field":"attribute","key":"branch","title":"Branch","hidden":true}`, 204)
	w.ask(key, "PUT", "/v1/fields", `{"field":"attribute","key":"nowhere"}`, 404)
	if _, _, text := w.call(key, "GET", "/v1/fields", ""); !strings.Contains(text, `"Branch"`) {
		t.Errorf("%s", text)
	}
	log := w.ask(key, "GET", "/v1/audit?action=contact.&from=2026-11-23&to=2026-11-23", "", 200)["entries"].([]any)
	actions := map[string]bool{}
	for _, e := range log {
		actions[e.(map[string]any)["action"].(string)] = true
	}
	for _, want := range []string{"contact.create", "contact.update", "contact.consent", "contact.merge", "contact.erase", "contact.identity.remove"} {
		if !actions[want] {
			t.Errorf("the log has no %s: %v", want, actions)
		}
	}
	if b, _ := json.Marshal(log); bytes.Contains(b, []byte("example.com")) || bytes.Contains(b, []byte("gold")) {
		t.Errorf("the log holds personal data: %s", b)
	}
	w.ask(key, "GET", "/v1/audit?from=yesterday", "", 422)
}

// TestATemporaryPasswordOpensNothing: whoever was given one changes it before anything else, by the API as on the pages.
func TestATemporaryPasswordOpensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made, err := w.identity.Bootstrap(t.Context(), "New", "new@example.com")
	must(t, err)
	token, err := w.identity.SignIn(t.Context(), "new@example.com", made.Password, "192.0.2.1", "")
	must(t, err)
	get := func(token, path string) (int, string) {
		r := httptest.NewRequest("GET", path, nil)
		r.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: token})
		rec := httptest.NewRecorder()
		w.api.ServeHTTP(rec, r)
		return rec.Code, rec.Body.String()
	}
	for _, path := range []string{"/v1/workspace", "/v1/feedback", "/v1/contacts", "/v1/exports/contacts?format=csv", "/v1/keys"} {
		if status, text := get(token, path); status != 403 || !strings.Contains(text, `"must_change"`) {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	actor, err := w.identity.Session(t.Context(), token)
	must(t, err)
	must(t, w.identity.ChangePassword(t.Context(), actor, made.Password, "correct horse battery staple"))
	if token, err = w.identity.SignIn(t.Context(), "new@example.com", "correct horse battery staple", "192.0.2.1", ""); err != nil {
		t.Fatal(err)
	}
	if status, text := get(token, "/v1/workspace"); status != 200 {
		t.Errorf("after the change: %d %s", status, text)
	}
}

// TestUnknownParametersAreRefused: a filter that nobody knows would give the whole list for an answer.
func TestUnknownParametersAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.workspace("one", identity.Permissions())[0]
	n := 0
	for _, o := range operations(w.api.OpenAPI()) {
		if o.method != "GET" || strings.Contains(o.path, "{") {
			continue
		}
		n++
		if status, _, text := w.call(key, "GET", o.path+"?foo=1", ""); status != 422 || !strings.Contains(text, "foo") {
			t.Errorf("%s: %d %s", o.path, status, text)
		}
	}
	if n < 20 {
		t.Errorf("only %d lists were asked", n)
	}
	for _, path := range []string{"/v1/contacts?attribute.plan=gold", "/v1/contacts?limit=5&account_id=x", "/v1/audit?actor=x"} {
		w.ask(key, "GET", path, "", 422)
	}
	for _, path := range []string{"/v1/contacts?attribute=plan:gold&limit=5", "/v1/health?account=x&limit=5", "/v1/health?account_id=x", "/v1/events?last=90d", "/v1/feedback?contact.plan=gold"} {
		w.ask(key, "GET", path, "", 200)
	}
	for _, name := range []string{"account", "account_id"} {
		if status, _, text := w.call(key, "GET", "/v1/exports/health?format=csv&"+name+"=x", ""); status != 200 {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
}

// TestWhatIsMissingIsNamed by its path, as what is wrong is.
func TestWhatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.workspace("one", identity.Permissions())[0]
	for _, c := range []struct{ method, path, body, want string }{
		{"POST", "/v1/keys", `{}`, `{"path":"name","code":"required"`}, {"POST", "/v1/keys", `{}`, `{"path":"scopes","code":"required"`},
		{"PUT", "/v1/attributes", `{"title":"x"}`, `{"path":"key","code":"required"`},
	} {
		if status, _, text := w.call(key, c.method, c.path, c.body); status != 422 || !strings.Contains(text, c.want) {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, status, text)
		}
	}
}
