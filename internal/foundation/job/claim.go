package job

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"kolo/internal/foundation/store"
)

// claims takes jobs whenever a worker is free and one is due, until the runner is to stop.
func (r *Runner) claims(ctx context.Context) {
	heard, deaf := r.db.Listen(topic)
	defer deaf()
	var looked time.Time // for jobs that the dead left behind
	for failures := 0; ; {
		var err error
		if time.Since(looked) >= r.o.Lease/2 {
			if err = r.takeOver(ctx); err == nil {
				looked = time.Now()
			}
		}
		wait := r.o.Poll
		if err == nil {
			wait, err = r.schedule(ctx)
		}
		if err == nil {
			var due time.Duration
			due, err = r.fill(ctx)
			wait = min(wait, due)
		}
		if failures++; err == nil {
			failures = 0
		} else {
			wait = min(r.o.Poll<<min(failures, 6), time.Minute)
			r.log.ErrorContext(ctx, "jobs cannot be claimed", "error", err, "retry_in", wait)
		}
		timer := time.NewTimer(max(wait, time.Millisecond))
		select {
		case <-heard:
		case <-r.freed:
		case <-timer.C:
		case <-r.stopping:
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// fill claims and starts jobs until the workers are all at work or nothing is due. It tells how long to wait before
// looking again.
func (r *Runner) fill(ctx context.Context) (time.Duration, error) {
	for {
		select {
		case <-r.stopping:
			return r.o.Poll, nil
		default:
		}
		free, kinds := r.room()
		if free == 0 || len(kinds) == 0 {
			return r.o.Poll, nil // a worker that becomes free says so
		}
		pairs, next, err := r.due(ctx, kinds, free)
		if err != nil {
			return 0, err
		}
		if len(pairs) == 0 {
			return next, nil
		}
		n, err := r.claim(ctx, r.turn.plan(pairs, kinds, free))
		if err != nil {
			return 0, err
		}
		if n == 0 { // others were faster, and may have left something
			return rand.N(50 * time.Millisecond), nil
		}
	}
}

// room tells how many workers are free, and how many of them each kind may take.
func (r *Runner) room() (int, map[Kind]int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	free := r.o.Workers - len(r.running)
	kinds := map[Kind]int{}
	for kind, h := range r.handlers {
		n := free
		if h.atMost > 0 {
			n = min(n, h.atMost-h.running)
		}
		if n > 0 {
			kinds[kind] = n
		}
	}
	return free, kinds
}

// pair is a workspace that waits for a job of a kind.
type pair struct {
	workspace string
	kind      Kind
}

// due lists workspaces with jobs that are due, at most so many of each kind, from the one whose turn is next; or else how
// long to wait for the next job.
func (r *Runner) due(ctx context.Context, kinds map[Kind]int, limit int) (pairs []pair, wait time.Duration, err error) {
	err = r.db.View(ctx, func(tx *store.Tx) error {
		pairs, wait = nil, r.o.Poll
		names := make([]Kind, 0, len(kinds))
		for kind := range kinds {
			names = append(names, kind)
		}
		slices.Sort(names) // the same text each time
		var b strings.Builder
		b.WriteString("/* job.due */ SELECT k.kind, (SELECT run_at FROM job WHERE state = 'queued' AND kind = k.kind ORDER BY run_at LIMIT 1) FROM (")
		for i := range names {
			if i > 0 {
				b.WriteString(" UNION ALL ")
			}
			b.WriteString("SELECT CAST(" + strings.Trim(store.In(i, 1), "()") + " AS TEXT) AS kind")
		}
		b.WriteString(") k")
		type first struct {
			kind Kind
			at   *int64
		}
		firsts, err := store.All(tx, func(s store.Scanner) (f first, err error) { return f, s.Scan(&f.kind, &f.at) }, b.String(), store.Anys(names)...)
		if err != nil {
			return err
		}
		for _, f := range firsts {
			if f.at == nil {
				continue
			}
			if *f.at > tx.Millis() {
				wait = min(wait, time.Duration(*f.at-tx.Millis())*time.Millisecond)
				continue
			}
			spaces, err := waiting(tx, f.kind, r.turn.last, ">", limit)
			if err == nil && len(spaces) < limit { // round to the beginning
				var more []string
				more, err = waiting(tx, f.kind, "", ">=", limit)
				spaces = append(spaces, slices.DeleteFunc(more, func(w string) bool { return w > r.turn.last })...)
			}
			if err != nil {
				return err
			}
			for _, w := range spaces {
				pairs = append(pairs, pair{w, f.kind})
			}
		}
		return nil
	})
	return pairs, wait, err
}

// waiting hops along the index from one workspace to the next, so that ten thousand jobs of one cost no more than one.
func waiting(tx *store.Tx, kind Kind, from, beyond string, limit int) ([]string, error) {
	return store.All(tx, store.Value[string], `/* job.waiting */ WITH RECURSIVE space (w) AS (
			SELECT min(workspace) FROM job WHERE state = 'queued' AND kind = $1 AND workspace `+beyond+` $2
			UNION ALL
			SELECT (SELECT min(workspace) FROM job WHERE state = 'queued' AND kind = $1 AND workspace > space.w) FROM space WHERE space.w IS NOT NULL)
		SELECT w FROM space WHERE w IS NOT NULL
			AND (SELECT min(run_at) FROM job WHERE state = 'queued' AND kind = $1 AND workspace = space.w) <= $3 LIMIT $4`,
		string(kind), from, tx.Millis(), limit)
}

// turn remembers who was served last: workspaces take turns, and within a workspace kinds do.
type turn struct {
	last   string         // workspace
	served map[Kind]int64 // when, in turns
	count  int64
}

// plan shares out the free workers among those who wait. room is how many each kind may take.
func (t *turn) plan(pairs []pair, room map[Kind]int, free int) map[pair]int {
	waits := map[string][]Kind{}
	var spaces []string
	for _, p := range pairs {
		if waits[p.workspace] == nil {
			spaces = append(spaces, p.workspace)
		}
		waits[p.workspace] = append(waits[p.workspace], p.kind)
	}
	slices.Sort(spaces)
	if i, _ := slices.BinarySearch(spaces, t.last+"\x00"); i < len(spaces) {
		spaces = append(spaces[i:], spaces[:i]...)
	}
	plan, taken := map[pair]int{}, map[Kind]int{}
	for progress := true; progress; {
		progress = false
		for _, w := range spaces {
			if free == 0 {
				return plan
			}
			var best Kind
			for _, k := range waits[w] {
				if taken[k] < room[k] && (best == "" || t.served[k] < t.served[best]) {
					best = k
				}
			}
			if best == "" {
				continue
			}
			t.count++
			t.served[best], t.last = t.count, w
			plan[pair{w, best}]++
			taken[best]++
			free--
			progress = true
		}
	}
	return plan
}

// claim takes what the plan says, as far as it is still there, and starts it.
func (r *Runner) claim(ctx context.Context, plan map[pair]int) (int, error) {
	r.claiming.Lock()
	defer r.claiming.Unlock()
	var got []Job
	if err := r.db.Claim(ctx, func(tx *store.Tx) error {
		got = got[:0]
		if err := r.renew(tx); err != nil {
			return err
		}
		for p, n := range plan {
			jobs, err := store.All(tx, scanJob, `/* job.claim */ WITH picked AS MATERIALIZED (
					SELECT id FROM job WHERE state = 'queued' AND kind = $1 AND workspace = $2 AND run_at <= $3
					ORDER BY run_at, id LIMIT $4`+tx.SkipLocked()+`)
				UPDATE job SET state = 'running', worker = $5, attempt = attempt + 1, started_at = CASE WHEN started_at = 0 THEN $3 ELSE started_at END
				WHERE id IN (SELECT id FROM picked) RETURNING `+jobColumns, string(p.kind), p.workspace, tx.Millis(), n, r.id)
			if err != nil {
				return err
			}
			got = append(got, jobs...)
		}
		return nil
	}); err != nil {
		return 0, err // should the commit have been done all the same, takeOver finds them
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, j := range got {
		r.start(ctx, j)
	}
	return len(got), nil
}

// renew promises that this worker lives for another lease.
func (r *Runner) renew(tx *store.Tx) error {
	_, err := tx.Exec("/* job.renew */ INSERT INTO job_worker (id, until) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET until = excluded.until",
		r.id, tx.Now.Add(r.o.Lease).UnixMilli())
	return err
}
