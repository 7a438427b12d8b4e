package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"kolo/internal/edge/api"
	"kolo/internal/people/identity"
)

// send posts feedback as some type of content.
func (w *world) send(key, kind, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/v1/feedback", strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Authorization", "Bearer "+key)
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	return rec
}

type answered struct {
	Status, ID, Detail string
	Index              int
	Errors             []struct{ Path, Code, Detail string }
}

func TestOneObjectIsReceived(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.workspace("one", identity.Permissions())[0]
	const full = `{"kind":"response","channel":"web","source":"shop","external_id":"1","time":"2026-11-20T10:00:00+02:00","contact":{"email":"ann@example.com","attributes":{"plan":"gold"}},
		"touchpoint":"delivery","text":"שלום","language":"he","answers":{"why":"late"},"scores":[{"metric":"nps","value":9,"scale":{"min":0,"max":10}},{"metric":"csat","value":4,"min":1,"max":5}],"attributes":{"branch":7,"vip":true,"gone":null}}`
	rec := w.send(key, "application/json", full)
	var r answered
	must(t, json.Unmarshal(rec.Body.Bytes(), &r))
	if rec.Code != 201 || r.Status != "created" || rec.Header().Get("Location") != "/v1/feedback/"+r.ID {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	if rec := w.send(key, "application/json", full); rec.Code != 200 || !strings.Contains(rec.Body.String(), r.ID) || !strings.Contains(rec.Body.String(), "duplicate") {
		t.Errorf("again: %d %s", rec.Code, rec.Body)
	}
	f := w.ask(key, "GET", "/v1/feedback/"+r.ID, "", 200)
	if a := f["attributes"].(map[string]any); a["branch"] != "7" || a["vip"] != "true" || len(a) != 2 || f["text"] != "שלום" || len(f["scores"].([]any)) != 2 || f["time"] != "2026-11-20T08:00:00Z" {
		t.Errorf("%v", f)
	}
}

// TestBadInputSaysWhere: each is a problem that names the field and the reason.
func TestBadInputSaysWhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.workspace("one", identity.Permissions())[0]
	for _, c := range []struct {
		body   string
		status int
		path   string
		code   string
	}{
		{``, 422, "", "json"},
		{`{`, 422, "", "json"},
		{`null`, 422, "text", "required"},
		{`"text"`, 422, "", "type"},
		{`{"text":"a"} {"text":"b"}`, 422, "", "json"},
		{"{\"text\":\"\xff\xfe\"}", 422, "", "encoding"},
		{`{"text":5}`, 422, "text", "type"},
		{`{"txt":"a"}`, 422, "txt", "unknown"},
		{`{"text":"a","time":"yesterday"}`, 422, "time", "form"},
		{`{"scores":[{"metric":"nps","value":11,"scale":{"min":0,"max":10}}]}`, 422, "scores[0].value", "range"},
		{`{"scores":[{"metric":"nps","value":5}]}`, 422, "scores[0].scale.max", "required"},
		{`{"text":"a","attributes":{"x":{"y":1}}}`, 422, "attributes.x", "type"},
		{`{"text":5,"contact":{"email":7,"mail":1},"scores":[{"metric":"nps","value":"9","scale":{"min":0,"max":10,"top":10}}],"time":1}`, 422, "text", "type"},
		{`{"text":"a","contact":{"email":"x"}}`, 422, "contact.email", ""},
		{`{"text":"a","contact":{"external_id":"1","country":"XX"}}`, 422, "contact.country", "country"},
		{`{"text":"a","contact":{"name":"Bob"}}`, 422, "contact", "required"},
		{`{"text":"` + strings.Repeat("x", 2<<20) + `"}`, 413, "", ""},
		{`[` + strings.Repeat(`{"text":"a"},`, 5000) + `{"text":"a"}]`, 413, "", ""},
	} {
		rec := w.send(key, "application/json", c.body)
		var p struct {
			Code   string
			Status int
			Errors []struct{ Path, Code, Message, Detail string }
		}
		must(t, json.Unmarshal(rec.Body.Bytes(), &p))
		short := c.body[:min(len(c.body), 60)]
		if rec.Code != c.status || p.Status != c.status || rec.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", short, rec.Code, rec.Body)
			continue
		}
		if c.path+c.code != "" && (len(p.Errors) == 0 || p.Errors[0].Path != c.path || c.code != "" && p.Errors[0].Code != c.code) {
			t.Errorf("%s: %s", short, rec.Body)
		}
	}
	if n := len(w.ask(key, "GET", "/v1/feedback", "", 200)["feedback"].([]any)); n != 0 {
		t.Errorf("%d rows were kept", n)
	}
}

func TestAnArrayKeepsItsGoodRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.workspace("one", identity.Permissions())[0]
	rec := w.send(key, "application/json", ` [{"text":"a","external_id":"1"}, 7, {"text":"b","external_id":"1"}, {"nope":1}, {}]`)
	var r api.Received
	must(t, json.Unmarshal(rec.Body.Bytes(), &r))
	if rec.Code != 207 || r.Created != 1 || r.Duplicates != 1 || r.Rejected != 3 || len(r.Results) != 5 {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	for i, x := range r.Results {
		if x.Index != i || (x.Status == "rejected") != (len(x.Errors) > 0) {
			t.Errorf("%+v", x)
		}
	}
	for body, want := range map[string]int{`[]`: 200, `[{}]`: 422, `[{"text":"a"},{"text":"b"}]`: 200, `[{"text":"a"}`: 422} {
		if rec := w.send(key, "application/json", body); rec.Code != want {
			t.Errorf("%s: %d %s", body, rec.Code, rec.Body)
		}
	}
}

// TestAStreamAnswersEveryLine: as many answers as rows, in their order, whatever is wrong with a row.
func TestAStreamAnswersEveryLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.workspace("one", identity.Permissions())[0]
	long := `{"text":"` + strings.Repeat("x", 1<<17) + `"}` // over the limit of a row
	var lines []string
	for i := range 4500 { // more than two commits' worth
		lines = append(lines, fmt.Sprintf(`{"text":"t","source":"s","external_id":"%d"}`, i))
	}
	lines[7], lines[9], lines[11], lines[4000] = long, "\ufeff", "{not json", `{"text":"\ud83d\ude00","source":"s","external_id":"3"}`
	lines = append(lines, long) // and no end of line after it
	rec := w.send(key, "application/x-ndjson; charset=utf-8", "\ufeff"+strings.Join(lines, "\r\n"))
	answers := strings.Split(strings.TrimSpace(rec.Body.String()), "\n")
	if rec.Code != 207 || len(answers) != len(lines)-1 { // a line that is empty, or has nothing but a mark, is no row
		t.Fatalf("%d, %d answers to %d lines", rec.Code, len(answers), len(lines))
	}
	counts := map[string]int{}
	for i, a := range answers {
		var r answered
		must(t, json.Unmarshal([]byte(a), &r))
		if r.Index != i {
			t.Fatalf("answer %d is about %d", i, r.Index)
		}
		counts[r.Status]++
		if i == 7 || i == len(answers)-1 {
			if len(r.Errors) != 1 || r.Errors[0].Code != "too_long" {
				t.Errorf("%s", a)
			}
		}
	}
	if counts["created"] != 4496 || counts["duplicate"] != 1 || counts["rejected"] != 3 {
		t.Errorf("%v", counts)
	}
	if h := rec.Header(); h.Get("Kolo-Created") != "4496" || h.Get("Kolo-Duplicates") != "1" || h.Get("Kolo-Rejected") != "3" {
		t.Errorf("%v", h)
	}
	again := w.send(key, "application/x-ndjson", strings.Join(lines[:7], "\n")+"\n")
	if again.Code != 200 || again.Header().Get("Kolo-Duplicates") != "7" {
		t.Errorf("again: %d %v", again.Code, again.Header())
	}
}
