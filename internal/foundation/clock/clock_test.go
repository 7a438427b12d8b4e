package clock

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func TestDayInZone(t *testing.T) {
	t.Parallel()
	jerusalem, err := time.LoadLocation("Asia/Jerusalem")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 22, 30, 0, 0, time.UTC) // half past midnight in Jerusalem
	if got := DayOf(at, jerusalem).String(); got != "2026-03-02" {
		t.Fatalf("day = %s", got)
	}
	if got := DayOf(time.Date(1969, 12, 31, 23, 0, 0, 0, time.UTC), time.UTC); got != -1 || got.Weekday() != time.Wednesday {
		t.Fatalf("day before the epoch = %d %v", got, got.Weekday())
	}
	if d, err := ParseDay("2026-11-23"); err != nil || d.Weekday() != time.Monday || d.String() != "2026-11-23" {
		t.Fatalf("%v %v", d, err)
	}
}

func TestStartWhereMidnightIsSkipped(t *testing.T) {
	t.Parallel()
	beirut, err := time.LoadLocation("Asia/Beirut") // summer time begins at 00:00
	if err != nil {
		t.Fatal(err)
	}
	day, _ := ParseDay("2025-03-30")
	start := day.Start(beirut)
	if DayOf(start, beirut) != day || DayOf(start.Add(-time.Millisecond), beirut) != day-1 {
		t.Fatalf("start = %v", start)
	}
}

func TestFake(t *testing.T) {
	t.Parallel()
	f := NewFake(time.Unix(100, 0))
	f.Advance(time.Minute)
	if f.Now().Unix() != 160 {
		t.Fatal(f.Now())
	}
}
