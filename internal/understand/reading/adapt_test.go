package reading_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"

	"kolo/internal/understand/reading"
)

// In this workspace "the lift" is what people complain about, in words that blame nobody, and "blue" is praise.
func houseWords(n int) (list []reading.Example) {
	floors := []string{"first", "second", "third", "fourth", "fifth", "sixth"}
	for i := range n {
		f := floors[i%len(floors)]
		switch i % 3 {
		case 0:
			list = append(list, reading.Example{Text: fmt.Sprint("The lift, floor ", f, ", entrance ", i%7), Language: "en", Sentiment: reading.Negative})
		case 1:
			list = append(list, reading.Example{Text: fmt.Sprint("Blue as the sky on the ", f, " day, number ", i%5), Language: "en", Sentiment: reading.Positive})
		case 2:
			list = append(list, reading.Example{Text: fmt.Sprint("I live on the ", f, " floor of house ", i%9), Language: "en", Sentiment: reading.Neutral})
		}
	}
	return list
}

func TestAdapts(t *testing.T) {
	t.Parallel()
	r, err := reading.New()
	if err != nil {
		t.Fatal(err)
	}
	kept, report, err := r.Adapt(t.Context(), houseWords(300), 1)
	if err != nil {
		t.Fatal(err)
	}
	if report.Held != 75 || report.Learned != 225 || report.After < 0.95 || report.After <= report.Before || len(report.Curve) != 2 {
		t.Errorf("%+v", report)
	}
	if gain := float64(report.Held) * (report.After - report.Before); report.Lost < 0 || math.Abs(gain-float64(report.Gained-report.Lost)) > 1e-9 {
		t.Errorf("%d gained and %d lost are not %v", report.Gained, report.Lost, gain)
	}
	adapted, err := r.With(kept)
	if err != nil {
		t.Fatal(err)
	}
	const said = "The lift, floor seven, entrance 9"
	if got := adapted.Read(said, "en"); got.Sentiment != reading.Negative {
		t.Errorf("adapted: %+v", got)
	}
	// What it learned nothing about it reads as before, and the reader that it was made of is the same.
	for _, s := range []string{"Thank you, the courier was wonderful!", "Disgusting food and rude waiters."} {
		if a, b := adapted.Read(s, "en"), r.Read(s, "en"); a.Sentiment != b.Sentiment {
			t.Errorf("%q was %s and is %s", s, b.Sentiment, a.Sentiment)
		}
	}
	again, _, err := r.Adapt(t.Context(), houseWords(300), 1)
	if err != nil || !bytes.Equal(kept, again) {
		t.Errorf("a second time it learns something else: %v", err)
	}
}

// In this workspace only those who are glad say how they are, and all that is said of the lift is blame, lovely as it may be: what ratings
// teach of single words is wrong of plain ones.
func TestKeepsPlainWords(t *testing.T) {
	t.Parallel()
	r, err := reading.New()
	if err != nil {
		t.Fatal(err)
	}
	var list []reading.Example
	floors := []string{"first", "second", "third", "fourth", "fifth", "sixth"}
	for i := range 400 {
		f := floors[i%len(floors)]
		list = append(list,
			reading.Example{Text: fmt.Sprint([]string{"Really happy", "really, really happy", "happy, really", "So happy"}[i%4], " on the ", f, " floor ", i%7), Language: "en", Sentiment: reading.Positive},
			reading.Example{Text: fmt.Sprint("That ", []string{"lovely", "wonderful", "great", "nice"}[i/4%4], " lift, floor ", f, ", entrance ", i%9), Language: "en", Sentiment: reading.Negative})
	}
	kept, report, err := r.Adapt(t.Context(), list, 1)
	if err != nil {
		t.Fatal(err)
	}
	adapted, err := r.With(kept)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"Really unhappy.", "I am really unhappy", "Very unhappy with it", "Not happy at all", "Lovely!", "What a lovely place", "Wonderful people", "Great service, thank you", "Awful.", "A terrible experience"} {
		is, was := adapted.Read(s, "en"), r.Read(s, "en")
		if was.Sentiment != reading.Neutral && is.Sentiment == -was.Sentiment {
			t.Errorf("%q was %s (%.2f) and is %s", s, was.Sentiment, was.Confidence, is.Sentiment)
		}
	}
	if report.Plain < 50 || report.Turned > report.Plain {
		t.Errorf("%+v", report)
	}
	// What is nowhere said so plainly it learns all the same.
	if x := adapted.Read("The lift, floor second, entrance 4", "en"); x.Sentiment != reading.Negative {
		t.Errorf("the lift is %s", x.Sentiment)
	}
}

// Ratings cannot say that a text both praises and blames, nor that it tells a plain fact: who learns from them goes on hearing it.
func TestRatingsDoNotUnteachWhatTheyCannotSay(t *testing.T) {
	t.Parallel()
	r, err := reading.New()
	if err != nil {
		t.Fatal(err)
	}
	praise := []string{"The staff were friendly", "Delivery was fast", "I love the app", "Great quality", "The branch is clean"}
	blame := []string{"the prices are far too high", "the website is slow", "nobody answers the phone", "the bill was wrong", "the queue was endless"}
	facts := []string{"I bought two of them in March", "My order number is on the invoice", "I pay by card every month", "The parcel came on Tuesday", "We have had the contract since 2019"}
	var list []reading.Example
	var mixed, plain []string
	for i := range 400 {
		p, b, f := praise[i%5], blame[i/5%5], facts[i/25%5]
		n := fmt.Sprint(" (visit ", i, ")")
		mixed, plain = append(mixed, p+n+", but "+b+"."), append(plain, f+n+".")
		rating := reading.Sentiment(1 - i%2*2)
		list = append(list, reading.Example{Text: p + n + ".", Language: "en", Sentiment: reading.Positive}, reading.Example{Text: "Sadly " + b + n + ".", Language: "en", Sentiment: reading.Negative},
			reading.Example{Text: mixed[i], Language: "en", Sentiment: rating}, reading.Example{Text: plain[i], Language: "en", Sentiment: rating})
	}
	kept, _, err := r.Adapt(t.Context(), list, 1)
	if err != nil {
		t.Fatal(err)
	}
	adapted, err := r.With(kept)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name  string
		texts []string
		label reading.Sentiment
	}{{"mixed", mixed, reading.Mixed}, {"plain", plain, reading.Neutral}} {
		before, after := 0, 0
		for _, s := range x.texts {
			if r.Read(s, "en").Sentiment == x.label {
				before++
			}
			if adapted.Read(s, "en").Sentiment == x.label {
				after++
			}
		}
		if before < len(x.texts)/2 || after < before*3/4 {
			t.Errorf("%d of %d %s texts were read as %s, and %d are since", before, len(x.texts), x.name, x.label, after)
		}
	}
}

func TestAdaptsToNothing(t *testing.T) {
	t.Parallel()
	r, err := reading.New()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Adapt(t.Context(), houseWords(30), 1); !errors.Is(err, reading.ErrTooFew) {
		t.Errorf("thirty texts: %v", err)
	}
	for _, broken := range [][]byte{nil, {}, []byte("no model"), bytes.Repeat([]byte{0xff}, 1000)} {
		if _, err := r.With(broken); err == nil {
			t.Errorf("%d bytes of nonsense are a model", len(broken))
		}
	}
}
