// Package truth holds what Kolo finds in the demo company against what was planted there, through the services that pages and
// API use: what is planted must be found, and what is not must not be.
package truth

import (
	"context"
	"fmt"
	"io"
	"time"

	"kolo/internal/app"
	"kolo/internal/demo"
	"kolo/internal/people/identity"
)

// Finding is one thing that is planted, or pointedly not, and whether it was found.
type Finding struct {
	Area, What string
	Planted    bool
	Found      bool
	Slight     bool   // planted, but too little for so few answers: it may be found or not
	Detail     string // the figures
}

// Right tells whether it is found if, and only if, it is planted.
func (f Finding) Right() bool { return f.Found == f.Planted || f.Slight }

// World is a demo company in a Kolo of its own.
type World struct {
	*app.App
	Company   *demo.Company
	Truth     demo.Truth
	Workspace identity.WorkspaceID
	Took      time.Duration // from the last row kept until all was read and could be asked
}

// Fill makes a workspace of a company and waits until all of it was understood and can be asked.
func Fill(ctx context.Context, a *app.App, c *demo.Company) (*World, error) {
	ws, _, _, err := a.DemoWorkspace(ctx, "Truth", "en", false)
	if err != nil {
		return nil, err
	}
	if err := a.FillDemo(ctx, ws.ID, c, 0, func(int) error { return ctx.Err() }); err != nil {
		return nil, err
	}
	w := &World{App: a, Company: c, Truth: c.Truth(), Workspace: ws.ID}
	start := time.Now()
	rows, err := a.Feedback.Settled(ctx)
	if err != nil {
		return nil, err
	}
	events, err := a.Events.Settled(ctx)
	if err != nil {
		return nil, err
	}
	for {
		if _, err := a.Labels.Read(ctx); err != nil {
			return nil, err
		}
		if err := a.Feeder.Feed(ctx); err != nil {
			return nil, err
		}
		if err := a.EventFeeder.Feed(ctx); err != nil {
			return nil, err
		}
		fed, err := a.Columns.Watermark(ctx, "feedback")
		if err != nil {
			return nil, err
		}
		counted, err := a.Columns.Watermark(ctx, "event")
		if err != nil {
			return nil, err
		}
		if fed >= rows && counted >= events {
			break
		}
	}
	w.Took = time.Since(start)
	return w, nil
}

// Report asks everything.
func (w *World) Report(ctx context.Context) ([]Finding, error) {
	var all []Finding
	for _, area := range []func(context.Context) ([]Finding, error){w.segments, w.drivers, w.warnings, w.leavers} {
		list, err := area(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// Print writes findings as a table, the wrong ones marked with !, those that may go either way with ~.
func Print(out io.Writer, list []Finding) {
	say := map[bool]string{true: "yes", false: "no"}
	for _, f := range list {
		mark := "  "
		switch {
		case !f.Right():
			mark = "! "
		case f.Slight:
			mark = "~ "
		}
		fmt.Fprintf(out, "%s%-14s %-58s planted %-3s found %-3s  %s\n", mark, f.Area, f.What, say[f.Planted], say[f.Found], f.Detail)
	}
}
