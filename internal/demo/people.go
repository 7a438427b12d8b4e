package demo

import (
	"fmt"
	"math"
	"sort"
	"strconv"

	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
)

// person is a contact as the generator keeps it: small, for there may be millions. Everything that is text about one is
// made when it is asked for.
type person struct {
	join, gone int32   // days since the start: the first day as a customer; the day of leaving, never when beyond the end
	complaint  int32   // the day of a complaint that was planned for this contact, -1 for none
	mood       float32 // a lasting leaning, on the latent scale
	country    uint8
	region     uint8
	city       uint8
	lang       uint8
	plan       uint8
	kind       uint8 // consumer or business
	age        uint8
	payment    uint8
	prefer     uint8
	app        adopter
	low        bool // uses little
	unsolved   bool // the planned complaint was not resolved
	reason     reason
}

type adopter uint8

const (
	noApp adopter = iota
	early         // has the newest version at once
	late          // has the one before
)

type reason uint8

const (
	stays reason = iota
	leftAnyway
	lowUsage
	priceRise
	unsolvedComplaint
	numReasons
)

var reasons = [numReasons]string{"", "other", "low_usage", "price_rise", "unresolved_complaint"}

// Churn: weekly hazard of leaving, and what multiplies it.
const (
	baseHazard     = .0022
	lowUsageFactor = 3
	priceFactor    = 5
	unsolvedFactor = 9
	lowUsageShare  = .18
	unsolvedShare  = .45 // of planned complaints
	plannedShare   = .65 // of complaints
)

const never = math.MaxInt32

// populate makes the contacts in the order of their joining, with the day on which each leaves but for complaints.
func (c *Company) populate() {
	shares := func(options []option) []float64 {
		w := make([]float64, len(options))
		for i, o := range options {
			w[i] = o.share
		}
		return cumulative(w)
	}
	var countryWeights []float64
	var regionWeights, languageWeights [len(countries)][]float64
	for i, co := range countries {
		countryWeights = append(countryWeights, co.share)
		languageWeights[i] = cumulative(co.language[:])
		var w []float64
		for _, r := range co.regions {
			w = append(w, regions[r].share)
		}
		regionWeights[i] = cumulative(w)
	}
	countryWeights = cumulative(countryWeights)
	plan, kind, age, payment, prefer := shares(plans[:]), shares(kinds[:]), shares(ages[:]), shares(payments[:]), shares(prefers[:])

	n := max(200, c.options.Feedback/4)
	c.people = make([]person, n)
	old := n * 55 / 100
	for i := range c.people {
		r, p := seeded(c.options.Seed, 'p', uint64(i)), &c.people[i]
		p.complaint = -1
		if i < old { // sorted by tenure: the i-th of an exponential sample, by its quantile
			u := (float64(i) + .5) / float64(old)
			p.join = -1 - int32(min(12*365, -math.Log(u)*3*365))
		} else {
			p.join = int32((i - old) * c.days / (n - old))
		}
		p.country = uint8(r.pick(countryWeights))
		p.lang = uint8(r.pick(languageWeights[p.country]))
		p.region = uint8(countries[p.country].regions[r.pick(regionWeights[p.country])])
		p.city = uint8(r.n(len(regions[p.region].cities)))
		p.plan, p.kind, p.age = uint8(r.pick(plan)), uint8(r.pick(kind)), uint8(r.pick(age))
		p.payment, p.prefer = uint8(r.pick(payment)), uint8(r.pick(prefer))
		if u := r.float(); u < .56 {
			p.app = early
		} else if u < .80 {
			p.app = late
		}
		p.low = r.chance(lowUsageShare)
		p.mood = float32(.45 * r.normal())
		c.leave(p, &r)
	}
	c.joined = make([]int, c.days)
	for d := range c.joined {
		c.joined[d] = sort.Search(n, func(i int) bool { return c.people[i].join > int32(d) })
	}
}

// leave runs the clocks that do not depend on complaints; the first to ring is the reason.
func (c *Company) leave(p *person, r *rng) {
	from := max(p.join+28, 0) // nobody leaves in the first four weeks
	p.gone = never
	ring := func(weeks float64, why reason) {
		if day := from + int32(weeks*7); weeks*7 < 1e6 && day < int32(c.days) && day < p.gone {
			p.gone, p.reason = day, why
		}
	}
	ring(r.exp()/baseHazard, leftAnyway)
	extra := r.exp() / (baseHazard * (lowUsageFactor - 1))
	if p.low {
		ring(extra, lowUsage)
	}
	extra = r.exp() / (baseHazard * (priceFactor - 1))
	if p.hitByPriceRise() && extra < priceRiseWeeks {
		if start := int32(priceRiseWeek * 7); start > from {
			from = start
			ring(extra, priceRise)
		}
	}
}

func (p *person) hitByPriceRise() bool {
	return p.plan == basic && p.kind == consumer && p.country == 0
}

// complain gives a contact a complaint on a day, and, when it stays unsolved, the clock that comes with it.
func (c *Company) complain(p *person, day int, r *rng) {
	p.complaint, p.unsolved = int32(day), r.chance(unsolvedShare)
	weeks := r.exp() / (baseHazard * (unsolvedFactor - 1))
	if at := int32(day) + 1 + int32(weeks*7); p.unsolved && weeks < unsolvedWeeks && at < min(p.gone, int32(c.days)) {
		p.gone, p.reason = at, unsolvedComplaint
	}
}

func (p *person) active(day int) bool { return p.join <= int32(day) && int32(day) < p.gone }

// effect is what a contact's attributes and mood do to satisfaction.
func (p *person) effect() float64 { return p.segmentEffect() + float64(p.mood) }

func (p *person) segmentEffect() float64 {
	return plans[p.plan].effect + kinds[p.kind].effect + ages[p.age].effect
}

// version of the app on a contact's telephone in a week; "" without the app.
func (p *person) version(week int) string {
	if p.app == noApp {
		return ""
	}
	r := releases[0]
	for _, x := range releases {
		if week >= x.week {
			r = x
		}
	}
	if p.app == early {
		return r.version
	}
	return r.late
}

// Telephone numbers are of ranges that regulators keep free for fiction: 555-01xx of North America's area codes,
// London's 020 7946 0xxx and Berlin's 030 23125 xxx.
var areaCodes = [...]uint16{201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229, 231,
	234, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 301, 302, 303, 304, 305, 307, 308, 309, 310, 312, 313,
	314, 315, 316, 317, 318, 319, 320, 321, 323, 325, 330, 334, 336, 337, 339, 347, 351, 352, 360, 361, 386, 401, 402, 404, 405, 406, 407,
	408, 409, 410, 412, 413, 414, 415, 417, 419, 423, 425, 432, 434, 435, 440, 443, 469, 478, 479, 480, 484, 501, 502, 503, 504, 505, 507,
	508, 509, 510, 512, 513, 515, 516, 517, 518, 520, 530, 540, 541, 551, 559, 561, 562, 563, 567, 570, 571, 573, 574, 580, 585, 586, 601,
	602, 603, 605, 606, 607, 608, 609, 610, 612, 614, 615, 616, 617, 618, 619, 620, 623, 626, 630, 631, 636, 641, 646, 650, 651, 660, 661,
	662, 678, 682, 701, 702, 703, 704, 706, 707, 708, 712, 713, 714, 715, 716, 717, 718, 719, 720, 724, 727, 731, 732, 734, 740, 754, 757,
	760, 763, 765, 770, 772, 773, 774, 775, 781, 785, 786, 801, 802, 803, 804, 805, 806, 808, 810, 812, 813, 814, 815, 816, 817, 818, 828,
	830, 831, 832, 843, 845, 847, 848, 850, 856, 857, 858, 859, 860, 863, 864, 865, 870, 901, 903, 904, 906, 907, 908, 909, 910, 912, 913,
	914, 915, 916, 917, 918, 919, 920, 925, 928, 931, 936, 937, 940, 941, 947, 949, 951, 952, 954, 956, 970, 971, 972, 973, 978, 979, 980,
	985, 989}

const numPhones = len(areaCodes)*100 + 2000

// appendPhone appends the i-th of the numbers, in E.164.
func appendPhone(b []byte, i int) []byte {
	digits := func(lead string, n, width int) []byte {
		b = append(b, lead...)
		for p := int(math.Pow10(width - 1)); p > 0; p /= 10 {
			b = append(b, byte('0'+n/p%10))
		}
		return b
	}
	switch {
	case i < 1000:
		return digits("+442079460", i, 3)
	case i < 2000:
		return digits("+493023125", i-1000, 3)
	}
	i -= 2000
	b = append(b, "+1"...)
	b = strconv.AppendInt(b, int64(areaCodes[i/100]), 10)
	return digits("55501", i%100, 2)
}

var latinFirst = [len(languages)][12]string{
	{"hannah", "david", "sofia", "james", "nina", "ariel", "peter", "maya", "sam", "laura", "karim", "olga"},
	{"hadas", "dudi", "neta", "itay", "maia", "uri", "ronit", "ido", "galia", "yossi", "inbal", "amir"},
	{"irina", "alexey", "natalia", "yerzhan", "viktor", "yulia", "maxim", "dina", "galina", "artyom", "tanya", "stas"},
	{"nasrin", "hamid", "arash", "parisa", "mehdi", "jaleh", "sina", "farzaneh", "kian", "roya", "babak", "azar"},
}

var latinLast = [len(languages)][12]string{
	{"miller", "harding", "okafor", "stein", "petrov", "levine", "dawson", "farhadi", "bishop", "cole", "navarro", "whitlock"},
	{"cohen", "levi", "mizrahi", "friedman", "berko", "ohana", "shahar", "golan", "dahan", "biton", "almog", "rosen"},
	{"shevchenko", "kim", "grinberg", "drozdik", "levchenko", "stern", "gordienko", "lisovets", "chernykh", "bondar", "orlik", "zimin"},
	{"karimi", "rastegar", "shadman", "tehranchi", "bahmani", "nikpour", "sadri", "malakouti", "yazdan", "golestani", "omidi", "parsa"},
}

// domains that RFC 2606 keeps for examples.
var domains = [...]string{"example.com", "example.org", "example.net"}

func appendEmail(b []byte, lang, first, last, number int) []byte {
	b = append(append(append(b, latinFirst[lang][first]...), '.'), latinLast[lang][last]...)
	b = append(strconv.AppendInt(b, int64(number), 10), '@')
	return append(b, domains[number%len(domains)]...)
}

// names in full, by language.
var names = func() (all [len(languages)][144]string) {
	for l := range all {
		for i := range all[l] {
			all[l][i] = capital(latinFirst[l][i/12]) + " " + capital(latinLast[l][i%12])
		}
	}
	return all
}()

func capital(s string) string { return string(s[0]-'a'+'A') + s[1:] }

// who names the i-th contact: always the same identities, so that the intake finds one contact.
func (c *Company) who(i, day int) *feedback.Who {
	p := &c.people[i]
	r := seeded(c.options.Seed, 'w', uint64(i))
	first, last := r.n(12), r.n(12)
	name := names[p.lang][first*12+last]
	w := &feedback.Who{
		ExternalID: contactID(i),
		Name:       name,
		Language:   languages[p.lang],
		Country:    countries[p.country].code,
	}
	var buf [64]byte
	if identity := r.float(); identity < .90 {
		w.Email = string(appendEmail(buf[:0], int(p.lang), first, last, i+1))
	}
	if r.chance(.35) && i < numPhones {
		w.Phone = string(appendPhone(buf[:0], i))
	}
	if p.kind == business {
		w.Account = padded("a-", 1+mapAccount(i), 5)
	}
	w.Attributes = feedback.Attributes{
		"plan": plans[p.plan].name, "country": countries[p.country].code, "region": regions[p.region].name,
		"segment": kinds[p.kind].name, "age_band": ages[p.age].name, "payment": payments[p.payment].name,
		"prefers": prefers[p.prefer].name, "tenure": tenure(day - int(p.join)),
	}
	return w
}

// mapAccount puts about three business contacts, who are every sixth contact, into one company.
func mapAccount(i int) int { return i / 19 }

func tenure(days int) string {
	switch {
	case days < 90:
		return "under 3 months"
	case days < 365:
		return "3-12 months"
	case days < 3*365:
		return "1-3 years"
	}
	return "over 3 years"
}

// worth is a contact's lifetime value.
func (c *Company) worth(i int) *contact.Money {
	p := &c.people[i]
	r := seeded(c.options.Seed, 'v', uint64(i))
	euros := (240 + 900*r.exp()) * (1 + .6*float64(p.plan)) * (1 + 2*float64(p.kind))
	if p.low {
		euros *= .5
	}
	co := &countries[p.country]
	return &contact.Money{Minor: int64(euros*co.rate) * 100, Currency: co.currency}
}

func contactID(i int) string { return padded("c-", i+1, 6) }

// padded is a number of at least so many digits, with something before it.
func padded(before string, n, width int) string {
	var b [32]byte
	var digits [20]byte
	d := strconv.AppendInt(digits[:0], int64(n), 10)
	out := append(b[:0], before...)
	for i := len(d); i < width; i++ {
		out = append(out, '0')
	}
	return string(append(out, d...))
}

// Contact is a customer as the company's own books have it.
type Contact struct {
	feedback.Who
	Joined   string    `json:"joined"`  // 2006-01-02
	Consents []Consent `json:"consent"` // the latest of each channel
	Prefers  string    `json:"prefers"` // the channel on which this contact likes to be reached
}

// Consent is what a contact agreed to.
type Consent struct {
	Channel string `json:"channel"`
	Purpose string `json:"purpose"`
	Granted bool   `json:"granted"`
	At      string `json:"at"`
}

// Contacts gives every contact in the order of joining, as known at the end.
func (c *Company) Contacts(fn func(Contact) error) error {
	for i := range c.people {
		p := &c.people[i]
		who := c.who(i, c.days)
		who.Value = c.worth(i)
		joined := c.start.AddDate(0, 0, int(p.join)).Format("2006-01-02")
		r := seeded(c.options.Seed, 'k', uint64(i))
		who.Attributes["city"] = regions[p.region].cities[p.city]
		who.Attributes["usage"] = map[bool]string{true: "low", false: "normal"}[p.low]
		k := Contact{Who: *who, Joined: joined, Prefers: prefers[p.prefer].name}
		for _, channel := range []string{"email", "sms", "phone"} {
			k.Consents = append(k.Consents, Consent{channel, "survey", r.chance(.93), joined})
		}
		if err := fn(k); err != nil {
			return fmt.Errorf("contact %d: %w", i+1, err)
		}
	}
	return nil
}
