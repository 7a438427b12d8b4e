package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"kolo/internal/demo"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
)

// Demo says what demo company is wanted.
type Demo struct {
	Workspace string `json:"workspace,omitempty"`
	Seed      uint64 `json:"seed"`
	Feedback  int    `json:"feedback"`
	End       string `json:"end"` // first day after its history, 2006-01-02
}

// Company is the company of a Demo.
func (d Demo) Company() (*demo.Company, error) {
	end, err := time.Parse(time.DateOnly, d.End)
	if err != nil {
		return nil, fault.Bad("app.Demo", fault.Field{Path: "end", Code: "form", Msg: "a day has the form 2026-01-31"})
	}
	return demo.New(demo.Options{Seed: d.Seed, Feedback: d.Feedback, End: end}), nil
}

// LastMonday is the Monday on or before a day: where the history of a demo ends, so that its weeks are whole.
func LastMonday(t time.Time) string {
	t = t.UTC()
	return t.AddDate(0, 0, -(int(t.Weekday())+6)%7).Format(time.DateOnly)
}

// DemoWorkspace makes the workspace of a demo company, with an owner who can sign in.
func (r *Rows) DemoWorkspace(ctx context.Context, name, language string, ifEmpty bool) (ws identity.Workspace, email, password string, err error) {
	email, password = "demo@example.com", rand.Text()[:20]
	owner := identity.NewOwner{Name: "Demo", Email: email, Password: password}
	ws, _, err = r.Identity.CreateWorkspace(ctx, identity.NewWorkspace{Name: name, Zone: "UTC", Language: language, Country: "IL", Currency: "USD",
		Demo: true, IfEmpty: ifEmpty, Owner: owner})
	return ws, email, password, err
}

// FillDemo receives the company's feedback from the row skip on, telling after each batch how many rows are in. Rows that
// are there already change nothing.
func (r *Rows) FillDemo(ctx context.Context, ws identity.WorkspaceID, c *demo.Company, skip int, done func(n int) error) error {
	const size = 2000
	batch := make([]feedback.Input, 0, size)
	n := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		results, err := r.Feedback.Receive(ctx, ws, batch)
		if err != nil {
			return err
		}
		for _, x := range results {
			if x.Status == feedback.Rejected {
				return fault.New(fault.Internal, "app.FillDemo", "the demo company said something that was refused: %v", x.Errors)
			}
		}
		batch = batch[:0]
		return done(n)
	}
	err := c.Feedback(func(in feedback.Input) error {
		if n++; n <= skip {
			return nil
		}
		if batch = append(batch, in); len(batch) == size {
			return flush()
		}
		return nil
	})
	return errors.Join(err, flush())
}

// demoSize is how much feedback the demo company of the set-up page has.
const demoSize = 20_000

const demoJob job.Kind = "demo"

// openDemo makes the demo company as the first workspace of an empty instance, and has it filled in the background.
func (a *App) openDemo(ctx context.Context, language string) (email, password string, err error) {
	ws, email, password, err := a.DemoWorkspace(ctx, demo.Name[0], language, true)
	if err != nil {
		return "", "", err
	}
	payload, err := json.Marshal(Demo{Seed: 1, Feedback: demoSize, End: LastMonday(a.Store.Clock().Now())})
	if err != nil {
		return "", "", fault.Wrap("app.openDemo", err)
	}
	return email, password, a.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := job.Enqueue(tx, job.Spec{Workspace: string(ws.ID), Kind: demoJob, Key: "demo", Payload: payload})
		return err
	})
}

// runDemo fills a demo workspace, from where it was interrupted.
func (a *App) runDemo(ctx context.Context, run *job.Run) error {
	var d Demo
	if err := run.Args(&d); err != nil {
		return err
	}
	c, err := d.Company()
	if err != nil {
		return err
	}
	var done int
	if _, err := run.Load(&done); err != nil {
		return err
	}
	return a.FillDemo(ctx, identity.WorkspaceID(run.Workspace), c, done, func(n int) error {
		return a.Store.Update(ctx, func(tx *store.Tx) error {
			return run.Save(tx, job.Progress{Done: int64(n), Total: int64(d.Feedback)}, n)
		})
	})
}
