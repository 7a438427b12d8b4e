package label

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/reading"
)

const (
	// Topic is what store.DB.Listen hears when this process has written labels.
	Topic = "label"

	hold       = 20 * time.Second // how long a range may be read before another process takes it: many times what that takes
	pieceBytes = 8 << 20          // of texts that are read before the claim is renewed
	rangeSize  = 2048             // numbers of change in a range: while their labels are written, nobody else writes rows
	busyRange  = 512              // the same while much is coming in
	poll       = time.Second
)

// ownerOf names this process in claims. A store in a file belongs to one process at a time, so that whatever is claimed
// there when it starts was left by one that was killed.
func ownerOf(db *store.DB) string {
	if db.Engine() == store.SQLite {
		return "embedded"
	}
	return id.New(db.Clock().Now())
}

// Start reads in the background until Stop.
func (s *Service) Start(ctx context.Context) error {
	if err := s.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec("/* label.Start */ UPDATE label_claim SET until = 0 WHERE owner = $1", s.owner)
		return err
	}); err != nil {
		return fault.Wrap("label.Start", err)
	}
	s.running.Store(true)
	go s.run(ctx)
	return nil
}

// Stop ends reading after the range at hand. Stopping twice, or without a Start, does no harm.
func (s *Service) Stop() {
	s.stopOnce.Do(func() { close(s.stop) })
	if s.running.Load() {
		<-s.done
	}
}

func (s *Service) run(ctx context.Context) {
	defer close(s.done)
	heard, deaf := s.db.Listen(feedback.Topic)
	defer deaf()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		n, err := s.Read(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Error("reading texts failed; it will be tried again", "error", err)
		}
		// As the feeder of the columns does: while much comes in, the processor is for receiving.
		switch {
		case n > 5000:
			s.pause(2 * time.Second)
		case n > 200:
			s.pause(300 * time.Millisecond)
		}
		select {
		case <-s.stop:
			return
		case <-ctx.Done():
			return
		case <-heard:
			s.pause(50 * time.Millisecond) // let a burst gather
		case <-tick.C:
		}
	}
}

func (s *Service) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.stop:
	}
}

// Read reads what has changed up to now and is not being read by another process, and tells how many texts that were.
func (s *Service) Read(ctx context.Context) (texts int, err error) {
	const op = "label.Read"
	settled, err := s.feedback.Settled(ctx)
	if err != nil {
		return 0, fault.Wrap(op, err)
	}
	for {
		select {
		case <-s.stop:
			return texts, nil
		default:
		}
		var c claim
		var ok bool
		if err := s.db.View(ctx, func(tx *store.Tx) error { // most looks find nothing: they must not write
			at, err := upTo(tx)
			s.behind.Store(max(0, settled-at))
			ok = err == nil && at < settled
			return err
		}); err != nil || !ok {
			return texts, fault.Wrap(op, err)
		}
		if texts > 0 { // how fast more comes is looked at between ranges, too
			if _, err := s.feedback.Settled(ctx); err != nil {
				return texts, fault.Wrap(op, err)
			}
		}
		size := int64(rangeSize)
		if s.feedback.Busy() {
			size = busyRange
		}
		if err := s.db.Update(ctx, func(tx *store.Tx) (err error) {
			c, ok, err = take(tx, s.owner, settled, size)
			return err
		}); err != nil || !ok {
			return texts, fault.Wrap(op, err)
		}
		begin := time.Now()
		n, err := s.readRange(ctx, c)
		texts += n
		if s.feedback.Busy() { // rows have one writer, and an import would wait for it: a fifth of the time is enough to follow
			s.pause(min(4*time.Since(begin), 2*time.Second))
		}
		if err != nil && !fault.Is(err, fault.Conflict) {
			return texts, fault.Wrap(op, err)
		}
	}
}

// readRange reads the texts of a claim, in pieces of so many bytes that none takes long.
func (s *Service) readRange(ctx context.Context, c claim) (texts int, err error) {
	for c.first <= c.last {
		n, next, err := s.readPiece(ctx, c)
		texts += n
		if err != nil {
			return texts, err
		}
		c.first = next
	}
	return texts, nil
}

// readPiece reads the first texts of a claim with no transaction open, and keeps what it read together with what is left of
// the claim.
func (s *Service) readPiece(ctx context.Context, c claim) (texts int, next int64, err error) {
	said, to, err := s.feedback.Texts(ctx, c.first-1, c.last, pieceBytes)
	if err != nil {
		return 0, 0, err
	}
	by := map[identity.WorkspaceID][]feedback.Said{}
	var erased []feedback.Said
	for _, f := range said {
		switch {
		case f.Text != "":
			by[f.Workspace] = append(by[f.Workspace], f)
		case f.Revision > 1:
			erased = append(erased, f)
		}
	}
	var labels []Label
	models := map[identity.WorkspaceID]string{}
	for ws, list := range by {
		got, err := s.readAll(ctx, ws, list)
		if err != nil {
			return 0, 0, err
		}
		labels = append(labels, got...)
		models[ws] = got[0].Model
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		if err := advance(tx, s.owner, c, to); err != nil {
			return err
		}
		// What has changed since it was read, by a correction or an erasure, has a later number, and whoever reads that may
		// have been faster: its label must not be overwritten by this older one.
		current, err := feedback.Unchanged(tx, c.first-1, to)
		if err != nil {
			return err
		}
		if err := forget(tx, erased, current); err != nil {
			return err
		}
		for ws, model := range models { // the first texts of a workspace say by what they were read
			if _, err := tx.Exec("/* label.readRange */ INSERT INTO label_reader (workspace, model) VALUES ($1, $2) ON CONFLICT DO NOTHING", string(ws), model); err != nil {
				return err
			}
		}
		tx.Notify(Topic)
		return write(tx, slices.DeleteFunc(slices.Clone(labels), func(l Label) bool { return !current[l.Feedback] }))
	})
	if err != nil {
		return 0, 0, err
	}
	s.read.Add(int64(len(labels)))
	return len(labels), to + 1, nil
}

// readAll reads texts of one workspace, on as many processors as there are but one.
func (s *Service) readAll(ctx context.Context, ws identity.WorkspaceID, said []feedback.Said) ([]Label, error) {
	r, err := s.readers.For(ctx, ws)
	if err != nil {
		return nil, err
	}
	out := make([]Label, len(said))
	now := s.db.Clock().Now()
	s.each(len(said), func(i int) { out[i] = s.readOne(r, said[i], said[i].Language, now) })

	// What is too short to tell its language has the language of who said it.
	var contacts []contact.ID
	var revised []feedback.ID
	for i, f := range said {
		if f.Language == "" && f.Contact != "" && out[i].LanguageConfidence < doubtful {
			contacts = append(contacts, f.Contact)
		}
		if f.Revision > 1 {
			revised = append(revised, f.ID)
		}
	}
	if len(contacts) == 0 && len(revised) == 0 {
		return out, nil
	}
	var languages map[contact.ID]string
	var corrections map[feedback.ID][]Correction
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		if languages, err = contact.LanguagesOf(tx, ws, contacts); err != nil {
			return err
		}
		corrections, err = standing(tx, ws, revised)
		return err
	}); err != nil {
		return nil, err
	}
	for i, f := range said {
		if l := languages[f.Contact]; f.Language == "" && l != "" && out[i].LanguageConfidence < doubtful && l != out[i].Language {
			out[i] = s.readOne(r, f, l, now)
		}
		out[i].correct(corrections[f.ID])
	}
	return out, nil
}

// doubtful is the confidence below which a detected language yields to the contact's own.
const doubtful = 0.6

func (s *Service) each(n int, do func(int)) {
	workers := min(max(1, runtime.GOMAXPROCS(0)-1), n)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				do(i)
			}
		})
	}
	wg.Wait()
}

// readOne reads a text. Whatever a text does to a model, the others must be read: one that cannot be is left unsure.
func (s *Service) readOne(r Reader, f feedback.Said, language string, now time.Time) (l Label) {
	l = Label{Workspace: f.Workspace, Feedback: f.ID, Hash: HashOf(f.Text), Copy: copyOf(f.Text), At: now}
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("a text could not be read", "feedback", string(f.ID), "error", fmt.Sprint(p))
			l.Reading = reading.Reading{Language: language, Unsure: true, Model: r.Model()}
		}
	}()
	l.Reading = r.Read(f.Text, language)
	return l
}

// forget takes from the labels of erased texts what was in the texts, and keeps what is counted.
func forget(tx *store.Tx, erased []feedback.Said, current map[feedback.ID]bool) error {
	by := map[identity.WorkspaceID][]feedback.ID{}
	for _, f := range erased {
		if current[f.ID] {
			by[f.Workspace] = append(by[f.Workspace], f.ID)
		}
	}
	for ws, ids := range by {
		old, err := of(tx, ws, ids)
		if err != nil {
			return err
		}
		var list []Label
		for _, l := range old {
			if l.Hash != 0 {
				l.Hash, l.Copy, l.Clauses = 0, 0, nil
				list = append(list, l)
			}
		}
		if err := write(tx, list); err != nil {
			return err
		}
	}
	return nil
}
