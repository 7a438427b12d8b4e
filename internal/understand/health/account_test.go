package health

import (
	"math"
	"slices"
	"testing"

	"kolo/internal/people/contact"
)

func TestAnAccountIsTheMeanOfItsContacts(t *testing.T) {
	t.Parallel()
	eur := func(n int64) *contact.Money { return &contact.Money{Minor: n, Currency: "EUR"} }
	chance := func(c float64) *float64 { return &c }
	of := func(id contact.ID, value float64, worth *contact.Money, trend ...Stood) Score {
		return Score{Contact: id, Value: value, Chance: chance(1 - value/100), risk: 1 - value/100, Worth: worth, Coverage: 1, Valid: true, Trend: trend, AtRisk: value < 50,
			Parts: []Part{{Key: Usage, Known: value < 90, Score: value, Peers: 50, Effect: value - 60, Count: 3, Typical: 2, Open: -1, Fresh: int(value), Window: 30, Weight: 0.3}}}
	}
	gone := Score{Contact: "d", Left: "2025-03-01", Hidden: true, Worth: eur(400), Trend: []Stood{{"2025-01-01", 10}}}
	unknown := Score{Contact: "e", Hidden: true, Coverage: 0.2}
	list := []Score{gone, of("a", 80, eur(100), Stood{"2025-01-01", 90}, Stood{"2025-01-29", 80}), unknown, of("b", 40, eur(300), Stood{"2025-01-29", 40}), of("c", 90, eur(100))}
	a := accountOf("x", list)
	var order []contact.ID
	for _, x := range a.Scores {
		order = append(order, x.Contact)
	}
	if !slices.Equal(order, []contact.ID{"b", "a", "c", "e", "d"}) || a.Scored != 3 || a.AtRisk != 1 || a.Hidden != 1 || a.Left != 1 || !a.Weighted || !a.Valid || math.Abs(a.Coverage-0.8) > 1e-9 {
		t.Errorf("%v %+v", order, a)
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s is %v, not %v", what, got, want)
		}
	}
	near("the score", *a.Value, (80+3*40+90)/5.0)
	use := a.Parts[0]
	near("use", use.Score, (80+3*40)/4.0) // of c nothing is known
	near("its effect", use.Effect, (20+3*-20+30)/5.0)
	if !use.Known || use.Count != 6 || use.Typical != 4 || use.Open != -1 || use.Fresh != 40 {
		t.Errorf("%+v", use)
	}
	// In January the one who left still counted, for what they were worth.
	if len(a.Trend) != 2 || a.Trend[0].Day != "2025-01-01" {
		t.Fatalf("%+v", a.Trend)
	}
	near("January's first", a.Trend[0].Score, (90+4*10)/5.0)
	near("January's last", a.Trend[1].Score, (80+3*40)/4.0)
	if len(a.Money) != 1 || a.Money[0].Contacts != 1 || a.Money[0].Worth != 300 {
		t.Fatalf("%+v", a.Money)
	}
	near("what will be lost", *a.Money[0].Expected, 0.2*100+0.6*300+0.1*100)
	// Amounts of several currencies weigh nothing, and nobody's account has no score.
	list[0].Worth = &contact.Money{Minor: 300, Currency: "USD"} // b, which was put first
	b := accountOf("x", list)
	near("the score of several currencies", *b.Value, (80+40+90)/3.0)
	if b.Weighted || len(b.Money) != 2 {
		t.Errorf("%+v", b)
	}
	if none := accountOf("x", []Score{unknown, gone}); none.Value != nil || none.Valid || none.Hidden != 1 || none.Left != 1 || none.Weighted {
		t.Errorf("%+v", none)
	}
}
