package ui

import (
	"strings"
	"unicode/utf8"
)

// A long text would push all others of a list off the page. What has more than these many lines is cut by the style sheet (k-long) and leads to
// its page; a little more is not worth a click.
const (
	mostLines   = 10
	ofLine      = 100 // characters, about
	beforeAHit  = 200 // characters that are shown before what was searched for
	hitIsInView = 500 // characters that stand in the lines that are shown, however narrow the page
)

// long tells whether only the beginning of a text is shown.
func (q Quote) long() bool {
	if q.Whole || q.Href == "" {
		return false
	}
	lines, at := 1, 0
	for _, p := range q.Parts {
		for _, r := range p.Text {
			if at++; r == '\n' || at > ofLine {
				lines, at = lines+1, 0
			}
		}
	}
	return lines > mostLines
}

// brief are the parts that a list shows: of a long text in which something was found far below, not its beginning but where that stands.
func (q Quote) brief() []Part {
	before, hit := 0, -1
	for i, p := range q.Parts {
		if p.Hit {
			hit = i
			break
		}
		before += utf8.RuneCountInString(p.Text)
	}
	if hit < 0 || before <= hitIsInView || !q.long() {
		return q.Parts
	}
	from, left := hit, beforeAHit
	out := []Part{{Text: "… "}}
	for from > 0 {
		p := q.Parts[from-1]
		if n := utf8.RuneCountInString(p.Text); n <= left {
			from, left = from-1, left-n
			continue
		}
		if !p.Masked { // what stands for something personal is not cut
			letters := []rune(p.Text)
			_, p.Text, _ = strings.Cut(string(letters[len(letters)-left:]), " ")
			out = append(out, p)
		}
		break
	}
	return append(out, q.Parts[from:]...)
}
