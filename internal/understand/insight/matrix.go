package insight

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
)

// MatrixQuery asks for the single answers of a score with what they have in some fields: what models of the score are made from.
type MatrixQuery struct {
	Score   Measure // nps, csat, ces, star, rating, csat_mean or ces_mean
	Scale   string  // the most frequent one by default
	Where   Conditions
	Between Period
	Texts   []string // fields, of which each value is a group
	Numbers []string // fields that hold numbers
	Themes  bool     // what the texts are about
}

// Matrix is the answers of a score, one after the other, in no order that means something.
type Matrix struct {
	Score    Measure
	Unit     string // of Y: "points" of a score made of shares, or "scale"
	Scale    string
	From, To string
	LeftOut  []LeftOut // answers on other scales
	N        int64     // answers in all; more than there are here when only those of some customers were taken
	Y        []float64 // -100, 0 or 100 of an NPS; 0 or 100 where a share is the score; the value itself otherwise
	Customer []int64   // who answered, 0 when nobody knows
	Quarter  []int32   // of the calendar, counted from the first one of 1970
	Texts    []Coded
	Numbers  []Coded
	Sets     []int32           // which of Themes
	Themes   [][]string        // the themes of a text, each with all above it; the first is of none
	Parents  map[string]string // of the themes that stand under another one
}

// Coded is what answers have in a field, by code.
type Coded struct {
	Field  string
	Codes  []int32
	Values []string // the first, "", is of answers that have none; of numbers as they are written
	More   bool     // there are more values than can be told apart; the field has no codes then
}

// Bounds of a Matrix: of the answers that are taken, and of the different values of a text.
const (
	mostAnswers = 250_000
	mostValues  = 60
	mostNumbers = 1000 // different ones that the columns put a code to; more are read one by one
)

// score is the question about the score alone, checked.
func (q MatrixQuery) score() (*Query, error) {
	query := &Query{Measure: q.Score, Scale: q.Scale, Where: q.Where, Between: q.Between}
	if err := query.Validate(); err != nil {
		return nil, err
	}
	if query.Measure.metric() == "" {
		return nil, fault.Bad("insight.Matrix", fault.Field{Path: "score", Code: "unknown", Msg: fmt.Sprintf("%q is not a score", q.Score)})
	}
	return query, nil
}

// answering is a question about single answers: which they are, on which scale, and the months in which they lie.
type answering struct {
	asked
	m         *Matrix
	cond      string
	args      arguments
	low, high int64
}

// answers prepares a question about single answers.
func (s *Service) answers(ctx context.Context, ws identity.WorkspaceID, q MatrixQuery) (*answering, error) {
	query, err := q.score()
	if err != nil {
		return nil, err
	}
	if s.columns == nil {
		return nil, fault.New(fault.Internal, "insight.Matrix", "this process has no columns to ask")
	}
	a := &answering{asked: asked{Query: query}}
	if a.set, a.span, err = s.scope(ctx, ws, q.Between); err != nil {
		return nil, err
	}
	theme, _ := parseField("theme") // there is such a field
	if a.asking, err = s.asking(ctx, ws, []field{theme}, q.Where); err != nil {
		return nil, err
	}
	if a.cond, err = where(a.asking, a.span, a.Where, &a.args); err != nil {
		return nil, err
	}
	metric := a.Measure.metric()
	a.cond += " AND " + metric + "_class IS NOT NULL"
	rows, err := s.columns.All(ctx, fmt.Sprintf("SELECT %[1]s_scale AS s, count(*), min(month), max(month) FROM %[2]s WHERE %[3]s GROUP BY s", metric, table, a.cond), a.args...)
	if err != nil {
		return nil, err
	}
	cells := make([]cell, len(rows))
	for i, r := range rows {
		cells[i] = cell{scale: keyText(r[0]), sums: sums{n: number[int64](r[1])}}
	}
	chosen := Answer{}
	chosen.chooseScale(slices.Clone(cells), q.Scale)
	a.m = &Matrix{Score: a.Measure, Unit: "scale", Scale: chosen.Scale, LeftOut: chosen.LeftOut, Parents: map[string]string{}}
	if a.Measure.classes() {
		a.m.Unit = "points"
	}
	if a.span.hasFrom {
		a.m.From = a.span.from.String()
	}
	if a.span.hasTo {
		a.m.To = a.span.to.String()
	}
	for i, r := range rows {
		if cells[i].scale == a.m.Scale {
			a.m.N, a.low, a.high = cells[i].n, number[int64](r[2]), number[int64](r[3])
		}
	}
	if len(rows) > 1 {
		a.cond += " AND " + metric + "_scale = " + a.args.add(a.m.Scale)
	}
	return a, nil
}

// Population is the answers of a score that came by one survey, or without one by one source, and how many of them have a value
// in each of the fields that were asked about.
type Population struct {
	Survey, Source string
	N              int64
	Texts          int64 // of N: those with words
	Has            []int64
}

// Populations tells which fields the answers of a score have a value in, by survey and source, the largest first. Fields that have
// no column of their own in the store of answers, such as long texts, have none.
func (s *Service) Populations(ctx context.Context, ws identity.WorkspaceID, q MatrixQuery, fields []string) ([]Population, error) {
	const op = "insight.Populations"
	a, err := s.answers(ctx, ws, q)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	counts := make([]string, len(fields))
	for i, name := range fields {
		f, err := parseField(name)
		if err != nil {
			return nil, fault.New(fault.Invalid, op, "%s", err)
		}
		counts[i] = "0"
		switch expr := f.expr(a.Dialect); {
		case f.theme():
			counts[i] = "sum(CASE WHEN theme_set <> 0 THEN 1 ELSE 0 END)"
		case f.key == "" || f.number:
			counts[i] = "sum(CASE WHEN " + f.present(a.Dialect) + " THEN 1 ELSE 0 END)"
		case a.Extra(table, f.key) == column.ColumnOf(f.key):
			counts[i] = "sum(CASE WHEN " + expr + " <> '' THEN 1 ELSE 0 END)"
		}
	}
	rows, err := s.columns.All(ctx, "SELECT "+strings.Join(append([]string{"survey", "CASE WHEN survey = '' THEN source ELSE '' END AS s", "count(*) AS n", "sum(CASE WHEN text = '' THEN 0 ELSE 1 END) AS texts"}, counts...), ", ")+
		" FROM "+table+" WHERE "+a.cond+" GROUP BY survey, s ORDER BY n DESC, survey, s LIMIT 200", a.args...)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	out := make([]Population, len(rows))
	for i, r := range rows {
		out[i] = Population{Survey: keyText(r[0]), Source: keyText(r[1]), N: number[int64](r[2]), Texts: number[int64](r[3]), Has: make([]int64, len(fields))}
		for j := range fields {
			out[i].Has[j] = number[int64](r[4+j])
		}
	}
	return out, nil
}

// Matrix gives the answers of a score one by one. Of more than a quarter of a million those of some customers are taken, always the same ones:
// whom the number of the customer chooses, which is a hash.
func (s *Service) Matrix(ctx context.Context, ws identity.WorkspaceID, q MatrixQuery) (*Matrix, error) {
	const op = "insight.Matrix"
	a, err := s.answers(ctx, ws, q)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	m := a.m
	if m.N == 0 {
		return m, nil
	}
	if m.N > mostAnswers {
		who := "(CASE WHEN contact_key = 0 THEN " + a.IntDiv("time", "1000") + " * 7919 ELSE contact_key END)"
		a.cond += " AND " + who + " % 1000 < " + strconv.FormatInt(mostAnswers*1000/m.N, 10)
	}
	p := packing{engine: a.Engine}
	fields := make([]field, 0, len(q.Texts)+len(q.Numbers))
	for _, name := range slices.Concat(q.Texts, q.Numbers) {
		f, err := parseField(name)
		if err != nil || f.theme() {
			return nil, fault.New(fault.Invalid, op, "%q has no values to tell apart", name)
		}
		fields = append(fields, f)
	}
	coded := make([]Coded, len(fields))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	for i, f := range fields {
		g.Go(func() error {
			most := mostValues
			if i >= len(q.Texts) {
				most = mostNumbers
			}
			if f.number {
				coded[i] = Coded{Field: f.name, More: true} // there is nothing to put a code to
				return nil
			}
			var err error
			coded[i], err = s.dictionary(gctx, a, f, most)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fault.Wrap(op, err)
	}
	m.Y, m.Customer = make([]float64, 0, m.N), make([]int64, 0, m.N)
	p.plain("contact_key", func(v any) { m.Customer = append(m.Customer, number[int64](v)) })
	metric := a.Measure.metric()
	if a.Measure.classes() {
		p.code(metric+"_class + 1", 3, func(c int64) {
			y := 100 * float64(c-1)
			if a.Measure != NPS {
				y = max(0, y)
			}
			m.Y = append(m.Y, y)
		})
	} else {
		p.plain(metric, func(v any) { m.Y = append(m.Y, number[float64](v)) })
	}
	p.code("month - "+strconv.FormatInt(a.low, 10), a.high-a.low+1, func(c int64) { m.Quarter = append(m.Quarter, int32((a.low+c)/3)) })
	for i, f := range fields {
		c := &coded[i]
		switch {
		case !c.More:
			p.code(a.Code(f.expr(a.Dialect), c.Values[1:]), int64(len(c.Values)), func(v int64) { c.Codes = append(c.Codes, int32(v)) })
		case i >= len(q.Texts):
			p.plain(f.numeric(a.Dialect), c.numbers())
		}
	}
	var sets []int64
	if q.Themes {
		p.plain("theme_set", func(v any) { sets = append(sets, number[int64](v)) })
	}
	rows, err := s.columns.Query(ctx, "SELECT "+p.list()+" FROM "+table+" WHERE "+a.cond, a.args...)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	defer func() { _ = rows.Close() }() // Err has told already
	for rows.Next() {
		p.unpack(rows.Values())
	}
	if err := rows.Err(); err != nil {
		return nil, fault.Wrap(op, err)
	}
	for i, f := range fields {
		for k, v := range coded[i].Values {
			if f.chosen() { // who chose the same together is one group
				coded[i].Values[k] = strings.Join(choices(v), "; ")
			}
		}
	}
	m.Texts, m.Numbers = coded[:len(q.Texts)], coded[len(q.Texts):]
	if q.Themes {
		err = s.matrixThemes(ctx, &a.asked, m, sets)
	}
	return m, fault.Wrap(op, err)
}

// dictionary lists the values of a field among the answers, the most frequent first.
func (s *Service) dictionary(ctx context.Context, a *answering, f field, most int) (Coded, error) {
	c := Coded{Field: f.name, Values: []string{""}}
	rows, err := s.columns.All(ctx, "SELECT v, count(*) AS n FROM (SELECT "+f.expr(a.Dialect)+" AS v FROM "+table+" WHERE "+a.cond+") AS t WHERE v <> '' GROUP BY v ORDER BY n DESC, v LIMIT "+strconv.Itoa(most+1), a.args...)
	if err != nil {
		return c, err
	}
	for _, r := range rows {
		if v := keyText(r[0]); !strings.Contains(v, "\x00") {
			c.Values = append(c.Values, v)
		}
	}
	if len(rows) > most {
		c.Values, c.More = nil, true
	}
	return c, nil
}

// numbers gives codes to numbers as they come.
func (c *Coded) numbers() func(v any) {
	c.Values, c.More = []string{""}, false
	at := map[float64]int32{}
	return func(v any) {
		if v == nil {
			c.Codes = append(c.Codes, 0)
			return
		}
		x := number[float64](v)
		i, ok := at[x]
		if !ok {
			i = int32(len(c.Values))
			at[x], c.Values = i, append(c.Values, strconv.FormatFloat(x, 'g', -1, 64))
		}
		c.Codes = append(c.Codes, i)
	}
}

// matrixThemes looks up what the sets hold.
func (s *Service) matrixThemes(ctx context.Context, a *asked, m *Matrix, keys []int64) error {
	at := map[int64]int32{0: 0}
	m.Sets, m.Themes = make([]int32, len(keys)), [][]string{nil}
	var list []int64
	for i, k := range keys {
		c, ok := at[k]
		if !ok {
			c = int32(len(at))
			at[k], list = c, append(list, k)
		}
		m.Sets[i] = c
	}
	members, err := s.learnSets(ctx, a, list)
	if err != nil {
		return err
	}
	for _, k := range list {
		var themes []string
		for _, l := range members[k] {
			for x := a.tree.Resolve(l.ID); x != ""; x = a.tree.Parent(x) {
				if parent := a.tree.Parent(x); parent != "" {
					m.Parents[x] = parent
				}
				if !slices.Contains(themes, x) {
					themes = append(themes, x)
				}
			}
		}
		m.Themes = append(m.Themes, themes)
	}
	return nil
}

// Number reads a value of a Coded field as the columns read numbers; false when it is none.
func Number(v string) (float64, bool) {
	if !decimal.MatchString(v) {
		return 0, false
	}
	x, err := strconv.ParseFloat(v, 64)
	return x, err == nil
}

// Fed tells how far the columns have been fed: as long as it is the same, so are all answers about the same days.
func (s *Service) Fed(ctx context.Context) (int64, error) {
	if s.columns == nil {
		return 0, nil
	}
	return s.columns.Watermark(ctx, stream)
}

// TreeMark is a number of the tree of themes as it stands: another one when a theme counts for another or stands elsewhere.
func (s *Service) TreeMark(ctx context.Context, ws identity.WorkspaceID) (int64, error) {
	if s.trees == nil {
		return 0, nil
	}
	tree, err := s.trees.Tree(ctx, ws)
	if err != nil {
		return 0, fault.Wrap("insight.TreeMark", err)
	}
	ids := known(tree)
	slices.Sort(ids)
	parts := make([]string, 0, 3*len(ids))
	for _, id := range ids {
		r := tree.Resolve(id)
		parts = append(parts, id, r, tree.Parent(r))
	}
	return Key(parts...), nil
}

// packing puts several small codes into one whole number for each row: what an answer costs is the number of its values.
type packing struct {
	engine column.EngineName
	exprs  []string
	reads  []func(v any)

	terms []string // of the number that is being filled
	room  int64    // its next factor
	codes []radix
}

type radix struct {
	n    int64
	read func(int64)
}

// plain reads a column as it is.
func (p *packing) plain(expr string, read func(any)) {
	p.exprs, p.reads = append(p.exprs, expr), append(p.reads, read)
}

// code reads an expression whose values lie from 0 to below n.
func (p *packing) code(expr string, n int64, read func(int64)) {
	if p.room > 0 && p.room > (1<<62)/n {
		p.flush()
	}
	if p.room == 0 {
		p.room = 1
	}
	p.terms = append(p.terms, "CAST("+expr+" AS "+map[bool]string{true: "Int64", false: "BIGINT"}[p.engine == column.ClickHouse]+") * "+strconv.FormatInt(p.room, 10))
	p.codes = append(p.codes, radix{n, read})
	p.room *= n
}

func (p *packing) flush() {
	if len(p.terms) == 0 {
		return
	}
	codes := p.codes
	p.plain(strings.Join(p.terms, " + "), func(v any) {
		x := number[int64](v)
		for _, c := range codes {
			c.read(x % c.n)
			x /= c.n
		}
	})
	p.terms, p.codes, p.room = nil, nil, 0
}

func (p *packing) list() string {
	p.flush()
	named := make([]string, len(p.exprs))
	for i, e := range p.exprs {
		named[i] = e + " AS x" + strconv.Itoa(i)
	}
	return strings.Join(named, ", ")
}

func (p *packing) unpack(row []any) {
	for i, read := range p.reads {
		read(row[i])
	}
}
