package api_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
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
		{`{"txt":"a","channel":"!"}`, 422, "channel", "form"},
		{`{"txt":"a","text":"a"}`, 422, "txt", "unknown"},
		{`{"text":"a","time":"yesterday"}`, 422, "time", "form"},
		{`{"scores":[{"metric":"nps","value":11,"scale":{"min":0,"max":10}}]}`, 422, "scores[0].value", "range"},
		{`{"scores":[{"metric":"nps","value":5}]}`, 422, "scores[0].scale.max", "required"},
		{`{"text":"a","attributes":{"x":{"y":1}}}`, 422, "attributes.x", "type"},
		{`{"text":5,"contact":{"email":7,"mail":1},"scores":[{"metric":"nps","value":"9","scale":{"min":0,"max":10,"top":10}}],"time":1}`, 422, "contact.email", "type"},
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
		line := i
		if i >= 9 { // it is that of the line, empty ones counted
			line++
		}
		if r.Index != line {
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

// packed is a text as gzip has it.
func packed(t *testing.T, text string) string {
	var b strings.Builder
	z := gzip.NewWriter(&b)
	_, err := io.WriteString(z, text)
	must(t, err)
	must(t, z.Close())
	return b.String()
}

// TestPackedBodies are taken as what they unpack to, with its limits.
func TestPackedBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.workspace("one", identity.Permissions())[0]
	var rows, messages strings.Builder
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 2500 { // more than a body may have, and no two alike
		var more strings.Builder
		for range 32 {
			fmt.Fprintf(&more, "%x", random.Uint64())
		}
		fmt.Fprintf(&rows, "{\"text\":\"Row %d %s\"}\n", i, &more)
		fmt.Fprintf(&messages, "{\"type\":\"track\",\"userId\":\"u\",\"event\":\"e\",\"properties\":{\"more\":\"%s\"}}\n", &more)
	}
	one, torn := packed(t, `{"text":"שלום"}`), packed(t, rows.String())
	for _, c := range []struct {
		name, path, kind, coding, body string
		status                         int
		says                           string
	}{
		{"one", "/v1/feedback", "application/json", "gzip", one, 201, "created"},
		{"in two parts", "/v1/feedback", "application/json", " GZIP ", packed(t, "\ufeff[") + packed(t, `{"text":"a"}]`), 200, `"created":1`},
		{"as it is", "/v1/feedback", "application/json", "identity", `{"text":"b"}`, 201, "created"},
		{"a stream", "/v1/feedback", "application/x-ndjson", "gzip", packed(t, rows.String()), 200, `"index":2499`},
		{"messages", "/v1/batch", "application/json", "gzip", packed(t, `{"batch":[{"type":"track","userId":"u","event":"x"}]}`), 200, `"created":1`},
		{"a stream of messages", "/v1/batch", "application/x-ndjson", "x-gzip", packed(t, messages.String()), 200, `"created":2500`},
		{"another way", "/v1/feedback", "application/json", "br", one, 415, "gzip"},
		{"another way of messages", "/v1/batch", "application/json", "gzip, gzip", one, 415, "gzip"},
		{"not packed", "/v1/feedback", "application/json", "gzip", `{"text":"c"}`, 422, "not gzip"},
		{"empty", "/v1/feedback", "application/json", "gzip", "", 422, "not gzip"},
		{"cut off", "/v1/feedback", "application/json", "gzip", one[:len(one)-9], 422, "early"},
		{"spoilt", "/v1/feedback", "application/json", "gzip", one[:len(one)-8] + "\x00\x00\x00\x00\x00\x00\x00\x00", 422, "not gzip"},
		{"a stream cut off", "/v1/feedback", "application/x-ndjson", "gzip", torn[:len(torn)/2], 422, "broke"},
		{"too large", "/v1/feedback", "application/json", "gzip", packed(t, "["+strings.ReplaceAll(rows.String(), "\n", ",")+`{"text":"a"}]`), 413, "over"},
		{"a bomb", "/v1/feedback", "application/json", "gzip", packed(t, strings.Repeat(" ", 64<<20)), 413, ""},
		{"a bomb of lines", "/v1/feedback", "application/x-ndjson", "gzip", packed(t, strings.Repeat("\n", 64<<20)), 413, "unpacks"},
		{"a bomb of messages", "/v1/batch", "application/x-ndjson", "gzip", packed(t, strings.Repeat("\n", 64<<20)), 413, "unpacks"},
	} {
		r := httptest.NewRequest(http.MethodPost, c.path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.kind)
		r.Header.Set("Content-Encoding", c.coding)
		r.Header.Set("Authorization", "Bearer "+key)
		rec := httptest.NewRecorder()
		w.api.ServeHTTP(rec, r)
		if text := rec.Body.String(); rec.Code != c.status || !strings.Contains(text, c.says) || (c.status == 415) != (rec.Header().Get("Accept-Encoding") != "") {
			t.Errorf("%s: %d %s", c.name, rec.Code, text[:min(len(text), 300)])
		}
	}
}

// TestABrokenStreamTellsWhatIsKept: rows that were taken, and neither the one that was cut off nor lines without one.
func TestABrokenStreamTellsWhatIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.workspace("one", identity.Permissions())[0]
	row := `{"text":"a"}` + "\n"
	blanks := strings.Repeat(" ", 64<<20)
	two := packed(t, row+row)
	for _, c := range []struct{ name, body, says string }{
		{"blanks behind three rows", packed(t, row+row+row+blanks), "(3 rows before that are kept)"},
		{"nothing but blanks", packed(t, blanks), "(0 rows before that are kept)"},
		{"a row that cannot be taken", packed(t, row+"{}\n"+row+blanks), "(2 rows before that are kept)"},
		{"cut off", two[:len(two)-8], "after 2 rows, of which 2 are kept"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/v1/feedback", strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/x-ndjson")
		r.Header.Set("Content-Encoding", "gzip")
		r.Header.Set("Authorization", "Bearer "+key)
		rec := httptest.NewRecorder()
		w.api.ServeHTTP(rec, r)
		if text := rec.Body.String(); !strings.Contains(text, c.says) {
			t.Errorf("%s: %d %s", c.name, rec.Code, text)
		}
	}
}
