package imports_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/identity"
)

// lines makes a file of a header and rows in which each column takes its values in turn.
func lines(header string, n int, columns ...[]string) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	for i := range n {
		for k, values := range columns {
			if k > 0 {
				b.WriteByte(';')
			}
			if strings.Contains(values[i%len(values)], "%d") {
				fmt.Fprintf(&b, values[i%len(values)], i)
			} else {
				b.WriteString(values[i%len(values)])
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

var (
	english = []string{"The courier came late, and nobody called me (%d)", "Lovely people, quick help (%d)", "I would rather not say much about it (%d)"}
	hebrew  = []string{"השליח איחר ואף אחד לא התקשר אליי %d", "אנשים נחמדים ושירות מהיר מאוד %d", "המוצר הגיע שבור ואין מענה %d"}
	persian = []string{"پیک دیر آمد و کسی با من تماس نگرفت %d", "کارکنان مهربان و خدمات سریع بود %d", "کیفیت این کالا خوب نبود اصلا %d"}
	russian = []string{"Курьер опоздал, и никто не позвонил %d", "Приятные люди и быстрая помощь %d", "Товар пришёл сломанным, обидно %d"}
)

func TestGuess(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t, clock.NewFake(today))
	fb := feedback.NewService(db)
	t.Cleanup(fb.Close)
	s := imports.NewService(db, fb, nil)
	ws := workspace(t, db, "Guess")
	for _, c := range []struct {
		name, content string
		encoding      encoding.Encoding
		want          []string
	}{
		{"english", lines("Response ID;Date;How likely are you to recommend us to a friend?;Comment;Customer e-mail;Plan;#", 40,
			[]string{"r-%d"}, []string{"2026-01-02", "2026-02-03"}, []string{"10", "9", "0", "7"}, english, []string{"c%d@example.com"}, []string{"gold", "basic"}, []string{"%d"}), nil,
			[]string{"external_id", "time", "score nps 0..10", "text", "contact.email", "attribute:Plan", "ignore"}},
		{"hebrew, windows-1255", lines("תאריך;הערה;דירוג;סניף;טלפון", 40, []string{"13/05/2026", "01/06/2026"}, hebrew, []string{"1", "5", "4"},
			[]string{"חיפה", "אילת"}, []string{"054-123456%d"}), charmap.Windows1255,
			[]string{"time dmy", "text", "score rating 1..5", "attribute:סניף", "contact.phone"}},
		{"persian, windows-1256", lines("تاريخ;نظر;امتياز;شهر", 40, []string{"2026/05/13"}, arabicLetters(persian), []string{"1", "2", "3"}, []string{"تهران", "اهواز"}),
			charmap.Windows1256, []string{"time", "text", "score rating 1..5", "attribute:شهر"}},
		{"russian, windows-1251", lines("Дата отзыва;Отзыв;Оценка;Город;Язык", 40, []string{"31.12.2025 10:00"}, russian, []string{"1", "5", "3"}, []string{"Москва", "Тула"},
			[]string{"русский"}), charmap.Windows1251, []string{"time", "text", "score rating 1..5", "attribute:Город", "language"}},
		{"utf-16", lines("Отзыв;NPS", 40, russian, []string{"1", "10", "8"}), unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), []string{"text", "score nps 0..10"}},
		{"values alone", lines("a;b;c;d;e;f;g", 60, []string{"0", "10", "9", "3", "7"}, []string{"1", "5", "4", "2"}, []string{"7", "1", "4", "6"}, []string{"-2", "2", "0", "-1"},
			english, []string{"ana%d@example.com"}, []string{"red", "blue"}), nil,
			[]string{"score nps 0..10", "score csat 1..5", "score ces 1..7", "score rating -2..2", "text", "contact.email", "attribute:g"}},
		{"labels", lines("Overall satisfaction;Effort;Sentiment;Stars;Why?", 40, []string{"Very satisfied", "Neutral", "Dissatisfied"}, []string{"strongly agree", "disagree"},
			[]string{"positive", "negative", "neutral"}, []string{"★★★★☆", "★"}, english), nil,
			[]string{"score csat 1..5", "score ces 1..5", "score rating -1..1", "score star 1..5", "text"}},
		{"what is no score", lines("age;quantity;year;index;comment;rating", 40, []string{"%d"}, []string{"1", "2", "3"}, []string{"2024", "2025"}, []string{"%d"}, english,
			[]string{"8/10", "10/10", "3/10"}), nil,
			[]string{"attribute:age", "attribute:quantity", "attribute:year", "ignore", "text", "score rating 0..10"}},
		{"several questions", lines("What did you like most about us?;What should we do better next time?;service (1-5);staff (1-5)", 40, english, english, []string{"5", "1", "3"},
			[]string{"2", "4", "1"}), nil,
			[]string{"text", "answer:What should we do better next time?", "score csat 1..5", "answer:staff (1-5)"}},
		{"classes", lines("comment;b;c", 40, english, []string{"0", "1", "2"}, []string{"1", "2", "3"}), nil, []string{"text", "attribute:b", "attribute:c"}},
		{"ids that come again", lines("id;comment;score", 40, []string{"1", "2"}, english, []string{"5", "1", "3"}), nil, []string{"attribute:id", "text", "score rating 1..5"}},
		{"a survey tool's", lines("#;How likely are you to recommend us?;Response Type;Start Date (UTC);Submit Date (UTC)", 40, []string{"x%dab"}, []string{"9", "0", "10"},
			[]string{"completed"}, []string{"2026-05-01 10:00:00"}, []string{"2026-05-01 10:01:00"}), nil,
			[]string{"external_id", "score nps 0..10", "attribute:Response Type", "attribute:Start Date (UTC)", "time"}},
		{"what all scores measure", lines("Score;Comment;Survey Type", 40, []string{"9", "0", "10"}, english, []string{"NPS"}), nil,
			[]string{"score nps 0..10", "text", "attribute:Survey Type"}},
		{"two words in a name", lines("Review Id;Review Stars;Review Content;Review Consumer User Id", 40, []string{"r%d"}, []string{"5", "1", "3"}, english, []string{"u1", "u2"}), nil,
			[]string{"external_id", "score star 1..5", "text", "contact.external_id"}},
		{"numbers of nowhere", lines("phone;comment;csat", 40, []string{"12-345-67%d"}, english, []string{"5", "1", "3"}), nil,
			[]string{"attribute:phone", "text", "score csat 1..5"}},
		{"an export of Kolo's", lines("external_id;kind;text;csat;csat_scale;attribute.country;contact.email;contact.plan;answer.q1", 40, []string{"%d"}, []string{"review"}, english,
			[]string{"5", "1"}, []string{"1..5"}, []string{"IL"}, []string{"a%d@example.com"}, []string{"gold"}, []string{"x"}), nil,
			[]string{"external_id", "kind", "text", "score csat 1..5", "scale:csat", "attribute:country", "contact.email", "contact.attribute:plan", "answer:q1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			content := c.content
			if c.encoding != nil {
				var err error
				if content, err = c.encoding.NewEncoder().String(content); err != nil {
					t.Fatal(err)
				}
			}
			im, err := s.Upload(t.Context(), ws, identity.Program(ws, "test"), "file.csv", strings.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range im.Mapping.Columns {
				got := m.To
				switch {
				case m.To == "score":
					got += " " + m.Metric + " 0..10"
					if m.Scale != nil {
						got = "score " + m.Metric + " " + m.Scale.String()
					}
				case m.To == "time" && m.Time != "":
					got += " " + string(m.Time)
				}
				if i >= len(c.want) || got != c.want[i] {
					t.Errorf("%s became %s, not %s (%+v)", m.Column, got, c.want[min(i, len(c.want)-1)], im.Columns[i])
				}
			}
			p, err := s.Preview(t.Context(), ws, identity.Program(ws, "test"), im.ID, nil)
			if err != nil {
				t.Fatal(err)
			}
			if p.Refused > 0 || p.Valid < 40 || p.Mended > 0 {
				t.Errorf("preview: %d refused: %+v", p.Refused, p.Reasons)
			}
		})
	}
}

// TestNPSIsGuessedByItsLetters in every language, whatever a row in twenty says.
func TestNPSIsGuessedByItsLetters(t *testing.T) {
	t.Parallel()
	guess := func(header string, answers ...string) string {
		s := imports.Sample{Columns: []string{header, "comment"}}
		for i := range 40 {
			s.Rows = append(s.Rows, imports.SampleRow{Cells: []string{answers[i%len(answers)], fmt.Sprintf(english[i%3], i)}})
		}
		target := imports.Guess(s, s.Profile(time.UTC), "IL").Columns[0]
		if target.Scale != nil {
			return target.Metric + " " + target.Scale.String()
		}
		return target.To + " " + target.Metric
	}
	answers := []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "10", "9", "10", "9", "8", "10", "9", "8"}
	for _, header := range []string{"nps", "NPS score", "NPS (0-10)", "Оценка NPS", "ציון NPS", "امتیاز NPS", "امتياز_NPS", "How likely are you to recommend us to a friend?"} {
		for _, stray := range []string{"9", "11", "seven", "N/A", "7.5"} {
			if got := guess(header, append(answers, stray)...); got != "score nps" {
				t.Errorf("%s with %s: %s", header, stray, got)
			}
		}
	}
	for header, want := range map[string]string{"Оценка CSAT": "csat 1..5", "דירוג": "rating 1..5", "rating": "rating 1..5"} {
		if got := guess(header, "1", "5", "4"); got != want {
			t.Errorf("%s: %s, not %s", header, got, want)
		}
	}
}

// TestRowIDsBearRowsThatAreThereTwice, where the name of the column says whose ids they are.
func TestRowIDsBearRowsThatAreThereTwice(t *testing.T) {
	t.Parallel()
	guess := func(header, form string, twice int) string {
		s := imports.Sample{Columns: []string{header, "comment"}}
		for i := range 900 {
			id := fmt.Sprintf(form, i)
			if i > 0 && i <= twice {
				id = fmt.Sprintf(form, 0)
			}
			if i == 899 {
				id = ""
			}
			s.Rows = append(s.Rows, imports.SampleRow{Cells: []string{id, fmt.Sprintf(english[i%3], i)}})
		}
		return imports.Guess(s, s.Profile(time.UTC), "IL").Columns[0].To
	}
	for _, header := range []string{"Response ID", "response_id", "ResponseId", "Answer ID", "Record ID", "Ticket ID", "Survey Response ID", "Survey response", "מזהה תשובה", "מספר פנייה", "ID ответа",
		"Номер обращения", "شناسه پاسخ", "شناسه_پاسخ"} {
		for twice, want := range map[int]string{0: "external_id", 1: "external_id", 40: "external_id", 90: "attribute:" + header} {
			if got := guess(header, "R-%d", twice); got != want {
				t.Errorf("%s with %d again: %s, not %s", header, twice, got, want)
			}
		}
	}
	for header, want := range map[string]string{"id": "attribute:id", "Customer ID": "contact.external_id", "מזהה לקוח": "contact.external_id", "code": "attribute:code"} {
		if got := guess(header, "%d", 1); got != want {
			t.Errorf("%s: %s, not %s", header, got, want)
		}
	}
	if got := guess("id", "%d", 0); got != "external_id" {
		t.Errorf("id: %s", got)
	}
	if got := guess("Survey response", "It took me %d minutes", 0); got == "external_id" { // it is what was said
		t.Errorf("texts: %s", got)
	}
}

// TestScalesAreThoseOfTheHeader, whatever a few rows in a hundred say.
func TestScalesAreThoseOfTheHeader(t *testing.T) {
	t.Parallel()
	guess := func(header, stray string, strays int, answers ...string) string {
		s := imports.Sample{Columns: []string{header, "comment"}}
		for i := range 400 {
			answer := answers[i%len(answers)]
			if i%5 == 1 && i/5 < strays {
				answer = stray
			}
			s.Rows = append(s.Rows, imports.SampleRow{Cells: []string{answer, fmt.Sprintf(english[i%3], i)}})
		}
		target := imports.Guess(s, s.Profile(time.UTC), "IL").Columns[0]
		if target.Scale != nil {
			return target.Metric + " " + target.Scale.String()
		}
		return strings.TrimSpace(target.To + " " + target.Metric)
	}
	five, ten := []string{"1", "2", "3", "4", "5"}, []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}
	for _, header := range []string{"CSAT (1-5)", "CSAT 1-5", "CSAT 1 \u2013 5", "csat (1..5)", "CSAT from 1 to 5", "CSAT, between 1 and 5", "CSAT (out of 5)", "CSAT /5", "CSAT \u05de-1 עד 5",
		"CSAT מ\u05be1 עד 5", "CSAT בין 1 ל-5", "CSAT מתוך 5", "CSAT от 1 до 5", "CSAT из 5", "CSAT по 5-балльной шкале", "CSAT از ۱ تا ۵", "CSAT (۱-۵)", "CSAT از ۵"} {
		for _, stray := range []string{"0", "6", "-1", "55", "x", "3"} {
			if got := guess(header, stray, 1, five...); got != "csat 1..5" {
				t.Errorf("%s with one %s: %s", header, stray, got)
			}
		}
	}
	for _, c := range []struct {
		header, stray string
		strays        int
		answers       []string
		want          string
	}{
		{"CSAT (1-5)", "0", 40, five, "csat 0..5"}, // the header is not true
		{"CSAT out of 5", "0", 40, five, "csat 0..5"},
		{"CSAT (1-5)", "9", 60, five, "csat 1..10"},
		{"CSAT", "0", 1, five, "csat 0..5"},
		{"CSAT (1-10)", "3", 0, five, "csat 1..10"},
		{"CSAT (1-4)", "5", 1, five[:4], "csat 1..4"},
		{"CSAT (1-7)", "0", 1, five, "csat 1..7"},
		{"CSAT (0-100)", "101", 1, ten, "csat 0..100"},
		{"CSAT 2024-05", "0", 1, five, "csat 0..5"},
		{"CSAT, question 12-15", "0", 1, five, "csat 0..5"},
		{"CSAT -1 to 5", "-1", 9, five, "csat -5..5"},
		{"How likely are you to recommend us (0-10)", "11", 1, ten, "score nps"},
		{"How likely are you to recommend us (1-5)", "0", 1, five, "rating 1..5"},
		{"Recommend (1-10)", "1", 1, ten, "rating 1..10"},
		{"NPS 1..10", "1", 1, ten, "rating 1..10"},
		{"NPS (1-10)", "10 - certainly", 1, []string{"2 - no", "9 - sure", "7 - maybe"}, "rating 1..10"},
		{"Recommend (0-10)", "10 - certainly", 1, []string{"2 - no", "9 - sure", "7 - maybe"}, "score nps"},
		{"Recommend, out of 10", "2", 1, ten, "score nps"},
		{"service (1-5)", "0", 1, five, "csat 1..5"},
		{"service (1-10)", "0", 1, ten, "rating 1..10"},
	} {
		if got := guess(c.header, c.stray, c.strays, c.answers...); got != c.want {
			t.Errorf("%s with %d of %s: %s, not %s", c.header, c.strays, c.stray, got, c.want)
		}
	}
}

// TestStrayScoresAreRefusedAlone: the rest keeps the scale of the header.
func TestStrayScoresAreRefusedAlone(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		im := w.bring("csat.csv", lines("CSAT (1-5);comment", 40, []string{"1", "5", "3", "4"}, english)+"0;Zero is what I give\n")
		list := w.refused(im.ID)
		if im.Created != 40 || len(list) != 1 || list[0].Row != 41 || list[0].Reasons[0].Path != "CSAT (1-5)" || list[0].Reasons[0].Code != "range" {
			t.Errorf("%+v %+v", im, list)
		}
		for _, f := range w.kept(w.ws) {
			if f.Scores[0].Scale.String() != "1..5" {
				t.Fatalf("%+v", f.Scores)
			}
		}
	})
}

// TestStrangeRowsAreRefusedAlone: a second row of headings does not make something else of a column of words.
func TestStrangeRowsAreRefusedAlone(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		im := w.bring("survey.csv", lines("Respondent ID;How satisfied are you with our support?;Any comments?\n;Response;Open-Ended Response", 40, []string{"%d"},
			[]string{"Very satisfied", "Satisfied", "Dissatisfied"}, english))
		if im.Created != 40 || im.Refused != 1 || im.Mapping.Columns[1].Metric != "csat" || im.Mapping.Columns[2].To != "text" {
			t.Errorf("%+v %+v", im, w.refused(im.ID))
		}
	})
}

// A column of per cents that is called like a score is one on 0 to 100, whose cells are read as they are written; of others it is none.
func TestScoresInPerCent(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		im := w.bring("percents.csv", lines("csat;rating;discount;beyond score;comment", 40, []string{"80%", "20%", "100%", "7%", "0 %", "55"}, []string{"۸۰٪", "12.5%"}, []string{"10%", "5%", "0%"},
			[]string{"120%", "90%"}, english))
		if im.Created != 40 || im.Refused != 0 {
			w.Fatalf("%+v %+v", im, w.refused(im.ID))
		}
		c := im.Mapping.Columns
		on := feedback.Scale{Min: 0, Max: 100, Direction: feedback.Up}
		if c[0].Metric != "csat" || *c[0].Scale != on || c[1].Metric != "rating" || *c[1].Scale != on || c[2].To == "score" || c[3].To == "score" {
			w.Errorf("%+v", c)
		}
		values := map[float64]int{}
		for _, f := range w.kept(w.ws) {
			for _, s := range f.Scores {
				values[s.Value]++
			}
		}
		if want := map[float64]int{80: 7 + 20, 20: 7, 100: 7, 7: 7, 0: 6, 55: 6, 12.5: 20}; !maps.Equal(values, want) {
			w.Errorf("scores %v, not %v", values, want)
		}
	})
}

func TestListsBecomeAttributes(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		im := w.bring("tagged.ndjson", `{"comment":"Nobody called me back","themes":["price","the \"app\""],"places":[1,{"a":2}],"none":[]}`+"\n")
		rows := w.kept(w.ws)
		if im.Created != 1 || len(rows) != 1 || rows[0].Attributes["themes"] != `price, the "app"` || rows[0].Attributes["places"] != `[1,{"a":2}]` || len(rows[0].Attributes) != 2 {
			t.Errorf("%+v %+v", im, rows)
		}
	})
}

// TestPhonesOfACountry: without a country of the workspace, that of the language; and a country can be said.
func TestPhonesOfACountry(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t, clock.NewFake(today))
	fb := feedback.NewService(db)
	t.Cleanup(fb.Close)
	s := imports.NewService(db, fb, nil)
	ws, _, err := identity.NewService(db, identity.Options{}).CreateWorkspace(t.Context(), identity.NewWorkspace{Name: "Nowhere", Owner: identity.NewOwner{Name: "Dana", Email: "dana@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	actor := identity.Program(ws.ID, "test")
	for name, c := range map[string]struct{ file, country string }{
		"hebrew":   {lines("טלפון;הערה", 40, []string{"054-12345%d"}, hebrew), "IL"},
		"persian":  {lines("تلفن;نظر", 40, []string{"0912 34567%d"}, persian), "IR"},
		"no words": {lines("טלפון לקוח;שביעות רצון;סניף;נציג", 40, []string{"054-12345%d"}, []string{"מרוצה", "לא מרוצה"}, []string{"חיפה", "אילת"}, []string{"דנה"}), "IL"},
		"russian":  {lines("Телефон;Отзыв", 40, []string{"8 916 123-45-%d"}, russian), "RU"},
	} {
		rows := strings.SplitAfter(c.file, "\n")
		im, err := s.Upload(t.Context(), ws.ID, actor, name+".csv", strings.NewReader(strings.Join(append(rows[:1], rows[11:]...), ""))) // numbers of one length
		if err != nil {
			t.Fatal(err)
		}
		if im.Mapping.Columns[0].To != "contact.phone" || im.Mapping.Constants.Country != c.country {
			t.Errorf("%s: %+v %+v", name, im.Mapping.Columns[0], im.Mapping.Constants)
		}
		p, err := s.Preview(t.Context(), ws.ID, actor, im.ID, nil)
		if err != nil || p.Refused > 0 {
			t.Errorf("%s: %+v %v", name, p.Reasons, err)
		}
	}
	im, err := s.Upload(t.Context(), ws.ID, actor, "english.csv", strings.NewReader(lines("phone;comment", 40, []string{"020 7946 0%d"}, english)))
	if err != nil || im.Mapping.Columns[0].To != "attribute:phone" {
		t.Fatalf("%+v %v", im.Mapping, err)
	}
	im.Mapping.Columns[0].To, im.Mapping.Constants.Country = "contact.phone", "GB"
	if _, err := s.SetMapping(t.Context(), ws.ID, actor, im.ID, im.Mapping); err != nil {
		t.Fatal(err)
	}
	im.Mapping.Constants.Country = "Atlantis"
	_, err = s.SetMapping(t.Context(), ws.ID, actor, im.ID, im.Mapping)
	if list := problemsOf(err); len(list) != 1 || list[0].Path != "constants.country" || list[0].Code != "country" {
		t.Errorf("%v", err)
	}
}

func TestLanguageIsGuessed(t *testing.T) {
	t.Parallel()
	db := storetest.SQLite(t, clock.NewFake(today))
	fb := feedback.NewService(db)
	t.Cleanup(fb.Close)
	s := imports.NewService(db, fb, nil)
	ws := workspace(t, db, "Language")
	german := []string{"Der Kurier kam zu spät, und niemand hat mich angerufen %d", "Nette Leute, die schnell und gut helfen %d"}
	arabic := []string{"تأخر المندوب ولم يتصل بي أحد والخدمة سيئة %d", "المعاملة جيدة والسرعة ممتازة %d"}
	ukrainian := []string{"Кур'єр запізнився, і ніхто не подзвонив мені %d", "Дуже приємні люди, швидка допомога їхня %d"}
	for _, c := range []struct {
		name, want, header string
		columns            [][]string
	}{
		{"english", "en", "comment", [][]string{english}}, {"hebrew", "he", "הערה", [][]string{hebrew}}, {"persian", "fa", "نظر", [][]string{persian}},
		{"russian", "ru", "Отзыв", [][]string{russian}}, {"arabic", "ar", "comment", [][]string{arabic}}, {"ukrainian", "uk", "Відгук", [][]string{ukrainian}},
		{"german", "", "comment", [][]string{german}}, {"mixed", "", "comment", [][]string{{english[0], hebrew[0], russian[0]}}},
		{"said in a column", "", "comment;language", [][]string{hebrew, {"he"}}}, {"no words", "", "nps", [][]string{{"1", "9", "10"}}},
	} {
		im, err := s.Upload(t.Context(), ws, identity.Program(ws, "test"), c.name+".csv", strings.NewReader(lines(c.header, 30, c.columns...)))
		if err != nil {
			t.Fatal(err)
		}
		if got := im.Mapping.Constants.Language; got != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// arabicLetters writes what Windows-1256 lacks as people did there: with the Arabic forms of the letters.
func arabicLetters(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.NewReplacer("ی", "ي", "ک", "ك").Replace(s)
	}
	return out
}

func TestMappingSaysEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	columns := []string{"a", "b", "c", "d"}
	scale := func(from, to float64) *feedback.Scale { return &feedback.Scale{Min: from, Max: to} }
	for _, c := range []struct {
		m    imports.Mapping
		want string
	}{
		{imports.Mapping{}, "columns required"},
		{imports.Mapping{Columns: []imports.Target{{Column: "a", To: "text"}, {Column: "x", To: "ignore"}}}, "columns[1].column unknown"},
		{imports.Mapping{Columns: []imports.Target{{Column: "a", To: "text"}, {Column: "b", To: "colour"}}}, "columns[1].to unknown"},
		{imports.Mapping{Columns: []imports.Target{{Column: "a", To: "text"}, {Column: "b", To: "attribute:"}}}, "columns[1].to required"},
		{imports.Mapping{Columns: []imports.Target{{Column: "a", To: "text"}, {Column: "b", To: "time"}, {Column: "c", To: "time"}}}, "columns[2].to twice"},
		{imports.Mapping{Columns: []imports.Target{{Column: "a", To: "score", Metric: "csat"}}}, "columns[0].scale required"},
		{imports.Mapping{Columns: []imports.Target{{Column: "a", To: "score", Metric: "joy", Scale: scale(1, 5)}}}, "columns[0].metric unknown"},
		{imports.Mapping{Columns: []imports.Target{{Column: "a", To: "score", Metric: "csat", Scale: scale(5, 1)}}}, "columns[0].scale.max range"},
		{imports.Mapping{Columns: []imports.Target{{Column: "a", To: "score", Metric: "nps", Scale: scale(1, 5)}}}, "columns[0].scale range"},
		{imports.Mapping{Columns: []imports.Target{{Column: "a", To: "score", Metric: "csat", Scale: scale(1, 5), Values: imports.Values{"top": "6"}}}}, "columns[0].values range"},
		{imports.Mapping{Columns: []imports.Target{{Column: "a", To: "text"}, {Column: "b", To: "time", Zone: "Mars/Olympus"}}}, "columns[1].zone zone"},
		{imports.Mapping{Columns: []imports.Target{{Column: "a", To: "text"}, {Column: "b", To: "time", Time: "backwards"}}}, "columns[1].time unknown"},
		{imports.Mapping{Columns: []imports.Target{{Column: "a", To: "text"}}, Constants: imports.Constants{Kind: "shout"}}, "constants.kind unknown"},
		{imports.Mapping{Native: true, Constants: imports.Constants{Channel: "a b/c"}}, "constants.channel form"},
		{imports.Mapping{Columns: []imports.Target{{Column: "a", To: "text"}}, Rest: "burn"}, "rest unknown"},
	} {
		got := []string{}
		for _, f := range problemsOf(c.m.Validate(columns)) {
			got = append(got, f.Path+" "+f.Code)
		}
		if len(got) != 1 || got[0] != c.want {
			t.Errorf("%+v: %q, not %q", c.m, got, c.want)
		}
	}
	fine := imports.Mapping{Columns: []imports.Target{{Column: "a", To: "text"}, {Column: "b", To: "text"}, {Column: "c", To: "score", Metric: "nps"},
		{Column: "d", To: "score", Metric: "rating"}}, Constants: imports.Constants{Scale: scale(0, 4)}}
	if err := fine.Validate(columns); err != nil {
		t.Error(err)
	}
}

func TestCellsAreRead(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		im := w.upload("cells.csv", "csat;when;comment;more;kind;client\n"+
			"5 - excellent;03.04.2026;Fine;and cheap;Отзыв;n/a\n4/5;2026-04-03T10:00:00+02:00;Good;;жалоба;c1\n★★★;1775210400;So so;;review;c1\n"+
			"don't know;;Hm;;review;c2\n(2) poor;03/04/2026;Bad;;review;\nmeh;x;Bad;;review;\n")
		m := imports.Mapping{Columns: []imports.Target{
			{Column: "csat", To: "score", Metric: "csat", Scale: &feedback.Scale{Min: 1, Max: 5}, Question: "How was it?"},
			{Column: "when", To: "time", Time: "dmy", Zone: "Asia/Tehran"}, {Column: "comment", To: "text"}, {Column: "more", To: "text"},
			{Column: "kind", To: "kind", Values: imports.Values{"отзыв": "review", "Жалоба": "complaint"}}, {Column: "client", To: "contact.external_id"},
		}, Constants: imports.Constants{Channel: "paper", Source: "desk", Touchpoint: "delivery", Survey: "exit", SurveyVersion: "2", Language: "en"}}
		_, err := w.imports.SetMapping(w.Context(), w.ws, w.actor, im.ID, m)
		w.must(err)
		_, err = w.imports.Start(w.Context(), w.ws, w.actor, im.ID)
		w.must(err)
		if im = w.await(im.ID, imports.State.Ended); im.Created != 5 || im.Refused != 1 {
			w.Fatalf("%+v\n%+v", im, w.refused(im.ID))
		}
		if r := w.refused(im.ID)[0]; len(r.Reasons) != 2 || r.Reasons[0].Path != "csat" || r.Reasons[1].Path != "when" {
			w.Errorf("%+v", r)
		}
		got := map[string]feedback.Feedback{}
		for _, f := range w.kept(w.ws) {
			got[f.Text] = f
		}
		tehran := time.FixedZone("", 12600)
		for text, want := range map[string]struct {
			score float64
			at    time.Time
			kind  string
		}{
			"Fine\n\nand cheap": {5, time.Date(2026, 4, 3, 0, 0, 0, 0, tehran), "review"},
			"Good":              {4, time.Date(2026, 4, 3, 8, 0, 0, 0, time.UTC), "complaint"},
			"So so":             {3, time.Unix(1775210400, 0), "review"},
			"Bad":               {2, time.Date(2026, 4, 3, 0, 0, 0, 0, tehran), "review"},
			"Hm":                {-1, today, "review"},
		} {
			f, ok := got[text]
			if !ok || !f.Time.Equal(want.at) || f.Kind != want.kind || f.Channel != "paper" || f.Source != "desk" || f.Touchpoint != "delivery" || f.Survey != "exit" || f.SurveyVersion != "2" || f.Language != "en" {
				w.Errorf("%q: %+v", text, f)
			}
			if want.score < 0 && len(f.Scores) != 0 || want.score >= 0 && (len(f.Scores) != 1 || f.Scores[0].Value != want.score || f.Scores[0].Question != "How was it?") {
				w.Errorf("%q: %+v", text, f.Scores)
			}
		}
		if got["Good"].Contact == "" || got["Good"].Contact != got["So so"].Contact || got["Fine\n\nand cheap"].Contact != "" {
			w.Error("contacts")
		}
	})
}

// TestScalesInWordsAreKnownByMostOfThem: the words that nobody knows cost their rows, not the score.
func TestScalesInWordsAreKnownByMostOfThem(t *testing.T) {
	t.Parallel()
	guess := func(header string, words ...string) imports.Target {
		s := imports.Sample{Format: table.CSV, Columns: []string{header}}
		for i := range 50 {
			s.Rows = append(s.Rows, imports.SampleRow{Number: int64(i + 1), Cells: []string{words[i%len(words)]}})
		}
		return imports.Guess(s, s.Profile(time.UTC), "IL").Columns[0]
	}
	for _, c := range []struct {
		header string
		words  []string
		want   string // what they stand for
	}{
		{"نظر شما", []string{"خیلی راضی", "راضی", "معمولی", "ناراضی", "خیلی ناراضی"}, "5 4 3 2 1"},
		{"רמה", []string{"מרוצה מאוד", "מרוצה", "ככה ככה", "לא מרוצה", "לא מרוצה בכלל"}, "5 4 3 2 1"},
		{"How was it", []string{"Very satisfied", "Satisfied", "So-so", "Dissatisfied", "Not at all satisfied"}, "5 4 3 2 1"},
		{"رضایت", []string{"کاملاً راضی", "راضی", "متوسط", "ناراضی"}, "5 4 3 2"},
		{"CSAT", []string{"Very satisfied", "Satisfied", "Meh", "Dissatisfied"}, "5 4  2"},
		{"CSAT", []string{"agree", "neutral", "disagree"}, "4 3 2"},
	} {
		got := guess(c.header, c.words...)
		var stand []string
		for _, w := range c.words {
			stand = append(stand, got.Values[w])
		}
		if got.To != "score" || strings.Join(stand, " ") != c.want || *got.Scale != (feedback.Scale{Min: 1, Max: 5, Direction: feedback.Up}) {
			t.Errorf("%s: %+v", c.header, got)
		}
	}
	for header, words := range map[string][]string{"state": {"good", "bad", "new", "used"}, "CSAT": {"good", "bad", "new", "used", "lost"}} {
		if got := guess(header, words...); got.To == "score" {
			t.Errorf("%s: %+v", header, got)
		}
	}
}
