package imports_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/imports"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/text"
)

// seen is everything that an actor gets to see of an import.
func (w *world) seen(actor identity.Actor, id imports.ID) string {
	w.Helper()
	im, err := w.imports.Get(w.Context(), w.ws, actor, id)
	w.must(err)
	list, _, err := w.imports.List(w.Context(), w.ws, actor, "", 0)
	w.must(err)
	all := []any{im, list}
	var file bytes.Buffer
	if im.State == imports.Draft {
		m := im.Mapping
		for _, m := range []*imports.Mapping{nil, &m} { // as the page shows it again
			p, err := w.imports.Preview(w.Context(), w.ws, actor, id, m)
			if !fault.Is(err, fault.Invalid) { // of a mapping without a text
				w.must(err)
			}
			all = append(all, p, fault.ProblemOf(err))
		}
	} else {
		var rows []imports.Refusal
		w.must(w.imports.Refused(w.Context(), w.ws, actor, id, func(r imports.Refusal) error { rows = append(rows, r); return nil }))
		w.must(w.imports.WriteRefused(w.Context(), w.ws, actor, id, &file, nil))
		all = append(all, rows)
	}
	b, err := json.Marshal(all)
	w.must(err)
	return string(b) + file.String()
}

func TestWhoMayNotKnowCustomersSeesNoneInFiles(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.imports.MaskWith(func(s string) string { return text.Mask(s, text.Personal(s, "")) })
		owner := identity.Actor{Workspace: w.ws, Member: "o", Role: identity.Owner, Name: "Olga"}
		c := contact.NewService(w.db)
		w.must(c.SetAttribute(w.Context(), w.ws, owner, contact.Attribute{Key: "nick", Kind: contact.Text, Personal: true}))
		w.run()
		secrets := []string{"zelda", "Zelda", "zelda@example.com", "052-765-4321", "527654321", "CU-4411", "Zorro", "Quincy"}
		head := "comment,nps,customer name,email,phone,customer id,nick,more,date\n"
		rows := "\"Slow, write to zelda@example.com\",3,Zelda Quincy,zelda@example.com,052-765-4321,CU-4411,Zorro,call 052-765-4321,31/01/2026\n" +
			"Fine,9,,,,,,,31/01/2026\n" +
			"Fine,zelda@example.com,Zelda Quincy,zelda@example.com,052-765-4321,CU-4411,Zorro,,31/01/2026\n" +
			"Fine,8,Zelda Quincy,not zelda,052-765,CU-4411,Zorro,,31/01/2026\n" +
			"Fine,8,Zelda Quincy,zelda@example.com,052-765-4321,CU-4411,Zorro,,31/01/2026,too,wide\n"
		native := `{"text":"Slow, write to zelda@example.com","source":"zelda@example.com","external_id":"zelda@example.com","scores":[{"metric":"nps","value":3,"scale":{"min":0,"max":10},"question":"zelda@example.com?"}],"answers":[{"question":"q","value":"zelda@example.com"}],"contact":{"name":"Zelda Quincy","email":"zelda@example.com","phone":"+972527654321","external_id":"CU-4411","attributes":{"nick":"Zorro"}},"attributes":{"nick":"Zorro"}}
{"text":"Slow","scores":[{"metric":"nps","value":99,"scale":{"min":0,"max":10}}],"contact":{"name":"Zelda Quincy","email":"zelda@example.com","attributes":{"nick":"Zorro"}}}
{"text":"Slow","contact":{"name":"Zelda Quincy"
`
		// The names of customers' columns may have been chosen for something else.
		other := w.upload("other.csv", head+rows)
		m := other.Mapping
		for i := range m.Columns {
			if strings.HasPrefix(m.Columns[i].To, "contact.") || m.Columns[i].Column == "nick" {
				m.Columns[i].To = "attribute:x" + strings.Repeat("x", i)
			}
		}
		_, err := w.imports.SetMapping(w.Context(), w.ws, owner, other.ID, m)
		w.must(err)
		yes, no := true, false
		headless, glued := w.upload("headless.csv", head+rows), w.upload("glued.csv", head+rows)
		_, err = w.imports.Inspect(w.Context(), w.ws, w.actor, headless.ID, table.Options{Header: &no})
		w.must(err)
		_, err = w.imports.Inspect(w.Context(), w.ws, w.actor, glued.ID, table.Options{Delimiter: ';'})
		w.must(err)
		for name, id := range map[string]imports.ID{"draft": w.upload("draft.csv", head+rows).ID, "done": w.bring("done.csv", head+rows).ID, "other": other.ID, "headless": headless.ID, "glued": glued.ID,
			"native": w.upload("native.ndjson", native).ID, "native done": w.bring("native.ndjson", native).ID} {
			got, whole := w.seen(w.actor, id), w.seen(owner, id)
			for _, s := range secrets {
				if i := strings.Index(got, s); i >= 0 {
					t.Errorf("%s tells %q: %s", name, s, got[max(0, i-200):min(len(got), i+100)])
				}
			}
			if !strings.Contains(whole, "Zelda Quincy") || !strings.Contains(whole, "Zorro") {
				t.Errorf("%s: the owner sees too little: %s", name, whole)
			}
			if name != "glued" && !strings.Contains(got, "[email]") {
				t.Errorf("%s has no shape: %s", name, got)
			}
		}
		nameless := w.upload("nameless.csv", rows)
		_, err = w.imports.Inspect(w.Context(), w.ws, w.actor, nameless.ID, table.Options{Header: &yes})
		w.must(err)
		// What was seen can be sent back, and means the columns of the file.
		im, err := w.imports.Get(w.Context(), w.ws, w.actor, nameless.ID)
		w.must(err)
		if names := strings.Join(im.Names(), "|"); strings.Contains(names, "zelda@") || !strings.Contains(names, "[email] 4") {
			t.Errorf("names of columns: %s", names)
		}
		im.Mapping.Columns[0].To = "text"
		for i := range im.Mapping.Columns[1:] {
			im.Mapping.Columns[i+1] = imports.Target{Column: im.Names()[i+1], To: "ignore"}
		}
		_, err = w.imports.SetMapping(w.Context(), w.ws, w.actor, im.ID, im.Mapping)
		w.must(err)
		im, err = w.imports.Get(w.Context(), w.ws, owner, im.ID)
		w.must(err)
		if im.Mapping.Columns[3].Column != "zelda@example.com" || im.Mapping.Columns[3].To != "ignore" || im.Columns[3].Name != "zelda@example.com" {
			t.Errorf("%+v", im.Mapping)
		}
		// The screen stays of use: dates, scores and ordinary words are as they are.
		p, err := w.imports.Preview(w.Context(), w.ws, w.actor, w.upload("more.csv", head+rows).ID, nil)
		w.must(err)
		if in := p.Rows[0].Input; in == nil || in.Text != "Slow, write to [email]" || in.Time.Day() != 30 && in.Time.Day() != 31 || in.Scores[0].Value != 3 || in.Contact.Email != "[email]" || p.Rows[1].Cells[0] != "Fine" {
			t.Errorf("%+v", p.Rows[0])
		}
	})
}

// masked has the service mask texts as the program does, and gives somebody who may know customers.
func (w *world) masked() identity.Actor {
	w.imports.MaskWith(func(s string) string { return text.Mask(s, text.Personal(s, "")) })
	return identity.Actor{Workspace: w.ws, Member: "o", Role: identity.Owner, Name: "Olga"}
}

// personal lists the columns that are covered, and fails where a name shows in their values.
func (w *world) personal(im imports.Import) (names string) {
	w.Helper()
	for _, c := range im.Columns {
		if c.Personal {
			names += c.Name + "|"
		}
		if strings.Contains(strings.Join(append(c.Samples, c.Min, c.Max), " "), "Quincy") {
			w.Errorf("%s tells %q", c.Name, c.Samples)
		}
	}
	return names
}

// However a file is read, who may not know customers sees none of them, and what they see again is what they saw at first.
func TestAnotherWayToReadAFileUncoversNobody(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.masked()
		inspect := func(actor identity.Actor, im imports.Import, o table.Options) imports.Import {
			w.Helper()
			_, err := w.imports.Inspect(w.Context(), w.ws, actor, im.ID, o)
			w.must(err)
			got, err := w.imports.Get(w.Context(), w.ws, w.actor, im.ID)
			w.must(err)
			return got
		}
		yes, no, zero, two := true, false, 0, 2
		rows := w.upload("rows.ndjson", strings.Repeat(`{"comment":"Slow and cold","nps":3,"customer_name":"Zelda Quincy"}`+"\n", 5))
		for _, o := range []table.Options{{Format: table.CSV}, {Format: table.CSV, Delimiter: ';'}, {Format: table.CSV, Delimiter: '}'}, {Format: table.CSV, Header: &no}, {Format: table.CSV, Delimiter: ':', Header: &no}} {
			got := inspect(w.actor, rows, o)
			if w.personal(got); slices.ContainsFunc(got.Mapping.Columns, func(t imports.Target) bool { return t.To == "text" || strings.HasPrefix(t.To, "attribute:") }) {
				w.Errorf("%+v: %+v", o, got.Mapping)
			}
		}
		if got := w.personal(inspect(w.actor, rows, table.Options{})); got != "customer_name|" {
			w.Errorf("as it is: %s", got)
		}
		// What somebody found who may know is not lost by reading the file as it suggests itself.
		titled := w.upload("titled.csv", "Winter,,\nall of it,Dana,\ncomment,shop,customer name\nSlow and cold,a,Zelda Quincy\nFine,b,Zelda Quincy\nGood,c,Rob Brown\n")
		if got := inspect(owner, titled, table.Options{Header: &yes, Above: &two}); w.personal(got) != "customer name|" {
			w.Errorf("named: %+v", got)
		}
		for _, o := range []table.Options{{}, {Delimiter: ';'}, {Header: &no, Above: &zero}, {}} {
			if got := inspect(w.actor, titled, o); w.personal(got) == "" {
				w.Errorf("%+v uncovers: %+v", o, got.Columns)
			}
		}
		if got := w.personal(inspect(w.actor, titled, table.Options{Header: &yes, Above: &two})); got != "customer name|" {
			w.Errorf("named again: %s", got)
		}
		// So is what they chose: a name does not say it.
		chosen := w.upload("chosen.csv", "comment,nps,who\nSlow and cold,3,Zelda Quincy\nFine,9,Rob Brown\n")
		m := chosen.Mapping
		m.Columns[2].To = "contact.name"
		_, err := w.imports.SetMapping(w.Context(), w.ws, owner, chosen.ID, m)
		w.must(err)
		for _, o := range []table.Options{{Header: &no}, {Delimiter: ';'}, {}} {
			if got := inspect(w.actor, chosen, o); w.personal(got) == "" {
				w.Errorf("%+v uncovers: %+v", o, got.Columns)
			}
		}
	})
}

// Nor can they bring in as something that everybody sees what is covered before them.
func TestCoveredColumnsBecomeNothingThatIsSeen(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.masked()
		im := w.upload("x.csv", "comment,nps,customer name,customer id,who\nSlow and cold,3,Zelda Quincy,CU-4411,Zelda Quincy\nFine,9,Rob Brown,CU-1,Rob Brown\n")
		set := func(actor identity.Actor, change func(m *imports.Mapping)) error {
			got, err := w.imports.Get(w.Context(), w.ws, actor, im.ID)
			w.must(err)
			change(&got.Mapping)
			_, err = w.imports.SetMapping(w.Context(), w.ws, actor, im.ID, got.Mapping)
			return err
		}
		to := func(i int, to string) func(*imports.Mapping) {
			return func(m *imports.Mapping) { m.Columns[i].To = to }
		}
		refused := func(err error, path string) {
			w.Helper()
			if all := problemsOf(err); len(all) != 1 || all[0].Path != path || all[0].Code != "personal" || !strings.Contains(all[0].Msg, "customers") {
				w.Errorf("%s: %v", path, err)
			}
		}
		refused(set(w.actor, to(2, "attribute:x")), "columns[2].to")
		refused(set(w.actor, to(3, "touchpoint")), "columns[3].to")
		refused(set(w.actor, to(2, "text")), "columns[2].to")
		refused(set(w.actor, func(m *imports.Mapping) { m.Columns = m.Columns[:3] }), "rest")
		w.must(set(w.actor, func(m *imports.Mapping) {}))
		w.must(set(w.actor, func(m *imports.Mapping) { m.Columns, m.Rest = m.Columns[:3], "ignore" }))
		w.must(set(w.actor, to(2, "ignore")))
		refused(set(w.actor, to(2, "attribute:x")), "columns[2].to") // in two steps
		w.must(set(w.actor, to(2, "contact.name")))
		// What they see they can call what they like, and think better of it; not what somebody else covered.
		list := func(m *imports.Mapping) {
			m.Columns = append(m.Columns[:3], imports.Target{Column: "who", To: "contact.account"})
		}
		w.must(set(w.actor, list))
		w.must(set(w.actor, to(3, "contact.external_id")))
		w.must(set(w.actor, to(3, "attribute:who")))
		w.must(set(owner, to(3, "contact.external_id")))
		refused(set(w.actor, to(3, "attribute:who")), "columns[3].to")
		w.must(set(owner, to(3, "attribute:who"))) // who may know may show it
		w.must(set(w.actor, func(m *imports.Mapping) {}))

		native := w.upload("rows.ndjson", strings.Repeat(`{"comment":"Slow and cold","nps":3,"customer_name":"Zelda Quincy"}`+"\n", 5))
		_, err := w.imports.SetMapping(w.Context(), w.ws, w.actor, native.ID, imports.Mapping{Native: true})
		refused(err, "native")
		// What is shown under another name means the column, and what becomes of it.
		im = w.upload("asked.csv", "comment,nps,asked by zelda@example.com,shop\nSlow,3,yes please,a\nFine,9,no thanks,b\nGood,9,maybe later,b\n")
		w.must(set(w.actor, func(m *imports.Mapping) {}))
		got, err := w.imports.Get(w.Context(), w.ws, owner, im.ID)
		w.must(err)
		if t := got.Mapping.Columns[2]; t.To != "attribute:asked by zelda@example.com" || t.Column != "asked by zelda@example.com" {
			w.Errorf("%+v", t)
		}
	})
}

func TestNamesOfFilesAreMasked(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.masked()
		w.run()
		for name, want := range map[string]string{"zelda@example.com.csv": "[email].csv", "call 052-765-4321.tsv": "call [phone].tsv", "report.zelda@example.com": "[email]", "answers of 2026.csv": "answers of 2026.csv"} {
			im := w.bring(name, "comment,nps\nFine,9\nBad,nine\n")
			if im.Name != want {
				w.Errorf("%s is shown as %s", name, im.Name)
			}
			if seen := w.seen(w.actor, im.ID); want != name && strings.Contains(seen, name) {
				w.Errorf("%s is seen: %s", name, seen)
			}
			if im, err := w.imports.Get(w.Context(), w.ws, owner, im.ID); err != nil || im.Name != name {
				w.Errorf("the owner sees %s, %v", im.Name, err)
			}
			w.must(w.imports.Discard(w.Context(), w.ws, w.actor, im.ID))
		}
		if n := w.count("SELECT count(*) FROM audit WHERE kind = 'import' AND (details LIKE '%zelda@%' OR details LIKE '%4321%')"); n > 0 {
			w.Errorf("%d entries of the audit log have a name", n)
		}
		if n := w.count("SELECT count(*) FROM audit WHERE kind = 'import' AND details LIKE '%[email].csv%'"); n != 3 { // started, ended, discarded
			w.Errorf("%d entries have the masked name", n)
		}
	})
}

// TestNamesBesideFeedbackArePersonal, unless somebody has said otherwise: a row that names nobody else has a name all the same.
func TestNamesBesideFeedbackArePersonal(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		register := contact.NewService(w.db)
		personal := func() (keys []string) {
			w.must(w.db.View(w.Context(), func(tx *store.Tx) error {
				all, err := contact.Personal(tx, w.ws)
				maps.DeleteFunc(all, func(_ string, personal bool) bool { return !personal })
				keys = slices.Sorted(maps.Keys(all))
				return err
			}))
			return keys
		}
		w.must(register.SetAttribute(w.Context(), w.ws, w.actor, contact.Attribute{Key: "Author", Kind: contact.Text, Sliceable: true}))
		w.bring("identified.csv", "comment,Customer ID,contact_plan\n"+"Late again and nobody called,c-1,gold\n")
		if keys := personal(); len(keys) != 0 {
			w.Fatalf("%v", keys)
		}
		file := func(header string) string {
			return lines(header, 40, english, []string{"Ana %d"}, []string{"gold", "basic"})
		}
		for _, name := range []string{"Author", "Full name", "Full name"} {
			im := w.upload("named.csv", file("comment;"+name+";plan"))
			if to := im.Mapping.Columns[1].To; to != "contact.name" {
				w.Fatalf("%s is %s", name, to)
			}
			_, err := w.imports.Start(w.Context(), w.ws, w.actor, im.ID)
			w.must(err)
			w.await(im.ID, imports.State.Ended)
		}
		w.bring("own.ndjson", `{"text":"In the form of an export","scores":[],"contact":{"name":"Eve","account":"acme"}}`+"\n")
		if keys := personal(); !slices.Equal(keys, []string{"contact.name", "full_name"}) {
			w.Errorf("%v", keys)
		}
		if n := w.count("SELECT count(*) FROM audit WHERE workspace = $1 AND action = 'attribute.set' AND object = 'full_name'", string(w.ws)); n != 1 {
			w.Errorf("%d entries of the log", n)
		}
	})
}

// TestAttributesThatNobodyDecidedOnBecomePersonal: that a contact had one first says nothing.
func TestAttributesThatNobodyDecidedOnBecomePersonal(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		im := w.upload("first.csv", "comment,Customer ID,Who\nLate again and nobody called,c-1,Ana\n")
		im.Mapping.Columns = slices.Clone(im.Mapping.Columns)
		im.Mapping.Columns[2].To = "contact.attribute:Who"
		_, err := w.imports.SetMapping(w.Context(), w.ws, w.actor, im.ID, im.Mapping)
		w.must(err)
		_, err = w.imports.Start(w.Context(), w.ws, w.actor, im.ID)
		w.must(err)
		w.await(im.ID, imports.State.Ended)
		im = w.upload("second.csv", lines("comment;Who", 40, english, []string{"Ana %d"}))
		im.Mapping.Columns = slices.Clone(im.Mapping.Columns)
		im.Mapping.Columns[1] = imports.Target{Column: "Who", To: "contact.name"}
		_, err = w.imports.SetMapping(w.Context(), w.ws, w.actor, im.ID, im.Mapping)
		w.must(err)
		_, err = w.imports.Start(w.Context(), w.ws, w.actor, im.ID)
		w.must(err)
		w.await(im.ID, imports.State.Ended)
		w.must(w.db.View(w.Context(), func(tx *store.Tx) error {
			all, err := contact.Personal(tx, w.ws)
			if !all["who"] {
				w.Errorf("%v", all)
			}
			return err
		}))
	})
}
