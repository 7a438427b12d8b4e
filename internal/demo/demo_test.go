package demo

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kolo/internal/listen/feedback"
)

// digest of everything that a company says, as NDJSON.
func digest(t *testing.T, c *Company) [32]byte {
	t.Helper()
	h := sha256.New()
	enc := json.NewEncoder(h)
	put := func(v any) error { return enc.Encode(v) }
	for _, err := range []error{
		c.Feedback(func(in feedback.Input) error { return put(in) }),
		c.Labels(func(l Label) error { return put(l) }),
		c.Contacts(func(k Contact) error { return put(k) }),
		c.Events(func(e Event) error { return put(e) }),
		c.Fates(func(f Fate) error { return put(f) }),
		put(c.Truth()),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return [32]byte(h.Sum(nil))
}

func TestTheSameSeedSaysTheSame(t *testing.T) {
	t.Parallel()
	o := Options{Seed: 7, Feedback: 3000}
	c := New(o)
	stop := errors.New("enough")
	n := 0
	if err := c.Feedback(func(feedback.Input) error { // a reader that gives up leaves no trace
		if n++; n == 1234 {
			return stop
		}
		return nil
	}); !errors.Is(err, stop) || n != 1234 {
		t.Fatalf("stopped after %d with %v", n, err)
	}
	first := digest(t, c)
	if digest(t, c) != first || digest(t, New(o)) != first {
		t.Error("the same seed says something else")
	}
	o.Seed = 8
	if digest(t, New(o)) == first {
		t.Error("another seed says the same")
	}
}

func TestEveryInputIsTakenIn(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 37, 200, 5000} {
		c := New(Options{Seed: 3, Feedback: n})
		last, ids, count := c.Start(), map[string]bool{}, 0
		err := c.Feedback(func(in feedback.Input) error {
			count++
			at := *in.Time
			if at.Before(last) || !at.Before(c.End()) {
				t.Errorf("%s at %s, after %s", in.ExternalID, at, last)
			}
			last = at
			if ids[in.ExternalID] {
				t.Errorf("%s comes twice", in.ExternalID)
			}
			ids[in.ExternalID] = true
			kept, err := json.Marshal(in)
			if err != nil {
				return err
			}
			if err := in.Validate(c.End(), ""); err != nil {
				t.Errorf("%s: %v", kept, err)
			}
			if len(in.Attributes) > 9 {
				t.Errorf("%s has %d attributes", in.ExternalID, len(in.Attributes))
			}
			return nil
		})
		if err != nil || count != n || !ids["demo-000001"] {
			t.Errorf("%d of %d inputs, %v", count, n, err)
		}
	}
}

func TestEndMayBeAnyDay(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, time.November, 24, 15, 4, 5, 0, time.UTC)
	c := New(Options{Seed: 1, Feedback: 2000, End: end, Weeks: 52})
	if want := time.Date(2026, time.November, 24, 0, 0, 0, 0, time.UTC); !c.End().Equal(want) || !c.Start().Equal(want.AddDate(0, 0, -364)) {
		t.Errorf("from %s to %s", c.Start(), c.End())
	}
	truth := c.Truth()
	if len(truth.Weekly) != 52 || len(truth.RootCauses) != 5 {
		t.Errorf("%d weeks, %d root causes", len(truth.Weekly), len(truth.RootCauses))
	}
	sum := 0
	for _, n := range truth.Weekly {
		sum += n
	}
	if sum != 2000 {
		t.Errorf("%d in all weeks", sum)
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "up")
	c := New(Options{Seed: 5, Feedback: 1500})
	if err := c.Write(dir); err != nil {
		t.Fatal(err)
	}
	lines := func(name string) [][]byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	}
	var want []feedback.Input
	_ = c.Feedback(func(in feedback.Input) error { want = append(want, in); return nil })
	got := lines("feedback.ndjson")
	if len(got) != 1500 {
		t.Fatalf("%d lines of feedback", len(got))
	}
	for i, line := range got {
		var in feedback.Input
		if err := json.Unmarshal(line, &in); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if in.ExternalID != want[i].ExternalID || in.Text != want[i].Text || in.Contact.Email != want[i].Contact.Email || len(in.Scores) != len(want[i].Scores) {
			t.Errorf("line %d: %s", i+1, line)
		}
	}
	if n := len(lines("contacts.ndjson")); n != 375 || len(lines("fates.ndjson")) != n {
		t.Errorf("%d contacts", n)
	}
	if n := len(lines("events.ndjson")); n < 3000 {
		t.Errorf("%d events", n)
	}
	var truth Truth
	if err := json.Unmarshal(bytes.Join(lines("truth.json"), nil), &truth); err != nil || truth.Feedback != 1500 {
		t.Errorf("truth of %d, %v", truth.Feedback, err)
	}
	if err := c.Write(filepath.Join(dir, "truth.json")); err == nil {
		t.Error("wrote into a file as if it were a folder")
	}
}

// sample is a company of 50,000 as its readers see it: inputs and labels, nothing of the generator's insides.
type sample struct {
	c      *Company
	truth  Truth
	inputs []feedback.Input
	labels map[string]Label
}

var big = sync.OnceValue(func() *sample {
	s := &sample{c: New(Options{Seed: 1, Feedback: 50_000}), labels: map[string]Label{}}
	s.truth = s.c.Truth()
	_ = s.c.Feedback(func(in feedback.Input) error { s.inputs = append(s.inputs, in); return nil })
	_ = s.c.Labels(func(l Label) error {
		l.Themes, l.Secrets = append([]Said(nil), l.Themes...), append([]Secret(nil), l.Secrets...)
		s.labels[l.ExternalID] = l
		return nil
	})
	return s
})

func (s *sample) week(in *feedback.Input) int {
	return int(in.Time.Sub(s.c.Start()).Hours() / (24 * 7))
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance || math.IsNaN(got) {
		t.Errorf("%s is %.4f, want %.4f ± %.4f", what, got, want, tolerance)
	}
}

func TestSharesAndSeasons(t *testing.T) {
	t.Parallel()
	s := big()
	n := float64(len(s.inputs))
	languages, kinds := map[string]float64{}, map[string]float64{}
	surveys, silent, night, friday, monday, first, second := 0., 0., 0., 0., 0., 0., 0.
	december, june := 0., 0.
	for i := range s.inputs {
		in := &s.inputs[i]
		languages[in.Language]++
		kinds[in.Kind]++
		if in.Kind == feedback.Response {
			surveys++
			if in.Text == "" {
				silent++
			}
		}
		if h := in.Time.Hour(); h < 5 {
			night++
		}
		if in.Touchpoint == "purchase" && in.Kind == feedback.Response {
			switch in.Time.Month() {
			case time.December:
				december++
			case time.June:
				june++
			}
		}
		switch in.Time.Weekday() {
		case time.Monday:
			monday++
		case time.Saturday:
			friday++
		}
		if s.week(in) < 52 {
			first++
		} else {
			second++
		}
	}
	for lang, want := range map[string]float64{"he": .39, "ru": .28, "en": .22, "fa": .11} {
		near(t, "share of "+lang, languages[lang]/n, want, .015)
	}
	for kind, want := range map[string]float64{"response": .633, "review": .115, "mention": .08, "complaint": .056, "message": .106, "note": .004, "audit": .004} {
		near(t, "share of "+kind, kinds[kind]/n, want, .012)
	}
	near(t, "answers without words", silent/surveys, .35, .012)
	if night/n > .06 || friday/monday > .8 || second/first < 1.15 || december/june < 1.2 {
		t.Errorf("night %.3f, Saturday to Monday %.2f, second year to first %.2f, December to June %.2f", night/n, friday/monday, second/first, december/june)
	}
}

func TestMeasurementChangesAreMarked(t *testing.T) {
	t.Parallel()
	s := big()
	for i := range s.inputs {
		in := &s.inputs[i]
		for _, score := range in.Scores {
			week := s.week(in)
			if in.Survey == "delivery" && (score.Scale.Max == 7) != (week >= scaleWeek) {
				t.Fatalf("week %d: delivery on %s", week, score.Scale)
			}
			if in.Survey == "relationship" && (score.Question != "How likely are you to recommend Lirona to a friend or colleague?") != (week >= wordingWeek) {
				t.Fatalf("week %d: %q", week, score.Question)
			}
		}
	}
	if len(s.truth.Changes) != 2 || s.truth.Changes[1].Effect < 2 || s.truth.Changes[1].Effect > 8 {
		t.Errorf("changes %+v", s.truth.Changes)
	}
	for _, ch := range s.truth.Changes {
		near(t, "good answers to "+ch.Survey, ch.Realised, ch.Expected, 100*4*.9/math.Sqrt(float64(ch.Answers)))
	}
}

func TestContactsStayThemselves(t *testing.T) {
	t.Parallel()
	s := big()
	who := map[string]string{}
	phones := map[string]string{}
	n := 0
	err := s.c.Contacts(func(k Contact) error {
		n++
		who[k.ExternalID] = k.Email + " " + k.Phone + " " + k.Name + " " + k.Language
		for _, identity := range []string{k.Email, k.Phone} {
			if identity == "" {
				continue
			}
			if other, taken := phones[identity]; taken {
				t.Errorf("%s and %s share %s", other, k.ExternalID, identity)
			}
			phones[identity] = k.ExternalID
		}
		if (k.Account != "") != (k.Attributes["segment"] == "business") || k.Value.Minor <= 0 || len(k.Consents) != 3 {
			t.Errorf("%+v", k)
		}
		return nil
	})
	if err != nil || n != 12_500 {
		t.Fatalf("%d contacts, %v", n, err)
	}
	for i := range s.inputs {
		w := s.inputs[i].Contact
		if who[w.ExternalID] != w.Email+" "+w.Phone+" "+w.Name+" "+w.Language {
			t.Fatalf("%+v is not %s", w, who[w.ExternalID])
		}
	}
}

func TestEventsGoWithFeedback(t *testing.T) {
	t.Parallel()
	s := big()
	left := map[string]string{}
	_ = s.c.Fates(func(f Fate) error {
		if f.Left != "" {
			left[f.ExternalID] = f.Left
		}
		return nil
	})
	type key struct{ user, event string }
	seen, counts := map[key][]time.Time{}, map[string]int{}
	var last time.Time
	err := s.c.Events(func(e Event) error {
		if e.Timestamp.Before(last) {
			t.Errorf("%s at %s after %s", e.MessageID, e.Timestamp, last)
		}
		last = e.Timestamp
		counts[e.Event]++
		if e.Event == "cancelled" {
			if left[e.UserID] != e.Timestamp.Format(time.DateOnly) {
				t.Errorf("%s cancelled on %s, left %q", e.UserID, e.Timestamp, left[e.UserID])
			}
			delete(left, e.UserID)
		}
		if e.Event == "delivery" || e.Event == "call" {
			k := key{e.UserID, e.Event}
			seen[k] = append(seen[k], e.Timestamp)
		}
		return nil
	})
	if err != nil || len(left) != 0 {
		t.Errorf("%v; %d left without a word", err, len(left))
	}
	for _, event := range happenings {
		if counts[event] < 300 {
			t.Errorf("%d events %s", counts[event], event)
		}
	}
	checked := 0
	for i := range s.inputs {
		in := &s.inputs[i]
		event := map[string]string{"delivery": "delivery", "support call": "call"}[in.Survey]
		if event == "" || s.week(in) == 0 {
			continue
		}
		checked++
		ok := false
		for _, at := range seen[key{in.Contact.ExternalID, event}] {
			ok = ok || at.Before(*in.Time) && in.Time.Sub(at) < 20*time.Hour
		}
		if !ok {
			t.Fatalf("%s answers about a %s that was not", in.ExternalID, event)
		}
	}
	if checked < 5000 {
		t.Errorf("%d answers checked", checked)
	}
}

func TestTouchpointsAndSources(t *testing.T) {
	t.Parallel()
	want := strings.Fields("purchase delivery installation billing support_call support_chat repair_visit store_visit app cancellation")
	got := map[string]int{}
	s := big()
	for i := range s.inputs {
		got[s.inputs[i].Touchpoint]++
	}
	for _, touchpoint := range want {
		if got[touchpoint] < 300 {
			t.Errorf("%d about %s", got[touchpoint], touchpoint)
		}
	}
}
