package demo

import (
	"math"
	"strconv"
	"time"

	"kolo/internal/listen/feedback"
)

// row is one piece of feedback before it has words.
type row struct {
	n          int // from 0, over all days
	day        int
	at         time.Time
	seed       uint64
	stream     stream
	person     int
	theme      Theme
	second     Theme
	plant      int // what it speaks of, -1 for nothing
	polarity   int
	mixed      bool
	wordless   bool
	tiny       bool // a word or two, which tell no theme
	personal   bool
	resolved   bool // of complaints
	left       bool // of the cancellation survey: the contact has just left
	courier    uint8
	team       uint8
	wait       int
	handOvers  int
	order      int // value in the contact's currency
	ratings    [len(drivers)]uint8
	level      float64 // expected satisfaction on the latent scale, before the noise
	shift      float64 // the part of it that a plant took or gave
	latent     float64 // with the noise
	score      int
	secondary  int
	wide       bool // CSAT on 1..7
	form       form
	rest       float64 // what is left of a theme's base share when others speak of what is planted; 1 when nothing is
	chances    []chance
	chanceRoom [3]chance
}

// chance is that of a row to speak of a plant: what the generator knows and an analysis has to estimate.
type chance struct {
	plant int
	hit   float64 // to speak of it because it is in force
	theme float64 // to be about its theme, for that reason or as usual
}

// day generates the rows of a day in the order of their times.
func (c *Company) day(d int, fn func(*row) error) error {
	n := c.rows[d+1] - c.rows[d]
	if n == 0 {
		return nil
	}
	force := c.inForce(d)
	var light, dark [numStreams]float64
	for s, w := range c.weight[d] {
		if stream(s) != sComplaint {
			light[s], dark[s] = w, w*sources[s].night
		}
	}
	lightSum, darkSum := cumulative(light[:]), cumulative(dark[:])
	complaints, planned, leavers := c.complaints[d], c.planned[d], c.leavers[d]
	clock, rank := seeded(c.options.Seed, 'd', uint64(d)), 0.0
	midnight := c.start.AddDate(0, 0, d)
	var w row
	for i := range n {
		// The times of a day are order statistics, drawn one after the other.
		rank = 1 - (1-rank)*math.Pow(1-clock.float(), 1/float64(n-i))
		second := secondOf(rank)
		w = row{n: c.rows[d] + i, day: d, at: midnight.Add(time.Duration(second*1000) * time.Millisecond), plant: -1, person: -1, rest: 1}
		w.chances = w.chanceRoom[:0]
		r := seeded(c.options.Seed, 'r', uint64(w.n))
		w.seed = r.next()
		switch {
		case clock.float()*float64(n-i) < float64(complaints):
			complaints--
			w.stream = sComplaint
			w.resolved = true
			if len(planned) > 0 {
				w.person, planned = int(planned[0]), planned[1:]
				w.resolved = !c.people[w.person].unsolved
			}
		case second < 5*3600 || second > 21*3600:
			w.stream = stream(r.pick(darkSum))
		default:
			w.stream = stream(r.pick(lightSum))
		}
		if w.stream == sCancellation {
			if len(leavers) > 0 {
				w.person, leavers, w.left = int(leavers[0]), leavers[1:], true
			} else {
				w.stream = sBilling // nobody left today whom one could ask
			}
		}
		if w.person < 0 {
			w.person = c.pickContact(&r, w.stream, d, force)
		}
		c.fill(&w, &r, force)
		if err := fn(&w); err != nil {
			return err
		}
	}
	return nil
}

// Shares of answers without words, and of words that are too few to tell what they are about.
const (
	silence = .35
	brevity = .06
)

// hours of the day (UTC) and how much is said in each.
var hours = cumulative([]float64{.6, .35, .25, .25, .4, 1.2, 2.6, 4, 5.2, 5.8, 5.9, 5.6, 5.2, 5.2, 5.4, 5.7, 6, 6.2, 6, 5.2, 4.2, 3, 1.9, 1.1})

func secondOf(rank float64) float64 {
	before := 0.0
	for h, sum := range hours {
		if rank < sum || h == len(hours)-1 {
			return (float64(h) + min(.999999, (rank-before)/(sum-before))) * 3600
		}
		before = sum
	}
	return 0
}

// fill decides everything about a row but its words.
func (c *Company) fill(w *row, r *rng, force []inForce) {
	p, src, week := &c.people[w.person], &sources[w.stream], w.day/7
	w.form = src.form
	w.courier, w.team = uint8(r.pick(couriersOf(p))), uint8(r.pick(teamShares))
	w.order = 20 + int(90*r.exp())

	w.theme = Theme(r.pick(c.baseSum[w.stream]))
	c.strike(w, r, p, force)
	if w.second = Theme(r.pick(c.baseSum[w.stream])); w.second == w.theme || w.second == praise {
		w.second = Theme((int(w.theme) + 1 + r.n(numThemes-2)) % numThemes)
	}

	w.level = src.level + valence[w.theme]
	if w.stream != sAudit {
		w.level += p.effect()
	}
	if w.stream == sSupportCall || w.stream == sSupportChat || w.stream == sCall || w.stream == sChat {
		w.wait, w.handOvers = min(45, int(usualWait*r.exp()+.5)), 0
		if w.plant >= 0 && plants[w.plant].theme == waiting {
			w.wait = min(75, 15+int(12*r.exp()))
		}
		for w.handOvers < 4 && r.chance(.31) {
			w.handOvers++
		}
		w.level += perWaitMinute*(float64(w.wait)-usualWait) + perHandOver*(float64(w.handOvers)-usualHandOver) + teams[w.team].effect
	}
	if w.plant >= 0 {
		w.shift = plants[w.plant].shift
		w.level += w.shift
	}
	if w.stream == sRelationship {
		c.rate(w, r, p, week)
	}
	w.latent = w.level + r.normal()
	c.scores(w, r, week)
	w.sentiment(r)
	w.wordless = w.stream.survey() && r.chance(silence)
	if w.tiny = w.form == remark && r.chance(brevity); w.tiny {
		w.mixed = false
	}
	personal := .01
	if w.stream.unsolicited() && w.stream != sAppStore {
		personal = .05
	}
	w.personal = !w.wordless && !w.tiny && w.stream != sAudit && w.stream != sNote && r.chance(personal)
}

func couriersOf(p *person) []float64 {
	if p.region == north {
		return couriersNorth
	}
	return couriersElse
}

var teamShares = func() []float64 {
	var w []float64
	for _, t := range teams {
		w = append(w, t.share)
	}
	return cumulative(w)
}()

// strike decides whether a row speaks of something planted.
func (c *Company) strike(w *row, r *rng, p *person, force []inForce) {
	if len(force) == 0 || w.stream > sCall {
		return
	}
	total, unsolicited := 1.0, w.stream.unsolicited()
	if unsolicited {
		total += c.excessOf(w.stream, force, p)
	}
	u, sum := r.float(), 0.0
	for i := range force {
		f := &force[i]
		if !f.talked(w.stream) || !f.of(p) || f.factor(p) == 1 {
			continue
		}
		base, k := c.base[w.stream][f.theme], f.factor(p)
		hit := 0.0
		switch {
		case unsolicited:
			hit = base * (k - 1) * f.often() / total
		case f.rare == 0 || w.courier == swift:
			hit = f.share * (k - 1) / (f.peak() - 1)
		default:
			continue
		}
		if len(w.chances) < cap(w.chances) {
			w.chances = append(w.chances, chance{plant: f.index, hit: hit})
		}
		if w.plant < 0 && u < sum+hit {
			w.plant, w.theme = f.index, f.theme
			if f.rare != 0 {
				w.courier = swift
			}
		}
		sum += hit
	}
	if w.rest = 1 - sum; unsolicited {
		w.rest = 1 / total
	}
	for i := range w.chances {
		ch := &w.chances[i]
		ch.theme = ch.hit + w.rest*c.base[w.stream][plants[ch.plant].theme]
	}
}

// rate draws the ratings of the relationship survey, which move the score by their weights.
func (c *Company) rate(w *row, r *rng, p *person, week int) {
	halo := float64(p.mood)/.45*.5 + .4*r.normal()
	mine := driverOf[w.theme]
	for i := range w.ratings {
		v := 3.7 + halo + .85*r.normal()
		if i == mine && w.plant >= 0 {
			v -= 1.6
		}
		w.ratings[i] = uint8(min(5, max(1, math.Round(v))))
		w.level += drivers[i].weight * (float64(w.ratings[i]) - 3.7)
		if i == mine && w.plant >= 0 {
			w.shift -= drivers[i].weight * 1.6
		}
	}
	if week >= wordingWeek {
		w.level += wordingEffect
	}
}

// scales by metric: the shares of answers up to each value when the latent satisfaction is 0 and its spread 1.2.
var (
	cutNPS  = cuts(.03, .045, .065, .09, .12, .18, .25, .38, .57, .76)
	cutCSAT = cuts(.07, .14, .27, .58)
	cutWide = cuts(.05, .09, .14, .20, .30, .62)
	cutCES  = cuts(.05, .09, .15, .25, .43, .72)
	cutStar = cuts(.15, .22, .33, .56)
	cutRate = cuts(.03, .10, .30, .65)
)

// cuts turns shares into places on the latent scale.
func cuts(shares ...float64) []float64 {
	for i, share := range shares {
		lo, hi := -8.0, 8.0
		for range 60 {
			if mid := (lo + hi) / 2; phi(mid/1.2) < share {
				lo = mid
			} else {
				hi = mid
			}
		}
		shares[i] = lo
	}
	return shares
}

func cut(x float64, cuts []float64) int {
	n := 0
	for n < len(cuts) && x > cuts[n] {
		n++
	}
	return n
}

// cutsOf are those of a row's metric; low is the lowest value of its scale.
func (w *row) cutsOf() (places []float64, low int) {
	switch sources[w.stream].metric {
	case "nps":
		return cutNPS, 0
	case "csat":
		if w.wide {
			return cutWide, 1
		}
		return cutCSAT, 1
	case "ces":
		return cutCES, 1
	case "star":
		return cutStar, 1
	case "rating":
		return cutRate, 1
	}
	return nil, 0
}

func (c *Company) scores(w *row, r *rng, week int) {
	w.wide = w.stream == sDelivery && week >= scaleWeek
	if places, low := w.cutsOf(); places != nil {
		w.score = low + cut(w.latent, places)
	}
	if sources[w.stream].second == "ces" {
		w.secondary = 1 + cut(w.level+.6*(w.latent-w.level)+.8*r.normal(), cutCES)
	}
}

// bands are the highest values of the bad and of the middling answers, by metric.
func (w *row) bands() (bad, middling int) {
	switch sources[w.stream].metric {
	case "nps":
		return 6, 8
	case "ces":
		return 3, 5
	case "csat":
		if w.wide {
			return 3, 5
		}
	}
	return 2, 3
}

// sentiment follows from how content somebody is; what is said of something that was rated agrees with the rating.
func (w *row) sentiment(r *rng) {
	mood := neutral
	if sources[w.stream].metric != "" {
		switch bad, middling := w.bands(); {
		case w.score <= bad:
			mood = negative
		case w.score > middling:
			mood = positive
		}
	} else if w.latent < -.6 {
		mood = negative
	} else if w.latent > .15 {
		mood = positive
	}
	if d := driverOf[w.theme]; w.stream == sRelationship && d >= 0 {
		switch rating := w.ratings[d]; {
		case rating <= 2:
			mood = max(negative, mood-1)
		case rating >= 5:
			mood = min(positive, mood+1)
		}
	}
	u := r.float()
	w.polarity = mood
	switch mood {
	case negative:
		if u < .05 {
			w.polarity = neutral
		}
		w.mixed = u > .90
	case neutral:
		if u < .2 {
			w.polarity = negative
		} else if u < .32 {
			w.polarity = positive
		}
		w.mixed = u > .62
	default:
		if u < .07 {
			w.polarity = neutral
		}
		w.mixed = u > .93
	}
	switch w.stream {
	case sComplaint, sAudit, sNote:
		w.mixed = false
		if w.stream == sComplaint {
			w.polarity = negative
		}
	case sChat, sCall:
		if u < .3 {
			w.polarity, w.mixed = neutral, false
		}
	}
	if w.plant >= 0 {
		if plants[w.plant].praised {
			w.polarity = positive
		} else {
			w.polarity = negative
		}
	}
}

// Feedback gives every piece of feedback in the order of time. What it hands over may be kept.
func (c *Company) Feedback(fn func(feedback.Input) error) error {
	var w writer
	return c.each(func(r *row) error { return fn(c.input(r, &w)) })
}

func (c *Company) each(fn func(*row) error) error {
	for d := range c.days {
		if err := c.day(d, fn); err != nil {
			return err
		}
	}
	return nil
}

// compose writes the words of a row; they stand in the writer until the next.
func (c *Company) compose(r *row, w *writer) {
	p := &c.people[r.person]
	b := brief{lang: int(p.lang), country: int(p.country), year: r.at.Year(), tiny: r.tiny, theme: r.theme, second: r.second, polarity: r.polarity, mixed: r.mixed, form: r.form, personal: r.personal}
	if r.plant >= 0 {
		b.cause = plants[r.plant].text
	}
	w.write(r.seed, &b)
}

// id of a row.
func (r *row) id() string { return padded("demo-", r.n+1, 6) }

func (c *Company) input(r *row, w *writer) feedback.Input {
	p, src := &c.people[r.person], &sources[r.stream]
	at := r.at
	in := feedback.Input{
		Kind: kindOf[r.stream], Source: src.name, ExternalID: r.id(), Time: &at, Contact: c.who(r.person, r.day),
		Touchpoint: touchpoints[r.stream], Survey: src.survey, Language: languages[p.lang],
	}
	pick := rng{r.seed ^ 0x5851f42d4c957f2d}
	in.Channel = src.channel[0].name
	if u := pick.float(); len(src.channel) > 1 {
		for _, ch := range src.channel {
			if in.Channel = ch.name; u < ch.share {
				break
			}
			u -= ch.share
		}
	}
	if in.Touchpoint == "" {
		in.Touchpoint = touchpointOf[r.theme]
	}
	if !r.wordless {
		c.compose(r, w)
		in.Text = string(w.b)
	}
	in.Scores = c.scoresOf(r)
	if r.stream == sRelationship {
		in.Answers = make(feedback.Answers, len(drivers))
		for i := range drivers {
			in.Answers[i] = feedback.Answer{Question: drivers[i].question, Value: float64(r.ratings[i])}
		}
	}
	if src.survey != "" {
		in.SurveyVersion = "1"
		if r.wide || r.stream == sRelationship && r.day/7 >= wordingWeek {
			in.SurveyVersion = "2"
		}
	}
	in.Attributes = c.attributes(r, p, &pick)
	return in
}

var kindOf = [numStreams]string{sReviewSite: feedback.Review, sAppStore: feedback.Review, sMention: feedback.Mention, sComplaint: feedback.Complaint,
	sChat: feedback.Message, sCall: feedback.Message, sNote: feedback.Note, sAudit: feedback.Audit}

func init() {
	for s := sPurchase; s <= sRelationship; s++ {
		kindOf[s] = feedback.Response
	}
}

func (c *Company) scoresOf(r *row) []feedback.Score {
	src := &sources[r.stream]
	if src.metric == "" {
		return nil
	}
	places, low := r.cutsOf()
	first := feedback.Score{Metric: src.metric, Value: float64(r.score), Scale: feedback.Scale{Min: float64(low), Max: float64(low + len(places)), Direction: feedback.Up}}
	switch {
	case r.stream == sRelationship:
		first.Question = c.questions[0]
		if r.day/7 >= wordingWeek {
			first.Question = c.questions[1]
		}
	case src.metric == "csat":
		first.Question = "How satisfied are you with this " + src.survey + "?"
	case src.metric == "ces":
		first.Question = "Lirona made it easy for me to handle my request."
	}
	if src.second == "" {
		return []feedback.Score{first}
	}
	return []feedback.Score{first, {Metric: src.second, Value: float64(r.secondary), Scale: feedback.Scale{Min: 1, Max: 7, Direction: feedback.Up},
		Question: "Lirona made it easy for me to handle my request."}}
}

// attributes are the facts beside a piece of feedback; up to nine of them.
func (c *Company) attributes(r *row, p *person, pick *rng) feedback.Attributes {
	a := make(feedback.Attributes, 9)
	a["country"], a["region"], a["plan"] = countries[p.country].code, regions[p.region].name, plans[p.plan].name
	a["segment"], a["payment"] = kinds[p.kind].name, payments[p.payment].name
	delivered := r.stream == sDelivery || r.theme == delivery && r.stream.unsolicited()
	switch {
	case delivered:
		a["courier"] = couriers[r.courier]
	case r.stream == sSupportCall, r.stream == sSupportChat, r.stream == sCall, r.stream == sChat:
		a["agent_team"] = teams[r.team].name
		a["wait_minutes"], a["hand_overs"] = strconv.Itoa(r.wait), strconv.Itoa(r.handOvers)
	case r.stream == sInstallation, r.stream == sRepairVisit:
		a["agent_team"] = [...]string{"Field East", "Field West"}[pick.n(2)]
	case r.stream == sApp, r.stream == sAppStore, (r.theme == app || r.theme == login) && r.stream != sAudit:
		if v := p.version(r.day / 7); v != "" {
			a["app_version"] = v
			a["os"] = [...]string{"ios", "android", "android"}[r.person%3]
		}
	}
	switch r.stream {
	case sPurchase, sDelivery:
		a["order_value"] = strconv.Itoa(int(float64(r.order) * countries[p.country].rate))
	case sComplaint:
		a["resolved"] = strconv.FormatBool(r.resolved)
		if at := r.at.AddDate(0, 0, 1+int(r.seed>>32%6)); r.resolved && at.Before(c.End()) {
			a["resolved_at"] = at.Format(time.DateOnly)
		}
	}
	if r.stream == sStoreVisit || r.stream == sAudit || r.stream == sPurchase && pick.chance(.4) {
		cities := regions[p.region].cities
		a["store"] = cities[pick.n(len(cities))]
	}
	return a
}
