package discover

import (
	"strings"

	"kolo/internal/understand/text"
)

// weakWords say little by themselves, though they are no stop words: a theme is not called after them alone.
var weakWords = weak(map[string]string{
	"en": `go went gone going through want need like think thought tell know please help try tried trying keep kept get getting got still ago day days week
		weeks month months year years hour hours minute minutes today yesterday morning night time times way thing things something someone anything anyone
		everything everyone else couple few many much long now soon yet already only back make made making see seeing seen use used using find found come came
		take taken took put say said says show shown showing wait waiting happen happened mean reason able possible let give gave given ask asked start
		different new old last first next well good really actually always never ever even two three one ok yes no sure look like able around away up down
		out off over before after because but while until since without not don't doesn't didn't isn't wasn't can't won't couldn't haven't hasn't full keeps
		wondering believe guess appears seem seems seeing further possible everywhere anywhere soon own part whole lot bit
		customer customers client clients company people person guy guys man lady thanks thanked hello hi dear regards cheers sorry kindly sir madam mr mrs honestly literally
		basically finally apparently unfortunately nice great lovely perfect excellent amazing brilliant awful terrible horrible bad worse worst best better love loved hate
		fine okay okayish happy glad pleased disappointed appreciate kind problem problems issue issues question reason case fact point kind sort type experience star stars
		second third monday tuesday wednesday thursday friday saturday sunday weekend january february march april june july august september october november december
		evening afternoon tomorrow tonight twice times minute second half dozen ten five four six seven eight nine twenty thirty thousand hundred every single
		whatever somehow somewhere nobody no-one none nothing enough almost around half rather least less instead though although however per ever either neither
		exactly himself herself myself themselves side regret stuff felt feel`,
	"he": `רוצה רציתי צריך צריכה אפשר ניסיתי עדיין כבר היום אתמול שבוע שבועות יום ימים חודש חודשים שעה שעות דקות זמן פעם פעמים דבר משהו מישהו כלום בבקשה עזרה
		תודה שלום לדעת יודע אומר אמרו אמר קיבלתי נתנו לעשות עושה עשיתי הולך בא מקבל חדש ישן טוב לא אין אבל כי פשוט בסדר כמה הרבה קצת שוב
		לקוח לקוחות חברה אנשים אדם מישהי רבה היי ערב בוקר צהריים נהדר מעולה מצוין מצוינת גרוע נורא מושלם אחלה סבבה יפה כיף חבל מאוכזב מרוצה מרוצים אהבתי בעיה בעיות שאלה נושא עניין
		מקרה סוג חוויה ראשון שני שלישי רביעי חמישי שישי ראשונה שנייה פעמיים שנה שנתיים חודשיים שבועיים שעתיים ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר
		מחר הלילה לילה בערב בבוקר סוף תמיד אולי בטח כנראה ככה כך ככל למרות במקום בגלל אחרי לפני בכלל לגמרי אפילו ושוב שוב חצי שלוש ארבע חמש עשר עשרים מיליון אלף רגע עכשיו
		אתם שלכם ביקשתי מבקש מבקשת אשמח יכול יכולה חייב לקבל לבוא לראות ראיתי נראה הגיע הגעתי באתי היינו
		האם ניתן אליי אלי ליד הרגשתי מרגיש כרגע מדוע כיצד שלי נא לבדוק לדעת`,
	"fa": `میخوام میخواهم خواستم لازم ممکن امروز دیروز هفته روز ماه سال ساعت دقیقه وقت بار چیز چیزی کسی لطفا کمک ممنون سلام میدونم گفتن گفت گفتم گرفتم دادن داد
		کار رفتم اومدم جدید قدیم خوب نه نیست ولی اما چون فقط چند زیاد کم دوباره الان بعد قبل
		مشتری مشتریان شرکت آدم ادم آقا خانم جناب مردم نفر مرسی متشکرم سپاس تشکر درود احترام باسلام عالی بد بدی خوبی خوبه بهترین بهتر بدترین افتضاح راضی ناراضی خوشحال متاسفانه واقعا
		مشکل مشکلی سوال موضوع مورد نوع تجربه اول دوم سوم شنبه یکشنبه دوشنبه سهشنبه چهارشنبه پنجشنبه جمعه صبح شب عصر ظهر فردا دیشب امشب هفته هفته ماهه روزه ساعته دفعه بارم نیم ربع
		دو سه چهار پنج شش ده بیست صد هزار تمام کل کلا اصلا همیشه هیچ هیچکس هیچی مثل جای طور جور حتی بازم باز انگار لازمه میگن میگه گفتید دید دیدم اومد اومدن رفت رسید میاد بشم
		میخواستم میخواستیم لطف عرض خواهشمند است بفرمایید هستش نبود نداره ندارم نمیشه نمیدونم بابت عنوان خاطر حدود
		آیا امکان همون مگه دارین اینجانب وای فعلا نظری لطفاً بگم زدم کاش زود درست`,
	"ru": `хочу хотел нужно надо можно могу пытался пробовал снова опять сегодня вчера день дня дней неделя неделю недели месяц месяца год час часа часов минут
		время раз вещь что-то кто-то ничего пожалуйста помогите спасибо здравствуйте знаю сказали сказал говорят дали дал сделать делаю получил пришел пришла
		новый старый хороший нет не но много мало несколько два три один второй первый уже еще просто вообще
		клиент клиенты компания люди человек большое огромное добрый вечер утро привет уважаемые отлично отличный прекрасно прекрасный замечательный хорошо плохо плохой ужас ужасно ужасный
		лучше лучший хуже худший супер класс молодцы довольна доволен довольны жаль жалко нравится понравилось люблю проблема проблемы вопрос вопросы случай вид тип опыт факт дело понедельник
		вторник среда среду четверг пятница пятницу суббота субботу воскресенье январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь завтра ночь ночью вечером утром
		минута минуту секунда четыре пять шесть семь восемь девять десять двадцать тридцать сто тысяча каждый любой весь полный пол половина почти конечно честно видимо наверное кажется
		всегда никогда ничто никто кто-нибудь что-нибудь куда почему зачем сколько давно скоро сразу теперь сейчас потом зато хотя либо поэтому более менее пока лишь только
		подскажите скажите хотелось прошу просим можете можно было стало стал стала пришлось приходится
		рядом реально прошу жду ним собой двух двумя пользуется одна одно`,
})

func weak(lists map[string]string) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for language, list := range lists {
		out[language] = map[string]bool{}
		for _, w := range strings.Fields(list) {
			out[language][text.Stem(text.Normalize(w).Text, language)] = true
		}
	}
	return out
}

// edges are words with which no phrase begins or ends, though they are no stop words.
var edges = map[string]map[string]bool{
	"en": {"but": true, "because": true, "before": true, "after": true, "while": true, "until": true, "sinc": true, "becaus": true, "befor": true, "whi": true, "though": true, "even": true, "please": true, "pleas": true, "every": true, "everi": true},
	"he": {"אבל": true, "כי": true, "לפני": true, "אחרי": true, "בבקשה": true, "האם": true},
	"fa": {"ولی": true, "اما": true, "چون": true, "لطفا": true, "آیا": true, "ایا": true},
	"ru": {"но": true, "потому": true, "пока": true, "пожалуйст": true, "после": true, "до": true},
}

// lastNever are words with which no phrase ends: what they deny must follow.
var lastNever = map[string]map[string]bool{
	"en": {"not": true, "no": true, "don't": true, "doesn't": true, "didn't": true, "isn't": true, "wasn't": true, "can't": true, "won't": true, "couldn't": true, "haven't": true, "hasn't": true, "without": true},
	"he": {"לא": true, "אין": true, "בלי": true},
	"fa": {"نه": true, "بدون": true},
	"ru": {"не": true, "нет": true, "без": true, "ни": true},
}

// asking are words that "how" belongs to.
var asking = map[string]bool{"long": true, "much": true, "mani": true, "many": true, "often": true, "soon": true}
