// Command bench measures what is claimed of Kolo's speed (docs/architecture.md, "What fast means"), each beside a limit or
// a peer in the same run, because absolute times on a shared machine mislead. It needs KOLO_TEST_POSTGRES_URL for the peer:
//
//	go run ./test/servers -- go run ./test/bench
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"text/tabwriter"
)

// line is one measurement.
type line struct {
	what, measured, limit, peer string
	ok                          bool
}

type bench struct {
	context.Context
	bin, dir string
	seconds  int
	lines    []line
}

func main() {
	rows := flag.Int("rows", 10_000_000, "rows that the questions go over")
	seconds := flag.Int("seconds", 10, "how long each load lasts")
	imported := flag.Int("import", 500_000, "rows of the file that is imported")
	read := flag.Int("read", 1_000_000, "pieces of feedback whose texts are understood")
	data := flag.String("data", os.Getenv("KOLO_EVAL_DATA"), "folder of data sets: how well texts are understood is measured too")
	planted := flag.Int("truth", 1_000_000, "pieces of feedback in which what was planted is looked for")
	only := flag.String("only", "", "ingest, understand, questions, drivers, stat, truth or eval alone")
	empty := flag.Bool("empty", false, "serve an empty handler: the peer of the ingest (used by the program itself)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *empty {
		serveEmpty()
		return
	}
	b := &bench{Context: ctx, seconds: *seconds}
	if err := b.run(*rows, *imported, *read, *planted, *only, *data); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run(rows, imported, read, planted int, only, data string) error {
	var err error
	if b.dir, err = os.MkdirTemp("", "kolo-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	b.bin = filepath.Join(b.dir, "kolo")
	build := exec.CommandContext(b, "go", "build", "-o", b.bin, "kolo/cmd/kolo")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		run  func() error
	}{
		{"ingest", func() error { return b.ingest(imported) }}, {"understand", func() error { return b.understand(read) }}, {"questions", func() error { return b.questions(rows) }}, {"drivers", b.drivers}, {"stat", b.statistics},
		{"truth", func() error { return b.truth(planted) }},
	} {
		if only == "" || only == part.name {
			if err := part.run(); err != nil {
				return fmt.Errorf("%s: %w", part.name, err)
			}
		}
	}
	if data != "" && (only == "" || only == "eval") {
		eval := exec.CommandContext(b, b.bin, "eval", "--data", data)
		eval.Stdout, eval.Stderr = os.Stdout, os.Stderr
		if err := eval.Run(); err != nil {
			return fmt.Errorf("eval: %w", err)
		}
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 3, ' ', 0)
	fmt.Fprintln(w, "\nWHAT\tMEASURED\tLIMIT\t\tPEER IN THE SAME RUN")
	for _, l := range b.lines {
		verdict := "ok"
		switch {
		case l.limit == "":
			verdict = ""
		case !l.ok:
			verdict = "MISSED"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", l.what, l.measured, l.limit, verdict, l.peer)
	}
	return w.Flush()
}

func (b *bench) add(l line) {
	b.lines = append(b.lines, l)
	fmt.Fprintf(os.Stderr, "%s: %s (limit %s) %s\n", l.what, l.measured, l.limit, l.peer)
}
