package table

import (
	"errors"
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Asia/Jerusalem")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		// With a zone.
		"2025-12-31T23:59:58Z":                     "2025-12-31T23:59:58Z",
		"2025-12-31T23:59:58.123456+03:30":         "2025-12-31T20:29:58.123456Z",
		"2025-12-31 23:59:58 +0200":                "2025-12-31T21:59:58Z",
		"2025-12-31 23:59:58.5 +0200 IST":          "2025-12-31T21:59:58.5Z",
		"2025-12-31T23:59+02":                      "2025-12-31T21:59:00Z",
		"20251231T235958Z":                         "2025-12-31T23:59:58Z",
		"Wed, 31 Dec 2025 23:59:58 GMT":            "2025-12-31T23:59:58Z",
		"Wed, 31 Dec 2025 23:59:58 -0500":          "2026-01-01T04:59:58Z",
		"31 Dec 25 23:59 EST":                      "2026-01-01T04:59:00Z",
		"2025-12-31T23:59:58+03:00[Europe/Moscow]": "2025-12-31T20:59:58Z",
		"2025-12-31 23:59:58 UTC":                  "2025-12-31T23:59:58Z",
		"1767225598":                               "2025-12-31T23:59:58Z",
		"1767225598.25":                            "2025-12-31T23:59:58.25Z",
		"1767225598123":                            "2025-12-31T23:59:58.123Z",
		// Wall time of Jerusalem, two hours ahead in winter and three in summer.
		"2025-12-31":                  "2025-12-30T22:00:00Z",
		"2025/7/1":                    "2025-06-30T21:00:00Z",
		"20251231":                    "2025-12-30T22:00:00Z",
		"20251231235958":              "2025-12-31T21:59:58Z",
		"2025-12":                     "2025-11-30T22:00:00Z",
		"2025-12-31 23:59:58":         "2025-12-31T21:59:58Z",
		"2025-12-31T2359":             "2025-12-31T21:59:00Z",
		"2025-12-31 24:00":            "2025-12-31T22:00:00Z",
		"31.12.2025":                  "2025-12-30T22:00:00Z",
		"31.12.2025, 14:05":           "2025-12-31T12:05:00Z",
		"1.2.2025":                    "2025-01-31T22:00:00Z",
		"31.12.25 г.":                 "2025-12-30T22:00:00Z",
		"31/12/25":                    "2025-12-30T22:00:00Z",
		"12/31/2025 3:04 PM":          "2025-12-31T13:04:00Z",
		"12/31/2025 12:04:05 a.m.":    "2025-12-30T22:04:05Z",
		"7/7/2025":                    "2025-07-06T21:00:00Z",
		"31-Dec-2025":                 "2025-12-30T22:00:00Z",
		"December 31st, 2025 at 8:00": "2025-12-31T06:00:00Z",
		"2025 dec 31":                 "2025-12-30T22:00:00Z",
		"31 декабря 2025 г., 14:05":   "2025-12-31T12:05:00Z",
		"31 дек. 2025":                "2025-12-30T22:00:00Z",
		"31 בדצמבר 2025 בשעה 14:05":   "2025-12-31T12:05:00Z",
		"יום רביעי, 31 דצמבר 2025":    "2025-12-30T22:00:00Z",
		"۳۱ دسامبر ۲۰۲۵":              "2025-12-30T22:00:00Z",
		"۱۴۰۴/۰۵/۱۲":                  "2025-08-02T21:00:00Z",
		"1404-05-12 10:30":            "2025-08-03T07:30:00Z",
		"12/05/1404":                  "2025-08-02T21:00:00Z",
		"12 مرداد 1404":               "2025-08-02T21:00:00Z",
		"۱۲ مرداد ۱۴۰۴، ساعت ۱۰:۳۰": "2025-08-03T07:30:00Z",
		"1403/12/30":             "2025-03-19T22:00:00Z",
		"1300/01/01":             "1921-03-20T22:00:00Z",
		"\u200f٣١.١٢.٢٠٢٥\u200f": "2025-12-30T22:00:00Z",
		"46022":                  "2025-12-30T22:00:00Z",
		"46022.5":                "2025-12-31T10:00:00Z",
	} {
		got, err := ParseTime(in, TimeAny, zone)
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("%s: %s %v, want %s", in, got.Format(time.RFC3339Nano), err, want)
		}
	}
}

func TestParseTimeByFormat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in     string
		format TimeFormat
		want   string
	}{
		{"03/04/2025", TimeDayFirst, "2025-04-03T00:00:00Z"}, {"03/04/2025", TimeMonthFirst, "2025-03-04T00:00:00Z"},
		{"25/04/03", TimeYearFirst, "2025-04-03T00:00:00Z"}, {"03.04.2025", TimeMonthFirst, "2025-03-04T00:00:00Z"},
		{"2025-04-03", TimeMonthFirst, "2025-04-03T00:00:00Z"}, {"3 Apr 2025", TimeDayFirst, "2025-04-03T00:00:00Z"},
		{"12/05/1404", TimeMonthFirst, "2025-08-03T00:00:00Z"},
		{"0", TimeUnix, "1970-01-01T00:00:00Z"}, {"-1.5", TimeUnix, "1969-12-31T23:59:58.5Z"}, {"86400000", TimeUnixMilli, "1970-01-02T00:00:00Z"},
		{"1", TimeExcel, "1900-01-01T00:00:00Z"}, {"59", TimeExcel, "1900-02-28T00:00:00Z"}, {"61", TimeExcel, "1900-03-01T00:00:00Z"},
	} {
		got, err := ParseTime(c.in, c.format, nil)
		if err != nil || got.Format(time.RFC3339Nano) != c.want {
			t.Errorf("%s as %s: %s %v, want %s", c.in, c.format, got.Format(time.RFC3339Nano), err, c.want)
		}
	}
	if _, err := ParseTime("03/04/2025", TimeAny, nil); !errors.Is(err, ErrAmbiguousDate) {
		t.Errorf("an ambiguous date: %v", err)
	}
	for _, c := range [][2]string{{"13/13/2025", ""}, {"31/12/2025", "mdy"}, {"12/31/2025", "dmy"}, {"30/02/2025", ""}, {"1404/12/30", ""},
		{"1404/07/31", ""}, {"2025-13-01", ""}, {"", ""}, {"hello", ""}, {"12:30", ""}, {"May", ""}, {"5", ""}, {"1234567", ""}, {"2025-12-31 25:00", ""},
		{"2025-12-31 13:00 pm", ""}, {"12 May 1404", ""}, {"12 مرداد 2025", ""}, {"2025-12-31 10:00 XYZ", ""}, {"2025-12-31", "unix"}, {"x", "excel"},
		{"1e300", "unix"}, {"99999999999999999999", ""}, {"12 2025", ""}, {"2025-12-31-01", ""}} {
		if got, err := ParseTime(c[0], TimeFormat(c[1]), nil); err == nil {
			t.Errorf("%q as %q was taken for %s", c[0], c[1], got)
		}
	}
}

// The Jalali year begins at the March equinox: these first days were published by the calendar centre of the University
// of Tehran and are the same in every almanac.
func TestJalaliNewYears(t *testing.T) {
	t.Parallel()
	for year, want := range map[int]string{1357: "1978-03-21", 1375: "1996-03-20", 1376: "1997-03-21", 1380: "2001-03-21", 1395: "2016-03-20",
		1396: "2017-03-21", 1399: "2020-03-20", 1400: "2021-03-21", 1403: "2024-03-20", 1404: "2025-03-21", 1408: "2029-03-20", 1409: "2030-03-21"} {
		y, m, d, ok := fromJalali(year, 1, 1)
		if got := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly); !ok || got != want {
			t.Errorf("%d: %s, want %s", year, got, want)
		}
	}
	// Every day has a successor.
	before := time.Date(1921, 3, 20, 0, 0, 0, 0, time.UTC)
	for year := jalaliFirst; year <= jalaliLast; year++ {
		for month := 1; month <= 12; month++ {
			for day := 1; day <= 31; day++ {
				y, m, d, ok := fromJalali(year, month, day)
				if !ok {
					if day < 30 {
						t.Fatalf("%d/%d/%d is refused", year, month, day)
					}
					continue
				}
				at := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
				if at.Sub(before) != 24*time.Hour {
					t.Fatalf("%d/%d/%d is %s, after %s", year, month, day, at, before)
				}
				before = at
			}
		}
	}
}

func TestParseNumber(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]float64{
		"5": 5, "-5": -5, "+5": 5, "1.5": 1.5, "1,5": 1.5, "1 234,5": 1234.5, "1,234.5": 1234.5, "1.234,5": 1234.5, "1,234": 1234, "1.234": 1.234,
		"1,234,567": 1234567, "1.234.567": 1234567, "12,34,567.5": 1234567.5, "1'234.5": 1234.5, "1’234": 1234, "1\u00a0234": 1234, "1\u202f234,5": 1234.5,
		"۱۲۳": 123, "۱٬۲۳۴٫۵": 1234.5, "١٢٫٥": 12.5, "45%": 0.45, "٪۴۵": 0.45, "12,5 %": 0.125, "(12)": -12, "12-": -12, "$1,234.50": 1234.5,
		"-$5": -5, "₪ 7": 7, "1e3": 1000, "1,5e3": 1500, ".5": 0.5, "0,123": 0.123, "1234,567": 1234.567, "−3": -3, " 7 ": 7, "1 234 567,125": 1234567.125,
		"5.": 5,
	} {
		if got, err := ParseNumber(in, 0); err != nil || got != want {
			t.Errorf("%q: %v %v, want %v", in, got, err, want)
		}
	}
	for in, want := range map[string]float64{"1,234": 1.234, "1.234": 1234, "5": 5, "1.234,5": 1234.5} {
		if got, err := ParseNumber(in, ','); err != nil || got != want {
			t.Errorf("%q with a comma: %v %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "a", "-", "1 2 3 4", "1,23,4", "1..2", "0x10", "Inf", "NaN", "1_000", "1,2,3", "12 34", "%", "$", "1e", "--5", "1.2.3", "e5", "()",
		"1,234 567", "٫"} {
		if got, err := ParseNumber(in, 0); err == nil {
			t.Errorf("%q was taken for %v", in, got)
		}
	}
	if _, err := ParseNumber("1,5", '.'); err == nil {
		t.Error("1,5 is no number where the point is decimal")
	}
}

func TestParseBool(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{"Yes": true, "נכון": false, "כן": true, "بله": true, "ДА": true, "1": true, "no": false, "нет": false, "خير": false, "۰": false} {
		got, err := ParseBool(in)
		if in == "נכון" {
			if err == nil {
				t.Error("an unknown word was taken")
			}
		} else if err != nil || got != want {
			t.Errorf("%s: %t %v", in, got, err)
		}
	}
}
