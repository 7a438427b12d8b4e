package imports

import (
	"cmp"
	"math"
	"regexp"
	"strconv"
	"strings"

	"kolo/internal/foundation/table"
	"kolo/internal/listen/feedback"
)

var (
	// Both ends: "1-5", "1..5", "1 to 5", "от 1 до 5", "מ-1 עד 5", "בין 1 ל-5", "از 1 تا 5". Of a sentence with more numbers the first such pair counts.
	fromTo = regexp.MustCompile(`(^|[^\pL\d.,/:-]|מ-?)(\d{1,3}) ?(?:-|\.\.\.?|to|through|and|до|по|и|עד|ועד|ל-?|تا|و) ?(\d{1,3})($|[^\d.,/:-]|[.,:] |[.,:]$)`)
	// The best end alone: "out of 5", "/5", "из 5", "מתוך 5", "از 5", "по 5-балльной шкале".
	outOf = regexp.MustCompile(`(?:^|[ (])(?:out of|из|מתוך|از|/) ?(\d{1,3})($|[^\d.,/:%])`)
	point = regexp.MustCompile(`(?:^|[ (])(\d{1,3})[ -]?(?:point scale|point|pt scale|балльн|бальн)`)
)

// dashes writes as programs do what stands between two numbers and table.Fold leaves.
var dashes = strings.NewReplacer("\u2012", "-", "\u2014", "-", "\u05be", "-", "\u2026", "..")

// namedScale is the scale that a column's name tells: "CSAT (1-5)", "оценка от 1 до 5", "מתוך 5". Of a name that tells the best end alone
// open is true, and Min what such scales mostly begin with.
func namedScale(name string) (on feedback.Scale, open, ok bool) {
	n := dashes.Replace(table.Fold(strings.ToLower(name)))
	low, high := "", ""
	if m := fromTo.FindStringSubmatch(n); m != nil {
		low, high = m[2], m[3]
	} else if m := outOf.FindStringSubmatch(n); m != nil {
		high = m[1]
	} else if m := point.FindStringSubmatch(n); m != nil {
		high = m[1]
	} else {
		return on, false, false
	}
	on = feedback.Scale{Min: 1, Direction: feedback.Up}
	on.Max, _ = strconv.ParseFloat(high, 64)
	if open = low == ""; !open {
		on.Min, _ = strconv.ParseFloat(low, 64)
	} else if on.Max >= 10 {
		on.Min = 0
	}
	// Years, ages and numbers of questions are no scales.
	return on, open, on.Min <= 1 && on.Max >= on.Min+2 && on.Max <= 100
}

// onNamed looks at a column as answers on the scale that its own name tells, if nearly all of them are on it: the few that are not do not
// make another scale of it, and are refused with their reasons.
func (g *guesser) onNamed(i int) (on feedback.Scale, c Column, ok bool) {
	c = g.columns[i]
	on, open, ok := namedScale(c.Name)
	if !ok || c.Kind == table.KindTime {
		return on, c, false
	}
	var fine []string
	filled, below := 0, 0
	for _, v := range g.s.values(i) {
		if missing(v) {
			continue
		}
		filled++
		n, err := table.ParseNumber(v, 0)
		switch {
		case err != nil || math.IsNaN(n) || n > on.Max || n < 0 || n < on.Min && !open:
		case n < on.Min:
			below++
			fine = append(fine, v)
		default:
			fine = append(fine, v)
		}
	}
	if 20*len(fine) < 19*filled || len(fine) == 0 {
		return on, c, false
	}
	if 20*below > filled { // more than strays: it begins at 0, which its name does not tell
		on.Min = 0
	}
	c = Sample{Columns: []string{c.Name}, Rows: column(fine)}.Profile(nil)[0]
	return on, c, true
}

// scaleOf guesses on which scale values from low to high were given, and what it measures.
func scaleOf(metric string, low, high float64, fractions bool) (from, to float64, as string, ok bool) {
	on := func(f, t float64, fallback string) (float64, float64, string, bool) {
		return f, t, cmp.Or(metric, fallback), true
	}
	switch {
	case metric == "nps" && low >= 0 && high <= 10 && !fractions:
		return 0, 10, "nps", true
	case metric == "nps":
		metric = "rating"
	}
	switch {
	case low < 0 && low >= -5 && high <= 5 && high > 0:
		end := max(-low, high)
		return on(-math.Ceil(end), math.Ceil(end), "rating")
	case low < 0:
		return 0, 0, "", false
	case metric == "" && (high < 4 || high == 6 || high == 7 && low < 1): // without a name, only values that fill a scale tell it
		return 0, 0, "", false
	case high <= 5 && low >= 1:
		return on(1, 5, "csat")
	case high <= 5:
		return on(0, 5, "rating")
	case high <= 7 && low >= 1 && (metric == "ces" || metric == "csat" || metric == "" || metric == "rating"):
		return on(1, 7, "ces")
	case high <= 10 && low >= 0:
		if metric == "" && !fractions {
			return 0, 10, "nps", true
		}
		if low >= 1 && (metric == "csat" || metric == "star" || metric == "ces") {
			return on(1, 10, "rating")
		}
		return on(0, 10, "rating")
	case metric != "" && high <= 100:
		return on(0, 100, "rating")
	}
	return 0, 0, "", false
}
