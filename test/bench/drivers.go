package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/duck"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/driving"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/scan"
)

// drivers asks what moves a score, and which segments differ, over a million answers of one survey: what their pages wait for. Each
// question is asked of a service that remembers nothing, and once more of one that does.
func (b *bench) drivers() error {
	const rows = 1_000_000
	db, err := store.Open(b, store.Options{URL: filepath.Join(b.dir, "drivers.db")})
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Migrate(b); err != nil {
		return err
	}
	w, _, err := identity.NewService(db, identity.Options{}).CreateWorkspace(b, identity.NewWorkspace{Name: "Bench", Owner: identity.NewOwner{Name: "B", Email: "b@example.com"}})
	if err != nil {
		return err
	}
	columns, err := duck.Open(b, filepath.Join(b.dir, "drivers.duckdb"), column.Options{})
	if err != nil {
		return err
	}
	defer columns.Close()
	if err := columns.Ensure(b, insight.Tables()...); err != nil {
		return err
	}
	if err := fillAnswers(b, columns, w.ID, rows); err != nil {
		return err
	}
	f := feedback.NewService(db)
	defer f.Close()
	one := feedback.Input{Attributes: feedback.Attributes{}} // for the register of fields
	for key, value := range ratedExtra(1) {
		if question, ok := cutAnswer(key); ok {
			v, _ := strconv.ParseFloat(value, 64) // a rating
			one.Answers = append(one.Answers, feedback.Answer{Question: question, Value: v})
		} else {
			one.Attributes[key] = value
		}
	}
	if _, err := f.Receive(b, w.ID, []feedback.Input{one}); err != nil {
		return err
	}
	in := insight.NewService(db, columns, f)
	in.Understand(nil, starting{})
	const limit = 2 * time.Second
	for _, q := range []struct {
		name  string
		query driving.Query
	}{
		{"drivers, ratings and facts of a survey", driving.Query{}}, {"drivers, themes", driving.Query{Block: "themes"}}, {"drivers, what is known of all", driving.Query{Block: "all"}},
	} {
		var s *driving.Service
		var a *driving.Answer
		took, err := median(5, func() (err error) {
			s = driving.NewService(in, f, db.Clock())
			a, err = s.Ask(b, w.ID, q.query)
			return err
		})
		if err != nil {
			return err
		}
		again, err := median(5, func() error { _, err := s.Ask(b, w.ID, q.query); return err })
		if err != nil {
			return err
		}
		if len(a.Drivers) < 2 {
			return fmt.Errorf("%s: %d drivers", q.name, len(a.Drivers))
		}
		b.add(line{what: fmt.Sprintf("%s: %d drivers, %d answers", q.name, len(a.Drivers), a.N), measured: fmt.Sprintf("%d ms, again %d ms", took.Milliseconds(), again.Milliseconds()),
			limit: fmt.Sprintf("%d ms", limit.Milliseconds()), ok: took <= limit})
	}
	var found *scan.Answer
	took, err := median(5, func() (err error) {
		found, err = scan.NewService(in, f).Ask(b, w.ID, scan.Query{})
		return err
	})
	if err != nil {
		return err
	}
	b.add(line{what: fmt.Sprintf("scan, %d values and %d pairs, a million answers", found.Tests, found.PairTests), measured: fmt.Sprintf("%d ms", took.Milliseconds())})
	return nil
}

const answered = "answer:"

func cutAnswer(key string) (question string, ok bool) {
	if len(key) > len(answered) && key[:len(answered)] == answered {
		return key[len(answered):], true
	}
	return "", false
}

// ratedExtra is what answer i has beside its score, by the keys of the catch-all.
func ratedExtra(i int) map[string]string {
	h := uint64(i)*0x9e3779b97f4a7c15 + 99
	h ^= h >> 31
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	mood := int(h >> 60 % 3)
	out := map[string]string{"wait": strconv.Itoa(int(h >> 3 % 47)), "hand_overs": strconv.Itoa(int(h >> 9 % 4)), "team": []string{"Amber", "Blue", "Cedar", "Delta"}[h>>11%4],
		"country": countries[h>>13%8], "plan": []string{"basic", "plus", "premium"}[h>>16%3], "segment": []string{"consumer", "consumer", "business"}[h>>18%3], "region": "region " + strconv.Itoa(int(h>>20%14))}
	for k := range 6 {
		out[answered+"rate_"+strconv.Itoa(k)] = strconv.Itoa(min(5, 1+mood+int(h>>(24+5*k)%4)))
	}
	return out
}

// fillAnswers fills the columns with answers that ratings, waiting and the team move.
func fillAnswers(b *bench, columns *column.DB, ws identity.WorkspaceID, rows int) error {
	start := time.Now()
	table := insight.Table().Columns
	at, empty := map[string]int{}, make([]any, len(table))
	for i, c := range table {
		at[c.Name] = i
		switch {
		case c.Type == column.Text:
			empty[i] = ""
		case c.Type == column.Int && !c.Nullable:
			empty[i] = 0
		}
	}
	for key := range ratedExtra(0) {
		if err := columns.Promote(b, "feedback", key); err != nil {
			return err
		}
	}
	form := insight.Key("0..10", "")
	known := map[int64]bool{}
	const size = 50_000
	for from := 0; from < rows; from += size {
		var batch, sets []column.Row
		for i := from; i < min(rows, from+size); i++ {
			r, extra := makeRow(i), ratedExtra(i)
			wait, _ := strconv.Atoi(extra["wait"]) // written above
			score := 6 - float64(wait)/40
			for k := range 6 {
				rate, _ := strconv.Atoi(extra[answered+"rate_"+strconv.Itoa(k)])
				score += float64(6-k) / 12 * float64(rate-3)
			}
			if extra["team"] == "Delta" {
				score--
			}
			score = float64(int(min(10, max(0, score+float64(i%7)-1))))
			v := make([]any, len(empty))
			copy(v, empty)
			for name, value := range map[string]any{"workspace": string(ws), "id": r.id, "time": r.day * 86_400_000, "day": r.day, "month": r.month, "kind": "response", "channel": r.channel,
				"source": "bench", "survey": "relationship", "language": r.language, "touchpoint": r.touchpoint, "contact": r.contact, "contact_key": insight.Key(r.contact), "text": r.text,
				"extra": extra, "nps": score, "nps_class": class(score, 6, 9), "nps_scale": "0..10", "nps_form": form} {
				v[at[name]] = value
			}
			if len(r.label.Themes) > 0 {
				plain, mentions, holds := r.label.Sets(ws)
				v[at["theme_set"]], v[at["mention_set"]], v[at["sentiment_class"]] = plain, mentions, r.label.Sentiment
				if !known[mentions] {
					known[mentions] = true
					sets = append(sets, holds...)
				}
			}
			batch = append(batch, column.Row{Values: v})
		}
		if err := columns.Append(b, "feedback", int64(from), int64(from+len(batch)), column.Batch{Table: "feedback", Rows: batch}, column.Batch{Table: "theme_set", Rows: sets}); err != nil {
			return err
		}
	}
	fmt.Fprintf(os.Stderr, "%d answers in DuckDB after %.0f s\n", rows, time.Since(start).Seconds())
	return nil
}
