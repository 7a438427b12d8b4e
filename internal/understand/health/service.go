package health

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/event"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

// Events are what customers did, as health asks for them.
type Events interface {
	Names(ctx context.Context, ws identity.WorkspaceID) ([]event.Name, error)
	Counts(ctx context.Context, ws identity.WorkspaceID, r event.Range, each func(event.Count) error) error
}

// Voices are what customers said.
type Voices interface {
	Voices(ctx context.Context, ws identity.WorkspaceID, of insight.Slice, before clock.Day, resolved string, fn func(insight.Voice) error) error
}

// Service scores customers and keeps the scores.
type Service struct {
	db       *store.DB
	contacts *contact.Service
	events   Events
	voices   Voices
	fed      func(context.Context) (bool, error) // nil: it is
}

// NewService makes the service, which reads scores; it makes them once it hears (see Hear).
func NewService(db *store.DB, contacts *contact.Service, events Events) *Service {
	return &Service{db: db, contacts: contacts, events: events}
}

// Hear tells the service what customers say, and whether all that there is can be asked for: a training waits for that for a while.
// Call it before Handle.
func (s *Service) Hear(v Voices, fed func(context.Context) (bool, error)) { s.voices, s.fed = v, fed }

// Meaning is what the events of a workspace mean for the score, and what else there is.
type Meaning struct {
	Settings Settings            `json:"settings"`
	Names    map[Role][]string   `json:"names" doc:"Names of events by what they mean, chosen or guessed"`
	Events   []event.Name        `json:"events" doc:"All names of events, the most frequent first"`
	Register []contact.Attribute `json:"-"`
}

// Settings are a workspace's own, with what it left open guessed.
func (s *Service) Settings(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor) (m Meaning, err error) {
	if err := actor.RequireIn("health.Settings", ws, identity.InsightsRead); err != nil {
		return m, err
	}
	return s.meaning(ctx, ws)
}

func (s *Service) meaning(ctx context.Context, ws identity.WorkspaceID) (m Meaning, err error) {
	const op = "health.meaning"
	if err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		m.Settings, _, err = kept(tx, ws)
		return err
	}); err != nil {
		return m, fault.Wrap(op, err)
	}
	if err := m.Settings.Validate(); err != nil { // what was kept was valid; this fills in what a later version knows besides
		return m, err
	}
	if m.Events, err = s.events.Names(ctx, ws); err != nil {
		return m, fault.Wrap(op, err)
	}
	if m.Register, err = s.contacts.Attributes(ctx, ws); err != nil {
		return m, fault.Wrap(op, err)
	}
	m.Settings.hide(m.Register)
	names := make([]string, len(m.Events))
	for i, e := range m.Events {
		names[i] = e.Name
	}
	m.Names = m.Settings.Guess(names)
	return m, nil
}

// SetSettings keeps what a workspace wants, and has a new version made.
func (s *Service) SetSettings(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, set Settings) error {
	const op = "health.SetSettings"
	if err := actor.RequireIn(op, ws, identity.ThemesManage); err != nil {
		return err
	}
	if err := set.Validate(); err != nil {
		return err
	}
	register, err := s.contacts.Attributes(ctx, ws)
	if err != nil {
		return fault.Wrap(op, err)
	}
	if err := set.refuse(register); err != nil {
		return err
	}
	text, err := json.Marshal(set)
	if err != nil { // a weight that is no number was refused
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, s.db.Update(ctx, func(tx *store.Tx) error {
		if err := keepSettings(tx, ws, string(text)); err != nil {
			return err
		}
		if _, err := enqueue(tx, ws, trainKind, actor.Name); err != nil {
			return err
		}
		return identity.Audit(tx, actor, "health.settings", "health", string(ws), nil)
	}))
}

// Versions lists the trainings of a workspace, the newest first.
func (s *Service) Versions(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor) (list []Version, err error) {
	if err := actor.RequireIn("health.Versions", ws, identity.InsightsRead); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		list, err = versions(tx, ws)
		return err
	})
	return list, fault.Wrap("health.Versions", err)
}

// Active is the version that scores, ok false where none was made yet.
func (s *Service) Active(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor) (v Version, ok bool, err error) {
	if err := actor.RequireIn("health.Active", ws, identity.InsightsRead); err != nil {
		return v, false, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		v, ok, err = activeVersion(tx, ws)
		return err
	})
	return v, ok, fault.Wrap("health.Active", err)
}

// Activate has a version score from now on; all contacts are scored anew.
func (s *Service) Activate(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, version string) error {
	const op = "health.Activate"
	if err := actor.RequireIn(op, ws, identity.ThemesManage); err != nil {
		return err
	}
	return fault.Wrap(op, s.db.Update(ctx, func(tx *store.Tx) error {
		if err := deactivate(tx, ws); err != nil {
			return err
		}
		n, err := tx.Exec("/* health.Activate */ UPDATE health_version SET active = 1 WHERE workspace = $1 AND id = $2", string(ws), version)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, op, "there is no such version here")
		}
		if err := keepChosen(tx, ws, 1); err != nil {
			return err
		}
		if _, err := enqueue(tx, ws, scoreKind, actor.Name); err != nil {
			return err
		}
		return identity.Audit(tx, actor, "health.activate", "health", version, nil)
	}))
}

// Train asks for a new version, made in the background. What comes of it scores, unless it is refused where the one before is not.
func (s *Service) Train(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor) (id job.ID, err error) {
	const op = "health.Train"
	if err := actor.RequireIn(op, ws, identity.ThemesManage); err != nil {
		return "", err
	}
	err = s.db.Update(ctx, func(tx *store.Tx) (err error) {
		if id, err = enqueue(tx, ws, trainKind, actor.Name); err != nil {
			return err
		}
		if err := keepChosen(tx, ws, 0); err != nil { // who asks for one wants what comes of it
			return err
		}
		return identity.Audit(tx, actor, "health.train", "job", string(id), nil)
	})
	return id, fault.Wrap(op, err)
}

// Running is the training or the scoring that waits or is under way in a workspace, ok false where there is none.
func (s *Service) Running(ctx context.Context, ws identity.WorkspaceID) (j job.Job, ok bool, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		list, _, err := job.List(tx, string(ws), job.Filter{Kinds: []job.Kind{trainKind, scoreKind}, States: []job.State{job.Queued, job.Running}, Limit: 1})
		if ok = len(list) > 0; ok {
			j = list[0]
		}
		return err
	})
	return j, ok, fault.Wrap("health.Running", err)
}

// Get is how a contact stands. NotFound while the contact was not scored.
func (s *Service) Get(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, id contact.ID) (x Score, err error) {
	if err := actor.RequireIn("health.Get", ws, identity.ContactsRead); err != nil {
		return x, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		x, err = one(tx, ws, id)
		return err
	})
	return x, err
}

// Filter chooses scores.
type Filter struct {
	AtRisk  bool              // alone
	Segment string            // "" for all
	Account contact.AccountID // "" for all
	Below   float64           // scores below; 0 for all
	Cursor  string
	Limit   int // 50, at most 1000
}

// Page of scores. Next is "" on the last one.
type Page struct {
	Scores []Score
	Next   string
}

// List reads a page of the scores that are shown, those at the highest risk first.
func (s *Service) List(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, f Filter) (page Page, err error) {
	const op = "health.List"
	if err := actor.RequireIn(op, ws, identity.ContactsRead); err != nil {
		return page, err
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	f.Limit = min(f.Limit, 1000)
	where, args := f.where(ws)
	if f.Cursor != "" {
		risk, id, err := place(op, f.Cursor)
		if err != nil {
			return page, err
		}
		args = append(args, risk, id)
		n := strconv.Itoa(len(args) - 1)
		where += " AND (risk < $" + n + " OR risk = $" + n + " AND contact < $" + strconv.Itoa(len(args)) + ")"
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		page.Scores, err = store.All(tx, scanScore, "/* health.List */ "+selectScore+where+" ORDER BY risk DESC, contact DESC LIMIT "+strconv.Itoa(f.Limit+1), args...)
		if err != nil {
			return err
		}
		for i := range page.Scores {
			page.Scores[i].Trend = nil
		}
		return label(tx, ws, page.Scores)
	})
	if page.Next = ""; len(page.Scores) > f.Limit {
		page.Scores = page.Scores[:f.Limit]
		last := page.Scores[f.Limit-1]
		page.Next = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatFloat(last.risk, 'g', -1, 64) + " " + string(last.Contact)))
	}
	return page, fault.Wrap(op, err)
}

func (f Filter) where(ws identity.WorkspaceID) (string, []any) {
	where, args := " WHERE workspace = $1 AND hidden = 0", []any{string(ws)}
	and := func(condition string, v any) {
		args = append(args, v)
		where += " AND " + condition + " $" + strconv.Itoa(len(args))
	}
	if f.AtRisk {
		where += " AND at_risk = 1"
	}
	if f.Segment != "" {
		and("segment =", f.Segment)
	}
	if f.Account != "" {
		and("account =", string(f.Account))
	}
	if f.Below > 0 {
		and("score <", f.Below)
	}
	return where, args
}

func place(op, cursor string) (float64, string, error) {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	text, id, ok := strings.Cut(string(b), " ")
	risk, wrong := strconv.ParseFloat(text, 64)
	if err != nil || wrong != nil || !ok || math.IsNaN(risk) || math.IsInf(risk, 0) || strings.ContainsRune(id, 0) {
		return 0, "", fault.Bad(op, fault.Field{Path: "cursor", Code: "cursor", Msg: "that is not a cursor of this list"})
	}
	return risk, id, nil
}

// Each calls fn for all scores of a filter, page by page with no transaction open in between.
func (s *Service) Each(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, f Filter, fn func(Score) error) error {
	f.Limit = 1000
	for {
		page, err := s.List(ctx, ws, actor, f)
		if err != nil {
			return err
		}
		for _, x := range page.Scores {
			if err := fn(x); err != nil {
				return err
			}
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			return nil
		}
	}
}

// Summary is how all customers stand.
type Summary struct {
	Scored   int64     `json:"scored" doc:"Customers whose score is shown"`
	Hidden   int64     `json:"hidden" doc:"Customers of whom too little is known"`
	Left     int64     `json:"left" doc:"Contacts who have left"`
	AtRisk   int64     `json:"at_risk"`
	Mean     *float64  `json:"mean,omitempty" doc:"Of the scores that are shown; absent while there are none"`
	Valid    bool      `json:"validated" doc:"False: read the scores as hints, for the version in use fails a test"`
	Scores   []Whole   `json:"distribution" doc:"How many customers have each score, without what is behind its point"`
	Money    []Revenue `json:"revenue" doc:"By currency, for amounts of different currencies do not add up"`
	Segments []string  `json:"segments"`
}

// Whole is how many customers have a score.
type Whole struct {
	Score int   `json:"score"`
	N     int64 `json:"n"`
}

// Revenue is what customers at risk are worth.
type Revenue struct {
	Currency string   `json:"currency"`
	Contacts int64    `json:"contacts"`
	Worth    int64    `json:"worth_minor" doc:"Lifetime value of the customers at risk"`
	Expected *float64 `json:"expected_minor,omitempty" doc:"Of all customers shown, worth times chance of leaving; absent while no model is fitted"`
}

// mostWorth bounds a sum of lifetime values, which is made of floating point numbers so that it cannot overflow.
const mostWorth = 9e18

// Summary tells how all customers stand.
func (s *Service) Summary(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor) (out Summary, err error) {
	const op = "health.Summary"
	if err := actor.RequireIn(op, ws, identity.InsightsRead); err != nil {
		return out, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) error {
		out = Summary{Scores: []Whole{}, Money: []Revenue{}}
		type totals struct {
			shown, hidden, left, risk int64
			sum                       float64
		}
		t, err := store.One(tx, func(s store.Scanner) (t totals, err error) {
			return t, s.Scan(&t.shown, &t.hidden, &t.left, &t.risk, &t.sum)
		},
			`/* health.Summary */ SELECT coalesce(sum(CASE WHEN hidden = 0 THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN hidden = 1 AND left_on = 0 THEN 1 ELSE 0 END), 0),
			coalesce(sum(CASE WHEN left_on <> 0 THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN hidden = 0 AND at_risk = 1 THEN 1 ELSE 0 END), 0),
			coalesce(sum(CASE WHEN hidden = 0 THEN score ELSE 0.0 END), 0.0) FROM contact_health WHERE workspace = $1`, string(ws))
		if err != nil {
			return err
		}
		out.Scored, out.Hidden, out.Left, out.AtRisk = t.shown, t.hidden, t.left, t.risk
		if t.shown > 0 {
			mean := t.sum / float64(t.shown)
			out.Mean = &mean
		}
		valid, err := store.One(tx, store.Value[int64], "/* health.Summary */ SELECT count(*) FROM health_version WHERE workspace = $1 AND active = 1 AND valid = 1", string(ws))
		if err != nil {
			return err
		}
		out.Valid = valid > 0
		if out.Scores, err = store.All(tx, func(s store.Scanner) (w Whole, err error) { return w, s.Scan(&w.Score, &w.N) },
			"/* health.Summary */ SELECT whole, count(*) FROM contact_health WHERE workspace = $1 AND hidden = 0 GROUP BY whole ORDER BY whole", string(ws)); err != nil {
			return err
		}
		if out.Money, err = store.All(tx, func(s store.Scanner) (r Revenue, err error) {
			var worth float64
			err = s.Scan(&r.Currency, &r.Contacts, &worth, &r.Expected)
			r.Worth = int64(max(-mostWorth, min(mostWorth, worth)))
			return r, err
		},
			`/* health.Summary */ SELECT currency, sum(CASE WHEN at_risk = 1 THEN 1 ELSE 0 END), sum(CASE WHEN at_risk = 1 THEN CAST(worth AS DOUBLE PRECISION) ELSE 0.0 END), sum(worth * chance)
			FROM contact_health WHERE workspace = $1 AND hidden = 0 AND currency <> '' GROUP BY currency ORDER BY count(*) DESC, currency`, string(ws)); err != nil {
			return err
		}
		out.Segments, err = store.All(tx, store.Value[string], "/* health.Summary */ SELECT DISTINCT segment FROM contact_health WHERE workspace = $1 AND segment <> '' ORDER BY segment LIMIT 100", string(ws))
		return err
	})
	return out, fault.Wrap(op, err)
}
