package text

// handle tells whether word i, such as "@ivan", is the user name of who writes: "my telegram is @ivan", "telegram: @ivan", "contact me at
// @ivan". That of the company that is written to is none: "I wrote to your Twitter @company".
func (f *finder) handle(words []Word, i int) bool {
	mine, network, ask := -9, -9, -9 // where the nearest of each stands
	for k := i - 1; k >= 0 && i-k <= 6; k-- {
		w, r := words[k], f.roles[k]
		switch {
		case r&isYours != 0, f.lineBreak(words, k+1) && !isMark(w, ":"), isMark(w, ".!?"), w.Kind == User:
			return false
		case r&isNetwork != 0 && network < 0:
			network = k
			if next := k + 1; f.leftEdge(words, k) && (next == i || next+1 == i && isMark(words[next], ":-")) {
				return true
			}
		case r&isMine != 0 && mine < 0:
			mine = k
		case asks[w.Form]:
			ask = k
		}
		if mine >= 0 && (max(mine-network, network-mine) <= 2 || max(mine-ask, ask-mine) <= 2 && i-mine <= 2) {
			return true
		}
	}
	return false
}

// asks are words that ask to be written to.
var asks = set(`contact reach message dm write ping תכתבו כתבו תפנו פנו پیام بنویسید пишите напишите`)

// spoken is the beginning and the end of the address at whose sign, said in words, word i is: "ali at gmail dot com".
func (f *finder) spoken(words []Word, i int) (from, to int) {
	dot := func(k int) int { // behind a dot that stands at k, or 0
		if k+2 < len(words) && isMark(words[k], "([") && dots[words[k+1].Form] && isMark(words[k+2], ")]") {
			return k + 3
		}
		if k < len(words) && (dots[words[k].Form] || words[k].Form == "." && k > 0 && words[k].Span.Start == words[k-1].Span.End) {
			return k + 1
		}
		return 0
	}
	part := func(k int) bool {
		return k >= 0 && k < len(words) && (words[k].Kind == Letters || words[k].Kind == Number) && !dots[words[k].Form]
	}
	said := false // a dot in words
	to = i + 1
	open := i > 0 && to < len(words) && isMark(words[i-1], "([") && isMark(words[to], ")]")
	if open { // "joe (at) example (dot) com"
		to++
	}
	if !part(to) {
		return 0, 0
	}
	for to++; to-i < 12 && !f.lineBreak(words, to-1); {
		next := dot(to)
		if next == 0 || !part(next) {
			break
		}
		said = said || open || words[to].Form != "."
		to = next + 1
	}
	if end := words[to-1].Form; !said || !domains[end] && !spokenDomains[end] {
		return 0, 0
	}
	if from = i - 1; open {
		from--
	}
	if !part(from) || f.lineBreak(words, i) || f.roles[from]&isStop != 0 {
		return 0, 0
	}
	for i-from < 8 && from >= 2 && (dots[words[from-1].Form] || joints[words[from-1].Form]) && part(from-2) {
		from -= 2
	}
	return from, to
}

var (
	dots          = set(`dot точка נקודה نقطه دات`)
	joints        = set(`underscore dash minus plus _ - тире дефис подчеркивание מקף خط`)
	spokenDomains = set(`ру ком нет орг рф קום קו נט ארג اير کام نت ای`)
)
