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

// sought is what rows are searched for, whatever the case: addresses and ids where they stand as words of their own, and telephone
// numbers by their digits, for a file may have them as they are dialled at home.
type sought struct {
	words  []string        // addresses, and ids that are long enough to be nothing else
	cells  map[string]bool // other ids, which only a column of customers' ids is searched for
	phones []string        // digits with the country's code
	ends   map[string]bool // the last eight of them
}

const (
	plainID  = 6 // characters of an id that is no other number or word by chance
	phoneEnd = 8 // digits by which a telephone number is recognised
	leastEnd = 7 // digits of the shortest number that counts as dialled at home
)

func newSought(marks []mark) *sought {
	s := &sought{cells: map[string]bool{}, ends: map[string]bool{}}
	for _, m := range marks {
		for _, v := range []string{m.norm, m.value} {
			v = strings.ToLower(strings.TrimSpace(v))
			switch {
			case v == "":
			case m.kind == contact.Phone:
				if d := digitsOf(v); len(d) >= leastEnd {
					s.phones = append(s.phones, d)
					s.ends[d[max(0, len(d)-phoneEnd):]] = true
				}
			case m.kind == contact.Email || utf8.RuneCountInString(v) >= plainID:
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

// inRow searches a row of an import, whose cells belong to columns, and its source where that is known.
func (s *sought) inRow(im Import, columns, cells []string, raw string) bool {
	for i, cell := range cells {
		if s.in(cell) {
			return true
		}
		if len(s.cells) > 0 && i < len(columns) && s.cells[strings.ToLower(strings.TrimSpace(cell))] && namesCustomers(im.Mapping, columns[i]) {
			return true
		}
	}
	return raw != "" && s.in(raw)
}

// namesCustomers tells whether a column has customers' own ids.
func namesCustomers(m Mapping, column string) bool {
	return column == toContactID || slices.ContainsFunc(m.Columns, func(t Target) bool { return t.Column == column && t.To == toContactID })
}

// inColumns searches what is known of the columns of an import.
func (s *sought) inColumns(im Import) bool {
	for _, c := range im.Columns {
		all := append(slices.Concat(c.Samples, c.Words), c.Name, c.Min, c.Max)
		names := make([]string, len(all))
		for i := range names {
			names[i] = c.Name
		}
		if s.inRow(im, names, all, "") {
			return true
		}
	}
	for _, t := range im.Mapping.Columns {
		for k := range t.Values {
			if s.in(k) {
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
			if alone(low, w) {
				return true
			}
		}
	}
	return len(s.phones) > 0 && s.phone(text)
}

// alone tells whether a word stands in a text and is not a piece of a longer one.
func alone(text, word string) bool {
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

func inside(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
}

// phone reads the digits of a text, over what people put between them, and compares their end wherever a group of them ends.
func (s *sought) phone(text string) bool {
	run := make([]byte, 0, 64) // the last of them
	group := false             // the digit before was the last thing read
	for _, r := range text {
		if d, ok := digit(r); ok {
			if len(run) == cap(run) {
				run = append(run[:0], run[len(run)-cap(run)/2:]...)
			}
			run, group = append(run, d), true
			continue
		}
		if group && s.ending(run) {
			return true
		}
		group = false
		if !strings.ContainsRune(" -–()./+\u00a0\u2011\u200e\u200f\u202a\u202c", r) {
			run = run[:0]
		}
	}
	return group && s.ending(run)
}

// ending tells whether digits end with a telephone number, or are the end of one.
func (s *sought) ending(run []byte) bool {
	if len(run) < leastEnd {
		return false
	}
	if s.ends[string(run[max(0, len(run)-phoneEnd):])] {
		return true
	}
	home := strings.TrimLeft(string(run), "0")
	return len(home) >= leastEnd && slices.ContainsFunc(s.phones, func(p string) bool { return strings.HasSuffix(p, home) })
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
