package eval

import (
	"archive/tar"
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kolo/internal/understand/text"
)

// sibCodes are the languages of SIB-200 as Kolo calls them.
var sibCodes = map[string]string{
	"amh": "am", "arb": "ar", "azj": "az", "bel": "be", "ben": "bn", "bul": "bg", "cat": "ca", "ces": "cs", "ckb": "ckb", "dan": "da", "deu": "de", "ell": "el",
	"eng": "en", "est": "et", "fin": "fi", "fra": "fr", "heb": "he", "hin": "hi", "hrv": "hr", "hun": "hu", "hye": "hy", "ind": "id", "ita": "it", "jpn": "ja",
	"kat": "ka", "kaz": "kk", "kor": "ko", "lit": "lt", "lvs": "lv", "nld": "nl", "nob": "no", "pes": "fa", "pol": "pl", "por": "pt", "prs": "fa", "ron": "ro",
	"rus": "ru", "slk": "sk", "spa": "es", "srp": "sr", "swe": "sv", "tgk": "tg", "tha": "th", "tur": "tr", "ukr": "uk", "urd": "ur", "uzn": "uz", "vie": "vi",
	"ydd": "yi", "zho": "zh",
}

// sentence is one of SIB-200.
type sentence struct{ code, text string }

// readSIB reads the sentences of multi_sib200.
func readSIB(dir string) ([]sentence, error) {
	f, err := os.Open(filepath.Join(dir, "multi_sib200", "sib200_50langs.tar.gz"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	var out []sentence
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		folder := filepath.Base(filepath.Dir(h.Name))
		if !strings.HasSuffix(h.Name, ".tsv") || len(folder) < 3 {
			continue
		}
		code := sibCodes[folder[:3]]
		if code == "" {
			return nil, fmt.Errorf("%s: Kolo has no code for this language", folder)
		}
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, 1<<20)
		for n := 0; lines.Scan(); n++ {
			if fields := strings.SplitN(lines.Text(), "\t", 3); len(fields) == 3 && n > 0 {
				out = append(out, sentence{code, strings.Trim(fields[2], `"`)})
			}
		}
		if err := lines.Err(); err != nil {
			return nil, err
		}
	}
}

// shorten keeps the whole words within the first n characters.
func shorten(s string, n int) string {
	r := []rune(s)
	if n == 0 || len(r) <= n {
		return s
	}
	s = string(r[:n])
	if k := strings.LastIndexByte(s, ' '); k > 0 {
		s = s[:k]
	}
	return s
}

// mistaken is a near language that a customer may be believed to speak.
var mistaken = map[string]string{"en": "de", "he": "yi", "fa": "ar", "ru": "uk"}

// arabicKeyboard types Persian with the Arabic yeh and kaf.
var arabicKeyboard = strings.NewReplacer("ی", "ي", "ک", "ك")

// ratio is a share in percent.
func ratio(right, all int) string {
	if all == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", 100*float64(right)/float64(all))
}

// languageSection measures how often the language of a text is told right.
func languageSection(ctx context.Context, src Sources) ([]Table, error) {
	if err := text.Ready(); err != nil {
		return nil, err
	}
	sib, err := readSIB(src.Data)
	if err != nil {
		return nil, err
	}
	all := Table{Title: "Language: sentences of SIB-200", Columns: []string{"length", "texts", "right %", "mean of languages %", "en", "he", "fa", "ru", "calibration error", "texts/s"},
		Notes: []string{"50 sets in 49 languages; nothing was trained on them", "texts/s: median of batches, on one core"}}
	wrong := map[string]int{}
	for _, length := range []int{0, 30, 15} {
		texts := make([]string, len(sib))
		for i, s := range sib {
			texts[i] = shorten(s.text, length)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		got := make([]text.Language, len(sib))
		var rates []float64 // of a thousand texts each: the median does not mind what else the machine does now and then
		began := time.Now()
		for i, s := range texts {
			got[i] = text.Detect(s)
			if i%1000 == 999 {
				now := time.Now()
				rates = append(rates, 1000/now.Sub(began).Seconds())
				began = now
			}
		}
		speed := "-"
		if len(rates) > 0 {
			slices.Sort(rates)
			speed = fmt.Sprintf("%.0f", rates[len(rates)/2])
		}
		right, n := map[string]int{}, map[string]int{}
		sum := 0
		var bins [10]struct{ n, right, sure float64 }
		for i, s := range sib {
			n[s.code]++
			b := &bins[min(int(10*got[i].Confidence), 9)]
			b.n++
			b.sure += got[i].Confidence
			if got[i].Code == s.code {
				b.right++
			}
			if got[i].Code == s.code {
				right[s.code]++
				sum++
			} else if length == 0 {
				wrong[s.code+" as "+got[i].Code]++
			}
		}
		mean := 0.0
		for code := range n {
			mean += float64(right[code]) / float64(n[code]) / float64(len(n))
		}
		name := "whole"
		if length > 0 {
			name = fmt.Sprintf("%d characters", length)
		}
		row := []string{name, fmt.Sprint(len(sib)), ratio(sum, len(sib)), fmt.Sprintf("%.2f", 100*mean)}
		for _, code := range Languages {
			row = append(row, ratio(right[code], n[code]))
		}
		off := 0.0 // expected calibration error, in ten bins
		for _, b := range bins {
			off += math.Abs(b.right-b.sure) / float64(len(sib))
		}
		all.Rows = append(all.Rows, append(row, fmt.Sprintf("%.3f", off), speed))
	}
	confused := Table{Title: "Language: what whole sentences are taken for", Columns: []string{"confusion", "texts"}}
	for _, k := range slices.SortedFunc(maps.Keys(wrong), func(a, b string) int { return cmp.Or(wrong[b]-wrong[a], strings.Compare(a, b)) }) {
		if len(confused.Rows) < 12 {
			confused.Rows = append(confused.Rows, []string{k, fmt.Sprint(wrong[k])})
		}
	}

	customers := Table{Title: "Language: texts of customers", Columns: []string{"language", "texts", "right %", "30 characters", "15 characters", "15, the customer's language known", "30 characters, another believed known"}}
	for _, code := range Languages {
		rows, err := ReadAuthored(src.Data, code)
		if err != nil {
			return nil, err
		}
		kinds := []string{code}
		if code == "fa" {
			kinds = append(kinds, "fa, Arabic yeh and kaf")
		}
		for k, kind := range kinds {
			var right [5]int
			for _, r := range rows {
				s := r.Text
				if k == 1 {
					s = arabicKeyboard.Replace(s)
				}
				for i, length := range []int{0, 30, 15, 15, 30} {
					hint := ""
					switch i {
					case 3:
						hint = code
					case 4:
						hint = mistaken[code]
					}
					if text.DetectWith(shorten(s, length), hint).Code == code {
						right[i]++
					}
				}
			}
			row := []string{kind, fmt.Sprint(len(rows))}
			for _, n := range right {
				row = append(row, ratio(n, len(rows)))
			}
			customers.Rows = append(customers.Rows, row)
		}
	}
	return []Table{all, confused, customers}, nil
}
