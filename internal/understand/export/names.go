package export

import (
	"context"
	"net/url"
	"slices"

	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
)

// List is something that is exported by its name: from its page, by the API and on the command line alike.
type List struct {
	Name       string
	Title      string              // what it holds, in English
	Permission identity.Permission // that it needs, beside exports.read
	Filters    []Filter
	Other      string // what other names narrow it down, in English; "" when none do
	Columns    bool   // it cannot be had without the columns

	write func(context.Context, job) error
}

// Filter is a name in the address that narrows a list down.
type Filter struct {
	Name, Doc string
	Many      bool // it may come several times
}

var period = []Filter{
	{Name: "from", Doc: "First day (2026-01-31, in the workspace's zone) or instant (RFC 3339)"},
	{Name: "to", Doc: "Last day, included, or instant, excluded"},
	{Name: "last", Doc: "Instead of from and to: 90d, 12w, 6m or 2y up to today"},
}

// anyField is how conditions on feedback stand in an address.
const anyField = "Any field of feedback: channel=web, kind.not_in=note, nps.gte=9, text.contains=late, attribute.KEY=value, answer.QUESTION=value, contact.KEY=value. A name that comes twice has two values"

var lists []List

func init() { // not in the variable's own value: what writes a list may look for lists
	lists = []List{
		{Name: "feedback", Title: "feedback, newest first", Permission: identity.FeedbackRead, Other: anyField, write: feedbackList,
			Filters: append(slices.Clone(period), Filter{Name: "q", Doc: `What to search for: words in any of their forms, "phrases", begin*, -without, this OR that`})},
		{Name: "answer", Title: "the answer to a question: a row for each group and bucket of time, and the total", Permission: identity.InsightsRead, Columns: true,
			Other: anyField + ". share.FIELD=value is what a share is of", write: answer,
			Filters: append([]Filter{
				{Name: "measure", Doc: "What to measure: nps, csat, ces, star, rating, count, contacts, net_sentiment, negative_share, theme_sentiment, mean, distribution, response_share, share ..."},
				{Name: "of", Doc: "The field that mean, distribution and response_share are about"},
				{Name: "by", Doc: "A field to group by", Many: true},
				{Name: "bucket", Doc: "Group by time too: day, week, month, quarter or year"},
				{Name: "compare", Doc: "previous, year or rest; other for the feedback that than.FIELD=value chooses"},
				{Name: "scale", Doc: "The scale to count, such as 1..5; the most frequent one by default"},
				{Name: "order", Doc: "n, value or key"},
				{Name: "limit", Doc: "How many groups, 100 by default"},
				{Name: "level", Doc: "Confidence level of the intervals, 0.95 by default"},
				{Name: "weight", Doc: "1: weight the answers to the known population too"},
				{Name: "view", Doc: "Instead of all others: the id of a saved view"},
			}, period...)},
		{Name: "themes", Title: "themes: volume, sentiment, score, change and impact of each", Permission: identity.InsightsRead, Columns: true, Other: anyField, write: themes,
			Filters: append([]Filter{
				{Name: "score", Doc: "The score that themes move: nps, csat, ces, star or rating"},
				{Name: "scale", Doc: "The scale to count, such as 1..5; the most frequent one by default"},
				{Name: "compare", Doc: "previous or year"},
				{Name: "level", Doc: "Confidence level of the intervals, 0.95 by default"},
			}, period...)},
		{Name: "alerts", Title: "early warnings, newest first", Permission: identity.InsightsRead, write: alerts, Filters: []Filter{
			{Name: "state", Doc: "open, acknowledged or closed", Many: true}, {Name: "kind", Doc: "alarm or improvement"}, {Name: "owner", Doc: "Id of a member"}}},
		{Name: "alert_series", Title: "what early warning watches, the most unusual first", Permission: identity.InsightsRead, write: alertSeries},
		{Name: "drivers", Title: "what moves a score: importance, effect, penalty and reward, and what there is to gain of each driver", Permission: identity.InsightsRead, Columns: true, Other: anyField, write: drivers,
			Filters: append([]Filter{
				{Name: "score", Doc: "nps, csat, ces, star, rating, csat_mean or ces_mean; the first that has answers by default"},
				{Name: "block", Doc: "Which answers: survey:NAME, source:NAME, themes or all; the best by default"},
				{Name: "driver", Doc: "A field to look at, or theme.ID, instead of those that the block begins with", Many: true},
				{Name: "scale", Doc: "The scale to count, such as 1..5; the most frequent one by default"},
				{Name: "level", Doc: "Confidence level of the intervals, 0.95 by default"},
			}, period...)},
		{Name: "scan", Title: "segments that were compared with the rest, by evidence", Permission: identity.InsightsRead, Columns: true, Other: anyField, write: scanned,
			Filters: append([]Filter{
				{Name: "score", Doc: "nps, csat, ces, star, rating, net_sentiment, csat_mean or ces_mean; the first that has answers by default"},
				{Name: "field", Doc: "A field to look through instead of all that are known", Many: true},
				{Name: "pairs", Doc: "no: single values alone"},
				{Name: "rate", Doc: "Expected share of false ones among those that are told to differ, 0.10 by default"},
				{Name: "scale", Doc: "The scale to count, such as 1..5; the most frequent one by default"},
				{Name: "level", Doc: "Confidence level of the intervals, 0.95 by default"},
			}, period...)},
		{Name: "corrections", Title: "what people said about labels and still counts, newest first", Permission: identity.FeedbackRead, write: corrections},
		{Name: "contacts", Title: "contacts, newest first", Permission: identity.ContactsRead, write: contacts,
			Other: "Any attribute: attribute.plan=pro, attribute.plan.is_not=pro, attribute.visits.above=3, attribute.plan.present=",
			Filters: []Filter{{Name: "q", Doc: "Part of the name, or the beginning of an e-mail address, phone number or external id; needs contacts.identify"},
				{Name: "language", Doc: "pt finds pt-BR too", Many: true},
				{Name: "has", Doc: "external, email or phone", Many: true}, {Name: "account", Doc: "Id of the account"}, {Name: "segment", Doc: "Id of a segment"}}},
		{Name: "events", Title: "events: what customers did, newest first", Permission: identity.ContactsRead, write: events,
			Filters: append(slices.Clone(period), Filter{Name: "contact", Doc: "Id of the contact"}, Filter{Name: "event", Doc: "Name of the event"})},
		{Name: "health", Title: "customers by risk of leaving, with the parts of their scores", Permission: identity.ContactsRead, write: standings, Filters: []Filter{
			{Name: "at_risk", Doc: "yes or true for customers at risk alone"}, {Name: "segment", Doc: "The peers that contacts are compared with"}, {Name: "account", Doc: "Id of an account"},
			{Name: "account_id", Doc: "The same as account"},
			{Name: "below", Doc: "Only scores below this"}}},
		{Name: "accounts", Title: "accounts by name", Permission: identity.ContactsRead, write: accounts, Filters: []Filter{{Name: "q", Doc: "The beginning of the name or external id"}}},
		{Name: "segments", Title: "segments: saved filters of contacts", Permission: identity.ContactsRead, write: segments},
		{Name: "attributes", Title: "the register of what is known about contacts", Permission: identity.ContactsRead, write: attributes},
		{Name: "fields", Title: "what feedback can be sliced by", Permission: identity.FeedbackRead, write: registered},
		{Name: "views", Title: "saved views", Permission: identity.InsightsRead, write: views},
		{Name: "population", Title: "the known population: how all customers are spread", Permission: identity.InsightsRead, write: knownPopulation},
		{Name: "invited", Title: "how many people surveys invited, the latest first", Permission: identity.InsightsRead, write: invitations},
		{Name: "imports", Title: "imports, newest first", Permission: identity.ImportsWrite, write: importList},
		{Name: "members", Title: "members by name", Permission: identity.MembersManage, write: members},
		{Name: "invites", Title: "invitations that wait for an answer", Permission: identity.MembersManage, write: invites},
		{Name: "teams", Title: "teams by name", Permission: identity.TeamsManage, write: teams},
		{Name: "keys", Title: "API keys without their secrets, revoked ones too", Permission: identity.KeysManage, write: keys},
		{Name: "webhooks", Title: "webhooks without their secrets, the oldest first", Permission: identity.WebhooksManage, write: webhooks},
		{Name: "deliveries", Title: "mail and events that were sent, are to be, or were given up, newest first", Permission: identity.DeliveriesManage, write: deliveries, Filters: []Filter{
			{Name: "kind", Doc: "email or webhook"}, {Name: "state", Doc: "queued, sent or failed"}, {Name: "topic", Doc: "alerts, alert.opened ..."}, {Name: "webhook", Doc: "Id of the webhook"}}},
		{Name: "audit", Title: "the audit log, newest first", Permission: identity.AuditRead, write: audit, Filters: []Filter{
			{Name: "text", Doc: "Words found anywhere in who, what and the details"}, {Name: "who", Doc: "member:<id> or key:<id>"},
			{Name: "action", Doc: "key.revoke, or key for all that happens to keys"}, {Name: "object", Doc: "Id of what was changed"},
			{Name: "from", Doc: "First day (2026-01-31, in the workspace's zone)"}, {Name: "to", Doc: "Last day, included"}}},
	}
}

// Lists are all that can be exported by name.
func Lists() []List { return slices.Clone(lists) }

// Names are the names of Lists.
func Names() []string {
	names := make([]string, len(lists))
	for i, l := range lists {
		names[i] = l.Name
	}
	return names
}

// Find gives the list of a name.
func Find(name string) (List, bool) {
	for _, l := range lists {
		if l.Name == name {
			return l, true
		}
	}
	return List{}, false
}

// check refuses filters that the list does not know: one that is silently ignored gives a wrong file.
func (l List) check(op string, filter url.Values) error {
	var bad []fault.Field
	for name := range filter {
		if l.Other == "" && !slices.ContainsFunc(l.Filters, func(f Filter) bool { return f.Name == name }) {
			bad = append(bad, fault.Field{Path: name, Code: "unknown", Msg: l.Name + " cannot be filtered by this"})
		}
	}
	if bad != nil {
		return fault.Bad(op, bad...)
	}
	return nil
}
