package ui

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// A long text would push all others of a list off the page. What has more than these many lines is cut by the style sheet (k-long) and leads to
// its page; a little more is not worth a click.
const (
	mostLines   = 10
	ofLine      = 100  // characters, about
	beforeAHit  = 200  // characters that are shown before what was searched for
	hitIsInView = 500  // characters that stand in the lines that are shown, however narrow the page
	mostOfIt    = 2000 // characters of a long text that a list gets: more than those lines hold, however wide the page
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

// brief are the parts that a list shows: of a long text only as much as may be seen, and where something was found far below, not its
// beginning but where that stands.
func (q Quote) brief() []Part {
	before, hit := 0, -1
	for i, p := range q.Parts {
		if p.Hit {
			hit = i
			break
		}
		before += utf8.RuneCountInString(p.Text)
	}
	if !q.long() {
		return q.Parts
	}
	if hit < 0 || before <= hitIsInView {
		return upTo(q.Parts)
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
	return append(out, upTo(q.Parts[from:])...)
}

// upTo are the first parts, as many as a list gets of a long text.
func upTo(parts []Part) []Part {
	left := mostOfIt
	for i, p := range parts {
		if n := utf8.RuneCountInString(p.Text); n <= left {
			left -= n
			continue
		}
		out := slices.Clone(parts[:i])
		if !p.Masked && left > 0 { // what stands for something personal is not cut
			p.Text = string([]rune(p.Text)[:left])
			out = append(out, p)
		}
		return append(out, Part{Text: " …"})
	}
	return parts
}
