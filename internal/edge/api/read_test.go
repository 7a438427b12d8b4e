package api_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
)

// TestAWrongTypeIsToldByItsPath in every body that is read, in words that need no Go.
func TestAWrongTypeIsToldByItsPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.workspace("one", identity.Permissions())[0]
	for _, c := range []struct{ method, path, body, at, say string }{
		{"POST", "/v1/insights/query", `{"measure":"nps","between":{"last":90}}`, "between.last", "a text is expected here, not a number"},
		{"POST", "/v1/insights/query", `[]`, "", "an object is expected here, not a list"},
		{"POST", "/v1/insights/query", `"nps"`, "", "an object is expected here, not a text"},
		{"POST", "/v1/insights/query", `{"measure":"nps","by":["channel",5]}`, "by[1]", "a text is expected here, not a number"},
		{"POST", "/v1/insights/query", `{"measure":"nps","by":"channel"}`, "by", "a list is expected here, not a text"},
		{"POST", "/v1/insights/query", `{"measure":"nps","limit":1.5}`, "limit", "a whole number is expected here, not 1.5"},
		{"POST", "/v1/insights/query", `{"measure":"nps","limit":"9"}`, "limit", "a whole number is expected here, not a text"},
		{"POST", "/v1/insights/query", `{"measure":"nps","weight":"yes"}`, "weight", "true or false is expected here, not a text"},
		{"POST", "/v1/insights/query", `{"measure":"nps","level":true}`, "level", "a number is expected here, not true or false"},
		{"POST", "/v1/insights/query", `{"measure":"nps","where":[{"field":"channel","values":["web"]},{"field":7}]}`, "where[1].field", "a text is expected here, not a number"},
		{"POST", "/v1/insights/query", `{"measure":"nps","where":[5]}`, "where[0]", "an object is expected here, not a number"},
		{"POST", "/v1/insights/query", `{"measure":"nps","where":"web"}`, "where", "a list is expected here, not a text"},
		{"POST", "/v1/insights/query", `{"measure":"nps","where":{"channel":{"in":"web"}}}`, "where.channel", "a text is expected here, not an object"},
		{"POST", "/v1/insights/query", `{"measure":"nps","compare":{"where":[{"field":"channel","values":["a",{}]}]}}`, "compare.where[0].values[1]", "a text is expected here, not an object"},
		{"POST", "/v1/insights/query", `{"measure":"nps","compare":7}`, "compare", "an object is expected here, not a number"},
		{"POST", "/v1/insights/query", `{"measure":`, "", "this is not JSON: unexpected end of JSON input (at byte 11)"},
		{"POST", "/v1/insights/query", `{"measure":"nps","measures":1}`, "measures", "there is no such field"},
		{"POST", "/v1/insights/query", `{"measure":"nps","measure":"csat"}`, "measure", "this field comes twice"},
		{"POST", "/v1/insights/query", `{"measure":"nps","where":[{"field":"channel","value":"a"},{"field":"channel","value":"a","value":"b"}]}`, "where[1].value", "this field comes twice"},
		{"POST", "/v1/insights/views", `{"name":"x","query":{"measure":"nps","measure":"csat"}}`, "query.measure", "this field comes twice"},
		{"POST", "/v1/insights/themes", `{"between":7}`, "between", "an object is expected here, not a number"},
		{"POST", "/v1/insights/themes", `{"compare":"bogus"}`, "compare", "compare with previous or year"},
		{"POST", "/v1/insights/themes", `{"compare":"rest"}`, "compare", "compare with previous or year"},
		{"POST", "/v1/insights/drivers", `{"drivers":[1]}`, "drivers[0]", "a text is expected here, not a number"},
		{"POST", "/v1/insights/scan", `{"fields":["channel",null,{}]}`, "fields[2]", "a text is expected here, not an object"},
		{"POST", "/v1/insights/views", `{"name":7,"query":{"measure":"nps"}}`, "name", "a text is expected here"},
		{"POST", "/v1/insights/views", `{"name":"x","query":{"measure":"nps","by":[1]}}`, "query.by[0]", "a text is expected here"},
		{"POST", "/v1/insights/views", `[]`, "", "an object is expected here"},
		{"GET", "/v1/feedback?limit=0", "", "limit", "a number of at least 1 is expected here"},
		{"POST", "/v1/insights/views", `{"name":`, "", "this is not JSON: unexpected end of JSON input (at byte 8)"},
	} {
		status, _, text := w.call(key, c.method, c.path, c.body)
		var p fault.Problem
		if err := json.Unmarshal([]byte(text), &p); err != nil || status != 422 && status != 400 || len(p.Errors) != 1 || p.Errors[0].Path != c.at || p.Errors[0].Msg != c.say || strings.Contains(text, "Go ") {
			t.Errorf("%s %s: %d %s, want %q at %q", c.path, c.body, status, text, c.say, c.at)
		}
	}
}

// TestAnAddressTellsItsMethods: what is there is not told to be missing.
func TestAnAddressTellsItsMethods(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		method, path, allow string
		status              int
	}{
		{"PATCH", "/v1/feedback", "GET, HEAD, POST", 405}, {"DELETE", "/v1/insights/query", "POST", 405}, {"PATCH", "/v1/nothing", "", 404}, {"GET", "/v1/nothing", "", 404},
	} {
		rec := httptest.NewRecorder()
		w.api.ServeHTTP(rec, httptest.NewRequest(c.method, c.path, nil))
		var p fault.Problem
		if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil || rec.Code != c.status || p.Status != c.status || rec.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, %q: %s", c.method, c.path, rec.Code, rec.Header().Get("Allow"), rec.Body)
		}
	}
}
