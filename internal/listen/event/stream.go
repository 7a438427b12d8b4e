package event

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/jsonread"
	"kolo/internal/people/identity"
)

// Tally is what became of the messages of a stream.
type Tally struct {
	Created    int `json:"created"`
	Duplicates int `json:"duplicates" doc:"Delivered before: nothing was changed"`
	Rejected   int `json:"rejected"`
}

// Add counts results.
func (t *Tally) Add(results []Result) {
	for _, r := range results {
		switch r.Status {
		case Created:
			t.Created++
		case Duplicate:
			t.Duplicates++
		default:
			t.Rejected++
		}
	}
}

const (
	streamRows = 2000     // of a stream share a commit
	maxLine    = 64 << 10 // bytes; twice what the properties may have
)

// ReceiveLines keeps a stream of NDJSON: a message a line, of any number; empty lines count as lines and as nothing else. refused is
// told each message that is not kept, its Index the number of its line from 0. Messages before an error are kept: with messageIds
// the stream can be sent again.
func (s *Service) ReceiveLines(ctx context.Context, ws identity.WorkspaceID, in io.Reader, refused func(Result) error) (t Tally, err error) {
	const op = "event.ReceiveLines"
	lines := bufio.NewReaderSize(in, maxLine)
	batch, at := make([]Input, 0, streamRows), make([]int, 0, streamRows)
	flush := func() error {
		results, err := s.Receive(ctx, ws, batch)
		if err != nil {
			return err
		}
		t.Add(results)
		for i, r := range results {
			if r.Index = at[i]; r.Status != Rejected {
				continue
			}
			if err := refused(r); err != nil {
				return err
			}
		}
		batch, at = batch[:0], at[:0]
		return nil
	}
	for n := 0; ; n++ {
		line, err := lines.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = lines.ReadSlice('\n')
		}
		if err != nil && err != io.EOF {
			if f := (*fault.Error)(nil); errors.As(err, &f) { // the reader knows why
				return t, errors.Join(flush(), fault.New(f.Kind, op, "%s (in line %d; what came before is kept)", f.Msg, n+1))
			}
			return t, errors.Join(flush(), fault.New(fault.Invalid, op, "the stream broke in line %d; what came before is kept", n+1))
		}
		if line = jsonread.Line(line); long || len(line) > 0 {
			batch, at = append(batch, message(line, long)), append(at, n)
		}
		if len(batch) == streamRows || err == io.EOF && len(batch) > 0 {
			if err := flush(); err != nil {
				return t, err
			}
		}
		if err == io.EOF {
			return t, nil
		}
	}
}

// message is a line as an input, which may be one that says what is wrong with it.
func message(line []byte, long bool) Input {
	if long {
		return Input{bad: []fault.Field{{Code: "too_long", Msg: fmt.Sprintf("a line has at most %d bytes", maxLine)}}, unread: true}
	}
	in, err := Decode("", line)
	if err != nil {
		return Input{bad: fault.ProblemOf(err).Errors, unread: true}
	}
	return in
}
