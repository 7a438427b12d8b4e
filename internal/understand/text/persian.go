package text

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// persianEndings are plural, comparative, possessive and indefinite endings, longest first, with the letters that must
// remain.
var persianEndings = []struct {
	ending string
	remain int
}{
	{"هایشان", 2}, {"هایمان", 2}, {"هایتان", 2}, {"هامون", 2}, {"هاتون", 2}, {"هاشون", 2}, {"ترین", 2}, {"هایی", 2}, {"هایم", 2}, {"هایت", 2}, {"هایش", 2},
	{"های", 2}, {"هام", 2}, {"هات", 2}, {"هاش", 2}, {"مان", 4}, {"تان", 4}, {"شان", 4}, {"مون", 3}, {"تون", 3}, {"شون", 3}, {"ها", 2}, {"تر", 3},
	{"م", 4}, {"ت", 4}, {"ش", 4}, {"ی", 4},
}

// persianWhole are words of which the end looks like an ending: nothing more is taken off where one of these remains.
var persianWhole = set(`سفارش سفارت گزارش آرامش ارامش آموزش اموزش پذیرش فروش خورش خورشت پرسش پوشش ورزش ارزش نمایش آزمایش ازمایش کاهش افزایش تلاش پاداش خاموش آسایش اسایش
	ساختمان ساختمون درمان سازمان بیمارستان بیمارستون بستنی پشیمون پشیمان فیلتر کیلومتر دکتر دفتر مشتری باتری صندلی بهترین تنها تنهایی هفته هفت دقیقه شیشه شیش شماره شمار قطعه بچه میوه
	انجام انجا اتمام پیام تصمیم تقویم سیستم محترم میزبان میزبانی کیفیت قیمت خدمت خدمات امنیت اینترنت خسارت شکایت نوبت وضعیت مسیولیت رضایت حمایت پاسپورت سیمکارت کارت ویزیت آپدیت اپدیت
	مدیریت ظرفیت عضویت اطلاعات امکانات مالیات ساعت سرعت صحبت اجازت فرصت مهلت زحمت راحت ناراحت بابت شرکت حرکت برکت نیمکت یادداشت دوست درخواست بازگشت نهایت سلامت سلامتی کارتن تلویزیون`)

// persianVerbs are the stems of verbs, folded: of the past, by which all forms are known, and of the present. Forms that deny ("نمی‌رسد")
// are known by the past that denies ("نرسید"), for whoever asks for one does not ask for the other. A "!" forbids the present
// behind ب and ن, where it would be another word: "بدون" is "without", "نرم" soft.
const persianVerbs = `
رسید رس
کرد کن
شد شو ش
داد ده !د
گرفت گیر
خرید خر
فروخت فروش
فرستاد فرست
اورد اور ار
برد بر
رفت رو !ر
گفت گوی !گ
خواست خواه خوا
توانست توان
تونست تون
دانست دان
دونست !دون
دید بین
شنید شنو
ماند مان
موند مون
گذاشت گذار
ذاشت ذار
برگشت برگرد
برگردوند برگردون
برگرداند برگردان
پرداخت پرداز
خورد خور
زد زن
نوشت نویس
پرسید پرس
فهمید فهم
گشت گرد
افتاد افت
شکست شکن
سوخت سوز
ریخت ریز
کشید کش
بست بند
خوابید خواب
رسوند رسون
رساند رسان
ساخت ساز
شناخت شناس
نشست
شست شور
گذشت گذر
پذیرفت پذیر
دریافت
انداخت انداز
برداشت بردار
چرخید چرخ
پوشید پوش
ترسید ترس
چسبید چسب
پیچید پیچ
خوند خون
خواند خوان
داشت
امد
اومد
وایساد
ایستاد
کوبید
پسندید پسند
`

// persianForms are the forms of persianVerbs, with the stem of the past.
var persianForms = sync.OnceValue(func() map[string]string {
	forms := map[string]string{}
	add := func(verb string, form string) {
		if _, ok := forms[form]; !ok && !persianOther[form] {
			forms[form] = verb
		}
	}
	// with is a stem behind a sign: "ن" and "ب" have a ی before ا.
	with := func(sign, stem string) string {
		if (sign == "ن" || sign == "ب") && strings.HasPrefix(stem, "ا") {
			return sign + "ی" + stem
		}
		return sign + stem
	}
	for line := range strings.Lines(strings.TrimSpace(persianVerbs)) {
		stems := strings.Fields(line)
		past := stems[0]
		of := map[string]string{"": past, "می": past, "ب": past, "ن": with("ن", past), "نمی": with("ن", past)}
		for _, sign := range []string{"", "ن", "می", "نمی"} {
			for _, ending := range []string{"", "م", "ی", "یم", "ید", "ین", "ند", "ن", "ه", "هام", "های", "هایم", "هاید", "هاند", "هان"} {
				add(of[sign], with(sign, past)+ending)
			}
		}
		for _, stem := range stems[1:] {
			stem, alone := strings.CutPrefix(stem, "!")
			signs := []string{"می", "نمی", "ب", "ن"}
			if alone {
				signs = signs[:2]
			}
			if !alone && utf8.RuneCountInString(stem) >= 3 {
				add(past, with("ب", stem))
			}
			for _, sign := range signs {
				for _, ending := range []string{"م", "ی", "د", "ه", "یم", "ید", "ین", "ند", "ن"} {
					add(of[sign], with(sign, stem)+ending)
				}
			}
		}
	}
	for past, more := range map[string]string{
		"داشت":    "دارم داری دارد داره داریم دارید دارین دارند دارن",
		"نداشت":   "ندارم نداری ندارد نداره نداریم ندارید ندارین ندارند ندارن",
		"امد":     "میاید میایند میایم میایی بیاید بیایند",
		"اومد":    "میام میای میاد میان میاین بیام بیای بیاد بیان بیاین",
		"نیومد":   "نمیام نمیای نمیاد نمیان نمیاین نیومد نیومدم نیومدی نیومدن نیومدیم نیومدین نیومده",
		"خواست":   "میخواد بخواد",
		"نخواست":  "نمیخواد نخواد",
		"برگشت":   "برمیگردم برمیگردی برمیگرده برمیگردد برمیگردیم برمیگردید برمیگردین برمیگردند برمیگردن برگردم برگرده برگردد برگردیم برگردند برگردن",
		"برنگشت":  "برنمیگرده برنمیگردد برنمیگردم برنگشت برنگشتم برنگشته",
		"توانست":  "میتوان",
		"نتوانست": "نمیتوان",
		"کرد":     "کنم کنی کنه کنیم کنید کنین کنند کنن",
		"داد":     "دهد دهیم دهید دهند",
	} {
		for _, form := range strings.Fields(more) {
			forms[form] = past
		}
	}
	return forms
})

// persianOther are forms of verbs that are more often something else.
var persianOther = set(`بدهی نزد بدون بدونه بردن نبرد داده دادهها نرسی بشین برم ببرم نشین بستن بسته بستنی نوشته مانده گذشته شکسته ساخته نگین نشست نشسته شناسه نشسته بگذری`)

// persianStem takes the marks of the present tense and up to two endings from a form. A form of a verb that Kolo knows is the past of it.
func persianStem(form string) string {
	forms := persianForms()
	known := func() bool {
		if verb, ok := forms[form]; ok {
			form = verb
			return true
		}
		return persianWhole[form]
	}
	if known() {
		return form
	}
	for _, prefix := range PersianSigns {
		if rest, ok := strings.CutPrefix(form, prefix); ok && utf8.RuneCountInString(rest) >= 4 {
			form = rest
			break
		}
	}
	for range 2 { // "گوشی‌هایمان" has two
		for _, e := range persianEndings {
			if rest, ok := strings.CutSuffix(form, e.ending); ok && utf8.RuneCountInString(rest) >= e.remain {
				form = rest
				if known() {
					return form
				}
				break
			}
		}
	}
	return form
}
