package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"kolo/internal/foundation/store"
	"kolo/internal/understand/reading"
)

// understand measures how fast texts of the demo company that lie in the rows are understood and visible in questions, by
// the processor time that the server takes for all of it, and what a sender feels meanwhile.
func (b *bench) understand(feedback int) error {
	data := filepath.Join(b.dir, "understood")
	env, key, err := b.bootstrap("understood")
	if err != nil {
		return err
	}
	demo := exec.CommandContext(b, b.bin, "demo", "--feedback", strconv.Itoa(feedback))
	demo.Env = env
	if out, err := demo.CombinedOutput(); err != nil {
		return fmt.Errorf("demo: %w: %s", err, out)
	}
	if err := b.forgetEvents(filepath.Join(data, "kolo.db")); err != nil {
		return err
	}
	alone, err := readAlone(b, filepath.Join(data, "kolo.db"))
	if err != nil {
		return err
	}
	server := exec.CommandContext(b, b.bin, "serve")
	server.Env = append(env, "KOLO_LOG_LEVEL=info")
	at, err := start(server)
	if err != nil {
		return err
	}
	defer stop(server)
	begin, before := time.Now(), processor(server.Process.Pid)
	var waits []time.Duration
	begun := false // the server has looked at what there is to do
	for n := 0; ; n++ {
		sent := time.Now()
		body := fmt.Sprintf(`{"source": "bench", "external_id": "u%d", "scores": [{"metric": "nps", "value": 9, "scale": {"min": 0, "max": 10}}]}`, n)
		r, err := http.NewRequestWithContext(b, http.MethodPost, "http://"+at+"/v1/feedback", bytes.NewReader([]byte(body)))
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusCreated {
			return fmt.Errorf("a piece of feedback was answered with %s", res.Status)
		}
		waits = append(waits, time.Since(sent))
		time.Sleep(20 * time.Millisecond)
		if n%25 == 24 {
			texts, columns, err := behind(at)
			if err != nil {
				return err
			}
			begun = begun || columns > 100
			if begun && texts < 100 && columns < 100 { // what the bench sends itself is always a little behind
				break
			}
		}
	}
	wall, spent := time.Since(begin), processor(server.Process.Pid)-before
	texts, err := metric(at, "kolo_texts_read")
	if err != nil {
		return err
	}
	rate := texts / spent.Seconds()
	b.add(line{fmt.Sprintf("understanding %.0f texts of %d pieces of feedback until questions see them", texts, feedback),
		fmt.Sprintf("%.0f texts/s a core, %.0f/s in all", rate, texts/wall.Seconds()), "12,000 a core",
		fmt.Sprintf("%.0f/s read and not kept: %.2f of that", alone, rate/alone), rate >= 12_000})
	slices.Sort(waits)
	p99 := waits[len(waits)*99/100]
	b.add(line{"POST /v1/feedback meanwhile, one sender", fmt.Sprintf("p99 %.1f ms", float64(p99.Microseconds())/1000), "50 ms", "", p99 < 50*time.Millisecond})
	return nil
}

// readAlone tells how many of the first texts that lie in the rows are read in a second of processor time when nothing is done
// with what is understood: the most that reading and keeping them could reach on this machine now.
func readAlone(ctx context.Context, path string) (float64, error) {
	db, err := store.Open(ctx, store.Options{URL: path})
	if err != nil {
		return 0, err
	}
	var texts []string
	err = errors.Join(db.View(ctx, func(tx *store.Tx) (err error) {
		texts, err = store.All(tx, store.Value[string], "/* bench.readAlone */ SELECT text FROM feedback WHERE text <> '' ORDER BY seq LIMIT 20000")
		return err
	}), db.Close())
	if err != nil {
		return 0, err
	}
	r, err := reading.New()
	if err != nil {
		return 0, err
	}
	for _, t := range texts[:min(1000, len(texts))] { // the models are unpacked when they are first read in
		r.Read(t, "")
	}
	before := processor(os.Getpid())
	for _, t := range texts {
		r.Read(t, "")
	}
	return float64(len(texts)) / (processor(os.Getpid()) - before).Seconds(), nil
}

// forgetEvents removes what the demo's customers did: it would be carried to the columns in the same time, and nobody reads it for what it says.
func (b *bench) forgetEvents(path string) error {
	db, err := store.Open(b, store.Options{URL: path})
	if err != nil {
		return err
	}
	return errors.Join(db.Update(b, func(tx *store.Tx) error {
		_, err := tx.Exec("/* bench.forgetEvents */ DELETE FROM event")
		return err
	}), db.Close())
}

// processor is the time that a process has had of all processors.
func processor(pid int) time.Duration {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := bytes.Cut(b, []byte(") "))
	f := strings.Fields(string(rest))
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(f[11], 10, 64)
	system, _ := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond // in ticks of a hundredth of a second
}

func behind(at string) (texts, columns float64, err error) {
	if texts, err = metric(at, "kolo_texts_behind_rows"); err != nil {
		return 0, 0, err
	}
	columns, err = metric(at, "kolo_columns_behind_rows")
	return texts, columns, err
}

// metric reads a number that the server tells of itself.
func metric(at, name string) (float64, error) {
	res, err := http.Get("http://" + at + "/metrics")
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	for l := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(l, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(rest), 64)
		}
	}
	return 0, fmt.Errorf("the server does not tell %s", name)
}
