// Package export serves every list as a file to save, with the filters of the page that it is a list of:
// /export/NAME.FORMAT?FILTERS.
package export

import (
	"io"

	"kolo/internal/edge/transfer"
	"kolo/internal/edge/web"
	"kolo/internal/foundation/table"
	"kolo/internal/understand/export"
)

// Pages serves them.
type Pages struct{ Exports *export.Service }

// Register adds the routes to the site.
func (p *Pages) Register(s *web.Site) {
	for _, l := range export.Lists() {
		for _, format := range export.Formats {
			s.Page("GET /export/"+l.Name+table.Extension(format), l.Permission, func(q *web.Request) error { return p.send(q, l, format) })
		}
	}
}

// ofPage are names in the address of a page that say where in the list it stands, and nothing about what is in it.
var ofPage = []string{"cursor", "page", "sort"}

func (p *Pages) send(q *web.Request, l export.List, format table.Format) error {
	r := export.Request{List: l.Name, Format: format, Workspace: q.Workspace.ID, Actor: q.Actor, Filter: q.URL.Query()}
	for _, name := range ofPage {
		r.Filter.Del(name)
	}
	name, plain, err := p.Exports.FileName(q.Context(), r)
	if err != nil {
		return err
	}
	return transfer.Send(q.W, q.Request, q.Site.Log, name, plain, format, func(out io.Writer) error {
		return p.Exports.Write(q.Context(), out, r, table.WithBOM()) // without which Excel takes Hebrew for something else
	})
}
