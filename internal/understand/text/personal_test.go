package text

import (
	"testing"
)

func TestPersonal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, text, want string }{
		// Addresses of mail.
		{"en", "Write to Joe.Smith+x@mail.example.co.uk, thanks", "Write to [email], thanks"},
		{"en", "mail:joe@example.com;ann@example.com", "mail:[email];[email]"},
		{"he", "המייל שלי הואjoe@example.comתודה", "המייל שלי הוא[email]תודה"},
		{"en", "rated 5@5, see you @ noon, @handle", "rated 5@5, see you @ noon, @handle"},
		{"en", "full width ｊｏｅ＠ｅｘａｍｐｌｅ．ｃｏｍ", "full width [email]"},
		{"en", "a\u200bnn\u2060@exa\u00admple.com hides", "[email] hides"},

		// Telephones.
		{"en", "call +44 20 7946 0958 or (202) 555-0143 or 202-555-0143", "call [phone] or [phone] or [phone]"},
		{"en", "my number is 07700 900123", "my number is [phone]"},
		{"he", "נייד 052-5550199, 03-5550123, 0525550199, \u200e+972-52-555-0199", "נייד [phone], [phone], [phone], \u200e[phone]"},
		{"he", "חייגו 1-800-555-555 או *2700", "חייגו [phone] או *2700"},
		{"fa", "شماره من ۰۹۱۲ ۳۴۵ ۶۷۸۹ و ۰۲۱-۸۸۷۷۶۶۵۵", "شماره من [phone] و [phone]"},
		{"fa", "٠٩١٢٣٤٥٦٧٨٩ زنگ بزنید", "[phone] زنگ بزنید"},
		{"ru", "Звоните 8 (916) 123-45-67 или +7(495)123-45-67, 89161234567, 8-916-123-45-67", "Звоните [phone] или [phone], [phone], [phone]"},
		{"ru", "тел. 123-45-67", "тел. [phone]"},
		{"", "Мой телефон +7 916 123 45 67", "Мой телефон [phone]"},
		{"de", "Rufen Sie mich an: 030 23125 123", "Rufen Sie mich an: [phone]"},
		{"fr", "appelez le 06 12 34 56 78", "appelez le [phone]"},
		{"", "052-5550199", "[phone]"},
		{"fr", "mon numéro en Israël 052-555-0199", "mon numéro en Israël [phone]"},
		{"uk", "дзвоніть 067 123 45 67", "дзвоніть [phone]"},

		{"he", "052.555.0199 או 972525550199 או 0 5 2 5 5 5 0 1 9 9", "[phone] או [phone] או [phone]"},
		{"en", "(202)5550143", "[phone]"},
		{"en", "call 2025550143", "call [phone]"},
		{"fa", "9123456789", "[phone]"},
		{"ru", "9161234567", "[phone]"},
		{"en", "joe (at) example.com, joe[at]example.com", "[email], [email]"},
		{"ru", "ivan.petrov собака mail.ru", "[email]"},

		// Cards and accounts.
		{"ru", "счет 40817810099910004312", "счет [account]"},
		{"ru", "паспорт серия 4509 номер 123456", "паспорт серия [passport]"},
		{"fa", "کد پستی ۱۹۳۹۵۴۵۶۷۸", "کد پستی [address]"},
		{"en", "card 4111 1111 1111 1111 and 4111111111111111 and 3782 822463 10005", "card [card] and [card] and [card]"},
		{"ru", "карта 2200 1234 5678 9012", "карта [card]"},
		{"fa", "کارت ۶۰۳۷-۹۹۷۵-۹۹۷۵-۹۹۷۵", "کارت [card]"},
		{"he", "חשבון IL62 0108 0000 0009 9999 999 בבנק", "חשבון [iban] בבנק"},
		{"en", "IBAN: GB82WEST12345698765432.", "IBAN: [iban]."},
		{"de", "DE89 3704 0044 0532 0130 00", "[iban]"},
		{"en", "GB82 WEST 1234 5698 7654 33 has a wrong digit", "GB82 WEST 1234 5698 7654 33 has a wrong digit"},

		// Numbers of people.
		{"he", "ת.ז. 123456782", "ת.ז. [id]"},
		{"he", "ת\"ז 12345678-2", "ת\"ז [id]"},
		{"he", "מספר 123456782", "מספר [id]"},
		{"he", "מספר 123456789 לא עובר בדיקה", "מספר 123456789 לא עובר בדיקה"},
		{"ru", "ИНН 7707083893, СНИЛС 112-233-445 95", "ИНН [inn], СНИЛС [snils]"},
		{"ru", "мой ИНН: 500100732259", "мой ИНН: [inn]"},
		{"ru", "паспорт 4509 123456, выдан в Москве", "паспорт [passport], выдан в Москве"},
		{"fa", "کد ملی ۰۴۹۹۳۷۰۸۹۹", "کد ملی [id]"},
		{"fa", "کدملی من 0499370899 است", "کدملی من [id] است"},
		{"en", "born 12/05/1984, passport no. 925665416", "born [birthdate], passport no. [passport]"},
		{"en", "passport AB1234567, customer ID is TEST-000111", "passport [passport], customer ID is [id]"},
		{"ru", "дата рождения 12.05.1984", "дата рождения [birthdate]"},
		{"ru", "лицевой счёт № 1234567890", "лицевой счёт № [account]"},

		// What is called an id in one word, as it must then check, and in more.
		{"en", "ID 123456782", "ID [id]"},
		{"en", "ID: 123456782, thanks", "ID: [id], thanks"},
		{"en", "ID card 123456782", "ID card [id]"},
		{"en", "my ID is 123456782 and My ID number is 123456782", "my ID is [id] and My ID number is [id]"},
		{"", "teudat zehut 123456782", "teudat zehut [id]"},
		{"en", "ת.ז. 123456782 or תעודת זהות 123456782", "ת.ז. [id] or תעודת זהות [id]"},
		{"", "ת.ז. 123456782", "ת.ז. [id]"},
		{"en", "ID 123456789 does not check, session id 123456782 and order ID 123456782 are others", "ID 123456789 does not check, session id 123456782 and order ID 123456782 are others"},
		{"en", "the order number is 5551234567", "the order number is 5551234567"},

		// What one number is called is not said of the next, unless that looks the same.
		{"he", "ת.ז. 123456782 והטלפון שלי 054-1234567", "ת.ז. [id] והטלפון שלי [phone]"},
		{"he", "ת.ז. 123456782, 054-1234567", "ת.ז. [id], [phone]"},
		{"he", "ת.ז. 12345678-2, 12345679-3", "ת.ז. [id], [id]"},
		{"en", "passport AB1234567, 07700 900123", "passport [passport], [phone]"},

		// A number, or an address, that is all there is.
		{"", "0541234567", "[phone]"},
		{"", "0521112233", "[phone]"},
		{"", "972541234567", "[phone]"},
		{"", "00972541234567", "[phone]"},
		{"", "09121234567", "[phone]"},
		{"", "89161234567", "[phone]"},
		{"", "+79161234567", "[phone]"},
		{"he", "תחזרו אליי 0541234567", "תחזרו אליי [phone]"},
		{"", "משה@דוגמה.קום", "[email]"},
		{"", "иван@пример.рф", "[email]"},
		{"ru", "Пишите на ivan@пример.рф или иван.петров@пример.рф.", "Пишите на [email] или [email]."},

		// Machines and links.
		{"en", "from 192.168.10.77 and 2001:db8::8a2e:370:7334", "from [ip] and [ip]"},
		{"en", "reset https://x.example/r?token=9f8a7b6c5d and https://x.example/help", "reset [link] and https://x.example/help"},
		{"en", "https://x.example/i/a1b2c3d4e5f60718293a4b5c", "[link]"},
	} {
		f := Personal(c.text, c.lang)
		if got := Mask(c.text, f); got != c.want {
			t.Errorf("%s: %q\n  gives %q\n  want  %q", c.lang, c.text, got, c.want)
		}
	}
}

// What customers write about all the time and what is nobody's.
func TestNothingPersonal(t *testing.T) {
	t.Parallel()
	for lang, texts := range map[string][]string{
		"en": {
			"Order 4471-2290-11 from 2024-05-12, 12:30, paid $1,299.99, 3 x 40 cm, 20-30 minutes", "invoice 123456789 and ticket #5551234567",
			"version 10.0.4.12 of the app on iPhone 15 Pro, build 2024.11.03", "between 2019-2023 we paid 12 500 000 in all", "flight LH1234 on 03/04/2025 at gate 22",
			"3.5 stars, 100% refund, 24/7, 9-5, 1st of May", "tracking 1Z999AA10123456784", "ISBN 978-3-16-148410-0", "the code was 123456", "10:30:20 to 11:45",
			"15 000 000 tomans", "Model WH-1000XM4, size 38-40-42", "ref 2024/000123/55", "see example.com/help?page=2", "£20.50 - £35.00 (2 for 1)", "booking 0123456789",
		},
		"he": {
			"הזמנה 123456782 מתאריך 12.05.2024 בשעה 10:30", "שילמתי 1,250 ש\"ח על 3 פריטים", "חיכיתי 45 דקות, מספר 117 בתור", "מספר פנייה 20240512777", "בין 2019-2023", "קו 480, רציף 12",
			"מעקב RR123456785IL", "400,000 ש\"ח", "כיכר 7.10.2023",
		},
		"fa": {
			"سفارش ۰۴۹۹۳۷۰۸۹۹ را پیگیری کنید", "مبلغ ۱٬۲۵۰٬۰۰۰ تومان پرداخت شد", "ساعت ۱۰:۳۰ روز ۱۴۰۲/۰۵/۱۲", "۴۵۰۰۰۰۰ تومان", "کد رهگیری ۱۲۳۴۵۶۷۸۹۰۱۲", "نسخه ۱۰.۰.۴.۱۲",
		},
		"ru": {
			"Заказ 7707083893 от 12.05.2024 в 10:30", "оплатил 12 500 руб. 30 коп.", "трек 12345678901234", "с 2019-2023 год", "показания 00123456", "версия 10.0.4.12", "1 250 000 ₽",
			"рейс SU 1234, место 14А", "заявка №8916123456", "артикул 89161234567",
		},
	} {
		for _, s := range texts {
			if f := Personal(s, lang); len(f) > 0 {
				t.Errorf("%s: %q holds %s %q", lang, s, f[0].Kind, f[0].Of(s))
			}
		}
	}
}

// TestOrdinaryNumbers: numbers of orders, dates, prices and years stay as they are, whether the language is told or found.
func TestOrdinaryNumbers(t *testing.T) {
	t.Parallel()
	for lang, texts := range map[string][]string{
		"en": {
			"the year 2024 2025 2026 2027", "2024-2025-2026-2027", "in 2021, 2022 and 2023 it was fine", "order number 4471 2290 1234 5678 is late", "Order #123456782 has not come",
			"order ID 123456782", "my order id: 0541234567", "paid $1,234.56 and then $99", "from 01/02/2024 to 03/04/2025", "at 10:30 on 2024-11-28", "size 38 40 42 44",
			"ticket 20241128001", "it costs 1 250 000 a year", "2019 2020 2021 2022 2023 were good years", "the idea of 12345 steps", "invoice no. 2024/11/000123",
			"We waited 45 minutes, then 30, then 60", "user id 123456782 cannot log in",
		},
		"he": {
			"השנים 2024 2025 2026 2027", "הזמנה מספר 123456782 לא הגיעה", "הזמנה 0541234567", "שילמתי 1,299.90 ש\"ח", "מתאריך 01.02.2024 עד 03.04.2025", "בשעה 10:30 ביום 28/11/2024",
			"קניתי 3 ב-100", "עמדתי 45 דקות בתור ועוד 30 דקות בטלפון", "מספר פנייה 4471-2290-11", "מידות 38 40 42", "עלה לי 12 500 שקל", "בשנת 2023 היה 20% יותר זול",
		},
		"fa": {
			"سال\u200cهای ۲۰۲۴ ۲۰۲۵ ۲۰۲۶ ۲۰۲۷", "سال ۱۴۰۰ ۱۴۰۱ ۱۴۰۲ ۱۴۰۳", "سفارش ۰۹۱۲۱۲۳۴۵۶۷ نرسید", "شماره سفارش ۱۲۳۴۵۶۷۸۹", "۱٬۲۵۰٬۰۰۰ تومان دادم", "از ۱۴۰۲/۰۵/۱۲ تا ۱۴۰۳/۰۱/۰۱",
			"ساعت ۱۰:۳۰ آمد", "۴۵ دقیقه منتظر ماندم", "نام من در لیست نبود", "نام من اشتباه است", "اسم من را عوض کنید", "فاکتور ۲۰۲۴۱۱۲۸۰۰۱", "۲۰ درصد گران\u200cتر شد",
		},
		"ru": {
			"годы 2024 2025 2026 2027", "в 2021, 2022 и 2023 было лучше", "заказ 89161234567 не пришёл", "заказ №123456782", "номер заказа 4471 2290 1234 5678", "заплатил 1 299,90 руб.",
			"с 01.02.2024 по 03.04.2025", "в 10:30 28.11.2024", "ждал 45 минут, потом ещё 30", "размеры 38 40 42", "стало на 20% дороже", "накладная 20241128001", "за 12 500 рублей",
		},
	} {
		for _, s := range texts {
			for _, l := range []string{lang, ""} {
				if f := Personal(s, l); len(f) > 0 {
					t.Errorf("%s: %q holds %s %q", l, s, f[0].Kind, f[0].Of(s))
				}
			}
		}
	}
}

// Each checksum refuses what differs in one digit.
func TestChecksums(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		check func([]byte) bool
		valid string
	}{
		"luhn":    {luhn, "4111111111111111"},
		"israel":  {israeliID, "123456782"},
		"inn10":   {inn, "7707083893"},
		"inn12":   {inn, "500100732259"},
		"snils":   {snils, "11223344595"},
		"iran":    {iranianCode, "0499370899"},
		"iban":    {mod97, "gb82west12345698765432"},
		"iban il": {mod97, "il620108000000099999999"},
	} {
		d := []byte(c.valid)
		if !c.check(d) {
			t.Errorf("%s refuses %s", name, d)
		}
		for i := range d {
			if !isDigit(d[i]) {
				continue
			}
			old := d[i]
			d[i] = '0' + (d[i]-'0'+1)%10
			if c.check(d) {
				t.Errorf("%s takes %s", name, d)
			}
			d[i] = old
		}
	}
	for _, bad := range []string{"", "1", "12345678", "1234567890123"} {
		if israeliID([]byte(bad)) || inn([]byte(bad)) || snils([]byte(bad)) || iranianCode([]byte(bad)) {
			t.Errorf("a number of %d digits is taken", len(bad))
		}
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	s := "a b c"
	if got := Mask(s, []Finding{{Span{2, 3}, PersonalEmail}}); got != "a [email] c" {
		t.Errorf("got %q", got)
	}
	if got := Mask(s, nil); got != s {
		t.Errorf("got %q", got)
	}
}
