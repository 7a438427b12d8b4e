package feedback

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/group"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// Status of one row of a batch.
const (
	Created   = "created"
	Duplicate = "duplicate" // delivered before: nothing was changed
	Rejected  = "rejected"
)

// Result is what became of one row.
type Result struct {
	Index  int           `json:"index" doc:"Place of the row in the batch, from 0"`
	Status string        `json:"status" enum:"created,duplicate,rejected"`
	ID     ID            `json:"id,omitempty"`
	Errors []fault.Field `json:"errors,omitempty"`
}

// Service receives and reads feedback.
type Service struct {
	db    *store.DB
	clock clock.Clock
	group *group.Committer[*call]

	arrival arrival
	fields  fieldCache
	country countryCache

	onRemove []RemoveHook
}

// call is one Receive that waits for the commit it shares with others.
type call struct {
	workspace identity.WorkspaceID
	rows      []row
	also      func(*store.Tx) error // may be nil
}

// row is a valid input on its way into the store.
type row struct {
	in     *Input
	id     ID
	scores string // as JSON, and so on: encoded before the transaction, which may run twice
	answer string
	attrs  string
	result *Result
}

// NewService starts the committer; Close ends it. One service for a process: callers share commits through it.
func NewService(db *store.DB) *Service {
	s := &Service{db: db, clock: db.Clock()}
	s.group = group.New(groupRows, func(c *call) int { return len(c.rows) }, s.write)
	return s
}

// Close stops the intake after what is queued was committed. Closing twice does no harm.
func (s *Service) Close() { s.group.Close() }

// Topic is what store.DB.Listen hears when this process has committed feedback.
const Topic = "feedback"

// MaxBatch is the most rows that one Receive takes; more are TooLarge. Streams are cut by their reader.
const MaxBatch = 5000

// Receive keeps a batch. Each row gets a result: what is wrong with one row does not touch the others, and the error is
// non-nil only when nothing at all was kept. When Receive returns nil, every row that is created or duplicate is durable.
func (s *Service) Receive(ctx context.Context, ws identity.WorkspaceID, batch []Input) ([]Result, error) {
	p, err := s.Prepare(ctx, ws, batch)
	if err != nil {
		return nil, err
	}
	return s.Keep(ctx, p, nil)
}

// Prepared is a batch that was validated: what is left to do for it waits for the disk.
type Prepared struct {
	workspace identity.WorkspaceID
	rows      []row
	results   []Result
}

// Prepare is the first half of Receive, which needs a processor: whoever has a stream of batches prepares one while Keep
// commits the one before. The batch must not be changed until Keep has returned.
func (s *Service) Prepare(ctx context.Context, ws identity.WorkspaceID, batch []Input) (*Prepared, error) {
	const op = "feedback.Receive"
	if ws == "" {
		return nil, fault.New(fault.Internal, op, "no workspace")
	}
	if len(batch) > MaxBatch {
		return nil, fault.New(fault.TooLarge, op, "a batch has at most %d rows; send more as NDJSON", MaxBatch)
	}
	now := s.clock.Now()
	country, err := s.country.of(ctx, s.db, ws, now)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	p := &Prepared{workspace: ws, results: make([]Result, len(batch)), rows: make([]row, 0, len(batch))}
	var e encoder
	for i := range batch {
		in, r := &batch[i], &p.results[i]
		r.Index = i
		if err := in.Validate(now, country); err != nil {
			r.Status, r.Errors = Rejected, fault.ProblemOf(err).Errors
			continue
		}
		p.rows = append(p.rows, row{
			in: in, id: ID(id.New(now)), result: r,
			scores: e.scores(in.Scores), answer: e.answers(in.Answers), attrs: e.attributes(in.Attributes),
		})
	}
	return p, nil
}

// Keep is the second half of Receive. also, when it is not nil, runs in the transaction that keeps the batch, once the
// results are known: what it writes is there exactly when the batch is. Like all of a transaction it may run several times,
// and an error of it keeps nothing of the batch.
func (s *Service) Keep(ctx context.Context, p *Prepared, also func(*store.Tx, []Result) error) ([]Result, error) {
	return s.Begin(ctx, p, also)()
}

// Begin is Keep that does not wait: the batch is kept behind those that were begun before it, and the function that it
// gives waits for that. Of two batches with the same external id, the one that was begun first is kept.
func (s *Service) Begin(ctx context.Context, p *Prepared, also func(*store.Tx, []Result) error) (wait func() ([]Result, error)) {
	const op = "feedback.Receive"
	if len(p.rows) == 0 && also == nil {
		return func() ([]Result, error) { return p.results, nil }
	}
	c := &call{workspace: p.workspace, rows: p.rows}
	if also != nil {
		c.also = func(tx *store.Tx) error { return also(tx, p.results) }
	}
	kept := s.group.Begin(ctx, c)
	return func() ([]Result, error) {
		if err := kept(); err != nil {
			return nil, fault.Wrap(op, err)
		}
		return p.results, nil
	}
}

// groupRows is how many rows share a commit at most: enough that the fsync does not count, few enough that the first
// caller does not wait for the last.
const groupRows = 4096

// much is how many rows a second are so many that what can wait lets them pass, as in an import; and arrivalTime how long it is
// looked at least.
const (
	much        = 2000
	arrivalTime = 250 * time.Millisecond
)

// arrival is how fast rows come, in whichever process.
type arrival struct {
	mu   sync.Mutex
	at   time.Time
	seq  int64 // the last change then
	busy bool
}

func (a *arrival) look(now time.Time, seq int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	passed := now.Sub(a.at)
	if passed < arrivalTime {
		return
	}
	a.busy = !a.at.IsZero() && float64(seq-a.seq) >= much*passed.Seconds()
	a.at, a.seq = now, seq
}

// Busy tells whether much was coming in, to this process or another, when Settled was asked for last: what can wait lets it pass.
func (s *Service) Busy() bool { return s.arrival.much() }

func (a *arrival) much() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.busy
}

// write keeps the calls of a group in one transaction.
func (s *Service) write(ctx context.Context, group []*call) error {
	byWorkspace := map[identity.WorkspaceID][]row{}
	var order []identity.WorkspaceID
	for _, c := range group {
		if len(c.rows) == 0 { // it has nothing but its also
			continue
		}
		if byWorkspace[c.workspace] == nil {
			order = append(order, c.workspace)
		}
		byWorkspace[c.workspace] = append(byWorkspace[c.workspace], c.rows...)
	}
	var fresh []field
	err := s.db.UpdateInTurn(ctx, contact.Turn, func(tx *store.Tx) error {
		fresh = fresh[:0]
		for _, ws := range order {
			rows := byWorkspace[ws]
			if err := insert(tx, ws, rows); err != nil {
				return err
			}
			seen, err := s.fields.register(tx, ws, rows)
			if err != nil {
				return err
			}
			fresh = append(fresh, seen...)
		}
		for _, c := range group {
			if c.also == nil {
				continue
			}
			if err := c.also(tx); err != nil {
				return err
			}
		}
		tx.Notify(Topic)
		return nil
	})
	if err == nil {
		s.fields.keep(fresh)
	}
	return err
}

// insert resolves the contacts of rows and keeps them, telling each row's result.
func insert(tx *store.Tx, ws identity.WorkspaceID, rows []row) error {
	for len(rows) > groupRows { // one call may be larger than a group
		if err := insert(tx, ws, rows[:groupRows]); err != nil {
			return err
		}
		rows = rows[groupRows:]
	}
	// What was delivered before is set aside first: an old delivery must not bring back a contact's old name.
	known, err := existing(tx, ws, rows)
	if err != nil {
		return err
	}
	fresh := make([]int, 0, len(rows))
	for i, r := range rows {
		if key := r.in.key(); key.externalID != "" {
			if earlier, ok := known[key]; ok {
				r.result.Status, r.result.ID = Duplicate, earlier
				continue
			}
			known[key] = r.id
		}
		r.result.Status, r.result.ID = Created, r.id
		fresh = append(fresh, i)
	}
	if len(fresh) == 0 {
		return nil
	}
	refs := make([]contact.Ref, len(fresh))
	for k, i := range fresh {
		refs[k] = rows[i].in.ref
	}
	contacts, err := contact.Resolve(tx, ws, refs)
	if err != nil {
		return err
	}
	seqs, err := tx.NextSeq("feedback", len(fresh))
	if err != nil {
		return err
	}
	values := make([][]any, len(fresh))
	flat := make([]any, len(fresh)*len(insertColumns))
	now := tx.Millis()
	for k, i := range fresh {
		in, v := rows[i].in, flat[k*len(insertColumns):(k+1)*len(insertColumns):(k+1)*len(insertColumns)]
		v[0], v[1], v[2], v[3] = string(rows[i].id), string(ws), seqs[k], 1
		v[4], v[5], v[6], v[7] = in.Kind, in.Channel, in.Source, in.ExternalID
		v[8], v[9], v[10] = in.Time.UnixMilli(), now, string(contacts[k])
		v[11], v[12], v[13], v[14], v[15] = in.Touchpoint, in.Survey, in.SurveyVersion, in.Language, in.Text
		v[16], v[17], v[18], v[19] = rows[i].scores, rows[i].answer, rows[i].attrs, in.Import
		v[20] = contacts[k].Key()
		values[k] = v
	}
	_, err = tx.InsertMany("feedback.insert", "feedback", insertColumns, values, "")
	if errors.Is(err, store.ErrExists) {
		// Another process kept the same external id since this transaction began.
		return store.Again(err)
	}
	return err
}

// Touch numbers feedback anew, unchanged, so that those who follow changes look at it again: its labels have changed, or
// are to be made again. Ids that do not exist in the workspace are passed over.
func Touch(tx *store.Tx, ws identity.WorkspaceID, ids []ID) error {
	for len(ids) > 0 {
		n := min(len(ids), 256)
		there, err := store.All(tx, store.Value[ID], "/* feedback.Touch */ SELECT id FROM feedback WHERE workspace = $1 AND id IN "+store.In(1, n),
			append([]any{string(ws)}, store.Anys(ids[:n])...)...)
		if err != nil {
			return err
		}
		seqs, err := tx.NextSeq("feedback", len(there))
		if err != nil {
			return err
		}
		for i, id := range there {
			if _, err := tx.Exec("/* feedback.Touch */ UPDATE feedback SET seq = $1, revision = revision + 1 WHERE id = $2", seqs[i], string(id)); err != nil {
				return err
			}
		}
		ids = ids[n:]
	}
	tx.Notify(Topic)
	return nil
}

// TouchNext is Touch for all feedback of a workspace, page by page: the next of it between two numbers of change, most of it at once. It gives
// the number that the last one had, and how many there were: 0 when that was all.
func TouchNext(tx *store.Tx, ws identity.WorkspaceID, after, upTo int64, most int) (last int64, n int, err error) {
	type change struct {
		id  ID
		seq int64
	}
	next, err := store.All(tx, func(s store.Scanner) (c change, err error) { return c, s.Scan(&c.id, &c.seq) },
		"/* feedback.TouchNext */ SELECT id, seq FROM feedback WHERE workspace = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4", string(ws), after, upTo, most)
	if err != nil || len(next) == 0 {
		return after, 0, err
	}
	ids := make([]ID, len(next))
	for i, c := range next {
		ids[i] = c.id
	}
	return next[len(next)-1].seq, len(next), Touch(tx, ws, ids)
}

// changeOf changes all feedback of a contact, and numbers each change so that the columns follow.
func changeOf(tx *store.Tx, op string, ws identity.WorkspaceID, c contact.ID, set string, args ...any) error {
	ids, err := store.All(tx, store.Value[string], "/* feedback."+op+" */ SELECT id FROM feedback WHERE workspace = $1 AND contact = $2 AND contact_key = $3 AND contact_key <> 0", string(ws), string(c), c.Key())
	if err != nil {
		return err
	}
	seqs, err := tx.NextSeq("feedback", len(ids))
	if err != nil {
		return err
	}
	for i, fid := range ids {
		if _, err := tx.Exec("/* feedback."+op+" */ UPDATE feedback SET seq = $1, revision = revision + 1, "+set+" WHERE id = $2",
			append([]any{seqs[i], fid}, args...)...); err != nil {
			return err
		}
	}
	return nil
}

// Merged gives the feedback of one contact to another: register it with contact.Service.OnMerge.
func Merged(tx *store.Tx, ws identity.WorkspaceID, from, into contact.ID) error {
	return changeOf(tx, "Merged", ws, from, "contact = $3, contact_key = $4", string(into), into.Key())
}

// Erased removes from the feedback of a contact all that could tell who it was, and keeps what is counted: the scores,
// the channel, the time. Register it with contact.Service.OnErase.
func Erased(tx *store.Tx, ws identity.WorkspaceID, c contact.ID) error {
	return changeOf(tx, "Erased", ws, c, "contact = '', contact_key = 0, text = '', answers = '', attributes = '', erased_at = $3", tx.Millis())
}

// Get reads one piece of feedback: fault.Gone where it was removed.
func (s *Service) Get(ctx context.Context, ws identity.WorkspaceID, fid ID) (Feedback, error) {
	const op = "feedback.Get"
	all, err := s.GetMany(ctx, ws, []ID{fid})
	if err != nil {
		return Feedback{}, err
	}
	if len(all) == 0 {
		var gone bool
		if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
			gone, err = wasRemoved(tx, ws, fid)
			return err
		}); err != nil {
			return Feedback{}, fault.Wrap(op, err)
		}
		if gone {
			return Feedback{}, fault.New(fault.Gone, op, "this feedback was removed")
		}
		return Feedback{}, fault.New(fault.NotFound, op, "there is no such feedback here")
	}
	return all[0], nil
}

// GetMany reads feedback by id, in the order of the ids; what does not exist in the workspace is left out.
func (s *Service) GetMany(ctx context.Context, ws identity.WorkspaceID, ids []ID) ([]Feedback, error) {
	byID := make(map[ID]Feedback, len(ids))
	err := s.db.View(ctx, func(tx *store.Tx) error {
		for rest := ids; len(rest) > 0; {
			n := min(len(rest), 500)
			got, err := store.All(tx, scan, "/* feedback.GetMany */ SELECT "+selectColumns+" FROM feedback WHERE workspace = $1 AND id IN "+store.In(1, n),
				append([]any{string(ws)}, store.Anys(rest[:n])...)...)
			if err != nil {
				return err
			}
			for _, f := range got {
				byID[f.ID] = f
			}
			rest = rest[n:]
		}
		return nil
	})
	out := make([]Feedback, 0, len(ids))
	for _, i := range ids {
		if f, ok := byID[i]; ok {
			out = append(out, f)
		}
	}
	return out, fault.Wrap("feedback.GetMany", err)
}

// GetWithin is GetMany for as many of the first ids as fit, in all they say, into so many bytes, but one at least.
func (s *Service) GetWithin(ctx context.Context, ws identity.WorkspaceID, ids []ID, most int64) ([]Feedback, error) {
	type size struct {
		id ID
		n  int64
	}
	sizes := make(map[ID]int64, len(ids))
	err := s.db.View(ctx, func(tx *store.Tx) error {
		for rest := ids; len(rest) > 0; {
			n := min(len(rest), 500)
			got, err := store.All(tx, func(row store.Scanner) (x size, err error) { return x, row.Scan(&x.id, &x.n) },
				"/* feedback.GetWithin */ SELECT id, octet_length(text) + octet_length(answers) + octet_length(attributes) FROM feedback WHERE workspace = $1 AND id IN "+store.In(1, n),
				append([]any{string(ws)}, store.Anys(rest[:n])...)...)
			if err != nil {
				return err
			}
			for _, x := range got {
				sizes[x.id] = x.n
			}
			rest = rest[n:]
		}
		return nil
	})
	if err != nil {
		return nil, fault.Wrap("feedback.GetWithin", err)
	}
	fit := make([]ID, 0, len(ids))
	for _, id := range ids {
		n, ok := sizes[id]
		if !ok {
			continue
		}
		if most -= n; most < 0 && len(fit) > 0 {
			break
		}
		fit = append(fit, id)
	}
	return s.GetMany(ctx, ws, fit)
}

// Filter of List. The zero value of a field does not filter.
type Filter struct {
	Contact contact.ID
	Import  string
	From    time.Time // inclusive
	To      time.Time // exclusive
	Before  Cursor    // the last of the page before
	Limit   int       // 50 by default, MaxPage at most
}

// MaxPage is the most that List gives at once: a page of a thousand, and the one that tells that there is another.
const MaxPage = 1001

// Cursor is a place in the list, newest first.
type Cursor struct {
	Time int64
	ID   ID
}

// Oldest is when the first thing that is known was said in a workspace; false while there is nothing.
func Oldest(tx *store.Tx, ws identity.WorkspaceID) (time.Time, bool, error) {
	first, err := store.One(tx, store.Value[int64], "/* feedback.Oldest */ SELECT coalesce(min(time), 0) FROM feedback WHERE workspace = $1", string(ws))
	return time.UnixMilli(first).UTC(), first != 0, err
}

// List reads feedback from the rows, newest first. Filters of any other kind are asked of insight.
func (s *Service) List(ctx context.Context, ws identity.WorkspaceID, f Filter) (out []Feedback, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		out, err = list(tx, ws, f)
		return err
	})
	return out, fault.Wrap("feedback.List", err)
}

// Latest reads the newest feedback of any of these contacts, newest first. Each is looked up by itself, for the index is one of contacts.
func (s *Service) Latest(ctx context.Context, ws identity.WorkspaceID, contacts []contact.ID, limit int) (out []Feedback, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		out = nil
		for _, c := range contacts {
			if c == "" { // nobody's
				continue
			}
			more, err := list(tx, ws, Filter{Contact: c, Limit: limit})
			if err != nil {
				return err
			}
			out = append(out, more...)
		}
		return nil
	})
	slices.SortFunc(out, func(a, b Feedback) int { return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.ID, a.ID)) })
	return out[:min(len(out), limit)], fault.Wrap("feedback.Latest", err)
}

func list(tx *store.Tx, ws identity.WorkspaceID, f Filter) ([]Feedback, error) {
	query := "/* feedback.List */ SELECT " + selectColumns + " FROM feedback WHERE workspace = $1"
	args := []any{string(ws)}
	add := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = replaceFirst(condition, fmt.Sprintf("$%d", len(args)))
		}
		query += " AND " + condition
	}
	if f.Contact != "" {
		add("contact = ? AND contact_key = ? AND contact_key <> 0", string(f.Contact), f.Contact.Key())
	}
	if f.Import != "" {
		add("import = ?", f.Import)
	}
	if !f.From.IsZero() {
		add("time >= ?", f.From.UnixMilli())
	}
	if !f.To.IsZero() {
		add("time < ?", f.To.UnixMilli())
	}
	if f.Before.ID != "" {
		// The first part is what an index finds; by the second alone each page would read all those before it.
		add("time <= ? AND (time < ? OR id < ?)", f.Before.Time, f.Before.Time, string(f.Before.ID))
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	f.Limit = min(f.Limit, MaxPage)
	query += fmt.Sprintf(" ORDER BY time DESC, id DESC LIMIT %d", f.Limit)
	return store.All(tx, scan, query, args...)
}

// Changes reads the feedback of all workspaces that changed after one number and up to another, in the order of its
// changes. It is how the columns follow the rows; up to must be at most store.DB.Settled("feedback"). Pieces with equal scores or attributes
// share them: they are to be read only.
func (s *Service) Changes(ctx context.Context, after, upTo int64, limit int) ([]Feedback, error) {
	var out []Feedback
	err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		known := newMemory()
		scan := func(row store.Scanner) (Feedback, error) { return scanWith(row, known) }
		out, err = store.All(tx, scan, "/* feedback.Changes */ SELECT "+selectColumns+" FROM feedback WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3", after, upTo, limit)
		return err
	})
	return out, fault.Wrap("feedback.Changes", err)
}

// Said is what was said in one piece of feedback, without the rest of it.
type Said struct {
	ID        ID
	Workspace identity.WorkspaceID
	Seq       int64
	Revision  int64
	Contact   contact.ID
	Language  string // as it was given
	Text      string // "" when nothing was said in words, or when it was erased
}

func scanSaid(r store.Scanner) (t Said, err error) {
	return t, r.Scan(&t.ID, &t.Workspace, &t.Seq, &t.Revision, &t.Contact, &t.Language, &t.Text)
}

const selectSaid = "SELECT id, workspace, seq, revision, contact, language, text FROM feedback"

// SaidOf reads what was said in one piece of feedback; fault.NotFound when there is none.
func SaidOf(tx *store.Tx, ws identity.WorkspaceID, fid ID) (Said, error) {
	t, err := store.One(tx, scanSaid, "/* feedback.SaidOf */ "+selectSaid+" WHERE workspace = $1 AND id = $2", string(ws), string(fid))
	if fault.Is(err, fault.NotFound) {
		return t, fault.New(fault.NotFound, "feedback.SaidOf", "there is no such feedback here")
	}
	return t, err
}

// Recent reads the newest feedback of a workspace that says something in words: at most so many pieces, and about so many
// bytes of text.
func (s *Service) Recent(ctx context.Context, ws identity.WorkspaceID, most, bytes int) (out []Said, err error) {
	type row struct {
		Said
		time int64
	}
	at, before := int64(math.MaxInt64), ""
	for len(out) < most && bytes > 0 {
		var page []row
		if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
			page, err = store.All(tx, func(r store.Scanner) (t row, err error) {
				return t, r.Scan(&t.ID, &t.Workspace, &t.Seq, &t.Revision, &t.Contact, &t.Language, &t.Text, &t.time)
			}, `/* feedback.Recent */ SELECT id, workspace, seq, revision, contact, language, text, time FROM feedback
				WHERE workspace = $1 AND time <= $2 AND (time < $2 OR id < $3) AND text <> '' ORDER BY time DESC, id DESC LIMIT $4`, string(ws), at, before, min(1000, most-len(out)))
			return err
		}); err != nil {
			return nil, fault.Wrap("feedback.Recent", err)
		}
		if len(page) == 0 {
			break
		}
		for _, t := range page {
			if bytes -= len(t.Text); bytes <= 0 && len(out) > 0 {
				return out, nil
			}
			out = append(out, t.Said)
		}
		at, before = page[len(page)-1].time, string(page[len(page)-1].ID)
	}
	return out, nil
}

// Texts is Changes for those who read texts alone: it is several times faster. It stops behind the text with which they
// take more than so many bytes, and tells up to which number it came: upTo when it read all.
func (s *Service) Texts(ctx context.Context, after, upTo int64, bytes int) (out []Said, to int64, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		out, to = nil, upTo
		rows, err := tx.Query("/* feedback.Texts */ "+selectSaid+" WHERE seq > $1 AND seq <= $2 ORDER BY seq", after, upTo)
		if err != nil {
			return err
		}
		defer rows.Close()
		left := bytes
		for rows.Next() {
			t, err := scanSaid(rows)
			if err != nil {
				return err
			}
			out = append(out, t)
			if left -= len(t.Text); left < 0 {
				to = t.Seq
				return nil
			}
		}
		return rows.Err()
	})
	return out, to, fault.Wrap("feedback.Texts", err)
}

// Unchanged are those of the changes after one number and up to another that are still the last of their feedback.
func Unchanged(tx *store.Tx, after, upTo int64) (map[ID]bool, error) {
	ids, err := store.All(tx, store.Value[ID], "/* feedback.Unchanged */ SELECT id FROM feedback WHERE seq > $1 AND seq <= $2", after, upTo)
	out := make(map[ID]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, err
}

// Settled is the number up to which Changes can be read without missing any.
func (s *Service) Settled(ctx context.Context) (int64, error) {
	n, err := s.db.Settled(ctx, "feedback")
	if err == nil {
		s.arrival.look(time.Now(), n)
	}
	return n, err
}
