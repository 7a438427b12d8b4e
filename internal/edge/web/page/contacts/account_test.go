package contacts

import (
	"fmt"
	"strings"
	"testing"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// stands gives a contact a score, as the nightly job would keep it: hidden where it is below 0, left where that is a day.
func (w *world) stands(id contact.ID, account contact.AccountID, score float64, worth int64, left clock.Day) {
	w.Helper()
	hidden, risk := 0, 0
	if score < 0 || left != 0 {
		hidden = 1
	} else if score < 70 {
		risk = 1
	}
	trend := "["
	for k := range 4 {
		trend += fmt.Sprintf("[%d,%g],", 20_600+28*k, 40+10*float64(k))
	}
	trend = strings.TrimSuffix(trend, ",") + "]"
	parts := `[{"key":"usage","known":true,"score":20,"peers":50,"effect":-6.5,"fresh_days":3,"count":2,"typical":9,"window_days":43,"weight":0.3}]`
	w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO contact_health (workspace, contact, account, segment, score, whole, chance, risk, coverage, hidden, at_risk, left_on, worth, currency, parts, trend, version, run, computed_at)
			VALUES ($1, $2, $3, 'pro', $4, $5, $6, $6, 0.8, $7, $8, $9, $10, 'EUR', $11, $12, 'v1', 'r', $13)`, string(w.ws), string(id), string(account), score, int64(score), 1-score/100, hidden, risk,
			int64(left), worth, parts, trend, tx.Millis())
		return err
	}))
}

func TestAccountPage(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		eur := func(minor int64) *contact.Money { return &contact.Money{Minor: minor, Currency: "EUR"} }
		ann := w.add(contact.Ref{External: "ann", Name: "Ann <b>Lee</b>", Account: "acme", Value: eur(300_00)})
		ben := w.add(contact.Ref{External: "ben", Name: "Ben", Account: "acme", Value: eur(100_00)})
		cat := w.add(contact.Ref{External: "cat", Name: "Cat", Account: "acme"})
		dan := w.add(contact.Ref{External: "dan", Name: "Dan", Account: "acme"})
		w.add(contact.Ref{External: "eve", Name: "Eve", Account: "acme"}) // was not scored yet
		fay := w.add(contact.Ref{External: "fay", Name: "Fay", Account: "other", Value: eur(900_00)})
		account := w.get(ann).Account
		w.say("ann", 5, "The first words", 3)
		w.say("ben", 2, "<i>The second words</i>", 9)
		w.say("fay", 1, "Words of another company", 9)
		path := "/accounts/" + string(account)
		b := w.as(identity.Agent)

		// Nothing was scored yet.
		p := b.open(path)
		p.says("acme", "Lifetime value", "€400", "Ann <b>Lee</b>", "Eve", "The first words", "<i>The second words</i>")
		p.silent("Fay", "another company", "account-trend", "Revenue at risk")

		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("INSERT INTO health_version (workspace, id, active, kind, report, model, known, made_by, made_at, valid) VALUES ($1, 'v1', 1, 'fitted', '{}', '{}', 1, '', 1, 0)", string(w.ws))
			return err
		}))
		w.stands(ann, account, 60, 300_00, 0)
		w.stands(ben, account, 80, 100_00, 0)
		w.stands(cat, account, -1, 0, 0)
		w.stands(dan, account, 50, 0, 20_700)
		w.stands(fay, w.get(fay).Account, 10, 900_00, 0)
		p = b.open(path)
		// 0.75 · 60 + 0.25 · 80, and the worst is first.
		p.says("Score 65.0 of 100", "mean of 2 contacts, weighted by what they are worth", "Not validated", "1 at risk", "1 of whom too little is known", "1 left", "80% of what makes the score is known",
			"Used 4 times in 43 days; average 18.0", "Score over time", "€300 from 1 customer at risk.", "€140 are expected to be lost.", "Left on", "Too little known")
		if text := p.text("tbody"); !(strings.Index(text, "Ann") < strings.Index(text, "Ben") && strings.Index(text, "Ben") < strings.Index(text, "Cat") && strings.Index(text, "Cat") < strings.Index(text, "Dan") &&
			strings.Index(text, "Dan") < strings.Index(text, "Eve")) {
			w.Errorf("the contacts are %s", text)
		}
		if !p.hasLink(href(ann)) || !p.hasLink("/contacts/accounts?edit="+string(account)+"#account") {
			w.Error("the page leads nowhere")
		}
		if strings.Index(p.body, "second words") > strings.Index(p.body, "first words") {
			w.Errorf("the newest is not first: %s", p.text("main"))
		}
		// The lists and the contact lead to it.
		for _, from := range []string{"/contacts", "/contacts/accounts", href(ann)} {
			if !b.open(from).hasLink(path) {
				w.Errorf("%s does not lead to the account", from)
			}
		}
		// Once the version holds, so does the score.
		w.must(w.db.Update(w.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec("UPDATE health_version SET valid = 1 WHERE workspace = $1", string(w.ws))
			return err
		}))
		b.open(path).silent("Not validated")
		// Who may not know them sees no names, and changes nothing.
		analyst := w.as(identity.Analyst).open(path)
		analyst.says("Score 65.0 of 100", "Contact …"+string(ann[len(ann)-4:]))
		analyst.silent("Ann", "Ben", "?edit=")
		// An account of nobody says so, in every language and without gaps.
		empty, err := w.contacts.SaveAccount(w.Context(), w.ws, w.owner, contact.Account{Name: "Empty"})
		w.must(err)
		for lang, words := range map[string]string{"en": "Nobody belongs to this account", "he": "איש אינו שייך לחשבון הזה", "fa": "کسی به این حساب تعلق ندارد", "ru": "К этой компании никто не относится"} {
			b.cookies["kolo_language"] = lang
			b.open("/accounts/" + string(empty.ID)).says(words)
			b.open(path).silent("health.account", "health.cov", "health.trend", "contact.account_")
		}
	})
}
