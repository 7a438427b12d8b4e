package settings_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kolo/internal/deliver"
	"kolo/internal/edge/web"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/population"
)

// things are one of each that a workspace has in its settings.
type things struct {
	member, team, invite, key, field, attribute, webhook, delivery string
	margin, invited                                                string
}

// furnish makes them. The names begin with the mark.
func (b *browser) furnish(mark string) (x things) {
	b.Helper()
	ctx, ws := b.Context(), b.actor.Workspace
	x.member = string(b.member(mark+" member", strings.ToLower(mark)+"@members.example", identity.Agent).actor.Member)
	team, err := b.CreateTeam(ctx, ws, b.actor, mark+" team", b.actor.Member)
	b.must(err)
	invite, _, err := b.Invite(ctx, ws, b.actor, identity.NewInvite{Email: strings.ToLower(mark) + "@invited.example", Role: identity.Viewer})
	b.must(err)
	key, _, err := b.CreateKey(ctx, ws, b.actor, identity.NewKey{Name: mark + " key", Scopes: []identity.Permission{identity.FeedbackRead}})
	b.must(err)
	x.team, x.invite, x.key, x.field, x.attribute = string(team.ID), string(invite.ID), string(key.ID), strings.ToLower(mark)+"_field", strings.ToLower(mark)+"_attribute"
	_, err = b.feedback.Receive(ctx, ws, []feedback.Input{{Channel: "web", Text: "x", Attributes: feedback.Attributes{x.field: "a"}}})
	b.must(err)
	b.must(b.contacts.SetAttribute(ctx, ws, b.actor, contact.Attribute{Key: x.attribute, Kind: contact.Text, Title: mark + " attribute"}))
	hook, _, err := b.deliver.AddWebhook(ctx, ws, b.actor, deliver.NewWebhook{Name: mark + " webhook", URL: "https://hooks.example.org/" + strings.ToLower(mark), Events: []string{deliver.AlertOpened}})
	b.must(err)
	sent, err := b.deliver.TestWebhook(ctx, ws, b.actor, hook.ID)
	b.must(err)
	x.webhook, x.delivery = string(hook.ID), string(sent)
	x.margin = "attribute." + strings.ToLower(mark) + "_margin"
	b.must(b.population.SaveMargins(ctx, ws, b.actor, []population.Margin{{Field: x.margin, Parts: []population.Part{{Value: mark + " one", Share: 1}, {Value: mark + " two", Share: 1}}}}))
	b.must(b.population.AddInvited(ctx, ws, b.actor, []population.Invited{{Survey: mark + " survey", From: "2026-01-01", To: "2026-01-31", Invited: 100}}))
	known, err := b.population.Get(ctx, ws)
	b.must(err)
	x.invited = string(known.Invited[0].ID)
	return x
}

// route is a route of the package with the ids of things in it.
type route struct {
	method, path string
	permission   identity.Permission
	form         url.Values
}

func routes(w *world, x things) []route {
	w.Helper()
	forms := map[string]url.Values{
		"/settings/attributes/feedback": {"field": {"attribute"}, "key": {x.field}, "title": {"Taken over"}},
		"/settings/attributes/contacts": {"key": {x.attribute}, "kind": {"text"}, "title": {"Taken over"}},
		"/settings/members/{id}/role":   {"role": {"viewer"}}, "/settings/members/{id}/state": {"state": {"removed"}},
		"/settings/teams/{id}": {"name": {"Taken over"}}, "/settings/webhooks/{id}": {"name": {"Taken over"}, "url": {"https://hooks.example.org/"}, "events": {"*"}}, "/settings/population/margins/delete": {"field": {x.margin}},
	}
	ids := map[string]string{"members": x.member, "teams": x.team, "invites": x.invite, "keys": x.key, "webhooks": x.webhook, "deliveries": x.delivery, "invited": x.invited, "sessions": "0197a000-0000-7000-8000-000000000001"}
	var out []route
	for _, r := range w.site.Routes() {
		method, pattern, _ := strings.Cut(r.Pattern, " ")
		if r.Open || !strings.HasPrefix(pattern, "/settings") && !strings.HasPrefix(pattern, "/profile") {
			continue
		}
		one := route{method, pattern, r.Permission, nil}
		if method == http.MethodPost {
			one.form = url.Values{}
			if f := forms[pattern]; f != nil {
				one.form = f
			}
		}
		if before, after, ok := strings.Cut(pattern, "{id}"); ok {
			parts := strings.Split(strings.Trim(before, "/"), "/")
			id := ids[parts[len(parts)-1]]
			if id == "" {
				w.Fatalf("what is the id in %s?", pattern)
			}
			one.path = before + id + after
		}
		if method == http.MethodGet && forms[pattern] != nil && strings.HasPrefix(pattern, "/settings/attributes/") {
			one.path += "?" + forms[pattern].Encode()
		}
		out = append(out, one)
	}
	if len(out) < 25 {
		w.Fatalf("only %d routes", len(out))
	}
	return out
}

// TestWhoMayDoWhat walks every route in every role, and without a session.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.workspace("Acme")
		x := owner.furnish("Thing")
		people := map[identity.Role]*browser{}
		for _, role := range identity.Roles()[1:] {
			people[role] = owner.member(string(role), string(role)+"@acme.example", role)
		}
		nobody := &browser{world: w}
		looked := 0
		for _, r := range routes(w, x) {
			if p := nobody.ask(r.path, r.form); p.status != http.StatusSeeOther || !strings.HasPrefix(p.location, "/sign-in") {
				w.Errorf("%s %s without a session: %d %s", r.method, r.path, p.status, p.location)
			}
			for role, b := range people {
				switch {
				case !role.May(r.permission) && r.permission != "":
					if p := b.ask(r.path, r.form); p.status != http.StatusForbidden {
						w.Errorf("%s %s as %s: %d", r.method, r.path, role, p.status)
					}
					looked++
				case r.method == http.MethodGet:
					if p := b.get(r.path); p.status != http.StatusOK {
						w.Errorf("%s as %s: %d\n%s", r.path, role, p.status, p.text())
					}
				}
			}
			if r.method == http.MethodGet {
				owner.get(r.path).is(http.StatusOK)
			}
		}
		if looked < 60 {
			w.Errorf("only %d refusals were seen", looked)
		}
		// What they see leads only to where they may go.
		people[identity.Viewer].get("/settings").is(http.StatusOK, "Only an owner").lacks("/settings/members", "/settings/audit", `class="btn btn-primary"`)
		people[identity.Analyst].get("/settings").is(http.StatusOK).lacks("/settings/members", "/settings/keys")
		people[identity.Admin].get("/settings").is(http.StatusOK, "Members", "Audit log")
	})
}

// TestTheWall asks, as the owner of one workspace, for everything that another has.
func TestTheWall(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		ours, theirs := w.workspace("Ours"), w.workspace("Theirs")
		ours.furnish("Own")
		x := theirs.furnish("Whisper")
		before := theirs.snapshot(x)
		checked := 0
		for _, r := range routes(w, x) {
			if r.path == "/profile/sign-out" {
				continue // it would end our own session
			}
			p := ours.ask(r.path, r.form)
			if strings.Contains(strings.ToLower(p.body), "whisper") && !strings.Contains(r.path, "whisper") {
				w.Errorf("%s %s shows what is theirs", r.method, r.path)
			}
			if strings.Contains(r.path, x.member) || strings.Contains(r.path, x.team) || strings.Contains(r.path, x.invite) || strings.Contains(r.path, x.key) ||
				strings.Contains(r.path, x.invited) || strings.Contains(r.path, x.webhook) || strings.Contains(r.path, x.delivery) ||
				strings.Contains(r.path+r.form.Encode(), "whisper") {
				checked++
				if p.status != http.StatusNotFound {
					w.Errorf("%s %s of theirs: %d", r.method, r.path, p.status)
				}
			}
		}
		if checked < 14 {
			w.Errorf("only %d routes were asked for what is theirs", checked)
		}
		ours.get("/settings/audit?object="+x.member).is(http.StatusOK, "Nothing fits")
		ours.get("/settings/audit?who=member:"+x.member).is(http.StatusOK, "Nothing fits").lacks("Whisper")
		ours.post("/settings/teams", "name", "Mixed", "manager", x.member).is(http.StatusUnprocessableEntity)
		ours.post("/settings/members", "email", "x@ours.example", "role", "viewer", "teams", x.team).is(http.StatusUnprocessableEntity)
		ours.post("/workspace", "workspace", string(theirs.actor.Workspace)).is(http.StatusForbidden)
		if after := theirs.snapshot(x); after != before {
			w.Errorf("what is theirs was changed:\n%s\n%s", before, after)
		}
	})
}

// snapshot is all that a workspace's settings hold.
func (b *browser) snapshot(x things) string {
	b.Helper()
	ctx, ws := b.Context(), b.actor.Workspace
	var all []any
	add := func(v any, err error) { b.Helper(); b.must(err); all = append(all, v) }
	m, err := b.Members(ctx, ws)
	add(m, err)
	t, err := b.Teams(ctx, ws)
	add(t, err)
	k, err := b.Keys(ctx, ws)
	add(k, err)
	i, err := b.Invites(ctx, ws)
	add(i, err)
	f, err := b.feedback.Register(ctx, ws)
	add(f, err)
	a, err := b.contacts.Attributes(ctx, ws)
	add(a, err)
	h, err := b.deliver.Webhooks(ctx, ws, b.actor)
	add(h, err)
	d, _, err := b.deliver.List(ctx, ws, b.actor, deliver.Filter{})
	add(d, err)
	known, err := b.population.Get(ctx, ws)
	add(known, err)
	return fmt.Sprintf("%+v", all)
}

// TestHostileIds: what an address may hold is no defect of ours.
func TestHostileIds(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.workspace("Acme")
		for _, id := range []string{"%ff", "%00", "..%2f..", "'%20OR%201=1", strings.Repeat("9", 3000)} {
			for _, path := range []string{"/settings/members/", "/settings/teams/", "/settings/webhooks/", "/settings/deliveries?webhook=", "/settings/deliveries?state=", "/settings/audit?object=", "/settings/audit?who=member:", "/settings/attributes/contacts?key=", "/settings/attributes/feedback?field=attribute&key="} {
				if p := owner.get(path + id); p.status >= 500 {
					w.Errorf("%s%.20s: %d", path, id, p.status)
				}
			}
			for _, path := range []string{"/settings/keys/%s/revoke", "/settings/invites/%s/resend", "/settings/teams/%s/delete", "/settings/members/%s/password", "/settings/population/invited/%s/delete", "/profile/sessions/%s/end", "/settings/webhooks/%s/test", "/settings/webhooks/%s/delete", "/settings/deliveries/%s/redeliver"} {
				if p := owner.post(fmt.Sprintf(path, id)); p.status < 400 || p.status >= 500 {
					w.Errorf("%s with %.20s: %d", path, id, p.status)
				}
			}
		}
		owner.post("/settings/teams", "name", "x\xff\x00y", "manager", "\xff").is(http.StatusUnprocessableEntity)
		for _, bad := range []string{"x\xff", "x\x00y"} {
			for path, form := range map[string][]string{"margins": {"field", "attribute." + bad, "text", "a,1\nb,2"}, "margins/": {"field", "language", "text", bad + ",1\nb,2"}, "margins/delete": {"field", "attribute." + bad},
				"count": {"attribute", bad}, "invited": {"survey", bad, "from", "2026-01-01", "to", "2026-01-02", "invited", "3"}, "invited/": {"survey", "s", "from", "2026-01-01", "to", "2026-01-02", "invited", "3", "group", "language", "value", bad},
				"paste": {"lines", bad + ",2026-01-01,2026-01-02,3"}} {
				if p := owner.post("/settings/population/"+strings.TrimSuffix(path, "/"), form...); p.status < 400 || p.status >= 500 {
					w.Errorf("%s with %q: %d", path, bad, p.status)
				}
			}
		}
		owner.get("/settings/audit?cursor=x").is(http.StatusUnprocessableEntity)
	})
}

// TestNamesAreText: a name is never markup, whoever gave it.
func TestNamesAreText(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
		owner := w.workspace("Acme")
		x := owner.furnish("Thing")
		owner.member(evil, "evil@acme.example", identity.Agent)
		owner.post("/settings/teams", "name", evil).is(http.StatusSeeOther)
		owner.post("/settings/keys", "name", evil, "scopes", "feedback.read").is(http.StatusOK).lacks("<script>alert", "<img src")
		owner.post("/settings/attributes/feedback", "field", "attribute", "key", x.field, "title", evil).goes("/settings/attributes")
		owner.post("/settings/attributes/contacts", "key", x.attribute, "kind", "text", "title", evil).goes("/settings/attributes")
		owner.post("/settings", "name", evil, "version", "1").goes("/settings")
		owner.post("/profile", "name", evil).goes("/profile")
		seen := 0
		for _, r := range routes(w, x) {
			if r.method != http.MethodGet {
				continue
			}
			p := owner.get(r.path).is(http.StatusOK).lacks("<script>alert", "<img src")
			seen += strings.Count(p.body, "&lt;script&gt;alert(1)")
		}
		if seen < 20 {
			w.Errorf("the name was seen %d times", seen)
		}
		owner.get("/settings/audit?"+url.Values{"text": {evil}, "object": {evil}}.Encode()).is(http.StatusOK).lacks("<script>alert", "<img src")
		owner.get("/settings/attributes?"+url.Values{"find": {evil + "x"}}.Encode()).is(http.StatusOK).lacks("<script>alert", "<img src")
	})
}

func TestWorkspaceSettings(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.workspace("Acme")
		w.workspace("Beta")
		form := func(over ...string) []string {
			return append(over, "name", "Acme", "zone", "UTC", "week_start", "monday", "language", "en", "currency", "USD", "country", "")
		}
		p := owner.get("/settings").is(http.StatusOK)
		version := p.value("version")
		p = owner.post("/settings", "name", " ", "zone", "Mars/Base", "week_start", "friday", "language", "en", "currency", "XX", "country", "IL", "version", version)
		p.is(http.StatusUnprocessableEntity, "A name is needed.", "That is not a time zone", "That is not a currency")
		if p.value("zone") != "Mars/Base" || p.value("currency") != "XX" || p.value("country") != "IL" {
			w.Errorf("typed text was lost: %q %q %q", p.value("zone"), p.value("currency"), p.value("country"))
		}
		p = owner.post("/settings", form("name", "BETA", "version", version)...)
		p.is(http.StatusConflict, "There is a workspace called BETA already.")
		// Two owners have the page open.
		saved := owner.post("/settings", form("zone", "Asia/Tehran", "version", version)...).goes("/settings")
		owner.ask("/settings", nil, saved.cookies...).is(http.StatusOK, "Saved.")
		p = owner.post("/settings", form("name", "Acme Care", "version", version)...)
		p.is(http.StatusConflict, "Somebody else has changed the settings", "Saved now: Asia/Tehran", "Saved now: Acme")
		if p.value("name") != "Acme Care" || p.value("zone") != "UTC" || p.value("version") == version {
			w.Errorf("what was typed: %q %q", p.value("name"), p.value("zone"))
		}
		got, err := w.Workspace(w.Context(), owner.actor.Workspace)
		w.must(err)
		if got.Name != "Acme" || got.Zone != "Asia/Tehran" {
			w.Errorf("an update was lost: %+v", got)
		}
		owner.post("/settings", form("name", "Acme Care", "zone", "Asia/Tehran", "version", p.value("version"))...).goes("/settings")
		owner.get("/settings/audit?action=workspace").is(http.StatusOK, "The workspace's settings were changed", "Time zone: UTC → Asia/Tehran", "Name: Acme → Acme Care")
	})
}

// TestInvitationsWithoutAMailServer: the link is shown to hand on, it lets its reader in, and nothing says that a mail is on its way.
func TestInvitationsWithoutAMailServer(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.serve(nil)
		owner := w.workspace("Acme")
		owner.get("/settings/members").is(http.StatusOK, "Kolo sends no invitations by mail", "Make the link").lacks("Send the invitation")
		p := owner.post("/settings/members", "email", "new@acme.example", "role", "agent").
			is(http.StatusOK, "The invitation for new@acme.example is ready", "Send this link to the person.").lacks("on its way")
		link, ok := strings.CutPrefix(p.secrets()[0], "https://kolo.example")
		if !ok {
			w.Fatalf("the link is %s", p.secrets()[0])
		}
		(&browser{world: w}).get(link).is(http.StatusOK, "Join Acme")
		owner.get("/settings/members").is(http.StatusOK, "new@acme.example").lacks(link)
		if mails := w.mails.Mails(); len(mails) != 0 {
			w.Errorf("mailed without a mail server: %+v", mails)
		}
		list, _, err := w.deliver.List(w.Context(), owner.actor.Workspace, owner.actor, deliver.Filter{})
		if w.must(err); len(list) != 0 {
			w.Errorf("waits for a mail server: %+v", list)
		}
	})
}

func TestInvitationsAndMembers(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		owner := w.workspace("Acme")
		admin := owner.member("Ada Admin", "admin@acme.example", identity.Admin)
		team, err := w.CreateTeam(w.Context(), owner.actor.Workspace, owner.actor, "Support", "")
		w.must(err)
		p := owner.post("/settings/members", "email", "not an address", "role", "agent", "teams", string(team.ID))
		p.is(http.StatusUnprocessableEntity, "That is not an e-mail address.")
		if p.value("email") != "not an address" || p.value("role") != "agent" || p.value("teams") != string(team.ID) {
			w.Error("what was typed and chosen was lost")
		}
		owner.post("/settings/members", "email", "admin@acme.example", "role", "agent").is(http.StatusConflict, "admin@acme.example is a member already.")
		admin.get("/settings/members").is(http.StatusOK).lacks(`value="owner"`)
		admin.post("/settings/members", "email", "x@acme.example", "role", "owner").is(http.StatusForbidden, "This role stands above your own")

		p = owner.post("/settings/members", "email", "new@acme.example", "role", "agent", "teams", string(team.ID)).is(http.StatusOK, "The invitation is on its way to new@acme.example")
		link, ok := strings.CutPrefix(p.secrets()[0], "https://kolo.example")
		if !ok {
			w.Fatalf("the link is %s", p.secrets()[0])
		}
		owner.get("/settings/members").is(http.StatusOK, "new@acme.example", "invited by Owner of Acme").lacks(link)
		w.clock.Advance(time.Minute) // what was made in the same minute ends in the same words, on both sides of seven days
		owner.get("/settings/members").is(http.StatusOK, "new@acme.example").lacks("in 7 days")
		nobody := &browser{world: w}
		nobody.get(link).is(http.StatusOK, "Join Acme", "Owner of Acme has invited you. Your role: Agent.")
		if p := nobody.post(link, "name", "Nora", "password", "short").is(http.StatusUnprocessableEntity, "A password has at least 10 characters."); p.value("name") != "Nora" {
			w.Error("the name was lost")
		}
		// A new link ends the old one.
		invites, err := w.Invites(w.Context(), owner.actor.Workspace)
		w.must(err)
		p = owner.post("/settings/invites/" + string(invites[0].ID) + "/resend").is(http.StatusOK)
		nobody.get(link).is(http.StatusNotFound, "This invitation no longer works")
		link, _ = strings.CutPrefix(p.secrets()[0], "https://kolo.example")
		p = nobody.post(link, "name", "Nora", "password", password).goes("/")
		if !slices.ContainsFunc(p.cookies, func(c *http.Cookie) bool {
			return c.Name == web.SessionCookie && c.Value != "" && c.HttpOnly && c.SameSite == http.SameSiteLaxMode
		}) {
			w.Error("joining does not sign in")
		}
		nobody.post(link, "name", "Mallory", "password", password).is(http.StatusNotFound, "This invitation no longer works")
		agent := w.signIn("new@acme.example")
		one := "/settings/members/" + string(agent.actor.Member)
		owner.get(one).is(http.StatusOK, "Nora", "Agent", "Support", "2 Mar 2026")

		// Roles count at once, where they are signed in too.
		agent.get("/settings/keys").is(http.StatusForbidden)
		owner.post(one+"/role", "role", "admin").goes(one)
		agent.get("/settings/keys").is(http.StatusOK)
		owner.post(one+"/role", "role", "king").is(http.StatusUnprocessableEntity)
		above := "/settings/members/" + string(owner.actor.Member)
		admin.get(above).is(http.StatusOK, "This role stands above your own").lacks("/role\"", "/state\"")
		admin.post(above+"/role", "role", "viewer").is(http.StatusForbidden, "This role stands above your own")
		admin.post(above+"/state", "state", "disabled").is(http.StatusForbidden, "This role stands above your own")
		for _, change := range [][]string{{"/role", "role", "admin"}, {"/state", "state", "disabled"}, {"/state", "state", "removed"}} {
			owner.post(above+change[0], change[1:]...).is(http.StatusConflict, "A workspace needs an owner.")
		}

		// Who is disabled is out at once, says why, and may come back.
		owner.post(one+"/state", "state", "disabled").goes(one)
		owner.get(one).is(http.StatusOK, "Disabled", "Enable")
		agent.get("/profile").is(http.StatusForbidden, "You are in no workspace", "new@acme.example")
		agent.post("/profile", "name", "X").is(http.StatusForbidden)
		owner.post(one+"/state", "state", "active").goes(one)
		agent.get("/profile").is(http.StatusOK, "Nora")

		// A forgotten password.
		p = owner.post(one+"/password").is(http.StatusOK, "The temporary password is ready")
		temporary := p.secrets()[0]
		owner.get(one).lacks(temporary)
		agent.get("/profile").goes("/sign-in?next=%2Fprofile")
		p = nobody.post("/sign-in", "email", "new@acme.example", "password", temporary).goes("/")
		changing := &browser{world: w, token: p.cookies[0].Value}
		changing.get("/settings").goes("/password")
		changing.post("/settings/keys", "name", "x", "scopes", "feedback.read").goes("/password")
		changing.post("/password", "old", temporary, "password", password).goes("/")
		changing.get("/settings").is(http.StatusOK)
		owner.post(above + "/password").is(http.StatusForbidden)

		// A member of another workspace too goes there.
		beta := w.workspace("Beta")
		_, invitation, err := w.Invite(w.Context(), beta.actor.Workspace, beta.actor, identity.NewInvite{Email: "new@acme.example", Role: identity.Viewer})
		w.must(err)
		nobody.get("/invitations/"+invitation).is(http.StatusOK, "You have an account in Kolo already")
		nobody.post("/invitations/"+invitation, "password", "wrong wrong wrong").is(http.StatusUnauthorized, "This is not right.")
		nobody.post("/invitations/"+invitation, "password", password).goes("/")
		owner.post(one+"/password").is(http.StatusConflict, "They are a member of another workspace too")
		owner.post(one+"/state", "state", "removed").goes("/settings/members")
		owner.get(one).is(http.StatusNotFound)
		owner.get("/settings/members").is(http.StatusOK).lacks("Nora")
		changing.get("/settings").goes("/")
		changing.get("/settings").is(http.StatusOK, "Beta")

		owner.get("/settings/audit?object="+string(agent.actor.Member)).is(http.StatusOK, "Nora joined as Agent", "The role of Nora was changed from Agent to Administrator",
			"The access of Nora was disabled", "Nora was given access again", "A temporary password was made for Nora", "Nora was removed from the workspace")
		p = owner.post("/settings/members", "email", "never@acme.example", "role", "viewer")
		link, _ = strings.CutPrefix(p.secrets()[0], "https://kolo.example")
		invites, err = w.Invites(w.Context(), owner.actor.Workspace)
		w.must(err)
		owner.post("/settings/invites/" + string(invites[0].ID) + "/revoke").goes("/settings/members")
		nobody.get(link).is(http.StatusNotFound)
	})
}
