package settings

import (
	"net/http"
	"slices"
	"time"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/ui"
	"kolo/internal/people/identity"
)

type keyRow struct {
	identity.APIKey
	By    string
	State string // "active", "expired", "revoked"
}

type keysView struct {
	Tabs []ui.Tab
	Keys []keyRow
	Log  bool // the reader may read the audit log
}

func (p *Pages) keys(q *web.Request) error {
	list, err := p.Identity.Keys(q.Context(), q.Workspace.ID)
	if err != nil {
		return err
	}
	members, err := p.Identity.Members(q.Context(), q.Workspace.ID)
	if err != nil {
		return err
	}
	v := keysView{Tabs: tabs(q, "keys"), Log: q.Actor.May(identity.AuditRead)}
	for _, k := range list {
		row := keyRow{APIKey: k, State: "active"}
		if i := slices.IndexFunc(members, func(m identity.Member) bool { return m.ID == k.CreatedBy }); i >= 0 {
			row.By = members[i].Name
		}
		switch {
		case !k.RevokedAt.IsZero():
			row.State = "revoked"
		case !k.ExpiresAt.IsZero() && !k.ExpiresAt.After(q.Env.Now):
			row.State = "expired"
		}
		v.Keys = append(v.Keys, row)
	}
	slices.SortStableFunc(v.Keys, func(a, b keyRow) int { return ended(a) - ended(b) })
	return q.Render(http.StatusOK, keysPage(shell(q, "keys"), v))
}

// ended puts keys that no longer work behind those that do.
func ended(k keyRow) int {
	if k.State == "active" {
		return 0
	}
	return 1
}

type newKeyView struct {
	Error  string
	Fields []ui.Field // name, expiry, scopes
}

// lives are how long a key may be made to last.
var lives = []struct {
	value string
	life  time.Duration
}{{"30", 30 * 24 * time.Hour}, {"90", 90 * 24 * time.Hour}, {"365", 365 * 24 * time.Hour}, {"never", 0}}

func keyFields(q *web.Request) []ui.Field {
	e := q.Env
	life := ui.Field{Name: "expires", Label: e.T("settings.key_expires"), Value: q.PostFormValue("expires"), Help: e.T("settings.key_expires_help")}
	if life.Value == "" {
		life.Value = "365"
	}
	for _, l := range lives {
		life.Options = append(life.Options, ui.Option{Value: l.value, Label: e.T("settings.key_life_" + l.value)})
	}
	chosen := q.PostForm["scopes"]
	if q.Method == http.MethodGet {
		chosen = []string{string(identity.FeedbackWrite)}
	}
	scopes := ui.Field{Name: "scopes", Label: e.T("settings.key_scopes"), Multiple: true}
	for _, s := range identity.Permissions() {
		if q.Actor.May(s) {
			scopes.Options = append(scopes.Options, ui.Option{Value: string(s), Label: e.T("scope." + string(s)), Help: string(s), On: slices.Contains(chosen, string(s))})
		}
	}
	return []ui.Field{{Name: "name", Label: e.T("settings.key_name"), Value: q.PostFormValue("name"), Help: e.T("settings.key_name_help"), Autofocus: true}, life, scopes}
}

func (p *Pages) newKey(q *web.Request) error {
	return q.Render(http.StatusOK, newKeyPage(shell(q, "keys"), newKeyView{"", keyFields(q)}))
}

type secretView struct {
	Key     identity.APIKey
	Secret  string
	Example string
}

func (p *Pages) createKey(q *web.Request) error {
	limit(q)
	in := identity.NewKey{Name: q.PostFormValue("name")}
	for _, s := range q.PostForm["scopes"] {
		in.Scopes = append(in.Scopes, identity.Permission(s))
	}
	for _, l := range lives {
		if l.value == q.PostFormValue("expires") && l.life > 0 {
			in.Expires = q.Env.Now.Add(l.life)
		}
	}
	k, secret, err := p.Identity.CreateKey(q.Context(), q.Workspace.ID, q.Actor, in)
	if err != nil {
		status, ok := told(err)
		if !ok {
			return err
		}
		text, fields := ui.Refuse(q.Env, keyFields(q), err)
		return q.Render(status, newKeyPage(shell(q, "keys"), newKeyView{text, fields}))
	}
	// The secret is in this answer alone: no redirect could carry it.
	return q.Render(http.StatusOK, secretPage(shell(q, "keys"), secretView{k, secret, p.example(k, secret)}))
}

// example is a command that works with the key as it stands.
func (p *Pages) example(k identity.APIKey, secret string) string {
	header := " \\\n  -H 'Authorization: Bearer " + secret + "'"
	switch {
	case slices.Contains(k.Scopes, identity.FeedbackWrite):
		return "curl " + p.Base + "/v1/feedback" + header + " \\\n  -H 'Content-Type: application/json' \\\n" +
			`  -d '{"channel": "web", "text": "Friendly and fast", "scores": [{"metric": "nps", "value": 9, "scale": {"min": 0, "max": 10}}]}'`
	case slices.Contains(k.Scopes, identity.EventsWrite):
		return "curl " + p.Base + "/v1/track" + header + " \\\n  -H 'Content-Type: application/json' \\\n" +
			`  -d '{"userId": "c-1", "event": "purchase", "properties": {"value": 49.9, "currency": "EUR"}}'`
	case slices.Contains(k.Scopes, identity.FeedbackRead):
		return "curl '" + p.Base + "/v1/feedback?limit=10'" + header
	case slices.Contains(k.Scopes, identity.InsightsRead):
		return "curl " + p.Base + "/v1/insights/query" + header + " \\\n  -H 'Content-Type: application/json' \\\n" +
			`  -d '{"measure": "nps", "bucket": "week"}'`
	case slices.Contains(k.Scopes, identity.ContactsRead):
		return "curl '" + p.Base + "/v1/contacts?limit=10'" + header
	}
	return "curl " + p.Base + "/v1/openapi.json" + header
}

func (p *Pages) revokeKey(q *web.Request) error {
	if err := p.Identity.RevokeKey(q.Context(), q.Workspace.ID, q.Actor, identity.KeyID(q.PathValue("id"))); err != nil {
		return err
	}
	q.Flash("good", "settings.key_revoked")
	q.Redirect("/settings/keys")
	return nil
}
