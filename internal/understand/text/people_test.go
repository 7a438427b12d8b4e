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

// TestIntroduced: people give their names beside a number, sign with them and say who speaks; the names here are such as the lists of
// names have, and such as they have not.
func TestIntroduced(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, text, want string }{
		// A number or an address stands beside.
		{"en", "Great team. Contact: Dana Cohen, 0541234567.", "Great team. Contact: [name], [phone]."},
		{"en", "Great team. Contact: Ngozi Adichie, n.adichie@example.com", "Great team. Contact: [name], [email]"},
		{"ru", "Спасибо. Для связи: Алексей Черных, 89161234567", "Спасибо. Для связи: [name], [phone]"},
		{"ru", "Спасибо. Для связи: Ербол Жумабаев, почта erbol@example.com", "Спасибо. Для связи: [name], почта [email]"},
		{"he", "צוות מקסים. ליצירת קשר: גליה גולן, galia@example.com", "צוות מקסים. ליצירת קשר: [name], [email]"},
		{"he", "צוות מקסים. ליצירת קשר: אסנת קפלינסקי, 054-1234567", "צוות מקסים. ליצירת קשר: [name], [phone]"},
		{"fa", "عالی بود. تماس: حمید شادمان، 09121234567", "عالی بود. تماس: [name]، [phone]"},
		{"fa", "عالی بود. تماس: کیومرث ارجمندی، k.a@example.com", "عالی بود. تماس: [name]، [email]"},
		{"en", "The app is slow.\nDana Cohen\n0541234567", "The app is slow.\n[name]\n[phone]"},
		{"he", "האפליקציה איטית.\nדנה כהן\n054-1234567", "האפליקציה איטית.\n[name]\n[phone]"},
		{"ru", "Приложение тормозит.\nАнна Смирнова\n8 916 123-45-67", "Приложение тормозит.\n[name]\n[phone]"},
		{"fa", "اپ کند است.\nعلی رضایی\n09121234567", "اپ کند است.\n[name]\n[phone]"},
		{"he", "המידע שלי הועבר. אורית בן-דמיון, ת.ז. 123456782", "המידע שלי הועבר. [name], ת.ז. [id]"},
		{"en", "please call my wife Sarah Levy on 07700 900123", "please call my wife [name] on [phone]"},
		{"en", "0541234567, Dana Cohen", "[phone], [name]"},
		{"en", "DANA COHEN, 0541234567", "[name], [phone]"},

		// Who speaks, or signs.
		{"he", "האינטרנט נפל. כאן נטע לוי.", "האינטרנט נפל. כאן [name]."},
		{"he", "מדבר יוסי מהמכולת, האינטרנט נפל", "מדבר [name] מהמכולת, האינטרנט נפל"},
		{"he", "לקוח: כאן נטע לוי, n@example.com", "לקוח: כאן [name], [email]"},
		{"ru", "Стыдно за вас! Это Виктор Штерн.", "Стыдно за вас! Это [name]."},
		{"ru", "#firma это Юлия Шевченко.", "#firma это [name]."},
		{"fa", "منتظر جوابم. من کیان یزدان\u200cپناه.", "منتظر جوابم. من [name]."},
		{"fa", "اینجانب علی رضایی درخواست دارم", "اینجانب [name] درخواست دارم"},
		{"en", "Dana Cohen speaking, please call back", "[name] speaking, please call back"},
		{"en", "@company_help this is Sofia Okafor.", "@company_help this is [name]."},
		{"en", "I am Jane Doe from Leeds", "I am [name] from Leeds"},
		{"en", "Nobody calls back. D. Mockridge", "Nobody calls back. [name]"},
		{"he", "נא לטפל. תודה, משה כהן", "נא לטפל. תודה, [name]"},
		{"fa", "پیگیری کنید. ممنون، علی رضایی", "پیگیری کنید. ممنون، [name]"},
		{"en", "The points are in the name of Mary Lynch.", "The points are in the name of [name]."},
		{"he", "שמי רינה ואין לי רישיון", "שמי [name] ואין לי רישיון"},
		{"he", "#firma שמי הדס ביטון.", "#firma שמי [name]."},
	} {
		if got := Mask(c.text, Personal(c.text, c.lang)); got != c.want {
			t.Errorf("%s: %q\n  gives %q\n  want  %q", c.lang, c.text, got, c.want)
		}
	}
}

// TestNobody: what stands where a name could is often none, and staff are praised by their first names.
func TestNobody(t *testing.T) {
	t.Parallel()
	for lang, texts := range map[string][]string{
		"en": {
			"There's a number, and Doreen answers it.", "Thank you Doreen, you were a star", "This is Black Friday.", "I am American Express customer", "I'm Gold Member", "English speaking staff. Generally speaking, fine",
			"The sound's amazing. Row F.", "I've paid too much. 45. Since June.", "From: London Victoria", "her line would be cut off unless she signed. She's 86.", "Best phone so far. Galaxy Ultra",
			"Contact: still nothing", "I am Very Happy with it",
		},
		"he": {
			"נועם היה אלוף. תודה נועם", "אני אוהד בית\"ר שפוי", "ליצירת קשר: שירות לקוחות", "כאן הכול עובד.", "הרכב נקי. נורית שמן דלקה.", "מדבר יפה, עוזר", "שמי רשום אצלכם", "תודה, ליאור היה נהדר",
		},
		"fa": {
			"تماس: هنوز جواب ندادند", "من راضی هستم", "من خیلی راضی هستم.", "با من تماس بگیرید", "آب یخ! بهمن ماهه.", "خط رو دایر کردن به اسم من تو مغازه", "اسمم تو لیست نبود، راننده زنگ زد",
		},
		"ru": {
			"Великолепная Галина помогла. Спасибо.", "Это Полный Провал", "Я Очень Довольна покупкой", "Предпочитаю окно. Сиденье F.", "Чисто на каждой станции. Проводница Галина.", "Для связи: только почта",
		},
	} {
		for _, s := range texts {
			if f := Personal(s, lang); len(f) > 0 {
				t.Errorf("%s: %q holds %s %q", lang, s, f[0].Kind, f[0].Of(s))
			}
		}
	}
	// A number beside makes nobody of a service, of praise or of what is asked for.
	for _, s := range []string{"Call Example Support on 0800 555 1234", "This is Customer Care, 0800 555 1234", "Great Service, 0541234567", "Super Fast Delivery, 0541234567", "Call me back, 0541234567",
		"ליצירת קשר: שירות לקוחות, 054-1234567", "תחזרו אליי, 054-1234567", "תודה רבה\n054-1234567", "با من تماس بگیرید: 09121234567", "تماس: هنوز جواب ندادند، 09121234567", "Жду ответа, 89161234567"} {
		for _, f := range Personal(s, "") {
			if f.Kind != PersonalPhone {
				t.Errorf("%q holds %s %q", s, f.Kind, f.Of(s))
			}
		}
	}
}

// TestNumbersOfPatients: numbers of files, policies and documents that are called so, and those of Spain, which check themselves.
func TestNumbersOfPatients(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, text, want string }{
		{"es", "Mi DNI es 12345678Z", "Mi DNI es [id]"}, {"es", "NIE X1234567L, gracias", "NIE [id], gracias"}, {"en", "my DNI is 12345678Z.", "my DNI is [id]."},
		{"es", "pedido 12345678A, talla 1234567L", "pedido 12345678A, talla 1234567L"},
		{"en", "MRN 00482913", "MRN [account]"}, {"en", "medical record no. 482913", "medical record no. [account]"}, {"en", "insurance number 99812345", "insurance number [account]"},
		{"he", "מספר תיק רפואי 482913", "מספר תיק רפואי [account]"}, {"he", "מספר מבוטח 482913", "מספר מבוטח [account]"},
		{"fa", "شماره پرونده ۴۸۲۹۱۳ است", "شماره پرونده [account] است"}, {"fa", "شماره بیمه 4829135", "شماره بیمه [account]"},
		{"ru", "номер карты пациента 482913", "номер карты пациента [account]"}, {"ru", "номер полиса 48291345", "номер полиса [passport]"},
		{"ru", "номер медкарты 482913", "номер медкарты [account]"},
	} {
		if got := Mask(c.text, Personal(c.text, c.lang)); got != c.want {
			t.Errorf("%s: %q\n  gives %q\n  want  %q", c.lang, c.text, got, c.want)
		}
	}
}

// TestOwn: the names that a writer is known by are found wherever they stand, in any of their forms.
func TestOwn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, name, text, want string }{
		{"en", "Zelda Quux", "Zelda Quux here again, Dr. Cohen was rude", "[name] here again, Dr. [name] was rude"},
		{"en", "Zelda Quux", "they wrote ZELDA on it. quux! Zelda's bag, to Mrs Quux-Smith", "they wrote [name] on it. [name]! [name] bag, to Mrs [name]"},
		{"en", "Zelda Quux", "Thanks Doreen, Zeldas and quuxes", "Thanks Doreen, Zeldas and quuxes"},
		{"en", "Bo Li", "Bo Li and Bo, J. Li", "[name] and Bo, J. Li"},
		{"en", "Will May", "I will come in May, Will said", "I will come in [name], [name] said"},
		{"en", "Li", "It is Li, li", "It is [name], li"},
		{"en", "Anna van den Berg", "the den of Anna van den Berg", "the den of [name]"},
		{"en", "Zelda Quux", "write to zelda.quux@example.com", "write to [email]"},
		{"he", "דנה כהן", "לדנה לא החזירו, וכשדנה כהן שאלה אמרו שכהן טעה", "[name] לא החזירו, [name] שאלה אמרו [name] טעה"},
		{"he", "נועם לוי", "תודה נועם, בנעימות", "תודה [name], בנעימות"},
		{"fa", "رضا محمدی", "رضام، محمدی\u200cام و رضا محمدي", "[name]، [name] و [name]"},
		{"ru", "Зельда Петрова", "Зельде не ответили, спросите Петрову. Зельдой назвали!", "[name] не ответили, спросите [name]. [name] назвали!"},
		{"ru", "Павел Достоевский", "отказали Павлу Достоевскому, павильон открыт", "отказали [name], павильон открыт"},
		{"en", "", "Zelda", "Zelda"}, {"en", "x@example.com, 12 !", "Zelda 12", "Zelda 12"},
	} {
		if got := Mask(c.text, Personal(c.text, c.lang, c.name)); got != c.want {
			t.Errorf("%s, %s: %q\n  gives %q\n  want  %q", c.lang, c.name, c.text, got, c.want)
		}
	}
}

// TestKin: whose husband, son or mother somebody is called says who they are, and who the writer is.
func TestKin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, text, want string }{
		{"en", "rude to my husband Peter Stein.", "rude to my husband [name]."},
		{"en", "My son Jake and our daughter, Mia, waited", "My son [name] and our daughter, [name], waited"},
		{"en", "my mother-in-law Olga cried; his sister Ngozi too", "my mother-in-law [name] cried; his sister [name] too"},
		{"en", "my son jake waited", "my son [name] waited"},
		{"en", "My Husband Loved It. my wife, Monday. My son I think", "My Husband Loved It. my wife, Monday. My son I think"},
		{"en", "Sister Act was great, my father will come", "Sister Act was great, my father will come"},
		{"he", "צעקו על בעלי משה כהן", "צעקו על בעלי [name]"},
		{"he", "הבן שלי יונתן חיכה, ואשתי רותי בכתה", "הבן שלי [name] חיכה, ואשתי [name] בכתה"},
		{"he", "לא נותנים להכניס בעלי חיים, גרים בבני ברק, אמא שלי חיכתה", "לא נותנים להכניס בעלי חיים, גרים בבני ברק, אמא שלי חיכתה"},
		{"fa", "با همسرم علی رضایی بد حرف زدند", "با همسرم [name] بد حرف زدند"},
		{"fa", "پسر من رضا منتظر ماند، مادرم راضی است", "پسر من [name] منتظر ماند، مادرم راضی است"},
		{"ru", "нагрубили моему мужу Петру Штейну", "нагрубили моему мужу [name]"},
		{"ru", "с женой Анной и нашим сыном Мишей. Муж Доволен? сестра Галина помогла", "с женой [name] и нашим сыном [name]. Муж Доволен? сестра Галина помогла"},
	} {
		if got := Mask(c.text, Personal(c.text, c.lang)); got != c.want {
			t.Errorf("%s: %q\n  gives %q\n  want  %q", c.lang, c.text, got, c.want)
		}
	}
}
