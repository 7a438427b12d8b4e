package demo

import "time"

// The company sells internet, mobile telephony and electricity in five countries.

type country struct {
	code     string
	share    float64
	language [len(languages)]float64 // en, he, ru, fa
	regions  []int
	currency string
	rate     float64 // units of its currency for a euro, roughly
}

type region struct {
	name   string
	share  float64 // within its country
	cities []string
}

var regions = [...]region{
	{"North", .24, []string{"Nahariya", "Karmiel", "Tiberias"}},
	{"Haifa", .12, []string{"Haifa", "Hadera"}},
	{"Center", .34, []string{"Tel Aviv", "Petah Tikva", "Rishon LeZion", "Netanya"}},
	{"Jerusalem", .14, []string{"Jerusalem", "Beit Shemesh"}},
	{"South", .16, []string{"Beersheba", "Ashdod", "Ashkelon"}},
	{"London", .45, []string{"London", "Croydon"}},
	{"Midlands", .30, []string{"Birmingham", "Leicester"}},
	{"Scotland", .25, []string{"Glasgow", "Edinburgh"}},
	{"East Coast", .55, []string{"New York", "Boston"}},
	{"West Coast", .45, []string{"Los Angeles", "San Diego"}},
	{"Berlin", .55, []string{"Berlin", "Potsdam"}},
	{"Rhineland", .45, []string{"Cologne", "Dusseldorf"}},
	{"Almaty", .60, []string{"Almaty"}},
	{"Astana", .40, []string{"Astana"}},
}

const (
	north     = 0
	jerusalem = 3
	south     = 4
	almaty    = 12
)

var countries = [...]country{
	{"IL", .52, [4]float64{.06, .74, .17, .03}, []int{0, 1, 2, 3, 4}, "ILS", 4},
	{"GB", .14, [4]float64{.72, 0, .08, .20}, []int{5, 6, 7}, "GBP", .85},
	{"US", .10, [4]float64{.62, .06, .08, .24}, []int{8, 9}, "USD", 1.1},
	{"DE", .11, [4]float64{.18, 0, .42, .40}, []int{10, 11}, "EUR", 1},
	{"KZ", .13, [4]float64{.04, 0, .96, 0}, []int{12, 13}, "KZT", 500},
}

// An option is a value of an attribute of contacts with its share and what it does to satisfaction on the latent scale.
type option struct {
	name   string
	share  float64
	effect float64
}

var (
	plans    = [...]option{{"basic", .45, -.10}, {"plus", .37, 0}, {"premium", .18, .20}}
	kinds    = [...]option{{"consumer", .84, 0}, {"business", .16, .30}}
	ages     = [...]option{{"18-24", .12, 0}, {"25-34", .22, 0}, {"35-44", .22, 0}, {"45-54", .17, 0}, {"55-64", .14, 0}, {"65+", .13, -.30}}
	payments = [...]option{{"direct_debit", .46, 0}, {"card", .38, 0}, {"transfer", .16, 0}}
	prefers  = [...]option{{"email", .58, 0}, {"sms", .30, 0}, {"phone", .12, 0}}
)

const (
	basic       = 0
	premium     = 2
	consumer    = 0
	business    = 1
	directDebit = 0
)

var couriers = [...]string{"Swift", "Orbit", "Pelican"}

const swift = 0

var (
	couriersNorth = cumulative([]float64{.70, .20, .10})
	couriersElse  = cumulative([]float64{.35, .40, .25})
)

var teams = [...]option{{"Amber", .30, 0}, {"Blue", .30, 0}, {"Cedar", .22, 0}, {"Delta", .18, -.30}}

// releases of the app, by the week they came out; early adopters have the newest, others the one before that worked.
var releases = [...]struct {
	week          int
	version, late string
}{{0, "4.8.0", "4.7.2"}, {18, "4.9.0", "4.8.0"}, {38, "5.0.1", "4.9.0"}, {54, "5.1.3", "5.0.1"},
	{62, "5.2.0", "5.1.3"}, {67, "5.2.1", "5.1.3"}, {86, "5.3.0", "5.2.1"}}

// stream is a way in which feedback arises.
type stream uint8

const (
	sPurchase stream = iota
	sDelivery
	sInstallation
	sBilling
	sSupportCall
	sSupportChat
	sRepairVisit
	sStoreVisit
	sApp
	sCancellation
	sRelationship // the last of the surveys
	sReviewSite
	sAppStore
	sMention
	sComplaint
	sChat
	sCall
	sNote
	sAudit
	numStreams = int(sAudit) + 1
)

func (s stream) survey() bool { return s <= sRelationship }

// unsolicited feedback comes because something happened, so that a root cause makes more of it; answers to surveys come
// because somebody asked, so that a root cause only changes what they say.
func (s stream) unsolicited() bool { return s >= sReviewSite && s <= sCall }

type season uint8

const (
	steady season = iota // the same all year
	retail               // peaks in November and December
	work                 // follows the working week
)

type source struct {
	name    string // of the source
	survey  string // of the survey
	share   float64
	season  season
	night   float64 // how much of it is left at night
	metric  string
	second  string // a second metric
	channel []option
	form    form
	level   float64 // on the latent scale
	themes  map[Theme]float64
}

var surveyChannels = []option{{name: "email", share: .55}, {name: "sms", share: .33}, {name: "web", share: .12}}

var sources = [numStreams]source{
	sPurchase: {"post-purchase survey", "purchase", .055, retail, .5, "csat", "", surveyChannels, remark, .25, map[Theme]float64{price: .18,
		store: .10, website: .14, staff: .08, features: .06, contract: .10, product: .10, communication: .05, loyalty: .06, praise: .13}},
	sDelivery: {"post-delivery survey", "delivery", .085, retail, .3, "csat", "", surveyChannels, remark, .15, map[Theme]float64{delivery: .46,
		communication: .10, product: .08, defect: .05, staff: .06, waiting: .03, praise: .14, website: .03, returns: .05}},
	sInstallation: {"installation survey", "installation", .04, work, .1, "csat", "", surveyChannels, remark, .2, map[Theme]float64{installation: .42,
		technician: .18, staff: .08, cleanliness: .08, waiting: .05, coverage: .06, praise: .13}},
	sBilling: {"billing survey", "billing", .065, steady, .4, "ces", "", surveyChannels, remark, 0, map[Theme]float64{billing: .20, price: .20,
		communication: .09, refund: .08, app: .07, website: .07, electricity: .10, contract: .06, praise: .13}},
	sSupportCall: {"post-call survey", "support call", .085, work, .1, "csat", "ces", []option{{name: "sms", share: .6}, {name: "phone", share: .4}}, remark, .1,
		map[Theme]float64{waiting: .16, support: .21, staff: .16, communication: .09, coverage: .06, billing: .06, refund: .05, defect: .05, praise: .16}},
	sSupportChat: {"post-chat survey", "support chat", .055, steady, .5, "csat", "", []option{{name: "chat", share: .8}, {name: "email", share: .2}}, remark, .05,
		map[Theme]float64{support: .20, waiting: .12, staff: .10, communication: .12, app: .06, login: .06, billing: .06, coverage: .06, features: .07, praise: .15}},
	sRepairVisit: {"repair survey", "repair visit", .04, work, .1, "csat", "", surveyChannels, remark, .15, map[Theme]float64{technician: .32, defect: .16,
		staff: .10, cleanliness: .07, waiting: .06, coverage: .09, communication: .05, praise: .15}},
	sStoreVisit: {"store survey", "store visit", .05, retail, .05, "csat", "", []option{{name: "kiosk", share: .5}, {name: "sms", share: .3}, {name: "paper", share: .2}}, remark, .2,
		map[Theme]float64{store: .24, cleanliness: .12, staff: .18, waiting: .10, product: .06, price: .07, support: .05, loyalty: .05, praise: .13}},
	sApp: {"in-app feedback", "app", .06, steady, .6, "ces", "", []option{{name: "widget", share: 1}}, remark, .1, map[Theme]float64{app: .34, login: .10,
		features: .17, website: .05, billing: .05, communication: .05, coverage: .06, praise: .18}},
	sCancellation: {"cancellation survey", "cancellation", .015, work, .3, "csat", "", []option{{name: "email", share: .7}, {name: "phone", share: .3}}, remark, -.7,
		map[Theme]float64{cancellation: .26, price: .22, contract: .14, coverage: .12, support: .08, staff: .05, refund: .07, praise: .06}},
	sRelationship: {"relationship survey", "relationship", .16, steady, .4, "nps", "", []option{{name: "email", share: .72}, {name: "sms", share: .2}, {name: "phone", share: .06}, {name: "paper", share: .02}}, remark, .3,
		map[Theme]float64{price: .14, coverage: .13, support: .09, billing: .06, app: .07, staff: .07, loyalty: .07, electricity: .06, communication: .06,
			contract: .05, waiting: .04, product: .05, features: .04, store: .02, praise: .05}},
	sReviewSite: {"TrustyReviews", "", .06, steady, .7, "star", "", []option{{name: "review_site", share: 1}}, remark, 0, map[Theme]float64{price: .12, coverage: .14,
		staff: .10, support: .10, delivery: .06, billing: .07, waiting: .06, installation: .05, technician: .05, contract: .05, cancellation: .04, store: .03, product: .04, loyalty: .03, praise: .06}},
	sAppStore: {"App Store", "", .05, steady, .9, "star", "", []option{{name: "app_store", share: 1}}, remark, .05, map[Theme]float64{app: .45, login: .10,
		features: .19, website: .02, coverage: .05, billing: .04, praise: .15}},
	sMention: {"social listening", "", .07, steady, 1, "", "", []option{{name: "social", share: 1}}, post, -.3, map[Theme]float64{coverage: .19, price: .14,
		waiting: .07, support: .07, website: .05, delivery: .06, electricity: .06, loyalty: .05, staff: .05, store: .04, features: .06, contract: .04,
		cancellation: .03, defect: .03, login: .02, praise: .04}},
	sComplaint: {"complaints inbox", "", .055, work, .3, "", "", []option{{name: "email", share: .8}, {name: "web", share: .15}, {name: "paper", share: .05}}, letter, -2.6,
		map[Theme]float64{billing: .13, coverage: .12, delivery: .09, technician: .08, refund: .09, waiting: .08, support: .08, contract: .07, cancellation: .06,
			staff: .06, defect: .06, electricity: .03, returns: .03, login: .02}},
	sChat: {"website chat", "", .06, steady, .5, "", "", []option{{name: "chat", share: 1}}, chat, -.6, map[Theme]float64{billing: .11, coverage: .13, login: .06,
		app: .06, delivery: .09, refund: .06, features: .06, contract: .06, returns: .05, electricity: .06, defect: .07, installation: .05, technician: .05,
		price: .04, support: .05}},
	sCall: {"call centre", "", .045, work, .1, "", "", []option{{name: "call", share: 1}}, transcript, -.5, map[Theme]float64{billing: .15, coverage: .16,
		technician: .08, refund: .07, delivery: .08, defect: .09, contract: .06, cancellation: .06, electricity: .07, installation: .05, waiting: .04, login: .04, support: .05}},
	sNote: {"customer interviews", "", .005, work, .0, "", "", []option{{name: "interview", share: 1}}, interview, 0, map[Theme]float64{price: .15, coverage: .15,
		support: .15, features: .15, communication: .15, loyalty: .15, app: .10}},
	sAudit: {"mystery shopping", "", .005, work, .0, "rating", "", []option{{name: "in_person", share: 1}}, visit, .1, map[Theme]float64{store: .4, cleanliness: .3, staff: .3}},
}

// touchpoints of streams that are about one; what else is said is placed by its theme.
var touchpoints = [numStreams]string{sPurchase: "purchase", sDelivery: "delivery", sInstallation: "installation", sBilling: "billing",
	sSupportCall: "support_call", sSupportChat: "support_chat", sRepairVisit: "repair_visit", sStoreVisit: "store_visit", sApp: "app",
	sCancellation: "cancellation", sAppStore: "app", sChat: "support_chat", sCall: "support_call", sAudit: "store_visit"}

var touchpointOf = [numThemes]string{delivery: "delivery", billing: "billing", refund: "billing", technician: "repair_visit", defect: "repair_visit",
	app: "app", login: "app", cancellation: "cancellation", store: "store_visit", cleanliness: "store_visit", installation: "installation",
	returns: "delivery", support: "support_call", waiting: "support_call", price: "purchase", contract: "purchase", website: "purchase"}

// ratings that the relationship survey asks for, and their weights in what makes people recommend: the drivers.
var drivers = [...]struct {
	question string
	weight   float64
}{{"rate_network", .42}, {"rate_support", .30}, {"rate_price", .24}, {"rate_billing", .14}, {"rate_app", .08}, {"rate_shop", 0}}

// driverOf is the rating that a theme belongs to, -1 for none.
var driverOf = func() (of [numThemes]int) {
	for t := range of {
		of[t] = -1
	}
	for driver, themes := range [][]Theme{{coverage}, {support, waiting, staff}, {price, contract}, {billing, electricity}, {app, login}, {store, cleanliness}} {
		for _, t := range themes {
			of[t] = driver
		}
	}
	return of
}()

// Weights of what happens in a support call, on the latent scale.
const (
	perWaitMinute = -.025
	perHandOver   = -.35
	usualWait     = 6.0
	usualHandOver = .45
)

// Holiday is a time when less, or more, happens than usual.
type Holiday struct {
	Name   string  `json:"name"`
	From   string  `json:"from"`
	To     string  `json:"to"` // inclusive
	Factor float64 `json:"factor"`
}

// moving feasts by year: the first days of Passover and of the Jewish new year.
var passover = map[int]string{2022: "04-16", 2023: "04-06", 2024: "04-23", 2025: "04-13", 2026: "04-02", 2027: "04-22", 2028: "04-11", 2029: "03-31", 2030: "04-18"}
var newYear = map[int]string{2022: "09-26", 2023: "09-16", 2024: "10-03", 2025: "09-23", 2026: "09-12", 2027: "10-02", 2028: "09-21", 2029: "09-10", 2030: "09-28"}

// holidays between two days.
func holidays(start, end time.Time) []Holiday {
	var out []Holiday
	add := func(name string, from time.Time, days int, factor float64) {
		to := from.AddDate(0, 0, days-1)
		if to.Before(start) || !from.Before(end) {
			return
		}
		out = append(out, Holiday{name, from.Format(time.DateOnly), to.Format(time.DateOnly), factor})
	}
	for y := start.Year(); y <= end.Year(); y++ {
		date := func(m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
		add("New Year", date(time.January, 1), 1, .35)
		add("Nowruz", date(time.March, 20), 3, .9)
		if day, err := time.Parse(time.DateOnly, date(1, 1).Format("2006-")+passover[y]); err == nil {
			add("Passover", day, 2, .55)
		}
		if day, err := time.Parse(time.DateOnly, date(1, 1).Format("2006-")+newYear[y]); err == nil {
			add("Rosh Hashanah", day, 2, .5)
			add("Yom Kippur", day.AddDate(0, 0, 9), 1, .4)
		}
		november := date(time.November, 22) // the fourth Friday lies between the 22nd and the 28th
		friday := november.AddDate(0, 0, (int(time.Friday)-int(november.Weekday())+7)%7)
		add("Black Friday", friday, 4, 1.5)
		add("Christmas", date(time.December, 25), 2, .6)
	}
	return out
}
