package api_test

import (
	"slices"
	"strings"
	"testing"

	"kolo/internal/people/identity"
)

// TestWebhooksAndDeliveries walks through what a program does with them.
func TestWebhooksAndDeliveries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	blind := slices.DeleteFunc(identity.Permissions(), func(p identity.Permission) bool { return p == identity.MembersManage })
	keys := w.workspace("one", identity.Permissions(), blind)
	key := keys[0]
	for _, bad := range []string{`{"url":"http://hooks.example.org"}`, `{"url":"https://127.0.0.1/"}`, `{"url":"https://localhost/"}`, `{"url":"https://u:p@example.org"}`, `{"url":"https://example.org","events":["nothing"]}`} {
		w.ask(key, "POST", "/v1/webhooks", bad, 422)
	}
	made := w.ask(key, "POST", "/v1/webhooks", `{"url":"https://hooks.example.org/kolo","name":"Shop"}`, 201)
	secret, path := made["secret"].(string), "/v1/webhooks/"+made["id"].(string)
	if !strings.HasPrefix(secret, "whsec_") || made["enabled"] != true || made["events"].([]any)[0] != "*" {
		t.Errorf("%v", made)
	}
	for _, p := range []string{path, "/v1/webhooks"} {
		if _, _, text := w.call(key, "GET", p, ""); strings.Contains(text, "whsec_") || !strings.Contains(text, "hooks.example.org") {
			t.Errorf("%s: %s", p, text)
		}
	}
	if got := w.ask(key, "PATCH", path, `{"events":["alert.opened"],"enabled":false}`, 200); got["enabled"] != nil && got["enabled"] != false || got["reason"] != "member" || got["name"] != "Shop" {
		t.Errorf("%v", got)
	}
	w.ask(key, "POST", path+"/test", "", 409)
	w.ask(key, "PATCH", path, `{"enabled":true}`, 200)
	if got := w.ask(key, "POST", path+"/rotate", "", 200); !strings.HasPrefix(got["secret"].(string), "whsec_") || got["secret"] == secret {
		t.Errorf("%v", got)
	}
	sent := w.ask(key, "POST", path+"/test", "", 202)["delivery_id"].(string)
	if d := w.ask(key, "GET", "/v1/deliveries/"+sent, "", 200); d["state"] != "queued" || d["topic"] != "webhook.test" || d["webhook_id"] != made["id"] || d["next_at"] == nil {
		t.Errorf("%v", d)
	}
	for query, want := range map[string]int{"": 1, "?kind=webhook&state=queued&topic=webhook.test&webhook=" + made["id"].(string): 1, "?kind=email": 0, "?state=sent": 0} {
		if list := w.ask(key, "GET", "/v1/deliveries"+query, "", 200)["deliveries"].([]any); len(list) != want {
			t.Errorf("%s: %v", query, list)
		}
	}
	w.ask(key, "GET", "/v1/deliveries?state=lost", "", 422)
	w.ask(key, "POST", "/v1/deliveries/"+sent+"/redeliver", "", 202)
	w.ask(key, "DELETE", path, "", 204)
	w.ask(key, "POST", "/v1/deliveries/"+sent+"/redeliver", "", 409)
	if d := w.ask(key, "GET", "/v1/deliveries/"+sent, "", 200); d["state"] != "failed" || d["reason"] != "deleted" {
		t.Errorf("%v", d)
	}

	if m := w.ask(key, "GET", "/v1/mail", "", 200); m["on"] != false {
		t.Errorf("%v", m)
	}
	w.ask(key, "POST", "/v1/mail/test", "", 409)

	dana := w.ask(key, "GET", "/v1/members", "", 200)["members"].([]any)[0].(map[string]any)["id"].(string)
	notify := "/v1/members/" + dana + "/notifications"
	if n := w.ask(key, "GET", notify, "", 200); n["mode"] != "immediately" || n["hour"] != 8.0 {
		t.Errorf("%v", n)
	}
	w.ask(key, "PUT", notify, `{"mode":"daily","hour":24,"mine":true}`, 422)
	w.ask(key, "PUT", notify, `{"mode":"daily","hour":17,"mine":true}`, 200)
	if n := w.ask(key, "GET", notify, "", 200); n["mode"] != "daily" || n["hour"] != 17.0 || n["mine"] != true || n["chosen"] != true {
		t.Errorf("%v", n)
	}
	w.ask(keys[1], "GET", notify, "", 403) // a key is no member, and may not speak for one
}
