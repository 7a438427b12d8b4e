// Package app builds everything that Kolo is made of, in one place, from a configuration.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"kolo/internal/deliver"
	"kolo/internal/edge/api"
	"kolo/internal/edge/web"
	pagealerts "kolo/internal/edge/web/page/alerts"
	pagecontacts "kolo/internal/edge/web/page/contacts"
	"kolo/internal/edge/web/page/door"
	pagedrivers "kolo/internal/edge/web/page/drivers"
	"kolo/internal/edge/web/page/explore"
	pageexport "kolo/internal/edge/web/page/export"
	pagefeedback "kolo/internal/edge/web/page/feedback"
	"kolo/internal/edge/web/page/figure"
	pagehealth "kolo/internal/edge/web/page/health"
	"kolo/internal/edge/web/page/home"
	pageimports "kolo/internal/edge/web/page/imports"
	pagemodel "kolo/internal/edge/web/page/model"
	pagescan "kolo/internal/edge/web/page/scan"
	"kolo/internal/edge/web/page/settings"
	pagethemes "kolo/internal/edge/web/page/themes"
	"kolo/internal/flow"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/clickhouse"
	"kolo/internal/foundation/column/duck"
	"kolo/internal/foundation/column/follow"
	"kolo/internal/foundation/config"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/llm"
	"kolo/internal/foundation/mail"
	"kolo/internal/foundation/outbound"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/telemetry"
	"kolo/internal/foundation/webhook"
	"kolo/internal/listen/event"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/adapt"
	"kolo/internal/understand/alert"
	"kolo/internal/understand/assist"
	"kolo/internal/understand/driving"
	"kolo/internal/understand/export"
	"kolo/internal/understand/health"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/label"
	"kolo/internal/understand/population"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/scan"
	"kolo/internal/understand/text"
	"kolo/internal/understand/theme"
)

// Rows is the part of Kolo that needs no columns: what the commands use that only read and write rows, beside a server
// that may be running on the same data.
type Rows struct {
	Config   *config.Config
	Log      *slog.Logger
	Store    *store.DB
	Identity *identity.Service
	Contacts *contact.Service
	Feedback *feedback.Service
	Events   *event.Service
	Imports  *imports.Service
	Labels   *label.Service
	Themes   *theme.Service
	Assist   *assist.Service
	Adapt    *adapt.Service
	Deliver  *deliver.Service
	Scores   *health.Service // of customers

	Population *population.Service
}

// OpenRows opens the store, brings its schema up to date, and builds the domains on it.
func OpenRows(ctx context.Context, cfg *config.Config, log *slog.Logger) (*Rows, error) {
	url := string(cfg.DatabaseURL)
	if url == "" {
		url = rowsFile(cfg)
	}
	db, err := store.Open(ctx, store.Options{URL: url, Log: log})
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	r := &Rows{Config: cfg, Log: log, Store: db,
		Identity: identity.NewService(db, identity.Options{}), Contacts: contact.NewService(db), Feedback: feedback.NewService(db), Events: event.NewService(db)}
	r.Imports = imports.NewService(db, r.Feedback, log)
	mask := func(s string, names ...string) string { return text.Mask(s, text.Personal(s, "", names...)) }
	r.Imports.MaskWith(func(s string) string { return mask(s) })
	r.Contacts.MaskWith(mask)
	reader, err := reading.New()
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.Assist = assist.NewService(db, llm.New(llm.Options{URL: string(cfg.LLMURL), Key: string(cfg.LLMKey), Model: cfg.LLMModel,
		Embedding: cfg.LLMEmbedding, PerMinute: cfg.LLMPerMinute}))
	post, err := mail.New(mail.Options{URL: string(cfg.SMTPURL), From: cfg.MailFrom})
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.Deliver = deliver.NewService(db, deliver.Options{Mail: post, Base: cfg.Base(), Log: log,
		Hooks: webhook.New(webhook.Options{Guard: outbound.Guard{Allow: cfg.AllowPrivate.Contains}, Plain: len(cfg.AllowPrivate) > 0})})
	r.Themes = theme.NewService(db)
	r.Population = population.NewService(db)
	r.Adapt = adapt.NewService(db, r.Feedback, r.Themes, r.Assist, reader, log)
	r.Labels = label.NewService(db, r.Feedback, r.Adapt, log)
	r.Adapt.Use(r.Labels)
	r.Themes.OnChange(adapt.Changed)
	r.Contacts.OnMerge(feedback.Merged)
	r.Contacts.OnErase(feedback.Erased)
	r.Contacts.OnMerge(event.Merged)
	r.Contacts.OnErase(event.Erased)
	r.Contacts.OnErase(imports.Erased)
	r.Scores = health.NewService(db, r.Contacts, r.Events)
	r.Contacts.OnMerge(health.Merged)
	r.Contacts.OnErase(health.Forget)
	r.Contacts.OnErase(flow.PurgeLater)
	r.Contacts.OnWithdraw(feedback.Known, nil)
	r.Contacts.OnWithdraw(event.Known, nil)
	r.Contacts.OnWithdraw(nil, health.Forget)
	r.Imports.ForgetWith(r.Contacts.Withdraw)
	r.Feedback.OnRemove(label.Removed)
	r.Feedback.OnRemove(unquote)
	r.Feedback.OnRemove(flow.PurgeRemoved)
	return r, nil
}

// OpenColumns opens what answers questions, with its tables. In the embedded set-up it belongs to one process at a time: a
// second one gets a Conflict.
func (r *Rows) OpenColumns(ctx context.Context) (c *column.DB, err error) {
	options := column.Options{MemoryLimit: fmt.Sprintf("%dMiB", int64(r.Config.ColumnMemory)>>20), Logger: r.Log}
	if r.Config.Cluster() {
		c, err = clickhouse.Open(ctx, string(r.Config.ClickHouseURL), options)
	} else {
		c, err = duck.Open(ctx, filepath.Join(r.Config.Data, "kolo.duckdb"), options)
	}
	if err != nil {
		return nil, err
	}
	if err := c.Ensure(ctx, append(insight.Tables(), event.Table())...); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Exports writes lists to files, as far as the insights that it is given go.
func (r *Rows) Exports(i *insight.Service) *export.Service {
	return export.NewService(export.Sources{Store: r.Store, Identity: r.Identity, Contacts: r.Contacts, Feedback: r.Feedback, Events: r.Events, Imports: r.Imports, Insight: i, Population: r.Population,
		Driving: r.NewDriving(i), Scan: scan.NewService(i, r.Feedback), Labels: r.Labels, Themes: r.Themes, Health: r.Scores, Alerts: alert.NewService(r.Store, i), Outbox: deliver.Outbox{Service: r.Deliver}})
}

// NewInsight makes what answers questions, from columns or, nil, from the rows alone.
func (r *Rows) NewInsight(columns *column.DB) *insight.Service {
	s := insight.NewService(r.Store, columns, r.Feedback)
	s.Understand(understood{r.Labels}, trees{r.Themes})
	r.Identity.OnUpdated(s.Forget)
	return s
}

// NewDriving makes what finds drivers in the answers of insights.
func (r *Rows) NewDriving(i *insight.Service) *driving.Service {
	s := driving.NewService(i, r.Feedback, r.Store.Clock())
	s.Correct(understood{r.Labels}.checks)
	return s
}

// NewFeeder makes what carries feedback to the columns of insights, once it was read.
func (r *Rows) NewFeeder(i *insight.Service) *insight.Feeder {
	f := insight.NewFeeder(i, r.Log)
	f.After(label.Topic, r.Labels.UpTo)
	return f
}

// Close ends the intake and closes the store.
func (r *Rows) Close() error {
	r.Feedback.Close()
	r.Events.Close()
	return r.Store.Close()
}

// App is the whole of Kolo in one process.
type App struct {
	*Rows
	Columns     *column.DB
	Insight     *insight.Service
	Driving     *driving.Service
	Scan        *scan.Service
	Feeder      *insight.Feeder
	EventFeeder *follow.Follower
	Alerts      *alert.Service
	Jobs        *job.Runner
	Metrics     *telemetry.Metrics
	Health      *telemetry.Health

	site    *web.Site
	handler http.Handler
	stop    sync.Once
}

// Open builds everything. Nothing runs yet; see Start.
func Open(ctx context.Context, cfg *config.Config, log *slog.Logger) (*App, error) {
	rows, err := OpenRows(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	a := &App{Rows: rows, Metrics: telemetry.NewMetrics(), Health: telemetry.NewHealth(log, 5*time.Second)}
	if a.Columns, err = a.OpenColumns(ctx); err != nil {
		return nil, errors.Join(err, a.close())
	}
	a.Insight = a.NewInsight(a.Columns)
	a.Driving, a.Scan = a.NewDriving(a.Insight), scan.NewService(a.Insight, a.Feedback)
	a.Feeder = a.NewFeeder(a.Insight)
	a.Events.CountIn(a.Columns)
	a.EventFeeder = a.Events.NewFeeder(a.Columns, log)
	a.Alerts = alert.NewService(a.Store, a.Insight, demoJob, imports.Kind, imports.TakeBackKind, label.RereadKind, identity.RezoneKind)
	a.Jobs = job.New(a.Store, job.Options{Workers: cfg.Workers, Grace: cfg.Grace, Log: log, Observe: a.Metrics.Job})
	a.Jobs.Handle(demoJob, a.runDemo, job.AtMost(1))
	a.Identity.Handle(a.Jobs)
	a.Imports.Handle(a.Jobs)
	a.Assist.Handle(a.Jobs)
	a.Labels.Handle(a.Jobs)
	a.Adapt.Handle(a.Jobs)
	a.Deliver.Handle(a.Jobs)
	(&flow.Flow{Store: a.Store, Deliver: a.Deliver, Alerts: a.Alerts, Themes: a.Themes, Identity: a.Identity, Base: cfg.Base(), Log: log,
		Feedback: a.Feedback, Events: a.Events, Columns: a.Columns}).Handle(a.Jobs)
	a.Alerts.Handle(a.Jobs)
	a.Scores.Hear(a.Insight, a.fed)
	a.Scores.Handle(a.Jobs)
	a.Health.Ready("rows", a.Store.Ready)
	a.Health.Ready("columns", a.Columns.Ready)
	a.Health.Lag("texts", a.Labels.Behind)
	a.Health.Lag("columns", a.Feeder.Behind)
	a.Health.Lag("events", a.EventFeeder.Behind)
	a.Metrics.Gauge("kolo_texts_read", "Texts that this process has read.", func() float64 { return float64(a.Labels.Texts()) })
	a.Metrics.Gauge("kolo_texts_behind_rows", "Changes whose texts were not read yet.", func() float64 { return float64(a.Labels.Behind()) })
	a.Metrics.Gauge("kolo_events_behind_rows", "Changes of events that the columns lack.", func() float64 { return float64(a.EventFeeder.Behind()) })
	a.Metrics.Gauge("kolo_columns_behind_rows", "Changes that the columns lack.", func() float64 { return float64(a.Feeder.Behind()) })
	a.handler, err = a.routes()
	if err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// Rebuild empties the columns and fills them again from the rows, and tells up to which change they are. In the cluster
// set-up a server that runs may do the filling; in the embedded one none can run at the same time.
func Rebuild(ctx context.Context, cfg *config.Config, log *slog.Logger) (upTo int64, err error) {
	a, err := Open(ctx, cfg, log)
	if err != nil {
		return 0, err
	}
	if err = errors.Join(a.Feeder.Rebuild(ctx), a.EventFeeder.Rebuild(ctx)); err == nil {
		upTo, err = a.follow(ctx)
	}
	return upTo, errors.Join(err, a.close())
}

// fed tells whether the columns have all that the rows have now.
func (a *App) fed(ctx context.Context) (bool, error) {
	for stream, settled := range map[string]func(context.Context) (int64, error){"feedback": a.Feedback.Settled, "event": a.Events.Settled} {
		upTo, err := settled(ctx)
		if err != nil {
			return false, err
		}
		if mark, err := a.Columns.Watermark(ctx, stream); err != nil || mark < upTo {
			return false, err
		}
	}
	return true, nil
}

// follow waits until the columns are where the rows are now, feeding them unless another process does.
func (a *App) follow(ctx context.Context) (upTo int64, err error) {
	if upTo, err = a.Feedback.Settled(ctx); err != nil {
		return 0, err
	}
	events, err := a.Events.Settled(ctx)
	if err != nil {
		return 0, err
	}
	for {
		if _, err := a.Labels.Read(ctx); err != nil {
			return 0, err
		}
		for _, f := range []*follow.Follower{a.Feeder.Follower, a.EventFeeder} {
			if err := f.Feed(ctx); err != nil && !fault.Is(err, fault.Conflict) { // a conflict: another process was first
				return 0, err
			}
		}
		mark, err := a.Columns.Watermark(ctx, "feedback")
		if err != nil {
			return mark, err
		}
		if of, err := a.Columns.Watermark(ctx, "event"); err != nil || mark >= upTo && of >= events {
			return mark, err
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// Start runs the background work: reading texts, feeding the columns, jobs.
func (a *App) Start(ctx context.Context) error {
	if err := a.Labels.Start(ctx); err != nil {
		return err
	}
	a.Feeder.Start(ctx)
	a.EventFeeder.Start(ctx)
	return a.Jobs.Start(ctx)
}

// Stop ends the background work and closes everything. Stopping twice does no harm.
func (a *App) Stop() (err error) {
	a.stop.Do(func() {
		a.Jobs.Stop()
		a.Labels.Stop()
		a.Feeder.Stop()
		a.EventFeeder.Stop()
		err = a.close()
	})
	return err
}

func (a *App) close() error {
	var errs []error
	if a.Columns != nil {
		errs = append(errs, a.Columns.Close())
	}
	return errors.Join(append(errs, a.Rows.Close())...)
}

// Handler serves everything over HTTP.
func (a *App) Handler() http.Handler { return a.handler }

// Serve listens, says where on ready, and serves until ctx ends; then it finishes the requests at hand.
func (a *App) Serve(ctx context.Context, ready func(address string)) error {
	return a.serve(ctx, a.handler, ready)
}

// Work is Serve without pages and API: it does the background work, and serves nothing but its health and its metrics.
func (a *App) Work(ctx context.Context, ready func(address string)) error {
	return a.serve(ctx, a.observe(a.vitals()), ready)
}

// CanListen tells, before anything is opened or made, why a server could not listen.
func CanListen(cfg *config.Config) error {
	l, err := listen(cfg)
	if err != nil {
		return err
	}
	return l.Close()
}

func listen(cfg *config.Config) (net.Listener, error) {
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		msg := "cannot listen on " + cfg.Listen + ", which KOLO_LISTEN (--listen) sets"
		if errors.Is(err, syscall.EADDRINUSE) {
			msg += ": another program, or another Kolo, does already"
		} else if cause := (*net.OpError)(nil); errors.As(err, &cause) {
			msg += ": " + cause.Err.Error()
		}
		return nil, &fault.Error{Kind: fault.Conflict, Op: "app.listen", Msg: msg, Err: err}
	}
	return l, nil
}

// Exists tells whether there is an instance to work on; where there is none, opening it would make one.
func Exists(cfg *config.Config) error {
	if cfg.Cluster() {
		return nil
	}
	_, err := os.Stat(rowsFile(cfg))
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.NotFound, "app.Exists", "there is no Kolo in %s: KOLO_DATA (--data) names its folder. kolo serve, kolo admin bootstrap and kolo demo make a new one", cfg.Data)
	}
	return err
}

func rowsFile(cfg *config.Config) string { return filepath.Join(cfg.Data, "kolo.db") }

func (a *App) serve(ctx context.Context, handler http.Handler, ready func(address string)) error {
	l, err := listen(a.Config)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelDebug),
	}
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, l.Close())
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	ready("http://" + l.Addr().String())
	select {
	case err = <-failed:
	case <-ctx.Done():
		a.Health.Drain()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.Config.Grace)
		err = server.Shutdown(end)
		cancel()
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, a.Stop())
}

func (a *App) routes() (http.Handler, error) {
	exports := a.Exports(a.Insight)
	v1 := api.New(api.Services{
		Identity: a.Identity, Contacts: a.Contacts, Feedback: a.Feedback, Events: a.Events, Imports: a.Imports, Insight: a.Insight, Population: a.Population, Driving: a.Driving, Scan: a.Scan, Exports: exports, Labels: a.Labels, Themes: a.Themes, Adapt: a.Adapt, Health: a.Scores, Alerts: a.Alerts, Deliver: a.Deliver, Log: a.Log, Base: a.Config.Base(), Late: a.Feeder.Late,
		BodyLimit: int64(a.Config.BodyLimit), RowLimit: int64(a.Config.RowLimit),
	})
	site, err := web.New(web.Options{Identity: a.Identity, Clock: a.Store.Clock(), Log: a.Log, Secure: a.Config.Secure(), Late: a.Feeder.Late, Waiting: a.Alerts.Waiting})
	if err != nil {
		return nil, err
	}
	(&door.Pages{Identity: a.Identity, Demo: a.openDemo}).Register(site)
	words := figure.Words{Contacts: a.Contacts, Labels: a.Labels, Themes: a.Themes}
	(&home.Pages{Identity: a.Identity, Insight: a.Insight, Words: words}).Register(site)
	(&pagefeedback.Pages{Store: a.Store, Feedback: a.Feedback, Insight: a.Insight, Labels: a.Labels, Assist: a.Assist, Words: words}).Register(site)
	(&pagethemes.Pages{Store: a.Store, Feedback: a.Feedback, Insight: a.Insight, Labels: a.Labels, Themes: a.Themes, Adapt: a.Adapt, Words: words, Assist: a.Assist}).Register(site)
	(&pagemodel.Pages{Feedback: a.Feedback, Labels: a.Labels, Themes: a.Themes, Adapt: a.Adapt, Words: words}).Register(site)
	(&pagealerts.Pages{Alerts: a.Alerts, Insight: a.Insight, Feedback: a.Feedback, Contacts: a.Contacts, Identity: a.Identity, Words: words}).Register(site)
	(&pagedrivers.Pages{Insight: a.Insight, Driving: a.Driving}).Register(site)
	(&pagescan.Pages{Insight: a.Insight, Scan: a.Scan}).Register(site)
	(&explore.Pages{Store: a.Store, Insight: a.Insight}).Register(site)
	(&pageexport.Pages{Exports: exports}).Register(site)
	(&pageimports.Pages{Imports: a.Imports, Insight: a.Insight, Feeder: a.Feeder}).Register(site)
	(&pagecontacts.Pages{Contacts: a.Contacts, Feedback: a.Feedback, Events: a.Events, Health: a.Scores, Words: words}).Register(site)
	(&settings.Pages{Identity: a.Identity, Contacts: a.Contacts, Feedback: a.Feedback, Population: a.Population, Insight: a.Insight, Deliver: a.Deliver, Base: a.Config.Base()}).Register(site)
	(&pagehealth.Pages{Health: a.Scores, Contacts: a.Contacts}).Register(site)
	a.site = site
	mux := a.vitals()
	mux.Handle("/", site)
	mux.Handle("/v1/", v1)
	return a.observe(mux), nil
}

// vitals serve the health and the metrics of the process.
func (a *App) vitals() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", a.Health.LiveHandler())
	mux.Handle("GET /readyz", a.Health.ReadyHandler())
	mux.Handle("GET /metrics", a.metrics())
	return mux
}
