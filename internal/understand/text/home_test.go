package text

import "testing"

func TestHomes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, text, want string }{
		{"ru", "Живу на улице Ленина, дом 5, квартира 12", "Живу на [address]"},
		{"ru", "проспект Мира, 15", "[address]"},
		{"ru", "на улице ленина дом 5", "на [address]"},
		{"en", "postcode LS1 4AP", "postcode [address]"},
		{"en", "my postcode is sw1a 1aa", "my postcode is [address]"},
		{"en", "I live at 12 Baker Street, London NW1 6XE, top floor", "I live at [address], top floor"},
		{"en", "delivered to Leeds LS1 4AP", "delivered to Leeds [address]"},
		{"he", "מגורים של שתי נפשות. רחוב האלה 6.", "מגורים של שתי נפשות. [address]."},

		{"ru", "на улице минус 30, а ждал 20 минут", "на улице минус 30, а ждал 20 минут"},
		{"ru", "не видит нашу улицу. Новостройка, корпус 3", "не видит нашу улицу. Новостройка, корпус 3"},
		{"en", "at gate B1 2PM, model AB1 2CD", "at gate B1 2PM, model AB1 2CD"},
		{"he", "הסניף ברחוב הרצל פתוח עד 20:00", "הסניף ברחוב הרצל פתוח עד 20:00"},
		{"he", "בחנות ברחוב הוא 2,400", "בחנות ברחוב הוא 2,400"},
		{"he", "הסניף ברחוב הנביאים נסגר ב-5", "הסניף ברחוב הנביאים נסגר ב-5"},
		{"fa", "کابل از تیر کوچه تا پنجره ۲۵ متر است", "کابل از تیر کوچه تا پنجره ۲۵ متر است"},
		{"fa", "رو به خیابان بود. موتورها تا ۲ شب", "رو به خیابان بود. موتورها تا ۲ شب"},
	} {
		if got := Mask(c.text, Personal(c.text, c.lang)); got != c.want {
			t.Errorf("%s: %q\n  gives %q\n  want  %q", c.lang, c.text, got, c.want)
		}
	}
}
