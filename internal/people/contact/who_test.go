package contact

import (
	"strings"
	"testing"
)

func TestSaysWho(t *testing.T) {
	t.Parallel()
	yes := `name, Name, full_name, Full Name, FULL-NAME, fullName, fullname, customer_full_name, first name, lastName, LAST.NAME, surname, customer_name, customerName, customername, Name of customer
		contact.name, nickname, user_name, username, author, store customer name, national_id, NationalID, nationalid, passport, passport_no, Passport Number, passportNumber, ssn, tax_id, TaxNumber, id card
		id_number_passport, birthday, birth_date, BirthDate, date of birth, dob, DOB, customer_dob, address, Address 1, address_line_2, home address, homeAddress, billingAddress, billingaddress, delivery_address, street
		street_address, email, e-mail, E_Mail, eMail, customerEmail, customeremail, email 2, work_email, mail, phone, phone2, phone_number, mobile, mobile phone, homephone, tel., cell, WhatsApp, telegram, telegram_id
		instagram_handle, facebook url, linkedin, vk, VK_ID, twitter, iban, traits.email, drivers_license
		имя, Имя, ФИО, ф.и.о., фамилия, отчество, имя клиента, Имя_Клиента, паспорт, серия паспорта, номер паспорта, ИНН, инн клиента, СНИЛС, дата рождения, Дата-рождения, день рождения, адрес, домашний адрес
		адрес доставки, улица, телефон, номер телефона, мобильный телефон, телефон 2, контактный телефон, почта, эл. почта, электронная почта, e-mail клиента, телеграм, ВКонтакте, вк, логин
		שם, שם מלא, שם פרטי, שם משפחה, שם_משפחה, שם הלקוח, ת.ז, ת״ז, ת"ז, ת.ז., תעודת זהות, מספר זהות, דרכון, מספר דרכון, תאריך לידה, יום הולדת, כתובת, כתובת מגורים, רחוב, טלפון, מספר טלפון, טלפון נייד, נייד
		אימייל, דוא"ל, דוא״ל, דואר אלקטרוני, וואטסאפ, טלגרם, פייסבוק
		نام, نام و نام خانوادگی, نام_خانوادگی, نام مشتری, کد ملی, كد ملي, کدملی, شماره شناسنامه, گذرنامه, شماره گذرنامه, تاریخ تولد, آدرس, نشانی, آدرس منزل, تلفن, تلفن همراه, شماره تماس, موبایل, ایمیل
		تلگرام, اینستاگرام, پست الکترونیکی`
	no := `city, country, region, plan, gender, age, company, company_name, companyName, companyname, product_name, productName, campaign_name, shop_name, store name, branch_name, brand name, plan name, event_name
		file_name, team name, segment, score, nps, birth_year, year of birth, passport_type, passport country, phone_model, phoneModel, phone_type, mobile_app_version, mobile operator, email_opt_in, email_verified_status, email_domain
		email_campaign, mail_template, has_phone, is_birthday_status, iphone, smartphone, headphones, microphone, shop_address, branch address, company_email, company_phone, website, web address, facebook_campaign, telegram channel, source
		channel, language, agent, cell_count, tel aviv, holiday inn, telecom, hotel, cellar, addressee_count, renamed, nameplate, username_type, filename, hostname, rename, tag, category, customer_type, customer, user_type, id
		order_id, ticket_number, created_at, 2024, total, amount
		город, страна, регион, пол, возраст, тариф, компания, название товара, название магазина, имя файла, тип клиента, адрес магазина, адрес филиала, телефон магазина, модель телефона, инн компании, почта россии, год рождения
		עיר, מדינה, אזור, מין, גיל, חברה, שם חברה, שם החברה, שם מוצר, שם המוצר, שם סניף, כתובת סניף, כתובת האתר, סוג טלפון, דגם נייד, שנת לידה, מסלול
		شهر, کشور, استان, جنسیت, سن, شرکت, نام شرکت, نام محصول, نام فروشگاه, آدرس فروشگاه, مدل موبایل, نوع تلفن, سال تولد, محصول`
	yes += ", نام\u200cخانوادگی" // with the non-joiner
	for _, c := range []struct {
		names string
		want  bool
	}{{yes, true}, {no, false}} {
		for _, name := range strings.FieldsFunc(c.names, func(r rune) bool { return r == ',' || r == '\n' }) {
			name = strings.TrimSpace(name)
			for _, as := range []string{name, Key(name), strings.ToUpper(name), strings.ReplaceAll(name, " ", "-"), strings.ReplaceAll(name, " ", "  ")} {
				if got := SaysWho(as); got != c.want {
					t.Errorf("SaysWho(%q) = %v", as, got)
				}
			}
		}
	}
	for _, odd := range []string{"", " ", "_", "\xff", "\u200b", strings.Repeat("email", 1000), strings.Repeat("a ", 10000)} {
		SaysWho(odd)
	}
}

func FuzzSaysWho(f *testing.F) {
	f.Add("customerEmail")
	f.Add("ת״ז 1")
	f.Fuzz(func(t *testing.T, name string) { saysWho(wordsOf(name)) })
}
