package health

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/people/contact"
	score "kolo/internal/understand/stat/health"
)

// Settings are what a workspace wants of the score. Names of events that are left out are guessed from the names that there
// are; see Guess.
type Settings struct {
	Weights    map[Key]float64   `json:"weights" doc:"What each part counts for while no model is fitted"`
	HalfLife   map[Key]float64   `json:"half_lives" doc:"Days after which a fact counts half: usage, sentiment, support, engagement. Usage takes longer where customers come rarely"`
	Horizon    int               `json:"horizon_days" doc:"Within how many days leaving is foretold, 28 to 365"`
	Events     map[Role][]string `json:"events" doc:"Names of events by what they mean: usage, purchase, visit, help, setback, cancelled. An empty list is guessed"`
	Segment    string            `json:"segment,omitempty" doc:"Attribute of contacts that lists are filtered by; it is no part of the score"`
	Slices     []string          `json:"reason_attributes" doc:"Attributes of contacts that may be why customers leave. Leave out those that change when somebody leaves"`
	ResolvedAt string            `json:"resolved_at" doc:"Attribute of complaints that holds the day or the instant at which they were resolved. Where no complaints have it, all weigh alike"`
	Guessed    bool              `json:"guessed" doc:"Nobody has chosen the attributes yet"`
}

// Role is what an event means for the score.
type Role string

// The roles.
const (
	Used      Role = "usage"     // the customer uses what was bought
	Bought    Role = "purchase"  // money comes
	Visited   Role = "visit"     // the customer comes by
	Helped    Role = "help"      // the customer needs help
	Setback   Role = "setback"   // a price rises, a plan shrinks, money goes back
	Cancelled Role = "cancelled" // the customer leaves
)

// Roles lists them.
var Roles = []Role{Used, Bought, Visited, Helped, Setback, Cancelled}

// Default is what holds where nobody has chosen: methods.md's weights and half-lives, a horizon of 90 days.
func Default() Settings {
	return Settings{
		Weights: map[Key]float64{Usage: score.WeightUsage, Sentiment: score.WeightSentiment, Support: score.WeightSupport, Commercial: score.WeightCommercial,
			Engagement: score.WeightEngagement},
		HalfLife: map[Key]float64{Usage: score.HalfLifeUsage, Sentiment: score.HalfLifeSurvey, Support: score.HalfLifeComplaint, Engagement: score.HalfLifeSurvey},
		Horizon:  90, Events: map[Role][]string{}, ResolvedAt: "resolved_at", Guessed: true,
	}
}

// Timed are the parts whose half-life can be set.
var Timed = []Key{Usage, Sentiment, Support, Engagement}

const (
	mostNames = 50
	mostSlice = 8 // attributes that reasons are looked for among
)

// Validate refuses settings that cannot be worked with, and fills in what is left out.
func (s *Settings) Validate() error {
	const op = "health.Settings"
	var bad []fault.Field
	say := func(path, code, format string, args ...any) {
		bad = append(bad, fault.Field{Path: path, Code: code, Msg: fmt.Sprintf(format, args...)})
	}
	d := Default()
	if s.Weights == nil {
		s.Weights = d.Weights
	}
	sum := 0.0
	for k, w := range s.Weights {
		if !slices.Contains(Keys[:], k) {
			say("weights."+string(k), "unknown", "%q is not a part of the score", k)
		} else if !(w >= 0 && w <= 1000) {
			say("weights."+string(k), "range", "a weight lies between 0 and 1,000")
		}
		sum += w
	}
	if bad == nil && sum == 0 {
		say("weights."+string(Usage), "weights", "at least one part needs a weight above 0")
	}
	half := map[Key]float64{}
	for _, k := range Timed {
		half[k] = d.HalfLife[k]
	}
	for k, h := range s.HalfLife {
		if !slices.Contains(Timed, k) {
			say("half_lives."+string(k), "unknown", "%q has no half-life", k)
		} else if !(h >= 1 && h <= 730) {
			say("half_lives."+string(k), "half_life", "a half-life lies between 1 and 730 days")
		}
		half[k] = h
	}
	s.HalfLife = half
	if s.Horizon == 0 {
		s.Horizon = d.Horizon
	}
	if s.Horizon < 28 || s.Horizon > 365 {
		say("horizon_days", "horizon", "the horizon lies between 28 and 365 days")
	}
	events, owner := map[Role][]string{}, map[string]Role{}
	for _, r := range slices.Sorted(keysOf(s.Events)) {
		path := "events." + string(r)
		if !slices.Contains(Roles, r) {
			say(path, "unknown", "%q is no meaning of an event", r)
			continue
		}
		var names []string
		for _, n := range s.Events[r] {
			if n = strings.TrimSpace(n); n == "" || slices.Contains(names, n) {
				continue
			}
			if other, ok := owner[n]; ok {
				say(path, "twice", "%q means %s already: an event has one meaning", n, other)
			}
			owner[n] = r
			names = append(names, n)
		}
		if len(names) > mostNames {
			say(path, "too_many", "at most %d names", mostNames)
		}
		if names != nil {
			events[r] = names
		}
	}
	s.Events = events
	s.Segment, s.ResolvedAt = contact.Key(s.Segment), contact.Key(s.ResolvedAt)
	var slicesOf []string
	for _, k := range s.Slices {
		if k = contact.Key(k); k != "" && !slices.Contains(slicesOf, k) {
			slicesOf = append(slicesOf, k)
		}
	}
	if s.Slices = slicesOf; len(s.Slices) > mostSlice {
		say("reason_attributes", "attributes", "at most %d attributes", mostSlice)
	}
	if bad != nil {
		return fault.Bad(op, bad...)
	}
	return nil
}

// refuse refuses attributes that are personal: whose values are those of one person are neither a segment nor a reason, and the values would
// be shown to those who may not see them.
func (s *Settings) refuse(register []contact.Attribute) error {
	var bad []fault.Field
	for _, a := range register {
		if !a.Personal {
			continue
		}
		say := func(path string) {
			bad = append(bad, fault.Field{Path: path, Code: "personal", Msg: fmt.Sprintf("the attribute %q is personal: it can be neither a segment nor a reason", a.Key)})
		}
		if s.Segment == a.Key {
			say("segment")
		}
		if slices.Contains(s.Slices, a.Key) {
			say("reason_attributes")
		}
	}
	if bad != nil {
		return fault.Bad("health.Settings", bad...)
	}
	return nil
}

// hide leaves out the attributes that are personal, which they may have become after they were chosen.
func (s *Settings) hide(register []contact.Attribute) {
	for _, a := range register {
		if !a.Personal {
			continue
		}
		if s.Segment == a.Key {
			s.Segment = ""
		}
		s.Slices = slices.DeleteFunc(s.Slices, func(k string) bool { return k == a.Key })
	}
}

func keysOf[V any](m map[Role]V) func(func(Role) bool) {
	return func(yield func(Role) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// weight is a part's share of all weights.
func (s *Settings) weight(k Key) float64 {
	sum := 0.0
	for _, x := range Keys {
		sum += s.Weights[x]
	}
	if sum == 0 || math.IsNaN(sum) {
		return 0
	}
	return s.Weights[k] / sum
}

// hints are what names of events contain, by what they mean; the first role that fits takes the name.
var hints = []struct {
	role  Role
	words []string
}{
	{Cancelled, []string{"cancel", "churn", "terminat", "closed account", "account closed", "unsubscrib", "contract ended", "subscription ended"}},
	{Setback, []string{"refund", "downgrade", "price increase", "price raised", "price rise", "payment failed", "chargeback"}},
	{Helped, []string{"call", "ticket", "support", "help", "complain"}},
	{Bought, []string{"purchase", "order", "payment", "checkout", "renew", "invoice paid", "upgrade", "bought", "sale"}},
	{Used, []string{"login", "log in", "sign in", "signed in", "signin", "session", "app open", "application opened", "usage", "used", "active", "feature"}},
	{Visited, []string{"visit", "page", "view", "screen", "read", "click"}},
}

// Guess tells what events mean by their names, for each role that settings leave open.
func (s *Settings) Guess(names []string) map[Role][]string {
	out, owned := map[Role][]string{}, map[string]bool{}
	for r, list := range s.Events {
		out[r] = list
		for _, n := range list {
			owned[n] = true
		}
	}
	names = slices.Sorted(slices.Values(names))
	for _, n := range names {
		words := strings.ToLower(strings.NewReplacer("_", " ", "-", " ", ".", " ", ":", " ", "/", " ").Replace(n))
		for _, h := range hints {
			if !slices.ContainsFunc(h.words, func(w string) bool { return strings.Contains(words, w) }) {
				continue
			}
			if !owned[n] && len(s.Events[h.role]) == 0 && len(out[h.role]) < mostNames {
				out[h.role] = append(out[h.role], n)
			}
			break
		}
	}
	return out
}

// moving are words in the names of attributes whose values change when somebody leaves, or with every week that they stay: an
// attribute is known as it is today, so that such a one "foretells" what has happened already.
var moving = []string{"tenure", "status", "state", "stage", "lifecycle", "churn", "churned", "active", "usage", "last", "since", "score", "risk", "health",
	"count", "total", "days", "months", "balance", "cancelled", "canceled", "left"}

// moves tells whether one of the words of an attribute's name is among these.
func moves(key string) bool {
	for _, w := range strings.FieldsFunc(key, func(r rune) bool { return r == '_' || r == '-' || r == '.' || r == ' ' }) {
		if slices.Contains(moving, w) {
			return true
		}
	}
	return false
}

// GuessAttributes proposes the attribute that lists are filtered by, and those that may be why customers leave, from the register
// and from how many values each has.
func GuessAttributes(register []contact.Attribute, values map[string]int) (segment string, slicesOf []string) {
	type candidate struct {
		key string
		n   int
	}
	var list []candidate
	for _, a := range register {
		n := values[a.Key]
		if a.Kind != contact.Text && a.Kind != contact.Bool || a.Personal || n < 2 || n > 30 {
			continue
		}
		if moves(a.Key) {
			continue
		}
		list = append(list, candidate{a.Key, n})
	}
	for _, want := range []string{"segment", "tier", "customer_type", "plan"} {
		if segment == "" && slices.ContainsFunc(list, func(c candidate) bool { return c.key == want && c.n <= 10 }) {
			segment = want
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return a.n - b.n })
	for _, c := range list[:min(len(list), mostSlice)] {
		slicesOf = append(slicesOf, c.key)
	}
	return segment, slicesOf
}
