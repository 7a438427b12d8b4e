package text

import (
	"strings"
	"testing"
)

func TestClauses(t *testing.T) {
	t.Parallel()
	for _, want := range []string{
		"",
		"Great!",
		"The food was great,| but the service was slow.| Will I be back?| No.",
		"Good price,| slow service.",
		"Prompt,| careless.",
		"Hi Anna, thanks for the call.",
		"While everybody was sweet as pie,| the bed still had crumbs in it",
		"If it breaks again, I will leave.",
		"I paid for milk, bread, eggs and cheese",
		"Nothing but praise for the crew",
		"The parcel came in time| and the driver was very kind",
		"It was promised to us for some time between 8 and 12 on a Sunday",
		"My cousin brought the tickets to the station and back home again",
		"Mr. Brown met us at 10.30 on St. George St. in town.| He was kind.",
		"Pros:\n|- cheap to run\n|- quiet at night;| cons: heavy as lead",
		"No.| It does not work at all.| See no. 5 of the list.",
		"Заплатил 500 руб.| Больше не приду т. е. никогда и на ул. Мира тоже",
		"送货很快。|质量不好。",
		"Battery is fine.|Screen is dead",
		"The phone is lovely 💯| Charger is dead 💩",
		"המשלוח הגיע בזמן,| אבל הקופסה קרועה",
		"ההטבות שוות באמת| ובכל זאת אני לא מרוצה",
		"המחיר טוב,| השירות גרוע.| לא אחזור",
		"הסלט הגיע עם רוטב למרות שביקשתי בצד",
		"ארוכה לא הייתה לי סבלנות, כי חיכיתי שעה",
		"ارسال سریع بود| ولی جعبه پاره بود،| پشتیبانی هم جواب نداد",
		"سرعتش ولی عالیه",
		"اپ خوبه،| قیمت غذاها ولی بالاست",
		"تحویلتون خوبه| ولی دیگه اعتماد ندارم",
		"خیلی خوبه؟| نه",
		"کابین تمیز بود| و سر ساعت پریدیم",
		"Доставка быстрая,| но коробка мятая.| Спасибо, что позвонили",
		"Приложение, которое вы сделали, падает",
		"Выбор зато огромный",
		"Возврат оформили,| деньги, правда, чужие",
		"بسیار عالی",
		"Service lent,| mais le plat était bon",
		"👍👍",
		"!!! what a day !!!| (and it rained)",
	} {
		s := strings.ReplaceAll(want, "|", "")
		var parts []string
		at := 0
		for _, c := range Clauses(s) {
			parts = append(parts, s[at:c.Start]+c.Of(s))
			at = c.End
		}
		if got := strings.Join(parts, "|"); got != ungap(want) {
			t.Errorf("got  %s\nwant %s", got, ungap(want))
		}
	}
}

// ungap puts the borders of an example where clauses end: before the white space.
func ungap(s string) string {
	for _, gap := range []string{"\n", " "} {
		s = strings.ReplaceAll(s, gap+"|", "|"+gap)
	}
	return s
}
