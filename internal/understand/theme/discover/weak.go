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
		wondering believe guess appears seem seems seeing further possible everywhere anywhere soon own part whole lot bit`,
	"he": `רוצה רציתי צריך צריכה אפשר ניסיתי עדיין כבר היום אתמול שבוע שבועות יום ימים חודש חודשים שעה שעות דקות זמן פעם פעמים דבר משהו מישהו כלום בבקשה עזרה
		תודה שלום לדעת יודע אומר אמרו אמר קיבלתי נתנו לעשות עושה עשיתי הולך בא מקבל חדש ישן טוב לא אין אבל כי פשוט בסדר כמה הרבה קצת שוב`,
	"fa": `میخوام میخواهم خواستم لازم ممکن امروز دیروز هفته روز ماه سال ساعت دقیقه وقت بار چیز چیزی کسی لطفا کمک ممنون سلام میدونم گفتن گفت گفتم گرفتم دادن داد
		کار رفتم اومدم جدید قدیم خوب نه نیست ولی اما چون فقط چند زیاد کم دوباره الان بعد قبل`,
	"ru": `хочу хотел нужно надо можно могу пытался пробовал снова опять сегодня вчера день дня дней неделя неделю недели месяц месяца год час часа часов минут
		время раз вещь что-то кто-то ничего пожалуйста помогите спасибо здравствуйте знаю сказали сказал говорят дали дал сделать делаю получил пришел пришла
		новый старый хороший нет не но много мало несколько два три один второй первый уже еще просто вообще`,
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
	"en": {"but": true, "because": true, "before": true, "after": true, "while": true, "until": true, "sinc": true, "becaus": true, "befor": true, "whi": true, "though": true, "even": true, "please": true, "pleas": true},
	"he": {"אבל": true, "כי": true, "לפני": true, "אחרי": true, "בבקשה": true},
	"fa": {"ولی": true, "اما": true, "چون": true, "لطفا": true},
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
