package settings_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
)

func TestTeams(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.workspace("Acme")
		agent := owner.member("Nora", "nora@acme.example", identity.Agent)
		owner.get("/settings/teams").is(http.StatusOK, "No teams yet")
		if p := owner.post("/settings/teams", "name", " ", "manager", string(agent.actor.Member)).is(http.StatusUnprocessableEntity, "A name is needed."); p.value("manager") != string(agent.actor.Member) {
			w.Error("the manager that was chosen was lost")
		}
		made := owner.post("/settings/teams", "name", "Support", "manager", string(agent.actor.Member)).is(http.StatusSeeOther)
		owner.ask(made.location, nil, made.cookies...).is(http.StatusOK, "The team was created.")
		owner.get(made.location).lacks("The team was created.")
		owner.post(made.location, "name", "Support", "manager", "", "members", string(agent.actor.Member), "members", string(owner.actor.Member)).goes("/settings/teams")
		owner.get("/settings/teams").is(http.StatusOK, "Support Nobody 2")
		owner.get("/settings/members").is(http.StatusOK, "Nora nora@acme.example Agent Active Support")
		owner.post("/settings/teams", "name", "SUPPORT").is(http.StatusConflict, "There is a team of this name already.")
		if p := owner.post(made.location, "name", "Support", "manager", "nobody").is(http.StatusUnprocessableEntity, "Manager : There is no member nobody."); p.value("name") != "Support" {
			w.Error("what was typed was lost")
		}
		owner.post(made.location + "/delete").goes("/settings/teams")
		owner.get(made.location).is(http.StatusNotFound)
		owner.get("/settings/audit?action=team").is(http.StatusOK, "The team Support was created", "The team Support was changed Joined:", "The team Support was deleted")
	})
}

func TestKeys(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.workspace("Acme")
		owner.get("/settings/keys").is(http.StatusOK, "No keys yet")
		p := owner.post("/settings/keys", "name", "", "expires", "30").is(http.StatusUnprocessableEntity, "A name is needed.", "A key needs at least one scope.")
		if p.value("expires") != "30" {
			w.Errorf("the time that was chosen is %q now", p.value("expires"))
		}
		owner.post("/settings/keys", "name", "Shop", "scopes", "everything").is(http.StatusUnprocessableEntity, "Everything is not a scope.")
		// An administrator hands on no more than there is to hand on.
		admin := owner.member("Ada", "ada@acme.example", identity.Admin)
		admin.get("/settings/keys/new").is(http.StatusOK).lacks("workspace.manage")
		admin.post("/settings/keys", "name", "Shop", "scopes", "workspace.manage").is(http.StatusUnprocessableEntity, "You do not have workspace.manage yourself.")

		p = owner.post("/settings/keys", "name", "Shop", "expires", "30", "scopes", "feedback.write", "scopes", "feedback.read").is(http.StatusOK, "The key is ready.", "it will not be shown again")
		secret := p.secrets()[0]
		actor, err := w.Key(w.Context(), secret)
		w.must(err)
		if !actor.May(identity.FeedbackWrite) || actor.May(identity.ContactsRead) || actor.Workspace != owner.actor.Workspace {
			w.Errorf("%+v", actor)
		}
		if !strings.Contains(p.secrets()[1], "Bearer "+secret) || !strings.HasPrefix(p.secrets()[1], "curl https://kolo.example/v1/feedback ") {
			w.Errorf("the example is %s", p.secrets()[1])
		}
		if p := owner.post("/settings/keys", "name", "Till", "scopes", "events.write"); !strings.HasPrefix(p.secrets()[1], "curl https://kolo.example/v1/track ") {
			w.Errorf("the example is %s", p.secrets()[1])
		}
		for _, path := range []string{"/settings/keys", "/settings/audit", "/settings/audit?who=key:" + string(actor.Key)} {
			owner.get(path).is(http.StatusOK).lacks(secret, secret[14:])
		}
		owner.get("/settings/keys").is(http.StatusOK, "Shop", "2 permissions", "1 Apr 2026", "Works", "Owner of Acme")
		w.clock.Advance(31 * 24 * time.Hour)
		owner = w.signIn("owner@acme.example")
		owner.get("/settings/keys").is(http.StatusOK, "Expired")
		_, err = w.Key(w.Context(), secret)
		if !fault.Is(err, fault.Unauthenticated) {
			w.Errorf("an expired key: %v", err)
		}
		secret = owner.post("/settings/keys", "name", "Till", "expires", "never", "scopes", "insights.read").is(http.StatusOK).secrets()[0]
		actor, err = w.Key(w.Context(), secret)
		w.must(err)
		owner.post("/settings/keys/" + string(actor.Key) + "/revoke").goes("/settings/keys")
		if _, err = w.Key(w.Context(), secret); !fault.Is(err, fault.Unauthenticated) {
			w.Errorf("a revoked key: %v", err)
		}
		owner.get("/settings/keys").is(http.StatusOK, "Revoked")
		owner.get("/settings/audit?action=key&text=till").is(http.StatusOK, "The API key Till was created", "Permissions: Ask for figures", "The API key Till was revoked").lacks("Shop was")
	})
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.workspace("Acme")
		owner.get("/settings/attributes").is(http.StatusOK, "Nothing here yet.")
		x := owner.furnish("Thing")
		page := "/settings/attributes/feedback?field=attribute&key=" + x.field
		owner.post("/settings/attributes/feedback", "field", "attribute", "key", x.field, "title", "What people say", "hidden", "on").goes("/settings/attributes")
		owner.get("/settings/attributes").is(http.StatusOK, "What people say thing_field Attribute of the feedback Text Hidden")
		owner.get(page).is(http.StatusOK, "What people say")
		list, err := w.feedback.Register(w.Context(), owner.actor.Workspace)
		w.must(err)
		if want := (feedback.Field{Field: "attribute", Key: x.field, Kind: "text", Title: "What people say", Hidden: true}); !slices.Contains(list, want) {
			w.Errorf("%+v", list)
		}
		long := strings.Repeat("x", 201)
		if p := owner.post("/settings/attributes/feedback", "field", "attribute", "key", x.field, "title", long).is(http.StatusUnprocessableEntity, "A title has at most 200 characters."); p.value("title") != long || p.value("hidden") != "" {
			w.Error("what was typed was lost")
		}
		owner.post("/settings/attributes/feedback", "field", "attribute", "key", x.field, "title", "").goes("/settings/attributes")
		owner.get("/settings/attributes?find=THING_F").is(http.StatusOK, "thing_field Attribute of the feedback Text Offered").lacks("Thing attribute")
		// What a field of feedback is, personal or not, is so of the attribute of contacts with its name.
		for _, personal := range []bool{true, false} {
			sent := []string{"field", "attribute", "key", x.field}
			if personal {
				sent = append(sent, "personal", "on")
			}
			owner.post("/settings/attributes/feedback", sent...).goes("/settings/attributes")
			if got, err := w.contacts.Personal(w.Context(), owner.actor.Workspace, x.field); err != nil || got != personal {
				w.Errorf("the field is personal: %v, %v", got, err)
			}
		}
		owner.get("/settings/attributes?find=zebra").is(http.StatusOK, "Nothing here has “zebra” in it.")
		owner.post("/settings/attributes/feedback", "field", "attribute", "key", "unheard", "title", "X").is(http.StatusNotFound)

		p := owner.post("/settings/attributes/contacts", "fresh", "yes", "key", "Thing Attribute", "kind", "number", "title", "Typed")
		p.is(http.StatusConflict, "This is in use already.")
		if p.value("key") != "Thing Attribute" || p.value("kind") != "number" || p.value("title") != "Typed" {
			w.Error("what was typed was lost")
		}
		owner.post("/settings/attributes/contacts", "fresh", "yes", "key", "", "kind", "text").is(http.StatusUnprocessableEntity, "An attribute's name has 1 to 64 characters.")
		owner.post("/settings/attributes/contacts", "fresh", "yes", "key", "visits", "kind", "colour").is(http.StatusUnprocessableEntity, "An attribute is text, number, bool or date.")
		owner.post("/settings/attributes/contacts", "fresh", "yes", "key", "visits", "kind", "number", "title", "Visits so far", "personal", "on").goes("/settings/attributes")
		attributes, err := w.contacts.Attributes(w.Context(), owner.actor.Workspace)
		w.must(err)
		if !slices.ContainsFunc(attributes, func(a contact.Attribute) bool {
			return a.Key == "visits" && a.Kind == contact.Number && a.Title == "Visits so far" && a.Personal && !a.Sliceable
		}) {
			w.Errorf("%+v", attributes)
		}
		owner.get("/settings/audit?object=visits").is(http.StatusOK, "About Visits so far", "The attribute Visits so far of contacts was set", "Kind: Number", "Personal: Yes")
		owner.get("/settings/audit?object=attribute."+x.field).is(http.StatusOK, "The field What people say of feedback was set", "Hidden: Yes", "The field thing_field of feedback was set", "Hidden: No")
	})
}

func TestAuditLogPage(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.workspace("Acme")
		admin := owner.member("Ada", "ada@acme.example", identity.Admin)
		for i := range 60 {
			w.clock.Advance(time.Second)
			owner.post("/settings/teams", "name", fmt.Sprintf("Team %02d", i)).is(http.StatusSeeOther)
		}
		w.clock.Advance(48 * time.Hour)
		admin.post("/settings/teams", "name", "Late").is(http.StatusSeeOther)
		who := "member:" + string(admin.actor.Member)

		p := owner.get("/settings/audit?action=team").is(http.StatusOK, "50 shown", "The team Late was created", "Ada 192.0.2.1").lacks("Team 05")
		next := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(p.body)
		if next == nil {
			w.Fatal("there is no next page")
		}
		p = owner.get(strings.ReplaceAll(next[1], "&amp;", "&")).is(http.StatusOK, "11 shown", "The team Team 05 was created", "What Teams").lacks("Late was")
		if !strings.Contains(p.body, `rel="prev" href="/settings/audit?action=team"`) || strings.Contains(p.body, `rel="next"`) {
			w.Error("the last page leads on, or not back")
		}
		for query, want := range map[string]string{
			"who=" + who:                                      "Who Ada",
			"text=late+team&action=team":                      "Words, a name or an id late team",
			"from=2026-03-04&to=2026-03-04&action=team":       "From 4 Mar 2026",
			"action=team.create&who=" + who:                   "What team.create",
			"text=%D7%A9%D7%9C%D7%95%D7%9D":                   "Nothing fits",
			"from=2026-03-03&to=2026-03-03":                   "Nothing fits",
			"who=member:0197a000-0000-7000-8000-000000000001": "Nothing fits",
		} {
			p := owner.get("/settings/audit?"+query).is(http.StatusOK, want)
			if late := strings.Contains(p.text(), "The team Late was created"); late == (want == "Nothing fits") {
				w.Errorf("%s: found %v", query, late)
			}
			// The file has the same list, and each filter can be taken away.
			v, err := url.ParseQuery(query)
			w.must(err)
			if !strings.Contains(p.body, `/export/audit.parquet?`+strings.ReplaceAll(v.Encode(), "&", "&amp;")) {
				w.Errorf("%s: the export has another query", query)
			}
			if n := strings.Count(p.body, `class="k-chip"`); n != len(v) {
				w.Errorf("%s: %d chips", query, n)
			}
		}
		p = owner.get("/settings/audit?from=yesterday&who=me&sort=name").is(http.StatusUnprocessableEntity, "A day has the form 2026-01-31.", "The log cannot be searched by sort.")
		if p.value("from") != "yesterday" {
			w.Errorf("what was typed is %q now", p.value("from"))
		}
		// What happened to a contact, also to one that went in a merge.
		ctx, ws := w.Context(), owner.actor.Workspace
		ann, err := w.contacts.Create(ctx, ws, owner.actor, contact.Ref{Email: "ann@example.com", Name: "Ann"})
		w.must(err)
		double, err := w.contacts.Create(ctx, ws, owner.actor, contact.Ref{Email: "ann2@example.com", Name: "Ann B."})
		w.must(err)
		w.must(w.contacts.Merge(ctx, ws, owner.actor, double.ID, ann.ID))
		owner.get("/settings/audit?object="+string(ann.ID)).is(http.StatusOK, "About Ann", "The contact Ann was added", "Another contact was merged into Ann The other one: "+string(double.ID))
		owner.get("/settings/audit?object="+strings.ToUpper(string(double.ID))).is(http.StatusOK, "Another contact was merged into Ann")
		owner.get("/settings/audit?text="+string(double.ID)+"&action=contact").is(http.StatusOK, "2 shown")
		// An alert about a theme has the name of the theme.
		w.insight.Understand(nil, courier{})
		w.must(w.db.Update(ctx, func(tx *store.Tx) error {
			return identity.Audit(tx, owner.actor, "alert.open", "alert", "0197a000-0000-7000-8000-000000000002", map[string]string{"subject": "count?field=theme&value=t1"})
		}))
		owner.get("/settings/audit?action=alert").is(http.StatusOK, "How much is said about it: Couriers").lacks("about it: t1")
	})
}

// courier is a tree of one theme.
type courier struct{}

func (c courier) Tree(context.Context, identity.WorkspaceID, ...string) (insight.Tree, error) {
	return c, nil
}
func (courier) Resolve(id string) string   { return id }
func (courier) Parent(string) string       { return "" }
func (courier) Under(string) []string      { return []string{"t1"} }
func (courier) Name(string, string) string { return "Couriers" }

// action finds what code writes into the log, on the lines that speak of it.
var action = regexp.MustCompile(`"((?:workspace|member|invite|team|key|session|person|contact|account|segment|attribute|field|view|import|webhook|delivery)\.[a-z.]+[a-z])"`)

// TestEveryActionHasASentence reads the source of the domains.
func TestEveryActionHasASentence(t *testing.T) {
	t.Parallel()
	words := i18n.Load().Language("en")
	found := map[string]bool{}
	for _, floor := range []string{"people/*", "listen/*", "understand/*", "deliver"} {
		files, err := filepath.Glob("../../../../" + floor + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for line := range strings.Lines(string(b)) {
				if !regexp.MustCompile(`(?i:audit)\(|action|enqueue\(|saveTeam\(`).MatchString(line) {
					continue
				}
				for _, m := range action.FindAllStringSubmatch(line, -1) {
					if found[m[1]] = true; !words.Has("audit." + m[1]) {
						t.Errorf("%s: the log has no sentence for %s", file, m[1])
					}
				}
			}
		}
	}
	if len(found) < 35 {
		t.Errorf("only %d actions were found", len(found))
	}
}

func TestProfile(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.workspace("Acme")
		agent := owner.member("Nora", "nora@acme.example", identity.Agent)
		agent.get("/profile").is(http.StatusOK, "nora@acme.example", "Agent", "Firefox, Linux This one 192.0.2.1")
		if p := agent.post("/profile", "name", "", "language", "he", "theme", "dark").is(http.StatusUnprocessableEntity, "A name is needed."); p.value("theme") != "dark" {
			w.Error("what was chosen was lost")
		}
		agent.post("/profile", "name", "N", "language", "klingon!", "theme", "pink").is(http.StatusUnprocessableEntity)
		agent.post("/profile", "name", "Нора", "language", "he", "theme", "dark").goes("/profile")
		p := agent.get("/profile").is(http.StatusOK, "הפרופיל שלי")
		if !strings.Contains(p.body, `lang="he" dir="rtl" data-bs-theme="dark"`) || p.value("name") != "Нора" {
			w.Errorf("%.300s", p.body)
		}
		agent.post("/profile", "name", "Nora", "language", "en", "theme", "").goes("/profile")

		// One session of several, and none of somebody else's.
		second := w.signIn("nora@acme.example")
		agent.post("/profile/sessions/" + string(owner.actor.Session) + "/end").is(http.StatusNotFound)
		owner.get("/profile").is(http.StatusOK)
		agent.post("/profile/sessions/" + string(second.actor.Session) + "/end").goes("/profile")
		second.get("/profile").goes("/sign-in?next=%2Fprofile")

		// A new password ends the others; a stolen session does not know the old one.
		second = w.signIn("nora@acme.example")
		second.post("/password", "old", "guessed guessed", "password", "another good one").is(http.StatusUnprocessableEntity, "This is not your present password.")
		second.post("/password", "old", password, "password", "short").is(http.StatusUnprocessableEntity, "A password has at least 10 characters.")
		second.post("/password", "old", password, "password", "another good one").goes("/profile")
		agent.get("/profile").goes("/sign-in?next=%2Fprofile")
		for range 10 {
			second.post("/password", "old", "guessed guessed", "password", "another good two").is(http.StatusUnprocessableEntity)
		}
		second.post("/password", "old", "guessed guessed", "password", "another good two").is(http.StatusTooManyRequests, "Please wait 15 minutes")
		second.post("/profile/sign-out", "x", "").goes("/sign-in")
		second.get("/profile").goes("/sign-in?next=%2Fprofile")
	})
}

// TestEveryLanguage renders every page in every language: no key, no placeholder is left in it.
func TestEveryLanguage(t *testing.T) {
	t.Parallel()
	leftOver := regexp.MustCompile(`\{[a-z_]+\}|\b(?:settings|audit|audit_\w+|role|role_help|scope|attr_\w+|member|shell|delivery_\w+|notify_\w+|topic)\.[a-z_.]+`)
	each(t, func(w *world) {
		owner := w.workspace("Acme")
		x := owner.furnish("Thing")
		for _, l := range i18n.Load().Locales() {
			tag := l.Tag()
			_, err := w.UpdatePerson(w.Context(), owner.actor, identity.PersonPatch{Language: &tag})
			w.must(err)
			for _, r := range routes(w, x) {
				if r.method != http.MethodGet {
					continue
				}
				p := owner.get(r.path).is(http.StatusOK)
				for _, bad := range leftOver.FindAllString(p.text(), -1) {
					if !slices.Contains(identity.Permissions(), identity.Permission(bad)) { // as programs name them
						w.Errorf("%s in %s has %q", r.path, tag, bad)
					}
				}
				if !strings.Contains(p.body, `<html lang="`+tag+`"`) {
					w.Errorf("%s is not in %s", r.path, tag)
				}
			}
		}
	})
}
