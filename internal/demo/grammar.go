package demo

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

//go:embed grammar/*.txt
var grammarFiles embed.FS

// A template is a sequence of parts; a part is a literal, a choice between templates, a number, or the name of a list.
//
//	{a|b|c}   one of them; an empty one makes the choice optional
//	{a~b}     by the gender of the writer; so are two words joined by a ~
//	<list>    one entry of a list
//	<2-9>     a number
//	<PHONE>   invented personal data: also <EMAIL>, <NAME>
//	<AMOUNT>  money, in the currency of the writer's country
//	<YEAR>    the year of writing; <LASTYEAR> the one before; <YEARS> for how long the writer is a customer
type template []part

type part struct {
	kind   partKind
	text   string
	of     []template
	lo, hi int
	list   *[]template
}

type partKind uint8

const (
	literal partKind = iota
	choice
	gender
	number
	list
	personal
	amount
	year
	years
)

// grammar is what a language has to say: lists by name, sentences by theme and polarity, sentences by root cause.
type grammar struct {
	lists  map[string]*[]template
	themes [numThemes][3][]template // by polarity: negative, neutral, positive
	causes map[string][]template

	openers, closers, tails, tinies [3][]template
	but, also, switches, pii        []template
	hello, ask, reply               []template
	visit, interview                []template
	ends                            [3][]template
}

// polarities of a sentence.
const (
	negative = iota
	neutral
	positive
)

var signs = map[string]int{"-": negative, "0": neutral, "+": positive}

// languages in the order in which grammars and counts are kept.
var languages = [...]string{"en", "he", "ru", "fa"}

const (
	english = iota
	hebrew
	russian
	persian
)

// grammars are parsed once: a mistake in a file is a programming error that every test of the package meets.
var grammars = sync.OnceValue(func() *[len(languages)]*grammar {
	var all [len(languages)]*grammar
	for i, lang := range languages {
		b, err := grammarFiles.ReadFile("grammar/" + lang + ".txt")
		if err == nil {
			all[i], err = parseGrammar(string(b))
		}
		if err != nil {
			panic("demo: grammar " + lang + ": " + err.Error())
		}
	}
	return &all
})

func parseGrammar(src string) (*grammar, error) {
	g := &grammar{lists: map[string]*[]template{}, causes: map[string][]template{}}
	var into func(template)
	for i, line := range strings.Split(src, "\n") {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		head, ok := strings.CutPrefix(line, "== ")
		if !ok {
			if into == nil {
				return nil, fmt.Errorf("line %d: a sentence before the first heading", i+1)
			}
			p := parser{src: line, g: g}
			t, err := p.template("")
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			into(t)
			continue
		}
		words := strings.Fields(head)
		switch {
		case len(words) == 3 && words[0] == "theme":
			theme, sign := themeByID[words[1]], signs[words[2]]
			if theme == 0 && words[1] != Themes[0] {
				return nil, fmt.Errorf("line %d: theme %q is not known", i+1, words[1])
			}
			into = func(t template) { g.themes[theme][sign] = append(g.themes[theme][sign], t) }
		case len(words) == 2 && words[0] == "cause":
			into = func(t template) { g.causes[words[1]] = append(g.causes[words[1]], t) }
		case len(words) == 2 && words[0] == "list":
			l := g.list(words[1])
			into = func(t template) { *l = append(*l, t) }
		default:
			return nil, fmt.Errorf("line %d: heading %q", i+1, head)
		}
	}
	for name, l := range g.lists {
		if len(*l) == 0 {
			return nil, fmt.Errorf("list %q is empty or missing", name)
		}
	}
	for t := range g.themes {
		for sign, sentences := range g.themes[t] {
			if len(sentences) < 2 {
				return nil, fmt.Errorf("theme %s has %d sentences of polarity %d", Themes[t], len(sentences), sign)
			}
		}
	}
	get := func(name string) []template { return *g.list(name) }
	for name, sign := range signs {
		g.openers[sign], g.closers[sign], g.tails[sign] = get("open"+name), get("close"+name), get("tail"+name)
		g.tinies[sign], g.ends[sign] = get("tiny"+name), get("agent_end"+name)
	}
	g.but, g.also, g.switches, g.pii = get("but"), get("also"), get("switch"), get("pii")
	g.hello, g.ask, g.reply = get("agent_hello"), get("agent_ask"), get("caller_reply")
	g.visit, g.interview = get("visit"), get("interview")
	return g, nil
}

func (g *grammar) list(name string) *[]template {
	l := g.lists[name]
	if l == nil {
		l = new([]template)
		g.lists[name] = l
	}
	return l
}

type parser struct {
	src string
	at  int
	g   *grammar
}

// template parses up to one of the stop characters, which it leaves.
func (p *parser) template(stop string) (template, error) {
	var t template
	from := p.at
	flush := func() { t = appendLiteral(t, p.src[from:p.at]) }
	for p.at < len(p.src) {
		c := p.src[p.at]
		switch {
		case strings.IndexByte(stop, c) >= 0:
			flush()
			return t, nil
		case c == '{':
			flush()
			p.at++
			alt, err := p.choice()
			if err != nil {
				return nil, err
			}
			t, from = append(t, alt), p.at
		case c == '<':
			flush()
			end := strings.IndexByte(p.src[p.at:], '>')
			if end < 0 {
				return nil, fmt.Errorf("< without >")
			}
			t = append(t, p.reference(p.src[p.at+1:p.at+end]))
			p.at += end + 1
			from = p.at
		case c == '}' || c == '|' || c == '>':
			return nil, fmt.Errorf("%q at byte %d has no beginning", c, p.at)
		default:
			p.at++
		}
	}
	if stop != "" {
		return nil, fmt.Errorf("{ without }")
	}
	flush()
	return t, nil
}

// choice parses what follows a {. Without a | inside, a ~ divides what two writers would say; otherwise it belongs to
// the words beside it.
func (p *parser) choice() (part, error) {
	start := p.at
	top := topLevel(p.src[start:])
	byGender := strings.Contains(top, "~") && !strings.Contains(top, "|")
	out, stop := part{kind: choice}, "|}"
	if byGender {
		out.kind, stop = gender, "~}"
	}
	for {
		t, err := p.template(stop)
		if err != nil {
			return part{}, err
		}
		out.of = append(out.of, t)
		p.at++
		if p.src[p.at-1] == '}' {
			break
		}
	}
	if byGender && len(out.of) != 2 {
		return part{}, fmt.Errorf("{%s has not two genders", p.src[start:p.at])
	}
	return out, nil
}

// topLevel is the text up to the closing brace, without what is in braces inside.
func topLevel(s string) string {
	var b strings.Builder
	depth := 0
	for _, c := range s {
		switch {
		case c == '{':
			depth++
		case c == '}' && depth == 0:
			return b.String()
		case c == '}':
			depth--
		case depth == 0:
			b.WriteRune(c)
		}
	}
	return b.String()
}

func (p *parser) reference(name string) part {
	switch name {
	case "PHONE", "EMAIL", "NAME":
		return part{kind: personal, text: name}
	case "AMOUNT":
		return part{kind: amount}
	case "YEAR":
		return part{kind: year}
	case "YEARS":
		return part{kind: years}
	case "LASTYEAR":
		return part{kind: year, lo: -1}
	}
	if lo, hi, ok := strings.Cut(name, "-"); ok {
		a, errA := strconv.Atoi(lo)
		b, errB := strconv.Atoi(hi)
		if errA == nil && errB == nil && a < b {
			return part{kind: number, lo: a, hi: b}
		}
	}
	return part{kind: list, list: p.g.list(name)}
}

// appendLiteral adds a text, with its word~word pairs as choices by gender.
func appendLiteral(t template, s string) template {
	for {
		i := strings.IndexByte(s, '~')
		if i < 0 {
			break
		}
		edge := func(r rune) bool { return !unicode.IsLetter(r) && r != '-' && r != '\'' }
		from := strings.LastIndexFunc(s[:i], edge)
		if from >= 0 {
			_, size := utf8.DecodeRuneInString(s[from:])
			from += size
		} else {
			from = 0
		}
		to := strings.IndexFunc(s[i+1:], edge)
		if to < 0 {
			to = len(s)
		} else {
			to += i + 1
		}
		if from > 0 {
			t = append(t, part{text: s[:from]})
		}
		t = append(t, part{kind: gender, of: []template{{{text: s[from:i]}}, {{text: s[i+1 : to]}}}})
		s = s[to:]
	}
	if s != "" {
		t = append(t, part{text: s})
	}
	return t
}
