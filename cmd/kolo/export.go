package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kolo/internal/app"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/table"
	"kolo/internal/people/identity"
	"kolo/internal/understand/export"
)

type exportCommand struct {
	List      string `arg:"" enum:"${lists}" help:"What to export: ${lists}."`
	Workspace string `short:"w" help:"Name, slug or id of the workspace; the only one by default."`
	Output    string `short:"o" type:"path" placeholder:"FILE" help:"The file to write, which appears when it is whole; standard output by default."`
	Format    string `enum:",csv,xlsx,ndjson,parquet" default:"" placeholder:"FORMAT" help:"csv, xlsx, ndjson or parquet; as the file's name says by default, or csv."`

	Where []string `sep:"none" placeholder:"NAME=VALUE" help:"What to choose, as an address has it: channel=web, nps.gte=9, attribute.country=IL; for an answer also measure=nps, by=channel, bucket=week."`
	Last  string   `placeholder:"PERIOD" help:"90d, 12w, 6m or 2y up to today."`
	From  string   `placeholder:"DAY" help:"First day (2026-01-31) or instant (RFC 3339)."`
	To    string   `placeholder:"DAY" help:"Last day, included, or instant, excluded."`
	Query string   `placeholder:"ADDRESS" help:"What to choose as the address of a page has it behind its question mark, instead of --where."`

	BOM bool `name:"bom" help:"Begin a CSV file with the mark without which Excel does not read it as UTF-8."`
}

func (c exportCommand) Run(e *env) error {
	request, err := c.request()
	if err != nil {
		return err
	}
	r, err := openExisting(e)
	if err != nil {
		return err
	}
	defer r.Close()
	ws, err := findWorkspace(e, r, c.Workspace)
	if err != nil {
		return err
	}
	request.Workspace, request.Actor = ws.ID, identity.Program(ws.ID, "command line")
	var columns *column.DB
	if l, _ := export.Find(c.List); l.Columns {
		if columns, err = openColumns(e, r); err != nil {
			return err
		}
		defer columns.Close()
	}
	insights := r.NewInsight(columns)
	if columns != nil && !e.config.Cluster() { // no server is running that would
		if _, err := r.Labels.Read(e); err != nil {
			return err
		}
		if err := r.NewFeeder(insights).Feed(e); err != nil {
			return err
		}
	}
	var rows int64
	start, progress := time.Now(), newProgress(os.Stderr)
	options := []table.WriterOption{table.WithCount(func(n int64) {
		rows = n
		progress.wrote(n)
	})}
	if c.BOM {
		options = append(options, table.WithBOM())
	}
	write := func(w io.Writer) error { return r.Exports(insights).Write(e, w, request, options...) }
	if c.toFile() {
		err = writeWhole(c.Output, write)
	} else {
		err = buffered(os.Stdout, write)
	}
	progress.end()
	switch {
	case e.Err() != nil:
		return fault.New(fault.Conflict, "export", "stopped after %d rows: what was written is not whole", rows)
	case err != nil:
		return err
	}
	fmt.Fprintf(os.Stderr, "%s: %d rows in %s\n", c.List, rows, time.Since(start).Round(time.Millisecond))
	return nil
}

func (c exportCommand) toFile() bool { return c.Output != "" && c.Output != "-" }

// request makes what is asked for of what was typed.
func (c exportCommand) request() (r export.Request, err error) {
	r = export.Request{List: c.List, Format: table.Format(c.Format)}
	if r.Format == "" && c.toFile() {
		ending := table.Format(strings.TrimPrefix(strings.ToLower(filepath.Ext(c.Output)), "."))
		if table.Extension(ending) == "" {
			return r, fault.New(fault.Invalid, "export", "%s does not end in .csv, .xlsx, .ndjson or .parquet: say which with --format", filepath.Base(c.Output))
		}
		r.Format = ending
	}
	r.Format = cmp.Or(r.Format, table.CSV)
	if info, err := os.Stdout.Stat(); !c.toFile() && (r.Format == table.XLSX || r.Format == table.Parquet) && err == nil && info.Mode()&os.ModeCharDevice != 0 {
		return r, fault.New(fault.Invalid, "export", "a terminal cannot show %s: name a file with -o", r.Format)
	}
	if r.Filter, err = url.ParseQuery(strings.TrimPrefix(c.Query, "?")); err != nil {
		return r, fault.New(fault.Invalid, "export", "--query cannot be read: %v", err)
	}
	for _, w := range c.Where {
		name, value, ok := strings.Cut(w, "=")
		if !ok || name == "" {
			return r, fault.New(fault.Invalid, "export", "--where %q is not NAME=VALUE", w)
		}
		r.Filter.Add(name, value)
	}
	for name, value := range map[string]string{"last": c.Last, "from": c.From, "to": c.To} {
		if value != "" {
			r.Filter.Set(name, value)
		}
	}
	return r, nil
}

// openColumns opens what answers questions; where a server has it, it says how to ask that.
func openColumns(e *env, r *app.Rows) (*column.DB, error) {
	columns, err := r.OpenColumns(e)
	if fault.Is(err, fault.Conflict) && !e.config.Cluster() {
		return nil, fault.New(fault.Conflict, "export", "%s. Ask the server instead: GET /v1/exports/answer; all other lists can be exported beside it", fault.ProblemOf(err).Detail)
	}
	return columns, err
}

// buffered writes large pieces instead of small ones.
func buffered(w io.Writer, write func(io.Writer) error) error {
	b := bufio.NewWriterSize(w, 1<<20)
	if err := write(b); err != nil {
		return err
	}
	return b.Flush()
}

// writeWhole writes a file under another name beside it, and gives it its own when it is whole and on the disk: what was
// there before stays until then. Only the owner may read it, for it holds customers' data.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // a pipe or a device is written to
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		return buffered(f, write)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".part-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if err := buffered(f, write); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// wrote shows how many rows are written.
func (p *progress) wrote(n int64) {
	now := time.Now()
	if p.w == nil || p.shown && now.Sub(p.last) < 200*time.Millisecond {
		return
	}
	if !p.shown {
		p.began, p.shown = now, true
	}
	p.last = now
	fmt.Fprintf(p.w, "\r\x1b[K%d rows, %.0f rows/s", n, float64(n)/max(now.Sub(p.began).Seconds(), 0.001))
}
