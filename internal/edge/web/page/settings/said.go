package settings

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"kolo/internal/deliver"
	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/alert"
)

// line is an entry of the log as a sentence: what happened, with the name of the thing in it as a link to its page, and
// what else there is to say.
type line struct {
	identity.Entry
	Before, Name, After string
	Href                string // of the thing, "" where there is no page or none any more
	Who                 string // of the filter for whoever did it; "" for Kolo itself
	History             string // all that happened to the thing
	Details             []fact
}

// names are those of the things that entries are about, as far as the entries do not have them.
type names struct {
	members  map[identity.MemberID]identity.Member
	contacts map[contact.ID]contact.Contact
	named    map[string]string // themes and fields
}

func (p *Pages) names(q *web.Request, entries []identity.Entry) (n names, err error) {
	list, err := p.Identity.Members(q.Context(), q.Workspace.ID)
	if err != nil {
		return n, err
	}
	n.members = map[identity.MemberID]identity.Member{}
	for _, m := range list {
		n.members[m.ID] = m
	}
	var contacts []contact.ID
	for _, e := range entries {
		switch e.Kind {
		case "member":
			id := identity.MemberID(e.Object)
			if _, ok := n.members[id]; ok {
				continue
			}
			if n.members[id], err = p.Identity.Member(q.Context(), q.Workspace.ID, id); err != nil && !fault.Is(err, fault.NotFound) {
				return n, err
			}
		case "contact":
			contacts = append(contacts, contact.ID(e.Object))
		case "alert", "theme":
			if n.named != nil {
				continue
			}
			if n.named, err = p.Insight.Names(q.Context(), q.Workspace.ID, q.Env.Tag()); err != nil {
				return n, err
			}
		}
	}
	if len(contacts) > 0 && q.Actor.May(identity.ContactsRead) {
		slices.Sort(contacts)
		n.contacts, err = p.Contacts.Load(q.Context(), q.Workspace.ID, q.Actor, slices.Compact(contacts))
		return n, err
	}
	return n, nil
}

// of names the thing that an entry is about, and gives its page.
func (n names) of(e ui.Env, a identity.Entry) (name, href string) {
	d := a.Details
	switch a.Kind {
	case "workspace":
		return d["name"], "/settings"
	case "member":
		m := n.members[identity.MemberID(a.Object)]
		if m.State == identity.Active || m.State == identity.Disabled {
			href = "/settings/members/" + a.Object
		}
		if m.Name == "" {
			m.Name = d["email"]
		}
		return m.Name, href
	case "invite":
		return d["email"], "/settings/members"
	case "team":
		if a.Action != "team.delete" {
			href = "/settings/teams/" + a.Object
		}
		return d["name"], href
	case "key":
		return d["name"], "/settings/keys"
	case "webhook":
		if a.Action != "webhook.delete" {
			href = webhookHref(deliver.WebhookID(a.Object))
		}
		return d["name"], href
	case "delivery":
		return ui.Named(e, "topic.", d["topic"]), "/settings/deliveries"
	case "contact":
		if c, ok := n.contacts[contact.ID(a.Object)]; ok {
			return figure.Name(e, c), "/contacts/" + a.Object
		}
		return e.T("settings.audit_gone"), ""
	case "account":
		return d["name"], "/accounts/" + a.Object
	case "segment":
		return d["name"], ""
	case "contact attribute":
		return title(d["title"], a.Object), "/settings/attributes/contacts?" + url.Values{"key": {a.Object}}.Encode()
	case "feedback field":
		field, key, _ := strings.Cut(a.Object, ".")
		return title(d["title"], key), "/settings/attributes/feedback?" + url.Values{"field": {field}, "key": {key}}.Encode()
	case "view":
		if a.Action != "view.delete" {
			href = "/explore?" + url.Values{"view": {a.Object}}.Encode()
		}
		return d["name"], href
	case "alert":
		s, err := alert.ParseSubject(d["subject"])
		if err != nil {
			return "", "/alerts/" + a.Object
		}
		return alert.Measured(e.Locale, s) + ": " + alert.What(e.Locale, s, n.named), "/alerts/" + a.Object
	case "theme":
		return cmp.Or(n.named[a.Object], d["name"]), "/themes/" + url.PathEscape(a.Object) // the log has the name of programs, in English
	case "export":
		return ui.Named(e, "audit_list.", a.Object), ""
	case "import":
		if a.Action != "import.discard" {
			href = "/import/" + a.Object
		}
		return d["file"], href
	}
	return "", ""
}

func (p *Pages) lines(q *web.Request, entries []identity.Entry) ([]line, error) {
	names, err := p.names(q, entries)
	if err != nil {
		return nil, err
	}
	out := make([]line, len(entries))
	for i, a := range entries {
		l := line{Entry: a}
		l.Name, l.Href = names.of(q.Env, a)
		l.Before, l.After = sentence(q.Env, a)
		switch {
		case a.Key != "":
			l.Who = byHref("key:" + string(a.Key))
		case a.Member != "":
			l.Who = byHref("member:" + string(a.Member))
		default:
			l.Entry.Name = ui.Named(q.Env, "program.", strings.ReplaceAll(a.Name, " ", "_"))
		}
		if a.Kind != "export" && a.Kind != "workspace" {
			l.History = historyHref(a.Object)
		}
		l.Details = details(q.Env, a)
		out[i] = l
	}
	return out, nil
}

// mark stands for the name in a sentence, so that the name can be a link.
const mark = "\x00"

// sentence says what happened, in the two parts before and after the name of the thing; an action without words of its
// own (of an older or a newer version) is told by its code.
func sentence(e ui.Env, a identity.Entry) (before, after string) {
	key := "audit." + a.Action
	if a.Kind == "export" { // each list has an action of its own
		key = "audit.export"
	}
	if !e.Has(key) {
		return a.Action + " ", ""
	}
	args := []any{"name", i18n.Verbatim(mark)}
	for _, d := range []string{"role", "from", "to"} {
		args = append(args, d, ui.Named(e, "role.", a.Details[d]))
	}
	text := e.T(key, args...)
	before, after, found := strings.Cut(text, mark)
	if !found {
		return text, ""
	}
	return before, after
}

// inSentence tells whether a detail stands in the sentence of an action already, or in the name there.
func inSentence(action, detail string) bool {
	switch detail {
	case "name", "file", "email", "title", "invite", "topic":
		return true
	case "role":
		return strings.HasPrefix(action, "invite.")
	case "from", "to":
		return action == "member.role"
	}
	return false
}

// fact is a detail in the reader's words; with changed its text is "before → after" in the direction of the reader's language.
type fact struct {
	label, text string
	changed     bool
}

// details are what an entry says beside its sentence, in a fixed order: what is new, and what it was.
func details(e ui.Env, a identity.Entry) []fact {
	var out []fact
	for k, v := range a.Details {
		if strings.HasSuffix(k, "_was") || a.Kind == "alert" && k == "subject" || inSentence(a.Action, k) && a.Details[k+"_was"] == "" {
			continue
		}
		f := fact{label: ui.Named(e, "audit_detail.", k), text: detail(e, a, k, v)}
		was := ""
		if was, f.changed = a.Details[k+"_was"]; f.changed {
			f.text = e.T("settings.audit_change", "from", detail(e, a, k, was), "to", f.text)
		} else if v == "" {
			continue
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b fact) int { return strings.Compare(a.label, b.label) })
	return out
}

// asked are the words for what a file was asked for with, where it is no field of feedback.
var asked = map[string]string{
	"last": "bucket.label", "from": "bucket.label", "to": "bucket.label", "measure": "explore.measure", "of": "explore.of", "by": "explore.by", "bucket": "explore.bucket",
	"compare": "explore.compare", "scale": "explore.scale", "order": "explore.order", "limit": "explore.limit", "weight": "explore.weight", "level": "explore.level",
	"state": "settings.state", "q": "settings.find_do", "who": "settings.audit_who", "action": "settings.audit_action", "object": "settings.audit_object", "owner": "alerts.fact.owner",
	"event": "contact.event", "webhook": "settings.hook", "topic": "settings.sent_what", "score": "themes.score", "segment": "contact.segment", "account": "contact.account", "driver": "drivers.driver",
	"at_risk": "health.at_risk", "view": "explore.views",
}

// narrowed names what a file was narrowed down by: the names of an address, such as "last" or "nps.gte", in the reader's words.
func narrowed(e ui.Env, names []string) string {
	var out []string
	for _, name := range names {
		if key := asked[name]; key != "" {
			name = e.T(key)
		} else {
			if i := strings.LastIndex(name, "."); i > 0 && e.Has("op."+name[i+1:]) {
				name = name[:i]
			}
			name = figure.Field(e, name)
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return strings.Join(out, ", ")
}

// detail is the value of a detail in the reader's words.
func detail(e ui.Env, a identity.Entry, key, value string) string {
	if a.Kind == "alert" && e.Has("alerts."+key+"."+value) {
		return e.T("alerts." + key + "." + value)
	}
	switch key {
	case "role", "channel", "format":
		return ui.Named(e, map[string]string{"role": "role.", "channel": "channel.", "format": "export."}[key], value)
	case "hidden", "sliceable", "personal", "granted":
		return ui.Named(e, "value.", map[string]string{"true": "yes", "false": "no"}[value])
	case "created", "duplicates", "refused", "rows", "removed", "contacts":
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			return e.N(n, 0)
		}
	case "filtered_by":
		return narrowed(e, strings.Fields(value))
	case "origin":
		return ui.Named(e, "population.origin_", value)
	case "mode":
		return ui.Named(e, "notify_mode.", value)
	case "kind":
		if a.Kind == "contact attribute" {
			return ui.Named(e, "attr_kind.", value)
		}
		return ui.Named(e, "identity_kind.", value)
	case "language":
		return ui.OwnName(value)
	case "week_start":
		return e.Weekday(identity.WeekStart(value).Weekday())
	case "country":
		if r, err := language.ParseRegion(value); err == nil {
			return display.Regions(language.Make(e.Tag())).Name(r)
		}
		return e.T("settings.country_none")
	case "scopes":
		list := strings.Fields(value)
		if len(list) == len(identity.Permissions()) {
			return e.T("settings.key_all")
		}
		for i, s := range list {
			list[i] = ui.Named(e, "scope.", s)
		}
		return strings.Join(list, "; ")
	case "manager":
		if value == "" {
			return e.T("settings.nobody")
		}
	}
	return value
}
