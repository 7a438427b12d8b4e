package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"time"

	"kolo/internal/demo"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/event"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/health"
)

// Demo says what demo company is wanted.
type Demo struct {
	Workspace string `json:"workspace,omitempty"`
	Seed      uint64 `json:"seed"`
	Feedback  int    `json:"feedback"`
	End       string `json:"end"` // first day after its history, 2006-01-02
}

// Company is the company of a Demo. It is fault.Invalid without feedback, or with an end that is no day.
func (d Demo) Company() (*demo.Company, error) {
	end, err := time.Parse(time.DateOnly, d.End)
	if err != nil {
		return nil, fault.Bad("app.Demo", fault.Field{Path: "end", Code: "form", Msg: "a day has the form 2026-01-31"})
	}
	if d.Feedback < 1 {
		return nil, fault.Bad("app.Demo", fault.Field{Path: "feedback", Code: "range", Msg: "a company has one piece of feedback at least"})
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

// demoBatch is how many rows of a demo company share a commit.
const demoBatch = 2000

// FillDemo makes the company's contacts, receives its feedback from the row skip on, telling after each batch how many rows are in,
// and then its events. What is there already changes nothing.
func (r *Rows) FillDemo(ctx context.Context, ws identity.WorkspaceID, c *demo.Company, skip int, done func(n int) error) error {
	if err := r.fillContacts(ctx, ws, c); err != nil {
		return err
	}
	n := 0
	if err := inBatches(c.Feedback, func(batch []feedback.Input) error {
		if n += len(batch); n <= skip {
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
		return done(n)
	}); err != nil {
		return err
	}
	if err := r.fillEvents(ctx, ws, c); err != nil {
		return err
	}
	return r.Store.Update(ctx, func(tx *store.Tx) error { return health.Fill(tx, ws) })
}

// fillContacts makes the contacts as the company's own books have them: since they joined.
func (r *Rows) fillContacts(ctx context.Context, ws identity.WorkspaceID, c *demo.Company) error {
	return inBatches(c.Contacts, func(batch []demo.Contact) error {
		refs := make([]contact.Ref, len(batch))
		for i, k := range batch {
			joined, err := time.Parse(time.DateOnly, k.Joined)
			if err != nil {
				return fault.Wrap("app.FillDemo", err)
			}
			refs[i] = contact.Ref{External: k.ExternalID, Email: k.Email, Phone: k.Phone, Name: k.Name, Language: k.Language, Country: k.Country,
				Account: k.Account, Attributes: k.Attributes, Value: k.Value, At: joined}
		}
		_, err := r.Contacts.Upsert(ctx, ws, identity.Program(ws, "demo"), refs)
		return err
	})
}

func (r *Rows) fillEvents(ctx context.Context, ws identity.WorkspaceID, c *demo.Company) error {
	return inBatches(c.Events, func(batch []demo.Event) error {
		in := make([]event.Input, len(batch))
		for i, e := range batch {
			raw, err := json.Marshal(e)
			if err != nil {
				return fault.Wrap("app.FillDemo", err)
			}
			if in[i], err = event.Decode("", raw); err != nil {
				return err
			}
		}
		results, err := r.Events.Receive(ctx, ws, in)
		for _, x := range results {
			if x.Status == event.Rejected {
				return fault.New(fault.Internal, "app.FillDemo", "an event of the demo company was refused: %v", x.Errors)
			}
		}
		return err
	})
}

// inBatches hands on what each gives, so many at a time.
func inBatches[T any](each func(func(T) error) error, do func([]T) error) error {
	batch := make([]T, 0, demoBatch)
	if err := each(func(x T) error {
		if batch = append(batch, x); len(batch) < demoBatch {
			return nil
		}
		err := do(batch)
		batch = batch[:0]
		return err
	}); err != nil || len(batch) == 0 {
		return err
	}
	return do(batch)
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
