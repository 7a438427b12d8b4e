package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/theme/discover"
)

// answersOf runs themes discover and reads its answer; failed is what the command says in the end, "" for nothing.
func answersOf(t *testing.T, in string, o discover.Options, failed string) (texts []textLine, themes []foundLine, out string) {
	t.Helper()
	r, err := reading.New()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	found, err := discoverThemes(context.Background(), r, strings.NewReader(in), &b, o)
	if fault.ProblemOf(err).Detail != failed || (err != nil) != (failed != "") {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(b.String()), "\n") {
		var x struct{ Kind string }
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		switch {
		case x.Kind == "theme":
			var l foundLine
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			themes = append(themes, l)
		case x.Kind == "text" && themes == nil:
			var l textLine
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			texts = append(texts, l)
		default:
			t.Fatalf("out of place: %s", line)
		}
	}
	if named := slices.DeleteFunc(slices.Clone(themes), func(l foundLine) bool { return l.Theme == other }); len(named) != found {
		t.Errorf("%d themes are said to be found, and %d are told", found, len(named))
	}
	return texts, themes, b.String()
}

func TestThemesDiscover(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	in.WriteString("\ufeff")
	want := 0
	for i := range 60 {
		fmt.Fprintf(&in, "{\"id\": \"p%d\", \"text\": \"the parcel came late, number %d\", \"language\": \"en\"}\n", i, i)
		fmt.Fprintf(&in, "{\"id\": %d, \"text\": \"my password was rejected, write to me%d@example.com\", \"language\": \"en-GB\", \"stars\": 1}\n", i, i)
		want += 2
	}
	in.WriteString("nonsense\n\n{\"language\": \"en\"}\n{\"text\": \"...\"}")
	want += 4
	const failed = "3 of 124 lines could not be read; the answer to each says why"
	texts, themes, out := answersOf(t, in.String(), discover.Options{K: 2, Seed: 1}, failed)
	if len(texts) != want {
		t.Fatalf("%d answers to %d lines", len(texts), want)
	}
	first, second := texts[0].Theme, texts[1].Theme
	for i, a := range texts[:120] {
		if a.Theme != []string{first, second}[i%2] || first == second || a.Confidence == nil || a.Error != "" {
			t.Fatalf("line %d: %+v", i, a)
		}
	}
	if texts[0].ID != "p0" || texts[3].ID != "1" || texts[120].Error == "" || texts[121].Error != "this line is empty" || texts[122].Error != "this line has no text" || texts[123].Theme != other {
		t.Errorf("%+v", texts[118:])
	}
	if len(themes) != 3 || themes[0].Count != 60 || themes[1].Count != 60 || themes[2].Theme != other || themes[2].Count != 1 {
		t.Fatalf("%+v", themes)
	}
	for _, l := range themes[:2] {
		if l.Name == "" || l.Quote == "" || l.Language != "en" || l.Sentiment == nil || strings.Contains(l.Quote, "@") {
			t.Errorf("%+v", l)
		}
	}

	// The answer of one run gives the next one its ids.
	known, err := knownFrom(strings.NewReader("\ufeff" + strings.ReplaceAll(out, `"theme":"t`, `"theme":"x`)))
	if err != nil {
		t.Fatal(err)
	}
	again, _, _ := answersOf(t, in.String(), discover.Options{Seed: 2, Previous: known}, failed)
	for i, a := range again[:120] {
		if a.Theme != "x"+strings.TrimPrefix(texts[i].Theme, "t") {
			t.Fatalf("line %d was in %s and is in %s", i, texts[i].Theme, a.Theme)
		}
	}
	if _, err := knownFrom(strings.NewReader("nonsense\n")); err == nil {
		t.Error("nonsense was taken for a previous run")
	}
}

func TestThemesDiscoverNothing(t *testing.T) {
	t.Parallel()
	r, err := reading.New()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if n, err := discoverThemes(context.Background(), r, strings.NewReader(""), &b, discover.Options{}); err != nil || b.Len() != 0 || n != 0 {
		t.Errorf("%v, %d, %q", err, n, b.String())
	}
}

// TestThemesDiscoverWanted: as many themes as are wanted, though the starting themes would do, and a word where there cannot be.
func TestThemesDiscoverWanted(t *testing.T) {
	t.Parallel()
	first := strings.Fields("parcel courier password refund waiter invoice ticket balance screen battery carpet window")
	second := strings.Fields("late broken lost wrong cold slow rude stale loud dirty")
	var in strings.Builder
	for i := range 240 {
		fmt.Fprintf(&in, "{\"text\": \"my %s was %s and the %s %s\", \"language\": \"en\"}\n", first[i%12], second[i/12%10], first[i*7/5%12], second[i*3/7%10])
	}
	for _, k := range []int{12, 30, 75} {
		o := discover.Options{K: k, Seed: 1}
		if _, themes, _ := answersOf(t, in.String(), o, ""); len(themes) != k || short(o, len(themes)) != "" {
			t.Errorf("%d themes instead of %d: %s", len(themes), k, short(o, len(themes)))
		}
	}
	same := strings.Repeat("{\"text\": \"the parcel was late\", \"language\": \"en\"}\n{\"text\": \"my password was wrong\", \"language\": \"en\"}\n", 20)
	o := discover.Options{K: 5, Seed: 1}
	if _, themes, _ := answersOf(t, same, o, ""); len(themes) != 2 || !strings.HasPrefix(short(o, len(themes)), "2 themes instead of 5") {
		t.Errorf("%d themes of two texts: %q", len(themes), short(o, len(themes)))
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"short": "short", "hello my friend": "hello my…", "hello myself": "hello…", "שלום לכל העולם": "שלום לכל…", "abcdefghijkl": "abcdefgh…"} {
		if got := shorten(in, 8); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
