package identity

import (
	"net/url"
	"testing"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
)

func TestDecodeAudit(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Asia/Jerusalem")
	if err != nil {
		t.Fatal(err)
	}
	march := func(day int) time.Time { return time.Date(2026, 3, day, 0, 0, 0, 0, zone) }
	for query, want := range map[string]AuditQuery{
		"":                              {},
		"text=&who=&action=&from=&to=":  {},
		"text=+Shop%00+key+":            {Text: "Shop key"},
		"who=member:m1&action=key":      {Member: "m1", Action: "key."},
		"who=key:k1&action=key.revoke":  {Key: "k1", Action: "key.revoke"},
		"object=attr.plan":              {Object: "attr.plan"},
		"from=2026-03-02&to=2026-03-02": {From: march(2), To: march(3)},
		"to=2026-03-27&cursor=x":        {To: march(28)}, // a day of 23 hours
		"object=+0197A000-0000-7000-8000-0000000000AB": {Object: "0197a000-0000-7000-8000-0000000000ab"},
	} {
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeAudit(v, zone, "cursor")
		if err != nil {
			t.Errorf("%q: %v", query, err)
			continue
		}
		if !got.From.Equal(want.From) || !got.To.Equal(want.To) {
			t.Errorf("%q: from %v to %v, want %v to %v", query, got.From, got.To, want.From, want.To)
		}
		got.From, got.To, want.From, want.To = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		if got != want {
			t.Errorf("%q: %+v, want %+v", query, got, want)
		}
	}
	for query, path := range map[string]string{"who=me": "who", "from=yesterday": "from", "to=2026-02-30": "to", "object_id=1": "object_id"} {
		v, _ := url.ParseQuery(query)
		_, err := DecodeAudit(v, zone)
		if p := fault.ProblemOf(err); !fault.Is(err, fault.Invalid) || len(p.Errors) != 1 || p.Errors[0].Path != path {
			t.Errorf("%q: %v, want a complaint about %s", query, err, path)
		}
	}
}

// TestAuditOfObject: what happened to a thing is found by its id, also where an entry is about another thing and names it.
func TestAuditOfObject(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		const kept, gone = "0197a000-0000-7000-8000-000000000001", "0197a000-0000-7000-8000-000000000002"
		h.must(h.db.Update(h.ctx, func(tx *store.Tx) error {
			for _, e := range []struct{ action, kind, object, from string }{
				{"contact.create", "contact", kept, ""}, {"contact.create", "contact", gone, ""}, {"contact.merge", "contact", kept, gone},
				{"attribute.set", "contact attribute", "plan", ""}, {"team.create", "team", "t1", "plan"},
			} {
				if err := Audit(tx, owner, e.action, e.kind, e.object, map[string]string{"from": e.from}); err != nil {
					return err
				}
			}
			return nil
		}))
		for object, n := range map[string]int{kept: 2, gone: 2, "plan": 1, "t1": 1, "0197a000-0000-7000-8000-000000000003": 0} {
			log, err := h.AuditLog(h.ctx, ws, owner, AuditQuery{Object: object})
			h.must(err)
			if len(log.Entries) != n {
				h.Errorf("%s: %d entries, want %d: %+v", object, len(log.Entries), n, log.Entries)
			}
		}
		log, err := h.AuditLog(h.ctx, ws, owner, AuditQuery{Text: gone, Action: "contact."})
		h.must(err)
		if len(log.Entries) != 2 {
			h.Errorf("the words find %d entries", len(log.Entries))
		}
	})
}
