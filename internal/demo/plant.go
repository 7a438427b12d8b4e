package demo

import "time"

// A plant is a truth that is planted: what happened to whom, from when on, and how strongly.
type plant struct {
	id, title string
	theme     Theme
	text      string // of the sentences in the grammar; "" for the theme's own
	steps     []step
	surveys   []stream // whose answers speak of it
	mentions  []stream // unsolicited streams that have more of it; nil for all
	share     float64  // of exposed answers that speak of it at the full factor
	shift     float64  // of satisfaction, on the latent scale, where it is spoken of
	praised   bool     // a good thing
	burst     bool
	january   bool // in force in each January from the 2nd, whatever the steps say
	exposed   string
	attribute map[string]string
	of        func(*person) bool
	rare      float64 // share of the exposed contacts' occasions that are exposed: a courier's share; 1 when 0
}

// step sets the factor by which the theme's rate among the exposed is multiplied from the beginning of a week on. With
// ramp, it grows from 1 to it until the end.
type step struct {
	week   int
	factor float64
	ramp   bool
	fix    *fix
}

type fix struct {
	id, title, population string
	attribute             map[string]string
	only                  func(*person) bool // the part of the exposed for whom it went live; nil for all
	effect                string             // worked, nothing, partly
}

var plants = [...]plant{
	{id: "rc-double-charge", title: "Invoicing release debits customers on direct debit twice", theme: billing, text: "double_charge",
		steps:   []step{{week: 31, factor: 5}, {week: 45, factor: 1, fix: &fix{id: "fix-invoicing-rollback", title: "Invoicing release rolled back, double debits returned", population: "everybody", effect: "removed"}}},
		surveys: []stream{sBilling, sRelationship}, share: .28, shift: -1.0,
		exposed: "contacts who pay by direct debit", attribute: map[string]string{"payment": "direct_debit"},
		of: func(p *person) bool { return p.payment == directDebit }},
	{id: "rc-courier-late", title: "Courier Swift delivers late in the region North", theme: delivery, text: "courier_late",
		steps:   []step{{week: 52, factor: 6}, {week: 70, factor: 1.5, fix: &fix{id: "fix-second-depot", title: "Second depot for Swift in the North", population: "region North", attribute: map[string]string{"region": "North", "courier": "Swift"}, effect: "rate falls by 75 %"}}},
		surveys: []stream{sDelivery}, share: .35, shift: -1.1, exposed: "deliveries by Swift in the region North",
		attribute: map[string]string{"region": "North", "courier": "Swift"}, of: func(p *person) bool { return p.region == north }, rare: .70},
	{id: "rc-app-login", title: "Version 5.2.0 of the app does not let people in", theme: login, text: "app_login",
		steps:   []step{{week: 62, factor: 8}, {week: 67, factor: 1, fix: &fix{id: "fix-app-5.2.1", title: "Version 5.2.1 of the app", population: "everybody with 5.2.0", attribute: map[string]string{"app_version": "5.2.1"}, effect: "removed"}}},
		surveys: []stream{sApp}, share: .40, shift: -1.0, exposed: "users of version 5.2.0 of the app", attribute: map[string]string{"app_version": "5.2.0"},
		of: func(p *person) bool { return p.app == early }},
	{id: "rc-missed-slot", title: "Technicians miss the booked slot of premium customers", theme: technician, text: "missed_slot",
		steps: []step{{week: 18, factor: 4}, {week: 34, factor: 1.6, fix: &fix{id: "fix-slot-buffer", title: "Buffer between technicians' slots", population: "plan premium", attribute: map[string]string{"plan": "premium"}, effect: "rate falls by 60 %"}},
			{week: 46, factor: 1, fix: &fix{id: "fix-new-contractor", title: "New contractor for premium visits", population: "plan premium", attribute: map[string]string{"plan": "premium"}, effect: "removed"}}},
		surveys: []stream{sInstallation, sRepairVisit}, share: .30, shift: -.9, exposed: "contacts on the plan premium", attribute: map[string]string{"plan": "premium"},
		of: func(p *person) bool { return p.plan == premium }},
	{id: "rc-january-queue", title: "The call centre is overloaded each January", theme: waiting, text: "call_queue", january: true,
		steps: []step{{week: 0, factor: 3.5}}, surveys: []stream{sSupportCall}, share: .30, shift: -.5, exposed: "everybody who calls in January",
		of: func(*person) bool { return true }},
	{id: "rc-roaming-terms", title: "Roaming allowance of the plan basic cut without notice", theme: contract, text: "roaming_terms",
		steps: []step{{week: 76, factor: 5, ramp: true}}, surveys: []stream{sRelationship, sPurchase, sCancellation}, share: .22, shift: -.8,
		exposed: "contacts on the plan basic", attribute: map[string]string{"plan": "basic"}, of: func(p *person) bool { return p.plan == basic }},
	{id: "rc-bot-loop", title: "The chat bot does not hand over to a person", theme: support, text: "bot_loop",
		steps: []step{{week: 46, factor: 4}, {week: 58, factor: 4, fix: &fix{id: "fix-bot-wording", title: "Friendlier wording of the bot", population: "everybody in the chat", attribute: map[string]string{"touchpoint": "support_chat"}, effect: "nothing"}},
			{week: 90, factor: 1, fix: &fix{id: "fix-bot-exit", title: "A way from the bot to a person", population: "everybody in the chat", attribute: map[string]string{"touchpoint": "support_chat"}, effect: "removed"}}},
		surveys: []stream{sSupportChat}, mentions: []stream{sChat}, share: .28, shift: -.9, exposed: "everybody in the support chat",
		attribute: map[string]string{"touchpoint": "support_chat"}, of: func(*person) bool { return true }},
	{id: "rc-congestion", title: "Evening congestion of the network in three regions", theme: coverage, text: "congestion",
		steps: []step{{week: 40, factor: 3.5}, {week: 74, factor: 1.4, fix: &fix{id: "fix-new-masts", title: "New masts in the South only", population: "region South", attribute: map[string]string{"region": "South"},
			only: func(p *person) bool { return p.region == south }, effect: "rate falls by 60 % in the South; Jerusalem and Almaty are an untouched control"}}},
		surveys: []stream{sRelationship, sSupportCall}, share: .25, shift: -.8, exposed: "contacts in the regions South, Jerusalem and Almaty",
		attribute: map[string]string{"region": "South|Jerusalem|Almaty"}, of: func(p *person) bool { return p.region == south || p.region == jerusalem || p.region == almaty }},
	{id: "burst-website-down", title: "The website is down for a week", theme: website, burst: true,
		steps: []step{{week: 57, factor: 25}, {week: 58, factor: 1}}, mentions: []stream{sMention}, shift: -.5, exposed: "everybody",
		of: func(*person) bool { return true }},
	{id: "burst-gift", title: "A thank-you gift to members of the club is talked about", theme: loyalty, burst: true, praised: true,
		steps: []step{{week: 83, factor: 15}, {week: 84, factor: 1}}, mentions: []stream{sMention, sReviewSite}, shift: .9, exposed: "everybody",
		of: func(*person) bool { return true }},
}

// Weeks at which other planted things happen.
const (
	priceRiseWeek  = 60 // the plan basic, consumers in Israel
	scaleWeek      = 66 // the post-delivery survey goes from CSAT 1..5 to 1..7
	wordingWeek    = 78 // the question of the relationship survey is reworded
	wordingEffect  = .12
	priceRiseWeeks = 6
	unsolvedWeeks  = 8
)

// factor by which the plant multiplies its theme's rate for an exposed contact on a day: 1 where it is not in force.
// covered says whether the contact is among those for whom a partial fix went live.
func (pl *plant) factor(c *Company, day int, covered bool) float64 {
	if pl.january {
		t := c.start.AddDate(0, 0, day)
		if t.Month() != time.January || t.Day() == 1 {
			return 1
		}
		return pl.steps[0].factor
	}
	f, week := 1.0, day/7
	for _, s := range pl.steps {
		if week < s.week || s.fix != nil && s.fix.only != nil && !covered {
			continue
		}
		f = s.factor
		if s.ramp {
			f = 1 + (s.factor-1)*float64(week-s.week+1)/float64(max(1, c.weeks-s.week))
		}
	}
	return f
}

// peak is the factor at full strength.
func (pl *plant) peak() float64 { return pl.steps[0].factor }

// talked tells whether a stream speaks of the plant.
func (pl *plant) talked(s stream) bool {
	list := pl.surveys
	if s.unsolicited() {
		if list = pl.mentions; list == nil {
			return true
		}
	}
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
