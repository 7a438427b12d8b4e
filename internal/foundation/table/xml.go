package table

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// elements finds the elements of one name in a stream of XML, one after the other and each whole in memory. It knows as
// much of XML as spreadsheets use, is some ten times faster than encoding/xml, and tells a file that ends too early from
// one that ends. Prefixes of namespaces are ignored.
type elements struct {
	win   *window
	name  string // "row", "si"
	list  string // what holds them: "sheetData", "sst"
	limit int
	open  bool // the list has begun
}

type elementState uint8

const (
	elementFound    elementState = iota
	elementTooLarge              // it was skipped
	elementsOver                 // the list is closed
	elementsCut                  // the stream ends before the list is closed
)

// next gives the next element from its "<" to its end, valid until the following call.
func (e *elements) next() ([]byte, elementState, error) {
	for {
		b := e.win.bytes()
		i := bytes.IndexByte(b, '<')
		if i > 0 {
			e.win.take(i)
			b = b[i:]
		} else if i < 0 {
			e.win.take(len(b))
			b = nil
		}
		if t, ok := parseTag(b); ok {
			name := string(t.name)
			switch {
			case name == e.name && !t.closing && e.open:
				end := t.end
				if !t.empty {
					end = elementEnd(b, t.end, name)
				}
				if end >= 0 && end <= e.limit {
					e.win.take(end)
					return b[:end], elementFound, nil
				}
				if end >= 0 || len(b) > e.limit {
					return b[:t.end], elementTooLarge, e.skip()
				}
			case name == e.list && (t.closing || t.empty):
				return nil, elementsOver, nil
			default:
				e.open = e.open || name == e.list
				e.win.take(t.end)
				continue
			}
		} else if len(b) > e.limit {
			return nil, elementsCut, nil // a tag that never ends
		}
		if e.win.eof {
			return nil, elementsCut, nil
		}
		if err := e.win.more(); err != nil {
			return nil, elementsCut, err
		}
	}
}

// skip drops the element at hand, however large.
func (e *elements) skip() error {
	const overlap = 128 // a closing tag may lie across two pieces
	for {
		b := e.win.bytes()
		if end := elementEnd(b, 0, e.name); end >= 0 {
			e.win.take(end)
			return nil
		}
		if e.win.eof {
			e.win.take(len(b))
			return nil
		}
		if len(b) > overlap {
			e.win.take(len(b) - overlap)
		}
		if err := e.win.more(); err != nil {
			return err
		}
	}
}

// elementEnd is where the closing tag of name ends, at or after from; -1 when it is not there.
func elementEnd(b []byte, from int, name string) int {
	for {
		i := bytes.Index(b[from:], []byte("</"))
		if i < 0 {
			return -1
		}
		t, ok := parseTag(b[from+i:])
		if !ok {
			return -1
		}
		if string(t.name) == name {
			return from + i + t.end
		}
		from += i + t.end
	}
}

// tag is one tag of XML.
type tag struct {
	name    []byte // without its prefix
	attrs   []byte
	closing bool
	empty   bool // <a/>
	end     int  // behind its ">"
}

// parseTag reads the tag at b[0] == '<'. Comments, declarations and instructions come out with an empty name. ok is false
// when b ends before it does.
func parseTag(b []byte) (t tag, ok bool) {
	if len(b) < 2 {
		return t, false
	}
	switch {
	case bytes.HasPrefix(b, []byte("<!--")):
		i := bytes.Index(b, []byte("-->"))
		return tag{end: i + 3}, i >= 0
	case bytes.HasPrefix(b, cdata):
		i := bytes.Index(b, []byte("]]>"))
		return tag{end: i + 3}, i >= 0
	case b[1] == '!' && len(b) < 9:
		return t, false
	case b[1] == '?' || b[1] == '!':
		i := bytes.IndexByte(b, '>')
		return tag{end: i + 1}, i >= 0
	}
	i := 1
	if b[1] == '/' {
		t.closing = true
		i++
	}
	from := i
	for i < len(b) && b[i] != '>' && b[i] != '/' && b[i] > ' ' {
		if b[i] == ':' {
			from = i + 1
		}
		i++
	}
	t.name = b[from:i]
	from = i
	for i < len(b) && b[i] != '>' {
		if c := b[i]; c == '"' || c == '\'' {
			j := bytes.IndexByte(b[i+1:], c)
			if j < 0 {
				return t, false
			}
			i += j + 1
		}
		i++
	}
	if i >= len(b) {
		return t, false
	}
	t.attrs, t.end = b[from:i], i+1
	if n := len(t.attrs); n > 0 && t.attrs[n-1] == '/' {
		t.attrs, t.empty = t.attrs[:n-1], true
	}
	return t, true
}

// attr finds an attribute without a prefix; what is in it is not unescaped.
func (t *tag) attr(name string) []byte {
	b := t.attrs
	for {
		i := bytes.IndexByte(b, '=')
		if i < 0 || i+1 >= len(b) {
			return nil
		}
		key := bytes.TrimSpace(b[:i])
		b = bytes.TrimLeft(b[i+1:], " \t\r\n")
		if len(b) == 0 {
			return nil
		}
		j := bytes.IndexByte(b[1:], b[0])
		if j < 0 {
			return nil
		}
		if string(key) == name {
			return b[1 : j+1]
		}
		b = b[j+2:]
	}
}

// appendText adds what stands between two tags, its entities resolved.
func appendText(dst, b []byte) []byte {
	for {
		i := bytes.IndexByte(b, '&')
		if i < 0 {
			return append(dst, b...)
		}
		dst = append(dst, b[:i]...)
		b = b[i:]
		j := bytes.IndexByte(b[:min(len(b), 12)], ';')
		if j < 0 {
			return append(dst, b...)
		}
		r, ok := entity(string(b[1:j]))
		if ok {
			dst = utf8.AppendRune(dst, r)
		} else {
			dst = append(dst, b[:j+1]...)
		}
		b = b[j+1:]
	}
}

func entity(s string) (rune, bool) {
	switch s {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if len(s) < 2 || s[0] != '#' {
		return 0, false
	}
	base, s := 10, s[1:]
	if s[0] == 'x' || s[0] == 'X' {
		base, s = 16, s[1:]
	}
	n, err := strconv.ParseUint(s, base, 21)
	return rune(n), err == nil
}

// tags goes through the tags of an element. The text that follows each is in text; for a CDATA section the tag before it
// comes again, with what is in the section.
type tags struct {
	rest []byte
	tag  tag
	text []byte
}

func (w *tags) next() bool {
	i := bytes.IndexByte(w.rest, '<')
	if i < 0 {
		return false
	}
	w.rest = w.rest[i:]
	t, ok := parseTag(w.rest)
	if !ok {
		return false
	}
	if bytes.HasPrefix(w.rest, cdata) {
		w.text, w.rest = w.rest[len(cdata):t.end-len("]]>")], w.rest[t.end:]
		return true
	}
	w.rest = w.rest[t.end:]
	n := bytes.IndexByte(w.rest, '<')
	if n < 0 {
		n = len(w.rest)
	}
	w.tag, w.text = t, w.rest[:n]
	return true
}

var cdata = []byte("<![CDATA[")

// atoi reads a small number without a sign; -1 is none.
func atoi(b []byte) int {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' || n > 1<<30 {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	if len(b) == 0 {
		return -1
	}
	return n
}

// unescapeX resolves the way in which spreadsheets write characters that XML cannot hold: "_x000D_".
func unescapeX(b []byte, from int) []byte {
	out := b[:from]
	for rest := b[from:]; ; {
		i := bytes.Index(rest, []byte("_x"))
		if i < 0 || i+7 > len(rest) {
			return append(out, rest...)
		}
		n, err := strconv.ParseUint(string(rest[i+2:i+6]), 16, 16)
		if err != nil || rest[i+6] != '_' {
			out = append(out, rest[:i+2]...)
			rest = rest[i+2:]
			continue
		}
		out = append(out, rest[:i]...)
		if n != 0 {
			out = utf8.AppendRune(out, rune(n))
		}
		rest = rest[i+7:]
	}
}
