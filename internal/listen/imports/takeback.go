package imports

import (
	"context"
	"encoding/json"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// TakeBackKind is the job that takes an import back.
const TakeBackKind job.Kind = "import.take_back"

const (
	// takeRows is how many rows are looked at in one transaction; each is a checkpoint.
	takeRows = 1000
	// takeSlack is how far the clocks of a cluster's processes may be apart: which rows are looked at is told by their ids, which have the time
	// at which they were made.
	takeSlack = 24 * time.Hour
)

// ForgetFunc removes those of some contacts that nothing but an import tells of, and says how many those were.
type ForgetFunc func(tx *store.Tx, ws identity.WorkspaceID, origin string, ids []contact.ID) (int64, error)

// ForgetWith says what removes contacts that an import made: contact.Service.Withdraw. Call it before the service is used; without it all
// contacts stay when an import is taken back.
func (s *Service) ForgetWith(forget ForgetFunc) { s.forgetContacts = forget }

// TakeBack removes what an import brought in, in the background: all of its feedback that is still there, and the contacts that it made and
// nothing else is known of. What it found to be there already stays. An import that is taken back already is given as it is; one of which
// the job has failed goes on where it stopped.
func (s *Service) TakeBack(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, im ID) (Import, error) {
	const op = "imports.TakeBack"
	for _, p := range []identity.Permission{identity.ImportsWrite, identity.Erase} {
		if err := actor.RequireIn(op, ws, p); err != nil {
			return Import{}, err
		}
	}
	if err := s.db.Update(ctx, func(tx *store.Tx) error {
		i, err := get(tx, ws, im)
		if err != nil {
			return err
		}
		switch i.State {
		case TakenBack:
			return nil
		case TakingBack, Done, Failed, Cancelled:
		case Draft:
			return fault.New(fault.Conflict, op, "nothing of it was brought in yet: discard it")
		default:
			return fault.New(fault.Conflict, op, "cancel the import first")
		}
		// From here on no attempt to bring in more of it keeps anything: book asks for the state.
		j, err := job.Enqueue(tx, job.Spec{Workspace: string(ws), Kind: TakeBackKind, Key: string(im), Payload: []byte(`{"import":"` + string(im) + `"}`)})
		if err != nil {
			return err
		}
		if i.State == TakingBack {
			_, err = tx.Exec("/* imports.TakeBack */ UPDATE import SET job = $3 WHERE workspace = $1 AND id = $2", string(ws), string(im), string(j))
			return err
		}
		if err := end(tx, i, i.State, ""); err != nil { // for one whose state was told by its job
			return err
		}
		if _, err := tx.Exec("/* imports.TakeBack */ UPDATE import SET state = 'taking_back', job = $3, taken_at = $4, taken_by = $5 WHERE workspace = $1 AND id = $2",
			string(ws), string(im), string(j), tx.Millis(), actor.Name); err != nil {
			return err
		}
		return identity.Audit(tx, actor, "import.take_back", "import", string(im), map[string]string{"file": s.noted(i.Name), "created": number(float64(i.Created))})
	}); err != nil {
		return Import{}, fault.Wrap(op, err)
	}
	return s.Get(ctx, ws, actor, im)
}

// taken is how far the job has come: the last row that it has looked at.
type taken struct {
	After feedback.ID `json:"after"`
}

// takeBack does the job. Killed at any moment it goes on behind its last checkpoint, which is kept together with what was removed.
func (s *Service) takeBack(ctx context.Context, run *job.Run) error {
	const op = "imports.takeBack"
	var args struct{ Import ID }
	if err := run.Args(&args); err != nil {
		return err
	}
	ws := identity.WorkspaceID(run.Workspace)
	var at taken
	if _, err := run.Load(&at); err != nil {
		return err
	}
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return err
		}
		next := at
		// In turn with the intake: both write the same indexes, and the same contacts.
		if err := s.db.UpdateInTurn(ctx, contact.Turn, func(tx *store.Tx) (err error) {
			next, done, err = s.takeSome(tx, run, ws, args.Import, at)
			return err
		}); fault.Is(err, fault.NotFound) { // the workspace is gone
			return job.Fatal(err)
		} else if err != nil {
			return fault.Wrap(op, err)
		}
		at = next
	}
	return nil
}

// takeSome removes what an import brought among the next rows, and ends the job with the last of them.
func (s *Service) takeSome(tx *store.Tx, run *job.Run, ws identity.WorkspaceID, im ID, at taken) (next taken, done bool, err error) {
	i, err := get(tx, ws, im)
	if err != nil {
		return at, false, err
	}
	if i.State != TakingBack {
		return at, true, run.Finish(tx)
	}
	after, before := at.After, feedback.ID(id.From(latest(i.FinishedAt, i.beat).Add(takeSlack)))
	if after == "" {
		after = feedback.ID(id.From(i.CreatedAt.Add(-takeSlack)))
	}
	list, last, n, err := feedback.NextOf(tx, ws, string(im), after, before, s.takeRows)
	if err != nil {
		return at, false, err
	}
	removed, err := s.feedback.RemoveIn(tx, ws, list)
	if err != nil {
		return at, false, err
	}
	i.Taken += int64(len(removed.IDs))
	if s.forgetContacts != nil {
		gone, err := s.forgetContacts(tx, ws, string(im), removed.Contacts)
		if err != nil {
			return at, false, err
		}
		i.Forgotten += gone
	}
	if done = n == 0; done {
		i.State = TakenBack
	}
	if _, err := tx.Exec("/* imports.takeBack */ UPDATE import SET state = $3, taken = $4, forgotten = $5 WHERE workspace = $1 AND id = $2",
		string(ws), string(im), string(i.State), i.Taken, i.Forgotten); err != nil {
		return at, false, err
	}
	next = taken{After: last}
	if err := run.Save(tx, job.Progress{Done: i.Taken, Total: i.Created, Note: s.noted(i.Name)}, next); err != nil || !done {
		return next, false, err
	}
	if err := dropSamples(tx, i); err != nil {
		return at, false, err
	}
	if err := searchOn(tx, ws); err != nil {
		return at, false, err
	}
	if err := identity.Audit(tx, identity.Program(ws, "import"), "import.taken_back", "import", string(im), map[string]string{"file": s.noted(i.Name),
		"removed": number(float64(i.Taken)), "contacts": number(float64(i.Forgotten))}); err != nil {
		return at, false, err
	}
	return next, true, run.Finish(tx)
}

// dropSamples takes from an import's columns what its rows had in them: it outlives the file, and the names are enough for the refused rows.
func dropSamples(tx *store.Tx, im Import) error {
	for k := range im.Columns {
		c := &im.Columns[k]
		c.Samples, c.Words, c.Min, c.Max = nil, nil, "", ""
	}
	columns, err := json.Marshal(im.Columns)
	if err != nil {
		return err
	}
	_, err = tx.Exec("/* imports.takeBack */ UPDATE import SET columns = $3 WHERE workspace = $1 AND id = $2", string(im.Workspace), string(im.ID), string(columns))
	return err
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
