package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"kolo/internal/app"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/imports"
	"kolo/internal/people/identity"
)

type importCommand struct {
	File      string `arg:"" type:"existingfile" help:"The file: CSV, XLSX or NDJSON."`
	Workspace string `short:"w" help:"Name, slug or id of the workspace; the only one by default."`

	Map     []string `sep:"none" placeholder:"COLUMN=TARGET" help:"What becomes of a column: text, time, time:dmy, external_id, contact.email, attribute:KEY, answer:QUESTION, ignore ..."`
	Score   []string `sep:"none" placeholder:"COLUMN=METRIC:LOW..HIGH" help:"A column that is a score: \"q1=csat:1..5\", \"nps=nps:0..10\"; 5..1 where lower is better."`
	Mapping string   `type:"existingfile" help:"A mapping as the API has it, in a JSON file, instead of the guess."`

	Source     string `help:"The source of this feedback; \"import: FILE\" by default. Rows of the same source and external id are taken once."`
	Channel    string `help:"The channel of rows that name none; import by default."`
	Kind       string `help:"The kind of rows that name none: response, review, mention, message, complaint, note, audit."`
	Language   string `help:"The language of rows that name none."`
	Touchpoint string `help:"The touchpoint of rows that name none."`
	Zone       string `help:"The time zone of times without one; the workspace's by default."`
	Country    string `help:"The country of phone numbers without its code, such as IL; the workspace's by default."`

	Encoding  string `help:"How the text is encoded (utf-8, windows-1255 ...); found out by default."`
	Delimiter string `help:"What separates the cells of a CSV file, or tab; found out by default."`
	Sheet     string `help:"The sheet of a workbook; the first by default."`
	Header    string `enum:"auto,yes,no" default:"auto" help:"Whether the first row names the columns: auto, yes, no."`

	DryRun         bool   `help:"Show what would be imported, and change nothing."`
	Resume         bool   `help:"Go on with the interrupted import of this file."`
	Refused        string `type:"path" placeholder:"FILE" help:"Write the rows that were refused, with the reasons, to a CSV file."`
	AcceptRefusals bool   `help:"Exit with 0 even when rows were refused."`
}

func (c importCommand) Run(e *env) error {
	options, err := c.options()
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
	actor := identity.Program(ws.ID, "command line")
	progress := newProgress(os.Stderr)
	options.Progress = progress.show
	options.Confirm = func(im imports.Import, p imports.Preview) (bool, error) {
		if c.DryRun {
			return false, describeImport(os.Stdout, ws, im, p)
		}
		return true, describeMapping(os.Stdout, im, p)
	}
	im, err := r.Imports.RunFile(e, ws.ID, actor, c.File, options)
	progress.end()
	if errors.Is(err, imports.ErrDeclined) && c.DryRun {
		return nil
	}
	if im.ID != "" && im.Refused > 0 && c.Refused != "" {
		if err := c.writeRefused(e, r, ws.ID, actor, im.ID); err != nil {
			return err
		}
	}
	switch {
	case e.Err() != nil && im.ID != "":
		return fault.New(fault.Conflict, "import", "stopped after %d rows; they are kept. To go on: kolo import --resume %s", im.Rows, c.File)
	case err != nil:
		return halfway(err, im, c.File)
	}
	fmt.Printf("%s: %d rows in %s: %d created, %d delivered before, %d refused\n", im.Name, im.Rows,
		im.FinishedAt.Sub(im.StartedAt).Round(time.Millisecond), im.Created, im.Duplicates, im.Refused)
	if im.Mended > 0 {
		fmt.Printf("in %d rows characters that could not be read were replaced; another --encoding may be right\n", im.Mended)
	}
	if im.Undated > 0 {
		fmt.Printf("rows without a date: %d, which count as said on %s\n", im.Undated, im.Without(im.StartedAt).Format(time.DateOnly))
	}
	fmt.Println("import", im.ID)
	if im.Refused > 0 && !c.AcceptRefusals {
		hint := "; --refused FILE writes them with their reasons"
		if c.Refused != "" {
			hint = ": see " + c.Refused
		}
		return fault.New(fault.Invalid, "import", "%d rows were refused%s", im.Refused, hint)
	}
	return nil
}

// halfway adds to why an import ended early what is kept of it, and how to go on where that may help.
func halfway(err error, im imports.Import, file string) error {
	var why *fault.Error
	if im.Rows == 0 || !errors.As(err, &why) || why.Msg == "" {
		return err
	}
	out := *why
	out.Msg += fmt.Sprintf("; %d rows were saved before and are kept", im.Rows)
	if why.Kind == fault.Busy {
		out.Msg += ". Once that is mended, go on: kolo import --resume " + file
	}
	return &out
}

// options makes what the service wants of what was typed.
func (c importCommand) options() (o imports.FileOptions, err error) {
	o.Resume = c.Resume
	o.Table = table.Options{Encoding: c.Encoding, Sheet: c.Sheet}
	switch c.Delimiter {
	case "":
	case "tab", `\t`:
		o.Table.Delimiter = '\t'
	default:
		o.Table.Delimiter = rune(c.Delimiter[0])
	}
	if c.Header != "auto" {
		yes := c.Header == "yes"
		o.Table.Header = &yes
	}
	if c.Resume && (c.Mapping != "" || len(c.Map) > 0 || len(c.Score) > 0) {
		return o, fault.New(fault.Invalid, "import", "an import goes on with the mapping that it began with: leave out --map, --score and --mapping")
	}
	if c.Mapping != "" {
		raw, err := os.ReadFile(c.Mapping)
		if err != nil {
			return o, err
		}
		d := json.NewDecoder(strings.NewReader(string(raw)))
		d.DisallowUnknownFields()
		o.Mapping = &imports.Mapping{}
		if err := d.Decode(o.Mapping); err != nil {
			return o, fault.New(fault.Invalid, "import", "%s is not a mapping: %v", c.Mapping, err)
		}
	}
	o.Adjust = c.adjust
	return o, nil
}

// adjust changes the mapping as the flags say.
func (c importCommand) adjust(im imports.Import) (imports.Mapping, error) {
	m := im.Mapping
	var bad []fault.Field
	set := func(flag, text string, fill func(t *imports.Target, value string) error) {
		// A column's name may have an equals sign; what it becomes may too, but has it behind a colon.
		at := -1
		for i := range text {
			if text[i] == '=' && slices.Contains(im.Names(), strings.TrimSpace(text[:i])) {
				at = i
			}
		}
		if at < 0 {
			bad = append(bad, fault.Field{Path: flag, Code: "unknown", Msg: fmt.Sprintf("%q does not begin with a column of the file and =; the columns are: %s", text, strings.Join(im.Names(), ", "))})
			return
		}
		t := imports.Target{Column: strings.TrimSpace(text[:at])}
		if err := fill(&t, strings.TrimSpace(text[at+1:])); err != nil {
			bad = append(bad, fault.Field{Path: flag, Code: "form", Msg: fmt.Sprintf("%q: %v", text, err)})
			return
		}
		// What can be used once is taken from the column that was guessed for it.
		m.Columns = slices.DeleteFunc(slices.Clone(m.Columns), func(x imports.Target) bool { return x.Column == t.Column })
		if t.To != "text" && t.To != "score" && t.To != "ignore" {
			for i, x := range m.Columns {
				if x.To == t.To {
					m.Columns[i] = imports.Target{Column: x.Column, To: "attribute:" + x.Column}
				}
			}
		}
		m.Columns = append(m.Columns, t)
	}
	for _, text := range c.Map {
		set("--map", text, func(t *imports.Target, value string) error {
			t.To = value
			if layout, ok := strings.CutPrefix(value, "time:"); ok {
				t.To, t.Time = "time", table.TimeFormat(layout)
			}
			if value == "attribute" {
				t.To = "attribute:" + t.Column
			}
			return nil
		})
	}
	for _, text := range c.Score {
		set("--score", text, func(t *imports.Target, value string) (err error) {
			metric, scale, scaled := strings.Cut(value, ":")
			t.To, t.Metric = "score", metric
			if scaled {
				t.Scale, err = imports.ParseScale(scale)
			}
			return err
		})
	}
	k := &m.Constants
	for _, f := range []struct {
		into  *string
		value string
	}{{&k.Source, c.Source}, {&k.Channel, c.Channel}, {&k.Kind, c.Kind}, {&k.Language, c.Language}, {&k.Touchpoint, c.Touchpoint}, {&k.Zone, c.Zone}, {&k.Country, c.Country}} {
		*f.into = cmp.Or(f.value, *f.into)
	}
	if bad != nil {
		return m, fault.Bad("import", bad...)
	}
	return m, nil
}

func (c importCommand) writeRefused(e *env, r *app.Rows, ws identity.WorkspaceID, actor identity.Actor, im imports.ID) error {
	f, err := os.OpenFile(c.Refused, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) // customers' data
	if err != nil {
		return err
	}
	return errors.Join(r.Imports.WriteRefused(e, ws, actor, im, f, nil), f.Close())
}

// findWorkspace finds one by its name, slug or id; without any, the only one there is.
func findWorkspace(e *env, r *app.Rows, called string) (identity.Workspace, error) {
	all, err := r.Identity.Workspaces(e)
	if err != nil {
		return identity.Workspace{}, err
	}
	if called == "" && len(all) == 1 {
		return all[0], nil
	}
	var found []identity.Workspace
	var names []string
	for _, w := range all {
		names = append(names, fmt.Sprintf("%s (%s)", w.Name, w.Slug))
		if called != "" && (w.Name == called || w.Slug == called || string(w.ID) == called) {
			found = append(found, w)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(all) == 0:
		return identity.Workspace{}, fault.New(fault.NotFound, "workspace", "there is no workspace yet: make one in the browser, or with kolo admin bootstrap")
	case called == "":
		return identity.Workspace{}, fault.New(fault.Invalid, "workspace", "say which workspace, with --workspace: %s", strings.Join(names, ", "))
	case len(found) > 1:
		return identity.Workspace{}, fault.New(fault.Conflict, "workspace", "several workspaces are called %q: use the slug: %s", called, strings.Join(names, ", "))
	}
	return identity.Workspace{}, fault.New(fault.NotFound, "workspace", "there is no workspace %q; there are: %s", called, strings.Join(names, ", "))
}

// describeImport prints what a file seems to be and what would become of it.
func describeImport(w io.Writer, ws identity.Workspace, im imports.Import, p imports.Preview) error {
	s := im.Settings
	how := []string{string(s.Format)}
	for _, x := range []string{s.Encoding, s.Sheet} {
		if x != "" {
			how = append(how, x)
		}
	}
	if s.Delimiter != "" {
		how = append(how, fmt.Sprintf("delimiter %q", s.Delimiter))
	}
	fmt.Fprintf(w, "%s: %d bytes, %s; about %d rows, for %s\n\n", im.Name, im.Size, strings.Join(how, ", "), im.Total, ws.Name)
	if err := describeMapping(w, im, p); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nof the first %d rows %d would be kept, %d refused\n", p.Sampled, p.Valid, p.Refused)
	for _, sc := range p.Scores {
		fmt.Fprintf(w, "  %s on %s: %d answers from %g to %g, mean %.2f\n", sc.Metric, sc.Scale, sc.N, sc.Min, sc.Max, sc.Mean)
	}
	if !p.From.IsZero() {
		fmt.Fprintf(w, "  said from %s to %s\n", p.From.Format(time.DateOnly), p.To.Format(time.DateOnly))
	}
	for _, x := range p.Reasons {
		fmt.Fprintf(w, "  refused %d: %s: %s\n", x.N, x.Column, x.Example)
	}
	if p.Again > 0 {
		fmt.Fprintf(w, "  %d rows have the external id of a row before them and would be taken for it\n", p.Again)
	}
	if t := p.Twice; t != nil {
		fmt.Fprintf(w, "  %d of the %d rows compared are the same as feedback that is there already: they would be counted twice (%s)\n", t.Rows, t.Of, twiceAdvice(*t))
	}
	fmt.Fprintln(w)
	d := json.NewEncoder(w)
	d.SetIndent("", "  ")
	d.SetEscapeHTML(false)
	for _, row := range p.Rows[:min(3, len(p.Rows))] {
		if row.Input != nil {
			if err := d.Encode(row.Input); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintln(w, "nothing was changed")
	return err
}

// describeMapping prints what becomes of each column, a line each, and says where dates are missing.
func describeMapping(w io.Writer, im imports.Import, p imports.Preview) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "COLUMN\tBECOMES\tSAMPLES")
	for _, c := range im.Columns {
		fmt.Fprintf(t, "%s\t%s\t%s\n", oneLine(c.Name, 30), becomes(im.Mapping, c.Name), oneLine(strings.Join(c.Samples[:min(3, len(c.Samples))], " | "), 60))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	day := im.Without(time.Now()).Format(time.DateOnly)
	switch {
	case !im.Mapping.Native && !slices.ContainsFunc(im.Mapping.Columns, func(t imports.Target) bool { return t.To == "time" }):
		fmt.Fprintf(w, "no dates: no column has them, and all rows count as said on %s\n", day)
	case p.Undated > 0:
		fmt.Fprintf(w, "no dates: %d of the first %d rows have none, and count as said on %s\n", p.Undated, p.Sampled, day)
	}
	return nil
}

// twiceAdvice says what to do about rows that are there already.
func twiceAdvice(t imports.Twice) string {
	source := ""
	if t.Source != "" {
		source = fmt.Sprintf("give them the source %q", t.Source)
	}
	switch {
	case t.Advice == imports.SetTo:
		return source
	case t.Advice == imports.MapID && source != "":
		return "map the column with their id, and " + source
	case t.Advice == imports.MapID:
		return "map the column with their id"
	}
	return "those came without ids: leave the rows out of the file"
}

// becomes says in short what a mapping makes of a column.
func becomes(m imports.Mapping, column string) string {
	if m.Native {
		return "as it is"
	}
	for _, t := range m.Columns {
		if t.Column != column {
			continue
		}
		s := t.To
		if t.Metric != "" {
			s += " " + t.Metric
		}
		if t.Scale != nil {
			s += " " + t.Scale.String()
		}
		if t.Time != "" {
			s += ":" + string(t.Time)
		}
		return s
	}
	if m.Rest == "ignore" {
		return m.Rest
	}
	return "attribute"
}

// oneLine makes a text of a file fit for a line on a terminal: without control characters, and short.
func oneLine(s string, most int) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s))
	if len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return string(runes)
}

// progress is a line on a terminal that is written again and again; elsewhere it is silent.
type progress struct {
	w     io.Writer
	began time.Time
	first int64
	last  time.Time
	shown bool
}

func newProgress(f *os.File) *progress {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &progress{}
	}
	return &progress{w: f}
}

func (p *progress) show(im imports.Import) {
	now := time.Now()
	if p.w == nil || p.shown && now.Sub(p.last) < 200*time.Millisecond {
		return
	}
	if !p.shown {
		p.began, p.first, p.shown = now, im.Rows, true
	}
	p.last = now
	speed := ""
	if s := now.Sub(p.began).Seconds(); s > 0.5 {
		speed = fmt.Sprintf(", %.0f rows/s", float64(im.Rows-p.first)/s)
	}
	fmt.Fprintf(p.w, "\r\x1b[K%3.0f %%  %d rows, %d created, %d before, %d refused%s", 100*im.Progress(), im.Rows, im.Created, im.Duplicates, im.Refused, speed)
}

// end gives the line back.
func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
