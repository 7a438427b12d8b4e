// Package charset finds out in which encoding a text is written, and makes UTF-8 of it.
package charset

import (
	"bytes"
	"io"
	"math"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/transform"

	"kolo/internal/foundation/fault"
)

// Decode makes a UTF-8 stream of a source in an encoding by any name that browsers know ("" is UTF-8). UTF-8 is passed
// through as it is, broken bytes included; of other encodings transcoded is true and the stream is valid.
func Decode(r io.Reader, name string) (in io.Reader, transcoded bool, err error) {
	enc, err := encodingOf(name)
	if err != nil || enc == nil {
		return r, false, err
	}
	return transform.NewReader(r, enc.NewDecoder()), true, nil
}

// encodingOf finds an encoding by its name; nil is UTF-8.
func encodingOf(name string) (encoding.Encoding, error) {
	if name = strings.ToLower(name); name == "" || name == "utf-8" || name == "utf8" {
		return nil, nil
	}
	enc, err := htmlindex.Get(name)
	if err != nil {
		return nil, fault.Bad("charset.Decode", fault.Field{Path: "encoding", Code: "unknown", Msg: "unknown encoding " + name})
	}
	return enc, nil
}

// DecodeHead is Decode for the beginning of a text, whose last character may be cut.
func DecodeHead(head []byte, name string) ([]byte, error) {
	enc, err := encodingOf(name)
	if err != nil || enc == nil {
		return head, err
	}
	out, _, _ := transform.Bytes(enc.NewDecoder(), head) // what came before an error is good enough to look at
	return out, nil
}

// Detect tells in which encoding text is written: by its byte order mark, by being valid UTF-8, by where its
// zero bytes are (UTF-16), or else by which 8-bit encoding makes it read like a language: windows-1251, 1255, 1256, or else 1252. A beginning is enough.
func Detect(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\xEF\xBB\xBF")):
		return "utf-8"
	case bytes.HasPrefix(b, []byte("\xFF\xFE")):
		return "utf-16le"
	case bytes.HasPrefix(b, []byte("\xFE\xFF")):
		return "utf-16be"
	}
	if name := detectUTF16(b); name != "" {
		return name
	}
	if looksUTF8(b) {
		return "utf-8"
	}
	return detectCharmap(b)
}

// looksUTF8 accepts a few broken bytes among valid sequences: a damaged UTF-8 file is still not a Windows one.
func looksUTF8(b []byte) bool {
	valid, broken := 0, 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			if len(b) < utf8.UTFMax && !utf8.FullRune(b) {
				break // cut off by the end of the sample
			}
			broken++
		} else if n > 1 {
			valid++
		}
		b = b[n:]
	}
	return broken == 0 || valid > 10*broken
}

// detectUTF16 finds UTF-16 without a byte order mark. Delimiters, digits and spaces have a zero half in whatever
// language, always on the same side, and the whole reads as text.
func detectUTF16(b []byte) string {
	var zeros [2]int
	for i, c := range b {
		if c == 0 {
			zeros[i&1]++
		}
	}
	pairs := len(b) / 2
	for side, name := range []string{"utf-16be", "utf-16le"} {
		if zeros[side] > 1 && zeros[side]*20 >= pairs && zeros[side] > 10*zeros[1-side] && readsAsUTF16(b, side == 1) {
			return name
		}
	}
	return ""
}

func readsAsUTF16(b []byte, little bool) bool {
	good, all := 0, 0
	for i := 0; i+1 < len(b); i += 2 {
		u := rune(b[i])<<8 | rune(b[i+1])
		if little {
			u = rune(b[i+1])<<8 | rune(b[i])
		}
		all++
		if u == '\n' || u == '\r' || u == '\t' || utf16.IsSurrogate(u) || unicode.IsGraphic(u) {
			good++
		}
	}
	return all > 0 && all-good <= 1+all/50
}

// A candidate is an 8-bit encoding together with a model of a language that is written in it.
var candidates = []struct {
	name  string
	table *charmap.Charmap
	model *letterModel
}{
	{"windows-1251", charmap.Windows1251, russian},
	{"windows-1255", charmap.Windows1255, hebrew},
	{"windows-1256", charmap.Windows1256, persian},
	{"windows-1256", charmap.Windows1256, arabic},
}

// detectCharmap chooses the encoding under whose language model the bytes above ASCII are likeliest, letter pair by
// letter pair. Where most of them stand among Latin letters, or none beside another, the text is Western.
func detectCharmap(b []byte) string {
	words, among, long := highWords(b)
	if among > len(words)/2 || long == 0 {
		return "windows-1252"
	}
	best, name := math.Inf(-1), "windows-1252"
	for _, c := range candidates {
		var to [128]rune
		for i := range to {
			to[i] = c.table.DecodeByte(byte(128 + i))
		}
		if s := c.model.score(words, &to); s > best {
			best, name = s, c.name
		}
	}
	return name
}

// highWords gathers the runs of bytes above ASCII and counts those that touch a Latin letter, and those longer than one
// byte. 64 KiB are plenty.
func highWords(b []byte) (words [][]byte, among, long int) {
	latin := func(i int) bool { return i >= 0 && i < len(b) && (b[i]|0x20) >= 'a' && (b[i]|0x20) <= 'z' }
	for i, taken := 0, 0; i < len(b) && taken < 64<<10; i++ {
		if b[i] < 128 {
			continue
		}
		from := i
		for i < len(b) && b[i] >= 128 {
			i++
		}
		words = append(words, b[from:i])
		taken += i - from
		if latin(from-1) || latin(i) {
			among++
		}
		if i-from > 1 {
			long++
		}
	}
	return words, among, long
}
