package contact

import "testing"

// TestDigitsOfANumberHoweverItIsWritten: a bound is judged by the number that is compared with, not by how it is spelt.
func TestDigitsOfANumberHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]int{"521234566": 9, "521234.566e3": 9, "-5.21234566E+08": 9, "0x1f116886p0": 9, "0x_1f11_6886p0": 9, "521234566.5": 9, "+521234566": 9,
		"100000": 6, "1e5": 6, "12.50": 2, "0": 1, "1e300": 301, "000000012": 2, "NaN": 0, "-Inf": 0, "1e999": 0, "052-123-4567": 10, " 521234566": 9, "": 0, "gold": 0} {
		if got := Digits(number); got != want {
			t.Errorf("%q has %d digits in a row, want %d", number, got, want)
		}
	}
}
