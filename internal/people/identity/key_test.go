package identity

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store/storetest"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		k, secret, err := h.CreateKey(h.ctx, ws, owner, NewKey{Name: "Shop", Scopes: []Permission{FeedbackWrite, ContactsWrite, FeedbackWrite},
			Expires: h.clock.Now().Add(48 * time.Hour)})
		h.must(err)
		if !strings.HasPrefix(secret, k.Public) || len(k.Scopes) != 2 {
			h.Fatalf("%+v", k)
		}
		actor, err := h.Key(h.ctx, secret)
		h.must(err)
		if actor.Workspace != ws || actor.Key != k.ID || !actor.May(FeedbackWrite) || actor.May(FeedbackRead) || actor.Name != "Shop" {
			h.Fatalf("%+v", actor)
		}
		_, other := newSecret()
		body := k.Public + randomBase62(secretLen)
		for _, s := range []string{"", "kolo_", other, secret[:keyLen-1] + "!", secret + "x", body + checksum(body), strings.ToUpper(secret)} {
			_, err := h.Key(h.ctx, s)
			h.want(err, fault.Unauthenticated)
		}
		h.clock.Advance(48 * time.Hour)
		_, err = h.Key(h.ctx, secret)
		h.want(err, fault.Unauthenticated)

		_, _, err = h.CreateKey(h.ctx, ws, owner, NewKey{Name: "", Scopes: []Permission{"fly"}, Expires: h.clock.Now()})
		h.want(err, fault.Invalid)
		_, _, err = h.CreateKey(h.ctx, ws, owner, NewKey{Name: "none"})
		h.want(err, fault.Invalid)
		narrow := Actor{Workspace: ws, Key: "k", Scopes: []Permission{KeysManage}}
		_, _, err = h.CreateKey(h.ctx, ws, narrow, NewKey{Name: "wide", Scopes: []Permission{Erase}})
		h.want(err, fault.Invalid)
	})
}

func TestRevokedKeyEndsEverywhere(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		k, secret, err := h.CreateKey(h.ctx, ws, owner, NewKey{Name: "Shop", Scopes: []Permission{FeedbackWrite}})
		h.must(err)
		elsewhere := NewService(h.db, cheap) // another process
		for _, s := range []*Service{h.Service, elsewhere} {
			_, err := s.Key(h.ctx, secret)
			h.must(err)
		}
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if err := h.RevokeKey(h.ctx, ws, owner, k.ID); err != nil {
					h.Error(err)
				}
				if _, err := h.Key(h.ctx, secret); !fault.Is(err, fault.Unauthenticated) {
					h.Errorf("after the revocation: %v", err)
				}
			})
		}
		wg.Wait()
		h.clock.Advance(keyLife)
		_, err = elsewhere.Key(h.ctx, secret)
		h.want(err, fault.Unauthenticated)
		log, err := h.AuditLog(h.ctx, ws, owner, AuditQuery{Action: "key.revoke"})
		h.must(err)
		if len(log.Entries) != 1 {
			h.Fatalf("revoked %d times", len(log.Entries))
		}
	})
}

func TestKeyUse(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		_, secret, err := h.CreateKey(h.ctx, ws, owner, NewKey{Name: "Shop", Scopes: []Permission{FeedbackWrite}})
		h.must(err)
		first := h.clock.Now()
		used := func() time.Time {
			_, err := h.Key(h.ctx, secret)
			h.must(err)
			list, err := h.Keys(h.ctx, ws)
			h.must(err)
			return list[0].UsedAt
		}
		if got := used(); !got.Equal(first) {
			h.Fatalf("first used %v", got)
		}
		h.clock.Advance(59 * time.Second)
		if got := used(); !got.Equal(first) {
			h.Fatalf("written again within a minute: %v", got)
		}
		h.clock.Advance(keyLife)
		if got := used(); !got.Equal(h.clock.Now()) {
			h.Fatalf("last used %v", got)
		}
	})
}

func TestAuditLog(t *testing.T) {
	t.Parallel()
	each(t, func(h house) {
		ws, owner := h.workspace("Acme")
		owner.IP, owner.RequestID = "192.0.2.9", "req-1"
		start := h.clock.Now()
		for i := range 30 {
			h.clock.Advance(time.Minute)
			_, _, err := h.CreateKey(h.ctx, ws, owner, NewKey{Name: fmt.Sprintf("Ключ %d%%", i), Scopes: []Permission{FeedbackRead}})
			h.must(err)
		}
		search := func(q AuditQuery) []Entry {
			page, err := h.AuditLog(h.ctx, ws, owner, q)
			h.must(err)
			return page.Entries
		}
		for what, c := range map[string]struct {
			q AuditQuery
			n int
		}{
			"all":        {AuditQuery{}, 31},
			"action":     {AuditQuery{Action: "key.create"}, 30},
			"prefix":     {AuditQuery{Action: "workspace."}, 1},
			"not a mark": {AuditQuery{Action: "k_y."}, 0},
			"who":        {AuditQuery{Member: owner.Member}, 31},
			"nobody":     {AuditQuery{Member: "nobody"}, 0},
			"kind":       {AuditQuery{Kind: "workspace", Object: string(ws)}, 1},
			"case":       {AuditQuery{Text: "КЛЮЧ owner"}, 30},
			"percent":    {AuditQuery{Text: "7%"}, 3},
			"from to":    {AuditQuery{From: start.Add(2 * time.Minute), To: start.Add(5 * time.Minute)}, 3},
		} {
			if got := search(c.q); len(got) != c.n {
				h.Errorf("%s: %d entries, want %d", what, len(got), c.n)
			}
		}
		seen := map[string]bool{}
		for cursor := ""; ; {
			page, err := h.AuditLog(h.ctx, ws, owner, AuditQuery{Limit: 7, Cursor: cursor})
			h.must(err)
			for _, e := range page.Entries {
				seen[e.ID] = true
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if len(seen) != 31 {
			h.Errorf("paged through %d", len(seen))
		}
		if e := search(AuditQuery{Limit: 1})[0]; e.IP != "192.0.2.9" || e.RequestID != "req-1" || e.Details["name"] != "Ключ 29%" || !e.At.Equal(h.clock.Now()) {
			h.Errorf("%+v", e)
		}
		_, err := h.AuditLog(h.ctx, ws, owner, AuditQuery{Cursor: "' OR 1=1"})
		h.want(err, fault.Invalid)
		analyst := h.member(ws, owner, "an@acme.example", Analyst)
		_, err = h.AuditLog(h.ctx, ws, analyst, AuditQuery{})
		h.want(err, fault.Denied)
	})
}

func BenchmarkKey(b *testing.B) {
	s := NewService(storetest.SQLite(b, clock.System{}), cheap)
	made, err := s.Bootstrap(b.Context(), "Acme", "a@example.com")
	if err != nil {
		b.Fatal(err)
	}
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := s.Key(b.Context(), made.Secret); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkPasswordHash(b *testing.B) {
	h := newHasher(Cost{})
	for b.Loop() {
		if _, err := h.hash(b.Context(), "a password"); err != nil {
			b.Fatal(err)
		}
	}
}
