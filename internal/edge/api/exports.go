package api

import (
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"kolo/internal/edge/transfer"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/imports"
	"kolo/internal/people/identity"
	"kolo/internal/understand/export"
)

// exportRoutes registers an operation for each list that can be exported: /v1/exports/NAME?format=...&FILTERS.
func (a *API) exportRoutes() {
	for _, l := range export.Lists() {
		op := huma.Operation{
			Description: "The answer is a stream of any length: when it breaks off, the file is not whole. Texts that a spreadsheet would run as formulas begin with an apostrophe in CSV; " +
				"NDJSON and Parquet have them as they are, and times in UTC. An unknown filter is refused.",
			Parameters: []*huma.Param{formatParam()}, Responses: fileResponse("Export " + l.Title),
		}
		for _, f := range l.Filters {
			schema := &huma.Schema{Type: huma.TypeString}
			if f.Many {
				schema = &huma.Schema{Type: huma.TypeArray, Items: schema}
			}
			op.Parameters = append(op.Parameters, &huma.Param{Name: f.Name, In: "query", Description: f.Doc, Schema: schema})
		}
		if l.Other != "" {
			yes, style := true, "form"
			op.Parameters = append(op.Parameters, &huma.Param{Name: "filter", In: "query", Style: style, Explode: &yes, Description: l.Other,
				Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: &huma.Schema{Type: huma.TypeString}}})
		}
		a.raw(route{http.MethodGet, "/v1/exports/" + l.Name, l.Permission, "export-" + l.Name, "Export " + l.Title, "Exports", 0}, op,
			func(w http.ResponseWriter, r *http.Request, actor identity.Actor) error {
				return a.export(w, r, actor, l.Name, func(out io.Writer, x export.Request) error {
					return a.Exports.Write(r.Context(), out, x)
				})
			}, identity.ExportsRead)
	}
}

func formatParam() *huma.Param {
	s := &huma.Schema{Type: huma.TypeString, Default: string(table.CSV)}
	for _, f := range export.Formats {
		s.Enum = append(s.Enum, string(f))
	}
	return &huma.Param{Name: "format", In: "query", Description: "What to write", Schema: s}
}

// fileResponse describes a file of any format.
func fileResponse(what string) map[string]*huma.Response {
	content := map[string]*huma.MediaType{}
	for _, f := range export.Formats {
		kind, _, _ := strings.Cut(table.ContentType(f), ";")
		content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	text := &huma.Param{Schema: &huma.Schema{Type: huma.TypeString}, Description: "The name to save it under"}
	return map[string]*huma.Response{
		"200": {Description: what, Content: content, Headers: map[string]*huma.Param{"Content-Disposition": text}},
		"422": {Description: "The format or a filter is wrong"},
	}
}

// export answers with a file named after the workspace, what it is, and the day.
func (a *API) export(w http.ResponseWriter, r *http.Request, actor identity.Actor, what string, write func(io.Writer, export.Request) error) error {
	x := export.Request{List: what, Format: table.CSV, Workspace: actor.Workspace, Actor: actor, Filter: r.URL.Query()}
	if f := x.Filter.Get("format"); f != "" {
		x.Format = table.Format(f)
	}
	x.Filter.Del("format")
	name, plain, err := a.Exports.FileName(r.Context(), x)
	if err != nil {
		return err
	}
	return transfer.Send(w, r, a.Log, name, plain, x.Format, func(out io.Writer) error { return write(out, x) })
}

func (a *API) sendRefused(w http.ResponseWriter, r *http.Request, actor identity.Actor) error {
	return a.export(w, r, actor, "refused", func(out io.Writer, x export.Request) error {
		return a.Exports.Refused(r.Context(), out, x, imports.ID(r.PathValue("id")))
	})
}
