package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"kolo/internal/edge/transfer"
	"kolo/internal/foundation/table"
	"kolo/internal/listen/imports"
	"kolo/internal/people/identity"
)

// Reading says how the file of an import is read; what is left out is found out from the file.
type Reading struct {
	Format    table.Format `json:"format,omitempty" enum:"csv,xlsx,ndjson,"`
	Encoding  string       `json:"encoding,omitempty" maxLength:"40" doc:"utf-8, windows-1255 ..."`
	Delimiter string       `json:"delimiter,omitempty" maxLength:"1" doc:"Of CSV"`
	Sheet     string       `json:"sheet,omitempty" maxLength:"200" doc:"Of XLSX"`
	Header    *bool        `json:"header,omitempty" doc:"The first row names the columns"`
	Above     *int         `json:"above,omitempty" minimum:"0" maximum:"1000" doc:"Rows with something in them before that one, such as a title, which belong to no table: 0 where the first row was taken for a title and is none"`
}

func (r Reading) options() table.Options {
	o := table.Options{Format: r.Format, Encoding: r.Encoding, Sheet: r.Sheet, Header: r.Header, Above: r.Above}
	if r.Delimiter != "" {
		o.Delimiter = rune(r.Delimiter[0])
	}
	return o
}

type importPath struct {
	ID string `path:"id"`
}

func (a *API) importRoutes() {
	const tag = "Imports"
	one := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	made := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[imports.Import](), true, "Import")
	a.raw(route{http.MethodPost, "/v1/imports", identity.ImportsWrite, "create-import", "Upload a file of feedback", tag, 0}, huma.Operation{
		Description: "Takes CSV, XLSX or NDJSON of any size as the body, or as a file of multipart/form-data. The answer is a draft: what the file seems to be, and a mapping that was guessed. " +
			"Change the mapping where it is wrong, look at the preview, and start it; start=true starts it at once.",
		Parameters: []*huma.Param{
			{Name: "name", In: "query", Schema: &huma.Schema{Type: huma.TypeString}, Description: "Name of the file, when it is the body"},
			{Name: "start", In: "query", Schema: &huma.Schema{Type: huma.TypeBoolean}, Description: "Start with the mapping that was guessed"},
		},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: one},
			"multipart/form-data": {Schema: &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"file": one}}}}},
		Responses: map[string]*huma.Response{
			"201": {Description: "The draft", Content: map[string]*huma.MediaType{"application/json": {Schema: made}}},
			"422": {Description: "It is no table that can be read"},
		},
	}, a.uploadImport)
	type list struct {
		Imports []imports.Import `json:"imports"`
		Next    string           `json:"next,omitempty"`
	}
	handle(a, route{http.MethodGet, "/v1/imports", identity.ImportsWrite, "list-imports", "List imports, newest first", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct{ Paging }) (*body[list], error) {
			all, next, err := a.Imports.List(ctx, actor.Workspace, actor, in.Cursor, in.Limit)
			if all == nil {
				all = []imports.Import{}
			}
			return &body[list]{list{all, next}}, err
		})
	type use func(context.Context, identity.WorkspaceID, identity.Actor, imports.ID) (imports.Import, error)
	// needing registers an operation on one import that gives it back.
	needing := func(p identity.Permission, method, path, id, summary string, fn use) {
		handle(a, route{method, "/v1/imports/{id}" + path, p, id, summary, tag, 0},
			func(ctx context.Context, actor identity.Actor, in *importPath) (*body[imports.Import], error) {
				im, err := fn(ctx, actor.Workspace, actor, imports.ID(in.ID))
				return &body[imports.Import]{im}, err
			})
	}
	do := func(method, path, id, summary string, fn use) {
		needing(identity.ImportsWrite, method, path, id, summary, fn)
	}
	do(http.MethodGet, "", "get-import", "Get an import and how far it is", a.Imports.Get)
	do(http.MethodPost, "/start", "start-import", "Start an import", a.Imports.Start)
	do(http.MethodPost, "/cancel", "cancel-import", "Stop an import; what was kept stays kept", a.Imports.Cancel)
	do(http.MethodPost, "/resume", "resume-import", "Go on with an import that was stopped or failed", a.Imports.Resume)
	needing(identity.Erase, http.MethodPost, "/take-back", "take-back-import", "Take an import back: what it brought in is removed for good, in the background; needs imports.write, too", a.Imports.TakeBack)
	handle(a, route{http.MethodPut, "/v1/imports/{id}/reading", identity.ImportsWrite, "read-import", "Read a draft's file in another way, and guess its mapping anew", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ID      string `path:"id"`
			RawBody []byte
			Body    Reading
		}) (*body[imports.Import], error) {
			r, err := strict[Reading](in.RawBody)
			if err != nil {
				return nil, err
			}
			im, err := a.Imports.Inspect(ctx, actor.Workspace, actor, imports.ID(in.ID), r.options())
			return &body[imports.Import]{im}, err
		})
	handle(a, route{http.MethodPut, "/v1/imports/{id}/mapping", identity.ImportsWrite, "map-import", "Say what becomes of a draft's columns", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *struct {
			ID      string `path:"id"`
			RawBody []byte
			Body    imports.Mapping
		}) (*body[imports.Import], error) {
			m, err := strict[imports.Mapping](in.RawBody)
			if err != nil {
				return nil, err
			}
			im, err := a.Imports.SetMapping(ctx, actor.Workspace, actor, imports.ID(in.ID), m)
			return &body[imports.Import]{im}, err
		}, unvalidated)
	handle(a, route{http.MethodGet, "/v1/imports/{id}/preview", identity.ImportsWrite, "preview-import", "See what the mapping makes of the first rows", tag, 0},
		func(ctx context.Context, actor identity.Actor, in *importPath) (*body[imports.Preview], error) {
			p, err := a.Imports.Preview(ctx, actor.Workspace, actor, imports.ID(in.ID), nil)
			return &body[imports.Preview]{p}, err
		})
	handle(a, route{http.MethodDelete, "/v1/imports/{id}", identity.ImportsWrite, "discard-import", "Discard a draft; of one that has ended, its file and refused rows", tag, http.StatusNoContent},
		func(ctx context.Context, actor identity.Actor, in *importPath) (*struct{}, error) {
			return nil, a.Imports.Discard(ctx, actor.Workspace, actor, imports.ID(in.ID))
		})
	a.raw(route{http.MethodGet, "/v1/imports/{id}/refused", identity.ImportsWrite, "get-refused-rows", "Download the rows that were refused, with the reasons", tag, 0}, huma.Operation{
		Parameters: []*huma.Param{{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}}, formatParam()},
		Responses:  fileResponse("The file's columns, the row's number and line, and the reasons"),
	}, a.sendRefused)
}

func (a *API) uploadImport(w http.ResponseWriter, r *http.Request, actor identity.Actor) error {
	file, name, err := transfer.Upload(r)
	if err != nil {
		return err
	}
	im, err := a.Imports.Upload(r.Context(), actor.Workspace, actor, name, file)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("start") == "true" {
		twice := im.Twice
		if im, err = a.Imports.Start(r.Context(), actor.Workspace, actor, im.ID); err != nil {
			return err
		}
		im.Twice = twice
	}
	w.Header().Set("Location", "/v1/imports/"+string(im.ID))
	return writeJSON(w, http.StatusCreated, im)
}
