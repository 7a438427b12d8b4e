// Package i18n speaks to people in their language: messages with plural forms, direction, numbers, dates and times.
//
// A language is one file, messages/<tag>.json. Its key "@" says how the language writes numbers and dates; every other
// key is a message: a string with {name} placeholders, or an object of plural forms by CLDR category (one, two, few,
// many, other), chosen by the argument "count". Adding a language is adding a file; the tests say what it lacks.
package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

//go:embed messages/*.json
var files embed.FS

// Fallback is the language of a person whose languages we do not speak.
const Fallback = "en"

// Catalog is every language that Kolo speaks. Safe for concurrent use.
type Catalog struct {
	locales []*Locale // English first, then by tag
	matcher language.Matcher
}

// Locale is one language: its messages and its way of writing numbers and dates. Safe for concurrent use.
type Locale struct {
	tag      language.Tag
	format   format
	messages map[string]message
	fallback *Locale // English, where a message is missing; nil in English
}

// format is the "@" object of a language's file.
type format struct {
	Name          string     `json:"name"` // in the language itself
	Dir           string     `json:"dir"`
	Digits        string     `json:"digits"` // ten of them, when they are not 0123456789
	Decimal       string     `json:"decimal"`
	Group         string     `json:"group"`
	Minus         string     `json:"minus"`
	Percent       string     `json:"percent"`
	Money         string     `json:"money"`        // where the sign of the currency stands
	Months        [12]string `json:"months"`       // as in "5 March 2026"
	MonthsAlone   [12]string `json:"months_alone"` // as in "March 2026"
	MonthsShort   [12]string `json:"months_short"`
	Weekdays      [7]string  `json:"weekdays"` // from Sunday
	WeekdaysShort [7]string  `json:"weekdays_short"`
	Date          string     `json:"date"`
	DateLong      string     `json:"date_long"`
	DayMonth      string     `json:"day_month"`
	Month         string     `json:"month"`
	MonthShort    string     `json:"month_short"`
	DateTime      string     `json:"date_time"`

	digits []rune
}

// message holds the text of each plural form; a message without forms has "other" alone.
type message map[plural.Form]string

var formNames = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few, "many": plural.Many, "other": plural.Other,
}

func (m *message) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		*m = message{plural.Other: text}
		return nil
	}
	var forms map[string]string
	if err := json.Unmarshal(b, &forms); err != nil {
		return fmt.Errorf("a message is a text or an object of plural forms: %w", err)
	}
	*m = message{}
	for name, text := range forms {
		form, ok := formNames[name]
		if !ok {
			return fmt.Errorf("unknown plural form %q", name)
		}
		(*m)[form] = text
	}
	return nil
}

// Load gives the languages built into the program. The files are part of the program and tested with it, so a broken
// one is a defect found when it starts.
var Load = sync.OnceValue(func() *Catalog {
	names, err := files.ReadDir("messages")
	if err != nil {
		panic("i18n: " + err.Error())
	}
	c := &Catalog{}
	for _, f := range names {
		l, err := read(f.Name())
		if err != nil {
			panic("i18n: " + f.Name() + ": " + err.Error())
		}
		c.locales = append(c.locales, l)
	}
	slices.SortFunc(c.locales, func(a, b *Locale) int {
		if (a.Tag() == Fallback) != (b.Tag() == Fallback) {
			if a.Tag() == Fallback {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Tag(), b.Tag())
	})
	tags := make([]language.Tag, len(c.locales))
	for i, l := range c.locales {
		tags[i] = l.tag
		if i > 0 {
			l.fallback = c.locales[0]
		}
	}
	c.matcher = language.NewMatcher(tags)
	return c
})

func read(file string) (*Locale, error) {
	tag, err := language.Parse(strings.TrimSuffix(file, path.Ext(file)))
	if err != nil {
		return nil, err
	}
	b, err := files.ReadFile("messages/" + file)
	if err != nil {
		return nil, err
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, err
	}
	l := &Locale{tag: tag, messages: make(map[string]message, len(raw))}
	for key, text := range raw {
		if key == "@" {
			if err := json.Unmarshal(text, &l.format); err != nil {
				return nil, fmt.Errorf("@: %w", err)
			}
			continue
		}
		var m message
		if err := json.Unmarshal(text, &m); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		l.messages[key] = m
	}
	l.format.digits = []rune(l.format.Digits)
	if n := len(l.format.digits); n != 0 && n != 10 {
		return nil, fmt.Errorf("@: %d digits", n)
	}
	return l, nil
}

// Locales are all languages, English first, for a menu.
func (c *Catalog) Locales() []*Locale { return c.locales }

// Language finds the language of a BCP 47 tag ("he", "fa-IR", the old "iw"); English when it is unknown.
func (c *Catalog) Language(tag string) *Locale {
	t, err := language.Parse(tag)
	if err != nil {
		return c.locales[0]
	}
	return c.match(t)
}

// Match finds the best language for an Accept-Language header; English when there is none.
func (c *Catalog) Match(acceptLanguage string) *Locale {
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return c.locales[0]
	}
	return c.match(tags...)
}

func (c *Catalog) match(tags ...language.Tag) *Locale {
	// The matcher would offer a related language (Russian for Ukrainian); only one that the person named will do.
	for _, t := range tags {
		base, _ := t.Base()
		_, i, sure := c.matcher.Match(t)
		if got, _ := c.locales[i].tag.Base(); sure > language.No && got == base {
			return c.locales[i]
		}
	}
	return c.locales[0]
}

// Tag is the language's BCP 47 tag, for the lang attribute.
func (l *Locale) Tag() string { return l.tag.String() }

// Dir is "ltr" or "rtl", for the dir attribute.
func (l *Locale) Dir() string { return l.format.Dir }

// Name is the language's name in itself: "עברית".
func (l *Locale) Name() string { return l.format.Name }

// OwnName gives the name of any language in itself, with a capital where there are any, for languages that customers write but Kolo does not speak; an
// unknown tag comes back as it is.
func OwnName(tag string) string {
	t, err := language.Parse(tag)
	if err != nil {
		return tag
	}
	name := display.Self.Name(t)
	if name == "" {
		return tag
	}
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}

// DirOf tells the direction in which a language is written, "auto" when the tag is unknown: let the text decide.
func DirOf(tag string) string {
	t, err := language.Parse(tag)
	if err != nil || t == language.Und {
		return "auto"
	}
	switch script, _ := t.Script(); script.String() {
	case "Hebr", "Arab", "Syrc", "Thaa", "Nkoo", "Adlm":
		return "rtl"
	}
	return "ltr"
}

// Has tells whether there is such a message, in this language or in English.
func (l *Locale) Has(key string) bool {
	_, ok := l.find(key)
	return ok
}

func (l *Locale) find(key string) (message, bool) {
	m, ok := l.messages[key]
	if !ok && l.fallback != nil {
		m, ok = l.fallback.messages[key]
	}
	return m, ok
}

// T is a message with its placeholders filled: args are pairs of name and value. Numbers are written the language's
// way; the number named "count" chooses the plural form. Strings of the other direction are isolated, so that they
// cannot reorder the sentence. An unknown key comes back as it is (tests keep that from happening).
func (l *Locale) T(key string, args ...any) string {
	m, ok := l.find(key)
	if !ok {
		return key
	}
	text := m[plural.Other]
	if len(m) > 1 {
		for i := 0; i+1 < len(args); i += 2 {
			if args[i] == "count" {
				if t, ok := m[l.form(args[i+1])]; ok {
					text = t
				}
			}
		}
	}
	if len(args) == 0 || !strings.Contains(text, "{") {
		return text
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, "{"+fmt.Sprint(args[i])+"}", l.value(args[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func (l *Locale) value(v any) string {
	switch n := v.(type) {
	case Verbatim:
		return string(n)
	case string:
		return l.Isolate(n)
	case int:
		return l.N(float64(n), 0)
	case int32:
		return l.N(float64(n), 0)
	case int64:
		return l.N(float64(n), 0)
	case uint64:
		return l.N(float64(n), 0)
	case float64:
		return l.N(n, -1)
	}
	return l.Isolate(fmt.Sprint(v))
}

// Decimals is a count that is shown with so many decimals: one point, but 1.0 points.
type Decimals struct {
	N      float64
	Places int
}

// form is the plural form of a count: a whole number or one with decimals.
func (l *Locale) form(count any) plural.Form {
	s := "0"
	switch n := count.(type) {
	case int, int32, int64, uint64:
		s = fmt.Sprint(n)
	case float64:
		s = plain(n, -1)
	case Decimals:
		s = plain(n.N, n.Places)
	}
	s = strings.TrimPrefix(s, "-")
	whole, frac, _ := strings.Cut(s, ".")
	tail := strings.TrimRight(frac, "0")
	// The rules read whole numbers modulo a million at most, so the last seven digits decide.
	if len(whole) > 7 {
		whole = "1" + whole[len(whole)-6:]
	}
	return plural.Cardinal.MatchPlural(l.tag, atoi(whole), len(frac), len(tail), atoi(frac), atoi(tail))
}

func atoi(s string) int {
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

// Isolate wraps a string that holds letters of the other direction in an isolate (Unicode bidirectional algorithm): one of the language's
// own direction (RLI or LRI) where at least half of its letters run that way, as in "CSAT: שבעי רצון", which begins with a name and is
// Hebrew; otherwise one of the direction that it begins with (FSI). What is isolated within it counts for neither.
//
// Controls of direction that do not pair are dropped (see Paired), and what is turned round by one that does is isolated whatever its letters are.
func (l *Locale) Isolate(s string) string {
	s = Paired(s)
	if own, other := l.letters(s); other == 0 {
		if strings.ContainsAny(s, "\u202a\u202b\u202d\u202e") {
			return "\u2068" + s + "\u2069"
		}
		return s
	} else if own == 0 {
		return "\u2068" + s + "\u2069"
	}
	switch own, other := l.letters(isolated.ReplaceAllString(s, "")); {
	case own < other:
		return "\u2068" + s + "\u2069"
	case l.format.Dir == "rtl":
		return "\u2067" + s + "\u2069"
	}
	return "\u2066" + s + "\u2069"
}

// Paired is a text without the controls of direction (Unicode bidirectional algorithm) that have no partner in it: an override that is never
// ended turns round what stands behind the text, and an end without a beginning ends an isolate around it.
func Paired(s string) string {
	const controls = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
	if !strings.ContainsAny(s, controls) {
		return s
	}
	var open []int // where those begin that are not ended so far
	partner := map[int]bool{}
	runes := []rune(s)
	isolates := func(r rune) bool { return '\u2066' <= r && r <= '\u2068' }
	for i, r := range runes {
		switch {
		case isolates(r), '\u202a' <= r && r <= '\u202e' && r != '\u202c':
			open = append(open, i)
		case r == '\u202c': // ends the last one, unless that is an isolate
			if n := len(open); n > 0 && !isolates(runes[open[n-1]]) {
				partner[open[n-1]], partner[i], open = true, true, open[:n-1]
			}
		case r == '\u2069': // ends the last isolate, and with it what is open inside
			for n := len(open) - 1; n >= 0; n-- {
				if isolates(runes[open[n]]) {
					partner[open[n]], partner[i], open = true, true, open[:n]
					break
				}
			}
		}
	}
	var b strings.Builder
	for i, r := range runes {
		if !strings.ContainsRune(controls, r) || partner[i] {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Quote writes what somebody else wrote into a sentence, so that neither reorders the other: also what holds no letter at all, as
// "31/31/2026", for figures take the direction of the words before them.
func (l *Locale) Quote(s string) Verbatim {
	s = Paired(s)
	own, other := l.letters(s)
	if other == 0 && (l.format.Dir != "rtl" || own > 0 && !strings.ContainsFunc(s, unicode.IsDigit)) {
		return Verbatim(s)
	}
	return Verbatim("\u2068" + s + "\u2069")
}

// isolated is what stands in an isolate that holds no other.
var isolated = regexp.MustCompile("[\u2066-\u2068][^\u2066-\u2069]*\u2069")

// DirOf is the direction, for HTML's dir, of a text that may be the program's own sentence: where it holds a letter that runs as the
// language does, it is that language's and runs with it, whatever name it begins with; a text of other letters alone is "auto". What
// customers say is no such text: that is always "auto".
func (l *Locale) DirOf(s string) string {
	if own, _ := l.letters(s); own > 0 {
		return l.format.Dir
	}
	return "auto"
}

// letters counts the letters of a string that run as the language does, and those that run the other way.
func (l *Locale) letters(s string) (own, other int) {
	ltr, rtl := 0, 0
	for _, r := range s {
		switch {
		case r >= 0x0590 && r <= 0x08ff || r >= 0xfb1d && r <= 0xfefc:
			rtl++
		case r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= 0x00c0 && r <= 0x052f:
			ltr++
		}
	}
	if l.format.Dir == "rtl" {
		return rtl, ltr
	}
	return ltr, rtl
}
