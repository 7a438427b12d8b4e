package text

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// hebrewWhole are words whose first letter looks like a prefix and is none, or whose last ones look like an ending, in the
// form of a dictionary: what customers write about most. Nothing more is taken off where one of these remains.
var hebrewWhole = set(`
	אלה אמת זהות שמאל שליש מביש מוכן
	אני אתה את אתם אתן אנחנו הוא היא הם הן היה היתה הייתה היו הייתי היינו היית להיות יהיה תהיה יהיו אין יש זה זאת זו לא גם רק אם כי אבל עד על אל עם של אף כל כבר עוד עכשיו תודה
	דקה חשבון חשבונית תוכנית תוכניות תעודה קבלה פנייה פניה תלונה טענה אחריות חנות איכות עלות אפשרות זכות טעות סבלנות אדיבות יעילות נוחות רשלנות חוצפה אמינות זמינות נגישות מומחיות תרבות אנושיות ידידותיות נחמדות חביבות
	אלימות גסות קלות איטיות חדשנות איטי יקר זול טוב רע יום עולם תשלום צילום תחבורה עובד עובדת נציג נציגה טכנאי תור תורים אמר אמרו אמרתי קיבל קיבלתי הלך הלכתי בא באו
	עיר דלת רכבת עמלה תקלה קופה קופאית קופאי טיסה תמונה ארוחה אוכל פעם שבוע ילד ילדה ילדים אנשים איש אישה אחר אחרת אחרים חדר קו קווים תחנה נהג נהגת אוטובוס
	בשביל בשבילי בשבילך בשבילנו אצלכם אצלי אצל אליי אליכם אלי אליך שאלה תשובה תשובות
	משלוח משלוחן משלם משתמש משתמשת משפחה משרד משמרת משך משחק משקל משקה משקפיים משהו משפט משטרה משכנתא משכורת משימה משענת משטח
	מחיר מחירון מחלקה מחסן מחשב מחשבון מחזור מחיקה מחוון מחווה מחדל מחלה מחסור מחבת מחמאה
	מוצר מוקד מוקדן מוקדנית מוכר מוכרת מועדון מועד מוזיקה מוסך מוסד מונית מודם מודעה מוזמן מורה מוניטין מוטב מומחה
	מנוי מנהל מנהלת מנה מנוע מנורה מנעול מנגנון מנגל מניה מנות מנכ"ל
	מלון מלצר מלצרית מלאי מלא מלוכלך מלווה מלחמה מלפפון מלח מים מיטה מידה מידע מייל מיזוג מיקום מיטב מיקרו מיני מיכל מיץ מילה מיסים
	מקום מקצועי מקצועיות מקרר מקלחת מקרה מקפיא מקור מקל מקווה מקלדת
	מסך מסעדה מסמך מספר מסר מסירה מסגרת מסובך מסלול מסכן מסיבה מסרון מסכה מסחר מסודר
	מערכת מעולה מעלית מענה מעצבן מעבר מעט מעטפה מעקב מעשה מעדניה מעל מעליב מעצב מעיל מעוצב
	מגיב מגנט מגבת מגוון מגע מגיע מגש מגרש מגירה מזגן מזל מזרן מזומן מזוודה מזון מזכירה מזכרת מזלג מזהה מזעזע
	מכשיר מכונה מכונית מכירה מכתב מכס מכה מכולת מכון מכנס מכנסיים מכרז מכפלת
	מטבח מטוס מטבע מטופל מטען מטרה מטפל מטפלת מטרד מטורף מידי מיד
	מאמן מאמנת מאבטח מאכזב מאושר מאוחר מאוד מאה מאכל מאמר מאפה מאפיה מאוורר
	מבצע מבחן מבוגר מבטח מבנה מבט מבוטח מבטיח מבולבל מבקר מבוא מבורך
	מדהים מדריך מדיניות מדפסת מדד מדף מדינה מדי מדויק מדים מדרגה מדרכה מדליק
	מהיר מהירות מהפך מהלך מהנדס מהמם מהימן מהות
	מפתח מפגש מפה מפעל מפגר מפורט מפחיד מפיק מפוצץ מפגע
	מצב מצוין מצלמה מצורף מצטער מצחיק מצא מצוקה מצבר מצע
	מרכז מרפאה מרצה מרק מרתק מרווח מרחק מרושל מרגיש מרוצה מרגיז מרכיב מרפסת מרשם מראה מראש מרדים מריבה
	מתנה מתכון מתקן מתאם מתי מתאים מתחת מתנדב מתוק מתמיד מתסכל מתקפה מתווך מתח מתחם מתכת
	שירות שרות שעה שעון שליח שליחה שלט שלב שלם שלום שלישי שלוש שלי שלך שלכם שלו שלה שלהם שלנו שולחן שוק שובר שווה שווי שומן שומר שועל שוטר שופט שופינג שורה שורש שורת שותף
	שם שמן שמיכה שמלה שמש שמאי שמונה שמיני שמח שמחה שמע שנה שני שניה שנתי שינוי שינה שיחה שיעור שיטה שיר שיער שיק שידור שיפוץ שיפור שיווק שיא שיבוש שיתוף שיקום שיניים שיטתי
	שבוע שבועי שבת שבור שבר שברירי שביעי שביל שבב שבעה שגיאה שגוי שגרה שדה שד שדכן שדרוג שדרה שדרות שוויון
	שטח שטיח שטיפה שטות שטר שחור שחקן שחיה שחיין שחרור שחיקה שחר שכונה שכירות שכר שכן שכנה שכבה שכח שכפול
	שער שערוריה שעבוד שעיר שפה שפע שפיץ שפל שפיר שפוי שקט שקל שקית שקוף שקיפות שקר שקע שקיעה שקד שרברב שרוול שרשרת שריפה שרת שרירותי שריר
	שתיה שתייה שתיים שתיקה שתל ששי שישי שש שבועות שאלה שאלון שאר שאיבה שאיפה שאגה
	בית ביטוח ביטול ביטחון בידוד ביחד ביקור ביקורת ביצוע ביצה בירה בירור ביוב ביקוש בייבי ביתי
	בנק בנקאי בנקאית בנקט בן בת בניין בנייה בנזין בננה בנות בנים
	בעיה בעיתי בעל בעלה בעלת בעלים בעלי בעד בעבר בעצם בערך בעצמי
	ברור ברז ברזל ברכה ברוך ברגים ברוקולי בריא בריאות בריכה ברירה ברק ברקוד ברמן בררן ברצינות ברחוב
	בגד בגדים בדיקה בדיוק בדיחה בדל בד בהחלט בהיר בהלה בוקר בוטה בושה בובה בוחן בול בולט בור בורג בורר בחור בחורה בחינה בחירה בחיים
	בטוח בטיחות בטיחותי בטריה בטן בטלה בכיר בכלל בכי בלגן בלאי בלבול בלוק בלון בלם בלתי במקום במה במאי במיוחד בסדר בסיס בסיסי בסוף בסך
	בקבוק בקשה בקרה בקר בקרוב בקושי בקיא בשר בשל בשורה בשלן בושם בתוך בתי באג באמת באר באסה
	כרטיס כרטיסן כרטיסייה כרית כריך כרגע כריכה כרוב כרם כסא כסף כספת כספי כספומט כסות כניסה כנס כנראה כנות כנה כן כנסת
	כתב כתובת כתיבה כתום כתמים כתם כתף כתבה כתר כלום כלב כלה כלי כלים כללי כלכלה כלכלי כמה כמות כמובן כמעט כמו
	כוח כוס כוסית כוכב כולם כולל כולה כוללת כונן כושר כותרת כורסה כוונה כפול כפתור כפית כפר כפפות כפית כיסא כיסוי כיתה כיף כיור כיריים כיוון כישלון כיס כביש כביסה כבד כבוד כבל כבר
	כדאי כדור כדי כהן כהה כחול כחלק כאב כאן כאילו כאשר כעס כעת כשר כשרות כשל כשרון כישרון כישוף
	לקוח לקוחה לקיחה לקראת לקויים לקוי לחם לחמניה לחץ לחיצה לחלוטין לחצן לחות לחוץ ליווי לימוד לימון לילה לינק ליד ליקוי ליסינג ליגה
	לב לבד לבן לבנה לבוש לבקן לגמרי לגבי להיט להתראות לוח לוגו לוקח לוקסוס לול לוביה לובי לוויין לוויה לוקר למה למעט למעשה למרות למידה לעולם לעומת לעג לפחות לפני לפעמים לפי לפיד
	לצערי לצערנו לצידי לכלוך לכיד לכן לכאורה לשון לשם לשכה לתת לאן לאומי לאט לאחרונה לאחר לאונרדו למטה למעלה
	הזמנה הזדמנות הזזה הזדהות הזנחה החזר החזרה החלפה החלטה החלקה החמצה החתלה הצעה הצלחה הצגה הצטרפות הצפה הצהרה הצלה הצטיינות
	הנחה הנהלה הנאה הנדסה הנפקה הנגשה הודעה הודיה הוראה הוצאה הוגן הוגנות הוספה הורדה הורה הורים הולך הוזלה הוקרה הובלה הוכחה
	הסבר הסכם הסעה הסתדרות הסרה הסדר הסכמה הסלמה העברה העלאה העדפה העתק העתקה הערה הערכה הערצה הפסקה הפתעה הפרעה הפקדה הפעלה הפרדה הפצה הפניה הפלה הפוך הפסד
	הרשמה הרשאה הרבה הרגשה הרכבה הרצאה הרגל הריון הרס הרגעה השקעה השבה השלמה השוואה השפעה השכרה השתתפות השתלמות השתלה התחייבות התחלה התקנה התנהגות התנהלות התראה התאמה התייחסות
	התקדמות התנצלות התרגשות התמודדות התעלמות התמדה התפתחות התעמלות התקף התחברות התערבות היסטוריה היענות הייטק היום היכן הישג היגיון היגיינה הבנה הבטחה הבדל הבהרה הברקה הגעה הגדרה הגבלה הגיון הגשה הגרלה הדרכה הדפסה הדר הדגמה הדחה
	הכנה הכנסה הכל הכרה הכרות המון המלצה המשך המתנה המחאה המרה המצאה הלוואה הלך הלם הלאה הלבשה הלקאה הקפצה הקפדה הקלטה הקלה הקשבה הקמה הקפאה הקדמה האזנה האכלה הארכה האמת האשמה האם
	וילון וידאו ויזה וטרינר ועדה ועד וודאי ותק ותיק וויפי ווסת וארסה ויתור ויכוח וולט`)

// behind is which prefixes may follow one; behind none any may, but "and" stands before all others and "the" behind all.
// A word that begins with ו has two of them behind a prefix: "בווידאו".
var behind = map[rune]string{0: "והבכלמש", 'ו': "הבכלמש", 'ש': "הבכלמ", 'כ': "ש", 'ל': "כ", 'מ': "הש"}

// prefixes tells how many letters of a folded Hebrew form are prefixes, and the entry of hebrewWhole that remains, if one
// does. Without an entry up to two are taken, as long as four letters remain.
func prefixes(form string) (size int, whole string) {
	rest, before := form, rune(0)
	for n := 0; ; n++ {
		if w := dictionary(rest); w != "" {
			return len(form) - len(rest), w
		}
		r, width := utf8.DecodeRuneInString(rest)
		if double := before != 0 && strings.HasPrefix(rest, "וו"); n == 4 || !double && !strings.ContainsRune(behind[before], r) || len(rest)-width < 4 {
			break
		}
		rest, before = rest[width:], r
	}
	letters := utf8.RuneCountInString(form)
	for range 2 {
		r, width := utf8.DecodeRuneInString(form[size:])
		if letters < 5 || !strings.ContainsRune("והבכלמש", r) || r == 'ו' && size > 0 {
			break
		}
		size += width
		letters--
	}
	return size, ""
}

// dictionary is the entry of hebrewWhole that a form is an inflection of, or "".
func dictionary(form string) string {
	if hebrewWhole[form] {
		return form
	}
	for _, e := range hebrewEndings {
		stem, ok := strings.CutSuffix(form, e.ending)
		if !ok || len(stem) < 4 {
			continue
		}
		for _, of := range e.of {
			w := stem + of
			if of == "" {
				w = final(stem)
			}
			if hebrewWhole[w] && (!hebrewSmall[w] || pronoun[e.ending]) {
				return w
			}
		}
	}
	return ""
}

// hebrewEndings are plural, construct and possessive endings, and the endings of a dictionary in whose place they stand.
var hebrewEndings = []struct {
	ending string
	of     []string
}{
	{"יות", []string{"ית", "יה", "ייה"}}, {"ויות", []string{"ות"}}, {"ות", []string{"ה", "", "ת"}}, {"ים", []string{"", "ה"}}, {"ת", []string{"ה", ""}}, {"ה", []string{"", "י"}}, {"י", []string{"", "ה"}},
	{"תי", []string{"ה"}}, {"ו", []string{""}}, {"נו", []string{"", "ה"}}, {"כם", []string{"", "ה"}}, {"ך", []string{"", "ה"}}, {"הם", []string{""}}, {"יכם", []string{""}}, {"ית", []string{"", "י"}},
}

// hebrewSmall are words that have no plural and no other gender, and pronoun the endings that say whose or whom: "המים" is not "הם".
var (
	hebrewSmall = set(`הם הן את זה זו זאת אם של עם על אל לא כי גם רק`)
	pronoun     = map[string]bool{"נו": true, "כם": true, "ך": true, "הם": true, "יכם": true}
)

// final gives a word the form that its last letter has at the end.
func final(s string) string {
	r, size := utf8.DecodeLastRuneInString(s)
	if k := strings.IndexRune("כמנפצ", r); k >= 0 {
		return s[:len(s)-size] + string([]rune("ךםןףץ")[k/2])
	}
	return s
}

// HebrewStem takes the prefixes ו ה ב כ ל מ ש from a folded form: those before a word that Kolo knows, otherwise up to two,
// as long as four letters remain. Words of other scripts stay as they are.
func HebrewStem(form string) string {
	if r, _ := utf8.DecodeRuneInString(form); !hebrew(r) {
		return form
	}
	size, _ := prefixes(form)
	return form[size:]
}

// hebrewTerm is the stem of a form for searching: the entry of a dictionary where there is one, otherwise without prefixes
// and without the commonest endings.
func hebrewTerm(form string) string {
	if r, _ := utf8.DecodeRuneInString(form); !hebrew(r) {
		return form
	}
	if verb := hebrewVerb(form); verb != "" {
		return verb
	}
	size, whole := prefixes(form)
	if whole != "" {
		return whole
	}
	form = form[size:]
	for _, ending := range []string{"יות", "ים", "ות", "ית", "ה", "ת", "י"} {
		if rest, ok := strings.CutSuffix(form, ending); ok && utf8.RuneCountInString(rest) >= 3 {
			return final(rest)
		}
	}
	return form
}

// hebrewVerbs are verbs by their roots, which say all their forms; the classes are those of their forms:
//
//	פעל     לשלוח, and פעלה of roots in ה: לקנות
//	פיעל    לשלם, and פיעלה of roots in ה: לחכות
//	הפעיל   להחזיר
//	התפעל   להתקשר, the root with the ת of the class
//
// A last letter has the form that it has within words. hebrewOthers are verbs that follow none of these, in all their forms, the first
// form first.
var hebrewVerbs = []struct{ class, roots string }{
	{"פעל", `שלח שאל סגר פתח חזר בדק חשב כתב לקח=לקחת דרש חסמ חתמ גמר פגש זכר שבר אסף רשמ תפס דפק`},
	{"פעלה", `קנה ראה עשה ענה רצה גבה שתה פנה זכה`},
	{"פיעל", `שלמ בטל קבל דבר טפל חפש בקש עדכנ שדרג סדר תקנ חייב סיימ ספר`},
	{"פיעלה", `חכה נסה שנה גלה פצה זכה`},
	{"הפעיל", `חזר זמנ חלפ סבר בטח מלצ פסק חלט תחל רגש שאר סכמ שלמ עבר דפס קלד קשב צלח תקנ חלק`},
	{"התפעל", `תקשר תנצל תעלמ תנהג תנתק תלוננ תאמנ סתדר שתמש סתכל תקדמ תקבל תעקש`},
}

const hebrewOthers = `
להגיע הגעתי הגעת הגענו הגעתם הגיע הגיעה הגיעו מגיע מגיעה מגיעים מגיעות אגיע תגיע תגיעי יגיע נגיע יגיעו תגיעו
להביא הבאתי הבאת הבאנו הבאתם הביא הביאה הביאו מביא מביאה מביאים מביאות אביא תביא תביאי יביא נביא יביאו תביאו
להציע הצעתי הצענו הצעתם הציע הציעה הציעו מציע מציעה מציעים מציעות אציע תציע יציע נציע יציעו תציעו
להודיע הודעתי הודענו הודעתם הודיע הודיעה הודיעו מודיע מודיעה מודיעים מודיעות אודיע תודיע יודיע נודיע יודיעו תודיעו
להוציא הוצאתי הוצאנו הוצאתם הוציא הוציאה הוציאו מוציא מוציאה מוציאים מוציאות אוציא תוציא יוציא נוציא יוציאו תוציאו
להוסיף הוספתי הוספנו הוספתם הוסיף הוסיפה הוסיפו מוסיף מוסיפה מוסיפים מוסיפות אוסיף תוסיף יוסיף נוסיף יוסיפו תוסיפו
להוריד הורדתי הורדנו הורדתם הוריד הורידה הורידו מוריד מורידה מורידים מורידות אוריד תוריד יוריד נוריד יורידו תורידו
להבין הבנתי הבנת הבנתם הבין הבינה הבינו מבין מבינה מבינים מבינות אבין תבין תביני יבין נבין יבינו תבינו
לתת נתתי נתת נתנו נתתם נתן נתנה נותן נותנת נותנים נותנות אתן תתן תיתן ייתן יתן ניתן ייתנו יתנו תתנו תיתנו
ללכת הלכתי הלכת הלכנו הלכתם הלך הלכה הלכו הולך הולכת הולכים הולכות אלך תלך תלכי ילך נלך ילכו תלכו
לבוא בא באה באים באות באתי באנו באתם באו אבוא תבוא תבואי יבוא נבוא יבואו תבואו
לצאת יצאתי יצאנו יצאתם יצא יצאה יצאו יוצא יוצאת יוצאים יוצאות אצא תצא תצאי ייצא נצא ייצאו תצאו
לעלות עליתי עליתם עלה עלתה עולה עולים אעלה תעלה יעלה נעלה יעלו תעלו
`

// hebrewOther are forms that are more often another word.
var hebrewOther = set(`נראה נראו נראית נראים קניה שניתן עונה ענו שונה שונים שינה שנית שאלה חותמת חותמות ישנו ישנה לזכות חייב חייבת שובר שוברים פיצה משתמש משתמשת משתמשים משתמשות מטפלת כתב כתבת חשב הסברת הסברה הזמנת החזרה הבטחה מספר מספרת מספרים מספרות חתם סגר חזרה שברה
	החלטה הרגשה הדפסה העברה הצלחה הסכמה המלצה הפסקה החלפה התחלה השלמה החלקה הקשבה הקלדה התקנה בטל קבל דבר זכר רשם גמר שיר ספר מסדר סדר זוכר תקן פצה פנה שתה רצה ראה מסכם חלק חפש פנים פונה זכה גבה חכה נסה שנה גלה`)

// hebrewForms are the forms of verbs, with the first form of each.
var hebrewForms = sync.OnceValue(func() map[string]string {
	forms := map[string]string{}
	for line := range strings.Lines(strings.TrimSpace(hebrewOthers)) {
		words := strings.Fields(line)
		for _, w := range words {
			forms[w] = words[0]
		}
	}
	for _, v := range hebrewVerbs {
		for _, root := range strings.Fields(v.roots) {
			root, first, _ := strings.Cut(root, "=")
			regular, all := hebrewConjugation(v.class, []rune(root))
			if first == "" {
				first = regular
			}
			for _, form := range append(all, first) {
				if form = final(form); forms[form] == "" && !hebrewOther[form] {
					forms[form] = first
				}
			}
		}
	}
	return forms
})

// hebrewConjugation gives the first form of a verb and its others.
func hebrewConjugation(class string, root []rune) (first string, forms []string) {
	add := func(stem string, endings ...string) {
		for _, e := range endings {
			forms = append(forms, stem+e)
		}
	}
	future := func(stem, short string) { // "אשלח", "ישלחו"
		for _, sign := range []string{"א", "ת", "י", "נ"} {
			add(sign+stem, "")
		}
		add("ת"+short, "י", "ו")
		add("י"+short, "ו")
	}
	past := func(stem string) { // "שלחתי"; "החלפת" is the noun
		if strings.HasSuffix(stem, "נ") {
			add(stem, "תי", "תם", "ו")
			return
		}
		add(stem, "תי", "תם", "נו")
	}
	all := string(root)
	a, rest, last := string(root[0]), string(root[1:]), string(root[len(root)-1])
	middle := string(root[1 : len(root)-1])
	switch class {
	case "פעל":
		past(all)
		add(all, "", "ת", "ה", "ו")
		add(a+"ו"+rest, "", "ת", "ים", "ות")
		future(a+middle+"ו"+last, all)
		for _, sign := range []string{"א", "ת", "י"} { // "נפתח" is "was opened"
			add(sign+all, "")
		}
		first = "ל" + a + middle + "ו" + final(last)
	case "פעלה":
		base := a + middle
		add(base, "ה", "תה", "ו", "יתי", "ית", "ינו", "יתם")
		add(a+"ו"+middle, "ה", "ים", "ות")
		future(all, base)
		first = "ל" + base + "ות"
	case "פיעל":
		stem := all
		if root[1] != 'י' {
			stem = a + "י" + rest
		}
		if len(root) > 3 {
			stem = all
		}
		past(stem)
		add(stem, "", "ת", "ה", "ו")
		add("מ"+all, "", "ת", "ים", "ות")
		future(all, all)
		first = "ל" + final(all)
	case "פיעלה":
		base := a + middle
		add(a+"י"+middle, "ה", "תה", "ו", "יתי", "ית", "ינו", "יתם")
		add("מ"+base, "ה", "ים", "ות")
		future(all, base)
		first = "ל" + base + "ות"
	case "הפעיל":
		stem := a + middle + "י" + last
		if len(root) > 3 {
			stem = all
		}
		past("ה" + all)
		add("ה"+stem, "", "ה", "ו")
		add("מ"+stem, "", "ה", "ים", "ות")
		future(stem, stem)
		first = "לה" + final(stem)
	case "התפעל":
		past("ה" + all)
		add("ה"+all, "", "ה", "ו")
		add("מ"+all, "", "ת", "ים", "ות")
		future(all, all)
		first = "לה" + final(all)
	}
	return first, forms
}

// hebrewVerb is the first form of the verb that a form belongs to, with "and", "that", "when" and, before what is doing it, "the" before
// it or without, or "".
func hebrewVerb(form string) string {
	forms := hebrewForms()
	if verb := forms[form]; verb != "" {
		return verb
	}
	for _, before := range []string{"ו", "כש", "ש", "ה"} {
		rest, ok := strings.CutPrefix(form, before)
		if !ok || before == "ה" && !strings.HasPrefix(rest, "מ") { // "החזר" is a refund
			continue
		}
		if verb := forms[rest]; verb != "" {
			return verb
		}
		form = rest
	}
	return ""
}
