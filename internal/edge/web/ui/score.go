package ui

import (
	"fmt"
	"math"
	"strings"

	"kolo/internal/foundation/i18n"
)

func figure(e Env, s Score, v float64) string {
	if !s.Percent {
		return e.N(v, s.Decimals)
	}
	// What is not nothing is not written as 0%.
	if least := math.Pow10(-s.Decimals - 2); v > 0 && v < least/2 {
		return e.T("score.below", "figure", written(e.Percent(least, s.Decimals)))
	}
	return e.Percent(v, s.Decimals)
}

// signed is a change with its sign; the change of a share is told in points, not in per cent of a per cent.
func signed(e Env, s Score) string {
	if s.Percent {
		return e.T("score.points", "n", written(e.Signed(s.Change.Value*100, s.Decimals)))
	}
	return e.Signed(s.Change.Value, s.Decimals)
}

// written marks a number that is written already, so that it is not isolated as a foreign word.
func written(s string) i18n.Verbatim { return i18n.Verbatim(s) }

func clamp(s Score, v float64) float64 {
	return math.Min(100, math.Max(0, (v-s.Min)/(s.Max-s.Min)*100))
}

func pos(s Score, v float64) string { return fmt.Sprintf("%.2f", clamp(s, v)) }

func width(s Score) string { return fmt.Sprintf("%.2f", math.Max(1, clamp(s, s.High)-clamp(s, s.Low))) }

// spark is the path of a sparkline in a box of 120 by 36, broken where a value is missing, and the dots of values that
// have no neighbour to be joined to, with the last value among them.
func spark(values []float64) (line string, dots []string) {
	low, high, n := math.Inf(1), math.Inf(-1), 0
	for _, v := range values {
		if !math.IsNaN(v) {
			low, high, n = math.Min(low, v), math.Max(high, v), n+1
		}
	}
	if n < 2 {
		return "", nil
	}
	if high == low {
		low, high = low-1, high+1
	}
	var b strings.Builder
	lone := func(i int) bool {
		return (i == 0 || math.IsNaN(values[i-1])) && (i == len(values)-1 || math.IsNaN(values[i+1]))
	}
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		x, y := 3+114*float64(i)/float64(len(values)-1), 33-30*(v-low)/(high-low)
		if i == 0 || math.IsNaN(values[i-1]) {
			fmt.Fprintf(&b, "M%.1f %.1f", x, y)
		} else {
			fmt.Fprintf(&b, "L%.1f %.1f", x, y)
		}
		if lone(i) || i == len(values)-1 {
			dots = append(dots, fmt.Sprintf("M%.1f %.1fh0.01", x, y))
		}
	}
	return b.String(), dots
}

// restsOn tells what a figure rests on.
func restsOn(e Env, s Score) string {
	if s.Of != "" {
		return s.Of
	}
	return e.T("score.answers", "count", s.N)
}
