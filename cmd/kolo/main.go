// Command kolo is the whole of Kolo: the server and the tools around it.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"kolo/internal/foundation/config"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/telemetry"
	"kolo/internal/understand/eval"
	"kolo/internal/understand/export"
)

// cli is what can be typed: a command each has a file of its own.
type cli struct {
	config.Flags `embed:""`

	Serve      serveCommand      `cmd:"" help:"Serve the pages and the API, and do the background work."`
	Worker     workerCommand     `cmd:"" help:"Do background work alone, beside the servers of a cluster."`
	Demo       demoCommand       `cmd:"" help:"Make the demo company: two years of feedback in four languages, with planted truth."`
	Import     importCommand     `cmd:"" help:"Import a file of feedback: CSV, XLSX or NDJSON."`
	Events     eventsCommand     `cmd:"" help:"Take in what customers did: messages of the track, identify, group, page or screen format as NDJSON."`
	Export     exportCommand     `cmd:"" help:"Export a list or an answer: CSV, XLSX, NDJSON or Parquet."`
	Understand understandCommand `cmd:"" help:"Read texts as NDJSON (text, optional language) on standard input and write what was understood, a line each. A line that cannot be read, be it empty, is answered with the reason, and the command fails in the end."`
	Themes     themesCommand     `cmd:"" help:"Find out what texts are about."`
	Eval       evalCommand       `cmd:"" help:"Measure how well texts are understood, and train the models."`
	Admin      adminCommand      `cmd:"" help:"Set up without a browser."`
	Config     configCommand     `cmd:"" help:"Print the settings, with where each comes from and its default; secrets redacted."`
	Migrate    migrateCommand    `cmd:"" help:"Bring the schema of the database up to date, as serve does by itself."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

func main() {
	// What lives is small beside what requests and rows make: collecting at three times of it costs little memory and saves
	// much work.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// env is what every command gets.
type env struct {
	context.Context
	config *config.Config
	log    *slog.Logger
}

func run(ctx context.Context, args []string) int {
	var c cli
	parser, err := kong.New(&c, kong.Name("kolo"), kong.ShortUsageOnError(), kong.Vars{"lists": strings.Join(export.Names(), ", "), "sections": eval.SectionNames()},
		kong.Description("Kolo: the voice of the customer, brought full circle."), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(os.Stderr, "kolo:", err)
		return 2
	}
	k, err := parser.Parse(args)
	if err != nil {
		parser.FatalIfErrorf(err)
	}
	cfg, warnings, err := config.Load(os.Environ(), c.Flags)
	if err != nil {
		return fail(err)
	}
	log := telemetry.NewLogger(os.Stderr, cfg.LogLevel, cfg.LogFormat)
	slog.SetDefault(log)
	for _, w := range warnings {
		log.Warn(w)
	}
	if err := k.Run(&env{ctx, cfg, log}); err != nil && !errors.Is(err, context.Canceled) {
		return fail(err)
	}
	return 0
}

// fail says what is wrong: at the command line the whole of it, for whoever types here administers Kolo.
func fail(err error) int {
	var f *fault.Error
	if errors.As(err, &f) && f.Kind != fault.Internal {
		fmt.Fprintln(os.Stderr, "kolo:", f.Msg)
		for _, field := range f.Fields {
			if field.Msg == f.Msg {
				continue // it was said
			}
			fmt.Fprintf(os.Stderr, "  %s: %s\n", field.Path, field.Msg)
		}
		return 1
	}
	fmt.Fprintln(os.Stderr, "kolo:", telemetry.Redact(err.Error()))
	return 1
}

// atFlags names what is wrong with fields by the flags that they were given with.
func atFlags(err error, flags map[string]string) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	named := *f
	named.Fields = slices.Clone(f.Fields)
	for i, x := range named.Fields {
		named.Fields[i].Path = cmp.Or(flags[x.Path], x.Path)
	}
	return &named
}
