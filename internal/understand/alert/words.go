package alert

import (
	"strings"

	"kolo/internal/foundation/i18n"
)

// Title says in the reader's language what an alert is about. names are those of themes by id and of fields (insight.Service.Names).
func Title(l *i18n.Locale, a Alert, names map[string]string) string {
	what := What(l, a.Subject, names)
	if a.Subject.Score() {
		return l.T("alerts.title.score."+string(a.Kind), "score", l.T("alerts.score."+a.Subject.Measure), "what", what)
	}
	return l.T("alerts.title."+measured(a.Subject)+"."+string(a.Kind), "what", what)
}

// measured names what is measured of a subject that is no score: what is said of themes, and the blame of them, have words of their own.
func measured(s Subject) string {
	if s.ofTheme() {
		return "theme_" + s.Measure
	}
	return s.Measure
}

// What names the subject of a series, without what is measured of it.
func What(l *i18n.Locale, s Subject, names map[string]string) string {
	switch {
	case s.Field == "" && s.Measure == Count:
		return l.T("alerts.what.unasked")
	case s.Field == "":
		return l.T("alerts.what.all")
	case s.Value == "":
		return l.T("alerts.what.without", "field", field(l, s.Field, names))
	case s.ofTheme():
		if name := names[s.Value]; name != "" {
			return i18n.Paired(name)
		}
		return s.Value
	case s.Field == "kind" || s.Field == "channel":
		if l.Has(s.Field + "." + s.Value) {
			return l.T(s.Field + "." + s.Value)
		}
		return s.Value
	}
	return l.T("alerts.what.of", "field", field(l, s.Field, names), "value", s.Value)
}

// Measured says what is measured of a subject.
func Measured(l *i18n.Locale, s Subject) string {
	if s.Score() {
		return l.T("alerts.score." + s.Measure)
	}
	return l.T("alerts.measured." + measured(s))
}

func field(l *i18n.Locale, name string, names map[string]string) string {
	if title := names[name]; title != "" && strings.Contains(name, ".") {
		return title
	}
	if l.Has("field." + name) {
		return l.T("field." + name)
	}
	_, key, _ := strings.Cut(name, ".")
	return key
}

// Figure is a value of a subject as it is written.
func Figure(l *i18n.Locale, s Subject, v float64) string {
	switch s.Measure {
	case "nps":
		return l.N(v, 1)
	case "csat", "ces":
		return l.Percent(v, 1)
	case "star":
		return l.N(v, 2)
	}
	return l.N(v, decimals(v))
}

// decimals of a count: expected counts are no whole numbers, and small ones should not look like 0.
func decimals(v float64) int {
	if v == float64(int64(v)) || v >= 100 {
		return 0
	}
	return 1
}
