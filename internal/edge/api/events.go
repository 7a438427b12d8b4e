package api

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/event"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/label"
)

// Message is a message of the common format, for the description. Other fields of the format are taken and passed over.
type Message struct {
	Type        string         `json:"type,omitempty" enum:"track,page,screen,identify,group" doc:"Needed in a batch; elsewhere the path says it"`
	MessageID   string         `json:"messageId,omitempty" maxLength:"200" doc:"Your id of it: a second delivery changes nothing"`
	UserID      string         `json:"userId,omitempty" doc:"Your id of the customer: the contact's external id. userId or anonymousId is needed"`
	AnonymousID string         `json:"anonymousId,omitempty" maxLength:"200" doc:"Of a browser or device. What it did before is the contact's once a message has both ids (the newest 1,000 events of it)"`
	Event       string         `json:"event,omitempty" maxLength:"200" doc:"track: what happened, such as purchase"`
	Name        string         `json:"name,omitempty" doc:"page, screen: its name, kept as a property"`
	Category    string         `json:"category,omitempty" doc:"page, screen: its category, kept as a property"`
	GroupID     string         `json:"groupId,omitempty" doc:"group: your id of the account"`
	Timestamp   *time.Time     `json:"timestamp,omitempty" doc:"When it happened; now by default. It may lie long ago, and messages may come in any order"`
	Properties  map[string]any `json:"properties,omitempty" doc:"track, page, screen: facts of it, 32 KiB of JSON at most. revenue, or else value, or total, is what the event is worth, in currency (ISO 4217)"`
	Traits      map[string]any `json:"traits,omitempty" doc:"identify: email, phone, name (or firstName and lastName), language, country, company.id and lifetime_value; all others are attributes of the contact. group: name, and attributes of the account"`
}

// Messages is a batch.
type Messages struct {
	Batch []Message `json:"batch" maxItems:"5000"`
}

// EventsReceived is the answer to a batch.
type EventsReceived struct {
	event.Tally
	Results []event.Result `json:"results" doc:"One for each message, in the order of the batch; of a stream, one for each refused line"`
}

// EventsPage is a page of events.
type EventsPage struct {
	Events []event.Event `json:"events"`
	Next   string        `json:"next,omitempty" doc:"Cursor of the next page"`
}

// EventNames are the names of events.
type EventNames struct {
	Names []event.Name `json:"names"`
}

func (a *API) eventRoutes() {
	const tag = "Events"
	schemas := a.huma.OpenAPI().Components.Schemas
	message := schemas.Schema(reflect.TypeFor[Message](), true, "Message")
	messages := schemas.Schema(reflect.TypeFor[Messages](), true, "Messages")
	result := schemas.Schema(reflect.TypeFor[event.Result](), true, "Result")
	received := schemas.Schema(reflect.TypeFor[EventsReceived](), true, "EventsReceived")
	content := func(s *huma.Schema) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{"application/json": {Schema: s}}
	}
	const keys = "Libraries of the format that sign with a write key (HTTP Basic, the key as the user's name) work as they are."
	for kind, summary := range map[string]string{
		event.Track: "Tell that a customer did something, or that something happened to one", event.Page: "Tell that a page was looked at",
		event.Screen: "Tell that a screen of an app was looked at", event.Identify: "Tell who a user is", event.Group: "Tell which account a user belongs to",
	} {
		a.raw(route{http.MethodPost, "/v1/" + kind, identity.EventsWrite, "receive-" + kind, summary, tag, 0}, huma.Operation{
			Description: "Takes one message. The answer comes when it is durable. " + keys,
			RequestBody: &huma.RequestBody{Required: true, Content: content(message)},
			Responses: map[string]*huma.Response{
				"200": {Description: "Kept, or delivered before", Content: content(result)},
				"422": {Description: "Refused"},
			},
		}, func(w http.ResponseWriter, r *http.Request, actor identity.Actor) error {
			return a.receiveMessage(w, r, actor, kind)
		})
	}
	a.raw(route{http.MethodPost, "/v1/batch", identity.EventsWrite, "receive-batch", "Receive messages of all types", tag, 0}, huma.Operation{
		Description: "Takes up to 5,000 messages, each with its type, or NDJSON (Content-Type: application/x-ndjson) of any length, a message a line. The answer comes when what it speaks of is durable; messages that are wrong do not touch the others. " + packing + " " + keys,
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json":     {Schema: messages},
			"application/x-ndjson": {Schema: &huma.Schema{Type: huma.TypeString, Description: "One message a line"}},
		}},
		Responses: map[string]*huma.Response{
			"200": {Description: "Every message is kept, or was delivered before", Content: content(received)},
			"207": {Description: "Some messages were refused; the others are kept", Content: content(received)},
			"415": {Description: "The body is packed in another way than gzip"},
			"422": {Description: "Refused: the body, or every message"},
		},
	}, a.receiveBatch)
	handle(a, route{http.MethodGet, "/v1/events", identity.ContactsRead, "list-events", "List events, newest first", tag, 0}, a.listEvents)
	handle(a, route{http.MethodGet, "/v1/events/names", identity.ContactsRead, "list-event-names", "List the names of events, the most frequent first", tag, 0},
		func(ctx context.Context, actor identity.Actor, _ *struct{}) (*body[EventNames], error) {
			list, err := a.Events.Names(ctx, actor.Workspace)
			return &body[EventNames]{EventNames{orEmpty(list)}}, err
		})
}

func (a *API) receiveMessage(w http.ResponseWriter, r *http.Request, actor identity.Actor, kind string) error {
	raw, err := a.body(w, r)
	if err != nil {
		return err
	}
	if int64(len(raw)) > a.RowLimit {
		return fault.New(fault.TooLarge, "api.receiveMessage", "a message has at most %d bytes", a.RowLimit)
	}
	in, err := event.Decode(kind, raw)
	if err != nil {
		return err
	}
	results, err := a.Events.Receive(r.Context(), actor.Workspace, []event.Input{in})
	if err != nil {
		return err
	}
	if results[0].Status == event.Rejected {
		return fault.Bad("api.receiveMessage", results[0].Errors...)
	}
	return writeJSON(w, http.StatusOK, results[0])
}

func (a *API) receiveBatch(w http.ResponseWriter, r *http.Request, actor identity.Actor) error {
	done, err := a.unpack(w, r)
	if err != nil {
		return err
	}
	defer done()
	if isNDJSON(r) {
		return a.receiveMessages(w, r, actor)
	}
	raw, err := a.body(w, r)
	if err != nil {
		return err
	}
	in, err := event.DecodeBatch(raw)
	if err != nil {
		return err
	}
	results, err := a.Events.Receive(r.Context(), actor.Workspace, in)
	if err != nil {
		return err
	}
	answer := EventsReceived{Results: results}
	answer.Add(results)
	return writeJSON(w, statusOf(answer.Rejected, len(results)), answer)
}

// mostRefused bounds the refused lines that the answer to a stream tells of; all are counted.
const mostRefused = 1000

func (a *API) receiveMessages(w http.ResponseWriter, r *http.Request, actor identity.Actor) error {
	answer := EventsReceived{Results: []event.Result{}}
	var err error
	answer.Tally, err = a.Events.ReceiveLines(r.Context(), actor.Workspace, r.Body, func(x event.Result) error {
		if len(answer.Results) < mostRefused {
			answer.Results = append(answer.Results, x)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return writeJSON(w, statusOf(answer.Rejected, answer.Created+answer.Duplicates+answer.Rejected), answer)
}

type listEventsInput struct {
	Paging
	Contact string `query:"contact" doc:"Id of the contact"`
	Event   string `query:"event" doc:"Name of the event"`
	From    string `query:"from" doc:"First day (2026-01-31) or instant (RFC 3339)"`
	To      string `query:"to" doc:"Last day, included, or instant, excluded"`
	Last    string `query:"last" doc:"90d, 12w, 6m or 2y up to today"`
}

func (a *API) listEvents(ctx context.Context, actor identity.Actor, in *listEventsInput) (*body[EventsPage], error) {
	f := event.Filter{Contact: contact.ID(in.Contact), Name: in.Event, Limit: in.Limit}
	var err error
	if f.From, f.To, err = a.Insight.Instants(ctx, actor.Workspace, insight.Period{From: in.From, To: in.To, Last: in.Last}); err != nil {
		return nil, err
	}
	if f.Before, err = event.ParsePlace(in.Cursor); err != nil {
		return nil, err
	}
	list, err := a.Events.List(ctx, actor.Workspace, f)
	if err != nil {
		return nil, err
	}
	if !actor.May(identity.ContactsIdentify) {
		told, err := label.HappenedFor(ctx, a.Contacts, actor.Workspace, list)
		if err != nil {
			return nil, err
		}
		for i, e := range list {
			list[i] = told.Masked(e)
		}
	}
	page := EventsPage{Events: orEmpty(list)}
	if len(list) == in.Limit {
		page.Next = event.PlaceOf(list[len(list)-1]).String()
	}
	return &body[EventsPage]{page}, nil
}
