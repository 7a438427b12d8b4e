package adapt_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/llm"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/adapt"
	"kolo/internal/understand/assist"
	"kolo/internal/understand/label"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/text"
	"kolo/internal/understand/theme"
)

type world struct {
	*testing.T
	db         *store.DB
	feedback   *feedback.Service
	labels     *label.Service
	themes     *theme.Service
	adapt      *adapt.Service
	one, other identity.WorkspaceID
	actor      identity.Actor
}

func each(t *testing.T, test func(w *world)) {
	t.Helper()
	eachWith(t, func(*testing.T) llm.Options { return llm.Options{} }, test)
}

// eachWith is each with an outside model.
func eachWith(t *testing.T, o func(*testing.T) llm.Options, test func(w *world)) {
	t.Helper()
	base, err := reading.New()
	if err != nil {
		t.Fatal(err)
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		quiet := slog.New(slog.DiscardHandler)
		w := &world{T: t, db: db, feedback: feedback.NewService(db), themes: theme.NewService(db)}
		t.Cleanup(w.feedback.Close)
		w.adapt = adapt.NewService(db, w.feedback, w.themes, assist.NewService(db, llm.New(o(t))), base, quiet)
		w.labels = label.NewService(db, w.feedback, w.adapt, quiet)
		w.adapt.Use(w.labels)
		w.themes.OnChange(adapt.Changed)
		people := identity.NewService(db, identity.Options{Cost: identity.Cost{MemoryKiB: 64, Passes: 1}})
		for i, into := range []*identity.WorkspaceID{&w.one, &w.other} {
			ws, _, err := people.CreateWorkspace(t.Context(), identity.NewWorkspace{Name: fmt.Sprint("W", i),
				Owner: identity.NewOwner{Name: "Dana", Email: fmt.Sprintf("d%d@example.com", i)}})
			w.must(err)
			*into = ws.ID
		}
		w.actor = identity.Actor{Workspace: w.one, Member: "m", Role: identity.Analyst, Name: "Ana"}
		test(w)
	})
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) receive(ws identity.WorkspaceID, batch ...feedback.Input) (ids []feedback.ID) {
	w.Helper()
	for part := range slices.Chunk(batch, feedback.MaxBatch) {
		got, err := w.feedback.Receive(w.Context(), ws, part)
		w.must(err)
		for _, r := range got {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// settle runs the background work until nothing is left to do and all texts are read.
func (w *world) settle() {
	w.Helper()
	runner := job.New(w.db, job.Options{Poll: 10 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	w.labels.Handle(runner)
	w.adapt.Handle(runner)
	w.must(runner.Start(context.Background()))
	defer runner.Stop()
	late := time.After(2 * time.Minute)
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		select {
		case <-tick.C:
		case <-late:
			w.Fatal("the background work does not end")
		}
		_, err := w.labels.Read(w.Context())
		w.must(err)
		open := int64(0)
		w.must(w.db.View(w.Context(), func(tx *store.Tx) (err error) {
			open, err = store.One(tx, store.Value[int64], "SELECT count(*) FROM job WHERE state IN ('queued', 'running')")
			return err
		}))
		settled, err := w.feedback.Settled(w.Context())
		w.must(err)
		if at, err := w.labels.UpTo(w.Context()); err == nil && at == settled && open == 0 {
			return
		}
	}
}

func (w *world) label(id feedback.ID) label.Label {
	w.Helper()
	l, ok, err := w.labels.Get(w.Context(), w.one, id)
	w.must(err)
	if !ok {
		w.Fatalf("%s has no label", id)
	}
	return l
}

func has(l label.Label, theme string) bool {
	return slices.ContainsFunc(l.Themes, func(t reading.ThemeLabel) bool { return t.Theme == theme })
}

func TestRules(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.receive(w.one, feedback.Input{Text: "The brochures were torn. The courier was lovely."}, feedback.Input{Text: "Nothing to say about paper"})
		theirs := w.receive(w.other, feedback.Input{Text: "The brochures were torn."})
		w.settle()
		before := w.label(ids[0]).Model
		own, err := w.themes.Add(w.Context(), w.one, w.actor, "product", "en", "Brochures", "brochure")
		w.must(err)
		w.settle()
		l := w.label(ids[0])
		if !has(l, own.ID) || l.Themes[0].Theme != own.ID || l.Themes[0].Confidence != 1 || l.Model == before {
			w.Errorf("read as %+v", l)
		}
		if at := slices.IndexFunc(l.Clauses, func(c reading.Clause) bool {
			return slices.ContainsFunc(c.Themes, func(t reading.ThemeLabel) bool { return t.Theme == own.ID })
		}); at != 0 {
			w.Errorf("the rule holds of clause %d: %+v", at, l.Clauses)
		}
		if has(w.label(ids[1]), own.ID) {
			w.Error("the rule holds of another text")
		}
		if l, ok, err := w.labels.Get(w.Context(), w.other, theirs[0]); err != nil || !ok || has(l, own.ID) || l.Model != before {
			w.Errorf("another workspace's text was read with it: %+v %v", l, err)
		}
		_, err = w.themes.Change(w.Context(), w.one, w.actor, "theme.state", func(t *theme.Tree) (theme.Theme, error) { return t.Set(own.ID, theme.Forbidden) })
		w.must(err)
		w.settle()
		if has(w.label(ids[0]), own.ID) {
			w.Error("a forbidden theme was given")
		}
	})
}

// A merge of two themes with rules loses no text: what either finds counts for the one that is left, of texts that come later, too.
func TestMergedThemesKeepTheirTexts(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.receive(w.one, feedback.Input{Text: "The brochures were torn."}, feedback.Input{Text: "The zeppelin was late."})
		a, err := w.themes.Add(w.Context(), w.one, w.actor, "product", "en", "Brochures", "brochure")
		w.must(err)
		b, err := w.themes.Add(w.Context(), w.one, w.actor, "product", "en", "Zeppelins", "zeppelin")
		w.must(err)
		w.settle()
		_, err = w.themes.Edit(w.Context(), w.one, w.actor, a.ID, theme.Edit{Into: &b.ID})
		w.must(err)
		w.settle()
		ids = append(ids, w.receive(w.one, feedback.Input{Text: "Another torn brochure"})...)
		w.settle()
		for i, id := range ids {
			if l := w.label(id); !has(l, b.ID) || has(l, a.ID) {
				w.Errorf("text %d is read as %+v", i, l.Themes)
			}
		}
	})
}

// complaints are texts about four matters, each in several of its own turns of phrase.
func complaints(n int) []feedback.Input {
	return texts(n, "en", [][]string{
		{"the machine swallowed my card", "my card was declined abroad", "card payments are declined", "the declined card was new", "a declined payment at the till", "card stuck in the machine"},
		{"the exchange rate was worse than promised", "exchange of dollars took days", "a bad rate on the exchange", "the rate changed during the exchange", "exchange fees are hidden in the rate"},
		{"the branch was closed at noon", "branch hours on the door are wrong", "nobody at the branch counter", "a long queue at the branch", "the branch moved and nobody said so"},
		{"the pin reset letter never came", "I forgot my pin", "resetting the pin takes days", "the new pin does not work", "pin code blocked after the reset"},
	}, []string{"hello", "again this week", "as I wrote before", "honestly", "what now", "for the third time", "please look at it", "I am a customer of many years"})
}

// inRussian are texts about the same matters in Russian.
func inRussian(n int) []feedback.Input {
	return texts(n, "ru", [][]string{
		{"банкомат проглотил мою карту", "карту отклонили за границей", "оплату картой отклоняют", "отклонённая карта была новой", "отклонили оплату картой на кассе", "карта застряла в банкомате"},
		{"курс обмена хуже обещанного", "обмен долларов занял дни", "плохой курс при обмене", "курс изменился во время обмена", "комиссия за обмен спрятана в курсе"},
		{"отделение было закрыто в полдень", "часы отделения на двери неверны", "в отделении никого за стойкой", "длинная очередь в отделении", "отделение переехало и никто не сказал"},
		{"письмо с новым пин-кодом не пришло", "я забыл пин-код", "сброс пин-кода занимает дни", "новый пин-код не работает", "пин-код заблокирован после сброса"},
	}, []string{"здравствуйте", "опять на этой неделе", "как я уже писал", "честно говоря", "что теперь", "в третий раз", "посмотрите пожалуйста", "я клиент много лет"})
}

func texts(n int, language string, matters [][]string, fillers []string) (list []feedback.Input) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range n {
		m := matters[rng.IntN(len(matters))]
		parts := []string{fillers[rng.IntN(len(fillers))], m[rng.IntN(len(m))], m[rng.IntN(len(m))], fillers[rng.IntN(len(fillers))]}
		list = append(list, feedback.Input{Text: strings.Join(parts, ", "), Language: language})
	}
	return list
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ids := w.receive(w.one, complaints(500)...)
		_, err := w.adapt.Discover(w.Context(), w.one, w.actor)
		w.must(err)
		w.settle()
		if j, ok, err := w.adapt.Latest(w.Context(), w.one, adapt.Themes); err != nil || !ok || j.State != job.Done || j.Note != "found" {
			w.Fatalf("the run ended as %+v", j)
		}
		tree, err := w.themes.Tree(w.Context(), w.one)
		w.must(err)
		var found []theme.Theme
		for _, x := range tree.All() {
			if x.Origin == theme.Found {
				found = append(found, x)
				if x.State != theme.Proposed || x.Name("en") == "" || x.QuoteOf == "" || x.Texts == 0 {
					w.Errorf("found %+v", x)
				}
			}
		}
		if len(found) < 3 {
			w.Fatalf("%d themes were found", len(found))
		}
		versions, err := w.adapt.Versions(w.Context(), w.one)
		w.must(err)
		if i := slices.IndexFunc(versions, func(v adapt.Version) bool { return v.Kind == adapt.Themes }); i < 0 || !versions[i].Active || versions[i].Report.New != len(found) || versions[i].By != "Ana" {
			w.Errorf("versions: %+v", versions)
		}
		given := 0
		for _, id := range ids {
			l := w.label(id)
			if slices.ContainsFunc(found, func(x theme.Theme) bool { return has(l, x.ID) }) {
				given++
			}
		}
		if given < len(ids)*3/4 {
			w.Errorf("%d of %d texts are about what was found", given, len(ids))
		}

		// What people decide stays through the next run, with new texts in it.
		change := func(do func(*theme.Tree) (theme.Theme, error)) {
			w.Helper()
			_, err := w.themes.Change(w.Context(), w.one, w.actor, "theme.change", do)
			w.must(err)
		}
		change(func(t *theme.Tree) (theme.Theme, error) { return t.Rename(found[0].ID, "en", "Our own name") })
		change(func(t *theme.Tree) (theme.Theme, error) { return t.Move(found[0].ID, "money") })
		change(func(t *theme.Tree) (theme.Theme, error) { return t.Set(found[1].ID, theme.Forbidden) })
		change(func(t *theme.Tree) (theme.Theme, error) { return t.Merge(found[2].ID, "billing") })
		w.receive(w.one, complaints(560)[500:]...)
		_, err = w.adapt.Discover(w.Context(), w.one, w.actor)
		w.must(err)
		w.settle()
		tree, err = w.themes.Tree(w.Context(), w.one)
		w.must(err)
		if x, _ := tree.Get(found[0].ID); x.Name("en") != "Our own name" || x.Parent != "money" || x.State != theme.Live {
			w.Errorf("a person's theme became %+v", x)
		}
		if x, _ := tree.Get(found[1].ID); x.State != theme.Forbidden {
			w.Errorf("a forbidden theme became %+v", x)
		}
		if tree.Resolve(found[2].ID) != "billing" {
			w.Error("a merge was undone")
		}
		kept := 0
		for _, x := range found {
			if _, ok := tree.Get(x.ID); ok {
				kept++
			}
		}
		if now := len(tree.Every()) - len(theme.Starting); kept != len(found) || now > len(found)+1 {
			w.Errorf("%d of %d themes are known again, among %d", kept, len(found), now)
		}
		for _, id := range ids[:50] {
			if has(w.label(id), found[1].ID) {
				w.Fatal("a forbidden theme is given")
			}
		}
	})
}

// TestFindsTheSameInAnotherLanguage has customers write of the same matters in two languages, and an endpoint that gives vectors by what a
// text is about, and by its language. When it fails, themes are found all the same.
func TestFindsTheSameInAnotherLanguage(t *testing.T) {
	t.Parallel()
	matters := [][]string{{"card", "карт"}, {"exchange", "обмен"}, {"branch", "отделени"}, {"pin", "пин"}}
	about := func(s string) (v [6]float32) {
		for k, words := range matters {
			for _, w := range words {
				v[k] += float32(strings.Count(s, w))
			}
		}
		v[4], v[5] = 5, 0
		if strings.ContainsAny(s, "аеиоуя") {
			v[4], v[5] = 0, 5
		}
		return v
	}
	var fails sync.Map // by test: both set-ups run at once
	eachWith(t, func(t *testing.T) llm.Options {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var body struct{ Input []string }
			_ = json.NewDecoder(r.Body).Decode(&body)
			if _, no := fails.Load(t.Name()); body.Input == nil || no { // it names nothing
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			var data []map[string]any
			for i, s := range body.Input {
				data = append(data, map[string]any{"index": i, "embedding": about(s)})
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"model": "e-1", "data": data})
		}))
		t.Cleanup(server.Close)
		return llm.Options{URL: server.URL, Embedding: "e", PerMinute: 60_000}
	}, func(w *world) {
		w.receive(w.one, complaints(250)...)
		w.receive(w.one, inRussian(250)...)
		discover := func() (*theme.Tree, []theme.Same) {
			w.Helper()
			_, err := w.adapt.Discover(w.Context(), w.one, w.actor)
			w.must(err)
			w.settle()
			tree, err := w.themes.Tree(w.Context(), w.one)
			w.must(err)
			list, err := w.themes.SameAs(w.Context(), w.one, tree, "")
			w.must(err)
			return tree, list
		}
		tree, same := discover()
		if len(same) < 3 {
			w.Errorf("%d pairs of themes are told to be the same", len(same))
		}
		matter := func(t theme.Theme) int {
			f, err := w.feedback.Get(w.Context(), w.one, feedback.ID(t.QuoteOf))
			w.must(err)
			v := about(f.Text)
			best := 0
			for k := range matters {
				if v[k] > v[best] {
					best = k
				}
			}
			return best
		}
		for _, x := range same {
			a, _ := tree.Get(x.Theme)
			b, _ := tree.Get(x.Other)
			if a.Language == b.Language || matter(a) != matter(b) || x.Model != "e-1" || x.Likeness < 0.5 {
				w.Errorf("%q and %q are told to be the same: %+v", a.Name(a.Language), b.Name(b.Language), x)
			}
		}
		// What people decide stands, also after the next run and when that has no endpoint.
		w.must(w.themes.Apart(w.Context(), w.one, w.actor, same[0].Theme, same[0].Other))
		if err := w.themes.Apart(w.Context(), w.one, identity.Actor{Workspace: w.one, Member: "a", Role: identity.Agent}, same[1].Theme, same[1].Other); !fault.Is(err, fault.Denied) {
			w.Errorf("an agent may: %v", err)
		}
		_, again := discover()
		if slices.ContainsFunc(again, func(x theme.Same) bool { return x.Theme == same[0].Theme && x.Other == same[0].Other }) {
			w.Error("what a person said is two is one again")
		}
		fails.Store(w.Name(), true)
		if _, kept := discover(); len(kept) != len(again) {
			w.Errorf("without the endpoint %d of %d pairs are left", len(kept), len(again))
		}
	})
}

func TestTooFewTexts(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.receive(w.one, complaints(20)...)
		_, err := w.adapt.Discover(w.Context(), w.one, w.actor)
		w.must(err)
		_, err = w.adapt.Train(w.Context(), w.one, w.actor)
		w.must(err)
		w.settle()
		for _, k := range []adapt.Kind{adapt.Themes, adapt.Sentiment} {
			j, ok, err := w.adapt.Latest(w.Context(), w.one, k)
			w.must(err)
			if !ok || j.State != job.Done || j.Note != "few" {
				w.Errorf("%s ended as %+v", k, j)
			}
		}
		for _, actor := range []identity.Actor{{Workspace: w.one, Member: "a", Role: identity.Agent}, {Workspace: w.other, Member: "o", Role: identity.Owner}} {
			if _, err := w.adapt.Discover(w.Context(), w.one, actor); !fault.Is(err, fault.Denied) {
				w.Errorf("%s may: %v", actor.Role, err)
			}
			if err := w.adapt.Activate(w.Context(), w.one, actor, adapt.Themes, ""); !fault.Is(err, fault.Denied) {
				w.Errorf("%s may: %v", actor.Role, err)
			}
		}
	})
}

// In this workspace people write of the lift when they are angry, and of blue when they are glad: words that say nothing
// elsewhere. The stars beside them tell.
func TestLearnsFromRatings(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		var batch []feedback.Input
		stars := func(v float64) []feedback.Score {
			return []feedback.Score{{Metric: "star", Value: v, Scale: feedback.Scale{Min: 1, Max: 5}}}
		}
		for i := range 200 {
			floor := strings.Repeat("X", i%6+1)
			batch = append(batch, feedback.Input{Text: fmt.Sprint("The lift, floor ", floor, ", entrance ", i%7), Language: "en", Scores: stars(1)},
				feedback.Input{Text: fmt.Sprint("The blue lamp on day ", floor, ", number ", i%5), Language: "en", Scores: stars(5)})
		}
		ids := w.receive(w.one, batch...)
		_, err := w.adapt.Train(w.Context(), w.one, w.actor)
		w.must(err)
		w.settle()
		versions, err := w.adapt.Versions(w.Context(), w.one)
		w.must(err)
		if len(versions) == 0 || !versions[0].Active || versions[0].Kind != adapt.Sentiment || versions[0].Report.After < 0.95 || versions[0].Report.After <= versions[0].Report.Before ||
			versions[0].Report.Ratings != 400 || versions[0].Report.Held == 0 {
			w.Fatalf("%+v", versions)
		}
		right := func() (n int) {
			for i, id := range ids {
				if want := reading.Negative + reading.Sentiment(2*(i%2)); w.label(id).Sentiment == want {
					n++
				}
			}
			return n
		}
		after := right()
		w.must(w.adapt.Activate(w.Context(), w.one, w.actor, adapt.Sentiment, "")) // one click back
		w.settle()
		before := right()
		if after < 390 || before >= after {
			w.Errorf("%d of 400 are right with what was learned, %d without", after, before)
		}
		if l := w.label(ids[0]); strings.Contains(l.Model, "+") {
			w.Errorf("read by %s", l.Model)
		}
		// A person has gone back: what Kolo trains by itself is kept and not read, and it does not train every night.
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
			_, err := job.Enqueue(tx, job.Spec{Workspace: string(w.one), Kind: "model.train", Payload: []byte("{\"by\":\"\"}")})
			return err
		}))
		w.settle()
		versions, err = w.adapt.Versions(w.Context(), w.one)
		w.must(err)
		if len(versions) != 2 || versions[0].Active || versions[1].Active {
			w.Errorf("a person's choice was undone: %+v", versions)
		}
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
			_, err := job.Enqueue(tx, job.Spec{Kind: "model.nightly", Key: "again"})
			return err
		}))
		w.settle()
		if again, err := w.adapt.Versions(w.Context(), w.one); err != nil || len(again) != len(versions) {
			w.Errorf("it trained again with nothing new: %v", err)
		}
		if err := w.adapt.Activate(w.Context(), w.one, w.actor, adapt.Sentiment, "nothing"); !fault.Is(err, fault.NotFound) {
			w.Errorf("a version that is not there: %v", err)
		}
	})
}

// Here people took one star for the best: what their ratings teach is the opposite of what their words say. Such a training is kept and told of,
// and not read.
func TestRefusesWhatTurnsPlainWords(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		praise := []string{"wonderful", "excellent", "great", "lovely", "superb", "perfect"}
		blame := []string{"awful", "terrible", "dreadful", "horrible", "disgusting", "rubbish"}
		things := []string{"service", "food", "staff", "app", "delivery", "room", "price"}
		var batch []feedback.Input
		for i := range 150 {
			thing := things[i%len(things)]
			stars := func(v float64) []feedback.Score {
				return []feedback.Score{{Metric: "star", Value: v, Scale: feedback.Scale{Min: 1, Max: 5}}}
			}
			batch = append(batch, feedback.Input{Text: fmt.Sprint("The ", thing, " was ", praise[i%6], " on day ", i), Language: "en", Scores: stars(1)},
				feedback.Input{Text: fmt.Sprint("The ", thing, " was ", blame[i/6%6], " on day ", i), Language: "en", Scores: stars(5)})
		}
		ids := w.receive(w.one, batch...)
		_, err := w.adapt.Train(w.Context(), w.one, w.actor)
		w.must(err)
		w.settle()
		versions, err := w.adapt.Versions(w.Context(), w.one)
		w.must(err)
		if len(versions) != 1 || versions[0].Active || 2*versions[0].Report.Against <= versions[0].Report.Sure || versions[0].Report.Sure < 100 || versions[0].Report.Plain < 50 {
			w.Errorf("%+v", versions)
		}
		shipped, err := reading.New()
		w.must(err)
		for i, id := range ids[:20] {
			if l, want := w.label(id), shipped.Read(batch[i].Text, "en").Sentiment; l.Sentiment != want || strings.Contains(l.Model, "+") {
				w.Errorf("%q is read as %s by %s", batch[i].Text, l.Sentiment, l.Model)
			}
		}
	})
}

func TestReadingStaysInItsWorkspace(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		_, err := w.themes.Add(w.Context(), w.one, w.actor, "", "en", "Lifts", "lift")
		w.must(err)
		a, err := w.adapt.For(w.Context(), w.one)
		w.must(err)
		b, err := w.adapt.For(w.Context(), w.other)
		w.must(err)
		if a.Model() == b.Model() || len(a.Read("The lift", "en").Themes) == 0 {
			w.Errorf("%s and %s", a.Model(), b.Model())
		}
		for _, s := range []string{"", "\xff\xfe", strings.Repeat("lift ", 10_000)} {
			r := a.Read(s, "")
			for _, c := range r.Clauses {
				if c.Span == (text.Span{}) || c.End > len(s) {
					w.Errorf("a clause lies at %v", c.Span)
				}
			}
		}
	})
}
