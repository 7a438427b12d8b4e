package table

import (
	"strings"
	"testing"
)

func TestProfileColumn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values string
		want   Profile
	}{
		"text":           {"hello|bye|hello", Profile{Kind: KindText, Min: "3", Max: "5", Distinct: 2}},
		"integers":       {"5|+9|10||-3", Profile{Kind: KindInteger, Min: "-3", Max: "10", Distinct: 4}},
		"persian digits": {"۵|۹|۱۰", Profile{Kind: KindInteger, Min: "5", Max: "10", Distinct: 3}},
		"decimal comma":  {"1,5|1,234|2", Profile{Kind: KindDecimal, Min: "1.234", Max: "2", Distinct: 3, Decimal: ','}},
		"decimal point":  {"1.5|1,234|2", Profile{Kind: KindDecimal, Min: "1.5", Max: "1234", Distinct: 3, Decimal: '.'}},
		"thousands":      {"1,234|5,678", Profile{Kind: KindDecimal, Min: "1234", Max: "5678", Distinct: 2}},
		"day first": {"03/04/2025|13/04/2025", Profile{Kind: KindTime, Time: TimeDayFirst, Distinct: 2,
			Min: "2025-04-03T00:00:00Z", Max: "2025-04-13T00:00:00Z"}},
		"month first": {"03/04/2025|04/13/2025", Profile{Kind: KindTime, Time: TimeMonthFirst, Distinct: 2,
			Min: "2025-03-04T00:00:00Z", Max: "2025-04-13T00:00:00Z"}},
		"open": {"03/04/2025|04/05/2025", Profile{Kind: KindTime, Time: TimeDayFirst, Ambiguous: true, Distinct: 2,
			Min: "2025-04-03T00:00:00Z", Max: "2025-05-04T00:00:00Z"}},
		"both": {"13/04/2025|04/13/2025|14/04/2025", Profile{Kind: KindTime, Time: TimeDayFirst, Ambiguous: true, Distinct: 3,
			Min: "2025-04-13T00:00:00Z", Max: "2025-04-14T00:00:00Z"}},
		"iso":    {"2025-01-02|2025-01-03 10:00", Profile{Kind: KindTime, Distinct: 2, Min: "2025-01-02T00:00:00Z", Max: "2025-01-03T10:00:00Z"}},
		"dots":   {"1.2.2025|2.3.2025", Profile{Kind: KindTime, Distinct: 2, Min: "2025-02-01T00:00:00Z", Max: "2025-03-02T00:00:00Z"}},
		"jalali": {"1404/05/12|1404/06/01", Profile{Kind: KindTime, Distinct: 2, Min: "2025-08-03T00:00:00Z", Max: "2025-08-23T00:00:00Z"}},
		"unix":   {"1767225598|1767225599", Profile{Kind: KindTime, Time: TimeUnix, Distinct: 2, Min: "2025-12-31T23:59:58Z", Max: "2025-12-31T23:59:59Z"}},
		"milliseconds": {"1767225598123|1767225598999", Profile{Kind: KindTime, Time: TimeUnixMilli, Distinct: 2,
			Min: "2025-12-31T23:59:58Z", Max: "2025-12-31T23:59:58Z"}},
		"compact":            {"20250102|20250103", Profile{Kind: KindTime, Distinct: 2, Min: "2025-01-02T00:00:00Z", Max: "2025-01-03T00:00:00Z"}},
		"booleans":           {"yes|no|yes|לא", Profile{Kind: KindBoolean, Distinct: 3}},
		"e-mail":             {"a@b.co|c.d@e.org", Profile{Kind: KindEmail, Distinct: 2}},
		"phones":             {"+972 50-123-4567|0501234567|(212) 555-1234", Profile{Kind: KindPhone, Distinct: 3}},
		"addresses of pages": {"https://a.b/c?d|www.x.org", Profile{Kind: KindURL, Distinct: 2}},
		"codes":              {"00123|00456", Profile{Kind: KindText, Distinct: 2, Min: "5", Max: "5"}},
		"percents":           {"45%|12.5%", Profile{Kind: KindDecimal, Distinct: 2, Min: "0.125", Max: "0.45", Decimal: '.'}},
		"missing":            {"|N/A|-|null", Profile{Kind: KindEmpty}},
		"strays":             {strings.Repeat("5|", 30) + "none of it", Profile{Kind: KindInteger, Distinct: 2, Min: "5", Max: "5", Fit: 30.0 / 31}},
		"mixture":            {"5|hello|6|7", Profile{Kind: KindText, Distinct: 4, Min: "1", Max: "5"}},
		"versions":           {"1.2.3|1.2.4", Profile{Kind: KindText, Distinct: 2, Min: "5", Max: "5"}},
	} {
		got := ProfileColumn(strings.Split(c.values, "|"), nil)
		if c.want.Fit == 0 && c.want.Kind != KindEmpty {
			c.want.Fit = 1
		}
		if got.Kind != c.want.Kind || got.Fit != c.want.Fit || got.Time != c.want.Time || got.Ambiguous != c.want.Ambiguous || got.Min != c.want.Min ||
			got.Max != c.want.Max || got.Distinct != c.want.Distinct || got.Decimal != c.want.Decimal {
			t.Errorf("%s: %+v\nwant %+v", name, got, c.want)
		}
	}
	p := ProfileColumn([]string{"b", "a", "b", "", strings.Repeat("ש", 300)}, nil)
	if p.Values != 5 || p.Filled != 4 || strings.Join(p.Samples, "|") != "b|a|"+strings.Repeat("ש", 200)+"…" {
		t.Errorf("%+v", p)
	}
}
