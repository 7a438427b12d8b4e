package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"kolo/internal/people/identity"
)

// TestEventsInTheCommonFormat sends messages as the libraries of the format do, and lists what came of them.
func TestEventsInTheCommonFormat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keys := w.workspace("one", identity.Permissions(), slices.DeleteFunc(identity.Permissions(), func(p identity.Permission) bool { return p == identity.ContactsIdentify }))
	key, masked, other := keys[0], keys[1], w.workspace("two", identity.Permissions())[0]
	one := w.ask(key, "POST", "/v1/track", `{"messageId":"m1","userId":"u1","event":"purchase","timestamp":"2026-11-20T10:00:00Z","properties":{"value":12.5,"currency":"eur","items":[{"sku":"a"}]},"context":{"library":{"name":"x"}}}`, 200)
	if again := w.ask(key, "POST", "/v1/track", `{"messageId":"m1","userId":"u1","event":"purchase","timestamp":"2026-11-20T10:00:00Z"}`, 200); again["status"] != "duplicate" || again["id"] != one["id"] {
		t.Errorf("%v, then %v", one, again)
	}
	w.ask(key, "POST", "/v1/identify", `{"userId":"u1","traits":{"email":"ann@example.com","name":"Ann","plan":"pro"}}`, 200)
	w.ask(key, "POST", "/v1/group", `{"userId":"u1","groupId":"acme","traits":{"name":"Acme"}}`, 200)
	w.ask(key, "POST", "/v1/page", `{"anonymousId":"d","name":"Prices"}`, 200)
	w.ask(key, "POST", "/v1/screen", `{"anonymousId":"d","name":"Home"}`, 200)
	w.ask(other, "POST", "/v1/track", `{"messageId":"m1","userId":"u1","event":"theirs"}`, 200)

	// A library signs with a key as the user's name, and sends to /v1/batch.
	r := httptest.NewRequest("POST", "/v1/batch", strings.NewReader(`{"sentAt":"2026-11-23T12:00:00Z","batch":[{"type":"track","userId":"u1","event":"login","timestamp":"2026-11-21T10:00:00Z"},{"type":"alias","userId":"u1"}]}`))
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(key+":")))
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	var received struct {
		Created, Rejected int
		Results           []struct {
			Status string
			Errors []struct{ Path string }
		}
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &received); err != nil || rec.Code != 207 || received.Created != 1 || received.Rejected != 1 || received.Results[1].Errors[0].Path != "type" {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	for path, want := range map[string]string{"/v1/track": `{"event":"x","timestamp":7}`, "/v1/batch": `{"batch":[{"type":"track"}]}`, "/v1/identify": `[`, "/v1/group": `{"userId":"u1"}`} {
		if status, _, text := w.call(key, "POST", path, want); status != 422 || !strings.Contains(text, `"errors"`) {
			t.Errorf("%s %s: %d %s", path, want, status, text)
		}
	}

	if status, _, text := w.call(key, "POST", "/v1/track", `{"userId":"u1","event":"x","context":"`+strings.Repeat("x", 1<<16)+`"}`); status != 413 {
		t.Errorf("a message that is too long: %d %s", status, text)
	}

	lines := `{"type":"track","messageId":"n1","userId":"u2","event":"visit"}` + "\n\nnonsense\n" + `{"type":"track","event":"visit"}` + "\n" +
		`{"type":"track","userId":"u2","event":"` + strings.Repeat("x", 70_000) + `"}` + "\n" + `{"type":"track","messageId":"n1","userId":"u2","event":"visit"}`
	r = httptest.NewRequest("POST", "/v1/batch", strings.NewReader(lines))
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/x-ndjson")
	rec = httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	var streamed struct {
		Created, Duplicates, Rejected int
		Results                       []struct {
			Index  int
			Errors []struct{ Path, Code string }
		}
	}
	must(t, json.Unmarshal(rec.Body.Bytes(), &streamed))
	if rec.Code != 207 || streamed.Created != 1 || streamed.Duplicates != 1 || streamed.Rejected != 3 || fmt.Sprint(streamed.Results) != "[{2 [{ json}]} {3 [{userId required}]} {4 [{ too_long}]}]" {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}

	person := w.ask(key, "GET", "/v1/contacts?q=ann@example.com", "", 200)["contacts"].([]any)[0].(map[string]any)
	if person["attributes"].(map[string]any)["plan"] != "pro" || person["account_id"] == "" {
		t.Errorf("%v", person)
	}
	var names []string
	for cursor, n := "", 0; n < 9; n++ {
		page := w.ask(key, "GET", "/v1/events?limit=2&contact="+person["id"].(string)+"&cursor="+cursor, "", 200)
		for _, e := range page["events"].([]any) {
			names = append(names, e.(map[string]any)["event"].(string))
		}
		if cursor, _ = page["next"].(string); cursor == "" {
			break
		}
	}
	if got := fmt.Sprint(names); got != "[login purchase]" {
		t.Errorf("events of the contact: %s", got)
	}
	list := w.ask(key, "GET", "/v1/events?event=purchase&from=2026-11-20&to=2026-11-20", "", 200)["events"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["value"] != 12.5 || list[0].(map[string]any)["currency"] != "EUR" || list[0].(map[string]any)["properties"].(map[string]any)["items"] == nil {
		t.Errorf("%v", list)
	}
	for _, bad := range []string{"from=yesterday", "cursor=x", "limit=0"} {
		if status, _, _ := w.call(key, "GET", "/v1/events?"+bad, ""); status != 422 {
			t.Errorf("%s: %d", bad, status)
		}
	}
	w.ask(masked, "POST", "/v1/track", `{"userId":"u1","anonymousId":"device-7","event":"order","properties":{"email":"ann@example.com","note":"call ann@example.com","sku":"a"}}`, 200)
	for _, path := range []string{"/v1/events?event=order", "/v1/exports/events?format=ndjson&event=order"} {
		if status, _, text := w.call(masked, "GET", path, ""); status != 200 || strings.Contains(text, "example.com") || strings.Contains(text, "device-7") || !strings.Contains(text, "call [email]") {
			t.Errorf("%s for who may not identify: %d %s", path, status, text)
		}
		if status, _, text := w.call(masked, "GET", strings.Replace(path, "order", "purchase", 1), ""); status != 200 || !strings.Contains(text, "sku") {
			t.Errorf("%s for who may not identify: %d %s", path, status, text)
		}
	}
	if status, _, text := w.call(key, "GET", "/v1/exports/events?format=csv&event=purchase", ""); status != 200 || !strings.Contains(text, `[{""sku"":""a""}]`) || strings.Contains(text, "login") {
		t.Errorf("%d %s", status, text)
	}
	must(t, w.events.Feed(t.Context()))
	if names := w.ask(key, "GET", "/v1/events/names", "", 200)["names"].([]any); len(names) != 6 {
		t.Errorf("%v", names)
	}
}
