package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/sync/errgroup"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/jsonread"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

func (a *API) feedbackRoutes() {
	const tag = "Feedback"
	schemas := a.huma.OpenAPI().Components.Schemas
	input := schemas.Schema(reflect.TypeFor[feedback.Input](), true, "Feedback")
	result := schemas.Schema(reflect.TypeFor[feedback.Result](), true, "Result")
	received := schemas.Schema(reflect.TypeFor[Received](), true, "Received")
	many := &huma.Schema{Type: huma.TypeArray, Items: input}
	content := func(s *huma.Schema) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{"application/json": {Schema: s}}
	}
	a.raw(route{http.MethodPost, "/v1/feedback", identity.FeedbackWrite, "receive-feedback", "Receive feedback", tag, 0}, huma.Operation{
		Description: "Takes one object, an array of up to 5,000, or NDJSON (Content-Type: application/x-ndjson) of any length. The answer comes when what it speaks of is durable. " +
			"A second delivery of the same source and external_id changes nothing. One object is answered with its result, an array with a result for each row, " +
			"NDJSON with a line for each row; rows that are wrong do not touch the others. " + packing,
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json":     {Schema: &huma.Schema{OneOf: []*huma.Schema{input, many}}},
			"application/x-ndjson": {Schema: &huma.Schema{Type: huma.TypeString, Description: "One object a line"}},
		}},
		Responses: map[string]*huma.Response{
			"201": {Description: "Kept: one object", Content: content(result)},
			"200": {Description: "One object that had been delivered before; or every row of a batch is kept", Content: content(received)},
			"207": {Description: "Some rows of a batch were refused; the others are kept", Content: content(received)},
			"415": {Description: "The body is packed in another way than gzip"},
			"422": {Description: "Refused: the object, or every row"},
		},
	}, a.receive)
	handle(a, route{http.MethodGet, "/v1/feedback", identity.FeedbackRead, "list-feedback", "List feedback, newest first", tag, 0}, a.listFeedback)
	handle(a, route{http.MethodGet, "/v1/feedback/{id}", identity.FeedbackRead, "get-feedback", "Get one piece of feedback", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ID string `path:"id"`
		}) (*body[FeedbackTold], error) {
			f, err := a.Feedback.Get(ctx, actor.Workspace, feedback.ID(in.ID))
			if err != nil {
				return nil, err
			}
			told, err := a.tell(ctx, actor, []feedback.Feedback{f})
			if err != nil {
				return nil, err
			}
			return &body[FeedbackTold]{told[0]}, nil
		})
	handle(a, route{http.MethodDelete, "/v1/feedback/{id}", identity.Erase, "remove-feedback", "Remove one piece of feedback for good: a test, or spam", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ID     string `path:"id"`
			Reason string `query:"reason" maxLength:"500" doc:"Why; the audit log keeps it. Leave the customer's words out of it"`
		}) (*struct{}, error) {
			return nil, a.Feedback.Remove(ctx, actor.Workspace, actor, feedback.ID(in.ID), in.Reason)
		})
}

const packing = "The body may be packed (Content-Encoding: gzip); limits are those of what it unpacks to."

type body[T any] struct{ Body T }

// Received is the answer to an array.
type Received struct {
	Created    int               `json:"created"`
	Duplicates int               `json:"duplicates" doc:"Delivered before: nothing was changed"`
	Rejected   int               `json:"rejected"`
	Results    []feedback.Result `json:"results" doc:"One for each row, in the order of the rows"`
}

func (r *Received) add(results []feedback.Result) {
	for _, x := range results {
		switch x.Status {
		case feedback.Created:
			r.Created++
		case feedback.Duplicate:
			r.Duplicates++
		default:
			r.Rejected++
		}
	}
	r.Results = append(r.Results, results...)
}

func (r *Received) status() int { return statusOf(r.Rejected, len(r.Results)) }

// statusOf is the status of an answer to a batch.
func statusOf(rejected, all int) int {
	switch {
	case rejected == 0:
		return http.StatusOK
	case rejected == all:
		return http.StatusUnprocessableEntity
	}
	return http.StatusMultiStatus
}

// isNDJSON tells whether the body is a stream of lines.
func isNDJSON(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/json-seq":
		return true
	}
	return false
}

func (a *API) receive(w http.ResponseWriter, r *http.Request, actor identity.Actor) error {
	done, err := a.unpack(w, r)
	if err != nil {
		return err
	}
	defer done()
	if isNDJSON(r) {
		return a.receiveStream(w, r, actor)
	}
	trimmed, err := a.body(w, r)
	if err != nil {
		return err
	}
	if len(trimmed) > 0 && trimmed[0] == '[' {
		return a.receiveArray(w, r, actor, trimmed)
	}
	var in feedback.Input
	if err := feedback.Decode(trimmed, &in, nil); err != nil {
		return err
	}
	results, err := a.Feedback.Receive(r.Context(), actor.Workspace, []feedback.Input{in})
	if err != nil {
		return err
	}
	switch results[0].Status {
	case feedback.Rejected:
		return fault.Bad("api.receive", results[0].Errors...)
	case feedback.Duplicate:
		return writeJSON(w, http.StatusOK, results[0])
	}
	w.Header().Set("Location", "/v1/feedback/"+string(results[0].ID))
	return writeJSON(w, http.StatusCreated, results[0])
}

// body reads the body of a request, without the space and the mark that it may begin with.
func (a *API) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, a.BodyLimit))
	if err != nil {
		var large *http.MaxBytesError
		var f *fault.Error
		if errors.As(err, &large) {
			return nil, fault.New(fault.TooLarge, "api.body", "the body is over %d bytes; send more as NDJSON, or in several requests", a.BodyLimit)
		}
		if errors.As(err, &f) {
			return nil, f
		}
		return nil, fault.New(fault.Invalid, "api.body", "the body ended early")
	}
	return bytes.TrimLeft(raw, " \t\r\n\ufeff"), nil
}

func (a *API) receiveArray(w http.ResponseWriter, r *http.Request, actor identity.Actor, raw []byte) error {
	var rows []json.RawMessage
	if err := json.Unmarshal(raw, &rows); err != nil {
		return fault.Bad("api.receive", fault.Field{Code: "json", Msg: "this is not a list in JSON: " + err.Error()})
	}
	if len(rows) > feedback.MaxBatch {
		return fault.New(fault.TooLarge, "api.receive", "an array has at most %d rows; send more as NDJSON", feedback.MaxBatch)
	}
	results, err := a.keep(r.Context(), actor, rows)
	if err != nil {
		return err
	}
	answer := Received{Results: []feedback.Result{}}
	answer.add(results)
	return writeJSON(w, answer.status(), answer)
}

// keep receives rows of JSON, of which each may be malformed by itself.
func (a *API) keep(ctx context.Context, actor identity.Actor, rows []json.RawMessage) ([]feedback.Result, error) {
	wait, err := a.begin(ctx, actor, rows, nil)
	if err != nil {
		return nil, err
	}
	return wait()
}

// begin is keep that does not wait until the rows are kept. index is that of each row; without, they are counted from 0.
func (a *API) begin(ctx context.Context, actor identity.Actor, rows []json.RawMessage, index []int) (wait func() ([]feedback.Result, error), err error) {
	results := make([]feedback.Result, len(rows))
	batch := make([]feedback.Input, len(rows))
	at := make([]int, 0, len(rows))
	for i, raw := range rows {
		results[i] = feedback.Result{Index: i, Status: feedback.Rejected}
		if index != nil {
			results[i].Index = index[i]
		}
		if len(raw) == 0 {
			results[i].Errors = []fault.Field{{Code: "too_long", Msg: fmt.Sprintf("a row has at most %d bytes", a.RowLimit)}}
			continue
		}
		in := &batch[len(at)]
		if err := feedback.Decode(raw, in, nil); err != nil {
			results[i].Errors = problemFields(err)
			*in = feedback.Input{}
			continue
		}
		at = append(at, i)
	}
	prepared, err := a.Feedback.Prepare(ctx, actor.Workspace, batch[:len(at)])
	if err != nil {
		return nil, err
	}
	kept := a.Feedback.Begin(ctx, prepared, nil)
	return func() ([]feedback.Result, error) {
		list, err := kept()
		for k, res := range list {
			res.Index = results[at[k]].Index
			results[at[k]] = res
		}
		return results, err
	}, nil
}

func problemFields(err error) []fault.Field {
	p := fault.ProblemOf(err)
	if len(p.Errors) == 0 {
		return []fault.Field{{Code: p.Code, Msg: p.Detail}}
	}
	return p.Errors
}

// streamBatch is how many rows of a stream share a commit.
const streamBatch = 2000

// receiveStream takes NDJSON of any length: rows are kept while they arrive, and each gets a line of the answer, which is
// written when the stream has ended (a client that does not read while it writes would otherwise wait for ever).
func (a *API) receiveStream(w http.ResponseWriter, r *http.Request, actor identity.Actor) error {
	spill, err := newSpill()
	if err != nil {
		return fault.Wrap("api.receiveStream", err)
	}
	defer spill.close()
	lines := bufio.NewReaderSize(r.Body, 256<<10)
	out := json.NewEncoder(spill)
	type batch struct {
		rows  []json.RawMessage
		lines []int // of the rows, empty ones counted too, so that who sent them finds what is wrong
	}
	// Three things go on at once, each a batch ahead of the next: reading, making inputs of the rows, and keeping them.
	batches := make(chan batch, 1)
	begun := make(chan func() ([]feedback.Result, error), 1)
	var counts Received
	total := 0
	group, ctx := errgroup.WithContext(r.Context())
	group.Go(func() error {
		defer close(begun)
		for b := range batches {
			wait, err := a.begin(ctx, actor, b.rows, b.lines)
			if err != nil {
				return err
			}
			select {
			case begun <- wait:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	group.Go(func() error {
		for wait := range begun {
			results, err := wait()
			if err != nil {
				return err
			}
			counts.add(results)
			counts.Results = counts.Results[:0]
			for i := range results {
				if err := out.Encode(&results[i]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	var readErr error
	rows, text := make([]json.RawMessage, 0, streamBatch), []byte(nil)
	places := make([]int, 0, streamBatch)
	for at := 0; readErr == nil; at++ {
		var line []byte
		var long bool
		line, long, readErr = readLine(lines, a.RowLimit)
		if readErr != nil && readErr != io.EOF {
			line, long = nil, false // it was cut off
		}
		if line = jsonread.Line(line); len(line) > 0 || long {
			from := len(text)
			text = append(text, line...) // nothing, where it is too long
			rows, places = append(rows, text[from:len(text):len(text)]), append(places, at)
			total++
		}
		if len(rows) == streamBatch || readErr != nil && len(rows) > 0 {
			select {
			case batches <- batch{rows, places}:
			case <-ctx.Done():
				readErr = ctx.Err()
			}
			places = make([]int, 0, streamBatch)
			rows, text = make([]json.RawMessage, 0, streamBatch), make([]byte, 0, len(text)+len(text)/8)
		}
	}
	close(batches)
	if err := group.Wait(); err != nil {
		return err
	}
	if f := (*fault.Error)(nil); errors.As(readErr, &f) {
		return fault.New(f.Kind, "api.receiveStream", "%s (%d rows before that are kept)", f.Msg, counts.Created+counts.Duplicates)
	}
	if readErr != io.EOF {
		return fault.New(fault.Invalid, "api.receiveStream", "the stream broke after %d rows, of which %d are kept: send it again, with external ids nothing is doubled", total, counts.Created+counts.Duplicates)
	}
	h := w.Header()
	h.Set("Content-Type", "application/x-ndjson")
	h.Set("Kolo-Created", fmt.Sprint(counts.Created))
	h.Set("Kolo-Duplicates", fmt.Sprint(counts.Duplicates))
	h.Set("Kolo-Rejected", fmt.Sprint(counts.Rejected))
	status := http.StatusOK
	if counts.Rejected > 0 {
		status = http.StatusMultiStatus
	}
	if total > 0 && counts.Rejected == total {
		status = http.StatusUnprocessableEntity
	}
	w.WriteHeader(status)
	return spill.copyTo(w)
}

// readLine reads a line of at most limit bytes; of a longer one it reads to the end, and gives nothing of it.
func readLine(r *bufio.Reader, limit int64) (line []byte, long bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		switch {
		case int64(len(line)+len(part)) > limit:
			line, long = nil, true
		case err == nil && line == nil && !long:
			return part, false, nil
		case !long:
			line = append(line, part...)
		}
		if err != bufio.ErrBufferFull {
			return line, long, err
		}
	}
}

// spill keeps an answer until it can be written: in memory while it is small, then in a file that has no name.
type spill struct {
	mem  bytes.Buffer
	file *os.File
}

const spillAt = 4 << 20

func newSpill() (*spill, error) { return &spill{}, nil }

func (s *spill) Write(p []byte) (int, error) {
	if s.file == nil && s.mem.Len()+len(p) > spillAt {
		f, err := os.CreateTemp("", "kolo-answer-")
		if err != nil {
			return 0, err
		}
		_ = os.Remove(f.Name()) // the open file stays until it is closed
		s.file = f
		if _, err := s.mem.WriteTo(f); err != nil {
			return 0, err
		}
	}
	if s.file != nil {
		return s.file.Write(p)
	}
	return s.mem.Write(p)
}

func (s *spill) copyTo(w io.Writer) error {
	if s.file == nil {
		_, _ = s.mem.WriteTo(w) // the reader may have left
		return nil
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, _ = io.Copy(w, s.file)
	return nil
}

func (s *spill) close() {
	if s.file != nil {
		_ = s.file.Close()
	}
}

type listFeedbackInput struct {
	Paging
	From string `query:"from" doc:"First day (2026-01-31) or instant (RFC 3339)"`
	To   string `query:"to" doc:"Last day, included, or instant, excluded"`
	Last string `query:"last" doc:"90d, 12w, 6m or 2y up to today"`
	Q    string `query:"q" doc:"What to search for: words in any of their forms, \"phrases\", begin*, -without, this OR that"`

	Sort string `query:"sort" enum:"newest,best" doc:"newest first (the default), or, when something is searched for, what fits best first"`

	Copies string `query:"copies" enum:"each,once" doc:"each (the default) lists everything; once gives what says the same once, the newest of it, with how many others there are. A page may be shorter than limit then"`

	query url.Values
}

// Resolve keeps the whole query string: every field of feedback can be filtered by its name.
func (in *listFeedbackInput) Resolve(c huma.Context) []error {
	u := c.URL()
	in.query = u.Query()
	return nil
}

// anyName: what the query string cannot ask for, insight.Decode refuses.
func (in *listFeedbackInput) anyName() {}

// FeedbackPage is a page of feedback.
type FeedbackPage struct {
	Feedback []FeedbackTold `json:"feedback"`
	Next     string         `json:"next,omitempty" doc:"Cursor of the next page"`
}

func (a *API) listFeedback(ctx context.Context, actor identity.Actor, in *listFeedbackInput) (*body[FeedbackPage], error) {
	cond, period, err := insight.Decode(in.query, "cursor", "limit", "sort", "copies")
	if err != nil {
		return nil, err
	}
	if err := a.Insight.MayAskOf(ctx, actor.Workspace, actor, period, cond); err != nil {
		return nil, err
	}
	if in.Copies == "once" {
		return a.listGroups(ctx, actor, in, cond, period)
	}
	find := a.Insight.Find
	if in.Sort == "best" {
		find = a.Insight.Best
	}
	found, err := find(ctx, actor.Workspace, cond, period, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	told, err := a.tell(ctx, actor, found.Feedback)
	if err != nil {
		return nil, err
	}
	return &body[FeedbackPage]{FeedbackPage{told, found.Next}}, nil
}

// listGroups is listFeedback with copies given once.
func (a *API) listGroups(ctx context.Context, actor identity.Actor, in *listFeedbackInput, cond insight.Conditions, period insight.Period) (*body[FeedbackPage], error) {
	found, err := a.Insight.FindGroups(ctx, actor.Workspace, cond, period, in.Cursor, in.Limit, in.Sort == "best")
	if err != nil {
		return nil, err
	}
	list := make([]feedback.Feedback, len(found.Groups))
	for i, g := range found.Groups {
		list[i] = g.Feedback
	}
	told, err := a.tell(ctx, actor, list)
	if err != nil {
		return nil, err
	}
	for i, g := range found.Groups {
		if told[i].Copies = g.Others; g.Others > 0 {
			told[i].Copy = g.Keys
		}
	}
	return &body[FeedbackPage]{FeedbackPage{told, found.Next}}, nil
}
