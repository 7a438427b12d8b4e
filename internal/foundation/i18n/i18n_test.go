package i18n

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/feature/plural"
)

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

func placeholders(m message) []string {
	found := map[string]bool{}
	for _, text := range m {
		for _, p := range placeholder.FindAllStringSubmatch(text, -1) {
			found[p[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// categories are the plural forms that a language needs, found by asking its rules.
func categories(l *Locale) map[plural.Form]bool {
	need := map[plural.Form]bool{plural.Other: true}
	for n := range 200 {
		need[l.form(n)] = true
	}
	if l.Tag() == "he" {
		delete(need, plural.Many) // CLDR gave up "many" (20, 30, ...) in Hebrew in its version 42: it is written as "other"
	}
	return need
}

func TestLanguagesSayTheSame(t *testing.T) {
	t.Parallel()
	cat := Load()
	if len(cat.Locales()) < 4 {
		t.Fatalf("%d languages", len(cat.Locales()))
	}
	english := cat.Language("en")
	for _, l := range cat.Locales() {
		need := categories(l)
		for key := range english.messages {
			if _, ok := l.messages[key]; !ok {
				t.Errorf("%s: %q is missing", l.Tag(), key)
			}
		}
		for key, m := range l.messages {
			want, ok := english.messages[key]
			if !ok {
				t.Errorf("%s: %q is not in English", l.Tag(), key)
				continue
			}
			if got, want := placeholders(m), placeholders(want); !slices.Equal(got, want) {
				t.Errorf("%s: %q has placeholders %v, English has %v", l.Tag(), key, got, want)
			}
			if (len(m) > 1) != (len(want) > 1) {
				t.Errorf("%s: %q has plural forms in one language only", l.Tag(), key)
			}
			for form, text := range m {
				if strings.TrimSpace(text) == "" {
					t.Errorf("%s: %q is empty", l.Tag(), key)
				}
				if len(m) > 1 && !need[form] {
					t.Errorf("%s: %q has a plural form that the language does not know", l.Tag(), key)
				}
			}
			if len(m) > 1 {
				for form := range need {
					if _, ok := m[form]; !ok {
						t.Errorf("%s: %q lacks plural form %d", l.Tag(), key, form)
					}
				}
			}
		}
	}
}

var (
	literal = regexp.MustCompile(`"([a-z][a-z_]*(?:\.[a-z0-9_]+)+\.?|[a-z][a-z_]*\.)"`)
	called  = regexp.MustCompile(`\b(?:T|Has)\("([^"]+)"(\s*\+)?`)
)

// sources reads the hand-written code that speaks to people.
func sources(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, root := range []string{"../../deliver", "../../edge", "../../flow", "../../understand/insight/say", "../../understand/alert", "."} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
				return err
			}
			if ext := filepath.Ext(path); ext == ".go" || ext == ".templ" {
				b, err := os.ReadFile(path)
				all[path] = string(b)
				return err
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestMessagesAreUsed reads the source: a key that is asked for exists, and a message is asked for by its key, or by
// the beginning of it ("channel." and the channel's name).
func TestMessagesAreUsed(t *testing.T) {
	t.Parallel()
	english := Load().Language("en")
	used, prefixes := map[string]bool{}, map[string]bool{}
	for file, text := range sources(t) {
		for _, m := range called.FindAllStringSubmatch(text, -1) {
			known := english.Has(m[1])
			for key := range english.messages {
				known = known || m[2] != "" && strings.HasPrefix(key, m[1])
			}
			if !known {
				t.Errorf("%s: there is no message %q", file, m[1])
			}
		}
		for _, m := range literal.FindAllStringSubmatch(text, -1) {
			if strings.HasSuffix(m[1], ".") {
				prefixes[m[1]] = true
			}
			used[m[1]] = true
		}
	}
	for key := range english.messages {
		byPrefix := false
		for p := range prefixes {
			byPrefix = byPrefix || strings.HasPrefix(key, p)
		}
		if !used[key] && !byPrefix {
			t.Errorf("nobody says %q", key)
		}
	}
}

func TestLanguageIsFound(t *testing.T) {
	t.Parallel()
	cat := Load()
	for tag, want := range map[string]string{
		"he": "he", "iw": "he", "he-IL": "he", "fa-IR": "fa", "ru": "ru", "en-GB": "en", "": "en", "zz": "en", "uk": "en", "not a tag": "en",
	} {
		if got := cat.Language(tag).Tag(); got != want {
			t.Errorf("Language(%q) = %s, want %s", tag, got, want)
		}
	}
	for header, want := range map[string]string{
		"": "en", "fr, he;q=0.8, en;q=0.5": "he", "ru-RU,ru;q=0.9,en;q=0.8": "ru", "de;q=0.9": "en", ";;;": "en", "fa": "fa",
	} {
		if got := cat.Match(header).Tag(); got != want {
			t.Errorf("Match(%q) = %s, want %s", header, got, want)
		}
	}
	if got := cat.Language("fa").Dir() + cat.Language("ru").Dir() + DirOf("ar-EG") + DirOf("") + DirOf("de"); got != "rtlltrrtlautoltr" {
		t.Errorf("directions %s", got)
	}
	if got := OwnName("he") + OwnName("ru") + OwnName("??"); got != "עבריתРусский??" {
		t.Errorf("own names %s", got)
	}
}

func TestPluralForms(t *testing.T) {
	t.Parallel()
	cat := Load()
	for _, c := range []struct {
		tag   string
		count any
		want  string
	}{
		{"en", 1, "1 answer"}, {"en", 0, "0 answers"}, {"en", int64(1204), "1,204 answers"}, {"en", 1.5, "1.5 answers"},
		{"he", 1, "תשובה אחת"}, {"he", 2, "שתי תשובות"}, {"he", 20, "20 תשובות"},
		{"ru", 1, "1 ответ"}, {"ru", 21, "21 ответ"}, {"ru", 3, "3 ответа"}, {"ru", 11, "11 ответов"}, {"ru", 1.5, "1,5 ответа"},
		{"ru", 100_000_000_021, "100\u00a0000\u00a0000\u00a0021 ответ"}, {"fa", 12, "۱۲ پاسخ"},
	} {
		if got := cat.Language(c.tag).T("score.answers", "count", c.count); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.tag, c.count, got, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	cat := Load()
	en, he, fa, ru := cat.Language("en"), cat.Language("he"), cat.Language("fa"), cat.Language("ru")
	nan := 0.0
	nan /= nan
	for _, c := range []struct{ got, want string }{
		{en.N(1234567.891, 2), "1,234,567.89"}, {en.N(-0.04, 1), "0.0"}, {en.N(-2, 0), "−2"}, {en.N(0.5, -1), "0.5"}, {en.N(nan, 0), "–"},
		{ru.N(12345.6, 1), "12\u00a0345,6"}, {fa.N(12345.6, 1), "۱۲٬۳۴۵٫۶"}, {he.N(-21, 0), "\u2066−21\u2069"},
		{en.Percent(0.256, 0), "26%"}, {ru.Percent(0.256, 1), "25,6\u00a0%"}, {fa.Percent(-0.5, 0), "\u2066−۵۰٪\u2069"},
		{en.Signed(6.2, 0), "+6"}, {en.Signed(0.2, 0), "0"}, {he.Signed(3, 0), "\u2066+3\u2069"}, {en.Signed(-3, 0), "−3"},
		{en.Money(123450, "EUR"), "€1,234.50"}, {en.Money(-123400, "USD"), "−$1,234"}, {en.Money(1234, "JPY"), "¥1,234"}, {en.Money(1500, "KWD"), "KWD\u00a01.500"},
		{en.Money(1, "nonsense"), "nonsense\u00a00.01"}, {he.Money(-9900, "ILS"), "\u2066−99\u2069\u00a0₪"}, {fa.Money(120000, "IRR"), "۱٬۲۰۰\u00a0ریال"}, {ru.Money(1250, "RUB"), "12,50\u00a0₽"},
		{en.Estimate(123456789.4, "EUR"), "€1,234,568"}, {en.Estimate(-149, "USD"), "−$1"}, {en.Estimate(1234.5, "JPY"), "¥1,235"}, {en.Estimate(1500, "KWD"), "KWD\u00a02"}, {en.Estimate(-40, "USD"), "$0"},
		{en.Size(48_200_300), "48.2 MB"}, {en.Size(999), "999 B"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestWhatIsQuotedStaysApart(t *testing.T) {
	t.Parallel()
	cat := Load()
	for _, c := range []struct {
		tag, quoted string
		want        Verbatim
	}{
		{"en", "31/31/2026", "31/31/2026"}, {"en", "Date", "Date"}, {"en", "תאריך", "\u2068תאריך\u2069"}, {"ru", "דנה 5", "\u2068דנה 5\u2069"},
		{"he", "31/31/2026", "\u206831/31/2026\u2069"}, {"he", "Date", "\u2068Date\u2069"}, {"he", "תאריך", "תאריך"}, {"he", "31 במאי", "\u206831 במאי\u2069"}, {"fa", "۱/۳۱", "\u2068۱/۳۱\u2069"}, {"he", "+?", "\u2068+?\u2069"},
	} {
		if got := cat.Language(c.tag).Quote(c.quoted); got != c.want {
			t.Errorf("%s: %q, want %q", c.tag, got, c.want)
		}
	}
}

// TestRangesKeepTheirOrder: among words that run from right to left, "0–6" is shown as "6–0" where nothing isolates it.
func TestRangesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	between := regexp.MustCompile(`[\p{Nd}}]–[\p{Nd}{]`)
	for _, l := range Load().Locales() {
		if l.Dir() != "rtl" {
			continue
		}
		for key, m := range l.messages {
			for _, text := range m {
				if r := between.FindString(isolated.ReplaceAllString(text, "")); r != "" {
					t.Errorf("%s: %s: %q stands in no isolate", l.Tag(), key, r)
				}
			}
		}
	}
	if got := Load().Language("he").T("health.from_to", "from", 96, "to", 97); got != "\u206696–97\u2069" {
		t.Errorf("%q", got)
	}
}

func TestDirectionOfSentences(t *testing.T) {
	t.Parallel()
	cat := Load()
	en, he := cat.Language("en"), cat.Language("he")
	for _, c := range []struct{ got, want string }{
		{he.DirOf("CSAT: שבעי רצון"), "rtl"}, {he.DirOf("\u2068plan\u2069: \u2068basic\u2069 · שפה"), "rtl"}, {he.DirOf("There is no such day."), "auto"}, {he.DirOf("12"), "auto"},
		{en.DirOf("משלוח: fewer than before"), "ltr"}, {en.DirOf("משלוח"), "auto"}, {en.DirOf("Delivery"), "ltr"}, {cat.Language("fa").DirOf("NPS: کم"), "rtl"}, {cat.Language("ru").DirOf("שם: отзывы"), "ltr"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestNumbersAreRead(t *testing.T) {
	t.Parallel()
	cat := Load()
	for _, c := range []struct{ language, in, want string }{
		{"en", " 1,234.50 ", "1234.50"}, {"en", "−12", "-12"}, {"he", "1234", "1234"}, {"ru", "1\u00a0234,5", "1234.5"}, {"ru", "1 234.5", "1234.5"},
		{"fa", "۱٬۲۳۴٫۵", "1234.5"}, {"fa", "1,234.5", "1234.5"}, {"fa", "١٢", "12"},
		{"en", "", ""}, {"en", "12 euros", ""}, {"en", "1.2.3", ""}, {"en", ".5", ""}, {"en", "1e5", ""}, {"en", "NaN", ""}, {"en", "--1", ""}, {"ru", "1,2,3", ""},
		// a decimal comma, and what a comma between thousands is not
		{"en", "12,50", "12.50"}, {"en", "12,5", "12.5"}, {"en", "1250,50", "1250.50"}, {"en", "0,125", "0.125"}, {"en", "1.250,50", "1250.50"}, {"en", "1.234.567,5", "1234567.5"},
		{"en", "1 250,50", "1250.50"}, {"en", "-1\u202f250", "-1250"}, {"en", "1,250", "1250"}, {"en", "1.250", "1.250"}, {"en", "1,234,567", "1234567"}, {"en", "12,3456", "12.3456"},
		{"he", "12,50", "12.50"}, {"he", "1,250.5", "1250.5"}, {"he", "\u2066−12,5\u2069", "-12.5"},
		{"ru", "1,250", "1.250"}, {"ru", "1250,50", "1250.50"}, {"ru", "1.250,50", "1250.50"}, {"ru", "1,250.50", "1250.50"}, {"ru", "12.50", "12.50"},
		{"fa", "۱۲٫۵", "12.5"}, {"fa", "۱۲,۵", "12.5"}, {"fa", "۱٬۲۵۰", "1250"}, {"fa", "۱۲٬۵۰", "12.50"}, {"fa", "۱۲۵۰٫۵۰", "1250.50"}, {"fa", "−۱۲", "-12"},
		{"en", "1,23,456", ""}, {"en", "12,34.5", ""}, {"en", "1250,500", ""}, {"en", "12 50", ""}, {"en", "1,234,56", ""}, {"en", "1,234 567", ""}, {"en", "12,", ""}, {"en", ",5", ""},
		{"en", "1.234.5", ""}, {"en", "0,125,000", ""}, {"ru", "1 25,5", ""}, {"fa", "۱٫۲٫۳", ""}, {"fa", "۱٫۲۳۴٫۵۶۷", ""}, {"en", "1٫5,5", ""},
	} {
		got, ok := cat.Language(c.language).Number(c.in)
		if ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%s: %q is read as %q %v, want %q", c.language, c.in, got, ok, c.want)
		}
	}
	for _, l := range cat.Locales() {
		if got, ok := l.Number(strings.Trim(l.N(-1234567.25, 2), "\u2066\u2069")); !ok || got != "-1234567.25" {
			t.Errorf("%s does not read what it writes: %q", l.Tag(), got)
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	cat := Load()
	tehran, err := time.LoadLocation("Asia/Tehran")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 4, 22, 5, 0, 0, time.UTC) // the next day in Tehran
	for tag, want := range map[string]string{
		"en": "5 Mar 2026|5 March 2026|5 Mar 2026, 01:35|March 2026|Q1 2026",
		"he": "5 במרץ 2026|5 במרץ 2026|5 במרץ 2026, 01:35|מרץ 2026|רבעון 1, 2026",
		"fa": "۵ مارس ۲۰۲۶|۵ مارس ۲۰۲۶|۵ مارس ۲۰۲۶، ۰۱:۳۵|مارس ۲۰۲۶|سه\u200cماههٔ ۱، ۲۰۲۶",
		"ru": "5 мар. 2026|5 марта 2026 г.|5 мар. 2026, 01:35|Март 2026|1 кв. 2026",
	} {
		l := cat.Language(tag)
		got := strings.Join([]string{l.Date(at, tehran), l.DateLong(at, tehran), l.DateTime(at, tehran), l.Month(at, tehran),
			strings.Map(unmarked, l.Bucket("quarter", at, tehran, true))}, "|")
		if got != want {
			t.Errorf("%s: %s, want %s", tag, got, want)
		}
	}
}

func unmarked(r rune) rune {
	if r >= 0x2066 && r <= 0x2069 {
		return -1
	}
	return r
}

func TestAgo(t *testing.T) {
	t.Parallel()
	cat := Load()
	now := time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		tag  string
		ago  time.Duration
		want string
	}{
		{"en", 20 * time.Second, "just now"}, {"en", 50 * time.Second, "1 minute ago"}, {"en", 3 * time.Hour, "3 hours ago"},
		{"en", -3 * time.Hour, "in 3 hours"}, {"en", 23*time.Hour + 40*time.Minute, "1 day ago"}, {"en", 9 * 24 * time.Hour, "24 Feb 2026"},
		{"he", 2 * time.Hour, "לפני שעתיים"}, {"ru", 5 * time.Minute, "5 минут назад"}, {"ru", 22 * time.Hour, "22 часа назад"}, {"fa", 3 * 24 * time.Hour, "۳ روز پیش"},
	} {
		if got := cat.Language(c.tag).Ago(now.Add(-c.ago), now); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.tag, c.ago, got, c.want)
		}
	}
}

// TestNamesTurnNothingElseRound: controls of direction in a name reach no further than the name.
func TestNamesTurnNothingElseRound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, want string }{
		{"Levant \u202egnp.exe", "Levant gnp.exe"},
		{"Levant \u202egnp\u202c Ltd", "\u2068Levant \u202egnp\u202c Ltd\u2069"},
		{"Dana\u2069 \u202cLtd", "Dana Ltd"},
		{"\u2067Dana", "Dana"},
		{"\u2068\u202eDana\u2069", "\u2068Dana\u2069"},
		{"\u202e\u2068Dana\u202c\u2069", "\u2068Dana\u2069"},
		{"\u2069\u202eלומן", "\u2068לומן\u2069"},
		{"Dana", "Dana"},
	} {
		if got := Load().Language("en").T("invitation.title", "workspace", c.name); got != "Join "+c.want {
			t.Errorf("%q: %q, not %q", c.name, got, "Join "+c.want)
		}
	}
}

func TestForeignNamesAreIsolated(t *testing.T) {
	t.Parallel()
	cat := Load()
	for _, c := range []struct{ tag, name, want string }{
		{"en", "Dana", "Join Dana"}, {"en", "לומן", "Join \u2068לומן\u2069"}, {"he", "Dana", "הצטרפות אל \u2068Dana\u2069"}, {"en", "{workspace}", "Join {workspace}"},
		{"he", "CSAT: שבעי רצון", "הצטרפות אל \u2067CSAT: שבעי רצון\u2069"}, {"he", "How was it, שלום?", "הצטרפות אל \u2068How was it, שלום?\u2069"}, {"en", "שי: delivery", "Join \u2066שי: delivery\u2069"},
		{"he", "\u2068language\u2069: \u2068English\u2069 · שפה", "הצטרפות אל \u2067\u2068language\u2069: \u2068English\u2069 · שפה\u2069"},
	} {
		if got := cat.Language(c.tag).T("invitation.title", "workspace", c.name); got != c.want {
			t.Errorf("%s: %q, want %q", c.tag, got, c.want)
		}
	}
	if got := cat.Language("en").T("no.such.message"); got != "no.such.message" {
		t.Errorf("unknown key gave %q", got)
	}
}
