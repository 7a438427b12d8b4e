package label_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/label"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/text"
)

var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// toy is a reader whose readings are known: "good" and "bad" say the sentiment, each sentence is a clause, "van" is about
// delivery and "bill" about billing.
type toy struct {
	version string
	mu      sync.Mutex
	read    map[string]int
}

func (y *toy) Model() string { return y.version }

func (y *toy) Read(s, language string) reading.Reading {
	y.mu.Lock()
	if y.read == nil {
		y.read = map[string]int{}
	}
	y.read[s]++
	y.mu.Unlock()
	if strings.Contains(s, "panic") {
		panic("a bad day")
	}
	r := reading.Reading{Language: language, LanguageConfidence: 1, Model: y.version, Confidence: 0.75}
	if language == "" {
		r.Language, r.LanguageConfidence = "en", 0.9
		if len(s) < 8 {
			r.LanguageConfidence = 0.2
		}
	}
	at := 0
	for _, part := range strings.SplitAfter(s, ".") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		c := reading.Clause{Span: text.Span{Start: at, End: at + len(part)}, Confidence: 0.5}
		at += len(part)
		switch {
		case strings.Contains(part, "good"):
			c.Sentiment, c.Score = reading.Positive, 0.8
		case strings.Contains(part, "bad"):
			c.Sentiment, c.Score = reading.Negative, -0.8
		}
		for word, theme := range map[string]string{"van": "delivery", "bill": "billing"} {
			if strings.Contains(part, word) {
				c.Themes = append(c.Themes, reading.ThemeLabel{Theme: theme, Sentiment: c.Sentiment, Confidence: 0.6})
			}
		}
		r.Themes = append(r.Themes, c.Themes...)
		r.Clauses = append(r.Clauses, c)
		r.Score += c.Score
		r.Sentiment = c.Sentiment
	}
	return r
}

type world struct {
	*testing.T
	db         *store.DB
	clock      *clock.Fake
	feedback   *feedback.Service
	contacts   *contact.Service
	toy        *toy
	labels     *label.Service
	one, other identity.WorkspaceID
	actor      identity.Actor
}

func each(t *testing.T, test func(w *world)) {
	t.Helper()
	storetest.EachAt(t, today, func(t *testing.T, db *store.DB, c *clock.Fake) {
		w := &world{T: t, db: db, clock: c, feedback: feedback.NewService(db), contacts: contact.NewService(db), toy: &toy{version: "toy 1"}}
		t.Cleanup(w.feedback.Close)
		w.contacts.OnErase(feedback.Erased)
		w.labels = w.service()
		people := identity.NewService(db, identity.Options{Cost: identity.Cost{MemoryKiB: 64, Passes: 1}})
		for i, into := range []*identity.WorkspaceID{&w.one, &w.other} {
			ws, _, err := people.CreateWorkspace(t.Context(), identity.NewWorkspace{Name: fmt.Sprint("W", i), Country: "IL",
				Owner: identity.NewOwner{Name: "Dana", Email: fmt.Sprintf("d%d@example.com", i)}})
			w.must(err)
			*into = ws.ID
		}
		w.actor = identity.Actor{Workspace: w.one, Member: "m", Role: identity.Agent, Name: "Ana"}
		test(w)
	})
}

func (w *world) service() *label.Service {
	return label.NewService(w.db, w.feedback, label.Same(w.toy), slog.New(slog.DiscardHandler))
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) receive(ws identity.WorkspaceID, texts ...string) (ids []feedback.ID) {
	w.Helper()
	var batch []feedback.Input
	for _, s := range texts {
		batch = append(batch, feedback.Input{Text: s})
	}
	for len(batch) > 0 {
		n := min(len(batch), feedback.MaxBatch)
		got, err := w.feedback.Receive(w.Context(), ws, batch[:n])
		w.must(err)
		for _, r := range got {
			ids = append(ids, r.ID)
		}
		batch = batch[n:]
	}
	return ids
}

func (w *world) read() {
	w.Helper()
	_, err := w.labels.Read(w.Context())
	w.must(err)
	settled, err := w.feedback.Settled(w.Context())
	w.must(err)
	if at, err := w.labels.UpTo(w.Context()); err != nil || at != settled {
		w.Fatalf("read up to %d of %d: %v", at, settled, err)
	}
}

func (w *world) label(ws identity.WorkspaceID, id feedback.ID) label.Label {
	w.Helper()
	l, ok, err := w.labels.Get(w.Context(), ws, id)
	w.must(err)
	if !ok {
		w.Fatalf("%s has no label", id)
	}
	return l
}

func TestReads(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.receive(w.one, "The van was bad. The bill is good.", "", "panic", "THE VAN was bad! the bill is good")
		theirs := w.receive(w.other, "good")
		w.read()
		l := w.label(w.one, ids[0])
		if l.Language != "en" || l.Sentiment != reading.Positive || len(l.Clauses) != 2 || len(l.Themes) != 2 || l.Model != "toy 1" || l.Corrected ||
			l.Clauses[0].Sentiment != reading.Negative || l.Clauses[0].Score != -0.8 || l.Clauses[1].Span != (text.Span{Start: 16, End: 34}) || l.Clauses[0].Themes[0].Theme != "delivery" {
			t := fmt.Sprintf("%+v", l)
			w.Errorf("read as %s", t)
		}
		if copied := w.label(w.one, ids[3]); copied.Copy != l.Copy || copied.Hash == l.Hash || l.Copy == 0 {
			w.Errorf("copies %d and %d, hashes %d and %d", l.Copy, copied.Copy, l.Hash, copied.Hash)
		}
		if l := w.label(w.one, ids[2]); !l.Unsure || l.Themes != nil {
			w.Errorf("what could not be read: %+v", l)
		}
		if _, ok, err := w.labels.Get(w.Context(), w.one, ids[1]); ok || err != nil {
			w.Errorf("no words have a label: %v", err)
		}
		if _, ok, err := w.labels.Get(w.Context(), w.one, theirs[0]); ok || err != nil {
			w.Errorf("another workspace's label is seen: %v", err)
		}
		w.read()
		if n := w.toy.read["good"]; n != 1 {
			w.Errorf("read %d times", n)
		}
	})
}

func TestLanguageOfTheContact(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		who := &feedback.Who{Email: "noa@example.com", Language: "he"}
		got, err := w.feedback.Receive(w.Context(), w.one, []feedback.Input{{Text: "ok", Contact: who}, {Text: "a long enough text", Contact: who}, {Text: "ok", Contact: who, Language: "ru"}})
		w.must(err)
		w.read()
		for i, want := range []string{"he", "en", "ru"} {
			if l := w.label(w.one, got[i].ID); l.Language != want {
				w.Errorf("text %d is in %q, not %q", i, l.Language, want)
			}
		}
	})
}

func TestErasureKeepsWhatIsCounted(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		got, err := w.feedback.Receive(w.Context(), w.one, []feedback.Input{{Text: "The van was bad.", Contact: &feedback.Who{Email: "noa@example.com"}}})
		w.must(err)
		w.read()
		f, err := w.feedback.Get(w.Context(), w.one, got[0].ID)
		w.must(err)
		w.must(w.contacts.Erase(w.Context(), w.one, identity.Actor{Workspace: w.one, Member: "m", Role: identity.Owner}, f.Contact))
		w.read()
		l := w.label(w.one, got[0].ID)
		if l.Hash != 0 || l.Copy != 0 || l.Clauses != nil || l.Sentiment != reading.Negative || len(l.Themes) != 1 {
			w.Errorf("kept %+v", l)
		}
	})
}

// slow reads as the toy does, once somebody lets it.
type slow struct {
	*toy
	begun, on chan struct{}
}

func (y *slow) Read(s, language string) reading.Reading {
	close(y.begun)
	<-y.on
	return y.toy.Read(s, language)
}

// TestRemovedWhileItIsRead removes a text between its reading and the writing of its label.
func TestRemovedWhileItIsRead(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.feedback.OnRemove(label.Removed)
		id := w.receive(w.one, "The van was good.")[0]
		y := &slow{w.toy, make(chan struct{}), make(chan struct{})}
		labels := label.NewService(w.db, w.feedback, label.Same(y), slog.New(slog.DiscardHandler))
		done := make(chan error, 1)
		go func() {
			_, err := labels.Read(w.Context())
			done <- err
		}()
		<-y.begun
		w.must(w.feedback.Remove(w.Context(), w.one, identity.Program(w.one, "test"), id, ""))
		close(y.on)
		w.must(<-done)
		if _, ok, err := w.labels.Get(w.Context(), w.one, id); err != nil || ok {
			w.Errorf("what was removed has a label: %v", err)
		}
		settled, err := w.feedback.Settled(w.Context())
		w.must(err)
		if _, err := labels.Read(w.Context()); err != nil {
			w.Error(err)
		}
		if upTo, err := labels.UpTo(w.Context()); err != nil || upTo < settled {
			w.Errorf("read up to %d of %d: %v", upTo, settled, err)
		}
	})
}

func TestCorrections(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		id := w.receive(w.one, "The van was bad. The bill is good.")[0]
		w.read()
		say := func(n label.NewCorrection) label.Label {
			w.Helper()
			n.Feedback = id
			w.clock.Advance(time.Second)
			l, err := w.labels.Correct(w.Context(), w.one, w.actor, n)
			w.must(err)
			return l
		}
		first := text.Span{Start: 0, End: 16}
		say(label.NewCorrection{Span: label.Whole, Aspect: label.AspectSentiment, Value: "mixed"})
		say(label.NewCorrection{Span: first, Aspect: label.AspectSentiment, Value: "neutral"})
		say(label.NewCorrection{Span: first, Aspect: label.AspectTheme, Theme: "delivery", Value: "no"})
		say(label.NewCorrection{Span: first, Aspect: label.AspectTheme, Theme: "staff_attitude", Value: "yes"})
		now := say(label.NewCorrection{Span: label.Whole, Aspect: label.AspectTheme, Theme: "billing", Value: "yes"}) // it is right
		check := func(l label.Label) {
			w.Helper()
			if !l.Corrected || l.Sentiment != reading.Mixed || l.Confidence != 1 || l.Unsure || l.Clauses[0].Sentiment != reading.Neutral {
				w.Errorf("sentiment: %+v", l)
			}
			themes := map[string]reading.Sentiment{}
			for _, t := range l.Themes {
				themes[t.Theme] = t.Sentiment
			}
			if len(themes) != 2 || themes["billing"] != reading.Positive || themes["staff_attitude"] != reading.Neutral {
				w.Errorf("themes: %+v", l.Themes)
			}
			if len(l.Clauses[0].Themes) != 1 || l.Clauses[0].Themes[0].Theme != "staff_attitude" {
				w.Errorf("the clause's themes: %+v", l.Clauses[0].Themes)
			}
		}
		check(now)
		check(w.label(w.one, id))
		// What is no clause of the text is nothing to correct; of what another model had read, it says that the text was read anew.
		for _, c := range []struct {
			span  text.Span
			model string
			kind  fault.Kind
		}{{text.Span{Start: 1, End: 2}, "", fault.Invalid}, {text.Span{Start: 0, End: 15}, "toy 1", fault.Invalid}, {text.Span{Start: 0, End: 34}, "", fault.Invalid},
			{text.Span{Start: -5, End: 900}, "", fault.Invalid}, {text.Span{Start: 0, End: 10}, "toy 0", fault.Conflict}} {
			_, err := w.labels.Correct(w.Context(), w.one, w.actor, label.NewCorrection{Feedback: id, Span: c.span, Model: c.model, Aspect: label.AspectSentiment, Value: "positive"})
			if !fault.Is(err, c.kind) {
				w.Errorf("a correction of %v of %q: %v", c.span, c.model, err)
			}
		}
		check(w.label(w.one, id))
		w.toy.version = "toy 2"
		w.read() // a correction has it read anew, by a newer model
		again := w.label(w.one, id)
		check(again)
		if again.Model != "toy 2" {
			w.Errorf("read by %s", again.Model)
		}

		list, err := w.labels.CorrectionsOf(w.Context(), w.one, id)
		w.must(err)
		was := map[string]string{}
		for _, c := range list {
			was[c.Aspect+c.Theme+fmt.Sprint(c.Span.Start)] = c.Was
			if c.By != "Ana" || c.Model != "toy 1" || c.Language != "en" || c.At.Sub(today) > time.Minute {
				w.Errorf("kept as %+v", c)
			}
		}
		for key, want := range map[string]string{"sentiment-1": "positive", "sentiment0": "negative", "themedelivery0": "yes", "themestaff_attitude0": "no", "themebilling-1": "yes"} {
			if was[key] != want {
				w.Errorf("%s was %q, not %q", key, was[key], want)
			}
		}
		say(label.NewCorrection{Span: label.Whole, Aspect: label.AspectSentiment, Value: "negative"})
		list, err = w.labels.Corrections(w.Context(), w.one, "", 0)
		w.must(err)
		if len(list) != 5 || list[0].Value != "negative" || list[0].Was != "positive" {
			w.Errorf("corrections: %+v", list)
		}
		for _, c := range list {
			w.must(w.labels.Withdraw(w.Context(), w.one, w.actor, c.ID))
		}
		w.read()
		if l := w.label(w.one, id); l.Corrected || l.Sentiment != reading.Positive || len(l.Themes) != 2 {
			w.Errorf("after all was taken back: %+v", l)
		}
	})
}

// TestChecks counts what people found of themes in texts that chance had chosen, in each workspace by itself.
func TestChecks(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.receive(w.one, "The van was bad. The bill is good.", "The van was late.", "Hello there.")
		w.read()
		for _, c := range []struct {
			at      int
			theme   string
			value   string
			sampled bool
		}{{0, "delivery", "yes", true}, {1, "delivery", "no", true}, {2, "delivery", "yes", true}, {2, "billing", "no", true}, {1, "billing", "yes", false}} {
			_, err := w.labels.Correct(w.Context(), w.one, w.actor, label.NewCorrection{Feedback: ids[c.at], Span: label.Whole, Aspect: label.AspectTheme, Theme: c.theme, Value: c.value, Sampled: c.sampled})
			w.must(err)
		}
		got, err := w.labels.Checks(w.Context(), w.one)
		w.must(err)
		want := []label.Check{{Theme: "billing", Language: "en", RightlyLeftOut: 1}, {Theme: "delivery", Language: "en", RightlyTold: 1, WronglyTold: 1, WronglyLeftOut: 1}}
		if !slices.Equal(got, want) {
			w.Errorf("%+v, want %+v", got, want)
		}
		if theirs, err := w.labels.Checks(w.Context(), w.other); err != nil || len(theirs) != 0 {
			w.Errorf("%+v %v", theirs, err)
		}
	})
}

// TestMissesAreCounted has people go through all themes of texts: what the model left out and what it rightly left out are told apart, by
// language, for the themes that there were, and of the models that read today.
func TestMissesAreCounted(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.receive(w.one, "The van was bad. The bill is good.", "The van was late.", "Nobody came to my door.", "Hello there.", "And a good day.")
		russian, err := w.feedback.Receive(w.Context(), w.one, []feedback.Input{{Text: "Никто не приехал.", Language: "ru"}})
		w.must(err)
		ids = append(ids, russian[0].ID)
		w.read()
		say := func(at int, aspect, theme, value string) {
			w.Helper()
			_, err := w.labels.Correct(w.Context(), w.one, w.actor, label.NewCorrection{Feedback: ids[at], Span: label.Whole, Aspect: aspect, Theme: theme, Value: value, Sampled: true})
			w.must(err)
		}
		say(0, label.AspectTheme, "delivery", "yes")
		say(0, label.AspectTheme, "billing", "yes")
		say(0, label.AspectThemes, "", "yes")
		say(1, label.AspectTheme, "delivery", "yes") // nobody says that this is all
		say(2, label.AspectTheme, "delivery", "yes") // missed
		say(2, label.AspectThemes, "", "no")
		say(3, label.AspectThemes, "", "yes")
		say(5, label.AspectTheme, "delivery", "yes") // missed
		say(5, label.AspectThemes, "", "no")
		w.clock.Advance(time.Hour)
		later := id.New(w.clock.Now())
		w.clock.Advance(time.Hour)
		say(4, label.AspectTheme, later, "yes") // a theme that there was not when the others were gone through
		say(4, label.AspectThemes, "", "no")
		got, err := w.labels.Checks(w.Context(), w.one)
		w.must(err)
		want := []label.Check{{Theme: later, Language: "en", WronglyLeftOut: 1},
			{Theme: "billing", Language: "en", RightlyTold: 1, RightlyLeftOut: 3}, {Theme: "billing", Language: "ru", RightlyLeftOut: 1},
			{Theme: "delivery", Language: "en", RightlyTold: 2, WronglyLeftOut: 1, RightlyLeftOut: 2}, {Theme: "delivery", Language: "ru", WronglyLeftOut: 1}}
		if !slices.Equal(got, want) {
			w.Errorf("%+v, want %+v", got, want)
		}
		if share, of := got[3].Sensitivity(); of != 3 || share != 2./3 {
			w.Errorf("it found %v of %d texts about deliveries", share, of)
		}
		if share, of := got[3].Specificity(); of != 2 || share != 1 {
			w.Errorf("it left out %v of %d texts about something else", share, of)
		}
		list, earlier, err := w.labels.Agreement(w.Context(), w.one)
		w.must(err)
		if at := slices.IndexFunc(list, func(a label.Agreement) bool { return a.Aspect == label.AspectThemes && a.Language == "en" }); at < 0 || list[at].N != 4 || list[at].Agreed != 2 || earlier != 0 {
			w.Errorf("%+v, %d earlier", list, earlier)
		}
		// A taught model is of the one that came with Kolo; another one that came is to be judged anew.
		w.toy.version = "toy 1+shift"
		if got, err := w.labels.Checks(w.Context(), w.one); err != nil || !slices.Equal(got, want) {
			w.Errorf("after it was taught: %+v %v", got, err)
		}
		w.toy.version = "toy 2"
		got, err = w.labels.Checks(w.Context(), w.one)
		w.must(err)
		if list, earlier, err = w.labels.Agreement(w.Context(), w.one); err != nil || len(got) != 0 || len(list) != 0 || earlier != 6 {
			w.Errorf("another model: %+v, %+v, %d earlier: %v", got, list, earlier, err)
		}
	})
}

func TestCorrectionsAreRefused(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.receive(w.one, "good", "")
		w.read()
		ok := label.NewCorrection{Feedback: ids[0], Span: label.Whole, Aspect: label.AspectSentiment, Value: "negative"}
		for name, c := range map[string]struct {
			change func(*label.NewCorrection)
			actor  identity.Actor
			kind   fault.Kind
		}{
			"value":          {func(n *label.NewCorrection) { n.Value = "angry" }, w.actor, fault.Invalid},
			"mixed clause":   {func(n *label.NewCorrection) { n.Value, n.Span = "mixed", text.Span{Start: 0, End: 2} }, w.actor, fault.Invalid},
			"aspect":         {func(n *label.NewCorrection) { n.Aspect = "mood" }, w.actor, fault.Invalid},
			"theme":          {func(n *label.NewCorrection) { n.Aspect, n.Value = label.AspectTheme, "yes" }, w.actor, fault.Invalid},
			"span":           {func(n *label.NewCorrection) { n.Span = text.Span{Start: 2, End: 9} }, w.actor, fault.Invalid},
			"all of a theme": {func(n *label.NewCorrection) { n.Aspect, n.Theme, n.Value = label.AspectThemes, "price", "yes" }, w.actor, fault.Invalid},
			"all of a clause": {func(n *label.NewCorrection) {
				n.Aspect, n.Value, n.Span = label.AspectThemes, "yes", text.Span{Start: 0, End: 2}
			}, w.actor, fault.Invalid},
			"all negative":    {func(n *label.NewCorrection) { n.Aspect, n.Value = label.AspectThemes, "negative" }, w.actor, fault.Invalid},
			"no words":        {func(n *label.NewCorrection) { n.Feedback = ids[1] }, w.actor, fault.NotFound},
			"viewer":          {func(*label.NewCorrection) {}, identity.Actor{Workspace: w.one, Member: "v", Role: identity.Viewer}, fault.Denied},
			"other workspace": {func(*label.NewCorrection) {}, identity.Actor{Workspace: w.other, Member: "m", Role: identity.Owner}, fault.Denied},
		} {
			n := ok
			c.change(&n)
			if _, err := w.labels.Correct(w.Context(), w.one, c.actor, n); !fault.Is(err, c.kind) {
				w.Errorf("%s: %v", name, err)
			}
		}
		stranger := identity.Actor{Workspace: w.other, Member: "m", Role: identity.Owner}
		if _, err := w.labels.Correct(w.Context(), w.other, stranger, ok); !fault.Is(err, fault.NotFound) {
			w.Errorf("another workspace's feedback: %v", err)
		}
		l, err := w.labels.Correct(w.Context(), w.one, w.actor, ok)
		w.must(err)
		list, err := w.labels.CorrectionsOf(w.Context(), w.one, l.Feedback)
		w.must(err)
		if err := w.labels.Withdraw(w.Context(), w.other, stranger, list[0].ID); !fault.Is(err, fault.NotFound) {
			w.Errorf("another workspace takes it back: %v", err)
		}
	})
}

// Readers of several processes share the work, and what a killed one left is read by another once its time is up.
func TestManyReaders(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		texts := make([]string, 20_000)
		for i := range texts {
			texts[i] = fmt.Sprintf("text number %d is good", i)
		}
		ids := w.receive(w.one, texts...)

		// One that dies with a range in its hands.
		dying := label.NewService(w.db, w.feedback, broken{}, slog.New(slog.DiscardHandler))
		if _, err := dying.Read(w.Context()); err == nil {
			w.Fatal("it read")
		}
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if _, err := w.service().Read(w.Context()); err != nil {
					w.Error(err)
				}
			})
		}
		wg.Wait()
		if at, err := w.labels.UpTo(w.Context()); err != nil || at != 0 {
			w.Fatalf("the columns would go on to %d past what the dead reader holds: %v", at, err)
		}
		w.clock.Advance(2 * time.Minute)
		w.read()
		got, err := w.labels.Of(w.Context(), w.one, ids)
		w.must(err)
		if len(got) != len(ids) {
			w.Errorf("%d of %d have a label", len(got), len(ids))
		}
		for s, n := range w.toy.read {
			if n != 1 {
				w.Fatalf("%q was read %d times", s, n)
			}
		}
	})
}

type broken struct{}

func (broken) For(context.Context, identity.WorkspaceID) (label.Reader, error) {
	return nil, errors.New("no reader")
}

// A reader that was slower than a correction or an erasure does not write what it read before them.
func TestTheSlowReaderYields(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		got, err := w.feedback.Receive(w.Context(), w.one, []feedback.Input{{Text: "The van was bad."}, {Text: "The bill is good.", Contact: &feedback.Who{Email: "noa@example.com"}}})
		w.must(err)
		w.read()
		f, err := w.feedback.Get(w.Context(), w.one, got[1].ID)
		w.must(err)
		// Read anew, by a reader that stops in the middle while all this happens.
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error { return feedback.Touch(tx, w.one, []feedback.ID{got[0].ID, got[1].ID}) }))
		slow := label.NewService(w.db, w.feedback, meanwhile{w.toy, func() {
			_, err := w.labels.Correct(w.Context(), w.one, w.actor, label.NewCorrection{Feedback: got[0].ID, Span: label.Whole, Aspect: label.AspectSentiment, Value: "positive"})
			w.must(err)
			w.must(w.contacts.Erase(w.Context(), w.one, identity.Actor{Workspace: w.one, Member: "m", Role: identity.Owner}, f.Contact))
			_, err = w.service().Read(w.Context()) // the faster one
			w.must(err)
		}}, slog.New(slog.DiscardHandler))
		_, err = slow.Read(w.Context())
		w.must(err)
		if l := w.label(w.one, got[0].ID); !l.Corrected || l.Sentiment != reading.Positive || l.Clauses[0].Sentiment != reading.Positive || l.Themes[0].Sentiment != reading.Positive {
			w.Errorf("the correction was overwritten: %+v", l)
		}
		if l := w.label(w.one, got[1].ID); l.Clauses != nil || l.Hash != 0 {
			w.Errorf("what was erased came back: %+v", l)
		}
	})
}

// meanwhile has something happen between what a reader asks for and what it writes.
type meanwhile struct {
	r  label.Reader
	do func()
}

func (m meanwhile) For(context.Context, identity.WorkspaceID) (label.Reader, error) {
	m.do()
	return m.r, nil
}

// Long texts are read in pieces, each of which is kept by itself.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		var texts []string
		for i := range 12 {
			texts = append(texts, fmt.Sprint(i, strings.Repeat(" good", 200_000)))
		}
		ids := w.receive(w.one, texts...)
		w.read()
		got, err := w.labels.Of(w.Context(), w.one, ids)
		w.must(err)
		if len(got) != len(ids) {
			w.Errorf("%d of %d were read", len(got), len(ids))
		}
	})
}

func TestReadsInTheBackground(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		heard, deaf := w.db.Listen(label.Topic)
		defer deaf()
		w.must(w.labels.Start(context.Background()))
		defer w.labels.Stop()
		id := w.receive(w.one, "good")[0]
		late := time.After(time.Minute)
		for {
			select {
			case <-heard:
			case <-late:
				w.Fatal("not read within a minute")
			}
			if _, ok, err := w.labels.Get(w.Context(), w.one, id); ok || err != nil {
				w.must(err)
				return
			}
		}
	})
}

func TestReadsAgainByANewReader(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.receive(w.one, make3000()...)
		theirs := w.receive(w.other, "good")
		w.read()
		w.toy.version = "toy 2"
		runner := job.New(w.db, job.Options{Poll: 10 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
		w.labels.Handle(runner) // it looks by itself, when it starts, whether the reader is another
		w.must(runner.Start(w.Context()))
		defer runner.Stop()
		late := time.After(time.Minute)
		for tick := time.NewTicker(10 * time.Millisecond); ; {
			select {
			case <-tick.C:
			case <-late:
				w.Fatal("not read again within a minute")
			}
			_, err := w.labels.Read(w.Context())
			w.must(err)
			done := 0
			got, err := w.labels.Of(w.Context(), w.one, ids)
			w.must(err)
			for _, l := range got {
				if l.Model == "toy 2" {
					done++
				}
			}
			if l := w.label(w.other, theirs[0]); done == len(ids) && l.Model == "toy 2" {
				return
			}
		}
	})
}

func make3000() (texts []string) {
	for i := range 3000 {
		texts = append(texts, fmt.Sprint("good number ", i))
	}
	return texts
}

// TestRereadingIsToldOfOneWorkspace: from the moment it is asked for until it is over, and of no other.
func TestRereadingIsToldOfOneWorkspace(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		is := func(ws identity.WorkspaceID) bool {
			again, err := w.labels.Rereading(w.Context(), ws)
			w.must(err)
			return again
		}
		if is(w.one) {
			w.Error("texts are read again that nobody asked for")
		}
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error { return label.Reread(tx, w.one) }))
		if !is(w.one) || is(w.other) {
			w.Error("what was asked for is not told, or is told of another workspace")
		}
		runner := job.New(w.db, job.Options{Poll: 10 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
		w.labels.Handle(runner)
		w.must(runner.Start(w.Context()))
		defer runner.Stop()
		late := time.After(time.Minute)
		for tick := time.NewTicker(10 * time.Millisecond); is(w.one); {
			select {
			case <-tick.C:
			case <-late:
				w.Fatal("it is never over")
			}
		}
	})
}
