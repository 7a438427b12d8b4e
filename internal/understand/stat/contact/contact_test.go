package contact

import (
	"slices"
	"testing"
	"time"

	"kolo/internal/understand/stat/vectortest"
)

var epoch = time.Date(2024, 1, 1, 12, 0, 0, 0, time.UTC)

func on(day int) time.Time { return epoch.Add(time.Duration(day) * 24 * time.Hour) }

func TestVectorsPolicy(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "contact_policy").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Rules struct {
				Global        int  `json:"global_cooldown_days"`
				Relationship  int  `json:"relationship_cooldown_days"`
				Transactional int  `json:"transactional_cooldown_days"`
				AfterResponse int  `json:"after_response_cooldown_days"`
				Max           int  `json:"max_invites_per_365_days"`
				Complaint     bool `json:"suppress_if_open_complaint"`
			}
			Requests []struct {
				ID      string
				Kind    Kind
				Day     int
				History []struct {
					Day      int
					Kind     Kind
					Answered bool
				}
				OpenComplaint bool `json:"open_complaint"`
				OptedOut      bool `json:"opted_out"`
			}
		}](t, c.Input)
		days := func(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
		p := Policy{Global: days(in.Rules.Global), AfterResponse: days(in.Rules.AfterResponse),
			SameKind:   map[Kind]time.Duration{Relationship: days(in.Rules.Relationship), Transactional: days(in.Rules.Transactional)},
			MaxPerYear: in.Rules.Max, Complaints: in.Rules.Complaint}
		var out []any
		for _, r := range in.Requests {
			who := Person{OpenComplaint: r.OpenComplaint, OptedOut: r.OptedOut}
			for _, h := range r.History {
				i := Invitation{At: on(h.Day), Kind: h.Kind}
				if h.Answered {
					i.Answered = i.At
				}
				who.History = append(who.History, i)
			}
			reasons := p.Decide(r.Kind, on(r.Day), who)
			out = append(out, map[string]any{"id": r.ID, "allowed": len(reasons) == 0, "reasons": reasons})
		}
		return out
	})
}

func TestQuietHoursFollowThePerson(t *testing.T) {
	t.Parallel()
	p := Default()
	tehran := time.FixedZone("+0330", 3*3600+1800)
	at := time.Date(2024, 5, 5, 18, 0, 0, 0, time.UTC) // 21:30 there
	if got := p.Decide(Transactional, at, Person{Zone: tehran}); !slices.Equal(got, []Reason{QuietHours}) {
		t.Errorf("at half past nine in the evening: %v", got)
	}
	if got := p.Decide(Transactional, at.Add(11*time.Hour), Person{Zone: tehran}); len(got) != 0 {
		t.Errorf("at half past eight in the morning: %v", got)
	}
	if p.MayRemind(at, at.Add(-5*24*time.Hour), 0, Person{Zone: tehran}) {
		t.Error("a reminder may not go in quiet hours")
	}
	if !p.MayRemind(at, at.Add(-4*24*time.Hour), 0, Person{Zone: time.UTC}) {
		t.Error("a reminder is due after four days")
	}
	if p.MayRemind(at, at.Add(-40*24*time.Hour), 1, Person{}) {
		t.Error("one reminder is the most")
	}
}

func TestDecideReportsEveryReason(t *testing.T) {
	t.Parallel()
	who := Person{OpenComplaint: true, OptedOut: true}
	for d := range 6 {
		who.History = append(who.History, Invitation{At: on(90 + d), Kind: Relationship, Answered: on(91 + d)})
	}
	want := []Reason{GlobalCooldown, RelationshipCooldown, AfterResponseCooldown, AnnualCap, OpenComplaint, OptedOut}
	if got := Default().Decide(Relationship, on(100), who); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if Prefer(Transactional, Relationship) != Relationship || Prefer(Transactional, Transactional) != Transactional {
		t.Error("a relationship survey goes first")
	}
	if _, err := DesignWeight(0); err == nil {
		t.Error("a chance of 0 has a weight")
	}
}
