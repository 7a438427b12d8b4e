package main

import (
	"fmt"
	"os"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/event"
)

type eventsCommand struct {
	File      string `arg:"" type:"existingfile" help:"The file, a message a line. Messages with a messageId that was delivered before change nothing."`
	Workspace string `short:"w" help:"Name, slug or id of the workspace; the only one by default."`
}

// mostRefusedLines is how many refused lines are told of; all are counted.
const mostRefusedLines = 20

func (c eventsCommand) Run(e *env) error {
	r, err := openExisting(e)
	if err != nil {
		return err
	}
	defer r.Close()
	ws, err := findWorkspace(e, r, c.Workspace)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	told := 0
	t, err := r.Events.ReceiveLines(e, ws.ID, f, func(x event.Result) error {
		if told++; told > mostRefusedLines {
			return nil
		}
		reasons := make([]string, len(x.Errors))
		for i, b := range x.Errors {
			reasons[i] = strings.TrimPrefix(b.Path+": "+b.Msg, ": ")
		}
		_, err := fmt.Fprintf(os.Stderr, "line %d: %s\n", x.Index+1, strings.Join(reasons, "; "))
		return err
	})
	fmt.Printf("%d created, %d delivered before, %d refused\n", t.Created, t.Duplicates, t.Rejected)
	if err == nil && t.Rejected > 0 {
		err = fault.New(fault.Invalid, "events", "%d messages were refused", t.Rejected)
	}
	return err
}
