package insight

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/foundation/column"
	"kolo/internal/understand/stat"
)

// ofCustomers tells whether the measure is a mean or a share of what customers gave, so that what one of them gave several times is not
// independent.
func (m Measure) ofCustomers() bool { return m.Unit() != "count" }

// ofEach tells whether each customer has a figure of the measure of their own, whose change from one time to another can be told.
func (m Measure) ofEach() bool {
	switch m {
	case NetSentiment, NegativeShare, SentimentMean, Mean:
		return true
	}
	return m.metric() != ""
}

// value is what a measure takes the mean of, as SQL over a row (over a row and a theme that it mentions, of mentions), and the condition
// that the row has it.
func (a *asked) value(args *arguments) (expr, cond string, err error) {
	metric := a.metric()
	one := func(class string, value int) string {
		return "CASE WHEN " + class + " = " + strconv.Itoa(value) + " THEN 1.0 ELSE 0.0 END"
	}
	switch a.Measure {
	case NPS:
		return "nps_class * 1.0", "nps_class IS NOT NULL", nil
	case CSAT, CES:
		return one(metric+"_class", 1), metric + "_class IS NOT NULL", nil
	case NetSentiment: // mixed texts are on neither side
		return "CASE WHEN sentiment_class IN (-1, 1) THEN sentiment_class * 1.0 ELSE 0.0 END", "sentiment_class IS NOT NULL", nil
	case NegativeShare:
		return one("sentiment_class", -1), "sentiment_class IS NOT NULL", nil
	case SentimentMean:
		return "sentiment_score", "sentiment_score IS NOT NULL", nil
	case Mean:
		of, _ := parseField(a.Of)
		return of.numeric(a.Dialect), of.numeric(a.Dialect) + " IS NOT NULL", nil
	case ThemeSentiment:
		return "(pos - neg) * 1.0", "mention_set <> 0", nil
	case ThemeNegative:
		return "neg * (1 - pos) * 1.0", "mention_set <> 0", nil
	case Share, ResponseShare:
		fulfils, err := a.share(args)
		return "CASE WHEN " + fulfils + " THEN 1.0 ELSE 0.0 END", "1 = 1", err
	}
	return metric, metric + "_class IS NOT NULL", nil
}

// byCustomer sees to it that intervals of the total and of rows allow for customers who answered several times: methods.md 1.1,
// linearised variance by customer. Who is unknown stands for himself alone. Of many answers, rows of a bucket or a theme, and groups of
// whom hardly anybody was looked at, take what repeated ones cost from all; those of mentions and of values of a distribution from such groups together.
func (s *Service) byCustomer(ctx context.Context, a *asked, rows []Row, total *Row) error {
	if !a.Measure.ofCustomers() || total.Value == nil {
		return nil
	}
	one := max(1, total.N/s.many)
	// What all mentions or values together say is of another kind: in one text there may be several of them.
	alike := !a.Measure.ofMentions() && a.Measure != Distribution
	if !alike {
		one = s.customersOf(total.N)
	}
	if a.least > 0 { // each voice is counted
		one = 1
	}
	var groups map[string]stat.Clusters
	var err error
	if a.Measure.ofMentions() { // with what is of all of them
		if groups, err = s.clusters(ctx, a, one); err != nil {
			return err
		}
	}
	whole, ok := groups[inAll]
	if !ok {
		all, err := s.clusters(ctx, a.without(true), one)
		if err != nil {
			return err
		}
		whole = all[inAll]
	}
	a.robust(total, whole, one)
	if len(a.by) == 0 && a.Bucket == "" && a.Measure != Distribution {
		if len(rows) == 1 {
			rows[0] = *total
		}
		return nil
	}
	if alike && total.N > s.many/2 && a.least == 0 && (a.Bucket != "" || slices.ContainsFunc(a.by, field.theme)) {
		// Telling customers apart in each would take as long as the question again: of so many answers those of all say enough.
		for i := range rows {
			a.robustLikeAll(&rows[i], *total)
		}
		return nil
	}
	if groups == nil {
		if groups, err = s.clusters(ctx, a, one); err != nil {
			return err
		}
	}
	few, exact, err := s.fewAnswers(ctx, a, rows, one)
	if err != nil {
		return err
	}
	like := *total
	if !alike {
		like = a.pooled(rows, groups, one)
	}
	for i := range rows {
		key := keyOf(rows[i].Keys, a.By) + "\x00" + rows[i].Bucket
		k, ok := groups[key]
		if a.Measure == Distribution && !ok { // those who are known gave other values
			k = groups[keyOf(without(rows[i].Keys, "value"), a.By)+"\x00"+rows[i].Bucket]
			k.Sum, k.Square, k.SumSq, k.Cross = 0, 0, 0, 0
		}
		switch {
		case few[key]:
			a.robust(&rows[i], exact[key], 1)
		case one > 1 && k.Groups < fewestSeen:
			a.robustLikeAll(&rows[i], like)
		default:
			a.robust(&rows[i], k, one)
		}
	}
	return nil
}

// without is a map without a key.
func without(m map[string]string, key string) map[string]string {
	m = maps.Clone(m)
	delete(m, key)
	return m
}

// pooled is what repeated answers cost within groups, in all of them.
func (a *asked) pooled(rows []Row, groups map[string]stat.Clusters, one int64) Row {
	var like Row
	var k stat.Clusters
	for _, r := range rows {
		like.sum = like.sum.plus(r.sum)
		g := groups[keyOf(r.Keys, a.By)+"\x00"+r.Bucket]
		k.N, k.Sum, k.Square, k.Groups = k.N+g.N, k.Sum+g.Sum, k.Square+g.Square, k.Groups+g.Groups
		k.SumSq, k.Cross, k.SizeSq = k.SumSq+g.SumSq, k.Cross+g.Cross, k.SizeSq+g.SizeSq
	}
	a.evaluate(&like)
	a.robust(&like, k, one)
	return like
}

// fewestSeen is of how many customers of a group more is known than of all, where only one in so many was looked at: whether of three
// nobody was seen, or one, is chance.
const fewestSeen = 20

// robustLikeAll widens the interval of a row by what repeated answers cost in all.
func (a *asked) robustLikeAll(r *Row, total Row) {
	if r.Value != nil && total.deff > 0 && !total.alone {
		r.likeAll(total)
		a.widenBy(r)
	}
}

// fewAnswers sums the customers of small groups of many answers, all of them: one in so many would leave hardly any.
func (s *Service) fewAnswers(ctx context.Context, a *asked, rows []Row, one int64) (few map[string]bool, exact map[string]stat.Clusters, err error) {
	if one == 1 || len(a.by) != 1 || a.Bucket != "" || a.Measure == Distribution {
		return nil, nil, nil
	}
	small := Condition{Field: a.By[0], Op: "in"}
	few, left := map[string]bool{}, s.many
	for _, r := range slices.SortedFunc(slices.Values(rows), func(x, y Row) int { return cmp.Compare(x.N, y.N) }) {
		v := r.Keys[a.By[0]]
		if left -= r.N; left < 0 || len(small.Values) == maxFew {
			break
		}
		if v != "" {
			small.Values, few[v+"\x00"] = append(small.Values, v), true
		}
	}
	if len(few) == 0 {
		return nil, nil, nil
	}
	part, q := *a, *a.Query
	q.Where, part.Query = append(slices.Clone(a.Where), small), &q
	exact, err = s.clusters(ctx, &part, 1)
	return few, exact, err
}

// maxFew bounds the groups that are looked at more closely.
const maxFew = 1000

// manyAnswers are enough to learn from what customers who answer several times do to an interval: of more, so many are taken, all of a
// customer or none. Telling the customers of ten million answers apart would take three times as long as the question.
const manyAnswers = 250_000

// inAll is where clusters has a question without groups and buckets.
const inAll = "\x00"

// clusters sums the answers of known customers, by group and bucket of time, and of a distribution by value too: of one in so many customers.
// Of mentions, what is of all themes together may stand beside the groups.
func (s *Service) clusters(ctx context.Context, a *asked, one int64) (map[string]stat.Clusters, error) {
	var args arguments
	cond, err := a.known(one, &args)
	if err != nil {
		return nil, err
	}
	if a.Measure == Distribution {
		of, _ := parseField(a.Of)
		of.several = a.ofSeveral
		cond += " AND " + of.present(a.Dialect) + a.onScale(&args)
		all, values := a.groupBy(&args), a.groupBy(&args)
		values.field("v", of, a.Dialect)
		return s.clustersOfParts(ctx, a, cond, all, values, of, args)
	}
	x, has, err := a.value(&args)
	if err != nil {
		return nil, err
	}
	cond += " AND " + has + a.onScale(&args)
	keys := a.groupBy(&args)
	groups := slices.Clone(keys.names)
	keys.add("k", "contact_key")
	if a.Measure.ofMentions() {
		keys.mentions = true
		switch {
		case keys.theme == "": // of all themes together
			keys.theme, keys.lookUp = "m", a.mentioned.lookUp(a.asking, true, &args)
		case len(keys.lists) == 0 && a.Engine == column.DuckDB: // what stands in two groups by a list is one in all; not every ClickHouse has grouping sets
			keys.also = []string{"k"}
		}
	} else {
		keys.value("x", x)
		x = "x"
	}
	text := "SELECT " + strings.Join(append(groups, "count(*)", "sum(n)", "sum(s)", "sum(q)", "sum(s * s)", "sum(n * s)", "sum(n * n)"), ", ") +
		" FROM (" + keys.each(a.Dialect, cond, []aggregate{{"count(*) * 1.0", "n"}, {"sum(" + x + ")", "s"}, {"sum(" + x + " * " + x + ")", "q"}}) + ") AS c"
	if len(keys.names) > 1 {
		text += " GROUP BY " + strings.Join(keys.names[:len(keys.names)-1], ", ")
	}
	rows, err := s.fewCells(ctx, text, args)
	if err != nil {
		return nil, err
	}
	out := make(map[string]stat.Clusters, len(rows))
	themeAt := slices.IndexFunc(a.by, field.theme)
	for _, v := range rows {
		key := inAll
		if keys.also == nil || number[int64](v[themeAt]) > 0 { // themes are numbered from 1
			group, bucket, _ := a.placed(v)
			key = strings.Join(group, "\x00") + "\x00" + bucket
		}
		v = v[len(groups):]
		out[key] = stat.Clusters{Groups: number[int64](v[0]), N: int64(number[float64](v[1])), Sum: number[float64](v[2]), Square: number[float64](v[3]),
			SumSq: number[float64](v[4]), Cross: number[float64](v[5]), SizeSq: number[float64](v[6])}
	}
	return out, nil
}

// known is the condition of a question with that somebody known answered, of one in so many customers.
func (a *asked) known(one int64, args *arguments) (string, error) {
	cond, err := where(a.asking, a.span, a.Where, args)
	cond += " AND contact_key > 0"
	if one > 1 { // keys are hashes, spread evenly over all numbers above 0; that they lie in a range is checked while they are read
		cond += " AND contact_key <= " + strconv.FormatInt(math.MaxInt64/one, 10)
	}
	return cond, err
}

// fewCells reads the rows of a statement, if they are few enough.
func (s *Service) fewCells(ctx context.Context, text string, args arguments) ([][]any, error) {
	rows, err := s.columns.All(ctx, text+" LIMIT "+strconv.Itoa(maxCells+1), args...)
	if err == nil && len(rows) > maxCells {
		err = errTooManyCells
	}
	return rows, err
}

// placed is the group and the bucket that a row begins with, and what follows in it.
func (a *asked) placed(v []any) (group []string, bucket string, rest []any) {
	group, v = labels(a.by, v), v[len(a.by):]
	if a.Bucket != "" {
		bucket, v = a.cal.start(number[int64](v[0])).String(), v[1:]
	}
	return group, bucket, v
}

// clustersOfParts is clusters of the shares that values, the last of the groups of parts, have of all. A customer without a value counts in
// its share too, with nothing, so that what each gave in all is set beside each value. Without a value stands what is of all.
func (s *Service) clustersOfParts(ctx context.Context, a *asked, cond string, all, parts *grouping, of field, args arguments) (map[string]stat.Clusters, error) {
	groups := slices.Clone(all.names)
	all.add("k", "contact_key")
	parts.add("k", "contact_key")
	// Groups may be NULL, which no join finds: they are told apart by stand-ins.
	using, alias := []string{"k"}, []string{"k"}
	for i, f := range a.by {
		none := "''"
		if f.number || f.words != nil || f.name == "weekday" || f.theme() {
			none = "-999"
		}
		using = append(using, fmt.Sprintf("j%d", i))
		alias = append(alias, fmt.Sprintf("coalesce(g%d, %s) AS j%d", i, none, i))
	}
	if a.Bucket != "" {
		using, alias = append(using, "j"), append(alias, "b AS j")
	}
	by := func(names ...string) string {
		if len(names) == 0 {
			return ""
		}
		return " GROUP BY " + strings.Join(names, ", ")
	}
	whole := all.each(a.Dialect, cond, []aggregate{{"count(*) * 1.0", "n"}})
	rows, err := s.fewCells(ctx, "SELECT "+strings.Join(append(slices.Clone(groups), "count(*)", "sum(n)", "sum(n * n)"), ", ")+" FROM ("+whole+") AS w"+by(groups...), args)
	if err != nil {
		return nil, err
	}
	out := make(map[string]stat.Clusters, len(rows))
	key := func(group []string, bucket string) string { return strings.Join(group, "\x00") + "\x00" + bucket }
	for _, v := range rows {
		group, bucket, v := a.placed(v)
		n, size := number[float64](v[1]), number[float64](v[2])
		out[key(group, bucket)] = stat.Clusters{Groups: number[int64](v[0]), N: int64(n), Sum: n, Square: n, SumSq: size, Cross: size, SizeSq: size}
	}
	given := append(slices.Clone(groups), "v")
	text := "SELECT " + strings.Join(append(slices.Clone(given), "sum(s)", "sum(s * s)", "sum(n * s)"), ", ") + " FROM " +
		a.Join("(SELECT "+strings.Join(append(slices.Clone(given), alias...), ", ")+", s FROM ("+parts.each(a.Dialect, cond, []aggregate{{"count(*) * 1.0", "s"}})+") AS x) AS p",
			"(SELECT "+strings.Join(alias, ", ")+", n FROM ("+whole+") AS y) AS w", strings.Join(using, ", ")) + by(given...)
	if rows, err = s.fewCells(ctx, text, args); err != nil {
		return nil, err
	}
	for _, v := range rows {
		group, bucket, v := a.placed(v)
		k, hits := out[key(group, bucket)], number[float64](v[1])
		k.Sum, k.Square, k.SumSq, k.Cross = hits, hits, number[float64](v[2]), number[float64](v[3])
		out[key(append(group, of.label(v[0])), bucket)] = k
	}
	return out, nil
}

// onScale keeps to the scale that is counted, where there are others.
func (a *asked) onScale(args *arguments) string {
	if a.scale == "" {
		return ""
	}
	return " AND " + a.metric() + "_scale = " + args.add(a.scale)
}

// robust tells of a row how many customers answered, where all were looked at, and widens its interval where some did several times.
// The sums are of one in so many customers.
func (a *asked) robust(r *Row, k stat.Clusters, one int64) {
	if r.Value == nil {
		return
	}
	if one == 1 {
		customers := k.Groups
		r.Customers = &customers
		r.heard = r.N - k.N + k.Groups
	}
	if k.N == k.Groups { // nobody answered twice
		return
	}
	sum, square := a.values(r.sum)
	part := float64(one)
	k.AddSingles(max(0, r.N/one-k.N), sum/part-k.Sum, max(0, square/part-k.Square)) // those whom nobody knows
	if k.Groups == 1 {                                                              // one voice says nothing of others
		r.alone, r.deff, r.Interval = true, float64(r.N), nil
		if r.Note != "too_few" {
			r.Note = "one_customer"
		}
		return
	}
	low, high := a.ends()
	w, deff, err := k.Times(part).Worth(low, high)
	if err != nil {
		return
	}
	w.DF = min(w.DF, float64(k.Groups-1)) // of those who were looked at
	w.N = float64(r.N) / deff
	r.deff, r.worth = deff, w
	a.widenBy(r)
}

// widenBy gives a row the interval of what its answers are worth.
func (a *asked) widenBy(r *Row) {
	w, deff := r.worth, r.deff
	if deff > 1 {
		r.DesignEffect = &deff
	}
	if a.Measure.Unit() == "share" {
		i, err := stat.ShareWorth(*r.Value, w, a.Level)
		a.widen(r, i, err)
		return
	}
	v := a.variance(r.sum)
	half := a.factor() * w.Critical(a.Level) * math.Sqrt(v/w.N)
	a.widen(r, stat.Interval{Low: *r.Value - half, High: *r.Value + half, Level: a.Level, Method: "cluster-robust t"}, nil)
	if a.Measure.Unit() == "points" {
		i, err := stat.NPSWorth(r.sum.nps(), w, a.Level)
		a.widen(r, i, err)
	} else if v == 0 { // that the few who answered agree does not make their mean exact
		r.Interval = nil
	}
}

// widen gives a row an interval unless it has a wider one.
func (a *asked) widen(r *Row, i stat.Interval, err error) {
	if i = a.within(i); err == nil && (r.Interval == nil || i.Width() > r.Interval.Width()) {
		r.Interval = &i
	}
}

// paired is the change of the customers who answered both in the question's period and in the one before: of each the mean of their own answers.
func (s *Service) paired(ctx context.Context, a *asked, before span) (*Paired, error) {
	if !a.Measure.ofEach() || a.span.fromExact || a.span.toExact || before.from > before.to {
		return nil, nil
	}
	var args arguments
	both := span{from: min(a.span.from, before.from), to: max(a.span.to, before.to), hasFrom: true, hasTo: true}
	cond, err := where(a.asking, both, a.Where, &args)
	if err != nil {
		return nil, err
	}
	x, has, err := a.value(&args)
	if err != nil {
		return nil, err
	}
	now := "day >= " + args.add(int64(a.span.from)) + " AND day <= " + args.add(int64(a.span.to))
	cond += " AND (" + now + " OR day >= " + args.add(int64(before.from)) + " AND day <= " + args.add(int64(before.to)) + ") AND contact_key <> 0 AND " + has
	if metric := a.metric(); metric != "" {
		cond += " AND " + metric + "_scale = " + args.add(a.counted)
	}
	g := &grouping{}
	g.add("k", "contact_key")
	g.value("x", x)
	g.value("p", "CASE WHEN "+now+" THEN 1 ELSE 0 END")
	text := "SELECT count(*), sum(d), sum(d * d) FROM (SELECT s1 / n1 - s2 / n2 AS d FROM (" +
		g.each(a.Dialect, cond, []aggregate{{"sum(p) * 1.0", "n1"}, {"sum(p * x)", "s1"}, {"sum(1 - p) * 1.0", "n2"}, {"sum((1 - p) * x)", "s2"}}) + ") AS c WHERE n1 > 0 AND n2 > 0) AS e"
	rows, err := s.columns.All(ctx, text, args...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	m := sums{n: number[int64](rows[0][0]), sum: number[float64](rows[0][1]), square: number[float64](rows[0][2])}
	if m.n < stat.MinimumToShow {
		return nil, nil
	}
	d, err := stat.Paired(m.moments(), a.Level)
	if err != nil {
		if undefined(err) {
			return nil, nil
		}
		return nil, err
	}
	f := a.factor()
	d.Interval.Low, d.Interval.High = f*d.Interval.Low, f*d.Interval.High
	d.Interval = a.withinDifference(d.Interval)
	return &Paired{Customers: m.n, Difference: f * d.Estimate, Interval: d.Interval, P: d.P}, nil
}

// measured are a question about themes as one of another measure.
func (a *asked) measured(m Measure) *asked {
	q := *a.Query
	q.Measure, q.Scale, q.Compare = m, "", nil
	as := *a
	as.Query, as.scale, as.counted = &q, "", ""
	return &as
}

// customersOf is of one in how many customers it is looked at what is repeated in each of many groups, such as themes: as many are looked at
// as that takes no longer than counting.
func (s *Service) customersOf(n int64) int64 { return max(1, 8*n/s.many) }

// sure gives themes their shares of all feedback and what is said of them, with what their customers make of both: methods.md 1.1. members
// are what the sets hold that were counted.
func (s *Service) sure(ctx context.Context, a *asked, r *themeRows, members map[int64][]ThemeLabel) error {
	share, net := a.measured(Share), a.measured(ThemeSentiment)
	r.shares, r.nets = make([]Row, len(r.ids)), make([]Row, len(r.ids))
	for i, id := range r.ids {
		r.shares[i] = Row{sum: sums{n: r.all, good: r.n[i]}}
		share.evaluate(&r.shares[i])
		r.nets[i] = Row{sum: sums{n: r.n[i], good: r.good[i], bad: r.bad[i]}, Keys: map[string]string{a.By[0]: id}}
		net.evaluate(&r.nets[i])
	}
	if r.all == 0 || len(r.ids) == 0 {
		return nil
	}
	one := s.customersOf(r.all)
	shares, nets, err := s.clustersOfThemes(ctx, a, r, members, one)
	if err != nil {
		return err
	}
	groups := make(map[string]stat.Clusters, len(nets))
	for i, id := range r.ids {
		groups[id+"\x00"] = nets[i]
	}
	like := net.pooled(r.nets, groups, one)
	for i := range r.ids {
		share.robust(&r.shares[i], shares[i], one)
		if one > 1 && nets[i].Groups < fewestSeen {
			net.robustLikeAll(&r.nets[i], like)
		} else {
			net.robust(&r.nets[i], nets[i], one)
		}
	}
	return nil
}

// clustersOfThemes sums what known customers say of each theme, of one in so many customers: as shares of all that they say, and as praise and
// blame. What the sets of a customer hold is known here, so that the columns only tell who said which.
func (s *Service) clustersOfThemes(ctx context.Context, a *asked, r *themeRows, members map[int64][]ThemeLabel, one int64) (shares, nets []stat.Clusters, err error) {
	var args arguments
	cond, err := a.known(one, &args)
	if err != nil {
		return nil, nil, err
	}
	rows, err := s.columns.Query(ctx, "SELECT contact_key, mention_set, count(*) FROM "+table+" WHERE "+cond+" GROUP BY contact_key, mention_set ORDER BY contact_key", args...)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = rows.Close() }() // Err has told already
	type said struct {
		theme     int
		good, bad bool
	}
	of := map[int64][]said{}
	var whole stat.Clusters
	shares, nets = make([]stat.Clusters, len(r.ids)), make([]stat.Clusters, len(r.ids))
	n, good, bad := make([]float64, len(r.ids)), make([]float64, len(r.ids)), make([]float64, len(r.ids)) // of one customer
	var about []int
	var all float64
	end := func() {
		if all == 0 {
			return
		}
		whole.Groups, whole.N, whole.SizeSq = whole.Groups+1, whole.N+int64(all), whole.SizeSq+all*all
		for _, i := range about {
			x, k := &shares[i], &nets[i]
			x.Sum, x.Square, x.SumSq, x.Cross = x.Sum+n[i], x.Square+n[i], x.SumSq+n[i]*n[i], x.Cross+all*n[i]
			sum := good[i] - bad[i]
			k.Groups, k.N, k.Sum, k.Square = k.Groups+1, k.N+int64(n[i]), k.Sum+sum, k.Square+good[i]+bad[i]
			k.SumSq, k.Cross, k.SizeSq = k.SumSq+sum*sum, k.Cross+n[i]*sum, k.SizeSq+n[i]*n[i]
			n[i], good[i], bad[i] = 0, 0, 0
		}
		about, all = about[:0], 0
	}
	last := int64(0)
	for rows.Next() {
		v := rows.Values()
		who, set, times := number[int64](v[0]), number[int64](v[1]), float64(number[int64](v[2]))
		if who != last {
			end()
			last = who
		}
		list, ok := of[set]
		if !ok {
			for _, i := range r.of(members[set]) {
				good, bad := towards(members[set], func(id string) bool { return slices.Contains(r.above[id], i) })
				list = append(list, said{i, good && !bad, bad && !good})
			}
			of[set] = list
		}
		all += times
		for _, x := range list {
			if n[x.theme] == 0 {
				about = append(about, x.theme)
			}
			n[x.theme] += times
			switch {
			case x.good:
				good[x.theme] += times
			case x.bad:
				bad[x.theme] += times
			}
		}
	}
	end()
	for i := range shares {
		shares[i].Groups, shares[i].N, shares[i].SizeSq = whole.Groups, whole.N, whole.SizeSq
	}
	return shares, nets, rows.Err()
}
