package demo

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// form is the shape that a channel gives to a text.
type form uint8

const (
	remark     form = iota // an answer to an open question, a review
	post                   // social media
	letter                 // a complaint by e-mail
	chat                   // the customer's side of a chat
	transcript             // a call, both sides
	visit                  // an observer's report of a visit
	interview              // the minutes of one
)

// brief is what a text has to say.
type brief struct {
	lang     int
	theme    Theme
	polarity int // negative, neutral, positive
	mixed    bool
	tiny     bool   // a word or two
	second   Theme  // what a mixed text praises or blames beside it, and what a long text goes on to
	cause    string // the root cause that it is about, "" for none
	form     form
	personal bool // somebody left an address or a number in it
	country  int
	year     int
}

// Secret is an invented piece of personal data in a text.
type Secret struct {
	Kind string `json:"kind"` // email, phone, name
	Text string `json:"text"`
}

// Said is a theme that a text speaks of, and how.
type Said struct {
	Theme     string `json:"theme"`
	Sentiment string `json:"sentiment"` // negative, neutral, positive
}

var sentiments = [3]string{"negative", "neutral", "positive"}

// writer writes one text after another into the same buffer.
type writer struct {
	rng
	b       []byte
	t       *brief
	g       *grammar
	female  bool
	digits  bool // Persian digits
	casual  bool // no capitals, no full stops
	money   int  // what is the same throughout a text: how amounts are put, how long one is a customer
	last    *part
	secrets []Secret
	said    []Said
	foreign bool // some words are of another language
}

// write composes the text that belongs to a seed; it stands in w.b until the next call.
func (w *writer) write(seed uint64, t *brief) {
	w.rng, w.t, w.g, w.last = rng{seed}, t, grammars()[t.lang], nil
	w.b, w.secrets, w.said = w.b[:0], w.secrets[:0], w.said[:0]
	w.female, w.digits, w.casual = w.chance(.5), t.lang == persian && w.chance(.7), w.chance(.22)
	w.foreign, w.money = false, w.n(1<<16)

	switch t.form {
	case transcript:
		w.transcript(t)
		return
	case visit, interview:
		w.casual = false
		if t.form == visit {
			w.sentence(w.g.visit, "")
		} else {
			w.sentence(w.g.interview, "")
		}
		w.core(t.theme, t.polarity, t.cause)
		if w.chance(.6) {
			w.core(t.second, w.n(3), "")
		}
		return
	case letter:
		if w.chance(.7) {
			w.open(t.polarity)
		}
		w.core(t.theme, t.polarity, t.cause)
		if w.chance(.6) {
			w.core(t.theme, t.polarity, "")
		}
		if w.chance(.35) {
			w.also(t)
		}
		w.sentence(w.g.closers[t.polarity], "")
	default:
		w.remark(t)
	}
	if w.chance(.012) {
		w.foreign = true
		w.sentence(w.g.switches, "")
	}
	if w.chance(.12) {
		for range 1 + w.n(2) {
			w.typo()
		}
	}
	w.decorate(t)
	if t.personal {
		if w.casual {
			w.casual = false
			w.stop(".")
		}
		w.sentence(w.g.pii, ".")
	}
}

func (w *writer) remark(t *brief) {
	length := w.float()
	if t.form == chat {
		length = .2 + .8*length
	}
	switch {
	case t.tiny:
		w.sentence(w.g.tinies[t.polarity], " ")
	case t.mixed:
		w.mixed(t)
	case length < .36:
		w.core(t.theme, t.polarity, t.cause)
		w.tail(t.polarity, .6)
	case length < .60:
		w.open(t.polarity)
		w.core(t.theme, t.polarity, t.cause)
		w.tail(t.polarity, .3)
	case length < .83:
		w.core(t.theme, t.polarity, t.cause)
		w.tail(t.polarity, .3)
		w.sentence(w.g.closers[t.polarity], "")
	default:
		w.open(t.polarity)
		w.core(t.theme, t.polarity, t.cause)
		if w.chance(.6) {
			w.core(t.theme, t.polarity, "")
		} else {
			w.also(t)
		}
		w.tail(t.polarity, .3)
		w.sentence(w.g.closers[t.polarity], "")
	}
}

// mixed says one thing, but another.
func (w *writer) mixed(t *brief) {
	first, then := t.polarity, 2-t.polarity
	if t.polarity == neutral {
		first, then = positive, negative
	}
	swap := w.chance(.5) // the weight may lie on either half
	if swap {
		w.core(t.second, then, "")
	} else {
		w.core(t.theme, first, t.cause)
	}
	w.unstop()
	w.render(pickOne(&w.rng, w.g.but))
	if swap {
		w.core(t.theme, first, t.cause)
	} else {
		w.core(t.second, then, "")
	}
}

// answers are the replies that fit each of the agent's questions.
var answers = [4][]int{{0}, {2}, {}, {1, 3}}

// transcript has both sides of a call.
func (w *writer) transcript(t *brief) {
	w.casual = false
	speaker := func() { // "Customer: ", as this language's lines begin
		reply := w.g.reply[0][0].text
		w.gap()
		w.b = append(append(w.b, reply[:strings.IndexByte(reply, ':')+1]...), ' ')
	}
	w.sentence(w.g.hello, "")
	speaker()
	w.core(t.theme, t.polarity, t.cause)
	if w.chance(.4) {
		w.core(t.theme, t.polarity, "")
	}
	if t.mixed {
		w.core(t.second, 2-t.polarity, "")
	}
	ask := w.n(len(answers))
	for i := range 1 + w.n(2) {
		k := (ask + i) % len(answers)
		w.sentence(w.g.ask[k:k+1], "")
		if of := answers[k]; len(of) > 0 {
			k = of[w.n(len(of))]
			w.sentence(w.g.reply[k:k+1], "")
		}
	}
	if t.personal {
		speaker()
		w.sentence(w.g.pii, ".")
	}
	w.sentence(w.g.ends[t.polarity], "")
}

// core is a sentence on a theme, or on the root cause behind it; never the same twice in a row.
func (w *writer) core(theme Theme, polarity int, cause string) {
	of := w.g.themes[theme][polarity]
	if s := w.g.causes[cause]; s != nil && polarity == negative {
		of = s
	}
	i := w.n(len(of))
	if &of[i][0] == w.last {
		i = (i + 1) % len(of)
	}
	w.last = &of[i][0]
	w.sentence(of[i:i+1], "")
	said := Said{Themes[theme], sentiments[polarity]}
	if !slices.Contains(w.said, said) {
		w.said = append(w.said, said)
	}
}

func (w *writer) also(t *brief) {
	w.sentence(w.g.also, " ")
	w.core(t.second, t.polarity, "")
}

func (w *writer) open(polarity int) { w.sentence(w.g.openers[polarity], "") }

// tail hangs a clause on what was said last.
func (w *writer) tail(polarity int, p float64) {
	if !w.chance(p) || bytes.HasSuffix(w.b, []byte("?")) || bytes.HasSuffix(w.b, []byte("؟")) {
		return
	}
	w.unstop()
	from := len(w.b)
	w.render(pickOne(&w.rng, w.g.tails[polarity]))
	w.tidy(from)
	w.stop("")
}

// sentence says one of them, and ends it: with the given mark (a space is none), or as people do.
func (w *writer) sentence(of []template, end string) {
	w.gap()
	from := len(w.b)
	w.say(pickOne(&w.rng, of))
	w.tidy(from)
	w.stop(end)
}

func pickOne(r *rng, of []template) template { return of[r.n(len(of))] }

func (w *writer) gap() {
	if n := len(w.b); n > 0 && w.b[n-1] != ' ' && w.b[n-1] != '\n' {
		w.b = append(w.b, ' ')
	}
}

// say renders a sentence with its first letter as its place demands.
func (w *writer) say(t template) {
	from := len(w.b)
	w.render(t)
	if w.casual || w.t.lang == hebrew || w.t.lang == persian || from > 0 && !w.ended(from) {
		return
	}
	for from < len(w.b) && (w.b[from] == ' ' || w.b[from] == '"') {
		from++
	}
	r, size := utf8.DecodeRune(w.b[from:])
	if up := unicode.ToUpper(r); up != r && utf8.RuneLen(up) == size {
		utf8.EncodeRune(w.b[from:], up)
	}
}

// ended tells whether what stands before a place is a whole sentence.
func (w *writer) ended(at int) bool {
	for at > 0 && w.b[at-1] == ' ' {
		at--
	}
	if at == 0 {
		return true
	}
	switch w.b[at-1] {
	case '.', '!', '?':
		return true
	case 0x9f: // the last byte of ؟
		return at > 1 && w.b[at-2] == 0xd8
	}
	return false
}

// stop ends a sentence.
func (w *writer) stop(mark string) {
	n := len(w.b)
	if n == 0 || mark == " " {
		return
	}
	last, _ := utf8.DecodeLastRune(w.b)
	switch last {
	case '.', '!', '?', '؟', ',', '،', ':', ';', '؛':
		return
	}
	if mark == "" {
		switch u := w.float(); {
		case w.casual && u < .55:
			mark = ","
		case w.casual:
			mark = "."
		case u < .86:
			mark = "."
		case u < .95:
			mark = "!"
		case u < .97:
			mark = "!!"
		default:
			mark = "..."
		}
		if mark == "," && w.t.lang == persian {
			mark = "،"
		}
	}
	w.b = append(w.b, mark...)
}

// unstop takes the end of a sentence back.
func (w *writer) unstop() {
	w.b = bytes.TrimRight(w.b, ".,! ")
	w.b = bytes.TrimSuffix(w.b, []byte("،"))
}

func (w *writer) render(t template) {
	for i := range t {
		p := &t[i]
		switch p.kind {
		case literal:
			w.b = append(w.b, p.text...)
		case choice:
			w.render(p.of[w.n(len(p.of))])
		case gender:
			if w.female {
				w.render(p.of[1])
			} else {
				w.render(p.of[0])
			}
		case number:
			w.number(p.lo + w.n(p.hi-p.lo+1))
		case list:
			w.render((*p.list)[w.n(len(*p.list))])
		case personal:
			w.personal(p.text)
		case amount:
			w.amount()
		case year:
			w.number(w.t.year + p.lo)
		case years:
			w.number(5 + w.money>>8%10)
		}
	}
}

func (w *writer) number(n int) {
	from := len(w.b)
	w.b = strconv.AppendInt(w.b, int64(n), 10)
	if !w.digits {
		return
	}
	ascii := [12]byte{}
	k := copy(ascii[:], w.b[from:])
	w.b = w.b[:from]
	for _, c := range ascii[:k] {
		w.b = utf8.AppendRune(w.b, '۰'+rune(c-'0'))
	}
}

// money as writers of each language put it, by country: what stands before and after the number.
var money = [len(countries)][len(languages)][][2]string{
	{{{"₪", ""}, {"", " NIS"}, {"", " shekels"}}, {{"", " ש\"ח"}, {"", " ₪"}, {"", " שקל"}, {"₪", ""}}, {{"", " ₪"}, {"", " шек."}}, {{"", " شکل"}, {"₪", ""}}},
	{{{"£", ""}, {"", " pounds"}, {"£", ".50"}}, {{"£", ""}}, {{"£", ""}, {"", " £"}}, {{"", " پوند"}, {"£", ""}}},
	{{{"$", ""}, {"", " dollars"}, {"$", ".99"}}, {{"$", ""}, {"", " דולר"}}, {{"$", ""}, {"", "$"}}, {{"", " دلار"}, {"$", ""}}},
	{{{"€", ""}, {"", " euros"}, {"", " EUR"}}, {{"€", ""}}, {{"", " евро"}, {"", " €"}, {"€", ""}}, {{"", " یورو"}, {"€", ""}}},
	{{{"", " tenge"}, {"₸", ""}}, {{"", " ₸"}}, {{"", " тенге"}, {"", " ₸"}, {"", " тг"}}, {{"", " تنگه"}}},
}

func (w *writer) amount() {
	forms := money[w.t.country][w.t.lang]
	f := forms[w.money%len(forms)]
	n := int(float64(7+w.n(88)) * countries[w.t.country].rate)
	w.b = append(w.b, f[0]...)
	w.number(n)
	w.b = append(w.b, f[1]...)
}

// personal leaves invented data: addresses of example domains, numbers of ranges that are reserved for fiction.
func (w *writer) personal(kind string) {
	from := len(w.b)
	switch kind {
	case "PHONE":
		w.b = appendPhone(w.b, w.n(numPhones))
		kind = "phone"
	case "EMAIL":
		n := w.next()
		w.b = appendEmail(w.b, w.t.lang, int(n%12), int(n>>8%12), int(n>>16%900))
		kind = "email"
	default:
		w.render(pickOne(&w.rng, *w.g.lists["first"]))
		w.b = append(w.b, ' ')
		w.render(pickOne(&w.rng, *w.g.lists["last"]))
		kind = "name"
	}
	w.secrets = append(w.secrets, Secret{kind, string(w.b[from:])})
}

// tidy takes out the spaces that optional words left behind.
func (w *writer) tidy(from int) {
	out := from
	for i := from; i < len(w.b); i++ {
		c := w.b[i]
		if c == ' ' && (out == 0 || w.b[out-1] == ' ') {
			continue
		}
		if out > from && w.b[out-1] == ' ' && (c == ',' || c == '.' || c == ':' || c == '?' || c == '!' ||
			c == 0xd8 && i+1 < len(w.b) && w.b[i+1] == 0x8c) {
			out--
		}
		w.b[out] = c
		out++
	}
	w.b = bytes.TrimRight(w.b[:out], " ")
}

// typo swaps, drops or doubles a letter.
func (w *writer) typo() {
	if len(w.b) < 12 {
		return
	}
	at := 4 + w.n(len(w.b)-8)
	for at < len(w.b) && !utf8.RuneStart(w.b[at]) {
		at++
	}
	a, na := utf8.DecodeRune(w.b[at:])
	b, _ := utf8.DecodeRune(w.b[at+na:])
	if !unicode.IsLetter(a) || !unicode.IsLetter(b) {
		return
	}
	switch w.n(3) {
	case 0:
		var swapped [8]byte
		n := utf8.EncodeRune(swapped[:], b)
		n += utf8.EncodeRune(swapped[n:], a)
		copy(w.b[at:], swapped[:n])
	case 1:
		w.b = append(w.b[:at], w.b[at+na:]...)
	default:
		w.b = slices.Insert(w.b, at, w.b[at:at+na]...)
	}
}

var emoji = [3][]string{
	{"😡", "😠", "👎", "🤦", "😤", "🙄", "😞", "💔"},
	{"🤔", "😐", "🤷"},
	{"😊", "👍", "❤️", "🙏", "🎉", "😀", "👏", "🔥"},
}

// decorate gives a text the finish of its channel.
func (w *writer) decorate(t *brief) {
	p := .07
	if t.form == post {
		p = .3
		if w.chance(.4) {
			tags := [...]string{"@lirona", "#lirona", "@lirona_help"}
			w.gap()
			w.b = append(w.b, tags[w.n(len(tags))]...)
		}
	}
	if w.casual {
		w.unstop()
	}
	if t.form != letter && w.chance(p) {
		w.gap()
		set := emoji[t.polarity]
		for range 1 + w.n(2) {
			w.b = append(w.b, set[w.n(len(set))]...)
		}
	}
}
