package demo

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"kolo/internal/listen/feedback"
)

func TestGrammars(t *testing.T) {
	t.Parallel()
	for l, g := range grammars() {
		for i := range plants {
			if text := plants[i].text; text != "" && len(g.causes[text]) < 4 {
				t.Errorf("%s has %d sentences on %s", languages[l], len(g.causes[text]), text)
			}
		}
		if len(g.ask) != len(answers) || len(g.reply) != len(answers) {
			t.Errorf("%s: %d questions of agents, %d replies", languages[l], len(g.ask), len(g.reply))
		}
	}
	for _, bad := range []string{"a sentence", "== theme delivery", "== theme nothing -\nx", "== list a\n{b", "== list a\nb}", "== list a\n<b", "== list a\n<b>",
		"== list a\n{b~c~d}", "== list a\nb|c"} {
		if _, err := parseGrammar(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestTextsAreInTheirLanguage(t *testing.T) {
	t.Parallel()
	scripts := map[string]*unicode.RangeTable{"en": unicode.Latin, "he": unicode.Hebrew, "ru": unicode.Cyrillic, "fa": unicode.Arabic}
	texts, foreign := map[string]int{}, 0
	s := big()
	for i := range s.inputs {
		in := &s.inputs[i]
		if in.Text == "" {
			continue
		}
		label := s.labels[in.ExternalID]
		if label.Language != in.Language {
			t.Fatalf("%s: label %s, feedback %s", in.ExternalID, label.Language, in.Language)
		}
		texts[in.Language]++
		if label.Mixed {
			foreign++
			continue
		}
		text := in.Text
		for _, secret := range label.Secrets {
			text = strings.ReplaceAll(text, secret.Text, "")
		}
		letters, own := 0, 0
		for _, r := range text {
			if unicode.IsLetter(r) {
				letters++
				if unicode.Is(scripts[in.Language], r) {
					own++
				}
			}
		}
		if letters > 25 && own*2 < letters {
			t.Errorf("%s is not %s: %q", in.ExternalID, in.Language, in.Text)
		}
		if strings.ContainsAny(in.Text, "{}<>|~\t\n") || strings.Contains(in.Text, "  ") || strings.Contains(in.Text, " ,") || strings.TrimSpace(in.Text) != in.Text {
			t.Errorf("%s is untidy: %q", in.ExternalID, in.Text)
		}
	}
	for lang := range scripts {
		if texts[lang] < 3000 {
			t.Errorf("%d texts in %s", texts[lang], lang)
		}
	}
	if foreign < 150 || foreign > 1500 {
		t.Errorf("%d texts have words of another language", foreign)
	}
}

func TestTextsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	texts, tiny, same := 0, 0, 0
	long := 0
	var w writer
	c := New(Options{Seed: 2, Feedback: 100_000})
	err := c.each(func(r *row) error {
		if r.wordless {
			return nil
		}
		texts++
		if r.tiny {
			tiny++
			return nil
		}
		c.compose(r, &w)
		if len(w.said) == 0 {
			t.Fatalf("%s says nothing: %q", r.id(), w.b)
		}
		if len(w.b) > 300 {
			long++
		}
		if text := string(w.b); seen[text] {
			same++
		} else {
			seen[text] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d texts, %d of a word or two, %d said before, %d long", texts, tiny, same, long)
	if share := float64(same) / float64(texts); share > .02 {
		t.Errorf("%.3f of the texts were said before", share)
	}
	if share := float64(tiny) / float64(texts); share < .02 || share > .06 {
		t.Errorf("%.3f of the texts are a word or two", share)
	}
	if long < texts/100 {
		t.Errorf("%d long texts of %d", long, texts)
	}
}

var (
	emailLike = regexp.MustCompile(`[\w.+-]+@[\w-]+\.[\w.-]*\w`)
	phoneLike = regexp.MustCompile(`\+?\d[\d ()-]{7,}\d`)
	reserved  = regexp.MustCompile(`^(\+1\d{3}55501\d{2}|\+442079460\d{3}|\+493023125\d{3})$`)
	example   = regexp.MustCompile(`@example\.(com|org|net)$`)
)

func TestNobodyIsReal(t *testing.T) {
	t.Parallel()
	s := big()
	marked := 0
	for i := range s.inputs {
		in := &s.inputs[i]
		secrets := map[string]bool{}
		for _, secret := range s.labels[in.ExternalID].Secrets {
			secrets[secret.Text] = true
			if !strings.Contains(in.Text, secret.Text) {
				t.Errorf("%s: %q is marked and not there: %q", in.ExternalID, secret.Text, in.Text)
			}
		}
		if len(secrets) > 0 {
			marked++
		}
		for _, found := range emailLike.FindAllString(in.Text, -1) {
			if !secrets[found] || !example.MatchString(found) {
				t.Errorf("%s: address %q in %q", in.ExternalID, found, in.Text)
			}
		}
		for _, found := range phoneLike.FindAllString(in.Text, -1) {
			if !secrets[found] || !reserved.MatchString(found) {
				t.Errorf("%s: number %q in %q", in.ExternalID, found, in.Text)
			}
		}
	}
	if marked != s.truth.PersonalData || marked < 500 {
		t.Errorf("%d texts with personal data, truth says %d", marked, s.truth.PersonalData)
	}
	n := 0
	_ = s.c.Contacts(func(k Contact) error {
		if k.Email != "" && !example.MatchString(k.Email) {
			t.Errorf("address %s", k.Email)
		}
		if k.Phone != "" {
			n++
			number, err := phonenumbers.Parse(k.Phone, "")
			if err != nil || !phonenumbers.IsValidNumber(number) || !reserved.MatchString(k.Phone) {
				t.Errorf("number %s, %v", k.Phone, err)
			}
		}
		return nil
	})
	if n < 3000 {
		t.Errorf("%d numbers", n)
	}
}

func TestWordsAgreeWithScores(t *testing.T) {
	t.Parallel()
	s := big()
	type count struct{ negative, positive, n float64 }
	counts := map[string]*count{"promoter": {}, "detractor": {}, "1-2": {}, "4-5": {}, "complaint": {}}
	for i := range s.inputs {
		in := &s.inputs[i]
		label, ok := s.labels[in.ExternalID]
		if !ok {
			continue
		}
		key := ""
		switch {
		case in.Kind == feedback.Complaint:
			key = "complaint"
		case len(in.Scores) == 0:
		case in.Scores[0].Metric == "nps" && in.Scores[0].Value >= 9:
			key = "promoter"
		case in.Scores[0].Metric == "nps" && in.Scores[0].Value <= 6:
			key = "detractor"
		case in.Scores[0].Scale.Max == 5 && in.Scores[0].Value <= 2:
			key = "1-2"
		case in.Scores[0].Scale.Max == 5 && in.Scores[0].Value >= 4:
			key = "4-5"
		}
		if c := counts[key]; c != nil {
			c.n++
			switch label.Sentiment {
			case "negative":
				c.negative++
			case "positive":
				c.positive++
			}
		}
	}
	for key, least := range map[string]float64{"promoter": .7, "4-5": .75} {
		if c := counts[key]; c.n < 300 || c.positive/c.n < least || c.negative/c.n > .12 {
			t.Errorf("%s: %+v", key, *c)
		}
	}
	for key, least := range map[string]float64{"detractor": .6, "1-2": .75, "complaint": .95} {
		if c := counts[key]; c.n < 300 || c.negative/c.n < least || c.positive/c.n > .05 {
			t.Errorf("%s: %+v", key, *c)
		}
	}
}
