package app

import (
	"net/http"
	"strings"
	"testing"

	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// TestNamesOfWhoSaysIt: what a contact is called is masked in what they said before who may not know it, and before nobody else.
func TestNamesOfWhoSaysIt(t *testing.T) {
	t.Parallel()
	i := open(t)
	ws, owner := i.workspace("one")
	_, err := i.Contacts.Upsert(t.Context(), ws, owner, []contact.Ref{{Email: "p1@example.com", Name: "Zelda Quux"}})
	must(t, err)
	f := nps(3, "Zelda Quux here again, quux says: Dr. Cohen was rude to my husband Peter Stein. Doreen was kind.")
	f.Contact = &feedback.Who{Email: "p1@example.com"}
	i.receive(ws, f)
	paths := []string{"/feedback", "/feedback?q=rude", "/export/feedback.csv", "/export/feedback.ndjson"}
	list, err := i.Feedback.List(t.Context(), ws, feedback.Filter{Limit: 1})
	must(t, err)
	paths = append(paths, "/feedback/"+string(list[0].ID))
	for _, role := range []identity.Role{identity.Admin, identity.Analyst} {
		email := string(role) + "@one.example.com"
		_, invitation, err := i.Identity.Invite(t.Context(), ws, owner, identity.NewInvite{Email: email, Role: role})
		must(t, err)
		_, err = i.Identity.AcceptInvite(t.Context(), invitation, "Member", password)
		must(t, err)
		token := i.signIn(email)
		for _, path := range paths {
			rec := i.browse(token, http.MethodGet, path, nil)
			body := strings.ToLower(rec.Body.String())
			if rec.Code != http.StatusOK || !strings.Contains(body, "doreen") {
				t.Errorf("%s for %s: %d", path, role, rec.Code)
			}
			for _, name := range []string{"zelda", "quux", "peter", "stein"} {
				if strings.Contains(body, name) != (role == identity.Admin) {
					t.Errorf("%s for %s: %s is there: %v", path, role, name, role != identity.Admin)
				}
			}
		}
	}
}
