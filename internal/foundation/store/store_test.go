package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
)

func scratch(t *testing.T, db *store.DB) {
	t.Helper()
	must(t, db.Update(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec("CREATE TABLE counter (name TEXT PRIMARY KEY, value BIGINT NOT NULL, note TEXT)")
		return err
	}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestNoLostUpdateUnderSixteenWriters(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		scratch(t, db)
		must(t, db.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("INSERT INTO counter (name, value) VALUES ($1, $2)", "n", 0)
			return err
		}))
		const writers, rounds = 16, 20
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for range rounds {
					if err := db.Update(t.Context(), func(tx *store.Tx) error {
						v, err := store.One(tx, store.Value[int64], "SELECT value FROM counter WHERE name = $1", "n")
						if err != nil {
							return err
						}
						_, err = tx.Exec("UPDATE counter SET value = $2 WHERE name = $1", "n", v+1)
						return err
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		must(t, db.View(t.Context(), func(tx *store.Tx) error {
			v, err := store.One(tx, store.Value[int64], "SELECT value FROM counter")
			if v != writers*rounds {
				t.Errorf("counted %d of %d", v, writers*rounds)
			}
			return err
		}))
	})
}

func TestOneLeaseUnderSixteenClaimants(t *testing.T) {
	t.Parallel()
	storetest.EachAt(t, time.UnixMilli(1_000_000), func(t *testing.T, db *store.DB, c *clock.Fake) {
		claim := func() (held []string) {
			var mu sync.Mutex
			var wg sync.WaitGroup
			for i := range 16 {
				wg.Go(func() {
					owner := fmt.Sprint("owner ", i)
					ok, err := db.Lease(t.Context(), "feed", owner, time.Minute)
					if err != nil {
						t.Error(err)
					}
					if ok {
						mu.Lock()
						held = append(held, owner)
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			return held
		}
		first := claim()
		if len(first) != 1 {
			t.Fatalf("held by %v", first)
		}
		if again, err := db.Lease(t.Context(), "feed", first[0], time.Minute); err != nil || !again {
			t.Fatalf("not renewed: %v %v", again, err)
		}
		must(t, db.Release(t.Context(), "feed", first[0]))
		if second := claim(); len(second) != 1 {
			t.Fatalf("after release held by %v", second)
		}
	})
}

func TestLeaseEnds(t *testing.T) {
	t.Parallel()
	for _, open := range []func(testing.TB, clock.Clock) *store.DB{storetest.SQLite, storetest.Postgres} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			c := clock.NewFake(time.UnixMilli(1_000_000))
			db := open(t, c)
			if ok, err := db.Lease(t.Context(), "feed", "a", time.Minute); !ok || err != nil {
				t.Fatal(ok, err)
			}
			if ok, _ := db.Lease(t.Context(), "feed", "b", time.Minute); ok {
				t.Fatal("two hold it")
			}
			c.Advance(time.Minute)
			if ok, err := db.Lease(t.Context(), "feed", "b", time.Minute); !ok || err != nil {
				t.Fatal("an ended lease was not taken", err)
			}
		})
	}
}

func TestSettledSequenceHidesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		must(t, db.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("CREATE TABLE change (seq BIGINT PRIMARY KEY)")
			return err
		}))
		const writers, rounds = 8, 30
		var wg sync.WaitGroup
		done := make(chan struct{})
		for range writers {
			wg.Go(func() {
				for range rounds {
					if err := db.Update(t.Context(), func(tx *store.Tx) error {
						seqs, err := tx.NextSeq("feedback", 3)
						if err != nil {
							return err
						}
						rows := make([][]any, len(seqs))
						for i, s := range seqs {
							rows[i] = []any{s}
						}
						_, err = tx.InsertMany("test", "change", []string{"seq"}, rows, "")
						return err
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		go func() { wg.Wait(); close(done) }()
		// Follow as the feeder does: whatever is read up to Settled is never read again.
		seen, mark := map[int64]bool{}, int64(0)
		follow := func() {
			to, err := db.Settled(t.Context(), "feedback")
			must(t, err)
			must(t, db.View(t.Context(), func(tx *store.Tx) error {
				got, err := store.All(tx, store.Value[int64], "SELECT seq FROM change WHERE seq > $1 AND seq <= $2", mark, to)
				for _, s := range got {
					seen[s] = true
				}
				return err
			}))
			mark = to
		}
		for running := true; running; {
			select {
			case <-done:
				running = false
			default:
			}
			follow()
		}
		follow()
		if len(seen) != writers*rounds*3 {
			t.Fatalf("followed %d of %d", len(seen), writers*rounds*3)
		}
	})
}

func TestErrorsAreClassified(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		scratch(t, db)
		insert := func() error {
			return db.Update(t.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec("INSERT INTO counter (name, value) VALUES ($2, $1)", 7, "x") // parameters by number, not by place
				return err
			})
		}
		must(t, insert())
		if err := insert(); !fault.Is(err, fault.Conflict) || !errors.Is(err, store.ErrExists) {
			t.Fatalf("duplicate: %v", err)
		}
		must(t, db.View(t.Context(), func(tx *store.Tx) error {
			if v, err := store.One(tx, store.Value[int64], "SELECT value FROM counter WHERE name = $1", "x"); v != 7 {
				t.Fatalf("value = %d, %v", v, err)
			}
			_, err := store.One(tx, store.Value[int64], "/* test.none */ SELECT value FROM counter WHERE name = $1", "none")
			if !fault.Is(err, fault.NotFound) {
				t.Fatalf("no row: %v", err)
			}
			return nil
		}))
		for _, text := range []string{"a\x00b", "a\xffb"} { // of a request: no defect of ours, on either engine
			err := db.View(t.Context(), func(tx *store.Tx) error {
				_, err := store.One(tx, store.Value[int64], "SELECT value FROM counter WHERE name = $1", text)
				return err
			})
			if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", text, err)
			}
		}
		if err := db.View(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("DELETE FROM counter")
			return err
		}); err == nil {
			t.Fatal("a View wrote")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := db.Update(ctx, func(*store.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled: %v", err)
		}
	})
}

func TestRollbackLeavesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		scratch(t, db)
		boom := errors.New("boom")
		for _, end := range []func() error{func() error { return boom }, func() error { panic(boom) }} {
			func() {
				defer func() { _ = recover() }()
				_ = db.Update(t.Context(), func(tx *store.Tx) error {
					if _, err := tx.Exec("INSERT INTO counter (name, value) VALUES ($1, $2)", "gone", 1); err != nil {
						return err
					}
					return end()
				})
			}()
		}
		must(t, db.View(t.Context(), func(tx *store.Tx) error {
			n, err := store.One(tx, store.Value[int64], "SELECT count(*) FROM counter")
			if n != 0 {
				t.Errorf("%d rows after rollback", n)
			}
			return err
		}))
	})
}

func TestInsertMany(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		scratch(t, db)
		rows := make([][]any, 777)
		for i := range rows {
			rows[i] = []any{fmt.Sprint("row ", i%700), i, nil}
		}
		must(t, db.Update(t.Context(), func(tx *store.Tx) error {
			n, err := tx.InsertMany("test", "counter", []string{"name", "value", "note"}, rows, "ON CONFLICT (name) DO NOTHING")
			if n != 700 {
				t.Errorf("inserted %d", n)
			}
			return err
		}))
	})
}

func TestNotifyAfterCommitOnly(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		scratch(t, db)
		heard, stop := db.Listen("news")
		boom := errors.New("boom")
		if err := db.Update(t.Context(), func(tx *store.Tx) error { tx.Notify("news"); return boom }); !errors.Is(err, boom) {
			t.Fatal(err)
		}
		select {
		case <-heard:
			t.Fatal("heard of what was rolled back")
		default:
		}
		say := func() error {
			return db.Update(t.Context(), func(tx *store.Tx) error {
				tx.Notify("news")
				tx.Notify("other")
				_, err := tx.Exec("INSERT INTO counter (name, value) VALUES ('a', 1) ON CONFLICT (name) DO NOTHING")
				return err
			})
		}
		must(t, say())
		must(t, say()) // the second joins the first: nobody waits for a slow listener
		<-heard
		must(t, db.View(t.Context(), func(tx *store.Tx) error {
			_, err := store.One(tx, store.Value[int64], "SELECT value FROM counter WHERE name = 'a'")
			return err
		}))
		stop()
		must(t, say())
		select {
		case <-heard:
			t.Fatal("heard after stop")
		default:
		}
	})
}

func TestSixteenClaimantsShareOutTheRows(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		scratch(t, db)
		const rows = 320
		many := make([][]any, rows)
		for i := range many {
			many[i] = []any{fmt.Sprint(i), 0}
		}
		must(t, db.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.InsertMany("test", "counter", []string{"name", "value"}, many, "")
			return err
		}))
		var mu sync.Mutex
		var wg sync.WaitGroup
		taken := map[string]int{}
		for range 16 {
			wg.Go(func() {
				for {
					var got []string
					if err := db.Claim(t.Context(), func(tx *store.Tx) (err error) {
						got, err = store.All(tx, store.Value[string], `WITH picked AS MATERIALIZED
							(SELECT name FROM counter WHERE value = 0 LIMIT 5`+tx.SkipLocked()+`)
							UPDATE counter SET value = 1 WHERE name IN (SELECT name FROM picked) RETURNING name`)
						return err
					}); err != nil {
						t.Error(err)
					}
					if len(got) == 0 {
						return
					}
					mu.Lock()
					for _, name := range got {
						taken[name]++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(taken) != rows {
			t.Errorf("%d of %d were taken", len(taken), rows)
		}
		for name, n := range taken {
			if n != 1 {
				t.Errorf("%s was taken %d times", name, n)
			}
		}
	})
}

// TestUpdatesInTurnWaitForEachOther: those of one name never overlap, however they end, and lose nothing.
func TestUpdatesInTurnWaitForEachOther(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		scratch(t, db)
		must(t, db.Update(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("INSERT INTO counter (name, value) VALUES ('x', 0)")
			return err
		}))
		var inside, runs, tries atomic.Int64
		boom := errors.New("boom")
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for i := range 10 {
					ctx, cancel := context.WithCancel(t.Context())
					err := db.UpdateInTurn(ctx, "test", func(tx *store.Tx) error {
						if inside.Add(1) != 1 {
							t.Error("two at once")
						}
						left := sync.OnceFunc(func() { inside.Add(-1) })
						defer left()
						tries.Add(1)
						v, err := store.One(tx, store.Value[int64], "SELECT value FROM counter WHERE name = 'x'")
						if err != nil {
							return err
						}
						if i%5 == 3 {
							return boom
						}
						if i%5 == 4 { // its connection ends, and with that its turn, which may be before the next line returns
							left()
							cancel()
						}
						_, err = tx.Exec("UPDATE counter SET value = $1 WHERE name = 'x'", v+1)
						return err
					})
					cancel()
					switch {
					case err == nil:
						runs.Add(1)
					case !errors.Is(err, boom) && !errors.Is(err, context.Canceled):
						t.Errorf("%d of %d: %v", i, w, err)
					}
				}
			})
		}
		wg.Wait()
		must(t, db.View(t.Context(), func(tx *store.Tx) error {
			v, err := store.One(tx, store.Value[int64], "SELECT value FROM counter WHERE name = 'x'")
			if v != runs.Load() || v < 48 || tries.Load() > 80 {
				t.Errorf("%d kept, %d told so, %d tries", v, runs.Load(), tries.Load())
			}
			return err
		}))
	})
}
