package contacts

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kolo/internal/listen/event"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// TestWhatTheyDid shows the latest events of a contact on its page, all of them page by page, and nobody else's.
func TestWhatTheyDid(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		id, other := w.add(contact.Ref{External: "a", Name: "Dana"}), w.add(contact.Ref{External: "b", Name: "Ron"})
		b := w.as(identity.Analyst)
		if p := b.open(href(id)); strings.Contains(p.text("main"), "What they did") {
			w.Error("nothing happened, and it is shown")
		}
		b.open(href(id) + "/events").says("No events yet")
		var in []event.Input
		add := func(user, name, properties string, ago time.Duration) {
			raw := fmt.Sprintf(`{"type":"track","messageId":"m%d","userId":%q,"event":%q,"timestamp":%q,"properties":%s}`, len(in), user, name, w.clock.Now().Add(-ago).Format(time.RFC3339), properties)
			x, err := event.Decode("", []byte(raw))
			w.must(err)
			in = append(in, x)
		}
		for i := range shown + 5 {
			add("a", "login", `{"ok":true}`, time.Duration(i+2)*time.Hour)
		}
		add("a", "purchase", `{"value":1234.5,"currency":"EUR","delivery":{"courier":"<b>Swift</b>"}}`, time.Minute)
		add("a", "loyalty_card_used", `{}`, time.Hour)
		add("b", "refund", `{"value":-3}`, time.Minute)
		_, err := w.events.Receive(w.Context(), w.ws, in)
		w.must(err)
		p := b.open(href(id))
		p.says("What they did", "Purchase", "€1,234.50", "Delivery.courier: <b>Swift</b>", "Loyalty card used", "Sign-in", "Ok: Yes", "All events of this customer")
		if text := p.text("main"); strings.Contains(text, "Refund") || strings.Count(text, "Sign-in") != mostHappened-2 {
			w.Errorf("%s", text)
		}
		b.open(href(other)).says("Refund", "−3")
		p = b.open(p.link("All events of this customer"))
		p.says("Purchase")
		first := strings.Count(p.text("table"), "Sign-in")
		p = b.open(p.link("Next"))
		if n := first + strings.Count(p.text("table"), "Sign-in"); n != shown+5 {
			w.Errorf("%d events on two pages", n)
		}
		if p := b.send("GET", href(id)+"/events?cursor=x", nil); p.code != http.StatusUnprocessableEntity {
			w.Errorf("a cursor of nothing: %d", p.code)
		}
		// Another workspace's contact does not exist here.
		theirs, _ := w.workspace("two")
		_, err = w.events.Receive(w.Context(), theirs, []event.Input{{Kind: event.Track, User: "a", Name: "secret"}})
		w.must(err)
		list, err := w.events.List(w.Context(), theirs, event.Filter{})
		w.must(err)
		if p := b.send("GET", href(list[0].Contact)+"/events", nil); p.code != http.StatusNotFound || strings.Contains(p.text("main"), "secret") {
			w.Errorf("another workspace's: %d", p.code)
		}
	})
}
