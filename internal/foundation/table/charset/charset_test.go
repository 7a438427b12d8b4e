package charset

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"golang.org/x/text/encoding/htmlindex"

	"kolo/internal/foundation/fault"
)

const (
	hebrewText = "השירות היה מצוין והמשלוח הגיע בזמן, אבל האתר לא עבד טוב והייתי צריך להתקשר שלוש פעמים למוקד"
	// As older programs write Persian in windows-1256, which has no ی.
	persianText = "كيفيت محصول خوب بود ولي پشتيباني تلفني خيلي دير جواب داد و هزينه ارسال هم بيشتر از چيزي بود كه گفته بودند"
	russianText = "Доставка пришла вовремя, но сайт работал плохо, и мне пришлось три раза звонить в поддержку, чтобы узнать статус заказа"
	arabicText  = "كانت الخدمة جيدة ولكن التوصيل تأخر كثيرا ولم يرد أحد على الهاتف"
	frenchText  = "Le café était très bon, mais le délai de livraison a été beaucoup trop long à mon goût"
)

func encode(t *testing.T, text, name string) []byte {
	t.Helper()
	enc, err := htmlindex.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	out, err := enc.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// Whole texts, the first words of them, single words, and words as a header above figures.
func TestEncodings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, eight string }{
		{hebrewText, "windows-1255"}, {persianText, "windows-1256"}, {russianText, "windows-1251"}, {arabicText, "windows-1256"},
		{frenchText, "windows-1252"},
	} {
		words := strings.Fields(c.text)
		samples := []string{c.text, strings.Join(words[:6], " "), strings.Join(words[:3], " "), strings.Join(words[2:5], ","),
			words[1] + "," + words[2] + "\n1,2\n3,4\n", strings.Repeat("1;2025-01-01;hello world\n", 50) + words[4] + " " + words[5] + ";;\n",
			strings.ToUpper(c.text)}
		for i, s := range samples {
			for _, name := range []string{c.eight, "utf-8", "utf-16le", "utf-16be"} {
				if strings.HasPrefix(name, "utf-16") && !strings.ContainsAny(s, " ,\n") {
					continue // nothing in it but letters of one script
				}
				b := encode(t, s, name)
				if name == c.eight && bytes.IndexFunc(b, func(r rune) bool { return r > 127 }) < 0 {
					continue
				}
				if got := Detect(b); got != name {
					t.Errorf("%s, sample %d: taken for %s: %.40s", name, i, got, s)
				}
			}
		}
	}
	for name, mark := range map[string]string{"utf-8": "\xEF\xBB\xBF", "utf-16le": "\xFF\xFE", "utf-16be": "\xFE\xFF"} {
		if got := Detect(append([]byte(mark), encode(t, "a,b\n1,2\n", name)...)); got != name {
			t.Errorf("mark of %s: %s", name, got)
		}
	}
	damaged := []byte(strings.Repeat(russianText, 3))
	damaged[51] = 0xFF
	if got := Detect(damaged); got != "utf-8" {
		t.Errorf("one broken byte: %s", got)
	}
	if got := Detect([]byte("plain \x00 text, with a zero\nand more\n")); got != "utf-8" {
		t.Errorf("zero byte: %s", got)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for text, name := range map[string]string{hebrewText: "windows-1255", russianText: "KOI8-R", persianText: "utf-16le", frenchText: "latin1"} {
		b := encode(t, text, name)
		r, transcoded, err := Decode(bytes.NewReader(b), name)
		if err != nil || !transcoded {
			t.Fatal(name, err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != text {
			t.Errorf("%s: %q %v", name, got, err)
		}
		if got, err := DecodeHead(b[:len(b)-1], name); err != nil || !strings.HasPrefix(text, strings.TrimRight(string(got), "\uFFFD")) {
			t.Errorf("the beginning of %s: %q %v", name, got, err)
		}
	}
	if r, transcoded, err := Decode(strings.NewReader("\xFF"), "UTF-8"); err != nil || transcoded || r == nil {
		t.Errorf("UTF-8 has to pass through: %v", err)
	}
	if _, _, err := Decode(nil, "klingon"); !fault.Is(err, fault.Invalid) {
		t.Errorf("an unknown encoding: %v", err)
	}
}
