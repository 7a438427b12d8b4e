package app

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kolo/internal/foundation/job"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/event"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
)

// TestWhatIsErasedIsGoneFromTheFiles erases a customer whose words were read, changed and counted, removes a text and takes an import back,
// and then looks for the words in the bytes of every file.
func TestWhatIsErasedIsGoneFromTheFiles(t *testing.T) {
	t.Parallel()
	eachSetup(t, func(i *instance) {
		ws, owner := i.workspace("one")
		who := &feedback.Who{ExternalID: "zxq-1", Email: "zxqdana@example.com", Name: "Zxqdana Levi"}
		i.receive(ws, feedback.Input{Channel: "web", Source: "s", ExternalID: "1", Text: "The courier zxqsecret was late", Contact: who, Attributes: feedback.Attributes{"note": "zxqnote"},
			Answers: feedback.Answers{{Question: "why", Value: "zxqwhy"}}},
			feedback.Input{Channel: "web", Source: "s", ExternalID: "2", Text: "All is well here"},
			feedback.Input{Channel: "web", Source: "zxqsource", ExternalID: "3", Text: "Buy zxqpills now", Contact: &feedback.Who{Email: "bob@example.com"}, Attributes: feedback.Attributes{"note": "zxqad"}})
		im := i.bring(ws, owner, "rows.csv", "date,e-mail,comment\n2026-03-01,zxqnew@example.com,The zxqwrong file\n2026-03-02,zxqmore@example.com,Another zxqrow\n")
		got, err := i.Events.Receive(i.Context(), ws, []event.Input{{Kind: "track", Name: "login", User: "zxq-1", Message: "m", Properties: `{"page": "zxqpage"}`}})
		must(i.T, err)
		if got[0].Status != event.Created {
			i.Fatalf("%+v", got)
		}
		i.fed()
		// Read and counted once more, so that the columns have had the words twice.
		must(i.T, i.Store.Update(i.Context(), func(tx *store.Tx) error {
			ids, err := store.All(tx, store.Value[feedback.ID], "SELECT id FROM feedback WHERE workspace = $1", string(ws))
			if err != nil {
				return err
			}
			return feedback.Touch(tx, ws, ids)
		}))
		i.fed()
		must(i.T, i.Columns.Checkpoint(i.Context()))
		page, err := i.Contacts.List(i.Context(), ws, owner, contact.Query{})
		must(i.T, err)
		at := slices.IndexFunc(page.Contacts, func(c contact.Contact) bool { return c.Name == who.Name })
		if at < 0 || len(page.Contacts) != 4 {
			i.Fatalf("%d customers", len(page.Contacts))
		}
		list, err := i.Feedback.List(i.Context(), ws, feedback.Filter{})
		must(i.T, err)
		for _, f := range list {
			if f.ExternalID == "3" {
				must(i.T, i.Feedback.Remove(i.Context(), ws, owner, f.ID, ""))
			}
		}
		_, err = i.Imports.TakeBack(i.Context(), ws, owner, im.ID)
		must(i.T, err)
		if im = i.ended(ws, owner, im.ID); im.Taken != 2 || im.Forgotten != 2 {
			i.Fatalf("%+v", im)
		}
		must(i.T, i.Imports.Discard(i.Context(), ws, owner, im.ID)) // the file itself is kept for a week
		must(i.T, i.Contacts.Erase(i.Context(), ws, owner, page.Contacts[at].ID))
		must(i.T, i.Store.Update(i.Context(), func(tx *store.Tx) error { // not in ten minutes
			_, err := job.Enqueue(tx, job.Spec{Kind: "flow.purge", Key: "purge"})
			return err
		}))
		i.until("the files are written anew", func() bool {
			var list []job.Job
			must(i.T, i.Store.View(i.Context(), func(tx *store.Tx) (err error) {
				list, _, err = job.List(tx, "", job.Filter{Kinds: []job.Kind{"flow.purge"}, Limit: 1})
				return err
			}))
			return len(list) == 1 && list[0].State == job.Done
		})
		must(i.T, filepath.WalkDir(i.Config.Data, func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			file, err := os.ReadFile(path)
			if i := bytes.Index(file, []byte("zxq")); i >= 0 {
				t.Errorf("%s holds %q", filepath.Base(path), file[max(0, i-20):min(len(file), i+40)])
			}
			return err
		}))
		rows, err := i.Columns.All(i.Context(), "SELECT count(*) FROM feedback")
		must(i.T, err)
		if rows[0][0] != int64(2) {
			i.Errorf("%v pieces of feedback are left", rows[0][0])
		}
	})
}
