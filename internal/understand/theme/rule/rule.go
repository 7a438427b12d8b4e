// Package rule reads and applies the rules by which a person says what a theme is: words and phrases in any language,
// with AND, OR, NOT and nearness.
//
//	refund                      the word in any of its forms
//	"money back"                words in a row
//	deliver*                    words that begin so
//	late delivery               both, anywhere in the text; the same as late AND delivery, late & delivery
//	late, delayed, slow         any of them; the same as late OR delayed, late | delayed
//	refund NOT policy           without the other; the same as refund !policy, refund -policy
//	card w/5 declined           at most five words apart, in either order; NEAR is NEAR/8
//	(courier, driver) w/3 rude  brackets group
//
// NOT binds most tightly, then nearness, then AND, then OR. AND, OR, NOT and NEAR are written in capitals; И, ИЛИ and НЕ
// mean the same as AND, OR and NOT. Words match in all their forms: endings, the prefixes of Hebrew, and of verbs that customers use
// much in Hebrew, Persian and Russian also forms that begin otherwise (text.Stem).
//
// Rules are pure and safe for concurrent use. Reading takes time linear in the rule, matching in the text.
package rule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"kolo/internal/understand/text"
)

// Version tells apart versions of what rules find: texts that were read by others are read again. Count it up when words have other
// forms in common.
const Version = 2

// Limits of a rule.
const (
	MaxLength = 4000 // bytes
	MaxWords  = 400
	MaxDepth  = 32 // of brackets
	MaxNear   = 50 // words apart
	MaxNears  = 16 // times that nearness is asked for
	usualNear = 8
)

// Error says what is wrong with a rule, and where.
type Error struct {
	Code   string    // what is wrong, one word for each kind, for those who translate
	Span   text.Span // where in the rule
	Column int       // the same for people: which character of the rule, 1 is the first
	Msg    string
}

func (e *Error) Error() string { return fmt.Sprintf("at character %d: %s", e.Column, e.Msg) }

// Rule is a rule that was read.
type Rule struct {
	source string
	root   *node
}

type op uint8

const (
	opWord op = iota + 1 // one word, or several in a row
	opPrefix
	opAnd
	opOr
	opNot
	opNear
)

type node struct {
	op    op
	words []string // folded
	near  int
	kids  []*node
	span  text.Span // in the rule
}

// Digits is how many digits a rule asks for of one text, at most: each alternative by itself, and all that must be there, or must not,
// together; of one piece the longest run counts.
func (r *Rule) Digits() int { return r.root.digits() }

func (n *node) digits() (sum int) {
	switch n.op {
	case opWord, opPrefix:
		return run(n.words)
	case opOr:
		for _, k := range n.kids {
			sum = max(sum, k.digits())
		}
		return sum
	}
	for _, k := range n.kids {
		sum += k.digits()
	}
	return sum
}

// run is the longest run of digits in words, over what parts them.
func run(words []string) (most int) {
	n := 0
	for _, r := range strings.Join(words, "") {
		if n++; !unicode.IsDigit(r) {
			n = 0
		}
		most = max(most, n)
	}
	return most
}

// Parse reads a rule. The error, if any, is an *Error.
func Parse(s string) (*Rule, error) {
	p := &parser{s: s}
	if len(s) > MaxLength {
		return nil, p.fail("too_long", text.Span{Start: MaxLength, End: len(s)}, fmt.Sprintf("a rule has at most %d bytes", MaxLength))
	}
	if err := p.lex(); err != nil {
		return nil, err
	}
	if len(p.tokens) == 0 {
		return nil, p.fail("empty", text.Span{}, "a rule needs a word to look for")
	}
	root, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if t, ok := p.peek(); ok { // only a bracket stops the outermost
		return nil, p.fail("bracket", t.span, "this bracket closes nothing")
	}
	if root.holdsOfNothing() {
		return nil, p.fail("only_not", root.span, "this would match every text that lacks something; say also what to look for")
	}
	return &Rule{s, root}, nil
}

// holdsOfNothing tells whether a text without words would match.
func (n *node) holdsOfNothing() bool {
	switch n.op {
	case opNot:
		return !n.kids[0].holdsOfNothing()
	case opAnd:
		for _, k := range n.kids {
			if !k.holdsOfNothing() {
				return false
			}
		}
		return true
	case opOr:
		return slices.ContainsFunc(n.kids, (*node).holdsOfNothing)
	}
	return false
}

// Source is the rule as it was written.
func (r *Rule) Source() string { return r.source }

// String is the rule with every AND, OR, NOT, NEAR and bracket written out.
func (r *Rule) String() string {
	var b strings.Builder
	r.root.write(&b, 0)
	return b.String()
}

var binding = map[op]int{opOr: 1, opAnd: 2, opNear: 3, opNot: 4, opWord: 5, opPrefix: 5}

func (n *node) write(b *strings.Builder, around int) {
	brackets := binding[n.op] <= around
	if brackets {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	switch n.op {
	case opWord:
		b.WriteString(`"` + strings.ReplaceAll(strings.Join(n.words, " "), `"`, "״") + `"`)
	case opPrefix:
		b.WriteString(strings.ReplaceAll(n.words[0], `"`, "״") + "*")
	case opNot:
		b.WriteString("NOT ")
		n.kids[0].write(b, binding[opNot]-1)
	default:
		for i, k := range n.kids {
			if i > 0 {
				switch n.op {
				case opAnd:
					b.WriteString(" AND ")
				case opOr:
					b.WriteString(" OR ")
				case opNear:
					b.WriteString(" NEAR/" + strconv.Itoa(n.near) + " ")
				}
			}
			around := binding[n.op]
			if n.op == opNear && i == 0 { // nearness goes from left to right
				around--
			}
			k.write(b, around)
		}
	}
}

type kind uint8

const (
	tWord kind = iota + 1
	tPhrase
	tPrefix
	tAnd
	tOr
	tNot
	tNear
	tOpen
	tClose
)

type token struct {
	kind  kind
	span  text.Span
	words []string
	near  int
}

type parser struct {
	s      string
	tokens []token
	at     int
	words  int // so far
	nears  int
}

func (p *parser) fail(code string, sp text.Span, msg string) *Error {
	return &Error{code, sp, utf8.RuneCountInString(p.s[:min(sp.Start, len(p.s))]) + 1, msg}
}

// quotes are the marks that may open a phrase, with those that close it.
var quotes = map[rune]string{'"': `"`, '“': "”“\"", '„': "“”\"", '«': "»", '”': "”\"", '״': "״"}

// closing is where a phrase ends, -1 if it does not. A mark between two Hebrew letters is part of the word: דו"ח.
func closing(s, marks string) int {
	var before rune
	for i, r := range s {
		if strings.ContainsRune(marks, r) {
			next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
			if !unicode.Is(unicode.Hebrew, before) || !unicode.Is(unicode.Hebrew, next) {
				return i
			}
		}
		before = r
	}
	return -1
}

func (p *parser) lex() error {
	for i := 0; i < len(p.s); {
		r, size := utf8.DecodeRuneInString(p.s[i:])
		sp := text.Span{Start: i, End: i + size}
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Cf, r):
		case r == '(':
			p.tokens = append(p.tokens, token{kind: tOpen, span: sp})
		case r == ')':
			p.tokens = append(p.tokens, token{kind: tClose, span: sp})
		case r == '|' || r == ',' || r == '،' || r == ';' || r == '\n':
			p.tokens = append(p.tokens, token{kind: tOr, span: sp})
		case r == '&' || r == '+':
			p.tokens = append(p.tokens, token{kind: tAnd, span: sp})
		case r == '!' || r == '-' && i+1 < len(p.s) && p.s[i+1] != ' ':
			p.tokens = append(p.tokens, token{kind: tNot, span: sp})
		case quotes[r] != "":
			n := closing(p.s[i+size:], quotes[r])
			if n < 0 {
				return p.fail("quote", sp, "this quotation mark is never closed")
			}
			_, closing := utf8.DecodeRuneInString(p.s[i+size+n:])
			sp.End = i + size + n + closing
			words := fold(p.s[i+size : i+size+n])
			if len(words) == 0 {
				return p.fail("empty_phrase", sp, "there is no word between these quotation marks")
			}
			p.tokens = append(p.tokens, token{kind: tPhrase, span: sp, words: words})
		default:
			sp.End = p.wordEnd(i)
			if err := p.word(sp); err != nil {
				return err
			}
		}
		i = sp.End
		if n := len(p.tokens); n > 0 && p.tokens[n-1].span == sp {
			p.words += len(p.tokens[n-1].words)
			if p.words > MaxWords {
				return p.fail("too_many", sp, fmt.Sprintf("a rule has at most %d words", MaxWords))
			}
		}
	}
	return nil
}

// wordEnd is where the word ends that begins at i.
func (p *parser) wordEnd(i int) int {
	var before rune
	for j := i; j < len(p.s); {
		r, size := utf8.DecodeRuneInString(p.s[j:])
		next, _ := utf8.DecodeRuneInString(p.s[j+size:])
		switch {
		case unicode.IsSpace(r) || strings.ContainsRune("()|&!;", r):
			return j
		case r == ',' || r == '،':
			if !unicode.IsDigit(before) || !unicode.IsDigit(next) {
				return j
			}
		case quotes[r] != "":
			if !unicode.Is(unicode.Hebrew, before) || !unicode.Is(unicode.Hebrew, next) {
				return j
			}
		}
		before = r
		j += size
	}
	return len(p.s)
}

var keywords = map[string]kind{"AND": tAnd, "OR": tOr, "NOT": tNot, "NEAR": tNear, "И": tAnd, "ИЛИ": tOr, "НЕ": tNot}

// word reads a word, a beginning of words, or what stands for AND, OR, NOT and nearness.
func (p *parser) word(sp text.Span) error {
	s := sp.Of(p.s)
	if k := keywords[s]; k != 0 {
		return p.operator(token{kind: k, span: sp, near: usualNear})
	}
	for _, before := range []string{"w/", "W/", "NEAR/"} {
		figures, ok := strings.CutPrefix(s, before)
		if !ok {
			continue
		}
		n, err := strconv.Atoi(figures)
		if err != nil {
			if before == "NEAR/" {
				return p.fail("near", sp, "after NEAR/ comes how many words apart, such as NEAR/5")
			}
			continue
		}
		if n < 1 || n > MaxNear {
			return p.fail("near", sp, fmt.Sprintf("words can be 1 to %d apart", MaxNear))
		}
		return p.operator(token{kind: tNear, span: sp, near: n})
	}
	k := tWord
	if star := strings.IndexByte(s, '*'); star >= 0 {
		if star != len(s)-1 {
			return p.fail("star", text.Span{Start: sp.Start + star, End: sp.Start + star + 1}, "a star stands at the end of a word, for any ending")
		}
		k, s = tPrefix, s[:star]
	}
	words := fold(s)
	switch {
	case len(words) == 0 && k == tPrefix:
		return p.fail("star", sp, "a star needs the beginning of a word before it")
	case len(words) == 0:
		return p.fail("no_word", sp, "there is no letter or figure in this")
	case k == tPrefix && len(words) > 1:
		return p.fail("star", sp, "a star stands after one word; put several words in quotation marks, without a star")
	case k == tPrefix && utf8.RuneCountInString(words[0]) < 2:
		return p.fail("star", sp, "a star needs two letters before it at least")
	}
	// A Persian word that was typed as two: "نمی دهد".
	if n := len(p.tokens); k == tWord && n > 0 && len(words) == 1 {
		if before := &p.tokens[n-1]; before.kind == tWord && len(before.words) == 1 && strings.TrimSpace(p.s[before.span.End:sp.Start]) == "" {
			if one := fold(before.span.Of(p.s) + " " + s); len(one) == 1 {
				before.words, before.span.End = one, sp.End
				return nil
			}
		}
	}
	p.tokens = append(p.tokens, token{kind: k, span: sp, words: words})
	return nil
}

func (p *parser) operator(t token) error {
	if t.kind == tNear {
		if p.nears++; p.nears > MaxNears {
			return p.fail("too_many_near", t.span, fmt.Sprintf("a rule can ask for nearness %d times at most", MaxNears))
		}
	}
	p.tokens = append(p.tokens, t)
	return nil
}

// fold gives the words of a piece of a rule as texts have them.
func fold(s string) []string {
	var out []string
	for _, w := range text.JoinPersian(text.Words(s)) {
		if w.Kind != text.Punctuation {
			out = append(out, w.Form)
		}
	}
	return out
}

func (p *parser) peek() (token, bool) {
	if p.at < len(p.tokens) {
		return p.tokens[p.at], true
	}
	return token{}, false
}

// end is an empty span at the end of the rule.
func (p *parser) end() text.Span { return text.Span{Start: len(p.s), End: len(p.s)} }

func join(o op, kids []*node) *node {
	if len(kids) == 1 {
		return kids[0]
	}
	return &node{op: o, kids: kids, span: text.Span{Start: kids[0].span.Start, End: kids[len(kids)-1].span.End}}
}

func (p *parser) or(depth int) (*node, error) {
	var kids []*node
	for {
		n, err := p.and(depth)
		if err != nil {
			return nil, err
		}
		kids = append(kids, n)
		if t, ok := p.peek(); !ok || t.kind != tOr {
			return join(opOr, kids), nil
		}
		p.at++
	}
}

func (p *parser) and(depth int) (*node, error) {
	var kids []*node
	for {
		n, err := p.near(depth)
		if err != nil {
			return nil, err
		}
		kids = append(kids, n)
		t, ok := p.peek()
		if !ok || t.kind == tOr || t.kind == tClose {
			return join(opAnd, kids), nil
		}
		if t.kind == tAnd {
			p.at++
		}
	}
}

func (p *parser) near(depth int) (*node, error) {
	left, err := p.not(depth)
	if err != nil {
		return nil, err
	}
	for {
		t, ok := p.peek()
		if !ok || t.kind != tNear {
			return left, nil
		}
		p.at++
		right, err := p.not(depth)
		if err != nil {
			return nil, err
		}
		for _, n := range []*node{left, right} {
			if !n.placed() {
				return nil, p.fail("near_what", n.span, "only words, phrases and a choice of them can be near something")
			}
		}
		left = &node{op: opNear, near: t.near, kids: []*node{left, right}, span: text.Span{Start: left.span.Start, End: right.span.End}}
	}
}

// placed tells whether a node stands somewhere in a text.
func (n *node) placed() bool {
	switch n.op {
	case opWord, opPrefix, opNear:
		return true
	case opOr:
		return !slices.ContainsFunc(n.kids, func(k *node) bool { return !k.placed() })
	}
	return false
}

func (p *parser) not(depth int) (*node, error) {
	t, ok := p.peek()
	if !ok {
		return nil, p.fail("unfinished", p.end(), "the rule ends where a word is expected")
	}
	p.at++
	switch t.kind {
	case tNot:
		if depth++; depth > MaxDepth {
			return nil, p.fail("too_deep", t.span, "there are too many brackets and NOTs around this")
		}
		n, err := p.not(depth)
		if err != nil {
			return nil, err
		}
		return &node{op: opNot, kids: []*node{n}, span: text.Span{Start: t.span.Start, End: n.span.End}}, nil
	case tOpen:
		if depth++; depth > MaxDepth {
			return nil, p.fail("too_deep", t.span, "there are too many brackets and NOTs around this")
		}
		n, err := p.or(depth)
		if err != nil {
			return nil, err
		}
		c, ok := p.peek()
		if !ok {
			return nil, p.fail("bracket", t.span, "this bracket is never closed")
		}
		p.at++
		n.span = text.Span{Start: t.span.Start, End: c.span.End}
		return n, nil
	case tWord, tPhrase:
		return &node{op: opWord, words: t.words, span: t.span}, nil
	case tPrefix:
		return &node{op: opPrefix, words: t.words, span: t.span}, nil
	}
	return nil, p.fail("operator", t.span, fmt.Sprintf("a word is expected before %s", t.span.Of(p.s)))
}
