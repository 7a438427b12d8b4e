package contact

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// What people call columns and attributes that have a customer's e-mail address, telephone number and name, in English, Russian, Hebrew
// and Persian: by these imports find them, and SaysWho knows attributes by them.
var (
	EmailWords = []string{"email", "e mail", "mail", "email address", "e mail address", "почта", "эл почта", "электронная почта", "имейл", "אימייל", "מייל",
		"דואל", "דוא ל", "ایمیل", "پست الکترونیک", "رایانامه"}
	PhoneWords = []string{"phone", "phone number", "telephone", "tel", "mobile", "cell", "msisdn", "телефон", "номер телефона", "мобильный", "טלפון", "נייד",
		"تلفن", "موبایل", "شماره تلفن", "شماره تماس"}
	NameWords = []string{"customer name", "full name", "fullname", "name", "client name", "user name", "username", "author", "имя", "фио", "имя клиента", "автор",
		"שם", "שם מלא", "שם לקוח", "שם הלקוח", "نام", "نام مشتری", "نام کامل"}
)

// Words by which SaysWho knows attributes. What has two words may be written as one.
var (
	// Wherever they stand in a name they say who somebody is.
	whoAnywhere = phrases(
		"first name, firstname, last name, surname, full name, middle name, maiden name, family name, given name, second name, nickname, nick name, username, user name, display name",
		"customer name, client name, contact name, guest name, patient name, member name, subscriber name, respondent name, passenger name, recipient name, cardholder name, account holder",
		"passport, national id, national identity, national number, identity number, identity card, identity document, personal id, personal number, government id, id card, citizen id",
		"ssn, social security, social insurance, national insurance, tax id, tax number, tax code, taxpayer, drivers license, driver license, driving license, drivers licence, driving licence, teudat zehut",
		"birthday, birth day, birth date, date of birth, day of birth, dob, bday, home address, street address, postal address, residential address, living address, card number, bank account, iban",
		"фио, ф и о, фамилия, отчество, полное имя, имя отчество, имя клиента, имя пользователя, имя покупателя, имя контакта, никнейм, логин",
		"паспорт, паспорта, паспортные данные, удостоверение личности, номер удостоверения, водительское удостоверение, водительские права, снилс",
		"дата рождения, день рождения, домашний адрес, место жительства, адрес проживания, адрес регистрации, адрес доставки, прописка, номер карты",
		"שם פרטי, שם משפחה, שם מלא, שם לקוח, שם הלקוח, שם לקוחה, שם הלקוחה, שם משתמש, שם המשתמש, שם איש קשר, שם אמצעי, שם נעורים, כינוי",
		"תעודת זהות, תעודת הזהות, מספר זהות, מספר הזהות, ת ז, תז, דרכון, רישיון נהיגה, תאריך לידה, תאריך הלידה, יום הולדת, יום לידה, כתובת מגורים, כתובת בית, כתובת למשלוח, מספר כרטיס",
		"نام خانوادگی, نام و نام خانوادگی, نام کامل, نام مشتری, نام کاربری, نام کاربر, نام پدر, نام مستعار, نام مخاطب",
		"کد ملی, شماره ملی, کارت ملی, شناسه ملی, شماره شناسنامه, شناسنامه, گذرنامه, پاسپورت, گواهینامه رانندگی, تاریخ تولد, روز تولد, آدرس منزل, نشانی منزل, آدرس محل سکونت, شماره کارت, شماره شبا",
	)

	// They say who somebody is where everything else in the name is one of besides: a shop has an address, too, and a telephone a model.
	whoAtHand = phrases(append([]string{strings.Join(EmailWords, ","), strings.Join(PhoneWords, ","),
		"cellphone, mobile phone, phone no, fax, inn, snils, address, street, whatsapp, whats app, viber, telegram, instagram, facebook, linkedin, twitter, vkontakte, vk, skype, wechat, tiktok, discord, snapchat",
		"емейл, емайл, электронный адрес, адрес, улица, сотовый, сотовый телефон, мобильный телефон, моб телефон, номер мобильного, инн, ватсап, вотсап, вацап, вайбер, телеграм, телеграмм, инстаграм, инстаграмм, вконтакте, вк, фейсбук, скайп",
		"דואר אלקטרוני, כתובת, כתובת מייל, כתובת דואל, רחוב, פלאפון, סלולרי, מספר טלפון, מספר נייד, טלפון נייד, ווטסאפ, וואטסאפ, טלגרם, אינסטגרם, פייסבוק, לינקדאין, טוויטר",
		"پست الکترونیکی, آدرس, نشانی, خیابان, آدرس ایمیل, تلفن همراه, شماره همراه, شماره موبایل, تلفن ثابت, شماره مالیاتی, واتساپ, واتس اپ, تلگرام, اینستاگرام, فیسبوک, فیس بوک, لینکدین, توییتر",
	}, NameWords...)...)

	// People, and which of several it is.
	besides = phrases(
		"customer, customers, client, clients, user, users, contact, guest, patient, member, person, people, personal, private, subscriber, caller, buyer, respondent, reviewer, passenger, recipient, sender, holder, owner, applicant, student",
		"parent, father, mother, spouse, partner, child, his, her, my, your, the, of, s, a, home, work, business, office, main, primary, secondary, other, alternative, alternate, alt, second, first, last, emergency, preferred, legal, full",
		"billing, shipping, delivery, invoice, mailing, contact, login, registered, verified, confirmed, raw, original, current, permanent, number, num, no, nr, id, value, text, line, url, link, handle, account, profile, nick, private, mobile, cell, traits, attributes, contact, data",
		"клиента, клиент, покупателя, пользователя, контакта, контактный, контактная, контактные, личный, личная, домашний, рабочий, рабочая, основной, основная, дополнительный, номер, аккаунт, профиль, ник, заказчика, абонента, гостя, пациента, для, связи, мобильный, сотовый",
		"לקוח, הלקוח, לקוחה, של, איש, קשר, משתמש, המשתמש, בבית, בעבודה, נוסף, ראשי, אישי, מספר, ליצירת, למשלוח, לחיוב, חשבון, פרופיל, נייד, אורח, מטופל",
		"مشتری, کاربر, مخاطب, شخصی, منزل, خانه, محل, کار, اصلی, دوم, شماره, حساب, پروفایل, صفحه, همراه, ثابت, تماس, پستی, تحویل, ارسال",
	)

	// Names with these are of a thing, whatever else they say: of a kind, a state or a count of what somebody has.
	ofThings = phrases(
		"product, item, campaign, shop, store, branch, company, organisation, organization, employer, brand, hotel, restaurant, site, website, web, support, app, plan, model, type, kind, version, status, state, valid, validity, consent, opt",
		"subscribed, subscription, provider, carrier, operator, domain, count, length, clicks, clicked, opened, sent, template, subject, event, file, column, survey, question, team, department, city, country, region, has, is, os, device, language, year, month, channel",
		"магазина, магазин, филиала, филиал, отделения, компании, компания, организации, товара, продукта, бренда, сайта, сайт, модель, тип, статус, оператор, согласие, год, месяц",
		"חנות, החנות, סניף, הסניף, חברה, החברה, מוצר, המוצר, אתר, האתר, דגם, סוג, מודל, סטטוס, הסכמה, שנת, מותג",
		"فروشگاه, شعبه, شرکت, سازمان, محصول, برند, سایت, وبسایت, مدل, نوع, وضعیت, سال, رضایت",
	)
)

// longestPhrase is how many words as they are written SaysWho puts together; mostWords how many it looks at.
const longestPhrase, mostWords = 6, 12

// phrases gathers what stands between commas, without the spaces between words.
func phrases(lists ...string) map[string]bool {
	all := map[string]bool{}
	for _, list := range lists {
		for p := range strings.SplitSeq(list, ",") {
			all[strings.Join(wordsOf(p), "")] = true
		}
	}
	return all
}

// SaysWho tells by the name of an attribute or column whether it says who somebody is: a name, a number of an identity or for taxes, a
// birthday, an address, a telephone number, an account of a social network; in English, Russian, Hebrew and Persian, whatever the case and
// whatever sets the words apart. What only describes somebody (a city, a gender, a plan) does not.
func SaysWho(name string) bool {
	said.Lock()
	defer said.Unlock()
	if yes, ok := said.known[name]; ok {
		return yes
	}
	yes := saysWho(wordsOf(name))
	if said.known == nil || len(said.known) >= 10_000 {
		said.known = map[string]bool{}
	}
	if len(name) <= 4*maxKey {
		said.known[name] = yes
	}
	return yes
}

// said remembers names: files and lists ask for the same few again with every row.
var said struct {
	sync.Mutex
	known map[string]bool
}

func saysWho(words []string) bool {
	words = apart(words[:min(len(words), mostWords)])
	hand, other := false, false
	for i := 0; i < len(words); {
		n, anywhere, at := longest(words[i:])
		switch {
		case anywhere:
			// "passport type" is of a thing, and "store customer name" is not: what follows decides.
			return !slices.ContainsFunc(words[i+n:], func(w string) bool { return ofThings[w] })
		case at:
			hand = true
		case ofThings[words[i]] || !besides[words[i]] && !isNumber(words[i]):
			other = true
		}
		i += max(n, 1)
	}
	return hand && !other
}

// longest is how many of the first words are a phrase, and of which list.
func longest(words []string) (n int, anywhere, at bool) {
	for n = min(len(words), longestPhrase); n > 0; n-- {
		p := strings.Join(words[:n], "")
		if whoAnywhere[p] || whoAtHand[p] {
			return n, whoAnywhere[p], whoAtHand[p]
		}
	}
	return 0, false, false
}

// wordsOf cuts a name into words in small letters, however they were set apart: customerEmail, CUSTOMER-EMAIL and customer_email are one,
// and numbers are words of their own. Marks and the letters of Arabic keyboards, which are typed or not, make no difference.
func wordsOf(name string) (words []string) {
	var b strings.Builder
	end := func() {
		if b.Len() > 0 {
			words = append(words, b.String())
			b.Reset()
		}
	}
	all := []rune(norm.NFKC.String(strings.ToValidUTF8(name, "")))
	var before rune
	for i, r := range all {
		letter, digit := unicode.IsLetter(r), unicode.IsDigit(r)
		switch {
		case unicode.IsMark(r) || unicode.Is(unicode.Cf, r) && r != '\u200b': // the non-joiner of Persian is left out as often as not
			continue
		case !letter && !digit:
			end()
		case digit != unicode.IsDigit(before), unicode.IsUpper(r) && (unicode.IsLower(before) || unicode.IsUpper(before) && i+1 < len(all) && unicode.IsLower(all[i+1])):
			end()
		}
		if before = r; letter || digit {
			switch r = unicode.ToLower(r); r {
			case 'ي', 'ى':
				r = 'ی'
			case 'ك':
				r = 'ک'
			case 'ё':
				r = 'е'
			}
			b.WriteRune(r)
		}
	}
	end()
	return words
}

// apart takes words that were written as one ("customeremail") apart, where all of it is words that are known here.
func apart(words []string) (out []string) {
	for _, w := range words {
		if parts := pieces(w, 4); parts != nil && !isWord(w) {
			out = append(out, parts...)
		} else {
			out = append(out, w)
		}
	}
	return out
}

// pieces are the words that are known here which a word is put together of, at most so many; nil when there are none.
func pieces(w string, most int) []string {
	switch {
	case isWord(w):
		return []string{w}
	case most <= 1 || len(w) > 4*maxKey:
		return nil
	}
	for n := len(w) - 2; n >= 2; n-- { // the longest first
		if isWord(w[:n]) {
			if rest := pieces(w[n:], most-1); rest != nil {
				return append([]string{w[:n]}, rest...)
			}
		}
	}
	return nil
}

func isWord(w string) bool { return whoAnywhere[w] || whoAtHand[w] || besides[w] || ofThings[w] }

func isNumber(w string) bool {
	return strings.IndexFunc(w, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
}
