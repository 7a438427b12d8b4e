package text

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// cues are small words that a language is known by, as labels of the model name it. The model knows whole texts well and
// short ones badly; these are what a reader looks at in a short one. A word may stand with several languages.
const cues = `
en the and is was it this that of to for with you my not very but are have they i we so at in be no good service from had your would thanks what can't don't didn't never always bad nice great dont didnt cant wont isnt wasnt im our their could again much out too just still than really after before did does been if there it's i'm they're he she his her who how why only ever
de der die das und ist nicht ich sehr mit auf war für ein eine den wir sie es zu von dem im sich auch wird einen bei hat dass danke gut schlecht alles nichts kein keine mein meine immer nie leider habe bin wurde was
fr le la les est et pas très je des du un une pour avec mais nous vous dans sur qui que au ont cette il elle été aux bien merci j'ai c'est service rien tout mon ma toujours jamais trop bon bonne bonjour n'est d'un quoi
es el la los es y no muy que un una por con pero las se del al lo más su para está fue como son una han bien gracias servicio nada todo mi me te ya hola bueno buena malo hay tiene estoy siempre nunca esto eso qué cómo
it il la è e non molto che un una per con ma gli di del della sono anche ho si nel alla dei questo grazie bene tutto niente mai sempre mi mio mia buono stato c'è cosa perché
pt o a os é e não muito que um uma por com mas do da no na dos das para foi em ao são mais está uma seu obrigado obrigada bom bem tudo nada meu minha sempre nunca você tem isso
nl de het een en is niet zeer met van dat ik op voor zijn wij te er aan die ook maar werd naar heeft om bij goed slecht alles niets geen mijn altijd nooit bedankt heb ben snel wat deze
sv och att det som är för inte på en ett av jag har med till från den också var men kan de om när så bra allt inget min mitt aldrig alltid tack hej mycket vad du vi nu
da og at det som er for ikke på en et af jeg har med til fra den også var men kan de blev efter meget noget sig eller ud op nu end mellem uden deres gøre blevet godt alt intet ingen min mit aldrig altid tak hvad hvorfor være lidt jer vi du
no og at det som er for ikke på en et av jeg har med til fra den også var men kan de ble etter mye noe seg eller ut opp nå enn mellom uten deres gjøre blitt må hvordan bra alt ingenting ingen min mitt aldri alltid takk hva hvorfor være litt dere hei vi du
nn og at det som er for ikkje på ein eit av eg har med til frå den også var men kan dei vart etter mykje noko seg eller meir ho
fi ja on ei se että oli mutta kun myös hän ovat kuin joka sekä voi niin tai jos ollut sen mitä tämä olen kiitos hyvä huono kaikki mitään minä sinä
et ja on ei see et oli aga kui ka tema mis kes nagu või siis ning seda oma selle pole väga nad tänan hea halb kõik midagi mu
pl i w nie na się jest to z do że a ale jak o od po za przez są dla był była było tym który czy bardzo dziękuję dobrze źle wszystko nic jestem mój moja nigdy zawsze tylko mnie
cs a je se v na že to z do ale jako i o od po pro s byl byla bylo byli jsou který která které nebo při jsem ve co už si dobře špatně děkuji všechno nic jste není velmi můj moje díky jak tak
sk a je sa v na že to z do ale ako aj o od po pre s bol bola bolo boli sú ktorý ktorá ktoré alebo pri som vo čo už si dobre zle ďakujem všetko nič ste veľmi môj moje tak
sl in je se v na da to z do ali kot tudi o od po za s bil bila bilo so ki pri sem ne pa ni lahko hvala dobro slabo vse nič zelo kaj
hr i je se u na da to s do ali kao o od po za bio bila bilo su koji koja koje prije gdje uvijek vrijeme također tijekom tko poslije dvije svijet nisam što dijelova hvala dobro loše sve ništa sam vrlo ovo ne
bs i je se u na da to s do ali kao o od po za bio bila bilo su koji koja koje prije gdje uvijek vrijeme takođe poslije dvije svijet nisam šta hvala dobro loše sve ništa sam vrlo ovo ne
sr i je se u na da to s do ali kao o od po za bio bila bilo su koji koja koje pre gde uvek vreme takođe tokom ko posle dve svet nisam šta mesto hvala dobro loše sve ništa sam vrlo ovo ne
hu a az és nem hogy egy is de van volt meg mint ez csak ki már azt vagy amely nagyon ha lehet köszönöm jó rossz minden semmi vagyok mi te
ro și si de la în nu este cu pe care a un o din mai pentru că sunt dar fost sau foarte am au cea prin bun bine mulțumesc multumesc totul nimic meu mea buna ce asta vă ai
tr ve bir bu çok için değil ile ama da de olarak olan gibi daha kadar en var ne sonra o ben teşekkürler iyi kötü hiç hızlı her şey
az və bir bu çox üçün deyil ilə amma da də kimi olan daha qədər ən var sonra o mən bu olaraq
uz va bir bu uchun emas bilan lekin ham kabi bo'lgan eng bor esa yoki kerak mumkin edi qilish uning ular hamda har edi bo'lib
id dan yang di ini itu tidak dengan untuk dari ke pada adalah karena bisa anda akan saya ada juga oleh atau sangat uang kami mereka saat ketika jika terima kasih baik buruk semua kamu aku
ms dan yang di ini itu tidak dengan untuk dari ke pada ialah kerana boleh anda akan saya ada juga oleh atau sangat wang kami mereka ketika iaitu sahaja awak
vi và của là không có được cho một các những này đã với người trong rất tôi để khi
lt ir yra į kad su iš ne tai kaip buvo bet per už jis labai mano bei taip pat jo
lv un ir uz ka ar no ne tas kā bija bet par viņš ļoti arī vai lai tika pie
ca el la els és i no molt que un una per amb però les del al més es va són aquest dels als
gl o a os é e non moi que un unha por con pero do da no na dos das para foi máis
sq dhe të një në për me që nuk është i e u si ka por shumë nga
tl ang ng sa na at mga ay hindi ito ko siya po para may kung
sw na ya wa ni kwa katika hii hiyo lakini sana kama yake
ru ли да ни нет есть если когда меня вам нам можно нельзя уже только тоже чтобы мы вы вас еще почему где при без и в не на что с как это по но из у за от так для бы же к о все был очень мне
uk і в не на що з як це по але та у за від для так ж до був дуже мені є його які який також або дякую добре погано все нічого моя мій треба немає
be і ў не на што з як гэта па але у за ад для так ж да быў вельмі мне ён якія яго таксама або
bg и в не на че с как това по но от за да се е са ще беше много аз той като които какво съм няма има ли ми ти искам добре защо тук само този ние вие сте знам мен него благодаря моля нещо може сега всичко
sr и у не на да са као то по али из за је се су од био врло ми који који које hvala dobro loše sve ništa sam vrlo ovo ne
mk и во не на дека со како тоа по но од за да се е се беше многу јас кои која има
kk және бір бұл емес үшін мен да де деп бар болды өте осы ол қазақ
ky жана бир бул эмес үчүн менен да деп бар болду абдан ал
mn нь байна энэ юм бол ба гэж болон их би
tg ва дар аз ба ки бо ин аст барои на ки он буд ё мекунанд ҳам
tt һәм бу белән өчен бер да дә бик ул
ar رقمي رقمك هاتفي جوالي جوالك موبايلي بريدي عنواني طلبيتي شكرا شكراً جيد جيدة سيئ سيئة بطيء بطيئة عندي مشكلتي في على إلى أن هذا هذه لا ما كان التي الذي مع عن هو هي كل لم جدا ولكن قد الى انا هو كانت بعد غير ليس مش
fa در به از که این را با است برای آن هم خیلی نیست بود یک تا شد می رو ولی هست اون کردم شده میشه نمیشه دارم ندارم ندارد داره دارد لطفا ممنون دو سه هر ساعت خوب بد باید بعد چرا چی کجا همه هیچ کرد کردن بار روز خوبه عالی اصلا دیگه فقط چند شما ما نه شدم نشد نکرد نکردن داشت داشتم نداشت میاد نمیاد میدن نمیدن میکنه نمیکنه میکنن کنید کنم هستش هستم بودن نبود بودم رسید نرسید گرفتم خریدم اومد نیومد گفتن گفت رفتم حسابی واقعا افتضاح داغون خفن دستتون دمتون مرسی اگه اگر هنوز الان کاش حتما اینجا اونجا همین باز سفارشم حسابمو وقتم تخت راحت گوشی میخوام نمیخوام چطور چطوری کی بده بهتره ارزون گرون
ur اور کے میں کی ہے سے کا کو نہیں یہ پر بہت ہیں تھا کہ نے اس لیے
he של את לא על עם זה אני הוא היא כי גם אבל מאוד אין יש כל מה עוד רק לי אם או
yi איז און די פון פֿון מיט דער צו האט האָט אז אַז אויף נישט ניט דאס דאָס פאר פאַר וואס וואָס אין זיך זענען אַ א ער זיי
ckb و لە بە بۆ کە ئەم لەگەڵ زۆر نییە بوو یان ئەو
ps او په د چې دی له ته ده هم نه دا
`

// cueFactor is by how much one small word raises the odds of its language, at most cueMost times.
const (
	cueFactor = 4
	cueMost   = 11
)

// cuePowers are the powers of cueFactor from -cueMost to cueMost.
var cuePowers = func() (t [2*cueMost + 1]float32) {
	for i := range t {
		t[i] = float32(math.Pow(cueFactor, float64(i-cueMost)))
	}
	return t
}()

// siblings are languages that share most of their words: a small word that one of them has and the other has not speaks
// against the other.
const siblings = `no da|no sv|da sv|cs sk|bg ru|mk bg|mk ru|uk ru|be ru|be uk|sr ru|es pt|es it|es ca|es gl|pt gl|fr ca|et fi|az tr|id ms|hr sl|sr sl|de nl|fa ar|fa ur|en nl`

// cue is what a small word says: which labels it speaks for, and against which.
type cue struct{ pro, contra []int }

// newCues gives what each small word says.
func newCues(index map[string]int) map[string]*cue {
	m := map[string]*cue{}
	for _, line := range strings.Split(strings.TrimSpace(cues), "\n") {
		words := strings.Fields(line)
		i, ok := index[words[0]]
		if !ok {
			continue
		}
		for _, w := range words[1:] {
			if m[w] == nil {
				m[w] = new(cue)
			}
			if !slices.Contains(m[w].pro, i) {
				m[w].pro = append(m[w].pro, i)
			}
		}
	}
	for _, pair := range strings.Split(siblings, "|") {
		one, other, _ := strings.Cut(pair, " ")
		a, okA := index[one]
		b, okB := index[other]
		if !okA || !okB {
			continue
		}
		for _, c := range m {
			switch x, y := slices.Contains(c.pro, a), slices.Contains(c.pro, b); {
			case x && !y && !slices.Contains(c.contra, b):
				c.contra = append(c.contra, b)
			case y && !x && !slices.Contains(c.contra, a):
				c.contra = append(c.contra, a)
			}
		}
	}
	return m
}

// listen raises the languages whose small words stand in s. p is scaled afterwards.
func (l *languages) listen(p []float32, s []byte, sc script, hits []int8) {
	clear(hits)
	var word [24]byte
	any := false
	if sc == latin || sc == arabicScript {
		any = l.sounds(p, s, hits)
	}
	for i := 0; i < len(s); {
		n := 0
		start := i
		for i < len(s) {
			c := s[i]
			if c < utf8.RuneSelf {
				if 'A' <= c && c <= 'Z' {
					c += 'a' - 'A'
				} else if (c < 'a' || c > 'z') && c != '\'' {
					break
				}
			}
			if n < len(word) {
				word[n] = c
			}
			n++
			i++
		}
		if n > 0 && n <= len(word) {
			w := word[:n]
			if w[0] >= utf8.RuneSelf {
				lowerFirst(w)
			}
			if c := l.cues[string(w)]; c != nil {
				any = true
				for _, label := range c.pro {
					hits[label] = min(hits[label]+1, cueMost)
				}
				for _, label := range c.contra {
					hits[label] = max(hits[label]-1, -cueMost)
				}
			}
		}
		if i == start {
			i++
		}
	}
	if !any {
		return
	}
	for label, n := range hits {
		if n != 0 {
			p[label] *= cuePowers[n+cueMost]
		}
	}
	scale(p)
}

// clusters are groups of letters that one language has and its nearest relatives do not. They count where the guess is
// one of these.
var clusters = []struct{ label, relatives, parts string }{
	{"uz", "tr az en de fi es id no uz", "o'z o'l o'r o't g'i g'a g'l o'q o's o'n to' bo' yo' ko' oʻ gʻ o‘ g‘ o’ g’"},
	{"hr", "sr bs hr sl", "ijed ijek ijel ijen ijes ijet ijep ijev rješ mjes vjer djel svjet tjed gdje cije"},
	{"no", "da no nn sv", "sjon kj skj øy het_ heten ei ingen uk_ ak_ øk"},
	{"da", "da no nn sv", "tion hed_ heden øj ej_ gø ud nd_ ld_ ig_ dt_ _af_"},
	{"fa", "ar fa ur ps ckb azb ug sd", "_می _نمی های ها_ ند_ ید_ ست_ شد_ _کرد _خو دن_ _ندار _دار گ پ چ ژ ده_ ته_ یم_ _بود یه_ ون_"},
	{"ar", "ar fa", "_ال ة_ _وال _لل _بال _لم_ _لا_ _غير_ أ إ"},
	{"ur", "fa ur ar", "ے ٹ ڈ ڑ ں ھ"},
	{"sk", "cs sk", "ov_ ie ia iu ej_ ami_ ť_ dž ých_ sť"},
	{"cs", "cs sk", "ě ř ů ou eš ní_ stí"},
}

// cluster is one of clusters, ready for use.
type cluster struct {
	label     int
	relatives map[int]bool
	parts     [][]byte
}

func newClusters(index map[string]int) []cluster {
	var out []cluster
	for _, c := range clusters {
		label, ok := index[c.label]
		if !ok {
			continue
		}
		k := cluster{label: label, relatives: map[int]bool{}}
		for _, r := range strings.Fields(c.relatives) {
			if i, ok := index[r]; ok {
				k.relatives[i] = true
			}
		}
		for _, p := range strings.Fields(c.parts) {
			k.parts = append(k.parts, []byte(strings.ReplaceAll(p, "_", " ")))
		}
		out = append(out, k)
	}
	return out
}

// clustersMost is how many clusters count for a language.
const clustersMost = 3

// sounds counts the clusters of each language in s.
func (l *languages) sounds(p []float32, s []byte, hits []int8) bool {
	guess, any := most(p), false
	for _, c := range l.clusters {
		if !c.relatives[guess] {
			continue
		}
		n := int8(0)
		for _, part := range c.parts {
			if n < clustersMost && bytes.Contains(s, part) {
				n++
			}
		}
		hits[c.label] += n
		any = any || n > 0
	}
	return any
}

// lowerFirst makes a Cyrillic or Latin capital at the beginning of a word small, in place.
func lowerFirst(w []byte) {
	if len(w) < 2 {
		return
	}
	switch {
	case w[0] == 0xd0 && 0x90 <= w[1] && w[1] <= 0x9f: // А-П
		w[1] += 0x20
	case w[0] == 0xd0 && 0xa0 <= w[1] && w[1] <= 0xaf: // Р-Я
		w[0], w[1] = 0xd1, w[1]-0x20
	case w[0] == 0xd0 && 0x84 <= w[1] && w[1] <= 0x87: // Є-Ї
		w[0], w[1] = 0xd1, w[1]+0x10
	case w[0] == 0xc3 && 0x80 <= w[1] && w[1] <= 0x9e: // À-Þ
		w[1] += 0x20
	}
}
