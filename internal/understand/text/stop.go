package text

import (
	"strings"
	"sync"
)

// stopWords are the words of a language that say nothing by themselves; nil where no list is known.
func stopWords(lang string) map[string]bool {
	if own, ok := ownStopWords[lang]; ok {
		return own
	}
	return otherStopWords()[lang]
}

// otherStopWords are the lists of stopwords-iso, which the build puts into dist.
var otherStopWords = sync.OnceValue(func() map[string]map[string]bool {
	b, err := dist.ReadFile("dist/stopwords.txt")
	if err != nil {
		return nil // a build without assets; Ready says so
	}
	m := map[string]map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		code, words, _ := strings.Cut(line, " ")
		m[code] = set(words)
	}
	return m
})

// ownStopWords are ours for the languages that Kolo knows best, folded. Words that deny or turn a meaning round ("not", "but",
// "without") are not among them.
var ownStopWords = map[string]map[string]bool{
	"en": set(`a an the this that these those i me my mine we us our ours you your yours he him his she her hers it its they them their theirs
		am is are was were be been being do does did doing done have has had having will would shall should can could may might must
		and or so if as of at by for from in into on onto to with about than then there here when where which who whom whose what why how
		also just very really quite too again once all any both each more most other some such own same s t d ll m re ve i'm i've i'd i'll
		it's you're you've we're we've they're they've that's there's he's she's let's get got one`),
	"he": set(`אני אתה את אתם אתן אנחנו הוא היא הם הן זה זאת זו אלה אלו של שלי שלך שלו שלה שלנו שלכם שלהם על אל עם מן מ ב ל ה ו ש כ גם או כי אם כמו
		כדי אשר יש היה היתה היו להיות יהיה תהיה יהיו לי לך לו לה לנו לכם להם אותי אותך אותו אותה אותנו אתכם אותם מה מי איך איפה מתי למה כבר עוד
		רק מאוד ממש כל כך אז פה שם הזה הזאת הזו האלה אחד אחת בו בה בי בך בהם ממני ממנו ממנה מהם אצל אצלי אצלכם לפני אחרי עד תוך בין`),
	"fa": set(`من تو او ما شما انها اونا ایشان این ان اون همین همان از به در با برای تا را رو که و یا هم نیز چون اگر اگه پس هر همه یک یه دو است هست
		هستم هستید هستند بود بودم بودند باشد باشه باشم شد شده شدم میشه میشود شود بشه کرد کردم کردن کردند کرده کنم کنید کنه کند میکنم میکنه میکند
		میکنید دارد داره دارم دارید دارند داشت داشتم خیلی چه چی کجا کی چرا چطور خود خودم خودش خودتون ام ای اید اند ات اش بر بین روی توی تو پیش بعد قبل دیگه
		دیگر باید شاید وقتی هنوز فقط ها های می نمی بی واسه ازش بهش`),
	"ru": set(`и в во на с со к ко у о об от до из за по под над при про для через без между а же ли бы то это этот эта эти этого этой этом этих тот та те
		того той том тех я меня мне мной мы нас нам нами ты тебя тебе вы вас вам вами он его ему им нем она ее ей ней оно они их ими них себя себе
		свой своя свои своего своей своих мой моя мое мои моего моей наш наша наше наши ваш ваша ваше ваши вашего вашей кто что чего чему чем как так
		также тоже там тут здесь где когда если чтобы который которая которое которые которого которой которых был была было были быть есть будет
		будут весь вся все всех всем всего еще уже очень просто вот ну да потом потому раз`),
}
