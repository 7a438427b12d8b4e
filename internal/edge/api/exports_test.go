package api_test

import (
	"mime"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"kolo/internal/foundation/table"
	"kolo/internal/people/identity"
	"kolo/internal/understand/export"
)

// TestEveryListExportsInEveryFormat asks for each with the filters of its page.
func TestEveryListExportsInEveryFormat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	blind := slices.DeleteFunc(identity.Permissions(), func(p identity.Permission) bool { return p == identity.ContactsIdentify })
	keys := w.workspace("one", identity.Permissions(), blind)
	key, masked := keys[0], keys[1]
	stranger := w.workspace("two", identity.Permissions())[0]
	for _, body := range []string{
		`{"channel":"web","kind":"review","text":"=1+1 is \"quoted\"\nשלום","time":"2026-11-20T10:00:00Z","contact":{"email":"ann@example.com","name":"Ann","attributes":{"plan":"pro"}},"scores":[{"metric":"nps","value":9,"scale":{"min":0,"max":10}}]}`,
		`{"channel":"sms","text":"Slow","time":"2026-11-21T10:00:00Z","scores":[{"metric":"nps","value":3,"scale":{"min":0,"max":10}}]}`,
	} {
		w.ask(key, "POST", "/v1/feedback", body, 201)
	}
	must(t, w.feeder.Feed(t.Context()))
	w.ask(key, "POST", "/v1/accounts", `{"name":"Big Corp","external_id":"big"}`, 201)
	for _, l := range export.Lists() {
		for _, format := range export.Formats {
			path := "/v1/exports/" + l.Name + "?format=" + string(format)
			if l.Name == "answer" {
				path += "&measure=nps&bucket=week&by=channel&last=90d"
			}
			status, h, text := w.call(key, "GET", path, "")
			_, p, err := mime.ParseMediaType(h.Get("Content-Disposition"))
			if status != 200 || err != nil || p["filename"] != "one-"+l.Name+"-2026-11-23"+table.Extension(format) || h.Get("Content-Type") != table.ContentType(format) || h.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d %v %v", path, status, h, err)
			}
			if begins := map[table.Format]string{table.XLSX: "PK", table.Parquet: "PAR1"}[format]; !strings.HasPrefix(text, begins) {
				t.Errorf("%s begins with %q", path, text[:min(len(text), 4)])
			}
			if status, h, _ := w.call(key, http.MethodHead, path, ""); status != 200 || h.Get("Content-Disposition") == "" {
				t.Errorf("HEAD %s: %d", path, status)
			}
		}
		for _, bad := range []string{"format=pdf", "colour=red&measure=nps"} {
			if status, h, text := w.call(key, "GET", "/v1/exports/"+l.Name+"?"+bad, ""); status != 422 || h.Get("Content-Disposition") != "" || !strings.Contains(text, `"errors"`) {
				t.Errorf("%s?%s: %d %s", l.Name, bad, status, text)
			}
		}
	}
	get := func(key, path string) string {
		t.Helper()
		status, _, text := w.call(key, "GET", path, "")
		if status != 200 {
			t.Errorf("%s: %d %s", path, status, text)
		}
		return text
	}
	csv := get(key, "/v1/exports/feedback?channel=web&last=90d")
	if strings.Count(csv, "ann@example.com") != 1 || strings.Contains(csv, "Slow") || !strings.Contains(csv, "\"'=1+1 is \"\"quoted\"\"\nשלום\"") || strings.HasPrefix(csv, "\ufeff") {
		t.Errorf("%q", csv)
	}
	if plain := get(key, "/v1/exports/feedback?nps.gte=9&format=ndjson"); strings.Count(plain, "\n") != 1 || !strings.Contains(plain, `"text":"=1+1 is`) {
		t.Errorf("%s", plain)
	}
	for _, list := range []string{"feedback", "contacts"} {
		if text := get(masked, "/v1/exports/"+list+"?format=ndjson"); strings.Contains(text, "ann@") || strings.Contains(text, "Ann") || !strings.Contains(text, "pro") {
			t.Errorf("%s of who may not identify contacts: %s", list, text)
		}
	}
	if status, _, _ := w.call(masked, "GET", "/v1/exports/contacts?q=ann", ""); status != 403 {
		t.Errorf("found out by asking: %d", status)
	}
	if text := get(key, "/v1/exports/contacts?attribute.plan=pro&q=an"); strings.Count(text, "\n") != 2 {
		t.Errorf("%s", text)
	}
	if text := get(key, "/v1/exports/audit?action=export&format=ndjson"); strings.Count(text, "\n") < 40 {
		t.Errorf("%s", text)
	}
	for _, list := range []string{"feedback", "contacts", "accounts"} {
		if text := get(stranger, "/v1/exports/"+list+"?format=ndjson"); text != "" {
			t.Errorf("%s across the wall: %s", list, text)
		}
	}
}

func TestRefusedRowsInEveryFormat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key, stranger := w.workspace("one", identity.Permissions())[0], w.workspace("two", identity.Permissions())[0]
	im := w.ask(key, "POST", "/v1/imports?name=f.csv", "comment,nps\nFine indeed it was,9\n", 201)["id"].(string)
	for _, format := range export.Formats {
		path := "/v1/imports/" + im + "/refused?format=" + string(format)
		status, h, text := w.call(key, "GET", path, "")
		if status != 200 || h.Get("Content-Type") != table.ContentType(format) || !strings.Contains(h.Get("Content-Disposition"), table.Extension(format)) {
			t.Errorf("%s: %d %v %s", path, status, h, text)
		}
		if format == table.CSV && !strings.HasPrefix(text, "comment,nps,row,line,reasons") {
			t.Errorf("%s", text)
		}
		if status, _, _ := w.call(stranger, "GET", path, ""); status != 404 {
			t.Errorf("%s across the wall: %d", path, status)
		}
	}
}

func TestTheDescriptionOffersEveryFormat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := 0
	for _, o := range operations(w.api.OpenAPI()) {
		if !strings.HasPrefix(o.path, "/v1/exports/") && o.path != "/v1/imports/{id}/refused" {
			continue
		}
		n++
		for _, f := range export.Formats {
			kind, _, _ := mime.ParseMediaType(table.ContentType(f))
			if o.Responses["200"].Content[kind] == nil {
				t.Errorf("%s does not offer %s", o.path, kind)
			}
		}
		if !slices.ContainsFunc(o.Parameters, func(p *huma.Param) bool { return p.Name == "format" && len(p.Schema.Enum) == len(export.Formats) }) {
			t.Errorf("%s has no format", o.path)
		}
	}
	if n != len(export.Lists())+1 {
		t.Errorf("%d of %d lists", n, len(export.Lists()))
	}
}
