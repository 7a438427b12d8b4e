package label_test

import (
	"testing"

	"kolo/internal/listen/event"
	"kolo/internal/people/contact"
	"kolo/internal/understand/label"
)

func TestEventsForWhoMayNotIdentify(t *testing.T) {
	t.Parallel()
	h := label.NewHappened([]contact.Attribute{{Key: "plan"}, {Key: "family_state", Personal: true}, {Key: "job.title", Personal: true}}, nil)
	for _, c := range []struct{ kind, in, want string }{
		{event.Track, `{"plan":"pro","n":12.50,"big":1e999,"ok":true,"none":null}`, `{"big":1e999,"n":12.50,"none":null,"ok":true,"plan":"pro"}`},
		{event.Track, `{"email":"a@example.com","Customer E-mail":"x","first_name":"Ann","lastName":"B","name":"Ann","billing":{"address":"x","sum":1},"anonymousId":"d","טלפון":"1","телефон":"1"}`, `{"billing":{"sum":1}}`},
		{event.Track, `{"Family state":"alone","job":{"title":"smith","since":2020},"items":[{"family_state":"x","sku":"a"}]}`, `{"items":[{"sku":"a"}],"job":{"since":2020}}`},
		{event.Track, `{"note":"write to ann@example.com","list":["<b>","ann@example.com"],"ann@example.com":1}`, `{"list":["<b>","[email]"],"note":"write to [email]"}`},
		{event.Track, `{"paid_with":4111111111111111}`, `{"paid_with":"[card]"}`},
		{event.Page, `{"name":"Prices","url":"https://example.com/prices"}`, `{"name":"Prices","url":"https://example.com/prices"}`},
		{event.Page, `{"name":"Mail of ann@example.com"}`, `{"name":"Mail of [email]"}`},
		{event.Track, `{`, ``},
		{event.Track, ``, ``},
	} {
		got := h.Masked(event.Event{Kind: c.kind, Name: "wrote to ann@example.com", Visitor: "device", Properties: event.Properties(c.in)})
		if got.Visitor != "" || got.Name != "wrote to [email]" || string(got.Properties) != c.want {
			t.Errorf("%s became %+v", c.in, got)
		}
	}
}

// TestEventsOfTheNext: what was found out of a text or of a property for one contact is not taken for another's, whose name it may be.
func TestEventsOfTheNext(t *testing.T) {
	t.Parallel()
	h := label.NewHappened(nil, map[contact.ID][]string{"ann": {"Annabel Price"}, "bob": {"Robert Stone"}})
	for range 2 {
		for _, c := range []struct{ who, in, want string }{
			{"bob", `{"greeted":"Annabel","plan":"pro"}`, `{"greeted":"Annabel","plan":"pro"}`},
			{"ann", `{"greeted":"Annabel","plan":"pro"}`, `{"greeted":"[name]","plan":"pro"}`},
			{"ann", `{"greeted":"Robert"}`, `{"greeted":"Robert"}`},
			{"bob", `{"greeted":"Robert"}`, `{"greeted":"[name]"}`},
			{"", `{"greeted":"Robert"}`, `{"greeted":"Robert"}`},
			{"", `{"a.first":"x"}`, `{"a.first":"x"}`},
			{"", `{"a":{"first":"x"}}`, `{"a":{}}`},
		} {
			if got := h.Masked(event.Event{Kind: event.Track, Message: "3f2b8c1e-0000-4a5b-8c6d-054123456789"}); got.Message != "3f2b8c1e-0000-4a5b-8c6d-054123456789" {
				t.Errorf("the id of the message became %s", got.Message)
			}
			if got := h.Masked(event.Event{Kind: event.Track, Message: "order of ann@example.com"}); got.Message != "order of [email]" {
				t.Errorf("the id of the message became %s", got.Message)
			}
			if got := h.Masked(event.Event{Kind: event.Track, Contact: contact.ID(c.who), Properties: event.Properties(c.in)}); string(got.Properties) != c.want {
				t.Errorf("%s of %q became %s", c.in, c.who, got.Properties)
			}
		}
	}
}

func BenchmarkEventsForWhoMayNotIdentify(b *testing.B) {
	h := label.NewHappened(nil, map[contact.ID][]string{"ann": {"Annabel Price"}})
	for b.Loop() {
		h.Masked(event.Event{Kind: event.Track, Name: "delivery", Message: "demo-e-0093172", Contact: "ann",
			Properties: `{"country":"GB","courier":"Pelican","late":false,"plan":"premium","region":"Scotland"}`})
	}
}
