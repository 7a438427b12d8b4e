// Package jsonwrite appends JSON to a buffer, where reflection would be the dearest part of what is done.
package jsonwrite

import (
	"math"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// Text appends a text in quotes. Characters of HTML are left as they are: what is written here is no page. Bytes that are no UTF-8
// become U+FFFD, as in encoding/json.
func Text(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
			b = append(b, s[from:i]...)
			b = append(b, "\uFFFD"...)
			i++
			from = i
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// Number appends a finite number, so that reading it gives the same one.
func Number(b []byte, v float64) []byte {
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, v, format, -1, 64)
}

var names = sync.Pool{New: func() any { return new([]string) }}

// Texts appends an object of texts, its names in order, so that equal ones give equal JSON.
func Texts(b []byte, m map[string]string) []byte {
	p := names.Get().(*[]string)
	keys := (*p)[:0]
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b = append(b, '{')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = Text(b, k)
		b = append(b, ':')
		b = Text(b, m[k])
	}
	clear(keys)
	*p = keys
	names.Put(p)
	return append(b, '}')
}
