package text

import "testing"

func TestPeople(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, text, want string }{
		{"en", "My name is Tess Tingley-Moore and I am cross.", "My name is [name] and I am cross."},
		{"en", "Mr. Brown was rude, Mrs Smith was not.", "Mr. [name] was rude, Mrs [name] was not."},
		{"en", "Please call back. Kind regards,\nP. J. Dummyson", "Please call back. Kind regards,\n[name]"},
		{"en", "Refund me, please. Thanks, Olive Testerman", "Refund me, please. Thanks, [name]"},
		{"en", "Thanks, Olive Testerman did well", "Thanks, Olive Testerman did well"},
		{"en", "Again. — R. Sampleton", "Again. — [name]"},
		{"en", "Regards to the chef, and see you", "Regards to the chef, and see you"},
		{"en", "sent to Flat 9, 12 Example Street by mistake", "sent to [address] by mistake"},
		{"en", "12 People waited in 3 Main rooms", "12 People waited in 3 Main rooms"},
		{"he", "שמי רינת אלמוגי, תתקשרו", "שמי [name], תתקשרו"},
		{"he", "החשבון על שמי כבר שנה", "החשבון על שמי כבר שנה"},
		{"he", "נא לטפל. בברכה, רינת אלמוגי", "נא לטפל. בברכה, [name]"},
		{"he", "גר ברחוב הדקל 8 דירה 3, תל אביב", "גר [address], תל אביב"},
		{"fa", "نام و نام خانوادگی: رضا محمدی", "نام و نام خانوادگی: [name]"},
		{"fa", "نام من علی رضایی است", "نام من [name] است"},
		{"fa", "سلام، اسم من علی رضایی است و ناراضی\u200cام", "سلام، اسم من [name] است و ناراضی\u200cام"},
		{"fa", "اسمم زهرا احمدی است", "اسمم [name] است"},
		{"fa", "اسم من علی رضایی", "اسم من [name]"},
		{"fa", "نام من در لیست نبود، اسم من را عوض کنید", "نام من در لیست نبود، اسم من را عوض کنید"},
		{"fa", "آدرس: خیابان آزادی پلاک ۱۲ واحد ۳", "آدرس: [address]"},
		{"en", "it's oh seven seven double oh, nine oh oh one two three, ok", "it's [phone], ok"},
		{"en", "one, two, three and go", "one, two, three and go"},
		{"he", "הכרטיס ארבע אחד אחד אחד, ארבע פעמים אחד, 1111 1111. תוקף?", "הכרטיס [card]. תוקף?"},
		{"ru", "телефон: восемь девятьсот, ноль ноль ноль, двадцать два, тридцать три. Жду", "телефон: [phone]. Жду"},
		{"fa", "شماره م صفر نهصد و دوازده، صفر صفر صفر، بیست و دو است", "شماره م [phone] است"},
		{"en", "I live at 221B Baker Street, London", "I live at [address], London"},
		{"ru", "Иванов Иван Иванович, жду", "[name], жду"},
		{"ru", "Меня зовут Анна Петрова, жду ответа", "Меня зовут [name], жду ответа"},
		{"ru", "говорил с Иваном Петровичем вчера", "говорил с [name] вчера"},
		{"ru", "С уважением, Тестова А. В.", "С уважением, [name]"},
		{"ru", "живу на ул. Тестовая, д. 1, кв. 15, второй подъезд", "живу на [address], второй подъезд"},
		{"ru", "Основная проблема и готовность", "Основная проблема и готовность"},
		{"ru", "улица у нас тихая, но 3 дня шумят", "улица у нас тихая, но 3 дня шумят"},
	} {
		if got := Mask(c.text, Personal(c.text, c.lang)); got != c.want {
			t.Errorf("%s: %q\n  gives %q\n  want  %q", c.lang, c.text, got, c.want)
		}
	}
}
