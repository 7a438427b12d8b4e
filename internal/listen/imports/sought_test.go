package imports

import (
	"testing"

	"kolo/internal/people/contact"
)

// An ordinary number or word that equals an id is nobody, and neither are the last digits of a telephone number, unless the column says so.
func TestWhatMentionsACustomer(t *testing.T) {
	t.Parallel()
	im := Import{
		Columns: []Column{{Name: "comment"}, {Name: "order"}, {Name: "customer id"}, {Name: "user", Personal: true}, {Name: "mobile"}, {Name: "contact"}},
		Mapping: Mapping{Columns: []Target{{Column: "comment", To: toText}, {Column: "order", To: "attribute:order"}, {Column: "customer id", To: toContactID},
			{Column: "user", To: toIgnore}, {Column: "mobile", To: "attribute:mobile"}, {Column: "contact", To: toPhone}}},
	}
	external := func(id string) mark { return mark{kind: contact.External, norm: id, value: id} }
	phone := func(norm, value string) mark { return mark{kind: contact.Phone, norm: norm, value: value} }
	mobile, land, short := phone("+972521234567", "052-123-4567"), phone("+97231234567", "03-1234567"), phone("+29022222", "+290 22222")
	for _, c := range []struct {
		mark
		column, cell string
		want         bool
	}{
		{external("104233"), "order", "104233", false},
		{external("104233"), "comment", "Order 104233 is late", false},
		{external("104233"), "customer id", " 104233 ", true},
		{external("104233"), "customer id", "1042334", false},
		{external("104233"), "user", "104233", true},
		{external("104233"), "contact", "104233", true},
		{external("premium"), "comment", "No refund for a premium account", false},
		{external("premiumplan"), "comment", "premiumplan", false},
		{external("1042331042"), "order", "1042331042", false},
		{external("CUST-104233"), "comment", "I am cust-104233, call me", true},
		{external("ana@x"), "comment", "I am ana@x", true},
		{mobile, "order", "1234567", false},
		{mobile, "order", "21234567", false},
		{mobile, "order", "9921234567", false},
		{mobile, "order", "0521234567", true},
		{mobile, "comment", "Ring 52 1234567", true},
		{mobile, "comment", "Ring 00972 52 123 4567", true},
		{mobile, "mobile", "1234567", true},
		{mobile, "contact", "99 2123-4567", true},
		{mobile, "contact", "1234568", false},
		{land, "comment", "Ring 31234567", false},
		{land, "comment", "Ring 03-1234567", true},
		{land, "comment", "Ring +972 (0)3 1234567", true},
		{land, "comment", "Order 5031234567", false},
		{land, "comment", "Order 9, 031234567", true},
		{short, "comment", "Ring +290 22222", true},
		{short, "order", "9929022222", false},
	} {
		in := newSought([]mark{c.mark}).within(im)
		if got := in.inRow([]string{c.column}, []string{c.cell}, ""); got != c.want {
			t.Errorf("%s in %s %q: %v", c.norm, c.column, c.cell, got)
		}
		if got := in.inRow([]string{"elsewhere"}, []string{"x", c.cell}, ""); got && !c.want { // behind the named columns
			t.Errorf("%s in no column %q", c.norm, c.cell)
		}
	}
	// Of a row that could not be split nobody knows what is the id.
	in := newSought([]mark{external("104233")})
	if !in.within(im).inRow(nil, nil, `"never closed,104233,x`) || in.within(Import{Columns: im.Columns[:2]}).inRow(nil, nil, `"never closed,104233,x`) {
		t.Error("a row that could not be split")
	}
}
