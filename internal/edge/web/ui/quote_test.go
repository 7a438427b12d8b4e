package ui

import (
	"strings"
	"testing"

	"kolo/internal/foundation/i18n"
)

// TestLongTextsAreCutInLists: a list shows the beginning of a long text, or the place of what was searched for, and leads to all of it, which
// stands on its page.
func TestLongTextsAreCutInLists(t *testing.T) {
	t.Parallel()
	e := Env{Locale: i18n.Load().Language("en")}
	card := func(q Quote) string {
		var b strings.Builder
		if err := QuoteCard(e, q).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	long := strings.Repeat("one word ", 1000)
	for name, c := range map[string]struct {
		q   Quote
		cut bool
	}{
		"long":          {Quote{Href: "/feedback/1", Parts: []Part{{Text: long}}}, true},
		"many lines":    {Quote{Href: "/feedback/1", Parts: []Part{{Text: strings.Repeat("a\n", 12)}}}, true},
		"many parts":    {Quote{Href: "/feedback/1", Parts: []Part{{Text: long[:600]}, {Text: long[:600], Sentiment: "negative"}}}, true},
		"short":         {Quote{Href: "/feedback/1", Parts: []Part{{Text: long[:700]}}}, false},
		"on its page":   {Quote{Parts: []Part{{Text: long}}}, false},
		"to be checked": {Quote{Href: "/feedback/1", Whole: true, Parts: []Part{{Text: long}}}, false},
	} {
		if body := card(c.q); strings.Contains(body, `class="k-long"`) != c.cut || strings.Contains(body, `<a href="/feedback/1">Read more</a>`) != c.cut {
			t.Errorf("%s: %.300s", name, body)
		}
	}
	found := Quote{Href: "/feedback/1", Parts: []Part{{Text: long}, {Text: "dana@", Masked: true}, {Text: long, Sentiment: "negative"}, {Text: "parcel", Hit: true}, {Text: long}}}
	body := card(found)
	_, body, _ = strings.Cut(body, "<blockquote")
	if at := strings.Index(body, "<mark"); at < 100 || at > 500 || !strings.Contains(body, "… ") || !strings.Contains(body, "k-clause-negative") || strings.Contains(body, "dana@") {
		t.Errorf("what was found stands at %d of %.700s", at, body)
	}
	found.Whole = true
	if body := card(found); strings.Index(body, "<mark") < len(long) {
		t.Error("a text that is shown as a whole begins elsewhere")
	}
	found = Quote{Href: "/feedback/1", Parts: []Part{{Text: "The "}, {Text: "parcel", Hit: true}, {Text: long}}}
	if body := card(found); strings.Contains(body, "… ") || !strings.Contains(body, "The <mark") {
		t.Errorf("what was found at the beginning: %.300s", body)
	}
}

// TestALongTextIsNotSentWhole to a list that shows only some lines of it; on its own page it is.
func TestALongTextIsNotSentWhole(t *testing.T) {
	t.Parallel()
	e := Env{Locale: i18n.Load().Language("en")}
	long := strings.Repeat("one word ", 100_000)
	for name, q := range map[string]Quote{
		"one part":     {Parts: []Part{{Text: long}}},
		"a hit":        {Parts: []Part{{Text: long}, {Text: "found", Hit: true}, {Text: long}}},
		"a hit before": {Parts: []Part{{Text: "found", Hit: true}, {Text: long, Sentiment: "negative"}, {Text: long}}},
	} {
		for href, whole := range map[string]bool{"/feedback/1": false, "": true} {
			q.Href = href
			var b strings.Builder
			if err := QuoteCard(e, q).Render(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			if sent := b.Len(); whole != (sent > len(long)) || !whole && sent > 6000 {
				t.Errorf("%s at %q: %d bytes", name, href, sent)
			}
			if strings.Contains(name, "hit") && !strings.Contains(b.String(), ">found</mark>") {
				t.Errorf("%s at %q: what was found is not there", name, href)
			}
		}
	}
}
