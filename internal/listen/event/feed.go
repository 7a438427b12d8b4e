package event

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/follow"
	"kolo/internal/foundation/jsonread"
	"kolo/internal/people/identity"
)

const (
	table    = "event"
	stream   = "event"
	feedRows = 20_000
	feedSize = 32 << 20 // bytes of properties after which a batch ends
	layout   = 2        // count it up when rows that are there would lack something
)

// Limits of the catch-all of properties in the columns; the rows have them whole.
const (
	maxKeys  = 100
	maxKey   = 64   // bytes
	maxValue = 1024 // bytes
)

// Table describes the columns of events. day is of the workspace's zone; contact_key tells contacts apart as a number.
func Table() column.Table {
	return column.Table{
		Name: table, Key: []string{"workspace", "day", "id"}, ID: "id", Extra: "properties",
		Columns: []column.Column{
			{Name: "workspace", Type: column.UUID}, {Name: "id", Type: column.Text}, {Name: "time", Type: column.Int}, {Name: "day", Type: column.Int},
			{Name: "kind", Type: column.Text}, {Name: "name", Type: column.Text}, {Name: "contact", Type: column.Text}, {Name: "contact_key", Type: column.Int},
			{Name: "value", Type: column.Float, Nullable: true}, {Name: "currency", Type: column.Text}, {Name: "properties", Type: column.Texts},
		},
	}
}

// NewFeeder makes what carries events from the rows to the columns; Start runs it.
func (s *Service) NewFeeder(columns *column.DB, log *slog.Logger) *follow.Follower {
	return follow.New(s.db, columns, follow.Source{Stream: stream, Lease: "columns of events", Tables: []string{table}, Layout: layout,
		Topic: Topic, Ready: s.Settled, Next: s.next}, log)
}

// next makes rows of the next changes.
func (s *Service) next(ctx context.Context, after, upTo int64) (b follow.Batch, err error) {
	changes, more, err := s.changes(ctx, after, upTo, feedRows, feedSize)
	if err != nil {
		return b, err
	}
	b.To = upTo
	if more {
		b.To = changes[len(changes)-1].Seq
	}
	batch := column.Batch{Table: table, Rows: make([]column.Row, 0, len(changes))}
	r := jsonread.Get()
	defer r.Put()
	zones := map[identity.WorkspaceID]*time.Location{}
	for _, e := range changes {
		switch {
		case e.erased:
			batch.Remove = append(batch.Remove, column.Key{Workspace: string(e.Workspace), ID: string(e.ID)})
			continue
		case e.Name == "": // it told of a contact, and nothing that happened
			continue
		}
		zone := zones[e.Workspace]
		if zone == nil {
			// Not what is remembered: what is numbered anew because the zone has changed must never meet the old one.
			of, err := s.readWorkspace(ctx, e.Workspace)
			if err != nil {
				return b, err
			}
			zone = of.zone
			zones[e.Workspace] = zone
		}
		var value any
		if e.Value != nil {
			value = *e.Value
		}
		batch.Rows = append(batch.Rows, column.Row{Replace: e.Revision > 1, Values: []any{
			string(e.Workspace), string(e.ID), e.Time.UnixMilli(), int64(clock.DayOf(e.Time, zone)), e.Kind, e.Name,
			string(e.Contact), column.Hash(string(e.Contact)), value, e.Currency, facts(r, e.Properties)}})
	}
	if len(batch.Rows) > 0 || len(batch.Remove) > 0 {
		b.Rows = []column.Batch{batch}
	}
	return b, nil
}

// Fact is one property of an event as texts.
type Fact struct{ Key, Value string }

// Facts are an event's properties by their names; parts of a property are named with a dot between.
func (e Event) Facts() []Fact {
	r := jsonread.Get()
	defer r.Put()
	all := facts(r, e.Properties)
	out := make([]Fact, 0, len(all))
	for _, k := range slices.Sorted(maps.Keys(all)) {
		out = append(out, Fact{k, all[k]})
	}
	return out
}

// facts are properties as texts, those of their parts with a dot between.
func facts(r *jsonread.Reader, p Properties) map[string]string {
	if p == "" {
		return nil
	}
	v, err := r.ParseOwn(string(p))
	if err != nil {
		return nil // spoilt in the store: the event counts all the same
	}
	all := map[string]string{}
	each := func(k string, v *fastjson.Value) {
		if k == "" {
			return
		}
		s := plainText(r.Intern, v)
		if len(s) > maxValue {
			s = clip(s)
		}
		all[k] = s
	}
	v.GetObject().Visit(func(key []byte, v *fastjson.Value) { flatten(maxKey, r.Intern(key), v, each, func(string) {}) })
	if len(all) > maxKeys { // the same ones each time
		for _, k := range slices.Sorted(maps.Keys(all))[maxKeys:] {
			delete(all, k)
		}
	}
	return all
}

func clip(s string) string {
	n := maxValue
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.Clone(s[:n])
}
