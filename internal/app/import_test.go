package app

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"kolo/internal/edge/web"
	"kolo/internal/listen/imports"
	"kolo/internal/people/identity"
)

// TestAFileBecomesAScore: uploaded and started on the pages, a file ends as its score by week, and its feedback is found
// under its name.
func TestAFileBecomesAScore(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, owner := i.workspace("one")
	token := i.signIn("owner@one.example.com")
	file := "date;e-mail;How likely are you to recommend us?;comment\n"
	for n := range 180 { // 120 promoters, 30 passives, 30 detractors over two months: 50
		file += fmt.Sprintf("2026-0%d-%02d;c%d@example.com;%d;Words of number %d\n", 3+n/90, 1+n%28, n, []int{10, 9, 9, 10, 7, 3}[n%6], n)
	}
	file += "never;x@example.com;10;No date\n"
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", "spring answers to zed@example.net.csv")
	must(t, err)
	_, err = io.WriteString(part, file)
	must(t, err)
	must(t, form.Close())
	r := httptest.NewRequest(http.MethodPost, "/import", &b)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: token})
	rec := httptest.NewRecorder()
	i.Handler().ServeHTTP(rec, r)
	path := rec.Header().Get("Location")
	if rec.Code != http.StatusSeeOther || !strings.HasPrefix(path, "/import/") {
		t.Fatalf("%d %s", rec.Code, path)
	}
	if rec := i.browse(token, http.MethodPost, path+"/mapping", url.Values{"start": {"1"}}); rec.Code != http.StatusSeeOther {
		t.Fatalf("%d", rec.Code)
	}
	var im imports.Import
	i.until("the import ends", func() bool {
		im, err = i.Imports.Get(t.Context(), ws, owner, imports.ID(strings.TrimPrefix(path, "/import/")))
		must(t, err)
		return im.State.Ended()
	})
	if im.State != imports.Done || im.Created != 180 || im.Refused != 1 {
		t.Fatalf("%+v", im)
	}
	i.receive(ws) // the columns have all of it
	body := i.page(token, path)
	for _, want := range []string{">Done", ">180<", ">50<", "180 answers", "NPS by week", "refused.csv"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page of the import does not say %q", want)
		}
	}
	if strings.Contains(body, "hx-get") {
		t.Error("the page goes on asking")
	}
	_, invitation, err := i.Identity.Invite(t.Context(), ws, owner, identity.NewInvite{Email: "viewer@one.example.com", Role: identity.Viewer})
	must(t, err)
	_, err = i.Identity.AcceptInvite(t.Context(), invitation, "Vera", password)
	must(t, err)
	viewer := i.signIn("viewer@one.example.com")
	for _, where := range []string{"/feedback?import=" + string(im.ID), "/explore?measure=nps&by=import", "/explore?measure=nps&import=" + string(im.ID)} {
		if body := i.page(token, where); !strings.Contains(body, "spring answers to zed@example.net.csv") || strings.Contains(body, ">"+string(im.ID)+"<") {
			t.Errorf("%s does not name the file", where)
		}
		if body := i.page(viewer, where); !strings.Contains(body, "spring answers to [email].csv") || strings.Contains(body, "zed@") {
			t.Errorf("%s tells a viewer who is in the name of the file", where)
		}
	}
}
