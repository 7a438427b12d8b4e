package imports_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"kolo/internal/edge/web"
	page "kolo/internal/edge/web/page/imports"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/identity"
)

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const password = "correct horse battery"

// world is the pages of import in front of a real store. Nothing here asks for figures: internal/app tests the result.
type world struct {
	*testing.T
	db       *store.DB
	identity *identity.Service
	imports  *imports.Service
	site     *web.Site
	language string
}

func each(t *testing.T, test func(w *world)) {
	t.Helper()
	storetest.EachAt(t, today, func(t *testing.T, db *store.DB, _ *clock.Fake) {
		quiet := slog.New(slog.DiscardHandler)
		w := &world{T: t, db: db, identity: identity.NewService(db, identity.Options{Cost: identity.Cost{MemoryKiB: 64, Passes: 1}})}
		f := feedback.NewService(db)
		t.Cleanup(f.Close)
		w.imports = imports.NewService(db, f, quiet)
		site, err := web.New(web.Options{Identity: w.identity, Clock: db.Clock(), Log: quiet})
		w.must(err)
		(&page.Pages{Imports: w.imports}).Register(site)
		w.site = site
		test(w)
	})
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// reader is a signed-in member.
type reader struct {
	*world
	ws    identity.WorkspaceID
	actor identity.Actor
	token string
}

// workspace makes one and signs its owner in.
func (w *world) workspace(name string) reader {
	w.Helper()
	email := "owner@" + name + ".example.com"
	ws, m, err := w.identity.CreateWorkspace(w.Context(), identity.NewWorkspace{Name: name, Country: "IL", Zone: "Asia/Jerusalem", Owner: identity.NewOwner{Name: "Dana", Email: email, Password: password}})
	w.must(err)
	return w.signIn(ws.ID, identity.Actor{Workspace: ws.ID, Person: m.Person, Member: m.ID, Role: identity.Owner, Name: "Dana"}, email)
}

func (w *world) signIn(ws identity.WorkspaceID, actor identity.Actor, email string) reader {
	w.Helper()
	token, err := w.identity.SignIn(w.Context(), email, password, "127.0.0.1", "test")
	w.must(err)
	return reader{w, ws, actor, token}
}

// member invites somebody and signs them in.
func (r reader) member(role identity.Role) reader {
	r.Helper()
	email := string(role) + "@example.com"
	_, invitation, err := r.identity.Invite(r.Context(), r.ws, r.actor, identity.NewInvite{Email: email, Role: role})
	r.must(err)
	_, err = r.identity.AcceptInvite(r.Context(), invitation, "Member", password)
	r.must(err)
	return r.signIn(r.ws, identity.Actor{Workspace: r.ws, Role: role}, email)
}

// do sends a request as a browser does; htmx says that a script asks for a part of the page.
func (r reader) do(method, path, kind string, body io.Reader, htmx bool) *httptest.ResponseRecorder {
	r.Helper()
	q := httptest.NewRequest(method, path, body)
	q.Header.Set("Content-Type", kind)
	q.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: r.token})
	q.AddCookie(&http.Cookie{Name: "kolo_language", Value: r.language})
	if htmx {
		q.Header.Set("HX-Request", "true")
	}
	rec := httptest.NewRecorder()
	r.site.ServeHTTP(rec, q)
	if rec.Code >= 500 {
		r.Errorf("%s %s: %d", method, path, rec.Code)
	}
	return rec
}

func (r reader) get(path string) *httptest.ResponseRecorder {
	r.Helper()
	return r.do(http.MethodGet, path, "", http.NoBody, false)
}

func (r reader) post(path string, form url.Values) *httptest.ResponseRecorder {
	r.Helper()
	return r.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), false)
}

func (r reader) send(name, content string, htmx bool) *httptest.ResponseRecorder {
	r.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", name)
	r.must(err)
	_, err = io.WriteString(part, content)
	r.must(err)
	r.must(form.Close())
	return r.do(http.MethodPost, "/import", form.FormDataContentType(), &b, htmx)
}

// upload brings a file and gives the address of its page.
func (r reader) upload(name, content string) string {
	r.Helper()
	rec := r.send(name, content, false)
	if rec.Code != http.StatusSeeOther {
		r.Fatalf("%s: %d %s", name, rec.Code, text(rec))
	}
	return rec.Header().Get("Location")
}

// run does the jobs that wait, until the import has ended.
func (r reader) run(path string) imports.Import {
	r.Helper()
	runner := job.New(r.db, job.Options{Poll: 10 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	r.imports.Handle(runner)
	r.must(runner.Start(r.Context()))
	defer runner.Stop()
	tick, late := time.NewTicker(5*time.Millisecond), time.After(time.Minute)
	defer tick.Stop()
	for {
		im := r.stored(path)
		if im.State.Ended() {
			return im
		}
		select {
		case <-tick.C:
		case <-late:
			r.Fatalf("waited in vain: %+v", im)
		}
	}
}

func (r reader) stored(path string) imports.Import {
	r.Helper()
	im, err := r.imports.Get(r.Context(), r.ws, r.actor, imports.ID(strings.TrimPrefix(path, "/import/")))
	r.must(err)
	return im
}

// text is what stands on a page.
func text(rec *httptest.ResponseRecorder) string {
	doc, err := html.Parse(bytes.NewReader(rec.Body.Bytes()))
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for n := range doc.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" && n.Parent.Data != "noscript" {
			b.WriteString(n.Data + " ")
		}
	}
	return strings.Join(strings.Fields(strings.NewReplacer("\u2068", "", "\u2069", "").Replace(b.String())), " ")
}

// form is what a browser would send of the form of the mapping.
func form(t *testing.T, rec *httptest.ResponseRecorder) url.Values {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(rec.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	out := url.Values{}
	for n := range doc.Descendants() {
		attr := map[string]string{}
		for _, a := range n.Attr {
			attr[a.Key] = a.Val
		}
		if n.Data != "form" || attr["id"] != "mapping" {
			continue
		}
		for f := range n.Descendants() {
			field := map[string]string{}
			for _, a := range f.Attr {
				field[a.Key] = a.Val
			}
			_, checked := field["checked"]
			switch {
			case f.Data == "input" && (field["type"] != "checkbox" || checked):
				out.Add(field["name"], field["value"])
			case f.Data == "option":
				if slices.ContainsFunc(f.Attr, func(a html.Attribute) bool { return a.Key == "selected" }) {
					at := f.Parent
					for at.Data != "select" {
						at = at.Parent
					}
					for _, a := range at.Attr {
						if a.Key == "name" {
							out.Set(a.Val, field["value"])
						}
					}
				}
			}
		}
	}
	if len(out) == 0 {
		t.Fatal("there is no form of a mapping")
	}
	return out
}

func (w *world) says(rec *httptest.ResponseRecorder, status int, want ...string) {
	w.Helper()
	got := text(rec)
	if rec.Code != status {
		w.Errorf("%d, want %d: %s", rec.Code, status, got)
	}
	for _, s := range want {
		if !strings.Contains(got, s) {
			w.Errorf("the page does not say %q: %s", s, got)
		}
	}
}

const answers = "Date;E-mail;Mood;Comment;Plan\n" +
	"03/11/2026;ann@example.com;Super;Quick and friendly people;gold\n" +
	"04/11/2026;bob@example.com;Meh;Nobody called me back at all;basic\n" +
	"31/31/2026;cat@example.com;Super;What a strange date this is;gold\n" +
	"05/11/2026;not an address;Meh;The invoice was wrong again;basic\n" +
	"06/11/2026;dan@example.com;Okay;It works, and that is enough;gold\n" +
	"20/11/2026;eve@example.com;Okay;Delivered on the second day;gold\n"

// TestFromFileToRows goes the whole way without a script: file, mapping, start, and the rows that were refused.
func TestFromFileToRows(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		r := w.workspace("one")
		w.says(r.get("/import"), 200, "Drop a file here", "What makes a good file")
		path := r.upload("answers.csv", answers)
		w.says(r.get("/import"), 200, "answers.csv", "Not started")
		first := r.get(path)
		w.says(first, 200, "2 of the 6 rows", "“31/31/2026” is not a date.", "“not an address” is not an e-mail address.", "The customers’ words: Comment", "Import 4 rows")

		f := form(t, first)
		if f.Get("to.0") != "time" || f.Get("layout.0") != "dmy" || f.Get("to.1") != "contact.email" || f.Get("to.2") != "attribute" || f.Get("to.3") != "text" || f.Get("key.4") != "Plan" {
			t.Fatalf("the form of the guess: %v", f)
		}
		// Words become a score: what they stand for is not known yet.
		f.Set("to.2", "score:csat")
		if rec := r.post(path+"/mapping", f); rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != path {
			t.Fatalf("%d %s", rec.Code, text(rec))
		}
		next := r.get(path)
		w.says(next, 200, "6 of the 6 rows", "Mood: “Super” is not a number, and nothing says what it stands for.", "What the words stand for")
		f = form(t, next)
		f.Set("worth.2.0", "5")
		f.Set("worth.2.1", "۱") // in whichever figures
		f.Set("worth.2.2", "-") // no answer
		f.Set("key.4", "subscription")
		f.Set("touchpoint", "delivery")
		f.Set("start", "1")
		if rec := r.post(path+"/mapping", f); rec.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", rec.Code, text(rec))
		}
		w.says(r.get(path), 200, "Waiting", "0 of about 6 rows", "Stop")
		w.says(r.get("/import"), 200, "Waiting")

		im := r.run(path)
		if im.State != imports.Done || im.Created != 4 || im.Refused != 2 {
			t.Fatalf("%+v", im)
		}
		rows := r.kept()
		if len(rows) != 4 || rows[0].Text != "Delivered on the second day" || len(rows[0].Scores) != 0 || rows[3].Scores[0].Value != 5 || rows[3].Scores[0].Scale.Max != 5 ||
			rows[0].Attributes["subscription"] != "gold" || rows[0].Touchpoint != "delivery" || rows[0].Language != "en" || rows[0].Contact == "" {
			t.Errorf("%+v", rows)
		}
		for language, want := range map[string]string{"en": "Date: “31/31/2026” is not a date.", "he": "\u2068Date\u2069: \"\u206831/31/2026\u2069\" אינו תאריך.", "fa": "\u2068Date\u2069: «\u206831/31/2026\u2069» تاریخ نیست.", "ru": "Date: «31/31/2026» — не дата."} {
			w.language = language
			rec := r.get(path + "/refused.csv")
			list, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(rec.Body.Bytes(), []byte("\uFEFF")))).ReadAll()
			w.must(err)
			if len(list) != 3 || list[1][6] != want || list[1][5] != "3" || list[2][1] != "not an address" || !strings.Contains(rec.Header().Get("Content-Disposition"), `"answers.refused.csv"`) {
				t.Errorf("%s: %q %v", language, list, rec.Header())
			}
		}
		w.language = "en"
		// It ended: neither a mapping nor another start does anything any more.
		if rec := r.post(path+"/mapping", f); rec.Code != http.StatusSeeOther {
			t.Errorf("%d", rec.Code)
		}
		for _, act := range []string{"/cancel", "/resume"} {
			if rec := r.post(path+act, nil); rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != path {
				t.Errorf("%s: %d", act, rec.Code)
			}
		}
		if got := r.stored(path); got.State != imports.Done || got.Rows != im.Rows {
			t.Errorf("%+v", got)
		}
		if rec := r.post(path+"/discard", nil); rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/import" {
			t.Errorf("%d", rec.Code)
		}
		if got := r.stored(path); got.HasFile {
			t.Error("the file is kept")
		}
	})
}

func (r reader) kept() []feedback.Feedback {
	r.Helper()
	f := feedback.NewService(r.db)
	defer f.Close()
	list, err := f.List(r.Context(), r.ws, feedback.Filter{Limit: 100})
	r.must(err)
	return list
}

// TestAWrongMappingIsToldBesideTheColumn: nothing of it is kept, and nothing starts.
func TestAWrongMappingIsToldBesideTheColumn(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		r := w.workspace("one")
		path := r.upload("answers.csv", "score;comment;when\n1;Fine and quick people;2026-11-02\n5;Nobody called me back;2026-11-03\n3;So so in my view;2026-11-04\n")
		good := form(t, r.get(path))
		before := r.stored(path)
		for name, c := range map[string]struct {
			set  map[string]string
			want string
		}{
			"a scale without extent": {map[string]string{"high.0": "1"}, "The scale has to end above where it begins."},
			"a scale in words":       {map[string]string{"high.0": "many"}, "This is not a number."},
			"a target of its own":    {map[string]string{"to.0": "colour"}, "It cannot start like this"},
			"nothing to keep":        {map[string]string{"to.0": "ignore", "to.1": "ignore"}, "Choose a column for the customer’s words, a score or an answer."},
			"an order of its own":    {map[string]string{"layout.2": "backwards"}, "It cannot start like this"},
			"a zone on Mars":         {map[string]string{"zone": "Mars/Olympus"}, "is not a time zone"},
			"no day":                 {map[string]string{"day": "yesterday"}, "This is not a day that has been."},
			"a kind of its own":      {map[string]string{"kind": "shout"}, "It cannot start like this"},
		} {
			f := url.Values{"start": {"1"}}
			for k, v := range good {
				f[k] = v
			}
			for k, v := range c.set {
				f.Set(k, v)
			}
			rec := r.post(path+"/mapping", f)
			w.says(rec, http.StatusUnprocessableEntity, c.want)
			if n := strings.Count(rec.Body.String(), " disabled"); n < 2 {
				t.Errorf("%s: it could be started", name)
			}
			// A script gets the same page to put in place of the one before.
			rec = r.do(http.MethodPost, path+"/mapping", "application/x-www-form-urlencoded", strings.NewReader(f.Encode()), true)
			w.says(rec, http.StatusOK, c.want)
			if strings.Contains(rec.Body.String(), "<html") {
				t.Errorf("%s: the whole page for a part of it", name)
			}
			if got := r.stored(path); got.State != imports.Draft || !slices.Equal(got.Names(), before.Names()) || got.Mapping.Columns[0].Scale.Max != 5 {
				t.Errorf("%s: %+v", name, got)
			}
		}
	})
}

// TestWhatIsMissingIsSaid: dates and the meaning of words, before anything comes in.
func TestWhatIsMissingIsSaid(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		r := w.workspace("one")
		path := r.upload("answers.csv", "Date;CSAT;Comment\n05/11/2026;Very satisfied;Everything came the next day\n;Satisfied;The driver was nice to me\n"+
			"16/11/2026;Meh;It works, and that is enough\n17/11/2026;Dissatisfied;The box was wet and open\n")
		first := r.get(path)
		w.says(first, http.StatusOK, "1 row has no date and counts as said on", "CSAT: nothing says what these words stand for: Meh.", "1 of the 4 rows")
		f := form(t, first)
		f.Set("start", "1")
		if rec := r.post(path+"/mapping", f); rec.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", rec.Code, text(rec))
		}
		if im := r.run(path); im.Created != 3 || im.Refused != 1 || im.Undated != 1 {
			t.Fatalf("%+v", im)
		}
		w.says(r.send("wide.csv", "Date,NPS,Comment\nOct 2, 2026 9:30 PM,9,Fine\nOct 3, 2026 9:30 PM,8,Good\n", false), http.StatusUnprocessableEntity, "No row fits the names in the header")
	})
}

// TestOneColumnEach: the time moves to the column that was chosen last, and the one before becomes an attribute.
func TestOneColumnEach(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		r := w.workspace("one")
		path := r.upload("answers.csv", "sent;answered;comment\n2026-11-01;2026-11-02;Fine and quick people\n2026-11-01;2026-11-03;Nobody called me back\n")
		f := form(t, r.get(path))
		f.Set("to.0", "time")
		f.Set("to.1", "time")
		r.post(path+"/mapping", f)
		times := 0
		for _, c := range r.stored(path).Mapping.Columns {
			if c.To == "time" {
				times++
			}
		}
		if times != 1 {
			t.Errorf("%+v", r.stored(path).Mapping.Columns)
		}
	})
}

// Who may not know customers is told beside a covered column that it becomes nothing that everybody sees.
func TestCoveredColumnsAreToldOf(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.workspace("one")
		r := owner.member(identity.Analyst)
		path := r.upload("answers.csv", "comment,nps,customer name,nickname\nFine and quick people,9,Zelda Quincy,Zel\nNobody called me back,3,Rob Brown,Rob\n")
		f := form(t, r.get(path))
		f.Set("to.2", "attribute")
		w.says(r.post(path+"/mapping", f), http.StatusUnprocessableEntity, "This column says who customers are, which you may not see.", "It cannot start like this")
		if got := owner.stored(path).Mapping.Columns[2].To; got != "contact.name" {
			t.Errorf("it became %s", got)
		}
		// The name that another column takes from it is left out, and not shown.
		f.Set("to.2", "contact.name")
		f.Set("to.3", "contact.name")
		if rec := r.post(path+"/mapping", f); rec.Code != http.StatusSeeOther {
			t.Errorf("%d: %s", rec.Code, text(rec))
		}
		if got := owner.stored(path).Mapping.Columns; got[2].To != "ignore" || got[3].To != "contact.name" {
			t.Errorf("%+v", got)
		}
		for _, language := range []string{"he", "fa", "ru"} {
			w.language = language
			f := form(t, r.get(path))
			f.Set("to.2", "attribute")
			if page := text(r.post(path+"/mapping", f)); strings.Contains(page, "which you may not see") {
				t.Errorf("%s speaks English", language)
			}
		}
	})
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		r := w.workspace("one")
		for _, c := range []struct {
			name, header, text string
			as                 encoding.Encoding
			want               string
		}{
			{"utf-8", "תאריך;הערה;דירוג", "השליח איחר ואף אחד לא התקשר אליי", encoding.Nop, "utf-8"},
			{"utf-16", "Дата;Отзыв;Оценка", "Курьер опоздал, и никто не позвонил", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "utf-16le"},
			{"1251", "Дата;Отзыв;Оценка", "Курьер опоздал, и никто не позвонил", charmap.Windows1251, "windows-1251"},
			{"1255", "תאריך;הערה;דירוג", "השליח איחר ואף אחד לא התקשר אליי", charmap.Windows1255, "windows-1255"},
			{"1256", "تاريخ;نظر;امتياز", "پيك دير آمد و كسي با من تماس نگرفت", charmap.Windows1256, "windows-1256"},
		} {
			file, err := c.as.NewEncoder().String(c.header + "\n" + strings.Repeat("13/05/2026;"+c.text+";5\n14/05/2026;"+c.text+";1\n15/05/2026;"+c.text+";4\n", 20))
			w.must(err)
			path := r.upload(c.name+".csv", file)
			w.says(r.get(path), 200, c.text, "Import 60 rows", "Rating on 1 to 5")
			if got := r.stored(path).Settings.Encoding; got != c.want {
				t.Errorf("%s was read as %s", c.name, got)
			}
			// Read in another way and back; UTF-16 is no text in any other.
			rec, s := r.post(path+"/reading", url.Values{"encoding": {"windows-1252"}, "delimiter": {";"}, "header": {"no"}}), r.stored(path).Settings
			if c.name == "utf-16" {
				w.says(rec, http.StatusUnprocessableEntity, "neither text nor an Excel workbook", "Import 60 rows")
			} else if rec.Code != http.StatusSeeOther || s.Encoding != "windows-1252" || s.Header {
				t.Errorf("%s: %d %+v", c.name, rec.Code, s)
			}
			w.says(r.post(path+"/reading", url.Values{"encoding": {"klingon"}}), http.StatusUnprocessableEntity, "The file cannot be read in this way.")
			r.post(path+"/reading", url.Values{"guess": {"1"}})
			if s := r.stored(path).Settings; s.Encoding != c.want || !s.Header {
				t.Errorf("%+v", s)
			}
		}
	})
}

func TestWhatIsNoTableIsSaidInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		r := w.workspace("one")
		for name, c := range map[string]struct{ content, en, he string }{
			"empty.csv":   {"", "The file is empty", "הקובץ ריק"},
			"photo.csv":   {strings.Repeat("\x01\x02\x03\x00abc", 100), "neither text nor an Excel workbook", "לא טקסט"},
			"broken.xlsx": {"PK\x03\x04 and nothing", "The workbook is damaged", "חוברת העבודה פגומה"},
			"old.xls":     {"\xD0\xCF\x11\xE0\xA1\xB1", "old Excel file", "Excel ישן"},
			"page.pdf":    {"%PDF-1.7", "This is a PDF", "PDF"},
		} {
			w.language = "en"
			w.says(r.send(name, c.content, false), http.StatusUnprocessableEntity, c.en, "Drop a file here")
			w.language = "he"
			rec := r.send(name, c.content, true)
			w.says(rec, http.StatusOK, c.he)
			if strings.Contains(rec.Body.String(), "<html") {
				t.Errorf("%s: the whole page for a part of it", name)
			}
		}
		w.language = "en"
		w.says(r.post("/import", url.Values{"file": {"x"}}), http.StatusUnprocessableEntity, "Choose a file first.")
		list, _, err := w.imports.List(w.Context(), r.ws, r.actor, "", 10)
		if err != nil || len(list) != 0 {
			t.Errorf("%v %v", list, err)
		}
	})
}

// TestAnImportIsAWall: another workspace's import does not exist, in no state and on no route; who may not import sees none.
func TestAnImportIsAWall(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		mine, theirs := w.workspace("mine"), w.workspace("theirs")
		draft := theirs.upload("draft.csv", answers)
		done := theirs.upload("done.csv", answers)
		theirs.post(done+"/mapping", url.Values{"start": {"1"}})
		if im := theirs.run(done); im.State != imports.Done || im.Refused == 0 {
			t.Fatalf("%+v", im)
		}
		routes := []struct{ method, path string }{
			{"GET", ""}, {"POST", "/reading"}, {"POST", "/mapping"}, {"POST", "/cancel"}, {"POST", "/resume"}, {"POST", "/discard"}, {"GET", "/refused.csv"},
		}
		outside := []reader{mine}
		for _, role := range []identity.Role{identity.Agent, identity.Viewer} {
			outside = append(outside, theirs.member(role))
		}
		for k, who := range outside {
			want := http.StatusForbidden
			if k == 0 {
				want = http.StatusNotFound
			}
			for _, path := range []string{draft, done} {
				for _, x := range routes {
					rec := who.do(x.method, path+x.path, "application/x-www-form-urlencoded", strings.NewReader("start=1&guess=1"), false)
					if rec.Code != want || strings.Contains(rec.Body.String(), "draft.csv") || strings.Contains(rec.Body.String(), "example.com;") {
						t.Errorf("%s %s%s for %s: %d", x.method, path, x.path, who.actor.Role, rec.Code)
					}
				}
			}
			if list := text(who.get("/import")); strings.Contains(list, "draft.csv") {
				t.Errorf("the list shows another's: %s", list)
			}
		}
		for _, who := range outside[1:] {
			if rec := who.send("x.csv", answers, false); rec.Code != http.StatusForbidden {
				t.Errorf("%s may import: %d", who.actor.Role, rec.Code)
			}
		}
		if im := theirs.stored(draft); im.State != imports.Draft || !im.HasFile {
			t.Errorf("%+v", im)
		}
		if im := theirs.stored(done); im.State != imports.Done || !im.HasFile {
			t.Errorf("%+v", im)
		}
	})
}

// TestHostileFilesStayText: names, heads and cells are shown as they are, and nothing else comes of them.
func TestHostileFilesStayText(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		r := w.workspace("one")
		const evil = `<img src=x onerror=alert(1)>`
		name := `"><script>alert(1)</script>.csv`
		file := `"` + evil + `","javascript:alert(1)",nps` + "\n"
		for i := range 12 {
			file += `"` + evil + ` and more words","=cmd|' /C calc'!A0",` + []string{"9", "10", "seven" + evil}[i%3] + "\n"
		}
		path := r.upload(name, file)
		look := func(where string) {
			t.Helper()
			rec := r.get(where)
			if rec.Code != 200 {
				t.Fatalf("%s: %d", where, rec.Code)
			}
			doc, err := html.Parse(bytes.NewReader(rec.Body.Bytes()))
			w.must(err)
			for n := range doc.Descendants() {
				for _, a := range n.Attr {
					if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Val, "javascript:") && a.Key == "href" {
						t.Errorf("%s: <%s %s=%q>", where, n.Data, a.Key, a.Val)
					}
				}
				if n.Data == "img" || n.Data == "script" && !slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "src" }) {
					t.Errorf("%s: a <%s> of the file", where, n.Data)
				}
			}
		}
		look(path)
		look("/import")
		f := form(t, r.get(path))
		f.Set("to.2", "score:nps")
		r.post(path+"/mapping", f)
		w.says(r.get(path), 200, evil, "“seven"+evil+"” is not a number")
		look(path)
		f.Set("start", "1")
		r.post(path+"/mapping", f)
		if im := r.run(path); im.Created != 8 || im.Refused != 4 {
			t.Fatalf("%+v", im)
		}
		look("/import")
		rec := r.get(path + "/refused.csv")
		if head := rec.Header().Get("Content-Disposition"); strings.ContainsAny(head, "<>") || rec.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%v", rec.Header())
		}
		list, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(rec.Body.Bytes(), []byte("\uFEFF")))).ReadAll()
		w.must(err)
		if len(list) != 5 || strings.HasPrefix(list[1][1], "=") {
			t.Errorf("a formula would run: %q", list)
		}
	})
}

func TestRowsThatWereErasedAreSaidToBe(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		r := w.workspace("One")
		path := r.upload("orders.csv", "comment,nps,who\nFine,9,ana@example.com\nBad,3,b\n")
		w.must(w.db.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("UPDATE import SET state = 'done', refused = 1, has_file = 0, columns = '[]', mapping = '{}', erased_at = 1")
			return err
		}))
		rec := r.get(path)
		w.says(rec, http.StatusOK, "The rows of this file were removed", "A customer in it was erased")
		if strings.Contains(rec.Body.String(), "refused.csv") {
			t.Error("the page offers rows that are gone")
		}
	})
}
