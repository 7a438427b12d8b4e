package event

import (
	"context"
	"sync"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/group"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// Status of one message of a batch.
const (
	Created   = "created"
	Duplicate = "duplicate" // delivered before: nothing was changed
	Rejected  = "rejected"
)

// Result is what became of one message.
type Result struct {
	Index  int           `json:"index" doc:"Place of the message in the batch, from 0"`
	Status string        `json:"status" enum:"created,duplicate,rejected"`
	ID     ID            `json:"id,omitempty"`
	Errors []fault.Field `json:"errors,omitempty"`
}

// Service receives and reads events.
type Service struct {
	db      *store.DB
	columns *column.DB // nil: what is counted is counted in the rows
	clock   clock.Clock
	group   *group.Committer[*call]

	mu         sync.Mutex
	workspaces map[identity.WorkspaceID]known
}

// known is what is remembered of a workspace for a minute.
type known struct {
	zone    *time.Location
	country string
	until   time.Time
}

// NewService starts the committer; Close ends it. One service for a process: callers share commits through it.
func NewService(db *store.DB) *Service {
	s := &Service{db: db, clock: db.Clock(), workspaces: map[identity.WorkspaceID]known{}}
	s.group = group.New(groupRows, func(c *call) int { return len(c.rows) }, s.write)
	return s
}

// CountIn has events counted in columns, which a Feeder feeds, instead of in the rows. Call it before the service is used.
func (s *Service) CountIn(columns *column.DB) { s.columns = columns }

// Close stops the intake after what is queued was committed. Closing twice does no harm.
func (s *Service) Close() { s.group.Close() }

// Topic is what store.DB.Listen hears when this process has committed events.
const Topic = "event"

// MaxBatch is the most messages that one Receive takes.
const MaxBatch = 5000

// groupRows is how many messages share a commit at most.
const groupRows = 4096

// call is one Receive that waits for the commit it shares with others.
type call struct {
	workspace identity.WorkspaceID
	rows      []row
}

// row is a valid input on its way into the store.
type row struct {
	in     *Input
	id     ID
	result *Result
}

// Receive keeps a batch. Each message gets a result: what is wrong with one does not touch the others, and the error is non-nil only
// when nothing at all was kept. When Receive returns nil, every message that is created or duplicate is durable, and what it tells of
// contacts and accounts is known. Messages may come late and in any order.
func (s *Service) Receive(ctx context.Context, ws identity.WorkspaceID, batch []Input) ([]Result, error) {
	const op = "event.Receive"
	if ws == "" {
		return nil, fault.New(fault.Internal, op, "no workspace")
	}
	if len(batch) > MaxBatch {
		return nil, fault.New(fault.TooLarge, op, "a batch has at most %d messages", MaxBatch)
	}
	of, err := s.workspace(ctx, ws)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	now := s.clock.Now()
	results := make([]Result, len(batch))
	rows := make([]row, 0, len(batch))
	for i := range batch {
		in, r := &batch[i], &results[i]
		r.Index = i
		if err := in.Validate(now, of.country); err != nil {
			r.Status, r.Errors = Rejected, fault.ProblemOf(err).Errors
			continue
		}
		rows = append(rows, row{in: in, id: idOf(ws, in.Message, now), result: r})
	}
	if len(rows) == 0 {
		return results, nil
	}
	if err := s.group.Begin(ctx, &call{ws, rows})(); err != nil {
		return nil, fault.Wrap(op, err)
	}
	return results, nil
}

// workspace looks up what is needed of a workspace.
func (s *Service) workspace(ctx context.Context, ws identity.WorkspaceID) (known, error) {
	s.mu.Lock()
	k, ok := s.workspaces[ws]
	s.mu.Unlock()
	if ok && s.clock.Now().Before(k.until) {
		return k, nil
	}
	return s.readWorkspace(ctx, ws)
}

// readWorkspace looks up what a workspace is now.
func (s *Service) readWorkspace(ctx context.Context, ws identity.WorkspaceID) (k known, err error) {
	now := s.clock.Now()
	var w identity.Workspace
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		w, err = identity.GetWorkspace(tx, ws)
		return err
	}); err != nil {
		return k, err
	}
	k = known{w.Location(), w.Country, now.Add(time.Minute)}
	s.mu.Lock()
	s.workspaces[ws] = k
	s.mu.Unlock()
	return k, nil
}

// write keeps the calls of a group in one transaction.
func (s *Service) write(ctx context.Context, calls []*call) error {
	byWorkspace := map[identity.WorkspaceID][]row{}
	var order []identity.WorkspaceID
	for _, c := range calls {
		if byWorkspace[c.workspace] == nil {
			order = append(order, c.workspace)
		}
		byWorkspace[c.workspace] = append(byWorkspace[c.workspace], c.rows...)
	}
	return s.db.UpdateInTurn(ctx, contact.Turn, func(tx *store.Tx) error {
		for _, ws := range order {
			for rows := byWorkspace[ws]; len(rows) > 0; {
				n := min(len(rows), groupRows) // one call may be larger than a group
				if err := insert(tx, ws, rows[:n]); err != nil {
					return err
				}
				rows = rows[n:]
			}
		}
		tx.Notify(Topic)
		return nil
	})
}

// insert resolves the contacts of messages and keeps them, telling the result of each.
func insert(tx *store.Tx, ws identity.WorkspaceID, rows []row) error {
	// What was delivered before is set aside first: an old delivery must not bring back a contact's old name.
	there, err := existing(tx, ws, rows)
	if err != nil {
		return err
	}
	fresh := make([]row, 0, len(rows))
	for _, r := range rows {
		r.result.ID = r.id
		if there[r.id] {
			r.result.Status = Duplicate
			continue
		}
		there[r.id] = true
		r.result.Status = Created
		fresh = append(fresh, r)
	}
	if len(fresh) == 0 {
		return nil
	}
	refs := make([]contact.Ref, len(fresh))
	for i, r := range fresh {
		refs[i] = r.in.ref
	}
	contacts, err := contact.Resolve(tx, ws, refs)
	if err != nil {
		return err
	}
	if err := visits(tx, ws, fresh, refs, contacts); err != nil {
		return err
	}
	for _, r := range fresh {
		if in := r.in; in.Kind == Group {
			if err := contact.LearnAccount(tx, ws, in.Account, in.Traits.Name, in.Traits.Attributes); err != nil {
				return err
			}
		}
	}
	return insertRows(tx, ws, fresh, refs, contacts)
}

// visits fills in whose the visitors are that no message of these names, and gives what a visitor did before to the contact as which
// it is known now.
func visits(tx *store.Tx, ws identity.WorkspaceID, rows []row, refs []contact.Ref, contacts []contact.ID) error {
	seen := map[string]bool{}
	var ids []string
	for _, r := range rows {
		if v := r.in.Visitor; v != "" && !seen[v] {
			seen[v] = true
			ids = append(ids, v)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	owners, err := visitors(tx, ws, ids)
	if err != nil {
		return err
	}
	told := map[string]contact.ID{}
	for i, r := range rows {
		v := r.in.Visitor
		switch {
		case v == "":
		case contacts[i] != "" && owners[v] != contacts[i]:
			owners[v], told[v] = contacts[i], contacts[i]
		case refs[i].Empty():
			contacts[i] = owners[v]
		}
	}
	for i, r := range rows { // what came before its visitor was told, in this batch
		if v := r.in.Visitor; v != "" && contacts[i] == "" && refs[i].Empty() {
			contacts[i] = owners[v]
		}
	}
	return claim(tx, ws, told)
}

// Merged gives the events of one contact to another: register it with contact.Service.OnMerge.
func Merged(tx *store.Tx, ws identity.WorkspaceID, from, into contact.ID) error {
	if _, err := tx.Exec("/* event.Merged */ UPDATE event_visitor SET contact = $3 WHERE workspace = $1 AND contact = $2", string(ws), string(from), string(into)); err != nil {
		return err
	}
	return changeOf(tx, ws, from, "contact = $3, contact_key = $4", string(into), into.Key())
}

// Erased removes all that a contact did, and leaves the ids of the messages, so that a second delivery brings nothing back. Register
// it with contact.Service.OnErase.
func Erased(tx *store.Tx, ws identity.WorkspaceID, c contact.ID) error {
	if _, err := tx.Exec("/* event.Erased */ DELETE FROM event_visitor WHERE workspace = $1 AND contact = $2", string(ws), string(c)); err != nil {
		return err
	}
	return changeOf(tx, ws, c, "name = '', message = '', time = 0, contact = '', contact_key = 0, visitor = '', value = NULL, currency = '', properties = '', erased_at = $3", tx.Millis())
}

// Known lists those of some contacts who have done something, or of whom a device is known: register it with contact.Service.OnWithdraw.
func Known(tx *store.Tx, ws identity.WorkspaceID, ids []contact.ID) (out []contact.ID, err error) {
	for len(ids) > 0 {
		n := min(len(ids), 256)
		list := append([]any{string(ws)}, store.Anys(ids[:n])...)
		keys := list
		for _, c := range ids[:n] {
			keys = append(keys, c.Key())
		}
		did, err := store.All(tx, store.Value[contact.ID], "/* event.Known */ SELECT DISTINCT contact FROM event WHERE workspace = $1 AND contact IN "+store.In(1, n)+
			" AND contact_key <> 0 AND contact_key IN "+store.In(1+n, n), keys...)
		if err != nil {
			return nil, err
		}
		had, err := store.All(tx, store.Value[contact.ID], "/* event.Known */ SELECT DISTINCT contact FROM event_visitor WHERE workspace = $1 AND contact IN "+store.In(1, n), list...)
		if err != nil {
			return nil, err
		}
		out, ids = append(append(out, did...), had...), ids[n:]
	}
	return out, nil
}
