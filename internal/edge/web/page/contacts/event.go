package contacts

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"time"

	"kolo/internal/edge/web"
	"kolo/internal/edge/web/page/figure"
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/i18n"
	"kolo/internal/listen/event"
	"kolo/internal/people/contact"
	"kolo/internal/understand/label"
)

// happenedView is an event as a line.
type happenedView struct {
	Name  string
	At    time.Time
	Value string
	Facts []ui.Fact
}

type eventsView struct {
	Name, Path string
	Happened   []happenedView
	Pager      ui.Page
	Export     string
}

const (
	mostHappened = 8 // events that the page of a contact shows
	mostFacts    = 4 // properties of one that are spelled out
	fewFacts     = 2 // where there is little room
)

// events lists all events of a contact.
func (p *Pages) events(q *web.Request) error {
	c, ok, err := p.find(q)
	if !ok {
		return err
	}
	v := eventsView{Name: figure.Name(q.Env, c), Path: href(c.ID), Export: url.Values{"contact": {string(c.ID)}}.Encode()}
	if !c.ErasedAt.IsZero() {
		v.Name = q.Env.T("contact.erased")
	}
	before, err := event.ParsePlace(q.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	list, err := p.Events.List(q.Context(), q.Workspace.ID, event.Filter{Contact: c.ID, Before: before, Limit: shown + 1})
	if err != nil {
		return err
	}
	here := v.Path + "/events"
	if len(list) > shown {
		list = list[:shown]
		v.Pager.Next = here + "?" + url.Values{"cursor": {event.PlaceOf(list[shown-1]).String()}}.Encode()
	}
	if before.ID != "" {
		v.Pager.Prev = here
	}
	v.Pager.Shown, v.Pager.Total = len(list), -1
	if list, err = p.told(q, list); err != nil {
		return err
	}
	v.Happened = happened(q.Env, c, list, mostFacts)
	return q.Render(http.StatusOK, eventsPage(shell(q, q.Env.T("contact.did")), v))
}

// latest fills in what a contact did of late.
func (p *Pages) latest(q *web.Request, c contact.Contact, v *detailView) error {
	list, err := p.Events.List(q.Context(), q.Workspace.ID, event.Filter{Contact: c.ID, Limit: mostHappened + 1})
	if err != nil {
		return err
	}
	if v.AllHappened = len(list) > mostHappened; v.AllHappened {
		list = list[:mostHappened]
	}
	if list, err = p.told(q, list); err != nil {
		return err
	}
	v.Happened = happened(q.Env, c, list, fewFacts)
	return nil
}

// told are events as the reader may see them.
func (p *Pages) told(q *web.Request, list []event.Event) ([]event.Event, error) {
	if identify(q) {
		return list, nil
	}
	h, err := label.HappenedFor(q.Context(), p.Contacts, q.Workspace.ID, list)
	if err != nil {
		return nil, err
	}
	for i, e := range list {
		list[i] = h.Masked(e)
	}
	return list, nil
}

// ofValue are the properties that an event's value is made of.
var ofValue = []string{"revenue", "value", "total", "currency"}

// happened makes lines of events. What an event only repeats of its contact is left out.
func happened(e ui.Env, c contact.Contact, list []event.Event, most int) []happenedView {
	out := make([]happenedView, len(list))
	for i, x := range list {
		out[i] = happenedView{Name: figure.EventName(e, x.Name), At: x.Time}
		switch {
		case x.Value == nil:
		case x.Currency != "" && math.Abs(*x.Value) < 1e15:
			out[i].Value = e.Money(int64(math.Round(*x.Value*math.Pow10(i18n.MinorDigits(x.Currency)))), x.Currency)
		default:
			out[i].Value = e.N(*x.Value, -1)
		}
		for _, f := range x.Facts() {
			if x.Value != nil && slices.Contains(ofValue, f.Key) || c.Attributes[contact.Key(f.Key)] == f.Value {
				continue
			}
			if len(out[i].Facts) == most {
				break
			}
			text := f.Value
			switch text {
			case "true":
				text = e.T("value.yes")
			case "false":
				text = e.T("value.no")
			}
			out[i].Facts = append(out[i].Facts, ui.Fact{Label: attributeTitle(contact.Attribute{Key: f.Key}), Text: text})
		}
	}
	return out
}
