package imports

import (
	"context"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// MaskWith says how personal data in a text is masked before those who may not know who customers are. Call it before the service is
// used; without it only columns that say who they are are covered.
func (s *Service) MaskWith(mask func(string) string) { s.mask = mask }

// veil covers what a file says of who customers are. A nil veil covers nothing.
type veil struct {
	mask   func(string) string
	hidden contact.Secret
}

func (s *Service) veilFor(tx *store.Tx, ws identity.WorkspaceID, actor identity.Actor) (*veil, error) {
	if actor.May(identity.ContactsIdentify) {
		return nil, nil
	}
	hidden, err := contact.Personal(tx, ws)
	return &veil{s.mask, hidden}, err
}

// one reads an import as it is, and the veil through which the actor may see it.
func (s *Service) one(ctx context.Context, op string, ws identity.WorkspaceID, actor identity.Actor, im ID) (out Import, v *veil, err error) {
	if err := actor.RequireIn(op, ws, identity.ImportsWrite); err != nil {
		return out, nil, err
	}
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		if out, err = get(tx, ws, im); err == nil {
			v, err = s.veilFor(tx, ws, actor)
		}
		return err
	})
	return out, v, fault.Wrap(op, err)
}

// covers are what stands for every value of the columns that say who somebody is.
var covers = map[string]string{"contact.email": "[email]", toPhone: "[phone]", "contact.name": "[name]", toContactID: "[id]"}

// covered stands for a value that is not shown at all.
const covered = "[personal]"

// cover is what stands for every value of a column, "" where each is masked by what it says.
func (v *veil) cover(m Mapping, c Column) string {
	to := m.target(c.Name)
	if by := covers[to]; by != "" {
		return by
	}
	_, key, ok := strings.Cut(to, ":")
	if !ok && m.Native {
		_, key, ok = strings.Cut(to, "attributes.")
	}
	if c.Personal || v.says(c.Name) || ok && v.says(key) {
		return covered
	}
	return ""
}

// says tells whether a name says who customers are. Pieces of JSON, which a file has for names that was read in a wrong way, are no names and
// say nothing.
func (v *veil) says(name string) bool { return v.hidden.Has(name) && !strings.Contains(name, "\":") }

// mayMap refuses to have a column that says who customers are become something that everybody sees, for whoever may not know them: it stays
// what it was, becomes what is known of a customer, or is left out. What they chose themselves for a column that they see they can take back.
func (v *veil) mayMap(im Import, m Mapping) error {
	if v == nil {
		return nil
	}
	var bad []fault.Field
	names := v.names(im)
	for i, c := range im.Columns {
		to := m.target(c.Name)
		if !c.Personal && !v.says(c.Name) || to == toIgnore || covers[to] != "" || to == im.Mapping.target(c.Name) {
			continue
		}
		path := "rest"
		if k := slices.IndexFunc(m.Columns, func(t Target) bool { return t.Column == c.Name }); m.Native {
			path = "native"
		} else if k >= 0 {
			path = "columns[" + strconv.Itoa(k) + "].to"
		}
		bad = append(bad, fault.Field{Path: path, Code: "personal", Msg: strconv.Quote(names[i]) + " says who customers are, which you may not see: it stays what it was, " +
			"or becomes contact.external_id, contact.email, contact.phone, contact.name or ignore"})
	}
	if bad != nil {
		return fault.Bad("imports.SetMapping", bad...)
	}
	return nil
}

// of are the covers of an import's columns.
func (v *veil) of(im Import) []string {
	if v == nil {
		return nil
	}
	out := make([]string, len(im.Columns))
	for i, c := range im.Columns {
		out[i] = v.cover(im.Mapping, c)
	}
	return out
}

// names are the columns' as they are shown: the first row of a file without names may stand in their place.
func (v *veil) names(im Import) []string {
	names := im.Names()
	if v == nil {
		return names
	}
	for i, n := range names {
		if m := v.mask(n); m != n {
			names[i] = m + " " + strconv.Itoa(i+1)
		}
	}
	return names
}

// MaskName masks personal data in the name of a file, whose ending stays what it is.
func MaskName(name string, mask func(string) string) string {
	ending := endingOf(name)
	if stem := strings.TrimSuffix(name, ending); mask(stem) != stem {
		return mask(stem) + ending
	}
	return mask(name)
}

// endingOf is the ending of a name by which a table is known, "" where it has none: what stands behind a point may belong to an address.
func endingOf(name string) string {
	ending := path.Ext(name)
	if slices.Contains([]string{".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".ndjson", ".jsonl", ".json"}, strings.ToLower(ending)) {
		return ending
	}
	return ""
}

// noted is the name of a file as the audit log has it, and whatever else more people see.
func (s *Service) noted(name string) string { return MaskName(name, s.mask) }

// shown is an import as somebody may see it.
func (v *veil) shown(im Import) Import {
	if v == nil {
		return im
	}
	im.Name = MaskName(im.Name, v.mask)
	covers, names := v.of(im), v.names(im)
	columns := slices.Clone(im.Columns)
	targets := slices.Clone(im.Mapping.Columns)
	for k, t := range targets {
		if i := slices.IndexFunc(im.Columns, func(c Column) bool { return c.Name == t.Column }); i >= 0 {
			targets[k].To, targets[k].Column = shownTarget(t, names[i]), names[i]
			if covers[i] != "" {
				targets[k].Values = nil
			}
		}
		targets[k].Values = v.values(targets[k].Values)
	}
	for i := range columns {
		c := &columns[i]
		c.Name = names[i]
		if covers[i] != "" {
			c.Min, c.Max, c.Words = "", "", nil
			if len(c.Samples) > 0 {
				c.Samples = []string{covers[i]}
			}
			continue
		}
		c.Min, c.Max, c.Samples, c.Words = v.mask(c.Min), v.mask(c.Max), v.list(c.Samples), v.list(c.Words)
	}
	im.Columns, im.Mapping.Columns = columns, targets
	return im
}

// shownTarget is what becomes of a column as it is shown, under the name that is shown.
func shownTarget(t Target, name string) string {
	if name == t.Column {
		return t.To
	}
	return strings.Replace(t.To, ":"+attributeKey(t.Column), ":"+name, 1)
}

func (v *veil) list(all []string) []string {
	out := slices.Clone(all)
	for i := range out {
		out[i] = v.mask(out[i])
	}
	return out
}

// values leaves out the cells that say who somebody is: no score is said so.
func (v *veil) values(all Values) Values {
	if len(all) == 0 {
		return all
	}
	out := Values{}
	for k, x := range all {
		if v.mask(k) == k {
			out[k] = x
		}
	}
	return out
}

// meant is a mapping whose columns, and what becomes of them, were called as they are shown.
func (v *veil) meant(im Import, m Mapping) Mapping {
	if v == nil {
		return m
	}
	names := v.names(im)
	m.Columns = slices.Clone(m.Columns)
	for k, t := range m.Columns {
		if i := slices.Index(names, t.Column); i >= 0 {
			was := Target{Column: im.Columns[i].Name, To: im.Mapping.target(im.Columns[i].Name)}
			if m.Columns[k].Column = was.Column; t.To == shownTarget(was, names[i]) {
				m.Columns[k].To = was.To
			}
		}
	}
	return m
}

// cells are those of a row, by the covers of their columns; columns that came late are of unknown names.
func (v *veil) cells(covers, cells []string) []string {
	out := slices.Clone(cells)
	for i, cell := range out {
		switch {
		case cell == "":
		case i >= len(covers):
			out[i] = covered
		case covers[i] != "":
			out[i] = covers[i]
		default:
			out[i] = v.mask(cell)
		}
	}
	return out
}

// source is that of a row which could not be read: of which column a piece of it is, nobody knows.
func (v *veil) source(covers []string, raw string) string {
	if raw != "" && slices.ContainsFunc(covers, func(c string) bool { return c != "" }) {
		return covered
	}
	return v.mask(raw)
}

// said is what was quoted of a cell.
var said = regexp.MustCompile(`(?s)".*"`)

// reason covers a reason for a refused row, and calls its column as it is shown.
func (v *veil) reason(im Import, covers []string, f fault.Field) fault.Field {
	if i := slices.IndexFunc(im.Columns, func(c Column) bool { return c.Name == f.Path }); i >= 0 {
		if f.Path = v.names(im)[i]; covers[i] != "" {
			f.Msg = said.ReplaceAllString(f.Msg, strconv.Quote(covers[i]))
		}
	}
	f.Msg = v.mask(f.Msg)
	return f
}

func (v *veil) reasons(im Import, covers []string, all []fault.Field) []fault.Field {
	out := slices.Clone(all)
	for i := range out {
		out[i] = v.reason(im, covers, out[i])
	}
	return out
}

// refusal covers a refused row.
func (v *veil) refusal(im Import, covers []string, r Refusal) Refusal {
	if v == nil {
		return r
	}
	r.Reasons, r.Cells, r.Raw = v.reasons(im, covers, r.Reasons), v.cells(covers, r.Cells), v.source(covers, r.Raw)
	return r
}

// preview covers a preview. b made its rows: what a row becomes is made again, of its covered cells.
func (v *veil) preview(im Import, b *builder, p *Preview) {
	if v == nil {
		return
	}
	covers := v.of(im)
	for i := range p.Rows {
		r := &p.Rows[i]
		if r.Input == nil && len(r.Cells) == 1 && len(im.Columns) != 1 {
			r.Cells = []string{v.source(covers, r.Cells[0])}
		} else {
			r.Cells = v.cells(covers, r.Cells)
		}
		r.Errors = v.reasons(im, covers, r.Errors)
		if r.Input == nil {
			continue
		}
		in := *r.Input
		if !b.m.Native {
			b.row(rawRow{number: r.Row, line: r.Line, cells: r.Cells}, &in)
		}
		v.input(&in)
		r.Input = &in
	}
	for i := range p.Reasons {
		r := &p.Reasons[i]
		f := v.reason(im, covers, fault.Field{Path: r.Column, Msg: r.Example})
		r.Cell = v.mask(r.Cell)
		if k := slices.Index(im.Names(), r.Column); k >= 0 && covers[k] != "" && r.Cell != "" {
			r.Cell = covers[k]
		}
		r.Column, r.Example = f.Path, f.Msg
	}
}

// input covers what a row becomes.
func (v *veil) input(in *feedback.Input) {
	for _, f := range []*string{&in.Text, &in.Source, &in.ExternalID, &in.Touchpoint, &in.Survey, &in.SurveyVersion} {
		*f = v.mask(*f)
	}
	in.Attributes = v.attributes(in.Attributes)
	in.Scores = slices.Clone(in.Scores)
	for i := range in.Scores {
		in.Scores[i].Question = v.mask(in.Scores[i].Question)
	}
	in.Answers = slices.Clone(in.Answers)
	for i, a := range in.Answers {
		switch x := a.Value.(type) {
		case string:
			a.Value = v.mask(x)
		case []any:
			x = slices.Clone(x)
			for k := range x {
				if s, ok := x[k].(string); ok {
					x[k] = v.mask(s)
				}
			}
			a.Value = x
		}
		a.Question = v.mask(a.Question)
		in.Answers[i] = a
	}
	if in.Contact != nil {
		w := *in.Contact
		for to, f := range map[string]*string{"contact.email": &w.Email, toPhone: &w.Phone, "contact.name": &w.Name, toContactID: &w.ExternalID} {
			if *f != "" {
				*f = covers[to]
			}
		}
		w.Account, w.Attributes = v.mask(w.Account), v.attributes(w.Attributes)
		in.Contact = &w
	}
}

func (v *veil) attributes(all feedback.Attributes) feedback.Attributes {
	if all == nil {
		return nil
	}
	out := make(feedback.Attributes, len(all))
	for k, x := range all {
		if v.hidden.Has(k) {
			x = covered
		}
		out[k] = v.mask(x)
	}
	return out
}
