package flow_test

import (
	"strings"
	"testing"
	"time"

	"kolo/internal/deliver"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/people/identity"
)

// Whoever is invited gets the link by mail; once the mail is sent nothing that Kolo keeps lets anybody in.
func TestInvitationsAreMailed(t *testing.T) {
	each(t, func(w *world) {
		w.run(w.flow)
		owner := w.workspace("hotels")
		i, token, err := w.identity.Invite(w.Context(), owner.Workspace, owner, identity.NewInvite{Email: "noa@kolo.example", Role: identity.Analyst})
		w.must(err)
		sent := func(n int) deliver.Delivery {
			w.Helper()
			w.settle()
			list := w.deliveries(owner, deliver.Filter{Topic: "invite"})
			if len(list) != n || list[0].State != deliver.Sent || len(w.mails.Mails()) != n {
				w.Fatalf("the mails are %+v", list)
			}
			return list[0]
		}
		d := sent(1)
		m := w.mails.Mails()[0]
		if !strings.Contains(m.Data, "noa@kolo.example") || !strings.Contains(strings.ReplaceAll(m.Data, "=\r\n", ""), "https://kolo.example/invitations/"+token) || strings.Contains(m.Data, "List-Unsubscribe") {
			w.Fatalf("the mail is\n%s", m.Data)
		}
		var said string
		w.must(w.db.View(w.Context(), func(tx *store.Tx) (err error) {
			said, err = store.One(tx, store.Value[string], "/* test */ SELECT body || html FROM delivery WHERE workspace = $1 AND id = $2", string(owner.Workspace), string(d.ID))
			return err
		}))
		if said != "" {
			w.Fatalf("the database still says %q", said)
		}
		if _, err := w.deliver.Redeliver(w.Context(), owner.Workspace, owner, d.ID); !fault.Is(err, fault.Conflict) {
			w.Fatalf("a mail that was forgotten is sent again: %v", err)
		}

		w.clock.Advance(time.Millisecond)
		_, again, err := w.identity.ResendInvite(w.Context(), owner.Workspace, owner, i.ID)
		w.must(err)
		sent(2)
		if m := w.mails.Mails()[1]; !strings.Contains(strings.ReplaceAll(m.Data, "=\r\n", ""), again) {
			w.Fatalf("the second mail is\n%s", m.Data)
		}
		_, err = w.identity.AcceptInvite(w.Context(), again, "Noa", "correct horse battery")
		w.must(err)
	})
}

// Without a mail server an invitation is a link to hand on, and the list of what was sent says nothing of it.
func TestInvitationsWithoutAMailServer(t *testing.T) {
	each(t, func(w *world) {
		w.run(w.process(""))
		owner := w.workspace("hotels")
		_, _, err := w.identity.Invite(w.Context(), owner.Workspace, owner, identity.NewInvite{Email: "noa@kolo.example", Role: identity.Analyst})
		w.must(err)
		if list := w.deliveries(owner, deliver.Filter{}); len(list) > 0 {
			w.Fatalf("there are %+v", list)
		}
	})
}
