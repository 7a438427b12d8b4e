package label

import (
	"fmt"
	"slices"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/reading"
)

var columns = []string{"workspace", "feedback", "hash", "copy_key", "language", "sentiment", "score", "confidence", "unsure", "detail", "corrected", "model", "read_at"}

const selectLabel = "SELECT workspace, feedback, hash, copy_key, language, sentiment, score, confidence, unsure, detail, corrected, model, read_at FROM label"

func (l *Label) values() []any {
	return []any{string(l.Workspace), string(l.Feedback), l.Hash, l.Copy, l.Language, int(l.Sentiment), short(l.Score), short(l.Confidence), number(l.Unsure),
		detailOf(l.Reading), number(l.Corrected), l.Model, l.At.UnixMilli()}
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func scan(s store.Scanner) (Label, error) { return scanWith(s, readDetail) }

// scanBrief leaves clauses out.
func scanBrief(s store.Scanner) (Label, error) { return scanWith(s, readThemes) }

func scanWith(s store.Scanner, detail func(string, *reading.Reading) error) (l Label, err error) {
	var sentiment, unsure, corrected int
	var text string
	var at int64
	if err := s.Scan(&l.Workspace, &l.Feedback, &l.Hash, &l.Copy, &l.Language, &sentiment, &l.Score, &l.Confidence, &unsure, &text, &corrected, &l.Model, &at); err != nil {
		return l, err
	}
	if err := detail(text, &l.Reading); err != nil {
		return l, fmt.Errorf("label of feedback %s: %w", l.Feedback, err)
	}
	l.Sentiment, l.Unsure, l.Corrected, l.At = reading.Sentiment(sentiment), unsure != 0, corrected != 0, time.UnixMilli(at).UTC()
	return l, nil
}

func of(tx *store.Tx, ws identity.WorkspaceID, ids []feedback.ID) (map[feedback.ID]Label, error) {
	list, err := listOf(tx, ws, ids, scan)
	if err != nil {
		return nil, err
	}
	out := make(map[feedback.ID]Label, len(list))
	for _, l := range list {
		out[l.Feedback] = l
	}
	return out, nil
}

func listOf(tx *store.Tx, ws identity.WorkspaceID, ids []feedback.ID, scan func(store.Scanner) (Label, error)) ([]Label, error) {
	out := make([]Label, 0, len(ids))
	for list := range slices.Chunk(ids, 500) {
		got, err := store.All(tx, scan, "/* label.of */ "+selectLabel+" WHERE workspace = $1 AND feedback IN "+store.In(1, len(list)), append([]any{string(ws)}, store.Anys(list)...)...)
		if err != nil {
			return nil, err
		}
		out = append(out, got...)
	}
	return out, nil
}

// upTo is the number before the first range that is being read.
func upTo(tx *store.Tx) (int64, error) {
	return store.One(tx, store.Value[int64], `/* label.upTo */ SELECT coalesce((SELECT min(first_seq) - 1 FROM label_claim), (SELECT seq FROM label_frontier WHERE one = 1))`)
}

// claim is a range of numbers of change that one process reads.
type claim struct{ first, last int64 }

// take gives the caller a range to read, up to settled: one whose reader was silent for too long, or the next. ok is false
// when there is nothing to do.
func take(tx *store.Tx, owner string, settled, size int64) (c claim, ok bool, err error) {
	until := tx.Now.Add(hold).UnixMilli()
	old, err := store.One(tx, func(s store.Scanner) (c claim, err error) { return c, s.Scan(&c.first, &c.last) },
		"/* label.take */ SELECT first_seq, last_seq FROM label_claim WHERE until <= $1 ORDER BY first_seq LIMIT 1", tx.Millis())
	switch {
	case err == nil:
		_, err = tx.Exec("/* label.take */ UPDATE label_claim SET owner = $2, until = $3 WHERE first_seq = $1", old.first, owner, until)
		return old, err == nil, err
	case !fault.Is(err, fault.NotFound):
		return c, false, err
	}
	at, err := store.One(tx, store.Value[int64], "/* label.take */ SELECT seq FROM label_frontier WHERE one = 1")
	if err != nil || at >= settled {
		return c, false, err
	}
	c = claim{at + 1, min(at+size, settled)}
	if _, err := tx.Exec("/* label.take */ UPDATE label_frontier SET seq = $1 WHERE one = 1", c.last); err != nil {
		return c, false, err
	}
	_, err = tx.Exec("/* label.take */ INSERT INTO label_claim (first_seq, last_seq, owner, until) VALUES ($1, $2, $3, $4)", c.first, c.last, owner, until)
	return c, err == nil, err
}

// errLost says that the range was given to another reader meanwhile: what this one has read is not written.
var errLost = fault.New(fault.Conflict, "label.advance", "another process reads these texts now")

// advance takes from a claim what was read, in the transaction that writes it: all up to a number. What is left is the
// owner's for another while.
func advance(tx *store.Tx, owner string, c claim, to int64) error {
	var n int64
	var err error
	if to < c.last {
		n, err = tx.Exec("/* label.advance */ UPDATE label_claim SET first_seq = $3, until = $4 WHERE first_seq = $1 AND owner = $2", c.first, owner, to+1, tx.Now.Add(hold).UnixMilli())
	} else {
		n, err = tx.Exec("/* label.advance */ DELETE FROM label_claim WHERE first_seq = $1 AND owner = $2", c.first, owner)
	}
	if err == nil && n == 0 {
		return errLost
	}
	return err
}

// write keeps labels, in the place of earlier ones.
func write(tx *store.Tx, labels []Label) error {
	if len(labels) == 0 {
		return nil
	}
	rows := make([][]any, len(labels))
	for i := range labels {
		rows[i] = labels[i].values()
	}
	_, err := tx.InsertMany("label.write", "label", columns, rows, `ON CONFLICT (workspace, feedback) DO UPDATE SET hash = excluded.hash, copy_key = excluded.copy_key,
		language = excluded.language, sentiment = excluded.sentiment, score = excluded.score, confidence = excluded.confidence, unsure = excluded.unsure,
		detail = excluded.detail, corrected = excluded.corrected, model = excluded.model, read_at = excluded.read_at`)
	return err
}
