package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
	"kolo/internal/understand/alert"
)

// TestAnswersTellNobodysName: whoever may not know who contacts are finds no addresses in what answers are grouped by, in what they share
// out, in the way to the feedback behind them or in attributes; whoever may sees all of it.
func TestAnswersTellNobodysName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	blind := slices.DeleteFunc(identity.Permissions(), func(p identity.Permission) bool { return p == identity.ContactsIdentify })
	keys := w.workspace("one", identity.Permissions(), blind)
	all, masked := keys[0], keys[1]
	w.ask(all, "PUT", "/v1/attributes", `{"key":"nick","kind":"text","title":"Nick","personal":true}`, 204)
	for i := range 12 {
		w.ask(all, "POST", "/v1/feedback", fmt.Sprintf(`{"channel":"web","text":"Hello, my name is Dana Levi, write to dana@shop.example","time":"2026-11-%02dT10:00:00Z",
			"answers":{"why":"call 054-123-4567"},"attributes":{"note":"card 4111 1111 1111 1111","nick":"Danny","plan":"pro"},
			"contact":{"email":"dana@shop.example","attributes":{"nick":"Danny","wrote":"dana@shop.example","plan":"gold"}},
			"scores":[{"metric":"nps","value":%d,"scale":{"min":0,"max":10}}]}`, 8+i, i%10), http.StatusCreated)
	}
	w.ask(all, "POST", "/v1/feedback", `{"channel":"sms","text":"Slow","time":"2026-11-20T10:00:00Z","attributes":{"note":"none","plan":"free"},"scores":[{"metric":"nps","value":3,"scale":{"min":0,"max":10}}]}`, http.StatusCreated)
	must(t, w.feeder.Feed(t.Context()))
	secrets := []string{"dana", "levi", "shop.example", "054", "4111", "Danny"}
	tells := func(text string) (told []string) {
		for _, s := range secrets {
			if strings.Contains(strings.ToLower(text), strings.ToLower(s)) {
				told = append(told, s)
			}
		}
		return told
	}
	check := func(method, path, body string) {
		t.Helper()
		for _, key := range []string{all, masked} {
			status, _, text := w.call(key, method, path, body)
			if told := tells(text); status != 200 || (len(told) == 0) == (key == all) {
				t.Errorf("%s %s of who may know %v: %d tells of %v: %s", path, body, key == all, status, told, text)
			}
		}
	}
	for _, field := range []string{"text", "answer.why", "attribute.note", "attribute.nick", "contact.nick", "contact.wrote"} {
		check("POST", "/v1/insights/query", fmt.Sprintf(`{"measure":"nps","by":[%q]}`, field))
		check("POST", "/v1/insights/query", fmt.Sprintf(`{"measure":"count","by":["channel",%q],"bucket":"day"}`, field))
		check("POST", "/v1/insights/query", fmt.Sprintf(`{"measure":"distribution","of":%q}`, field))
		for _, q := range []string{"measure=nps&by=" + field, "measure=distribution&of=" + field} {
			for _, format := range []string{"csv", "ndjson"} {
				check("GET", "/v1/exports/answer?format="+format+"&"+q, "")
			}
		}
	}
	check("GET", "/v1/feedback", "")
	check("GET", "/v1/exports/feedback?format=csv", "")
	check("GET", "/v1/exports/feedback?format=ndjson", "")

	rows := w.ask(masked, "POST", "/v1/insights/query", `{"measure":"count","by":["text"]}`, 200)["rows"].([]any)
	first, second := rows[0].(map[string]any), rows[1].(map[string]any)
	if got := first["keys"].(map[string]any)["text"]; got != "hello, my name is [name], write to [email]" || first["feedback"] != nil || first["n"] != 12.0 {
		t.Errorf("masked %v", first)
	}
	if second["keys"].(map[string]any)["text"] != "slow" || second["feedback"] != "text=slow" {
		t.Errorf("nothing personal, and yet %v", second)
	}
	list := w.ask(masked, "GET", "/v1/feedback?channel=web&limit=1", "", 200)["feedback"].([]any)
	if got := fmt.Sprint(list[0].(map[string]any)["attributes"]); got != "map[note:card [card] plan:pro]" {
		t.Errorf("attributes are %s", got)
	}
}

// TestSegmentsAndDriversTellNobodysName is the same for what looks through attributes by itself.
func TestSegmentsAndDriversTellNobodysName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	blind := slices.DeleteFunc(identity.Permissions(), func(p identity.Permission) bool { return p == identity.ContactsIdentify })
	keys := w.workspace("one", identity.Permissions(), blind)
	all, masked := keys[0], keys[1]
	var lines strings.Builder
	for i := range 240 {
		value, agent := 9+i%2, "ann@shop.example"
		if i%3 == 0 {
			value, agent = i%5, "bob@shop.example"
		} else if i%3 == 1 {
			agent = "cleo@shop.example"
		}
		fmt.Fprintf(&lines, `{"channel":"web","time":"2026-11-%02dT10:00:00Z","attributes":{"agent":%q},"scores":[{"metric":"nps","value":%d,"scale":{"min":0,"max":10}}]}`+"\n", 1+i%20, agent, value)
	}
	w.send(all, "application/x-ndjson", lines.String())
	must(t, w.feeder.Feed(t.Context()))
	for _, path := range []string{"/v1/insights/scan", "/v1/insights/drivers"} {
		for _, key := range []string{all, masked, all} {
			status, _, text := w.call(key, "POST", path, `{"score":"nps"}`)
			if status != 200 || !strings.Contains(text, "attribute.agent") || strings.Contains(text, "shop.example") != (key == all) {
				t.Errorf("%s of who may know %v: %d %s", path, key == all, status, text)
			}
		}
	}
	for _, list := range []string{"scan", "drivers"} {
		for _, key := range []string{all, masked} {
			status, _, text := w.call(key, "GET", "/v1/exports/"+list+"?format=csv&score=nps", "")
			if status != 200 || strings.Contains(text, "shop.example") && key == masked {
				t.Errorf("%s of who may know %v: %d %s", list, key == all, status, text)
			}
		}
	}
}

// TestConditionsTellNobodysName: every route that takes conditions refuses those by which somebody could be found out.
func TestConditionsTellNobodysName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all, few := identity.Permissions(), slices.DeleteFunc(identity.Permissions(), func(p identity.Permission) bool { return p == identity.ContactsIdentify })
	keys := w.workspace("one", all, few)
	w.ask(keys[0], "PUT", "/v1/attributes", `{"key":"national_id","kind":"text","title":"National id","personal":true}`, 204)
	w.ask(keys[0], "POST", "/v1/feedback", `{"channel":"web","text":"Good","source":"ana@example.com","external_id":"ana@example.com","contact":{"email":"ana@example.com","attributes":{"national_id":"77","plan":"gold","note":"ana@example.com"}}}`, 201)
	must(t, w.feeder.Feed(t.Context()))
	for _, x := range []struct{ method, path, body string }{
		{"GET", "/v1/feedback?contact.national_id=77", ""}, {"GET", "/v1/feedback?copies=once&contact.national_id=77", ""}, {"GET", "/v1/feedback?q=052-1&sort=best", ""},
		{"GET", "/v1/exports/feedback?format=csv&attribute.note=ana@example.com", ""}, {"GET", "/v1/exports/answer?measure=count&contact.national_id=77", ""},
		{"GET", "/v1/exports/themes?contact.national_id=77", ""}, {"GET", "/v1/exports/drivers?contact.national_id=77", ""}, {"GET", "/v1/exports/contacts?attribute.note=ana@example.com", ""},
		{"POST", "/v1/insights/query", `{"measure":"count","where":{"contact.national_id":"77"}}`}, {"POST", "/v1/insights/query", `{"measure":"mean","of":"contact.national_id"}`},
		{"POST", "/v1/insights/themes", `{"where":{"contact.national_id":"77"}}`}, {"POST", "/v1/insights/drivers", `{"where":{"contact.national_id":"77"}}`},
		{"POST", "/v1/insights/scan", `{"where":{"contact.national_id":"77"}}`},
		{"GET", "/v1/alerts/course?subject=" + url.QueryEscape("count?field=contact.national_id&value=77"), ""},
	} {
		if status, _, text := w.call(keys[1], x.method, x.path, x.body); status != 403 || !strings.Contains(text, "contacts.identify") {
			t.Errorf("%s %s %s: %d %s", x.method, x.path, x.body, status, text)
		}
		if status, _, text := w.call(keys[0], x.method, x.path, x.body); status == 403 {
			t.Errorf("%s %s is refused to whom it may: %s", x.method, x.path, text)
		}
	}
	for _, path := range []string{"/v1/feedback?contact.plan=gold&q=good", "/v1/exports/feedback?format=csv&contact.plan=gold"} {
		if status, _, text := w.call(keys[1], "GET", path, ""); status != 200 || strings.Contains(text, "ana@") || !strings.Contains(text, "[email]") {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
}

// TestAlertsTellNobodysName: what alerts and series are about is covered, and with it the way to the feedback behind them.
func TestAlertsTellNobodysName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	few := slices.DeleteFunc(identity.Permissions(), func(p identity.Permission) bool { return p == identity.ContactsIdentify })
	keys := w.workspace("one", identity.Permissions(), few)
	subject := alert.Subject{Measure: alert.Count, Field: "source", Value: "ana@example.com"}
	must(t, w.db.Update(t.Context(), func(tx *store.Tx) error {
		ws, err := store.One(tx, store.Value[string], "/* test */ SELECT id FROM workspace")
		if err != nil {
			return err
		}
		columns := []string{"workspace", "id", "subject", "kind", "episode", "state", "owner", "rule", "bucket", "since", "last_day", "signals", "observed", "expected", "low", "high",
			"exposure", "p", "q", "excess", "told_excess", "snoozed_until", "snooze_reason", "verdict", "reason", "quiet_until", "opened_at", "changed_at", "acknowledged_at", "closed_at"}
		day := int64(clock.DayOf(now, time.UTC)) - 1
		if _, err := tx.InsertMany("test", "alert", columns, [][]any{{ws, id.New(tx.Now), subject.Key(), "alarm", day, "open", "", "spike", "day", day - 1, day, 2,
			41.0, 12.25, 5.6, 19.2, 900.0, 0.00001, 0.001, 57.0, 0.0, 0, "", "", "", 0, tx.Millis(), tx.Millis(), 0, 0}}, ""); err != nil {
			return err
		}
		_, err = tx.InsertMany("test", "alert_series", []string{"workspace", "subject", "bucket", "state", "day", "observed", "expected", "low", "high", "p", "q", "rate"},
			[][]any{{ws, subject.Key(), "day", "watched", day, 41.0, 12.25, 5.6, 19.2, 0.00001, 0.001, 0.01}}, "")
		return err
	}))
	w.ask(keys[0], "POST", "/v1/feedback", `{"channel":"web","text":"Good","source":"ana@example.com","time":"2026-11-22T10:00:00Z"}`, 201)
	must(t, w.feeder.Feed(t.Context()))
	one := w.ask(keys[0], "GET", "/v1/alerts", "", 200)["alerts"].([]any)[0].(map[string]any)
	path := "/v1/alerts/" + one["id"].(string)
	for _, x := range []struct{ method, path, body string }{{"GET", "/v1/alerts", ""}, {"GET", path, ""}, {"PATCH", path, `{"state":"open"}`}, {"GET", path + "/evidence", ""}, {"GET", "/v1/alerts/series", ""},
		{"GET", "/v1/exports/alerts?format=csv", ""}, {"GET", "/v1/exports/alert_series?format=csv", ""}} {
		for _, key := range keys {
			status, _, text := w.call(key, x.method, x.path, x.body)
			tells := strings.Contains(text, "ana@example.com") || strings.Contains(text, "ana%40")
			if status != 200 || tells != (key == keys[0]) || key != keys[0] && !strings.Contains(text, "[email]") && !strings.Contains(text, "%5Bemail%5D") {
				t.Errorf("%s %s of who may know %v: %d %s", x.method, x.path, key == keys[0], status, text)
			}
		}
	}
	// Nor is it found by its key.
	asked := "/v1/alerts?subject=" + url.QueryEscape(subject.Key())
	if status, _, text := w.call(keys[1], "GET", asked, ""); status != 403 || !strings.Contains(text, "contacts.identify") {
		t.Errorf("%d %s", status, text)
	}
	if list := w.ask(keys[0], "GET", asked, "", 200)["alerts"].([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
}

// TestRulesTellNobodysNumber: rules of themes that look for customers are neither made, changed nor shown.
func TestRulesTellNobodysNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	few := slices.DeleteFunc(identity.Permissions(), func(p identity.Permission) bool { return p == identity.ContactsIdentify })
	keys := w.workspace("one", identity.Permissions(), few)
	made := w.ask(keys[0], "POST", "/v1/themes", `{"names":{"en":"Ana"},"rule":"0521*, ana@example.com"}`, 201)
	path := "/v1/themes/" + made["id"].(string)
	for _, x := range []struct{ method, path, body string }{{"POST", "/v1/themes", `{"names":{"en":"Other"},"rule":"0521*"}`}, {"PATCH", path, `{"rule":"0522*"}`}, {"PATCH", path, `{"rule":"[personal]"}`}} {
		if status, _, text := w.call(keys[1], x.method, x.path, x.body); status != 403 || !strings.Contains(text, "contacts.identify") || !strings.Contains(text, `"rule"`) {
			t.Errorf("%s %s %s: %d %s", x.method, x.path, x.body, status, text)
		}
	}
	if got := w.ask(keys[1], "PATCH", path, `{"pinned":true}`, 200)["rule"]; got != "[personal]" { // what it leaves alone stays
		t.Errorf("%v", got)
	}
	for _, at := range []string{"/v1/themes", path} {
		if _, _, text := w.call(keys[1], "GET", at, ""); strings.Contains(text, "0521") || strings.Contains(text, "ana@") || !strings.Contains(text, "[personal]") {
			t.Errorf("%s: %s", at, text)
		}
	}
	if got := w.ask(keys[0], "GET", path, "", 200)["rule"]; got != "0521*, ana@example.com" {
		t.Errorf("%v", got)
	}
	w.ask(keys[1], "PATCH", path, `{"rule":"late delivery"}`, 200)
}

// TestNamesOfAttributesTell: attributes of feedback and of contacts that are called like who somebody is are covered from their first day,
// until somebody who may says otherwise.
func TestNamesOfAttributesTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all, few := identity.Permissions(), slices.DeleteFunc(identity.Permissions(), func(p identity.Permission) bool { return p == identity.ContactsIdentify })
	keys := w.workspace("one", all, few)
	for i := range 3 {
		w.ask(keys[0], "POST", "/v1/feedback", fmt.Sprintf(`{"channel":"web","text":"Good","attributes":{"Full Name":"zelda","passport":"4411","birthday":"2001-02-0%d","plan":"gold"},
			"contact":{"external_id":"c%d","attributes":{"nationalId":"77123","address":"zorro lane","city":"Haifa"}}}`, i+1, i), 201)
	}
	must(t, w.feeder.Feed(t.Context()))
	secrets := []string{"zelda", "4411", "2001-02", "77123", "zorro"}
	ask := func(path, body string) (int, string) {
		method := "POST"
		if body == "" {
			method = "GET"
		}
		status, _, text := w.call(keys[1], method, path, body)
		return status, text
	}
	for _, x := range [][2]string{{"/v1/feedback", ""}, {"/v1/contacts", ""}, {"/v1/exports/feedback?format=csv", ""}, {"/v1/exports/contacts?format=csv", ""},
		{"/v1/insights/query", `{"measure":"count","by":["attribute.Full Name"]}`}, {"/v1/insights/query", `{"measure":"count","by":["attribute.passport"]}`},
		{"/v1/insights/query", `{"measure":"count","by":["attribute.birthday"]}`}, {"/v1/insights/query", `{"measure":"count","by":["contact.address"]}`},
		{"/v1/insights/query", `{"measure":"count","by":["contact.nationalId"]}`}, {"/v1/insights/query", `{"measure":"distribution","of":"attribute.passport"}`}} {
		status, text := ask(x[0], x[1])
		if status != 200 {
			t.Errorf("%s %s: %d %s", x[0], x[1], status, text)
		}
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s %s tells %s: %s", x[0], x[1], s, text)
			}
		}
	}
	for _, x := range []string{`{"measure":"mean","of":"attribute.passport"}`, `{"measure":"count","where":{"attribute.Full Name":"zelda"}}`} {
		if status, text := ask("/v1/insights/query", x); status != 403 {
			t.Errorf("%s: %d %s", x, status, text)
		}
	}
	if _, text := ask("/v1/insights/query", `{"measure":"count","by":["attribute.plan","contact.city"]}`); !strings.Contains(text, "gold") || !strings.Contains(text, "Haifa") {
		t.Errorf("what only describes customers is covered: %s", text)
	}
	if _, text := ask("/v1/fields", ""); strings.Count(text, `"personal":true`) != 5 {
		t.Errorf("five fields are personal: %s", text)
	}
	// A change that does not speak of it leaves it as it is; one that does is what counts.
	w.ask(keys[0], "PUT", "/v1/attributes", `{"key":"passport","kind":"text","title":"Passport"}`, 204)
	if _, text := ask("/v1/feedback", ""); strings.Contains(text, "4411") {
		t.Errorf("a title made the passport public: %s", text)
	}
	w.ask(keys[0], "PUT", "/v1/attributes", `{"key":"passport","kind":"text","personal":false}`, 204)
	if _, text := ask("/v1/feedback", ""); !strings.Contains(text, "4411") {
		t.Errorf("what somebody decided is not so: %s", text)
	}
}
