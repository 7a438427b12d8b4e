package imports

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kolo/internal/foundation/store"
	"kolo/internal/people/contact"
)

// mark is something that a contact was recognised by.
type mark struct {
	contact     contact.ID
	kind        contact.Kind
	norm, value string
}

func scanMark(s store.Scanner) (m mark, err error) {
	err = s.Scan(&m.contact, &m.kind, &m.norm, &m.value)
	return m, err
}

// sought is what rows are searched for, whatever the case: addresses, and ids that are nothing else, where they stand as words of their own;
// other ids as whole cells of columns that name customers, for an order may have the same number; and telephone numbers by their digits,
// for a file may have them as they are dialled at home.
type sought struct {
	words  []string        // addresses, and ids that are no other number or word by chance
	cells  map[string]bool // other ids
	phones []string        // digits with the country's code
}

const (
	plainID    = 8 // characters of an id that is nothing else, if letters and digits are mixed in it
	leastEnd   = 7 // digits of the shortest number that counts as dialled at home
	phoneEnd   = 8 // digits by which a telephone number is recognised in a column of them
	certainEnd = 9 // digits that are no other number by chance
	mostCode   = 3 // digits of a country's code
)

func newSought(marks []mark) *sought {
	s := &sought{cells: map[string]bool{}}
	for _, m := range marks {
		for _, v := range []string{m.norm, m.value} {
			v = strings.ToLower(strings.TrimSpace(v))
			switch {
			case v == "":
			case m.kind == contact.Phone:
				if d := digitsOf(v); len(d) >= leastEnd && strings.HasPrefix(v, "+") { // as the norm is
					s.phones = append(s.phones, d)
				}
			case m.kind == contact.Email || unmistakable(v):
				s.words = append(s.words, v)
			default:
				s.cells[v] = true
			}
		}
	}
	slices.Sort(s.words)
	s.words = slices.Compact(s.words)
	slices.Sort(s.phones)
	s.phones = slices.Compact(s.phones)
	return s
}

// unmistakable tells whether an id can be nothing else wherever it stands: an address, or long and of letters and digits.
func unmistakable(id string) bool {
	return strings.Contains(id, "@") || utf8.RuneCountInString(id) >= plainID && strings.ContainsFunc(id, unicode.IsLetter) && strings.ContainsFunc(id, unicode.IsDigit)
}

// soughtIn is what is sought in one import: what its columns have is known there.
type soughtIn struct {
	*sought
	im      Import
	columns map[string]holds
}

// holds is what a column has of customers.
type holds struct{ ids, phones bool }

func (s *sought) within(im Import) *soughtIn {
	in := &soughtIn{s, im, map[string]holds{}}
	for _, c := range im.Columns {
		in.of(c.Name)
	}
	return in
}

// of tells what a column has: by what becomes of it, and as it seemed when the file was looked at.
func (s *soughtIn) of(column string) holds {
	h, ok := s.columns[column]
	if ok || column == "" {
		return h
	}
	to := s.im.Mapping.target(column)
	h.ids = covers[to] != "" || slices.ContainsFunc(s.im.Columns, func(c Column) bool { return c.Name == column && c.Personal })
	says, _ := called(column)
	h.phones = to == toPhone || len(says) > 0 && says[0].to == toPhone
	s.columns[column] = h
	return h
}

// inRow searches a row, whose cells belong to columns, and its source where that is known. A row without cells could not be split: of
// which column a piece of it is, nobody knows.
func (s *soughtIn) inRow(columns, cells []string, raw string) bool {
	for i, cell := range cells {
		column := ""
		if i < len(columns) {
			column = columns[i]
		}
		if s.inCell(column, cell) {
			return true
		}
	}
	if raw == "" || len(cells) > 0 {
		return raw != "" && s.in(raw)
	}
	var any holds
	for _, h := range s.columns {
		any.ids, any.phones = any.ids || h.ids, any.phones || h.phones
	}
	if any.ids {
		low := strings.ToLower(raw)
		for id := range s.cells {
			if alone(low, id, inWord) {
				return true
			}
		}
	}
	return s.in(raw) || any.phones && s.phone(raw, true)
}

func (s *soughtIn) inCell(column, cell string) bool {
	if s.in(cell) {
		return true
	}
	if len(s.cells) > 0 && s.cells[strings.ToLower(strings.TrimSpace(cell))] && s.of(column).ids {
		return true
	}
	return len(s.phones) > 0 && s.of(column).phones && s.phone(cell, true)
}

// inColumns searches what is known of the columns.
func (s *soughtIn) inColumns() bool {
	for _, c := range s.im.Columns {
		if slices.ContainsFunc(append(slices.Concat(c.Samples, c.Words), c.Name, c.Min, c.Max), func(cell string) bool { return s.inCell(c.Name, cell) }) {
			return true
		}
	}
	for _, t := range s.im.Mapping.Columns {
		for k := range t.Values {
			if s.inCell(t.Column, k) {
				return true
			}
		}
	}
	return false
}

func (s *sought) in(text string) bool {
	if len(s.words) > 0 {
		low := strings.ToLower(text)
		for _, w := range s.words {
			if alone(low, w, inWord) {
				return true
			}
		}
	}
	return len(s.phones) > 0 && s.phone(text, false)
}

// inName searches the name of a file, in which words are joined by underscores.
func (s *sought) inName(name string) bool {
	low := strings.ToLower(name)
	return slices.ContainsFunc(s.words, func(w string) bool { return alone(low, w, inNameWord) }) || len(s.phones) > 0 && s.phone(strings.ReplaceAll(name, "_", " "), false)
}

// alone tells whether a word stands in a text and is not a piece of a longer one; inside tells what may be.
func alone(text, word string, inside func(rune) bool) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], word)
		if i < 0 {
			return false
		}
		i += at
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+len(word):])
		if !inside(before) && !inside(after) {
			return true
		}
		at = i + 1
	}
}

func inNameWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

func inWord(r rune) bool { return inNameWord(r) || r == '_' }

// phone reads the digits of a text, over what people put between them, and compares their end wherever a group of them ends. Where the
// text stands in a column of telephone numbers, fewer digits tell.
func (s *sought) phone(text string, known bool) bool {
	run := make([]byte, 0, 64) // the last of them
	var firsts uint64          // a bit for each digit of run, the last one lowest: it begins a group
	group := false             // the digit before was the last thing read
	for _, r := range text {
		if d, ok := digit(r); ok {
			if len(run) == cap(run) {
				run = append(run[:0], run[len(run)-cap(run)/2:]...)
			}
			firsts <<= 1
			if !group {
				firsts |= 1
			}
			run, group = append(run, d), true
			continue
		}
		if group && s.ending(run, firsts, known) {
			return true
		}
		group = false
		if !strings.ContainsRune(" -–()./+\u00a0\u2011\u200e\u200f\u202a\u202c", r) {
			run = run[:0]
		}
	}
	return group && s.ending(run, firsts, known)
}

// ending tells whether digits end with a telephone number, or are the end of one.
func (s *sought) ending(run []byte, firsts uint64, known bool) bool {
	return len(run) >= leastEnd && slices.ContainsFunc(s.phones, func(p string) bool {
		same := 0
		for same < len(run) && same < len(p) && run[len(run)-1-same] == p[len(p)-1-same] {
			same++
		}
		begins := func(n int) bool { return n <= len(run) && firsts>>(n-1)&1 == 1 } // the last n digits begin with a group
		code := len(p) - same                                                       // digits of which the country's code can be
		switch {
		case same >= certainEnd:
			return true
		case same < leastEnd:
			return false
		case known && (same >= phoneEnd || strings.TrimLeft(string(run), "0") == p[len(p)-same:]):
			return true
		case same == len(p): // with the country's code, of a country of short numbers
			return begins(same)
		}
		return code <= mostCode && begins(same+1) && run[len(run)-1-same] == '0'
	})
}

func digitsOf(text string) string {
	var b []byte
	for _, r := range text {
		if d, ok := digit(r); ok {
			b = append(b, d)
		}
	}
	return string(b)
}

// digit reads a digit of the scripts that telephone numbers come in.
func digit(r rune) (byte, bool) {
	for _, zero := range []rune{'0', '٠', '۰', '０'} {
		if r >= zero && r <= zero+9 {
			return byte('0' + r - zero), true
		}
	}
	return 0, false
}
